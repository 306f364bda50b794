"""``authors``: one row per pseudonym with its counts and whether the person opted out, kept up from new messages only."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from egregora_assets.authors import activity, events
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import bind, load_keys
from egregora_assets.privacy.pseudonyms import normalised_name
from egregora_assets.privacy.scrub import INVISIBLE
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "authors"

_SPACE = r"\s\x{00A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
_DASH = r"\-_\x{2010}-\x{2015}\x{2043}\x{2212}\x{FE58}\x{FE63}\x{FF0D}"
OPT_COMMAND = (
    rf"(?im)^[{_SPACE}*_~`\x{{0022}}\x{{0027}}“”‘’>]*[/／]+[{_SPACE}]*egregora[{_SPACE}:,_\-]+"
    rf"opt[{_SPACE}{_DASH}]*(out|in)(?:[^\p{{L}}\p{{N}}]|$)"
)
"""``/egregora opt-out`` and ``opt-in``, however a phone spells or hyphenates it."""
ALIAS = "'member-' || left(replace(author_id::VARCHAR, '-', ''), 10)"
"""The SQL for an author's pseudonym as people read it."""
_LONGEST_COMMAND = 80
"""Letters from the beginning of a message that are looked at: reasons may follow the command at any length."""


@dataclass(frozen=True)
class AuthorChanges:
    """What one pass changed. ``unmatched`` are names on the opt-out list that no author has."""

    touched: int
    opted_out: int
    unmatched: tuple[str, ...]


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> AuthorChanges:
    """Bring ``authors`` up to date with ``messages`` and the opt-out list; changes nothing when nothing is new."""
    listed = _listed_authors(connection, settings)
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark().revision
        touched = 0
        added, deleted = _news(connection, seen)
        if added or deleted:
            _note_opt_commands(change, seen)
            touched = _count_again(change) if deleted else _count_new(change, seen)
            events.follow(change, seen, deleted)
        _apply_opt_outs(change, sorted(set().union(*listed.values())))
        change.advance()
    unmatched = tuple(name for name, ids in listed.items() if not ids)
    return AuthorChanges(touched, _opted_out_count(connection), unmatched)


def _listed_authors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, set[str]]:
    """Return, for each name on the configured opt-out list, the ids of all authors who go or went by it on any platform.

    Raises ``KeyFileError`` when the key is not that of the warehouse: with another, nobody on the list would be found.
    """
    if not settings.privacy.opt_out:
        return {}
    bind(connection, load_keys(settings.key_path))
    known: dict[str, set[str]] = {}
    for raw_name, identity in rows(connection, "SELECT raw_name, author_id::VARCHAR FROM private.author_names"):
        known.setdefault(normalised_name(raw_name), set()).add(identity)
    return {name: known.get(normalised_name(name), set()) for name in settings.privacy.opt_out}


def _news(connection: duckdb.DuckDBPyConnection, seen: int) -> tuple[bool, bool]:
    """Return whether messages are new or changed, and whether any was taken away."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM messages WHERE revision > $seen), "
        "EXISTS (SELECT 1 FROM tombstones WHERE table_name = 'messages' AND revision > $seen)"
    )
    ((added, deleted),) = rows(connection, sql, {"seen": seen})
    return bool(added), bool(deleted)


def _note_opt_commands(change: Transaction, seen: int) -> None:
    """Remember the new commands; most passes have none, and asking for the name alone costs a fifth of the pattern."""
    if scalar(change.connection, _ANY_COMMAND, {"seen": seen}):
        _note_commands(change, seen)


_BEGINNING = f"regexp_replace(left(text, {_LONGEST_COMMAND}), '{INVISIBLE}', '', 'g')"
_ANY_COMMAND = f"""
    SELECT EXISTS (
        SELECT 1 FROM (
            SELECT text FROM messages WHERE revision > $seen
            UNION ALL SELECT text FROM private.message_versions WHERE replaced_revision > $seen
        )
        WHERE (contains(text, '/') OR contains(text, '／')) AND contains(lower({_BEGINNING}), 'egregora')
    )
"""


def _note_commands(change: Transaction, seen: int) -> None:
    commands = f"""
        SELECT
            message_id, author_id, sent_at, position,
            lower(regexp_extract({_BEGINNING}, '{OPT_COMMAND}', 1)) = 'out' AS opted_out
        FROM (
            SELECT message_id, author_id, sent_at, position, text FROM messages WHERE revision > $seen
            UNION ALL
            SELECT message_id, m.author_id, m.sent_at, m.position, before.text
            FROM private.message_versions before JOIN messages m USING (message_id) WHERE before.replaced_revision > $seen
        )
        WHERE author_id IS NOT NULL AND (contains(text, '/') OR contains(text, '／'))
            AND regexp_matches({_BEGINNING}, '{OPT_COMMAND}')
    """
    change.connection.execute(
        f"INSERT INTO private.opt_commands SELECT *, $revision FROM ({commands})",
        {"seen": seen, "revision": change.revision},
    ).fetchall()


_COUNTS = """
    SELECT author_id, min(sent_at) AS first_seen, max(sent_at) AS last_seen, count(*) AS message_count
    FROM messages WHERE author_id IS NOT NULL AND revision > $seen GROUP BY author_id
"""


_OTHERS = """
    SELECT o.author_id, min(m.sent_at), max(m.sent_at), 0
    FROM private.other_authors o JOIN messages m USING (message_id) WHERE o.revision > $seen GROUP BY o.author_id
"""
"""Whose messages stand under another author: an opt-out of theirs hides them all the same."""


def _count_new(change: Transaction, seen: int) -> int:
    """Add what is new to each author's counts; return how many authors are new."""
    connection = change.connection
    before = int(scalar(connection, "SELECT count(*) FROM authors"))
    changed(
        connection,
        f"""
        MERGE INTO authors USING (
            SELECT author_id, min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(message_count) AS message_count
            FROM ({_COUNTS} UNION ALL {_OTHERS}) GROUP BY author_id
        ) new ON authors.author_id = new.author_id
        WHEN MATCHED AND new.message_count > 0 THEN UPDATE SET
            first_seen = least(authors.first_seen, new.first_seen),
            last_seen = greatest(authors.last_seen, new.last_seen),
            message_count = authors.message_count + new.message_count,
            revision = $revision
        WHEN NOT MATCHED THEN INSERT VALUES (
            new.author_id, {ALIAS.replace("author_id", "new.author_id")}, new.first_seen, new.last_seen, new.message_count,
            false, $revision, $revision
        )
        """,
        {"seen": seen, "revision": change.revision},
    )
    activity.add_new(change, seen)
    return int(scalar(connection, "SELECT count(*) FROM authors")) - before


def _count_again(change: Transaction) -> int:
    """Count every author's messages again: needed only after a message was taken away."""
    change.connection.execute(
        f"""
        UPDATE authors SET
            first_seen = coalesce(now.first_seen, authors.first_seen), last_seen = coalesce(now.last_seen, authors.last_seen),
            message_count = now.message_count, revision = $revision
        FROM (
            SELECT a.author_id, c.first_seen, c.last_seen, coalesce(c.message_count, 0) AS message_count
            FROM authors a LEFT JOIN ({_COUNTS}) c USING (author_id)
        ) now
        WHERE authors.author_id = now.author_id AND (
            authors.message_count <> now.message_count
            OR authors.first_seen <> now.first_seen OR authors.last_seen <> now.last_seen
        )
        """,
        {"seen": 0, "revision": change.revision},
    ).fetchall()
    touched = _insert_unknown(change)
    activity.count_again(change)
    return touched


def _insert_unknown(change: Transaction) -> int:
    return changed(
        change.connection,
        f"""
        INSERT INTO authors
        SELECT
            author_id, {ALIAS}, min(first_seen), max(last_seen),
            sum(message_count), false, $revision, $revision
        FROM ({_COUNTS} UNION ALL {_OTHERS}) new ANTI JOIN authors USING (author_id) GROUP BY author_id
        """,
        {"seen": 0, "revision": change.revision},
    )


def _apply_opt_outs(change: Transaction, listed: list[str]) -> None:
    """Set ``opted_out``: by the last command of each author or the configured list, which always wins, by any linked name."""
    wanted = """
        WITH RECURSIVE links AS (
            SELECT author_id, other_id FROM private.author_links
            UNION SELECT other_id, author_id FROM private.author_links
        ),
        opted AS (
            SELECT author_id FROM private.opt_commands GROUP BY author_id
            HAVING arg_max(opted_out, (date_trunc('minute', sent_at), opted_out))
            UNION SELECT author_id::UUID FROM listed
        ),
        hidden AS (
            FROM opted
            UNION SELECT links.other_id FROM hidden JOIN links USING (author_id)
        )
        SELECT author_id, author_id IN (SELECT author_id FROM hidden) AS opted_out FROM authors
    """
    table = pa.table({"author_id": pa.array(listed, pa.string())})
    with view_of(change.connection, "listed", table):
        differing = scalar(
            change.connection,
            f"SELECT count(*) FROM authors a JOIN ({wanted}) w USING (author_id) WHERE a.opted_out <> w.opted_out",
        )
        if differing:
            change.connection.execute(
                f"""
                UPDATE authors SET opted_out = w.opted_out, opted_out_revision = $revision, revision = $revision
                FROM ({wanted}) w WHERE authors.author_id = w.author_id AND authors.opted_out <> w.opted_out
                """,
                {"revision": change.revision},
            ).fetchall()


def _opted_out_count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(scalar(connection, "SELECT count(*) FROM authors WHERE opted_out"))
