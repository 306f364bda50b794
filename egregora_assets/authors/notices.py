"""What notices tell of people, by their wording: who joined, left, was removed, has another number or another name.

WhatsApp words its notices in the language of the app: English, Portuguese, Spanish, German, French and Italian are known.
Other platforms' notices are in the English of ``chat/formats``. Add a wording by adding its words. Patterns are RE2, over texts
without invisible marks and without a full stop at the end; the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from egregora_assets.privacy.scrub import INVISIBLE, quoted


@dataclass(frozen=True)
class Wording:
    """One form of a notice, in all languages that share it: each pattern that is asked of a text costs a millisecond.

    ``who`` and ``other`` are the groups of ``pattern`` that name whom it is about, and by whom or into whom; 0 where nobody
    is named. ``signs`` are words of which one stands in every such notice: where none does, the pattern is not asked.
    """

    event: str
    signs: tuple[str, ...]
    pattern: str
    who: int = 1
    other: int = 0


_LINK = r"(?: (?:using|via|from|through|by|with|mit|über|usando|com|pelo|através|mediante|con|desde|en|grâce|à|da|tramite) .*)?"
_GROUP = (
    r"(?: (?:to|from|in|of) (?:the|this|your) .+| (?:ao|do|no|à|na|da) (?:grupo|comunidade).*| (?:al|del) grup(?:o|po).*"
    r"| (?:el|il|le|the|this) (?:grupo|gruppo|groupe|group)| (?:au|du) groupe.*| in die Gruppe| aus der Gruppe)?"
)


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_NEW_NUMBER = _any(
    "(?:has )?changed (?:their (?:phone )?number )?to",
    "mudou (?:de número |o número |seu número )?para",
    "(?:cambió|ha cambiado) (?:(?:de|su) número (?:de teléfono )?)?(?:a|al|por)",
    "a changé (?:de numéro |son numéro )?pour",
    "est passée? (?:à|au)",
    "ha cambiato (?:(?:il suo )?numero )?(?:in|con)",
    "è passat[oa] a",
)
_ANOTHER_NUMBER = _any(
    "changed their (?:phone )?number",
    "(?:mudou|alterou) (?:o |seu |o seu |de )número",
    "(?:cambió|ha cambiado) (?:de|su) número",
    "hat (?:die |seine |ihre |eine neue )(?:Telefonn|N)ummer",
    "a changé (?:de|son) numéro",
    "ha cambiato (?:il suo |il proprio )?numero",
)
_WAS_REMOVED = _any(
    "(?:was|were) removed",
    r"foi removid[oa](?:\(a\))?",
    "fue (?:eliminad|sacad)[oa]",
    r"a été (?:retiré|supprimé)e?(?:\(e\))?",
    "è stat[oa] rimoss[oa]",
)
_REMOVED = _any("removed", "removeu", "(?:eliminó|sacó|ha eliminado) a", "(?:a|avez) (?:retiré|supprimé)", "ha rimosso")
_WAS_ADDED = _any(
    "(?:was|were) added",
    r"foi adicionad[oa](?:\(a\))?",
    "fue (?:añadid|agregad)[oa]",
    r"a été ajoutée?(?:\(e\))?",
    "è stat[oa] aggiunt[oa]",
)
_ADDED = _any("added", "adicionou", "(?:añadió|agregó|ha añadido) a", "(?:a|avez) ajouté", "ha aggiunto")
_JOINED = _any(
    "joined(?: the (?:group|community))?",
    "entrou(?: no grupo| na comunidade)?",
    "se (?:unió|ha unido)(?: al grupo| a la comunidad)?",
    "a rejoint(?: le groupe| la communauté)?",
    "s['’]est jointe? (?:à la communauté|au groupe)",
    "(?:è entrat[oa](?:/a)?|si è unit[oa](?:/a)?)(?: (?:nel|al) gruppo)?",
)
_LEFT = _any(
    "left(?: the group| this group| the community)?",
    "saiu(?: do grupo| da comunidade)?",
    "(?:salió|ha salido|abandonó|dejó)(?: del grupo| el grupo)?",
    "hat die (?:Gruppe|Community) verlassen",
    r"est partie?(?:\(e\))?",
    "a quitté(?: le groupe)?",
    "est sortie?(?: du groupe)?",
    "ha abbandonato(?: il gruppo)?",
    "è uscit[oa](?:/a)?(?: dal gruppo)?",
)
_YOU_REMOVED = _any("Removeu", "Eliminaste a", "Sacaste a", "Hai rimosso", "Se eliminó a", "Se sacó a")
_YOU_ADDED = _any("Adicionou", "Añadiste a", "Agregaste a", "Hai aggiunto", "Se añadió a", "Se agregó a")
_CHANGED = ("changed", "mudou", "alterou", "cambi", "changé", "passé", "passat")
_TAKEN_OUT = ("remov", "elimin", "sac", "retiré", "supprimé", "rimoss")
_BROUGHT_IN = ("added", "adicion", "añadi", "agreg", "ajouté", "aggiunt")
_WHATSAPP = (
    Wording("changed_number", _CHANGED, rf"^(.+?) {_NEW_NUMBER} (.+)$", 1, 2),
    Wording(
        "changed_number",
        ("gewechselt", "geändert"),
        r"^(.+?) hat (?:die |seine |ihre )?(?:(?:Telefonn|N)ummer )?zu (.+?) (?:gewechselt|geändert)$",
        1,
        2,
    ),
    Wording("changed_number", (*_CHANGED, "nummer"), rf"^(.+?) {_ANOTHER_NUMBER}.*$"),
    Wording("removed", (*_TAKEN_OUT, "entfernt"), rf"^(.+?) (?:{_WAS_REMOVED}{_GROUP}|wurde{_GROUP} entfernt)$"),
    Wording("removed", _TAKEN_OUT, rf"^{_YOU_REMOVED} (.+?){_GROUP}$"),
    Wording("removed", _TAKEN_OUT, rf"^(.+?) {_REMOVED} (.+?){_GROUP}$", 2, 1),
    Wording("removed", ("entfernt",), rf"^(.+?) (?:hat|hast|haben) (.+?){_GROUP} entfernt$", 2, 1),
    Wording(
        "joined",
        (
            *_BROUGHT_IN,
            "hinzugefügt",
            "beigetreten",
            "joined",
            "entrou",
            "unió",
            "unido",
            "rejoint",
            "jointe",
            "entrat",
            "unit",
        ),
        rf"^(.+?) (?:{_WAS_ADDED}{_GROUP}|wurde{_GROUP} hinzugefügt|{_JOINED}{_LINK}|ist (?:.* )?beigetreten)$",
    ),
    Wording("joined", _BROUGHT_IN, rf"^{_YOU_ADDED} (.+?){_GROUP}$"),
    Wording("joined", _BROUGHT_IN, rf"^(.+?) {_ADDED} (.+?){_GROUP}$", 2, 1),
    Wording("joined", ("hinzugefügt",), rf"^(.+?) (?:hat|hast|haben) (.+?){_GROUP} hinzugefügt$", 2, 1),
    Wording(
        "left",
        (" left", "saiu", "sali", "abandon", "dejó", "verlassen", " est ", "quitté", " è usci"),
        rf"^(.+?) {_LEFT}$",
    ),
)

_HOST = r"(?: [(\[][^\s()\[\]]*[)\]])?"
"""What IRC shows behind a nick."""
_PLACE = r"(?:(?: to| from)? (?:the (?:group|channel|room|server|chat)|this .*|[#&].*))?"
_REASON = r"(?:: .*| [(\[].*)?"
_BY_RECORD = (
    Wording("renamed", ("known as",), r"^@?(.+?) (?:is|are) now known as @?(.+)$", 1, 2),
    Wording("renamed", ("nick change",), r"^Nick change: (\S+) -> (\S+)$", 1, 2),
    Wording("renamed", ("changed their name",), r"^@?(.+?) changed their name to @?.+$"),
    Wording("removed", (" kicked ",), rf"^@?(\S+) (?:was|has been) kicked (?:by|from \S+ by) @?(\S+){_REASON}$", 1, 2),
    Wording("removed", (" kicked ",), rf"^(\S+) kicked from \S+ by (\S+?):?{_REASON}$", 1, 2),
    Wording(
        "removed",
        (" removed ", " banned ", " kicked "),
        rf"^@?(.+?) (?:removed|banned|kicked|has kicked) @?(.+?){_PLACE}{_REASON}$",
        2,
        1,
    ),
    Wording("joined", (" added ",), rf"^@?(.+?) added @?(.+?){_PLACE}$", 2, 1),
    Wording("joined", ("group member joined",), r"^group member joined: (.+)$"),
    Wording(
        "joined",
        (" joined",),
        rf"^@?(.+?){_HOST} (?:has )?joined(?:{_PLACE}| by (?:a link.*|request)|, invited by .*)$",
    ),
    Wording(
        "left",
        (" left", " quit", " parted"),
        rf"^@?(.+?){_HOST} (?:has )?(?:left|quit|parted)(?: IRC)?{_PLACE}{_REASON}$",
    ),
)
_INVITED_IS_ADDED = Wording("joined", (" invited ",), r"^(.+?) invited (.+)$", 2, 1)
"""Of Telegram alone: elsewhere whoever is invited has still to accept."""


def same_name(text: str) -> str:
    """Return the SQL for the form in which two spellings of one name, or of one number, are equal."""
    seen = f"regexp_replace({text}, '{INVISIBLE}', '', 'g')"
    spaced = f"trim(regexp_replace({seen}, '[\\s\\x{{00A0}}\\x{{202F}}]+', ' ', 'g'))"
    tilde = f"regexp_replace({spaced}, '^~ ?', '~')"
    number = f"regexp_full_match({tilde}, {_NUMBER})"
    return f"CASE WHEN {number} THEN regexp_replace({tilde}, '\\D', '', 'g') ELSE lower({tilde}) END"


_NUMBER = quoted(r"\+?[\d ().\-\x{2010}-\x{2013}\x{2212}]{7,32}")


def is_number(text: str) -> str:
    """Return the SQL for whether a name, as ``same_name`` gives it, is a number of a phone."""
    return f"regexp_full_match({text}, '[0-9]{{7,17}}')"


_BY_PLATFORM = (
    *(("whatsapp", True, wording) for wording in _WHATSAPP),
    *(("whatsapp", False, wording) for wording in _BY_RECORD),
    ("telegram", True, _INVITED_IS_ADDED),
)
"""A platform, whether the wording is of that one or of all others, and the wording."""


def possible(said: Iterable[tuple[str, str]]) -> list[int]:
    """Return the numbers of the wordings that may stand in one of these (platform, notice), for ``told`` to look for."""
    lowered = [(platform, text.lower()) for platform, text in said]
    return [
        number
        for number, (of, is_of, wording) in enumerate(_BY_PLATFORM)
        if any((platform == of) == is_of and any(sign in text for sign in wording.signs) for platform, text in lowered)
    ]


def told(relation: str, wordings: Iterable[int] | None = None) -> str:
    """Return the SQL that adds ``event``, ``who`` and ``other`` (names as they stand there, or null) to notices.

    ``relation`` is a query with ``text`` and ``platform``; rows that tell nothing of people are left out. ``wordings`` are
    the numbers of those to look for, as ``possible`` gives them; all by default.
    """
    chosen = _BY_PLATFORM if wordings is None else [_BY_PLATFORM[number] for number in wordings]
    cases = "\n".join(
        f"WHEN platform {'=' if is_of else '<>'} '{of}' AND {_names(wording)}.first <> '' THEN {_struct(wording)}"
        for of, is_of, wording in chosen
    )
    line = f"rtrim(regexp_replace(text, '{INVISIBLE}', '', 'g'), '. ')"
    return f"""
        SELECT * EXCLUDE (line, about), about.event AS event, about.who AS who, nullif(about.other, '') AS other
        FROM (
            SELECT *, CASE {cases} END AS about
            FROM (SELECT *, {line} AS line FROM ({relation}) WHERE length(text) < {_LONGEST} AND NOT contains(text, chr(10)))
        )
        WHERE about IS NOT NULL
    """


_LONGEST = 400
"""Letters of a notice about people: longer ones are descriptions of groups and the like."""


def _names(wording: Wording) -> str:
    groups = "['first', 'second']" if "2" in f"{wording.who}{wording.other}" else "['first']"
    return f"regexp_extract(line, {quoted(wording.pattern)}, {groups})"


def _struct(wording: Wording) -> str:
    def group(number: int) -> str:
        return f"{_names(wording)}.{('first', 'second')[number - 1]}" if number else "''"

    return f"{{'event': '{wording.event}', 'who': {group(wording.who)}, 'other': {group(wording.other)}}}"
