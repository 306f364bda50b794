"""``git_line_counts``: how many lines differ between two versions of a file. Every file has to be read, so it is made on demand."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.config import Settings
from egregora_assets.git_history import plumbing
from egregora_assets.git_history.plumbing import GitError, Repository
from egregora_assets.git_history.repositories import opened, sources
from egregora_assets.warehouse.query import changed, rows, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import transaction

CONSUMER = "git_line_counts"
_COMMITS_AT_ONCE = 2_000
_SUBMODULE = 160000
_ARGUMENTS = ("diff-tree", "--stdin", "-r", "-z", "--root", "--no-renames", "--numstat")

log = logging.getLogger(__name__)


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[int, list[str]]:
    """Count the lines of all changes that have no counts yet; return how many pairs of versions were counted, and problems.

    Goes on where it was stopped: what some thousand commits changed is stored at once. Counts are null for what is no text,
    and for files that are not in the clone. A repository that cannot be read stops none of the others.
    """
    counted, problems = 0, []
    for source in sources(settings):
        try:
            repository = opened(source, settings.git_shadows)
            while some := _count_some(connection, repository, settings.git_shadows):
                counted += some
                log.info("%s: lines of %s changes counted", source.name, f"{counted:,}")
        except GitError as error:
            log.warning("%s", error)
            problems.append(str(error))
    return counted, problems


_OPEN = f"""
    SELECT c.sha, c.path, c.old_blob, c.new_blob, {_SUBMODULE} NOT IN (c.old_mode, c.new_mode) AS is_file
    FROM git_file_changes c
    WHERE c.repo = $repo AND sha IN (
        SELECT DISTINCT sha FROM git_file_changes o ANTI JOIN git_line_counts l
            ON l.old_blob IS NOT DISTINCT FROM o.old_blob AND l.new_blob IS NOT DISTINCT FROM o.new_blob
        WHERE o.repo = $repo ORDER BY sha LIMIT {_COMMITS_AT_ONCE}
    )
"""


def _count_some(connection: duckdb.DuckDBPyConnection, repository: Repository, shadows: Path) -> int:
    """Count the lines of what the next commits changed; return how many pairs of versions that is."""
    with (
        tempfile.TemporaryDirectory(dir=shadows) as folder,
        transaction(connection, CONSUMER) as change,
        temporary(connection, "to_count", _OPEN, {"repo": repository.name}) as count,
    ):
        if not count:
            return 0
        listed = _whole_commits(connection, repository)
        with view_of(connection, "counted", _counts(repository, listed, Path(folder) / "listed")):
            return changed(connection, _INSERT, {"revision": change.revision})


_INSERT = """
    INSERT INTO git_line_counts
    SELECT old_blob, new_blob, any_value(added) FILTER (is_file), any_value(removed) FILTER (is_file), $revision
    FROM to_count o LEFT JOIN counted c USING (sha, path)
    WHERE NOT EXISTS (
        FROM git_line_counts l
        WHERE l.old_blob IS NOT DISTINCT FROM o.old_blob AND l.new_blob IS NOT DISTINCT FROM o.new_blob
    )
    GROUP BY old_blob, new_blob
"""


def _whole_commits(connection: duckdb.DuckDBPyConnection, repository: Repository) -> list[str]:
    """Return the commits in ``to_count`` of which all files are here; what is none (a submodule) is not asked for."""
    listed = "SELECT sha, unnest([old_blob, new_blob]) AS blob FROM to_count WHERE is_file"
    blobs = [blob for (blob,) in rows(connection, f"SELECT DISTINCT blob FROM ({listed}) WHERE blob IS NOT NULL")]
    told = plumbing.output_of(
        repository, "cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer", lines=blobs
    )
    lacking = [line.partition(" ")[0] for line in plumbing.lines_of(told) if not line.endswith(" blob")]
    with view_of(connection, "lacking", pa.table({"blob": pa.array(lacking, pa.string())})):
        found = rows(
            connection,
            f"SELECT DISTINCT sha FROM to_count WHERE sha NOT IN (SELECT sha FROM ({listed}) SEMI JOIN lacking USING (blob))",
        )
    return [sha for (sha,) in found]


def _counts(repository: Repository, listed: list[str], given: Path) -> pa.Table:
    """Return (sha, path, added, removed) of what the listed commits changed; null for what is no text."""
    given.write_text("".join(f"{sha}\n" for sha in listed), "ascii")
    with plumbing.streaming(repository, _ARGUMENTS, given) as running:
        return table_of(_read(running.printed.read().split(b"\0")[:-1]), _SCHEMA)


_SCHEMA = pa.schema([("sha", pa.string()), ("path", pa.string()), ("added", pa.int32()), ("removed", pa.int32())])


def _read(tokens: list[bytes]) -> Iterator[tuple[str, str, int | None, int | None]]:
    sha = ""
    for token in tokens:
        added, tab, rest = token.partition(b"\t")
        if not tab:
            sha = token.decode("ascii")
            continue
        removed, _, path = rest.partition(b"\t")
        counted = added != b"-"
        yield (
            sha,
            path.decode("utf-8", "backslashreplace"),
            int(added) if counted else None,
            int(removed) if counted else None,
        )
