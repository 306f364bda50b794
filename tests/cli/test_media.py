"""`egregora media`: what a person sees of archives, copies and the store, without a traceback and without a byte too many."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from egregora_assets.chat.ingest import ingest
from egregora_assets.cli import app
from egregora_assets.config import Settings
from egregora_assets.media import ingest as media
from egregora_assets.media import near_duplicates, pictures, public, verify
from egregora_assets.media.store import MediaStore
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, put_export, state_of_home
from tests.homes import copied_home, make_ready_home
from tests.pictures import jpeg, picture, png

ARTIST = "Zanzibella Fiddlesworth"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["media", *map(str, arguments)])


def smaller(seed: int) -> bytes:
    written = io.BytesIO()
    picture(seed, 640, 480).resize((320, 240)).save(written, "JPEG", quality=60)
    return written.getvalue()


FILES = {
    "photo.jpg": jpeg(1, 640, 480),
    "again.jpg": jpeg(1, 640, 480),
    "signed.jpg": jpeg(1, 640, 480, artist=ARTIST),
    "small.jpg": smaller(1),
    "other.png": png(2, 640, 480),
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as written:
        for name, content in FILES.items():
            written.writestr(name, content)
        link = zipfile.ZipInfo("link.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        written.writestr(link, "/etc/passwd")
    return path


@pytest.fixture(scope="module")
def home_filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a chat of all ``FILES``. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("filled") / "home", timezone="UTC")
    make_ready_home(settings)
    talk = chat(*((minute, "Ana Lima", f"{name} (file attached)") for minute, name in enumerate(FILES)))
    put_export(settings, "Garden Club", talk, media=FILES)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        pictures.refresh(connection, settings, MediaStore(settings.media_store))
        near_duplicates.refresh(connection)
    return settings.home


@pytest.fixture
def filled(settings: Settings, home_filled: Path) -> Settings:
    return copied_home(home_filled, settings)


def test_inspect_tells_every_member_and_every_pair_as_json(archive: Path) -> None:
    result = run("inspect", archive, "--json")
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in result.stdout.splitlines()]
    members = {item["name"]: item for item in told if "name" in item}
    assert set(members) == {*FILES, "link.jpg"}
    assert {name: members[name]["type"] for name in FILES} == {
        name: "image/png" if name.endswith(".png") else "image/jpeg" for name in FILES
    }
    assert (members["link.jpg"]["status"], members["link.jpg"]["sha256"]) == ("rejected", None)
    assert members["link.jpg"]["reason"]
    pairs = {frozenset((item["a"], item["b"])): item["label"] for item in told if "a" in item}
    assert pairs == {
        frozenset(("photo.jpg", "again.jpg")): "same_bytes",
        frozenset(("photo.jpg", "signed.jpg")): "same_pixels",
        frozenset(("again.jpg", "signed.jpg")): "same_pixels",
        **{frozenset((name, "small.jpg")): "same_picture" for name in ("photo.jpg", "again.jpg", "signed.jpg")},
    }


def test_inspect_tells_pairs_in_the_order_of_the_archive_and_broken_pictures_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "pictures.zip"
    files = {"broken.jpg": FILES["photo.jpg"][:900], **FILES}
    with zipfile.ZipFile(path, "w") as written:
        for name, content in files.items():
            written.writestr(name, content)
    result = run("inspect", path, "--json")
    names = list(files)
    pairs = [json.loads(line) for line in result.stdout.splitlines()][len(files) :]
    places = [(names.index(pair["a"]), names.index(pair["b"])) for pair in pairs]
    assert len(places) == 6
    assert places == sorted(places)
    assert all(a < b for a, b in places)
    assert "broken.jpg: cannot be decoded" in result.stderr


def test_inspect_tells_members_and_one_line_where_no_decoder_starts(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    result = run("inspect", archive, "--json")
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, len(FILES) + 1)
    assert result.stderr.startswith("error: pictures cannot be decoded")
    assert result.stderr.count("\n") == 1


def test_inspect_needs_no_home_and_leaves_nothing(
    archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("EGREGORA_HOME", str(tmp_path / "no home"))
    assert run("inspect", archive).exit_code == 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "no home").exists()


def test_inspect_of_what_is_no_archive_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note")
    result = run("inspect", tmp_path / "note.txt")
    assert result.exit_code == 1
    assert "is no ZIP archive" in result.output


def test_sanitise_writes_the_picture_without_its_maker_or_nothing(tmp_path: Path) -> None:
    signed, copy = tmp_path / "signed.jpg", tmp_path / "copy.jpg"
    signed.write_bytes(FILES["signed.jpg"])
    assert run("sanitise", signed, "-o", copy).exit_code == 0
    assert ARTIST.encode() not in copy.read_bytes()
    with Image.open(signed) as before, Image.open(copy) as after:
        assert before.tobytes() == after.tobytes()
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    refused = run("sanitise", tmp_path / "letter.pdf", "-o", tmp_path / "letter-copy.pdf")
    assert refused.exit_code == 1
    assert "not_sanitised" in refused.output
    assert not (tmp_path / "letter-copy.pdf").exists()


@pytest.mark.parametrize(
    ("file", "copy", "told"),
    [
        ("nothing.jpg", "copy.jpg", r"error: \S*nothing\.jpg: No such file"),
        ("empty.jpg", "copy.jpg", "not_sanitised: .*is empty"),
        ("empty.jpg", "no folder/copy.jpg", "no folder: no such folder"),
    ],
)
def test_sanitise_says_in_one_line_what_is_missing(tmp_path: Path, file: str, copy: str, told: str) -> None:
    (tmp_path / "empty.jpg").touch()
    result = run("sanitise", tmp_path / file, "-o", tmp_path / copy)
    assert result.exit_code == 1
    assert re.search(told, result.output), result.output
    assert result.output.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["empty.jpg"]


def test_duplicates_lists_the_best_copy_first(filled: Settings) -> None:
    result = run("duplicates", "--json", "--home", filled.home)
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [item["label"] for item in told] == ["best", "same_pixels", "same_picture", "same_bytes"]
    assert [item["width"] for item in told] == [640, 640, 320, 640]
    assert [item["sent"] for item in told][-1] == 2
    assert "best copy" in run("duplicates", "--home", filled.home).stdout


def test_verify_finds_a_damaged_file_and_brings_it_back_from_its_export(filled: Settings) -> None:
    assert run("verify", "--all", "--home", filled.home).exit_code == 0
    damaged = next(path for path in (filled.media_store / "objects").rglob("*") if path.is_file())
    damaged.chmod(0o600)
    damaged.write_bytes(b"damaged" + damaged.read_bytes()[7:])
    result = run("verify", "--all", "--home", filled.home)
    assert result.exit_code == 1
    assert "1 damaged" in result.stdout
    assert run("verify", "--recover", "--home", filled.home).exit_code == 0
    assert run("verify", "--all", "--home", filled.home).exit_code == 0


def test_gc_takes_nothing_that_a_message_brought(filled: Settings) -> None:
    before = {path for path in (filled.media_store / "objects").rglob("*") if path.is_file()}
    result = run("gc", "--days", "0", "--home", filled.home)
    assert result.exit_code == 0, result.output
    assert {path for path in (filled.media_store / "objects").rglob("*") if path.is_file()} == before


def test_import_takes_in_a_folder_once(filled: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "IMG-0099.jpg").write_bytes(jpeg(9))
    assert "1 new in the store" in run("import", folder, "--home", filled.home).stdout
    before = state_of_home(filled)
    assert "0 read" in run("import", folder, "--home", filled.home).stdout
    assert state_of_home(filled) == before


def test_a_folder_that_is_none_is_one_line(filled: Settings, tmp_path: Path) -> None:
    result = run("import", tmp_path / "nowhere", "--home", filled.home)
    assert result.exit_code == 1
    assert "is no folder" in result.output


def test_forget_asks_first_and_then_leaves_nothing_but_the_export(filled: Settings) -> None:
    with open_warehouse(filled) as connection:
        publish(connection, filled)
    signed = hashlib.sha256(FILES["signed.jpg"]).hexdigest()
    store = MediaStore(filled.media_store)
    before = state_of_home(filled)
    asked = run("forget", signed[:12], "--home", filled.home)
    assert asked.exit_code == 1
    assert (signed in asked.stdout, "WhatsApp Chat with Garden Club.zip" in asked.stdout) == (True, True)
    assert state_of_home(filled) == before
    copies = len(list(filled.published_media.glob("*/*")))
    done = run("forget", signed[:12], "--yes", "--home", filled.home)
    assert done.exit_code == 0, done.output
    assert "WhatsApp Chat with Garden Club.zip" in done.stdout
    assert not [path for path in filled.media_store.rglob("*") if path.name.startswith(signed)]
    assert len(list(filled.published_media.glob("*/*"))) == copies
    with open_warehouse(filled) as connection:
        assert rows(connection, "SELECT count(*) FROM pictures WHERE media_id = ?", [signed]) == [(0,)]
        assert rows(connection, "SELECT is_shown FROM media_public WHERE media_id = ?", [signed]) == [(False,)]
        assert pictures.refresh(connection, filled, store) == pictures.PictureChanges()
        near_duplicates.refresh(connection)
        publish(connection, filled)
        assert public.refresh(connection, filled) == public.PublicChanges()
        assert verify.objects_are_stored(connection, filled).passed
        assert verify.nothing_hidden_is_published(connection, filled).passed
    grown = {**FILES, "later.png": png(9)}
    talk = chat(*((minute, "Ana Lima", f"{name} (file attached)") for minute, name in enumerate(grown)))
    put_export(filled, "Garden Club", talk, suffix=" (1)", media=grown)
    with open_warehouse(filled) as connection:
        ingest(connection, filled)
        assert media.refresh(connection, filled).known == len(FILES)
    assert not store.path_of(signed).exists()


def test_the_only_published_copy_of_what_is_forgotten_goes_at_once(filled: Settings) -> None:
    other = hashlib.sha256(FILES["other.png"]).hexdigest()
    with open_warehouse(filled) as connection:
        publish(connection, filled)
    copies = {path.name for path in filled.published_media.glob("*/*")}
    assert run("forget", other, "--yes", "--home", filled.home).exit_code == 0
    assert len(copies - {path.name for path in filled.published_media.glob("*/*")}) == 1


@pytest.mark.parametrize(("name", "told"), [("0a", "too short"), ("0123456789", "no file begins")])
def test_forget_of_what_is_no_file_is_one_line(filled: Settings, name: str, told: str) -> None:
    before = state_of_home(filled)
    result = run("forget", name, "--yes", "--home", filled.home)
    assert (result.exit_code, told in result.output) == (1, True)
    assert state_of_home(filled) == before
