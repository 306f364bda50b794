"""PNG and APNG: the chunks that make the picture and its true colours, written anew; all others are left behind.

Kept: IHDR, PLTE of palette pictures, tRNS, cICP, iCCP (under another name), sRGB, gAMA, cHRM, sBIT, mDCV, cLLI, bKGD,
pHYs, IDAT, acTL, fcTL, fdAT, IEND, and the orientation of eXIf. The coded pixels are inflated once, to know that they
end where the picture ends: a stream with more in it is refused, bytes behind it are cut.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.icc import MAX_PROFILE_BYTES, cleaned_profile
from egregora_assets.media.sanitising.orientation import new_exif, read_orientation
from egregora_assets.media.sanitising.outcome import counted

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZES = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"mDCV": 24, b"cLLI": 8, b"pHYs": 9}
_COLOURS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"mDCV", b"cLLI")
_BEHIND_PALETTE = (b"tRNS", b"bKGD", b"pHYs")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE = 3
_INTERLACE = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_MAX_PIXEL_BYTES = 1 << 30
_BLOCK_IN, _BLOCK_OUT = 1 << 16, 1 << 20


class _Frame:
    """One coded picture: its control chunk (without sequence number; empty for a still) and its compressed bytes."""

    def __init__(self, control: bytes = b"") -> None:
        self.control = control
        self.coded: list[memoryview] = []


class _Picture:
    def __init__(self) -> None:
        self.header = b""
        self.kept: dict[bytes, bytes] = {}
        self.orientation: int | None = None
        self.plays = b""
        self.frames: list[_Frame] = []
        self.pending = b""


def sanitise_png(data: bytes) -> bytes:
    """Return the picture with the same pixels, frames, colours and orientation, and nothing else."""
    picture = _read(data)
    parts: list[bytes] = [_SIGNATURE, _chunk(b"IHDR", picture.header)]
    if picture.plays:
        parts.append(_chunk(b"acTL", picture.plays))
    parts += _chunks_of(picture, _COLOURS)
    parts += _chunks_of(picture, (b"PLTE", *_BEHIND_PALETTE))
    if picture.orientation is not None:
        parts.append(_chunk(b"eXIf", new_exif(picture.orientation)))
    parts += _frame_chunks(picture)
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def essence_of_png(data: bytes) -> Iterable[bytes]:
    """Return what makes the pixels and their colours, in parts. It is not inflated: that is for publishing."""
    picture = _read(data)
    parts: list[bytes] = [picture.header, picture.plays]
    for name in (*_COLOURS, b"PLTE", b"tRNS"):
        if name in picture.kept:
            parts += [name, picture.kept[name]]
    for frame in picture.frames:
        parts += [b"frame", frame.control, b"".join(frame.coded)]
    return parts


def _read(data: bytes) -> _Picture:
    picture = _Picture()
    for name, payload in _chunks(data):
        if not picture.header:
            if name != b"IHDR":
                raise NotSanitised("the picture does not begin with its header")
            picture.header = _checked_header(bytes(payload))
        elif name in (b"IDAT", b"fdAT", b"fcTL", b"acTL"):
            _pixels(picture, name, payload)
        elif name == b"eXIf":
            exif = bytes(payload)
            picture.orientation = picture.orientation or read_orientation(exif.removeprefix(b"Exif\x00\x00"))
        elif name in picture.kept:
            raise NotSanitised(f"the picture has two {name.decode()} chunks")
        else:
            _about_colours(picture, name, payload)
    if picture.pending or not picture.frames:
        raise NotSanitised("the picture has no pixels, or a frame of it has none")
    if picture.header[9] == _PALETTE and b"PLTE" not in picture.kept:
        raise NotSanitised("a picture with palette colours has no palette")
    if picture.plays and int.from_bytes(picture.plays[:4], "big") != sum(bool(one.control) for one in picture.frames):
        raise NotSanitised("the animation has another number of frames than it says")
    return picture


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and payload of each chunk before IEND; the checksum of those that are needed is compared."""
    if not data.startswith(_SIGNATURE):
        raise NotSanitised("it does not begin as a PNG picture")
    view, place, number = memoryview(data), len(_SIGNATURE), 0
    while place + 12 <= len(data):
        number = counted(number)
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            raise NotSanitised("a chunk reaches over the end of the file")
        if name == b"IEND":
            return
        is_needed = name[0] < 0x60 or name in _SIZES or name in _BEHIND_PALETTE or name in (b"fdAT", b"fcTL", b"acTL")
        if is_needed and zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise NotSanitised("a chunk is damaged: its checksum is another one")
        yield name, view[place + 8 : end]
        place = end + 4
    raise NotSanitised("the picture has no end")


def _checked_header(header: bytes) -> bytes:
    if len(header) != 13:
        raise NotSanitised("the picture's header has another length than 13 bytes")
    width, height, depth, kind, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not width or not height or depth not in _DEPTHS.get(kind, ()) or compression or filtering or interlace > 1:
        raise NotSanitised("the picture's header has values that PNG does not know")
    return header


def _about_colours(picture: _Picture, name: bytes, payload: memoryview) -> None:
    kind, depth, length = picture.header[9], picture.header[8], len(payload)
    if name in _SIZES:
        if length == _SIZES[name]:
            picture.kept[name] = bytes(payload)
    elif name == b"PLTE":
        if kind == _PALETTE:
            if length % 3 or not 3 <= length <= 3 << depth:
                raise NotSanitised("the palette has no plain form")
            picture.kept[name] = bytes(payload)
    elif name == b"tRNS":
        palette = len(picture.kept.get(b"PLTE", b"")) // 3
        if kind in (4, 6) or (length > palette if kind == _PALETTE else length != (2 if kind == 0 else 6)):
            raise NotSanitised("the chunk of transparent colours has no plain form")
        picture.kept[name] = bytes(payload)
    elif name == b"bKGD":
        if length == {_PALETTE: 1, 0: 2, 4: 2}.get(kind, 6):
            picture.kept[name] = bytes(payload)
    elif name == b"sBIT":
        if length == (3 if kind == _PALETTE else _CHANNELS[kind]):
            picture.kept[name] = bytes(payload)
    elif name == b"iCCP":
        profile = _new_profile_chunk(bytes(payload))
        if profile is not None:
            picture.kept[name] = profile
    elif name[0] < 0x60:
        raise NotSanitised("the picture has a chunk that must be understood and is not known")


@lru_cache(maxsize=8)
def _new_profile_chunk(payload: bytes) -> bytes | None:
    """Return the chunk with the cleaned profile; None where it cannot be read, as decoders ignore it then too."""
    name, _, rest = payload.partition(b"\x00")
    if len(name) > 79 or rest[:1] != b"\x00":
        return None
    stream = zlib.decompressobj()
    try:
        profile = stream.decompress(rest[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    cleaned = cleaned_profile(profile) if stream.eof else None
    return None if cleaned is None else b"icc\x00\x00" + zlib.compress(cleaned, 9)


def _pixels(picture: _Picture, name: bytes, payload: memoryview) -> None:
    """Add one chunk of the pixels, or of what says when they are shown."""
    if name == b"acTL":
        if picture.frames or picture.plays or len(payload) != 8:
            raise NotSanitised("the animation's header has no plain form")
        picture.plays = bytes(payload)
    elif name == b"IDAT":
        if not picture.frames:
            picture.frames.append(_Frame(picture.pending))
            picture.pending = b""
        elif picture.pending or len(picture.frames) > 1:
            raise NotSanitised("pixels of the first frame stand behind another frame")
        picture.frames[0].coded.append(payload)
    elif picture.plays:
        _animation(picture, name, payload)


def _animation(picture: _Picture, name: bytes, payload: memoryview) -> None:
    if name == b"fcTL":
        if picture.pending or len(payload) != 26:
            raise NotSanitised("a frame of the animation has no plain form")
        picture.pending = bytes(payload[4:])
        return
    if len(payload) < 4 or not picture.frames:
        raise NotSanitised("a frame of the animation has no plain form")
    if picture.pending:
        picture.frames.append(_Frame(picture.pending))
        picture.pending = b""
    elif len(picture.frames) < 2:
        raise NotSanitised("a frame of the animation has no control chunk")
    picture.frames[-1].coded.append(payload[4:])


def _frame_chunks(picture: _Picture) -> Iterator[bytes]:
    """Yield the chunks of all frames, each with one chunk of pixels that ends where its stream ends."""
    sequence, budget = 0, _MAX_PIXEL_BYTES
    for number, frame in enumerate(picture.frames):
        size = picture.header[:8]
        if frame.control:
            yield _chunk(b"fcTL", struct.pack(">I", sequence) + frame.control)
            sequence += 1
            size = frame.control[:8]
        expected = _raw_size(size, picture.header)
        budget -= expected
        if budget < 0:
            raise NotSanitised("the picture is too large to be looked through")
        coded = _whole_stream(frame.coded, expected)
        if number:
            yield _chunk(b"fdAT", struct.pack(">I", sequence) + coded)
            sequence += 1
        else:
            yield _chunk(b"IDAT", coded)


def _raw_size(size: bytes, header: bytes) -> int:
    """Return the bytes of the inflated pixels: rows of whole bytes, one filter byte before each."""
    width, height = struct.unpack(">II", size)
    bits = header[8] * _CHANNELS[header[9]]
    if not header[12]:
        return int(height * (1 + (width * bits + 7) // 8))
    total = 0
    for left, top, across, down in _INTERLACE:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _whole_stream(parts: list[memoryview], expected: int) -> bytes:
    """Return the zlib stream cut at its end; raise where it holds another number of bytes than ``expected``."""
    coded = b"".join(parts)
    stream, inflated, place = zlib.decompressobj(), 0, 0
    try:
        while not stream.eof and inflated <= expected:
            block = stream.unconsumed_tail
            if not block:
                block = coded[place : place + _BLOCK_IN]
                place += len(block)
            fresh = len(stream.decompress(block, _BLOCK_OUT))
            inflated += fresh
            if not block and not fresh:
                break
    except zlib.error:
        raise NotSanitised("the pixels are damaged") from None
    if not stream.eof or inflated != expected:
        raise NotSanitised("the pixels are cut off, or there is more behind them")
    return coded[: place - len(stream.unused_data)]


def _chunks_of(picture: _Picture, names: Iterable[bytes]) -> list[bytes]:
    return [_chunk(name, picture.kept[name]) for name in names if name in picture.kept]


def _chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(payload, zlib.crc32(name)))
