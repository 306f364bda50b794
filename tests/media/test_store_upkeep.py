"""The store is read again bit by bit; what is lost is told, kept aside and brought back."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.media import verify as checks
from egregora_assets.media.garbage import collect, forget
from egregora_assets.media.ingest import refresh
from egregora_assets.media.store import MediaStore
from egregora_assets.media.upkeep import Verification, lost_files, recover, verify
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import current_revision
from tests.chats import chat, put_export, state_of_home

FILES = {f"IMG-{number}.jpg": b"\xff\xd8\xff" + bytes([number]) * (5000 + number) for number in range(6)}
TALK = chat(*((number, "Ana Lima", f"{name} (file attached)") for number, name in enumerate(FILES)))
LOOKS = """
    SELECT date_diff('day', TIMESTAMPTZ '2026-03-01 00:00:00+00', checked_at) AS day, count(*) FROM media_checks
    GROUP BY day ORDER BY day
"""
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


NAMES = sorted(map(digest, FILES.values()))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six objects that messages name, and their export in the inbox."""
    settings = Settings(home=tmp_path_factory.mktemp("filled") / "home", timezone="UTC")
    make_home(settings)
    put_export(settings, "Garden Club", TALK, media=FILES)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        refresh(connection, settings)
    return settings.home


@pytest.fixture
def store(settings: Settings, filled: Path) -> MediaStore:
    """The store of a copy of that home."""
    shutil.copytree(filled, settings.home, dirs_exist_ok=True)
    return MediaStore(settings.media_store)


def damage(store: MediaStore, media_id: str) -> None:
    path = store.path_of(media_id)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.unlink()
    path.write_bytes(content)


def test_objects_are_looked_at_in_turn_the_longest_unchecked_first(settings: Settings, store: MediaStore) -> None:
    with open_warehouse(settings) as connection:
        for day in range(4):
            found = verify(connection, settings, share=1 / 3, now=NOW + timedelta(days=day))
            assert (found.checked, found.passed) == (2, True)
            assert found.unchecked == max(0, 4 - 2 * day)
        looks = rows(connection, LOOKS)
        assert looks == [(1, 2), (2, 2), (3, 2)]
        assert found.oldest_check == NOW + timedelta(days=1)


def test_a_look_that_finds_no_news_makes_no_revision(settings: Settings, store: MediaStore) -> None:
    with open_warehouse(settings) as connection:
        before = current_revision(connection)
        verify(connection, settings, share=1)
        assert current_revision(connection) == before
        damage(store, NAMES[0])
        verify(connection, settings, share=1)
        assert rows(connection, "SELECT media_id FROM media_checks WHERE revision > ?", [before]) == [(NAMES[0],)]


def test_an_empty_store_is_looked_at_without_a_byte_written(settings: Settings) -> None:
    with open_warehouse(settings):
        pass
    before = state_of_home(settings)
    with open_warehouse(settings) as connection:
        assert verify(connection, settings, share=1) == Verification()
    assert state_of_home(settings) == before


def test_what_does_not_hash_to_its_name_is_set_aside_and_what_was_made_of_it_goes(
    settings: Settings, store: MediaStore
) -> None:
    kept = store.put_derived("thumbnail-1", NAMES[1], b"small")
    made = store.put_derived("thumbnail-1", NAMES[0], b"small")
    damage(store, NAMES[0])
    wrong = store.path_of(NAMES[0]).read_bytes()
    with open_warehouse(settings) as connection:
        found = verify(connection, settings, share=1)
    assert (found.bad, found.missing, found.derived_removed) == ((NAMES[0],), (), 1)
    assert [path.read_bytes() for path in found.moved] == [wrong]
    assert [path.parent for path in found.moved] == [settings.media_store / "bad"]
    assert not store.path_of(NAMES[0]).exists()
    assert kept.exists()
    assert not made.exists()


def test_nothing_in_bad_is_ever_written_over(settings: Settings, store: MediaStore) -> None:
    with open_warehouse(settings) as connection:
        damage(store, NAMES[0])
        verify(connection, settings, share=1)
        store.path_of(NAMES[0]).write_bytes(b"cut")
        assert verify(connection, settings, share=0).bad == (NAMES[0],)
    assert len(list((settings.media_store / "bad").iterdir())) == 2


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_a_thing_that_is_no_file_in_an_objects_place_is_bad(settings: Settings, store: MediaStore, kind: str) -> None:
    path = store.path_of(NAMES[0])
    content = path.read_bytes()
    path.unlink()
    elsewhere = settings.home / "elsewhere"
    elsewhere.write_bytes(content)
    {"link": lambda: path.symlink_to(elsewhere), "folder": path.mkdir, "fifo": lambda: os.mkfifo(path)}[kind]()
    with open_warehouse(settings) as connection:
        assert verify(connection, settings, share=1).bad == (NAMES[0],)
        assert recover(connection, settings).recovered == 1
        assert verify(connection, settings, share=1).passed
    assert elsewhere.read_bytes() == content


def test_lost_objects_come_back_from_the_export_in_the_inbox(settings: Settings, store: MediaStore) -> None:
    store.path_of(NAMES[0]).unlink()
    damage(store, NAMES[1])
    with open_warehouse(settings) as connection:
        found = verify(connection, settings, share=1)
        assert (found.missing, found.bad) == ((NAMES[0],), (NAMES[1],))
        assert {file.origin for file in lost_files(connection)} == {"WhatsApp Chat with Garden Club.zip"}
        assert recover(connection, settings).recovered == 2
        assert checks.objects_are_stored(connection, settings).passed
        assert verify(connection, settings, share=1).passed
        before = current_revision(connection)
        assert recover(connection, settings).recovered == 0
        assert current_revision(connection) == before


def test_an_export_that_has_left_is_named_and_dropped_into_the_inbox_again_it_heals(
    settings: Settings, store: MediaStore
) -> None:
    (export,) = settings.inbox.glob("*.zip")
    content = export.read_bytes()
    export.unlink()
    store.path_of(NAMES[0]).unlink()
    with open_warehouse(settings) as connection:
        verify(connection, settings, share=1)
        outcome = recover(connection, settings)
        assert (outcome.recovered, outcome.still_lost) == (0, 1)
        assert [(file.media_id, file.origin) for file in outcome.lost] == [(NAMES[0], export.name)]
        (settings.inbox / "under another name.zip").write_bytes(content)
        assert recover(connection, settings).recovered == 1
    assert store.path_of(NAMES[0]).exists()


def test_an_object_that_came_back_by_itself_is_noticed_at_the_next_look(settings: Settings, store: MediaStore) -> None:
    content = store.path_of(NAMES[0]).read_bytes()
    with open_warehouse(settings) as connection:
        store.path_of(NAMES[0]).unlink()
        verify(connection, settings, share=1)
        store.path_of(NAMES[0]).write_bytes(content)
        assert verify(connection, settings, share=0).healed == (NAMES[0],)


def test_an_object_in_the_trash_comes_back(settings: Settings, store: MediaStore) -> None:
    trash = settings.media_store / "trash" / "2026-01-01"
    trash.mkdir(parents=True)
    next(settings.inbox.glob("*.zip")).unlink()
    store.path_of(NAMES[0]).rename(trash / NAMES[0])
    with open_warehouse(settings) as connection:
        verify(connection, settings, share=1)
        assert recover(connection, settings).recovered == 1
    assert digest(store.path_of(NAMES[0]).read_bytes()) == NAMES[0]


def test_what_was_forgotten_is_gone_everywhere_missed_by_nobody_and_stays_away(
    settings: Settings, store: MediaStore
) -> None:
    content = store.path_of(NAMES[0]).read_bytes()
    store.put_derived("public-1", NAMES[0], content[:100])
    for folder in ("bad", "trash/2026-01-01"):
        (settings.media_store / folder).mkdir(parents=True)
        (settings.media_store / folder / NAMES[0]).write_bytes(content)
    with open_warehouse(settings) as connection:
        erasure = forget(connection, settings, [NAMES[0]])
        assert (erasure.files, erasure.origins) == (4, ("WhatsApp Chat with Garden Club.zip",))
        kept = [path for path in settings.media_store.rglob("*") if path.is_file() and path.name != "lock"]
        assert sorted(path.name for path in kept) == NAMES[1:]
        assert verify(connection, settings, share=1).passed
        assert checks.objects_are_stored(connection, settings).passed
        assert recover(connection, settings).recovered == 0
        with store.path_of(NAMES[1]).open("rb") as stream:
            store.add(stream)
        next_path = settings.home / "again"
        next_path.write_bytes(content)
        with next_path.open("rb") as stream:
            store.add(stream)
        assert collect(connection, settings).erased == 1
        assert not store.path_of(NAMES[0]).exists()
        assert forget(connection, settings, [NAMES[0]]).files == 0


def test_a_name_that_is_none_is_refused_before_anything_is_erased(settings: Settings, store: MediaStore) -> None:
    with open_warehouse(settings) as connection, pytest.raises(ValueError, match="no name of an object"):
        forget(connection, settings, [NAMES[0], "../../secret.key"])
    assert store.path_of(NAMES[0]).exists()
    assert (Path(settings.home) / "warehouse.duckdb").exists()
