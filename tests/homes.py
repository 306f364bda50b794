"""Homes whose warehouse has its schema already: a copy is opened in a third of the time that a new file takes to be migrated."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from egregora_assets.config import Settings
from egregora_assets.warehouse.connection import open_file, tuning
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.migrate import migrate

_AT_ONCE = 8
"""No test has more homes of its own than this: no two of them are the same warehouse by their ids."""

_numbers = itertools.cycle(range(_AT_ONCE))


def make_ready_home(settings: Settings) -> None:
    """Make a home in which nothing has happened but that its empty warehouse was opened once."""
    make_home(settings)
    shutil.copyfile(_empty_warehouse(next(_numbers)), settings.warehouse_path)


def copied_home(made: Path, settings: Settings) -> Settings:
    """Copy a home that was ``made`` once, for all tests of a file, to where ``settings`` have theirs; returns ``settings``."""
    shutil.copytree(made, settings.home, dirs_exist_ok=True)
    return settings


@contextmanager
def ready_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give an empty warehouse in no home."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        shutil.copyfile(_empty_warehouse(next(_numbers)), settings.warehouse_path)
        with open_file(settings.warehouse_path, tuning(settings.warehouse), 0) as connection:
            yield connection


@cache
def _empty_warehouse(number: int) -> Path:
    folder = _folder()
    settings = Settings(home=Path(folder.name) / str(number))
    with open_warehouse(settings):
        pass
    return settings.warehouse_path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of this process, which is removed when it ends."""
    return tempfile.TemporaryDirectory(prefix="egregora-tests-")


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory, in UTC, with its schema and nothing else."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
        yield connection
