"""Files that are whole after a crash: appended and forced, or written beside and renamed; locks that go with a process."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TICK_SECONDS = 0.05
_MODE = 0o600
_PIECE = 16 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoreFull(OSError):
    """The disk, a quota or a limit of the process has no room for a file; the message says what to do."""


@contextmanager
def locked(path: Path, *, exclusive: bool, wait_seconds: float, busy: Callable[[], Exception]) -> Iterator[None]:
    """Hold the lock file for the block, shared or alone; it goes with the process that held it, however that ends.

    Raises what ``busy`` makes when it is not free within ``wait_seconds``.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        _wait_for(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, time.monotonic() + wait_seconds, busy)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, kind: int, until: float, busy: Callable[[], Exception]) -> None:
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise busy() from None
            time.sleep(_TICK_SECONDS)


def write_all(file: int, data: bytes, folder: Path | str) -> None:
    """Write all of ``data``. Raises ``StoreFull`` where there is no room for it in ``folder``."""
    try:
        written = os.write(file, data)
        while written < len(data):
            written += os.write(file, memoryview(data)[written:])
    except OSError as error:
        raise readable(error, folder) from error


def readable(error: OSError, folder: Path | str) -> OSError:
    """Return the error to raise in place of ``error``: one that says what to do where the disk is full."""
    if error.errno not in _FULL:
        return error
    what = "a limit of this process on the size of files" if error.errno == errno.EFBIG else "the disk or a quota"
    return StoreFull(
        f"no room in {folder}: {what} is used up; make room and run again: what was kept before stays and is not read twice"
    )


def write_whole(path: Path, content: bytes) -> None:
    """Put ``content`` in place of the file: it is the old or the new one at any moment, and on the disk when this returns."""
    partial = path.with_name(path.name + ".part")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        write_all(file, content, path.parent)
        force(file)
    finally:
        os.close(file)
    os.replace(partial, path)
    force_folder(path.parent)


def cut(path: Path, size: int) -> None:
    """Take away what stands behind ``size`` bytes: a writer that was killed left it."""
    if path.stat().st_size > size:
        os.truncate(path, size)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; what a link names stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def reserve(path: Path, size: int) -> None:
    """Make a file of ``size`` bytes that has its room on the disk: writing through a map fails by a signal where there is none."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, max(size, 1))
        else:
            for start in range(0, size, _PIECE):
                write_all(file, bytes(min(_PIECE, size - start)), path.parent)
        os.ftruncate(file, size)
    except OSError as error:
        raise readable(error, path.parent) from error
    finally:
        os.close(file)


def force_file(path: Path | str) -> None:
    """Have the bytes of a file, or the names in a folder, on the disk: all of them, also where the drive has a memory."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        force(file)
    finally:
        os.close(file)


def force_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def force(file: int) -> None:
    """Have the bytes of an open file on the disk."""
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves bytes in the drive's memory
    if full is not None:
        with suppress(OSError):  # not every file system there knows it
            fcntl.fcntl(file, full)
    os.fsync(file)


def checksum_of(path: Path) -> tuple[int, int]:
    """Return the size of a file and the checksum of its bytes."""
    size = checksum = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            checksum = zlib.crc32(piece, checksum)
            size += len(piece)
    return size, checksum
