"""One decode of a picture for all that is asked of it: thumbnail, perceptual hash, grey signature, size and EXIF facts.

Runs in a decoding process only (see ``decoder``) and imports nothing but Pillow and NumPy.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

FORMATS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/bmp": BmpImagePlugin.BmpImageFile.format,
}
"""The only decoders that are ever asked, each for its own type alone."""
THUMBNAIL_EDGE = 320
SIGNATURE_EDGE = 128
_LEVELS_EDGE = SIGNATURE_EDGE // 2
_HASH_EDGE = 16
_QUALITY = 75
_FLAT = 4.0
"""A standard deviation, in grey levels of 255, below which noise decides the bits of a hash."""
_SCALE = 8192
_NOISE = 4 * 128.0 * _SCALE**2
"""What four grey levels of noise in each of 64x64 places give in one frequency; each is a sum of four levels."""
_ORIENTATION, _EXIF, _TAKEN = 0x0112, 0x8769, (0x9003, 0x9004)
_MOMENT = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", re.ASCII)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class PictureFacts:
    """What one decode told. ``width`` and ``height`` are those of the upright picture; ``phash`` (32 bytes) is absent of a
    flat one; ``signature`` is 128x128 grey levels; ``taken_at`` is the camera's clock, in ISO form and without a zone."""

    width: int
    height: int
    orientation: int
    taken_at: str | None
    phash: bytes | None
    signature: bytes
    thumbnail: bytes


def limit_pixels(most: int) -> None:
    """Let pictures of more than ``most`` pixels be an error, before any of them is decoded."""
    Image.MAX_IMAGE_PIXELS = most
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def picture_facts(data: bytes, mime: str) -> PictureFacts:
    """Decode the first frame of the picture once. Raises whatever Pillow does, and ``ValueError`` for other types."""
    if mime not in FORMATS:
        raise ValueError(f"{mime} is not decoded")
    with Image.open(io.BytesIO(data), formats=(FORMATS[mime],)) as image:
        width, height = image.size
        small = _small(image)
        orientation, taken_at = _exif(image)
    if turn := _TURNS.get(orientation):
        small = small.transpose(turn)
    if orientation >= 5:
        width, height = height, width
    grey = _grey(small)
    flat = float(grey.std()) < _FLAT
    return PictureFacts(
        width,
        height,
        orientation,
        taken_at,
        None if flat else perceptual_hash(grey),
        grey.tobytes(),
        _encoded(small),
    )


def perceptual_hash(grey: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Return the pHash of 128x128 grey levels: 256 bits, one for each of the 16x16 lowest frequencies above their median.

    A soft picture has next to nothing in most frequencies; what an encoder leaves there is no bit of its own. All numbers
    on the way are whole and below 2**53, so every machine gives the same bits.
    """
    levels = grey.astype(np.float64).reshape(_LEVELS_EDGE, 2, _LEVELS_EDGE, 2).sum(axis=(1, 3))
    frequencies = _COSINES @ levels @ _COSINES.T
    return np.packbits(frequencies > max(float(np.median(frequencies)), _NOISE)).tobytes()


def _cosines() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The rows of a 64-point DCT for the 16 lowest frequencies, as whole multiples of 1 / ``_SCALE``."""
    frequency, place = np.arange(_HASH_EDGE)[:, None], np.arange(_LEVELS_EDGE)[None, :]
    angles = np.pi * frequency * (2 * place + 1) / (2 * _LEVELS_EDGE)
    cosines: np.ndarray[Any, np.dtype[np.float64]] = np.rint(_SCALE * np.cos(angles))
    return cosines


_COSINES = _cosines()


def _small(image: Image.Image) -> Image.Image:
    """Return the picture within the edge of a thumbnail, not turned yet, as YCbCr or RGB without alpha.

    A JPEG is scaled while it is decoded and keeps its own colour space, so nothing is converted on the way.
    """
    size = _fitting(image.size)
    if image.format in ("JPEG", "MPO"):
        image.draft("YCbCr", size)
    image.load()
    return _opaque(image, size)


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, THUMBNAIL_EDGE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _opaque(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        levels = np.asarray(image).astype(np.float64)
        image = Image.fromarray(np.clip(levels / 257, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        layer = _resized(image.convert("RGBA"), size)
        paper = Image.new("RGB", size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return _resized(image if image.mode in ("YCbCr", "RGB", "L") else image.convert("RGB"), size)


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _grey(small: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    grey = small.getchannel(0) if small.mode == "YCbCr" else small.convert("L")
    return np.asarray(grey.resize((SIGNATURE_EDGE, SIGNATURE_EDGE), Image.Resampling.BILINEAR))


def thumbnail_of(frame: Image.Image) -> bytes:
    """Return a frame of a film, upright and in full size, as a thumbnail."""
    return _encoded(_opaque(frame, _fitting(frame.size)))


def _encoded(small: Image.Image) -> bytes:
    """Return the thumbnail as JPEG. What the picture brought with it (comments, profiles) is taken off first."""
    small.info = {}
    output = io.BytesIO()
    small.save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()


def _exif(image: Image.Image) -> tuple[int, str | None]:
    """Return orientation (1 to 8) and the moment the picture was taken; EXIF that cannot be read says nothing."""
    with suppress(Exception):
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        within = exif.get_ifd(_EXIF) if exif else {}
        moments = (_moment(within.get(tag)) for tag in _TAKEN)
        return orientation if orientation in _TURNS else 1, next((moment for moment in moments if moment), None)
    return 1, None


def _moment(told: object) -> str | None:
    found = _MOMENT.match(told) if isinstance(told, str) else None
    if not found:
        return None
    try:
        return datetime.strptime(found[0], "%Y:%m:%d %H:%M:%S").isoformat()
    except ValueError:
        return None
