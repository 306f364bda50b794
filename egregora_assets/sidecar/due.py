"""When a task is due: the words that say it, and the day they mean, counted from the day on which they were said."""

from __future__ import annotations

from egregora_assets.privacy.scrub import quoted

_WEEKDAYS = (
    r"mondays?|segunda(?:-feira)?|lunes|montag|lundi",
    r"tuesdays?|terca(?:-feira)?|martes|dienstag|mardi",
    r"wednesdays?|quarta(?:-feira)?|miercoles|mittwoch|mercredi",
    r"thursdays?|quinta(?:-feira)?|jueves|donnerstag|jeudi",
    r"fridays?|sexta(?:-feira)?|viernes|freitag|vendredi",
    r"saturdays?|sabado|samstag|samedi",
    r"sundays?|domingo|sonntag|dimanche",
)
_SHORT = ("mons?", "tues?", "weds?", "thu(?:rs)?", "fris?", "sats?", "suns?")
_EVERYDAY = r"(?:mon|wed|sat|sun)s?"
"""These are days only where they can be nothing else: not in "sun cream", "sat nav" and "mon sac"."""
_TODAY = (
    r"today|tonight|this (?:morning|afternoon|evening)|now|right away|hoje(?: (?:a noite|a tarde|de manha))?|agora|hoy|"
    r"heute(?: abend)?|aujourd'hui|ce soir"
)
_TOMORROW = r"tomorrow(?: (?:morning|noon|afternoon|evening|night))?|amanha(?: (?:cedo|de manha|a tarde|a noite))?|morgen|demain"
_PART = r"(?: (?:morning|noon|afternoon|evening|night|cedo|de manha|a tarde|a noite))?"
_BEFORE = (
    r"(?:(?:by|before|until|till|on|this|next|ate|antes de|na|no|nesta|neste|(?:para|hasta|antes d)(?: ?el| a| o)?|pra|"
    r"bis(?: zum)?|"
    r"am|vor|el|avant|d'ici|ce) )"
)
_MONTHS = (
    r"(?:jan(?:uary|eiro|uar|vier)?|enero|feb(?:ruary|rero|ruar)?|fev(?:ereiro|rier)?|mar(?:ch|co|zo|z|s)?|apr(?:il)?|"
    r"abr(?:il)?|avril|"
    r"may|maio|mayo|mai|june?|jun(?:ho|io|i)|juin|july?|jul(?:ho|io|i)|juillet|aug(?:ust)?|ago(?:sto)?|aout|"
    r"sep(?:t|tember|tiembre|tembre)?|set(?:embro)?|oct(?:ober|ubre|obre)?|out(?:ubro)?|okt(?:ober)?|nov(?:ember|embro|iembre|"
    r"embre)?|"
    r"dec(?:ember|embre)?|dez(?:embro|ember)?|dic(?:iembre)?)"
)
_MONTH_OF = {
    beginning: number
    for number, beginnings in enumerate(
        "jan ene,feb fev,mar,apr abr avr,may mai,jun juin,jul juil,aug ago aou,sep set,oct out okt,nov,dec dez dic".split(
            ","
        ),
        1,
    )
    for beginning in beginnings.split()
}
_MONTH = f"MAP {_MONTH_OF}"
_SLASHED = r"[0-9]{1,2}/(?:1[0-2]|0?[1-9])"
"""Day and month: only after words of languages that write the day first."""
_DATE = (
    r"(?:(?:(?:ate|hasta|antes de|bis|avant|d'ici)(?: ao?| o| el| le| zum)?(?: dia)?|(?:o |ao |el )?dia|zum|am|le) "
    rf"{_SLASHED}|"
    r"(?:(?:by|before|until|till|on|for|ate|para|pra|no|hasta|antes de|bis|vor|avant|d'ici|pour) )?"
    rf"(?:(?:(?:(?:o |ao |el )?dia|the|el|zum|am|le) [0-9]{{1,2}}|[0-9]{{1,2}}(?:st|nd|rd|th))(?:st|nd|rd|th|er|\.)?"
    rf"(?:(?: of| de)? {_MONTHS})?|[0-9]{{1,2}}\.?(?: of| de)? {_MONTHS}|{_MONTHS} [0-9]{{1,2}}(?:st|nd|rd|th)?))"
)
_OTHER = (
    r"(?:by|before|until|ate|antes de|bis|vor|hasta|avant) (?:the )?(?:o |a |dia )?"
    r"(?:[0-9]{1,2}(?:st|nd|rd|th)?(?::[0-9]{2}|/[0-9]{1,2}|h)?|noon|midnight|end of (?:the )?[a-z]{3,}|meio-dia|"
    r"meia.noite|fim d[a-z] [a-z]+)|(?:this|next|essa|nesta|proxima) (?:week(?:end)?|month|semana)|after (?:work|lunch|school)|"
    r"depois do (?:almoco|trabalho)|at [0-9]{1,2}|later|mais tarde|first thing"
)
_DAYS = "|".join((*_WEEKDAYS, _SHORT[1], _SHORT[3], _SHORT[4]))
_SHORT_DAY = rf"(?:by|before|until|till|on|this|next) {_EVERYDAY}|{_EVERYDAY}$"
_DUE = quoted(
    rf"\b({_BEFORE}?(?:{_TOMORROW}|(?:{_DAYS}){_PART}\b)|(?:{_SHORT_DAY}){_PART}|{_DATE}|{_TODAY}|{_OTHER})\b"
)
_IS_DATE = quoted(rf"^{_DATE}$")


def words(plain: str) -> str:
    """Return SQL for the words in sentence ``plain`` that say when, or NULL."""
    return f"nullif(regexp_extract({plain}, {_DUE}, 1), '')"


def day(found: str, said_on: str) -> str:
    """Return SQL for the DATE that ``found``, what ``words`` gives, means on the day ``said_on``; NULL where it is no one day.

    A day of the week or of the month is the next one to come.
    """
    weekdays = " ".join(
        f"WHEN {_says(found, f'{names}|{short}')} THEN {said_on} + 1 + ({number} - isodow({said_on})::INTEGER + 13) % 7"
        for number, (names, short) in enumerate(zip(_WEEKDAYS, _SHORT, strict=True), 1)
    )
    dated = f"WHEN regexp_matches({found}, {_IS_DATE}) THEN {_next(found, said_on)}"
    return (
        f"CASE WHEN {found} IS NULL THEN NULL WHEN {_says(found, _TOMORROW)} THEN {said_on} + 1 "
        f"WHEN {_says(found, _TODAY)} THEN {said_on} {weekdays} {dated} END"
    )


def _next(found: str, said_on: str) -> str:
    """Return SQL for the next day that a date without a year means; NULL where the calendar has no such day."""
    month = f"coalesce({_MONTH}[word], {_MONTH}[word[:3]])"
    months = f"list_transform(regexp_extract_all({found}, '[a-z]{{3,4}}'), lambda word: {month})"
    numbered = f"try_cast(nullif(regexp_extract({found}, '/([0-9]+)', 1), '') AS INTEGER)"
    month = f"coalesce(list_max({months}), {numbered})"
    given = f"{{'day': regexp_extract({found}, '[0-9]+')::INTEGER, 'month': {month}, 'said_on': {said_on}}}"
    month = "coalesce(given.month, month(given.said_on) + (given.day < day(given.said_on))::INTEGER)"
    is_over = "coalesce((given.month, given.day) < (month(given.said_on), day(given.said_on)), false)"
    year = f"year(given.said_on) + ({month} > 12)::INTEGER + {is_over}::INTEGER"
    date = f"try_cast(format('{{}}-{{}}-{{}}', {year}, ({month} - 1) % 12 + 1, given.day) AS DATE)"
    return f"list_transform([{given}], lambda given: {date})[1]"


def _says(found: str, names: str) -> str:
    pattern = quoted(rf"\b(?:{names})\b")
    return f"regexp_matches({found}, {pattern})"
