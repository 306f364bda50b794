"""An export is untrusted: whatever is wrong with it ends in one clear refusal, and nothing is ever unpacked."""

from __future__ import annotations

import contextlib
import io
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import (
    ExportUnreadable,
    is_plain_file,
    media_members,
    open_archive,
    open_chat_text,
    open_member,
    repeated_names,
)
from egregora_assets.config import LimitSettings

CHAT = b"25/12/2023, 10:30 - Ana: hello\n" * 40
LIMITS = LimitSettings()


def packed(path: Path, members: dict[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data)
    return path


def text_of(path: Path, limits: LimitSettings = LIMITS) -> bytes:
    with open_chat_text(path, limits) as stream:
        return stream.read()


def test_a_plain_text_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_bytes(CHAT)
    assert text_of(path) == CHAT


@pytest.mark.parametrize("name", ["_chat.txt", "WhatsApp Chat with Ana.txt", "whatever.TXT", "folder/_chat.txt"])
def test_the_only_text_is_the_chat(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "export.zip", {"photo.jpg": b"x", name: CHAT, "video.mp4": b"y"})
    assert text_of(path) == CHAT


def test_an_archive_is_known_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    assert text_of(packed(tmp_path / "export.bin", {"_chat.txt": CHAT})) == CHAT


@pytest.mark.parametrize(
    "other", ["notes.txt", "media/_chat.txt", "__MACOSX/._export.txt", "__MACOSX/_chat.txt", "deep/er/export.txt"]
)
def test_the_chat_is_told_from_texts_that_were_sent(tmp_path: Path, other: str) -> None:
    path = packed(tmp_path / "export.zip", {other: b"other", "_chat.txt": CHAT})
    assert text_of(path) == CHAT
    with open_archive(path, LIMITS) as archive:
        assert [info.filename for info in media_members(archive, path)] == [other]


@pytest.mark.parametrize("sent", ["_chat.txt", "_CHAT.TXT", "WhatsApp Chat with Garden (1).txt", "Garden.txt"])
def test_a_text_that_somebody_sent_under_the_name_of_a_chat_is_not_the_chat(tmp_path: Path, sent: str) -> None:
    """Whoever is in an Android chat can send a ``_chat.txt``: it was read in place of the chat."""
    own = "WhatsApp Chat with Garden.txt"
    path = packed(tmp_path / "WhatsApp Chat with Garden.zip", {sent: b"forged", own: CHAT})
    assert text_of(path) == CHAT
    with pytest.raises(ExportUnreadable, match="2 texts that may be the chat"):
        text_of(path.rename(tmp_path / "Garden.zip"))


def test_of_an_iphones_export_no_text_that_was_sent_is_the_chat(tmp_path: Path) -> None:
    sent = {"00000012-WhatsApp Chat with Garden.txt": b"forged", "00000013-_chat.txt": b"forged"}
    assert text_of(packed(tmp_path / "WhatsApp Chat - Garden.zip", {**sent, "_chat.txt": CHAT})) == CHAT


def test_a_shadow_that_macos_packs_is_not_the_chat(tmp_path: Path) -> None:
    members = {"Export/WhatsApp Chat.txt": CHAT, "__MACOSX/Export/._WhatsApp Chat.txt": b"shadow"}
    assert text_of(packed(tmp_path / "export.zip", members)) == CHAT


def test_the_text_named_like_the_archive_is_the_chat(tmp_path: Path) -> None:
    assert text_of(packed(tmp_path / "Family.zip", {"a.txt": b"other", "Family.txt": CHAT})) == CHAT


def test_two_candidates_are_refused_by_name(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"a.txt": CHAT, "b.txt": CHAT})
    with pytest.raises(ExportUnreadable, match=r"2 texts that may be the chat \('a.txt', 'b.txt'\): keep one"):
        text_of(path)


def test_a_chat_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path / "export.zip", [("_chat.txt", CHAT), ("_chat.txt", b"forged")])
    with pytest.raises(ExportUnreadable, match=r"'_chat\.txt' more than once"):
        text_of(path)
    with open_archive(path, LIMITS) as archive:
        assert repeated_names(archive) == {"_chat.txt"}


def test_an_archive_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportUnreadable, match="holds no chat text"):
        text_of(packed(tmp_path / "export.zip", {"photo.jpg": b"x"}))


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"_chat.txt": CHAT}).read_bytes()
    with pytest.raises(ExportUnreadable, match="holds no chat text"):
        text_of(packed(tmp_path / "export.zip", {"inner.zip": inner}))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and then nothing", b"no archive at all"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(data)
    with pytest.raises(ExportUnreadable, match="no readable ZIP"):
        text_of(path)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_truncated_archive_is_refused(tmp_path: Path, share: float) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ExportUnreadable, match="no readable ZIP"):
        text_of(path)


def test_damage_inside_the_chat_is_refused_while_reading(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT})
    data = bytearray(path.read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ExportUnreadable, match=r"'_chat\.txt' is damaged"):
        text_of(path)


def with_flag(path: Path, flag: int) -> Path:
    """Set a flag bit of the first member, in its own header and in the directory."""
    data = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= flag
    path.write_bytes(data)
    return path


def test_an_encrypted_chat_is_refused(tmp_path: Path) -> None:
    path = with_flag(packed(tmp_path / "export.zip", {"_chat.txt": CHAT}), 0x1)
    with pytest.raises(ExportUnreadable, match="unlock the archive first"):
        text_of(path)


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_never_the_chat(tmp_path: Path, kind: int) -> None:
    path = packed(tmp_path / "export.zip", [(special("_chat.txt", kind), b"/etc/hostname")])
    with pytest.raises(ExportUnreadable, match="holds no chat text"):
        text_of(path)
    with open_archive(path, LIMITS) as archive:
        [info] = archive.infolist()
        assert not is_plain_file(info)
        with pytest.raises(ExportUnreadable, match="link or device"), open_member(archive, info, 1000, 100):
            pass


@pytest.mark.parametrize("name", ["../_chat.txt", "../../evil.txt", "/tmp/evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_a_name_that_climbs_out_is_read_but_never_written(tmp_path: Path, name: str) -> None:
    home = tmp_path / "a" / "b"
    home.mkdir(parents=True)
    path = packed(home / "export.zip", {name: CHAT})
    assert text_of(path) == CHAT
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def bomb(path: Path, gigabytes: int = 1) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("_chat.txt", "w", force_zip64=True) as stream,
    ):
        for _ in range(64 * gigabytes):
            stream.write(bytes(16 << 20))
    return path


@pytest.fixture(scope="module")
def bomb_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bomb(tmp_path_factory.mktemp("bomb") / "export.zip")


def test_a_bomb_is_refused_at_once(bomb_path: Path) -> None:
    began = time.process_time()
    with pytest.raises(ExportUnreadable, match="decompression bomb"):
        text_of(bomb_path)
    assert time.process_time() - began < 0.5


def test_a_bomb_that_lies_about_its_size_is_refused_while_reading(bomb_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(with_size(bomb_path.read_bytes(), 1000))
    began = time.process_time()
    with pytest.raises(ExportUnreadable):
        text_of(path)
    assert time.process_time() - began < 2


def with_size(data: bytes, size: int) -> bytes:
    """Write another unpacked size into the directory's only entry."""
    place = data.rindex(b"PK\x01\x02") + 24
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


@pytest.mark.parametrize("size", [10, len(CHAT) - 1, len(CHAT) + 1, 1 << 20])
def test_a_size_that_is_not_true_is_refused(tmp_path: Path, size: int) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT})
    path.write_bytes(with_size(path.read_bytes(), size))
    with pytest.raises(ExportUnreadable):
        text_of(path)


def test_an_archive_that_takes_longer_than_the_settings_allow_is_refused_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT})
    with open_chat_text(path, LimitSettings(max_seconds=60)) as stream:
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 61)
        with pytest.raises(ExportUnreadable, match=r"60 seconds.*limits\.max_seconds"):
            stream.read()


def test_more_bytes_than_the_settings_allow_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT})
    with pytest.raises(ExportUnreadable, match=f"{len(CHAT):,} bytes; 100 are allowed"):
        text_of(path, LimitSettings(max_chat_bytes=100))


def test_an_honest_text_of_equal_letters_is_no_bomb(tmp_path: Path) -> None:
    text = b"25/12/2023, 10:30 - Ana: " + b"a" * 1_000_000
    assert text_of(packed(tmp_path / "export.zip", {"_chat.txt": text})) == text


def test_thousands_of_media_are_allowed_and_a_limit_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", {"_chat.txt": CHAT} | {f"IMG-{number}.jpg": b"" for number in range(10_000)})
    assert text_of(path) == CHAT
    with pytest.raises(ExportUnreadable, match=r"limits\.max_members"):
        text_of(path, LimitSettings(max_members=100))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]),
)
@example(changes=[(45, 255)], method=zipfile.ZIP_LZMA)
def test_no_damaged_byte_raises_anything_else(tmp_path: Path, changes: list[tuple[int, int]], method: int) -> None:
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w", method) as archive:
        archive.writestr("_chat.txt", CHAT)
        archive.writestr("olá.jpg", b"x")
    data = bytearray(packing.getvalue())
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path / "export.zip"
    path.write_bytes(data)
    with contextlib.suppress(ExportUnreadable):
        text_of(path)
