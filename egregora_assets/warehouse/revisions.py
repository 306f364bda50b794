"""Who has seen what: every change of the warehouse has a revision, and every consumer remembers the one it has read up to.

A transaction that changes nothing allocates no revision and writes no byte. Rows carry the revision they last changed in;
deleted rows leave a tombstone. So each derived asset works in proportion to what is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from egregora_assets.warehouse.query import changed, roll_back, rows, scalar


@dataclass(frozen=True)
class Watermark:
    """How far a consumer has read: all rows with a revision up to ``revision``, under the rules named ``fingerprint``."""

    revision: int = 0
    fingerprint: str = ""


class Transaction:
    """One all-or-nothing change of the warehouse, made for ``consumer``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, consumer: str) -> None:
        self.connection = connection
        self.consumer = consumer
        self._revision: int | None = None
        self._watermark: Watermark | None = None

    @property
    def revision(self) -> int:
        """The revision of this change; the first use allocates it."""
        if self._revision is None:
            self._revision = int(scalar(self.connection, _ALLOCATED, [self.consumer]))
        return self._revision

    @property
    def changed(self) -> bool:
        return self._revision is not None

    def watermark(self) -> Watermark:
        """Return how far the consumer has read; only this transaction can change that while it lasts."""
        if self._watermark is None:
            self._watermark = watermark(self.connection, self.consumer)
        return self._watermark

    def advance(self, fingerprint: str = "", even_unchanged: bool = False) -> None:
        """Remember that all up to now has been read.

        A consumer that changed nothing keeps its place, so that a pass without news writes no byte; ``even_unchanged``
        moves it on for one whose looking is its work.
        """
        now, seen = Watermark(self._revision or current_revision(self.connection), fingerprint), self.watermark()
        if now != seen and (self.changed or even_unchanged or fingerprint != seen.fingerprint or not seen.revision):
            self._watermark = now
            told = {"consumer": self.consumer, "revision": now.revision, "fingerprint": now.fingerprint}
            if not changed(self.connection, _MOVED_ON, told):
                changed(self.connection, "INSERT INTO watermarks VALUES ($consumer, $revision, $fingerprint)", told)


_ALLOCATED = """
    INSERT INTO revisions SELECT coalesce(max(revision), 0) + 1, ?, now() FROM revisions RETURNING revision
"""
_MOVED_ON = "UPDATE watermarks SET revision = $revision, fingerprint = $fingerprint WHERE consumer = $consumer"


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, consumer: str) -> Iterator[Transaction]:
    """Commit what the block does, or nothing of it."""
    connection.execute("BEGIN")
    try:
        yield Transaction(connection, consumer)
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def current_revision(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the newest revision, 0 in an empty warehouse."""
    return int(scalar(connection, "SELECT coalesce(max(revision), 0) FROM revisions"))


def erased_since(connection: duckdb.DuckDBPyConnection, revision: int) -> bool:
    """Return whether something was erased after a revision, so that files made before may still hold it."""
    return bool(scalar(connection, "SELECT EXISTS (SELECT 1 FROM erasures WHERE revision > ?)", [revision]))


def warehouse_id(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the random name of this warehouse: revisions of one say nothing about files made from another."""
    return str(scalar(connection, "SELECT warehouse_id FROM warehouse_identity"))


def watermark(connection: duckdb.DuckDBPyConnection, consumer: str) -> Watermark:
    """Return how far ``consumer`` has read; nothing for one that never has."""
    found = rows(connection, "SELECT revision, fingerprint FROM watermarks WHERE consumer = ?", [consumer])
    return Watermark(*found[0]) if found else Watermark()
