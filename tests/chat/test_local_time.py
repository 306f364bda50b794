"""A wall clock becomes UTC as the zone's own rules say, for many messages with one expression."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egregora_assets.chat.local_time import clock_change_sql, clock_changes, machine_zone, to_utc

ZONES = [
    "Europe/Lisbon",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Pacific/Apia",
    "America/New_York",
    "UTC",
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def converted(connection: duckdb.DuckDBPyConnection, zone: str, walls: list[datetime]) -> list[datetime]:
    expression = to_utc("wall", ZoneInfo(zone), min(walls), max(walls))
    numbered = "(SELECT unnest(?::TIMESTAMP[]) AS wall, unnest(range(?)) AS no)"
    found = connection.execute(
        f"SELECT epoch_us({expression}) FROM {numbered} ORDER BY no", [walls, len(walls)]
    ).fetchall()
    return [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time) for (time,) in found]


def by_zoneinfo(zone: str, walls: list[datetime]) -> list[datetime]:
    return [wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC) for wall in walls]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    walls=st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)), min_size=1, max_size=20),
)
def test_agrees_with_the_zone_at_any_time(
    connection: duckdb.DuckDBPyConnection, zone: str, walls: list[datetime]
) -> None:
    assert converted(connection, zone, walls) == by_zoneinfo(zone, walls)


CHANGES = {
    "Europe/Lisbon": [datetime(2024, 3, 31, 1), datetime(2024, 10, 27, 1)],
    "America/Sao_Paulo": [datetime(2018, 2, 17, 23), datetime(2018, 11, 4), datetime(2019, 2, 16, 23)],
    "Australia/Lord_Howe": [datetime(2024, 4, 7, 1, 30), datetime(2024, 10, 6, 2)],
    "Africa/Monrovia": [datetime(1972, 1, 7)],
    "Pacific/Apia": [datetime(2011, 12, 30)],
    "Asia/Kolkata": [datetime(2024, 3, 31, 2)],
}


@pytest.mark.parametrize(
    ("zone", "change"), [(zone, change) for zone, changes in CHANGES.items() for change in changes]
)
def test_agrees_with_the_zone_around_every_change(
    connection: duckdb.DuckDBPyConnection, zone: str, change: datetime
) -> None:
    walls = [change + timedelta(seconds=step) for step in range(-7200, 7201, 30)]
    walls += [change + timedelta(hours=step, microseconds=shift) for step in range(-26, 27) for shift in (-1, 0, 1)]
    assert converted(connection, zone, walls) == by_zoneinfo(zone, walls)


def test_a_skipped_hour_reads_as_if_it_had_not_been(connection: duckdb.DuckDBPyConnection) -> None:
    assert converted(connection, "Europe/Lisbon", [datetime(2024, 3, 31, 1, 30)]) == [
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    ]


def test_an_hour_shown_twice_is_the_first(connection: duckdb.DuckDBPyConnection) -> None:
    assert converted(connection, "Europe/Lisbon", [datetime(2024, 10, 27, 1, 30)]) == [
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    ]


def test_a_zone_without_changes_is_one_subtraction() -> None:
    assert "CASE" not in to_utc("wall", ZoneInfo("Asia/Kolkata"), datetime(2024, 1, 1), datetime(2024, 12, 31))


def test_this_machine_has_a_zone_that_is_known() -> None:
    assert ZoneInfo(machine_zone())


def test_times_that_a_clock_shows_twice_or_never_are_told() -> None:
    found = clock_changes(ZoneInfo("Europe/Lisbon"), datetime(2024, 1, 1), datetime(2024, 12, 31))
    assert [(change.kind, change.first, change.until) for change in found] == [
        ("skipped", datetime(2024, 3, 31, 1), datetime(2024, 3, 31, 2)),
        ("repeated", datetime(2024, 10, 27, 1), datetime(2024, 10, 27, 2)),
    ]
    assert clock_changes(ZoneInfo("Asia/Kolkata"), datetime(2024, 1, 1), datetime(2024, 12, 31)) == []


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31))
    | st.sampled_from([*itertools.chain(*CHANGES.values())]),
)
def test_a_time_is_flagged_exactly_where_the_zone_has_two_readings(
    connection: duckdb.DuckDBPyConnection, zone: str, wall: datetime
) -> None:
    changes = clock_changes(ZoneInfo(zone), wall - timedelta(days=2), wall + timedelta(days=2))
    sql = f"SELECT {clock_change_sql('wall', changes)} FROM (SELECT ?::TIMESTAMP AS wall)"
    ((found,),) = connection.execute(sql, [wall]).fetchall()
    early, late = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
    assert early is not None
    assert late is not None
    assert found == (None if early == late else "repeated" if early > late else "skipped")
