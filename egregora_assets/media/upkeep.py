"""The store looked through, a share at a time, for objects that are lost or no longer what they were; and lost ones brought back.

The longest unchecked come first, so in thirty runs of a thirtieth everything has been read once. What does not hash to its
name is moved to ``bad`` and never deleted: parts of it may be of use to somebody.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import math
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable, is_plain_file, is_zip, open_archive, open_member
from egregora_assets.chat.inbox import inbox_files
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media.disk import open_inside
from egregora_assets.media.store import MediaStore, is_recipe_name
from egregora_assets.warehouse.durable import StoreFull
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import transaction

CONSUMER = "media_upkeep"
DAILY_SHARE = 1 / 30
_OUTCOMES = pa.schema([("media_id", pa.string()), ("outcome", pa.string())])

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verification:
    """What one look found. ``checked`` objects with ``bytes`` were asked for; the lists hold their ids (sha256).

    ``bad`` ones did not hash to their name, and are in ``bad`` now; ``unreadable`` ones gave an error and stay where they
    are; ``healed`` ones were lost at the last look and are whole again. ``unchecked`` objects were never looked at so far;
    ``oldest_check`` is the time of the look that is longest ago. ``moved`` are the new files in ``bad``.
    """

    checked: int = 0
    bytes: int = 0
    missing: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    healed: tuple[str, ...] = ()
    moved: tuple[Path, ...] = ()
    derived_removed: int = 0
    unchecked: int = 0
    oldest_check: datetime | None = None

    @property
    def passed(self) -> bool:
        """Whether every object that was looked at is whole."""
        return not (self.missing or self.bad or self.unreadable)


@dataclass(frozen=True)
class LostFile:
    """An object that is lost, and where it came from: an export by id and file name, or a folder with a path in it.

    ``name`` is the file's in the export or folder. File names may hold names of people: for the owner's eyes only.
    """

    media_id: str
    name: str
    origin: str
    export_id: str | None


@dataclass
class Recovery:
    """What could be brought back. ``lost`` says for each of the ``still_lost`` objects which exports or folders have it."""

    recovered: int = 0
    still_lost: int = 0
    lost: list[LostFile] = field(default_factory=list)


def verify(
    connection: duckdb.DuckDBPyConnection, settings: Settings, share: float = DAILY_SHARE, now: datetime | None = None
) -> Verification:
    """Read a ``share`` (of 1) of the objects again, those first that were not checked for longest, and note what they are.

    Objects that were not whole at the last look are looked at in every run. An object that does not hash to its name is
    moved to ``bad``, and what was derived from it is removed. Raises ``StoreBusy`` when one has to be moved while others
    add. A row of ``media_checks`` gets a new revision when its outcome is news, not each time it is looked at.
    """
    store, found = MediaStore(settings.media_store), _due(connection, share)
    if not found:
        return Verification()
    before = {media_id: outcome for media_id, _, outcome in found}
    outcomes = {media_id: _outcome_of(store, media_id) for media_id, _, _ in found}
    suspects = [media_id for media_id, outcome in outcomes.items() if outcome == "bad"]
    moved, removed = [], 0
    with _alone(store, settings, suspects):
        outcomes.update({media_id: _outcome_of(store, media_id) for media_id in suspects})
        _note(connection, outcomes, now or datetime.now(UTC))
        for media_id in _with(outcomes, "bad"):
            moved.append(_set_aside(store, media_id))
            removed += remove_derived(store, [media_id])
    ((unchecked, oldest),) = rows(connection, _PROGRESS)
    return Verification(
        checked=len(found),
        bytes=sum(size for media_id, size, _ in found if outcomes[media_id] == "sound"),
        missing=_with(outcomes, "missing"),
        bad=_with(outcomes, "bad"),
        unreadable=_with(outcomes, "unreadable"),
        healed=tuple(name for name in _with(outcomes, "sound") if before[name] not in (None, "sound")),
        moved=tuple(moved),
        derived_removed=removed,
        unchecked=unchecked,
        oldest_check=oldest,
    )


def lost_files(connection: duckdb.DuckDBPyConnection) -> list[LostFile]:
    """Return what the last looks found lost, with every place that it came from: put one of those into the inbox again."""
    return [LostFile(*row) for row in rows(connection, _LOST)]


def recover(connection: duckdb.DuckDBPyConnection, settings: Settings, now: datetime | None = None) -> Recovery:
    """Bring back objects that the last looks found lost: from the trash, from exports in the inbox, from imported folders.

    Only files that are called as the lost ones were are read, and only bytes with the right hash count. So an export that
    was read before need only be put into the inbox again. Nothing lost: nothing is read, and nothing written.
    """
    sought = {media_id for (media_id,) in rows(connection, f"SELECT media_id FROM ({_LOST_OBJECTS})")}
    if not sought:
        return Recovery()
    store, files, left = MediaStore(settings.media_store), lost_files(connection), set(sought)
    with store.adding() as batch:
        for stream in _copies(connection, settings, store, sought, files):
            try:
                left.discard(batch.add(stream).media_id)
            except StoreFull:
                raise
            except (ExportUnreadable, OSError) as error:
                log.warning("a lost file cannot be read again: %s", error)
    if left != sought:
        _note(connection, dict.fromkeys(sought - left, "sound"), now or datetime.now(UTC))
    return Recovery(len(sought - left), len(left), [file for file in files if file.media_id in left])


def remove_derived(store: MediaStore, media_ids: Iterable[str]) -> int:
    """Remove all that was derived from objects; return how many files that were."""
    recipes, removed = recipes_of(store), 0
    for media_id in media_ids:
        for recipe in recipes:
            try:
                store.derived(recipe, media_id).unlink()
                removed += 1
            except FileNotFoundError:
                continue
    return removed


def recipes_of(store: MediaStore) -> list[str]:
    """Return the recipes that have a folder in the store."""
    try:
        with os.scandir(store.folder / "derived") as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return sorted(name for name in folders if is_recipe_name(name))


def _due(connection: duckdb.DuckDBPyConnection, share: float) -> list[tuple[str, int, str | None]]:
    """Return (id, bytes, outcome of the last look) of what is to be looked at now."""
    most = math.ceil(scalar(connection, f"SELECT count(*) FROM ({_KEPT})") * min(max(share, 0.0), 1.0))
    return rows(
        connection,
        f"""
        (SELECT media_id, bytes, outcome FROM ({_KEPT}) ORDER BY checked_at NULLS FIRST, media_id LIMIT {most})
        UNION SELECT media_id, bytes, outcome FROM ({_KEPT}) WHERE outcome <> 'sound' ORDER BY media_id
        """,
    )


def _outcome_of(store: MediaStore, media_id: str) -> str:
    try:
        with store.open(media_id) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return "bad"
            return "sound" if hashlib.file_digest(stream, "sha256").hexdigest() == media_id else "bad"
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as error:
        if error.errno in _NO_FILE:
            return "bad"
        log.warning("object %s cannot be read: %s", media_id, error.strerror)
        return "unreadable"


def _with(outcomes: dict[str, str], wanted: str) -> tuple[str, ...]:
    return tuple(media_id for media_id, outcome in outcomes.items() if outcome == wanted)


def _alone(store: MediaStore, settings: Settings, suspects: list[str]) -> AbstractContextManager[None]:
    """Have nobody add while objects are taken away: whoever adds takes what is there for whole."""
    return store.alone(settings.warehouse.lock_wait_seconds) if suspects else nullcontext()


def _note(connection: duckdb.DuckDBPyConnection, outcomes: dict[str, str], now: datetime) -> None:
    with (
        transaction(connection, CONSUMER) as change,
        view_of(connection, "outcomes", table_of(outcomes.items(), _OUTCOMES)),
        temporary(connection, "looked_at", _LOOKED_AT),
    ):
        news = scalar(connection, "SELECT count(*) FROM looked_at WHERE is_news")
        changed(connection, "DELETE FROM media_checks WHERE media_id IN (SELECT media_id FROM looked_at)")
        changed(
            connection,
            "INSERT INTO media_checks SELECT media_id, $now, outcome, CASE WHEN is_news THEN $revision ELSE revision END "
            "FROM looked_at",
            {"now": now, "revision": change.revision if news else 0},
        )


def _set_aside(store: MediaStore, media_id: str) -> Path:
    """Move what stands in an object's place into ``bad``, over nothing that is there already."""
    folder = store.folder / "bad"
    folder.mkdir(exist_ok=True)
    number, target = 1, folder / media_id
    while os.path.lexists(target):
        number += 1
        target = folder / f"{media_id}.{number}"
    store.path_of(media_id).rename(target)
    return target


def _copies(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    store: MediaStore,
    sought: set[str],
    files: list[LostFile],
) -> Iterator[BinaryIO]:
    """Open one by one what may be a copy of a lost object."""
    yield from _in_trash(store, sought)
    yield from _in_inbox(connection, settings, files)
    for file in files:
        if file.export_id is None:
            with suppress(OSError), open_inside(Path(file.origin), file.name) as stream:
                yield stream


def _in_trash(store: MediaStore, sought: set[str]) -> Iterator[BinaryIO]:
    for folder in sorted((store.folder / "trash").glob("*")):
        for media_id in sorted(sought):
            with suppress(OSError), open_inside(folder, media_id) as stream:
                yield stream


def _in_inbox(connection: duckdb.DuckDBPyConnection, settings: Settings, files: list[LostFile]) -> Iterator[BinaryIO]:
    names: dict[str, set[str]] = {}
    for file in files:
        if file.export_id is not None:
            names.setdefault(file.export_id, set()).add(file.name)
    sizes = {size for export_id, size in rows(connection, "SELECT export_id, bytes FROM exports") if export_id in names}
    for path in inbox_files(settings.inbox) if names else []:
        try:
            if path.stat().st_size in sizes and is_zip(path):
                yield from _members(path, names, settings.limits)
        except (ExportUnreadable, OSError) as error:
            log.warning("an export in the inbox cannot be read: %s", error)


def _members(path: Path, names: dict[str, set[str]], limits: LimitSettings) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        wanted = names.get(hashlib.file_digest(file, "sha256").hexdigest(), set())
    if not wanted:
        return
    with open_archive(path, limits) as archive:
        for info in archive.infolist():
            if PurePosixPath(info.filename).name in wanted and is_plain_file(info):
                with open_member(archive, info, limits.max_media_bytes, limits.max_ratio) as stream:
                    yield stream


_NO_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)
"""What opening gives where a link, a folder or a socket stands in an object's place."""
_KEPT = """
    SELECT media_id, bytes, outcome, checked_at FROM media LEFT JOIN media_checks USING (media_id)
    WHERE media_id NOT IN (SELECT media_id FROM media_erasures)
"""
_PROGRESS = f"SELECT count(*) FILTER (checked_at IS NULL), min(checked_at) FROM ({_KEPT})"
_LOST_OBJECTS = f"SELECT media_id FROM ({_KEPT}) WHERE outcome IN ('missing', 'bad')"
_LOST = f"""
    SELECT media_id, f.file_name, e.file_name AS origin, export_id
    FROM ({_LOST_OBJECTS}) JOIN media_files f USING (media_id) JOIN exports e USING (export_id)
    UNION SELECT media_id, path, folder, NULL FROM ({_LOST_OBJECTS}) JOIN media_folder_files USING (media_id)
    ORDER BY ALL
"""
_LOOKED_AT = """
    SELECT media_id, o.outcome, coalesce(c.outcome, 'sound') <> o.outcome AS is_news, coalesce(c.revision, 0) AS revision
    FROM outcomes o LEFT JOIN media_checks c USING (media_id)
"""
