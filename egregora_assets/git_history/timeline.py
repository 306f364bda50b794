"""The history of a branch as it was seen from the branch: its first-parent chain, and what each step did to each path.

A step counts from the latest committer time on the chain up to it, so that one slow clock cannot hide what came after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from egregora_assets.git_history.ancestry import Ancestry
from egregora_assets.git_history.changes import CHANGE_SCHEMA
from egregora_assets.git_history.plumbing import Repository
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

TABLES = ("git_timeline", "git_landed", "git_path_versions")
"""All that is kept of each branch."""


@dataclass(frozen=True)
class Extension:
    """Steps that were added to the timeline of a branch: those after ``last``, by commits of revision ``since`` or later.

    ``has_left`` says that others were taken away.
    """

    branch: str
    last: int
    since: int
    has_left: bool


def extend(change: Transaction, repository: Repository, branch: str, tip: str, new: Ancestry) -> Extension:
    """Bring the steps of ``branch`` up to ``tip``; what the branch has left is cut off its end.

    ``new`` are the commits that were stored in this transaction.
    """
    chain, junction = new.down(tip)
    last = _place(change, repository, branch, junction)
    only_new = last is not None
    if last is None:
        chain, last = _from_all(change, repository, branch, tip)
    has_left = _cut(change, repository, branch, last)
    since = change.revision if only_new else 0
    if len(chain):
        _append(change, repository, branch, chain, since)
    return Extension(branch, last, since, has_left)


def _from_all(change: Transaction, repository: Repository, branch: str, tip: str) -> tuple[pa.StringArray, int]:
    """Return the way from ``tip`` to a step of the branch, by all that is stored, and the number of that step."""
    parents: dict[str, str | None] = dict(rows(change.connection, _FIRST_PARENTS, [repository.name]))
    on_branch = "SELECT sha, seq FROM git_timeline WHERE repo = ? AND branch = ?"
    places = dict(rows(change.connection, on_branch, [repository.name, branch]))
    chain: list[str] = []
    sha: str | None = tip
    while sha is not None and sha not in places and sha in parents:
        chain.append(sha)
        sha = parents[sha]
    return pa.array(chain, pa.string()), places.get(sha, 0)


def _place(change: Transaction, repository: Repository, branch: str, sha: str | None) -> int | None:
    """Return the number of the step that is ``sha``: 0 for none, ``None`` where the branch has no such step."""
    if sha is None:
        return 0
    sql = "SELECT seq FROM git_timeline WHERE repo = ? AND branch = ? AND sha = ?"
    found = rows(change.connection, sql, [repository.name, branch, sha])
    return int(found[0][0]) if found else None


_FIRST_PARENTS = """
    SELECT sha, parent FROM git_commits LEFT JOIN (SELECT repo, sha, parent FROM git_commit_parents WHERE parent_no = 1)
    USING (repo, sha) WHERE repo = $1 AND NOT is_boundary
    UNION ALL SELECT sha, NULL FROM git_commits WHERE repo = $1 AND is_boundary
"""


def forget(change: Transaction, repository: str, branches: Sequence[str]) -> bool:
    """Take away the timelines of all but ``branches`` of a repository, and return whether there were any."""
    others, place = "WHERE repo = ? AND NOT list_contains(?::VARCHAR[], branch)", [repository, list(branches)]
    there = [table for table in TABLES if scalar(change.connection, f"SELECT EXISTS (FROM {table} {others})", place)]
    for table in there:
        changed(change.connection, f"DELETE FROM {table} {others}", place)
    return bool(there)


def _cut(change: Transaction, repository: Repository, branch: str, last: int) -> bool:
    later = "SELECT EXISTS (FROM git_timeline WHERE repo = ? AND branch = ? AND seq > ?)"
    if not scalar(change.connection, later, [repository.name, branch, last]):
        return False
    for table in TABLES:
        sql = f"DELETE FROM {table} WHERE repo = ? AND branch = ? AND seq > ?"
        changed(change.connection, sql, [repository.name, branch, last])
    return True


def forget_left(change: Transaction, repository: str) -> None:
    """Take away what is known of merges, and of commits at which a clone begins, only because they were steps of a branch."""
    left = """
        SELECT sha FROM git_commits WHERE repo = $repo AND (parents > 1 OR is_boundary)
        AND sha NOT IN (SELECT sha FROM git_timeline WHERE repo = $repo)
    """
    place = {"repo": repository}
    for table in ("git_renames", "git_undecided"):
        changed(change.connection, f"DELETE FROM {table} WHERE repo = $repo AND sha IN ({left})", place)
    unread = f"UPDATE git_commits SET is_unread = false WHERE repo = $repo AND is_unread AND sha IN ({left})"
    changed(change.connection, unread, place)


def _append(change: Transaction, repository: Repository, branch: str, chain: pa.StringArray, since: int) -> None:
    """Add steps, given newest first, to the end of a timeline; their commits were stored in revision ``since`` or later."""
    connection, place = change.connection, {"repo": repository.name, "branch": branch}
    ((last, latest),) = rows(
        connection,
        "SELECT coalesce(max(seq), 0), max(eff_at) FROM git_timeline WHERE repo = $repo AND branch = $branch",
        place,
    )
    numbers = pa.array(np.arange(last + len(chain), last, -1, dtype=np.int32))
    with view_of(connection, "steps", pa.table({"seq": numbers, "sha": chain})):
        changed(
            connection,
            """
            INSERT INTO git_timeline
            SELECT $repo, $branch, seq, sha, max(greatest(committed_at, $latest::TIMESTAMPTZ)) OVER (ORDER BY seq), $revision
            FROM steps JOIN (FROM git_commits WHERE repo = $repo AND revision >= $since) USING (sha)
            """,
            {**place, "latest": latest, "since": since, "revision": change.revision},
        )


_NOTE = """
    INSERT INTO git_path_versions
    SELECT t.repo, t.branch, path, seq, eff_at, t.sha, status, new_mode, new_blob, $revision
    FROM ({changes}) c JOIN git_timeline t USING (sha) WHERE t.repo = $repo AND t.branch = $branch AND t.seq > $last
"""
_OTHERS = """
    SELECT t.sha, p.parent
    FROM git_timeline t JOIN git_commits c ON c.repo = t.repo AND c.sha = t.sha AND (c.parents > 1 OR c.is_boundary)
    LEFT JOIN git_commit_parents p
        ON p.repo = t.repo AND p.sha = t.sha AND p.parent_no = 1 AND p.revision >= $since AND NOT c.is_boundary
    WHERE t.repo = $repo AND t.branch = $branch AND t.seq > $last AND c.revision >= $since
"""
"""Steps whose changes are no commit's own: merges, and the commits at which a shallow clone begins, with their whole tree."""


@contextmanager
def other_steps(change: Transaction, repository: Repository, added: Sequence[Extension]) -> Iterator[None]:
    """Give the tables ``other_steps`` (sha, parent) of the steps that were added, and ``step_changes``, for the block."""
    connection = change.connection
    nothing = "SELECT sha, sha AS parent FROM git_timeline LIMIT 0"
    columns = ", ".join(CHANGE_SCHEMA.names)
    with (
        temporary(connection, "other_steps", nothing),
        temporary(connection, "step_changes", f"SELECT {columns} FROM git_file_changes LIMIT 0"),
    ):
        for extension in added:
            place = {
                "repo": repository.name,
                "branch": extension.branch,
                "last": extension.last,
                "since": extension.since,
            }
            changed(
                connection, f"INSERT INTO other_steps {_OTHERS} AND t.sha NOT IN (SELECT sha FROM other_steps)", place
            )
        yield


def note_versions(change: Transaction, repository: Repository, extension: Extension) -> None:
    """Note what the steps that were added did to each path."""
    noted = {"repo": repository.name, "branch": extension.branch, "last": extension.last, "revision": change.revision}
    own = "SELECT * FROM git_file_changes WHERE repo = $repo AND revision >= $since"
    changed(change.connection, _NOTE.format(changes=own), {**noted, "since": extension.since})
    changed(change.connection, _NOTE.format(changes="SELECT * FROM step_changes"), noted)
