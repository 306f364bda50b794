"""All figures of the live service that have a bound, measured one after the other: ``make bench-live OPTIONS=--bounds``."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import Figure, figure, save
from benchmarks.live_load import (
    ask,
    home_with,
    live_service,
    measure,
    ramp,
    reading,
    running_graph,
    show,
    someone,
)
from benchmarks.run import REPORT, report_of_results
from egregora_assets.live.id_window import event_key
from egregora_assets.live.incoming import read_event
from egregora_assets.live.intake import weight
from egregora_assets.live.lines import Lines

BUDGET_MS = 50.0
_STORED = 5_000_000
_STARTS = 3
_READER_MS = 20.0
_HOT_ROWS = 30_000
_READS = 15
_OVERLOAD_RATE = 100_000
_OVERLOAD_SECONDS = 3
_QUEUE_ROWS = 20_000
_MOST_MB = 200 + 64 + 512 + 40
"""What is loaded, what waits (``MAX_WAITING_BYTES``), what DuckDB may keep of the hot store, and 200,000 ids."""
_TEXT_LETTERS = (100, 1_000, 10_000, 60_000)


def report(seconds: float, stored: int, cache: Path | None) -> None:
    """Measure, print each figure beside its bound, and write ``benchmarks/results/live.jsonl`` and docs/performance.md."""
    figures = []
    for one in _figures(seconds, stored or _STORED, cache):
        figures.append(one)
        told = {None: "", True: "holds", False: "DOES NOT HOLD"}[one.holds]
        print(f"    {one.name}: {one.value:g} {one.unit}   bound: {one.bound or 'none'}   {told}", flush=True)
    print(f"written: {save('live', figures)}, {REPORT}")
    REPORT.write_text(report_of_results(), "utf-8")


def _figures(seconds: float, stored: int, cache: Path | None) -> Iterator[Figure]:
    yield from _checks()
    yield from _starts(stored, cache)
    yield from _steady(min(seconds, 20.0))
    yield from _beside_others(seconds, stored, cache)
    yield from _lonely()
    yield from _fresh_reads(cache)
    yield from _overload()
    with home_with(0) as home, live_service(home) as service:
        kept = ramp(home, service.pid, min(seconds, 10.0), BUDGET_MS)
    yield figure("highest rate of the ramp with p99 < 50 ms", kept, 1, unit="events/s", at_least=10_000, runs=1)


def _checks() -> Iterator[Figure]:
    """What is asked of each line before it is an event that is taken: its length, form, limits and ids, and whether it is known."""
    costs = {letters: _check_microseconds(letters) for letters in _TEXT_LETTERS}
    for letters, cost in costs.items():
        bound = {"at_most": 5.0} if letters == _TEXT_LETTERS[0] else {}
        yield figure(f"checks of a line, text of {letters:,} letters", cost, 1, unit="CPU-µs/event", runs=5, **bound)
    growth = (costs[_TEXT_LETTERS[-1]] / costs[_TEXT_LETTERS[-2]]) / (_TEXT_LETTERS[-1] / _TEXT_LETTERS[-2])
    yield figure("checks: cost per letter, the longest text to a shorter one", growth, 1, unit="×", at_most=1.2, runs=5)


def _check_microseconds(letters: int) -> float:
    said = {"native_id": "m1", "source": "garden", "author": "u7", "author_name": "Ana Lima", "sent_at": 1_710_349_500}
    line = json.dumps({**said, "text": ("seeds on Sunday? " * letters)[:letters]}).encode() + b"\n"
    count = max(2_000_000 // len(line), 50)
    piece = line * min(200, max((64 << 10) // len(line), 1))
    lines_of_piece = piece.count(b"\n")
    lines = Lines()

    def check() -> None:
        for cut in lines.feed(piece):
            message = read_event(cut)
            weight(message)
            event_key("jsonl", message)

    return _best(check, max(count // lines_of_piece, 1)) / lines_of_piece


def _best(work: Callable[[], None], times: int) -> float:
    """Return the CPU microseconds of a call, the best of five rounds."""
    rounds = []
    for _ in range(5):
        before = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - before) / times * 1e6)
    return min(rounds)


def _starts(stored: int, cache: Path | None) -> Iterator[Figure]:
    for rows in (0, stored):
        with home_with(rows, cache) as home:
            taken = []
            for _ in range(_STARTS):
                with live_service(home) as service:
                    taken.append(service.started_seconds)
        yield figure("start of the process until it listens", statistics.median(taken), rows, unit="s", at_most=1.0)


def _steady(seconds: float) -> Iterator[Figure]:
    with home_with(0) as home, live_service(home) as service:
        load = measure(home, service.pid, 2_000, seconds, 0)
    show(load, BUDGET_MS)
    yield figure("2,000/s alone: own CPU", load.cpu, load.count, unit="CPU-µs/event", at_most=100, runs=1)
    yield figure("2,000/s alone: p50", load.p50, load.count, unit="ms", runs=1)
    yield figure("2,000/s alone: p99", load.p99, load.count, unit="ms", at_most=BUDGET_MS, runs=1)
    for stage, seen in sorted(load.stages.items()):
        yield figure(f"2,000/s alone: from receipt, stage {stage}: p50", seen["p50_ms"], load.count, unit="ms", runs=1)
        yield figure(f"2,000/s alone: from receipt, stage {stage}: p99", seen["p99_ms"], load.count, unit="ms", runs=1)


def _beside_others(seconds: float, stored: int, cache: Path | None) -> Iterator[Figure]:
    """The hardest case: rows that no run has merged, somebody who reads all the time, and a run of the graph in progress."""
    with home_with(stored, cache) as home, live_service(home) as service, ExitStack() as beside:
        beside.enter_context(reading(home, _READER_MS))
        beside.enter_context(running_graph(home))
        load = measure(home, service.pid, 2_000, seconds, 0)
    show(load, BUDGET_MS)
    name = f"2,000/s, {stored:,} rows, a reader every {_READER_MS:g} ms, a run in progress"
    for part, value in (("p50", load.p50), ("p95", load.p95)):
        yield figure(f"{name}: {part}", value, load.count, unit="ms", runs=1)
    yield figure(f"{name}: p99", load.p99, load.count, unit="ms", at_most=BUDGET_MS, runs=1)
    yield figure(f"{name}: longest", load.longest, load.count, unit="ms", runs=1)
    yield figure(f"{name}: loop lag p99", load.loop_lag_p99, load.count, unit="ms", runs=1, at_most=10.0)
    yield figure(f"{name}: CPU, with what the reader asks", load.cpu, load.count, unit="CPU-µs/event", runs=1)
    yield figure(f"{name}: most memory", load.rss_mb, load.count, unit="MB", runs=1)
    yield figure(f"{name}: most events waiting", load.waiting, load.count, unit="events", at_most=_QUEUE_ROWS, runs=1)


def _lonely() -> Iterator[Figure]:
    with home_with(0) as home, live_service(home) as service:
        load = measure(home, service.pid, 100, 10, 0)
    show(load, BUDGET_MS)
    yield figure("100/s: p50", load.p50, load.count, unit="ms", at_most=5.0, runs=1)
    yield figure("100/s: p99", load.p99, load.count, unit="ms", at_most=BUDGET_MS, runs=1)


def _fresh_reads(cache: Path | None) -> Iterator[Figure]:
    """How long after its acknowledgement an event is in what a reader is answered."""
    with home_with(_HOT_ROWS, cache) as home, live_service(home):
        taken = sorted(_until_shown(home / "live.sock", number) for number in range(_READS))
    yield figure("acknowledged → readable", statistics.median(taken), _HOT_ROWS, unit="ms", at_most=100, runs=_READS)


def _until_shown(path: Path, number: int) -> float:
    newest = _newest(path)
    ask(path, someone(f"fresh{number}"))
    began = time.perf_counter()
    while _newest(path) <= newest:
        pass
    return (time.perf_counter() - began) * 1_000


def _newest(path: Path) -> int:
    answer = ask(path, {"recent": 1})
    return int(answer["rows"][0][answer["names"].index("sequence")])


def _overload() -> Iterator[Figure]:
    """Ten times as much as has to be kept up with: senders are made to wait, and what waits is bounded."""
    with home_with(0) as home, live_service(home) as service:
        load = measure(home, service.pid, _OVERLOAD_RATE, _OVERLOAD_SECONDS, 0)
    show(load, BUDGET_MS)
    name = f"{_OVERLOAD_RATE:,}/s for {_OVERLOAD_SECONDS} s"
    yield figure(f"{name}: most memory", load.rss_mb, load.count, unit="MB", at_most=_MOST_MB, runs=1)
    yield figure(f"{name}: most events waiting", load.waiting, load.count, unit="events", at_most=_QUEUE_ROWS, runs=1)
    took = load.behind_seconds + _OVERLOAD_SECONDS
    yield figure(f"{name}: taken in", load.count / took, load.count, unit="events/s", runs=1)
