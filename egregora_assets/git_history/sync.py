"""One pass over the configured repositories: what is new in each is stored, in one transaction that holds or does not happen.

Commits are facts and stay, whatever a branch is moved to; refs and timelines follow.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history import changes, plumbing, renames, timeline
from egregora_assets.git_history.commits import Commit, Walk, answers, as_table, parsed
from egregora_assets.git_history.plumbing import GitError, Ref, Repository
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "git"
_COMMITS_AT_ONCE = 5_000
_RECENT = 20_000
_FAR = 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A repository to follow. ``branches`` are full names of refs; none: the branch that HEAD is on.

    ``web``, ``forge`` and ``permalink`` say where it can be looked at, as the settings do.
    """

    name: str
    folder: Path
    branches: tuple[str, ...] = ()
    web: str | None = None
    forge: str | None = None
    permalink: str | None = None


@dataclass(frozen=True)
class GitChanges:
    """What one pass has found new. ``problems`` tell which repositories could not be read, and why."""

    repositories: int = 0
    commits: int = 0
    moved_refs: int = 0
    problems: tuple[str, ...] = ()


def refresh_all(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], shadows: Path, full: bool = False
) -> GitChanges:
    """Bring the git tables up to date with ``sources``, one transaction for each; ``full`` reads all of them anew.

    A repository that cannot be read keeps what is stored of it, and stops none of the others.
    """
    outcome = GitChanges()
    for source in sources:
        try:
            one = refresh(connection, source, shadows, full)
        except GitError as error:
            log.warning("%s", error)
            outcome = replace(outcome, problems=(*outcome.problems, str(error)))
        else:
            outcome = replace(
                outcome,
                repositories=outcome.repositories + 1,
                commits=outcome.commits + one.commits,
                moved_refs=outcome.moved_refs + one.moved_refs,
            )
    return outcome


def refresh(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    shadows: Path,
    full: bool = False,
    first_parents_only: bool = False,
) -> GitChanges:
    """Bring the git tables up to date with one repository. ``shadows`` is a folder of ours for what git needs.

    ``first_parents_only`` reads no more than the timeline needs. Raises ``GitError``.
    """
    repository = plumbing.open_repository(source.name, source.folder, shadows / f"{source.name}.git")
    refs = plumbing.refs_of(repository)
    branches = source.branches or (plumbing.head_branch(repository),)
    known = _known(connection, source)
    described = (
        str(source.folder),
        source.web,
        source.forge,
        source.permalink,
        list(branches),
        sorted(repository.boundaries),
    )
    if not full and known is not None and known == (described, refs):
        return GitChanges(1)
    with tempfile.TemporaryDirectory(dir=shadows) as folder, transaction(connection, CONSUMER) as change:
        if known is not None and (full or known[0][-1] != described[-1]):
            _forget_commits(change, repository)
        tips = _commits_of(change, repository, refs)
        commits = _follow(change, repository, tips, branches, first_parents_only, Path(folder))
        _describe(change, repository, source, branches)
        return GitChanges(1, commits, _note_refs(change, repository, refs, tips))


def forget_others(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Take away all that is stored of repositories that are no longer in the settings."""
    listed = pa.table({"repo": pa.array(list(names), pa.string())})
    with view_of(connection, "configured", listed):
        if not scalar(connection, "SELECT EXISTS (FROM git_repos ANTI JOIN configured USING (repo))"):
            return
        with transaction(connection, CONSUMER) as change:
            for table in (
                *_COMMIT_TABLES,
                "git_timeline",
                "git_path_versions",
                "git_refs",
                "git_ref_events",
                "git_repos",
            ):
                changed(connection, f"DELETE FROM {table} WHERE repo NOT IN (SELECT repo FROM configured)")
            change.advance("a repository less", even_unchanged=True)


_COMMIT_TABLES = ("git_commits", "git_commit_parents", "git_file_changes", "git_renames")
Known = tuple[tuple[str, str | None, str | None, str | None, list[str], list[str]], list[Ref]]


def _known(connection: duckdb.DuckDBPyConnection, source: Source) -> Known | None:
    """Return what was last seen of a repository, in the form in which ``refresh`` sees it."""
    sql = "SELECT path, web, forge, permalink, branches, boundaries FROM git_repos WHERE repo = ?"
    described = rows(connection, sql, [source.name])
    if not described:
        return None
    stored = rows(connection, "SELECT ref, sha FROM git_refs WHERE repo = ? ORDER BY ref <> 'HEAD', ref", [source.name])
    return described[0], [Ref(*ref) for ref in stored]


def _forget_commits(change: Transaction, repository: Repository) -> None:
    """Take away what is read anew: a shallow clone that was deepened shows commits differently."""
    for table in _COMMIT_TABLES:
        changed(change.connection, f"DELETE FROM {table} WHERE repo = ?", [repository.name])
    timeline.forget(change, repository.name, ())


def _follow(
    change: Transaction,
    repository: Repository,
    tips: dict[str, str],
    branches: Sequence[str],
    first_parents_only: bool,
    folder: Path,
) -> int:
    """Store the commits behind ``tips`` that are not known, and bring the timelines up; return how many are new."""
    tracked = {branch: tips[ref] for branch in branches if (ref := _ref_of(branch, tips)) is not None}
    wanted = list(tracked.values() if first_parents_only else tips.values())
    new = _store_new(change, repository, wanted, first_parents_only, folder)
    timeline.forget(change, repository.name, list(tracked))
    for branch, tip in tracked.items():
        timeline.follow(change, repository, branch, tip, new, folder)
    return len(new)


def _commits_of(change: Transaction, repository: Repository, refs: list[Ref]) -> dict[str, str]:
    """Return the commit behind each ref that leads to one: tags are followed, those of files and what is missing left out."""
    stored = rows(change.connection, "SELECT sha, commit_sha FROM git_refs WHERE repo = ?", [repository.name])
    commit_of: dict[str, str | None] = dict(stored)
    unknown = list(dict.fromkeys(ref.sha for ref in refs if ref.sha not in commit_of))
    if unknown:
        command = ("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
        told = plumbing.output_of(repository, *command, lines=(f"{sha}^{{commit}}" for sha in unknown))
        answered = (line.split(" ") for line in told.decode("ascii", "replace").splitlines())
        for sha, answer in zip(unknown, answered, strict=True):
            commit_of[sha] = answer[0] if answer[-1] == "commit" else None
    return {ref.name: commit for ref in refs if (commit := commit_of[ref.sha]) is not None}


def _ref_of(branch: str, tips: dict[str, str]) -> str | None:
    """Return the ref behind the name of a branch, which may be short: here, else at the remote ``origin``."""
    forms = (branch, f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
    return next((form for form in forms if form in tips), None)


def _store_new(
    change: Transaction, repository: Repository, tips: list[str], first_parents_only: bool, folder: Path
) -> dict[str, str | None]:
    """Store the commits behind ``tips`` that are not known, with what they changed; return the first parent of each."""
    new: dict[str, str | None] = {}
    missing: set[str] = set()
    for some in _read(change.connection, repository, tips, first_parents_only, folder, missing):
        _insert_commits(change, repository, some)
        for commit in some:
            cut = commit.sha in repository.boundaries or not commit.parents
            new[commit.sha] = None if cut else commit.parents[0]
        log.info("%s: %s commits", repository.name, f"{len(new):,}")
    if new:
        if missing:
            _cut_off_missing(change, repository, missing)
            new.update((sha, None) for sha, parent in new.items() if parent in missing)
        _compare(change, repository, folder)
        own = "(SELECT * FROM git_file_changes WHERE repo = '{}' AND revision = {})"
        renames.find(
            change.connection, repository, own.format(repository.name.replace("'", "''"), change.revision), folder
        )
        timeline.keep_renames(change, repository)
    return new


def _read(
    connection: duckdb.DuckDBPyConnection,
    repository: Repository,
    tips: list[str],
    first_parents_only: bool,
    folder: Path,
    missing: set[str],
) -> Iterator[list[Commit]]:
    """Yield the commits behind ``tips`` that are not stored, some thousand at a time; adds to ``missing`` what is not there."""
    if not scalar(connection, "SELECT EXISTS (FROM git_commits WHERE repo = ?)", [repository.name]):
        listed = folder / "listed"
        if _list_all(repository, tips, first_parents_only, listed):
            yield from _read_listed(repository, listed)
            return
    yield from _walk(connection, repository, tips, first_parents_only, missing)


def _list_all(repository: Repository, tips: list[str], first_parents_only: bool, listed: Path) -> bool:
    """Write the ids of all commits behind ``tips`` into a file; return false where git finds one of them missing."""
    limit = ["--first-parent"] if first_parents_only else []
    try:
        listed.write_bytes(plumbing.output_of(repository, "rev-list", *limit, "--stdin", lines=tips))
    except GitError as error:
        log.warning("%s: not all commits are here (%s)", repository.name, error)
        return False
    return True


def _read_listed(repository: Repository, listed: Path) -> Iterator[list[Commit]]:
    with plumbing.streaming(repository, ("cat-file", "--batch", "--buffer"), listed) as process:
        assert process.stdout is not None
        some: list[Commit] = []
        for sha, body in answers(process.stdout):
            if body is None:
                raise GitError(f"repository {repository.name}: commit {sha} cannot be read")
            some.append(parsed(sha, body))
            if len(some) == _COMMITS_AT_ONCE:
                yield some
                some = []
        if some:
            yield some


def _walk(
    connection: duckdb.DuckDBPyConnection,
    repository: Repository,
    tips: list[str],
    first_parents_only: bool,
    missing: set[str],
) -> Iterator[list[Commit]]:
    """Walk from ``tips`` to what is stored.

    Only the newest stored commits are loaded at first, for that is where a walk nearly always ends. One that goes far has
    forked off earlier: it goes on with all of them known, and what it has met that is stored is left out.
    """
    recent = "SELECT sha FROM git_commits WHERE repo = $1 ORDER BY rowid DESC LIMIT $2"
    at_refs = "SELECT commit_sha FROM git_refs WHERE repo = $1 AND commit_sha IS NOT NULL"
    known = {sha for (sha,) in rows(connection, f"({recent}) UNION ALL {at_refs}", [repository.name, _RECENT])}
    has_all = len(known) < _RECENT
    some: list[Commit] = []
    met = 0
    with plumbing.conversing(repository, "cat-file", "--batch") as (questions, stream):
        walk = Walk(questions, stream, repository.boundaries)
        for level in walk.commits(tips, known, first_parents_only):
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


def _insert_commits(change: Transaction, repository: Repository, some: list[Commit]) -> None:
    noted = {"repo": repository.name, "revision": change.revision}
    with view_of(change.connection, "some_commits", as_table(some)):
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
        changed(
            change.connection,
            """
            INSERT INTO git_commit_parents
            SELECT $repo, sha, unnest(generate_series(1, len(parents))), unnest(parents), $revision
            FROM some_commits WHERE len(parents) > 0
            """,
            noted,
        )


def _cut_off_missing(change: Transaction, repository: Repository, missing: set[str]) -> None:
    """Take new commits whose parents are missing for the beginning of what there is."""
    connection = change.connection
    with view_of(connection, "missing_commits", pa.table({"parent": pa.array(sorted(missing), pa.string())})):
        children = "SELECT DISTINCT sha FROM git_commit_parents SEMI JOIN missing_commits USING (parent) WHERE repo = ?"
        cut = [sha for (sha,) in rows(connection, children, [repository.name])]
    sql = "UPDATE git_commits SET is_boundary = true WHERE repo = ? AND list_contains(?::VARCHAR[], sha)"
    changed(connection, sql, [repository.name, cut])
    plumbing.cut_off(repository.shadow, repository.boundaries.union(cut))


_TO_COMPARE = """
    SELECT sha FROM git_commits
    WHERE repo = $repo AND revision = $revision AND parents < 2 AND NOT is_boundary AND NOT is_unread ORDER BY rowid
"""


def _compare(change: Transaction, repository: Repository, folder: Path) -> None:
    """Store what the new commits with at most one parent changed, and mark those of which that cannot be read.

    A clone without all its folders ("treeless") shows no changes where a folder is missing, or ends git.
    """
    place = {"repo": repository.name, "revision": change.revision}
    listed = [sha for (sha,) in rows(change.connection, _TO_COMPARE, place)]
    given = folder / "compared"
    while listed:
        given.write_text("".join(f"{sha}\n" for sha in listed), "ascii")
        done = _insert_changes(change, repository, given)
        if done < len(listed):
            _mark_unread(change, repository, [listed[done]])
        listed = listed[done + 1 :]
    _check(change, repository, place)


def _insert_changes(change: Transaction, repository: Repository, given: Path) -> int:
    """Insert what ``git diff-tree`` shows of the commits in a file; return of how many it did."""
    reader = changes.Changes(repository.width)
    with plumbing.streaming(repository, changes.ARGUMENTS, given) as process:
        assert process.stdout is not None
        for table in reader.tables(process.stdout):
            with view_of(change.connection, "block", table):
                columns = ", ".join(changes.CHANGE_SCHEMA.names)
                changed(
                    change.connection,
                    f"INSERT INTO git_file_changes SELECT $repo, {columns}, $revision FROM block",
                    {"repo": repository.name, "revision": change.revision},
                )
    return reader.headers


def _mark_unread(change: Transaction, repository: Repository, shas: list[str]) -> None:
    log.warning("%s: what %s commits changed cannot be read: folders are missing", repository.name, f"{len(shas):,}")
    sql = "UPDATE git_commits SET is_unread = true WHERE repo = ? AND list_contains(?::VARCHAR[], sha)"
    changed(change.connection, sql, [repository.name, shas])


_WITHOUT_ROWS = """
    SELECT c.sha, c.tree, coalesce(p.tree, $empty) AS parent_tree
    FROM git_commits c LEFT JOIN git_commit_parents cp ON cp.repo = c.repo AND cp.sha = c.sha
    LEFT JOIN git_commits p ON p.repo = c.repo AND p.sha = cp.parent
    WHERE c.repo = $repo AND c.revision = $revision AND cp.revision IS NOT DISTINCT FROM if(c.parents > 0, $revision, NULL)
        AND c.parents < 2 AND NOT c.is_boundary AND NOT c.is_unread AND c.tree <> coalesce(p.tree, $empty)
        AND c.sha NOT IN (SELECT sha FROM git_file_changes WHERE repo = $repo AND revision = $revision)
"""
"""New commits whose folder differs from that of their parent though no change of theirs is known."""


def _check(change: Transaction, repository: Repository, place: dict[str, object]) -> None:
    """Mark commits that show no change because folders are missing. Raises ``GitError`` where changes were lost otherwise."""
    empty = plumbing.output_of(repository, "hash-object", "-t", "tree", "--stdin").decode().strip()
    found = rows(change.connection, _WITHOUT_ROWS, {**place, "empty": empty})
    if not found:
        return
    whole = _whole_trees(repository, {tree for _, *trees in found for tree in trees} - {empty})
    unread = [sha for sha, tree, parent_tree in found if not {tree, parent_tree} <= whole | {empty}]
    lost = {sha for sha, *_ in found}.difference(unread)
    if lost:
        raise GitError(f"repository {repository.name}: git shows no change of commit {min(lost)}, which has some")
    _mark_unread(change, repository, unread)


def _whole_trees(repository: Repository, trees: Iterable[str]) -> set[str]:
    """Return those of ``trees`` of which every folder is here."""
    listed = sorted(trees)
    told = plumbing.output_of(repository, "cat-file", "--batch-check=%(objectname)", "--buffer", lines=listed)
    here = [line for line in told.decode("ascii", "replace").splitlines() if not line.endswith(" missing")]
    return {tree for tree in here if _is_whole(repository, tree)}


def _is_whole(repository: Repository, tree: str) -> bool:
    try:
        plumbing.output_of(repository, "ls-tree", "-r", "-z", tree)
    except GitError:
        return False
    return True


def _describe(change: Transaction, repository: Repository, source: Source, branches: Sequence[str]) -> None:
    changed(change.connection, "DELETE FROM git_repos WHERE repo = ?", [repository.name])
    changed(
        change.connection,
        "INSERT INTO git_repos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            repository.name,
            str(source.folder),
            source.web,
            source.forge,
            source.permalink,
            repository.object_format,
            list(branches),
            sorted(repository.boundaries),
            change.revision,
        ],
    )


def _note_refs(change: Transaction, repository: Repository, refs: list[Ref], tips: dict[str, str]) -> int:
    """Store where the refs are, and an event for each that was moved, made or taken away; return how many these are."""
    connection, place = change.connection, {"repo": repository.name, "revision": change.revision}
    names = [ref.name for ref in refs]
    now = pa.table(
        {
            "ref": pa.array(names, pa.string()),
            "sha": pa.array([ref.sha for ref in refs], pa.string()),
            "commit_sha": pa.array([tips.get(name) for name in names], pa.string()),
        }
    )
    moved = """
        SELECT coalesce(n.ref, o.ref) AS ref, o.sha AS old_sha, n.sha AS new_sha, n.commit_sha
        FROM refs_now n FULL JOIN (FROM git_refs WHERE repo = $repo) o ON o.ref = n.ref
        WHERE o.sha IS DISTINCT FROM n.sha
    """
    with (
        view_of(connection, "refs_now", now),
        temporary(connection, "moved_refs", moved, {"repo": repository.name}) as count,
    ):
        changed(
            connection, "DELETE FROM git_refs WHERE repo = ? AND ref IN (SELECT ref FROM moved_refs)", [repository.name]
        )
        changed(
            connection,
            "INSERT INTO git_refs SELECT $repo, ref, new_sha, commit_sha, $revision FROM moved_refs WHERE new_sha IS NOT NULL",
            place,
        )
        changed(
            connection,
            "INSERT INTO git_ref_events SELECT $repo, ref, old_sha, new_sha, now(), $revision FROM moved_refs",
            place,
        )
    return count
