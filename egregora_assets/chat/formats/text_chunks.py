"""A byte stream of unknown quality → blocks of valid UTF-8 that end at line ends, with what was mended reported."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20
"""A line longer than this is cut and reported."""
MAX_RAW_BYTES = 4096


@dataclass(frozen=True)
class Quarantined:
    """A piece of input that could not become a message, or only in part.

    ``byte_offset`` counts bytes of the text that ``read_blocks`` gives: for sound UTF-8 the place in the file.
    """

    byte_offset: int
    reason: str
    raw: bytes


def read_blocks(stream: BinaryIO, quarantined: list[Quarantined]) -> Iterator[bytes]:
    """Yield blocks of about ``BLOCK_BYTES`` of valid UTF-8, each ending at a line end (the last one perhaps not).

    A byte order mark is removed, UTF-16 is decoded, CR-only line ends become LF, NULs are removed, bytes that are no
    UTF-8 become U+FFFD and over-long lines are cut; every such line is appended to ``quarantined`` with its raw bytes.
    """
    offset = 0
    for block, cut_line in _line_blocks(_with_line_feeds(_as_utf8(stream))):
        mended = _mended(block, offset, quarantined)
        if cut_line is not None:
            place = mended.rfind(b"\n", 0, -1) + 1
            quarantined.append(Quarantined(offset + place, f"line cut after {MAX_LINE_BYTES} bytes", cut_line))
        if mended:
            yield mended
        offset += len(mended)


def _as_utf8(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the stream's bytes without a byte order mark, recoded where the mark says UTF-16."""
    chunk = stream.read(BLOCK_BYTES)
    if not chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        chunk = chunk.removeprefix(codecs.BOM_UTF8) or stream.read(BLOCK_BYTES)
        while chunk:
            yield chunk
            chunk = stream.read(BLOCK_BYTES)
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    while chunk:
        yield decoder.decode(chunk).encode()
        chunk = stream.read(BLOCK_BYTES)
    yield decoder.decode(b"", final=True).encode()


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn CR into LF where the first chunk has no LF at all, as in texts from very old systems."""
    first = next(chunks, b"")
    if b"\r" not in first or b"\n" in first:
        yield first
        yield from chunks
        return
    yield first.replace(b"\r", b"\n")
    for chunk in chunks:
        yield chunk.replace(b"\r", b"\n")


def _line_blocks(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes | None]]:
    """Regroup chunks so that each ends after a line break; cut lines that never seem to end.

    Each block comes with the beginning of its last line where that line was cut, else with ``None``.
    """
    rest, is_cutting = b"", False
    for chunk in chunks:
        if is_cutting:
            _, line_break, chunk = chunk.partition(b"\n")
            if not line_break:
                continue
            is_cutting = False
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if end:
            yield data[:end], None
        if len(rest) > MAX_LINE_BYTES:
            yield _without_partial_character(rest[:MAX_LINE_BYTES]) + b"\n", rest[:MAX_RAW_BYTES]
            rest, is_cutting = b"", True
    if rest:
        yield rest, None


def _without_partial_character(data: bytes) -> bytes:
    for back in range(1, 4):
        if data[-back] & 0xC0 == 0xC0:
            return data[:-back]
        if data[-back] & 0x80 == 0:
            break
    return data


def _mended(block: bytes, offset: int, quarantined: list[Quarantined]) -> bytes:
    if b"\0" in block:
        block = _without_nuls(block, offset, quarantined)
    if _is_utf8(block):
        return block
    lines = block.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if not _is_utf8(line):
            quarantined.append(Quarantined(offset, "bytes that are no UTF-8, replaced by U+FFFD", line[:MAX_RAW_BYTES]))
            lines[number] = line.decode("utf-8", "replace").encode()
        offset += len(lines[number])
    return b"".join(lines)


def _without_nuls(block: bytes, offset: int, quarantined: list[Quarantined]) -> bytes:
    lines = block.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if b"\0" in line:
            quarantined.append(Quarantined(offset, "NUL bytes removed", line[:MAX_RAW_BYTES]))
            lines[number] = line.replace(b"\0", b"")
        offset += len(lines[number])
    return b"".join(lines)


def _is_utf8(data: bytes) -> bool:
    """Validate with Arrow's vectorised check, several times faster than decoding."""
    bounds = pa.py_buffer(len(data).to_bytes(8, "little").rjust(16, b"\0"))
    text = pa.LargeStringArray.from_buffers(1, bounds, pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
