"""Renames: a path that a commit takes away under one name and adds under another, told by the same or by like content.

The same content is found in SQL, like content by git: while it compares, or where it cannot read a file then, by itself, for
commits that may hold another rename and have all their files here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history.changes import RENAME_SCHEMA, WITH_RENAMES
from egregora_assets.git_history.comparing import Compared
from egregora_assets.git_history.lacking import note
from egregora_assets.git_history.plumbing import Repository, lines_of, output_of, streaming
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

_ARGUMENTS = (*WITH_RENAMES, "--diff-filter=R")

_FILE = 10
"""The first two digits of the mode of a file; links to files and to repositories have others."""

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


def find(change: Transaction, repository: Repository, folder: Path, compared: Compared) -> None:
    """Add to ``git_renames`` those of the new commits, and of the steps in ``step_changes``.

    ``compared`` has what git took for renames while it compared them. ``folder`` is for lists that git reads.
    """
    connection = change.connection
    place = {"repo": repository.name, "revision": change.revision}
    named = _PAIRED.format(key="sha, blob, type, name", sides="FROM rename_sides")
    with temporary(connection, "rename_sides", _SIDES, place) as sides:
        if not sides:
            return
        with temporary(connection, "found_renames", named):
            _find_more(change, repository, folder, compared)
            changed(connection, _KEEP, place)


def _find_more(change: Transaction, repository: Repository, folder: Path, compared: Compared) -> None:
    """Add to ``found_renames`` those under another name, and those that git takes for such."""
    connection = change.connection
    with temporary(connection, "open_sides", _OPEN) as sides:
        if sides:
            changed(
                connection,
                f"INSERT INTO found_renames {_PAIRED.format(key='sha, blob, type', sides='FROM open_sides')}",
            )
    with temporary(connection, "open_sides", f"{_OPEN} WHERE type = {_FILE}") as sides:
        if sides and compared.renames.num_rows:
            _add(connection, compared.renames)
        if sides and compared.untold:
            _find_alike(change, repository, folder, compared.untold)


_KEEP = """
    INSERT INTO git_renames
    SELECT $repo, sha, old_path, new_path, similarity, $revision FROM found_renames f
    WHERE NOT EXISTS (FROM git_renames g WHERE g.repo = $repo AND g.sha = f.sha AND g.old_path = f.old_path)
"""


def _add(connection: duckdb.DuckDBPyConnection, renames: pa.Table) -> None:
    """Add what git takes for renames, of paths that are in none yet."""
    with view_of(connection, "told_renames", renames):
        changed(
            connection,
            """
            INSERT INTO found_renames SELECT t.* FROM told_renames t
            JOIN open_sides d ON d.sha = t.sha AND d.path = t.old_path AND d.status = 'D'
            JOIN open_sides a ON a.sha = t.sha AND a.path = t.new_path AND a.status = 'A'
            """,
        )


def _find_alike(change: Transaction, repository: Repository, folder: Path, shas: list[str]) -> None:
    """Let git look for renames with changes among ``open_sides`` of some commits.

    Paths of which it cannot tell, as files are not here, are noted.
    """
    connection = change.connection
    with (
        view_of(connection, "untold", pa.table({"sha": pa.array(shas, pa.string())})),
        view_of(connection, "file_sizes", _sizes(repository, _blobs(connection))),
        temporary(connection, "sized", _SIZED),
        temporary(connection, "alike", _MAY_BE_ALIKE),
    ):
        listed = [line for (line,) in rows(connection, _TO_COMPARE)]
        unread = _compare(connection, repository, listed, folder)
        _note_undecided(change, repository, unread)


def _blobs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [blob for (blob,) in rows(connection, "SELECT DISTINCT blob FROM open_sides SEMI JOIN untold USING (sha)")]


_SIZED = """
    SELECT s.*, bytes, s.rowid AS place FROM open_sides s SEMI JOIN untold USING (sha) LEFT JOIN file_sizes USING (blob)
"""
_MAY_BE_ALIKE = """
    SELECT sha, d.path, min(d.place) AS place FROM sized d JOIN sized a USING (sha)
    WHERE d.status = 'D' AND a.status = 'A'
        AND (d.bytes IS NULL OR a.bytes IS NULL OR 2 * least(a.bytes, d.bytes) >= greatest(a.bytes, d.bytes))
    GROUP BY sha, d.path
"""
"""Paths that were taken away, where another came that may be alike.

Half of the larger file has to be in the other, so that it cannot be more than twice as large.
"""
_TO_COMPARE = """
    SELECT concat_ws(' ', sha, parent) FROM (SELECT sha, min(place) AS place FROM alike GROUP BY sha)
    LEFT JOIN other_steps USING (sha)
    WHERE sha NOT IN (SELECT sha FROM sized WHERE bytes IS NULL)
    ORDER BY place
"""
"""The commits of which all files concerned are here, with what each is to be compared with, in the order of history."""


def _sizes(repository: Repository, blobs: list[str]) -> pa.Table:
    """Return (blob, bytes) of those files that are here."""
    told = output_of(repository, "cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", lines=blobs)
    answers = (line.split(" ") for line in lines_of(told))
    here = [(blob, int(size)) for blob, size in answers if size.isdigit()]
    return table_of(here, pa.schema([("blob", pa.string()), ("bytes", pa.int64())]))


def _compare(
    connection: duckdb.DuckDBPyConnection, repository: Repository, lines: list[str], folder: Path
) -> list[str]:
    """Add the renames that git finds in some commits; return those commits of which it cannot read a file."""
    given, found, unread = folder / "renames", list[tuple[str, str, str, int]](), list[str]()
    while lines:
        given.write_text("".join(f"{line}\n" for line in lines), "ascii")
        with streaming(repository, _ARGUMENTS, given) as running:
            tokens = running.printed.read().split(b"\0")[:-1]
        told = list(_renames(tokens))
        done = sum(pair is None for _, pair in told)
        unread += [line.partition(" ")[0] for line in lines[done : done + 1]]
        found += [(sha, *pair) for sha, pair in told if pair is not None and sha not in unread]
        lines = lines[done + 1 :]
    _add(connection, table_of(found, RENAME_SCHEMA))
    return unread


def _note_undecided(change: Transaction, repository: Repository, unread: list[str]) -> None:
    """Keep the paths that may be one half of a rename which nobody can tell, and the files that are lacking for it."""
    connection, place = change.connection, {"repo": repository.name, "revision": change.revision}
    with view_of(connection, "not_compared", pa.table({"sha": pa.array(unread, pa.string())})):
        open_commits = "SELECT sha FROM sized WHERE bytes IS NULL UNION SELECT sha FROM not_compared"
        found = f"SELECT sha, path FROM alike WHERE sha IN ({open_commits})"
        if not scalar(connection, f"SELECT EXISTS ({found})"):
            return
        known = "FROM git_undecided u WHERE u.repo = $repo AND u.sha = f.sha AND u.path = f.path"
        insert = (
            f"INSERT INTO git_undecided SELECT $repo, sha, path, $revision FROM ({found}) f WHERE NOT EXISTS ({known})"
        )
        changed(connection, insert, place)
        needed = "SELECT DISTINCT blob FROM sized WHERE sha IN (SELECT sha FROM alike)"
        lacking = f"{needed} AND (bytes IS NULL OR sha IN (SELECT sha FROM not_compared))"
        note(change, repository, (blob for (blob,) in rows(connection, lacking)))


def _renames(tokens: list[bytes]) -> Iterator[tuple[str, tuple[str, str, int] | None]]:
    """Yield (commit, ``None``) for each header, and behind it (commit, (old path, new path, percent of like content))."""
    remaining = iter(tokens)
    sha = ""
    for token in remaining:
        if token.startswith(b":"):
            paths = [path.decode("utf-8", "backslashreplace") for path in islice(remaining, 2)]
            if len(paths) == 2:  # git ends in the middle where a file is missing
                old, new = paths
                yield sha, (old, new, int(token.rpartition(b"R")[2]))
        else:
            sha = token.decode("ascii")
            yield sha, None
