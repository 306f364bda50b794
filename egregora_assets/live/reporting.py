"""Windows of latency on their way out of the service: kept in its own file, and reported, off the hot path."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple
from functools import partial

import duckdb

from egregora_assets.live.latency import LatencyWindow
from egregora_assets.live.writer import Writer

_KEPT_DAYS = 7
_MOST_WAITING = 1_000
_END_SECONDS = 0.1

log = logging.getLogger(__name__)


class Reporting:
    """A thread that stores windows and calls ``report`` with each. Where that is slow, windows are dropped and not waited for."""

    def __init__(self, writer: Writer, report: Callable[[LatencyWindow], None] | None) -> None:
        self._writer, self._report = writer, report
        self._windows: queue.Queue[Sequence[LatencyWindow] | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="live-reporting", daemon=True)
        self._thread.start()

    def put(self, windows: Sequence[LatencyWindow]) -> None:
        """Hand windows over, from the event loop."""
        try:
            self._windows.put_nowait(windows)
        except queue.Full:
            log.warning("%s windows of latency were not reported: reporting is too slow", len(windows))

    def close(self) -> None:
        """Let the thread end. What it is at is not waited for any longer than a moment."""
        try:
            self._windows.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        while (windows := self._windows.get()) is not None:
            try:
                self._writer.chore(partial(_store, windows))
                if self._report is not None:
                    for window in windows:
                        self._report(window)
            except Exception:  # what is not reported now is reported with the next window; messages go on
                log.exception("a window of latency could not be reported")


def _store(windows: Sequence[LatencyWindow], connection: duckdb.DuckDBPyConnection) -> None:
    with connection.appender("latency_windows") as appender:
        appender.append_rows([astuple(window) for window in windows])
        appender.flush()
    old = f"DELETE FROM latency_windows WHERE started_at < now() - INTERVAL {_KEPT_DAYS} DAY"
    connection.execute(old).fetchall()
