"""Words of a sentence by which another may be known to speak of the same: not those that any sentence about plans has."""

from __future__ import annotations

from egregora_assets.documents.stopwords import COMMON_WORDS
from egregora_assets.privacy.scrub import quoted

_MOST_LETTERS = 400
_DAYS = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday
    segunda terca quarta quinta sexta sabado domingo
    lunes martes miercoles jueves viernes
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    lundi mardi mercredi jeudi vendredi samedi dimanche
    """.split()
)
"""Common in talks, and what tells one plan from another."""
_DECIDING = frozenset(
    """
    agreed cancel canceled cancelled change changed decided decision doesnt dont done drop forget instead longer official plan
    plans scrap settled
    cancela cancelada cancelado combinado decidido decisao desistimos desmarca esquece fechado ficou mudanca planos precisa
    acordado cambio cancelar decision hecho planes
    abgemacht abgesagt beschlossen doch entschieden erledigt
    annule changement convenu decide finalement
    """.split()
)
UNTELLING = COMMON_WORDS - _DAYS | _DECIDING
"""What ``said_in`` leaves out, as the view ``untelling_words`` (word)."""


def said_in(sentences: str, key: str) -> str:
    """Return SQL for (``key``, word) of the telling words in ``sentences``, SQL over (``key``, plain): each once, without its s."""
    return f"""
        SELECT DISTINCT {key}, rtrim(word, 's') AS word
        FROM (SELECT {key}, unnest(regexp_extract_all(left(plain, {_MOST_LETTERS}), '[a-z]{{4,}}')) AS word FROM ({sentences}))
        ANTI JOIN untelling_words USING (word)
    """


_NO_DAY = ", ".join(map(quoted, sorted(_DAYS)))


def of_tasks(sentences: str, key: str) -> str:
    """Return SQL for (``key``, word, is_act) of the telling words in ``sentences``, as ``said_in`` does, without days of the week.

    Forms of one act are one word (view ``acts``: form, act), also those of three letters.
    """
    return f"""
        SELECT DISTINCT {key}, coalesce(act, rtrim(word, 's')) AS word, act IS NOT NULL AS is_act
        FROM (SELECT {key}, unnest(regexp_extract_all(left(plain, {_MOST_LETTERS}), '[a-z]{{3,}}')) AS word FROM ({sentences}))
        LEFT JOIN acts ON form = word
        WHERE act IS NOT NULL OR (
            length(word) > 3 AND word NOT IN (SELECT word FROM untelling_words) AND word NOT IN ({_NO_DAY})
        )
    """
