"""The untrusted file: an export as a file, a ZIP or a folder, opened without unpacking and with every size bounded."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from egregora_assets.config import LimitSettings

_BOMB_FLOOR_BYTES = 64 << 20
_MOST_PRINTED = 600
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others (bzip2, LZMA) Python unpacks without a bound, and no phone uses them."""
_CHAT_NAMES = ("_chat.txt",)
_FOREIGN_FOLDER = "__MACOSX/"
"""Where macOS puts a shadow of each file that it packs."""
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What Python's ZIP reader raises on bytes that are no honest archive."""


class ExportUnreadable(ValueError):
    """A file in the inbox cannot be read as a chat export; the message says why, for the person who put it there.

    Names of files and members stand in it, which anybody may have chosen: it is made printable, and cut where they are long.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(printable(problem))


def printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey and without half characters, cut in the middle where it is long."""
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if len(visible) <= _MOST_PRINTED:
        return visible
    return f"{visible[: _MOST_PRINTED // 2]} … {visible[-_MOST_PRINTED // 2 :]}"


class Export:
    """An opened export: a single file, the members of a ZIP, or the files of a folder, each as a bounded stream.

    ``members`` are the names of its readable files (for a single file its own name), in the archive's order; links,
    devices, repeated names and what macOS adds are left out.
    """

    def __init__(self, path: Path, limits: LimitSettings, archive: zipfile.ZipFile | None) -> None:
        self.path, self._limits, self._archive = path, limits, archive
        self.members = _members(path, archive)

    def named(self, *names: str) -> list[str]:
        """Return the members whose last part is one of ``names``, ignoring case, the least nested first."""
        found = [member for member in self.members if PurePosixPath(member).name.lower() in names]
        return sorted(found, key=lambda member: member.count("/"))

    @contextmanager
    def open(self, member: str) -> Iterator[BinaryIO]:
        """Open a member as a stream of at most ``limits.max_chat_bytes``. Raises ``ExportUnreadable``, also while reading."""
        if self._archive is not None:
            info = self._archive.getinfo(member)
            with open_member(self._archive, info, self._limits.max_chat_bytes, self._limits.max_ratio) as stream:
                yield stream
            return
        try:
            file = (self.path / member if self.path.is_dir() else self.path).open("rb")
        except OSError as error:
            raise ExportUnreadable(f"{self.path.name}: {member} cannot be opened ({error})") from error
        with file:
            yield file

    def head(self, member: str, size: int = 1 << 16) -> bytes:
        """Return the first bytes of a member, for a look at what it is; empty where it cannot be read."""
        try:
            with self.open(member) as stream:
                return stream.read(size)
        except ExportUnreadable:
            return b""


@contextmanager
def open_export(path: Path, limits: LimitSettings) -> Iterator[Export]:
    """Open an export of any kind. Raises ``ExportUnreadable`` for a ZIP that is none."""
    if path.is_dir() or not is_zip(path):
        yield Export(path, limits, None)
        return
    with open_archive(path, limits) as archive:
        yield Export(path, limits, archive)


def _members(path: Path, archive: zipfile.ZipFile | None) -> list[str]:
    if archive is not None:
        repeated = repeated_names(archive)
        plain = (info.filename for info in archive.infolist() if is_plain_file(info))
        return [name for name in plain if name not in repeated and not name.startswith(_FOREIGN_FOLDER)]
    if path.is_dir():
        found = (file for file in sorted(path.rglob("*")) if file.is_file() and not file.is_symlink())
        return [file.relative_to(path).as_posix() for file in found]
    return [path.name]


@contextmanager
def open_chat_text(path: Path, limits: LimitSettings) -> Iterator[BinaryIO]:
    """Open the chat text of an export (a ``.txt`` or a ZIP that holds one) as a byte stream.

    Raises ``ExportUnreadable`` for anything that is not one honest archive or text.
    """
    if not is_zip(path):
        with path.open("rb") as stream:
            yield stream
        return
    with open_archive(path, limits) as archive:
        member = chat_member(archive, path)
        with open_member(archive, member, limits.max_chat_bytes, limits.max_ratio) as stream:
            yield stream


def is_zip(path: Path) -> bool:
    """Return whether the file begins as a ZIP does, whatever it is called."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06") or path.suffix.lower() == ".zip"
    except OSError as error:
        raise ExportUnreadable(f"{path.name} cannot be opened ({error.strerror})") from error


@contextmanager
def open_archive(path: Path, limits: LimitSettings) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP and check its directory. Raises ``ExportUnreadable``."""
    try:
        archive = zipfile.ZipFile(path)
    except _READ_ERRORS as error:
        raise ExportUnreadable(f"{path.name} is no readable ZIP archive ({error}): export the chat again") from error
    with archive:
        if len(archive.infolist()) > limits.max_members:
            raise ExportUnreadable(f"{path.name} has more than {limits.max_members} members (limits.max_members)")
        yield archive


def chat_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """Return the member that holds the chat: ``_chat.txt``, else the one named as the archive is, else the only one."""
    texts = [info for info in archive.infolist() if _is_text(info)]
    top = [info for info in texts if "/" not in info.filename] or texts
    named = [info for info in top if PurePosixPath(info.filename).name.lower() in _CHAT_NAMES]
    named = named or [info for info in top if PurePosixPath(info.filename).stem == path.stem]
    named = named or [info for info in top if "whatsapp" in info.filename.lower()] or top
    if not named:
        raise ExportUnreadable(f"{path.name} holds no chat text (.txt): is it a chat export?")
    if named[0].filename in repeated_names(archive):
        raise ExportUnreadable(
            f"{path.name} holds {named[0].filename!r} more than once: no reader knows which is the chat"
        )
    if len(named) > 1:
        names = ", ".join(repr(info.filename) for info in named[:3])
        raise ExportUnreadable(f"{path.name} holds {len(named)} texts that may be the chat ({names}): keep one")
    return named[0]


def _is_text(info: zipfile.ZipInfo) -> bool:
    is_foreign = info.filename.startswith(_FOREIGN_FOLDER)
    return info.filename.lower().endswith(".txt") and is_plain_file(info) and not is_foreign


def media_members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """Return all members but the chat text and folders, in the archive's order."""
    chat = chat_member(archive, path)
    return [info for info in archive.infolist() if info is not chat and not info.is_dir()]


def attached_members(archive: zipfile.ZipFile, names: set[str]) -> list[zipfile.ZipInfo]:
    """Return the members whose last part is one of ``names``, but none of which there are several: nobody knows which is meant."""
    found = [info for info in archive.infolist() if PurePosixPath(info.filename).name in names]
    often = Counter(PurePosixPath(info.filename).name for info in found)
    return [info for info in found if often[PurePosixPath(info.filename).name] == 1]


def repeated_names(archive: zipfile.ZipFile) -> set[str]:
    """Return member names that stand more than once in the directory: no reader agrees with another on those."""
    return {name for name, count in Counter(info.filename for info in archive.infolist()).items() if count > 1}


def is_plain_file(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is a regular file (not a folder, link or device)."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return not info.is_dir() and kind in (0, stat.S_IFREG)


@contextmanager
def open_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, most_bytes: int, most_ratio: int
) -> Iterator[BinaryIO]:
    """Open one member as a stream that refuses to give more than ``most_bytes``, or a bomb's share.

    Raises ``ExportUnreadable``, also while reading.
    """
    if not is_plain_file(info):
        raise ExportUnreadable(f"member {info.filename!r} is a link or device")
    if info.flag_bits & 0x1:
        raise ExportUnreadable(f"member {info.filename!r} is encrypted: unlock the archive first")
    if info.compress_type not in _METHODS:
        raise ExportUnreadable(
            f"member {info.filename!r} is packed by an uncommon method: pack it again as a plain ZIP"
        )
    if info.file_size > most_bytes:
        raise ExportUnreadable(
            f"member {info.filename!r} says it has {info.file_size:,} bytes; {most_bytes:,} are allowed"
        )
    if info.file_size > _BOMB_FLOOR_BYTES and info.file_size > most_ratio * max(info.compress_size, 1):
        raise ExportUnreadable(
            f"member {info.filename!r} would grow {info.file_size // max(info.compress_size, 1)} times: "
            "that is a decompression bomb, not a chat"
        )
    try:
        raw = archive.open(info)
    except _READ_ERRORS as error:
        raise ExportUnreadable(f"member {info.filename!r} cannot be read ({error})") from error
    with raw:
        bound = min(most_bytes, max(_BOMB_FLOOR_BYTES, most_ratio * max(info.compress_size, 1)))
        yield io.BufferedReader(_Bounded(raw, info, bound), 1 << 16)


class _Bounded(io.RawIOBase):
    """A stream that turns an archive's faults, and too many bytes, into ``ExportUnreadable``."""

    def __init__(self, stream: IO[bytes], info: zipfile.ZipInfo, most_bytes: int) -> None:
        self._stream, self._info, self._most_bytes, self._bytes = stream, info, most_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except _READ_ERRORS as error:
            raise self._unreadable(f"is damaged ({error}): export the chat again") from error
        self._bytes += len(data)
        if self._bytes > self._most_bytes:
            raise self._unreadable("gives more bytes than are allowed: a decompression bomb?")
        if not data and self._bytes != self._info.file_size:
            raise self._unreadable(f"has {self._bytes:,} bytes, not {self._info.file_size:,} as the archive says")
        buffer[: len(data)] = data
        return len(data)

    def _unreadable(self, problem: str) -> ExportUnreadable:
        return ExportUnreadable(f"member {self._info.filename!r} {problem}")
