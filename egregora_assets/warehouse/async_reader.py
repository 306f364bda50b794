"""Questions to DuckDB from an event loop: in threads with cursors of their own, for a bounded time, with bounded answers.

A question that takes too long, or that nobody waits for any more, is interrupted. Rows are fetched one by one: while one is made
into objects nothing else of Python runs.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import duckdb

_AGAIN_SECONDS = 0.01
"""How soon a question is interrupted again: an interruption between two of its statements is lost."""
_MOST_BYTES = 8 << 20
_VALUE_BYTES = 32
"""About what any value takes as an object of Python."""
_STOPPING_SECONDS = 1.0
"""How long a question that was ended may take to stop before it counts as one that hears nothing."""
_CLOSING_SECONDS = 0.5
"""How long questions that were interrupted may take to end: while DuckDB plans a query it does not hear that."""

Lend = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
"""Lends a cursor to one thread for one question."""


class QueryTooLong(TimeoutError):
    """A question took longer than it may."""


class ReadersHeld(QueryTooLong):
    """All threads are at questions that were ended and have not stopped: DuckDB hears nothing of it while it plans one."""

    def __init__(self) -> None:
        super().__init__(
            "no query can be answered: those that were ended hold all readers, because DuckDB does not hear that it should "
            "stop; try again later, or start the service again"
        )


class NotReadOnly(ValueError):
    """What was asked is no single question that only reads."""


@dataclass(frozen=True)
class Answer:
    """The rows of an answer under their names; ``is_cut`` where there were more than may be."""

    names: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def read_only(sql: str) -> str:
    """Return ``sql`` where it is one statement that only reads (SELECT, FROM, WITH, DESCRIBE …). Raises ``NotReadOnly``."""
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise NotReadOnly("one statement that reads is answered here: SELECT, FROM, WITH or DESCRIBE")
    return statements[0].query


class AsyncReader:
    """Asks in at most ``threads`` threads; further questions wait for their turn, and their time runs meanwhile."""

    def __init__(self, lend: Lend, *, seconds: float, most_rows: int, threads: int = 2) -> None:
        self._lend, self._seconds, self._most_rows = lend, seconds, most_rows
        self._questions: set[_Question] = set()
        self._count = threads
        self._threads = _Threads(threads)
        self._ended: dict[Future[Answer], float] = {}

    @property
    def held(self) -> int:
        """How many threads are at questions that were ended a while ago and have not stopped."""
        self._ended = {work: at for work, at in self._ended.items() if not work.done()}
        return sum(time.monotonic() - at > _STOPPING_SECONDS for at in self._ended.values())

    async def ask(self, ask: Callable[[duckdb.DuckDBPyConnection], duckdb.DuckDBPyConnection]) -> Answer:
        """Let ``ask`` execute something on a cursor, and return its rows.

        Raises ``QueryTooLong``, ``ReadersHeld``, and what ``ask`` raises. Being cancelled interrupts it.
        """
        if self.held >= self._count:
            raise ReadersHeld
        question = _Question(self._lend, ask, self._most_rows)
        self._questions.add(question)
        work = self._threads.submit(question.run)
        answer = asyncio.wrap_future(work)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(answer)
        except TimeoutError:
            raise QueryTooLong(f"the query took longer than {self._seconds:g} s and was ended") from None
        finally:
            self._questions.discard(question)
            if not answer.done():
                answer.cancel()
                question.end()
                self._ended[work] = time.monotonic()

    async def query(self, sql: str) -> Answer:
        """Ask one statement that reads. Raises ``NotReadOnly``, ``QueryTooLong`` or ``duckdb.Error``."""
        checked = read_only(sql)
        return await self.ask(lambda cursor: cursor.execute(checked))

    def close(self) -> None:
        """Take no more questions, end those that are being asked, and wait a moment for them, but not for ever."""
        for question in self._questions:
            question.end()
        self._threads.close(_CLOSING_SECONDS)


class _Threads:
    """Threads that take work in turn. A program that ends does not wait for them, as it would for those of an executor."""

    def __init__(self, count: int) -> None:
        self._work: queue.SimpleQueue[tuple[Future[Answer], Callable[[], Answer]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"reader_{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, do: Callable[[], Answer]) -> Future[Answer]:
        done: Future[Answer] = Future()
        self._work.put((done, do))
        return done

    def close(self, seconds: float) -> None:
        """Let the threads end; what was not begun is cancelled."""
        with suppress(queue.Empty):
            while True:
                work = self._work.get_nowait()
                if work is not None:
                    work[0].cancel()
        for _ in self._threads:
            self._work.put(None)
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            done, do = work
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(do())
            except BaseException as fault:  # whoever asked is told
                done.set_exception(fault)
            del done, do, work  # a thread that waits holds no answer


class _Question:
    """One question, from the thread that asks it; ``end`` may come from any."""

    def __init__(
        self, lend: Lend, ask: Callable[[duckdb.DuckDBPyConnection], duckdb.DuckDBPyConnection], most_rows: int
    ) -> None:
        self._lend, self._ask, self._most_rows = lend, ask, most_rows
        self._guard = threading.Lock()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._is_over = False

    def run(self) -> Answer:
        with self._lend() as cursor:
            self._begin(cursor)
            try:
                return self._rows(self._ask(cursor))
            finally:
                with self._guard:
                    self._cursor = None

    def end(self) -> None:
        """Interrupt it until it has ended; nobody waits for what it says then."""
        self._is_over = True
        if self._interrupted():
            threading.Thread(target=self._interrupt_again, name="reader-end", daemon=True).start()

    def _interrupt_again(self) -> None:
        while self._interrupted():
            time.sleep(_AGAIN_SECONDS)

    def _interrupted(self) -> bool:
        """Interrupt it where it runs; returns whether it does."""
        with self._guard:
            if self._cursor is None:
                return False
            self._cursor.interrupt()
            return True

    def _begin(self, cursor: duckdb.DuckDBPyConnection) -> None:
        with self._guard:
            if self._is_over:
                raise duckdb.InterruptException("nobody waits for it any more")
            self._cursor = cursor

    def _rows(self, result: duckdb.DuckDBPyConnection) -> Answer:
        names = [column[0] for column in result.description or []]
        rows: list[tuple[Any, ...]] = []
        size = 0
        while not self._is_over and (row := result.fetchone()):
            rows.append(row)
            size += _size(row)
            if len(rows) > self._most_rows or size > _MOST_BYTES:
                return Answer(names, rows[: self._most_rows], True)
        return Answer(names, rows, False)


def _size(value: object) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, str | bytes):
        return _VALUE_BYTES + len(value)
    if isinstance(value, dict):
        return _VALUE_BYTES + sum(_size(key) + _size(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return _VALUE_BYTES + sum(map(_size, value))
    return _VALUE_BYTES
