"""The members of an opened ZIP as streams, checked while they are read: sizes, checksum, and how much may come out in all."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from egregora_assets.chat.archive_deflate import BadDeflate, Inflater, crc32
from egregora_assets.chat.archive_directory import STORED, Entry, data_start
from egregora_assets.chat.unreadable import ExportUnreadable
from egregora_assets.config import LimitSettings

BOMB_FLOOR_BYTES = 64 << 20
"""Less than this from one member is no bomb, however small it was packed."""
ARCHIVE_FLOOR_BYTES = 1 << 30
"""Less than this from all members is no bomb."""
_PACKED_BLOCK = 1 << 16
_BLOCK = 1 << 18


class Archive:
    """The members of one ZIP, in its order. All of them together give at most what the limits allow for its size, and in time.

    What a member has given counts once, however often it is opened, and also where it turned out to be damaged.
    """

    def __init__(self, file: BinaryIO, file_size: int, entries: list[Entry], limits: LimitSettings) -> None:
        self._file, self._entries, self.limits = file, entries, limits
        self._left = min(limits.max_total_bytes, limits.max_ratio * file_size + ARCHIVE_FLOOR_BYTES)
        self._given: dict[int, int] = {}
        self._ends_at = time.monotonic() + limits.max_seconds

    def infolist(self) -> list[Entry]:
        """Return all members, also those that cannot be read."""
        return self._entries

    def open(self, entry: Entry, most_bytes: int, most_ratio: int) -> BinaryIO:
        """Open a member as an unbuffered stream; a read may give fewer bytes than asked for, and none at the end only.

        Raises ``ExportUnreadable``, also while reading: where it has more than ``most_bytes``, would grow more than
        ``most_ratio`` times, or is not as the archive says.
        """
        problem = entry.problem or _too_large(entry, most_bytes, most_ratio)
        if problem is None and entry.file_size > self._left + self._given.get(entry.index, 0):
            problem = "is more than all members together may still give: a decompression bomb?"
        start = problem or data_start(self._file, entry, entry.end)
        if isinstance(start, str):
            raise _unreadable(entry, start)
        return cast("BinaryIO", _MemberStream(self._file, entry, start, self._note))

    def _note(self, entry: Entry, given: int) -> None:
        before = self._given.get(entry.index, 0)
        if given > before:
            self._given[entry.index] = given
            self._left -= given - before
        if time.monotonic() > self._ends_at:
            most = f"{self.limits.max_seconds:,} seconds that reading one archive may take"
            raise _unreadable(entry, f"was not read within the {most} (limits.max_seconds)")


def _too_large(entry: Entry, most_bytes: int, most_ratio: int) -> str | None:
    if entry.file_size > most_bytes:
        return f"says it has {entry.file_size:,} bytes; {most_bytes:,} are allowed"
    packed = max(entry.compressed_size, 1)
    if entry.file_size > BOMB_FLOOR_BYTES and entry.file_size > most_ratio * packed:
        return f"would grow {entry.file_size // packed} times: that is a decompression bomb, not a chat"
    return None


def _unreadable(entry: Entry, problem: str) -> ExportUnreadable:
    return ExportUnreadable(f"member {entry.filename!r} {problem}")


class _MemberStream(io.RawIOBase):
    """One member's bytes: never more than the archive says, so what that may say bounds what comes out."""

    def __init__(self, file: BinaryIO, entry: Entry, start: int, note: Callable[[Entry, int], None]) -> None:
        self._file, self._entry, self._note = file, entry, note
        self._at, self._packed_left = start, entry.compressed_size
        self._inflater = None if entry.method == STORED else Inflater()
        self._given = self._crc32 = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(_BLOCK), b""))

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.readall()
        one_too_many = self._entry.file_size - self._given + 1
        data = self._unpack(min(size, one_too_many)) if self._inflater else self._read_packed(size)
        self._given += len(data)
        if self._given > self._entry.file_size:
            raise self._damaged(f"it gives more than {self._entry.file_size:,} bytes")
        if not data and size and self._given < self._entry.file_size:
            raise self._damaged(f"it has {self._given:,} bytes, not {self._entry.file_size:,} as the archive says")
        self._note(self._entry, self._given)
        self._crc32 = crc32(data, self._crc32)
        if self._given == self._entry.file_size and self._crc32 != self._entry.crc32:
            raise self._damaged("its checksum does not fit")
        return data

    def _read_packed(self, size: int) -> bytes:
        wanted = min(size, self._packed_left)
        if not wanted:
            return b""
        try:
            self._file.seek(self._at)
            data = self._file.read(wanted)
        except OSError as error:
            raise _unreadable(self._entry, f"cannot be read ({error.strerror})") from error
        self._at += len(data)
        self._packed_left -= len(data)
        return data

    def _unpack(self, size: int) -> bytes:
        """Unpack at most ``size`` bytes, none when the stream, or what is packed, has ended."""
        inflater = self._inflater
        while inflater and size and not inflater.ended:
            packed = self._read_packed(_PACKED_BLOCK) if inflater.wants_more else b""
            nothing_left = inflater.wants_more and not packed
            try:
                data = inflater.unpack(packed, size)
            except BadDeflate as error:
                raise self._damaged(str(error)) from error
            if data or nothing_left:
                return data
        return b""

    def _damaged(self, problem: str) -> ExportUnreadable:
        return _unreadable(self._entry, f"is damaged ({problem}): export the chat again")
