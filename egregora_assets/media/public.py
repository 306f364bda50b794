"""``media_public`` and the files ``media/ab/<id>.<ending>`` among what is published: sanitised copies, and nothing else of media.

A copy is named by the sha256 of its own bytes. Files are on the disk before the rows that tell of them, and taken away before the
rows say so: after a crash the next pass removes what belongs to nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from egregora_assets.authors import gate
from egregora_assets.config import Settings
from egregora_assets.media.disk import force_written
from egregora_assets.media.sanitising import RECIPE, NotSanitised, sanitised
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.made_files import UNFINISHED, made_by_another, sign, write_if_changed
from egregora_assets.warehouse.query import changed, rows, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction, watermark

CONSUMER = "media_public"
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/apng": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/3gpp": ".3gp",
    "audio/3gpp": ".3gp",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
}
"""How the copies of each type end: these are the types that can be sanitised, and of others nothing is published."""
_AT_ONCE = 200

log = logging.getLogger(__name__)

SHOWN = """
    SELECT DISTINCT media_id
    FROM message_media SEMI JOIN (SELECT message_id FROM clean_messages WHERE kind <> 'deleted') USING (message_id)
    ANTI JOIN media_erasures USING (media_id)
"""
"""What a message brought that everybody may see, and nobody had erased: whoever else sent the same file does not matter."""
_NOTHING = "SELECT media_id FROM message_media WHERE false"
_SCHEMA = pa.schema(
    [
        ("media_id", pa.string()),
        ("public_id", pa.string()),
        ("mime", pa.string()),
        ("bytes", pa.int64()),
        ("reason", pa.string()),
    ]
)


@dataclass(frozen=True)
class PublicChanges:
    """Files that one pass published, kept back because they cannot be sanitised, and took away again.

    ``missing`` are originals that are not in the store, or not what they were: they are tried again at each pass.
    """

    published: int = 0
    kept_back: int = 0
    withdrawn: int = 0
    missing: int = 0


def shown(settings: Settings) -> str:
    """Return the SQL for the files of which copies may be published."""
    return SHOWN if settings.media.publish else _NOTHING


def path_of(settings: Settings, public_id: str, mime: str) -> Path:
    """Return where the copy ``public_id`` of a type in ``ENDINGS`` stands."""
    return settings.published_media / public_id[:2] / f"{public_id}{ENDINGS[mime]}"


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> PublicChanges:
    """Bring the published copies up to date with what the gate lets through; ``full`` makes all of them again.

    What may no longer be shown goes first. Changes nothing when nothing is new.
    """
    gate.refresh(connection, settings)
    folder = settings.published_media
    in_doubt = full or (folder / UNFINISHED).exists() or made_by_another(connection, folder)
    with temporary(connection, "shown_media", shown(settings)):
        withdrawn = _withdraw(connection, settings, full)
        if in_doubt:
            _sweep(connection, settings)
        _make_way(settings)
        looked_at = _take_damaged(connection, settings)
        published, kept_back, missing = _publish_new(connection, settings, looked_at)
    _remember_looked_at(connection, looked_at)
    sign(connection, folder)
    return PublicChanges(published, kept_back, withdrawn, missing)


def withdraw(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Take away at once the copies of what may no longer be published, and make none; return how many files went."""
    with temporary(connection, "shown_media", shown(settings)):
        return _withdraw(connection, settings, full=False)


def _withdraw(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool) -> int:
    """Take away copies of what is no longer shown, cannot be decoded, or was made by another recipe; return how many files went."""
    outdated = (
        f"is_shown AND (media_id NOT IN (FROM shown_media) OR recipe <> $recipe OR $full OR {_DECODED_OTHERWISE})"
    )
    with temporary(
        connection,
        "outdated_media",
        f"SELECT media_id, public_id, mime FROM media_public WHERE {outdated}",
        {"recipe": RECIPE, "full": full},
    ) as count:
        if not count:
            return 0
        gone = rows(connection, _NO_LONGER_NEEDED)
        _mark_unfinished(settings)
        for public_id, mime in gone:
            path = path_of(settings, public_id, mime)
            _remove(path)
            _leave(path.parent)
        with transaction(connection, CONSUMER) as change:
            changed(
                connection,
                "UPDATE media_public SET is_shown = false, revision = $revision "
                "WHERE media_id IN (SELECT media_id FROM outdated_media)",
                {"revision": change.revision},
            )
    return len(gone)


_NOT_DECODED = "cannot be decoded"
_DECODED_OTHERWISE = f"""
    (mime LIKE 'image/%' AND media_id IN (
        SELECT media_id FROM pictures WHERE (failure IS NOT NULL) <> coalesce(media_public.reason LIKE '{_NOT_DECODED}%', false)
            AND (failure IS NOT NULL) = (media_public.public_id IS NOT NULL)
    ))
"""
_NO_LONGER_NEEDED = """
    SELECT DISTINCT public_id, mime FROM outdated_media WHERE public_id IS NOT NULL
    EXCEPT SELECT public_id, mime FROM media_public WHERE is_shown AND media_id NOT IN (SELECT media_id FROM outdated_media)
"""
"""Another original that is still shown may have the same copy."""


class Copy(NamedTuple):
    """A copy that is published; ``moment`` is when it was last touched in any way, in ns, by the file system's own clock of
    changes, which nobody sets back: ``None`` where there is none, or a link or folder in its place."""

    public_id: str
    mime: str
    path: str
    moment: int | None


def look(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Copy]:
    """Look at each copy that should be there, without reading it."""
    folder = os.fspath(settings.published_media)
    paths = (
        (public_id, mime, f"{folder}/{public_id[:2]}/{public_id}{ENDINGS[mime]}")
        for public_id, mime in copies_shown(connection)
    )
    return [Copy(public_id, mime, path, _touched(path)) for public_id, mime, path in paths]


def copies_shown(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return id and media type of each copy that is published."""
    sql = "SELECT DISTINCT public_id, mime FROM media_public WHERE is_shown AND public_id IS NOT NULL"
    return rows(connection, sql)


def damaged(copies: Iterable[Copy], since: int) -> list[Copy]:
    """Return the copies that are missing, or not the file of that name; those are read that were touched after ``since``."""
    return [copy for copy in copies if copy.moment is None or (copy.moment > since and not _is_whole(copy))]


def newest(copies: Iterable[Copy]) -> int:
    """Return when a copy was last touched; -1 where there is none."""
    return max((copy.moment for copy in copies if copy.moment is not None), default=-1)


def _touched(path: str) -> int | None:
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ctime_ns if stat.S_ISREG(found.st_mode) else None


def _is_whole(copy: Copy) -> bool:
    with open(copy.path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == copy.public_id


def _take_damaged(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Copy]:
    """Take away copies that somebody has changed or removed: they are made again. Return all others."""
    since = int(watermark(connection, CONSUMER).fingerprint or -1)
    copies = look(connection, settings)
    found = damaged(copies, since)
    if not found:
        return copies
    log.warning("%s published files were changed or removed by somebody: they are made again", len(found))
    _mark_unfinished(settings)
    for copy in found:
        _remove(Path(copy.path))
    names = sorted({copy.public_id for copy in found})
    with transaction(connection, CONSUMER) as change:
        sql = "UPDATE media_public SET is_shown = false, revision = $revision WHERE list_contains($found, public_id)"
        changed(connection, sql, {"found": names, "revision": change.revision})
    return [copy for copy in copies if copy.public_id not in names]


def _leave(folder: Path) -> None:
    """Remove a folder that holds nothing any more: what is published has no other traces of what went."""
    with suppress(OSError):  # other copies are in it, or it has gone
        folder.rmdir()


def _remove(path: Path) -> None:
    """Remove what stands there, whatever somebody has made of it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def _remember_looked_at(connection: duckdb.DuckDBPyConnection, looked_at: list[Copy]) -> None:
    moment = str(newest(looked_at))
    if watermark(connection, CONSUMER).fingerprint != moment:
        with transaction(connection, CONSUMER) as change:
            change.advance(moment)


def _sweep(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Remove files that belong to no row, as a pass that was cut short leaves them. What links lead to is nobody's here."""
    wanted = {path_of(settings, *copy) for copy in copies_shown(connection)}
    for folder in settings.published_media.glob("*/"):
        if not folder.is_symlink():
            for path in folder.iterdir():
                if path not in wanted:
                    _remove(path)
            _leave(folder)


def _make_way(settings: Settings) -> None:
    """Remove links and files that stand where folders of copies belong: copies behind them are made again, in their place."""
    with os.scandir(settings.published_media) as entries:
        strange = [
            Path(entry.path) for entry in entries if len(entry.name) == 2 and not entry.is_dir(follow_symlinks=False)
        ]
    for path in strange:
        path.unlink(missing_ok=True)


def _publish_new(
    connection: duckdb.DuckDBPyConnection, settings: Settings, looked_at: list[Copy]
) -> tuple[int, int, int]:
    """Make the copies that are not there yet, some hundred in one transaction; return those made, kept back and missing.

    The new ones are added to those that were ``looked_at``.
    """
    new = rows(
        connection,
        "SELECT media_id, mime, bytes, CASE WHEN mime LIKE 'image/%' THEN failure END "
        "FROM media SEMI JOIN shown_media USING (media_id) LEFT JOIN (SELECT media_id, failure FROM pictures) USING (media_id) "
        "ANTI JOIN (FROM media_public WHERE is_shown) USING (media_id) ORDER BY media_id",
    )
    store = MediaStore(settings.media_store)
    made = kept_back = 0
    for start in range(0, len(new), _AT_ONCE):
        _mark_unfinished(settings)
        found = list(_copies(store, settings, new[start : start + _AT_ONCE]))
        written = [(str(copy["public_id"]), str(copy["mime"])) for copy in found if "reason" not in copy]
        paths = [os.fspath(path_of(settings, *copy)) for copy in written]
        force_written(paths, settings.published_media)
        if found:
            with transaction(connection, CONSUMER) as change:
                _note(change, pa.Table.from_pylist(found, _SCHEMA))
        looked_at += (Copy(*copy, path, _touched(path)) for copy, path in zip(written, paths, strict=True))
        kept = sum("reason" in copy for copy in found)
        made, kept_back = made + len(found) - kept, kept_back + kept
        log.info("%s of %s files sanitised", f"{min(start + _AT_ONCE, len(new)):,}", f"{len(new):,}")
    return made, kept_back, len(new) - made - kept_back


def _mark_unfinished(settings: Settings) -> None:
    settings.published_media.mkdir(parents=True, exist_ok=True, mode=0o700)
    (settings.published_media / UNFINISHED).touch()


def _copies(
    store: MediaStore, settings: Settings, new: list[tuple[str, str, int, str | None]]
) -> Iterator[dict[str, object]]:
    """Write the copy of each file that can be sanitised, and yield its row; nothing for one that is not in the store."""
    for media_id, mime, size, failure in new:
        if not store.holds(media_id, size):
            log.warning(
                "the file %s is not in the store: drop the export that brought it into the inbox again", media_id
            )
            continue
        if failure is not None:
            yield {"media_id": media_id, "mime": mime, "reason": f"{_NOT_DECODED}: {failure}"}
            continue
        try:
            data = _sanitised(store, media_id, mime, size, settings.limits.max_public_bytes)
        except _Changed:
            log.warning(
                "the file %s is not what it was: `egregora media verify --all --recover` brings it back", media_id
            )
            continue
        except NotSanitised as reason:
            yield {"media_id": media_id, "mime": mime, "reason": str(reason)}
            continue
        public_id = hashlib.sha256(data).hexdigest()
        path = path_of(settings, public_id, mime)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        write_if_changed(str(path), data)
        yield {"media_id": media_id, "public_id": public_id, "mime": mime, "bytes": len(data)}


class _Changed(Exception):
    """An original no longer hashes to its name: what it shows may be anything."""


def _sanitised(store: MediaStore, media_id: str, mime: str, size: int, most_bytes: int) -> bytes:
    if size > most_bytes:
        raise NotSanitised(f"it has {size:,} bytes; {most_bytes:,} are published at most (limits.max_public_bytes)")
    if mime not in ENDINGS:
        return sanitised(mime, b"").data
    with store.open(media_id) as original:
        data = original.read()
    if hashlib.sha256(data).hexdigest() != media_id:
        raise _Changed
    return sanitised(mime, data).data


def _note(change: Transaction, copies: pa.Table) -> None:
    noted = {"recipe": RECIPE, "revision": change.revision}
    with view_of(change.connection, "copies", copies):
        changed(change.connection, "DELETE FROM media_public WHERE media_id IN (SELECT media_id FROM copies)")
        insert = "INSERT INTO media_public BY NAME SELECT *, true AS is_shown, $recipe AS recipe, $revision AS revision FROM copies"
        changed(change.connection, insert, noted)
