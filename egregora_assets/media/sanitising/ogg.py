"""OGG with one Opus or Vorbis stream: the header packets written anew with empty comments, the sound pages as they are.

Every page gets a new sequence number and checksum, the stream a new serial number. Several streams (multiplexed or one
behind the other) and other codecs are refused. The coded sound is not decoded: what an encoder wrote into it stays.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from egregora_assets.media.errors import NotSanitised

_HEAD = 27
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_NO_PACKET_ENDS = 2**64 - 1
_SERIAL = 1
_MAX_PAGES = 1_000_000
_MAX_HEADER_BYTES = 64 << 20
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_NO_OPUS_COMMENTS = b"OpusTags" + bytes(8)
_NO_VORBIS_COMMENTS = b"\x03vorbis" + bytes(8) + b"\x01"


class _Page(NamedTuple):
    flags: int
    granule: int
    lacing: bytes
    body: bytes


def sanitise_ogg(data: bytes) -> bytes:
    """Return the stream with the same sound and no comments, pictures or names of encoders."""
    pages = _pages(data)
    first = next(pages, None)
    if first is None or not first.flags & _FIRST or len(first.lacing) != 1 or first.lacing[0] == 255:
        raise NotSanitised("the stream has no plain beginning")
    headers = _headers(first.body)
    read = _skip_packets(pages, len(headers) - 1)
    written = [_Page(_FIRST, 0, bytes([len(headers[0])]), headers[0])]
    written += _laced([headers[1], *read[1:]])
    parts = [_written(page, number) for number, page in enumerate(written)]
    for number, page in enumerate(pages, len(parts)):
        parts.append(_written(page, number))
    return b"".join(parts)


def _pages(data: bytes) -> Iterator[_Page]:
    """Yield the pages of the one stream up to its end; checksums, sequence and serial number are compared."""
    place, serial, sequence = 0, None, 0
    while place < len(data):
        if data[place : place + 5] != b"OggS\x00" or place + _HEAD > len(data):
            raise NotSanitised("bytes between the pages are no page, or the stream is cut off")
        flags, granule, number, index, checksum, segments = struct.unpack_from("<BQIIIB", data, place + 5)
        body = place + _HEAD + segments
        lacing = data[place + _HEAD : body]
        end = body + sum(lacing)
        if end > len(data):
            raise NotSanitised("the stream is cut off")
        if serial not in (None, number) or (flags & _FIRST and sequence):
            raise NotSanitised("the file has more than one stream")
        serial, sequence = number, sequence + 1
        if index != sequence - 1 or sequence > _MAX_PAGES:
            raise NotSanitised("pages are missing, or there are too many")
        if _checksum(data[place : place + 22] + bytes(4) + data[place + 26 : end]) != checksum:
            raise NotSanitised("a page is damaged: its checksum is another one")
        yield _Page(flags, granule, lacing, data[body:end])
        if flags & _LAST:
            if data.startswith(b"OggS", end):
                raise NotSanitised("the file has more than one stream")
            return
        place = end


def _headers(packet: bytes) -> list[bytes]:
    """Return the header packets as they should be; an empty one stands for one that is taken from the file."""
    if packet.startswith(b"OpusHead") and len(packet) >= 19:
        length = 19 if packet[18] == 0 else 21 + packet[9]
        if packet[8] != 1 or len(packet) < length:
            raise NotSanitised("the stream's header has no plain form")
        return [packet[:length], _NO_OPUS_COMMENTS]
    if packet.startswith(b"\x01vorbis") and len(packet) >= 30:
        return [packet[:30], _NO_VORBIS_COMMENTS, b""]
    raise NotSanitised("the stream is neither Opus nor Vorbis")


def _skip_packets(pages: Iterator[_Page], count: int) -> list[bytes]:
    """Return the next ``count`` packets, which must end with their page: sound begins on a page of its own."""
    packets: list[bytes] = []
    current, read = bytearray(), 0
    while len(packets) < count:
        page = next(pages, None)
        if page is None:
            raise NotSanitised("the stream ends inside its headers")
        place = 0
        for length in page.lacing:
            current += page.body[place : place + length]
            place += length
            if length < 255:
                packets.append(bytes(current))
                current.clear()
        read += len(page.body)
        if read > _MAX_HEADER_BYTES:
            raise NotSanitised("the stream's headers are too long")
    if len(packets) != count or current:
        raise NotSanitised("sound stands on a page of the headers")
    kinds = [b"OpusTags"] if count == 1 else [b"\x03vorbis", b"\x05vorbis"]
    if any(not packet.startswith(kind) for packet, kind in zip(packets, kinds, strict=True)):
        raise NotSanitised("the stream's headers have no plain form")
    return packets


def _laced(packets: list[bytes]) -> list[_Page]:
    """Return the pages that hold ``packets`` one behind the other."""
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body, pages, place = b"".join(packets), [], 0
    for start in range(0, len(lacing), 255):
        part = lacing[start : start + 255]
        is_continued = bool(start) and lacing[start - 1] == 255
        granule = 0 if any(length < 255 for length in part) else _NO_PACKET_ENDS
        pages.append(_Page(_CONTINUED if is_continued else 0, granule, part, body[place : place + sum(part)]))
        place += sum(part)
    return pages


def _written(page: _Page, number: int) -> bytes:
    head = struct.pack("<4sBBQII", b"OggS", 0, page.flags & 7, page.granule, _SERIAL, number)
    rest = bytes([len(page.lacing)]) + page.lacing + page.body
    return head + struct.pack("<I", _checksum(head + bytes(4) + rest)) + rest


def _checksum(page: bytes) -> int:
    """Return the CRC-32 of OGG (polynomial 0x04c11db7, not reflected, no inversion) by zlib's, which is the mirror."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")
