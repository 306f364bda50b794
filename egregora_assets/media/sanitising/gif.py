"""GIF: screen, palettes, frames with their timing, and how often they repeat; everything else is left behind.

Comments, plain text, XMP, ICC and all other application blocks go, and what stands behind the trailer. The coded pixels
are not decoded: bytes that somebody put behind them inside their own blocks stay,
unless they read as words.
"""

from __future__ import annotations

from collections.abc import Iterable

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.outcome import counted, refuse_words_at_end

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION, _PLAIN_TEXT = 0xF9, 0xFF, 0x01
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_HEADER, _DESCRIPTOR = 13, 10
_MAX_BLOCKS = 2_000_000


def sanitise_gif(data: bytes) -> bytes:
    """Return the picture with the same frames and timing, and nothing else."""
    return b"".join(_read(data))


def essence_of_gif(data: bytes) -> Iterable[bytes]:
    """Return what makes the pixels and their colours, in parts."""
    return _read(data)


def _read(data: bytes) -> list[bytes]:
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < _HEADER:
        raise NotSanitised("it does not begin as a GIF picture")
    place = _HEADER + _palette_size(data[10])
    parts, control, number, blocks, frames, has_loop = [data[:place]], b"", 0, 0, 0, False
    while place < len(data):
        number = counted(number)
        kind = data[place]
        if kind == _TRAILER:
            if not frames:
                raise NotSanitised("the file has no picture before its end")
            return [*parts, b";"]
        if kind == _IMAGE:
            if place + _DESCRIPTOR > len(data):
                break
            start = place
            place += _DESCRIPTOR + _palette_size(data[place + 9]) + 1
            place, blocks = _end_of_blocks(data, place, blocks)
            refuse_words_at_end(data[max(start, place - 26) : place - 1])
            parts += [control, data[start:place]]
            control, frames = b"", frames + 1
        elif kind == _EXTENSION and place + 2 <= len(data):
            label, start = data[place + 1], place + 2
            place, blocks = _end_of_blocks(data, start, blocks)
            if label == _CONTROL:
                control = _control(data[start:place])
            elif label == _APPLICATION and not has_loop:
                loop = _loop(data[start:place])
                has_loop = bool(loop)
                parts.append(loop)
        else:
            raise NotSanitised("a block of the picture is of no known kind")
    raise NotSanitised("the picture has no end")


def _palette_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, place: int, blocks: int) -> tuple[int, int]:
    """Return the place behind a chain of length-prefixed blocks, and how many blocks were read until now."""
    size = len(data)
    while place < size:
        length = data[place]
        place += length + 1
        if not length:
            return place, blocks
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise NotSanitised(f"the picture has more than {_MAX_BLOCKS} blocks")
    raise NotSanitised("a chain of blocks has no end")


def _control(blocks: bytes) -> bytes:
    """Return the control block (timing, transparency) of the frame that follows."""
    if len(blocks) != 6 or blocks[0] != 4:
        raise NotSanitised("a frame's control block has no plain form")
    return bytes([_EXTENSION, _CONTROL]) + blocks


def _loop(blocks: bytes) -> bytes:
    """Return the block that says how often the frames repeat, made anew; empty for any other application."""
    if len(blocks) < 16 or blocks[0] != 11 or blocks[1:12] not in _LOOPS or blocks[12:14] != b"\x03\x01":
        return b""
    return bytes([_EXTENSION, _APPLICATION]) + blocks[:16] + b"\x00"
