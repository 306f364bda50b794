"""Load on the live service: events sent at fixed moments whatever comes back, each counted from when it should have been sent.

The service, the sender and the reader are processes of their own. ``make bench-live`` runs it; ``--ramp`` raises the rate until the
budget breaks. Figures: latency from the scheduled sending to the received answer, loop lag, CPU per message, memory.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from egregora_assets.config import Settings
from egregora_assets.live.hot_store import HotStore
from egregora_assets.warehouse.files import make_home

WORDS = "Who brings the seeds on Sunday? I have the small pots, the soil and two bags of compost left over from spring."
RATES = (2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 40_000)
_LATE_SECONDS = 5.0
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

    def holds(self, budget: float) -> bool:
        return self.p99 < budget and self.behind_seconds < _LATE_SECONDS


@contextmanager
def live_service(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service in a home of its own until the block ends."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "egregora_assets.cli", "live", "--home", str(home)], stderr=subprocess.PIPE
    )
    try:
        while not (home / "live.sock").exists() and process.poll() is None:
            time.sleep(0.01)
        print(f"accepting after {time.monotonic() - began:.2f} s (imports and all)", flush=True)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
        sys.stderr.write("".join(line + "\n" for line in told.decode().splitlines() if "INFO" not in line))


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
    sent = answered = 0
    unsent = b""
    selector = selectors.SelectSelector()  # others wait whole milliseconds
    selector.register(connected, selectors.EVENT_READ)
    while answered < len(lines):
        now = time.perf_counter()
        ready = int(np.searchsorted(due, now, "right"))
        if ready > sent:
            unsent += b"".join(lines[sent:ready])
            sent = ready
        if unsent:
            with suppress(BlockingIOError):
                unsent = unsent[connected.send(unsent[: 1 << 18]) :]
        wait = 0.0005 if unsent else (max(due[sent] - now, 0.0) if sent < len(lines) else 0.05)
        if selector.select(min(wait, 0.05)):
            told = connected.recv(1 << 18)
            if not told or b'"error"' in told:
                raise SystemExit(f"the service answered {told[:300]!r}")
            count = told.count(b"\n")
            latencies[answered : answered + count] = time.perf_counter() - due[answered : answered + count]
            answered += count
    return latencies


def _line(number: int) -> bytes:
    sent = {"native_id": f"m{number}", "source": "garden", "author": f"u{number % 50}", "author_name": "Ana Lima"}
    return json.dumps({**sent, "sent_at": 1_710_349_500 + number, "text": f"{WORDS} {number}"}).encode() + b"\n"


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
    before = _cpu_seconds(process)
    latencies, behind = send(path, rate, seconds, first)
    cpu = _cpu_seconds(process) - before
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
        _peak_rss_mb(process),
        status["rows_waiting"],
        behind,
        status["loop_lag"]["culprit"],
    )


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak_rss_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def show(load: Load, budget: float) -> None:
    print(
        f"{load.rate:>7,}/s {load.count:>8,} events  p50 {load.p50:6.1f}  p95 {load.p95:6.1f}  p99 {load.p99:6.1f}  "
        f"max {load.longest:7.1f} ms  CPU {load.cpu:5.0f} µs/msg  loop lag p99 {load.loop_lag_p99:5.1f} ms  "
        f"RSS {load.rss_mb:5.0f} MB  {'holds' if load.holds(budget) else 'BREAKS'}"
        + (f"  (loop held by {load.culprit})" if load.culprit else ""),
        flush=True,
    )


def run(arguments: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="live-load-") as folder:
        home = Path(folder) / "home"
        settings = Settings(home=home)
        make_home(settings)
        if arguments.stored:
            store_rows(settings, arguments.stored)
        with live_service(home) as process:
            reader = _reader(home, arguments.reader_ms)
            try:
                _steps(home, process.pid, arguments)
            finally:
                if reader:
                    reader.kill()


def _steps(home: Path, process: int, arguments: argparse.Namespace) -> None:
    first = 0
    for rate in RATES if arguments.ramp else (arguments.rate,):
        load = measure(home, process, rate, arguments.seconds, first)
        first += load.count
        show(load, arguments.budget_ms)
        if arguments.ramp and not load.holds(arguments.budget_ms):
            print(f"breaking point: {rate:,}/s (p99 < {arguments.budget_ms:g} ms is lost)")
            return
    if arguments.ramp:
        print(f"no breaking point up to {RATES[-1]:,}/s")


def _reader(home: Path, every_ms: float) -> subprocess.Popen[bytes] | None:
    if not every_ms:
        return None
    command = [
        sys.executable,
        "-m",
        "benchmarks.live_load",
        "--read",
        str(home / "live.sock"),
        "--reader-ms",
        str(every_ms),
    ]
    return subprocess.Popen(command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=int, default=2_000, help="events per second")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--stored", type=int, default=0, help="rows that are in the store before")
    parser.add_argument("--reader-ms", type=float, default=0, help="a reader asks every so many milliseconds; 0: none")
    parser.add_argument("--budget-ms", type=float, default=50)
    parser.add_argument("--ramp", action="store_true", help="raise the rate until the budget breaks")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        read_for_ever(arguments.read, arguments.reader_ms)
    else:
        run(arguments)


if __name__ == "__main__":
    main()
