"""Windows of latency on their way to Dagster, off the hot path: to a process of its own, which may be slow, and may end.

What cannot be handed over is dropped, the oldest first, and counted; the service never waits for it.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict

from egregora_assets.config import Settings
from egregora_assets.live.latency import LatencyWindow

_MOST_WAITING = 1_000
_GATHER_SECONDS = 0.2
"""How long windows wait for those that belong to them: all of one moment are one report."""
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_CLOSING_SECONDS = 2.0
CHILD = "egregora_assets.live.dagster_reports"

log = logging.getLogger(__name__)


class Reporter:
    """Hands windows to the process that reports them. ``dropped`` counts those that it was too slow for."""

    def __init__(self, settings: Settings) -> None:
        self.dropped = 0
        self._settings = settings
        self._windows: deque[LatencyWindow] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="dagster-reporter", daemon=True)
        self._thread.start()

    def put(self, window: LatencyWindow) -> None:
        """Hand a window over; takes microseconds, whatever the process does."""
        with self._change:
            if len(self._windows) >= _MOST_WAITING:
                self._windows.popleft()
                self.dropped += 1
            self._windows.append(window)
            self._change.notify()

    def close(self) -> None:
        """Report what waits, within a moment, and end the process."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(_CLOSING_SECONDS)
        child = self._child
        if child is not None:
            _end(child)
            self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while (windows := self._next()) is not None:
            try:
                self._hand_over(windows)
                pause = _FIRST_PAUSE_SECONDS
            except OSError as error:
                with self._change:
                    self.dropped += len(windows)
                    log.warning("windows of latency were not reported to Dagster (%s)", error.strerror or error)
                    self._change.wait_for(lambda: self._closing, pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        if self._child is not None and self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(_CLOSING_SECONDS)

    def _next(self) -> list[LatencyWindow] | None:
        """Wait for windows and return all there are; ``None`` when there will be no more."""
        with self._change:
            self._change.wait_for(lambda: self._windows or self._closing)
            if not self._closing:
                self._change.wait_for(lambda: self._closing, _GATHER_SECONDS)
            windows = list(self._windows)
            self._windows.clear()
            return windows or None

    def _hand_over(self, windows: list[LatencyWindow]) -> None:
        """Write windows as one line to the process, which is started where there is none. Raises ``OSError``."""
        if self._child is None or self._child.poll() is not None:
            if self._closing and self._child is not None:
                raise BrokenPipeError("the process has ended")
            self._child = subprocess.Popen(
                [sys.executable, "-m", CHILD, str(self._settings.home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        told = [asdict(window) | {"started_at": window.started_at.isoformat()} for window in windows]
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(told).encode() + b"\n")
        self._child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process that does not end by itself."""
    until = time.monotonic() + _CLOSING_SECONDS
    while child.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    if child.poll() is None:
        child.kill()
        child.wait()
