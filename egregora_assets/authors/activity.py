"""When each author writes, and under which names: counts that follow new messages, and are made anew after a deletion."""

from __future__ import annotations

from egregora_assets.warehouse.query import changed, temporary
from egregora_assets.warehouse.revisions import Transaction

_ACTIVITY = """
    SELECT
        author_id, (isodow(local_time) - 1)::TINYINT AS weekday, hour(local_time)::TINYINT AS hour, count(*) AS messages
    FROM messages WHERE author_id IS NOT NULL AND revision > $seen GROUP BY ALL
"""
"""Monday is 0; the hour is that of the chat's own clock."""

_SUMMED = "SELECT author_id, weekday, hour, sum(messages)::BIGINT AS messages FROM author_activity GROUP BY ALL"

_SPANS = """
    SELECT author_id, raw_name, min(sent_at) AS first_seen, max(sent_at) AS last_seen
    FROM messages JOIN private.author_name_uses used USING (export_id, author_id)
    WHERE messages.revision > $seen GROUP BY ALL
"""
"""From the first to the last message that came in under a name: an export has the names of its own day."""


def add_new(change: Transaction, seen: int) -> None:
    """Add the messages since revision ``seen`` to ``author_activity`` and ``private.author_name_spans``.

    What is new stands in rows of its own in ``author_activity``, to be summed by whoever reads it: to find the rows to add to
    costs as much as there are.
    """
    changed(
        change.connection,
        f"INSERT INTO author_activity SELECT author_id, weekday, hour, messages, $revision FROM ({_ACTIVITY})",
        {"seen": seen, "revision": change.revision},
    )
    changed(
        change.connection,
        f"""
        MERGE INTO private.author_name_spans old USING ({_SPANS}) new
        ON old.author_id = new.author_id AND old.raw_name = new.raw_name
        WHEN MATCHED THEN UPDATE SET
            first_seen = least(old.first_seen, new.first_seen), last_seen = greatest(old.last_seen, new.last_seen)
        WHEN NOT MATCHED THEN INSERT VALUES (new.author_id, new.raw_name, new.first_seen, new.last_seen)
        """,
        {"seen": seen},
    )


def count_again(change: Transaction) -> None:
    """Make the rows of authors whose activity or names differ from what ``messages`` holds anew.

    ``authors`` takes the revision of those whose activity changed, for that is what a publication follows.
    """
    columns = "author_id, weekday, hour, messages"
    _replace_differing(change, "author_activity", _ACTIVITY, columns, _SUMMED, ", $revision")
    columns = "author_id, raw_name, first_seen, last_seen"
    _replace_differing(
        change, "private.author_name_spans", _SPANS, columns, f"SELECT {columns} FROM private.author_name_spans", ""
    )


def _replace_differing(change: Transaction, table: str, query: str, columns: str, kept: str, revision: str) -> None:
    """Replace the rows of authors of whom ``query`` says something else than ``kept``, what ``table`` says of them."""
    connection = change.connection
    differing = "SELECT DISTINCT author_id FROM ((FROM counted EXCEPT {kept}) UNION ALL ({kept} EXCEPT FROM counted))"
    with (
        temporary(connection, "counted", query, {"seen": 0}),
        temporary(connection, "miscounted", differing.format(kept=kept)) as count,
    ):
        if not count:
            return
        changed(connection, f"DELETE FROM {table} WHERE author_id IN (FROM miscounted)")
        noted = {"revision": change.revision}
        added = f"INSERT INTO {table} SELECT {columns}{revision} FROM counted WHERE author_id IN (FROM miscounted)"
        changed(connection, added, noted if revision else None)
        if revision:
            changed(connection, "UPDATE authors SET revision = $revision WHERE author_id IN (FROM miscounted)", noted)
