"""A file is what its first bytes say; whatever they are, the answer is one of a closed list, found in a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.media.file_types import MEDIA_TYPES, mime_of

OGG = b"OggS\x00\x02" + bytes(20) + b"\x01\x13"
EBML = b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82"
KINDS = {
    "opus": (OGG + b"OpusHead\x01", "audio/ogg"),
    "vorbis": (OGG + b"\x01vorbis", "audio/ogg"),
    "theora": (OGG + b"\x80theora", "video/ogg"),
    "webm": (EBML + b"\x84webm", "video/webm"),
    "mkv": (EBML + b"\x88matroska", "video/x-matroska"),
    "mov": (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "video/quicktime"),
    "3gp": (b"\x00\x00\x00\x14ftyp3gp4", "video/3gpp"),
    "3g2": (b"\x00\x00\x00\x14ftyp3g2a", "video/3gpp2"),
    "avif of a general brand": (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "image/avif"),
    "heif": (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1miaf", "image/heif"),
    "flac": (b"fLaC\x00\x00\x00\x22", "audio/flac"),
    "amr": (b"#!AMR\n\x3c", "audio/amr"),
    "amr-wb": (b"#!AMR-WB\n\x3c", "audio/amr-wb"),
    "aac": (b"\xff\xf1\x50\x80", "audio/aac"),
    "mp3": (b"\xff\xfb\x90\x64", "audio/mpeg"),
    "avi": (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
    "bmp": (b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "image/bmp"),
    "tiff": (b"II*\x00\x08\x00\x00\x00", "image/tiff"),
    "docx": (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "application/zip"),
    "svg": (
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg xmlns='http://www.w3.org/2000/svg'>",
        "image/svg+xml",
    ),
    "text": ("Olá, amanhã às 9h\r\n".encode(), "text/plain"),
    "text that is cut inside a letter": ("ação".encode()[:-2], "text/plain"),
    "text that only begins as a bitmap does": (b"BMX race on Saturday", "text/plain"),
    "a contact behind a mark": (b"\xef\xbb\xbfbegin:vcard\r\n", "text/vcard"),
    "a page": (b"  <!DOCTYPE html><script>", "application/octet-stream"),
    "a page that speaks of svg": (b"<html><svg>", "application/octet-stream"),
    "noise": (b"\x00\x01\x02", "application/octet-stream"),
}


@pytest.mark.parametrize(("head", "mime"), KINDS.values(), ids=KINDS)
def test_the_first_bytes_say_the_type(head: bytes, mime: str) -> None:
    assert mime_of(head) == mime


MAGIC = st.sampled_from(
    [head for head, _ in KINDS.values()] + [b"<?xml ", b"<!--", b"\x1aE\xdf\xa3B\x82", b"\xff", b"BM"]
)


@given(st.lists(MAGIC | st.binary(max_size=40) | st.text(max_size=40).map(str.encode), max_size=20).map(b"".join))
def test_any_bytes_have_a_type_of_the_list(head: bytes) -> None:
    assert mime_of(head[:512]) in MEDIA_TYPES


@pytest.mark.parametrize("part", [b"<!--", b"<?xml ", b"<!DOCTYPE svg ", b"<!-- --> ", b" \n", b"<?xml ?><!--"])
def test_markup_that_never_ends_is_told_in_a_moment(part: bytes) -> None:
    assert mime_of((part * 200)[:512]) in {"application/octet-stream"}
