"""Opening the DuckDB files: one writer at a time, a bounded wait, and an error that names who holds the lock."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import duckdb

from egregora_assets.config import Settings, WarehouseSettings
from egregora_assets.warehouse.query import scalar

_FIRST_DELAY_SECONDS = 0.02
_LONGEST_DELAY_SECONDS = 0.5
_ROWS_OF_A_THREAD = 122_880
_FEW = 1_000
"""With no more messages and commits no table has as many rows as one thread takes."""
_LOCK_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


class WarehouseBusy(RuntimeError):
    """Another process holds the lock of a DuckDB file.

    ``path`` is the file, ``pid`` and ``command`` the holder as far as the system tells (else ``None``).
    """

    def __init__(self, path: Path, waited: float, pid: int | None, command: str | None) -> None:
        self.path, self.pid, self.command = path, pid, command
        holder = f"process {pid} ({command})" if pid else "another process"
        super().__init__(
            f"{path} is in use by {holder}; waited {waited:.1f} s. Try again when it has finished, "
            "or read the published snapshot, which is never locked."
        )


class NothingPublished(FileNotFoundError):
    """There is no snapshot to read yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"nothing is published yet ({path} is missing): run `egregora ingest` first")


def tuning(settings: WarehouseSettings) -> dict[str, str | int | bool]:
    """Return DuckDB's configuration. Unset values keep DuckDB's defaults.

    The allocator keeps freed memory for the next statement: giving it back after each cost a third of a run's CPU time.
    """
    chosen: dict[str, str | int | bool] = {
        "checkpoint_threshold": settings.checkpoint_threshold,
        "allocator_flush_threshold": "1GB",
        "allocator_bulk_deallocation_flush_threshold": "2GB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if settings.threads is not None:
        chosen["threads"] = settings.threads
    if settings.memory_limit is not None:
        chosen["memory_limit"] = settings.memory_limit
    if settings.temp_directory is not None:
        chosen["temp_directory"] = str(settings.temp_directory)
    return chosen


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a new connection tell times of UTC, and draw no bar on the standard output, as DuckDB does for a long statement."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")


@contextmanager
def open_file(
    path: Path, config: Mapping[str, str | int | bool], wait_seconds: float, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file, waiting at most ``wait_seconds`` for its lock; always closes it.

    Raises ``WarehouseBusy`` when another process keeps the lock.
    """
    connection = _connect(path, config, wait_seconds, read_only)
    try:
        settle(connection)
        yield connection
    finally:
        connection.close()


@contextmanager
def bounded(
    connection: duckdb.DuckDBPyConnection, settings: WarehouseSettings, threads: int, memory: str | None = None
) -> Iterator[None]:
    """Let DuckDB use at most so many threads and so much memory for the block; what does not fit goes to disk.

    Where the user has set a limit, that one stays.
    """
    is_bounded = settings.memory_limit is None and memory is not None
    if is_bounded:
        connection.execute(f"SET memory_limit = '{memory}'")
    try:
        with nullcontext() if settings.threads is not None else using_threads(connection, threads):
            yield
    finally:
        if is_bounded:
            _set(connection, "RESET memory_limit")


@contextmanager
def one_thread_for_few(connection: duckdb.DuckDBPyConnection, settings: WarehouseSettings, few: bool) -> Iterator[None]:
    """Let DuckDB use one thread for the block where there is little to do: waking the others costs more than they take over."""
    with bounded(connection, settings, threads=1) if few else nullcontext():
        yield


@contextmanager
def using_threads(connection: duckdb.DuckDBPyConnection, count: int) -> Iterator[None]:
    """Let DuckDB use so many threads for the block; then as many as before."""
    before = scalar(connection, "SELECT current_setting('threads')")
    if before == count:
        yield
        return
    connection.execute(f"SET threads = {count}")
    try:
        yield
    finally:
        _set(connection, f"SET threads = {before}")


def _set(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Set what holds for all connections, also while an error has made this one's transaction void."""
    with closing(connection.cursor()) as another:
        another.execute(sql)


def fit_threads(connection: duckdb.DuckDBPyConnection, settings: WarehouseSettings) -> None:
    """Let DuckDB use one thread while no table has more rows than it gives to one, and else as many as it likes.

    Every statement wakes the others, which is a quarter of what a small one costs. Where the user has set a number, it stays.
    """
    if settings.threads is None:
        connection.execute("SET threads = 1" if _has_small_tables(connection) else "RESET threads")


def _has_small_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Count what all else is made from first: asked of all its tables, DuckDB makes its own views, for a fourth of an opening."""
    if scalar(connection, "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM git_commits)") <= _FEW:
        return True
    return bool(scalar(connection, "SELECT max(estimated_size) FROM duckdb_tables()") <= _ROWS_OF_A_THREAD)


@contextmanager
def open_snapshot(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published snapshot for reading. Nothing locks it: a publication replaces the file, never changes it.

    The connection can read no other file and load no extension. It is an instance of its own, because all connections
    of a process to one path share theirs: they would see the file that the first of them opened. Raises
    ``NothingPublished``.
    """
    if not settings.snapshot_path.exists():
        raise NothingPublished(settings.snapshot_path)
    with duckdb.connect(config=dict(tuning(settings.warehouse))) as connection:
        settle(connection)
        connection.execute(
            f"ATTACH '{str(settings.snapshot_path).replace(chr(39), chr(39) * 2)}' AS snapshot (READ_ONLY)"
        )
        connection.execute("USE snapshot")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def _connect(
    path: Path, config: Mapping[str, str | int | bool], wait_seconds: float, read_only: bool
) -> duckdb.DuckDBPyConnection:
    began = time.monotonic()
    delay = _FIRST_DELAY_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=dict(config))
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error):
                raise
            waited = time.monotonic() - began
            if waited + delay > wait_seconds:
                raise _busy(path, waited, str(error)) from error
        time.sleep(delay * random.uniform(0.5, 1.0))
        delay = min(delay * 2, _LONGEST_DELAY_SECONDS)


def _busy(path: Path, waited: float, message: str) -> WarehouseBusy:
    found = _LOCK_HOLDER.search(message)
    if found is None:
        return WarehouseBusy(path, waited, None, None)
    pid = int(found["pid"])
    return WarehouseBusy(path, waited, pid, _command_line(pid) or found["program"])


def _command_line(pid: int) -> str | None:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return b" ".join(words).decode("utf-8", "replace").strip()[:200] or None
