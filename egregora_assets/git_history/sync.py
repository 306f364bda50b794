"""One pass over the configured repositories: what is new in each is stored, in one transaction that holds or does not happen.

Commits are facts and stay, whatever a branch is moved to; refs and timelines follow.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.config import Settings, WarehouseSettings
from egregora_assets.git_history import lacking, landing, plumbing, renames, timeline
from egregora_assets.git_history.comparing import compare
from egregora_assets.git_history.looking import Look, look, objects_seen, ref_of
from egregora_assets.git_history.plumbing import GitError, Ref, Repository
from egregora_assets.git_history.reading import store_new
from egregora_assets.git_history.repositories import Source, sources
from egregora_assets.git_history.web import forge_of
from egregora_assets.warehouse.connection import bounded, fit_threads, using_threads
from egregora_assets.warehouse.query import changed, given_back, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "git"
_READING = ".reading-"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GitChanges:
    """What one pass has found new. ``problems`` tell which repositories could not be read, and why."""

    repositories: int = 0
    commits: int = 0
    moved_refs: int = 0
    problems: tuple[str, ...] = ()


def refresh_configured(
    connection: duckdb.DuckDBPyConnection, settings: Settings, names: Sequence[str] = (), full: bool = False
) -> GitChanges:
    """Bring the git tables up to date with the repositories of the settings, or with those that are named.

    What is stored of repositories that are no longer in the settings is taken away. Raises ``UnknownRepository``.
    """
    forget_others(connection, (source.name for source in sources(settings)))
    outcome = refresh_all(connection, sources(settings, names or None), settings.git_shadows, full, settings.warehouse)
    fit_threads(connection, settings.warehouse)
    return outcome


def moved(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Return the names of the configured repositories whose refs, settings or boundaries are not those last seen.

    One that cannot be read is left out: there is nothing to do about it here.
    """
    found = []
    for source in sources(settings):
        try:
            is_current = _is_current(connection, source, look(source, settings.git_shadows))
        except GitError as error:
            log.warning("%s", error)
        else:
            found += [] if is_current else [source.name]
    return found


def refresh_all(
    connection: duckdb.DuckDBPyConnection,
    repositories: Sequence[Source],
    shadows: Path,
    full: bool = False,
    limits: WarehouseSettings | None = None,
) -> GitChanges:
    """Bring the git tables up to date with ``repositories``, one transaction for each; ``full`` reads all of them anew.

    A repository that cannot be read keeps what is stored of it, and stops none of the others.
    """
    outcome = GitChanges()
    for source in repositories:
        try:
            one = refresh(connection, source, shadows, full, limits)
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
    limits: WarehouseSettings | None = None,
) -> GitChanges:
    """Bring the git tables up to date with one repository. Raises ``GitError``.

    ``shadows`` is a folder of ours for what git needs. With ``limits``, DuckDB makes do with little memory where they set none.
    """
    seen = look(source, shadows)
    if not full and _is_current(connection, source, seen):
        lacking.look_past(connection, seen.repository)
        return GitChanges(1)
    if seen.damaged:
        log.warning("%s: refs that are damaged are left out: %s", source.name, ", ".join(sorted(seen.damaged)))
    if seen.repository.is_within:
        log.warning("%s: %s %s", source.name, source.folder, WITHIN)
    with plumbing.reading(source.name):
        _tidy(shadows)
    little = nullcontext() if limits is None else bounded(connection, limits, threads=1, memory=_LITTLE_MEMORY)
    try:
        with little:
            return _refresh(connection, source, seen, shadows, full)
    except duckdb.OutOfMemoryException:
        if limits is None or limits.memory_limit is not None:
            raise
    log.info("%s: its history is too long for %s of memory", source.name, _LITTLE_MEMORY)
    return _refresh(connection, source, seen, shadows, full)


WITHIN = "is a folder within a repository, all of which is read: name its outermost folder"
_LITTLE_MEMORY = "128MB"
"""Enough for some hundred thousand commits: what is stored waits on disk for the end of the transaction."""


def _refresh(
    connection: duckdb.DuckDBPyConnection, source: Source, seen: Look, shadows: Path, full: bool
) -> GitChanges:
    """Read what is new. Git works beside DuckDB, which makes do with one thread."""
    repository, refs = seen.repository, seen.refs
    with plumbing.reading(source.name):
        objects = objects_seen(repository)
    with (
        plumbing.reading(source.name),
        tempfile.TemporaryDirectory(dir=shadows, prefix=_READING) as folder,
        using_threads(connection, 1),
        given_back(),
        transaction(connection, CONSUMER) as change,
    ):
        if full or _is_another(connection, repository):
            _forget_commits(change, repository)
        open_ends = lacking.reopen(change, repository) if lacking.has_come(connection, repository) else []
        plumbing.cut_off(repository.shadow, _boundaries(connection, repository))
        tips = _commits_of(change, repository, refs, seen.branches, full)
        commits = _follow(change, repository, tips, open_ends, seen.branches, Path(folder))
        is_lacking = lacking.mark(connection, repository)
        _describe(change, source, seen, objects + lacking.files_seen(repository) if is_lacking else None)
        return GitChanges(1, commits, _note_refs(change, repository, refs, tips))


def _tidy(shadows: Path) -> None:
    """Take away what runs that were killed have left: whoever may write to the warehouse is alone."""
    for left in shadows.glob(f"{_READING}*"):
        shutil.rmtree(left)


def forget_others(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Take away all that is stored of repositories that are no longer in the settings."""
    listed = pa.table({"repo": pa.array(list(names), pa.string())})
    with view_of(connection, "configured", listed):
        if not scalar(connection, "SELECT EXISTS (FROM git_repos ANTI JOIN configured USING (repo))"):
            return
        with transaction(connection, CONSUMER) as change:
            for table in (
                *_COMMIT_TABLES,
                *timeline.TABLES,
                "git_refs",
                "git_ref_events",
                "git_repos",
            ):
                changed(connection, f"DELETE FROM {table} WHERE repo NOT IN (SELECT repo FROM configured)")
            change.advance("a repository less", even_unchanged=True)


_COMMIT_TABLES = ("git_commits", "git_commit_parents", "git_file_changes", "git_renames", *lacking.TABLES)


def _boundaries(connection: duckdb.DuckDBPyConnection, repository: Repository) -> frozenset[str]:
    """Return the commits whose parents are cut off in the repository, or were found missing."""
    stored = rows(connection, "SELECT sha FROM git_commits WHERE repo = ? AND is_boundary", [repository.name])
    return repository.boundaries.union(sha for (sha,) in stored)


def _is_current(connection: duckdb.DuckDBPyConnection, source: Source, seen: Look) -> bool:
    """Return whether a repository is as it was last read."""
    read_by = rows(connection, "SELECT fingerprint FROM git_repos WHERE repo = ?", [source.name])
    if read_by != [(_fingerprint(source, seen),)]:
        return False
    stored = rows(connection, "SELECT ref, sha FROM git_refs WHERE repo = ? ORDER BY ref <> 'HEAD', ref", [source.name])
    if [Ref(*ref) for ref in stored] != seen.refs or _is_back(connection, seen.repository):
        return False
    with plumbing.reading(source.name):
        return not lacking.has_come(connection, seen.repository)


def _fingerprint(source: Source, seen: Look) -> str:
    repository = seen.repository
    return repr((source, seen.branches, seen.web, repository.object_format, sorted(repository.boundaries)))


def _is_back(connection: duckdb.DuckDBPyConnection, repository: Repository) -> bool:
    """Return whether a ref that led to no commit leads to one now: objects may be away for a time."""
    sql = "SELECT DISTINCT sha FROM git_refs WHERE repo = ? AND commit_sha IS NULL"
    absent = [sha for (sha,) in rows(connection, sql, [repository.name])]
    with plumbing.reading(repository.name):
        return any(plumbing.commits_behind(repository, absent).values())


def _is_another(connection: duckdb.DuckDBPyConnection, repository: Repository) -> bool:
    """Return whether what is stored is of another folder or format, or of a shallow clone that was cut off elsewhere."""
    seen = rows(connection, "SELECT path, object_format, boundaries FROM git_repos WHERE repo = ?", [repository.name])
    return seen != [(_shown(repository.folder), repository.object_format, sorted(repository.boundaries))]


def _shown(folder: Path) -> str:
    return os.fsencode(folder).decode("utf-8", "backslashreplace")


def _forget_commits(change: Transaction, repository: Repository) -> None:
    """Take away what is read anew."""
    for table in _COMMIT_TABLES:
        changed(change.connection, f"DELETE FROM {table} WHERE repo = ?", [repository.name])
    timeline.forget(change, repository.name, ())


def _follow(
    change: Transaction,
    repository: Repository,
    tips: dict[str, str],
    open_ends: Sequence[str],
    branches: Sequence[str],
    folder: Path,
) -> int:
    """Store the commits behind ``tips`` and ``open_ends`` that are not known, and bring the timelines up.

    Returns how many are new.
    """
    tracked = {branch: tips[ref] for branch in branches if (ref := ref_of(branch, tips)) is not None}
    new = store_new(change, repository, [*tips.values(), *open_ends], folder)
    has_left = timeline.forget(change, repository.name, list(tracked))
    added = [timeline.extend(change, repository, branch, tip, new) for branch, tip in tracked.items()]
    if has_left or any(extension.has_left for extension in added):
        timeline.forget_left(change, repository.name)
    with timeline.other_steps(change, repository, added):
        compared = compare(change, repository, folder)
        renames.find(change, repository, folder, compared)
        for extension in added:
            timeline.note_versions(change, repository, extension)
            landing.note(change, repository, extension, new)
    return len(new)


def _commits_of(
    change: Transaction, repository: Repository, refs: list[Ref], branches: Sequence[str], full: bool
) -> dict[str, str]:
    """Return the commit behind each ref that leads to one: tags are followed, those of files and what is missing left out.

    Raises ``GitError`` where the object of a branch that is followed is missing: its timeline is kept until it is back.
    """
    sql = "SELECT DISTINCT sha, commit_sha FROM git_refs WHERE repo = ? AND commit_sha IS NOT NULL AND NOT ?"
    commit_of: dict[str, str | None] = dict(rows(change.connection, sql, [repository.name, full]))
    unknown = list(dict.fromkeys(ref.sha for ref in refs if ref.sha not in commit_of))
    commit_of.update(plumbing.commits_behind(repository, unknown))
    sha_of = {ref.name: ref.sha for ref in refs}
    for branch in branches:
        ref = ref_of(branch, sha_of)
        if ref is not None and sha_of[ref] not in commit_of:
            raise GitError(f"repository {repository.name}: the objects of {branch} are missing")
    return {ref.name: commit for ref in refs if (commit := commit_of.get(ref.sha)) is not None}


def _describe(change: Transaction, source: Source, seen: Look, objects: str | None) -> None:
    """Store what a repository is read by; ``objects`` is the state of its objects, where it lacks some."""
    repository = seen.repository
    changed(change.connection, "DELETE FROM git_repos WHERE repo = ?", [repository.name])
    row = {
        "repo": repository.name,
        "path": _shown(source.folder),
        "web": seen.web,
        "forge": forge_of(seen.web, source.forge),
        "permalink": source.permalink,
        "object_format": repository.object_format,
        "branches": list(seen.branches),
        "boundaries": sorted(repository.boundaries),
        "fingerprint": _fingerprint(source, seen),
        "objects_seen": objects,
        "revision": change.revision,
    }
    places = ", ".join(f"${name} AS {name}" for name in row)
    changed(change.connection, f"INSERT INTO git_repos BY NAME SELECT {places}", row)


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
        WHERE o.sha IS DISTINCT FROM n.sha OR o.commit_sha IS DISTINCT FROM n.commit_sha
    """
    newly_placed = "FROM moved_refs WHERE old_sha IS DISTINCT FROM new_sha"
    with (
        view_of(connection, "refs_now", now),
        temporary(connection, "moved_refs", moved, {"repo": repository.name}),
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
            f"INSERT INTO git_ref_events SELECT $repo, ref, old_sha, new_sha, now(), $revision {newly_placed}",
            place,
        )
        return int(scalar(connection, f"SELECT count(*) {newly_placed}"))
