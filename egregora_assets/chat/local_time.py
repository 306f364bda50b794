"""A phone's wall clock → UTC, as one SQL expression made from the zone's rules between two moments."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import tzlocal

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)


def to_utc(column: str, zone: ZoneInfo, first: datetime, last: datetime) -> str:
    """Return the SQL (TIMESTAMPTZ) for wall-clock ``column``, whose values lie between ``first`` and ``last``.

    An hour that the clock shows twice is taken for the first time, an hour that it skips as if it had not (PEP 495,
    fold 0); ``clock_changes`` tells which those are. The zone's rules are asked once a day of that span, not once a message.
    """
    changes = _offset_changes(zone, first, last)
    cases = "".join(f" WHEN {column} < TIMESTAMP '{until}' THEN {offset}" for until, offset in changes[:-1])
    offset = f"CASE{cases} ELSE {changes[-1][1]} END" if cases else str(changes[-1][1])
    return f"make_timestamptz(epoch_us({column}) - ({offset}))"


@dataclass(frozen=True)
class ClockChange:
    """Wall-clock times from ``first`` to before ``until`` that a clock shows twice (``repeated``) or never (``skipped``).

    ``shift`` is what the clock was put forward by, in µs: negative where it was put back.
    """

    first: datetime
    until: datetime
    shift: int

    @property
    def kind(self) -> str:
        return "repeated" if self.shift < 0 else "skipped"


def clock_changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[ClockChange]:
    """Return the changes of a zone's clock between two wall-clock moments, in order."""
    stretches = _offset_changes(zone, first, last)
    return [
        ClockChange(until - timedelta(microseconds=abs(after - before)), until, after - before)
        for (until, before), (_, after) in itertools.pairwise(stretches)
    ]


def clock_change_sql(column: str, changes: list[ClockChange]) -> str:
    """Return the SQL for what a clock did at wall-clock ``column``: ``repeated``, ``skipped``, or null as nearly always."""
    cases = "".join(
        f" WHEN {column} >= TIMESTAMP '{change.first}' AND {column} < TIMESTAMP '{change.until}' THEN '{change.kind}'"
        for change in changes
    )
    return f"CASE{cases} END" if cases else "NULL"


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone."""
    return str(tzlocal.get_localzone_name() or "UTC")


def _offset_changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """Return (first moment after, offset in µs) of each stretch of constant offset, in order."""
    stretches: list[tuple[datetime, int]] = []
    moment, offset = first.replace(hour=0, minute=0, second=0, microsecond=0), _offset(first - _DAY, zone)
    while moment <= last + _DAY:
        following = _offset(moment, zone)
        if following != offset:
            stretches.append((_change_before(moment, offset, zone), offset))
            offset = following
        moment += _DAY
    return [*stretches, (datetime.max, offset)]


def _change_before(moment: datetime, offset: int, zone: ZoneInfo) -> datetime:
    """Return the first wall-clock moment of the day before ``moment`` that no longer has ``offset``."""
    still, step = moment - _DAY, _DAY
    while step > _MICROSECOND:
        step /= 2
        if _offset(still + step, zone) == offset:
            still += step
    while _offset(still, zone) == offset:
        still += _MICROSECOND
    return still


def _offset(local: datetime, zone: ZoneInfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    assert offset is not None, "a ZoneInfo always knows its offset"
    return int(offset / _MICROSECOND)
