"""The history of a branch as it was seen from the branch: its first-parent chain, and what each step did to each path.

A step counts from the latest committer time on the chain up to it, so that one slow clock cannot hide what came after.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from egregora_assets.git_history import changes, renames
from egregora_assets.git_history.plumbing import Repository, streaming
from egregora_assets.warehouse.query import changed, rows, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def follow(
    change: Transaction, repository: Repository, branch: str, tip: str, new: Mapping[str, str | None], folder: Path
) -> None:
    """Bring the timeline of ``branch`` up to ``tip``; what the branch has left is cut off its end.

    ``new`` has the first parents of the commits that were stored in this transaction.
    """
    chain, junction = _descend(tip, new)
    kept = _place(change, repository, branch, junction)
    only_new = kept is not None
    if kept is None:
        parents = dict(rows(change.connection, _FIRST_PARENTS, [repository.name]))
        on_branch = "SELECT sha, seq FROM git_timeline WHERE repo = ? AND branch = ?"
        places = dict(rows(change.connection, on_branch, [repository.name, branch]))
        chain, junction = _descend(tip, parents, places)
        kept = places.get(junction, 0)
    _cut(change, repository, branch, kept)
    if chain:
        _append(change, repository, branch, chain[::-1], change.revision if only_new else 0)
        _note_versions(change, repository, branch, kept, change.revision if only_new else 0, folder)


def _descend(
    tip: str, parents: Mapping[str, str | None], until: Container[str | None] = ()
) -> tuple[list[str], str | None]:
    """Follow first parents from ``tip`` as far as ``parents`` tell them, and return the way and what comes after it."""
    chain: list[str] = []
    sha: str | None = tip
    while sha is not None and sha not in until and sha in parents:
        chain.append(sha)
        sha = parents[sha]
    return chain, sha


def _place(change: Transaction, repository: Repository, branch: str, sha: str | None) -> int | None:
    """Return the number of the step that is ``sha``: 0 for none, ``None`` where the branch has no such step."""
    if sha is None:
        return 0
    sql = "SELECT seq FROM git_timeline WHERE repo = ? AND branch = ? AND sha = ?"
    found = rows(change.connection, sql, [repository.name, branch, sha])
    return int(found[0][0]) if found else None


_FIRST_PARENTS = """
    SELECT sha, parent FROM git_commits LEFT JOIN (SELECT repo, sha, parent FROM git_commit_parents WHERE parent_no = 1)
    USING (repo, sha) WHERE repo = ? AND NOT is_boundary
    UNION ALL SELECT sha, NULL FROM git_commits WHERE repo = $1 AND is_boundary
""".replace("?", "$1")


def forget(change: Transaction, repository: str, branches: Sequence[str]) -> None:
    """Take away the timelines of all but ``branches`` of a repository."""
    for table in ("git_timeline", "git_path_versions"):
        sql = f"DELETE FROM {table} WHERE repo = ? AND branch NOT IN (SELECT unnest(?::VARCHAR[]))"
        changed(change.connection, sql, [repository, list(branches)])


def _cut(change: Transaction, repository: Repository, branch: str, last: int) -> None:
    for table in ("git_timeline", "git_path_versions"):
        sql = f"DELETE FROM {table} WHERE repo = ? AND branch = ? AND seq > ?"
        changed(change.connection, sql, [repository.name, branch, last])


def _append(change: Transaction, repository: Repository, branch: str, chain: list[str], since: int) -> None:
    """Add steps to the end of a timeline; their commits were stored in revision ``since`` or later."""
    connection, place = change.connection, {"repo": repository.name, "branch": branch}
    ((last, latest),) = rows(
        connection,
        "SELECT coalesce(max(seq), 0), coalesce(max(eff_at), $epoch) FROM git_timeline WHERE repo = $repo AND branch = $branch",
        {**place, "epoch": _EPOCH},
    )
    numbers = pa.array(range(last + 1, last + len(chain) + 1), pa.int32())
    with view_of(connection, "steps", pa.table({"seq": numbers, "sha": pa.array(chain, pa.string())})):
        changed(
            connection,
            """
            INSERT INTO git_timeline
            SELECT $repo, $branch, seq, sha, max(greatest(coalesce(committed_at, $latest), $latest)) OVER (ORDER BY seq), $revision
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
_CHANGE_COLUMNS = "path, status, old_mode, new_mode, old_blob, new_blob"


def _note_versions(
    change: Transaction, repository: Repository, branch: str, last: int, since: int, folder: Path
) -> None:
    """Note what the steps after ``last`` did: of a merge what it brought to the branch, of others what they changed."""
    connection = change.connection
    place = {"repo": repository.name, "branch": branch, "last": last}
    own = "SELECT * FROM git_file_changes WHERE repo = $repo AND revision >= $since"
    changed(connection, _NOTE.format(changes=own), {**place, "since": since, "revision": change.revision})
    nothing = f"SELECT sha, sha AS parent, {_CHANGE_COLUMNS} FROM git_file_changes LIMIT 0"
    with (
        temporary(connection, "other_steps", _OTHERS, {**place, "since": since}) as count,
        temporary(connection, "step_changes", nothing),
    ):
        if count:
            _read_steps(change, repository, folder / "steps")
            noted = {**place, "revision": change.revision}
            changed(connection, _NOTE.format(changes="SELECT * FROM step_changes"), noted)
            renames.find(connection, repository, "step_changes", folder, pairs=True)
            keep_renames(change, repository)


def _read_steps(change: Transaction, repository: Repository, given: Path) -> None:
    """Fill ``step_changes`` with what the commits in ``other_steps`` changed against the parent that stands beside them."""
    connection = change.connection
    lines = rows(connection, "SELECT concat_ws(' ', sha, parent) FROM other_steps ORDER BY sha")
    given.write_text("".join(f"{line}\n" for (line,) in lines), "ascii")
    with streaming(repository, changes.ARGUMENTS, given) as process:
        assert process.stdout is not None
        for table in changes.Changes(repository.width).tables(process.stdout):
            with view_of(connection, "block", table):
                changed(
                    connection,
                    f"INSERT INTO step_changes SELECT sha, parent, {_CHANGE_COLUMNS} "
                    "FROM (SELECT * REPLACE (sha::VARCHAR AS sha) FROM block) JOIN other_steps USING (sha)",
                )


def keep_renames(change: Transaction, repository: Repository) -> None:
    """Put what ``renames.find`` has found into ``git_renames``, but for what is there."""
    changed(
        change.connection,
        """
        INSERT INTO git_renames
        SELECT $repo, sha, old_path, new_path, similarity, $revision FROM found_renames f
        WHERE NOT EXISTS (FROM git_renames g WHERE g.repo = $repo AND g.sha = f.sha AND g.old_path = f.old_path)
        """,
        {"repo": repository.name, "revision": change.revision},
    )
