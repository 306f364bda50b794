"""The content-addressed store: ``objects/sha256/ab/abcd…`` holds the bytes whose sha256 is ``abcd…``, once.

An object is complete or absent: bytes go to ``tmp`` first, are forced to disk, and are renamed. Names given by archives
never become paths. Beside the objects stand ``derived/<recipe>/ab/abcd…`` (what can be made again from the object of that
name), ``bad`` (what did not hash to its name), ``trash/<date>`` (what nothing named) and ``lock``: shared by those who
add, held alone by whoever takes away.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from egregora_assets.media.disk import PlaceTaken, StoreBusy, force, leave_room, locked
from egregora_assets.warehouse.durable import readable, write_all
from egregora_assets.warehouse.processes import is_gone, this_process

_BLOCK = 1 << 20
_HEAD = 512
_MOST_BYTES = 256 << 20
_MOST_FILES = 2_000
_ASKED_BYTES = 16 << 20
"""How much is written before the disk is asked again how much room it has."""
_OBJECT_MODE = 0o444
_WAIT_SECONDS = 600.0
"""How long adding waits for whoever collects garbage; that takes moments."""
_NAME = re.compile(r"[0-9a-f]{64}")
_RECIPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_TEMPORARY = re.compile(r"(?P<pid>[0-9]{1,9})-(?:(?P<machine>[^:]+):(?P=pid)@(?P<began>[0-9]*)-)?[0-9A-Za-z-]+")
"""``<pid>-<process>-<random>-<number>``: who is writing the file; also without the process."""


@dataclass(frozen=True)
class StoredObject:
    """What one pass over a stream told: ``media_id`` is the sha256, ``head`` the first bytes (at most 512)."""

    media_id: str
    size: int
    head: bytes
    is_new: bool


class Readable(Protocol):
    """What the store reads: ``read(size)`` gives at most so many bytes, and none at the end."""

    def read(self, size: int = ..., /) -> bytes: ...


class MediaStore:
    """The store in one folder. Several processes may add at once: equal bytes have equal names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects = f"{folder}/objects/sha256"
        self._temporary = folder / "tmp"
        self._derived = folder / "derived"

    def path_of(self, media_id: str) -> Path:
        """Return where the object is, or would be. Raises ``ValueError`` for what is no name of an object."""
        return Path(self._place_of(media_id))

    def holds(self, media_id: str, size: int) -> bool:
        """Return whether the object is there with that many bytes."""
        return _is_file_of(self._place_of(media_id), size)

    def is_whole(self, media_id: str) -> bool:
        """Read the object and return whether it is there and hashes to its name."""
        try:
            with self.open(media_id) as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == media_id
        except OSError:  # it is not there, or something that is no file stands in its place
            return False

    def held(self, media_ids: Sequence[str], sizes: Sequence[int]) -> list[bool]:
        """Return for each of many objects whether it is there with that many bytes; ids as the tables have them."""
        try:
            folder = os.open(self._objects, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return [False] * len(media_ids)
        try:
            return [
                _is_file_of(f"{media_id[:2]}/{media_id}", size, folder)
                for media_id, size in zip(media_ids, sizes, strict=True)
            ]
        finally:
            os.close(folder)

    def open(self, media_id: str) -> BufferedReader:
        """Open an object for reading. Raises ``FileNotFoundError`` where it is not in the store; follows no link."""
        return open(self._place_of(media_id), "rb", opener=_open_no_link)

    def derived(self, recipe: str, media_id: str) -> Path:
        """Return where what ``recipe`` makes of an object is, or would be. Raises ``ValueError`` for a name that is none."""
        if not _RECIPE.fullmatch(recipe):
            raise ValueError(f"{recipe!r} is no name of a recipe: small letters, digits, '.', '_' and '-'")
        return self.folder / "derived" / recipe / _checked(media_id)[:2] / media_id

    @contextmanager
    def adding(self) -> Iterator[Adding]:
        """Keep many files at the price of a few: ``with store.adding() as batch: batch.add(stream)``.

        They are there when the block has ended, or after ``batch.flush()``; only then may rows name them. An error inside
        the block takes back what was not flushed. Nobody collects garbage meanwhile. Raises ``StoreBusy``, ``StoreFull``.
        """
        with self._lock(exclusive=False, wait_seconds=_WAIT_SECONDS):
            batch = Adding(self, self._temporary)
            try:
                yield batch
                batch.flush()
            finally:
                batch.discard()

    def add(self, stream: Readable) -> StoredObject:
        """Read ``stream`` to its end, once, and keep its bytes unless they are there already."""
        with self.adding() as batch:
            return batch.add(stream)

    def put_derived(self, recipe: str, media_id: str, data: bytes) -> Path:
        """Keep what ``recipe`` has made of an object, in place of what it made before, whole or not at all."""
        with self.adding() as batch:
            return batch.put_derived(recipe, media_id, data)

    def alone(self, wait_seconds: float) -> AbstractContextManager[None]:
        """Let nobody add for the length of the block. Raises ``StoreBusy`` when others still add after ``wait_seconds``."""
        return self._lock(exclusive=True, wait_seconds=wait_seconds)

    def sweep(self) -> int:
        """Remove what crashes have left in ``tmp``; return how many files.

        Files of a process that lives stay, and so does, while others add, what nobody can be asked about: files that
        another machine wrote, or under names that are none of ours.
        """
        try:
            with self.alone(wait_seconds=0):
                return self._sweep(others_add=False)
        except StoreBusy:
            return self._sweep(others_add=True)

    def _sweep(self, others_add: bool) -> int:
        removed = 0
        with suppress(FileNotFoundError), os.scandir(self._temporary) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False) and _is_left_over(entry.name, others_add):
                    Path(entry.path).unlink(missing_ok=True)  # another process may sweep as well
                    removed += 1
        return removed

    def _lock(self, *, exclusive: bool, wait_seconds: float) -> AbstractContextManager[None]:
        return locked(self.folder / "lock", exclusive=exclusive, wait_seconds=wait_seconds)

    def _place_of(self, media_id: str) -> str:
        return f"{self._objects}/{_checked(media_id)[:2]}/{media_id}"


class Adding:
    """Files on their way into the store: made by ``MediaStore.adding``, which ends it."""

    def __init__(self, store: MediaStore, temporary: Path) -> None:
        self._store, self._folder = store, store.folder
        temporary.mkdir(parents=True, exist_ok=True)
        self._prefix = f"{temporary}/{os.getpid()}-{this_process()}-{secrets.token_hex(4)}-"
        self._waiting: dict[str, str] = {}
        self._bytes = self._files = 0
        self._unasked = _ASKED_BYTES
        self._made: set[str] = set()

    def add(self, stream: Readable) -> StoredObject:
        """Read ``stream`` to its end, once. Of a small file known bytes are not written again, not even to ``tmp``.

        Raises ``StoreFull``, and whatever the stream raises; then nothing of this file is left.
        """
        first = stream.read(_BLOCK)
        second = stream.read(_BLOCK) if first else b""
        return self._add_large(stream, first, second) if second else self._add_small(first)

    def put_derived(self, recipe: str, media_id: str, data: bytes) -> Path:
        """Keep what ``recipe`` has made of an object; it is there after the next flush."""
        target = self._store.derived(recipe, media_id)
        self._keep(self._written(data), str(target), len(data))
        return target

    def flush(self) -> None:
        """Make what was added so far durable, and visible under its names."""
        if not self._waiting:
            return
        for target in self._waiting:
            self._make_folder(target.rpartition("/")[0])
        force(((source, target) for target, source in self._waiting.items()), self._folder)
        self._waiting.clear()
        self._bytes = 0

    def discard(self) -> None:
        """Take back what was not flushed."""
        for source in self._waiting.values():
            _remove(source)
        self._waiting.clear()

    def _add_small(self, content: bytes) -> StoredObject:
        media_id, size = hashlib.sha256(content).hexdigest(), len(content)
        target = self._store._place_of(media_id)
        is_new = not self._has(target, size)
        if is_new:
            self._keep(self._written(content), target, size)
        return StoredObject(media_id, size, content[:_HEAD], is_new)

    def _add_large(self, stream: Readable, first: bytes, block: bytes) -> StoredObject:
        digest, size, head = hashlib.sha256(first), len(first), (first[:_HEAD] + block[:_HEAD])[:_HEAD]
        with self._partial() as (partial, file):
            write_all(file, first, self._folder)
            while block:
                digest.update(block)
                size += len(block)
                self._leave_room(len(block))
                write_all(file, block, self._folder)
                block = stream.read(_BLOCK)
        media_id = digest.hexdigest()
        target = self._store._place_of(media_id)
        is_new = not self._has(target, size)
        if is_new:
            self._keep(partial, target, size)
        else:
            _remove(partial)
        return StoredObject(media_id, size, head, is_new)

    def _has(self, target: str, size: int) -> bool:
        """Return whether the object is there or on its way; one that is there is shown to be wanted, by its time."""
        if target in self._waiting:
            return True
        if not _is_file_of(target, size):
            return False
        now = time.time_ns()
        os.utime(target, ns=(now, now))
        return True

    def _written(self, content: bytes) -> str:
        self._leave_room(len(content))
        with self._partial() as (partial, file):
            write_all(file, content, self._folder)
        return partial

    def _leave_room(self, size: int) -> None:
        self._unasked += size
        if self._unasked >= _ASKED_BYTES:
            leave_room(self._folder)
            self._unasked = 0

    @contextmanager
    def _partial(self) -> Iterator[tuple[str, int]]:
        """Give a new file in ``tmp`` (path, descriptor) to write to; after an error it is gone."""
        self._files += 1
        path = f"{self._prefix}{self._files}"
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OBJECT_MODE)
        except OSError as error:
            raise readable(error, self._folder) from error
        try:
            yield path, file
        except BaseException:
            _remove(path)
            raise
        finally:
            os.close(file)

    def _keep(self, partial: str, target: str, size: int) -> None:
        replaced = self._waiting.get(target)
        if replaced is not None:
            _remove(replaced)
        self._waiting[target] = partial
        self._bytes += size
        if self._bytes >= _MOST_BYTES or len(self._waiting) >= _MOST_FILES:
            self.flush()

    def _make_folder(self, folder: str) -> None:
        if folder not in self._made:
            try:
                Path(folder).mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise PlaceTaken(folder) from None
            except OSError as error:
                raise readable(error, self._folder) from error
            self._made.add(folder)


def is_object_name(name: str) -> bool:
    """Return whether a name is one that an object can have."""
    return _NAME.fullmatch(name) is not None


def is_recipe_name(name: str) -> bool:
    """Return whether a name is one that a recipe can have."""
    return _RECIPE.fullmatch(name) is not None


def _checked(media_id: str) -> str:
    if not _NAME.fullmatch(media_id):
        raise ValueError(f"{media_id!r} is no name of an object: 64 digits and letters from a to f")
    return media_id


def _is_file_of(path: str, size: int, folder: int | None = None) -> bool:
    """Return whether a file of that size, and no link to one, stands at a path, which may be seen from an open folder."""
    try:
        status = os.stat(path, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return status.st_size == size and stat.S_ISREG(status.st_mode)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _is_left_over(name: str, others_add: bool) -> bool:
    """Return whether nobody will come back for a file in ``tmp``: its name says who wrote it."""
    known = _TEMPORARY.fullmatch(name)
    if known is None:
        return not others_add
    here = this_process().rpartition(":")[0]
    if known["machine"] not in (here, None):
        return not others_add
    return is_gone(f"{here}:{known['pid']}@{known['began'] or ''}")
