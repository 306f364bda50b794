"""What a store asks of a file system: one lock for many processes, and bytes that are on the disk when we say so."""

from __future__ import annotations

import ctypes
import errno
import functools
import io
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from egregora_assets.warehouse import durable
from egregora_assets.warehouse.durable import StoreFull, force_file, readable

_RESERVE_BYTES, _RESERVE_SHARE = 256 << 20, 50


class StoreBusy(OSError):
    """Another process holds the store longer than we were told to wait; the message says what to do."""


class PlaceTaken(OSError):
    """Something that is none of the store's stands where it keeps a file; the message says what, and what to do."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} stands where the store keeps a file or folder of its own, and is none: move it away and run again; "
            "what was kept before stays and is not read twice"
        )


def locked(path: Path, *, exclusive: bool, wait_seconds: float) -> AbstractContextManager[None]:
    """Hold the lock file for the block, shared or alone. Raises ``StoreBusy`` when it is not free within ``wait_seconds``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    others = "adding files to" if exclusive else "collecting garbage in"
    told = f"another process is {others} {path.parent}: try again when it has ended"
    return durable.locked(path, exclusive=exclusive, wait_seconds=wait_seconds, busy=lambda: StoreBusy(told))


def leave_room(folder: Path) -> None:
    """Raise ``StoreFull`` where the disk has little room left: those who write tables there must not find it full.

    That is 256 MiB, or a fiftieth of a small disk.
    """
    disk = os.statvfs(folder)
    reserve = min(_RESERVE_BYTES, disk.f_blocks * disk.f_frsize // _RESERVE_SHARE)
    if disk.f_bavail * disk.f_frsize < reserve:
        raise StoreFull(
            f"no room in {folder}: the last {reserve >> 20} MiB of its disk are left to others; make room and run again: "
            "what was kept before stays and is not read twice"
        )


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


def force_written(paths: Collection[str], folder: Path) -> None:
    """Have files that stand in folders below ``folder`` already, their bytes and their names, on the disk."""
    sync = _syncfs() if len(paths) > _FEW else None
    try:
        if sync is None:
            for path in (*paths, *_folders_of(paths)):
                force_file(path)
        else:
            _force_together([], folder, sync)
    except OSError as error:
        raise readable(error, folder) from error


_FEW = 4
"""Forcing so many files one by one is cheaper than all that others have written to the file system."""


def _force_together(pairs: list[tuple[str, str]], folder: Path, sync: Callable[[int], None]) -> None:
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(place)
        for source, target in pairs:
            _put(source, target)
        sync(place)
    finally:
        os.close(place)


def _force_each(pairs: list[tuple[str, str]]) -> None:
    for source, _ in pairs:
        force_file(source)
    for source, target in pairs:
        _put(source, target)
    for folder in _folders_of(target for _, target in pairs):
        force_file(folder)


def _folders_of(paths: Iterable[str]) -> set[str]:
    folders = {path.rpartition("/")[0] for path in paths}
    return folders | {folder.rpartition("/")[0] for folder in folders}


def _put(source: str, target: str) -> None:
    try:
        os.replace(source, target)
    except IsADirectoryError:
        raise PlaceTaken(target) from None


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
