"""``code_references``: which files, commits and issues messages speak of, and what these were when it was said.

What may be meant is kept in ``code_mentions``; a mention of no file or commit of a configured repository gives no reference.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.authors import gate
from egregora_assets.authors.policy import naming_somebody, rules_of, unscrubbed
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.git_history.mentions import detecting, mentions
from egregora_assets.git_history.resolver import resolved
from egregora_assets.git_history.web import permalinks, safe_link, same_place, with_anchor
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "code_references"
LINKED = ("present", "renamed", "submodule")
"""States of references to something that is there."""

_VERSION = "3"
_COLUMNS = (
    "message_id, place, kind, raw, repo, path, line_from, line_to, sha, number, state, tip_commit, blob, permalink"
)


@dataclass(frozen=True)
class ReferenceChanges:
    """What one pass changed: mentions that are new, and references that are new or differ."""

    mentions: int = 0
    references: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> ReferenceChanges:
    """Bring ``code_mentions`` and ``code_references`` up to date with ``clean_messages`` and the git tables.

    New messages are looked at once. When a repository has changed, or a name has become known, all mentions are resolved
    again, for a branch may have been moved, or a path may show the name; only what comes out otherwise is written.
    """
    gate.refresh(connection, settings)
    rules = rules_fingerprint(connection, settings)
    with detecting(connection), transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        detected_by = seen.fingerprint.partition(" ")[0]
        since = 0 if full or detected_by != rules.partition(" ")[0] else seen.revision
        found = _follow_messages(change, since)
        moved = (
            seen.fingerprint != rules
            or scalar(connection, "SELECT EXISTS (FROM git_repos WHERE revision > ?)", [since])
            or not since
        )
        written = _resolve(change, settings, everything=moved) if found or moved else 0
        change.advance(rules)
    return ReferenceChanges(found, written)


def rules_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a name for what mentions are resolved by: with another first word, all are also detected again."""
    talked_of = [(source.title, source.repositories) for source in settings.sources]
    rules = [_VERSION, [repository.slug for repository in settings.repositories], talked_of]
    detection = hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]
    return f"{detection} {names_fingerprint(connection, settings)}"


def _follow_messages(change: Transaction, since: int) -> int:
    """Take away the mentions of messages that are gone or have changed, and add those of new ones; return how many.

    Runs inside ``detecting``.
    """
    connection = change.connection
    gone = "SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since"
    new = "SELECT message_id, text FROM clean_messages WHERE revision > $since AND text <> ''"
    if not scalar(connection, f"SELECT EXISTS ({gone}) OR EXISTS ({new})", {"since": since}):
        return 0
    outdated = f"{gone} UNION ALL SELECT message_id FROM clean_messages WHERE revision > $since"
    if not since:
        outdated = "SELECT message_id FROM code_mentions"
    with (
        temporary(
            connection,
            "outdated",
            f"SELECT DISTINCT * FROM ({outdated}) t(message_id)",
            {"since": since} if since else None,
        ),
        temporary(connection, "detected", mentions(new), {"since": since}) as count,
    ):
        if scalar(connection, "SELECT EXISTS (FROM code_mentions SEMI JOIN outdated USING (message_id))"):
            changed(connection, "DELETE FROM code_mentions WHERE message_id IN (FROM outdated)")
            _take_away(change, "message_id IN (FROM outdated) AND message_id NOT IN (SELECT message_id FROM detected)")
        if count:
            changed(
                connection,
                "INSERT INTO code_mentions BY NAME SELECT *, $revision AS revision FROM detected",
                {"revision": change.revision},
            )
    return count


def _take_away(change: Transaction, condition: str) -> None:
    connection = change.connection
    gone = f"SELECT DISTINCT 'code_references', message_id, $revision FROM code_references WHERE {condition}"
    if scalar(connection, f"SELECT EXISTS (FROM code_references WHERE {condition})"):
        changed(connection, f"INSERT INTO tombstones {gone}", {"revision": change.revision})
        changed(connection, f"DELETE FROM code_references WHERE {condition}")


def _resolve(change: Transaction, settings: Settings, everything: bool) -> int:
    """Resolve all mentions, or those of this transaction, and write what differs; return how many rows that is."""
    connection = change.connection
    which = "" if everything else f"WHERE code_mentions.revision = {change.revision}"
    opened = f"""
        SELECT code_mentions.* EXCLUDE (revision), row_number() OVER () AS mention, source_id, sent_at,
            date_trunc('minute', sent_at) = sent_at AS to_the_minute
        FROM code_mentions JOIN clean_messages USING (message_id) {which}
    """
    with (
        view_of(connection, "talked_of", _talked_of(connection, settings)),
        temporary(connection, "open_mentions", opened),
        view_of(connection, "named_repos", _named_repos(connection)),
        temporary(connection, "may_mean", _MAY_MEAN),
        temporary(connection, "followed_branches", _FOLLOWED),
        temporary(connection, "named_refs", _NAMED),
        temporary(connection, "pinned", _PINNED),
        temporary(connection, "asked_files", _ASKED),
        resolved(connection, "SELECT id, repo, branch, path, time FROM asked_files"),
        temporary(connection, "meant", f"{_FILES} UNION ALL BY NAME {_COMMITS} UNION ALL BY NAME {_NUMBERS}"),
    ):
        return _write(change, settings, everything)


def _talked_of(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pa.Table:
    """Return (source_id, repo): which repositories each chat may talk about, under each of the titles that it has had."""
    titles = "SELECT source_id, coalesce(raw_title, '') FROM sources LEFT JOIN private.source_titles USING (source_id)"
    slugs: dict[str, set[str]] = {}
    for source_id, title in rows(connection, titles):
        meant = {repository.slug for repository in settings.repositories_of(title)}
        slugs[source_id] = meant & slugs.get(source_id, meant)
    pairs = [(source_id, slug) for source_id, meant in slugs.items() for slug in sorted(meant)]
    stored = {repo for (repo,) in rows(connection, "SELECT repo FROM git_repos")}
    shown = [(source_id, repo) for source_id, repo in pairs if repo in stored]
    return table_of(shown, pa.schema([("source_id", pa.string()), ("repo", pa.string())]))


def _named_repos(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return (host, owner, repository, repo): which repository is meant where a mention names one."""
    named = rows(connection, "SELECT DISTINCT host, owner, repository FROM open_mentions WHERE repository IS NOT NULL")
    webs = rows(connection, "SELECT repo, web FROM git_repos WHERE web IS NOT NULL")
    found = [
        (host, owner, repository, repo)
        for host, owner, repository in named
        for repo, web in webs
        if same_place(web, host or web.split("/")[2], owner or "", repository)
    ]
    return table_of(found, pa.schema([(name, pa.string()) for name in ("host", "owner", "repository", "repo")]))


_MAY_MEAN = """
    SELECT mention, repo FROM open_mentions JOIN talked_of USING (source_id) WHERE repository IS NULL
    UNION
    SELECT mention, n.repo FROM open_mentions m JOIN named_repos n
        ON n.repository = m.repository AND n.host IS NOT DISTINCT FROM m.host AND n.owner IS NOT DISTINCT FROM m.owner
"""
"""In which repositories to look for each mention: in the one it names, else in all that its chat talks about."""

_NAMED = """
    SELECT m.mention, r.repo, if(list_contains(g.branches, r.name), r.name, NULL) AS branch, r.commit_sha,
        substr(concat(m.ref, '/', m.path), length(r.name) + 2) AS path
    FROM open_mentions m JOIN may_mean USING (mention)
    JOIN (
        SELECT repo, regexp_replace(ref, '^refs/(heads|tags|remotes/origin)/', '') AS name, ref, commit_sha
        FROM git_refs WHERE regexp_matches(ref, '^refs/(heads|tags|remotes/origin)/|^HEAD$')
    ) r USING (repo)
    JOIN git_repos g USING (repo)
    WHERE m.kind = 'path' AND m.ref IS NOT NULL AND starts_with(concat(m.ref, '/', m.path), r.name || '/')
    QUALIFY row_number() OVER (PARTITION BY m.mention, r.repo ORDER BY length(r.name) DESC, r.ref) = 1
"""
"""Files that a link names with a branch or tag, which may have slashes in it: only the repository knows where it ends."""

_PINNED = """
    SELECT mention, repo, commit_sha AS sha, path FROM named_refs WHERE branch IS NULL
    UNION
    SELECT m.mention, c.repo, c.sha, m.path
    FROM open_mentions m JOIN may_mean y USING (mention)
    JOIN git_commits c ON c.repo = y.repo AND left(c.sha, 7) = left(m.ref, 7) AND starts_with(c.sha, m.ref)
    WHERE m.kind = 'path' AND regexp_full_match(m.ref, '[0-9a-f]{7,64}')
        AND (m.mention, c.repo) NOT IN (SELECT (mention, repo) FROM named_refs)
"""
"""Files that a link names at a commit, by its id, by a tag, or by a branch that is not followed."""

_ASKED = """
    SELECT row_number() OVER (ORDER BY mention, repo, number, late) AS id, mention, repo, branch, path,
        coalesce(at_commit, sent_at + late * INTERVAL 59 SECOND) AS time
    FROM (
        SELECT m.mention, m.sent_at, m.to_the_minute, g.repo, g.branch, g.number, m.path, NULL AS at_commit
        FROM open_mentions m JOIN may_mean USING (mention) JOIN followed_branches g USING (repo)
        WHERE m.kind = 'path' AND m.ref IS NULL
        UNION ALL
        SELECT m.mention, m.sent_at, m.to_the_minute, n.repo, n.branch, 1, n.path, NULL
        FROM named_refs n JOIN open_mentions m USING (mention) WHERE n.branch IS NOT NULL
        UNION ALL
        SELECT m.mention, m.sent_at, m.to_the_minute, g.repo, g.branch, g.number, p.path, t.eff_at
        FROM pinned p JOIN open_mentions m USING (mention) JOIN followed_branches g ON g.repo = p.repo
        JOIN git_timeline t ON t.repo = g.repo AND t.branch = g.branch AND t.sha = p.sha
    ), (VALUES (0), (1)) late(late)
    WHERE late = 0 OR (to_the_minute AND at_commit IS NULL)
"""
"""One question for each branch on which a file may be meant, and where the time is a minute one more for its end.

A link names its branch, or a commit or tag, which has a time of its own; what it names is looked for nowhere else.
"""
_FOLLOWED = """
    SELECT repo, unnest(branches) AS branch, generate_subscripts(branches, 1) AS number FROM git_repos
"""

_FILES = """
    SELECT
        mention, if(repos = 1, repo, NULL) AS repo, if(repos = 1, path, NULL) AS path, if(repos = 1, sha, NULL) AS sha,
        if(repos = 1, state, 'ambiguous') AS state, tip_commit, if(repos = 1, blob, NULL) AS blob
    FROM (
        SELECT mention, count(DISTINCT repo) AS repos, any_value(repo) AS repo, any_value(path) AS path,
            any_value(changed_in) AS sha, any_value(state) AS state, any_value(tip) AS tip_commit, any_value(blob) AS blob
        FROM (
            SELECT mention, repo, arg_max(path, id) AS path, arg_max(changed_in, id) AS changed_in,
                arg_max(tip, id) AS tip, arg_max(blob, id) AS blob,
                CASE WHEN count(DISTINCT coalesce(blob, '')) > 1 THEN 'ambiguous' ELSE arg_max(state, id) END AS state
            FROM (
                SELECT r.*, a.mention, first_value(r.branch) OVER (PARTITION BY a.mention, r.repo ORDER BY id) AS first_branch
                FROM resolved_paths r JOIN (SELECT id, mention FROM asked_files) a USING (id)
                WHERE r.state NOT IN ('absent', 'unknown')
            )
            WHERE branch = first_branch GROUP BY mention, repo
        )
        GROUP BY mention
    )
"""
"""What was found of each file: on the first branch that has it, in the one repository that has it.

Two versions within the minute in which it was said make it ambiguous; the later one is the one to look at.
"""

_COMMITS = """
    SELECT mention, if(commits = 1, repo, NULL) AS repo, NULL AS path, if(commits = 1, found, NULL) AS sha,
        if(commits = 1, 'present', 'ambiguous') AS state, if(commits = 1, found, NULL) AS tip_commit, NULL AS blob
    FROM (
        SELECT m.mention, count(DISTINCT c.sha) AS commits, min(c.sha) AS found, min(c.repo) AS repo
        FROM open_mentions m JOIN may_mean y USING (mention)
        JOIN git_commits c ON c.repo = y.repo AND left(c.sha, 7) = left(m.sha, 7) AND starts_with(c.sha, m.sha)
        WHERE m.kind = 'commit' GROUP BY m.mention
    )
"""

_NUMBERS = """
    SELECT mention, any_value(repo) AS repo, NULL AS path, NULL AS sha, 'unknown' AS state, NULL AS tip_commit, NULL AS blob
    FROM open_mentions JOIN may_mean USING (mention) JOIN git_repos USING (repo)
    WHERE kind IN ('issue', 'merge_request') AND web IS NOT NULL GROUP BY mention HAVING count(DISTINCT repo) = 1
"""
"""Issues stand in no repository: where it is clear whose they are, there is a link to follow, and no more is known."""


def _write(change: Transaction, settings: Settings, everything: bool) -> int:
    """Put what is meant into ``code_references``, where it differs from what is there."""
    connection = change.connection
    found = """
        SELECT m.message_id, m.place, m.kind, m.raw, a.repo, a.path, m.line_from, m.line_to, a.sha, m.number, a.state,
            a.tip_commit, a.blob, l.link AS permalink, m.source_id
        FROM meant a JOIN open_mentions m USING (mention) LEFT JOIN links l USING (mention)
    """
    with (
        view_of(connection, "links", _links(connection)),
        temporary(connection, "found_references", found),
    ):
        _drop_leaking(connection, settings)
        asked = "true" if everything else "message_id IN (SELECT message_id FROM open_mentions)"
        differing = f"""
            SELECT DISTINCT message_id FROM (
                (SELECT {_COLUMNS} FROM found_references EXCEPT SELECT {_COLUMNS} FROM code_references)
                UNION ALL (SELECT {_COLUMNS} FROM code_references WHERE {asked} EXCEPT SELECT {_COLUMNS} FROM found_references)
            )
        """
        with temporary(connection, "differing", differing) as count:
            if not count:
                return 0
            _take_away(change, "message_id IN (FROM differing)")
            return changed(
                connection,
                f"INSERT INTO code_references SELECT {_COLUMNS}, $revision FROM found_references "
                "WHERE message_id IN (FROM differing)",
                {"revision": change.revision},
            )


def _links(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return (mention, link) of what can be looked at on the web."""
    table = table_of(rows(connection, _TO_LINK), _LINK_SCHEMA)
    made = permalinks(table)
    own = pa.array([None if link is None else safe_link(link) for link in table["own"].to_pylist()], pa.string())
    anchored = map(with_anchor, made.to_pylist(), table["anchor"].to_pylist())
    return pa.table({"mention": table["mention"], "link": pc.coalesce(own, pa.array(anchored, pa.string()))})


_LINK_SCHEMA = pa.schema(
    [
        ("mention", pa.int64()),
        ("kind", pa.string()),
        ("forge", pa.string()),
        ("web", pa.string()),
        ("template", pa.string()),
        ("sha", pa.string()),
        ("path", pa.string()),
        ("line_from", pa.int32()),
        ("line_to", pa.int32()),
        ("number", pa.int64()),
        ("own", pa.string()),
        ("anchor", pa.string()),
    ]
)
_TO_LINK = """
    SELECT mention, CASE kind WHEN 'path' THEN 'file' WHEN 'merge_request' THEN 'pull' ELSE kind END,
        forge, web, permalink, if(a.state = 'submodule', NULL, a.sha), a.path, line_from, line_to, number,
        if(kind <> 'path' AND host IS NOT NULL, raw, NULL) AS own,
        if(kind = 'path' AND line_from IS NULL, nullif(regexp_extract(raw, '#([^#]*)$', 1), ''), NULL) AS anchor
    FROM meant a JOIN open_mentions USING (mention) JOIN git_repos USING (repo)
"""
"""A link to a commit, an issue or a pull request leads to a place on its page, and stays what it is (``own``).

One to a file without lines keeps its ``anchor``: a heading. Where another repository is linked, there is no page of a file.
"""


def _drop_leaking(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Drop references that lead to a path with a name in it: the words that led there need not have shown it.

    Where the name is in that of the repository or its page, as in those of people's own, there is no link to follow.
    """
    if not scalar(connection, "SELECT EXISTS (FROM found_references)"):
        return
    rules = rules_of(connection, settings)

    def names(column: str) -> str:
        return f"coalesce({naming_somebody(column, 'source_id', rules)}, false)"

    def numbers(column: str) -> str:
        return f"coalesce({unscrubbed(column, 'source_id', rules)}, false)"

    leaking = " OR ".join((names("path"), names("raw"), numbers("path"), numbers("raw")))
    with scrubbing(connection):
        changed(connection, f"DELETE FROM found_references WHERE {leaking}")
        changed(connection, f"UPDATE found_references SET permalink = NULL WHERE {names('permalink')}")
        changed(connection, f"UPDATE found_references SET repo = NULL WHERE {names('repo')}")
