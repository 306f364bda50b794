"""The directory of a ZIP: what members it names, where their bytes stand, and which of them cannot be taken at their word.

Read here and not by Python's ``zipfile``, which takes members whose bytes overlap and gives up on all of them for one bad name.
"""

from __future__ import annotations

import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import attrgetter
from typing import BinaryIO, NamedTuple

STORED, DEFLATED = 0, 8
METHODS = (STORED, DEFLATED)
"""No phone uses another one."""
MOST_NAME_BYTES = 4096
MOST_DIRECTORY_BYTES = 256 << 20

_END, _ENTRY, _LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_END_64, _LOCATOR_64 = b"PK\x06\x06", b"PK\x06\x07"
_END_FIELDS = struct.Struct("<4sHHHHIIH")
_END_64_FIELDS = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_FIELDS = struct.Struct("<4sIQI")
_ENTRY_FIELDS = struct.Struct("<4s4xHH4xIIIHHH4xII")
_LOCAL_FIELDS = struct.Struct("<4sHHHHHIIIHH")
_EXTRA_FIELDS = struct.Struct("<HH")
LINK_OR_DEVICE = "is a link or device"

_LONGEST_COMMENT = 65_535
_ZIP64 = 1
_FULL_16, _FULL_32, _FULL_64 = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF

_ENCRYPTED, _DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
_SAME_FLAGS = _ENCRYPTED | _PATCHED | _STRONG | _UTF8 | _MASKED
_DRIVE = re.compile("[A-Za-z]:")
_EMPTY_DEFLATE = 2
_SLASH = ord("/")


_OVERLAPS = "overlaps with another member: a decompression bomb?"
_BROKEN_EXTRA = "has an extra field that is broken"


class BadDirectory(ValueError):
    """Nothing of the archive can be read; the message says why."""


@dataclass(slots=True, eq=False)
class Entry:
    """One member as the directory names it.

    ``index`` counts from 0 in the directory's order; ``raw_name`` are the name's bytes, ``filename`` what they spell;
    sizes are bytes; its header begins at ``header_offset`` of the file, it needs all bytes before ``least_end``, and no byte from
    ``end`` on is its own.
    ``problem`` says why it cannot be read, as the rest of a sentence about the member; ``None`` where it may be tried.
    """

    index: int
    raw_name: bytes
    filename: str
    flags: int
    method: int
    crc32: int
    compressed_size: int
    file_size: int
    header_offset: int
    external_attr: int
    least_end: int
    end: int
    problem: str | None

    def is_dir(self) -> bool:
        return self.filename.endswith("/")

    @property
    def last_part(self) -> str:
        """Return what the member is called inside its folder."""
        if "/" not in self.filename:
            return self.filename
        return self.filename.rstrip("/").rpartition("/")[2] or self.filename


class _Place(NamedTuple):
    """Where the directory stands. ``shift`` are the bytes before the archive, as of a program that unpacks it."""

    start: int
    size: int
    shift: int
    members: int


def read_directory(file: BinaryIO, most_members: int) -> list[Entry]:
    """Return the members of the ZIP in ``file``, in the order of its directory.

    Those that cannot be read carry a ``problem``: the bytes of all others are disjoint, inside the file and before the
    directory. Raises ``BadDirectory``, also where there are more than ``most_members``.
    """
    place = _place_of_directory(file, file.seek(0, 2))
    if place.members > most_members:
        raise BadDirectory(
            f"it says that it has {place.members:,} members; {most_members:,} are allowed (limits.max_members)"
        )
    if place.size > MOST_DIRECTORY_BYTES:
        raise BadDirectory(f"its directory has {place.size:,} bytes; {MOST_DIRECTORY_BYTES:,} are allowed")
    file.seek(place.start)
    entries = list(islice(_entries(file.read(place.size), place), most_members + 1))
    if len(entries) > most_members:
        raise BadDirectory(f"it has more than {most_members:,} members (limits.max_members)")
    if len(entries) < place.members:  # one whose length is not true has swallowed others
        raise BadDirectory(f"its directory is damaged: it names {len(entries):,} of {place.members:,} members")
    if entries and all(entry.problem == _BROKEN_EXTRA for entry in entries):
        raise BadDirectory(f"each member {_BROKEN_EXTRA}")
    _set_apart(file, entries, place.start)
    return entries


def strange_name(entry: Entry) -> str | None:
    """Return what is hostile about a member's name as the rest of a sentence, for a file that came with messages.

    No name becomes a path, so such a name could do nothing. But no phone gives one, and whoever unpacks the archive with
    another program should be told. Reserved names, long ones and those that differ in case only are like any other.
    """
    parts = entry.filename.replace("\\", "/").split("/")
    if ".." in parts or entry.filename.startswith(("/", "\\")) or _DRIVE.match(entry.filename):
        return "points outside its archive"
    return None


def data_start(file: BinaryIO, entry: Entry, end: int) -> int | str:
    """Return where the member's packed bytes begin; else why its own header forbids to read it, as a rest of a sentence.

    They must not reach ``end``.
    """
    file.seek(entry.header_offset)
    header = file.read(_LOCAL_FIELDS.size + len(entry.raw_name))
    if len(header) < _LOCAL_FIELDS.size or header[:4] != _LOCAL:
        return "is damaged: its header is not where the archive says"
    _, _, flags, method, _, _, crc32, packed, size, name_length, extra_length = _LOCAL_FIELDS.unpack_from(header)
    if name_length != len(entry.raw_name) or header[_LOCAL_FIELDS.size :] != entry.raw_name:
        return "has another name in its own header: no reader knows which file is meant"
    if method != entry.method or (flags ^ entry.flags) & _SAME_FLAGS:
        return "is packed in another way in its own header than in the archive's directory"
    begin = entry.header_offset + _LOCAL_FIELDS.size + int(name_length) + int(extra_length)
    if begin + entry.compressed_size > end:
        return _OVERLAPS
    if flags & _DESCRIPTOR:
        return begin
    if _FULL_32 in (packed, size):
        sizes = _sizes_64(file.read(extra_length), size, packed)
        if sizes is None:
            return _BROKEN_EXTRA
        size, packed, _ = sizes
    if size != entry.file_size or packed != entry.compressed_size:
        return f"is damaged: its own header says {size:,} bytes, not {entry.file_size:,} as the archive says"
    if crc32 != entry.crc32:
        return "is damaged: its own header has another checksum than the archive's directory"
    return begin


def _place_of_directory(file: BinaryIO, file_size: int) -> _Place:
    before = max(0, file_size - _LONGEST_COMMENT - _END_FIELDS.size)
    file.seek(before)
    tail = file.read(_LONGEST_COMMENT + _END_FIELDS.size)
    found = tail.rfind(_END, 0, max(0, len(tail) - _END_FIELDS.size + len(_END)))
    if found < 0:
        raise BadDirectory("its end is missing")
    if any(_reaches_end(tail, other) for other in _places_of(_END, tail[:found])):
        raise BadDirectory("it has two ends, and no reader knows which is meant")
    _, _, _, _, members, size, offset, _ = _END_FIELDS.unpack_from(tail, found)
    end = before + found
    large = _end_64(file, end)
    if large is not None:
        end, (members_64, size_64, offset_64) = large
        told = ((members, members_64, _FULL_16), (size, size_64, _FULL_32), (offset, offset_64, _FULL_32))
        if any(small not in (full, wide) for small, wide, full in told):
            raise BadDirectory("its two ends do not agree")
        members, size, offset = members_64, size_64, offset_64
    start = end - size
    if start < offset:
        raise BadDirectory("its directory is not where its end says")
    return _Place(start, size, start - offset, members)


def _places_of(signature: bytes, data: bytes) -> Iterator[int]:
    found = data.find(signature)
    while found >= 0:
        yield found
        found = data.find(signature, found + 1)


def _reaches_end(tail: bytes, place: int) -> bool:
    """Return whether the comment of an end record goes on exactly to the end of the file."""
    if place + _END_FIELDS.size > len(tail):
        return False
    return place + _END_FIELDS.size + int(_END_FIELDS.unpack_from(tail, place)[-1]) == len(tail)


def _end_64(file: BinaryIO, end: int) -> tuple[int, tuple[int, int, int]] | None:
    """Return where the large end record begins, with the number of members and size and offset of the directory.

    ``None`` where the archive has none.
    """
    locator_at = end - _LOCATOR_FIELDS.size
    if locator_at < 0:
        return None
    file.seek(locator_at)
    locator = file.read(_LOCATOR_FIELDS.size)
    if locator[:4] != _LOCATOR_64:
        return None
    for place in (locator_at - _END_64_FIELDS.size, int(_LOCATOR_FIELDS.unpack(locator)[2])):
        if 0 <= place <= locator_at - _END_64_FIELDS.size:
            file.seek(place)
            record = _END_64_FIELDS.unpack(file.read(_END_64_FIELDS.size))
            if record[0] == _END_64:
                return place, (record[7], record[8], record[9])
    raise BadDirectory("its large end record is missing")


def _entries(directory: bytes, place: _Place) -> Iterator[Entry]:
    """Some thousand members are looked at for a few new ones: what most of them have is told with few steps."""
    at, index, fixed, read = 0, 0, _ENTRY_FIELDS.size, _ENTRY_FIELDS.unpack_from
    unsuspicious: set[tuple[int, int, int]] = set()
    start, shift, last = place.start, place.shift, min(place.size, len(directory))
    while at < place.size:
        if at + fixed > last:
            raise BadDirectory(f"its directory is damaged after {index:,} members")
        (
            signature, flags, method, crc32, packed, size, name_length, extra_length, comment_length, attributes, offset,
        ) = read(directory, at)  # fmt: skip
        name_at = at + fixed
        extra_at = name_at + name_length
        at = extra_at + extra_length + comment_length
        if signature != _ENTRY or at > place.size:
            raise BadDirectory(f"its directory is damaged after {index:,} members")
        raw_name, problem = directory[name_at:extra_at], None
        if extra_length or _FULL_32 in (size, packed, offset):
            sizes = _sizes_64(directory[extra_at : extra_at + extra_length], size, packed, offset)
            if sizes is not None:
                size, packed, offset = sizes
            elif extra_length:
                problem = _BROKEN_EXTRA
        filename = _spelt(raw_name, flags)
        kind = flags, method, attributes
        if problem or kind not in unsuspicious or not _is_usual(raw_name, name_length, method, packed, size):
            problem = problem or _problem(raw_name, filename, flags, method, packed, size, attributes)
            if problem is None and not raw_name.endswith(b"/"):
                unsuspicious.add(kind)
        least_end = offset + shift + _LOCAL_FIELDS.size + name_length + packed
        yield Entry(
            index,
            raw_name,
            filename,
            flags,
            method,
            crc32,
            packed,
            size,
            offset + shift,
            attributes,
            least_end,
            start,
            problem,
        )
        index += 1


def _is_usual(raw_name: bytes, name_length: int, method: int, packed: int, size: int) -> bool:
    """Return whether a member has no problem if others with its flags, method and attributes have none."""
    is_name = 0 < name_length <= MOST_NAME_BYTES and raw_name.isascii() and 0 not in raw_name and raw_name[-1] != _SLASH
    return is_name and (method != STORED or packed == size)


def _sizes_64(extra: bytes, size: int, packed: int, offset: int = 0) -> tuple[int, int, int] | None:
    """Return size, packed size and offset, from the extra field where the header has no room; ``None`` if that is broken.

    A full field without a large one means what it says.
    """
    at = 0
    while at + _EXTRA_FIELDS.size <= len(extra):
        kind, length = _EXTRA_FIELDS.unpack_from(extra, at)
        at += _EXTRA_FIELDS.size
        if at + length > len(extra):
            return None
        if kind == _ZIP64:
            wanted = (size, packed, offset).count(_FULL_32)
            if length < 8 * wanted:
                return None
            large = iter(struct.unpack_from(f"<{wanted}Q", extra, at))
            size, packed, offset = (next(large) if field == _FULL_32 else field for field in (size, packed, offset))
        at += length
    return size, packed, offset


def _spelt(raw_name: bytes, flags: int) -> str:
    """Return the name as text: UTF-8 where it is said to be that or can be read as that, else the first PC's letters."""
    try:
        name = raw_name.decode()
    except UnicodeDecodeError:
        name = raw_name.decode("utf-8", "replace") if flags & _UTF8 else raw_name.decode("cp437")
    return name.replace("\0", "\ufffd") if "\0" in name else name


def _problem(
    raw_name: bytes, filename: str, flags: int, method: int, packed: int, size: int, external_attr: int
) -> str | None:
    if len(raw_name) > MOST_NAME_BYTES:
        return f"has a name of {len(raw_name):,} bytes; {MOST_NAME_BYTES:,} are allowed"
    if not raw_name or 0 in raw_name:
        return "has a name that is empty or holds a NUL"
    if flags & _UTF8 and filename.encode() != raw_name:
        return "has a name that says it is UTF-8 and is not"
    is_folder = raw_name.endswith(b"/")
    if stat.S_IFMT(external_attr >> 16) not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        return LINK_OR_DEVICE
    if is_folder and (size or packed > _EMPTY_DEFLATE):
        return "is a folder that holds data"
    if flags & (_ENCRYPTED | _STRONG | _MASKED):
        return "is encrypted: unlock the archive first"
    if method not in METHODS or flags & _PATCHED:
        return "is packed by an uncommon method: pack it again as a plain ZIP"
    if method == STORED and packed != size:
        return f"is damaged: it has {packed:,} bytes, not {size:,} as the archive says"
    return None


def _set_apart(file: BinaryIO, entries: list[Entry], start: int) -> None:
    """Note at each entry where the next one begins; who goes on past it, or stands outside, gets a problem.

    Where some overlap, only those count whose own headers stand where the directory says. So one false place in the
    directory takes no other member's bytes.
    """
    for entry in entries:
        if not 0 <= entry.header_offset <= entry.least_end <= start:
            _refuse(entry, "stands outside of the archive")
    overlapping = _note_ends(entries, start)
    if overlapping:
        for entry in entries:
            found = None if entry.problem else data_start(file, entry, start)
            if isinstance(found, str):
                _refuse(entry, found)
        overlapping = _note_ends(entries, start)
    for entry in overlapping:
        _refuse(entry, _OVERLAPS)


def _refuse(entry: Entry, problem: str) -> None:
    entry.problem = entry.problem or problem


def _note_ends(entries: list[Entry], start: int) -> list[Entry]:
    """Note at each readable entry where the next begins; return those that go on past that or share their place."""
    overlapping: list[Entry] = []
    readable = sorted([entry for entry in entries if not entry.problem], key=attrgetter("header_offset"))
    for entry, after in pairwise(readable):
        entry.end = after.header_offset
        if entry.least_end > entry.end:
            overlapping.append(entry)
        if entry.header_offset == after.header_offset:
            overlapping.append(after)
    for entry in readable[-1:]:
        entry.end = start
    return overlapping
