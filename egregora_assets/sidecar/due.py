"""When a task is due: the words that say it, and the day they mean, counted from the day on which they were said."""

from __future__ import annotations

from egregora_assets.privacy.scrub import quoted

_WEEKDAYS = (
    r"mon(?:day)?s?|segunda(?:-feira)?|lunes|montag|lundi",
    r"tue(?:s|sday)?s?|terca(?:-feira)?|martes|dienstag|mardi",
    r"wed(?:nesday)?s?|quarta(?:-feira)?|miercoles|mittwoch|mercredi",
    r"thu(?:rs|rsday)?s?|quinta(?:-feira)?|jueves|donnerstag|jeudi",
    r"fri(?:day)?s?|sexta(?:-feira)?|viernes|freitag|vendredi",
    r"sat(?:urday)?s?|sabado|samstag|samedi",
    r"sun(?:day)?s?|domingo|sonntag|dimanche",
)
_TODAY = (
    r"today|tonight|this (?:morning|afternoon|evening)|now|right away|hoje(?: (?:a noite|a tarde|de manha))?|agora|ja|hoy|"
    r"heute(?: abend)?|aujourd'hui|ce soir"
)
_TOMORROW = r"tomorrow(?: (?:morning|noon|afternoon|evening|night))?|amanha(?: (?:cedo|de manha|a tarde|a noite))?|morgen|demain"
_PART = r"(?: (?:morning|noon|afternoon|evening|night|cedo|de manha|a tarde|a noite))?"
_BEFORE = (
    r"(?:(?:by|before|until|till|on|this|next|ate|antes de|na|no|nesta|neste|para|pra|bis|am|vor|antes del|hasta el|el|avant|"
    r"d'ici|ce) )"
)
_OTHER = (
    r"(?:by|before|until|ate|antes de|bis|vor|hasta|avant) (?:the )?(?:o |a |dia )?"
    r"(?:[0-9]{1,2}(?:st|nd|rd|th)?(?::[0-9]{2}|h)?|noon|midnight|end of (?:the )?(?:week|month|day)|meio-dia|meia.noite|"
    r"fim d[a-z] [a-z]+)|(?:this|next|essa|nesta|proxima) (?:week(?:end)?|month|semana)|after (?:work|lunch|school)|"
    r"depois do (?:almoco|trabalho)|at [0-9]{1,2}|later|mais tarde|first thing"
)
_DAYS = "|".join(_WEEKDAYS)
_DUE = quoted(rf"\b({_BEFORE}?(?:{_TOMORROW}|(?:{_DAYS}){_PART}\b)|{_TODAY}|{_OTHER})\b")


def words(plain: str) -> str:
    """Return SQL for the words in sentence ``plain`` that say when, or NULL."""
    return f"nullif(regexp_extract({plain}, {_DUE}, 1), '')"


def day(found: str, said_on: str) -> str:
    """Return SQL for the DATE that ``found``, what ``words`` gives, means on the day ``said_on``; NULL where it is no one day.

    A day of the week is the next one to come.
    """
    weekdays = " ".join(
        f"WHEN {_says(found, names)} THEN {said_on} + 1 + ({number} - isodow({said_on})::INTEGER + 13) % 7"
        for number, names in enumerate(_WEEKDAYS, 1)
    )
    return (
        f"CASE WHEN {found} IS NULL THEN NULL WHEN {_says(found, _TOMORROW)} THEN {said_on} + 1 "
        f"WHEN {_says(found, _TODAY)} THEN {said_on} {weekdays} END"
    )


def _says(found: str, names: str) -> str:
    pattern = quoted(rf"\b(?:{names})\b")
    return f"regexp_matches({found}, {pattern})"
