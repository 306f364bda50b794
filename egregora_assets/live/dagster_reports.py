"""The process that tells Dagster of live messages: runless materialisations of ``live_stream`` and evaluations of its checks.

Started by ``reporter.py`` with the home as its argument; reads one line of windows at a time and ends with its input.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa

from egregora_assets.chat.latency_windows import WINDOW_SCHEMA, leave_windows
from egregora_assets.config import Settings, load_settings
from egregora_assets.live import budgets
from egregora_assets.live.disk import with_disk
from egregora_assets.live.latency import LatencyWindow
from egregora_assets.live.plots import Point, plot
from egregora_assets.warehouse.verdict import Verdict

ASSET = dg.AssetKey("live_stream")
_LATENCY = "live_latency_budget"
_BUDGETS: dict[str, budgets.Budget] = {
    _LATENCY: budgets.latency,
    "ingest_overhead_budget": budgets.overhead,
    "backlog": budgets.backlog,
}
_MOST_POINTS = 60
_IDLE_SECONDS = 300.0
"""How often it is told that nothing comes in: Dagster never forgets an event."""
_AGAIN_SECONDS = 600.0
"""How often a check that says the same as before is told again; the budget is told with each materialisation."""
_NICENESS = 10

log = logging.getLogger(__name__)


class Reports:
    """Tells one Dagster instance of one home's windows."""

    def __init__(self, instance: dg.DagsterInstance, settings: Settings) -> None:
        self._instance, self._settings = instance, settings
        self._windows: deque[LatencyWindow] = deque(maxlen=10_000)
        self._points: deque[Point] = deque(maxlen=_MOST_POINTS)
        self._told: dict[str, tuple[bool, float]] = {}
        self._last = float("-inf")

    def report(self, windows: Sequence[LatencyWindow], now: float) -> bool:
        """Report what happened in some seconds; returns whether there was something to tell. ``now`` is in seconds."""
        self._windows.extend(windows)
        seen = [window for window in windows if window.stage == "commit" and window.count]
        if seen:
            self._points.append(
                Point(
                    max(window.started_at for window in seen),
                    *(max(getattr(window, name) for window in seen) for name in ("p50_ms", "p95_ms", "p99_ms")),
                )
            )
        verdicts = {name: ask(list(self._windows), self._settings.live) for name, ask in _BUDGETS.items()}
        verdicts[_LATENCY] = with_disk(verdicts[_LATENCY], self._settings)
        is_news = any(verdict.passed != self._told.get(name, (True, 0.0))[0] for name, verdict in verdicts.items())
        if not (seen or is_news or now - self._last >= _IDLE_SECONDS):
            return False
        self._instance.report_runless_asset_event(self._materialisation(windows, seen))
        self._last = now
        for name, verdict in verdicts.items():
            before, at = self._told.get(name, (not verdict.passed, 0.0))
            if name == _LATENCY or verdict.passed != before or now - at >= _AGAIN_SECONDS:
                self._instance.report_runless_asset_event(_evaluation(name, verdict))
                self._told[name] = verdict.passed, now
        return True

    def _materialisation(
        self, windows: Sequence[LatencyWindow], seen: Sequence[LatencyWindow]
    ) -> dg.AssetMaterialization:
        figures = {
            name: round(max((getattr(window, name) for window in seen), default=0.0), 3)
            for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")
        }
        metadata = {
            "messages": sum(window.count for window in seen),
            "seconds": round(max((window.seconds for window in windows), default=0.0), 1),
            **figures,
            "budget_ms": self._settings.live.budget_ms,
            "loop_lag_ms": round(max((window.loop_lag_ms for window in windows), default=0.0), 3),
            "backlog_events": max((window.backlog for window in windows), default=0),
            "backlog_bytes": max((window.bytes for window in windows), default=0),
            "latency": dg.MetadataValue.md(plot(list(self._points), self._settings.live.budget_ms)),
        }
        return dg.AssetMaterialization(ASSET, metadata=metadata)


def _evaluation(name: str, verdict: Verdict) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=ASSET,
        check_name=name,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=verdict.description,
        metadata=dict(verdict.figures),
    )


def read_windows(line: str) -> list[LatencyWindow]:
    """Return the windows of a line as ``reporter.py`` writes it."""
    return [
        LatencyWindow(**told | {"started_at": datetime.fromisoformat(told["started_at"])}) for told in json.loads(line)
    ]


def as_table(windows: Sequence[LatencyWindow]) -> pa.Table:
    """Return windows in the form in which runs take them in."""
    told = [{**vars(window), "window_start": window.started_at} for window in windows]
    return pa.Table.from_pylist(told, WINDOW_SCHEMA)


def main(home: Path) -> None:
    """Report line after line; what fails is told and the next line is tried."""
    os.nice(_NICENESS)
    settings = load_settings(home)
    reports: Reports | None = None
    for line in sys.stdin:
        windows = read_windows(line)
        try:
            leave_windows(settings.segments, as_table(windows))
            reports = reports or _open(settings)
            if reports is not None:
                reports.report(windows, time.monotonic())
        except (
            Exception
        ) as fault:  # a locked event log is free again the next time; figures may be missed, messages not
            log.warning("Dagster was not told of live messages: %s: %s", type(fault).__name__, fault)


def _open(settings: Settings) -> Reports | None:
    """Open the home's Dagster instance; there may be none yet. One process does at a time: the first one makes its tables."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return None
    with (settings.dagster_home / ".opening").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return Reports(dg.DagsterInstance.from_config(str(settings.dagster_home)), settings)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    main(Path(sys.argv[1]))
