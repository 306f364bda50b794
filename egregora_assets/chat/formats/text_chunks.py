"""A byte stream of unknown quality → blocks of valid UTF-8 that end at line ends, with what was mended reported."""

from __future__ import annotations

import codecs
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20
"""A line longer than this is cut and reported."""
_LONGEST_MESSAGE_BYTES = 1 << 16
MAX_RAW_BYTES = 4096
MOST_PIECES = 10_000
"""Pieces of one export that are kept; a file of nothing but faults must not fill the memory with them."""


@dataclass(frozen=True)
class Quarantined:
    """A piece of input that could not become a message, or only in part.

    ``byte_offset`` counts bytes of the text that ``read_blocks`` gives: for sound UTF-8 the place in the file.
    """

    byte_offset: int
    reason: str
    raw: bytes


class Quarantine(list[Quarantined]):
    """The pieces of one export: the first ``MOST_PIECES`` of them, and of the others how many there are for which reason.

    ``more`` has, for each reason, that number and one of the pieces.
    """

    def __init__(self) -> None:
        super().__init__()
        self.more: dict[str, tuple[int, Quarantined]] = {}

    def append(self, piece: Quarantined) -> None:
        """Keep a piece, or count it."""
        self.add(piece)

    def add(self, piece: Quarantined, pieces: int = 1) -> None:
        """Keep a piece, or count it as ``pieces`` of its kind."""
        if len(self) < MOST_PIECES and pieces == 1:
            super().append(piece)
        else:
            count, first = self.more.get(piece.reason, (0, piece))
            self.more[piece.reason] = count + pieces, first

    @property
    def total(self) -> int:
        """How many pieces there were."""
        return len(self) + sum(count for count, _ in self.more.values())

    def reasons(self) -> dict[str, int]:
        """Return how many pieces there were for each reason."""
        found = Counter(piece.reason for piece in self)
        found.update({reason: count for reason, (count, _) in self.more.items()})
        return dict(found)


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
    """Turn CR into LF where the first chunk has no LF at all, as in texts from very old systems.

    Not where CRs are as rare as in one long line that has one in it by chance.
    """
    first = next(chunks, b"")
    if b"\n" in first or first.count(b"\r") * _LONGEST_MESSAGE_BYTES < len(first):
        yield first
        yield from chunks
        return
    is_held = False
    for chunk in itertools.chain((first,), chunks):
        data = b"\r" + chunk if is_held else chunk
        is_held = data.endswith(b"\r")  # with the line feed that may follow it is one line end
        data = data[:-1] if is_held else data
        yield data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if is_held:
        yield b"\n"


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
    if b"\0" not in block and _is_utf8(block):
        return block
    lines = block.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if b"\0" in line:
            quarantined.append(Quarantined(offset, "NUL bytes removed", line[:MAX_RAW_BYTES]))
            lines[number] = line.replace(b"\0", b"")
        try:
            lines[number].decode()
        except UnicodeDecodeError:
            quarantined.append(Quarantined(offset, "bytes that are no UTF-8, replaced by U+FFFD", line[:MAX_RAW_BYTES]))
            lines[number] = lines[number].decode("utf-8", "replace").encode()
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
