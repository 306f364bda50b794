"""What a store asks of a file system: one lock for many processes, and bytes that are on the disk when we say so."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import io
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TICK_SECONDS = 0.05
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoreBusy(OSError):
    """Another process holds the store longer than we were told to wait; the message says what to do."""


class StoreFull(OSError):
    """The disk, a quota or a limit of the process has no room for a file; the message says what to do."""


@contextmanager
def locked(path: Path, *, exclusive: bool, wait_seconds: float) -> Iterator[None]:
    """Hold the lock file for the block, shared or alone; it goes with the process that held it, however that ends.

    Raises ``StoreBusy`` when it is not free within ``wait_seconds``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _wait_for(file, path, exclusive, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, path: Path, exclusive: bool, until: float) -> None:
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                others = "adding files to" if exclusive else "collecting garbage in"
                raise StoreBusy(f"another process is {others} {path.parent}: try again when it has ended") from None
            time.sleep(_TICK_SECONDS)
        else:
            return


@contextmanager
def open_inside(folder: Path, path: str) -> Iterator[io.FileIO]:
    """Open the regular file at ``path``, as seen from ``folder``, for reading; no link on the way below is followed.

    Raises ``OSError`` where there is none.
    """
    *folders, name = path.split("/")
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
            os.close(place)
            place = below
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    finally:
        os.close(place)
    with io.FileIO(file) as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "is no file", path)
        yield stream


def write_all(file: int, data: bytes, folder: Path) -> None:
    """Write all of ``data``. Raises ``StoreFull`` where there is no room for it in ``folder``."""
    try:
        written = os.write(file, data)
        while written < len(data):
            written += os.write(file, memoryview(data)[written:])
    except OSError as error:
        raise readable(error, folder) from error


def readable(error: OSError, folder: Path) -> OSError:
    """Return the error to raise in place of ``error``: one that says what to do where the disk is full."""
    if error.errno not in _FULL:
        return error
    what = "a limit of this process on the size of files" if error.errno == errno.EFBIG else "the disk or a quota"
    return StoreFull(
        f"no room in {folder}: {what} is used up; make room and run again: what was kept before stays and is not read twice"
    )


def force(moves: Iterable[tuple[str, str]], folder: Path) -> None:
    """Give files (from, to) their final names; both their bytes and their names are on the disk when this returns.

    Folders must be there. Where the system can force a whole file system at once, that is done, before and after.
    """
    pairs = list(moves)
    sync = _syncfs() if len(pairs) > _FEW else None
    try:
        if sync is None:
            _force_each(pairs)
        else:
            _force_together(pairs, folder, sync)
    except OSError as error:
        raise readable(error, folder) from error


_FEW = 4
"""Forcing so many files one by one is cheaper than all that others have written to the file system."""


def _force_together(pairs: list[tuple[str, str]], folder: Path, sync: Callable[[int], None]) -> None:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(place)
        for source, target in pairs:
            os.replace(source, target)
        sync(place)
    finally:
        os.close(place)


def _force_each(pairs: list[tuple[str, str]]) -> None:
    for source, _ in pairs:
        _fsync(source)
    for source, target in pairs:
        os.replace(source, target)
    folders = {target.rpartition("/")[0] for _, target in pairs}
    for folder in folders | {folder.rpartition("/")[0] for folder in folders}:
        _fsync(folder)


def _fsync(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves bytes in the drive's memory
        if full is not None:
            with suppress(OSError):  # not every file system there knows it
                fcntl.fcntl(file, full)
        os.fsync(file)
    finally:
        os.close(file)


@functools.cache
def _syncfs() -> Callable[[int], None] | None:
    """Return the system's call that forces a whole file system, where it has one."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None

    def sync(file: int) -> None:
        if function(file):
            number = ctypes.get_errno()
            raise OSError(number, f"the file system cannot be forced to keep what was written ({os.strerror(number)})")

    return sync
