"""The wall clocks of a staged WhatsApp export → instants, where an hour may come twice."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb

from egregora_assets.chat.formats.whatsapp import STAGED
from egregora_assets.chat.local_time import clock_change_sql, clock_changes, to_utc
from egregora_assets.warehouse.query import scalar


def instants(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo, first: datetime, last: datetime) -> tuple[str, str]:
    """Return the SQL for a staged message's instant (TIMESTAMPTZ) and for what the clock did then.

    It reads ``local_time`` and ``position`` of a row ``s``. ``first`` and ``last`` are the times of the export in ``STAGED``.
    In an hour that the clock shows twice the order of the file decides: from the first step back in time (of more than a
    minute, which phones do by themselves) on, it is the second time.
    """
    changes = clock_changes(zone, first, last)
    instant, cases = to_utc("s.local_time", zone, first, last), ""
    for change in changes:
        second = _first_of_second_time(connection, change.first, change.until) if change.kind == "repeated" else None
        if second is not None:
            inside = f"s.local_time >= TIMESTAMP '{change.first}' AND s.local_time < TIMESTAMP '{change.until}'"
            cases += f" WHEN {inside} AND s.position >= {second} THEN {instant} + INTERVAL {-change.shift} MICROSECONDS"
    return f"CASE{cases} ELSE {instant} END" if cases else instant, clock_change_sql("s.local_time", changes)


def _first_of_second_time(connection: duckdb.DuckDBPyConnection, first: datetime, until: datetime) -> int | None:
    """Return the position of the first message between two times that stands behind a later one."""
    sql = f"""
        SELECT min(position) FROM (
            SELECT position, local_time, max(local_time) OVER (ORDER BY position) AS latest
            FROM {STAGED} WHERE local_time >= $first AND local_time < $until
        )
        WHERE local_time + INTERVAL 1 MINUTE < latest
    """
    found = scalar(connection, sql, {"first": first, "until": until})
    return None if found is None else int(found)
