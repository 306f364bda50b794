"""One account under two names: exports without message ids name people, and a name changes or ends with its account.

Times of such exports are exact. What a known chat holds at the same instant in the same words, under a name that this export
does not have there, is therefore the same message. Both names are linked, so that an opt-out by either holds for both.
"""

from __future__ import annotations

from egregora_assets.warehouse.query import changed, temporary
from egregora_assets.warehouse.revisions import Transaction


def know_again(change: Transaction) -> None:
    """Give the messages in ``incoming`` that are stored under another name of their author the id of what is stored."""
    connection = change.connection
    with temporary(connection, "renamed", _RENAMED) as count:
        if count:
            changed(connection, _LINK, {"revision": change.revision})
            for table in ("incoming", "repeated"):
                changed(connection, _TAKE_ID.format(table=table))
            changed(connection, "UPDATE incoming SET has_id = true WHERE message_id IN (SELECT stored_id FROM renamed)")


_RENAMED = """
WITH unknown AS (
    SELECT message_id, source_id, author_id, sent_at, kind, text, row_number() OVER same AS nth
    FROM incoming ANTI JOIN messages USING (message_id)
    WHERE native_id IS NULL AND author_id IS NOT NULL
        AND (SELECT bool_or(has_id) FROM incoming WHERE native_id IS NULL)
    WINDOW same AS (PARTITION BY source_id, sent_at, kind, text ORDER BY position)
),
elsewhere AS (
    SELECT message_id, source_id, author_id, sent_at, kind, text, row_number() OVER same AS nth
    FROM messages ANTI JOIN incoming USING (message_id)
    WHERE native_id IS NULL AND author_id IS NOT NULL AND sent_at IN (SELECT sent_at FROM unknown)
    WINDOW same AS (PARTITION BY source_id, sent_at, kind, text ORDER BY position, message_id)
)
SELECT u.message_id, e.message_id AS stored_id, u.source_id, u.author_id, e.author_id AS stored_author
FROM unknown u JOIN elsewhere e USING (source_id, sent_at, kind, nth)
WHERE u.text IS NOT DISTINCT FROM e.text AND u.author_id <> e.author_id AND NOT EXISTS (
    SELECT 1 FROM private.author_splits s
    WHERE (s.author_id, s.other_id) IN ((u.author_id, e.author_id), (e.author_id, u.author_id))
)
"""
"""Times of whole seconds are exact only in an export that has finer ones too."""

_LINK = """
INSERT INTO private.author_links
SELECT DISTINCT source_id, author_id, stored_author, $revision FROM renamed r
WHERE NOT EXISTS (
    FROM private.author_links l
    WHERE l.source_id = r.source_id AND l.author_id = r.author_id AND l.other_id = r.stored_author
)
"""

_TAKE_ID = """
UPDATE {table} SET message_id = r.stored_id FROM renamed r WHERE {table}.message_id = r.message_id
"""
