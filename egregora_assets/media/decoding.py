"""Files → what decoders say of them. Decoders run in processes of their own, so a file can cost nothing but itself.

A process that dies, hangs or talks nonsense is ended; the file it was at becomes a failure, and the others go on in a new one.
Processes are started by exec, never by a fork that goes on, and end with this process however it ends.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

import egregora_assets
from egregora_assets.config import DecodingSettings
from egregora_assets.media.perceptual_hash import SIGNATURE_EDGE, perceptual_hash

_AHEAD = 8
"""Files a process is told before it has answered: it never waits for work, and a pipe holds them all."""
_WORTH_A_START = 200
"""Files that one process decodes before another is started, where as many are left: a start costs as much as some dozen."""
_BLOCK = 1 << 18
_HEADER_MOST = 1 << 16
_THUMBNAIL_MOST = 1 << 20
_START_SECONDS = 60
_SIGNATURE_BYTES = SIGNATURE_EDGE**2
_LARGEST = 1 << 31


class DecoderBroken(RuntimeError):
    """No decoder can be started at all; the message says why. No file is to blame."""


@dataclass(frozen=True)
class Job:
    """A file to decode: the object's id and where it is, and the type that its first bytes show."""

    media_id: str
    path: Path
    mime: str


class Facts(BaseModel):
    """What a decoder said of one file, checked: the process that said it has read bytes of strangers.

    ``taken_at`` is the camera's clock in ISO form; ``signature`` has 16,384 bytes, ``thumbnail`` is a JPEG.
    With a ``failure`` nothing else is there.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    width: int | None = Field(default=None, ge=1, lt=_LARGEST)
    height: int | None = Field(default=None, ge=1, lt=_LARGEST)
    orientation: int | None = Field(default=None, ge=1, le=8)
    taken_at: str | None = Field(default=None, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
    duration_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    signature: bytes | None = Field(default=None, min_length=_SIGNATURE_BYTES, max_length=_SIGNATURE_BYTES)
    thumbnail: bytes | None = Field(default=None, max_length=_THUMBNAIL_MOST)
    picture_digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    failure: str | None = Field(default=None, max_length=1000)

    @cached_property
    def phash(self) -> bytes | None:
        """The perceptual hash (32 bytes); a flat picture, and what is no picture, has none."""
        return None if self.signature is None else perceptual_hash(self.signature)

    @field_validator("failure")
    @classmethod
    def _printable(cls, told: str | None) -> str | None:
        return told and "".join(letter if letter.isprintable() else " " for letter in told)


class _Answer(BaseModel):
    """The header of an answer: which blobs follow, and how long they are."""

    model_config = ConfigDict(strict=True, extra="allow")

    sizes: tuple[int | None, int | None] = Field(strict=False)

    @field_validator("sizes")
    @classmethod
    def _bounded(cls, sizes: tuple[int | None, ...]) -> tuple[int | None, ...]:
        if any(size is not None and not 0 <= size <= _THUMBNAIL_MOST for size in sizes):
            raise ValueError("a blob of that size is no answer")
        return sizes


class _Ended(Exception):
    """A process cannot go on; the message says why."""


def has_recordings() -> bool:
    """Return whether films and sound can be read (the extra ``video``)."""
    return importlib.util.find_spec("av") is not None


def decoded(jobs: Iterable[Job], limits: DecodingSettings) -> Generator[tuple[Job, Facts], None, None]:
    """Decode the files in at most ``limits.processes`` processes; each job comes back once, in no certain order.

    ``jobs`` is read as far as there is room for work. Raises ``DecoderBroken``.
    """
    waiting, processes = _Waiting(jobs), list[_Process]()
    try:
        while True:
            _hand_out(waiting, processes, limits)
            busy = [process for process in processes if process.jobs]
            if not busy:
                return
            for process in _with_news(busy):
                yield from process.answers()
                if process.is_over:
                    processes.remove(process)
                    _give_back(process, processes, limits)
    finally:
        for process in processes:
            process.end()


class _Waiting:
    """Files that no process was told yet; it looks no further ahead than it is asked to."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs, self._ahead = iter(jobs), deque[Job]()

    def next(self) -> Job | None:
        return self._ahead.popleft() if self._ahead else next(self._jobs, None)

    def has(self, count: int) -> bool:
        self._ahead.extend(islice(self._jobs, max(0, count - len(self._ahead))))
        return len(self._ahead) >= count


def _hand_out(waiting: _Waiting, processes: list[_Process], limits: DecodingSettings) -> None:
    """Give every process work to do; start one more where those at work show that there is enough of it."""
    while True:
        hungry = min(processes, key=lambda process: len(process.jobs), default=None)
        answered = sum(process.answered for process in processes)
        is_due = 0 < len(processes) < limits.processes and answered >= len(processes) * _WORTH_A_START
        may_start = is_due and waiting.has(_WORTH_A_START)
        if hungry and len(hungry.jobs) >= _AHEAD and not may_start:
            return
        job = waiting.next()
        if job is None:
            return
        if hungry is None or (may_start and hungry.jobs):
            hungry = _Process(limits)
            processes.append(hungry)
        hungry.take(job)


def _give_back(process: _Process, processes: list[_Process], limits: DecodingSettings) -> None:
    """Let a new process go on with what another was told and had not begun."""
    if process.jobs:
        successor = _Process(limits)
        processes.append(successor)
        for job in process.jobs:
            successor.take(job)


def _with_news(busy: list[_Process]) -> list[_Process]:
    """Wait until a process has said something, or has had its time."""
    left = max(0.0, min(process.deadline for process in busy) - time.monotonic())
    poll = select.poll()
    for process in busy:
        poll.register(process.output, select.POLLIN | select.POLLHUP)
    ready = {number for number, _ in poll.poll(left * 1000 + 1)}
    now = time.monotonic()
    return [process for process in busy if process.output in ready or process.deadline <= now]


@dataclass
class _Process:
    """One decoding process, and the files it was told and has not answered; the first of them is what it is at."""

    limits: DecodingSettings
    jobs: deque[Job] = field(default_factory=deque)
    answered: int = 0
    is_over: bool = False

    def __post_init__(self) -> None:
        limits = self.limits
        arguments = [os.getpid(), limits.memory_bytes, limits.seconds, limits.max_pixels]
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "egregora_assets.media.decoder", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            bufsize=0,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._input, self.output = self._child.stdin, self._child.stdout.fileno()
        self._buffer = bytearray()
        self._is_ready = False
        self.deadline = time.monotonic() + _START_SECONDS

    def take(self, job: Job) -> None:
        if not self.jobs and self._is_ready:
            self._begin()
        self.jobs.append(job)
        line = json.dumps({"path": os.fsdecode(job.path), "mime": job.mime}) + "\n"
        with suppress(BrokenPipeError):  # that it is gone is seen when it is read from
            self._input.write(line.encode())

    def answers(self) -> Iterator[tuple[Job, Facts]]:
        """Read what the process has said, and end it when it cannot go on: the file it was at is a failure then."""
        try:
            block = os.read(self.output, _BLOCK) if self._has_said() else b""
            self._buffer += block
            while (answer := self._next_answer()) is not None:
                yield self._settled(answer)
            if not block:
                raise _Ended(self._epitaph())
        except _Ended as ended:
            self.end()
            if not self._is_ready:
                raise DecoderBroken(f"pictures cannot be decoded: the decoder did not start: {ended}") from None
            if self.jobs:
                yield self.jobs.popleft(), Facts(failure=str(ended)[:1000])

    def end(self) -> None:
        """End the process, whatever it is at."""
        self.is_over = True
        self._child.kill()
        self._child.communicate()

    def _begin(self) -> None:
        self.deadline = time.monotonic() + self.limits.seconds

    def _has_said(self) -> bool:
        poll = select.poll()
        poll.register(self.output, select.POLLIN | select.POLLHUP)
        return bool(poll.poll(0))

    def _next_answer(self) -> Facts | None:
        """Return the next whole answer of a file, and pass over the one that says that the process has begun."""
        told = self._take_frame()
        if told is None or self._is_ready:
            return told
        self._is_ready = True
        self._begin()
        return self._take_frame()

    def _take_frame(self) -> Facts | None:
        buffer = self._buffer
        length = int.from_bytes(buffer[:4], "big")
        if length > _HEADER_MOST:
            raise _Ended("the decoder's answer makes no sense")
        if len(buffer) < 4 + length or not length:
            return None
        try:
            header = _Answer.model_validate_json(bytes(buffer[4 : 4 + length]))
            return self._facts(header, 4 + length)
        except ValidationError:
            raise _Ended("the decoder's answer makes no sense") from None

    def _facts(self, header: _Answer, at: int) -> Facts | None:
        end = at + sum(size or 0 for size in header.sizes)
        if len(self._buffer) < end:
            return None
        blobs: list[bytes | None] = []
        for size in header.sizes:
            blobs.append(None if size is None else bytes(self._buffer[at : at + size]))
            at += size or 0
        del self._buffer[:end]
        values = header.model_extra or {} if self._is_ready else {}
        return Facts.model_validate({**values, **dict(zip(("signature", "thumbnail"), blobs, strict=True))})

    def _settled(self, facts: Facts) -> tuple[Job, Facts]:
        if not self.jobs:
            raise _Ended("the decoder answered what it was not asked")
        self._begin()
        self.answered += 1
        return self.jobs.popleft(), facts

    def _epitaph(self) -> str:
        """Return why nothing more comes from the process."""
        if self._child.poll() is None and not self._has_said():
            return f"it took longer than {self.limits.seconds} seconds"
        code = self._child.wait()
        if code == -signal.SIGXCPU:
            return f"it took more than {self.limits.seconds} seconds of computing"
        return f"the decoder was ended by signal {-code}" if code < 0 else f"the decoder ended with status {code}"


def _environment() -> dict[str, str]:
    """What a decoder needs to know: where this package is, and that one thread is enough. Nothing else of ours."""
    package = str(Path(egregora_assets.__file__).parents[1])
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {"PYTHONPATH": package, "LC_ALL": "C.UTF-8", **threads, **libraries}
