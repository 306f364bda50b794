"""Objects are whole or absent: after errors, kills, full disks, and however many processes add and collect at once."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from egregora_assets.config import Settings
from egregora_assets.media import store as store_module
from egregora_assets.media.disk import PlaceTaken
from egregora_assets.media.garbage import collect
from egregora_assets.media.store import MediaStore
from egregora_assets.media.upkeep import verify
from egregora_assets.warehouse.durable import StoreFull
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows

SMALL, LARGE = b"small" * 100, b"large" * 700_000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def store(settings: Settings) -> MediaStore:
    return MediaStore(settings.media_store)


def in_tmp(store: MediaStore) -> list[str]:
    return sorted(path.name for path in (store.folder / "tmp").iterdir())


def objects(store: MediaStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (store.folder / "objects").rglob("*") if path.is_file()}


def test_a_batch_is_there_when_its_block_has_ended_and_not_before(store: MediaStore) -> None:
    with store.adding() as batch:
        told = [batch.add(io.BytesIO(content)) for content in (SMALL, LARGE, SMALL, b"")]
        assert objects(store) == {}
    assert [(found.media_id, found.size, found.is_new) for found in told] == [
        (digest(SMALL), len(SMALL), True),
        (digest(LARGE), len(LARGE), True),
        (digest(SMALL), len(SMALL), False),
        (digest(b""), 0, True),
    ]
    assert [found.head for found in told] == [SMALL[:512], LARGE[:512], SMALL[:512], b""]
    assert objects(store) == {digest(content): content for content in (SMALL, LARGE, b"")}
    assert {stat.S_IMODE(store.path_of(name).stat().st_mode) & 0o222 for name in objects(store)} == {0}
    assert in_tmp(store) == []


def test_what_was_flushed_is_there_before_the_block_ends(store: MediaStore) -> None:
    with store.adding() as batch:
        batch.add(io.BytesIO(SMALL))
        batch.flush()
        with store.open(digest(SMALL)) as stream:
            assert stream.read() == SMALL
        batch.add(io.BytesIO(LARGE))
        assert not store.path_of(digest(LARGE)).exists()


def test_many_files_are_flushed_by_number_and_by_bytes(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_MOST_FILES", 3)
    monkeypatch.setattr(store_module, "_MOST_BYTES", 10_000)
    with store.adding() as batch:
        seen = [(batch.add(io.BytesIO(b"%d" % number)), len(objects(store)))[1] for number in range(7)]
        assert seen == [0, 0, 3, 3, 3, 6, 6]
        batch.add(io.BytesIO(bytes(10_000)))
        assert len(objects(store)) == 8


def test_an_error_in_the_block_leaves_what_was_flushed_and_nothing_else(store: MediaStore) -> None:
    def broken() -> None:
        with store.adding() as batch:
            batch.add(io.BytesIO(SMALL))
            batch.flush()
            batch.add(io.BytesIO(LARGE))
            raise LookupError("the archive has gone")

    with pytest.raises(LookupError):
        broken()
    assert objects(store) == {digest(SMALL): SMALL}
    assert in_tmp(store) == []


def test_known_bytes_are_not_written_again_and_cut_ones_are(store: MediaStore) -> None:
    for content in (SMALL, LARGE):
        store.add(io.BytesIO(content))
        inode = store.path_of(digest(content)).stat().st_ino
        assert not store.add(io.BytesIO(content)).is_new
        assert store.path_of(digest(content)).stat().st_ino == inode
        path = store.path_of(digest(content))
        path.unlink()
        path.write_bytes(content[:-1])
        assert store.add(io.BytesIO(content)).is_new
        assert path.read_bytes() == content


def test_a_link_in_an_objects_place_is_no_object(store: MediaStore, settings: Settings) -> None:
    elsewhere = settings.home / "elsewhere"
    elsewhere.write_bytes(SMALL)
    path = store.path_of(digest(SMALL))
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        store.open(digest(SMALL))
    assert store.add(io.BytesIO(SMALL)).is_new
    assert not path.is_symlink()
    assert path.read_bytes() == elsewhere.read_bytes() == SMALL


@pytest.mark.parametrize("kind", ["folder", "file for a folder", "link for a folder"])
def test_what_stands_in_the_stores_places_is_named(store: MediaStore, tmp_path: Path, kind: str) -> None:
    place = store.path_of(digest(SMALL))
    if kind == "folder":
        place.mkdir(parents=True)
    else:
        place.parent.parent.mkdir(parents=True)
        place.parent.write_bytes(b"x") if kind == "file for a folder" else place.parent.symlink_to(tmp_path / "nowhere")
    assert not store.holds(digest(SMALL), len(SMALL))
    assert store.held([digest(SMALL)], [len(SMALL)]) == [False]
    with pytest.raises(PlaceTaken, match=f"{digest(SMALL)[:2]}.*move it away and run again"):
        store.add(io.BytesIO(SMALL))
    assert in_tmp(store) == []


def test_a_stream_that_gives_a_byte_at_a_time_is_read_whole(store: MediaStore) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    found = store.add(Slow(SMALL))
    assert (found.media_id, found.size) == (digest(SMALL), len(SMALL))


def test_derived_files_replace_each_other_whole(store: MediaStore) -> None:
    path = store.put_derived("thumbnail-320", digest(SMALL), b"first")
    assert path == store.folder / "derived" / "thumbnail-320" / digest(SMALL)[:2] / digest(SMALL)
    with store.adding() as batch:
        batch.put_derived("thumbnail-320", digest(SMALL), b"second")
        batch.put_derived("thumbnail-320", digest(SMALL), b"third")
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"third"
    assert in_tmp(store) == []


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", ".hidden", "a" * 101])
def test_a_recipe_is_no_path(store: MediaStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a recipe"):
        store.put_derived(name, digest(SMALL), b"")


@pytest.mark.parametrize("name", ["", "../" * 20, "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_an_id_is_no_path(store: MediaStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of an object"):
        store.path_of(name)


def test_what_a_crash_left_is_swept_and_what_the_living_write_stays(store: MediaStore) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (store.folder / "tmp" / "folder").mkdir(parents=True)
    for name in (f"{int(ended.stdout)}-0123abcd", f"{os.getpid()}-0123abcd", "0123456789abcdef01234567"):
        (store.folder / "tmp" / name).write_bytes(b"half")
    with store.adding() as batch:
        batch.add(io.BytesIO(SMALL))
        assert MediaStore(store.folder).sweep() == 1
        assert len(in_tmp(store)) == 4
    assert objects(store) == {digest(SMALL): SMALL}
    assert store.sweep() == 1
    assert in_tmp(store) == sorted([f"{os.getpid()}-0123abcd", "folder"])


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_plainly_and_leaves_no_half_object(store: MediaStore) -> None:
    with files_of_at_most(1_000_000):
        for content in (LARGE, LARGE[: (1 << 20) - 1]):
            with pytest.raises(StoreFull, match=r"no room in .*media"):
                store.add(io.BytesIO(content))
        with store.adding() as batch:
            batch.add(io.BytesIO(SMALL))
            with pytest.raises(StoreFull):
                batch.add(io.BytesIO(LARGE))
    assert objects(store) == {digest(SMALL): SMALL}
    assert in_tmp(store) == []
    assert store.add(io.BytesIO(LARGE)).is_new


def test_a_disk_is_never_filled_to_its_last_byte(store: MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def room(_: Path) -> os.statvfs_result:
        asked.append(1 << 20 if len(asked) < 2 else 20_000)
        return os.statvfs_result((4096, 4096, 1 << 20, asked[-1], asked[-1], 0, 0, 0, 0, 255))

    monkeypatch.setattr("egregora_assets.media.disk.os.statvfs", room)
    endless = io.BytesIO(bytes(40 << 20))
    with store.adding() as batch:
        batch.add(io.BytesIO(SMALL))
        with pytest.raises(StoreFull, match=r"no room in .*media: the last 81 MiB"):
            batch.add(endless)
    assert endless.tell() < 36 << 20
    assert objects(store) == {digest(SMALL): SMALL}
    assert in_tmp(store) == []


VICTIMS = """
    import io, os, shutil, signal, sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from egregora_assets.config import Settings
    from egregora_assets.media.garbage import collect
    from egregora_assets.media.store import MediaStore
    from egregora_assets.warehouse.files import open_warehouse
    from egregora_assets.warehouse.query import changed

    job, base, kills = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

    def settings_of(home):
        return Settings(home=home, timezone="UTC")

    def add(settings):
        store = MediaStore(settings.media_store)
        store.sweep()
        with open_warehouse(settings) as connection:
            for chunk in range(2):
                with store.adding() as batch:
                    contents = [b"object %d %d" % (chunk, number) * 300 for number in range(6)]
                    found = [batch.add(io.BytesIO(content)) for content in contents]
                for one in found:
                    sql = "INSERT INTO media SELECT $id, $size, 'image/png', 1 WHERE $id NOT IN (SELECT media_id FROM media)"
                    changed(connection, sql, {"id": one.media_id, "size": one.size})

    def collecting(settings):
        with open_warehouse(settings) as connection:
            later = datetime.now(UTC) + timedelta(days=30)
            collect(connection, settings, now=later, recipes={"current"}, force=True)

    def run(home, last):
        seen, folder = 0, str(home / "media")
        def watch(event, arguments):
            nonlocal seen
            if (event == "open" or event.startswith("os.")) and any(folder in str(each) for each in arguments):
                seen += 1
                if seen == last:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        {"add": add, "collect": collecting}[job](settings_of(home))
        (home / "steps").write_text(str(seen))
        os._exit(0)

    def victim(name, last):
        home = base.parent / name
        shutil.copytree(base, home)
        child = os.fork()
        if not child:
            try:
                run(home, last)
            finally:
                os._exit(1)
        return home, os.waitpid(child, 0)[1]

    calm, status = victim("calm", 0)
    assert status == 0, status
    steps = int((calm / "steps").read_text())
    for kill in range(kills):
        home, status = victim(f"killed-{kill}", 1 + kill * steps // kills)
        assert status == signal.SIGKILL, status
        print(home)
"""
"""One interpreter that does a job in copies of a home, again and again, and kills itself at another step each time."""


def killed_homes(job: str, base: Path, kills: int) -> list[Settings]:
    program = [sys.executable, "-c", textwrap.dedent(VICTIMS), job, str(base), str(kills)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    homes = ended.stdout.split()
    assert len(homes) == kills
    return [Settings(home=Path(home), timezone="UTC") for home in homes]


MOMENTS = [8, pytest.param(50, marks=pytest.mark.slow)]


@pytest.mark.parametrize("kills", MOMENTS)
def test_a_kill_while_adding_leaves_no_row_without_its_object(settings: Settings, kills: int) -> None:
    with open_warehouse(settings):
        pass
    for killed in killed_homes("add", settings.home, kills):
        store = MediaStore(killed.media_store)
        assert all(digest(content) == name for name, content in objects(store).items())
        with open_warehouse(killed) as connection:
            named = {name for (name,) in rows(connection, "SELECT media_id FROM media")}
        assert named <= objects(store).keys()
        store.sweep()
        assert not (store.folder / "tmp").exists() or in_tmp(store) == []


@pytest.mark.parametrize("kills", MOMENTS)
def test_a_kill_while_collecting_loses_nothing_that_a_row_names(settings: Settings, kills: int) -> None:
    store = MediaStore(settings.media_store)
    named, strays = ([kind * 90 + bytes([number]) for number in range(8)] for kind in (b"named", b"stray"))
    with open_warehouse(settings) as connection:
        with store.adding() as batch:
            for content in (*named, *strays):
                name = batch.add(io.BytesIO(content)).media_id
                batch.put_derived("old" if content in named else "current", name, b"copy")
        listed = ", ".join(f"('{digest(content)}', 1, 'image/png', 1)" for content in named)
        changed(connection, f"INSERT INTO media VALUES {listed}")
        collect(connection, settings)
        for place, content in (("2020-01-01", b"old"), ("2020-01-02", named[0])):
            (store.folder / "trash" / place).mkdir(parents=True)
            (store.folder / "trash" / place / digest(content)).write_bytes(content)
        store.path_of(digest(named[0])).unlink()
    for killed in killed_homes("collect", settings.home, kills):
        store = MediaStore(killed.media_store)
        kept = {
            path.name: path.read_bytes()
            for part in ("objects", "trash")
            for path in (store.folder / part).rglob("?" * 64)
        }
        assert {digest(content) for content in (*named, *strays)} <= kept.keys()
        with open_warehouse(killed) as connection:
            collect(connection, killed, now=datetime.now(UTC) + timedelta(days=30), recipes={"current"}, force=True)
            assert verify(connection, killed, share=1).passed
        assert objects(store) == {digest(content): content for content in named}
        assert not list((store.folder / "derived").rglob("?" * 64))


TOGETHER = """
    import io, json, os, sys, time
    from pathlib import Path
    from egregora_assets.config import Settings
    from egregora_assets.media.garbage import collect
    from egregora_assets.media.store import MediaStore
    from egregora_assets.warehouse.files import open_warehouse

    settings = Settings(home=Path(sys.argv[1]), timezone="UTC")

    def add(number):
        store = MediaStore(settings.media_store)
        for turn in range(12):
            store.sweep()
            with store.adding() as batch:
                for content in (b"stray %d" % turn, b"both %d" % turn, b"only %d %d" % (number, turn)):
                    batch.add(io.BytesIO(content * 500))

    children = []
    for number in range(2):
        child = os.fork()
        if not child:
            try:
                add(number)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    trashed, collections = 0, 0
    with open_warehouse(settings) as connection:
        while children:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended:
                assert status == 0, status
                children.remove(ended)
            trashed += collect(connection, settings, force=True).trashed
            collections += 1
    print(json.dumps([trashed, collections]))
"""


def test_two_processes_add_the_same_and_other_objects_while_a_third_collects(settings: Settings) -> None:
    """Objects that were noted as garbage weeks ago are added again meanwhile: none of these may be lost."""
    store = MediaStore(settings.media_store)
    with open_warehouse(settings) as connection:
        with store.adding() as batch:
            for turn in range(24):
                batch.add(io.BytesIO(b"stray %d" % turn * 500))
        collect(connection, settings, force=True, now=datetime.now(UTC) - timedelta(days=30))
    program = [sys.executable, "-c", textwrap.dedent(TOGETHER), str(settings.home)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    trashed, collections = json.loads(ended.stdout)
    assert trashed >= 12, f"what nobody added again has gone, in {collections} collections"
    added = [b"%s %d" % (kind, turn) for turn in range(12) for kind in (b"stray", b"both", b"only 0", b"only 1")]
    assert objects(store) == {digest(content * 500): content * 500 for content in added}
    assert in_tmp(store) == []
