"""Archives in the inbox → the media store and its tables: each member read once, whatever it is called.

Objects are stored before the rows that name them, and one archive is one transaction: a crash leaves at most an object
that nothing names.
"""

from __future__ import annotations

import logging
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.chat.archive import (
    ExportUnreadable,
    attached_members,
    is_plain_file,
    is_zip,
    media_members,
    open_archive,
    open_member,
    repeated_names,
)
from egregora_assets.chat.inbox import InboxFile, read_inbox
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media.store import MediaStore, mime_of
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "media"

_ROWS = pa.schema(
    [
        ("file_name", pa.string()),
        ("media_id", pa.string()),
        ("bytes", pa.int64()),
        ("mime", pa.string()),
        ("rejected", pa.string()),
    ]
)

log = logging.getLogger(__name__)


@dataclass
class MediaChanges:
    """What one pass read. ``missing`` are archives that left the inbox before their media were read."""

    archives: int = 0
    files: int = 0
    new_objects: int = 0
    rejected: int = 0
    missing: list[str] = field(default_factory=list)


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> MediaChanges:
    """Read the media of every loaded export once, and link messages to them; changes nothing when nothing is new."""
    outcome = MediaChanges()
    waiting = _waiting(connection)
    if waiting:
        store = MediaStore(settings.media_store)
        store.sweep()
        present = {file.export_id: file for file in read_inbox(settings.inbox)}
        for export_id, file_name in waiting:
            if export_id in present:
                _read_archive(connection, settings, store, present[export_id], outcome)
            else:
                outcome.missing.append(file_name)
    with transaction(connection, CONSUMER) as change:
        _link(change)
        change.advance()
    return outcome


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
    members: list[dict[str, object]] = []
    if is_zip(file.path):
        with open_archive(file.path, settings.limits) as archive:
            infos = _media_infos(connection, archive, file)
            members = _store_members(archive, infos, file, store, settings.limits, outcome)
    with transaction(connection, CONSUMER) as change:
        _note_archive(change, file.export_id, pa.Table.from_pylist(members, _ROWS))
    outcome.archives += 1


def _media_infos(
    connection: duckdb.DuckDBPyConnection, archive: zipfile.ZipFile, file: InboxFile
) -> list[zipfile.ZipInfo]:
    """Return the members that are media: all but the chat in a WhatsApp export, those that messages name in others."""
    ((platform,),) = rows(connection, "SELECT platform FROM exports WHERE export_id = ?", [file.export_id])
    if platform in (None, "whatsapp"):
        return media_members(archive, file.path)
    sql = "SELECT DISTINCT file_name FROM message_attachments WHERE export_id = ?"
    return attached_members(archive, {name for (name,) in rows(connection, sql, [file.export_id])})


def _store_members(
    archive: zipfile.ZipFile,
    infos: list[zipfile.ZipInfo],
    file: InboxFile,
    store: MediaStore,
    limits: LimitSettings,
    outcome: MediaChanges,
) -> list[dict[str, object]]:
    repeated = repeated_names(archive)
    left = limits.max_total_bytes
    members: list[dict[str, object]] = []
    for info in infos:
        name = PurePosixPath(info.filename).name or info.filename
        try:
            _refuse_strange(info, repeated)
            with open_member(archive, info, min(limits.max_media_bytes, left), limits.max_ratio) as stream:
                stored = store.add(stream)
        except ExportUnreadable as error:
            log.warning("%s: %s", file.name, error)
            members.append({"file_name": name, "bytes": info.file_size, "rejected": str(error)})
            outcome.rejected += 1
            continue
        left -= stored.size
        members.append(
            {"file_name": name, "media_id": stored.media_id, "bytes": stored.size, "mime": mime_of(stored.head)}
        )
        outcome.files += 1
        outcome.new_objects += stored.is_new
    return members


def _refuse_strange(info: zipfile.ZipInfo, repeated: set[str]) -> None:
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in info.filename[:3]:
        raise ExportUnreadable(f"member {info.filename!r} points outside its archive")
    if info.filename in repeated:
        raise ExportUnreadable(f"member {info.filename!r} stands in the archive more than once")
    if not is_plain_file(info):
        raise ExportUnreadable(f"member {info.filename!r} is a link or device")


def _note_archive(change: Transaction, export_id: str, members: pa.Table) -> None:
    connection, parameters = change.connection, {"export": export_id, "revision": change.revision}
    stored = members.filter(pc.is_valid(members["media_id"])).select(["media_id", "bytes", "mime"])
    insert_new(connection, "media", stored, ["media_id"], {"revision": change.revision})
    with view_of(connection, "members", members):
        changed(
            connection,
            "INSERT INTO media_files SELECT $export, file_name, media_id, bytes, rejected, $revision FROM members",
            parameters,
        )
    changed(connection, "INSERT INTO media_archives VALUES ($export, $revision)", parameters)


def _link(change: Transaction) -> None:
    """Link messages to the files that their line names, from whichever export brought the file."""
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
        SELECT DISTINCT a.message_id, f.media_id
        FROM message_attachments a JOIN media_files f ON f.export_id = a.export_id AND f.file_name = a.file_name
        WHERE f.media_id IS NOT NULL AND (a.revision > $since OR f.revision > $since)
            AND NOT EXISTS (SELECT 1 FROM message_media m WHERE m.message_id = a.message_id AND m.media_id = f.media_id)
    """
    if scalar(connection, f"SELECT count(*) FROM ({links})", {"since": since}):
        changed(
            connection,
            f"INSERT INTO message_media SELECT *, $revision FROM ({links})",
            {"since": since, "revision": change.revision},
        )
