"""Bytes of unknown quality become blocks of valid UTF-8 that end at line ends, and what was mended is reported."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.formats import text_chunks
from egregora_assets.chat.formats.text_chunks import MAX_LINE_BYTES, Quarantined, read_blocks


def blocks_of(data: bytes) -> tuple[list[bytes], list[Quarantined]]:
    quarantined: list[Quarantined] = []
    return list(read_blocks(io.BytesIO(data), quarantined)), quarantined


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_chunks, "BLOCK_BYTES", 7)


@pytest.mark.usefixtures("small_blocks")
def test_sound_text_comes_back_unchanged_in_blocks_that_end_at_line_ends() -> None:
    text = "one\ntwo 👋\n\nolá olá olá olá\n".encode() * 9 + b"no end"
    blocks, quarantined = blocks_of(text)
    assert b"".join(blocks) == text
    assert not quarantined
    assert len(blocks) > 5
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.usefixtures("small_blocks")
def test_marked_encodings_become_plain_utf8(encoding: str) -> None:
    text = "olá 👋\nsegunda\n" * 5
    blocks, quarantined = blocks_of(text.encode(encoding))
    assert b"".join(blocks) == text.encode()
    assert not quarantined


def test_half_a_character_at_the_end_of_utf16_is_shown_as_replaced() -> None:
    blocks, _ = blocks_of("one\n".encode("utf-16") + b"x")
    assert b"".join(blocks) == "one\n\ufffd".encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_carriage_returns_alone_end_lines(encoding: str) -> None:
    assert b"".join(blocks_of("one\rtwo\r".encode(encoding))[0]) == b"one\ntwo\n"


def test_bytes_that_are_no_utf8_cost_only_themselves() -> None:
    data = b"sound\nbad \xff\xfe here\n" + b"lone \xed\xa0\x80\n" + "olá\n".encode()
    blocks, quarantined = blocks_of(data)
    assert b"".join(blocks).decode().split("\n")[::3] == ["sound", "olá"]
    assert [(piece.byte_offset, piece.raw) for piece in quarantined] == [
        (6, b"bad \xff\xfe here\n"),
        (6 + len("bad \ufffd\ufffd here\n".encode()), b"lone \xed\xa0\x80\n"),
    ]


def test_nuls_are_removed_and_reported_with_their_line() -> None:
    blocks, quarantined = blocks_of(b"one\nt\0w\0o\nthree\n")
    assert blocks == [b"one\ntwo\nthree\n"]
    assert [(piece.byte_offset, piece.raw) for piece in quarantined] == [(4, b"t\0w\0o\n")]


@pytest.mark.usefixtures("small_blocks")
def test_places_count_the_text_that_is_given_on() -> None:
    blocks, quarantined = blocks_of(b"t\0w\0o\nthree\nb\xffd\nsound\n\0\n")
    text = b"".join(blocks)
    lines = [text[piece.byte_offset :].split(b"\n")[0] for piece in quarantined]
    assert lines == [b"two", "b\ufffdd".encode(), b""]


def test_a_line_that_never_ends_is_cut_and_reported_and_the_next_line_is_whole() -> None:
    blocks, quarantined = blocks_of(b"first\n" + b"x" * 10_000_000 + b"\nafter\n")
    text = b"".join(blocks)
    assert text.startswith(b"first\nxxx")
    assert text.endswith(b"x\nafter\n")
    assert len(text) < 2 * MAX_LINE_BYTES + 100
    [piece] = quarantined
    assert piece.byte_offset == len(b"first\n")
    assert piece.raw.startswith(b"xxx")
    assert len(piece.raw) == 4096


@pytest.mark.parametrize("shift", range(4))
def test_a_cut_never_splits_a_character(shift: int) -> None:
    blocks, quarantined = blocks_of(b"x" * shift + "👋".encode() * (MAX_LINE_BYTES // 2) + b"\nafter")
    assert "\ufffd" not in b"".join(blocks).decode()
    assert ["cut" in piece.reason for piece in quarantined] == [True]


@given(st.binary(max_size=300))
def test_any_bytes_become_valid_utf8_without_nul(data: bytes) -> None:
    blocks, _ = blocks_of(data)
    assert "\0" not in b"".join(blocks).decode()
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=200))
def test_any_sound_text_is_kept_byte_for_byte(text: str) -> None:
    data = text.encode()
    blocks, quarantined = blocks_of(data)
    assert b"".join(blocks) == data.removeprefix(b"\xef\xbb\xbf")
    assert not quarantined
