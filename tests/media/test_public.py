"""Of media only sanitised copies are published, only while a message that everybody may see brought them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import LimitSettings, MediaSettings, Settings
from egregora_assets.media import ingest as media
from egregora_assets.media import pictures, public, verify
from egregora_assets.media.public import ENDINGS, PublicChanges
from egregora_assets.media.sanitising import SANITISABLE
from egregora_assets.media.store import MediaStore
from egregora_assets.publish import verify as publish_verify
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, published_bytes, put_export, state_of_home, with_privacy
from tests.homes import copied_home, make_ready_home
from tests.pictures import jpeg, png

ARTIST = "Zanzibella Fiddlesworth"
PHOTO, DRAWING, LETTER = jpeg(1, artist=ARTIST), png(2), b"%PDF-1.7 a letter by " + ARTIST.encode()
TALK: tuple[Line, ...] = (
    (0, "Rui Costa", "IMG-0001.jpg (file attached)"),
    (1, "Ana Lima", "IMG-0002.png (file attached)"),
    (2, "Ana Lima", "DOC-0003.pdf (file attached)"),
    (3, "Rui Costa", "what a view over the greenhouse"),
)
FILES = {"IMG-0001.jpg": PHOTO, "IMG-0002.png": DRAWING, "DOC-0003.pdf": LETTER}


def take_in(settings: Settings, talk: tuple[Line, ...] = TALK, files: dict[str, bytes] = FILES) -> None:
    put_export(settings, "Garden Club", chat(*talk), media=files)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)


def refresh(settings: Settings, full: bool = False) -> PublicChanges:
    with open_warehouse(settings) as connection:
        return public.refresh(connection, settings, full)


def publish_now(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        publish(connection, settings)


def copies(settings: Settings) -> list[Path]:
    return sorted(settings.published_media.glob("*/*"))


def passes(settings: Settings) -> bool:
    with open_warehouse(settings) as connection:
        return verify.published_copies_are_sanitised(connection, settings).passed


@pytest.fixture(scope="module")
def home_taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with ``TALK`` and its files. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("taken") / "home", timezone="UTC")
    make_ready_home(settings)
    take_in(settings)
    return settings.home


@pytest.fixture(scope="module")
def home_published(home_taken: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home, published."""
    settings = copied_home(home_taken, Settings(home=tmp_path_factory.mktemp("published") / "home", timezone="UTC"))
    publish_now(settings)
    return settings.home


@pytest.fixture
def taken(settings: Settings, home_taken: Path) -> Settings:
    return copied_home(home_taken, settings)


@pytest.fixture
def published(settings: Settings, home_published: Path) -> Settings:
    return copied_home(home_published, settings)


def test_every_type_that_can_be_sanitised_has_an_ending() -> None:
    assert set(ENDINGS) == SANITISABLE


def test_a_published_copy_shows_the_picture_and_says_nothing_of_its_maker(taken: Settings) -> None:
    assert refresh(taken) == PublicChanges(published=2, kept_back=1)
    assert {path.suffix for path in copies(taken)} == {".jpg", ".png"}
    for path in copies(taken):
        content = path.read_bytes()
        assert path.stem == hashlib.sha256(content).hexdigest()
        assert ARTIST.encode() not in content
    assert passes(taken)


def test_the_snapshot_knows_files_by_their_copies_only(published: Settings) -> None:
    with open_snapshot(published) as snapshot:
        shown = rows(snapshot, "SELECT media_id, mime, copies FROM media ORDER BY mime")
        assert rows(snapshot, "SELECT count(*) FROM message_media") == [(2,)]
    assert [(mime, count) for _, mime, count in shown] == [("image/jpeg", 1), ("image/png", 1)]
    assert {media_id for media_id, *_ in shown} == {path.stem for path in copies(published)}
    everything = published_bytes(published)
    for original in (PHOTO, LETTER):  # the drawing says nothing of itself: its copy is the same
        assert hashlib.sha256(original).hexdigest().encode() not in everything


def test_a_post_shows_the_pictures_of_its_conversation(published: Settings) -> None:
    [post] = published.posts.glob("*/*.md")
    linked = re.findall(r"!\[picture\]\(([^)]+)\)", post.read_text("utf-8"))
    assert {(post.parent / path).resolve() for path in linked} == {path.resolve() for path in copies(published)}
    sidecar = json.loads(post.with_suffix(".json").read_text("utf-8"))
    assert {published.published / item["path"] for item in sidecar["media"]} == set(copies(published))
    assert all(set(item["evidence"]) <= set(sidecar["message_ids"]) for item in sidecar["media"])


def test_a_second_pass_changes_no_byte(settings: Settings) -> None:
    take_in(settings)
    publish_now(settings)
    before = state_of_home(settings)
    assert refresh(settings) == PublicChanges()
    publish_now(settings)
    assert state_of_home(settings) == before


def test_pictures_of_people_who_opt_out_go_at_once(published: Settings) -> None:
    without = with_privacy(published, opt_out=["Rui Costa"])
    assert refresh(without) == PublicChanges(withdrawn=1)
    assert [path.suffix for path in copies(without)] == [".png"]
    publish_now(without)
    with open_snapshot(without) as snapshot:
        assert rows(snapshot, "SELECT mime FROM media") == [("image/png",)]
    assert refresh(with_privacy(published, opt_out=[])).published == 1


def test_an_opt_out_before_the_first_publication_lets_no_copy_come(taken: Settings) -> None:
    without = with_privacy(taken, opt_out=["Rui Costa"])
    assert refresh(without).published == 1
    assert [path.suffix for path in copies(without)] == [".png"]


def test_a_file_that_somebody_else_sent_too_stays(settings: Settings) -> None:
    take_in(settings, (*TALK, (4, "Ana Lima", "IMG-0004.jpg (file attached)")), {**FILES, "IMG-0004.jpg": PHOTO})
    publish_now(settings)
    without = with_privacy(settings, opt_out=["Rui Costa"])
    publish_now(without)
    assert {path.suffix for path in copies(without)} == {".jpg", ".png"}


def test_two_originals_with_one_copy_go_only_together(settings: Settings) -> None:
    other = jpeg(1, artist="Somebody Else")
    take_in(settings, (*TALK, (4, "Ana Lima", "IMG-0004.jpg (file attached)")), {**FILES, "IMG-0004.jpg": other})
    assert refresh(settings).published == 3
    assert len(copies(settings)) == 2
    refresh(with_privacy(settings, opt_out=["Rui Costa"]))
    assert len(copies(settings)) == 2
    refresh(with_privacy(settings, opt_out=["Rui Costa", "Ana Lima"]))
    assert copies(settings) == []


@pytest.mark.parametrize("fault", ["metadata", "other bytes", "missing"])
def test_a_leak_planted_in_a_published_file_fails_the_check(published: Settings, fault: str) -> None:
    assert passes(published)
    [path] = published.published_media.glob("*/*.jpg")
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(PHOTO if fault == "metadata" else path.read_bytes() + b"GPS 52.5")
    os.utime(path, ns=(0, 0)) if fault != "missing" else None
    assert not passes(published)
    assert refresh(published).published == 1, "the next pass mends it"
    assert passes(published)


def test_a_link_in_the_place_of_a_published_file_is_no_copy(published: Settings, tmp_path: Path) -> None:
    [path] = published.published_media.glob("*/*.jpg")
    same = path.rename(tmp_path / "same.jpg")
    path.symlink_to(same)
    assert not passes(published)
    assert refresh(published).published == 1
    assert passes(published)
    assert not path.is_symlink()


def test_a_folder_in_the_place_of_a_copy_does_not_keep_other_copies_published(taken: Settings) -> None:
    refresh(taken)
    [path] = taken.published_media.glob("*/*.jpg")
    path.unlink()
    path.mkdir()
    assert refresh(with_privacy(taken, opt_out=["Rui Costa", "Ana Lima"])).withdrawn == 2
    assert copies(taken) == []


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_in_the_place_of_a_folder_of_copies_goes_and_they_are_made_again(
    taken: Settings, tmp_path: Path, kind: str
) -> None:
    refresh(taken)
    [path] = taken.published_media.glob("*/*.jpg")
    moved = path.parent.rename(tmp_path / "moved")
    path.parent.write_bytes(b"a file") if kind == "file" else path.parent.symlink_to(moved)
    assert refresh(taken).published == 1
    assert passes(taken)
    assert not path.parent.is_symlink()
    assert [left.name for left in moved.iterdir()] == [path.name]
    if kind == "file":
        path.unlink()
        path.parent.rmdir()
        path.parent.write_bytes(b"a file")
        assert refresh(with_privacy(taken, opt_out=["Rui Costa"])).withdrawn == 1


def test_what_a_link_among_the_copies_leads_to_is_never_removed(taken: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "holiday.jpg").write_bytes(PHOTO)
    taken.published_media.mkdir(parents=True)
    for name in ("00", "my-pictures"):
        (taken.published_media / name).symlink_to(tmp_path / "mine")
    refresh(taken, full=True)
    assert (tmp_path / "mine" / "holiday.jpg").exists()


def test_an_original_that_is_not_what_it_was_is_published_when_it_is_whole_again(taken: Settings) -> None:
    path = MediaStore(taken.media_store).path_of(hashlib.sha256(PHOTO).hexdigest())
    for other in (jpeg(9)[:-2].ljust(len(PHOTO) - 2, b"\0") + b"\xff\xd9", bytes(len(PHOTO))):
        path.unlink()
        path.write_bytes(other[: len(PHOTO)])
        assert refresh(taken).missing == 1
    path.unlink()
    path.write_bytes(PHOTO)
    assert refresh(taken) == PublicChanges(published=1)


def test_a_picture_that_no_decoder_would_open_is_kept_back(settings: Settings) -> None:
    huge = PHOTO.replace((48).to_bytes(2, "big") + (64).to_bytes(2, "big"), b"\xff\xdc\xff\xdc", 1)
    take_in(settings, TALK, {**FILES, "IMG-0001.jpg": huge})
    assert refresh(settings).published == 2
    with open_warehouse(settings) as connection:
        pictures.refresh(connection, settings, MediaStore(settings.media_store))
    assert refresh(settings) == PublicChanges(kept_back=1, withdrawn=1)
    assert [path.suffix for path in copies(settings)] == [".png"]
    assert refresh(settings) == PublicChanges()


def test_a_file_that_nobody_sent_is_seen_among_what_is_published(published: Settings) -> None:
    with open_warehouse(published) as connection:
        assert publish_verify.only_allowed_files(connection, published).passed
        copies(published)[0].with_name("holiday.jpg").write_bytes(PHOTO)
        assert not publish_verify.only_allowed_files(connection, published).passed
        public.refresh(connection, published, full=True)
        assert publish_verify.only_allowed_files(connection, published).passed


def test_a_pass_that_was_cut_short_leaves_no_file_behind(taken: Settings) -> None:
    refresh(taken)
    stray = taken.published_media / "ab" / ("ab" + "0" * 62 + ".jpg")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(PHOTO)
    (taken.published_media / ".unfinished").touch()
    refresh(taken)
    assert not stray.exists()


def test_copies_are_on_the_disk_before_rows_tell_of_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut an empty file had stood under a name that a row told of, and no pass looked at it again."""
    told: list[str] = []
    force, note = public.force_written, public._note
    monkeypatch.setattr(public, "force_written", lambda *given: told.extend(["forced", *given[0]]) or force(*given))
    monkeypatch.setattr(public, "_note", lambda *given: told.append("noted") or note(*given))
    take_in(settings)
    refresh(settings)
    assert told == ["forced", *sorted(map(str, copies(settings)), key=told.index), "noted"]


def test_a_file_too_large_to_publish_is_kept_back(taken: Settings) -> None:
    small = taken.model_copy(update={"limits": LimitSettings(max_public_bytes=10)})
    assert refresh(small) == PublicChanges(kept_back=3)
    with open_warehouse(small) as connection:
        assert not verify.media_can_be_published(connection, small).passed


def test_an_original_that_is_missing_is_published_when_it_is_back(taken: Settings) -> None:
    store = MediaStore(taken.media_store)
    path = store.path_of(hashlib.sha256(PHOTO).hexdigest())
    away = path.rename(taken.home / "away")
    assert refresh(taken) == PublicChanges(published=1, kept_back=1, missing=1)
    away.rename(path)
    assert refresh(taken) == PublicChanges(published=1)


def test_without_leave_to_publish_media_all_copies_are_withdrawn_and_posts_show_none(published: Settings) -> None:
    silent = published.model_copy(update={"media": MediaSettings(publish=False)})
    with open_warehouse(silent) as connection:
        assert not verify.nothing_hidden_is_published(connection, silent).passed
    publish_now(silent)
    assert list(published.published_media.glob("*/")) == []
    assert passes(silent)
    with open_warehouse(silent) as connection:
        assert verify.nothing_hidden_is_published(connection, silent).passed
        assert publish_verify.only_allowed_files(connection, silent).passed
    with open_snapshot(silent) as snapshot:
        assert rows(snapshot, "SELECT (SELECT count(*) FROM media), (SELECT count(*) FROM message_media)") == [(0, 0)]
    [post] = published.posts.glob("*/*.md")
    assert "![picture]" not in post.read_text("utf-8")
    assert json.loads(post.with_suffix(".json").read_text("utf-8"))["media"] == []
    before = state_of_home(published)
    publish_now(silent)
    assert state_of_home(published) == before
    publish_now(published)
    assert len(copies(published)) == 2
    assert "![picture]" in post.read_text("utf-8")


def test_a_pass_without_news_looks_at_each_copy_once(taken: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(taken)
    looked: list[str] = []
    look = os.lstat

    def counted(path: str, **options: int) -> os.stat_result:
        looked.append(os.fspath(path))
        return look(path, **options)

    monkeypatch.setattr(public.os, "lstat", counted)
    assert refresh(taken) == PublicChanges()
    assert sorted(path for path in looked if path in map(os.fspath, copies(taken))) == list(
        map(os.fspath, copies(taken))
    )
