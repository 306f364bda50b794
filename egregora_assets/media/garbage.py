"""What nothing names any more leaves the store: noted first, then moved to ``trash``, then deleted, weeks apart; and erasure.

Objects are stored before the rows that name them, so a crash leaves objects without a row. They are harmless, and some are
only too early: what is collected was nameless in two runs that follow each other, and for days. All of it happens while
nobody adds. A crash at any point loses nothing: what was moved is in the trash, and what was noted is noted again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.config import Settings
from egregora_assets.media.errors import CollectionRefused
from egregora_assets.media.store import MediaStore, is_object_name
from egregora_assets.media.upkeep import recipes_of
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, view_of
from egregora_assets.warehouse.revisions import transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "media_garbage"
DAYS = 14.0
MOST_SHARE = 0.2
_FILES = pa.schema(
    [("folder", pa.string()), ("media_id", pa.string()), ("bytes", pa.int64()), ("modified_ns", pa.int64())]
)
_NAMES = pa.schema([("media_id", pa.string())])
_SHARD = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True)
class GarbageReport:
    """What one collection found and did, in files and bytes.

    ``objects`` were in the store, ``nameless`` ones of them were named by no row; ``trashed`` ones moved to the trash now,
    ``deleted`` ones left the trash for good, ``restored`` ones came back from it because a row names them. ``erased`` ones
    had been forgotten before and had come back. ``unknown`` are things in the store's folders that are none of ours: they
    stay. ``next_at`` is when a later run will have something to do; null when there is nothing.
    """

    objects: int
    bytes: int
    nameless: int
    nameless_bytes: int
    trashed: int
    trashed_bytes: int
    deleted: int
    deleted_bytes: int
    restored: int
    derived_removed: int
    derived_bytes: int
    erased: int
    unknown: int
    next_at: datetime | None


@dataclass(frozen=True)
class Erasure:
    """What ``forget`` removed: ``files`` (objects, derived, in the trash and in ``bad``) with ``bytes``.

    ``origins`` are the exports and folders that hold the same bytes outside of the store, by name: these may be names of
    people, and are for the owner's eyes only.
    """

    files: int
    bytes: int
    origins: tuple[str, ...]


def collect(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    days: float = DAYS,
    trash_days: float = DAYS,
    recipes: Collection[str] | None = None,
    force: bool = False,
    now: datetime | None = None,
) -> GarbageReport:
    """Note what no row names, move to the trash what was noted ``days`` ago, delete what was trashed ``trash_days`` ago.

    Whatever the days are, an object is noted in one run, moved in a later one, and deleted in one after that. What is added
    again meanwhile counts as noted anew. Derived files go when their object has gone, and, with ``recipes``, when they were
    made by none of these. Raises ``StoreBusy`` while others add, and ``CollectionRefused``, unless ``force``, when no row
    names anything, when no named object is there, or when more than a fifth of the objects or their bytes would move.
    """
    store, moment = MediaStore(settings.media_store), now or datetime.now(UTC)
    with store.alone(settings.warehouse.lock_wait_seconds):
        erased = _erase_again(connection, store)
        listing = _Listing()
        objects, trash = listing.objects(store), listing.trash(store)
        if not force:
            _refuse_strange(connection, objects.num_rows, trash.num_rows)
        restored = _restore(connection, store, objects, trash)
        deleted = _empty_trash(store, trash, restored, moment, trash_days)
        nameless = _nameless(connection, objects)
        due = _note(connection, nameless, moment, days)
        if not force:
            _refuse_much(due, objects)
        trashed = _trash(connection, store, due, moment, listing)
        derived = _remove_derived(store, listing, _without(objects, trashed), restored, recipes)
        return GarbageReport(
            *_figures(objects),
            *_figures(nameless),
            *_figures(trashed),
            *_figures(deleted),
            restored.num_rows,
            *_figures(derived),
            erased,
            listing.unknown,
            _next_at(connection, store, days, trash_days),
        )


def forget(connection: duckdb.DuckDBPyConnection, settings: Settings, media_ids: Iterable[str]) -> Erasure:
    """Remove objects for good and at once, not through the trash: with all that was derived from them, and from ``bad``.

    This is for a file that must not be on the disk any more, and only a person can say so: an opt-out does not do it, for
    the originals are the user's own exports, which are private and stay (see ``hidden``). What is derived outside of the
    store is not touched here (see ``forgetting``). The rows of files stay: they tell that there was a file, by its hash, not
    what was in it. The ids are kept in ``media_erasures``: no check misses the objects, none is brought back, and
    ``collect`` removes them again when an export brings them once more.
    Exports in the inbox, imported folders and backups hold the bytes as before: ``origins`` names those that are known.
    The disk may keep bytes of a deleted file until it writes over them. Raises ``StoreBusy`` while others add, and
    ``ValueError`` for what is no id.
    """
    store, names = MediaStore(settings.media_store), sorted(set(media_ids))
    for media_id in names:
        store.path_of(media_id)
    with store.alone(settings.warehouse.lock_wait_seconds):
        origins = origins_of(connection, names)
        with view_of(connection, "forgotten", table_of(((name,) for name in names), _NAMES)):
            fresh = table_of(rows(connection, _NOT_YET_ERASED), _NAMES)
        if fresh.num_rows:
            with transaction(connection, CONSUMER) as change:
                insert_new(connection, "media_erasures", fresh, ["media_id"], {"revision": change.revision})
        files, size = _erase(store, names)
    return Erasure(files, size, origins)


def origins_of(connection: duckdb.DuckDBPyConnection, media_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the exports and folders that have brought any of the objects, by name."""
    with view_of(connection, "forgotten", table_of(((name,) for name in media_ids), _NAMES)):
        return tuple(origin for (origin,) in rows(connection, _ORIGINS))


class _Listing:
    """The store's folders as tables of what is ours in them; everything else is counted and never touched."""

    def __init__(self) -> None:
        self.unknown = 0

    def objects(self, store: MediaStore) -> pa.Table:
        return table_of(self._sharded(store.folder / "objects" / "sha256", ""), _FILES)

    def derived(self, store: MediaStore) -> pa.Table:
        folder = store.folder / "derived"
        found = [file for recipe in recipes_of(store) for file in self._sharded(folder / recipe, recipe)]
        return table_of(found, _FILES)

    def trash(self, store: MediaStore) -> pa.Table:
        days = [name for name, _ in self._folders(store.folder / "trash")]
        self.unknown += sum(_day_of(name) is None for name in days)
        found = [file for day in days if _day_of(day) for file in self._files(store.folder / "trash" / day, day, "")]
        return table_of(found, _FILES)

    def _sharded(self, folder: Path, name: str) -> Iterator[tuple[str, str, int, int]]:
        for shard, path in self._folders(folder):
            if _SHARD.fullmatch(shard):
                yield from self._files(path, name, shard)
            else:
                self.unknown += 1

    def _folders(self, folder: Path) -> Iterator[tuple[str, Path]]:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield entry.name, Path(entry.path)
                else:
                    self.unknown += 1

    def _files(self, folder: Path, name: str, begins: str) -> Iterator[tuple[str, str, int, int]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_ours = is_object_name(entry.name) and entry.name.startswith(begins)
                if is_ours and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield name, entry.name, status.st_size, status.st_mtime_ns
                else:
                    self.unknown += 1


def _refuse_strange(connection: duckdb.DuckDBPyConnection, objects: int, trashed: int) -> None:
    named = scalar(connection, f"SELECT count(*) FROM ({_NAMED})")
    if not named and objects + trashed:
        raise CollectionRefused(
            f"the store has {objects:,} objects and {trashed:,} in the trash, and no row names any: is this the warehouse "
            "that belongs to it? Import the exports again, or force the collection"
        )
    if named and not objects:
        raise CollectionRefused(
            f"rows name {named:,} objects, and the store has none: is its disk there? Nothing was touched"
        )


def _refuse_much(due: pa.Table, objects: pa.Table) -> None:
    (gone, gone_bytes), (of, of_bytes) = _figures(due), _figures(objects)
    if gone > MOST_SHARE * of or gone_bytes > MOST_SHARE * of_bytes:
        raise CollectionRefused(
            f"{gone:,} of {of:,} objects ({gone_bytes:,} of {of_bytes:,} bytes) would go, which is more than a fifth: "
            "nothing was moved. If that is what you want, force the collection"
        )


def _nameless(connection: duckdb.DuckDBPyConnection, objects: pa.Table) -> pa.Table:
    with view_of(connection, "stored_objects", objects):
        return connection.sql(f"FROM stored_objects ANTI JOIN ({_NAMED}) USING (media_id)").to_arrow_table()


def _note(connection: duckdb.DuckDBPyConnection, nameless: pa.Table, now: datetime, days: float) -> pa.Table:
    """Return what an earlier run had noted ``days`` ago and is nameless still; then note what is nameless now."""
    with view_of(connection, "nameless", nameless):
        latest = {"latest": now - timedelta(days=days)}
        long_so = f"FROM nameless SEMI JOIN (FROM media_garbage WHERE first_seen <= $latest) USING ({_SAME})"
        due = connection.sql(long_so, params=latest).to_arrow_table()
        news = f"SELECT media_id, bytes, modified_ns FROM nameless ANTI JOIN media_garbage USING ({_SAME})"
        old = f"FROM media_garbage ANTI JOIN nameless USING ({_SAME})"
        if scalar(connection, f"SELECT (SELECT count(*) FROM ({news})) + (SELECT count(*) FROM ({old}))"):
            with transaction(connection, CONSUMER):
                changed(
                    connection,
                    f"DELETE FROM media_garbage WHERE (media_id, modified_ns) IN (SELECT (media_id, modified_ns) FROM ({old}))",
                )
                changed(connection, f"INSERT INTO media_garbage SELECT *, $now FROM ({news})", {"now": now})
    return due


def _trash(
    connection: duckdb.DuckDBPyConnection, store: MediaStore, due: pa.Table, now: datetime, listing: _Listing
) -> pa.Table:
    if not due.num_rows:
        return due
    folder = _own_folder(store.folder / "trash") / now.astimezone(UTC).date().isoformat()
    _own_folder(folder)
    moved: set[str] = set()
    for media_id in due["media_id"].to_pylist():
        try:
            store.path_of(media_id).replace(folder / media_id)
            moved.add(media_id)
        except IsADirectoryError:  # somebody made a folder of that name in the trash: the object waits
            listing.unknown += 1
    trashed = due.filter(pc.is_in(due["media_id"], pa.array(moved, pa.string())))
    with view_of(connection, "trashed", trashed), transaction(connection, CONSUMER):
        changed(connection, "DELETE FROM media_garbage WHERE media_id IN (SELECT media_id FROM trashed)")
    return trashed


def _restore(connection: duckdb.DuckDBPyConnection, store: MediaStore, objects: pa.Table, trash: pa.Table) -> pa.Table:
    """Move back what rows name, and the store lacks: a warehouse of another day may have known nothing of it."""
    if not trash.num_rows:
        return trash
    with view_of(connection, "stored_objects", objects), view_of(connection, "trashed", trash):
        wanted = connection.sql(_IN_TRASH_BUT_NAMED).to_arrow_table()
    for day, media_id in zip(wanted["folder"].to_pylist(), wanted["media_id"].to_pylist(), strict=True):
        target = store.path_of(media_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        (store.folder / "trash" / day / media_id).replace(target)
    return wanted


def _empty_trash(store: MediaStore, trash: pa.Table, restored: pa.Table, now: datetime, trash_days: float) -> pa.Table:
    today = now.astimezone(UTC).date()
    old = [day for day in trash["folder"].unique().to_pylist() if _is_over(day, today, trash_days)]
    gone = _without(trash.filter(pc.is_in(trash["folder"], pa.array(old, pa.string()))), restored)
    for day, media_id in zip(gone["folder"].to_pylist(), gone["media_id"].to_pylist(), strict=True):
        (store.folder / "trash" / day / media_id).unlink(missing_ok=True)
    for day in old:
        with suppress(OSError):  # something of others is in it
            (store.folder / "trash" / day).rmdir()
    return gone


def _remove_derived(
    store: MediaStore, listing: _Listing, objects: pa.Table, restored: pa.Table, recipes: Collection[str] | None
) -> pa.Table:
    derived = listing.derived(store)
    sources = pa.concat_tables([objects, restored])["media_id"]
    stale = pc.invert(pc.is_in(derived["media_id"], sources.combine_chunks()))
    if recipes is not None:
        current = pa.array(sorted(recipes), pa.string())
        stale = pc.or_(stale, pc.invert(pc.is_in(derived["folder"], current)))
    gone = derived.filter(stale)
    for recipe, media_id in zip(gone["folder"].to_pylist(), gone["media_id"].to_pylist(), strict=True):
        store.derived(recipe, media_id).unlink(missing_ok=True)
    if recipes is not None:
        for recipe in set(recipes_of(store)).difference(recipes):
            _remove_empty(store.folder / "derived" / recipe)
    return gone


def _remove_empty(folder: Path) -> None:
    for path in (*(shard for shard in folder.iterdir() if not shard.is_symlink()), folder):
        with suppress(OSError):  # something of others is in it
            path.rmdir()


def _erase_again(connection: duckdb.DuckDBPyConnection, store: MediaStore) -> int:
    names = [media_id for (media_id,) in rows(connection, "SELECT media_id FROM media_erasures")]
    return _erase(store, names)[0] if names else 0


def _erase(store: MediaStore, names: list[str]) -> tuple[int, int]:
    """Unlink every copy that the store has of the objects; return how many files and bytes that were."""
    recipes = recipes_of(store)
    aside = [path for path in (store.folder / "bad").glob("*") if path.name.partition(".")[0] in set(names)]
    trash = [path for path in (store.folder / "trash").glob("*") if not path.is_symlink()]
    copies = [
        *aside,
        *(store.path_of(name) for name in names),
        *(store.derived(recipe, name) for name in names for recipe in recipes),
        *(day / name for name in names for day in trash),
    ]
    files = size = 0
    for path in copies:
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            held = path.lstat().st_size
            path.unlink()
            files, size = files + 1, size + held
    return files, size


def _next_at(
    connection: duckdb.DuckDBPyConnection, store: MediaStore, days: float, trash_days: float
) -> datetime | None:
    noted = scalar(connection, "SELECT min(first_seen) FROM media_garbage")
    moments = [] if noted is None else [noted.astimezone(UTC) + timedelta(days=days)]
    emptied = [_day_of(path.name) for path in (store.folder / "trash").glob("*")]
    moments += [datetime.combine(day, time(), UTC) + timedelta(days=trash_days) for day in emptied if day is not None]
    return min(moments, default=None)


def _own_folder(folder: Path) -> Path:
    """Make a folder, or be sure that what is there is one. Raises ``NotADirectoryError`` where it leads elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(f"{folder} is a link: the store moves nothing to where others say; remove it")
    return folder


def _day_of(name: str) -> date | None:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    return day if day.isoformat() == name else None


def _is_over(day: str, today: date, trash_days: float) -> bool:
    began = _day_of(day)
    return began is not None and today - began >= timedelta(days=trash_days)


def _without(files: pa.Table, others: pa.Table) -> pa.Table:
    return files.filter(pc.invert(pc.is_in(files["media_id"], others["media_id"].combine_chunks())))


def _figures(files: pa.Table) -> tuple[int, int]:
    return files.num_rows, pc.sum(files["bytes"]).as_py() or 0


_SAME = "media_id, bytes, modified_ns"
"""An object that was added again has another time: it is noted anew."""
_NAMED = """
    SELECT media_id FROM media UNION SELECT media_id FROM media_files WHERE media_id IS NOT NULL
    UNION SELECT media_id FROM message_media UNION SELECT media_id FROM media_folder_files WHERE media_id IS NOT NULL
    EXCEPT SELECT media_id FROM media_erasures
"""
_IN_TRASH_BUT_NAMED = f"""
    SELECT DISTINCT ON (media_id) trashed.* FROM trashed
    SEMI JOIN ({_NAMED}) USING (media_id) ANTI JOIN stored_objects USING (media_id)
    ORDER BY media_id, folder DESC
"""
_NOT_YET_ERASED = "SELECT media_id FROM forgotten WHERE media_id NOT IN (SELECT media_id FROM media_erasures)"
_ORIGINS = """
    SELECT e.file_name FROM media_files SEMI JOIN forgotten USING (media_id) JOIN exports e USING (export_id)
    UNION SELECT folder FROM media_folder_files SEMI JOIN forgotten USING (media_id)
    ORDER BY ALL
"""
