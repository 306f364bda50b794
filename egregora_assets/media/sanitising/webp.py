"""WebP: the container written anew with what the picture needs (VP8, VP8L, ALPH, ANIM, ANMF, ICCP, orientation).

XMP, EXIF but for the orientation, unknown chunks and bytes behind the container are left behind. The coded pixels are
not decoded: bytes that somebody put behind them inside their own chunk stay,
unless they read as words. Transparency that is not compressed is cut to the size that it has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.icc import cleaned_profile
from egregora_assets.media.sanitising.orientation import new_exif, read_orientation
from egregora_assets.media.sanitising.outcome import counted, refuse_words_at_end

_HAS_ICC, _HAS_ALPHA, _HAS_EXIF, _IS_ANIMATED = 0x20, 0x10, 0x08, 0x02
_FRAME_HEADER = 16
_EXTENDED, _CANVAS = b"VP8X", 10
_PLAIN_ALPHA, _CODED_ALPHA = 0, 1


class _Picture:
    def __init__(self) -> None:
        self.extended = b""
        self.profile: bytes | None = None
        self.orientation: int | None = None
        self.animation = b""
        self.images: list[bytes] = []


def sanitise_webp(data: bytes) -> bytes:
    """Return the picture with the same pixels, frames, profile and orientation, and nothing else."""
    picture = _read(data)
    body = [b"WEBP"]
    if picture.extended:
        flags = picture.extended[0] & (_HAS_ALPHA | _IS_ANIMATED)
        flags |= _HAS_ICC if picture.profile else 0
        flags |= _HAS_EXIF if picture.orientation else 0
        body.append(_chunk(_EXTENDED, bytes([flags, 0, 0, 0]) + picture.extended[4:]))
        if picture.profile:
            body.append(_chunk(b"ICCP", picture.profile))
    body += [picture.animation, *picture.images]
    if picture.orientation:
        body.append(_chunk(b"EXIF", new_exif(picture.orientation)))
    return b"RIFF" + struct.pack("<I", sum(map(len, body))) + b"".join(body)


def essence_of_webp(data: bytes) -> Iterable[bytes]:
    """Return what makes the pixels and their colours, in parts."""
    picture = _read(data)
    canvas = picture.extended[4:] if picture.animation else b""
    return [picture.profile or b"", b"|", canvas, picture.animation, *picture.images]


def _read(data: bytes) -> _Picture:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise NotSanitised("it does not begin as a WebP picture")
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise NotSanitised("the picture is cut off")
    picture = _Picture()
    for name, payload in _chunks(data, 12, end):
        if name in (b"VP8 ", b"VP8L"):
            _still(picture, name, payload)
        elif name == _EXTENDED:
            if picture.extended or picture.images or len(payload) != _CANVAS:
                raise NotSanitised("the picture's header has no plain form")
            picture.extended = payload
        elif picture.extended:
            _beside_pixels(picture, name, payload)
    is_animated = bool(picture.extended and picture.extended[0] & _IS_ANIMATED)
    if not picture.images or picture.images[-1].startswith(b"ALPH") or is_animated != bool(picture.animation):
        raise NotSanitised("the picture has no pixels, or no animation where it says so")
    return picture


def _chunks(data: bytes, place: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    number = 0
    while place < end:
        number = counted(number)
        if place + 8 > end:
            raise NotSanitised("a chunk is cut off")
        name, length = struct.unpack_from("<4sI", data, place)
        place += 8
        if place + length > end:
            raise NotSanitised("a chunk reaches over the end of the picture")
        yield name, data[place : place + length]
        place += length + length % 2


def _still(picture: _Picture, name: bytes, payload: bytes) -> None:
    if picture.animation or any(not image.startswith(b"ALPH") for image in picture.images):
        raise NotSanitised("the picture has more than one image")
    if name == b"VP8L" and picture.images:
        raise NotSanitised("a lossless image has a transparency chunk beside it")
    picture.images.append(_image(name, payload))


def _beside_pixels(picture: _Picture, name: bytes, payload: bytes) -> None:
    if name == b"ICCP":
        picture.profile = picture.profile or cleaned_profile(payload)
    elif name == b"EXIF":
        picture.orientation = picture.orientation or read_orientation(payload.removeprefix(b"Exif\x00\x00"))
    elif name == b"ANIM":
        if picture.animation or picture.images or len(payload) != 6:
            raise NotSanitised("the animation's header has no plain form")
        picture.animation = _chunk(name, payload)
    elif name == b"ALPH":
        if picture.images or picture.animation:
            raise NotSanitised("a transparency chunk stands where none belongs")
        picture.images.append(_alpha(payload, picture.extended[4:]))
    elif name == b"ANMF":
        if not picture.animation:
            raise NotSanitised("a frame stands outside an animation")
        picture.images.append(_frame(payload))


def _frame(payload: bytes) -> bytes:
    parts = [payload[:_FRAME_HEADER]]
    names = []
    for name, content in _chunks(payload, _FRAME_HEADER, len(payload)):
        if name in (b"VP8 ", b"VP8L"):
            names.append(name)
            parts.append(_image(name, content))
        elif name == b"ALPH":
            names.append(name)
            parts.append(_alpha(content, payload[6:12]))
    if names not in ([b"VP8 "], [b"VP8L"], [b"ALPH", b"VP8 "]):
        raise NotSanitised("a frame of the animation has no plain form")
    return _chunk(b"ANMF", b"".join(parts))


def _alpha(payload: bytes, size: bytes) -> bytes:
    """Return the transparency chunk; ``size`` is width and height less one, in three bytes each."""
    method = payload[0] & 3 if payload else -1
    if method == _PLAIN_ALPHA:
        width, height = (int.from_bytes(size[at : at + 3], "little") + 1 for at in (0, 3))
        length = 1 + width * height
        if len(payload) < length:
            raise NotSanitised("a transparency chunk is cut off")
        return _chunk(b"ALPH", payload[:length])
    if method != _CODED_ALPHA:
        raise NotSanitised("a transparency chunk has no plain form")
    refuse_words_at_end(payload)
    return _chunk(b"ALPH", payload)


def _image(name: bytes, payload: bytes) -> bytes:
    is_image = payload[3:6] == b"\x9d\x01\x2a" if name == b"VP8 " else payload[:1] == b"\x2f"
    if not is_image:
        raise NotSanitised("the coded pixels do not begin as they should")
    refuse_words_at_end(payload)
    return _chunk(name, payload)


def _chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)
