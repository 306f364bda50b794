"""The one thing of EXIF that changes how a picture looks: which way is up. Read from any EXIF, written as a new one."""

from __future__ import annotations

import struct

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
_MAX_ENTRIES = 512
_TURNED = range(2, 9)


def read_orientation(tiff: bytes) -> int | None:
    """Return 2 to 8 as the EXIF block ``tiff`` says (it begins with ``II`` or ``MM``); None is upright or unreadable."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return None
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return None
    (entries,) = struct.unpack_from(order + "H", tiff, start)
    for place in range(start + 2, min(start + 2 + 12 * min(entries, _MAX_ENTRIES), len(tiff) - 11), 12):
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, place)
        if tag == _ORIENTATION:
            if count != 1 or kind not in (_SHORT, _LONG):
                return None
            (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "I"), tiff, place + 8)
            return value if value in _TURNED else None
    return None


def new_exif(orientation: int) -> bytes:
    """Return an EXIF block (TIFF header and one directory, no ``Exif`` prefix) that says ``orientation`` alone."""
    return struct.pack(">4sIHHHIHHI", b"MM\x00*", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
