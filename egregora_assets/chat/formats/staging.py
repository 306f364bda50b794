"""Arrow batches, as a parser makes them → a table until they are merged; what the parser raises comes out as it was raised."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import rows, view_of

IN_MEMORY = "temp"
"""The catalog of temporary tables."""
_ON_DISK = "staging"


@contextmanager
def on_disk(connection: duckdb.DuckDBPyConnection, folder: Path, prefix: str) -> Iterator[str]:
    """Have a catalog for the block whose tables are a file of their own, in a new folder in ``folder``; gives its name.

    For more than fits into the memory allowed: what does not of temporary tables is packed and unpacked each time, which
    costs a fifth of what merging does.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as place:
        connection.execute(f"ATTACH '{Path(place) / 'staged.duckdb'}' AS {_ON_DISK}")
        try:
            yield _ON_DISK
        finally:
            connection.execute(f"DETACH {_ON_DISK}")


def stage_batches(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    query: str = "FROM parsed",
    catalog: str = IN_MEMORY,
) -> None:
    """Make ``table`` in a catalog of the rows that ``query`` selects from ``parsed``: all batches, read as they come."""
    faults: list[Exception] = []
    reader = pa.RecordBatchReader.from_batches(schema, _noting_faults(batches, faults))
    try:
        with view_of(connection, "parsed", reader):
            if catalog == IN_MEMORY:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}").fetchall()
            else:
                _store_as_it_is(connection, f"{catalog}.{table}", query)
    except duckdb.Error:
        if faults:
            raise faults[0] from None
        raise


def _store_as_it_is(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    """Store the rows without compression: they are read once or twice."""
    columns = ", ".join(
        f'"{name}" {kind} USING COMPRESSION uncompressed' for name, kind, *_ in rows(connection, f"DESCRIBE {query}")
    )
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
    connection.execute(f"INSERT INTO {table} {query}").fetchall()


def _noting_faults(batches: Iterable[pa.RecordBatch], faults: list[Exception]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, and note why they ended early: DuckDB tells only that its source failed."""
    try:
        yield from batches
    except Exception as fault:
        faults.append(fault)
        raise
