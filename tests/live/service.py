"""A live service in a process of its own, and those who talk to it over its socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

_START_SECONDS = 30


def event(native_id: str, **fields: Any) -> dict[str, Any]:
    """One event as a sender writes it."""
    return {
        "native_id": native_id,
        "source": "garden",
        "author": "u7",
        "sent_at": "2024-03-13T18:02:11Z",
        "text": f"words of {native_id}",
        **fields,
    }


class Running:
    """A service that runs; ``log`` is what it has written so far."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.home, self.process, self._log = home, process, log

    @property
    def socket(self) -> Path:
        return self.home / "live.sock"

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


class Client:
    """A connection: lines go out, objects come back."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self._lines = self.socket.makefile("rb")

    def send(self, *objects: dict[str, Any]) -> None:
        self.socket.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in objects))

    def receive(self) -> dict[str, Any] | None:
        line = self._lines.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def ask(self, one: dict[str, Any]) -> dict[str, Any]:
        self.send(one)
        answer = self.receive()
        assert answer is not None
        return answer

    def acks(self, count: int) -> set[str]:
        return {str(answer["ack"]) for answer in (self.receive() for _ in range(count)) if answer}

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


@contextmanager
def running(
    home: Path, *options: str, settings: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run ``egregora live``; it is killed at the end where it still runs."""
    home.mkdir(parents=True, exist_ok=True)
    if settings:
        (home / "egregora.toml").write_text(settings)
    log = home.parent / "live.log"
    command = [sys.executable, "-m", "egregora_assets.cli", "live", "--home", str(home), *options]
    with log.open("ab") as written:
        process = subprocess.Popen(
            command, stderr=written, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
        )
    service = Running(home, process, log)
    try:
        _await(service)
        yield service
    finally:
        if process.poll() is None:
            service.kill()


def _await(service: Running) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(service.socket))
                return
            except OSError:
                time.sleep(0.02)


@contextmanager
def client(service: Running) -> Iterator[Client]:
    """Connect to a service."""
    connected = Client(service.socket)
    try:
        yield connected
    finally:
        connected.close()


def stored(home: Path, what: str = "native_id") -> list[Any]:
    """Return a column of all rows, in order, of a service that has ended."""
    with duckdb.connect(str(home / "live.duckdb"), read_only=False) as connection:
        return [value for (value,) in connection.execute(f"SELECT {what} FROM hot_events ORDER BY sequence").fetchall()]


def numbered(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Events of these numbers."""
    return [event(f"m{number}") for number in numbers]
