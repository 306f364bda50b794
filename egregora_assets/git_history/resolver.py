"""Which version of a path was current on a branch at a time, as SQL over many questions at once and as one look-up.

The tip at a time is the last step of the branch's timeline by then; a version is what the steps up to the tip did last to a
path. Someone who looks at the branch from elsewhere may have seen a step earlier or later than its clock says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of

STATES = ("present", "absent", "renamed", "submodule", "unknown", "ambiguous")
"""``unknown``: before the branch began, or where a shallow clone does; ``ambiguous``: several paths may be meant."""

_MOST_HOPS = 8
_SUBMODULE = 160000


@dataclass(frozen=True)
class Version:
    """What was at a path. ``path`` is the path in the repository, which may differ from the one that was asked for.

    ``tip`` is the commit that the branch was at, ``changed_in`` the step that last changed the path; ``blob`` is the id of the
    file's content.
    """

    state: str
    tip: str | None
    path: str | None
    changed_in: str | None
    blob: str | None


TIPS = """
    SELECT a.*, t.seq AS tip_seq, t.sha AS tip
    FROM ({asked}) a ASOF LEFT JOIN (
        SELECT repo, branch, eff_at, max(seq) AS seq, arg_max(sha, seq) AS sha
        FROM git_timeline WHERE eff_at IS NOT NULL GROUP BY ALL
    ) t ON a.repo = t.repo AND a.branch = t.branch AND a.time >= t.eff_at
"""
"""``asked`` with the tip of its branch at its time. Of steps with one clock the last counts."""
VERSIONS = """
    WITH questions AS MATERIALIZED (SELECT row_number() OVER () AS question, * FROM ({tips})),
    places AS MATERIALIZED (
        SELECT row_number() OVER () AS place, * FROM (SELECT DISTINCT repo, branch, path FROM questions)
    ),
    answers AS (
        SELECT question, version
        FROM (SELECT question, place, tip_seq FROM questions JOIN places USING (repo, branch, path)) q
        ASOF JOIN (
            SELECT place, seq, v.rowid AS version FROM git_path_versions v JOIN places USING (repo, branch, path)
        ) v ON q.place = v.place AND q.tip_seq >= v.seq
    )
    SELECT q.* EXCLUDE (question), v.sha AS changed_in, v.status, v.mode, v.blob
    FROM questions q LEFT JOIN answers USING (question) LEFT JOIN git_path_versions v ON v.rowid = version
"""
"""What the tip has at each path; a ``status`` of D is the step that took the path away, null: it was never there.

Numbers stand for the places asked for, and for their versions: sorting texts of several columns costs twice as much.
"""


def path_at(
    connection: duckdb.DuckDBPyConnection, repo: str, branch: str, path: str, time: datetime, exact: bool = False
) -> Version:
    """Return what was at ``path`` of a branch at ``time`` (with a time zone). See ``resolved``."""
    asked = pa.table({"id": [0], "repo": [repo], "branch": [branch], "path": [path], "time": [time]})
    with view_of(connection, "asked_path", asked), resolved(connection, "SELECT * FROM asked_path", exact):
        ((state, tip, found, changed_in, blob),) = rows(
            connection, "SELECT state, tip, path, changed_in, blob FROM resolved_paths"
        )
    return Version(state, tip, found, changed_in, blob)


@contextmanager
def resolved(connection: duckdb.DuckDBPyConnection, asked: str, exact: bool = False) -> Iterator[None]:
    """Answer the questions of SQL ``asked`` (id, repo, branch, path, time) in a table ``resolved_paths`` for the block.

    Columns: id, repo, branch, path, time, state, tip, changed_in, blob. A path that was renamed is followed to where it is at
    that time. One that the branch never had is, but for ``exact``, looked for in another case and as the end of a path, among
    what is there at that time. Runs inside a transaction or not.
    """
    now = VERSIONS.format(tips=TIPS.format(asked=asked))
    with temporary(connection, "resolved_paths", _STATED.format(versions=now)):
        if not exact and scalar(connection, "SELECT EXISTS (FROM resolved_paths WHERE state = 'never')"):
            _look_further(connection)
        for _ in range(_MOST_HOPS):
            if not _follow_renames(connection):
                break
        if scalar(connection, "SELECT EXISTS (FROM git_undecided)"):
            changed(connection, _UNDECIDED)
        changed(connection, "UPDATE resolved_paths SET state = 'absent', blob = NULL WHERE state IN ('never', 'gone')")
        if scalar(connection, "SELECT EXISTS (FROM git_commits WHERE is_unread)"):
            changed(connection, _AFTER_UNREAD)
        yield


_STATE = f"""
    CASE WHEN tip IS NULL THEN 'unknown' WHEN status IS NULL THEN 'never' WHEN status = 'D' THEN 'gone'
        WHEN mode = {_SUBMODULE} THEN 'submodule' ELSE 'present' END
"""
_STATED = f"""
    SELECT id, repo, branch, path, time, {_STATE} AS state, tip, tip_seq, changed_in, if(mode = {_SUBMODULE}, NULL, blob) AS blob
    FROM ({{versions}})
"""
_AGAIN = "SELECT id, repo, branch, {path} AS path, time, tip_seq, tip FROM resolved_paths"


_AFTER_UNREAD = """
    UPDATE resolved_paths r SET state = 'unknown', changed_in = NULL, blob = NULL
    FROM (
        SELECT repo, branch, seq FROM git_timeline JOIN (FROM git_commits WHERE is_unread) USING (repo, sha)
    ) u
    WHERE u.repo = r.repo AND u.branch = r.branch AND u.seq <= r.tip_seq
        AND NOT EXISTS (
            FROM git_path_versions v
            WHERE v.repo = r.repo AND v.branch = r.branch AND v.path = r.path AND v.seq > u.seq AND v.seq <= r.tip_seq
        )
"""
"""What a step did that cannot be read (a clone without all its folders) is not known, until a later step changes the path."""


_UNDECIDED = """
    UPDATE resolved_paths r SET state = 'unknown', changed_in = NULL, blob = NULL
    FROM git_undecided u WHERE r.state = 'gone' AND u.repo = r.repo AND u.sha = r.changed_in AND u.path = r.path
"""
"""A path that was taken away may have been renamed where files are missing that would tell it."""


def _follow_renames(connection: duckdb.DuckDBPyConnection) -> int:
    """Take each path that a rename took away to its new name; return how many are not there either."""
    moved = """
        SELECT r.id, r.repo, r.branch, g.new_path AS path, r.time, r.tip_seq, r.tip
        FROM resolved_paths r JOIN git_renames g ON g.repo = r.repo AND g.sha = r.changed_in AND g.old_path = r.path
        WHERE r.state = 'gone'
    """
    with temporary(connection, "followed", _STATED.format(versions=VERSIONS.format(tips=moved))) as count:
        if not count:
            return 0
        changed(
            connection,
            """
            UPDATE resolved_paths r SET
                state = if(f.state = 'present', 'renamed', f.state), path = f.path, changed_in = f.changed_in, blob = f.blob
            FROM followed f WHERE f.id = r.id AND f.state IN ('present', 'submodule', 'gone')
            """,
        )
        return len(rows(connection, "SELECT 1 FROM followed WHERE state = 'gone'"))


_CANDIDATES = """
    WITH ends AS (
        SELECT DISTINCT id, repo, branch, path, lower(path) AS wanted, lower(parse_filename(path, false, 'forward_slash')) AS name
        FROM resolved_paths WHERE state = 'never'
    ),
    known AS (SELECT DISTINCT repo, branch, path FROM git_path_versions),
    named AS (SELECT *, lower(path) AS lowered, lower(parse_filename(path, false, 'forward_slash')) AS name FROM known)
    SELECT e.id, n.path, if(n.lowered = e.wanted, 1, 2) AS rank
    FROM ends e JOIN named n USING (repo, branch, name)
    WHERE (n.lowered = e.wanted OR ends_with(n.lowered, '/' || e.wanted))
        AND NOT EXISTS (FROM known k WHERE k.repo = e.repo AND k.branch = e.branch AND k.path = e.path)
"""


def _look_further(connection: duckdb.DuckDBPyConnection) -> None:
    """Take paths that the branch never had for what is there in another case, else for the end of one path that is there.

    One that the branch came to have later was not there yet: nothing else is meant by it.
    """
    with temporary(connection, "candidates", _CANDIDATES) as count:
        if count:
            asked = f"SELECT a.* REPLACE (c.path AS path), rank FROM ({_AGAIN.format(path='path')}) a JOIN candidates c USING (id)"
            stated = f"SELECT *, {_STATE} AS state FROM ({VERSIONS.format(tips=asked)})"
            best = "state IN ('present', 'submodule') QUALIFY rank = min(rank) OVER (PARTITION BY id)"
            alive = f"SELECT * FROM ({stated}) WHERE {best}"
            with temporary(connection, "alive", alive):
                changed(
                    connection,
                    """
                    UPDATE resolved_paths r SET
                        state = if(m.paths = 1, m.state, 'ambiguous'), path = if(m.paths = 1, m.path, r.path),
                        changed_in = if(m.paths = 1, m.changed_in, NULL), blob = if(m.paths = 1, m.blob, NULL)
                    FROM (
                        SELECT id, count(*) AS paths, any_value(state) AS state, any_value(path) AS path,
                            any_value(changed_in) AS changed_in, any_value(blob) AS blob
                        FROM alive GROUP BY id
                    ) m
                    WHERE m.id = r.id
                    """,
                )
