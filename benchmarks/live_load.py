"""Load on the live service: events sent at fixed moments whatever comes back, each counted from when it should have been sent.

The service, the reader and runs of the graph are processes of their own. ``make bench-live`` runs it; ``--ramp`` raises the rate
until the budget breaks, ``--bounds`` measures all that has a bound (``live_bounds.py``). docs/latency.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from egregora_assets.config import Settings
from egregora_assets.live.hot_store import HotStore
from egregora_assets.warehouse.durable import force_file
from egregora_assets.warehouse.files import make_home

WORDS = "Who brings the seeds on Sunday? I have the small pots, the soil and two bags of compost left over from spring."
RATES = (2_000, 5_000, 10_000, 12_500, 15_000, 20_000, 30_000, 40_000)
_LATE_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_PIECE_BYTES = 1 << 18
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What one run has measured; times in milliseconds, CPU in microseconds per message."""

    rate: int
    count: int
    p50: float
    p95: float
    p99: float
    longest: float
    cpu: float
    loop_lag_p99: float
    rss_mb: float
    waiting: int
    behind_seconds: float
    culprit: str | None
    stages: dict[str, dict[str, float]]

    def holds(self, budget: float) -> bool:
        return self.p99 < budget and self.behind_seconds < _LATE_SECONDS


@dataclass(frozen=True)
class Running:
    """A service that runs: its process, and how long it took until it listened, the start of Python and all."""

    pid: int
    started_seconds: float


@contextmanager
def live_service(home: Path) -> Iterator[Running]:
    """Run the service in a home of its own until the block ends; it has answered a first question when the block begins."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "egregora_assets.cli", "live", "--home", str(home)], stderr=subprocess.PIPE
    )
    try:
        while not _listens(home / "live.sock") and process.poll() is None:
            time.sleep(0.002)
        running = Running(process.pid, time.monotonic() - began)
        print(f"listening after {running.started_seconds:.2f} s", flush=True)
        while "error" in ask(home / "live.sock", {"recent": 1}):
            pass  # it takes longer than a question may, where there are many rows
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
        sys.stderr.write("".join(line + "\n" for line in told.decode().splitlines() if "INFO" not in line))


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextmanager
def home_with(stored: int, cache: Path | None = None) -> Iterator[Path]:
    """A home whose hot store has so many rows; they are made once and kept in ``cache`` (by default where temporary files are)."""
    kept = (cache or Path(tempfile.gettempdir()) / "egregora-live-load") / f"{stored}"
    if stored and not (kept / "made").exists():
        settings = Settings(home=kept)
        make_home(settings)
        settings.live_path.unlink(missing_ok=True)
        store_rows(settings, stored)
        (kept / "made").touch()
    with tempfile.TemporaryDirectory(prefix="live-load-") as folder:
        settings = Settings(home=Path(folder) / "home")
        make_home(settings)
        if stored:
            shutil.copyfile(kept / settings.live_path.name, settings.live_path)
            force_file(settings.live_path)  # or commits wait until all of it is on the disk
        yield settings.home


def store_rows(settings: Settings, count: int) -> None:
    """Put sealed rows into the hot store, as a run that never came would leave them there."""
    store = HotStore(settings)
    store.open()
    store.connection.execute(
        """INSERT INTO hot_lines BY NAME SELECT range + 1 AS sequence, 'socket' AS adapter, 'jsonl' AS platform,
        to_json({source: 'garden', native_id: 'old' || range, author: 'u' || range % 50, text: $words || range,
            sent_at: TIMESTAMPTZ '2024-01-01' + to_seconds(range)})::VARCHAR AS said,
        now() AS received_at, now() AS committed_at, unhex(md5(range::VARCHAR)) AS key FROM range($count)""",
        {"count": count, "words": WORDS},
    ).fetchall()
    store.connection.execute("UPDATE state SET sealed = ?", [count]).fetchall()
    store.close()


def send(path: Path, rate: int, seconds: float, first: int) -> tuple[Any, float]:
    """Send at ``rate`` for ``seconds``; return the latencies in milliseconds and how far the last answer was behind."""
    count = int(rate * seconds)
    lines = [_line(first + number) for number in range(count)]
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(str(path))
        connected.setblocking(False)
        start = time.perf_counter() + 0.1
        due = start + np.arange(count) / rate
        latencies = _exchange(connected, lines, due)
    return latencies * 1_000, max(float(due[-1] + latencies[-1] - due[-1]), 0.0)


def _exchange(connected: socket.socket, lines: list[bytes], due: Any) -> Any:
    latencies = np.zeros(len(lines))
    ends = np.cumsum([len(line) for line in lines])
    told = memoryview(b"".join(lines))
    sent = answered = 0  # bytes, and lines
    selector = selectors.SelectSelector()  # others wait whole milliseconds
    selector.register(connected, selectors.EVENT_READ)
    while answered < len(lines):
        now = time.perf_counter()
        ready = int(np.searchsorted(due, now, "right"))
        until = int(ends[ready - 1]) if ready else 0
        if sent < until:
            with suppress(BlockingIOError):
                sent += connected.send(told[sent : min(until, sent + _PIECE_BYTES)])
        wait = 0.0005 if sent < until else (max(due[ready] - now, 0.0) if ready < len(lines) else 0.05)
        if selector.select(min(wait, 0.05)):
            answers = connected.recv(_PIECE_BYTES)
            if not answers or b'"error"' in answers:
                raise SystemExit(f"the service answered {answers[:300]!r}")
            count = answers.count(b"\n")
            latencies[answered : answered + count] = time.perf_counter() - due[answered : answered + count]
            answered += count
    return latencies


def _line(number: int) -> bytes:
    author = {"author": f"u{number % 50}", "sent_at": 1_710_349_500 + number}
    return json.dumps({**someone(f"m{number}"), **author, "text": f"{WORDS} {number}"}).encode() + b"\n"


def someone(native_id: str) -> dict[str, Any]:
    """Return an event of somebody."""
    who = {"source": "garden", "author": "u7", "author_name": "Ana Lima"}
    return {"native_id": native_id, **who, "sent_at": 1_710_349_500, "text": WORDS}


def ask(path: Path, what: dict[str, Any]) -> dict[str, Any]:
    """Ask the service."""
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(str(path))
        connected.sendall(json.dumps(what).encode() + b"\n")
        answer: dict[str, Any] = json.loads(connected.makefile("rb").readline())
        return answer


def read_for_ever(path: Path, every_ms: float) -> None:
    """Ask for the newest messages, and for a count, every so many milliseconds, until killed."""
    asked = ({"recent": 20}, {"query": "FROM recent_messages SELECT count(*), max(sent_at) WHERE sequence % 7 = 1"})
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(str(path))
        lines = connected.makefile("rwb")
        number = 0
        while True:
            number += 1
            lines.write(json.dumps(asked[number % 10 == 0]).encode() + b"\n")
            lines.flush()
            lines.readline()
            time.sleep(every_ms / 1_000)


def measure(home: Path, process: int, rate: int, seconds: float, first: int) -> Load:
    """Send, and measure the service meanwhile."""
    path = home / "live.sock"
    before = cpu_seconds(process)
    with _watched(path) as waiting:
        latencies, behind = send(path, rate, seconds, first)
    cpu = cpu_seconds(process) - before
    status = ask(path, {"status": True})["status"]
    p50, p95, p99 = (float(value) for value in np.percentile(latencies, (50, 95, 99)))
    return Load(
        rate,
        len(latencies),
        p50,
        p95,
        p99,
        float(latencies.max()),
        cpu / len(latencies) * 1e6,
        status["loop_lag"]["p99_ms"],
        peak_rss_mb(process),
        max(waiting),
        behind,
        status["loop_lag"]["culprit"],
        status["lanes"]["socket"]["stages"],
    )


@contextmanager
def _watched(path: Path) -> Iterator[list[int]]:
    """Note twice a second how many events wait."""
    waiting, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_SECONDS):
            waiting.append(ask(path, {"status": True})["status"]["rows_waiting"])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield waiting
    finally:
        ended.set()
        thread.join()


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that a process has used, all threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_rss_mb(process: int) -> float:
    """Return the most memory that a process has had so far."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def show(load: Load, budget: float) -> None:
    print(
        f"{load.rate:>7,}/s {load.count:>8,} events  p50 {load.p50:6.1f}  p95 {load.p95:6.1f}  p99 {load.p99:6.1f}  "
        f"max {load.longest:7.1f} ms  CPU {load.cpu:5.0f} µs/msg  loop lag p99 {load.loop_lag_p99:5.1f} ms  "
        f"RSS {load.rss_mb:5.0f} MB  most waiting {load.waiting:>6,}  {'holds' if load.holds(budget) else 'BREAKS'}"
        + (f"  (loop held by {load.culprit})" if load.culprit else ""),
        flush=True,
    )


def run(arguments: argparse.Namespace) -> None:
    with home_with(arguments.stored, arguments.home) as home, live_service(home) as service, ExitStack() as beside:
        beside.enter_context(reading(home, arguments.reader_ms))
        if arguments.run:
            beside.enter_context(running_graph(home))
        if arguments.ramp:
            ramp(home, service.pid, arguments.seconds, arguments.budget_ms)
        else:
            show(measure(home, service.pid, arguments.rate, arguments.seconds, 0), arguments.budget_ms)


def ramp(home: Path, process: int, seconds: float, budget: float) -> int:
    """Raise the rate until the budget breaks; return the highest rate that kept it."""
    first = kept = 0
    for rate in RATES:
        load = measure(home, process, rate, seconds, first)
        first += load.count
        show(load, budget)
        if not load.holds(budget):
            print(f"breaking point: {rate:,}/s (p99 < {budget:g} ms is lost)")
            return kept
        kept = rate
    print(f"no breaking point up to {RATES[-1]:,}/s")
    return kept


@contextmanager
def reading(home: Path, every_ms: float) -> Iterator[None]:
    """Have a process ask the service every so many milliseconds; 0: none."""
    if not every_ms:
        yield
        return
    told = ["--read", str(home / "live.sock"), "--reader-ms", str(every_ms)]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.live_load", *told])
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def running_graph(home: Path) -> Iterator[list[int]]:
    """Have a run of the graph in progress all the time: when one has ended, the next begins. Gives how each has ended so far."""
    ended, over = list[int](), threading.Event()

    def run_again() -> None:
        command = [sys.executable, "-m", "egregora_assets.cli", "ingest", "--home", str(home)]
        while not over.is_set():
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None and not over.wait(_LOOK_SECONDS):
                pass
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
            else:
                ended.append(process.returncode)

    thread = threading.Thread(target=run_again)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()
        print(
            f"runs of the graph beside it: {len(ended)} ended, {sum(map(bool, ended))} of them failed, one was under way"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=2_000, help="events per second")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--stored", type=int, default=0, help="rows that are in the store before")
    parser.add_argument("--reader-ms", type=float, default=0, help="a reader asks every so many milliseconds; 0: none")
    parser.add_argument("--budget-ms", type=float, default=50)
    parser.add_argument("--ramp", action="store_true", help="raise the rate until the budget breaks")
    parser.add_argument("--run", action="store_true", help="a run of the graph is in progress all the time")
    parser.add_argument("--home", type=Path, help="where homes with stored rows are kept, to be used again")
    parser.add_argument("--bounds", action="store_true", help="measure all that has a bound, and write the results")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read_for_ever(arguments.read, arguments.reader_ms)
    elif arguments.bounds:
        from benchmarks.live_bounds import report

        report(arguments.seconds, arguments.stored, arguments.home)
    else:
        run(arguments)


if __name__ == "__main__":
    main()
