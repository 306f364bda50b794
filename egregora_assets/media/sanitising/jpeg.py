"""JPEG: a file made anew from what decoding and true colours need, byte for byte; everything else is left behind.

Kept: quantisation and Huffman tables that a scan uses, frame, restart interval, scans, and newly written JFIF (without
its thumbnail), Adobe, ICC and orientation segments. Gone: EXIF, XMP, IPTC, comments, MPF, C2PA, all other APPn, what
stands between segments, and all after the first picture's end. The coded bits of a scan are not decoded: bytes that
somebody put behind its last block, before the next marker, cannot be told from them and stay, unless they read as words.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.icc import cleaned_profile
from egregora_assets.media.sanitising.orientation import new_exif, read_orientation
from egregora_assets.media.sanitising.outcome import counted, refuse_words_at_end

_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_BUT_RESTARTS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
_JFIF, _EXIF, _ICC, _ADOBE, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_APPLICATIONS = range(0xE0, 0xF0)
_FRAMES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
_STANDALONE = (0x01, *range(0xD0, 0xD8))
_MAX_SCANS = 1000
_MAX_BLOCK_BYTES = 512
"""64 coefficients of at most 26 bits with every byte stuffed are 416; restart markers come on top."""
_ICC_HEAD, _ICC_ROOM = b"ICC_PROFILE\x00", 65519


class _Plan(NamedTuple):
    """Coded units of a scan, the most bytes that they can use, and (marker, number) of each table they refer to."""

    units: int
    most_bytes: int
    tables: tuple[tuple[int, int], ...]


class _Picture:
    """What was read so far: ``tables`` wait for a scan that refers to them, ``body`` is what decoding needs, in order."""

    def __init__(self) -> None:
        self.density: bytes | None = None
        self.transform: int | None = None
        self.orientation: int | None = None
        self.profile_parts: dict[int, tuple[int, bytes]] = {}
        self.frame = b""
        self.body: list[bytes | memoryview] = []
        self.tables: dict[tuple[int, int], bytes] = {}
        self.interval = 0
        self.scans = 0
        self.exif_seen = False

    def profile(self) -> bytes | None:
        """Return the colour profile, cleaned; None where there is none, or where parts of it are missing."""
        parts = sorted(self.profile_parts.items())
        total = len(parts)
        if not total or [number for number, _ in parts] != list(range(1, total + 1)):
            return None
        if any(of != total for _, (of, _) in parts):
            return None
        return cleaned_profile(b"".join(data for _, (_, data) in parts))


def sanitise_jpeg(data: bytes) -> bytes:
    """Return the picture with the same pixels, profile and orientation, and nothing else."""
    picture = _read(data)
    parts: list[bytes | memoryview] = [b"\xff\xd8"]
    if picture.density is not None:
        parts.append(_segment(_JFIF, b"JFIF\x00\x01\x01" + picture.density + b"\x00\x00"))
    if picture.orientation is not None:
        parts.append(_segment(_EXIF, b"Exif\x00\x00" + new_exif(picture.orientation)))
    if picture.transform is not None:
        parts.append(_segment(_ADOBE, b"Adobe\x00\x64\x00\x00\x00\x00" + bytes([picture.transform])))
    profile = picture.profile()
    if profile is not None:
        blocks = [profile[start : start + _ICC_ROOM] for start in range(0, len(profile), _ICC_ROOM)]
        for number, block in enumerate(blocks, 1):
            parts.append(_segment(_ICC, _ICC_HEAD + bytes([number, len(blocks)]) + block))
    return b"".join([*parts, *picture.body, b"\xff\xd9"])


def essence_of_jpeg(data: bytes) -> Iterable[bytes | memoryview]:
    """Return what makes the pixels and their colours, in parts: transform, profile, tables, frame and scans."""
    picture = _read(data)
    return [bytes([_colour_transform(picture)]), picture.profile() or b"", b"\xff", *picture.body]


def _read(data: bytes) -> _Picture:
    if data[:2] != b"\xff\xd8":
        raise NotSanitised("it does not begin as a JPEG picture")
    picture, view, place, segments = _Picture(), memoryview(data), 2, 0
    while True:
        segments = counted(segments)
        found = _MARKER.search(data, place)
        if found is None:
            raise NotSanitised("the picture has no end")
        marker, place = data[found.end() - 1], found.end()
        if marker == _EOI:
            if not picture.scans:
                raise NotSanitised("the file has no picture before its end")
            return picture
        if marker in _STANDALONE:
            continue
        if marker == _SOI:
            raise NotSanitised("a second picture begins inside the first")
        length = int.from_bytes(data[place : place + 2], "big")
        if length < 2 or place + length > len(data):
            raise NotSanitised("a segment reaches over the end of the file")
        payload = data[place + 2 : place + length]
        place += length
        if marker == _SOS:
            place = _scan(picture, data, view, payload, place)
        elif marker in _APPLICATIONS:
            if not picture.scans:
                _application(picture, marker, payload)
        else:
            _structure(picture, marker, payload)


def _application(picture: _Picture, marker: int, payload: bytes) -> None:
    if marker == _JFIF and payload.startswith(b"JFIF\x00") and len(payload) >= 14:
        picture.density = payload[7:12]
    elif marker == _ADOBE and payload.startswith(b"Adobe") and len(payload) >= 12:
        picture.transform = payload[11]
    elif marker == _EXIF and payload.startswith(b"Exif\x00\x00") and not picture.exif_seen:
        picture.exif_seen = True
        picture.orientation = read_orientation(payload[6:])
    elif marker == _ICC and payload.startswith(_ICC_HEAD) and len(payload) > 14:
        picture.profile_parts.setdefault(payload[12], (payload[13], payload[14:]))


def _structure(picture: _Picture, marker: int, payload: bytes) -> None:
    if marker == _DQT:
        _quantisers(picture, payload)
    elif marker == _DHT:
        _codes(picture, payload)
    elif marker == _DRI:
        if len(payload) != 2:
            raise NotSanitised("the restart interval has no plain form")
        picture.interval = int.from_bytes(payload, "big")
        picture.tables[_DRI, 0] = _segment(_DRI, payload)
    elif marker in _FRAMES:
        _frame(picture, marker, payload)
    elif marker != _COMMENT:
        raise NotSanitised(f"JPEG with marker {marker:#04x}: arithmetic, lossless and layered pictures are not read")


def _quantisers(picture: _Picture, payload: bytes) -> None:
    place = 0
    while place < len(payload):
        precision, number = payload[place] >> 4, payload[place] & 15
        end = place + 1 + 64 * (precision + 1)
        if precision > 1 or number > 3 or end > len(payload):
            raise NotSanitised("a quantisation table has no plain form")
        picture.tables[_DQT, number] = _segment(_DQT, payload[place:end])
        place = end


def _codes(picture: _Picture, payload: bytes) -> None:
    place = 0
    while place < len(payload):
        kind, number = payload[place] >> 4, payload[place] & 15
        symbols = sum(payload[place + 1 : place + 17])
        end = place + 17 + symbols
        if kind > 1 or number > 3 or symbols > 256 or end > len(payload):
            raise NotSanitised("a Huffman table has no plain form")
        picture.tables[_DHT, payload[place]] = _segment(_DHT, payload[place:end])
        place = end


def _frame(picture: _Picture, marker: int, payload: bytes) -> None:
    if picture.frame:
        raise NotSanitised("the file has more than one frame")
    if len(payload) < 9 or payload[5] not in (1, 2, 3, 4) or len(payload) != 6 + 3 * payload[5]:
        raise NotSanitised("the frame's header has no plain form")
    if payload[0] != 8 or not any(payload[1:3]) or not any(payload[3:5]):
        raise NotSanitised("the frame has no size, or samples that are not 8 bits wide")
    if any(not 1 <= part <= 4 for sampling in payload[7::3] for part in (sampling >> 4, sampling & 15)):
        raise NotSanitised("the frame's sampling is not a valid one")
    picture.frame = _segment(marker, payload)


def _scan(picture: _Picture, data: bytes, view: memoryview, payload: bytes, place: int) -> int:
    """Add one scan with the tables that it needs; return the place of the marker that follows it."""
    picture.scans += 1
    if picture.scans > _MAX_SCANS:
        raise NotSanitised(f"the picture has more than {_MAX_SCANS} scans")
    if not picture.frame or not payload or not 1 <= payload[0] <= 4 or len(payload) != 4 + 2 * payload[0]:
        raise NotSanitised("a scan's header has no plain form, or stands before the frame")
    found = (_MARKER_BUT_RESTARTS if picture.interval else _MARKER).search(data, place)
    if found is None:
        raise NotSanitised("the picture is cut off")
    end = found.end() - 2
    if data[end - 1] == 0xFF:
        end = place + len(data[place:end].rstrip(b"\xff"))
    refuse_words_at_end(data[max(place, end - 25) : end])
    if _RESTART.match(data, found.end() - 2):
        raise NotSanitised("a scan has restart markers that nothing announces")
    plan = _plan(picture.frame, payload)
    _check_size(picture, plan, data, place, end)
    for name in plan.tables:
        table = picture.tables.pop(name, None)
        if table is not None:
            picture.body.append(table)
    if picture.scans == 1:
        picture.body.append(picture.frame)
    picture.body += [_segment(_SOS, payload), view[place:end]]
    return end


@lru_cache(maxsize=1024)
def _plan(frame: bytes, payload: bytes) -> _Plan:
    """Return what the scan with the header ``payload`` refers to; pictures of one camera share frames and scans."""
    components = {frame[start]: frame[start + 1 : start + 3] for start in range(10, len(frame), 3)}
    names, selectors = payload[1 : 1 + 2 * payload[0] : 2], payload[2 : 1 + 2 * payload[0] : 2]
    if any(name not in components for name in names):
        raise NotSanitised("a scan names a component that the frame has not")
    chosen = [components[name] for name in names]
    units, blocks = _units(frame, [sampling for sampling, _ in chosen])
    tables = [(_DQT, number) for _, number in chosen]
    tables += [(_DHT, number) for one in selectors for number in (one >> 4, 16 + (one & 15))]
    return _Plan(units, _MAX_BLOCK_BYTES * units * blocks, tuple(dict.fromkeys([*tables, (_DRI, 0)])))


def _units(frame: bytes, chosen: list[int]) -> tuple[int, int]:
    """Return how many coded units a scan of these samplings has, and the blocks of 8 x 8 samples in each."""
    height, width = struct.unpack_from(">HH", frame, 5)
    samplings = frame[11::3]
    widest, highest = max(one >> 4 for one in samplings), max(one & 15 for one in samplings)
    if len(chosen) > 1:
        units = -(-width // (8 * widest)) * -(-height // (8 * highest))
        return units, sum((one >> 4) * (one & 15) for one in chosen)
    across, down = -(-width * (chosen[0] >> 4) // widest), -(-height * (chosen[0] & 15) // highest)
    return -(-across // 8) * -(-down // 8), 1


def _check_size(picture: _Picture, plan: _Plan, data: bytes, place: int, end: int) -> None:
    """Raise where the scan has more bytes or restart markers than its blocks can use: no decoder reads the rest."""
    if end - place > plan.most_bytes:
        raise NotSanitised("a scan has more bytes than its blocks can use")
    if not picture.interval:
        return
    allowed = -(-plan.units // picture.interval) - 1
    for number, _ in enumerate(_RESTART.finditer(data, place, end), 1):
        if number > allowed:
            raise NotSanitised("a scan has more restart markers than it has places for them")


def _colour_transform(picture: _Picture) -> int:
    """Return how the components become colours, by the rules of libjpeg: 0 as they are, 1 YCbCr, 2 YCCK."""
    count = picture.frame[9]
    if count == 4:
        return 3 if picture.transform is None else picture.transform
    if count != 3 or picture.density is not None:
        return int(count == 3)
    if picture.transform is not None:
        return picture.transform
    return int(bytes(picture.frame[10::3]) != b"RGB")


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
