"""The few ways a query is run. DuckDB 2 streams results and a half-read one keeps the connection busy: all are read to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
import pyarrow as pa

Parameters = Sequence[object] | Mapping[str, object] | None


def rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
    """Run ``sql`` and return all its rows."""
    return connection.execute(sql, parameters).fetchall()


def scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = None) -> Any:
    """Run ``sql`` and return its single value."""
    ((value,),) = rows(connection, sql, parameters)
    return value


def arrow(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = None) -> pa.Table:
    """Run ``sql`` and return all its rows as Arrow."""
    return connection.sql(sql, params=parameters).to_arrow_table()


def changed(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = None) -> int:
    """Run an INSERT, UPDATE or DELETE, or make a table of a query, and return the number of rows it touched."""
    return int(scalar(connection, sql, parameters))


@contextmanager
def view_of(
    connection: duckdb.DuckDBPyConnection, name: str, data: pa.Table | pa.RecordBatch | pa.RecordBatchReader
) -> Iterator[None]:
    """Let SQL read Arrow ``data`` under ``name`` for the length of the block."""
    connection.register(name, data)
    with undone(connection, lambda: connection.unregister(name)):
        yield


def table_of(found: Iterable[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Return rows, each with the fields of ``schema`` in order, as Arrow; there may be none."""
    return table_of_columns(list(zip(*found, strict=True)) or [()] * len(schema), schema)


def table_of_columns(columns: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Return columns, one for each field of ``schema`` in order, as Arrow."""
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def read_once(data: pa.Table) -> pa.RecordBatchReader:
    """Return ``data`` for ``view_of``, to be read by one statement.

    A view that was dropped keeps its data until the transaction ends; a reader that was read has none left.
    """
    return pa.RecordBatchReader.from_batches(data.schema, iter(data.to_batches()))


@contextmanager
def temporary(
    connection: duckdb.DuckDBPyConnection, name: str, sql: str, parameters: Parameters = None
) -> Iterator[int]:
    """Keep the result of ``sql`` as a temporary table for the length of the block; yields its row count.

    After an error in the block the transaction is void and the table goes with it, so nothing is dropped then.
    """
    yield changed(connection, f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", parameters)
    connection.execute(f"DROP TABLE {name}")


@contextmanager
def given_back() -> Iterator[None]:
    """Let Arrow give memory back as soon as it is free: its own pool keeps what blocks that are read one by one have needed."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


@contextmanager
def undone(connection: duckdb.DuckDBPyConnection, undo: Callable[[], object]) -> Iterator[None]:
    """Call ``undo``, which needs the connection, at the end of the block.

    After an error in the block, that is the one to tell: not that a result waits to be read, nor that the transaction is void.
    """
    try:
        yield
    except BaseException:
        leave_unread(connection)
        with suppress(duckdb.Error):
            undo()
        raise
    undo()


def leave_unread(connection: duckdb.DuckDBPyConnection) -> None:
    """Give up what nobody has fetched of a result, as when its reader has failed: until then nothing else can be run."""
    connection.abort()


def roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Take back what the open transaction has done, while the error that ended it is on its way to who asked.

    A commit that failed, as on a full disk, has taken it back already: then there is nothing to do, and nothing to tell.
    """
    leave_unread(connection)
    with suppress(duckdb.Error):
        connection.execute("ROLLBACK")
