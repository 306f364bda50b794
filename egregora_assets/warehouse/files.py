"""The home folder and its private database: made with owner-only rights, opened at the newest schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from egregora_assets.config import Settings
from egregora_assets.warehouse.connection import fit_threads, open_file, tuning
from egregora_assets.warehouse.migrate import migrate

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_OTHERS = 0o077


def make_home(settings: Settings) -> None:
    """Create the home and its folders, readable by their owner only; what exists is left alone."""
    for folder in (
        settings.home,
        settings.inbox,
        settings.media_store,
        settings.git_shadows,
        settings.dagster_home,
        settings.published,
    ):
        _make_private_folder(folder)


def fresh_beside(path: Path) -> Path:
    """Return where a file that is made anew is written before it takes the place of ``path``."""
    return path.with_name(f".{path.name}.new")


def partial_beside(path: Path) -> Path:
    """Return where a copy is written before it takes the place of ``path``."""
    return path.with_name(f".{path.name}.part")


def discard_partial(path: Path) -> None:
    """Remove what a killed process has left of a new form of ``path``: it may hold what must no longer be shown.

    Only for whoever holds the warehouse, as everybody does who writes such a file.
    """
    for leftover in (fresh_beside(path), partial_beside(path)):
        for file in (leftover, leftover.with_name(leftover.name + ".wal")):
            file.unlink(missing_ok=True)


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open ``warehouse.duckdb`` as its one writer; what is made meanwhile is for the owner alone, also in a home that is not.

    Raises ``WarehouseBusy`` or ``SchemaMismatch``.
    """
    make_home(settings)
    for path in (settings.warehouse_path, settings.public_path, settings.snapshot_path):
        _make_private(path)
    wait = settings.warehouse.lock_wait_seconds
    with _private_files(), open_file(settings.warehouse_path, tuning(settings.warehouse), wait) as connection:
        migrate(connection)
        fit_threads(connection, settings.warehouse)
        yield connection


@contextmanager
def _private_files() -> Iterator[None]:
    """Let files that are made in the block be their owner's: DuckDB gives its own the rights that a process gives by default."""
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def _make_private(path: Path) -> None:
    """Take rights of others away that a file has from before."""
    if path.exists() and path.stat().st_mode & _OTHERS:
        path.chmod(_PRIVATE_FILE)


def _make_private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
