"""A folder of media with readable names is taken in once, follows no link, and gives messages their files back."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media.import_folder import FolderImport, FolderRefused, import_folder, link
from egregora_assets.media.ingest import refresh
from egregora_assets.media.store import MediaStore
from egregora_assets.media.upkeep import recover, verify
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, put_export, state_of_home

PICTURE, VIDEO = b"\xff\xd8\xff" + b"picture" * 90, b"\x00\x00\x00\x20ftypisom" + b"video" * 90
NAME = "0f6d7c1e-6a53-5e0e-9a57-1b1f6f7f0a11.jpg"
TALK = chat(
    (0, "Ana Lima", "IMG-0001.jpg (file attached)"),
    (1, "Rui Costa", "VID-0002.mp4 (file attached)"),
    (2, "Rui Costa", "no file at all"),
)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as an earlier program leaves it beside its posts."""
    media = tmp_path / "posts" / "media"
    for name, content in {
        f"images/{NAME}": PICTURE,
        "images/IMG-0001.jpg": PICTURE,
        "videos/VID-0002.mp4": VIDEO,
    }.items():
        (media / name).parent.mkdir(parents=True, exist_ok=True)
        (media / name).write_bytes(content)
    return media


def take_in(settings: Settings, folder: Path, source_id: str | None = None) -> FolderImport:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        refresh(connection, settings)
        return import_folder(connection, settings, folder, source_id)


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


def test_every_file_is_kept_once_with_its_names_and_messages_that_name_it_are_linked(
    settings: Settings, folder: Path
) -> None:
    put_export(settings, "Garden Club", TALK)
    outcome = take_in(settings, folder)
    assert (outcome.files, outcome.read, outcome.new_objects, outcome.linked) == (3, 3, 2, 2)
    store = MediaStore(settings.media_store)
    assert store.path_of(digest(PICTURE)).read_bytes() == PICTURE
    assert query(settings, "SELECT media_id, bytes, mime FROM media ORDER BY mime") == [
        (digest(PICTURE), len(PICTURE), "image/jpeg"),
        (digest(VIDEO), len(VIDEO), "video/mp4"),
    ]
    assert query(settings, "SELECT path, file_name, media_id FROM media_folder_files ORDER BY path") == [
        (f"images/{NAME}", NAME, digest(PICTURE)),
        ("images/IMG-0001.jpg", "IMG-0001.jpg", digest(PICTURE)),
        ("videos/VID-0002.mp4", "VID-0002.mp4", digest(VIDEO)),
    ]
    assert query(settings, "SELECT count(*) FROM message_media") == [(2,)]


def test_a_second_import_reads_no_known_file_and_writes_nothing(settings: Settings, folder: Path) -> None:
    put_export(settings, "Garden Club", TALK)
    (folder / "empty.jpg").touch()
    take_in(settings, folder)
    before = state_of_home(settings)
    known = folder / "images" / NAME
    status = known.stat()
    known.write_bytes(b"x" * status.st_size)
    os.utime(known, ns=(status.st_atime_ns, status.st_mtime_ns))
    outcome = take_in(settings, folder)
    assert (outcome.files, outcome.read, outcome.new_objects, outcome.linked) == (4, 0, 0, 0)
    assert outcome.rejected == [("empty.jpg", "is empty")]
    assert state_of_home(settings) == before


def test_new_and_changed_files_are_read_and_only_these(settings: Settings, folder: Path) -> None:
    take_in(settings, folder)
    (folder / "images" / NAME).write_bytes(PICTURE + b"more")
    (folder / "new.pdf").write_bytes(b"%PDF-1.7")
    outcome = take_in(settings, folder)
    assert (outcome.read, outcome.new_objects) == (2, 2)
    assert len(query(settings, "FROM media_folder_files")) == 4


def test_links_devices_and_hidden_files_are_left_out(settings: Settings, folder: Path) -> None:
    secret = settings.home / "secret.key"
    secret.write_bytes(b"secret")
    (folder / "images" / "key.jpg").symlink_to(secret)
    (folder / "home").symlink_to(settings.home)
    (folder / ".DS_Store").write_bytes(b"hidden")
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "small.jpg").write_bytes(b"hidden")
    os.mkfifo(folder / "pipe.jpg")
    outcome = take_in(settings, folder)
    assert (outcome.files, outcome.left_out) == (3, 5)
    assert not MediaStore(settings.media_store).path_of(digest(b"secret")).exists()


def test_files_beyond_the_limits_are_refused_and_tried_again_when_they_are_wider(
    settings: Settings, folder: Path
) -> None:
    narrow = settings.model_copy(update={"limits": LimitSettings(max_media_bytes=len(PICTURE) - 1)})
    outcome = take_in(narrow, folder)
    assert [path for path, _ in outcome.rejected] == [f"images/{NAME}", "images/IMG-0001.jpg"]
    assert outcome.read == 1
    total = settings.model_copy(update={"limits": LimitSettings(max_total_bytes=len(PICTURE) + 1)})
    assert [path for path, _ in take_in(total, folder).rejected] == ["images/IMG-0001.jpg"]
    assert take_in(settings, folder).read == 1
    few = settings.model_copy(update={"limits": LimitSettings(max_members=2)})
    with pytest.raises(FolderRefused, match="more than 2 files"):
        take_in(few, folder)


def test_names_of_any_bytes_are_taken_in(settings: Settings, folder: Path) -> None:
    strange = [b"caf\xe9.jpg", "línea\n.jpg".encode(), b"-rf.jpg"]
    for number, name in enumerate(strange):
        (folder / os.fsdecode(name)).write_bytes(bytes([number + 1]))
    folder = folder.rename(folder.parent / os.fsdecode(b"m\xe9dia"))
    outcome = take_in(settings, folder)
    assert (outcome.read, outcome.rejected) == (6, [])
    assert ("caf\\xe9.jpg",) in query(settings, "SELECT file_name FROM media_folder_files")
    assert take_in(settings, folder).read == 0


def test_the_store_itself_is_not_taken_in(settings: Settings, folder: Path, tmp_path: Path) -> None:
    for mistaken in (settings.media_store, settings.home, settings.media_store / "objects"):
        mistaken.mkdir(exist_ok=True)
        with pytest.raises(FolderRefused, match="store itself"):
            take_in(settings, mistaken)
    with pytest.raises(FolderRefused, match="no folder"):
        take_in(settings, tmp_path / "nowhere")
    with pytest.raises(FolderRefused, match="no chat has the id"):
        take_in(settings, folder, source_id="nobodys")


def test_a_name_that_two_objects_have_ties_nothing(settings: Settings, folder: Path) -> None:
    put_export(settings, "Garden Club", TALK)
    (folder / "VID-0002.mp4").write_bytes(b"another video of that name")
    assert take_in(settings, folder).linked == 1


def test_a_message_whose_export_brought_the_file_gets_no_other(settings: Settings, folder: Path) -> None:
    put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": b"the real one", "VID-0002.mp4": VIDEO})
    assert take_in(settings, folder).linked == 0
    with open_warehouse(settings) as connection:
        linked = rows(connection, "SELECT media_id FROM message_media")
        assert sorted(linked) == sorted([(digest(b"the real one"),), (digest(VIDEO),)])


def test_a_name_that_two_chats_use_is_tied_only_in_the_chat_that_the_folder_is_of(
    settings: Settings, folder: Path
) -> None:
    put_export(settings, "Garden Club", TALK)
    put_export(settings, "Book Club", TALK)
    assert take_in(settings, folder).linked == 0
    [(source_id,)] = query(settings, "SELECT min(source_id) FROM sources")
    outcome = take_in(settings, folder, str(source_id))
    assert (outcome.read, outcome.linked) == (0, 2)
    assert query(settings, "SELECT DISTINCT source_id FROM message_media JOIN messages USING (message_id)") == [
        (source_id,)
    ]


def test_messages_that_come_later_are_linked_as_well(settings: Settings, folder: Path) -> None:
    assert take_in(settings, folder).linked == 0
    put_export(settings, "Garden Club", TALK)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        refresh(connection, settings)
        assert link(connection) == 2
        assert link(connection) == 0


def test_a_lost_object_comes_back_from_its_folder(settings: Settings, folder: Path) -> None:
    take_in(settings, folder)
    MediaStore(settings.media_store).path_of(digest(VIDEO)).unlink()
    with open_warehouse(settings) as connection:
        assert verify(connection, settings, share=1).missing == (digest(VIDEO),)
        assert recover(connection, settings).recovered == 1
