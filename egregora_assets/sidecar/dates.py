"""Days in posts and pages: written as people write them, and known again by what looks for names in files: April is one too."""

from __future__ import annotations

from datetime import date

DAY = r"[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}"
LONG_DAY = rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, {DAY}"
CLOCK = r"[0-9]{2}:[0-9]{2}"
DAY_FORMAT, LONG_DAY_FORMAT = "%-d %B %Y", "%A, %-d %B %Y"


def day(moment: date) -> str:
    """Return a day as "9 April 2024"."""
    return f"{moment.day} {moment:%B %Y}"


def long_day(moment: date) -> str:
    """Return a day as "Tuesday, 9 April 2024"."""
    return f"{moment:%A}, {day(moment)}"
