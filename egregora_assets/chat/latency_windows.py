"""Windows of latency that the live service has left beside its segments → ``latency_windows``, with what runs add to them.

``SEGMENTS/latency-<number>.parquet`` is whole or not there; who has taken it in removes it.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from egregora_assets.warehouse.query import changed, rows, view_of

WINDOW_SCHEMA = pa.schema(
    [
        ("lane", pa.string()),
        ("stage", pa.string()),
        ("window_start", pa.timestamp("us", "UTC")),
        ("seconds", pa.float64()),
        ("count", pa.int64()),
        ("p50_ms", pa.float64()),
        ("p95_ms", pa.float64()),
        ("p99_ms", pa.float64()),
        ("max_ms", pa.float64()),
        ("budget_ms", pa.float64()),
        ("loop_lag_ms", pa.float64()),
        ("backlog", pa.int64()),
        ("bytes", pa.int64()),
    ]
)
_KEPT_DAYS = 30
_MOST_FILES = 10_000
"""Where no run takes them in for days, the oldest go."""
_PATTERN = "latency-*.parquet"

log = logging.getLogger(__name__)


def leave_windows(folder: Path, windows: pa.Table) -> None:
    """Leave windows (``WINDOW_SCHEMA``) for the next run."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob(_PATTERN))[: -_MOST_FILES + 1]:
        old.unlink(missing_ok=True)
    for leftover in folder.glob(f".{_PATTERN}.tmp"):  # of a disk that was full
        leftover.unlink(missing_ok=True)
    path = folder / f"latency-{time.time_ns():020}.parquet"
    partial = path.with_name(f".{path.name}.tmp")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        pq.write_table(windows.cast(WINDOW_SCHEMA), file)
    os.replace(partial, path)


def take_in_windows(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Add the windows that wait to ``latency_windows``, each once; return how many files there were. Old windows go.

    What cannot be read is left out: figures are no messages.
    """
    paths = sorted(folder.glob(_PATTERN)) if folder.is_dir() else []
    if not paths:
        return 0
    found = [table for table in map(_read, paths) if table is not None]
    with view_of(connection, "new_windows", pa.concat_tables(found) if found else WINDOW_SCHEMA.empty_table()):
        changed(connection, _ADD)
    if rows(connection, f"FROM latency_windows WHERE {_OLD} LIMIT 1"):
        changed(connection, f"DELETE FROM latency_windows WHERE {_OLD}")
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _read(path: Path) -> pa.Table | None:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        log.warning("%s cannot be read and is left out (%s)", path.name, type(error).__name__)
        return None
    return table if table.schema.equals(WINDOW_SCHEMA) else None


_ADD = """
    INSERT INTO latency_windows BY NAME
    SELECT DISTINCT ON (lane, stage, window_start) * FROM new_windows ANTI JOIN latency_windows USING (lane, stage, window_start)
"""
_OLD = f"window_start < (SELECT max(window_start) FROM latency_windows) - INTERVAL {_KEPT_DAYS} DAY"
