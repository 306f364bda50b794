"""Colour profiles without what they say in words: who made them, for which device, when.

A profile whose texts are all known ones (sRGB, Display P3, Adobe RGB and the like) stays as it is, byte for byte. Any
other is made anew from its header and its colour tags alone, so the colours stay and descriptions, copyrights, makers,
models, dates, private tags and bytes between the tags go. What stays unread are the numbers of lookup tables
(``mAB``, ``mBA``, ``mpet``).
"""

from __future__ import annotations

import hashlib
import re
import struct
from functools import lru_cache

MAX_PROFILE_BYTES = 4 << 20
"""Larger profiles are dropped; the largest for print have 3 MB."""

_HEADER, _MAX_TAGS = 128, 100
_COLOUR_TAGS = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad chrm lumi meas view tech cicp gamt "
    b"A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2A3 B2D0 B2D1 B2D2 B2D3 D2B0 D2B1 D2B2 D2B3".split()
)
_TEXT_TAGS = frozenset(b"desc cprt dmnd dmdd vued".split())
_WHOLE_TYPES = frozenset([b"mAB ", b"mBA ", b"mpet"])
_FIXED_SIZES = {b"XYZ ": 20, b"sf32": 44, b"view": 36, b"meas": 36, b"sig ": 12, b"cicp": 12}
_DESCRIPTION_REST = 4 + 4 + 2 + 1 + 67
"""What stands behind the ASCII of a description; short profiles leave it out."""
_CURVE_PARAMETERS = (1, 3, 4, 5, 7)
_KNOWN_TEXT = re.compile(
    r"|".join(
        [
            r"",
            r"(?:sRGB|Display P3|Gray|RGB|XYZ|Lab)(?: identity)? built-in",
            r"No copyright, use freely\.?",
            r"Public Domain",
            r"CC0",
            r"sRGB|uRGB|sP3C|sGry|c2(?:ci)?|nRGB|P3|Rec2020",
            r"sRGB IEC61966-2[-.]1",
            r"Copyright \(c\) 1998 Hewlett-Packard Company",
            r"IEC http://www\.iec\.ch",
            r"IEC 61966-2[-.]1 Default RGB colou?r space - sRGB",
            r"Reference Viewing Condition in IEC ?61966-2[-.]1",
            r"Display P3|DCI-P3|Adobe RGB \(1998\)|Generic (?:RGB|Gray|CMYK) Profile|Dot Gain 20%",
            r"Copyright (?:1999|2000) Adobe Systems Incorporated",
            r"Copyright (?:\(c\) |© )?Apple (?:Computer|Computer,|Inc\.,?)(?: Inc\.,)? ?(?:19|20)\d\d(?:-20\d\d)?",
            r"Google Inc\. 2016",
            r"Artifex (?:sRGB|CMYK SWOP|Gray) ICC Profile|Copyright Artifex Software 20\d\d",
        ]
    )
)
_KNOWN_MAKERS = frozenset(
    [
        bytes(4),
        b"lcms",
        b"ADBE",
        b"appl",
        b"APPL",
        b"HP  ",
        b"IEC ",
        b"sRGB",
        b"MSFT",
        b"Lino",
        b"GOOG",
        b"none",
        b"argl",
    ]
)
_FRESH_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


@lru_cache(maxsize=8)
def cleaned_profile(profile: bytes) -> bytes | None:
    """Return the profile without private words; None where its structure is not sound (readers ignore such ones)."""
    if not _HEADER + 4 <= len(profile) <= MAX_PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    size, count = int.from_bytes(profile[:4], "big"), int.from_bytes(profile[_HEADER : _HEADER + 4], "big")
    first = _HEADER + 4 + 12 * count
    if count > _MAX_TAGS or not first <= size <= len(profile):
        return None
    table = [struct.unpack_from(">4sII", profile, _HEADER + 4 + 12 * index) for index in range(count)]
    if any(place < first or place + length > size or length < 8 for _, place, length in table):
        return None
    kept: dict[bytes, bytes] = {}
    for name, place, length in table:
        data = profile[place : place + length]
        if name in _COLOUR_TAGS:
            colour = _colour_data(data)
            if colour is None or name in kept:
                return None
            kept[name] = colour
        elif name in _TEXT_TAGS and _is_known_text(data):
            kept[name] = data
    if _is_known(profile[:size], table, kept):
        return profile[:size]
    return _made_anew(profile, kept)


def _colour_data(data: bytes) -> bytes | None:
    """Return the tag cut to the length its type gives it; None where it is shorter or of no known type."""
    length = _length_of(data)
    return None if length is None or length > len(data) else data[:4] + bytes(4) + data[8:length]


def _length_of(data: bytes) -> int | None:
    kind = data[:4]
    if kind in _WHOLE_TYPES:
        return len(data)
    if kind in _FIXED_SIZES:
        return _FIXED_SIZES[kind]
    if kind in (b"mft1", b"mft2") and len(data) >= 52:
        inputs, outputs, grid = data[8:11]
        colours: int = grid**inputs * outputs
        if kind == b"mft1":
            return 48 + 256 * (inputs + outputs) + colours
        before, after = int.from_bytes(data[48:50], "big"), int.from_bytes(data[50:52], "big")
        return 52 + 2 * (inputs * before + colours + outputs * after)
    if len(data) < 12:
        return None
    points = int.from_bytes(data[8:12], "big")
    if kind == b"curv":
        return 12 + 2 * points
    if kind == b"chrm":
        return 12 + 8 * (points >> 16)
    if kind == b"para" and points >> 16 < len(_CURVE_PARAMETERS):
        return 12 + 4 * _CURVE_PARAMETERS[points >> 16]
    return None


def _is_known_text(data: bytes) -> bool:
    """Return whether the text tag says nothing but what standard profiles say."""
    kind, texts = data[:4], [""]
    if any(data[4:8]):
        return False
    if kind == b"text":
        texts = [data[8:].rstrip(b"\0").decode("latin-1")]
    elif kind in (b"desc", b"mluc") and len(data) >= 16:
        read = _described_texts(data) if kind == b"desc" else _localised_texts(data)
        if read is None:
            return False
        texts = read
    else:
        return False
    return all(_KNOWN_TEXT.fullmatch(text) for text in texts)


def _described_texts(data: bytes) -> list[str] | None:
    """Return the description of an older profile, which may stand there three times: in ASCII, Unicode and Macintosh's letters."""
    data += bytes(_DESCRIPTION_REST)
    rest, place, texts = bytearray(data), 12, []
    for head, width, form in ((4, 1, "latin-1"), (4, 2, "utf-16-be"), (1, 1, "latin-1")):
        start = place
        place += int.from_bytes(data[place - head : place], "big") * width
        if place > len(data):
            return None
        texts.append(data[start:place].decode(form, "replace").rstrip("\0"))
        rest[start - head : place] = bytes(place - start + head)
        place += 8 if width == 1 else 3
    return None if any(rest[8:]) else texts


def _localised_texts(data: bytes) -> list[str] | None:
    count, width = struct.unpack_from(">II", data, 8)
    if width != 12 or 16 + 12 * count > len(data):
        return None
    rest, texts = bytearray(data), []
    rest[: 16 + 12 * count] = bytes(16 + 12 * count)
    for index in range(count):
        language, country, length, place = struct.unpack_from(">2s2sII", data, 16 + 12 * index)
        if not (language + country.replace(b"\0", b"A")).isalpha() or place + length > len(data):
            return None
        texts.append(data[place : place + length].decode("utf-16-be", "replace").rstrip("\0"))
        rest[place : place + length] = bytes(length)
    return None if any(rest) else texts


def _is_known(profile: bytes, table: list[tuple[bytes, int, int]], kept: dict[bytes, bytes]) -> bool:
    """Return whether nothing of the profile would be lost: all tags are kept as they are, and nothing lies between."""
    makers = (profile[4:8], profile[48:52], profile[52:56], profile[80:84])
    if any(maker not in _KNOWN_MAKERS for maker in makers) or any(profile[100:_HEADER]) or not _has_own_id(profile):
        return False
    rest = bytearray(profile)
    rest[: _HEADER + 4 + 12 * len(table)] = bytes(_HEADER + 4 + 12 * len(table))
    for name, place, length in table:
        if kept.get(name) != profile[place : place + length]:
            return False
        rest[place : place + length] = bytes(length)
    return not any(rest)


def _has_own_id(profile: bytes) -> bool:
    """Return whether the 16 bytes of the profile's id are unset or the digest that belongs there."""
    if not any(profile[84:100]):
        return True
    hashed = bytearray(profile)
    hashed[44:48], hashed[64:68], hashed[84:100] = bytes(4), bytes(4), bytes(16)
    return hashlib.md5(hashed, usedforsecurity=False).digest() == profile[84:100]


def _made_anew(profile: bytes, kept: dict[bytes, bytes]) -> bytes:
    for name in (b"desc", b"cprt"):
        kept.setdefault(name, _empty_text(name, profile[8]))
    place = _HEADER + 4 + 12 * len(kept)
    places: dict[bytes, int] = {}
    table, blocks = [struct.pack(">I", len(kept))], []
    for name, data in kept.items():
        if data not in places:
            places[data] = place
            block = data + bytes(-len(data) % 4)
            blocks.append(block)
            place += len(block)
        table.append(struct.pack(">4sII", name, places[data], len(data)))
    header = struct.pack(">I4x", place) + profile[8:24] + _FRESH_DATE + b"acsp" + profile[40:48] + bytes(8)
    header += profile[56:80] + bytes(_HEADER - 80)
    return header + b"".join(table) + b"".join(blocks)


def _empty_text(name: bytes, version: int) -> bytes:
    if version >= 4:
        return struct.pack(">4s4xII", b"mluc", 0, 12)
    return struct.pack(">4s4xI79x", b"desc", 1) if name == b"desc" else b"text" + bytes(5)
