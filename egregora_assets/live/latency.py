"""How long events take: histograms for each way in and each stage, in windows, as they are shown, stored and reported.

Buckets are logarithmic, 32 to each doubling, as HDR histograms have them: a figure is at most 3 in 100 too high, from a
microsecond to an hour. ``hdrhistogram`` takes each value by itself and needs setuptools where it runs; here a whole commit is
counted at once.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

_PER_DOUBLING = 32
_BUCKETS = _PER_DOUBLING * 32
_MOST_UNCOUNTED = 200
STAGES = ("queue", "commit", "seal")
"""From receipt until the writer takes an event, until it is durable (which the budget is for), until it stands in a segment."""

Nanoseconds = npt.NDArray[np.int64]


class Histogram:
    """Counts of durations."""

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(_BUCKETS, np.int64)
        self.count = 0
        self.longest_ns = 0
        self.sum_ns = 0

    def add(self, durations: Nanoseconds) -> None:
        """Count durations."""
        if not len(durations):
            return
        microseconds = np.maximum(durations, 1_000) / 1_000
        numbers = np.minimum(np.log2(microseconds) * _PER_DOUBLING, _BUCKETS - 1).astype(np.int64)
        self.counts += np.bincount(numbers, minlength=_BUCKETS)
        self.count += len(durations)
        self.longest_ns = max(self.longest_ns, int(durations.max()))
        self.sum_ns += int(durations.sum())

    def add_one(self, duration: int) -> None:
        """Count one duration, in nanoseconds."""
        number = int(math.log2(max(duration, 1_000) / 1_000) * _PER_DOUBLING)
        self.counts[min(number, _BUCKETS - 1)] += 1
        self.count += 1
        self.longest_ns = max(self.longest_ns, duration)
        self.sum_ns += duration

    def merge(self, other: Histogram) -> None:
        """Count what another one has counted."""
        self.counts += other.counts
        self.count += other.count
        self.longest_ns = max(self.longest_ns, other.longest_ns)
        self.sum_ns += other.sum_ns

    def milliseconds(self, share: float) -> float:
        """Return the duration that this share of all does not exceed, 0 where there are none."""
        if not self.count:
            return 0.0
        number = int(np.searchsorted(self.counts.cumsum(), share * self.count))
        return float(min(2 ** ((number + 1) / _PER_DOUBLING) / 1_000, self.longest_ns / 1e6))

    def count_within(self, milliseconds: float) -> int:
        """Return how many did not exceed a duration."""
        return int(self.counts[: int(np.log2(milliseconds * 1_000) * _PER_DOUBLING)].sum())


@dataclass(frozen=True)
class LatencyWindow:
    """What happened to one lane's events at one stage within some seconds. ``backlog`` and ``bytes`` wait at its end."""

    lane: str
    stage: str
    started_at: datetime
    seconds: float
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    budget_ms: float
    loop_lag_ms: float
    backlog: int
    bytes: int


@dataclass
class LatencyMonitor:
    """Counts per lane and stage: of the window under way, of the one before it, and of all windows that have ended."""

    budget_ms: float
    before: dict[tuple[str, str], Histogram] = field(default_factory=dict)
    total: dict[tuple[str, str], Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    loop_lag: Histogram = field(default_factory=Histogram)
    started: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _window: dict[tuple[str, str], Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    _uncounted: dict[tuple[str, str], list[Nanoseconds]] = field(default_factory=lambda: defaultdict(list))

    def add(self, lane: str, stage: str, durations: Nanoseconds) -> None:
        """Note durations; they are counted together with many others."""
        uncounted = self._uncounted[lane, stage]
        uncounted.append(durations)
        if len(uncounted) >= _MOST_UNCOUNTED:
            self._count()

    def lately(self) -> dict[tuple[str, str], Histogram]:
        """Return what was counted in the window under way and the one before it."""
        return _together(self.before, self._counted())

    def ever(self) -> dict[tuple[str, str], Histogram]:
        """Return what was counted since the start."""
        return _together(self.total, self._counted())

    def _counted(self) -> dict[tuple[str, str], Histogram]:
        self._count()
        return self._window

    def _count(self) -> None:
        for key, uncounted in self._uncounted.items():
            self._window[key].add(np.concatenate(uncounted))
        self._uncounted.clear()

    def turn(self, lanes: Sequence[str], backlog: int, size: int) -> list[LatencyWindow]:
        """End the window and begin another; returns what happened. A lane without events is among it, with the count 0."""
        seconds = time.monotonic() - self.started
        keys = {*self._counted(), *((lane, "commit") for lane in lanes)}
        windows = [self._ended(lane, stage, seconds, backlog, size) for lane, stage in sorted(keys)]
        self.before, self._window = self._window, defaultdict(Histogram)
        for key, histogram in self.before.items():
            self.total[key].merge(histogram)
        self.loop_lag = Histogram()
        self.started, self.started_at = time.monotonic(), datetime.now(UTC)
        return windows

    def _ended(self, lane: str, stage: str, seconds: float, backlog: int, size: int) -> LatencyWindow:
        histogram = self._window[lane, stage]
        return LatencyWindow(
            lane=lane,
            stage=stage,
            started_at=self.started_at,
            seconds=seconds,
            count=histogram.count,
            p50_ms=histogram.milliseconds(0.50),
            p95_ms=histogram.milliseconds(0.95),
            p99_ms=histogram.milliseconds(0.99),
            max_ms=histogram.longest_ns / 1e6,
            budget_ms=self.budget_ms,
            loop_lag_ms=self.loop_lag.milliseconds(0.99),
            backlog=backlog,
            bytes=size,
        )


def _together(*several: Mapping[tuple[str, str], Histogram]) -> dict[tuple[str, str], Histogram]:
    found: dict[tuple[str, str], Histogram] = defaultdict(Histogram)
    for histograms in several:
        for key, histogram in histograms.items():
            found[key].merge(histogram)
    return found
