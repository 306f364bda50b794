"""Small real pictures: what a test needs to see a photo decoded, cleaned and published."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def jpeg(seed: int = 0, width: int = 64, height: int = 48, *, artist: str | None = None) -> bytes:
    """Return a JPEG of soft coloured blobs, another for another ``seed``; ``artist`` is a name in its EXIF."""
    return _encoded(picture(seed, width, height), "JPEG", artist)


def png(seed: int = 0, width: int = 64, height: int = 48) -> bytes:
    """Return the same picture as a PNG."""
    return _encoded(picture(seed, width, height), "PNG", None)


def picture(seed: int, width: int, height: int) -> Image.Image:
    """Return a picture of soft coloured blobs."""
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blobs).resize((width, height), Image.Resampling.BICUBIC)


def _encoded(image: Image.Image, kind: str, artist: str | None) -> bytes:
    exif = Image.Exif()
    if artist is not None:
        exif[0x013B] = artist
    written = io.BytesIO()
    image.save(written, kind, exif=exif)
    return written.getvalue()
