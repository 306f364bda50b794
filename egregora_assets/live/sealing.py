"""Rows of the hot store on their way into the warehouse: sealed as segments, and pruned when a published snapshot shows them."""

from __future__ import annotations

import logging
import math
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.chat import segments
from egregora_assets.chat.segments import Segment
from egregora_assets.config import Settings
from egregora_assets.live.hot_store import COLUMNS, HotStore
from egregora_assets.live.writer import Writer
from egregora_assets.warehouse.query import arrow

_LEFTOVER = f".{'[0-9]' * 20}-{'[0-9]' * 20}.tmp"
_MOST_ROWS = 20_000
_MOST_BYTES = 8 << 20
_WANTED = f"SELECT {COLUMNS} FROM hot_events WHERE sequence BETWEEN ? AND ? ORDER BY sequence"
_SUPERSEDED = """
    DELETE FROM cursors WHERE number < (SELECT max(number) FROM cursors AS later WHERE later.adapter = cursors.adapter)
"""

log = logging.getLogger(__name__)


class Sealer:
    """Hands rows over. All of it runs in a thread that is not the writer's, which only does what has to be written."""

    def __init__(self, settings: Settings, store: HotStore, writer: Writer) -> None:
        self._settings, self._store, self._writer = settings, store, writer
        self._folder = settings.segments
        self._published: tuple[tuple[int, int] | None, int] = (None, -1)
        self.sealed = 0
        self.problem: str | None = None
        self._turn = threading.Lock()
        self._taken: dict[str, list[npt.NDArray[np.int64]]] = {}
        self._clock = 0

    def open(self) -> None:
        """Learn what is sealed; what a crash left half written goes. The store is open, and the writer has not begun."""
        for leftover in self._folder.glob(_LEFTOVER):
            leftover.unlink()
        self.sealed = self._store.sealed()
        self._clock = _clock()
        self._advance(self._store.connection)

    def seal(self, seconds: float = math.inf) -> list[Segment]:
        """Seal what is there by now, oldest first, and say so in the store. Returns the segments.

        No segment is begun after so many seconds; what is left is sealed the next time.
        """
        made: list[Segment] = []
        until = time.monotonic() + seconds
        with self._turn:
            clock, last = _clock(), self._writer.next_sequence - 1
            while self.sealed < last and time.monotonic() < until:
                events = self._next_events()
                made.append(segments.seal(self._folder, events))
                self.sealed = made[-1].last
                self._note_times(events)
                self._writer.chore(self._advance).result()
            self._clock = clock
        return made

    def seal_again(self) -> list[Segment]:
        """Seal once more what runs could not read, or has a damaged receipt, each once. Returns the segments.

        ``problem`` tells of one that cannot be read a second time, or whose rows are not here any more.
        """
        made: list[Segment] = []
        problems: list[str] = []
        with self._turn:
            segments.set_aside_receipts(self._folder)
            for segment, again in segments.unreadable(self._folder).items():
                if not again and self._seal_anew(segment):
                    made.append(segment)
                else:
                    problems.append(
                        f"the segment {segment.stem} cannot be read {'a second time' if again else 'and its rows are gone'}: "
                        "the table quarantine of the warehouse says why"
                    )
        self._tell("; ".join(problems) or None)
        return made

    def _seal_anew(self, segment: Segment) -> bool:
        with self._store.cursor() as cursor:
            events = arrow(cursor, _WANTED, [segment.first, segment.last])
        if not len(events) or (events["sequence"][0].as_py(), events["sequence"][-1].as_py()) != (
            segment.first,
            segment.last,
        ):
            return False
        segments.seal(self._folder, events)
        segments.note_sealed_again(self._folder, segment)
        log.warning("the segment %s could not be read by a run: it was sealed again from its rows", segment.stem)
        return True

    def _tell(self, problem: str | None) -> None:
        if problem and problem != self.problem:
            log.error("%s", problem)
        self.problem = problem

    def taken_times(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return how long each adapter's events took from receipt into a segment, since this was asked for last; nanoseconds."""
        taken, self._taken = self._taken, {}
        return {adapter: np.concatenate(times) for adapter, times in taken.items()}

    def _note_times(self, events: pa.Table) -> None:
        now = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us")
        took = (now - events.column("received_at").to_numpy()).astype("timedelta64[ns]").astype(np.int64)
        took = without_jump(took, _clock() - self._clock)
        adapters = events.column("adapter")
        for adapter in adapters.unique():
            its = pc.equal(adapters, adapter).to_numpy()
            self._taken.setdefault(adapter.as_py(), []).append(took[its])

    def prune(self) -> int:
        """Delete rows that a published snapshot shows, and then their receipts. Returns how many segments were pruned."""
        merged = segments.receipts(self._folder)
        if not merged:
            return 0
        published = self._published_revision()
        done = [segment for segment, revision in merged.items() if revision <= published]
        for segment in done:
            self._writer.chore(partial(_delete, segment)).result()
            segments.forget(self._folder, segment)
        return len(done)

    def _next_events(self) -> pa.Table:
        """Return the oldest events that are in no segment, as many as one may have. There is at least one."""
        sizes = f"""
            SELECT sequence, strlen(said) FROM hot_lines WHERE sequence > ? ORDER BY sequence LIMIT {_MOST_ROWS}
        """
        with self._store.cursor() as cursor:
            numbers, lengths = (column.to_numpy() for column in arrow(cursor, sizes, [self.sealed]).columns)
            fitting = max(int(np.searchsorted(lengths.cumsum(), _MOST_BYTES)), 1)
            return arrow(cursor, _WANTED, [int(numbers[0]), int(numbers[:fitting][-1])])

    def _advance(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("BEGIN")
        connection.execute("UPDATE state SET sealed = ?", [self.sealed]).fetchall()
        connection.execute(_SUPERSEDED).fetchall()
        connection.execute("COMMIT")

    def _published_revision(self) -> int:
        """Return the revision of the published snapshot, -1 where there is none; the file is only opened when it is another."""
        from egregora_assets.publish.snapshot import (
            snapshot_state,  # it takes a third of the time in which the service begins
        )

        seen = _identity(self._settings.snapshot_path)
        if seen != self._published[0]:
            state = snapshot_state(self._settings)
            self._published = (seen, state.revision if state else -1)
        return self._published[1]


def without_jump(took: npt.NDArray[np.int64], jump: int) -> npt.NDArray[np.int64]:
    """Return durations that were measured by the clock of the day, which was set forward by ``jump`` within some of them.

    A duration is within which it was set where it would not be possible otherwise: longer than the jump, or below nothing.
    """
    within = took >= jump if jump > 0 else took < 0
    return np.maximum(np.where(within, took - jump, took), 0)


def _clock() -> int:
    """Return by how many nanoseconds the clock of the day is ahead of the one that nobody sets."""
    return time.time_ns() - time.monotonic_ns()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _delete(segment: Segment, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM hot_lines WHERE sequence BETWEEN ? AND ?", [segment.first, segment.last]).fetchall()
