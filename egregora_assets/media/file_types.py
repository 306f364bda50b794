"""What a file is, told by its first bytes alone: its name and its ending are never asked.

Nothing that a reader's browser would run has a type of its own here, but SVG, so that it can be kept from being rendered.
"""

from __future__ import annotations

import re

UNKNOWN = "application/octet-stream"
_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"PK\x03\x04", "application/zip"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"qt  ": "video/quicktime",
}
_PREFIXES = {b"3gp": "video/3gpp", b"3gr": "video/3gpp", b"3gs": "video/3gpp", b"3g2": "video/3gpp2"}
_HEADER_SIZES_OF_BMP = frozenset({12, 40, 52, 56, 64, 108, 124})
_DOCTYPE_OF_EBML = re.compile(rb"\x42\x82(?:[\x81-\xff]|\x40.|\x01.{7})(webm|matroska)", re.DOTALL)
_PROLOGUE = ((b"<?xml", b"?>"), (b"<!--", b"-->"), (b"<!DOCTYPE svg", b">"))
_SVG = re.compile(rb"<(?:svg:)?svg[\s>/]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MEDIA_TYPES = frozenset(
    [
        *(mime for _, mime in _MAGIC),
        *_RIFF.values(),
        *_BRANDS.values(),
        *_PREFIXES.values(),
        "audio/aac",
        "audio/ogg",
        "image/bmp",
        "image/svg+xml",
        "text/plain",
        "text/vcard",
        "video/mp4",
        "video/ogg",
        "video/webm",
        "video/x-matroska",
        UNKNOWN,
    ]
)
"""All that ``mime_of`` says."""


def mime_of(head: bytes) -> str:
    """Return the media type that the first bytes (512 are enough) show, ``application/octet-stream`` for what is not known."""
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return mime
    return _of_container(head) or _of_frames(head) or _of_text(head) or UNKNOWN


def _of_container(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in head[28:80] else "audio/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":
        named = _DOCTYPE_OF_EBML.search(head[:128])
        return "video/webm" if named and named[1] == b"webm" else "video/x-matroska"
    return None


def _of_brands(head: bytes) -> str:
    """ISO media: the major brand says what it is; a picture of a general brand is told by those it is compatible with."""
    major = head[8:12]
    if major in (b"mif1", b"msf1"):
        end = min(int.from_bytes(head[:4], "big"), len(head))
        known = (_BRANDS.get(head[at : at + 4], "") for at in range(16, end - 3, 4))
        return next((mime for mime in known if mime in ("image/avif", "image/heic")), "image/heif")
    return _BRANDS.get(major) or _PREFIXES.get(major[:3]) or "video/mp4"


def _of_frames(head: bytes) -> str | None:
    """Formats without a name at their beginning, where a few bits decide: they are looked at closely."""
    if head[:2] == b"BM" and len(head) >= 18:
        header = int.from_bytes(head[14:18], "little")
        return "image/bmp" if head[6:10] == b"\0\0\0\0" and header in _HEADER_SIZES_OF_BMP else None
    if len(head) < 2 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    return "audio/mpeg" if head[1] in (0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3) else None


def _of_text(head: bytes) -> str | None:
    """UTF-8 without control characters is text, unless it begins like markup: what is run somewhere is no text."""
    words = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if words[:11].upper() == b"BEGIN:VCARD":
        return "text/vcard"
    if _SVG.match(_after_prologue(words)):
        return "image/svg+xml"
    if not words or words.startswith(b"<"):
        return None
    return "text/plain" if _is_plain(words) else None


def _after_prologue(words: bytes) -> bytes:
    """Leave out what may stand before the first element of XML; each part is passed once."""
    while opened := next((pair for pair in _PROLOGUE if words.startswith(pair[0])), None):
        words = words.partition(opened[1])[2].lstrip()
    return words


def _is_plain(words: bytes) -> bool:
    try:
        text = words.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = words[: error.start].decode()
    return bool(text) and not _CONTROLS.search(text)
