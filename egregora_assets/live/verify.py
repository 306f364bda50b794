"""What must be true of live messages, as the warehouse knows of them."""

from __future__ import annotations

import time

import duckdb

from egregora_assets.chat.latency_windows import take_in_windows
from egregora_assets.chat.segments import path_of, waiting
from egregora_assets.config import Settings
from egregora_assets.live import budgets
from egregora_assets.live.disk import with_disk
from egregora_assets.live.latency import LatencyWindow
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict

_LATE = 10


def live_latency_budget(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Of 100 live messages 99 are durable within `live.budget_ms` of their receipt, in every window of the latest minute."""
    return with_disk(budgets.latency(_windows(connection, settings), settings.live), settings)


def ingest_overhead_budget(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Of 100 live messages 99 wait less than half of `live.budget_ms` for the writer, in every window of the latest minute."""
    return budgets.overhead(_windows(connection, settings), settings.live)


def backlog(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Less than half of the live service's queue is full, and no sealed segment waits ten times as long as it may."""
    queue = budgets.backlog(_windows(connection, settings), settings.live)
    there = waiting(settings.segments)
    age = time.time() - path_of(settings.segments, there[0]).stat().st_mtime if there else 0.0
    allowed = _LATE * settings.live.freshness_seconds
    return Verdict(
        queue.passed and age < allowed,
        f"{queue.description}; {len(there):,} segments wait for a run, the oldest for {age:,.0f} s",
        queue.figures | {"segments": len(there), "oldest_seconds": round(age, 1)},
    )


def _windows(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[LatencyWindow]:
    take_in_windows(connection, settings.segments)
    return [LatencyWindow(*row) for row in rows(connection, _WINDOWS)]


_WINDOWS = """
    SELECT
        lane, stage, window_start, seconds, count, p50_ms, p95_ms, p99_ms, max_ms, budget_ms, loop_lag_ms, backlog, bytes
    FROM latency_windows WHERE window_start <= now() AND window_start > (
        SELECT max(window_start) - INTERVAL 1 MINUTE FROM latency_windows WHERE stage <> 'merge' AND window_start <= now()
    ) AND stage <> 'merge'
    ORDER BY window_start
"""
