"""Files that are written for readers, as checks read them: those that were written since the check last passed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from egregora_assets.config import Settings
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.revisions import transaction, watermark
from egregora_assets.warehouse.verdict import Verdict

_ENDINGS = (".md", ".json", ".xml")


class File(NamedTuple):
    """A file as it is now: when it was last written (ns), how long it is, and where."""

    touched: int
    bytes: int
    path: str


def files_of_posts(settings: Settings, *endings: str) -> list[File]:
    """Return the posts and sidecars on disk, or those with some endings."""
    folders = [entry for entry in os.scandir(settings.posts) if entry.is_dir()] if settings.posts.exists() else []
    return [file for folder in folders for file in in_folder(folder, endings or _ENDINGS)]


def in_folder(folder: os.PathLike[str], endings: tuple[str, ...] = _ENDINGS) -> Iterator[File]:
    """Yield the files of a folder that we write for readers."""
    for entry in os.scandir(folder):
        if entry.name.endswith(endings):
            yield seen_file(entry)


def seen_file(file: os.DirEntry[str] | Path) -> File:
    """Return how a file is now."""
    found = file.stat()
    return File(found.st_mtime_ns, found.st_size, os.fspath(file))


def counting_each(connection: duckdb.DuckDBPyConnection, sql: str) -> Callable[[list[str]], Sequence[int]]:
    """Return what counts by ``sql``, which gives one row of numbers, as ``counting`` does."""
    return lambda paths: [int(number) for number in rows(connection, sql, [paths])[0]]


def counting(connection: duckdb.DuckDBPyConnection, sql: str) -> Callable[[list[str]], int]:
    """Return what counts by ``sql``, whose parameter is the paths of the files."""
    return lambda paths: int(scalar(connection, sql, [paths]))


def none_among_new(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[File],
    check: str,
    count: Callable[[list[str]], int],
    rules: str,
    complaint: str = "show it",
) -> Verdict:
    """Let ``count`` look at the files that were written since it last found none, and at all of them under other ``rules``."""
    return none_of_each(connection, files, check, (check,), lambda paths: [count(paths)], rules, complaint)


def none_of_each(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[File],
    check: str,
    checks: Sequence[str],
    count: Callable[[list[str]], Sequence[int]],
    rules: str,
    complaint: str = "show it",
) -> Verdict:
    """Answer ``check`` as ``none_among_new`` does, where one reading of the files answers several ``checks`` in their order.

    Those that find nothing need not read them again.
    """
    newest = max((file.touched for file in files), default=0)
    state = f"{rules} {newest} {len(files)} {sum(file.touched + file.bytes for file in files)}"
    seen = watermark(connection, f"check:{check}").fingerprint
    if seen == state:
        return Verdict(True, "no file has changed since the last look", {"files": 0})
    since = int(seen.split()[1]) if seen.startswith(f"{rules} ") else 0
    paths = [file.path for file in files if file.touched >= since]
    found = dict(zip(checks, count(paths) if paths else [0] * len(checks), strict=True))
    for other, places in found.items():
        if not places and (other == check or watermark(connection, f"check:{other}").fingerprint == seen):
            with transaction(connection, f"check:{other}") as change:
                change.advance(state, even_unchanged=True)
    return Verdict(
        found[check] == 0, f"{found[check]} places in {len(paths)} new files that {complaint}", {"files": found[check]}
    )
