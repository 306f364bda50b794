"""The warehouse as the truth of an index of vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from egregora_assets.search.units import log_operations
from egregora_assets.search.vector_source import VectorsUnreadable, WarehouseVectors
from egregora_assets.search.vectors.exact_flat import ExactFlat
from egregora_assets.search.vectors.reader import open_generation
from egregora_assets.search.vectors.spec import Halves
from egregora_assets.search.vectors.writer import bring_up_to_date
from egregora_assets.warehouse.query import changed, scalar, view_of
from egregora_assets.warehouse.revisions import transaction
from tests.homes import empty_warehouse
from tests.search.said import say, unsay
from tests.search.vector_truth import DIMENSIONS, some_vectors, spec_with

MODEL = "0123456789abcdef"


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        yield connection


def embed(connection: duckdb.DuckDBPyConnection, part: int = 1, model: str = MODEL) -> dict[int, Halves]:
    """Give every text without one a vector, and tell the log; returns the vectors by label."""
    known = f"(FROM embeddings WHERE model = '{model}')"
    lacking = f"SELECT DISTINCT content_hash FROM search_units ANTI JOIN {known} USING (content_hash)"
    hashes = [str(found) for (found,) in connection.execute(f"{lacking} ORDER BY ALL").fetchall()]
    made = some_vectors(len(hashes), part=part)
    table = pa.table({"hash": hashes, "vector": pa.array([row.tobytes() for row in made], pa.binary())})
    with transaction(connection, "embeddings") as change, view_of(connection, "made", table):
        changed(connection, f"INSERT INTO embeddings SELECT '{model}', hash::UUID, vector FROM made")
        log_operations(
            connection, "SELECT label, 'add' FROM search_units WHERE content_hash IN (SELECT hash::UUID FROM made)"
        )
        assert change.revision
    return all_vectors(connection, model)


def all_vectors(connection: duckdb.DuckDBPyConnection, model: str = MODEL) -> dict[int, Halves]:
    """Vectors by label as plain SQL has them."""
    told = f"SELECT label, vector FROM search_units JOIN embeddings USING (content_hash) WHERE model = '{model}'"
    return {label: np.frombuffer(vector, "<f2") for label, vector in connection.execute(told).fetchall()}


def take(connection: duckdb.DuckDBPyConnection, label: int, operation: str) -> None:
    with transaction(connection, "search_units") as change:
        unsay(connection, label)
        log_operations(connection, f"SELECT {label}, '{operation}'")
        assert change.revision


def source_of(connection: duckdb.DuckDBPyConnection, dimensions: int = DIMENSIONS) -> WarehouseVectors:
    return WarehouseVectors(connection, MODEL, dimensions)


def everything_in(folder: Path) -> dict[int, bytes]:
    generation = open_generation(folder)
    rows = generation.live_rows()
    return {int(generation.labels[row]): generation.vectors[row, :DIMENSIONS].tobytes() for row in rows}


def as_bytes(vectors: dict[int, Halves]) -> dict[int, bytes]:
    return {label: vector.tobytes() for label, vector in vectors.items()}


def test_the_index_holds_what_the_warehouse_holds_whatever_happens_to_it(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    say(warehouse, {n: f"text {n % 70}" for n in range(1, 101)})  # some texts were said twice
    embed(warehouse, model="another")
    assert bring_up_to_date(tmp_path, spec_with(), source_of(warehouse)).rows == 0, "that is of another model"
    for step in range(6):
        say(warehouse, {n: f"text {n}" for n in range(200 + 10 * step, 209 + 10 * step)})
        there = embed(warehouse, part=10 + step)
        if step in (2, 4):
            take(warehouse, 200 + step, "remove" if step == 2 else "erase")
            del there[200 + step]
        changes = bring_up_to_date(tmp_path, spec_with(), source_of(warehouse), full=step == 5)
        assert changes.applied_seq == scalar(warehouse, "SELECT seq FROM search_counters")
        assert everything_in(tmp_path) == as_bytes(there)
        assert bring_up_to_date(tmp_path, spec_with(), source_of(warehouse)).bytes == 0


def test_a_unit_without_a_vector_is_there_as_soon_as_it_has_one(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    say(warehouse, {5: "first", 9: "second"})
    embed(warehouse)
    say(warehouse, {7: "third"})
    log_operations(warehouse, "SELECT 7, 'add'")
    bring_up_to_date(tmp_path, spec_with(), source_of(warehouse))
    assert sorted(everything_in(tmp_path)) == [5, 9]

    there = embed(warehouse, part=2)
    assert not bring_up_to_date(tmp_path, spec_with(), source_of(warehouse)).anew
    assert everything_in(tmp_path) == as_bytes(there)
    hits = ExactFlat(open_generation(tmp_path)).search(there[7].astype(np.float32), 3, np.array([5, 7]))
    assert hits.labels[0] == 7


def test_a_log_that_was_cut_makes_the_index_anew(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    say(warehouse, {1: "one", 2: "two"})
    embed(warehouse)
    bring_up_to_date(tmp_path, spec_with(), source_of(warehouse))
    say(warehouse, {3: "three"})
    there = embed(warehouse, part=2)
    changed(warehouse, "UPDATE search_counters SET forgotten = seq")
    changed(warehouse, "DELETE FROM vector_log")

    assert "forgotten" in bring_up_to_date(tmp_path, spec_with(), source_of(warehouse)).anew
    assert everything_in(tmp_path) == as_bytes(there)


def test_a_warehouse_that_was_put_back_is_not_taken_for_the_one_that_was_indexed(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    say(warehouse, {1: "one"})
    embed(warehouse)
    source = source_of(warehouse)
    before = source.mark()
    assert source.recognises(before)
    with transaction(warehouse, "somebody") as change:
        assert change.revision
    assert source.mark() != before
    assert source.recognises(before)

    changed(warehouse, "UPDATE revisions SET made_at = made_at + INTERVAL 1 MICROSECOND")
    assert not source.recognises(before)
    changed(warehouse, "DELETE FROM revisions")
    assert not source.recognises(before)


def test_a_vector_of_another_length_is_refused(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    say(warehouse, {1: "one", 2: "two", 3: "three"})
    embed(warehouse)
    with pytest.raises(VectorsUnreadable):
        bring_up_to_date(tmp_path, spec_with(dimensions=24, centre=np.zeros(0, np.float32)), source_of(warehouse, 24))
