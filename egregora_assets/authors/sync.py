"""``authors``: one row per pseudonym with its counts and whether the person opted out, kept up from new messages only."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from egregora_assets.authors import activity, events, identities
from egregora_assets.authors.chosen_names import show_chosen_names
from egregora_assets.authors.commands import COMMANDS_VERSION, note_commands, note_commands_again
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import refuse_other_keys
from egregora_assets.privacy.pseudonyms import ALIAS, normalised_name
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "authors"


@dataclass(frozen=True)
class AuthorChanges:
    """What one pass changed. ``unmatched`` are names on the opt-out list that no author has.

    ``unknown`` tells the places in ``identities.toml`` of identities that are of no author, or of several.
    """

    touched: int
    opted_out: int
    unmatched: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> AuthorChanges:
    """Bring ``authors`` up to date with ``messages``, ``identities.toml`` and the opt-out list.

    Changes nothing when nothing is new. Raises ``KeyFileError`` when the key is not that of the warehouse, and
    ``IdentitiesError``.
    """
    refuse_other_keys(connection, settings.key_path)
    listed, given = _listed_authors(connection, settings), identities.read_identities(settings.identities_path)
    with transaction(connection, CONSUMER) as change:
        watermark = change.watermark()
        seen = watermark.revision
        touched = 0
        if seen and watermark.fingerprint.partition(" ")[0] != COMMANDS_VERSION:
            note_commands_again(change)
        added, deleted = _news(connection, seen)
        if added or deleted:
            note_commands(change, seen)
            touched = _count_again(change) if deleted else _count_new(change, seen)
            events.follow(change, seen, deleted)
        unknown = identities.apply(change, settings, given)
        _apply_opt_outs(change, sorted(set().union(*listed.values())))
        show_chosen_names(change, settings)
        change.advance(_fingerprint(given))
    unmatched = tuple(name for name, ids in listed.items() if not ids)
    return AuthorChanges(touched, _opted_out_count(connection), unmatched, unknown)


def rules_fingerprint(settings: Settings) -> str:
    """Return a name for the rules by which authors are known: another name means that a pass has something to do.

    Raises ``IdentitiesError``.
    """
    return _fingerprint(identities.read_identities(settings.identities_path))


def _fingerprint(given: identities.Identities) -> str:
    return f"{COMMANDS_VERSION} {given.fingerprint}"


def _listed_authors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, set[str]]:
    """Return, for each name on the configured opt-out list, the ids of all authors who go or went by it on any platform."""
    if not settings.privacy.opt_out:
        return {}
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
        WHEN NOT MATCHED THEN INSERT (
            author_id, alias, first_seen, last_seen, message_count, opted_out, opted_out_revision, revision
        ) VALUES (
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
        INSERT INTO authors BY NAME
        SELECT
            author_id, {ALIAS} AS alias, min(first_seen) AS first_seen,
            max(last_seen) AS last_seen, sum(message_count) AS message_count, false AS opted_out,
            $revision AS opted_out_revision, $revision AS revision
        FROM ({_COUNTS} UNION ALL {_OTHERS}) new ANTI JOIN authors USING (author_id) GROUP BY author_id
        """,
        {"seen": 0, "revision": change.revision},
    )


def _apply_opt_outs(change: Transaction, listed: list[str]) -> None:
    """Set ``opted_out``: by the last command of each author or the configured list, which always wins, by any linked name.

    An opt-out goes from name to name over links and identities of one person, and to nobody who is split from who said it.
    """
    wanted = """
        WITH RECURSIVE links AS (
            SELECT author_id, other_id FROM private.author_links
            UNION SELECT other_id, author_id FROM private.author_links
            UNION SELECT author_id, person_id FROM private.persons
            UNION SELECT person_id, author_id FROM private.persons
        ),
        splits AS (
            SELECT author_id AS said_by, other_id AS author_id FROM private.author_splits
            UNION SELECT other_id, author_id FROM private.author_splits
        ),
        opted AS (
            SELECT author_id FROM private.opt_commands GROUP BY author_id
            HAVING arg_max(opted_out, (date_trunc('minute', sent_at), opted_out))
            UNION SELECT author_id::UUID FROM listed
        ),
        hidden AS (
            SELECT author_id AS said_by, author_id FROM opted
            UNION (
                SELECT said_by, author_id
                FROM (SELECT said_by, links.other_id AS author_id FROM hidden JOIN links USING (author_id))
                ANTI JOIN splits USING (said_by, author_id)
            )
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
