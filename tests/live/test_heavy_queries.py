"""Queries that ask for too much: answered with a clear reason, in bounded memory, and without keeping others from asking."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from egregora_assets.live.hot_reads import HotReads, QueryFailed
from egregora_assets.live.value_sizes import TOO_LARGE
from egregora_assets.warehouse.async_reader import AsyncReader, QueryTooLong, ReadersHeld
from tests.live.faults import sending
from tests.live.service import Running, client, running
from tests.live.test_hot_reads import asked

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("heavy") / "home") as service:
        yield service


TOO_LARGE_QUERIES = [
    "SELECT list(range) FROM range(20000000)",
    "SELECT repeat('x', 100000000)",
    "SELECT {'a': [repeat('x', 5000000), repeat('y', 5000000)]}",
    "SELECT map([1], [range(0, 1000000)])",
    "SELECT repeat('x', 10000000)::BLOB",
    'SELECT 1, 2 AS a, 3 AS a, [[repeat(\'x\', 10000000)]] AS "a b""c" -- and a word',
]


@pytest.mark.parametrize("sql", TOO_LARGE_QUERIES)
def test_a_value_that_is_too_large_is_refused(store: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(QueryFailed, match="larger than 8 MiB"):
        asked(store, sql)


@pytest.mark.slow
def test_a_value_that_is_too_large_is_refused_before_it_is_made_into_objects(service: Running) -> None:
    with client(service) as asking:
        asking.ask({"query": "SELECT 1"})
        before = _peak_memory(service)
        for sql in TOO_LARGE_QUERIES:
            assert asking.ask({"query": sql}) == {"error": TOO_LARGE}
        assert _peak_memory(service) - before < 700 * MEGABYTE


@pytest.mark.slow
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list(range) FROM range(60000000)",
        "SELECT count(DISTINCT repeat(range::VARCHAR, 500)) FROM range(20000000)",
        "FROM (SELECT repeat(range::VARCHAR, 1000) AS x FROM range(2000000) ORDER BY x) LIMIT 1",
    ],
)
def test_a_query_that_takes_all_it_may_keeps_no_event_from_being_stored(service: Running, sql: str) -> None:
    with sending(service), client(service) as asking:
        before = _peak_memory(service)
        told = asking.ask({"query": sql}).get("error", "longer than")  # a fast machine may answer in time
        assert "memory" in told or "longer than" in told
        assert asking.ask({"status": True})["status"]["failed_commits"] == 0
        assert _peak_memory(service) - before < 700 * MEGABYTE


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT 'x' AS a, [1, 2] AS a;", [("x", [1, 2])]),
        ("SELECT {'a': ['x'], 'b c': 1}, map(['k'], [[1]]) -- a word", [({"a": ["x"], "b c": 1}, {"k": [1]})]),
        ("SELECT ''::BLOB, NULL::VARCHAR, NULL::VARCHAR[], '[1]'::JSON", None),
        ("WITH few AS (SELECT unnest(['b', 'a', 'c']) AS x) FROM few ORDER BY x DESC", [("c",), ("b",), ("a",)]),
        ("SELECT row(1, 'x'), array_value('a', 'b'), union_value(k := 'x')", None),
        ("DESCRIBE recent_messages", None),
        ("SUMMARIZE recent_messages", None),
    ],
)
def test_answers_that_are_small_enough_are_as_without_a_bound(
    store: duckdb.DuckDBPyConnection,
    sql: str,
    rows: list[tuple[object, ...]] | None,
) -> None:
    answer = asked(store, sql)
    assert answer.rows
    assert rows is None or answer.rows == rows


def test_names_of_columns_are_those_of_the_query(store: duckdb.DuckDBPyConnection) -> None:
    assert asked(store, 'SELECT \'x\' AS "a""b", 1 AS c, \'y\' AS "SELECT"').names == ['a"b', "c", "SELECT"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT '\ud800'", "surrogate"),
        ("SELECT 1" + "+1" * 900, "nested too deeply"),
        ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "expression depth"),
        ("SELECT '" + "x" * 30_000 + "'", "at most"),
        ("SELECT count(DISTINCT repeat(range::VARCHAR, 500)) FROM range(20000000)", "memory"),
    ],
)
def test_what_cannot_be_asked_is_answered_with_its_reason(
    store: duckdb.DuckDBPyConnection,
    sql: str,
    told: str,
) -> None:
    store.execute("SET memory_limit = '100MB'")
    store.execute("SET threads = 1")
    try:
        with pytest.raises(QueryFailed, match=told):
            asked(store, sql)
    finally:
        store.execute("RESET memory_limit")


def test_while_all_readers_are_held_further_queries_are_refused_and_answered_again_afterwards() -> None:
    goes_on = threading.Event()

    @contextmanager
    def lend() -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as connection:
            yield connection

    def hear_nothing(_: duckdb.DuckDBPyConnection) -> frozenset[str]:
        goes_on.wait(30)
        return frozenset()

    async def run() -> None:
        reading = HotReads(reader, hear_nothing)
        for ended in await asyncio.gather(*(reading.query("SELECT 1") for _ in range(2)), return_exceptions=True):
            assert isinstance(ended, QueryTooLong)
        while reader.held < 2:
            await asyncio.sleep(0.05)
        with pytest.raises(ReadersHeld, match="hold all readers"):
            await reading.query("SELECT 1")
        goes_on.set()
        while reader.held:
            await asyncio.sleep(0.01)
        assert (await reading.query("SELECT 1")).rows == [(1,)]

    reader = AsyncReader(lend, seconds=0.2, most_rows=10)
    try:
        asyncio.run(run())
    finally:
        goes_on.set()
        reader.close()


def _peak_memory(service: Running) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
