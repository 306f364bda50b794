"""The content-addressed store: ``objects/sha256/ab/abcd…`` holds the bytes whose sha256 is ``abcd…``, once.

An object is complete or absent: bytes go to ``tmp`` first, are forced to disk, and are renamed. Names given by archives
never become paths.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 18
_HEAD = 512


@dataclass(frozen=True)
class StoredObject:
    """What one pass over a stream told: ``media_id`` is the sha256, ``head`` the first bytes (at most 512)."""

    media_id: str
    size: int
    head: bytes
    is_new: bool


class MediaStore:
    """The store in one folder. Several processes may add at once: equal bytes have equal names."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects" / "sha256"
        self._temporary = folder / "tmp"

    def path_of(self, media_id: str) -> Path:
        return self._objects / media_id[:2] / media_id

    def holds(self, media_id: str, size: int) -> bool:
        """Return whether the object is there with that many bytes."""
        try:
            return self.path_of(media_id).stat().st_size == size
        except FileNotFoundError:
            return False

    def add(self, stream: BinaryIO) -> StoredObject:
        """Read ``stream`` to its end, once, and keep its bytes unless they are there already."""
        self._temporary.mkdir(parents=True, exist_ok=True)
        partial = self._temporary / secrets.token_hex(12)
        try:
            digest, size, head = hashlib.sha256(), 0, b""
            with partial.open("wb") as file:
                while block := stream.read(_BLOCK):
                    head = head or block[:_HEAD]
                    digest.update(block)
                    size += len(block)
                    file.write(block)
                file.flush()
                target = self.path_of(digest.hexdigest())
                is_new = not self.holds(digest.hexdigest(), size)
                if is_new:
                    os.fsync(file.fileno())
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return StoredObject(digest.hexdigest(), size, head, is_new)

    def sweep(self) -> int:
        """Remove what crashes have left in ``tmp``; return how many files. Only the warehouse's writer may call this."""
        leftovers = list(self._temporary.glob("*"))
        for leftover in leftovers:
            leftover.unlink(missing_ok=True)
        return len(leftovers)


_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"PK\x03\x04", "application/zip"),
)
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"avif": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
}
_OTHER_TYPES = ("image/webp", "audio/wav", "video/mp4", "application/octet-stream")
MEDIA_TYPES = frozenset([*(mime for _, mime in _MAGIC), *_BRANDS.values(), *_OTHER_TYPES])
"""All that ``mime_of`` says."""


def mime_of(head: bytes) -> str:
    """Return the media type that the first bytes show; a name's ending is never asked."""
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return mime
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return "application/octet-stream"
