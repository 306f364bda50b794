"""Whatever a ZIP says of its members: what is not true is refused with a reason, and all others are read, in bounded memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from egregora_assets.chat import archive_deflate, archive_members
from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.config import LimitSettings
from egregora_assets.media.inspect import Member as Seen
from egregora_assets.media.inspect import inspect_zip
from tests.media.zips import (
    DEFLATED,
    FULL_32,
    STORED,
    Member,
    body_of,
    end_record,
    large,
    large_end,
    packed,
    packed_large,
)

FIRST = Member(b"first.jpg", b"\xff\xd8\xff" + b"first" * 40)
LAST = Member(b"last.png", b"\x89PNG\r\n\x1a\n" + b"last" * 40, DEFLATED)
DATA = b"some bytes that were sent " * 20
LIMITS = LimitSettings()
WIDE = struct.pack("<I", zlib.crc32(DATA))


def seen(tmp_path: Path, data: bytes, limits: LimitSettings = LIMITS) -> list[Seen]:
    path = tmp_path / "export.zip"
    path.write_bytes(data)
    return list(inspect_zip(path, limits))


def is_read(told: Seen, data: bytes) -> bool:
    right = (len(data), hashlib.sha256(data).hexdigest(), "ok", None)
    return (told.bytes, told.sha256, told.status, told.reason) == right


def size_in_descriptor(form: str) -> Member:
    """Return an honest member whose sizes stand behind its bytes, in one of the four ways of writing them."""
    sizes = struct.pack("<QQ" if "wide" in form else "<II", len(DATA), len(DATA))
    descriptor = (b"PK\7\x08" if "signed" in form else b"") + WIDE + sizes
    after = b"" if form == "left out" else descriptor
    return Member(b"middle", DATA, flags=8, local={"crc": 0, "packed": 0, "size": 0}, after=after)


HONEST = {
    "stored": Member(b"middle", DATA),
    "deflated": Member(b"middle", DATA, DEFLATED),
    "empty": Member(b"middle"),
    "empty and deflated": Member(b"middle", method=DEFLATED),
    **{
        f"descriptor {form}": size_in_descriptor(form)
        for form in ("signed", "unsigned", "signed wide", "unsigned wide", "left out")
    },
    "large in both headers": Member(
        b"middle",
        DATA,
        local={"packed": FULL_32, "size": FULL_32, "extra": large(len(DATA), len(DATA))},
        central={"packed": FULL_32, "size": FULL_32, "extra": large(len(DATA), len(DATA))},
    ),
    "a nested archive": Member(b"42.zip", packed(Member(b"inner.zip", packed(FIRST)))),
    "a name that a system keeps for itself": Member(b"NUL.jpg", DATA),
    "a name of 4 KiB": Member(b"x" * 4096, DATA),
    "a name in no known letters": Member(b"caf\xe9.jpg", DATA),
    "the first name in other letters": Member(b"FIRST.JPG", DATA),
    "the first name again": Member(b"first.jpg", DATA),
    "a folder in its name": Member(b"a/b/../middle".replace(b"..", b"x"), DATA),
    "an extra field of another kind": Member(b"middle", DATA, central={"extra": struct.pack("<HH", 0x5455, 2) + b"xx"}),
}

HOSTILE = {
    "a size that is too small": (Member(b"bad", DATA, flags=8, method=DEFLATED, central={"size": 3}), "damaged"),
    "a size that is too large": (Member(b"bad", DATA, flags=8, method=DEFLATED, central={"size": 10**6}), "damaged"),
    "an empty size": (Member(b"bad", DATA, flags=8, method=DEFLATED, central={"size": 0}), "damaged"),
    "a larger size of stored bytes": (Member(b"bad", DATA, central={"size": 10**6}), "damaged"),
    "another size in its own header": (Member(b"bad", DATA, local={"size": 3}), "own header says 3 bytes"),
    "another packed size in its own header": (Member(b"bad", DATA, local={"packed": 3}), "damaged"),
    "another checksum in its own header": (Member(b"bad", DATA, local={"crc": 3}), "another checksum"),
    "a checksum that is not true": (Member(b"bad", DATA, local={"crc": 3}, central={"crc": 3}), "does not fit"),
    "a checksum of nothing": (Member(b"bad", local={"crc": 3}, central={"crc": 3}), "does not fit"),
    "another name in its own header": (Member(b"bad", DATA, local={"name": b"god"}), "another name"),
    "a longer name in its own header": (Member(b"bad", DATA, local={"name": b"badbad"}), "another name"),
    "another method in its own header": (Member(b"bad", DATA, local={"method": DEFLATED}), "another way"),
    "encrypted": (Member(b"bad", DATA, flags=1), "encrypted"),
    "encrypted in its own header": (Member(b"bad", DATA, local={"flags": 1}), "another way"),
    "strongly encrypted": (Member(b"bad", DATA, flags=0x41), "encrypted"),
    "a patch": (Member(b"bad", DATA, flags=0x20), "uncommon method"),
    **{f"method {number}": (Member(b"bad", DATA, number), "uncommon method") for number in (1, 9, 12, 14, 93, 99)},
    "a link": (Member(b"bad", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "link or device"),
    "a device": (Member(b"bad", mode=stat.S_IFCHR | 0o666), "link or device"),
    "a pipe": (Member(b"bad", mode=stat.S_IFIFO | 0o666), "link or device"),
    "a folder by its mode": (Member(b"bad", DATA, mode=stat.S_IFDIR | 0o755), "link or device"),
    "a folder that holds data": (Member(b"bad/", DATA), "folder that holds data"),
    "no name": (Member(b"", DATA), "empty or holds a NUL"),
    "a NUL in its name": (Member(b"bad.jpg\0.exe", DATA), "empty or holds a NUL"),
    "a name above 4 KiB": (Member(b"x" * 4097, DATA), "4,097 bytes"),
    "a name that is not the UTF-8 it says": (Member(b"\xff\xfe", DATA, flags=0x800), "is not"),
    **{
        f"a name like {name!r}": (Member(name, DATA), "points outside")
        for name in (b"../bad", b"a/../../bad", b"/bad", b"\\bad", b"..\\bad", b"C:\\bad", b"c:bad", b"\\\\host\\bad")
    },
    "a place behind the file": (Member(b"bad", DATA, central={"place": 1 << 31}), "outside"),
    "a place in the directory": (Member(b"bad", DATA, central={"place": 1 << 12}), "outside"),
    "a large place": (Member(b"bad", DATA, central={"place": FULL_32, "extra": large((1 << 64) - 1)}), "outside"),
    "a large size": (Member(b"bad", DATA, DEFLATED, central={"size": FULL_32, "extra": large(1 << 62)}), "allowed"),
    "a large packed size": (Member(b"bad", DATA, central={"packed": FULL_32, "extra": large(1 << 63)}), "damaged"),
    "a large field that is too short": (Member(b"bad", DATA, central={"size": FULL_32, "extra": large()}), "broken"),
    "an extra field past its end": (Member(b"bad", DATA, central={"extra": struct.pack("<HH", 1, 9999)}), "broken"),
    "no large field in its own header": (Member(b"bad", DATA, local={"size": FULL_32}), "damaged"),
    "broken packed bytes": (
        Member(b"bad", DATA, DEFLATED, local={"bytes": b"\xff" * 50, "packed": 50}, central={"packed": 50}),
        "packed bytes are broken",
    ),
    "packed bytes that end too soon": (
        Member(b"bad", DATA, DEFLATED, local={"bytes": b"\x4b", "packed": 1}, central={"packed": 1}),
        "damaged",
    ),
    "a bomb that says so": (Member(b"bad", bytes(80 << 20), DEFLATED), "decompression bomb"),
    "a bomb that lies": (Member(b"bad", bytes(80 << 20), DEFLATED, flags=8, central={"size": 99}), "gives more"),
}


@pytest.fixture(params=["isal", "zlib"])
def _each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = zlib if request.param == "zlib" else pytest.importorskip("isal.isal_zlib")
    monkeypatch.setattr(archive_deflate, "ENGINE", engine)


@pytest.mark.usefixtures("_each_engine")
@pytest.mark.parametrize("middle", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("packing", [packed, packed_large])
def test_an_honest_member_is_read(tmp_path: Path, middle: Member, packing: Callable[..., bytes]) -> None:
    told = seen(tmp_path, packing(FIRST, middle, LAST))
    assert [member.type for member in told][::2] == ["image/jpeg", "image/png"]
    assert [is_read(*pair) for pair in zip(told, (FIRST.data, middle.data, LAST.data), strict=True)] == [True] * 3


@pytest.mark.usefixtures("_each_engine")
@pytest.mark.parametrize(("middle", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_member_that_is_not_as_it_says_is_refused_and_the_rest_is_read(
    tmp_path: Path, middle: Member, reason: str
) -> None:
    first, bad, last = seen(tmp_path, packed(FIRST, middle, LAST))
    assert (bad.status, bad.sha256, bad.type) == ("rejected", None, None)
    assert reason in str(bad.reason)
    assert str(bad.reason).isprintable()
    assert is_read(first, FIRST.data)
    assert is_read(last, LAST.data)


def test_folders_without_data_are_no_members(tmp_path: Path) -> None:
    folder = Member(b"a/", mode=stat.S_IFDIR | 0o755)
    assert [told.name for told in seen(tmp_path, packed(folder, FIRST))] == ["first.jpg"]


def test_a_program_before_and_bytes_after_change_nothing(tmp_path: Path) -> None:
    alone = seen(tmp_path, packed(FIRST, LAST))
    assert seen(tmp_path, b"PK\3\4 and a program" + packed(FIRST, LAST)) == alone
    assert seen(tmp_path, packed(FIRST, LAST) + b"downloaded twice") == alone
    assert seen(tmp_path, b"PK\3\4" + packed_large(FIRST, LAST)) == alone
    body, directory = body_of(FIRST, LAST)
    comment = b"x" * 65_535
    assert seen(tmp_path, body + directory + end_record(2, len(directory), len(body), comment)) == alone


def overlapping(count: int, size: int) -> bytes:
    """Return ``count`` members that all claim the same packed bytes, behind one header."""
    kernel = Member(b"x", bytes(size), DEFLATED)
    body = FIRST.local_part()
    directory = FIRST.central_part(0) + kernel.central_part(len(body)) * count + LAST.central_part(0)
    body += kernel.local_part()
    directory = directory[: -len(LAST.central_part(0))] + LAST.central_part(len(body))
    body += LAST.local_part()
    return body + directory + end_record(count + 2, len(directory), len(body))


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    first, *shared, last = seen(tmp_path, overlapping(500, 1 << 20))
    reason = "member 'x' overlaps with another member: a decompression bomb?"
    assert {(told.status, told.reason) for told in shared} == {("rejected", reason)}
    assert is_read(first, FIRST.data)
    assert is_read(last, LAST.data)


def test_members_that_quote_the_headers_of_the_next_are_refused(tmp_path: Path) -> None:
    """Every member's packed bytes go on to the end of the last one, as the densest known bomb has it."""
    inner, directory = LAST.local_part(), [LAST.central_part(0)]
    for number in range(300):
        quoting = Member(b"%03d" % number, inner)
        inner = quoting.local_part()
        directory.append(quoting.central_part(0))
    places = [len(inner) - len(LAST.local_part()) - 33 * number for number in range(301)]
    told = b"".join(
        part[:42] + struct.pack("<I", place) + part[46:] for part, place in zip(directory, places, strict=True)
    )
    last, *quoting_ones = seen(tmp_path, inner + told + end_record(301, len(told), len(inner)))
    assert is_read(last, LAST.data)
    assert {told.status for told in quoting_ones} == {"rejected"}


def test_a_false_place_inside_another_member_takes_nothing_from_it(tmp_path: Path) -> None:
    told = seen(tmp_path, packed(FIRST, Member(b"bad", DATA, central={"place": 60}), LAST))
    assert [member.status for member in told] == ["ok", "rejected", "ok"]


def test_an_extra_field_of_its_own_header_cannot_push_bytes_into_the_next(tmp_path: Path) -> None:
    long = Member(b"bad", DATA, local={"extra": b"xxxx" + bytes(60_000)})
    cut = long.local_part()[: len(long.local_part()) - 60_000]
    body, directory = FIRST.local_part() + cut, FIRST.central_part(0) + long.central_part(len(FIRST.local_part()))
    directory += LAST.central_part(len(body))
    body += LAST.local_part()
    told = seen(tmp_path, body + directory + end_record(3, len(directory), len(body)))
    assert [member.status for member in told] == ["ok", "rejected", "ok"]


BODY, DIRECTORY = body_of(FIRST, LAST)
WHOLE = len(DIRECTORY), len(BODY)
UNREADABLE = {
    "no end": BODY + DIRECTORY,
    "cut": packed(FIRST, LAST)[:-1],
    "cut in half": packed(FIRST, LAST)[:200],
    "no beginning": packed(FIRST, LAST)[100:],
    "a directory before the file": BODY + DIRECTORY + end_record(2, FULL_32 - 1, 0),
    "a directory that begins too late": BODY + DIRECTORY + end_record(2, len(DIRECTORY) - 1, len(BODY)),
    "millions of members": BODY + DIRECTORY + large_end(9_000_000, *WHOLE) + end_record(65_535, FULL_32, FULL_32),
    "two ends in one": BODY + DIRECTORY + end_record(2, *WHOLE, packed(FIRST)),
    "ends that differ": BODY + DIRECTORY + large_end(2, *WHOLE) + end_record(1, *WHOLE),
    "a large end elsewhere": BODY + DIRECTORY + struct.pack("<4sIQI", b"PK\6\7", 0, 5, 1) + end_record(2, *WHOLE),
    "a large directory": BODY + DIRECTORY + large_end(2, 1 << 40, 0) + end_record(2, FULL_32, FULL_32),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_an_archive_of_which_nothing_can_be_read_is_refused_in_one_sentence(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ExportUnreadable, match="no readable ZIP archive"):
        seen(tmp_path, data)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(FIRST.data)
    with pytest.raises(ExportUnreadable, match="no ZIP archive"):
        list(inspect_zip(path, LIMITS))


def test_all_members_together_may_give_so_much_and_damaged_ones_count(tmp_path: Path) -> None:
    false = [Member(b"%d" % n, DATA, DEFLATED, local={"crc": 1}, central={"crc": 1}) for n in range(4)]
    narrow = LimitSettings(max_total_bytes=3 * len(DATA) + 5)
    told = seen(tmp_path, packed(*false, FIRST), narrow)
    assert ["does not fit" in str(member.reason) for member in told[:4]] == [True, True, True, False]
    assert "together" in str(told[4].reason)


def test_a_bomb_of_many_small_members_ends_with_the_archives_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them stays below what one member may have; all of them would give a thousand times the archive."""
    monkeypatch.setattr(archive_members, "ARCHIVE_FLOOR_BYTES", 8 << 20)
    many = [Member(b"%02d" % number, bytes(2 << 20), DEFLATED) for number in range(20)]
    found = seen(tmp_path, packed(*many), LimitSettings(max_ratio=2))
    assert [member.status for member in found] == ["ok"] * 4 + ["rejected"] * 16


def test_a_large_member_and_a_large_directory_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("large.bin", bytes(64 << 20))
    tracemalloc.start()
    assert [told.status for told in inspect_zip(path, LIMITS)] == ["ok"]
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


SOUND = packed(FIRST, Member(b"middle.txt", DATA, DEFLATED), LAST)


@pytest.mark.usefixtures("_each_engine")
@examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(1, 255)), min_size=1, max_size=3))
@example([(454, 54)])
def test_flipped_bytes_lose_no_member_without_a_reason(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    data = bytearray(SOUND)
    for place, bits in flips:
        data[place] ^= bits
    with contextlib.suppress(ExportUnreadable):
        told = seen(tmp_path, bytes(data))
        right = {hashlib.sha256(content).hexdigest() for content in (FIRST.data, DATA, LAST.data)}
        assert all(member.sha256 in right if member.status == "ok" else member.reason for member in told)
        named = [member for member in told if member.status == "ok"]
        hit = len({place for place, _ in flips})
        assert len(told) == 3 or len(named) + hit >= 3


@examples(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
def test_both_engines_refuse_the_same(tmp_path: Path, place: int, bits: int) -> None:
    data = bytearray(SOUND)
    data[place] ^= bits
    told = []
    for engine in (zlib, pytest.importorskip("isal.isal_zlib")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(archive_deflate, "ENGINE", engine)
            try:
                told.append([(one.sha256, one.status) for one in seen(tmp_path, bytes(data))])
            except ExportUnreadable as error:
                told.append([("", str(error))])
    assert told[0] == told[1]


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.integers(1, 3000), st.sampled_from([STORED, DEFLATED]))
def test_what_python_writes_is_read_to_the_byte(tmp_path: Path, piece: bytes, times: int, method: int) -> None:
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w", method) as archive:
        archive.writestr("one.bin", piece * times)
    assert is_read(seen(tmp_path, packing.getvalue())[0], piece * times)
