"""Privacy: scrubbing texts in SQL, per message."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from benchmarks.generate import authors, body
from benchmarks.harness import Figure, figure, median_cpu
from egregora_assets.privacy.scrub import scrub

SIZES = (10_000, 100_000, 1_000_000)
BOUND_MICROSECONDS = 2.0


def figures() -> Iterator[Figure]:
    rng = random.Random(11)
    people = authors(40, rng)
    sample = [body(rng, people) for _ in range(100_000)]
    for size in SIZES:
        with duckdb.connect() as connection:
            connection.register("sample", pa.table({"text": (sample * (size // len(sample) + 1))[:size]}))
            connection.execute("CREATE TABLE said AS SELECT text FROM sample").fetchall()
            copying = median_cpu(lambda: _make(connection, "SELECT text FROM said"))
            cleaning = median_cpu(lambda: _make(connection, scrub("SELECT text FROM said", "text", people)))
        yield figure(
            "scrub e-mails, numbers and 40 names",
            cleaning / size * 1e6,
            size,
            unit="µs per message",
            floor=copying / size * 1e6,
            at_most=BOUND_MICROSECONDS,
        )


def _make(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE cleaned AS {query}").fetchall()
