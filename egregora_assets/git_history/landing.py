"""With which step of a branch each commit came to it, and the renames that came with a merge.

A merge shows only what it took away and added; which became which may be told by the commits that it brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from egregora_assets.git_history.ancestry import Ancestry
from egregora_assets.git_history.plumbing import Repository
from egregora_assets.git_history.timeline import Extension
from egregora_assets.warehouse.query import arrow, changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction

_MOST_HOPS = 8


def note(change: Transaction, repository: Repository, extension: Extension, new: Ancestry) -> None:
    """Note in ``git_landed`` with which of the steps that were added each commit came; then the renames of merges.

    ``new`` are the commits that were stored in this transaction.
    """
    connection = change.connection
    place = {"repo": repository.name, "branch": extension.branch}
    steps = arrow(
        connection,
        "SELECT sha FROM git_timeline WHERE repo = $repo AND branch = $branch AND seq > $last ORDER BY seq",
        {**place, "last": extension.last},
    )
    shas = steps.column("sha").combine_chunks()
    landed, outside = new.landed(shas)
    if outside - _already(change, place, outside):
        landed, _ = Ancestry([arrow(connection, _NOT_LANDED, place)]).landed(shas)
    with view_of(connection, "landed_now", landed):
        insert = "INSERT INTO git_landed SELECT $repo, $branch, sha, $last + 1 + step, $revision FROM landed_now"
        changed(connection, insert, {**place, "last": extension.last, "revision": change.revision})
    if scalar(connection, "SELECT EXISTS (FROM step_changes WHERE status = 'D')"):
        noted = {**place, "last": extension.last, "revision": change.revision}
        if scalar(connection, _EVER_RENAMED, {"repo": repository.name}):
            changed(connection, _RENAMES, noted)
        if scalar(connection, "SELECT EXISTS (FROM git_undecided WHERE repo = ?)", [repository.name]):
            changed(connection, _UNDECIDED, noted)


_EVER_RENAMED = """
    SELECT EXISTS (FROM step_changes s SEMI JOIN git_renames g ON g.repo = $repo AND g.old_path = s.path WHERE s.status = 'D')
"""
_NOT_LANDED = """
    SELECT sha, if(is_boundary, [], coalesce(list(parent ORDER BY parent_no) FILTER (parent IS NOT NULL), [])) AS parents
    FROM git_commits LEFT JOIN git_commit_parents USING (repo, sha)
    WHERE repo = $repo AND sha NOT IN (SELECT sha FROM git_landed WHERE repo = $repo AND branch = $branch)
    GROUP BY sha, is_boundary
"""


def _already(change: Transaction, place: Mapping[str, object], shas: Iterable[str]) -> set[str]:
    with view_of(change.connection, "met", pa.table({"sha": pa.array(list(shas), pa.string())})):
        sql = "SELECT sha FROM git_landed SEMI JOIN met USING (sha) WHERE repo = $repo AND branch = $branch"
        return {sha for (sha,) in rows(change.connection, sql, place)}


_WAY = f"""
    WITH RECURSIVE merges AS (SELECT sha FROM git_commits WHERE repo = $repo AND parents > 1),
    lost AS MATERIALIZED (
        SELECT s.sha AS step, t.seq, s.path
        FROM step_changes s JOIN git_timeline t ON t.repo = $repo AND t.branch = $branch AND t.sha = s.sha AND t.seq > $last
        WHERE s.status = 'D' AND NOT EXISTS (FROM git_renames g WHERE g.repo = $repo AND g.sha = s.sha AND g.old_path = s.path)
    ),
    edges AS MATERIALIZED (
        SELECT l.seq, g.old_path, g.new_path, g.similarity
        FROM git_landed l JOIN git_renames g ON g.repo = l.repo AND g.sha = l.sha
        WHERE l.repo = $repo AND l.branch = $branch AND l.seq IN (SELECT seq FROM lost) AND l.sha NOT IN (FROM merges)
    ),
    way AS (
        SELECT step, seq, path, path AS now, 100 AS similarity, 0 AS hops FROM lost
        UNION
        SELECT w.step, w.seq, w.path, e.new_path, least(w.similarity, e.similarity), hops + 1
        FROM way w JOIN edges e ON e.seq = w.seq AND e.old_path = w.now WHERE hops < {_MOST_HOPS}
    )
"""
"""Where the commits that a merge brought have moved the paths that it took away. Merges among them do not count.

Their renames are known only where they are steps of a branch that is followed.
"""
_RENAMES = f"""
    INSERT INTO git_renames {_WAY}
    SELECT $repo, step, w.path, now, w.similarity, $revision
    FROM way w JOIN step_changes a ON a.sha = w.step AND a.path = w.now AND a.status <> 'D'
    WHERE hops > 0
    QUALIFY row_number() OVER (PARTITION BY step, w.path ORDER BY hops, similarity DESC, now) = 1
"""
"""Of paths that a merge took away, and git finds no new name for: where the commits that it brought have moved them."""
_UNDECIDED = f"""
    INSERT INTO git_undecided {_WAY}
    SELECT DISTINCT $repo, w.step, w.path, $revision
    FROM way w JOIN git_landed l ON l.repo = $repo AND l.branch = $branch AND l.seq = w.seq
    JOIN git_undecided u ON u.repo = $repo AND u.sha = l.sha AND u.path = w.now
    WHERE u.sha NOT IN (FROM merges)
        AND NOT EXISTS (FROM git_undecided k WHERE k.repo = $repo AND k.sha = w.step AND k.path = w.path)
"""
"""Of those that still have no new name: where one of these commits may have moved them."""
