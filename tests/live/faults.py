"""A disk and a clock that fail as a test tells them to, and a sender that sends again what was not acknowledged."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.live.service import Client, Running, event, stored

SENT_AGAIN = 150
_SOURCE = Path(__file__).with_name("faults.c")
_FORM = struct.Struct("<6q64s")
_NAMES = ("calls_before", "failing_syncs", "sync_micros", "is_full", "clock_seconds", "failed")
_PIECE = 50
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 120


class Faults:
    """What ``faults.c`` in a service does, changed while that runs; ``ending`` names the files that are meant by their ends."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no C compiler (cc), which the library that makes disks fail needs")
        library, control = folder / "faults.so", folder / "faults"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
        control.write_bytes(bytes(_FORM.size))
        self._file = control.open("r+b")
        self._told = mmap.mmap(self._file.fileno(), _FORM.size)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(control)}

    def syncs_fail(self, ending: str, times: int, after: int = 0) -> None:
        """Let ``times`` syncs fail with EIO, after so many that succeed."""
        self._set(failing_syncs=0)
        self._name(ending)
        self._set(calls_before=after, failing_syncs=times)

    def syncs_take(self, seconds: float) -> None:
        self._set(sync_micros=int(seconds * 1e6))

    def disk_is_full(self, ending: str) -> None:
        """Let writes fail with ENOSPC."""
        self._name(ending)
        self._set(is_full=1)

    def clock_is_off_by(self, seconds: int) -> None:
        self._set(clock_seconds=seconds)

    def heal(self) -> None:
        """Let the disk be as it is."""
        self._set(failing_syncs=0, is_full=0, sync_micros=0)

    @property
    def failed(self) -> int:
        """How many calls have failed."""
        return int(_FORM.unpack_from(self._told)[_NAMES.index("failed")])

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            struct.pack_into("<q", self._told, 8 * _NAMES.index(name), value)

    def _name(self, ending: str) -> None:
        struct.pack_into("<64s", self._told, 8 * len(_NAMES), ending.encode())


class Sender:
    """Sends numbered events in pieces from a thread, and each again until it is acknowledged; then the latest once more."""

    def __init__(self, path: Path) -> None:
        self.acknowledged: list[int] = []
        self.problems: list[str] = []
        self._path = path
        self._following = 0
        self._again: list[int] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def await_more(self, count: int = 200) -> None:
        """Wait until so many more events are acknowledged."""
        wanted = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= wanted, self)

    def finish(self) -> None:
        """Send nothing new, and wait until all that was sent is acknowledged, the latest a second time."""
        self._stopping.set()
        self._thread.join(_PATIENCE_SECONDS)
        assert not self._thread.is_alive(), f"not everything was acknowledged: {self.problems[-1:]}"

    def _run(self) -> None:
        while not self._stopping.is_set() or self._again:
            with suppress(OSError):
                self._talk()
            time.sleep(_PAUSE_SECONDS)
        self._again = self.acknowledged[-SENT_AGAIN:]
        while self._again:
            with suppress(OSError):
                self._talk()

    def _talk(self) -> None:
        """Send and hear until told to finish. Raises ``OSError`` where the service goes away."""
        connection = Client(self._path)
        try:
            while self._again or not self._stopping.is_set():
                self._send(connection)
        finally:
            connection.close()

    def _send(self, connection: Client) -> None:
        piece, self._again = self._again[:_PIECE], self._again[_PIECE:]
        if not self._stopping.is_set():
            new = range(self._following, self._following + _PIECE - len(piece))
            piece, self._following = [*piece, *new], new.stop
        unanswered = dict.fromkeys(piece)
        try:
            connection.send(*(event(f"m{number}", text=f"{number} words " * 20) for number in piece))
            for _ in piece:
                answer = connection.receive()
                if answer is None:
                    raise ConnectionResetError("the service has gone")
                self._heard(answer, unanswered)
        finally:
            self._again += unanswered
        if unanswered:
            time.sleep(_PAUSE_SECONDS)

    def _heard(self, answer: dict[str, object], unanswered: dict[int, None]) -> None:
        if "ack" in answer:
            number = int(str(answer["ack"]).removeprefix("m"))
            del unanswered[number]
            self.acknowledged.append(number)
        else:
            self.problems.append(str(answer["error"]))


@contextmanager
def sending(service: Running) -> Iterator[Sender]:
    """Send to a service for the block; at its end all that was sent is acknowledged."""
    sender = Sender(service.socket)
    sender.await_more()
    yield sender
    sender.finish()


def until(condition: object, sender: Sender | None = None) -> None:
    """Wait until something holds."""
    assert callable(condition)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, sender.problems[-1:] if sender else "waited in vain"
        time.sleep(0.01)


def nothing_is_lost_or_doubled(home: Path, acknowledged: Iterable[int]) -> None:
    """Look into the store of a service that has ended."""
    found = stored(home)
    assert len(found) == len(set(found)), "an event is stored twice"
    lost = {f"m{number}" for number in acknowledged} - set(found)
    assert not lost, f"{len(lost)} acknowledged events are lost"
    sequences = stored(home, "sequence")
    assert sequences == list(range(1, len(sequences) + 1))
