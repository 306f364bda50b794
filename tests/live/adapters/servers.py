"""Real servers of chats on loopback, each with its data in a folder of the test's, ended by its own process id."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """Return where a server's program is; skip the test where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


class Server:
    """A server that can be stopped and started again with what it has stored."""

    def __init__(self, command: list[str], port: int, log: Path) -> None:
        self._command, self.port, self._log = command, port, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self._command[0]} does not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, hard: bool = False) -> None:
        if self._process is None:
            return
        (self._process.kill if hard else self._process.terminate)()
        self._process.wait(30)
        self._process = None


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def nats_server(folder: Path, port: int | None = None, *more: str) -> Server:
    port = port or free_port()
    command = [
        program("nats-server", "nats-server"),
        "-a",
        "127.0.0.1",
        "-p",
        str(port),
        "-js",
        "-sd",
        str(folder),
        *more,
    ]
    return Server(command, port, folder / "nats.log")


def irc_server(folder: Path) -> Server:
    port, settings = free_port(), folder / "ngircd.conf"
    settings.write_text(
        "[Global]\nName = irc.test\nInfo = test\nListen = 127.0.0.1\n"
        f"Ports = {port}\nServerUID = {os.getuid()}\nServerGID = {os.getgid()}\n"
        "[Limits]\nMaxPenaltyTime = 0\nMaxNickLength = 20\nMaxConnectionsIP = 0\n"
        "[Options]\nIdent = no\nDNS = no\nPAM = no\n"
    )
    settings.chmod(0o600)
    return Server([program("ngircd", "ngircd"), "-n", "-f", str(settings)], port, folder / "ngircd.log")
