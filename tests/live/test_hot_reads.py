"""Queries on what is hot: bounded, ended in time, and unable to see more than the readable views."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import duckdb
import pytest

from egregora_assets.live.hot_reads import HotReads, QueryFailed, told
from egregora_assets.warehouse.async_reader import Answer, AsyncReader, NotReadOnly, QueryTooLong
from tests.live.hot import SECRET

ENDLESS = "FROM range(100000) a, range(100000) b, range(100000) c SELECT count(*) WHERE a.range + b.range = c.range * 3"


@contextmanager
def reads(store: duckdb.DuckDBPyConnection, seconds: float = 20.0, most_rows: int = 1000) -> Iterator[HotReads]:
    @contextmanager
    def lend() -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = store.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    reader = AsyncReader(lend, seconds=seconds, most_rows=most_rows)
    try:
        yield HotReads(reader, views)
    finally:
        reader.close()


def asked(store: duckdb.DuckDBPyConnection, sql: str, most_rows: int = 1000) -> Answer:
    with reads(store, most_rows=most_rows) as reading:
        return asyncio.run(reading.query(sql))


def views(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    cursor.execute(
        "CREATE OR REPLACE TEMP VIEW recent_messages AS FROM hot_events SELECT sequence, text WHERE NOT is_hidden"
    )
    return frozenset(("recent_messages",))


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("FROM recent_messages WHERE sequence < 3", 3),
        ("SELECT * FROM recent_messages a JOIN recent_messages b USING (sequence) WHERE sequence IN (SELECT 7)", 1),
        ("WITH few AS (FROM recent_messages LIMIT 4) SELECT count(*) FROM few", 1),
        ("DESCRIBE recent_messages", 2),
        ("SELECT unnest([1, 2]) UNION ALL VALUES (3)", 3),
        ("FROM range(5)", 5),
        ("SELECT max(sequence) OVER () FROM Recent_Messages LIMIT 2", 2),
    ],
)
def test_what_only_reads_the_views_is_answered(store: duckdb.DuckDBPyConnection, sql: str, count: int) -> None:
    assert len(asked(store, sql).rows) == count


@pytest.mark.parametrize(
    "sql",
    [
        "FROM hot_events",
        "FROM HOT_EVENTS",
        'SELECT * FROM "hot_events"',
        "TABLE hot_events",
        "FROM main.hot_events",
        "FROM live.main.hot_events",
        "FROM memory.hot_events",
        "DESCRIBE hot_events",
        "SUMMARIZE hot_events",
        "SHOW hot_events",
        "SHOW ALL TABLES",
        "SELECT (SELECT max(text) FROM hot_events)",
        "SELECT * FROM recent_messages WHERE sequence IN (SELECT sequence FROM hot_events WHERE is_hidden)",
        "WITH hot_events AS (FROM hot_events) FROM hot_events",
        "WITH few AS (FROM hot_events) FROM few",
        "WITH duckdb_columns AS (FROM duckdb_columns) FROM duckdb_columns",
        "WITH RECURSIVE few AS (SELECT 1 UNION ALL SELECT sequence FROM hot_events) FROM few",
        "FROM recent_messages POSITIONAL JOIN hot_events",
        "FROM (FROM (FROM hot_events))",
        "FROM query('FROM hot_events')",
        "FROM query_table('hot_events')",
        "FROM query_table(['hot_events'])",
        "SELECT 1 UNION ALL SELECT sequence FROM hot_events",
        "SELECT 1 EXCEPT FROM hot_events",
        "PIVOT hot_events ON author USING max(text)",
        "FROM (PIVOT hot_events ON author USING max(text))",
        "FROM (UNPIVOT hot_events ON text)",
        "FROM (DESCRIBE hot_events)",
        "FROM duckdb_tables()",
        "FROM duckdb_views()",
        "FROM duckdb_columns()",
        "FROM sqlite_master",
        "FROM information_schema.tables",
        "FROM pragma_storage_info('hot_events')",
        "FROM pragma_table_info('hot_events')",
        "FROM read_csv('private.csv')",
        "FROM read_text('/etc/passwd')",
        "FROM glob('/etc/*')",
        "FROM 'private.csv'",
        "FROM '/etc/passwd'",
        "DROP TABLE hot_events",
        "DELETE FROM hot_events RETURNING text",
        "UPDATE hot_events SET is_hidden = false",
        "INSERT INTO hot_events (text) VALUES ('x')",
        "CREATE TABLE mine AS FROM hot_events",
        "CREATE OR REPLACE TEMP VIEW recent_messages AS FROM hot_events",
        "COPY hot_events TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "SET enable_external_access = true",
        "PRAGMA version",
        "CALL duckdb_tables()",
        "EXPLAIN ANALYZE DELETE FROM hot_events",
        "CHECKPOINT",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PREPARE x AS FROM hot_events",
        "EXECUTE x",
        "SELECT json_execute_serialized_sql(json_serialize_sql('FROM hot_events'))",
        "FROM json_execute_serialized_sql(json_serialize_sql('FROM hot_events'))",
        "SELECT 1; FROM hot_events",
        "FROM recent_messages; DROP TABLE hot_events",
        "",
        ";",
        "no sql",
    ],
)
def test_all_else_is_refused_and_tells_nothing(store: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises((NotReadOnly, QueryFailed)) as refused:
        asked(store, sql)
    assert SECRET not in str(refused.value)
    assert store.execute("SELECT count(*) FROM hot_events").fetchall() == [(5001,)]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM recent_messages WHERE CAST(text AS INTEGER) > 0",
        "FROM recent_messages WHERE error(text)::BOOLEAN",
        "SELECT sum(CAST(text AS DATE) - DATE '2024-01-01') FROM recent_messages",
        "SELECT text::UUID FROM recent_messages",
        "SELECT json_extract(text, '$.a') FROM recent_messages",
        "SELECT error(string_agg(text)) FROM recent_messages",
    ],
)
def test_an_error_while_a_query_runs_repeats_no_row(store: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(QueryFailed) as failed:
        asked(store, sql)
    assert "words" not in str(failed.value)
    assert "said" not in str(failed.value)


def test_an_answer_has_no_more_rows_than_it_may_and_says_so(store: duckdb.DuckDBPyConnection) -> None:
    answer = asked(store, "FROM recent_messages", 300)
    assert (len(answer.rows), answer.is_cut) == (300, True)
    answer = asked(store, "FROM recent_messages LIMIT 300", 300)
    assert (len(answer.rows), answer.is_cut) == (300, False)
    answer = asked(store, "SELECT repeat('x', 100000) FROM range(500)")
    assert answer.is_cut
    assert len(answer.rows) < 500


def test_an_answer_is_json_also_where_json_has_no_word_for_a_value(store: duckdb.DuckDBPyConnection) -> None:
    answer = told(
        asked(store, "SELECT 'nan'::DOUBLE, MAP {1: 2}, [{'a': 'inf'::FLOAT}], TIMESTAMP '2024-01-01', 1::HUGEINT")
    )
    assert answer["rows"] == [[None, {"1": 2}, [{"a": None}], datetime(2024, 1, 1), 1]]
    json.dumps(answer, allow_nan=False, default=str)


def test_a_query_that_takes_too_long_is_ended_and_the_next_one_is_answered(store: duckdb.DuckDBPyConnection) -> None:
    async def run(reading: HotReads) -> None:
        with pytest.raises(QueryTooLong):
            await reading.query(ENDLESS)
        for ended in await asyncio.gather(*(reading.query(ENDLESS) for _ in range(4)), return_exceptions=True):
            assert isinstance(ended, QueryTooLong)
        assert await _answered(reading) == [(1,)]

    with reads(store, seconds=0.3) as reading:
        asyncio.run(run(reading))


def test_a_query_that_nobody_waits_for_any_more_is_ended(store: duckdb.DuckDBPyConnection) -> None:
    async def run(reading: HotReads) -> None:
        for wait in (0.0, 0.001, 0.05, 0.2):
            task = asyncio.create_task(reading.query(ENDLESS))
            await asyncio.sleep(wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await _answered(reading) == [(1,)]

    with reads(store) as reading:
        asyncio.run(run(reading))


def test_the_loop_goes_on_while_a_query_runs(store: duckdb.DuckDBPyConnection) -> None:
    async def run(reading: HotReads) -> int:
        task = asyncio.create_task(reading.query(ENDLESS))
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        with pytest.raises(QueryTooLong):
            await task
        return turns

    with reads(store, seconds=0.5) as reading:
        assert asyncio.run(run(reading)) > 20


async def _answered(reading: HotReads) -> list[tuple[object, ...]]:
    """Ask something small until a thread is free: a query that was interrupted ends soon, and not at once."""
    while True:
        with suppress(QueryTooLong):
            return (await reading.query("SELECT 1")).rows


def test_lists_in_an_answer_are_counted_too(store: duckdb.DuckDBPyConnection) -> None:
    answer = asked(store, "SELECT [repeat('x', 1000000)] FROM range(1000)")
    assert answer.is_cut
    assert 0 < len(answer.rows) < 20
    assert asked(store, "SELECT range(0, 100000) FROM range(1000)").is_cut


def test_a_query_that_hears_no_interruption_holds_up_no_end(store: duckdb.DuckDBPyConnection) -> None:
    goes_on = threading.Event()

    async def ask() -> None:
        @contextmanager
        def lend() -> Iterator[duckdb.DuckDBPyConnection]:
            goes_on.wait(20)
            with store.cursor() as cursor:
                yield cursor

        reader = AsyncReader(lend, seconds=0.05, most_rows=10, threads=1)
        with pytest.raises(QueryTooLong):
            await reader.query("SELECT 1")
        began = time.monotonic()
        reader.close()
        assert time.monotonic() - began < 5

    try:
        asyncio.run(ask())
    finally:
        goes_on.set()
