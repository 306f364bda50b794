"""How a figure is taken: CPU seconds of this process, the median of several runs after one warm-up, against a floor."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.generate import write_zip
from egregora_assets.config import Settings, load_settings
from egregora_assets.warehouse.files import make_home

RUNS = 3


@dataclass(frozen=True)
class Figure:
    """One result. ``ratio`` is value / floor; ``holds`` says whether the bound does (``None``: no bound is set)."""

    name: str
    value: float
    unit: str
    size: int
    floor: float | None
    ratio: float | None
    bound: str | None
    holds: bool | None
    runs: int


def figure(
    name: str,
    value: float,
    size: int,
    *,
    unit: str = "CPU-s",
    floor: float | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    bound: str | None = None,
    runs: int = RUNS,
) -> Figure:
    """Make a figure; ``at_most`` or ``at_least`` is the bound on the value, ``bound`` how it is told."""
    told, holds = bound, None
    if at_most is not None:
        told, holds = bound or f"≤ {at_most:g} {unit}", value <= at_most
    if at_least is not None:
        told, holds = bound or f"≥ {at_least:g} {unit}", value >= at_least
    ratio = None if not floor else round(value / floor, 2)
    rounded_floor = None if floor is None else round(floor, 4)
    return Figure(name, round(value, 4), unit, size, rounded_floor, ratio, told, holds, runs)


def cpu_seconds() -> float:
    """Return the user and system CPU seconds that this process has used, all threads; ``os.times`` counts in hundredths."""
    return time.process_time()


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    before = cpu_seconds()
    work()
    return cpu_seconds() - before


def median_cpu(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median CPU seconds of ``work`` over ``runs`` calls, after one that is not counted."""
    work()
    return statistics.median(timed(work) for _ in range(runs))


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder that is removed when the process ends.

    Not before: ext4 passes over inodes that were freed within the last seconds, one by one, so that after the removal of
    some thousand files each new file takes 0.3 ms instead of 0.01.
    """
    folder = Path(tempfile.mkdtemp(prefix="egregora-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    yield folder


@contextmanager
def home_with(messages: int, title: str = "Bench", seed: int = 7) -> Iterator[Settings]:
    """A fresh home in UTC whose inbox holds one generated export."""
    with scratch() as folder:
        os.environ["EGREGORA_TIMEZONE"] = "UTC"
        settings = load_settings(folder / "home")
        make_home(settings)
        write_zip(settings.inbox / f"WhatsApp Chat with {title}.zip", messages, seed)
        yield settings


def save(slice_name: str, figures: list[Figure]) -> Path:
    """Write the figures of a slice as JSON lines and return the file."""
    path = Path(__file__).parent / "results" / f"{slice_name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in figures), "utf-8")
    return path
