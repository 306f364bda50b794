"""The index of vectors: what a search, new rows and making it anew cost, and how much of the true nearest is found.

Times are CPU milliseconds of one search, the middle of many, by one thread. Vectors are generated (`generate_vectors.py`), as
hard for sign bits as those of real messages; `EGREGORA_BENCH_VECTORS=file.npy` takes real ones for the recall at the smallest size.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.generate_vectors import batches, vectors
from benchmarks.harness import Figure, cpu_seconds, figure, scratch, timed
from egregora_assets.search.vector_source import WarehouseVectors
from egregora_assets.search.vectors.bit_flat import BitFlat
from egregora_assets.search.vectors.exact_flat import ExactFlat
from egregora_assets.search.vectors.graph import UsearchHnsw
from egregora_assets.search.vectors.manifest import MANIFEST
from egregora_assets.search.vectors.reader import open_generation, open_index
from egregora_assets.search.vectors.recall import least_scores
from egregora_assets.search.vectors.spec import IndexSpec, VectorIndex
from egregora_assets.search.vectors.writer import bring_up_to_date
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, view_of
from egregora_assets.warehouse.revisions import transaction

DIMENSIONS = 384
SMALL, LARGE = 100_000, 1_000_000
QUERIES = 300
MODEL = "00000000000000aa"
BOUND_GRAPH_MS, BOUND_GRAPH_RECALL, BOUND_BITS_RECALL = 1.0, 0.95, 0.99
BOUND_NEW_MS, BOUND_NEW_MB, BOUND_ANEW_SECONDS, BOUND_OPEN_SECONDS = 50.0, 2.0, 10.0, 1.0
Floats = NDArray[np.float32]


def figures() -> Iterator[Figure]:
    with scratch() as folder:
        yield from _real(folder)
        for size in (SMALL, LARGE):
            yield from _of_size(folder, size)


def _of_size(folder: Path, size: int) -> Iterator[Figure]:
    with duckdb.connect(str(folder / f"{size}.duckdb")) as connection:
        fill(connection, size)
        source = WarehouseVectors(connection, MODEL, DIMENSIONS)
        bits = IndexSpec("bench", MODEL, DIMENSIONS, graph_from=1 << 40)
        place = folder / f"bits-{size}"
        anew = sorted(timed(lambda: bring_up_to_date(place, bits, source, full=True)) for _ in range(2))[0]
        bound = BOUND_ANEW_SECONDS if size == LARGE else None
        yield figure("sign bits made anew from the warehouse", anew, size, at_most=bound, runs=2)
        yield from _searches(place, size)
        yield from _new_rows(connection, place, bits, size)
        if size == SMALL:
            yield from _graph(folder / "graph", source, size)
        shutil.rmtree(place)


def _searches(place: Path, size: int) -> Iterator[Figure]:
    opening = min(timed(lambda: open_index(place)) for _ in range(3))
    at_most = BOUND_OPEN_SECONDS if size == LARGE else None
    yield figure("open the index", opening, size, at_most=at_most)
    generation = open_generation(place)
    questions = vectors(QUERIES, DIMENSIONS, part=1)
    index = BitFlat(generation)
    yield figure("search by sign bits", search_ms(index, questions), size, unit="ms", runs=QUERIES)
    found = recall_of(index, place, questions)
    yield figure("sign bits: recall@10", found, size, unit="", at_least=BOUND_BITS_RECALL if size == SMALL else None)
    labels = np.sort(generation.labels)
    for name, allow in (
        ("every hundredth row", labels[::100]),
        ("a tenth in a row", labels[size // 2 : size * 6 // 10]),
    ):
        yield figure(
            f"search by sign bits among {name}", search_ms(index, questions, allow), size, unit="ms", runs=QUERIES
        )
        least = min(len(index.search(question, 10, allow).labels) for question in questions)
        yield figure(f"rows of 10 found among {name}, at least", least, size, unit="rows", at_least=10)
    if size == SMALL:
        yield figure("search every vector", search_ms(ExactFlat(generation), questions[:20]), size, unit="ms", runs=20)


def _new_rows(connection: duckdb.DuckDBPyConnection, place: Path, spec: IndexSpec, size: int) -> Iterator[Figure]:
    costs, written = [], 0
    source = WarehouseVectors(connection, MODEL, DIMENSIONS)
    for part in range(5):
        add_units(connection, 1_000, part=10 + part)
        before = cpu_seconds()
        changes = bring_up_to_date(place, spec, source)
        costs.append(1_000 * (cpu_seconds() - before))
        written = changes.bytes + (open_generation(place).folder / MANIFEST).stat().st_size
        if changes.anew or changes.added != 1_000:
            raise RuntimeError(f"these were to be a thousand new rows: {changes}")
    yield figure("1,000 new rows", statistics.median(costs), size, unit="ms", at_most=BOUND_NEW_MS, runs=5)
    yield figure("1,000 new rows: written", written / 1e6, size, unit="MB", at_most=BOUND_NEW_MB, runs=5)


def _graph(place: Path, source: WarehouseVectors, size: int) -> Iterator[Figure]:
    spec = IndexSpec("bench", MODEL, DIMENSIONS, graph_from=65_536)
    building = timed(lambda: bring_up_to_date(place, spec, source))
    questions = vectors(QUERIES, DIMENSIONS, part=1)
    index = UsearchHnsw(open_generation(place))
    yield figure("graph over the filled blocks, bits over the rest: made", building, size, runs=1)
    yield figure("search by graph", search_ms(index, questions), size, unit="ms", at_most=BOUND_GRAPH_MS, runs=QUERIES)
    found = recall_of(index, place, questions)
    yield figure("graph: recall@10", found, size, unit="", at_least=BOUND_GRAPH_RECALL, runs=QUERIES)


def _real(folder: Path) -> Iterator[Figure]:
    """Recall on vectors that a model made, where they are at hand: every fiftieth is asked for, among all others."""
    file = os.environ.get("EGREGORA_BENCH_VECTORS")
    if file is None:
        return
    given = np.load(file).astype(np.float16)
    asked, rows = given[::50][:QUERIES].astype(np.float32), np.delete(given, np.s_[::50], axis=0)
    with duckdb.connect() as connection:
        migrate(connection)
        _put(connection, rows, 1)
        spec = IndexSpec("bench", MODEL, DIMENSIONS, graph_from=1, block_rows=len(rows))
        bring_up_to_date(folder / "real", spec, WarehouseVectors(connection, MODEL, DIMENSIONS))
    generation = open_generation(folder / "real")
    for name, index in (("sign bits", BitFlat(generation)), ("graph", UsearchHnsw(generation))):
        found = recall_of(index, folder / "real", asked)
        bound = BOUND_BITS_RECALL if name == "sign bits" else BOUND_GRAPH_RECALL
        yield figure(f"{name}: recall@10, real vectors", found, len(rows), unit="", at_least=bound, runs=len(asked))
        yield figure(f"{name}: search, real vectors", search_ms(index, asked), len(rows), unit="ms", runs=len(asked))


def search_ms(index: VectorIndex, questions: Floats, allow: NDArray[np.int64] | None = None) -> float:
    """Return the middle of the CPU milliseconds that each question took, the fastest of three times."""
    best = [float("inf")] * len(questions)
    for _ in range(3):
        for number, question in enumerate(questions):
            before = time.process_time_ns()
            index.search(question, 10, allow)
            best[number] = min(best[number], (time.process_time_ns() - before) / 1e6)
    return statistics.median(best)


def recall_of(index: VectorIndex, place: Path, questions: Floats) -> float:
    """Return the share of the ten true nearest that are found, or are as near."""
    generation = open_generation(place)
    halves = questions.astype(np.float16).astype(np.float32)
    least = least_scores(generation, halves, 10) - generation.dimensions * 2.0**-21
    found = sum(int((index.search(one, 10).scores >= least[n]).sum()) for n, one in enumerate(halves))
    return found / (10 * len(questions))


def fill(connection: duckdb.DuckDBPyConnection, size: int) -> None:
    """Make a warehouse with so many units, each with a vector of its own."""
    migrate(connection)
    first = 1
    for part in batches(size, DIMENSIONS):
        _put(connection, part.astype(np.float16), first)
        first += len(part)


def add_units(connection: duckdb.DuckDBPyConnection, count: int, part: int) -> None:
    ((first,),) = connection.execute("SELECT max(label) + 1 FROM search_units").fetchall()
    _put(connection, vectors(count, DIMENSIONS, part=part).astype(np.float16), first)


def _put(connection: duckdb.DuckDBPyConnection, rows: NDArray[np.float16], first: int) -> None:
    width = 2 * DIMENSIONS
    blobs = pa.Array.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(rows.tobytes())]).cast(pa.binary())
    table = pa.table({"label": np.arange(first, first + len(rows)), "vector": blobs})
    with transaction(connection, "embeddings") as change, view_of(connection, "made", table):
        changed(connection, _UNITS, [change.revision])
        changed(connection, f"INSERT INTO embeddings SELECT '{MODEL}', {_HASH}, vector FROM made")
        changed(connection, "INSERT INTO vector_log SELECT label, label, 'add' FROM made")
        changed(
            connection,
            "UPDATE search_counters SET label = m.last, seq = m.last FROM (SELECT max(label) AS last FROM made) m",
        )


_HASH = "md5_number('text ' || label)::UUID"
_UNITS = f"""
    INSERT INTO search_units
    SELECT label, 'message', md5_number('message ' || label)::UUID, md5_number('document ' || label // 10)::UUID, NULL, 'garden',
        {_HASH}, NULL, ? FROM made
"""
