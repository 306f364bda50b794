"""``live.duckdb``: the file of the live service, in which each event stands from its receipt until a published snapshot shows it.

Only the service opens it. Rows are appended and, long after, pruned; there is no index, which would make each checkpoint
wait for it. All that is written is written by one thread (``writer.py``); readers have cursors of their own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.chat import segments
from egregora_assets.chat.segments import SEGMENT_SCHEMA
from egregora_assets.config import Settings
from egregora_assets.live.commit_log import damage_of
from egregora_assets.live.errors import HotStoreDamaged
from egregora_assets.warehouse.connection import open_file
from egregora_assets.warehouse.query import rows, scalar

COLUMNS = ", ".join(SEGMENT_SCHEMA.names)
_DAMAGE = ("WAL file", "Corrupt")
_MEMORY = "512MB"
"""What DuckDB keeps in memory: rows since the last checkpoint, and what queries need."""
_AGAIN_SECONDS = 0.01
_RETURN_SECONDS = 10.0
"""How long readers that were interrupted may take to give their cursors back."""
_TYPES = {
    pa.string(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
    pa.list_(pa.string()): ["VARCHAR"],
    SEGMENT_SCHEMA.field("mentions").type: [{"id": "VARCHAR", "name": "VARCHAR"}],
}
_BESIDE = ("sequence", "adapter", "platform", "received_at", "committed_at")
_SAID = [field for field in SEGMENT_SCHEMA if field.name not in _BESIDE]
_FORM = json.dumps({field.name: _TYPES[field.type] for field in _SAID})
_LEFT_OUT = {
    "event": "coalesce(said.event, 'message')",
    "kind": """CASE WHEN len(said.attachments) > 0 AND coalesce(said.kind, 'text') = 'text' THEN 'media'
        WHEN coalesce(said.event, 'message') = 'message' THEN coalesce(said.kind, 'text') ELSE said.kind END""",
    "text": "coalesce(said.text, '')",
    "attachments": "coalesce(said.attachments, [])",
    "mentions": "coalesce(said.mentions, [])",
    "removed": "coalesce(said.removed, false)",
}
"""What a column is where an event does not say it."""
_COLUMN = {name: name for name in _BESIDE} | {field.name: f"said.{field.name}" for field in _SAID} | _LEFT_OUT
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS hot_lines (
    sequence BIGINT, adapter VARCHAR, platform VARCHAR, said VARCHAR, received_at TIMESTAMPTZ, committed_at TIMESTAMPTZ, key BLOB
);
CREATE VIEW IF NOT EXISTS hot_events AS
    SELECT {", ".join(f"{_COLUMN[name]} AS {name}" for name in SEGMENT_SCHEMA.names)}
    FROM (SELECT * REPLACE (from_json(said, '{_FORM}') AS said) FROM hot_lines);
CREATE TABLE IF NOT EXISTS cursors (adapter VARCHAR, cursor VARCHAR, number BIGINT);
CREATE TABLE IF NOT EXISTS state (sealed BIGINT);
CREATE TABLE IF NOT EXISTS latency_windows (
    lane VARCHAR, stage VARCHAR, started_at TIMESTAMPTZ, seconds DOUBLE, count BIGINT, p50_ms DOUBLE, p95_ms DOUBLE,
    p99_ms DOUBLE, max_ms DOUBLE, budget_ms DOUBLE, loop_lag_ms DOUBLE, backlog BIGINT, bytes BIGINT
);
INSERT INTO state SELECT 0 WHERE NOT EXISTS (FROM state);
"""
"""``hot_lines`` is what is written: all that an event says is one text of JSON, because a commit costs 40 µs for each column.
``hot_events`` has the columns of ``SEGMENT_SCHEMA``.
"""
_IS_OLD = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'hot_events'"
_CONVERTED = f"""
CREATE TABLE hot_lines AS
    SELECT
        sequence, adapter, platform, to_json({{{", ".join(f"'{field.name}': {field.name}" for field in _SAID)}}})::VARCHAR AS said,
        received_at, committed_at, key
    FROM hot_events;
DROP TABLE hot_events;
"""
"""Of a file in which each field was a column."""


class HotStore:
    """The open file. ``open``, ``reopen`` and ``connection`` are for the thread that writes, ``cursor`` for all others."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.live_path
        self.segments = settings.segments
        self._config: dict[str, str | int | bool] = {
            "checkpoint_threshold": settings.live.checkpoint_threshold,
            "memory_limit": _MEMORY,
            "max_temp_directory_size": _MEMORY,  # else a query may take all the room that the disk has for messages
            "max_vacuum_tasks": 0,  # a checkpoint that joins small groups of rows holds commits for 50 ms and more
            "threads": 1,  # more would only wake each other for so little
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._place: tuple[int, int] | None = None
        self._file = ExitStack()
        self._parent: duckdb.DuckDBPyConnection  # of all cursors: the one that writes is busy, and refuses to make any
        self._lent: set[duckdb.DuckDBPyConnection] = set()
        self._change = threading.Condition()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the connection of the thread that writes."""
        if self._connection is None:
            raise duckdb.ConnectionException(f"{self.path.name} is not open")
        return self._connection

    def open(self, force: bool = False) -> None:
        """Open the file, and make it where there is none; ``force`` has all that it holds on the disk before anybody reads it.

        Raises ``HotStoreDamaged`` or ``WarehouseBusy``.
        """
        damage = damage_of(self.path)
        if damage is not None:
            raise HotStoreDamaged(self.path, damage)
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(open_file(self.path, self._config, 0))
            except duckdb.Error as error:
                if any(word in str(error) for word in _DAMAGE):
                    raise HotStoreDamaged(self.path, str(error)) from error
                raise
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            _prepare(connection)
            if force:
                connection.execute("CHECKPOINT")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            with self._change:
                self._place = _identity(self.path)
                self._connection = connection
                self._parent = stack.enter_context(connection.cursor())
                self._file = stack.pop_all()
                self._change.notify_all()

    def check_place(self) -> None:
        """Raise ``OSError`` where the file that is open is not at its path any more: who opens it next has another one."""
        if self._connection is not None and _identity(self.path) != self._place:
            raise OSError(
                f"somebody has removed or replaced {self.path.name}: a crash would lose what is not yet sealed; "
                "end the service, which seals the rest, and start it again"
            )

    def reopen(self) -> None:
        """Open the file again after an error that leaves open what is durable, and have all that it holds on the disk."""
        self.close()
        self.open(force=True)

    def close(self) -> None:
        """Close the file: readers are interrupted, and waited for."""
        with self._change:
            self._connection = None
            until = time.monotonic() + _RETURN_SECONDS
            while self._lent and time.monotonic() < until:
                for cursor in self._lent:
                    with suppress(duckdb.Error):  # it may just be closed
                        cursor.interrupt()
                self._change.wait(_AGAIN_SECONDS)
        with suppress(duckdb.Error):  # a file that has failed says so again when it is closed
            self._file.close()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a cursor of its own to a thread that reads. Raises ``duckdb.ConnectionException`` where the file is closed."""
        with self._change:
            self._change.wait_for(lambda: self._connection is not None, _RETURN_SECONDS)
            if self._connection is None:
                raise duckdb.ConnectionException(f"{self.path.name} cannot be opened at the moment")
            cursor = self._parent.cursor()
            self._lent.add(cursor)
        try:
            yield cursor
        finally:
            cursor.close()
            with self._change:
                self._lent.discard(cursor)
                self._change.notify_all()

    def sealed(self) -> int:
        """Return the highest sequence number that stands in a segment.

        Also one that was sealed just before a crash, and never said so here.
        """
        on_disk = [*segments.waiting(self.segments), *segments.merged(self.segments)]
        return max(
            [int(scalar(self.connection, "SELECT max(sealed) FROM state")), *(segment.last for segment in on_disk)]
        )

    def last_sequence(self) -> int:
        """Return the highest sequence number that was ever given; rows that were pruned had been sealed."""
        return max(int(scalar(self.connection, "SELECT coalesce(max(sequence), 0) FROM hot_lines")), self.sealed())

    def latest_keys(self, count: int) -> list[bytes]:
        """Return the keys of the latest ``count`` events, oldest first."""
        wanted = (
            """SELECT key FROM hot_lines WHERE sequence > (SELECT max(sequence) - ? FROM hot_lines) ORDER BY sequence"""
        )
        return [key for (key,) in rows(self.connection, wanted, [count])]

    def last_cursor(self, adapter: str) -> str | None:
        """Return what an adapter has to go on from."""
        found = scalar(self.connection, "SELECT arg_max(cursor, number) FROM cursors WHERE adapter = ?", [adapter])
        return None if found is None else str(found)

    def last_cursor_number(self) -> int:
        """Return the highest number that a cursor was stored under."""
        return int(scalar(self.connection, "SELECT coalesce(max(number), 0) FROM cursors"))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where they are not there."""
    connection.execute("BEGIN")
    if scalar(connection, _IS_OLD):
        connection.execute(_CONVERTED)
    connection.execute(_SCHEMA)
    connection.execute("COMMIT")
