"""Whatever bytes come: the answer is a clean file or a refusal with its reason, and it comes in linear time."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.media.sanitising import SANITISABLE, NotSanitised, picture_digest, sanitised
from tests.media.sanitising_samples import SAMPLES, box, chunk, encoded, film, leaks, photo, webp_chunk

pytest.importorskip("av")


@cache
def sample(name: str) -> tuple[str, bytes]:
    mime, make = SAMPLES[name]
    return mime, make()


def clean_or_none(mime: str, data: bytes) -> bytes | None:
    """Return the clean file or None where it is refused; any other exception is a failure of the promise."""
    picture_digest(mime, data)
    try:
        return sanitised(mime, data).data
    except NotSanitised:
        return None


@given(name=st.sampled_from(sorted(SAMPLES)), source=st.data())
def test_damaged_files_are_refused_or_clean_and_stay_as_they_are(name: str, source: st.DataObject) -> None:
    mime, original = sample(name)
    damaged = bytearray(original)
    for _ in range(source.draw(st.integers(0, 4))):
        place = source.draw(st.integers(0, len(damaged)))
        kind = source.draw(st.sampled_from(["set", "cut", "insert", "number"]))
        if kind == "set" and place < len(damaged):
            damaged[place] = source.draw(st.integers(0, 255))
        elif kind == "number":
            damaged[place : place + 4] = struct.pack(
                ">I", source.draw(st.sampled_from([0, 1, 8, 2**31 - 1, 2**32 - 1]))
            )
        elif kind == "insert":
            damaged[place:place] = source.draw(st.binary(max_size=30))
        elif source.draw(st.booleans()):
            del damaged[place:]
        else:
            del damaged[place : place + source.draw(st.integers(1, 200))]
    clean = clean_or_none(mime, bytes(damaged))
    if clean is not None:
        assert sanitised(mime, clean).data == clean
        assert len(clean) <= len(damaged) + 4096


@given(name=st.sampled_from(sorted(SAMPLES)), place=st.integers(0, 400), value=st.integers(0, 255))
def test_a_damaged_head_never_lets_a_secret_through(name: str, place: int, value: int) -> None:
    """One byte of a head is another one: what is still accepted is as clean as before."""
    mime, original = sample(name)
    damaged = original[:place] + bytes([value]) + original[place + 1 :]
    clean = clean_or_none(mime, damaged)
    assert clean is None or leaks(clean) == []


@given(mime=st.sampled_from(sorted(SANITISABLE)), data=st.binary(max_size=400))
def test_any_bytes_are_answered(mime: str, data: bytes) -> None:
    heads = (
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\x40\0\0\0WEBP",
        b"OggS\0",
        b"ID3",
        b"\0\0\0\x10ftyp",
    )
    for head in heads:
        clean_or_none(mime, head + data)


def png_of(width: int, height: int, coded: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", coded) + chunk(b"IEND", b"")


def riff(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


def in_jpeg_scan(filling: bytes) -> bytes:
    jpeg = encoded(photo(), "JPEG")
    return jpeg[: jpeg.index(b"\xff\xda") + 14] + filling + b"\xff\xd9"


def in_moov(filling: bytes) -> bytes:
    plain = film()
    return plain[:32] + box(b"moov", box(b"trak", box(b"mdia", filling))) + plain[32:].replace(b"moov", b"free")


HOSTILE: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "jpeg, fill bytes": ("image/jpeg", lambda size: b"\xff\xd8" + b"\xff" * size),
    "jpeg, fill bytes in its scan": ("image/jpeg", lambda size: in_jpeg_scan(b"\xff" * size)),
    "jpeg, stuffed bytes": ("image/jpeg", lambda size: in_jpeg_scan(b"\xff\0" * (size // 2))),
    "jpeg, empty segments": ("image/jpeg", lambda size: b"\xff\xd8" + b"\xff\xfe\0\2" * (size // 4)),
    "jpeg, restarts": ("image/jpeg", lambda size: b"\xff\xd8" + b"\xff\xd0" * (size // 2)),
    "jpeg, garbage": ("image/jpeg", lambda size: b"\xff\xd8" + bytes(size)),
    "png, empty chunks": ("image/png", lambda size: png_of(4, 4, b"")[:-12] + chunk(b"IDAT", b"") * (size // 12)),
    "png, bomb": ("image/png", lambda size: png_of(2**31 - 1, 2**31 - 1, zlib.compress(bytes(10 * size)))),
    "png, bomb of the right size": ("image/png", lambda size: png_of(size - 1, 20, zlib.compress(bytes(size * 20)))),
    "webp, empty chunks": ("image/webp", lambda size: riff(b"WEBP", webp_chunk(b"priv", b"") * (size // 8))),
    "gif, short blocks": ("image/gif", lambda size: b"GIF89a" + bytes(7) + b"!\xfe" + b"\1a" * (size // 2)),
    "gif, empty comments": ("image/gif", lambda size: b"GIF89a" + bytes(7) + b"!\xfe\0" * (size // 3)),
    "mp4, empty boxes": ("video/mp4", lambda size: film() + box(b"free", b"") * (size // 8)),
    "mp4, boxes in boxes": ("video/mp4", lambda size: in_moov(box(b"free", b"") * (size // 8))),
    "mp3, false frames": ("audio/mpeg", lambda size: b"\xff\xfb\x90\0" * (size // 4)),
    "mp3, tags": ("audio/mpeg", lambda size: b"ID3\3\0\0\0\0\0\0" * (size // 10)),
    "mp3, sync bytes": ("audio/mpeg", lambda size: b"\xff" * size + sample("mp3")[1]),
    "wav, empty chunks": ("audio/wav", lambda size: riff(b"WAVE", webp_chunk(b"LIST", b"") * (size // 8))),
}
"""What is slow to read for a careless reader: media type, and what makes a file of about so many bytes."""


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_ten_times_the_bytes_cost_about_ten_times_the_work(name: str) -> None:
    """Counted in CPU time of this process: a quadratic reader would need a hundred times as much."""
    costs = []
    for size in (200_000, 2_000_000):
        mime, make = HOSTILE[name]
        data = make(size)
        began = os.times()
        clean_or_none(mime, data)
        costs.append(os.times().user - began.user)
    assert costs[1] <= 30 * max(costs[0], 0.05)
