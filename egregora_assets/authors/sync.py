"""``authors``: one row per pseudonym with its counts and whether the person opted out, kept up from new messages only."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from egregora_assets.authors import activity, events, identities, opt_outs, same_words
from egregora_assets.authors.chosen_names import show_chosen_names
from egregora_assets.authors.commands import COMMANDS_VERSION, note_commands, note_commands_again
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import refuse_other_keys
from egregora_assets.privacy.pseudonyms import ALIAS
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.query import changed, rows, scalar
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "authors"
_FEW = 10_000


@dataclass(frozen=True)
class AuthorChanges:
    """What one pass changed. ``unmatched`` are names on the opt-out list that no author has.

    ``unknown`` tells the places in ``identities.toml`` of identities that are of no author, or of several.
    ``unheard`` counts the new messages that name the command to opt out and are none.
    """

    touched: int
    opted_out: int
    unmatched: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    unheard: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> AuthorChanges:
    """Bring ``authors`` up to date with ``messages``, ``identities.toml`` and the opt-out list.

    Changes nothing when nothing is new. Raises ``KeyFileError`` when the key is not that of the warehouse, and
    ``IdentitiesError``.
    """
    refuse_other_keys(connection, settings.key_path)
    given = identities.read_identities(settings.identities_path)
    with opt_outs.listing(connection, settings.privacy.opt_out), transaction(connection, CONSUMER) as change:
        watermark = change.watermark()
        seen = watermark.revision
        touched = unheard = 0
        is_older = bool(seen) and watermark.fingerprint.partition(" ")[0] != COMMANDS_VERSION
        if is_older:
            unheard = note_commands_again(change)
        added, deleted, reacted = _news(connection, seen)
        with one_thread_for_few(connection, settings.warehouse, added < _FEW and not deleted):
            if added or deleted:
                unheard += note_commands(change, seen)
                touched = _count_again(change) if deleted else _count_new(change, seen)
                events.follow(change, seen, deleted)
            if reacted or is_older:
                touched += _add_reacting(change)
            unknown = identities.apply(change, settings, given)
            _hide(change, 0 if is_older else seen, bool(added))
            show_chosen_names(change, settings)
            change.advance(_fingerprint(given))
        unmatched = opt_outs.unmatched(connection) if settings.privacy.opt_out else ()
        opted_out = int(scalar(connection, "SELECT count(*) FROM authors WHERE opted_out"))
        return AuthorChanges(touched, opted_out, unmatched, unknown, unheard)


def _hide(change: Transaction, since: int, is_fresh: bool) -> None:
    """Apply the opt-outs, and hide what stands in the same words under other names; links that this shows may hide more."""
    decided = opt_outs.apply(change)
    while decided is not None and (decided or is_fresh or not since):
        decided = opt_outs.apply(change) if same_words.follow(change, 0 if decided else since) else None


def rules_fingerprint(settings: Settings) -> str:
    """Return a name for the rules by which authors are known: another name means that a pass has something to do.

    Raises ``IdentitiesError``.
    """
    return _fingerprint(identities.read_identities(settings.identities_path))


def _fingerprint(given: identities.Identities) -> str:
    return f"{COMMANDS_VERSION} {given.fingerprint}"


def _news(connection: duckdb.DuckDBPyConnection, seen: int) -> tuple[int, bool, bool]:
    """Return how many messages are new or changed, whether any was taken away, and whether somebody unknown has reacted."""
    sql = f"""
        SELECT
            (SELECT count(*) FROM messages WHERE revision > $seen)
                + (SELECT count(*) FROM private.live_waiting WHERE revision > $seen),
            EXISTS (SELECT 1 FROM tombstones WHERE table_name = 'messages' AND revision > $seen),
            EXISTS (FROM ({_REACTING}) WHERE revision > $seen)
    """
    ((added, deleted, reacted),) = rows(connection, sql, {"seen": seen})
    return int(added), bool(deleted), bool(reacted)


_REACTING = "FROM reactions ANTI JOIN authors USING (author_id) WHERE author_id IS NOT NULL"
"""Reactions of people who have written nothing: who opts out is not counted there either, so they are authors all the same."""


def _add_reacting(change: Transaction) -> int:
    """Add those who only react, as authors without messages; return how many are new."""
    return changed(
        change.connection,
        f"""
        INSERT INTO authors BY NAME
        SELECT
            author_id, {ALIAS} AS alias, min(sent_at) AS first_seen, max(sent_at) AS last_seen, 0 AS message_count,
            false AS opted_out, $revision AS opted_out_revision, $revision AS revision
        FROM ({_REACTING}) JOIN (SELECT message_id, sent_at FROM messages) USING (message_id) GROUP BY author_id
        """,
        {"revision": change.revision},
    )


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
    return int(scalar(connection, "SELECT count(*) FROM authors WHERE opted_out_revision = ?", [change.revision]))


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
