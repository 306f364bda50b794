"""WhatsApp line headers: what stands before the author, in every dialect that phones write.

A header's *shape* is its text with each digit replaced by zero. A file has few shapes however many messages it has, so
everything that is slow and careful happens here, once per shape; ``whatsapp_scan`` applies the result to whole columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from egregora_assets.chat.formats.whatsapp_phrases import DAY_PARTS

WIDTH = 56
"""Bytes of a line that are looked at for a header; the longest known header has 52 (Arabic digits and marks)."""
MOST_WIDTH = 88
"""The same while the dialect is not known, and where digits have three bytes."""
MIN_HEADER_BYTES = 11
"""The shortest: ``1/2/24 9:05``."""
MIN_DIGITS = 5
"""The fewest digits of a date with a time, as in ``令和元年1月2日 9:05``."""

_ZEROS = {0x660: "0", 0x6F0: "0", 0x966: "0", 0x9E6: "0"}
"""Arabic, Persian, Devanagari and Bengali zero. Digits of two bytes end, as ASCII digits do, in their value's four bits;
those of three bytes in six more."""
_ALL_ZEROS = {"0", *map(chr, _ZEROS)}

_SPACE = "[ \u00a0\u202f\u2009]"
MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Marks of text direction, which phones put around names, dates and file names and which say nothing."""

_RTL = "\u200f?"
"""Arabic and Hebrew phones put a mark before each separator of a date, and after the comma that follows it."""
_ERA = r"(?:(?P<{0}>R|H|令和|平成) ?)"
_DATE = (
    rf"(?:(?:{_ERA.format('era1')}?(?P<y1>0{{4}}|(?<=[RH和成])00?|(?<=[RH和成] )00?)){_RTL}(?P<s1>[./-]) ?(?P<m1>00?)"
    rf"{_RTL}(?P=s1) ?(?P<d1>00?)\.?"
    rf"|{_ERA.format('era2')}?(?P<y3>0{{1,4}}|元)(?P<s3>[年년]) ?(?P<m3>00?)[月월] ?(?P<d3>00?)[日일]"
    rf"|(?P<a>00?){_RTL}(?P<s2>[./-]) ?(?P<b>00?){_RTL}(?P=s2) ?"
    rf"(?:{_ERA.format('era4')}(?P<y4>00?)|(?P<y2>0000|00?))\.?)"
    rf"(?:{_SPACE}?(?:г\.|BE|พ\.ศ\.|هـ|AH|AP|ه\.ش\.))?"
)
DayPart = Literal["morning", "noon", "afternoon", "night", "unknown"]
_PARTS: tuple[DayPart, ...] = ("morning", "noon", "afternoon", "night")
_WORDS: dict[str, DayPart] = {word: part for part in _PARTS for word in DAY_PARTS[part].split()}
_SAYING_NOTHING = {"ч", "น", "h", "uhr", "klo"}
"""What stands behind the time of a 24-hour clock: ``21:05 ч.``; the first of them on a 12-hour clock too."""
_WORD = r"(?:’s )?[^\W\d_][^\d\n:/,،\[\]<>]{0,24}?"
_TIME = (
    rf"(?:(?P<before>{_WORD}){_SPACE}?)?"
    rf"(?P<h>00?)(?:[:.]|{_SPACE}h{_SPACE})(?P<mi>00)(?:(?:[:.]|{_SPACE}min{_SPACE})(?P<s>00)(?:{_SPACE}s\b)?)?"
    rf"(?:{_SPACE}?(?P<after>{_WORD}))?"
)
_LINK = rf"(?:[,،]?{_RTL}{_SPACE}(?:klo|kl\.?|à|at|às|a las|um|u|ob|в|saat|pukul|lúc)|[,،]{_RTL})?{_SPACE}"
_DATE_FIRST = re.compile(f"{_DATE}{_LINK}{_TIME}", re.IGNORECASE)
_TIME_FIRST = re.compile(f"{_TIME}{_LINK}{_DATE}", re.IGNORECASE)
_UNKNOWN_WORD = r"[^\W\d_][^\W\d_.]{0,11}\.?"
_NEARLY = re.compile(
    rf"{_DATE}[,،]?{_RTL}{_SPACE}?(?:{_UNKNOWN_WORD}{_SPACE}?)?00?[:.]00(?:[:.]00)?(?:{_SPACE}?{_UNKNOWN_WORD})?",
    re.IGNORECASE,
)

TERMINATORS = (b" - ", b"] ", b": ")
"""What ends a header: the Android dash, the iOS bracket, and the old dotted form ``13.06.18 21.25.15: ``."""


@dataclass(frozen=True)
class Dialect:
    """What all headers of one file share. A line whose header is of another dialect is a quotation: text."""

    year_first: bool
    year_digits: int
    has_era: bool
    date_separator: str
    has_seconds: bool
    is_twelve_hour: bool
    digit_bytes: int


@dataclass(frozen=True)
class HeaderLayout:
    """Where the fields of one header shape stand, as (first, last + 1) byte columns.

    ``first`` and ``second`` are day and month in an order that only the whole file can tell; with a year-first dialect
    they are month and day. Where ``year`` has two digits, only the file can tell whether it is not the day instead;
    one digit can only be a day. ``day_part`` is ``None`` for a 24-hour clock, ``unknown`` where one word beside the time is.
    """

    dialect: Dialect
    year: tuple[int, int]
    first: tuple[int, int]
    second: tuple[int, int]
    hour: tuple[int, int]
    minute: tuple[int, int]
    seconds: tuple[int, int] | None
    day_part: DayPart | None
    year_zero: int
    """The year before the first of a Japanese era, else 0."""


@lru_cache(maxsize=1024)
def read_layout(shape: bytes, terminator: bytes) -> HeaderLayout | None:
    """Return the layout of a header shape (without its terminator), or ``None`` if it is no header."""
    text, plain = _opened(shape, terminator)
    found = _DATE_FIRST.fullmatch(plain) or _TIME_FIRST.fullmatch(plain)
    is_mixed = len(_ALL_ZEROS.intersection(text)) > 1
    if found is None or is_mixed or (found["y2"] and len(found["y2"]) == 1 and len(found["a"]) == 1):
        return None
    layout = _layout(found, text, skipped=len(text) - len(plain))
    return layout if layout.day_part != "unknown" or _NEARLY.fullmatch(plain) else None


@lru_cache(maxsize=1024)
def looks_like_header(shape: bytes, terminator: bytes) -> bool:
    """Return whether a header shape differs from a known one only in the words around the time."""
    text, plain = _opened(shape, terminator)
    return len(_ALL_ZEROS.intersection(text)) == 1 and _NEARLY.fullmatch(plain) is not None


def _opened(shape: bytes, terminator: bytes) -> tuple[str, str]:
    """Return a shape as text, and its part from the date or time on with ASCII zeros: empty where a bracket is missing."""
    text = shape.decode("utf-8", "replace")
    body = text.lstrip(MARKS)
    if terminator == b"] ":
        body = body[1:].lstrip(MARKS) if body.startswith("[") else ""
    return text, body.translate(_ZEROS)


def _layout(found: re.Match[str], text: str, skipped: int) -> HeaderLayout:
    def columns(name: str) -> tuple[int, int]:
        start, end = (skipped + place for place in found.span(name))
        return len(text[:start].encode()), len(text[:end].encode())

    year, first, second, separator, era = next(names for names in _FIELDS if found[names[0]])
    is_first_year = found[year] == "元"
    part = _day_part(found["before"] or found["after"] or "")
    japanese = found[era] if era else None
    return HeaderLayout(
        dialect=Dialect(
            year_first=year in {"y1", "y3"},
            year_digits=4 if japanese or len(found[year]) == 4 else 2,
            has_era=japanese is not None,
            date_separator=found[separator],
            has_seconds=found["s"] is not None,
            is_twelve_hour=part is not None,
            digit_bytes=len(text[skipped + found.start("h")].encode()),
        ),
        year=columns(year) if not is_first_year else (0, 0),
        first=columns(first),
        second=columns(second),
        hour=columns("h"),
        minute=columns("mi"),
        seconds=columns("s") if found["s"] else None,
        day_part=part,
        year_zero=(_YEAR_ZEROS[japanese.upper()] if japanese else 0) + is_first_year,
    )


_FIELDS = (
    ("y1", "m1", "d1", "s1", "era1"),
    ("y3", "m3", "d3", "s3", "era2"),
    ("y4", "a", "b", "s2", "era4"),
    ("y2", "a", "b", "s2", ""),
)
"""The groups of year, first and second field, separator and era in each form of a date."""


_YEAR_ZEROS = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988}


_UNSAID = dict.fromkeys(map(ord, ".\"'״׳’ \u00a0\u2009\u202f\u200b\u200c"))
"""What a word for a part of the day is written with or without: ``p. m.``, ``אחה״צ``, ``بعد‌ازظهر``."""


def _day_part(word: str) -> DayPart | None:
    """Return the part of the day that the words beside a time name; ``None`` where they name none, as after 24 hours."""
    key = word.lower().translate(_UNSAID)
    key = key[1:] if key[:1] == "ч" and key[1:] in _WORDS else key
    return None if not key or key in _SAYING_NOTHING else _WORDS.get(key, "unknown")
