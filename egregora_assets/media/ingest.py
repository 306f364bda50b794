"""Archives in the inbox → the media store and its tables: each member read once, whatever it is called.

Objects are stored before the rows that name them, and one archive is one transaction: a crash leaves at most an object
that nothing names.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.chat.archive import (
    Archive,
    Entry,
    ExportUnreadable,
    attached_members,
    is_zip,
    media_members,
    open_archive,
    open_media,
)
from egregora_assets.chat.inbox import InboxFile, registered_files
from egregora_assets.config import Settings
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.store import Adding, MediaStore
from egregora_assets.warehouse.connection import bounded
from egregora_assets.warehouse.query import changed, read_once, rows, table_of, table_of_columns, view_of
from egregora_assets.warehouse.revisions import Transaction, current_revision, transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "media"

_TELL_EVERY = 1_000
_MOST_BYTES = (1 << 63) - 1

_IDENTIFIED = pa.schema(
    [
        ("member_index", pa.int64()),
        ("raw_name", pa.binary()),
        ("file_name", pa.string()),
        ("declared_bytes", pa.uint64()),
        ("crc32", pa.uint32()),
    ]
)
_KNOWN_MEMBERS = pa.schema([("member_index", pa.int64()), ("media_id", pa.string()), ("bytes", pa.int64())])
_READ_MEMBERS = pa.schema([*_KNOWN_MEMBERS, ("mime", pa.string()), ("rejected", pa.string())])

log = logging.getLogger(__name__)


@dataclass
class MediaChanges:
    """What one pass read. ``missing`` are archives that left the inbox before their media were read, or cannot be read now.

    ``files`` counts all that were accepted, ``known`` those of them that an earlier export of the chat has brought.
    """

    archives: int = 0
    files: int = 0
    known: int = 0
    new_objects: int = 0
    rejected: int = 0
    missing: list[str] = field(default_factory=list)


class _Members(NamedTuple):
    """The media of one archive: how all are identified, those that are known, and what became of those that were read."""

    identified: pa.Table
    known: pa.Table
    read: pa.Table

    @classmethod
    def none(cls) -> _Members:
        return cls(_IDENTIFIED.empty_table(), _KNOWN_MEMBERS.empty_table(), _READ_MEMBERS.empty_table())


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> MediaChanges:
    """Read the media of every loaded export once, and link messages to them; changes nothing when nothing is new."""
    outcome, waiting = MediaChanges(), _waiting(connection)
    # The rows of an archive are few: waking other threads costs more than they take over.
    with bounded(connection, settings.warehouse, threads=1) if waiting else nullcontext():
        _read_archives(connection, settings, waiting, outcome)
        if not outcome.archives:
            with transaction(connection, CONSUMER) as change:
                _link(change)
    return outcome


class _Waiting(NamedTuple):
    """An export whose media were not read yet."""

    export_id: str
    file_name: str
    platform: str | None


def _waiting(connection: duckdb.DuckDBPyConnection) -> list[_Waiting]:
    sql = """
        SELECT export_id, file_name, platform FROM exports
        WHERE status = 'loaded' AND export_id NOT IN (SELECT export_id FROM media_archives) ORDER BY file_name
    """
    return [_Waiting._make(row) for row in rows(connection, sql)]


def _read_archives(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    waiting: list[_Waiting],
    outcome: MediaChanges,
) -> None:
    if not waiting:
        return
    store = MediaStore(settings.media_store)
    store.sweep()
    present = registered_files(connection, settings.inbox, [export.export_id for export in waiting])
    of_chats = _exports_of_chats(connection)
    for export in waiting:
        if export.export_id in present:
            others = sorted(of_chats.get(export.export_id, set()) - {export.export_id})
            try:
                _read_archive(connection, settings, store, present[export.export_id], export.platform, others, outcome)
                continue
            except ExportUnreadable as error:  # it could be read when it was loaded: limits or bytes were others then
                log.warning("%s", error)
        outcome.missing.append(export.file_name)


def _exports_of_chats(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return for each export those of the same chat or chats, itself among them."""
    chats: dict[str, set[str]] = {}
    exports: dict[str, set[str]] = {}
    for export_id, source_id in rows(connection, _CHATS):
        chats.setdefault(export_id, set()).add(source_id)
        exports.setdefault(source_id, set()).add(export_id)
    return {export_id: set().union(*(exports[chat] for chat in of)) for export_id, of in chats.items()}


_CHATS = """
    SELECT export_id, source_id FROM exports WHERE source_id IS NOT NULL
    UNION ALL
    SELECT s.export_id, s.source_id FROM export_sources s JOIN exports e USING (export_id) WHERE e.source_id IS NULL
"""


def _read_archive(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    store: MediaStore,
    file: InboxFile,
    platform: str | None,
    others: list[str],
    outcome: MediaChanges,
) -> None:
    members = _Members.none()
    if is_zip(file.path):
        with open_archive(file.path, settings.limits) as archive:
            infos = _media_infos(connection, archive, file, platform)
            identified = _identified(infos)
            known = _known(connection, store, others, identified) if others else members.known
            found = set(known["member_index"].to_pylist())
            new = [info for info in infos if info.index not in found] if found else infos
            members = _Members(identified, known, _store_members(archive, new, file, store, outcome))
    if file.has_changed():
        raise ExportUnreadable(
            f"{file.name} has changed while its files were read: they wait for the bytes of its chat"
        )
    outcome.known += members.known.num_rows
    outcome.files += members.identified.num_rows - members.read["media_id"].null_count
    with transaction(connection, CONSUMER) as change:
        _note_archive(change, file.export_id, members)
        _link(change)
    outcome.archives += 1


def _media_infos(
    connection: duckdb.DuckDBPyConnection, archive: Archive, file: InboxFile, platform: str | None
) -> list[Entry]:
    """Return the members that are media: all but the chat in a WhatsApp export, those that messages name in others."""
    if platform in (None, "whatsapp"):
        return media_members(archive, file.path)
    sql = "SELECT DISTINCT file_name FROM message_attachments WHERE export_id = ?"
    return attached_members(archive, {name for (name,) in rows(connection, sql, [file.export_id])})


def _identified(infos: list[Entry]) -> pa.Table:
    columns: list[Sequence[object]] = [
        [info.index for info in infos],
        [info.raw_name for info in infos],
        [info.last_part for info in infos],
        [info.file_size for info in infos],
        [info.crc32 for info in infos],
    ]
    return table_of_columns(columns, _IDENTIFIED)


def _store_members(
    archive: Archive, infos: list[Entry], file: InboxFile, store: MediaStore, outcome: MediaChanges
) -> pa.Table:
    """Store members, and return what became of each."""
    found = []
    with store.adding() as batch:
        for number, info in enumerate(infos, start=1):
            found.append(_stored(archive, info, file, batch, outcome))
            if number % _TELL_EVERY == 0:
                log.info("%s: %s of %s files", file.name, f"{number:,}", f"{len(infos):,}")
    return table_of(found, _READ_MEMBERS)


def _stored(
    archive: Archive, info: Entry, file: InboxFile, batch: Adding, outcome: MediaChanges
) -> tuple[int, str | None, int, str | None, str | None]:
    """Store a member; returns its index, ``media_id``, bytes and type, and why it was refused."""
    try:
        with open_media(archive, info) as stream:
            stored = batch.add(stream)
    except ExportUnreadable as error:
        log.warning("%s: %s", file.name, error)
        outcome.rejected += 1
        return info.index, None, min(info.file_size, _MOST_BYTES), None, str(error)
    outcome.new_objects += stored.is_new
    return info.index, stored.media_id, stored.size, mime_of(stored.head), None


def _known(
    connection: duckdb.DuckDBPyConnection, store: MediaStore, others: list[str], identified: pa.Table
) -> pa.Table:
    """Return the members that an earlier export of the same chat has brought and the store still holds.

    One of the same name, size and checksum is the same file sent once: a phone exports a chat from its beginning each
    time. Where the name stands for several files, here or there, each is read. Two members that are both new are never
    taken for equal by a checksum, which can be forged. What somebody had erased is not brought back.
    """
    with view_of(connection, "identified", read_once(identified)):
        pairs = connection.sql(_KNOWN, params={"others": others}).to_arrow_table()
    names = pairs["media_id"].to_pylist()
    kept = store.held(names, pairs["bytes"].to_pylist())
    if not all(kept):
        forgotten = {one for (one,) in rows(connection, "SELECT media_id FROM media_erasures")}
        kept = [there or name in forgotten for there, name in zip(kept, names, strict=True)]
    doubtful = _repeated(pairs, ["member_index"]) | _repeated(identified, _IDENTITY)
    if doubtful:
        kept = [
            there and index not in doubtful
            for there, index in zip(kept, pairs["member_index"].to_pylist(), strict=True)
        ]
    return pairs if all(kept) else pairs.filter(pa.array(kept, pa.bool_()))


def _repeated(members: pa.Table, by: Sequence[str]) -> set[int]:
    """Return the index of each member that has all these columns in common with another one."""
    first = members[by[0]]
    if len(first) == pc.count_distinct(first).as_py():
        return set()
    identities = list(zip(*(members[name].to_pylist() for name in by), strict=True))
    times = Counter(identities)
    found = zip(members["member_index"].to_pylist(), identities, strict=True)
    return {index for index, identity in found if times[identity] > 1}


_IDENTITY = ("raw_name", "declared_bytes", "crc32")
_KNOWN = f"""
    SELECT DISTINCT i.member_index, f.media_id, f.bytes FROM identified i JOIN media_files f USING ({", ".join(_IDENTITY)})
    WHERE f.media_id IS NOT NULL AND list_contains($others, f.export_id)
"""


def _note_archive(change: Transaction, export_id: str, members: _Members) -> None:
    connection, constants = change.connection, {"export_id": export_id, "revision": change.revision}
    stored = members.read.select(["media_id", "bytes", "mime"]).filter(pc.is_valid(members.read["mime"]))
    if stored.num_rows:
        insert_new(connection, "media", stored, ["media_id"], {"revision": change.revision})
    if members.identified.num_rows:
        found = pa.concat_tables([members.known, members.read.drop_columns(["mime"])], promote_options="default")
        with view_of(connection, "identified", members.identified), view_of(connection, "found", found):
            changed(connection, _INSERT_MEMBERS, constants)
    changed(connection, "INSERT INTO media_archives VALUES ($export_id, $revision)", constants)


_INSERT_MEMBERS = """
    INSERT INTO media_files BY NAME
    SELECT *, $export_id AS export_id, $revision AS revision FROM identified JOIN found USING (member_index)
"""


def _link(change: Transaction) -> None:
    """Link messages to the files that their line names, from whichever export brought the file, and note how far was read.

    A name that stands in an archive for several files, or for one that was refused as well, links none: no message that
    names it can know which is meant. Those files are kept all the same. Copies of the same bytes are one file.
    """
    connection, since = change.connection, change.watermark().revision
    news = rows(connection, _NEWS, {"since": since})
    if news:
        revision = change.revision if change.changed else current_revision(connection) + 1
        parameters = {"since": since, "news": [export_id for (export_id,) in news], "revision": revision}
        if changed(connection, _INSERT_LINKS, parameters) and change.revision != revision:
            raise RuntimeError("the links were noted under a revision that is not theirs")
    change.advance(even_unchanged=bool(news))


_NEWS = """
    SELECT export_id FROM exports WHERE revision > $since
    UNION SELECT export_id FROM media_archives WHERE revision > $since
"""
"""What messages say is attached comes with their export, in one transaction."""
_INSERT_LINKS = """
    WITH named AS (
        SELECT a.message_id, f.media_id, a.export_id, a.file_name
        FROM message_attachments a JOIN media_files f ON f.export_id = a.export_id AND f.file_name = a.file_name
        WHERE list_contains($news, a.export_id) AND list_contains($news, f.export_id)
            AND (a.revision > $since OR f.revision > $since)
            AND NOT EXISTS (SELECT 1 FROM message_media m WHERE m.message_id = a.message_id AND m.media_id = f.media_id)
    ),
    clear AS (
        SELECT export_id, file_name FROM media_files SEMI JOIN named USING (export_id, file_name)
        GROUP BY ALL HAVING min(media_id) = max(media_id) AND count(media_id) = count(*)
    )
    INSERT INTO message_media
    SELECT DISTINCT message_id, media_id, $revision FROM named SEMI JOIN clear USING (export_id, file_name)
"""
