"""The commits of a repository that are not stored yet, read and stored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history import lacking, plumbing
from egregora_assets.git_history.ancestry import Ancestry
from egregora_assets.git_history.commit_blocks import Blocks
from egregora_assets.git_history.commits import Commit, Walk, as_table, parent_rows
from egregora_assets.git_history.plumbing import GitError, Repository
from egregora_assets.warehouse.query import changed, read_once, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction

_COMMITS_AT_ONCE = 5_000
_RECENT = 2_000
_FAR = 1_000

log = logging.getLogger(__name__)


def store_new(change: Transaction, repository: Repository, tips: list[str], folder: Path) -> Ancestry:
    """Store the commits behind ``tips`` that are not known, and return who is whose parent among them.

    Raises ``GitError``. A commit whose parents are missing is taken for the beginning of what there is.
    """
    new = list[pa.Table]()
    missing: set[str] = set()
    for some in _read(change.connection, repository, tips, folder, missing):
        _insert_commits(change, repository, some)
        new.append(some.select(["sha", "parents"]))
        log.info("%s: %s commits", repository.name, f"{sum(map(len, new)):,}")
    cut_off = set(repository.boundaries)
    if missing:
        plumbing.check_absent(repository, missing)
        lacking.note(change, repository, missing)
        cut_off.update(_cut_off_missing(change, repository, missing))
    return Ancestry(new, cut_off)


def _read(
    connection: duckdb.DuckDBPyConnection,
    repository: Repository,
    tips: list[str],
    folder: Path,
    missing: set[str],
) -> Iterator[pa.Table]:
    """Yield the commits behind ``tips`` that are not stored, some thousand at a time; adds to ``missing`` what is not there."""
    if not scalar(connection, "SELECT EXISTS (FROM git_commits WHERE repo = ?)", [repository.name]):
        listed = folder / "listed"
        if _list_all(repository, tips, listed):
            yield from _read_listed(repository, listed)
            return
    yield from map(as_table, _walk(connection, repository, tips, missing))


def _list_all(repository: Repository, tips: list[str], listed: Path) -> bool:
    """Write the ids of all commits behind ``tips`` into a file; return false where git finds one of them missing."""
    try:
        plumbing.output_into(listed, repository, "rev-list", "--stdin", lines=tips)
    except GitError as error:
        log.warning("%s: not all commits are here (%s)", repository.name, error)
        return False
    return True


def _read_listed(repository: Repository, listed: Path) -> Iterator[pa.Table]:
    with plumbing.streaming(repository, ("cat-file", "--batch", "--buffer"), listed) as running:
        yield from Blocks(repository.width).tables(running.printed)
        if running.failed():
            raise GitError(f"repository {repository.name}: git ended early: an object may be damaged")


def _walk(
    connection: duckdb.DuckDBPyConnection,
    repository: Repository,
    tips: list[str],
    missing: set[str],
) -> Iterator[list[Commit]]:
    """Walk from ``tips`` to what is stored.

    Only the newest stored commits are loaded at first, for that is where a walk nearly always ends. One that goes far has
    forked off earlier: it goes on with all of them known, and what it has met that is stored is left out.
    """
    recent = "SELECT sha FROM git_commits WHERE repo = $1 ORDER BY committed_at DESC LIMIT $2"
    at_refs = "SELECT commit_sha FROM git_refs WHERE repo = $1 AND commit_sha IS NOT NULL"
    known = {sha for (sha,) in rows(connection, f"({recent}) UNION ALL {at_refs}", [repository.name, _RECENT])}
    has_all = len(known) < _RECENT
    some: list[Commit] = []
    met = 0
    with plumbing.conversing(repository, "cat-file", "--batch") as running:
        walk = Walk(running.questions, running.printed, repository.boundaries)
        for level in walk.commits(tips, known):
            some += level
            met += len(level)
            if met > _FAR and not has_all:
                known.update(
                    sha for (sha,) in rows(connection, "SELECT sha FROM git_commits WHERE repo = ?", [repository.name])
                )
                has_all = True
                some = [commit for commit in some if commit.sha not in known]
            if has_all and len(some) >= _COMMITS_AT_ONCE:
                yield some
                some = []
        missing |= walk.missing
    if not has_all:
        some = _unknown(connection, repository, some)
    if some:
        yield some


def _unknown(connection: duckdb.DuckDBPyConnection, repository: Repository, some: list[Commit]) -> list[Commit]:
    """Return those commits of ``some`` that are not stored."""
    met = pa.table({"sha": pa.array([commit.sha for commit in some], pa.string())})
    with view_of(connection, "met", met):
        stored = rows(
            connection, "SELECT sha FROM git_commits SEMI JOIN met USING (sha) WHERE repo = ?", [repository.name]
        )
    known = {sha for (sha,) in stored}
    return [commit for commit in some if commit.sha not in known]


def _insert_commits(change: Transaction, repository: Repository, some: pa.Table) -> None:
    noted = {"repo": repository.name, "revision": change.revision}
    with view_of(change.connection, "some_commits", read_once(some)):
        changed(
            change.connection,
            """
            INSERT INTO git_commits
            SELECT
                $repo, sha, tree, author_name, author_email, to_timestamp(authored), committer_name, committer_email,
                to_timestamp(committed), subject, message, unreadable, len(parents), list_contains($boundaries, sha), false,
                $revision
            FROM some_commits
            """,
            {**noted, "boundaries": sorted(repository.boundaries)},
        )
    with view_of(change.connection, "some_parents", read_once(parent_rows(some))):
        insert = "INSERT INTO git_commit_parents SELECT $repo, sha, parent_no, parent, $revision FROM some_parents"
        changed(change.connection, insert, noted)


def _cut_off_missing(change: Transaction, repository: Repository, missing: set[str]) -> list[str]:
    """Take commits whose parents are missing for the beginning of what there is; return these."""
    connection = change.connection
    with view_of(connection, "missing_commits", pa.table({"parent": pa.array(sorted(missing), pa.string())})):
        children = "SELECT DISTINCT sha FROM git_commit_parents SEMI JOIN missing_commits USING (parent) WHERE repo = ?"
        cut = [sha for (sha,) in rows(connection, children, [repository.name])]
    sql = "UPDATE git_commits SET is_boundary = true WHERE repo = ? AND list_contains(?::VARCHAR[], sha)"
    changed(connection, sql, [repository.name, cut])
    plumbing.cut_off(repository.shadow, repository.boundaries.union(cut))
    return cut
