"""Whether something holds the event loop, and what: a task that should run often, and a thread that looks at what runs instead."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from types import FrameType

from egregora_assets.live.latency import LatencyMonitor

_BEAT_SECONDS = 0.02
_HELD_SECONDS = 0.05
"""A loop that is held for longer is looked at."""
_STOOD_SECONDS = 0.5
"""A watch that is this late did not run itself: nothing of the process did."""
_STOOD_STILL = "nothing of its own: the whole process stood still (it was stopped, or the machine slept)"
_FRAMES = 3
_WAITS = "select (selectors.py"
_IDLE = ("_worker (thread.py", "wait (threading.py")
_WORKERS = ("live-writer", "reader_", "asyncio_")

log = logging.getLogger(__name__)


class LoopLag:
    """The probe. ``culprit`` tells where the loop stood when it was held longest, since it was asked for last."""

    def __init__(self, monitor: LatencyMonitor) -> None:
        self._monitor = monitor
        self._beat = time.monotonic()
        self._thread = threading.get_ident()
        self._ended = threading.Event()
        self._seen: str | None = None
        self.culprit: str | None = None
        self.held_ms = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        self._thread = threading.get_ident()
        self._beat = time.monotonic()
        threading.Thread(target=self._watch, name="live-loop-watch", daemon=True).start()
        try:
            while True:
                await asyncio.sleep(_BEAT_SECONDS)
                self._beaten()
        finally:
            self._ended.set()

    def _beaten(self) -> None:
        now = time.monotonic()
        late = max(now - self._beat - _BEAT_SECONDS, 0.0)
        self._beat = now
        self._monitor.loop_lag.add_one(int(late * 1e9))
        seen, self._seen = self._seen, None
        if seen is not None and late >= _HELD_SECONDS:
            self.culprit, self.held_ms = seen, late * 1_000
            log.warning("the event loop was held for %.0f ms by %s", self.held_ms, self.culprit)

    def _watch(self) -> None:
        looked = time.monotonic()
        while not self._ended.wait(_HELD_SECONDS / 2):
            before, looked = looked, time.monotonic()
            if looked - before >= _STOOD_SECONDS:
                self._stood_still(looked - before)
            elif time.monotonic() - self._beat > _BEAT_SECONDS + _HELD_SECONDS and self._seen is None:
                self._seen = self._stack()

    def _stood_still(self, seconds: float) -> None:
        self._seen = None
        self.culprit, self.held_ms = _STOOD_STILL, seconds * 1_000
        log.warning("the event loop was held for %.0f ms by %s", self.held_ms, self.culprit)

    def _stack(self) -> str:
        """Return where the loop stands. Where it only waits for its turn, others have the processor: then where these stand."""
        frames = sys._current_frames()
        loop = _told(frames.get(self._thread))
        if _WAITS not in loop:
            return loop
        workers = [thread for thread in threading.enumerate() if thread.name.startswith(_WORKERS)]
        others = {thread.name: _told(frames.get(thread.ident or 0)) for thread in workers}
        busy = [f"{name}: {stack}" for name, stack in others.items() if not any(idle in stack for idle in _IDLE)]
        return "; ".join(("others that have the processor", *busy))


def _told(frame: FrameType | None) -> str:
    stack = traceback.extract_stack(frame)[-_FRAMES:] if frame else []
    return " → ".join(f"{at.name} ({at.filename.rpartition('/')[2]}:{at.lineno})" for at in stack)
