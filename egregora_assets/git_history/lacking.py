"""What a repository that is not whole lacks for what could not be told of it, and what is read again when that has come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.git_history import plumbing, timeline
from egregora_assets.git_history.looking import objects_seen
from egregora_assets.git_history.plumbing import GitError, Repository
from egregora_assets.warehouse.query import changed, rows, view_of
from egregora_assets.warehouse.revisions import Transaction

TABLES = ("git_undecided", "git_lacking")


def note(change: Transaction, repository: Repository, shas: Iterable[str]) -> None:
    """Keep the ids of objects that were asked for and are not here."""
    with view_of(change.connection, "lacking_now", pa.table({"sha": pa.array(sorted(set(shas)), pa.string())})):
        known = "SELECT sha FROM git_lacking WHERE repo = $repo"
        insert = f"INSERT INTO git_lacking SELECT $repo, sha FROM lacking_now WHERE sha NOT IN ({known})"
        changed(change.connection, insert, {"repo": repository.name})


def folders_behind(repository: Repository, commits: Sequence[str]) -> list[str]:
    """Return the folders of commits that are not here; where git cannot say it, one that counts as having come."""
    asked = ("rev-list", "--objects", "--no-walk", "--missing=print", "--filter=blob:none", "--stdin")
    try:
        told = plumbing.lines_of(plumbing.output_of(repository, *asked, lines=commits))
    except GitError:
        return list(commits[:1])
    return [line.removeprefix("?") for line in told if line.startswith("?")]


def has_come(connection: duckdb.DuckDBPyConnection, repository: Repository) -> bool:
    """Return whether something that the repository lacked is here: asked of it only when its folders of objects have changed."""
    if not _has_changed(connection, repository):
        return False
    lacking = rows(connection, "SELECT DISTINCT sha FROM git_lacking WHERE repo = ?", [repository.name])
    asked = ("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
    told = plumbing.lines_of(plumbing.output_of(repository, *asked, lines=(sha for (sha,) in lacking)))
    return not all(line.endswith(" missing") for line in told)


def _has_changed(connection: duckdb.DuckDBPyConnection, repository: Repository) -> bool:
    sql = "SELECT objects_seen FROM git_repos WHERE repo = ? AND objects_seen IS NOT NULL"
    seen = rows(connection, sql, [repository.name])
    return seen not in ([], [(state_of_objects(repository),)])


def look_past(connection: duckdb.DuckDBPyConnection, repository: Repository) -> None:
    """Remember that what has come is nothing that the repository lacked."""
    if _has_changed(connection, repository):
        sql = "UPDATE git_repos SET objects_seen = ? WHERE repo = ?"
        changed(connection, sql, [state_of_objects(repository), repository.name])


def state_of_objects(repository: Repository) -> str:
    """Return a text that differs when objects have come, or a file that was found damaged has changed."""
    return objects_seen(repository) + files_seen(repository)


def files_seen(repository: Repository) -> str:
    """Return a text that differs when one of the files that were found damaged has changed."""
    if not is_marked(repository):
        return ""
    seen = []
    for name in _mark_of(repository).read_text("ascii").split():
        with suppress(FileNotFoundError, NotADirectoryError):
            file = (repository.objects / name).stat()
            seen.append(f"{name}:{file.st_mtime_ns:x}:{file.st_ino:x}:{file.st_size:x}")
    return " ".join(["", *seen])


def mark(connection: duckdb.DuckDBPyConnection, repository: Repository) -> bool:
    """Leave a word for those who watch the repository without the warehouse, and return whether it lacks anything.

    It says that the objects have to be watched too, and which files are there and damaged: one may be mended in its place.
    """
    lacking = rows(connection, "SELECT DISTINCT sha FROM git_lacking WHERE repo = ? ORDER BY sha", [repository.name])
    if not lacking:
        _mark_of(repository).unlink(missing_ok=True)
        return False
    loose = (f"{sha[:2]}/{sha[2:]}" for (sha,) in lacking)
    damaged = [name for name in loose if (repository.objects / name).exists()]
    _mark_of(repository).write_text("".join(f"{name}\n" for name in (*damaged, *_packs(repository))), "ascii")
    return True


def _packs(repository: Repository) -> list[str]:
    """Return the packs of the repository: what is lacking may be in one that is damaged."""
    packs = (repository.objects / "pack").glob("pack-*.pack")
    return sorted(f"pack/{file.name}" for file in packs if _PACK.fullmatch(file.name))


_PACK = re.compile(r"pack-[0-9a-f]+\.pack")


def is_marked(repository: Repository) -> bool:
    return _mark_of(repository).exists()


def _mark_of(repository: Repository) -> Path:
    return repository.shadow / "lacking"


def reopen(change: Transaction, repository: Repository) -> list[str]:
    """Take what could not be told for what is new, and return the commits behind those that were taken for a beginning.

    The timelines are told anew, for a step that is known now may lie anywhere in them.
    """
    connection = change.connection
    place = {"repo": repository.name, "boundaries": sorted(repository.boundaries)}
    cut = "is_boundary AND NOT list_contains($boundaries::VARCHAR[], sha)"
    open_ends = rows(
        connection,
        "SELECT DISTINCT parent FROM git_commit_parents WHERE repo = $repo AND sha IN "
        f"(SELECT sha FROM git_commits WHERE repo = $repo AND {cut})",
        place,
    )
    undecided = "sha IN (SELECT sha FROM git_undecided WHERE repo = $repo)"
    opened = rows(
        connection, f"SELECT sha FROM git_commits WHERE repo = $repo AND (is_unread OR ({cut}) OR {undecided})", place
    )
    with view_of(connection, "opened", pa.table({"sha": pa.array([sha for (sha,) in opened], pa.string())})):
        noted = {"repo": repository.name, "revision": change.revision}
        of_opened = "SET revision = $revision WHERE repo = $repo AND sha IN (SELECT sha FROM opened)"
        changed(connection, f"UPDATE git_commit_parents {of_opened}", noted)
        changed(
            connection,
            "UPDATE git_commits SET revision = $revision, is_unread = false, "
            "is_boundary = list_contains($boundaries::VARCHAR[], sha) "
            "WHERE repo = $repo AND sha IN (SELECT sha FROM opened)",
            {**place, **noted},
        )
    changed(connection, f"DELETE FROM git_file_changes WHERE repo = $repo AND {undecided}", {"repo": repository.name})
    timeline.forget(change, repository.name, ())
    timeline.forget_left(change, repository.name)
    for table in TABLES:
        changed(connection, f"DELETE FROM {table} WHERE repo = ?", [repository.name])
    return [sha for (sha,) in open_ends]
