"""The untrusted file: an export as a file, a ZIP or a folder, opened without unpacking and with every size bounded."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from egregora_assets.chat.archive_directory import LINK_OR_DEVICE, BadDirectory, Entry, read_directory, strange_name
from egregora_assets.chat.archive_members import Archive
from egregora_assets.chat.unreadable import ExportUnreadable, printable
from egregora_assets.config import LimitSettings

__all__ = ["Archive", "Entry", "Export", "ExportUnreadable", "printable"]

_CHAT_NAMES = ("_chat.txt",)
_SENT = re.compile(r"\d{8}-")
"""How iPhones number what was sent; Android does not."""
_FOREIGN_FOLDER = "__MACOSX/"
"""Where macOS puts a shadow of each file that it packs."""
_TEXT_ENDINGS = tuple(map("".join, product(".", "tT", "xX", "tT")))
_BUFFER = 1 << 16


class Export:
    """An opened export: a single file, the members of a ZIP, or the files of a folder, each as a bounded stream.

    ``members`` are the names of its readable files (for a single file its own name), in the archive's order; links,
    devices, repeated names and what macOS adds are left out.
    """

    def __init__(self, path: Path, limits: LimitSettings, archive: Archive | None) -> None:
        self.path, self._limits, self._archive = path, limits, archive
        self.members = _members(path, archive)
        self._infos = {info.filename: info for info in archive.infolist()} if archive else {}

    def named(self, *names: str) -> list[str]:
        """Return the members whose last part is one of ``names``, ignoring case, the least nested first."""
        found = [member for member in self.members if PurePosixPath(member).name.lower() in names]
        return sorted(found, key=lambda member: member.count("/"))

    @contextmanager
    def open(self, member: str) -> Iterator[BinaryIO]:
        """Open a member as a stream of at most ``limits.max_chat_bytes``. Raises ``ExportUnreadable``, also while reading."""
        if self._archive is not None:
            limits = self._limits
            with open_member(self._archive, self._infos[member], limits.max_chat_bytes, limits.max_ratio) as stream:
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


def _members(path: Path, archive: Archive | None) -> list[str]:
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
def open_archive(path: Path, limits: LimitSettings) -> Iterator[Archive]:
    """Open a ZIP and check its directory. Raises ``ExportUnreadable``."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise ExportUnreadable(f"{path.name} cannot be opened ({error.strerror})") from error
    with file:
        try:
            size = file.seek(0, io.SEEK_END)
            entries = read_directory(cast("BinaryIO", file), limits.max_members)
        except (BadDirectory, OSError) as error:
            raise ExportUnreadable(
                f"{path.name} is no readable ZIP archive ({error}): export the chat again"
            ) from error
        yield Archive(cast("BinaryIO", file), size, entries, limits)


def chat_member(archive: Archive, path: Path) -> Entry:
    """Return the member that holds the chat: one whose name says so, else the only text.

    Names say so in three ways: ``_chat.txt``, the name of the archive, and WhatsApp's own. Whoever is in the chat may have
    sent a text that is called like one of these, so where two may be the chat, only the one counts that is named in both of
    the last ways: nobody chooses that name. Raises ``ExportUnreadable`` where there is none, or still more than one.
    """
    texts = [info for info in archive.infolist() if _is_text(info)]
    top = [info for info in texts if "/" not in info.filename] or texts
    named = [info for info in top if _is_chat_name(info, path)] or top
    if len(named) > 1:
        named = [info for info in named if _is_own_name(info) and _is_name_of(info, path)] or named
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


def _is_chat_name(info: Entry, path: Path) -> bool:
    return PurePosixPath(info.filename).name.lower() in _CHAT_NAMES or _is_own_name(info) or _is_name_of(info, path)


def _is_own_name(info: Entry) -> bool:
    return "whatsapp" in info.filename.lower() and not _SENT.match(PurePosixPath(info.filename).name)


def _is_name_of(info: Entry, path: Path) -> bool:
    return PurePosixPath(info.filename).stem == path.stem


def _is_text(info: Entry) -> bool:
    name = info.filename
    return name.endswith(_TEXT_ENDINGS) and is_plain_file(info) and not name.startswith(_FOREIGN_FOLDER)


def media_members(archive: Archive, path: Path) -> list[Entry]:
    """Return all members but the chat text and empty folders, in the archive's order."""
    chat = chat_member(archive, path)
    return [info for info in archive.infolist() if info is not chat and (info.problem or not info.is_dir())]


def attached_members(archive: Archive, names: set[str]) -> list[Entry]:
    """Return the members whose last part is one of ``names``, in the archive's order."""
    return [info for info in archive.infolist() if info.last_part in names and not info.is_dir()]


def open_media(archive: Archive, info: Entry) -> BinaryIO:
    """Open a member that is no chat text, unbuffered. Raises ``ExportUnreadable``, also while reading, and for a hostile name."""
    strange = strange_name(info)
    if strange is not None:
        raise ExportUnreadable(f"member {info.filename!r} {strange}")
    return archive.open(info, archive.limits.max_media_bytes, archive.limits.max_ratio)


def open_text(archive: Archive, info: Entry) -> BinaryIO:
    """Open a member that may be chat text, unbuffered. Raises ``ExportUnreadable``, also while reading."""
    return archive.open(info, archive.limits.max_chat_bytes, archive.limits.max_ratio)


def repeated_names(archive: Archive) -> set[str]:
    """Return member names that stand more than once in the directory: no reader agrees with another on those."""
    return {name for name, count in Counter(info.filename for info in archive.infolist()).items() if count > 1}


def is_plain_file(info: Entry) -> bool:
    """Return whether a member is a regular file (not a folder, link or device)."""
    return not info.is_dir() and info.problem != LINK_OR_DEVICE


@contextmanager
def open_member(archive: Archive, info: Entry, most_bytes: int, most_ratio: int) -> Iterator[BinaryIO]:
    """Open one member as a stream that refuses to give more than ``most_bytes``, or a bomb's share.

    Raises ``ExportUnreadable``, also while reading.
    """
    with archive.open(info, most_bytes, most_ratio) as stream:
        yield io.BufferedReader(cast("io.RawIOBase", stream), _BUFFER)
