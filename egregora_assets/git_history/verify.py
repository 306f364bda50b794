"""What must be true of the git tables and of what messages are said to refer to."""

from __future__ import annotations

from itertools import groupby

import duckdb

from egregora_assets.authors.verify import HIDDEN_MESSAGES, no_names_in, no_pii_in
from egregora_assets.config import Settings
from egregora_assets.git_history import plumbing
from egregora_assets.git_history.comparing import judged, without_rows
from egregora_assets.git_history.looking import look
from egregora_assets.git_history.plumbing import GitError, Repository
from egregora_assets.git_history.references import LINKED
from egregora_assets.git_history.repositories import Source, opened, sources
from egregora_assets.git_history.resolver import resolved
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction, watermark
from egregora_assets.warehouse.verdict import Verdict, no_rows

_LOOK_UPS = 200
_LEAST_SHARE = 0.1
_ENOUGH = 50
_SHOWN = """
    SELECT concat_ws(' ', raw, path, repo) AS words, source_id
    FROM code_references r JOIN (SELECT message_id, source_id FROM clean_messages) USING (message_id) WHERE r.revision > $since
"""


def repositories_are_read(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every repository in the settings can be read."""
    unread = [source.name for source in sources(settings) if not _can_be_read(settings, source)]
    told = f"{len(unread)} repositories cannot be read"
    return Verdict(not unread, ": ".join([told, *([", ".join(unread)] if unread else [])]), {"unread": len(unread)})


def _can_be_read(settings: Settings, source: Source) -> bool:
    try:
        look(source, settings.git_shadows)
    except GitError:
        return False
    return True


def changed_commits_have_rows(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every commit with at most one parent that changed its tree has rows, unless its folders are missing from the clone."""
    consumer = "check:changed_commits_have_rows"
    found = without_rows(connection, watermark(connection, consumer).revision)
    lost = 0
    for name, group in groupby(found, key=lambda row: str(row[0])):
        repository = _opened(settings, name)
        lost += 0 if repository is None else len(judged(repository, [row[1:] for row in group])[1])
    if not lost:
        with transaction(connection, consumer) as change:
            change.advance(even_unchanged=True)
    return Verdict(lost == 0, f"{lost} commits without the rows of what they changed", {"commits": lost})


def timelines_are_contiguous(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each step of a timeline is the first parent of the next, none is missing, and the clock never goes back."""
    return no_rows(connection, _BROKEN, "steps that do not follow the one before")


_BROKEN = """
    SELECT count(*) FROM (
        SELECT t.repo, t.sha, seq, eff_at, is_boundary, p.parent,
            lag(t.sha) OVER steps AS before, lag(seq) OVER steps AS seq_before, lag(eff_at) OVER steps AS eff_before
        FROM git_timeline t JOIN git_commits USING (repo, sha)
        LEFT JOIN git_commit_parents p ON p.repo = t.repo AND p.sha = t.sha AND p.parent_no = 1
        WINDOW steps AS (PARTITION BY t.repo, branch ORDER BY seq)
    )
    WHERE seq <> coalesce(seq_before, 0) + 1 OR eff_at < eff_before
        OR before IS DISTINCT FROM if(is_boundary, NULL, parent)
"""


def look_ups_agree_with_git(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """What the timelines say was at a path at a time is what git has there, in 200 look-ups chosen by a fixed seed."""
    asked = differing = 0
    with resolved(connection, _SAMPLE, exact=True):
        answers = rows(
            connection, "SELECT repo, tip, path, state, blob FROM resolved_paths WHERE tip IS NOT NULL ORDER BY 1"
        )
    for name, group in groupby(answers, key=lambda row: str(row[0])):
        repository = _opened(settings, name)
        if repository is not None:
            found = [row[1:] for row in group]
            asked += len(found)
            differing += _differing(repository, found)
    told = f"{differing} of {asked} look-ups differ from git"
    return Verdict(differing == 0, told, {"look_ups": asked, "differing": differing})


_ODD = r"[\\\p{Cc}\p{Zl}\p{Zp}]"
_SAMPLE = f"""
    WITH paths AS (
        SELECT repo, branch, path, row_number() OVER (ORDER BY repo, branch, path) - 1 AS number
        FROM (SELECT DISTINCT repo, branch, path FROM git_path_versions WHERE NOT regexp_matches(path, '{_ODD}'))
    ),
    chosen AS (
        SELECT i, p.repo, p.branch, p.path
        FROM (
            SELECT i, (md5_number_lower(i || 'path') % (SELECT greatest(count(*), 1) FROM paths)::UBIGINT)::BIGINT AS number
            FROM range({_LOOK_UPS}) r(i)
        )
        JOIN paths p USING (number)
    ),
    steps AS (
        SELECT repo, branch, eff_at, row_number() OVER (PARTITION BY repo, branch ORDER BY seq) - 1 AS number,
            count(*) OVER (PARTITION BY repo, branch) AS steps
        FROM git_timeline WHERE eff_at IS NOT NULL
    )
    SELECT i AS id, repo, branch, path, eff_at AS time
    FROM chosen JOIN steps USING (repo, branch) WHERE number = (md5_number_lower(i || 'step') % steps::UBIGINT)::BIGINT
"""
"""Paths that git reads in one line each, at times of steps, both chosen by a hash of the number of the question."""


def _differing(repository: Repository, answers: list[tuple[str, str, str, str | None]]) -> int:
    """Count the answers that are not what git has in the tree of the tip; what cannot be known is left out.

    All are asked at once. That says "missing" also of files which a partial clone lacks: those are asked again by themselves.
    """
    known = [
        (tip, path, blob if state in ("present", "renamed") else None)
        for tip, path, state, blob in answers
        if state in ("present", "renamed", "absent")
    ]
    command = ("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
    told = plumbing.output_of(repository, *command, lines=(f"{tip}:{path}" for tip, path, _ in known))
    blobs = [
        line.removesuffix(b" blob").decode() if line.endswith(b" blob") else None for line in told.split(b"\n")[:-1]
    ]
    doubtful = [one for one, found in zip(known, blobs, strict=True) if one[2] != found]
    return sum(_blob_in_tree(repository, tip, path) != blob for tip, path, blob in doubtful)


def _blob_in_tree(repository: Repository, tip: str, path: str) -> str | None:
    told = plumbing.output_of(repository, "--literal-pathspecs", "ls-tree", "-z", "--full-tree", tip, "--", path)
    head, tab, name = told.partition(b"\0")[0].partition(b"\t")
    _, kind, blob = head.split() if tab else (b"", b"", b"")
    return blob.decode() if kind == b"blob" and name == path.encode() else None


def references_are_resolved(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """A tenth or more of the files and commits that messages name are found in a repository."""
    linked = ", ".join(f"'{state}'" for state in LINKED)
    ((found, named),) = rows(
        connection,
        f"SELECT (SELECT count(*) FROM code_references WHERE state IN ({linked})), "
        "(SELECT count(*) FROM code_mentions WHERE kind IN ('path', 'commit'))",
    )
    share = found / named if named else 1.0
    told = f"{found:,} of {named:,} files and commits that messages name are found"
    return Verdict(
        share >= _LEAST_SHARE or named < _ENOUGH or not settings.repositories, told, {"share": round(share, 3)}
    )


def no_opted_out_text(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No reference comes from a message of a person who opted out."""
    sql = f"SELECT count(*) FROM code_references WHERE message_id IN ({HIDDEN_MESSAGES})"
    return no_rows(connection, sql, "references in messages of people who opted out")


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No reference shows an address, a number or a key, unless its source keeps them."""
    return no_pii_in(connection, settings, "code_references", _SHOWN)


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No reference shows a name that the policy of its source hides, also not in a path that it leads to."""
    return no_names_in(connection, settings, "code_references", _SHOWN)


def _opened(settings: Settings, name: str) -> Repository | None:
    source = next((source for source in sources(settings) if source.name == name), None)
    if source is None:
        return None
    try:
        return opened(source, settings.git_shadows)
    except GitError:
        return None
