"""MP3: the frames of sound, one behind the other; tags before, between and behind them are left behind.

ID3v2, ID3v1, APE and Lyrics3 tags and any other bytes that are no frame go. The coded sound is not decoded: what an
encoder wrote into the unused end of a frame stays.
"""

from __future__ import annotations

import re

from egregora_assets.media.errors import NotSanitised

_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_MAX_FRAMES, _MAX_GUESSES = 2_000_000, 10_000
_SURE_FRAMES = 3
_BIT_RATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Kilobits per second by (generation, layer)."""
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_INDEX_BYTES = 4 + 4 + 4 + 4 + 100 + 4 + 36
"""The longest index: name, flags, frames, bytes, table of places, quality, and what LAME says of gaps."""
_SAME_STREAM = 0xFFFE0C00
"""Bits of a frame's header that are the same in all frames: version, layer, sample rate."""


def sanitise_mp3(data: bytes) -> bytes:
    """Return the frames of the file, and nothing else."""
    parts: list[bytes] = []
    place, guesses, frames, stream = 0, 0, 0, 0
    while True:
        place, guesses = _next_run(data, place, stream, guesses)
        if place < 0:
            break
        start = place
        stream = _header(data, start) & _SAME_STREAM
        while length := _frame_length(data, place, stream):
            place += length
            frames += 1
        if frames > _MAX_FRAMES:
            raise NotSanitised("the file has too many frames")
        parts.append(data[start:place])
    if not parts:
        raise NotSanitised("the file has no frames of sound")
    return b"".join([_without_rest_of_index(parts[0]), *parts[1:]])


def _next_run(data: bytes, place: int, stream: int, guesses: int) -> tuple[int, int]:
    """Return where frames go on, -1 where none do, and how many places have been tried; tags are jumped over."""
    while True:
        if data[place : place + 3] == b"ID3" and len(data) >= place + 10:
            place += 10 + _id3_length(data[place + 6 : place + 10]) + (10 if data[place + 5] & 0x10 else 0)
        elif data[place : place + 8] == b"APETAGEX" and len(data) >= place + 32:
            place += 32 + int.from_bytes(data[place + 12 : place + 16], "little")
        found = _SYNC.search(data, place)
        if found is None:
            return -1, guesses
        place = found.start()
        if _is_run(data, place, stream):
            return place, guesses
        guesses += 1
        if guesses > _MAX_GUESSES:
            raise NotSanitised("too much of the file is no sound")
        place += 1


def _id3_length(size: bytes) -> int:
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _is_run(data: bytes, place: int, stream: int) -> bool:
    """Return whether several frames of one stream follow each other here, up to the end where fewer are left."""
    stream = stream or _header(data, place) & _SAME_STREAM
    for number in range(_SURE_FRAMES):
        length = _frame_length(data, place, stream)
        if not length:
            return number > 0 and place == len(data)
        place += length
    return True


def _header(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "big")


def _frame_length(data: bytes, place: int, stream: int) -> int:
    """Return the bytes of the frame of ``stream`` that begins at ``place``; 0 where none does, or not the whole."""
    header = _header(data, place)
    version, layer, rate, frequency = header >> 19 & 3, 4 - (header >> 17 & 3), header >> 12 & 15, header >> 10 & 3
    if header & _SAME_STREAM != stream or header >> 21 != 0x7FF or version == 1 or layer == 4:
        return 0
    if rate in (0, 15) or frequency == 3 or place + 4 > len(data):
        return 0
    kilobits = _BIT_RATES[1 if version == 3 else 2, layer][rate]
    padding, per_second = header >> 9 & 1, _SAMPLE_RATES[version][frequency]
    if layer == 1:
        length = (12_000 * kilobits // per_second + padding) * 4
    else:
        length = (72_000 if layer == 3 and version != 3 else 144_000) * kilobits // per_second + padding
    return length if place + length <= len(data) else 0


def _without_rest_of_index(run: bytes) -> bytes:
    """Return the run with zeros behind the index that encoders write into the first frame instead of sound."""
    length = _frame_length(run, 0, _header(run, 0) & _SAME_STREAM)
    for name in (b"Xing", b"Info"):
        place = run.find(name, 4, min(length, 4 + 2 + 32 + 4))
        if place >= 0:
            end = place + _INDEX_BYTES
            return run[:end] + bytes(max(0, length - end)) + run[max(end, length) :]
    return run
