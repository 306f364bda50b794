"""A folder of media files with readable names, as earlier programs have left it → the store, its tables, and links.

Every regular file below the folder is taken in under the hash of its bytes; no link is followed, and no device is opened.
Its name and place are kept: messages whose own export came without files may name it.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media.disk import open_inside
from egregora_assets.media.errors import FolderRefused
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.store import Adding, MediaStore
from egregora_assets.warehouse.durable import StoreFull
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "media_folders"
_CHUNK_BYTES = 256 << 20
_CHUNK_FILES = 2_000
_STATE = [("bytes", pa.int64()), ("modified_ns", pa.int64())]
_FOUND = pa.schema([("number", pa.int64()), ("path", pa.string()), *_STATE])
_READ = pa.schema(
    [
        ("path", pa.string()),
        ("file_name", pa.string()),
        *_STATE,
        ("media_id", pa.string()),
        ("mime", pa.string()),
        ("rejected", pa.string()),
    ]
)


@dataclass(frozen=True)
class _File:
    """A file below the folder: ``path`` as it is opened, ``shown`` as it is kept, and what tells whether it has changed."""

    path: str
    shown: str
    bytes: int
    modified_ns: int


@dataclass
class FolderImport:
    """What one import found: ``files`` in the folder, of which ``read`` ones were read because they are new or changed.

    ``new_objects`` are bytes that the store did not have; ``left_out`` counts links, devices and hidden files; ``linked``
    pairs of message and object are new. ``rejected`` has path and reason of each file that was refused: paths may be names
    of people, and are for the owner's eyes only.
    """

    files: int = 0
    read: int = 0
    new_objects: int = 0
    left_out: int = 0
    linked: int = 0
    rejected: list[tuple[str, str]] = field(default_factory=list)


def import_folder(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path, source_id: str | None = None
) -> FolderImport:
    """Take in all files below ``folder``, each once, and link messages that name them (see ``link``).

    Files whose path, size and time are known are not read. With ``source_id`` only messages of that chat are linked. Raises
    ``FolderRefused``, ``OSError`` and ``StoreFull``; what was committed before stays, and the next import goes on there.
    """
    root, outcome = _root(settings, folder), FolderImport()
    _assign(connection, root, source_id)
    files = _fresh(connection, root, list(_files_below(root, settings.limits, outcome)))
    store, left = MediaStore(settings.media_store), settings.limits.max_total_bytes
    for chunk in _chunks(files):
        with store.adding() as batch:
            reader = _Reader(batch, root, settings.limits.max_media_bytes, left)
            read = [reader.row_of(file) for file in chunk]
        _note(connection, root, source_id, table_of(read, _READ))
        left = reader.left
        _count(outcome, reader, read)
    outcome.linked = link(connection)
    return outcome


def link(connection: duckdb.DuckDBPyConnection) -> int:
    """Link messages to imported files that they name, and return how many pairs are new; writes nothing without news.

    A name is a weak tie, so a link is made only when exactly one object has the name, among all files of folders and
    exports, when messages of one chat alone have it (or it is the chat that the folder was imported for), and when the
    message's own exports brought no file for it. A link that was made stays.
    """
    if not scalar(connection, "SELECT EXISTS (FROM media_folder_files)"):
        return 0
    with transaction(connection, CONSUMER) as change:
        linked = _link(change)
        change.advance()
    return linked


def _root(settings: Settings, folder: Path) -> Path:
    if not folder.is_dir():
        raise FolderRefused(f"{folder} is no folder: name one that holds media files")
    root, store = folder.resolve(), settings.media_store.resolve()
    if root == store or root in store.parents or store in root.parents:
        raise FolderRefused(f"{folder} holds the store itself, or is in it: name the folder of the files alone")
    return root


def _assign(connection: duckdb.DuckDBPyConnection, root: Path, source_id: str | None) -> None:
    """Remember of a folder that was imported before which chat it is of."""
    if source_id is None:
        return
    if not rows(connection, "SELECT source_id FROM sources WHERE source_id = ?", [source_id]):
        raise FolderRefused(f"no chat has the id {source_id!r}: take one of the column source_id of the table sources")
    values: dict[str, object] = {"folder": _as_text(str(root)), "source": source_id}
    others = "folder = $folder AND source_id IS DISTINCT FROM $source"
    if scalar(connection, f"SELECT count(*) FROM media_folder_files WHERE {others}", values):
        with transaction(connection, CONSUMER) as change:
            sql = f"UPDATE media_folder_files SET source_id = $source, revision = $revision WHERE {others}"
            changed(connection, sql, {**values, "revision": change.revision})


def _files_below(root: Path, limits: LimitSettings, outcome: FolderImport) -> Iterator[_File]:
    for place, folders, names, descriptor in os.fwalk(root, onerror=_raise, follow_symlinks=False):
        below = sorted(name for name in folders if not name.startswith(".") and _is(stat.S_ISDIR, name, descriptor))
        outcome.left_out += len(folders) - len(below)
        folders[:] = below
        for name in sorted(names):
            if name.startswith(".") or not _is(stat.S_ISREG, name, descriptor):
                outcome.left_out += 1
                continue
            outcome.files += 1
            if outcome.files > limits.max_members:
                raise FolderRefused(f"{root} has more than {limits.max_members:,} files (limits.max_members)")
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            path = os.path.relpath(f"{place}/{name}", root)
            yield _File(path, _as_text(path), status.st_size, status.st_mtime_ns)


def _raise(error: OSError) -> None:
    raise error


def _is(kind: Callable[[int], bool], name: str, descriptor: int) -> bool:
    return kind(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)


def _as_text(path: str) -> str:
    """Return a path as text: bytes that are no UTF-8 are written as ``\\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _fresh(connection: duckdb.DuckDBPyConnection, root: Path, files: list[_File]) -> list[_File]:
    """Return the files that are not known with this size and time; refused ones are looked at again."""
    found = table_of(((number, file.shown, file.bytes, file.modified_ns) for number, file in enumerate(files)), _FOUND)
    with view_of(connection, "found", found):
        numbers = rows(
            connection,
            """
            SELECT number FROM found
            ANTI JOIN (FROM media_folder_files WHERE folder = $folder AND media_id IS NOT NULL) USING (path, bytes, modified_ns)
            ORDER BY number
            """,
            {"folder": _as_text(str(root))},
        )
    return [files[number] for (number,) in numbers]


def _chunks(files: list[_File]) -> Iterator[list[_File]]:
    """Yield what is read and committed together: after a crash the next import goes on behind it."""
    chunk: list[_File] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += file.bytes
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_FILES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


class _TooLarge(ValueError):
    """A file gives more bytes than are allowed."""


class _Bounded:
    """A stream that gives at most so many bytes: a file may grow while it is read."""

    def __init__(self, stream: io.FileIO, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size) or b""
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        return data


class _Reader:
    """Files → the store and rows of ``_READ``, within what is left of the bytes that one import may read."""

    def __init__(self, batch: Adding, root: Path, most_bytes: int, left: int) -> None:
        self._batch, self._root, self._most_bytes = batch, root, most_bytes
        self.left = left
        self.new_objects = 0

    def row_of(self, file: _File) -> tuple[object, ...]:
        """Return the row of a file that was stored, or refused."""
        known = (file.shown, PurePosixPath(file.shown).name, file.bytes, file.modified_ns)
        if not file.bytes:
            return (*known, None, None, "is empty")
        most = min(self._most_bytes, self.left)
        if file.bytes > most:
            return (*known, None, None, f"has {file.bytes:,} bytes; {most:,} are allowed (limits)")
        try:
            with open_inside(self._root, file.path) as stream:
                stored = self._batch.add(_Bounded(stream, most))
                status = os.fstat(stream.fileno())
        except StoreFull:
            raise
        except OSError as error:
            return (*known, None, None, f"cannot be read ({error.strerror})")
        except _TooLarge:
            return (*known, None, None, f"has grown beyond {most:,} bytes (limits)")
        self.left -= stored.size
        if (stored.size, status.st_mtime_ns) != (file.bytes, file.modified_ns):
            return (*known, None, None, "has changed while it was read: import the folder again")
        self.new_objects += stored.is_new
        return (*known, stored.media_id, mime_of(stored.head), None)


def _count(outcome: FolderImport, reader: _Reader, read: list[tuple[object, ...]]) -> None:
    refused = [(str(row[0]), str(row[-1])) for row in read if row[-1] is not None]
    outcome.rejected += refused
    outcome.read += len(read) - len(refused)
    outcome.new_objects += reader.new_objects


def _note(connection: duckdb.DuckDBPyConnection, root: Path, source_id: str | None, read: pa.Table) -> None:
    """Commit the rows of files that were read; what was refused before for the same reason is no news."""
    values: dict[str, object] = {"folder": _as_text(str(root))}
    with view_of(connection, "read_files", read):
        news: pa.Table = connection.sql(_NEWS, params=values).to_arrow_table()
    if not news.num_rows:
        return
    with transaction(connection, CONSUMER) as change:
        stored = news.filter(pc.is_valid(news["media_id"])).select(["media_id", "bytes", "mime"])
        insert_new(connection, "media", stored, ["media_id"], {"revision": change.revision})
        with view_of(connection, "news", news):
            changed(
                connection,
                "DELETE FROM media_folder_files WHERE folder = $folder AND path IN (SELECT path FROM news)",
                values,
            )
            changed(connection, _INSERT, {**values, "source": source_id, "revision": change.revision})


def _link(change: Transaction) -> int:
    connection, since = change.connection, change.watermark().revision
    if not scalar(connection, _HAS_NEWS, {"since": since}) or not scalar(connection, f"SELECT count(*) FROM ({LINKS})"):
        return 0
    sql = f"INSERT INTO message_media SELECT message_id, media_id, $revision FROM ({LINKS})"
    return changed(connection, sql, {"revision": change.revision})


_NEWS = """
    FROM read_files r WHERE NOT EXISTS (
        FROM media_folder_files k WHERE k.folder = $folder AND k.path = r.path AND k.bytes = r.bytes
        AND k.modified_ns = r.modified_ns AND k.media_id IS NOT DISTINCT FROM r.media_id
        AND k.rejected IS NOT DISTINCT FROM r.rejected
    )
"""
_INSERT = """
    INSERT INTO media_folder_files BY NAME
    SELECT $folder AS folder, path, file_name, coalesce($source, (
            SELECT any_value(source_id) FROM media_folder_files WHERE folder = $folder
        )) AS source_id, bytes, modified_ns, media_id, rejected,
        $revision AS revision
    FROM news
"""
_HAS_NEWS = """
    SELECT EXISTS (FROM media_folder_files WHERE revision > $since) OR EXISTS (FROM media_files WHERE revision > $since)
        OR EXISTS (FROM message_attachments WHERE revision > $since)
"""
LINKS = """
    WITH in_folders AS (
        SELECT file_name, any_value(source_id) AS wanted FROM media_folder_files WHERE media_id IS NOT NULL
        GROUP BY file_name
    ), objects AS (
        SELECT file_name, media_id FROM media_folder_files WHERE media_id IS NOT NULL
        UNION SELECT file_name, media_id FROM media_files WHERE media_id IS NOT NULL
    ), single AS (
        SELECT file_name, any_value(media_id) AS media_id FROM objects SEMI JOIN in_folders USING (file_name)
        GROUP BY file_name HAVING count(*) = 1
    ), asking AS (
        SELECT DISTINCT a.message_id, a.file_name, m.source_id
        FROM message_attachments a SEMI JOIN single USING (file_name) JOIN messages m USING (message_id)
    ), of_one_chat AS (
        SELECT file_name FROM asking GROUP BY file_name HAVING count(DISTINCT source_id) = 1
    ), served AS (
        SELECT a.message_id, a.file_name
        FROM message_attachments a JOIN media_files f USING (export_id, file_name) WHERE f.media_id IS NOT NULL
    )
    SELECT DISTINCT message_id, media_id
    FROM asking JOIN single USING (file_name) JOIN in_folders USING (file_name)
    ANTI JOIN served USING (message_id, file_name)
    ANTI JOIN message_media USING (message_id, media_id)
    WHERE wanted = source_id OR (wanted IS NULL AND file_name IN (FROM of_one_chat))
"""
"""The SQL for pairs (message_id, media_id) that a name ties together and that no row of ``message_media`` has."""
