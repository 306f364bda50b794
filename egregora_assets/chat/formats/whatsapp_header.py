"""WhatsApp line headers: what stands before the author, in every dialect that phones write.

A header's *shape* is its text with each digit replaced by zero. A file has few shapes however many messages it has, so
everything that is slow and careful happens here, once per shape; ``whatsapp_scan`` applies the result to whole columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

WIDTH = 56
"""Bytes of a line that are looked at for a header; the longest known header has 52 (Arabic digits and marks)."""
MIN_HEADER_BYTES = 11
"""The shortest: ``1/2/24 9:05``."""
MIN_DIGITS = 7
"""The fewest digits of a date with a time, as in ``1/2/24 9:05``."""

_ZEROS = {0x660: "0", 0x6F0: "0"}
"""Arabic and Persian zero; their digits take two bytes each and end, as ASCII digits do, in their value's four bits."""

_SPACE = "[ \u00a0\u202f\u2009]"
MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Marks of text direction, which phones put around names, dates and file names and which say nothing."""

_RTL = "\u200f?"
"""Arabic and Hebrew phones put a mark before each separator of a date."""
_DATE = (
    rf"(?:(?P<y1>0{{4}}){_RTL}(?P<s1>[./-]) ?(?P<m1>00?){_RTL}(?P=s1) ?(?P<d1>00?)\.?"
    rf"|(?P<a>00?){_RTL}(?P<s2>[./-]) ?(?P<b>00?){_RTL}(?P=s2) ?(?P<y2>0000|00)\.?)"
)
_MORNING = ("오전", "午前", "上午", "凌晨", "早上", "π.μ.", "πμ", "ص", "ق.ظ.", "öö", "sa", "pg", "पूर्वाह्न", "ก่อนเที่ยง")
_AFTERNOON = ("오후", "午後", "下午", "晚上", "μ.μ.", "μμ", "م", "ب.ظ.", "ös", "ch", "ptg", "अपराह्न", "หลังเที่ยง")
_MERIDIEM = rf"(?P<{{0}}>(?:[ap]\.?{_SPACE}?m\.?|{'|'.join(map(re.escape, _MORNING + _AFTERNOON))}))"
_TIME = (
    rf"(?:{_MERIDIEM.format('before')}{_SPACE}?)?"
    r"(?P<h>00?)[:.](?P<mi>00)(?:[:.](?P<s>00))?"
    rf"(?:{_SPACE}?{_MERIDIEM.format('after')})?"
)
_LINK = rf"(?:[,،]|[,،]?{_SPACE}(?:klo|kl\.?|à|at|às|a las|um|u|ob|в|saat|pukul|lúc))?{_SPACE}"
_DATE_FIRST = re.compile(f"{_DATE}{_LINK}{_TIME}", re.IGNORECASE)
_TIME_FIRST = re.compile(f"{_TIME}{_LINK}{_DATE}", re.IGNORECASE)

TERMINATORS = (b" - ", b"] ", b": ")
"""What ends a header: the Android dash, the iOS bracket, and the old dotted form ``13.06.18 21.25.15: ``."""


@dataclass(frozen=True)
class Dialect:
    """What all headers of one file share. A line whose header is of another dialect is a quotation: text."""

    year_first: bool
    year_digits: int
    date_separator: str
    has_seconds: bool
    is_twelve_hour: bool
    digit_bytes: int


@dataclass(frozen=True)
class HeaderLayout:
    """Where the fields of one header shape stand, as (first, last + 1) byte columns.

    ``first`` and ``second`` are day and month in an order that only the whole file can tell; with a year-first dialect
    they are month and day. ``afternoon`` is ``None`` for a 24-hour clock, else whether the shape says "pm".
    """

    dialect: Dialect
    year: tuple[int, int]
    first: tuple[int, int]
    second: tuple[int, int]
    hour: tuple[int, int]
    minute: tuple[int, int]
    seconds: tuple[int, int] | None
    afternoon: bool | None


@lru_cache(maxsize=1024)
def read_layout(shape: bytes, terminator: bytes) -> HeaderLayout | None:
    """Return the layout of a header shape (without its terminator), or ``None`` if it is no header."""
    text = shape.decode("utf-8", "replace")
    body = text.lstrip(MARKS)
    if terminator == b"] ":
        if not body.startswith("["):
            return None
        body = body[1:].lstrip(MARKS)
    plain = body.translate(_ZEROS)
    found = _DATE_FIRST.fullmatch(plain) or _TIME_FIRST.fullmatch(plain)
    return None if found is None else _layout(found, text, skipped=len(text) - len(body))


def _layout(found: re.Match[str], text: str, skipped: int) -> HeaderLayout:
    def columns(name: str) -> tuple[int, int]:
        start, end = (skipped + place for place in found.span(name))
        return len(text[:start].encode()), len(text[:end].encode())

    year, first, second = ("y1", "m1", "d1") if found["y1"] else ("y2", "a", "b")
    meridiem = found["before"] or found["after"]
    return HeaderLayout(
        dialect=Dialect(
            year_first=found["y1"] is not None,
            year_digits=len(found[year]),
            date_separator=found["s1"] or found["s2"],
            has_seconds=found["s"] is not None,
            is_twelve_hour=meridiem is not None,
            digit_bytes=len(text[skipped + found.start("h")].encode()),
        ),
        year=columns(year),
        first=columns(first),
        second=columns(second),
        hour=columns("h"),
        minute=columns("mi"),
        seconds=columns("s") if found["s"] else None,
        afternoon=None if meridiem is None else _says_afternoon(meridiem.lower()),
    )


def _says_afternoon(meridiem: str) -> bool:
    return (meridiem.startswith("p") and meridiem != "pg") or meridiem in _AFTERNOON
