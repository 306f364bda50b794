"""Many look-ups in a repository that no memory knows: a list of paths and times in, which version was current out.

The repository is read into memory for the length of one call; nothing is kept of it.
"""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.config import WarehouseSettings
from egregora_assets.git_history import sync
from egregora_assets.git_history.history import stored_path
from egregora_assets.git_history.repositories import Source, Unanswerable
from egregora_assets.git_history.resolver import resolved
from egregora_assets.warehouse.connection import settle, tuning
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import rows, scalar, view_of

ASKED = ("path", "t_epoch")
ANSWERED = (*ASKED, "state", "tip_commit", "blob")

_NAME = "given"
_SECONDS = re.compile(r"[+-]?(?:\d{1,4000}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_TO_QUOTE = re.compile(r'[",\r\n]')
_LAST_SECOND = 9_000_000_000_000
"""What DuckDB can hold as a time ends not long after; before and behind it, nothing changes any more."""


def answered(folder: Path, listed: bytes, branch: str | None = None, exact: bool = True) -> bytes:
    """Return CSV with the columns ``ANSWERED``, one record for each of ``listed``, in order; both have a header.

    ``listed`` is CSV with the columns ``ASKED``: a path, in any bytes, and seconds since 1970, which may be negative or a
    fraction; both are repeated as they are. ``branch`` is by default the one that HEAD is on. Without ``exact``, a path that the
    branch never had is looked for as ``resolved`` does. Fields are empty where there is nothing to tell. Raises
    ``Unanswerable``, with the number of a line that cannot be read, or ``GitError``.
    """
    paths, times, seconds = _questions(listed.decode("utf-8-sig", "surrogateescape"))
    with _read(folder, branch) as (connection, followed):
        answers = _look_up(connection, followed, [stored_path(path) for path in paths], seconds, exact)
    told = [ANSWERED, *zip(paths, times, *zip(*answers, strict=True), strict=True)] if answers else [ANSWERED]
    return "".join(f"{','.join(map(_field, record))}\n" for record in told).encode("utf-8", "surrogateescape")


def _look_up(
    connection: duckdb.DuckDBPyConnection, branch: str, paths: list[str], seconds: list[int], exact: bool
) -> list[tuple[str | None, ...]]:
    """Return state, tip and blob for each path and time, in order."""
    asked = pa.table(
        {
            "id": pa.array(range(len(paths)), pa.int64()),
            "branch": pa.repeat(branch, len(paths)),
            "path": pa.array(paths, pa.string()),
            "seconds": pa.array(seconds, pa.int64()),
        }
    )
    question = f"SELECT id, '{_NAME}' AS repo, branch, path, to_timestamp(seconds) AS time FROM asked"
    with view_of(connection, "asked", asked), resolved(connection, question, exact):
        return rows(connection, "SELECT state, tip, blob FROM resolved_paths ORDER BY id")


def _field(value: str | None) -> str:
    """Return a field of CSV; the module ``csv`` leaves a lone CR bare where records end with LF, and cannot read it back."""
    if value is None:
        return ""
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if _TO_QUOTE.search(value) else value


@contextmanager
def _read(folder: Path, branch: str | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Read a repository into memory, and give it with the name of the branch; what is on disk meanwhile is temporary."""
    with tempfile.TemporaryDirectory(prefix="egregora-") as scratch:
        settings = WarehouseSettings(temp_directory=Path(scratch))
        with duckdb.connect(config=dict(tuning(settings))) as connection:
            settle(connection)
            migrate(connection)
            source = Source(_NAME, folder.absolute(), (branch,) if branch else ())
            sync.refresh(connection, source, Path(scratch), limits=settings)
            ((followed,),) = rows(connection, "SELECT branches[1] FROM git_repos")
            if branch and not scalar(connection, "SELECT EXISTS (FROM git_timeline)"):
                raise Unanswerable(f"{folder} has no branch {branch!r}")
            yield connection, followed


def _questions(text: str) -> tuple[list[str], list[str], list[int]]:
    """Return paths, times as they are written, and times in whole seconds. Raises ``Unanswerable``."""
    paths: list[str] = []
    times: list[str] = []
    seconds: list[int] = []
    for line, record in _records(text):
        if len(record) != len(ASKED):
            raise Unanswerable(f"line {line}: there are {len(record)} fields, not {len(ASKED)}: {','.join(ASKED)}")
        path, time = record
        paths.append(path)
        times.append(time)
        seconds.append(_whole_seconds(line, time))
    return paths, times, seconds


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records behind the header, each with the number of its first line; empty lines at the end are none."""
    reader = csv.reader(io.StringIO(text.rstrip("\r\n") + "\n", newline=""), strict=True)
    line = 1
    try:
        header = next(reader)
        if tuple(header) != ASKED:
            raise Unanswerable(f"line 1: the list has to begin with the line {','.join(ASKED)}")
        line = reader.line_num + 1
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unanswerable(f"line {line}: this is no CSV: {error}") from error


def _whole_seconds(line: int, time: str) -> int:
    """Return the second in which a time is: commits have no parts of seconds."""
    told = time.strip()
    if not _SECONDS.fullmatch(told):
        raise Unanswerable(f"line {line}: {time[:40]!r} is no time in seconds since 1970, such as 1700000000 or -1.5")
    seconds = int(told) if told.lstrip("+-").isdigit() else float(told)
    return math.floor(max(-_LAST_SECOND, min(_LAST_SECOND, seconds)))
