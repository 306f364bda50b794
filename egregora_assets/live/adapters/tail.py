"""Follows a file to which lines of JSON are appended: over rotation (renamed, and a new one in its place) and truncation.

The cursor is the file's inode, the offset behind the last line that is durable, and a fingerprint of what stands before it:
another file may have got the inode meanwhile, and another text may stand in the file. A line is taken once its line break is there;
of a file that was rotated away also the last one without.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from egregora_assets.live.adapters.jsonl import PLATFORM
from egregora_assets.live.adapters.options import Options, read_options
from egregora_assets.live.adapters.protocol import Delivery, StreamingAdapter
from egregora_assets.live.incoming import Refused, read_event
from egregora_assets.live.lines import PIECE_BYTES, Lines
from egregora_assets.live.refusals import Refusals

_QUIET_POLLS = 2
"""A file that was rotated away is left when it has not grown for so long: who writes it may not know yet."""
_BEFORE_BYTES = 256

log = logging.getLogger(__name__)


class TailOptions(Options):
    """What ``options`` of the settings may say."""

    path: Path = Field(description="The file; it may not be there yet.")
    platform: str = Field(PLATFORM, description="What the sources' platform is called.")
    poll_seconds: float = Field(0.05, gt=0, description="How often it is looked at.")


def create(name: str, options: dict[str, Any], cursor: str | None) -> StreamingAdapter:
    """Make the adapter: ``{"path": …}``. Raises ``SettingsError``."""
    return Tail(name, read_options(TailOptions, name, options), cursor)


@dataclass
class _Open:
    """A file that is read: ``offset`` is where the next piece begins, ``lines`` holds what waits for its line break.

    ``before`` are the bytes that were read last, if any: a file that was cut and is long again does not have them there.
    """

    handle: int
    inode: int
    offset: int
    lines: Lines
    before: bytes = b""

    @classmethod
    def at(cls, path: Path, offset: int = 0) -> _Open:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            os.close(handle)
            raise OSError(f"{path} is no file that lines are appended to")
        return cls(handle, state.st_ino, offset, Lines())

    def read(self) -> bytes:
        """Return the next piece, if there is one."""
        piece = os.pread(self.handle, PIECE_BYTES, self.offset)
        self.before = (self.before + piece)[-_BEFORE_BYTES:]
        return piece

    def fingerprint(self, end: int) -> str:
        """Return what the bytes before ``end`` are known by."""
        begin = max(end - _BEFORE_BYTES, 0)
        return hashlib.blake2b(os.pread(self.handle, end - begin, begin), digest_size=8).hexdigest()

    def start_again(self) -> None:
        self.offset, self.lines, self.before = 0, Lines(), b""

    def is_cut(self) -> bool:
        """Whether the file is shorter than what was read of it, or another one now stands in its bytes."""
        if self.offset == 0:
            return False
        if os.fstat(self.handle).st_size < self.offset:
            return True
        if self.before:
            return os.pread(self.handle, len(self.before), self.offset - len(self.before)) != self.before
        behind = self.offset - self.lines.waiting
        return behind > 0 and os.pread(self.handle, 1, behind - 1) != b"\n"

    def close(self) -> None:
        os.close(self.handle)


class _Cursor(NamedTuple):
    """Where a file is read on; a fingerprint that is empty is not known."""

    inode: int
    offset: int
    fingerprint: str


class Tail:
    """The adapter."""

    def __init__(self, name: str, options: TailOptions, cursor: str | None) -> None:
        self.name, self.platform = name, options.platform
        self.refusals = Refusals()
        self._path = options.path.expanduser().absolute()
        self._poll_seconds = options.poll_seconds
        self._cursor = _parsed(cursor)
        self._problem = ""

    async def listen(self) -> AsyncIterator[Delivery]:
        """Yield events for ever."""
        file = await self._first()
        quiet = 0
        try:
            while True:
                if file.is_cut():
                    log.warning("%s was truncated: it is read from its beginning", self._path)
                    file.start_again()
                if piece := file.read():
                    quiet = 0
                    for delivery in self._deliveries(file, piece):
                        yield delivery
                    continue
                quiet += 1
                if quiet > _QUIET_POLLS and (following := self._following(file)):
                    for delivery in self._deliveries(file, b"", file.lines.end()):
                        yield delivery
                    file.close()
                    file, quiet = following, 0
                    continue
                await asyncio.sleep(self._poll_seconds)
        finally:
            file.close()

    async def _first(self) -> _Open:
        """Open the file to go on with: the one that the cursor names, also where it was renamed meanwhile."""
        while True:
            with self._unless_unreadable():
                if self._cursor is None:
                    return _Open.at(self._path)
                if known := self._known(self._cursor):
                    return known
                log.warning(
                    "%s: the file that was read last is gone, the one that is there is read from its beginning",
                    self._path,
                )
                self._cursor = None
            await asyncio.sleep(self._poll_seconds)

    def _known(self, cursor: _Cursor) -> _Open | None:
        """Open the file that was read last, behind what was read of it; ``None`` where there is none that has it in its bytes."""
        path = dict(_rotation(self._path)).get(cursor.inode)
        if path is None:
            return None
        file = _Open.at(path, cursor.offset)
        if cursor.fingerprint in ("", file.fingerprint(cursor.offset)):
            return file
        file.close()
        return None

    def _following(self, file: _Open) -> _Open | None:
        """Return the file that was begun after this one was renamed: the oldest, where there were several since."""
        known = _rotation(self._path)
        names = [inode for inode, _ in known]
        behind = known[names.index(file.inode) + 1 :] if file.inode in names else known[-1:]
        for _, path in behind:
            with self._unless_unreadable():
                return _Open.at(path)
        return None

    @contextmanager
    def _unless_unreadable(self) -> Iterator[None]:
        """Go on where a file is not there or cannot be read: that may pass, and is told of once."""
        try:
            yield
        except FileNotFoundError:
            pass
        except OSError as problem:
            if self._problem != str(problem):
                self._problem = str(problem)
                log.warning("%s is waited for: %s", self._path, problem)

    def _deliveries(self, file: _Open, piece: bytes, lines: list[bytes | None] | None = None) -> Iterator[Delivery]:
        """Yield a piece's events. The last one carries the cursor: until it is durable, the whole piece comes again."""
        received = time.monotonic_ns()
        began = file.offset
        complete = file.lines.feed(piece) if lines is None else lines
        file.offset += len(piece)
        behind = file.offset - file.lines.waiting
        cursor = f"{file.inode}:{behind}:{file.fingerprint(behind)}"
        last: Delivery | None = None
        for line in complete:
            try:
                following = Delivery(read_event(line), received)
            except Refused as problem:
                if line is None or line.strip():
                    self.refusals.add(began, str(problem), line)
                    log.warning("%s, behind byte %s: %s", self._path, f"{began:,}", problem)
                continue
            if last is not None:
                yield last
            last = following
        if last is not None:
            last.cursor = cursor
            yield last


def _parsed(cursor: str | None) -> _Cursor | None:
    """Read a cursor; those that an earlier version has stored have no fingerprint."""
    if cursor is None:
        return None
    inode, offset, fingerprint = (*cursor.split(":"), "")[:3]
    return _Cursor(int(inode), int(offset), fingerprint)


def _rotation(path: Path) -> list[tuple[int, Path]]:
    """Return inode and path of the file and of those that it was renamed to (``NAME.1``, ``NAME-20240313``), oldest first."""
    rotated = re.compile(re.escape(path.name) + r"([.-][0-9][0-9.-]*)?")
    found: list[tuple[bool, int, int, Path]] = []
    if not path.parent.is_dir():
        return []
    for candidate in path.parent.iterdir():
        if rotated.fullmatch(candidate.name):
            with suppress(FileNotFoundError):
                state = candidate.stat()
                if not stat.S_ISREG(state.st_mode):
                    continue
                found.append((candidate == path, state.st_mtime_ns, state.st_ino, candidate))
    return [(inode, candidate) for _, _, inode, candidate in sorted(found)]
