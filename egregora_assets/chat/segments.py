"""Sealed segments: what the hot store hands to runs, as Parquet files that are whole or not there.

``SEGMENTS/<first>-<last>.parquet`` holds the events with these sequence numbers (20 digits each, in order, none twice in
any two segments). It is written beside, forced and renamed. A run merges it and then leaves the receipt ``<first>-<last>.merged``
in its place, which tells the warehouse's revision; the hot store prunes its rows when the published snapshot has
come as far, and then removes the receipt. A segment that cannot be read is set aside (``….unreadable``), and sealed once more
from its rows, which are hot without a receipt; until these are pruned what was damaged is kept (``….damaged``). So is one whose
receipt is damaged.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SEGMENT_SCHEMA = pa.schema(
    [
        ("sequence", pa.int64()),
        ("adapter", pa.string()),
        ("platform", pa.string()),
        ("event", pa.string()),
        ("source", pa.string()),
        ("source_title", pa.string()),
        ("native_id", pa.string()),
        ("target", pa.string()),
        ("author", pa.string()),
        ("author_name", pa.string()),
        ("sent_at", pa.timestamp("us", "UTC")),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("reply_to", pa.string()),
        ("thread", pa.string()),
        ("attachments", pa.list_(pa.string())),
        ("mentions", pa.list_(pa.struct([("id", pa.string()), ("name", pa.string())]))),
        ("emoji", pa.string()),
        ("removed", pa.bool_()),
        ("received_at", pa.timestamp("us", "UTC")),
        ("committed_at", pa.timestamp("us", "UTC")),
    ]
)
_NAME = re.compile(r"([0-9]{20})-([0-9]{20})\.(parquet|merged|unreadable|damaged)")
_MODE = 0o600


@dataclass(frozen=True, order=True)
class Segment:
    """A run of events by its first and last sequence number."""

    first: int
    last: int

    @property
    def stem(self) -> str:
        return f"{self.first:020}-{self.last:020}"


def waiting(folder: Path) -> list[Segment]:
    """Return the segments that no run has merged yet, oldest first; none where there is no folder."""
    return _segments(folder, "parquet")


def merged(folder: Path) -> list[Segment]:
    """Return the segments that have a receipt, oldest first; it may be damaged."""
    return _segments(folder, "merged")


def receipts(folder: Path) -> dict[Segment, int]:
    """Return the segments that runs have merged, with the revision of the warehouse that has them. A damaged receipt is none."""
    told = {segment: _revision(folder / f"{segment.stem}.merged") for segment in merged(folder)}
    return {segment: revision for segment, revision in told.items() if revision is not None}


def set_aside_receipts(folder: Path) -> None:
    """Let segments whose receipts are damaged be sealed once more: the next run knows them, and leaves the receipt anew."""
    for segment in set(merged(folder)) - set(receipts(folder)):
        with suppress(FileNotFoundError):
            os.replace(folder / f"{segment.stem}.merged", folder / f"{segment.stem}.unreadable")


def path_of(folder: Path, segment: Segment) -> Path:
    """Return where a sealed segment stands."""
    return folder / f"{segment.stem}.parquet"


def seal(folder: Path, events: pa.Table) -> Segment:
    """Write events (``SEGMENT_SCHEMA``, at least one, by sequence) as one segment; it is durable when this returns."""
    numbers = events.column("sequence")
    segment = Segment(numbers[0].as_py(), numbers[-1].as_py())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f".{segment.stem}.tmp"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE), "wb") as file:
        pq.write_table(events.cast(SEGMENT_SCHEMA), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path_of(folder, segment))
    _force(folder)
    return segment


def acknowledge(folder: Path, segment: Segment, revision: int) -> None:
    """Leave the receipt of a merged segment and remove its words. May be done again after a crash in the middle."""
    temporary = folder / f".{segment.stem}.merged.tmp"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE), "w") as file:
        json.dump({"revision": revision}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / f"{segment.stem}.merged")
    path_of(folder, segment).unlink(missing_ok=True)
    _force(folder)


def forget(folder: Path, segment: Segment) -> None:
    """Remove the receipt of a segment whose rows have been pruned, and what was damaged of it."""
    for ending in ("damaged", "merged"):
        (folder / f"{segment.stem}.{ending}").unlink(missing_ok=True)


def set_aside(folder: Path, segment: Segment) -> None:
    """Let a segment that cannot be read stop no run."""
    path_of(folder, segment).rename(folder / f"{segment.stem}.unreadable")


def unreadable(folder: Path) -> dict[Segment, bool]:
    """Return the segments that were set aside, and whether each had been sealed once more before."""
    before = set(_segments(folder, "damaged"))
    return {segment: segment in before for segment in _segments(folder, "unreadable")}


def note_sealed_again(folder: Path, segment: Segment) -> None:
    """Keep what was damaged of a segment that was sealed once more."""
    os.replace(folder / f"{segment.stem}.unreadable", folder / f"{segment.stem}.damaged")
    _force(folder)


def _segments(folder: Path, ending: str) -> list[Segment]:
    if not folder.is_dir():
        return []
    names = (_NAME.fullmatch(name) for name in sorted(path.name for path in folder.iterdir()))
    return sorted(Segment(int(name[1]), int(name[2])) for name in names if name and name[3] == ending)


def _revision(path: Path) -> int | None:
    try:
        return int(json.loads(path.read_bytes())["revision"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _force(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
