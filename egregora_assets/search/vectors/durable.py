"""Files that are whole after a crash: appended and forced, or written beside and renamed; one lock for one writer."""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from egregora_assets.media.disk import readable, write_all
from egregora_assets.search.vectors.spec import IndexBusy

LOCK = "lock"
_TICK_SECONDS = 0.05
_MODE = 0o600
_PIECE = 16 << 20


@contextmanager
def writing(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Be the one writer of an index for the block; the lock goes with the process. Raises ``IndexBusy``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        _wait_for(file, folder, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, folder: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise IndexBusy(f"another process writes the index in {folder}: try again when it has ended") from None
            time.sleep(_TICK_SECONDS)


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


def force_file(path: Path) -> None:
    """Have the bytes of a file on the disk."""
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
