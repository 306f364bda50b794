"""Renames: a path that a commit takes away under one name and adds under another, told by the same or by like content.

The same content is found in SQL. Git reads files only for commits that may hold another rename and have all their files here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history.plumbing import Repository, lines_of, output_of, streaming
from egregora_assets.warehouse.query import changed, rows, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

_ARGUMENTS = (
    "diff-tree",
    "--stdin",
    "-r",
    "-z",
    "--raw",
    "--root",
    "--no-abbrev",
    "-M50%",
    "-l1000",
    "--diff-filter=R",
)

_FILE = 10
"""The first two digits of the mode of a file; links to files and to repositories have others."""

_RENAME_SCHEMA = pa.schema(
    [("sha", pa.string()), ("old_path", pa.string()), ("new_path", pa.string()), ("similarity", pa.int32())]
)
_SIDES = """
    WITH shown AS MATERIALIZED (
        SELECT sha, path, status, old_blob, new_blob, old_mode, new_mode
        FROM git_file_changes WHERE repo = $repo AND revision = $revision AND status IN ('A', 'D')
        UNION ALL
        SELECT sha, path, status, old_blob, new_blob, old_mode, new_mode FROM step_changes WHERE status IN ('A', 'D')
    )
    SELECT sha, path, status, if(status = 'D', old_blob, new_blob) AS blob, parse_filename(path, false, 'forward_slash') AS name,
        if(status = 'D', old_mode, new_mode) // 10000 AS type
    FROM shown WHERE sha IN (SELECT sha FROM shown GROUP BY sha HAVING count(DISTINCT status) = 2)
"""
"""Paths added and taken away by commits that do both, among which alone there can be renames."""
_PAIRED = """
    WITH numbered AS (
        SELECT *, row_number() OVER (PARTITION BY {key}, status ORDER BY path) AS n FROM ({sides})
    )
    SELECT sha, d.path AS old_path, a.path AS new_path, 100 AS similarity
    FROM (FROM numbered WHERE status = 'D') d JOIN (FROM numbered WHERE status = 'A') a USING ({key}, n)
"""
_OPEN = """
    SELECT s.* FROM rename_sides s ANTI JOIN (
        SELECT sha, unnest([old_path, new_path]) AS path FROM found_renames
    ) f USING (sha, path)
"""


def find(change: Transaction, repository: Repository, folder: Path) -> None:
    """Add to ``git_renames`` those of the new commits, and of the steps in ``step_changes``.

    ``folder`` is for lists that git reads.
    """
    connection = change.connection
    place = {"repo": repository.name, "revision": change.revision}
    named = _PAIRED.format(key="sha, blob, type, name", sides="FROM rename_sides")
    with temporary(connection, "rename_sides", _SIDES, place) as sides:
        if not sides:
            return
        with temporary(connection, "found_renames", named):
            _find_more(connection, repository, folder)
            changed(connection, _KEEP, place)


def _find_more(connection: duckdb.DuckDBPyConnection, repository: Repository, folder: Path) -> None:
    """Add to ``found_renames`` those under another name, and those that git takes for such."""
    with temporary(connection, "open_sides", _OPEN) as sides:
        if sides:
            changed(
                connection,
                f"INSERT INTO found_renames {_PAIRED.format(key='sha, blob, type', sides='FROM open_sides')}",
            )
    with temporary(connection, "open_sides", _OPEN) as sides:
        listed = _candidates(connection, repository) if sides else []
        if listed:
            _compare(connection, repository, listed, folder)


_KEEP = """
    INSERT INTO git_renames
    SELECT $repo, sha, old_path, new_path, similarity, $revision FROM found_renames f
    WHERE NOT EXISTS (FROM git_renames g WHERE g.repo = $repo AND g.sha = f.sha AND g.old_path = f.old_path)
"""


def _candidates(connection: duckdb.DuckDBPyConnection, repository: Repository) -> list[str]:
    """Return the commits that may hold a rename with changes, of which all files concerned are here.

    Each stands with what it is to be compared with, as git reads it.
    """
    asked = rows(connection, f"SELECT DISTINCT blob FROM open_sides WHERE type = {_FILE}")
    blobs = [blob for (blob,) in asked]
    if not blobs:
        return []
    with view_of(connection, "file_sizes", _sizes(repository, blobs)):
        found = rows(connection, _MAY_BE_ALIKE)
    return [line for (line,) in found]


_MAY_BE_ALIKE = f"""
    WITH sized AS (
        SELECT sha, status, bytes, open_sides.rowid AS place FROM open_sides LEFT JOIN file_sizes USING (blob) WHERE type = {_FILE}
    )
    SELECT concat_ws(' ', sha, parent)
    FROM (
        SELECT sha, min(d.place) AS place FROM sized d JOIN sized a USING (sha)
        WHERE d.status = 'D' AND a.status = 'A' AND 2 * least(a.bytes, d.bytes) >= greatest(a.bytes, d.bytes)
        GROUP BY sha
    )
    LEFT JOIN other_steps USING (sha)
    WHERE sha NOT IN (SELECT sha FROM sized WHERE bytes IS NULL)
    ORDER BY place
"""
"""Half of the larger file has to be in the other, so that it cannot be more than twice as large. In the order of history."""


def _sizes(repository: Repository, blobs: list[str]) -> pa.Table:
    """Return (blob, bytes) of those files that are here."""
    told = output_of(repository, "cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", lines=blobs)
    answers = (line.split(" ") for line in lines_of(told))
    here = [(blob, int(size)) for blob, size in answers if size.isdigit()]
    columns = zip(*here, strict=True) if here else ([], [])
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, (pa.string(), pa.int64()), strict=True)]
    return pa.table(arrays, names=["blob", "bytes"])


def _compare(connection: duckdb.DuckDBPyConnection, repository: Repository, lines: list[str], folder: Path) -> None:
    """Add what git takes for renames, of paths that are in none yet."""
    given = folder / "renames"
    given.write_text("".join(f"{line}\n" for line in lines), "ascii")
    with streaming(repository, _ARGUMENTS, given) as process:
        assert process.stdout is not None
        tokens = process.stdout.read().split(b"\0")[:-1]
    found = list(_renames(tokens))
    columns = zip(*found, strict=True) if found else ([] for _ in _RENAME_SCHEMA)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, _RENAME_SCHEMA, strict=True)]
    with view_of(connection, "compared", pa.Table.from_arrays(arrays, schema=_RENAME_SCHEMA)):
        changed(
            connection,
            """
            INSERT INTO found_renames SELECT c.* FROM compared c
            JOIN open_sides d ON d.sha = c.sha AND d.path = c.old_path AND d.status = 'D'
            JOIN open_sides a ON a.sha = c.sha AND a.path = c.new_path AND a.status = 'A'
            """,
        )


def _renames(tokens: list[bytes]) -> Iterator[tuple[str, str, str, int]]:
    """Yield (commit, old path, new path, percent of like content): a header, or a description and two paths."""
    remaining = iter(tokens)
    sha = ""
    for token in remaining:
        if token.startswith(b":"):
            paths = [path.decode("utf-8", "backslashreplace") for path in islice(remaining, 2)]
            if len(paths) == 2:  # git ends in the middle where a file is missing
                old, new = paths
                yield sha, old, new, int(token.rpartition(b"R")[2])
        else:
            sha = token.decode("ascii")
