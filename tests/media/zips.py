"""A small writer of ZIPs whose headers can say anything: each field is true unless a test gives another value."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

STORED, DEFLATED = 0, 8
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


@dataclass
class Member:
    """One member. ``local`` and ``central`` replace fields of its two headers; ``after`` is what follows its bytes."""

    name: bytes
    data: bytes = b""
    method: int = STORED
    flags: int = 0
    mode: int = 0
    after: bytes = b""
    local: dict[str, int | bytes] = field(default_factory=dict)
    central: dict[str, int | bytes] = field(default_factory=dict)

    def _fields(self, other: dict[str, int | bytes]) -> dict[str, int | bytes]:
        packed = deflated(self.data) if self.method == DEFLATED else self.data
        told: dict[str, int | bytes] = {
            "name": self.name, "flags": self.flags, "method": self.method, "crc": zlib.crc32(self.data),
            "packed": len(packed), "size": len(self.data), "extra": b"", "bytes": packed,
        }  # fmt: skip
        return told | other

    def local_part(self) -> bytes:
        own = self._fields(self.local)
        fields = [own[name] for name in ("flags", "method")], [own[name] for name in ("crc", "packed", "size")]
        lengths = len(own["name"]), len(own["extra"])
        header = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, *fields[0], 0, 33, *fields[1], *lengths)
        return header + own["name"] + own["extra"] + own["bytes"] + self.after

    def central_part(self, place: int) -> bytes:
        own = self._fields(self.central)
        header = struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, own["flags"], own["method"], 0, 33, own["crc"], own["packed"],
            own["size"], len(own["name"]), len(own["extra"]), 0, 0, 0, self.mode << 16, own.get("place", place),
        )  # fmt: skip
        return header + own["name"] + own["extra"]


def end_record(members: int, directory: int, place: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, members, members, directory, place, len(comment)) + comment


def large_end(members: int, directory: int, place: int) -> bytes:
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, members, members, directory, place)
    return record + struct.pack("<4sIQI", b"PK\6\7", 0, place + directory, 1)


def body_of(*members: Member) -> tuple[bytes, bytes]:
    body = directory = b""
    for member in members:
        directory += member.central_part(len(body))
        body += member.local_part()
    return body, directory


def packed(*members: Member) -> bytes:
    body, directory = body_of(*members)
    return body + directory + end_record(len(members), len(directory), len(body))


def packed_large(*members: Member) -> bytes:
    """As ``packed``, with a ZIP64 end; the members have what extra fields the test gives them."""
    body, directory = body_of(*members)
    end = large_end(len(members), len(directory), len(body))
    return body + directory + end + end_record(FULL_16, FULL_32, FULL_32)


def large(*numbers: int) -> bytes:
    """Return a ZIP64 extra field."""
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers)
