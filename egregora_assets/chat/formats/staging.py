"""Arrow batches, as a parser makes them → a temporary table; what the parser raises comes out as it was raised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import view_of


def stage_batches(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    query: str = "FROM parsed",
) -> None:
    """Make the temporary ``table`` of the rows that ``query`` selects from ``parsed``: all batches, read as they come."""
    faults: list[Exception] = []
    reader = pa.RecordBatchReader.from_batches(schema, _noting_faults(batches, faults))
    try:
        with view_of(connection, "parsed", reader):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}").fetchall()
    except duckdb.Error:
        if faults:
            raise faults[0] from None
        raise


def _noting_faults(batches: Iterable[pa.RecordBatch], faults: list[Exception]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, and note why they ended early: DuckDB tells only that its source failed."""
    try:
        yield from batches
    except Exception as fault:
        faults.append(fault)
        raise
