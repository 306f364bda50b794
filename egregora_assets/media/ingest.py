"""Archives in the inbox → the media store and its tables: each member read once, whatever it is called.

Objects are stored before the rows that name them, and one archive is one transaction: a crash leaves at most an object
that nothing names.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
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
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.connection import one_thread
from egregora_assets.warehouse.query import changed, read_once, rows, scalar, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "media"

_TELL_EVERY = 1_000
_MOST_BYTES = (1 << 63) - 1

_ROWS = pa.schema(
    [
        ("member_index", pa.int64()),
        ("raw_name", pa.binary()),
        ("file_name", pa.string()),
        ("declared_bytes", pa.uint64()),
        ("crc32", pa.uint32()),
        ("media_id", pa.string()),
        ("bytes", pa.int64()),
        ("mime", pa.string()),
        ("rejected", pa.string()),
    ]
)
_IDENTIFIED = pa.schema(list(_ROWS)[:5])

log = logging.getLogger(__name__)


@dataclass
class MediaChanges:
    """What one pass read. ``missing`` are archives that left the inbox before their media were read.

    ``files`` counts all that were accepted, ``known`` those of them that an earlier export of the chat has brought.
    """

    archives: int = 0
    files: int = 0
    known: int = 0
    new_objects: int = 0
    rejected: int = 0
    missing: list[str] = field(default_factory=list)


class _Object(NamedTuple):
    """What became of a member: an object in the store (``mime`` is ``None`` where its row is there), or a reason."""

    media_id: str | None
    bytes: int
    mime: str | None
    rejected: str | None


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> MediaChanges:
    """Read the media of every loaded export once, and link messages to them; changes nothing when nothing is new."""
    outcome = MediaChanges()
    with one_thread(connection):  # the rows of an archive are few: waking other threads costs more than they take over
        _refresh(connection, settings, outcome)
    return outcome


def _refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, outcome: MediaChanges) -> None:
    waiting = _waiting(connection)
    if waiting:
        store = MediaStore(settings.media_store)
        store.sweep()
        present = registered_files(connection, settings.inbox, [export_id for export_id, _ in waiting])
        for export_id, file_name in waiting:
            if export_id in present:
                _read_archive(connection, settings, store, present[export_id], outcome)
            else:
                outcome.missing.append(file_name)
    with transaction(connection, CONSUMER) as change:
        _link(change)
        change.advance()


def _waiting(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return rows(
        connection,
        """
        SELECT export_id, file_name FROM exports
        WHERE status = 'loaded' AND export_id NOT IN (SELECT export_id FROM media_archives) ORDER BY file_name
        """,
    )


def _read_archive(
    connection: duckdb.DuckDBPyConnection, settings: Settings, store: MediaStore, file: InboxFile, outcome: MediaChanges
) -> None:
    members: list[tuple[object, ...]] = []
    if is_zip(file.path):
        with open_archive(file.path, settings.limits) as archive:
            infos = _media_infos(connection, archive, file)
            members = _store_members(connection, archive, infos, file, store, outcome)
    with transaction(connection, CONSUMER) as change:
        _note_archive(change, file.export_id, table_of(members, _ROWS))
    outcome.archives += 1


def _media_infos(connection: duckdb.DuckDBPyConnection, archive: Archive, file: InboxFile) -> list[Entry]:
    """Return the members that are media: all but the chat in a WhatsApp export, those that messages name in others."""
    ((platform,),) = rows(connection, "SELECT platform FROM exports WHERE export_id = ?", [file.export_id])
    if platform in (None, "whatsapp"):
        return media_members(archive, file.path)
    sql = "SELECT DISTINCT file_name FROM message_attachments WHERE export_id = ?"
    return attached_members(archive, {name for (name,) in rows(connection, sql, [file.export_id])})


def _store_members(
    connection: duckdb.DuckDBPyConnection,
    archive: Archive,
    infos: list[Entry],
    file: InboxFile,
    store: MediaStore,
    outcome: MediaChanges,
) -> list[tuple[object, ...]]:
    identified = [(info.index, info.raw_name, info.last_part, info.file_size, info.crc32) for info in infos]
    known = _known(connection, store, file.export_id, table_of(identified, _IDENTIFIED))
    members: list[tuple[object, ...]] = []
    with store.adding() as batch:
        for number, (info, identity) in enumerate(zip(infos, identified, strict=True), start=1):
            found = known.get(info.index)
            if found:
                outcome.known += 1
            else:
                try:
                    with open_media(archive, info) as stream:
                        stored = batch.add(stream)
                    found = _Object(stored.media_id, stored.size, mime_of(stored.head), None)
                    outcome.new_objects += stored.is_new
                except ExportUnreadable as error:
                    log.warning("%s: %s", file.name, error)
                    found = _Object(None, min(info.file_size, _MOST_BYTES), None, str(error))
                    outcome.rejected += 1
            members.append((*identity, *found))
            outcome.files += found.media_id is not None
            if number % _TELL_EVERY == 0:
                log.info("%s: %s of %s files", file.name, f"{number:,}", f"{len(infos):,}")
    return members


def _known(
    connection: duckdb.DuckDBPyConnection, store: MediaStore, export_id: str, identified: pa.Table
) -> dict[int, _Object]:
    """Return the members, by index, that an earlier export of the same chat has brought and the store still holds.

    One of the same name, size and checksum is the same file sent once: a phone exports a chat from its beginning each
    time. Where the name stands for several files, here or there, each is read. Two members that are both new are never
    taken for equal by a checksum, which can be forged.
    """
    with view_of(connection, "identified", read_once(identified)):
        found = rows(connection, _KNOWN, {"export": export_id})
    return {
        index: _Object(media_id, size, None, None)
        for (index, media_id, size), held in zip(found, _held(store, found), strict=True)
        if held
    }


def _held(store: MediaStore, found: list[tuple[int, str, int]]) -> Iterator[bool]:
    """Tell for each (_, media_id, bytes) whether the store holds it whole; a path is made once for each folder."""
    folders: dict[str, str] = {}
    for _, media_id, size in found:
        folder = folders.get(media_id[:2]) or os.fspath(store.path_of(media_id).parent)
        folders[media_id[:2]] = folder
        try:
            yield os.lstat(f"{folder}/{media_id}").st_size == size
        except FileNotFoundError:
            yield False


_KNOWN = """
WITH chats AS (
    SELECT export_id, source_id FROM exports WHERE source_id IS NOT NULL
    UNION ALL
    SELECT s.export_id, s.source_id FROM export_sources s JOIN exports e USING (export_id) WHERE e.source_id IS NULL
), earlier AS (
    SELECT raw_name, declared_bytes, crc32, min(media_id) AS media_id FROM media_files
    WHERE export_id IN (SELECT export_id FROM chats WHERE source_id IN (FROM chats SELECT source_id WHERE export_id = $export))
        AND raw_name IS NOT NULL
    GROUP BY ALL HAVING min(media_id) = max(media_id)
), once AS (
    SELECT raw_name, declared_bytes, crc32, min(member_index) AS member_index FROM identified
    GROUP BY ALL HAVING count(*) = 1
)
SELECT member_index, media_id, bytes FROM once JOIN earlier USING (raw_name, declared_bytes, crc32) JOIN media USING (media_id)
"""


def _note_archive(change: Transaction, export_id: str, members: pa.Table) -> None:
    connection, constants = change.connection, {"export_id": export_id, "revision": change.revision}
    stored = members.filter(pc.is_valid(members["mime"])).select(["media_id", "bytes", "mime"])
    insert_new(connection, "media", stored, ["media_id"], {"revision": change.revision})
    with view_of(connection, "members", members.drop_columns(["mime"])):
        changed(
            connection,
            "INSERT INTO media_files BY NAME SELECT *, $export_id AS export_id, $revision AS revision FROM members",
            constants,
        )
    changed(connection, "INSERT INTO media_archives VALUES ($export_id, $revision)", constants)


def _link(change: Transaction) -> None:
    """Link messages to the files that their line names, from whichever export brought the file.

    A name that stands in an archive for several files, or for one that was refused as well, links none: no message that
    names it can know which is meant. Those files are kept all the same. Copies of the same bytes are one file.
    """
    connection = change.connection
    since = change.watermark().revision
    fresh = scalar(
        connection,
        "SELECT EXISTS (SELECT 1 FROM media_files WHERE revision > $since) "
        "OR EXISTS (SELECT 1 FROM message_attachments WHERE revision > $since)",
        {"since": since},
    )
    if not fresh:
        return
    links = """
        WITH news AS (
            SELECT export_id FROM media_files WHERE revision > $since
            UNION SELECT export_id FROM message_attachments WHERE revision > $since
        ),
        meant AS (
            SELECT export_id, file_name, min(media_id) AS media_id, max(revision) AS revision
            FROM media_files SEMI JOIN news USING (export_id)
            GROUP BY export_id, file_name HAVING min(media_id) = max(media_id) AND count(media_id) = count(*)
        )
        SELECT DISTINCT a.message_id, f.media_id
        FROM message_attachments a JOIN meant f ON f.export_id = a.export_id AND f.file_name = a.file_name
        WHERE (a.revision > $since OR f.revision > $since)
            AND NOT EXISTS (SELECT 1 FROM message_media m WHERE m.message_id = a.message_id AND m.media_id = f.media_id)
    """
    with temporary(connection, "new_links", links, {"since": since}) as found:
        if found:
            changed(connection, "INSERT INTO message_media SELECT *, ? FROM new_links", [change.revision])
