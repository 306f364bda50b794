"""Whether live messages keep their budgets, asked of the windows of the latest minute: a breach is over when it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from egregora_assets.config import LiveSettings
from egregora_assets.live.latency import LatencyWindow
from egregora_assets.warehouse.verdict import Verdict

_LATEST = timedelta(seconds=60)

Budget = Callable[[Sequence[LatencyWindow], LiveSettings], Verdict]


def latest(windows: Iterable[LatencyWindow]) -> list[LatencyWindow]:
    """Return the windows that began within a minute before the one that was told last.

    What began after that one was told before the clock was set back, and would be the latest until it comes there again.
    """
    told = list(windows)
    return [window for window in told if told[-1].started_at - _LATEST < window.started_at <= told[-1].started_at]


def latency(windows: Sequence[LatencyWindow], live: LiveSettings) -> Verdict:
    """Of 100 messages 99 are durable within the budget, in every window of the latest minute."""
    seen = [window for window in latest(windows) if window.stage == "commit" and window.count]
    worst = max((window.p99_ms for window in seen), default=0.0)
    return Verdict(
        worst < live.budget_ms,
        f"p99 from receipt to the durable row: {worst:.1f} ms, budget {live.budget_ms:g} ms"
        if seen
        else "no message came in within the latest minute",
        {"p99_ms": round(worst, 3), "budget_ms": live.budget_ms, "messages": sum(window.count for window in seen)},
    )


def overhead(windows: Sequence[LatencyWindow], live: LiveSettings) -> Verdict:
    """Of 100 messages 99 wait for the writer for less than half of the budget: the other half is for the disk."""
    seen = [window for window in latest(windows) if window.stage == "queue" and window.count]
    worst = max((window.p99_ms for window in seen), default=0.0)
    allowed = live.budget_ms / 2
    return Verdict(
        worst < allowed,
        f"p99 until the writer takes a message: {worst:.1f} ms, of which {allowed:g} ms are allowed",
        {"p99_ms": round(worst, 3), "budget_ms": allowed},
    )


def backlog(windows: Sequence[LatencyWindow], live: LiveSettings) -> Verdict:
    """Less than half of the queue of the live service is full."""
    waiting = max((window.backlog for window in latest(windows)), default=0)
    return Verdict(
        waiting < live.queue_rows / 2,
        f"{waiting:,} of {live.queue_rows:,} events that may wait do",
        {"events": waiting, "most": live.queue_rows},
    )
