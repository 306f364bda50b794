"""Every picture has its row, computed once, whatever happens to the run; nothing new writes nothing."""

from __future__ import annotations

import hashlib
import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from egregora_assets.authors.sync import refresh as refresh_authors
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.media import contact_sheet, near_duplicates, pictures, upkeep, verify
from egregora_assets.media import ingest as media
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.pictures import THUMBNAILS, PictureChanges
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows
from tests.chats import chat, put_export, state_of_home, with_privacy
from tests.media.test_pictures_decoding import encoded, photo


def put(settings: Settings, *contents: bytes) -> list[str]:
    """Put files into the store and the table ``media``, as a pass over an archive does; return their ids."""
    store, ids = MediaStore(settings.media_store), []
    with open_warehouse(settings) as connection:
        for content in contents:
            stored = store.add(io.BytesIO(content))
            values = [stored.media_id, stored.size, mime_of(stored.head)]
            changed(connection, "INSERT INTO media VALUES (?, ?, ?, 1)", values)
            ids.append(stored.media_id)
    return ids


def refresh(settings: Settings) -> PictureChanges:
    with open_warehouse(settings) as connection:
        return pictures.refresh(connection, settings, MediaStore(settings.media_store))


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


PHOTO, BROKEN, NOTE = encoded(photo(1)), encoded(photo(2))[:900], b"a note"


def test_a_picture_has_its_facts_and_a_broken_one_the_reason(settings: Settings) -> None:
    whole, broken, _ = put(settings, PHOTO, BROKEN, NOTE)
    assert refresh(settings) == PictureChanges(decoded=1, failed=1)
    facts = "media_id, width, height, orientation, failure IS NULL, octet_length(signature), phash_0 IS NULL"
    told = query(settings, f"SELECT {facts} FROM pictures ORDER BY failure NULLS FIRST")
    assert told == [(whole, 320, 240, 1, True, 128 * 128, False), (broken, None, None, None, False, None, True)]
    thumbnail = MediaStore(settings.media_store).derived(THUMBNAILS, whole)
    assert query(settings, "SELECT thumbnail_bytes FROM pictures WHERE failure IS NULL") == [
        (thumbnail.stat().st_size,)
    ]


def test_a_pass_without_news_writes_nothing(settings: Settings) -> None:
    put(settings, PHOTO, BROKEN, NOTE)
    refresh(settings)
    before = state_of_home(settings)
    assert refresh(settings) == PictureChanges()
    assert state_of_home(settings) == before


def test_another_recipe_computes_all_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put(settings, PHOTO)
    refresh(settings)
    monkeypatch.setattr(pictures, "RECIPE", "next")
    assert refresh(settings) == PictureChanges(decoded=1)
    assert query(settings, "SELECT count(*), any_value(recipe) FROM pictures") == [(1, "next")]
    assert refresh(settings) == PictureChanges()


@pytest.mark.parametrize("damaged_before_it_was_decoded", [True, False])
def test_a_picture_that_was_damaged_and_came_back_has_its_facts_and_thumbnail_again(
    settings: Settings, damaged_before_it_was_decoded: bool
) -> None:
    """Its thumbnail went with the damaged bytes, and was never made again; a failure stayed with a picture that is whole."""
    [name] = put(settings, PHOTO)
    store = MediaStore(settings.media_store)
    path, thumbnail = store.path_of(name), store.derived(THUMBNAILS, name)
    if not damaged_before_it_was_decoded:
        assert refresh(settings).decoded == 1
    path.unlink()
    path.write_bytes(bytes(len(PHOTO)))
    assert refresh(settings).missing == int(damaged_before_it_was_decoded)
    with open_warehouse(settings) as connection:
        assert upkeep.verify(connection, settings, 1).bad == (name,)
        store.add(io.BytesIO(PHOTO))
        assert upkeep.verify(connection, settings, 1).healed == (name,)
    assert not thumbnail.exists()
    assert refresh(settings) == PictureChanges(decoded=1)
    assert thumbnail.exists()
    assert refresh(settings) == PictureChanges()


@pytest.mark.parametrize("kind", ["cut", "link"])
def test_what_stands_in_the_place_of_a_picture_is_not_decoded(settings: Settings, tmp_path: Path, kind: str) -> None:
    [name] = put(settings, PHOTO)
    path = MediaStore(settings.media_store).path_of(name)
    path.unlink()
    (tmp_path / "private.jpg").write_bytes(encoded(photo(3)))
    path.write_bytes(PHOTO[:700]) if kind == "cut" else path.symlink_to(tmp_path / "private.jpg")
    assert refresh(settings) == PictureChanges(missing=1)


def test_an_object_that_is_missing_is_tried_again_and_rows_of_media_that_are_gone_go(settings: Settings) -> None:
    (media_id,) = put(settings, PHOTO)
    path = MediaStore(settings.media_store).path_of(media_id)
    path.unlink()
    assert refresh(settings) == PictureChanges(missing=1)
    path.write_bytes(PHOTO)
    assert refresh(settings) == PictureChanges(decoded=1)
    query(settings, "DELETE FROM media")
    assert refresh(settings) == PictureChanges(gone=1)
    assert query(settings, "SELECT count(*) FROM pictures") == [(0,)]


def test_a_killed_run_keeps_what_it_did(settings: Settings) -> None:
    put(settings, *(encoded(photo(seed)) for seed in range(7)))
    program = """
import os, signal, sys
from egregora_assets.config import Settings
from egregora_assets.media import contact_sheet, near_duplicates, pictures, upkeep, verify
from egregora_assets.media import ingest as media
from egregora_assets.media.store import Adding, MediaStore
from egregora_assets.warehouse.files import open_warehouse
settings = Settings(home=sys.argv[1], timezone="UTC")
pictures._FILES_AT_ONCE = 2
kept, put = 0, Adding.put_derived
def killing(batch, recipe, media_id, data):
    global kept
    kept += 1
    if kept == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(batch, recipe, media_id, data)
Adding.put_derived = killing
with open_warehouse(settings) as connection:
    pictures.refresh(connection, settings, MediaStore(settings.media_store))
"""
    ended = subprocess.run([sys.executable, "-c", program, str(settings.home)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert query(settings, "SELECT count(*) FROM pictures") == [(4,)]
    assert refresh(settings).decoded == 3
    assert query(settings, "SELECT count(*), count(DISTINCT media_id) FROM pictures") == [(7, 7)]


def wave() -> bytes:
    """Two seconds of silence."""
    import wave as waves

    output = io.BytesIO()
    with waves.open(output, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(32_000))
    return output.getvalue()


def film(folder: Path) -> bytes:
    av = pytest.importorskip("av")
    path = folder / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(30):
            for packet in stream.encode(av.VideoFrame.from_image(photo(number % 3))):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path.read_bytes()


def test_films_and_sound_have_a_duration_and_films_a_thumbnail(settings: Settings, tmp_path: Path) -> None:
    moving, sound, _ = put(settings, film(tmp_path), wave(), b"fLaC" + bytes(range(200)))
    assert refresh(settings) == PictureChanges(decoded=2, failed=1)
    told = query(
        settings, "SELECT media_id, round(duration_seconds, 1), width, height FROM pictures WHERE failure IS NULL"
    )
    assert sorted(told) == sorted([(moving, 3.0, 320, 240), (sound, 2.0, None, None)])
    store = MediaStore(settings.media_store)
    assert store.derived(THUMBNAILS, moving).read_bytes()[:2] == b"\xff\xd8"
    assert not store.derived(THUMBNAILS, sound).exists()


TALK = chat(
    (0, "Ana Lima", "IMG-1.jpg (file attached)"),
    (1, "Rui Costa", "IMG-2.jpg (file attached)"),
    (2, "Ana Lima", "IMG-2.jpg (file attached)"),
    (3, "Rui Costa", "IMG-3.jpg (file attached)"),
)
FILES = {f"IMG-{number}.jpg": encoded(photo(number)) for number in (1, 2, 3)}


def shown(settings: Settings) -> tuple[set[str], set[str]]:
    """Return of which of the files there is a row, and of which a thumbnail on the disk; others there must not be."""
    names = {hashlib.sha256(content).hexdigest(): name for name, content in FILES.items()}
    thumbnails = (settings.media_store / "derived").rglob("*")
    return (
        {names[str(media_id)] for (media_id,) in query(settings, "SELECT media_id FROM pictures")},
        {names[path.name] for path in thumbnails if path.is_file()},
    )


def look_again(settings: Settings) -> PictureChanges:
    with open_warehouse(settings) as connection:
        refresh_authors(connection, settings)
        return pictures.refresh(connection, settings, MediaStore(settings.media_store))


def test_nothing_is_derived_from_what_only_people_who_opted_out_have_sent(settings: Settings) -> None:
    put_export(settings, "Garden", TALK, media=FILES)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
    assert look_again(settings) == PictureChanges(decoded=3)
    hides = with_privacy(settings, opt_out=("Ana Lima",))
    assert look_again(hides) == PictureChanges(hidden=1)
    assert shown(settings) == ({"IMG-2.jpg", "IMG-3.jpg"},) * 2
    before = state_of_home(settings)
    assert look_again(hides) == PictureChanges()
    assert state_of_home(settings) == before
    everybody = with_privacy(settings, opt_out=("Ana Lima", "Rui Costa"))
    assert look_again(everybody) == PictureChanges(hidden=2)
    assert shown(settings) == (set(), set())
    assert look_again(settings) == PictureChanges(decoded=3)
    assert shown(settings) == (set(FILES), set(FILES))
    with open_warehouse(settings) as connection:
        assert verify.objects_are_stored(connection, settings).passed


def test_a_thumbnail_that_a_killed_run_left_without_a_row_goes_with_the_opt_out(settings: Settings) -> None:
    put_export(settings, "Garden", TALK, media=FILES)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
    MediaStore(settings.media_store).put_derived(THUMBNAILS, hashlib.sha256(FILES["IMG-1.jpg"]).hexdigest(), b"left")
    assert look_again(with_privacy(settings, opt_out=("Ana Lima",))) == PictureChanges(decoded=2)
    assert shown(settings) == ({"IMG-2.jpg", "IMG-3.jpg"},) * 2


def test_copies_of_one_picture_are_told_again_when_one_of_them_is_hidden(settings: Settings) -> None:
    twin = {"IMG-1.jpg": encoded(photo(1), quality=90), "IMG-2.jpg": encoded(photo(1), quality=60)}
    talk = chat((0, "Ana Lima", "IMG-1.jpg (file attached)"), (1, "Rui Costa", "IMG-2.jpg (file attached)"))
    put_export(settings, "Garden", talk, media=twin)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
    hidden_id = hashlib.sha256(twin["IMG-1.jpg"]).hexdigest()
    for policy, pairs in (((), 1), (("Ana Lima",), 0), ((), 1)):
        hides = with_privacy(settings, opt_out=policy)
        look_again(hides)
        with open_warehouse(hides) as connection:
            near_duplicates.refresh(connection)
            contact_sheet.write(connection, hides)
        assert query(settings, "SELECT count(*) FROM media_pairs") == [(pairs,)]
        assert (hidden_id in contact_sheet.path_of(settings).read_text()) is bool(pairs)
