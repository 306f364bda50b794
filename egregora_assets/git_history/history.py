"""The versions of a file over time, under all its names: what each step of a branch did to it, renames followed both ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb
import pyarrow as pa

from egregora_assets.git_history.references import LINKED
from egregora_assets.git_history.repositories import Unanswerable
from egregora_assets.git_history.resolver import Version
from egregora_assets.git_history.web import permalink
from egregora_assets.warehouse.query import rows, view_of


class FileVersion(NamedTuple):
    """What one step of a branch did to a file.

    ``status``: A added, M changed, T made something else (a link, a file), D taken away, R renamed from ``old_path``.
    ``eff_at`` is when it counts from, ``None`` where no time can be read; ``blob`` the id of the content, ``None`` after a D;
    ``messages`` how many messages spoke of the file while it was so.
    """

    eff_at: datetime | None
    sha: str
    status: str
    path: str
    old_path: str | None
    subject: str | None
    blob: str | None
    messages: int


class Place(NamedTuple):
    """A branch of a repository, by the names that tables have for them."""

    repo: str
    branch: str


def stored_path(path: str) -> str:
    """Return a path of the command line or of a list as tables have it: bytes that are no UTF-8 as escapes such as ``\\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


_ALWAYS = 2**31 - 1

FILE_VERSIONS = f"""
    WITH RECURSIVE steps AS MATERIALIZED (
        SELECT p.repo, p.branch, t.seq, g.old_path, g.new_path
        FROM git_renames g JOIN git_timeline t USING (repo, sha) JOIN asked_branches p ON p.repo = t.repo AND p.branch = t.branch
    ),
    gone AS MATERIALIZED (
        SELECT repo, branch, path, seq FROM git_path_versions SEMI JOIN asked_branches USING (repo, branch) WHERE status = 'D'
    ),
    moves_since AS (
        SELECT s.*, coalesce(g.seq, 0) AS old_since
        FROM steps s ASOF LEFT JOIN gone g
            ON g.repo = s.repo AND g.branch = s.branch AND g.path = s.old_path AND s.seq > g.seq
    ),
    moves AS MATERIALIZED (
        SELECT s.*, coalesce(g.seq, {_ALWAYS}) AS new_until
        FROM moves_since s ASOF LEFT JOIN gone g
            ON g.repo = s.repo AND g.branch = s.branch AND g.path = s.new_path AND s.seq < g.seq
    ),
    older AS (
        SELECT repo, branch, $path AS path, 0 AS since, {_ALWAYS} AS until FROM asked_branches
        UNION
        SELECT m.repo, m.branch, m.old_path, m.old_since, m.seq
        FROM older o JOIN moves m ON m.repo = o.repo AND m.branch = o.branch AND m.new_path = o.path
            AND m.seq > o.since AND m.seq <= o.until
    ),
    newer AS (
        SELECT repo, branch, $path AS path, 0 AS since, {_ALWAYS} AS until FROM asked_branches
        UNION
        SELECT m.repo, m.branch, m.new_path, m.seq - 1, m.new_until
        FROM newer n JOIN moves m ON m.repo = n.repo AND m.branch = n.branch AND m.old_path = n.path
            AND m.seq > n.since AND m.seq <= n.until
    ),
    names AS (FROM older UNION FROM newer)
    SELECT DISTINCT v.repo, v.branch, v.path, v.seq, v.eff_at, v.sha, if(born.old_path IS NULL, v.status, 'R') AS status,
        born.old_path, v.blob
    FROM git_path_versions v
    JOIN names n ON n.repo = v.repo AND n.branch = v.branch AND n.path = v.path AND v.seq > n.since AND v.seq <= n.until
    LEFT JOIN (SELECT repo, branch, seq, new_path, min(old_path) AS old_path FROM moves GROUP BY ALL) born
        ON born.repo = v.repo AND born.branch = v.branch AND born.seq = v.seq AND born.new_path = v.path
    WHERE (v.repo, v.branch, v.seq, v.path) NOT IN (SELECT (repo, branch, seq, old_path) FROM moves)
"""
"""What became of the file that ``$path`` is or was, on the branches of ``asked_branches`` (repo, branch).

A name counts only while it was the file's: what stood there before it came, or after it left, is another file. Where ``$path``
itself was the name of several files, all of them count. The step that takes the old name away is the one that brings the new.
"""


def branches(connection: duckdb.DuckDBPyConnection, repo: str | None = None) -> list[Place]:
    """Return the branches that are followed, of one repository or of all, the first of each repository first."""
    sql = """
        SELECT repo, branch FROM (
            SELECT repo, unnest(branches) AS branch, generate_subscripts(branches, 1) AS number
            FROM git_repos WHERE repo = coalesce($repo, repo)
        )
        ORDER BY repo, number
    """
    return [Place(*row) for row in rows(connection, sql, {"repo": repo})]


def versions_of(connection: duckdb.DuckDBPyConnection, place: Place, path: str) -> list[FileVersion]:
    """Return the versions of a file on a branch, under all its names, newest first; none where no such path ever was."""
    told = f"""
        SELECT eff_at, sha, status, path, old_path, subject, blob, coalesce(messages, 0)
        FROM ({FILE_VERSIONS}) LEFT JOIN git_commits USING (repo, sha) LEFT JOIN ({_SPOKEN}) USING (repo, path, sha)
        ORDER BY seq DESC, path
    """
    with view_of(connection, "asked_branches", places_table([place])):
        return [FileVersion(*row) for row in rows(connection, told, {"path": path})]


_SPOKEN = """
    SELECT repo, path, sha, count(DISTINCT message_id) AS messages
    FROM code_references SEMI JOIN clean_messages USING (message_id) WHERE kind = 'path' GROUP BY ALL
"""


def places_table(places: Iterable[Place]) -> pa.Table:
    """Return places as a table (repo, branch) for SQL."""
    listed = list(places)
    columns = {"repo": [place.repo for place in listed], "branch": [place.branch for place in listed]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def steps(
    connection: duckdb.DuckDBPyConnection, place: Place, shas: Sequence[str]
) -> dict[str, tuple[datetime | None, str | None]]:
    """Return, for commits that are steps of a branch, when each counts from and what its first line says."""
    sql = """
        SELECT sha, eff_at, subject FROM git_timeline JOIN git_commits USING (repo, sha)
        WHERE repo = ? AND branch = ? AND list_contains(?::VARCHAR[], sha)
    """
    return {sha: (eff_at, subject) for sha, eff_at, subject in rows(connection, sql, [*place, list(shas)])}


def permalink_of(connection: duckdb.DuckDBPyConnection, place: Place, version: Version) -> str | None:
    """Return the address of a version of a file, ``None`` where nothing is there or the repository has no page."""
    if version.state == "submodule" or version.state not in LINKED or version.path is None:
        return None
    ((forge, web, template),) = rows(
        connection, "SELECT forge, web, permalink FROM git_repos WHERE repo = ?", [place.repo]
    )
    odd = "SELECT path_bytes FROM git_file_changes WHERE repo = ? AND path = ? AND path_bytes IS NOT NULL LIMIT 1"
    found = rows(connection, odd, [place.repo, version.path])
    path = found[0][0] if found else version.path
    return permalink(forge, web, template, kind="file", sha=version.changed_in, path=path)


def place_of(connection: duckdb.DuckDBPyConnection, repos: Sequence[str], branch: str | None, path: str) -> Place:
    """Return where to look for a path: in the only one of ``repos``, else in the one that has or had it.

    ``branch`` is one that is followed; none: the first. Raises ``Unanswerable``.
    """
    read = [place for place in branches(connection) if place.repo in repos]
    if not read:
        raise Unanswerable(f"nothing is read yet of {_listed(repos)}: run `egregora ingest` first")
    candidates = _on_branch(read, branch)
    if len(repos) == 1:
        return candidates[0]
    having = _having(connection, candidates, path)
    if not having:
        raise unknown_path(connection, candidates, path)
    if len(having) > 1:
        named = _listed([place.repo for place in having])
        raise Unanswerable(f"several repositories have or had {path!r}: {named}: say which with --repo")
    return having[0]


def _on_branch(read: Sequence[Place], branch: str | None) -> list[Place]:
    if branch is None:
        return list({place.repo: place for place in reversed(read)}.values())
    found = [place for place in read if place.branch == branch]
    if not found:
        followed = _listed(sorted({place.branch for place in read}))
        raise Unanswerable(
            f"no branch {branch!r} is followed, but {followed}: name it under `branches` of its [[repositories]] in the settings"
        )
    return found


def was_ever(connection: duckdb.DuckDBPyConnection, places: Sequence[Place], path: str) -> bool:
    """Return whether one of the branches has or had this very path."""
    return bool(_having(connection, places, path))


def _having(connection: duckdb.DuckDBPyConnection, places: Sequence[Place], path: str) -> list[Place]:
    sql = "SELECT DISTINCT repo, branch FROM git_path_versions SEMI JOIN asked_branches USING (repo, branch) WHERE path = ?"
    with view_of(connection, "asked_branches", places_table(places)):
        return [Place(*row) for row in rows(connection, f"{sql} ORDER BY ALL", [path])]


def unknown_path(connection: duckdb.DuckDBPyConnection, places: Sequence[Place], path: str) -> Unanswerable:
    """Return the error that says that none of the branches ever had a path, and which paths are like it."""
    where = _listed([f"{place.repo} ({place.branch})" for place in places])
    near = near_paths(connection, places, path)
    hint = f"; there is or was {_listed(near)}" if near else ""
    return Unanswerable(f"{path!r} was never in {where}{hint}")


_LEAST_ALIKE = 0.8
_NEAR = f"""
    SELECT path FROM (
        SELECT DISTINCT path, parse_filename(lower(path), false, 'forward_slash') = parse_filename($path, false, 'forward_slash')
            AS same_name, jaro_winkler_similarity(lower(path), $path) AS alike
        FROM git_path_versions SEMI JOIN asked_branches USING (repo, branch)
    )
    WHERE same_name OR alike >= {_LEAST_ALIKE} ORDER BY same_name DESC, alike DESC, path LIMIT 3
"""


def near_paths(connection: duckdb.DuckDBPyConnection, places: Sequence[Place], path: str) -> list[str]:
    """Return up to three paths that were ever on the branches and have the same name or look alike, the nearest first."""
    with view_of(connection, "asked_branches", places_table(places)):
        return [near for (near,) in rows(connection, _NEAR, {"path": path.lower()})]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
