"""Rows from Arrow are added once, whatever is there already."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.upsert import insert_new
from tests.properties import dear


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE things (place INTEGER, name VARCHAR, revision BIGINT)")
        yield connection


def _data(pairs: list[tuple[int, str]]) -> pa.Table:
    return pa.table(
        {
            "name": pa.array([name for _, name in pairs], pa.string()),
            "place": pa.array([no for no, _ in pairs], pa.int32()),
        }
    )


def test_known_keys_are_left_alone_and_new_ones_added(connection: duckdb.DuckDBPyConnection) -> None:
    assert insert_new(connection, "things", _data([(1, "a"), (2, "b")]), ["place"], {"revision": 1}) == 2
    assert insert_new(connection, "things", _data([(2, "changed"), (3, "c")]), ["place"], {"revision": 2}) == 1
    assert rows(connection, "SELECT * FROM things ORDER BY place") == [(1, "a", 1), (2, "b", 1), (3, "c", 2)]


@dear(100, 40)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xyz")), max_size=12), max_size=5))
def test_any_batches_give_each_key_once(batches: list[list[tuple[int, str]]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE things (place INTEGER, name VARCHAR, revision BIGINT)")
        for number, batch in enumerate(batches):
            insert_new(connection, "things", _data(batch), ["place", "name"], {"revision": number})
        stored = [(place, name) for place, name, _ in rows(connection, "SELECT * FROM things")]
    assert len(stored) == len(set(stored))
    assert set(stored) == {pair for batch in batches for pair in batch}
