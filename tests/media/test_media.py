"""Media are kept once each, whole or not at all, under the hash of their bytes, whatever an archive says about them."""

from __future__ import annotations

import hashlib
import io
import signal
import stat
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.media import verify
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.ingest import MediaChanges, refresh
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, put_export, state_of_home

PICTURE, OTHER = b"\xff\xd8\xff" + b"picture" * 90, b"\x89PNG\r\n\x1a\n" + b"other" * 90
TALK = chat(
    (0, "Ana Lima", "IMG-0001.jpg (file attached)"),
    (1, "Rui Costa", "IMG-0002.png (file attached)"),
    (2, "Ana Lima", "IMG-0003.jpg (file attached)"),
)


def take_in(settings: Settings) -> MediaChanges:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return refresh(connection, settings)


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


def objects(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (settings.media_store / "objects").rglob("*") if path.is_file()}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put_archive(settings: Settings, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    path = settings.inbox / "WhatsApp Chat with Garden Club.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("WhatsApp Chat with Garden Club.txt", TALK)
        for info, content in members:
            archive.writestr(info, content)
    return path


def test_equal_bytes_are_kept_once_however_often_they_were_sent(settings: Settings) -> None:
    put_export(
        settings, "Garden Club", TALK, media={"IMG-0001.jpg": PICTURE, "IMG-0002.png": OTHER, "IMG-0003.jpg": PICTURE}
    )
    changes = take_in(settings)
    assert (changes.files, changes.new_objects) == (3, 2)
    assert objects(settings) == {digest(PICTURE): PICTURE, digest(OTHER): OTHER}
    assert query(settings, "SELECT count(*), count(DISTINCT media_id) FROM message_media") == [(3, 2)]


def test_an_object_stands_under_the_hash_of_its_bytes(settings: Settings) -> None:
    store = MediaStore(settings.media_store)
    stored = store.add(io.BytesIO(PICTURE))
    assert stored.media_id == digest(PICTURE)
    path = store.path_of(stored.media_id)
    assert path == settings.media_store / "objects" / "sha256" / stored.media_id[:2] / stored.media_id
    assert path.read_bytes() == PICTURE
    assert not store.add(io.BytesIO(PICTURE)).is_new


def test_a_second_look_reads_no_archive_and_writes_nothing(settings: Settings) -> None:
    put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": PICTURE})
    take_in(settings)
    before = state_of_home(settings)
    assert take_in(settings) == MediaChanges()
    assert state_of_home(settings) == before


def test_a_stream_that_breaks_leaves_nothing_in_the_store(settings: Settings) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError("the disk has gone")
            return super().read(size)

    store = MediaStore(settings.media_store)
    with pytest.raises(OSError, match="gone"):
        store.add(Breaking(PICTURE))
    assert [path.name for path in settings.media_store.rglob("*") if path.is_file()] == ["lock"]


def test_an_object_that_was_cut_is_mended_when_its_bytes_come_again(settings: Settings) -> None:
    store = MediaStore(settings.media_store)
    path = store.path_of(store.add(io.BytesIO(PICTURE)).media_id)
    path.unlink()
    path.write_bytes(PICTURE[:10])
    store.add(io.BytesIO(PICTURE))
    assert path.read_bytes() == PICTURE


def link_to(target: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"link-to-{Path(target).name}")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside.jpg", "points outside"),
        ("a/../../outside.jpg", "points outside"),
        ("/etc/outside.jpg", "points outside"),
        ("C:\\outside.jpg", "points outside"),
        ("..\\outside.jpg", "points outside"),
    ],
)
def test_a_member_that_points_outside_is_refused_and_the_rest_loads(settings: Settings, name: str, reason: str) -> None:
    put_archive(settings, (name, b"evil"), ("IMG-0001.jpg", PICTURE))
    changes = take_in(settings)
    assert (changes.files, changes.rejected) == (1, 1)
    [(told,)] = query(settings, "SELECT rejected FROM media_files WHERE rejected IS NOT NULL")
    assert reason in str(told)
    assert objects(settings) == {digest(PICTURE): PICTURE}
    assert not list(settings.home.parent.rglob("outside.jpg"))


def test_a_link_is_refused_and_of_two_files_with_one_name_both_are_kept_and_none_is_linked(settings: Settings) -> None:
    put_archive(
        settings,
        (link_to("/etc/passwd"), b"/etc/passwd"),
        ("IMG-0002.png", OTHER),
        ("IMG-0002.png", b"which of the two?"),
        ("IMG-0001.jpg", PICTURE),
    )
    changes = take_in(settings)
    assert (changes.files, changes.rejected) == (3, 1)
    assert set(objects(settings).values()) == {PICTURE, OTHER, b"which of the two?"}
    assert query(settings, "SELECT kind FROM message_media JOIN messages USING (message_id)") == [("media",)]
    assert query(settings, "SELECT DISTINCT media_id FROM message_media") == [(digest(PICTURE),)]
    with open_warehouse(settings) as connection:
        assert verify.members_are_accepted(connection, settings).figures == {"refused": 1}


def test_a_damaged_member_is_refused_and_the_rest_loads(settings: Settings) -> None:
    path = put_archive(settings, ("IMG-0002.png", OTHER), ("IMG-0001.jpg", PICTURE))
    path.write_bytes(path.read_bytes().replace(b"otherother", b"OTHERother", 1))
    changes = take_in(settings)
    assert (changes.files, changes.rejected) == (1, 1)
    assert objects(settings) == {digest(PICTURE): PICTURE}


def test_files_beyond_the_limits_are_refused_and_the_rest_loads(settings: Settings) -> None:
    put_archive(settings, ("big.bin", b"x" * 5000), ("IMG-0001.jpg", PICTURE), ("IMG-0002.png", OTHER))
    most = len(PICTURE)
    narrow = settings.model_copy(update={"limits": LimitSettings(max_media_bytes=most, max_total_bytes=most + 10)})
    changes = take_in(narrow)
    assert (changes.files, changes.rejected) == (1, 2)
    assert objects(settings) == {digest(PICTURE): PICTURE}


KINDS = {
    b"\xff\xd8\xff\xe0": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF89a": "image/gif",
    b"RIFF\x00\x00\x00\x00WEBPVP8 ": "image/webp",
    b"RIFF\x00\x00\x00\x00WAVEfmt ": "audio/wav",
    b"\x00\x00\x00\x20ftypheic": "image/heic",
    b"\x00\x00\x00\x20ftypavif": "image/avif",
    b"\x00\x00\x00\x20ftypisom": "video/mp4",
    b"\x00\x00\x00\x20ftypM4A ": "audio/mp4",
    b"OggS\x00": "audio/ogg",
    b"ID3\x04": "audio/mpeg",
    b"%PDF-1.7": "application/pdf",
    b"BEGIN:VCARD\r\n": "text/vcard",
    b"PK\x03\x04": "application/zip",
    b"": "application/octet-stream",
    b"<html>": "application/octet-stream",
}


@pytest.mark.parametrize(("head", "mime"), KINDS.items(), ids=KINDS.values())
def test_the_type_of_a_file_is_what_its_first_bytes_say(head: bytes, mime: str) -> None:
    assert mime_of(head) == mime


@given(st.binary(max_size=64))
def test_any_bytes_have_a_type(head: bytes) -> None:
    assert "/" in mime_of(head)


def test_a_files_name_says_nothing_about_its_type(settings: Settings) -> None:
    put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": b"<script>"})
    take_in(settings)
    assert query(settings, "SELECT mime FROM media") == [("application/octet-stream",)]


def test_a_killed_pass_leaves_nothing_half_done_and_is_completed_by_the_next(settings: Settings) -> None:
    put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": PICTURE, "IMG-0002.png": OTHER})
    program = """
import os, signal, sys
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.media import ingest as media, store
from egregora_assets.warehouse.files import open_warehouse
settings = Settings(home=sys.argv[1], timezone="UTC")
calls = []
real = os.replace
def replace(source, target):
    if "sha256" in str(target):
        calls.append(target)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
store.os.replace = replace
with open_warehouse(settings) as connection:
    ingest(connection, settings)
    media.refresh(connection, settings)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(settings.home)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert len(list((settings.media_store / "tmp").iterdir())) == 1
    assert query(settings, "SELECT count(*) FROM media_files") == [(0,)]
    changes = take_in(settings)
    assert (changes.files, changes.new_objects) == (2, 1)
    assert list((settings.media_store / "tmp").iterdir()) == []
    assert objects(settings) == {digest(PICTURE): PICTURE, digest(OTHER): OTHER}


def test_an_archive_that_left_the_inbox_before_its_media_were_read_is_told_and_waits(settings: Settings) -> None:
    path = put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": PICTURE})
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    content = path.read_bytes()
    path.unlink()
    assert take_in(settings).missing == [path.name]
    path.write_bytes(content)
    changes = take_in(settings)
    assert (changes.missing, changes.files) == ([], 1)


def test_an_archive_that_the_limits_no_longer_allow_keeps_no_other_from_being_read(settings: Settings) -> None:
    refused = put_export(settings, "Allotment", TALK, media={f"IMG-{number}.jpg": PICTURE for number in range(4)})
    put_export(settings, "Garden Club", TALK, media={"IMG-0002.png": OTHER})
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        narrow = settings.model_copy(update={"limits": LimitSettings(max_members=3)})
        changes = refresh(connection, narrow)
        assert (changes.missing, changes.files) == ([refused.name], 1)
        assert refresh(connection, settings).files == 4


def test_the_check_sees_objects_that_are_missing_or_cut(settings: Settings) -> None:
    put_export(settings, "Garden Club", TALK, media={"IMG-0001.jpg": PICTURE, "IMG-0002.png": OTHER})
    take_in(settings)
    store = MediaStore(settings.media_store)
    with open_warehouse(settings) as connection:
        assert verify.objects_are_stored(connection, settings).passed
        store.path_of(digest(PICTURE)).unlink()
        store.path_of(digest(OTHER)).unlink()
        store.path_of(digest(OTHER)).write_bytes(b"cut")
        assert verify.objects_are_stored(connection, settings).figures == {"missing": 2}
