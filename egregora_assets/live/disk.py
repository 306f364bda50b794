"""How long the disk of a home takes to make a commit durable, and whether the budget of live messages can hold on it."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from egregora_assets.config import Settings
from egregora_assets.warehouse.verdict import Verdict

_COMMITS_IN_BUDGET = 2.5
"""An event may wait for the commit under way and then for its own."""
_COMMITS_WITH_EASE = 5.0
_PROBES = 5


def fsync_ms(folder: Path) -> float:
    """Return how many milliseconds the disk takes to make a block durable, as it mostly is. Raises ``OSError``."""
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_PROBES):
            file.write(bytes(4096))
            began = time.monotonic()
            os.fsync(file.fileno())
            taken.append(time.monotonic() - began)
    return sorted(taken)[_PROBES // 2] * 1_000


def disk_problem(taken_ms: float, budget_ms: float) -> str | None:
    """Return what to say of a disk that takes so long to make a commit durable; ``None`` where that leaves the budget alone."""
    if taken_ms * _COMMITS_WITH_EASE <= budget_ms:
        return None
    cannot = taken_ms * _COMMITS_IN_BUDGET >= budget_ms
    said = "cannot hold on it" if cannot else "is tight on it"
    return (
        f"this disk takes {taken_ms:.0f} ms to make a commit durable: a budget of {budget_ms:g} ms {said}; "
        "put the home on a faster disk, or raise budget_ms in [live]"
    )


def with_disk(verdict: Verdict, settings: Settings) -> Verdict:
    """Add to a verdict on the budget that is broken what the disk has to do with it: it is measured now."""
    if verdict.passed:
        return verdict
    try:
        taken = fsync_ms(settings.home)
    except OSError as error:
        return replace(verdict, description=f"{verdict.description}; the disk cannot be written to: {error.strerror}")
    problem = disk_problem(taken, settings.live.budget_ms)
    said = f"{verdict.description}; {problem}" if problem else verdict.description
    return replace(verdict, description=said, figures={**verdict.figures, "fsync_ms": round(taken, 3)})
