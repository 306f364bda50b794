"""Windows of latency that the live service has left beside its segments → ``latency_windows``, with what runs add to them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.chat.left_tables import LeftTables
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
_LEFT = LeftTables("latency", WINDOW_SCHEMA, most=10_000)


def leave_windows(folder: Path, windows: pa.Table) -> None:
    """Leave windows (``WINDOW_SCHEMA``) for the next run. Raises ``OSError``."""
    _LEFT.leave(folder, windows)


def take_in_windows(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Add the windows that wait to ``latency_windows``, each once; return how many files there were. Old windows go.

    What cannot be read is left out: figures are no messages.
    """
    paths = _LEFT.waiting(folder)
    if not paths:
        return 0
    with view_of(connection, "new_windows", _LEFT.read(paths)):
        changed(connection, _ADD)
    if rows(connection, f"FROM latency_windows WHERE {_OLD} LIMIT 1"):
        changed(connection, f"DELETE FROM latency_windows WHERE {_OLD}")
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


_ADD = """
    INSERT INTO latency_windows BY NAME
    SELECT DISTINCT ON (lane, stage, window_start) * FROM new_windows ANTI JOIN latency_windows USING (lane, stage, window_start)
"""
_OLD = f"window_start < (SELECT max(window_start) FROM latency_windows) - INTERVAL {_KEPT_DAYS} DAY"
