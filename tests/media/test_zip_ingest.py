"""Archives into the store: what an earlier export has brought is not read again, and a kill at any moment leaves nothing false."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from egregora_assets.chat.inbox import InboxFile, registered_files
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.media import ingest as media
from egregora_assets.media.ingest import MediaChanges, refresh
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat
from tests.media.zips import DEFLATED, STORED, Member, packed

NAME = "WhatsApp Chat with Garden Club"
PICTURES = [b"\xff\xd8\xff" + bytes([number]) * 3000 for number in range(4)]


def said(*names: str) -> bytes:
    return chat(*((minute, "Ana Lima", f"{name} (file attached)") for minute, name in enumerate(names))).encode()


def put(settings: Settings, *members: Member, suffix: str = "", title: str = NAME) -> Path:
    path = settings.inbox / f"{title}{suffix}.zip"
    names = [member.name.decode("utf-8", "replace") for member in members]
    path.write_bytes(packed(Member(f"{title}.txt".encode(), said(*names)), *members))
    return path


def take_in(settings: Settings) -> MediaChanges:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return refresh(connection, settings)


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


def photo(number: int, method: int = STORED) -> Member:
    return Member(f"IMG-{number}.jpg".encode(), PICTURES[number], method)


def spoilt(number: int) -> Member:
    """Return the photo with other bytes, of the same size, under the checksum of the right ones."""
    crc = zlib.crc32(PICTURES[number])
    wrong = bytes(len(PICTURES[number]))
    return Member(f"IMG-{number}.jpg".encode(), wrong, local={"crc": crc}, central={"crc": crc})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_row_says_exactly_what_the_archive_says(settings: Settings) -> None:
    put(settings, photo(0, method=DEFLATED), Member(b"caf\xe9/IMG.jpg", PICTURES[1]), Member(b"bad\0", b"x"))
    take_in(settings)
    found = query(
        settings,
        "SELECT member_index, raw_name, file_name, crc32, declared_bytes, media_id, rejected IS NULL FROM media_files "
        "ORDER BY member_index",
    )
    assert found == [
        (1, b"IMG-0.jpg", "IMG-0.jpg", zlib.crc32(PICTURES[0]), 3003, digest(PICTURES[0]), True),
        (2, b"caf\xe9/IMG.jpg", "IMG.jpg", zlib.crc32(PICTURES[1]), 3003, digest(PICTURES[1]), True),
        (3, b"bad\0", "bad\ufffd", zlib.crc32(b"x"), 1, None, False),
    ]


def test_a_longer_export_reads_only_what_is_new(settings: Settings) -> None:
    put(settings, photo(0), photo(1))
    take_in(settings)
    put(settings, spoilt(0), spoilt(1), photo(2), suffix=" (1)")
    changes = take_in(settings)
    assert (changes.files, changes.known, changes.new_objects, changes.rejected) == (3, 2, 1, 0)
    newest = "SELECT file_name, media_id FROM media_files WHERE revision = (SELECT max(revision) FROM media_files)"
    assert query(settings, f"{newest} ORDER BY ALL") == [(f"IMG-{n}.jpg", digest(PICTURES[n])) for n in range(3)]
    assert query(settings, "SELECT count(*) FROM message_media") == [(3,)]


@pytest.mark.parametrize("away", ["gone", "cut"])
def test_what_the_store_no_longer_holds_is_read_again(settings: Settings, away: str) -> None:
    put(settings, photo(0), photo(1))
    take_in(settings)
    path = MediaStore(settings.media_store).path_of(digest(PICTURES[0]))
    path.unlink()
    if away == "cut":
        path.write_bytes(b"cut")
    put(settings, photo(0), photo(1), photo(2), suffix=" (1)")
    assert (take_in(settings).known, path.read_bytes()) == (1, PICTURES[0])


def test_another_chat_knows_nothing_of_it(settings: Settings) -> None:
    put(settings, photo(0))
    take_in(settings)
    put(settings, spoilt(0), title="WhatsApp Chat with Book Club")
    changes = take_in(settings)
    assert (changes.known, changes.rejected) == (0, 1)


def test_another_name_size_or_checksum_is_another_file(settings: Settings) -> None:
    put(settings, photo(0), photo(1))
    take_in(settings)
    renamed, longer = Member(b"IMG-9.jpg", PICTURES[0]), Member(b"IMG-1.jpg", PICTURES[1] + b"x")
    put(settings, renamed, longer, Member(b"IMG-0.jpg", PICTURES[3]), suffix=" (1)")
    changes = take_in(settings)
    assert (changes.known, changes.files) == (0, 3)


def same_checksum(data: bytes, other: bytes) -> bytes:
    """Return ``other`` with four bytes more that give it the CRC-32 of ``data``."""
    table = [zlib.crc32(bytes([number]), 0xFFFFFFFF) ^ 0xFFFFFFFF for number in range(256)]
    top = {entry >> 24: number for number, entry in enumerate(table)}
    state, indexes = zlib.crc32(data) ^ 0xFFFFFFFF, []
    for _ in range(4):
        number = top[state >> 24]
        indexes.append(number)
        state = ((state ^ table[number]) << 8) & 0xFFFFFFFF
    now, tail = zlib.crc32(other) ^ 0xFFFFFFFF, b""
    for number in reversed(indexes):
        tail += bytes([(now ^ number) & 0xFF])
        now = (now >> 8) ^ table[number]
    return other + tail


def test_two_new_files_are_never_equal_by_their_checksum(settings: Settings) -> None:
    forged = same_checksum(PICTURES[0], bytes(len(PICTURES[0]) - 4))
    assert (zlib.crc32(forged), len(forged)) == (zlib.crc32(PICTURES[0]), len(PICTURES[0]))
    put(settings, photo(0), Member(b"a/IMG-0.jpg", forged), Member(b"a/IMG-0.jpg", forged))
    take_in(settings)
    put(settings, Member(b"a/IMG-0.jpg", forged), Member(b"a/IMG-0.jpg", PICTURES[0]), photo(0), suffix=" (1)")
    assert take_in(settings).known == 1
    found = query(settings, "SELECT media_id FROM media_files ORDER BY revision, member_index")
    assert found == [(digest(data),) for data in (PICTURES[0], forged, forged, forged, PICTURES[0], PICTURES[0])]


def test_a_name_that_stands_for_two_files_links_none_and_copies_link_one(settings: Settings) -> None:
    twins = [Member(b"IMG-0.jpg", PICTURES[0]), Member(b"IMG-0.jpg", PICTURES[1])]
    copies = [Member(b"IMG-2.jpg", PICTURES[2]), Member(b"IMG-2.jpg", PICTURES[2])]
    half = [Member(b"IMG-3.jpg", PICTURES[3]), Member(b"IMG-3.jpg", PICTURES[3], flags=1)]
    put(settings, *twins, *copies, *half)
    changes = take_in(settings)
    assert (changes.files, changes.rejected) == (5, 1)
    assert query(settings, "SELECT DISTINCT media_id FROM message_media") == [(digest(PICTURES[2]),)]


def test_long_archives_tell_how_far_they_are(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "_TELL_EVERY", 2)
    put(settings, *(photo(number) for number in range(4)))
    with caplog.at_level(logging.INFO, logger=media.__name__):
        take_in(settings)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["2 of 4 files", "4 of 4 files"]


def test_a_file_that_changed_since_it_was_registered_is_not_taken_for_the_export(settings: Settings) -> None:
    path = put(settings, photo(0))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        [(export_id,)] = rows(connection, "SELECT export_id FROM exports")
        assert registered_files(connection, settings.inbox, [export_id])[export_id].path == path
        path.write_bytes(path.read_bytes()[::-1])
        assert registered_files(connection, settings.inbox, [export_id]) == {}
        moved = path.with_name("moved.zip")
        moved.write_bytes(path.read_bytes()[::-1])
        assert registered_files(connection, settings.inbox, [export_id])[export_id].path == moved


def test_files_of_an_archive_that_was_replaced_meanwhile_are_not_taken_for_the_export_s(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(settings, photo(0))
    original, found = path.read_bytes(), media.registered_files

    def found_before(*arguments: Any) -> dict[str, InboxFile]:
        files = found(*arguments)
        path.unlink()
        put(settings, photo(1))
        return files

    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        with monkeypatch.context() as patch:
            patch.setattr(media, "registered_files", found_before)
            assert refresh(connection, settings).missing == [path.name]
        assert rows(connection, "FROM media_files") == []
        path.write_bytes(original)
        assert refresh(connection, settings).archives == 1


KILLED = """
import json, os, random, shutil, signal, sys
import pyarrow.compute
from pathlib import Path
from egregora_assets.config import Settings
from egregora_assets.media import disk
from egregora_assets.media.ingest import refresh
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows

TABLES = [
    "SELECT file_name, media_id, bytes, rejected, member_index, raw_name, crc32 FROM media_files ORDER BY ALL",
    "SELECT media_id, bytes, mime FROM media ORDER BY ALL",
    "SELECT message_id, media_id FROM message_media ORDER BY ALL",
    "SELECT export_id FROM media_archives ORDER BY ALL",
]
original, folder, points, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

class Counted:
    '''A connection of which each statement is a moment.'''
    def __init__(self, connection, moment):
        self.connection, self.moment = connection, moment
    def __getattr__(self, name):
        self.moment()
        return getattr(self.connection, name)

def take_in(home, die_at=None):
    '''Take in what waits. Moments are statements, and each time that a file is asked for, made, moved or removed; at the
    one with the number die_at the process is killed.'''
    passed = 0
    def moment():
        nonlocal passed
        passed += 1
        if passed == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
    settings = Settings(home=home, timezone="UTC")
    with open_warehouse(settings) as connection:
        sys.addaudithook(lambda event, _: moment() if event == "open" or event.startswith("os.") else None)
        refresh(Counted(connection, moment), settings)
        moments = passed
        store = settings.media_store
        left = [*(rows(connection, sql) for sql in TABLES),
                sorted(path.name for path in (store / "objects").rglob("*") if path.is_file()),
                list((store / "tmp").iterdir())]
    return moments if die_at == 0 else left

def dangling(home):
    settings = Settings(home=home, timezone="UTC")
    store = MediaStore(settings.media_store)
    with open_warehouse(settings) as connection:
        named = rows(connection, "SELECT media_id, bytes FROM media")
        orphans = rows(connection, "SELECT count(*) FROM media_files WHERE media_id NOT IN (SELECT media_id FROM media)")
    return [media_id for media_id, size in named if not store.holds(media_id, size)] or orphans != [(0,)]

def complete(home):
    return "a row without its object" if dangling(home) else take_in(home)

def in_child(work, *arguments):
    '''Run work in a child; return its process id and where it leaves its result. No thread has been started before.'''
    left = folder / f"result-{random.random()}"
    child = os.fork()
    if not child:
        code = 1
        try:
            left.write_text(repr(work(*arguments)))
            code = 0
        finally:
            os._exit(code)
    return child, left

def done(child, left):
    status = os.waitpid(child, 0)[1]
    assert status == 0, status
    return left.read_text()

def new_home(name):
    return shutil.copytree(original, folder / name)

# A killed process loses nothing that it has given to the system: to force that to the disk only takes time here.
disk._syncfs = lambda: lambda file: None
disk.force_file = lambda path: None
chosen = random.Random(seed)
calm = done(*in_child(take_in, new_home("calm")))
moments = int(done(*in_child(take_in, new_home("counted"), 0)))
killed = wrong = 0
for point in range(points):
    home = new_home(f"home-{point}")
    child, _ = in_child(take_in, home, 1 + int(moments * (point + chosen.random()) / points))
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
    wrong += done(*in_child(complete, home)) != calm
    shutil.rmtree(home)
print(json.dumps([moments, killed, wrong]))
"""


@pytest.mark.parametrize(("points", "seed"), [(8, 1), pytest.param(50, 2, marks=pytest.mark.slow)])
def test_kills_at_any_moment_leave_no_row_without_its_object_and_one_more_run_completes_them(
    settings: Settings, tmp_path: Path, points: int, seed: int
) -> None:
    some = [
        Member(f"IMG-{number}.jpg".encode(), PICTURES[number % 4] + bytes([number]) * number) for number in range(40)
    ]
    put(settings, *some[:25])
    put(settings, *some, Member(b"bad", b"x", flags=1), suffix=" (1)")
    put(settings, *some[20:], title="WhatsApp Chat with Book Club")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    command = [sys.executable, "-c", KILLED, settings.home, tmp_path, points, seed]
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    moments, killed, wrong = json.loads(ended.stdout.splitlines()[-1])
    assert moments > 2 * points
    assert wrong == 0
    assert killed == points
