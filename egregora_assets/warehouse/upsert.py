"""Arrow → a table, once: rows whose key is there already are left out by an anti-join, so no table needs a primary key."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import changed, view_of


def insert_new(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    data: pa.Table | pa.RecordBatchReader,
    key: Sequence[str],
    constants: dict[str, object] | None = None,
) -> int:
    """Add the rows of ``data`` whose ``key`` columns are not in ``table`` yet; return how many were added.

    Columns go by name; ``constants`` are columns with one value for all rows. Of rows with equal keys inside ``data`` one
    is added. A key of null equals none. One statement, at the cost of one scan of the table's key columns: an index
    would make every insert into a large table several times slower.
    """
    fixed = constants or {}
    columns = "".join(f", ${name} AS {name}" for name in fixed)
    matching = " AND ".join(f"present.{column} = incoming.{column}" for column in key)
    sql = f"""
        INSERT INTO {table} BY NAME
        SELECT DISTINCT ON ({", ".join(f"incoming.{column}" for column in key)}) incoming.*{columns}
        FROM incoming_rows incoming WHERE NOT EXISTS (SELECT 1 FROM {table} present WHERE {matching})
    """
    with view_of(connection, "incoming_rows", data):
        return changed(connection, sql, fixed or None)
