"""Which media type is cleaned by which module, and what of a picture is looked at to tell two of them apart."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.gif import essence_of_gif, sanitise_gif
from egregora_assets.media.sanitising.jpeg import essence_of_jpeg, sanitise_jpeg
from egregora_assets.media.sanitising.mp3 import sanitise_mp3
from egregora_assets.media.sanitising.ogg import sanitise_ogg
from egregora_assets.media.sanitising.outcome import Sanitised
from egregora_assets.media.sanitising.png import essence_of_png, sanitise_png
from egregora_assets.media.sanitising.wav import sanitise_wav
from egregora_assets.media.sanitising.webp import essence_of_webp, sanitise_webp

RECIPE = "sanitised-2"
"""Name of the folder for derivatives of these rules; another number whenever a rule changes what comes out."""


def _sanitise_isobmff(data: bytes) -> bytes:
    from egregora_assets.media.sanitising.isobmff import (
        sanitise_isobmff,
    )  # NumPy, which a decoding process starts without

    return sanitise_isobmff(data)


_RECIPES: dict[str, Callable[[bytes], bytes]] = {
    "image/jpeg": sanitise_jpeg,
    "image/png": sanitise_png,
    "image/apng": sanitise_png,
    "image/webp": sanitise_webp,
    "image/gif": sanitise_gif,
    "video/mp4": _sanitise_isobmff,
    "video/quicktime": _sanitise_isobmff,
    "video/3gpp": _sanitise_isobmff,
    "audio/mp4": _sanitise_isobmff,
    "audio/3gpp": _sanitise_isobmff,
    "audio/ogg": sanitise_ogg,
    "audio/mpeg": sanitise_mp3,
    "audio/wav": sanitise_wav,
}
_ESSENCES: dict[str, Callable[[bytes], Iterable[bytes | memoryview]]] = {
    "image/jpeg": essence_of_jpeg,
    "image/png": essence_of_png,
    "image/apng": essence_of_png,
    "image/webp": essence_of_webp,
    "image/gif": essence_of_gif,
}
_REASONS = {
    "application/pdf": "a PDF can carry names, earlier versions and attachments in places that are not looked through",
    "image/heic": "HEIC is not read here",
    "image/heif": "HEIF is not read here",
    "image/avif": "AVIF is not read here",
    "image/svg+xml": "an SVG can carry scripts and texts",
    "video/webm": "WebM and Matroska are not read here",
    "text/vcard": "a vCard is personal data as a whole",
    "text/plain": "a text cannot be told from what it says of people",
    "application/zip": "an archive can carry anything",
}

SANITISABLE = frozenset(_RECIPES)
"""Media types that can be cleaned; whether one file of them can be, its bytes tell."""


def sanitised(mime: str, data: bytes) -> Sanitised:
    """Return the file with the same content and without all that its maker, device or software said beside it.

    Pictures keep their pixels, colour profile and orientation, sound and video their coded streams. Time and memory are
    linear in the length of ``data``. Raises :class:`NotSanitised` where a file is not understood in full; there is no
    half-way result.
    """
    recipe = _RECIPES.get(mime)
    if recipe is None:
        raise NotSanitised(_REASONS.get(mime, "files of this type are not cleaned"))
    return Sanitised(recipe(data))


def picture_digest(mime: str, data: bytes) -> str | None:
    """Return the sha256 (hex) of only what makes a picture's pixels; None for what is no picture or not sound.

    Pixels as they are coded and their colours count; EXIF with what it says of which way is up, texts, dates, densities,
    thumbnails and whatever stands behind the picture do not. So files that differ in metadata only have the same digest.
    """
    essence = _ESSENCES.get(mime)
    if essence is None:
        return None
    try:
        parts = list(essence(data))
    except NotSanitised:
        return None
    digest = hashlib.sha256(mime.encode())
    digest.update(struct.pack(f">{len(parts)}Q", *map(len, parts)))
    digest.update(b"".join(parts))
    return digest.hexdigest()
