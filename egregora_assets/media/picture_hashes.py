"""One decode of a picture for all that is asked of it: thumbnail, grey signature, size and EXIF facts.

Runs in a decoding process only (see ``decoder``) and imports nothing but Pillow: most of what a start costs are imports.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

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
_QUALITY = 75
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


class PictureFacts(NamedTuple):
    """What one decode told. ``width`` and ``height`` are those of the upright picture; ``signature`` is 128x128 grey
    levels; ``taken_at`` is the camera's clock, in ISO form and without a zone."""

    width: int
    height: int
    orientation: int
    taken_at: str | None
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
    return PictureFacts(width, height, orientation, taken_at, _grey(small).tobytes(), _encoded(small))


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
        image = _eight_bits(image)
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


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return deep grey levels as bytes. Few pictures have them, so NumPy is loaded for those alone."""
    import numpy as np

    levels = np.asarray(image).astype(np.float64)
    return Image.fromarray(np.clip(levels / 257, 0, 255).astype(np.uint8))


def _grey(small: Image.Image) -> Image.Image:
    grey = small.getchannel(0) if small.mode == "YCbCr" else small.convert("L")
    return grey.resize((SIGNATURE_EDGE, SIGNATURE_EDGE), Image.Resampling.BILINEAR)


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
