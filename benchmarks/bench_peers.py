"""Peers: export → `messages` against other parsers of the same export, each run in a process of its own, started from nothing.

A run's figure is the work alone, or that of its whole process where it says so: starts differ, and are no parsing. The peers
only parse a text, ours also unpacks, labels, deduplicates and stores.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import write_zip
from benchmarks.harness import RUNS, Figure, figure, scratch
from benchmarks.peers.install import InstalledPeer, install_peers, leave_out
from benchmarks.peers.process import CommandFailed, Used, measured
from egregora_assets.config import Settings, load_settings
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import scalar

SIZE = 1_000_000
SMALLER_SIZES = (10_000, 100_000)
LARGE_SIZE = 10_000_000
WARM_UP_SIZE = 1_000
LARGE_NEEDS_BYTES = 6_000_000_000
BOUND_SECONDS = 4.0
BOUND_SECONDS_AGAIN = 0.6
BOUND_MEGABYTES = 450.0
BOUND_TIMES_JAVASCRIPT = 1.2
BOUND_GROWTH = 1.15
JAVASCRIPT = "whatsapp-chat-parser"
LEAST_SHARE = 0.95
"""Of the messages a peer has to find this much, or it has not done the work; notices may be missing."""

_NAME = "WhatsApp Chat with Bench"
_RENAMED = f"{_NAME} (1).zip"


@dataclass(frozen=True)
class _Load:
    """One load of ours: what its process used, the CPU seconds of the load in it, and the rows that are new."""

    used: Used
    work: float
    added: int


@dataclass(frozen=True)
class _Parse:
    """One run of a peer: what its process used, and the CPU seconds of the parsing in it."""

    installed: InstalledPeer
    used: Used
    work: float


def figures() -> Iterator[Figure]:
    with scratch() as folder:
        text = _unpacked(_export(folder, WARM_UP_SIZE))
        _first_load(folder, text, WARM_UP_SIZE)  # what the machine has to read from disk at the first start
        peers = list(_working(install_peers(folder), text))
        export = _export(folder, SIZE)
        text = _unpacked(export)
        first, again, renamed = _histories(folder, export, _zipped_again(text))
        from_text = [_first_load(folder, text, SIZE) for _ in range(RUNS)]
        parsed = list(_parsed(peers, text))
        yield from _first_figures(first, SIZE)
        yield _text_figure(from_text, parsed)
        start = _cpu(_starts(folder))
        yield from _repeat_figures("same export again", again, start, BOUND_SECONDS_AGAIN)
        yield from _repeat_figures("renamed copy in other bytes", renamed, start)
        yield figure("  floor: start with an empty inbox", start, SIZE)
        yield from _peer_figures(parsed, _work(first))
        yield from _growth_figures(folder, first)


def _histories(folder: Path, export: Path, renamed: Path) -> tuple[list[_Load], list[_Load], list[_Load]]:
    """Load the export into fresh homes, then again with nothing new, then with its renamed copy beside it."""
    first: list[_Load] = []
    again: list[_Load] = []
    with_renamed: list[_Load] = []
    for _ in range(RUNS):
        settings = _home(folder, export)
        first.append(_whole(_load(settings), SIZE))
        again.append(_load(settings))
        os.link(renamed, settings.inbox / renamed.name)
        with_renamed.append(_load(settings))
    return first, again, with_renamed


def _starts(folder: Path) -> list[_Load]:
    """Start on an empty inbox, after the one time that makes the database."""
    settings = _home(folder)
    _load(settings)
    return [_load(settings) for _ in range(RUNS)]


def _first_figures(loads: list[_Load], size: int) -> Iterator[Figure]:
    at_most = BOUND_SECONDS if size == SIZE else None
    yield figure("export → messages", _work(loads), size, at_most=at_most, runs=len(loads))
    yield figure("export → messages, whole process", _cpu(loads), size, runs=len(loads))
    yield _peak_figure([load.used for load in loads], size, BOUND_MEGABYTES)


def _text_figure(loads: list[_Load], parsed: list[_Parse]) -> Figure:
    """Our load from the unpacked text against what the JavaScript parser needs only to parse it."""
    javascript = next((run.work for run in parsed if run.installed.peer.name == JAVASCRIPT), None)
    return figure(
        "text → messages",
        _work(loads),
        SIZE,
        floor=javascript,
        at_most=None if javascript is None else BOUND_TIMES_JAVASCRIPT * javascript,
        bound=None if javascript is None else f"≤ {BOUND_TIMES_JAVASCRIPT:g} × {JAVASCRIPT}",
        runs=len(loads),
    )


def _repeat_figures(name: str, loads: list[_Load], start: float, at_most: float | None = None) -> Iterator[Figure]:
    yield figure(name, _work(loads), SIZE, at_most=at_most, runs=len(loads))
    yield figure(f"{name}, whole process", _cpu(loads), SIZE, floor=start, runs=len(loads))
    added = max(load.added for load in loads)
    yield figure("  rows added", added, SIZE, unit="rows", at_most=0, bound="0 rows", runs=len(loads))


def _peer_figures(parsed: list[_Parse], ours: float) -> Iterator[Figure]:
    for run in parsed:
        peer = run.installed.peer
        yield figure(
            f"{peer.pinned}: {peer.does}",
            run.work,
            SIZE,
            floor=ours,
            at_least=None if peer.times_ours is None else peer.times_ours * ours,
            bound=None if peer.times_ours is None else f"≥ {peer.times_ours:g} × export → messages",
            runs=1,
        )
        yield _peak_figure([run.used], SIZE)


def _growth_figures(folder: Path, loads_at_size: list[_Load]) -> Iterator[Figure]:
    """Cost per message without the start of the process, never above that of the cheapest smaller size."""
    cheapest: float | None = None
    for size in (*SMALLER_SIZES, SIZE, LARGE_SIZE):
        if size == LARGE_SIZE and (reason := _why_not_large(folder)):
            leave_out(f"{size:,} messages", reason)
            return
        loads = loads_at_size if size == SIZE else _first_loads(folder, size)
        if size == LARGE_SIZE:
            yield from _first_figures(loads, size)
        cost = _work(loads) / size * 1e6
        at_most = None if cheapest is None else BOUND_GROWTH * cheapest
        told = None if cheapest is None else f"≤ {BOUND_GROWTH:g} × the cheapest smaller size"
        unit = "µs per message"
        yield figure("load only", cost, size, unit=unit, floor=cheapest, at_most=at_most, bound=told, runs=len(loads))
        cheapest = cost if cheapest is None else min(cost, cheapest)


def _why_not_large(folder: Path) -> str | None:
    if os.environ.get("EGREGORA_BENCH_LARGE") != "1":
        return "it takes minutes and 6 GB of disk; EGREGORA_BENCH_LARGE=1 runs it"
    free = shutil.disk_usage(folder).free
    return f"{free / 1e9:.1f} GB of disk are free, 6 are needed" if free < LARGE_NEEDS_BYTES else None


def _first_loads(folder: Path, size: int) -> list[_Load]:
    export = _export(folder, size)
    return [_first_load(folder, export, size) for _ in range(1 if size == LARGE_SIZE else RUNS)]


def _first_load(folder: Path, export: Path, size: int) -> _Load:
    return _whole(_load(_home(folder, export)), size)


def _load(settings: Settings) -> _Load:
    """Take in what waits in a home, in a process of its own."""
    before = _stored(settings)
    used = measured([sys.executable, "-m", "benchmarks.peers.ours", str(settings.home)])
    return _Load(used, float(used.output), _stored(settings) - before)


def _stored(settings: Settings) -> int:
    if not settings.warehouse_path.exists():
        return 0  # not made here: its first opening is part of what is measured
    with open_warehouse(settings) as connection:
        return int(scalar(connection, "SELECT count(*) FROM messages"))


def _whole(load: _Load, size: int) -> _Load:
    if load.added != size:
        raise RuntimeError(f"{load.added} messages are stored instead of {size}")
    return load


def _working(found: Iterator[InstalledPeer], text: Path) -> Iterator[InstalledPeer]:
    """Give the peers that can parse a short text; that also reads them from disk for the first time."""
    for installed in found:
        if _parse(installed, text, WARM_UP_SIZE) is not None:
            yield installed


def _parsed(peers: list[InstalledPeer], text: Path) -> Iterator[_Parse]:
    for installed in peers:
        run = _parse(installed, text, SIZE)
        if run is not None:
            yield run


def _parse(installed: InstalledPeer, text: Path, size: int) -> _Parse | None:
    """Run a peer once; one that fails, or finds too little, is left out."""
    try:
        used = measured([*installed.command, str(text)])
    except CommandFailed as error:
        leave_out(installed.peer.pinned, str(error))
        return None
    found, seconds = used.output.split()
    if int(found) < LEAST_SHARE * size:
        leave_out(installed.peer.pinned, f"it finds {int(found):,} of {size:,} messages")
        return None
    return _Parse(installed, used, float(seconds))


def _work(loads: list[_Load]) -> float:
    return statistics.median(load.work for load in loads)


def _cpu(loads: list[_Load]) -> float:
    return statistics.median(load.used.cpu_seconds for load in loads)


def _peak_figure(runs: list[Used], size: int, at_most: float | None = None) -> Figure:
    peak = round(max(used.megabytes for used in runs))
    return figure("  peak memory", peak, size, unit="MB", at_most=at_most, runs=len(runs))


def _home(folder: Path, export: Path | None = None) -> Settings:
    """A fresh home; its inbox is empty or holds an export, as a second name for the same file."""
    settings = load_settings(Path(tempfile.mkdtemp(prefix="home-", dir=folder)))
    make_home(settings)
    if export is not None:
        os.link(export, settings.inbox / export.name)
    return settings


def _export(folder: Path, size: int) -> Path:
    """Write an export below a folder of its own, because its name is the chat's title."""
    own = folder / f"{size}-messages"
    own.mkdir()
    return write_zip(own / f"{_NAME}.zip", size)


def _unpacked(export: Path) -> Path:
    with zipfile.ZipFile(export) as archive:
        return Path(archive.extract(archive.infolist()[0], export.parent))


def _zipped_again(text: Path) -> Path:
    """Write an archive with the same text but other bytes, under the name that a second download gets."""
    renamed = text.parent / _RENAMED
    with zipfile.ZipFile(renamed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(text, text.name)
    return renamed
