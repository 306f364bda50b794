"""What commits changed, stored: of new commits with one parent, and of other steps of a timeline.

``git_file_changes`` gets the former. The latter are merges, of which counts what they brought to the branch, and commits at
which a shallow clone begins; they stand in ``other_steps`` (sha, parent), and their changes come into ``step_changes``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.git_history import changes, lacking, plumbing
from egregora_assets.git_history.plumbing import GitError, Repository
from egregora_assets.warehouse.query import changed, read_once, rows, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

log = logging.getLogger(__name__)

_TO_COMPARE = """
    SELECT concat_ws(' ', c.sha, s.parent)
    FROM git_commits c LEFT JOIN other_steps s USING (sha)
    WHERE repo = $repo AND (s.sha IS NOT NULL OR (revision = $revision AND parents < 2 AND NOT is_boundary))
    ORDER BY c.rowid
"""
"""All in one list, in the order of history: git keeps what it has read of one commit for those beside it."""


class Compared(NamedTuple):
    """What git took for renames on the way, with ``RENAME_SCHEMA``, and the commits of which it was not asked that.

    ``untold`` are all those from the first on of which it could not read a file: others may lack more.
    """

    renames: pa.Table
    untold: list[str]


def compare(change: Transaction, repository: Repository, folder: Path) -> Compared:
    """Store what commits changed, and mark those of which that cannot be read. Raises ``GitError``.

    A clone without all its folders ("treeless") shows no changes where a folder is missing, or ends git.
    """
    place: dict[str, object] = {"repo": repository.name, "revision": change.revision}
    given = folder / "compared"
    left = _write_list(change.connection, place, given)
    steps = pa.array([sha for (sha,) in rows(change.connection, "SELECT sha FROM other_steps")], pa.string())
    renames, untold, unread = list[pa.Table](), list[str](), list[str]()
    arguments: tuple[str, ...] = changes.WITH_RENAMES
    while left:
        reader = _insert_changes(change, repository, given, arguments, steps)
        renames += reader.renames
        left -= reader.headers
        listed = given.read_text("ascii").splitlines()[reader.headers :] if left else []
        if arguments is changes.WITH_RENAMES:
            arguments = changes.WITHOUT_RENAMES
            untold = [line.partition(" ")[0] for line in listed]
        elif left:
            unread.append(listed.pop(0).partition(" ")[0])
            left -= 1
        given.write_text("".join(f"{line}\n" for line in listed), "ascii")
    if unread:
        _mark_unread(change, repository, unread)
    _check(change, repository)
    return Compared(pa.concat_tables([changes.RENAME_SCHEMA.empty_table(), *renames]), untold)


def _write_list(connection: duckdb.DuckDBPyConnection, place: dict[str, object], given: Path) -> int:
    """Write what is to be compared into a file, and return how many lines that are."""
    count = 0
    with given.open("w", encoding="ascii") as file:
        for batch in connection.sql(_TO_COMPARE, params=place).to_arrow_reader(_LINES_AT_ONCE):
            file.writelines(f"{line}\n" for line in batch.column(0).to_pylist())
            count += batch.num_rows
    return count


_LINES_AT_ONCE = 10_000


def _insert_changes(
    change: Transaction, repository: Repository, given: Path, arguments: Sequence[str], steps: pa.StringArray
) -> changes.Changes:
    """Insert what ``git diff-tree`` shows of the commits in a file, and return what has read it."""
    reader = changes.Changes(repository.width)
    with plumbing.streaming(repository, arguments, given) as running:
        for table in reader.tables(running.printed):
            own, of_steps = _parted(table, steps)
            insert = f"INSERT INTO git_file_changes SELECT $repo, {_COLUMNS}, $revision FROM block"
            _insert(change, insert, own, {"repo": repository.name, "revision": change.revision})
            _insert(change, f"INSERT INTO step_changes SELECT {_COLUMNS} FROM block", of_steps)
    return reader


_COLUMNS = ", ".join(changes.CHANGE_SCHEMA.names)


def _insert(change: Transaction, sql: str, block: pa.Table, parameters: dict[str, object] | None = None) -> None:
    if block.num_rows:
        with view_of(change.connection, "block", read_once(block)):
            changed(change.connection, sql, parameters)


def _parted(table: pa.Table, steps: pa.StringArray) -> tuple[pa.Table, pa.Table]:
    """Return the changes of commits, and those of other steps."""
    (shas,) = table.column("sha").chunks
    is_step = np.asarray(pc.is_in(shas.dictionary, steps))[np.asarray(shas.indices)]
    if not is_step.any():
        return table, table.slice(0, 0)
    return table.filter(pa.array(~is_step)), table.filter(pa.array(is_step))


def _mark_unread(change: Transaction, repository: Repository, shas: list[str]) -> None:
    log.warning("%s: what %s commits changed cannot be read: folders are missing", repository.name, f"{len(shas):,}")
    sql = "UPDATE git_commits SET is_unread = true WHERE repo = ? AND list_contains(?::VARCHAR[], sha)"
    changed(change.connection, sql, [repository.name, shas])
    parents = """
        SELECT parent FROM git_commit_parents JOIN git_commits c ON c.repo = $repo AND c.sha = parent
        WHERE git_commit_parents.repo = $repo AND parent_no = 1 AND list_contains($shas::VARCHAR[], git_commit_parents.sha)
    """
    behind = rows(change.connection, parents, {"repo": repository.name, "shas": shas})
    lacking.note(change, repository, lacking.folders_behind(repository, [*shas, *(sha for (sha,) in behind)]))


def without_rows(connection: duckdb.DuckDBPyConnection, since: int) -> list[tuple[str, str, str, str | None]]:
    """Return (repository, commit, folder, folder of its parent) of commits that changed theirs though no change is known.

    ``since`` is the revision from which on they were stored.
    """
    with temporary(connection, "without_rows", _WITHOUT_ROWS, {"since": since}) as count:
        return rows(connection, _DIFFERING, {"since": since}) if count else []


_WITHOUT_ROWS = """
    SELECT repo, sha, tree
    FROM (FROM git_commits WHERE revision >= $since)
    ANTI JOIN (SELECT repo, sha FROM git_file_changes WHERE revision >= $since) USING (repo, sha)
    WHERE parents < 2 AND NOT is_boundary AND NOT is_unread
"""
"""Commits of which no change is known: mostly there are none."""
_DIFFERING = """
    SELECT c.repo, c.sha, c.tree, p.tree AS parent_tree
    FROM without_rows c
    LEFT JOIN (FROM git_commit_parents WHERE revision >= $since) cp ON cp.repo = c.repo AND cp.sha = c.sha
    LEFT JOIN git_commits p ON p.repo = c.repo AND p.sha = cp.parent
    WHERE c.tree IS DISTINCT FROM p.tree ORDER BY 1
"""
"""Those of them whose folder differs from that of their parent."""


def _check(change: Transaction, repository: Repository) -> None:
    """Mark commits that show no change because folders are missing. Raises ``GitError`` where changes were lost otherwise."""
    found = without_rows(change.connection, change.revision)
    unread, lost = judged(repository, [(sha, tree, parent_tree) for _, sha, tree, parent_tree in found])
    if lost:
        raise GitError(f"repository {repository.name}: git shows no change of commit {min(lost)}, which has some")
    if unread:
        _mark_unread(change, repository, unread)


def judged(repository: Repository, found: Sequence[tuple[str, str, str | None]]) -> tuple[list[str], list[str]]:
    """Return which of some commits, given with their folder and their parent's, cannot be read, and which changed something.

    Folders may differ and yet hold the same for git: old versions of it wrote more modes than it compares.
    """
    trees = {tree for _, *both in found for tree in both if tree is not None}
    entries: dict[str | None, set[bytes] | None] = {tree: _entries(repository, tree) for tree in trees}
    entries[None] = set()
    unread = [sha for sha, *both in found if any(entries[tree] is None for tree in both)]
    lost = [sha for sha, tree, parent_tree in found if sha not in unread and entries[tree] != entries[parent_tree]]
    return unread, lost


def _entries(repository: Repository, tree: str) -> set[bytes] | None:
    """Return what stands in a folder and those below, as git compares it; ``None`` where some of it is not here."""
    try:
        told = plumbing.output_of(repository, "ls-tree", "-r", "-z", "--full-tree", tree)
    except GitError:
        return None
    return {_ODD_MODE.sub(_usual_mode, entry) for entry in told.split(b"\0")[:-1]}


_ODD_MODE = re.compile(rb"^100[0-7]{3}")


def _usual_mode(found: re.Match[bytes]) -> bytes:
    """Return one of the two modes of a file that count, for any that old versions of git have written."""
    return b"100755" if int(found[0], 8) & 0o100 else b"100644"
