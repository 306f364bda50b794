"""Live: how long after their receipt messages stand in the published snapshot, with `dg dev` as users run it and default settings.

One message a second goes to `egregora live`; the sensor asks for runs, and a reader looks at the snapshot whenever it is replaced.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Figure, figure, home_with
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import snapshot_state
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.query import scalar

SIZE = 20_000
MESSAGES = 120
BOUND_SECONDS = 15.0
_PATIENCE_SECONDS = 120
_PROJECT = Path(__file__).parents[1]
_PUBLISHED = "SELECT count(*) FROM messages SEMI JOIN (FROM sources WHERE platform = 'jsonl') USING (source_id)"


def figures() -> Iterator[Figure]:
    with home_with(SIZE) as settings, ExitStack() as processes:
        _egregora(settings, "init")
        _egregora(settings, "ingest")
        processes.enter_context(_running(settings, Path(sys.executable).parent / "dg", "dev", "--port", _free_port()))
        processes.enter_context(_running(settings, sys.executable, "-m", "egregora_assets.cli", "live"))
        _await_socket(settings)
        _await_quiet(settings)
        waited = _seconds_until_published(settings)
    name = "a live message, from its receipt to the published snapshot (by the clock)"
    for share in (0.5, 0.95, 1.0):
        bound = BOUND_SECONDS if share == 0.95 else None
        told = "longest" if share == 1 else f"p{share * 100:g}"
        yield figure(f"{name}, {told}", float(np.quantile(waited, share)), SIZE, unit="s", at_most=bound, runs=MESSAGES)


def _seconds_until_published(settings: Settings) -> NDArray[np.float64]:
    """Send one message a second; return how long each one took to be in the snapshot, which has them in the order of receipt."""
    sent = np.full(MESSAGES, np.inf)
    seen = np.full(MESSAGES, np.nan)
    number, published, revision = 0, 0, None
    began = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(str(settings.home / "live.sock"))
        answers = connected.makefile("rb")
        while published < MESSAGES:
            now = time.perf_counter()
            if number < MESSAGES and now >= began + number:
                sent[number] = now
                connected.sendall(_line(number))
                if b'"ack"' not in answers.readline():
                    raise RuntimeError("the service refuses a message")
                number += 1
            state = snapshot_state(settings)
            if state is not None and state.revision != revision:
                revision, count = state.revision, _published(settings)
                seen[published:count] = time.perf_counter() - sent[published:count]
                published = max(published, count)
            if now > began + MESSAGES + _PATIENCE_SECONDS:
                raise RuntimeError(f"{published} of {MESSAGES} messages are published")
            time.sleep(0.05)
    return seen


def _published(settings: Settings) -> int:
    try:
        with open_snapshot(settings) as snapshot:
            return int(scalar(snapshot, _PUBLISHED))
    except NothingPublished:
        return 0


def _line(number: int) -> bytes:
    sent = {"native_id": f"m{number}", "source": "garden", "author": f"u{number % 5}", "author_name": "Ana Lima"}
    words = f"Who brings soil on Sunday? I have {number} pots, and the seeds are here."
    return json.dumps({**sent, "sent_at": time.time(), "text": words}).encode() + b"\n"


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "EGREGORA_HOME": str(settings.home), "DAGSTER_HOME": str(settings.home / "dagster")}


def _egregora(settings: Settings, command: str) -> None:
    told = [sys.executable, "-m", "egregora_assets.cli", command]
    subprocess.run(told, env=_environment(settings), check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _running(settings: Settings, *command: object) -> Iterator[None]:
    """Run a process for the block, and end it with an interrupt, as a user does."""
    with (settings.home / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=_PROJECT,
            env=_environment(settings),
            stdout=log,
            stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _await_socket(settings: Settings) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (settings.home / "live.sock").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the service does not start: {(settings.home / 'log').read_text()[-2000:]}")
        time.sleep(0.1)


def _await_quiet(settings: Settings) -> None:
    """Wait until Dagster has looked at the inbox for the first time, and has ended what it found to do there."""
    os.environ["DAGSTER_HOME"] = str(settings.home / "dagster")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with dg.DagsterInstance.get() as instance:
        while time.monotonic() < deadline:
            runs = instance.get_runs()
            if len(runs) > 1 and all(run.is_finished for run in runs):
                return
            time.sleep(0.5)
    raise RuntimeError("Dagster does not come to rest")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
