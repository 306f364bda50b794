"""What nothing names leaves the store slowly, what anything names never, and copies of hidden files at once."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from egregora_assets.config import Settings
from egregora_assets.media.disk import StoreBusy
from egregora_assets.media.garbage import CollectionRefused, collect
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed
from tests.chats import state_of_home

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMED = [bytes([number]) * 1000 for number in range(10)]
STRAY = b"nobody names me" * 60


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def fill(settings: Settings, connection: duckdb.DuckDBPyConnection, *strays: bytes) -> MediaStore:
    """Store ten objects that rows name, and some that none does."""
    store = MediaStore(settings.media_store)
    with store.adding() as batch:
        stored = [batch.add(io.BytesIO(content)) for content in (*NAMED, *strays)]
    named = ", ".join(f"('{found.media_id}', {found.size}, 'image/jpeg', 1)" for found in stored[: len(NAMED)])
    changed(connection, f"INSERT INTO media VALUES {named}")
    return store


def all_named_are_there(store: MediaStore) -> bool:
    return all(store.path_of(digest(content)).read_bytes() == content for content in NAMED)


def test_an_object_goes_to_the_trash_after_two_runs_and_fourteen_days_and_is_deleted_after_fourteen_more(
    settings: Settings,
) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY)
        first = collect(connection, settings, now=day(0))
        assert (first.nameless, first.nameless_bytes, first.trashed) == (1, len(STRAY), 0)
        assert first.next_at == day(14)
        assert collect(connection, settings, now=day(13.9)).trashed == 0
        moved = collect(connection, settings, now=day(14))
        assert (moved.trashed, moved.trashed_bytes, moved.deleted) == (1, len(STRAY), 0)
        assert not store.path_of(digest(STRAY)).exists()
        trashed = settings.media_store / "trash" / "2026-03-15" / digest(STRAY)
        assert trashed.read_bytes() == STRAY
        assert moved.next_at == datetime(2026, 3, 29, tzinfo=UTC)
        assert collect(connection, settings, now=day(27)).deleted == 0
        last = collect(connection, settings, now=day(28))
        assert (last.deleted, last.deleted_bytes, last.next_at) == (1, len(STRAY), None)
        assert not trashed.parent.exists()
        assert all_named_are_there(store)


def test_one_look_is_not_enough_however_old_an_object_is(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY)
        os.utime(store.path_of(digest(STRAY)), (0, 0))
        assert collect(connection, settings, days=0, trash_days=0).trashed == 0
        assert collect(connection, settings, days=0, trash_days=0).trashed == 1
        assert collect(connection, settings, days=0, trash_days=0).deleted == 1


def test_an_object_that_is_named_again_or_added_again_meanwhile_begins_anew(settings: Settings) -> None:
    other = b"another" * 9
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY, other)
        collect(connection, settings, now=day(0))
        changed(connection, "INSERT INTO media VALUES (?, 1, 'image/png', 2)", [digest(STRAY)])
        assert not store.add(io.BytesIO(other)).is_new
        found = collect(connection, settings, now=day(20))
        assert (found.trashed, found.nameless, found.next_at) == (0, 1, day(34))
        assert collect(connection, settings, now=day(34)).trashed == 1
        assert store.path_of(digest(STRAY)).exists()


def test_a_run_with_nothing_new_writes_nothing(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        fill(settings, connection, STRAY)
        collect(connection, settings, now=day(0))
    before = state_of_home(settings)
    with open_warehouse(settings) as connection:
        collect(connection, settings, now=day(1))
    assert state_of_home(settings) == before


def test_a_store_that_no_row_names_is_left_alone(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection)
        changed(connection, "DELETE FROM media")
        for number in (0, 20):
            with pytest.raises(CollectionRefused, match="no row names any"):
                collect(connection, settings, now=day(number))
        assert all_named_are_there(store)
        collect(connection, settings, now=day(0), force=True)
        assert collect(connection, settings, now=day(20), force=True).trashed == len(NAMED)


def test_rows_without_a_single_object_are_a_missing_disk(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection)
        kept = store.put_derived("public-1", digest(NAMED[0]), b"copy")
        (settings.media_store / "objects").rename(settings.home / "elsewhere")
        with pytest.raises(CollectionRefused, match="is its disk there"):
            collect(connection, settings, recipes=())
        assert kept.exists()


@pytest.mark.parametrize("strays", [[bytes([200 + n]) for n in range(3)], [b"x" * 5000]], ids=["objects", "bytes"])
def test_more_than_a_fifth_goes_only_by_force(settings: Settings, strays: list[bytes]) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, *strays)
        collect(connection, settings, now=day(0))
        with pytest.raises(CollectionRefused, match="more than a fifth"):
            collect(connection, settings, now=day(15))
        assert all(store.path_of(digest(stray)).exists() for stray in strays)
        assert collect(connection, settings, now=day(16), force=True).trashed == len(strays)
        assert all_named_are_there(store)


def test_what_rows_name_comes_back_from_the_trash(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY)
        collect(connection, settings, days=0)
        collect(connection, settings, days=0)
        changed(connection, "INSERT INTO media VALUES (?, 1, 'image/png', 2)", [digest(STRAY)])
        found = collect(connection, settings, trash_days=0)
        assert (found.restored, found.deleted) == (1, 0)
        assert store.path_of(digest(STRAY)).read_bytes() == STRAY


def test_derived_files_go_with_their_object_and_with_their_recipe(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        store = fill(settings, connection)
        kept = store.put_derived("thumbnail-2", digest(NAMED[0]), b"new")
        gone = [
            store.put_derived("thumbnail-1", digest(NAMED[0]), b"old"),
            store.put_derived("public-1", "0" * 64, b"x"),
        ]
        assert collect(connection, settings).derived_removed == 1
        assert collect(connection, settings, recipes={"thumbnail-2", "public-1"}).derived_removed == 1
        assert kept.read_bytes() == b"new"
        assert not any(path.exists() for path in gone)
        assert not (settings.media_store / "derived" / "thumbnail-1").exists()


def test_what_is_not_the_stores_own_is_counted_and_left_alone(settings: Settings) -> None:
    outside = settings.home / "precious"
    outside.mkdir()
    (outside / digest(STRAY)).write_bytes(STRAY)
    with open_warehouse(settings) as connection:
        store = fill(settings, connection)
        objects = settings.media_store / "objects" / "sha256"
        foreign = [objects / "zz", objects / "0x" / digest(STRAY), settings.media_store / "derived" / "Not A Recipe"]
        foreign += [objects / "00" / ("0" * 64), settings.media_store / "trash" / "precious things"]
        for folder in foreign:
            folder.mkdir(parents=True)
        (objects / "README.txt").write_text("mine")
        (objects / "00" / "notes").write_text("mine")
        (objects / "00" / ("1" * 64)).write_text("in the wrong folder")
        (objects / "ff").mkdir(exist_ok=True)
        (objects / "ff" / ("f" * 64)).symlink_to(outside / digest(STRAY))
        shard = objects / digest(STRAY)[:2]
        if not shard.exists():
            shard.symlink_to(outside)
        (settings.media_store / "trash" / "2020-01-01").symlink_to(outside)
        (settings.media_store / "derived" / "public-1").symlink_to(outside)
        before = sorted(path for path in settings.media_store.rglob("*") if path.name != "lock")
        for number in (0, 20, 40):
            found = collect(connection, settings, now=day(number), recipes=(), days=0, trash_days=0)
            assert (found.nameless, found.trashed, found.deleted, found.derived_removed) == (0, 0, 0, 0)
            assert found.unknown >= 8
        assert sorted(path for path in settings.media_store.rglob("*") if path.name != "lock") == before
        assert (outside / digest(STRAY)).read_bytes() == STRAY
        assert all_named_are_there(store)


def test_a_trash_that_leads_elsewhere_gets_nothing(settings: Settings) -> None:
    (settings.home / "elsewhere").mkdir()
    (settings.media_store / "trash").symlink_to(settings.home / "elsewhere")
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY)
        collect(connection, settings, days=0)
        with pytest.raises(NotADirectoryError, match="is a link"):
            collect(connection, settings, days=0)
    assert store.path_of(digest(STRAY)).exists()


def test_nothing_is_collected_while_somebody_adds(settings: Settings) -> None:
    hasty = settings.model_copy(update={"warehouse": settings.warehouse.model_copy(update={"lock_wait_seconds": 0.0})})
    with open_warehouse(settings) as connection:
        store = fill(settings, connection, STRAY)
        with store.adding() as batch:
            batch.add(io.BytesIO(b"under way"))
            with pytest.raises(StoreBusy, match="adding files"):
                collect(connection, hasty)
        assert store.path_of(digest(b"under way")).exists()
