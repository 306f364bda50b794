"""The one thread that writes ``live.duckdb``: many events in one commit, and an answer to each once it is durable.

An error of a commit does not say that nothing was committed: a full disk may fail the checkpoint behind it. So after any error
the file is opened again, all it holds is forced to the disk, and only what is missing then is written once more.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from egregora_assets.config import LiveSettings
from egregora_assets.live.adapters.protocol import Outcome
from egregora_assets.live.errors import WriterDied
from egregora_assets.live.hot_store import HotStore
from egregora_assets.live.id_window import IdWindow, event_key
from egregora_assets.live.incoming import IncomingMessage, as_json
from egregora_assets.live.intake import Arrival, Intake
from egregora_assets.warehouse.connection import WarehouseBusy

_ATTEMPTS = 2
_LONGEST_PAUSE_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.02
_LINGER_GROWTH = 6
"""A commit waits for at most so many times ``linger_ms``, where many events come: it costs the same for one as for fifty."""
_ROWS_FOR_LONGEST_LINGER = 24
_ENOUGH_ROWS = 48
"""From so many events of a commit on the next one waits for less: what it costs is shared by enough of them."""
_DURABLE = Outcome(True)
_UNKNOWN = (duckdb.Error, OSError, WarehouseBusy)
"""Errors after which it is not known what is durable, and which may not come again."""

log = logging.getLogger(__name__)

Chore = Callable[[duckdb.DuckDBPyConnection], Any]
"""Something small that is to be written between two commits."""


class Settled:
    """A group whose outcome is known: when it was taken, when it was durable (``time.monotonic_ns``), and what became of each."""

    __slots__ = ("committed_ns", "group", "outcomes", "taken_ns")

    def __init__(self, group: Sequence[Arrival], outcomes: Sequence[Outcome], taken_ns: int, committed_ns: int) -> None:
        self.group, self.outcomes, self.taken_ns, self.committed_ns = group, outcomes, taken_ns, committed_ns


class Writer:
    """The thread. ``start``, ``stop`` and ``chore`` may be called from any other; ``settled`` is called on the event loop.

    ``settled`` gets each group once. Events that have nobody to be told of a failure are tried until they are durable.
    """

    def __init__(
        self,
        store: HotStore,
        intake: Intake,
        settings: LiveSettings,
        loop: asyncio.AbstractEventLoop,
        settled: Callable[[Settled], None],
    ) -> None:
        self.died: asyncio.Future[None] = loop.create_future()
        self.problem: str | None = None
        self.failed_commits = 0
        self._store, self._intake, self._loop, self._settled = store, intake, loop, settled
        self._most_rows = settings.batch_rows
        self._linger_seconds = settings.linger_ms / 1000
        self._window = IdWindow(max(settings.window_ids, settings.batch_rows))
        self._chores: deque[tuple[Chore, Future[Any]]] = deque()
        self._stopping = self._has_ended = False
        self._is_settled = False
        self._next = self._next_cursor = 0
        self._events: Any = None
        self._cursors: Any = None
        self._busy_rows = 0
        self._ended_at = 0.0
        self._pause_seconds = 0.0
        self._thread = threading.Thread(target=self._run, name="live-writer", daemon=True)

    def open(self) -> None:
        """Open the file, learn what is known, and run through a commit that leaves nothing, because the first is slow."""
        self._store.open()
        self._learn()
        connection = self._store.connection
        connection.execute("BEGIN")
        message = IncomingMessage(native_id="0", source="0", author="0", sent_at=datetime.now(UTC), text="0")
        self._events.append_rows([(0, "", "", as_json(message), None, None, b"")])
        self._events.flush()
        connection.execute("ROLLBACK")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end once nothing waits any more."""
        self._stopping = True
        self._intake.wake()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end; returns whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def chore(self, do: Chore) -> Future[Any]:
        """Have something written by the thread, between two commits."""
        done: Future[Any] = Future()
        self._chores.append((do, done))
        self._intake.wake()
        if self._has_ended:
            self._refuse_chores()
        return done

    @property
    def next_sequence(self) -> int:
        return self._next

    def _run(self) -> None:
        try:
            while self._turn():
                pass
            self._events = self._cursors = None
            self._store.close()
        except BaseException as fault:  # whatever it is, nothing is stored any more and the service has to end
            log.exception("the writer of %s has died", self._store.path.name)
            died = WriterDied(f"the writer of {self._store.path.name} has ended by an error: {_reason(fault)}")
            self._tell(self._mark_dead, died)
        finally:
            self._has_ended = True
            self._refuse_chores()

    def _refuse_chores(self) -> None:
        while self._chores:
            self._chores.popleft()[1].set_exception(duckdb.ConnectionException("the writer has ended"))

    def _mark_dead(self, died: WriterDied) -> None:
        if not self.died.done():
            self.died.set_exception(died)

    def _turn(self) -> bool:
        """Do what there is to do; returns whether the thread goes on."""
        if not self._stopping:
            self._intake.wait()
        group = self._intake.take(self._ended_at + self._linger(), self._most_rows)
        if group:
            self._busy_rows = len(group)
            self._commit(group)
            self._ended_at = time.monotonic()
        while self._chores:
            self._do(*self._chores.popleft())
        return not self._stopping or not self._intake.is_empty

    def _linger(self) -> float:
        """Return for how long no commit begins after the last one: longer where that was large, because each costs CPU time.

        So an event that comes alone is committed at once, and where many come they gather.
        """
        rows = max(self._busy_rows, 1)
        share = min(rows / _ROWS_FOR_LONGEST_LINGER, 1.0, _ENOUGH_ROWS / rows)
        return 0.0 if self._stopping else self._linger_seconds * max(1.0, _LINGER_GROWTH * share)

    def _commit(self, group: list[Arrival]) -> None:
        taken_ns = time.monotonic_ns()
        refused: dict[int, str] = {}
        for _ in range(_ATTEMPTS):
            try:
                self._recover()
                while not self._store_group(group, refused):
                    pass
                break
            except _UNKNOWN as fault:
                self._has_failed(fault)
        else:
            self._fail(group, taken_ns)
            return
        self.problem, self._pause_seconds = None, 0.0
        outcomes = [_DURABLE] * len(group)
        for number, problem in refused.items():
            outcomes[number] = Outcome(False, problem)
        self._tell(self._settled, Settled(group, outcomes, taken_ns, time.monotonic_ns()))

    def _recover(self) -> None:
        """After an error: open the file again and learn what it holds. What is found is on the disk."""
        if not self._is_settled:
            self._events = self._cursors = None
            self._store.reopen()
            self._learn()

    def _has_failed(self, fault: BaseException) -> None:
        self._is_settled = False
        self.problem = _reason(fault)
        self.failed_commits += 1
        log.warning(
            "a commit has failed (%s): %s is opened again, and what it does not hold then is written once more",
            self.problem,
            self._store.path.name,
        )

    def _learn(self) -> None:
        self._window.replace(self._store.latest_keys(self._window.size))
        self._next = self._store.last_sequence() + 1
        self._next_cursor = self._store.last_cursor_number() + 1
        self._events = self._store.connection.appender("hot_lines")
        self._cursors = self._store.connection.appender("cursors")
        self._is_settled = True

    def _fail(self, group: list[Arrival], taken_ns: int) -> None:
        """Tell of events that are not known to be stored; those that nobody sends again wait here, before all others."""
        log.error("%s events are not known to be stored: %s", len(group), self.problem)
        told = [arrival for arrival in group if arrival.delivery.answer is not None]
        outcome = Outcome(False, f"not known to be stored, send it again: {self.problem}")
        self._tell(self._settled, Settled(told, [outcome] * len(told), taken_ns, time.monotonic_ns()))
        self._intake.put_back([arrival for arrival in group if arrival.delivery.answer is None])
        self._pause_seconds = min(max(self._pause_seconds * 2, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        time.sleep(self._pause_seconds)

    def _store_group(self, group: Sequence[Arrival], refused: dict[int, str]) -> bool:
        """Commit what is not known yet. Returns ``False`` where an event cannot be a row: it is in ``refused``, nothing is done."""
        fresh: dict[bytes, int] = {}
        for number, arrival in enumerate(group):
            key = event_key(arrival.platform, arrival.delivery.message)
            if key not in self._window and number not in refused:
                fresh.setdefault(key, number)
        cursors = {arrival.adapter: arrival.delivery.cursor for arrival in group if arrival.delivery.cursor is not None}
        if fresh and not self._buffer(group, fresh, refused):
            return False
        if cursors:
            self._flush_with(cursors)
        elif fresh:
            self._events.flush()
        self._next += len(fresh)
        self._window.add(fresh)
        return True

    def _buffer(self, group: Sequence[Arrival], fresh: dict[bytes, int], refused: dict[int, str]) -> bool:
        rows = _Rows(group, fresh, self._next)
        try:
            self._events.append_rows(rows)
        except (duckdb.Error, ValueError, TypeError) as fault:
            self._events.clear()
            refused[rows.at] = f"it cannot be stored: {_reason(fault)}"
            return False
        return True

    def _flush_with(self, cursors: dict[str, str]) -> None:
        """Commit the buffered events, and with them how far their adapters have come."""
        connection = self._store.connection
        self._cursors.append_rows([(adapter, cursor, self._next_cursor) for adapter, cursor in cursors.items()])
        connection.execute("BEGIN")
        self._events.flush()
        self._cursors.flush()
        connection.execute("COMMIT")
        self._next_cursor += 1

    def _do(self, chore: Chore, done: Future[Any]) -> None:
        try:
            self._recover()
            done.set_result(chore(self._store.connection))
        except _UNKNOWN as fault:
            self._has_failed(fault)
            done.set_exception(fault)

    def _tell(self, told: Callable[..., None], what: object) -> None:
        try:
            self._loop.call_soon_threadsafe(told, what)
        except RuntimeError:  # the loop has ended: nobody waits for an answer
            log.debug("an outcome came after the end")


class _Rows:
    """The rows of a group's new events, made as they are asked for; ``at`` is the event that was asked for last."""

    def __init__(self, group: Sequence[Arrival], fresh: dict[bytes, int], first: int) -> None:
        self.at = 0
        self._group, self._fresh, self._first = group, fresh, first

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        now, now_ns = datetime.now(UTC), time.monotonic_ns()
        received_ns, received = now_ns, now
        for sequence, (key, number) in enumerate(self._fresh.items(), start=self._first):
            self.at = number
            adapter, platform, delivery, _ = self._group[number]
            if delivery.received_ns != received_ns:  # all of one piece have the same
                received_ns = delivery.received_ns
                received = now + timedelta(microseconds=(received_ns - now_ns) // 1_000)
            yield (sequence, adapter, platform, as_json(delivery.message), received, now, key)


def _reason(fault: BaseException) -> str:
    lines = str(fault).splitlines()
    return lines[0] if lines else type(fault).__name__
