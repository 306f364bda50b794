"""MP4, MOV, M4A and 3GP: the file keeps its length and its places, and all that playing does not need becomes zeros.

The output begins as zeros, and only what is understood is written into it: the boxes that play sound and video tracks,
cut to the fields that they have, and those bytes of ``mdat`` that a sample of such a track covers. So ``udta``, ``meta``,
``uuid``, ``©xyz``, ``loci``, ``free``, times, names of handlers and compressors, tracks of places, texts and chapters
with their samples, unknown boxes and unused bytes of ``mdat`` die together, and no offset moves.

The coded streams are not decoded: what an encoder wrote into them stays (the settings of x264 in an SEI message of the
first frame, for instance). Fragmented files, encryption, QuickTime PCM and codecs that are not listed are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.outcome import counted

_Integers = npt.NDArray[np.int64]

_BRAND_LIST = (
    b"isomiso2iso3iso4iso5iso6iso7iso8iso9mp41mp42mp71avc1hvc1qt  M4A M4B M4V 3gp43gp53gp63gp73gp83gp93gg63gr63g2a"
    b"dashMSNVf4v kddi"
)
_BRANDS = frozenset(_BRAND_LIST[start : start + 4] for start in range(0, len(_BRAND_LIST), 4))
_FRAGMENTS = frozenset([b"moof", b"mvex", b"sidx", b"styp", b"mfra"])
_CONTAINERS = {
    b"moov": frozenset([b"mvhd", b"trak"]),
    b"trak": frozenset([b"tkhd", b"edts", b"mdia"]),
    b"edts": frozenset([b"elst"]),
    b"mdia": frozenset([b"mdhd", b"hdlr", b"minf"]),
    b"minf": frozenset([b"vmhd", b"smhd", b"hdlr", b"dinf", b"stbl"]),
    b"dinf": frozenset([b"dref"]),
    b"stbl": frozenset([b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64"]),
}
_FIELDS = {
    # Kept ranges of the payload, for version 0 and version 1: times of making, reserved and preview fields lie between.
    b"mvhd": (((0, 4), (12, 26), (36, 72), (96, 100)), ((0, 4), (20, 38), (48, 84), (108, 112))),
    b"tkhd": (((0, 4), (12, 16), (20, 24), (32, 38), (40, 84)), ((0, 4), (20, 24), (28, 36), (44, 50), (52, 96))),
    b"mdhd": (((0, 4), (12, 22)), ((0, 4), (20, 34))),
    b"vmhd": (((0, 12),), ((0, 12),)),
    b"smhd": (((0, 6),), ((0, 6),)),
    b"hdlr": (((4, 12),), ((4, 12),)),
}
_LENGTHS = {
    b"mvhd": (100, 112),
    b"tkhd": (84, 96),
    b"mdhd": (24, 36),
    b"vmhd": (12, 12),
    b"smhd": (8, 8),
    b"hdlr": (24, 24),
}
_ENTRIES = {b"stts": 8, b"ctts": 8, b"stss": 4, b"stsc": 12, b"stco": 4, b"co64": 8}
_COMPONENTS = frozenset([bytes(4), b"mhlr", b"dhlr"])
_DATA_HANDLERS = frozenset([b"url ", b"alis"])

_VIDEO = frozenset([b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v", b"vp08", b"vp09", b"av01", b"s263", b"h263"])
_SOUND = frozenset([b"mp4a", b"samr", b"sawb", b"Opus", b"alac", b"ac-3", b"ec-3", b".mp3"])
_VIDEO_HEADER, _SOUND_HEADER, _SOUND_HEADER_1 = 78, 28, 44
_ENTRY_BOXES = {
    b"pasp": 8, b"clap": 32, b"fiel": 2, b"btrt": 12, b"d263": 7, b"damr": 9, b"vpcC": 12, b"dac3": 3, b"dec3": 64,
    b"alac": 36, b"dOps": 32, b"av1C": 512, b"frma": 4, b"mp4a": 4,
}  # fmt: skip
"""Boxes of a sample entry, with the most bytes that such a one has."""
_VENDOR_FIRST = frozenset([b"d263", b"damr"])
_COLOUR_LENGTHS = {b"nclx": 11, b"nclc": 10}
_MAX_MASKED_RANGES = 4096


@dataclass(frozen=True)
class _Box:
    name: bytes
    start: int
    payload: int
    end: int


@dataclass
class _Output:
    """The file being written: ``into`` has the length of ``data`` and is zero where nothing was kept."""

    data: bytes
    into: bytearray
    boxes: int = 0
    chunks: list[tuple[_Integers, _Integers]] = field(default_factory=list)

    def keep(self, start: int, end: int) -> None:
        self.into[start:end] = self.data[start:end]

    def keep_head(self, box: _Box) -> None:
        self.keep(box.start, box.start + (16 if box.payload - box.start == 16 else 8))

    def blank(self, box: _Box) -> None:
        """Write the box as free space of the same length."""
        self.keep_head(box)
        self.into[box.start + 4 : box.start + 8] = b"free"

    def inside(self, start: int, end: int) -> Iterator[_Box]:
        """Yield the boxes between two places; raise where they do not fill it. Four zeros may end a QuickTime list."""
        while start < end:
            self.boxes = counted(self.boxes)
            if end - start < 8:
                if any(self.data[start:end]):
                    raise NotSanitised("bytes between boxes are no box")
                return
            box = _box_at(self.data, start, end)
            if box is None:
                raise NotSanitised("a box reaches over the end of the box around it")
            yield box
            start = box.end


def sanitise_isobmff(data: bytes) -> bytes:
    """Return the file with the same sound and video, and zeros where anything else was."""
    output = _Output(data, bytearray(len(data)))
    moov, media, end = _top(output)
    _container(output, moov)
    if not output.chunks:
        raise NotSanitised("the file has no sound or video track")
    _copy_samples(output, media)
    return bytes(output.into[:end])


def _box_at(data: bytes, start: int, end: int) -> _Box | None:
    """Return the box that begins at ``start``; None where it has no valid length."""
    size, name = struct.unpack_from(">I4s", data, start)
    payload = start + 8
    if size == 1:
        if end - start < 16:
            return None
        (size,) = struct.unpack_from(">Q", data, start + 8)
        payload = start + 16
    elif size == 0:
        size = end - start
    return _Box(name, start, payload, start + size) if payload <= start + size <= end else None


def _top(output: _Output) -> tuple[_Box, list[_Box], int]:
    """Return ``moov``, all ``mdat`` and where the last box ends: what stands behind it is no part of the file."""
    data, place, moov, media = output.data, 0, None, []
    while place + 8 <= len(data):
        output.boxes = counted(output.boxes)
        box = _box_at(data, place, len(data))
        if box is None:
            break
        if box.name in _FRAGMENTS:
            raise NotSanitised("the file is fragmented")
        if box.name == b"ftyp":
            _brands(output, box)
        elif box.name == b"mdat":
            media.append(box)
            output.keep_head(box)
        elif box.name == b"moov":
            if moov is not None:
                raise NotSanitised("the file has two indexes")
            moov = box
        else:
            output.blank(box)
        place = box.end
    if moov is None or not media:
        raise NotSanitised("the file has no index, no media, or is cut off")
    return moov, media, place


def _brands(output: _Output, box: _Box) -> None:
    if box.start or not 8 <= box.end - box.payload <= 256 or (box.end - box.payload) % 4:
        raise NotSanitised("the file's brands have no plain form")
    output.keep_head(box)
    for place in (box.payload, *range(box.payload + 8, box.end, 4)):
        brand = output.data[place : place + 4]
        output.into[place : place + 4] = brand if brand in _BRANDS else b"isom"


def _container(output: _Output, box: _Box) -> None:
    """Keep a container's head and what it may contain; everything else in it becomes free space."""
    output.keep_head(box)
    allowed, seen = _CONTAINERS[box.name], set()
    for child in output.inside(box.payload, box.end):
        if child.name in _FRAGMENTS:
            raise NotSanitised("the file is fragmented")
        if child.name in seen and child.name in allowed and child.name != b"trak":
            raise NotSanitised("a box that stands once in its place stands there twice")
        seen.add(child.name)
        if child.name not in allowed:
            output.blank(child)
        elif child.name == b"trak":
            _track(output, child)
        elif child.name in _CONTAINERS:
            _container(output, child)
        else:
            _leaf(output, child)


def _track(output: _Output, trak: _Box) -> None:
    """Keep a track of sound or video; any other (places, texts, chapters, time codes) becomes free space."""
    handler = _only(output, trak, b"mdia", b"hdlr")
    kind = output.data[handler.payload + 8 : handler.payload + 12]
    if kind not in (b"vide", b"soun") or handler.end - handler.payload < 12:
        output.blank(trak)
        return
    tables = _only(output, trak, b"mdia", b"minf", b"stbl")
    _descriptions(output, _only(output, tables, b"stsd"), kind == b"vide")
    output.chunks.append(_chunks_of(output, tables))
    _container(output, trak)


def _only(output: _Output, box: _Box, *path: bytes) -> _Box:
    for name in path:
        found = [child for child in output.inside(box.payload, box.end) if child.name == name]
        if len(found) != 1:
            raise NotSanitised(f"a track has not one {name.decode()} box")
        box = found[0]
    return box


def _leaf(output: _Output, box: _Box) -> None:
    data, length = output.data, box.end - box.payload
    if box.name == b"stsd":
        return
    output.keep_head(box)
    if box.name in _FIELDS:
        version = data[box.payload] if box.name in (b"mvhd", b"tkhd", b"mdhd") and length else 0
        if version > 1 or length < _LENGTHS[box.name][version]:
            raise NotSanitised("a header box has no plain form")
        for start, end in _FIELDS[box.name][version]:
            output.keep(box.payload + start, box.payload + end)
        if box.name == b"hdlr":
            _check_handler(data, box)
    elif box.name == b"dref":
        _references(output, box)
    elif box.name == b"stsz":
        size, count = _sample_sizes(data, box)
        output.keep(box.payload, box.payload + 12 + (0 if size else 4 * count))
    elif box.name == b"elst":
        count = _count(data, box, 20 if length and data[box.payload] else 12)
        output.keep(box.payload, box.payload + 8 + count * (20 if data[box.payload] else 12))
    else:
        count = _count(data, box, _ENTRIES[box.name])
        output.keep(box.payload, box.payload + 8 + count * _ENTRIES[box.name])


def _check_handler(data: bytes, box: _Box) -> None:
    component, kind = data[box.payload + 4 : box.payload + 8], data[box.payload + 8 : box.payload + 12]
    if component not in _COMPONENTS or kind not in (b"vide", b"soun", *_DATA_HANDLERS):
        raise NotSanitised("a handler is of no known kind")


def _count(data: bytes, box: _Box, width: int) -> int:
    """Return how many entries of ``width`` bytes a table has, which it must have room for."""
    if box.end - box.payload < 8:
        raise NotSanitised("a table is cut off")
    (count,) = struct.unpack_from(">I", data, box.payload + 4)
    if 8 + count * width > box.end - box.payload:
        raise NotSanitised("a table has fewer entries than it says")
    return int(count)


def _references(output: _Output, box: _Box) -> None:
    """Keep references into this file itself, without the addresses or folders that they name."""
    _count(output.data, box, 12)
    output.keep(box.payload, box.payload + 8)
    for child in output.inside(box.payload + 8, box.end):
        is_plain = child.payload - child.start == 8 and child.end - child.payload >= 4
        if not is_plain or output.data[child.payload + 3] != 1:
            raise NotSanitised("a track's samples stand in another file")
        output.keep_head(child)
        output.into[child.start + 4 : child.start + 8] = b"url "
        output.into[child.payload + 3] = 1


def _descriptions(output: _Output, box: _Box, is_video: bool) -> None:
    """Keep the descriptions of the coded samples, without the names of encoders and vendors."""
    if not 1 <= _count(output.data, box, 16) <= 16:
        raise NotSanitised("a track has no description of its samples, or too many")
    output.keep_head(box)
    output.keep(box.payload + 4, box.payload + 8)
    for entry in output.inside(box.payload + 8, box.end):
        if entry.name not in (_VIDEO if is_video else _SOUND) or entry.payload - entry.start != 8:
            raise NotSanitised("a track is coded in a way that is not known, or encrypted")
        _entry(output, entry, is_video)


def _entry(output: _Output, entry: _Box, is_video: bool) -> None:
    data, place = output.data, entry.payload
    header = _VIDEO_HEADER if is_video else _SOUND_HEADER
    version = int.from_bytes(data[place + 8 : place + 10], "big")
    if not is_video and version == 1:
        header = _SOUND_HEADER_1
    if entry.end - place < header or (version > 1 and not is_video):
        raise NotSanitised("a description of samples has no plain form")
    output.keep_head(entry)
    output.keep(place + 6, place + 8)
    if is_video:
        if data[place + 76 : place + 78] != b"\xff\xff":
            raise NotSanitised("a description of samples has a colour table")
        output.keep(place + 24, place + 36)
        output.keep(place + 40, place + 42)
        output.keep(place + 74, place + 78)
    else:
        output.keep(place + 8, place + 10)
        output.keep(place + 16, place + header)
    for child in output.inside(place + header, entry.end):
        _entry_box(output, child)


def _entry_box(output: _Output, box: _Box) -> None:
    length = box.end - box.payload
    if box.payload - box.start != 8:
        raise NotSanitised("a description of samples has no plain form")
    if box.name == b"wave":
        output.keep_head(box)
        for child in output.inside(box.payload, box.end):
            if child.name == b"wave":
                raise NotSanitised("a description of samples has no plain form")
            _entry_box(output, child)
        return
    kept = _kept_length(output.data, box)
    if kept is None or kept > length:
        output.blank(box)
        return
    output.keep_head(box)
    output.keep(box.payload + (4 if box.name in _VENDOR_FIRST else 0), box.payload + kept)
    if box.name == b"hvcC":
        _without_messages(output, box)


def _kept_length(data: bytes, box: _Box) -> int | None:
    """Return how many bytes of a box in a sample entry say how to decode; None where the box says none of it."""
    payload = data[box.payload : box.end]
    if box.name in _ENTRY_BOXES:
        if len(payload) > _ENTRY_BOXES[box.name] and box.name in (b"alac", b"dOps", b"av1C", b"dec3"):
            raise NotSanitised("a description of samples is longer than such a one can be")
        return min(len(payload), _ENTRY_BOXES[box.name])
    if box.name == b"colr":
        return _COLOUR_LENGTHS.get(payload[:4])
    if box.name == b"avcC":
        return _avc_length(payload)
    if box.name == b"hvcC":
        return _hevc_arrays(payload)[0]
    if box.name == b"esds":
        return _esds_length(payload)
    return None


def _avc_length(payload: bytes) -> int:
    place = 5
    for kind in (7, 8):
        if place >= len(payload):
            raise NotSanitised("a description of H.264 is cut off")
        sets = payload[place] & 31 if kind == 7 else payload[place]
        place += 1
        for _ in range(sets):
            if place + 3 > len(payload) or payload[place + 2] & 31 != kind:
                raise NotSanitised("a description of H.264 has no plain form")
            place += 2 + int.from_bytes(payload[place : place + 2], "big")
    has_extension = payload[1] not in (66, 77, 88) and len(payload) >= place + 4 and not payload[place + 3]
    place += 4 if has_extension else 0
    if place > len(payload):
        raise NotSanitised("a description of H.264 is cut off")
    return place


_HEVC_SETS, _HEVC_MESSAGES, _HEVC_FILLER = (32, 33, 34), (39, 40), 38


def _hevc_arrays(payload: bytes) -> tuple[int, list[tuple[int, int, int]]]:
    """Return where the description of H.265 ends, and (array's place, unit's place, unit's end) of each message."""
    if len(payload) < 23:
        raise NotSanitised("a description of H.265 is cut off")
    place, messages = 23, []
    for _ in range(payload[22]):
        array, kind = place, payload[place] & 63 if place + 3 <= len(payload) else -1
        if kind not in (*_HEVC_SETS, *_HEVC_MESSAGES, _HEVC_FILLER):
            raise NotSanitised("a description of H.265 has no plain form")
        units = int.from_bytes(payload[place + 1 : place + 3], "big")
        place += 3
        for _ in range(units):
            end = place + 2 + int.from_bytes(payload[place : place + 2], "big")
            if place + 4 > end or end > len(payload) or payload[place + 2] >> 1 & 63 != kind:
                raise NotSanitised("a description of H.265 has no plain form")
            if kind not in _HEVC_SETS:
                messages.append((array, place + 2, end))
            place = end
    return place, messages


def _without_messages(output: _Output, box: _Box) -> None:
    """Turn the messages that stand in a description of H.265 (settings of the encoder) into filler units."""
    for array, start, end in _hevc_arrays(output.data[box.payload : box.end])[1]:
        flags = output.data[box.payload + array] & 0xC0
        output.into[box.payload + array] = flags | _HEVC_FILLER
        filler = bytes([_HEVC_FILLER << 1, 1]) + b"\xff" * (end - start - 3) + b"\x80"
        output.into[box.payload + start : box.payload + end] = filler[: end - start]


def _esds_length(payload: bytes) -> int:
    """Return where the elementary stream descriptor ends; what lies behind it is not read by anybody."""
    if payload[4:5] != b"\x03":
        raise NotSanitised("a description of an MPEG-4 stream has no plain form")
    length, place = 0, 5
    for _ in range(4):
        if place >= len(payload):
            break
        length, place = length << 7 | payload[place] & 127, place + 1
        if not payload[place - 1] & 128:
            break
    if place + length > len(payload):
        raise NotSanitised("a description of an MPEG-4 stream is cut off")
    return place + length


def _sample_sizes(data: bytes, box: _Box) -> tuple[int, int]:
    """Return the size that all samples have (0: each has its own in the table) and the number of samples."""
    if box.end - box.payload < 12:
        raise NotSanitised("a table is cut off")
    size, count = struct.unpack_from(">II", data, box.payload + 4)
    if not size and 12 + 4 * count > box.end - box.payload:
        raise NotSanitised("a table has fewer entries than it says")
    return int(size), int(count)


def _chunks_of(output: _Output, tables: _Box) -> tuple[_Integers, _Integers]:
    """Return start and length of each chunk of a track's samples, from its sample tables."""
    data = output.data
    names = {child.name for child in output.inside(tables.payload, tables.end)}
    if len(names & {b"stco", b"co64"}) != 1:
        raise NotSanitised("a track has not one table of the places of its samples")
    offsets = _only(output, tables, *(names & {b"stco", b"co64"}))
    width = _ENTRIES[offsets.name]
    starts = np.frombuffer(data, f">u{width}", _count(data, offsets, width), offsets.payload + 8)
    if starts.size and starts.max() > len(data):
        raise NotSanitised("a sample stands outside the file")
    size, count = _sample_sizes(data, sizes := _only(output, tables, b"stsz"))
    per_chunk = _samples_per_chunk(output, _only(output, tables, b"stsc"), starts.size)
    if per_chunk.sum() != count:
        raise NotSanitised("the tables of a track do not agree on the number of its samples")
    if size:
        if per_chunk.size and int(per_chunk.max()) * size > len(data):
            raise NotSanitised("a sample stands outside the file")
        return starts.astype(np.int64), per_chunk * size
    upto = np.zeros(count + 1, np.int64)
    np.cumsum(np.frombuffer(data, ">u4", count, sizes.payload + 12), out=upto[1:])
    last = np.cumsum(per_chunk)
    return starts.astype(np.int64), upto[last] - upto[last - per_chunk]


def _samples_per_chunk(output: _Output, box: _Box, chunks: int) -> _Integers:
    count = _count(output.data, box, 12)
    runs = np.frombuffer(output.data, ">u4", 3 * count, box.payload + 8).astype(np.int64).reshape(count, 3)
    first = np.append(runs[:, 0], chunks + 1)
    if (count or chunks) and (first[0] != 1 or (np.diff(first) <= 0).any()):
        raise NotSanitised("the table of a track's chunks has no plain form")
    return np.repeat(runs[:, 1], np.diff(first)) if count else np.zeros(0, np.int64)


def _copy_samples(output: _Output, media: list[_Box]) -> None:
    """Copy the bytes of ``mdat`` that belong to samples; overlapping samples, or such outside of it, are refused."""
    starts = np.concatenate([start for start, _ in output.chunks])
    lengths = np.concatenate([length for _, length in output.chunks])
    starts, lengths = starts[lengths > 0], lengths[lengths > 0]
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], (starts + lengths)[order]
    if not starts.size:
        raise NotSanitised("the file has no samples")
    if (ends[:-1] > starts[1:]).any():
        raise NotSanitised("samples overlap")
    around = np.searchsorted(np.array([box.payload for box in media]), starts, "right") - 1
    if (around < 0).any() or (ends > np.array([box.end for box in media])[around]).any():
        raise NotSanitised("a sample stands outside the media of the file")
    fresh = np.append(True, starts[1:] != ends[:-1])
    starts, ends = starts[fresh], ends[np.append(fresh[1:], True)]
    if starts.size <= _MAX_MASKED_RANGES:
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            output.keep(start, end)
        return
    mask = np.zeros(len(output.data) + 1, np.int8)
    mask[starts], mask[ends] = 1, -1
    covered = np.cumsum(mask[:-1], dtype=np.int8).view(np.bool_)
    np.copyto(np.frombuffer(output.into, np.uint8), np.frombuffer(output.data, np.uint8), where=covered)
