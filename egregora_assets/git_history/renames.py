"""Renames: a path that a commit takes away under one name and adds under another, told by the same or by like content.

The same content is found in SQL. Git reads files only for commits that may hold another rename and have all their files here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history.plumbing import Repository, output_of, streaming
from egregora_assets.warehouse.query import changed, rows, temporary, view_of

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
_AT_ONCE = 500

_RENAME_SCHEMA = pa.schema(
    [("sha", pa.string()), ("old_path", pa.string()), ("new_path", pa.string()), ("similarity", pa.int32())]
)
_SIDES = """
    SELECT sha, path, status, if(status = 'D', old_blob, new_blob) AS blob, parse_filename(path, false, 'forward_slash') AS name,
        if(status = 'D', old_mode, new_mode) // 10000 AS type
    FROM {source} WHERE status IN ('A', 'D') AND sha IN (
        SELECT sha FROM {source} GROUP BY sha HAVING count(*) FILTER (status = 'A') > 0 AND count(*) FILTER (status = 'D') > 0
    )
"""
"""Paths added and taken away by commits that do both, among which alone there can be renames."""
_PAIRED = """
    SELECT d.sha, d.path AS old_path, a.path AS new_path, 100 AS similarity
    FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY path) AS n FROM rename_sides WHERE status = 'D' AND {free}) d
    JOIN (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY path) AS n FROM rename_sides WHERE status = 'A' AND {free}) a
    USING ({key}, n)
"""
_FREE = """
    (sha, path) NOT IN (SELECT (sha, old_path) FROM found_renames UNION ALL SELECT (sha, new_path) FROM found_renames)
"""


def find(
    connection: duckdb.DuckDBPyConnection, repository: Repository, source: str, folder: Path, pairs: bool = False
) -> int:
    """Fill the table ``found_renames`` (sha, old_path, new_path, similarity) from the change rows of ``source``.

    ``pairs``: ``source`` has a column ``parent`` with which each commit was compared, instead of its only one. ``folder`` is
    for lists of commits that git reads. Returns the number of renames.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE found_renames (sha VARCHAR, old_path VARCHAR, new_path VARCHAR, similarity INTEGER)"
    )
    with temporary(connection, "rename_sides", _SIDES.format(source=source)) as sides:
        if not sides:
            return 0
        for key in ("sha, blob, type, name", "sha, blob, type"):
            changed(connection, f"INSERT INTO found_renames {_PAIRED.format(key=key, free=_FREE)}")
        left = f"SELECT sha, path, status, blob, type FROM rename_sides WHERE {_FREE}"
        with temporary(connection, "open_sides", left):
            listed = _candidates(connection, repository)
            if listed:
                _compare(connection, repository, _asked(connection, source, listed, pairs), folder)
    return len(rows(connection, "SELECT 1 FROM found_renames"))


def _candidates(connection: duckdb.DuckDBPyConnection, repository: Repository) -> list[str]:
    """Return the commits that may hold a rename with changes, of which all files concerned are here."""
    both = """
        SELECT sha FROM open_sides WHERE type = 10 GROUP BY sha
        HAVING count(*) FILTER (status = 'A') > 0 AND count(*) FILTER (status = 'D') > 0
    """
    asked = rows(connection, f"SELECT DISTINCT blob FROM open_sides WHERE sha IN ({both}) AND type = 10")
    blobs = [blob for (blob,) in asked]
    if not blobs:
        return []
    missing = pa.table({"blob": pa.array(_missing(repository, blobs), pa.string())})
    with view_of(connection, "missing_blobs", missing):
        lacking = "SELECT sha FROM open_sides SEMI JOIN missing_blobs USING (blob)"
        found = rows(connection, f"SELECT sha FROM ({both}) WHERE sha NOT IN ({lacking}) ORDER BY sha")
    return [sha for (sha,) in found]


def _missing(repository: Repository, blobs: list[str]) -> list[str]:
    told = (
        output_of(repository, "cat-file", "--batch-check=%(objectname)", "--buffer", lines=blobs).decode().splitlines()
    )
    return [line.partition(" ")[0] for line in told if line.endswith(" missing")]


def _asked(connection: duckdb.DuckDBPyConnection, source: str, shas: list[str], pairs: bool) -> list[str]:
    if not pairs:
        return shas
    with view_of(connection, "listed", pa.table({"sha": shas})):
        found = rows(
            connection, f"SELECT DISTINCT sha || ' ' || parent FROM {source} SEMI JOIN listed USING (sha) ORDER BY 1"
        )
    return [line for (line,) in found]


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
            old, new = (next(remaining).decode("utf-8", "backslashreplace") for _ in range(2))
            yield sha, old, new, int(token.rpartition(b"R")[2])
        else:
            sha = token.decode("ascii")
