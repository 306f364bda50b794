"""A dry run over a ZIP: what each member is, or why it would be refused, without a home and without writing anything."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import (
    Archive,
    Entry,
    ExportUnreadable,
    chat_member,
    is_zip,
    open_archive,
    open_media,
    open_text,
)
from egregora_assets.chat.inbox import EXPORT_SUFFIXES
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media import near_duplicates, pictures
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.connection import settle
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, rows, table_of, view_of

_BLOCK = 1 << 18
_HEAD = 512
_MOST_COPIES = 50
_MEDIA = pa.schema([("media_id", pa.string()), ("bytes", pa.int64()), ("mime", pa.string())])
_TEXT_SUFFIXES = tuple(suffix for suffix in EXPORT_SUFFIXES if suffix != ".zip")


@dataclass(frozen=True)
class Member:
    """One member of an archive.

    ``bytes`` is its size, for a refused one the size that the archive says. ``sha256`` and ``type`` (told by its first
    bytes) are ``None`` for a refused one, whose ``reason`` is a sentence.
    """

    name: str
    bytes: int
    sha256: str | None
    type: str | None
    status: Literal["ok", "rejected"]
    reason: str | None


@dataclass(frozen=True)
class Pair:
    """Two members, by name, that are alike: ``label`` is ``same_bytes``, or one of ``near_duplicates.LABELS``."""

    a: str
    b: str
    label: str


@dataclass(frozen=True)
class Comparison:
    """Pairs in the order of the archive, ``a`` before ``b``, and names of pictures that cannot be decoded, with the reason."""

    pairs: list[Pair]
    broken: list[tuple[str, str]]


def inspect_zip(path: Path, limits: LimitSettings) -> Iterator[Member]:
    """Read every member once, as taking the archive in would, and give one item for each in the archive's order.

    Texts of a chat are members as well; empty folders are not. Only one block is in memory at a time, besides the directory.
    Raises ``ExportUnreadable`` where the file is no ZIP, or nothing of it can be read.
    """
    if not is_zip(path):
        raise ExportUnreadable(f"{path.name} is no ZIP archive")
    with open_archive(path, limits) as archive:
        chat: Entry | None = None
        with suppress(ExportUnreadable):  # an archive without a chat can be looked at all the same
            chat = chat_member(archive, path)
        for entry in _listed(archive):
            yield _looked_at(archive, entry, is_text=entry is chat or _may_be_chat(entry))


def _listed(archive: Archive) -> Iterator[Entry]:
    return (entry for entry in archive.infolist() if entry.problem or not entry.is_dir())


def _may_be_chat(entry: Entry) -> bool:
    return entry.filename.lower().endswith(_TEXT_SUFFIXES)


def _looked_at(archive: Archive, entry: Entry, is_text: bool) -> Member:
    try:
        with open_text(archive, entry) if is_text else open_media(archive, entry) as stream:
            sha256, size, head = _hashed(stream)
    except ExportUnreadable as error:
        return Member(entry.filename, entry.file_size, None, None, "rejected", str(error))
    return Member(entry.filename, size, sha256, mime_of(head), "ok", None)


def _hashed(stream: BinaryIO) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    while block := stream.read(_BLOCK):
        head = head or block[:_HEAD]
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size, head


def compare(path: Path, members: Sequence[Member], settings: Settings) -> Comparison:
    """Return which members of an archive that ``inspect_zip`` has told of are alike, by the bytes or by what pictures show.

    Pictures are unpacked under the name of their hash into a folder that is gone afterwards. Of more than some dozen copies each
    is told of the first alone. Raises ``ExportUnreadable``.
    """
    places: dict[str, list[int]] = {}
    for place, member in enumerate(members):
        if member.sha256 is not None:
            places.setdefault(member.sha256, []).append(place)
    found = [(a, b, "same_bytes") for copies in places.values() for a, b in _pairs_of(copies)]
    alike, failures = _alike(path, members, settings)
    for one, other, label in alike:
        some = product(places[one][:_MOST_COPIES], places[other][:_MOST_COPIES])
        found += [(min(pair), max(pair), label) for pair in some]
    failed = sorted((place, reason) for sha256, reason in failures for place in places[sha256])
    return Comparison(
        [Pair(members[a].name, members[b].name, label) for a, b, label in sorted(found)],
        [(members[place].name, reason) for place, reason in failed],
    )


def _pairs_of(copies: list[int]) -> Iterator[tuple[int, int]]:
    if len(copies) <= _MOST_COPIES:
        return combinations(copies, 2)
    return ((copies[0], copy) for copy in copies[1:])


def _alike(
    path: Path, members: Sequence[Member], settings: Settings
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Return (sha256, sha256, label) of the pictures among ``members`` that are alike, and (sha256, reason) of broken ones."""
    pictures_in = [(member.sha256, member.bytes, member.type) for member in members if _is_picture(member)]
    if len(pictures_in) < 2:
        return [], []
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        settle(connection)
        migrate(connection)
        store = MediaStore(Path(folder))
        with open_archive(path, settings.limits) as archive, store.adding() as batch:
            for entry, member in zip(_listed(archive), members, strict=True):
                if _is_picture(member):
                    with open_media(archive, entry) as stream:
                        batch.add(stream)
        with view_of(connection, "found", table_of(pictures_in, _MEDIA)):
            changed(connection, "INSERT INTO media SELECT DISTINCT *, 1 FROM found")
        with _unsaid(pictures.log):
            pictures.refresh(connection, settings, store)
        near_duplicates.refresh(connection)
        alike = rows(connection, "SELECT media_id, other_id, label FROM media_pairs")
        return alike, rows(connection, "SELECT media_id, failure FROM pictures WHERE failure IS NOT NULL")


@contextmanager
def _unsaid(log: logging.Logger) -> Iterator[None]:
    """Keep warnings back that name files by their hash, which nobody can tell from here."""
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _is_picture(member: Member) -> bool:
    return member.type is not None and member.type.startswith("image/")
