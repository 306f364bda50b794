"""Edits and deletions that a later export of a chat without message ids shows: the row changes, its id stays.

Such an export has another text, or a placeholder, in the place of what an earlier one had. The two are taken for one
message when author and minute are the same, each is missing in the other export, and one of them is marked as edited or
deleted. An export's first minute may be cut by its beginning: there only what an export with the same beginning has counts.
"""

from __future__ import annotations

from datetime import datetime

from egregora_assets.chat.pieces import IDENTIFIED
from egregora_assets.warehouse.query import changed, temporary
from egregora_assets.warehouse.revisions import Transaction


def follow_edits(
    change: Transaction, export_id: str, first: datetime, last: datetime, span: dict[str, object]
) -> tuple[int, int]:
    """Give edited and deleted messages of a piece of an export the ids of their originals in ``identified``.

    ``first`` and ``last`` are the export's times; ``span`` has the ``source``, and the piece's time ``since`` and ``until``.
    Rows of ``messages`` take the newer form; what they said before goes to ``private.message_versions``. A form that was met
    before is known by its alias. A form that stands beside its original, because an earlier export had it in its first or
    last minute, goes. Returns how many rows changed, and how many went.
    """
    connection, source_id = change.connection, str(span["source"])
    connection.execute(_USE_ALIASES, [source_id]).fetchall()
    times = {"first": first.replace(second=0, microsecond=0), "last": last}
    with temporary(connection, "pairs", _PAIRS, {**span, **times}) as count:
        return _apply(change, source_id, export_id) if count else (0, 0)


def _apply(change: Transaction, source_id: str, export_id: str) -> tuple[int, int]:
    connection, revision = change.connection, change.revision
    changed(
        connection,
        "INSERT INTO private.message_aliases SELECT alias_id, message_id, $source, $revision FROM pairs",
        {"source": source_id, "revision": revision},
    )
    connection.execute(_USE_ALIASES, [source_id]).fetchall()
    newer = "pairs WHERE is_newer"
    changed(
        connection,
        f"""
        INSERT INTO private.message_versions
        SELECT message_id, kind, text, edited_at, export_id, $revision FROM messages SEMI JOIN (FROM {newer}) USING (message_id)
        UNION ALL SELECT message_id, kind, text, NULL, $export, $revision FROM pairs WHERE NOT is_newer
        """,
        {"export": export_id, "revision": revision},
    )
    changed(connection, f"INSERT INTO tombstones SELECT 'messages', message_id, ? FROM {newer}", [revision])
    doubled = "SELECT alias_id FROM pairs WHERE is_doubled"
    changed(connection, f"INSERT INTO tombstones SELECT 'messages', alias_id, ? FROM ({doubled})", [revision])
    removed = changed(connection, f"DELETE FROM messages WHERE message_id IN ({doubled})")
    updated = changed(
        connection,
        f"""
        UPDATE messages SET
            kind = n.kind, text = n.text, is_edited = n.is_edited, export_id = $export, revision = $revision
        FROM (FROM {newer}) n WHERE messages.message_id = n.message_id
        """,
        {"export": export_id, "revision": revision},
    )
    return updated, removed


_USE_ALIASES = """
UPDATE identified SET message_id = a.message_id
FROM private.message_aliases a WHERE a.source_id = ? AND a.alias_id = identified.message_id
"""

_PAIRS = f"""
WITH fresh AS (
    SELECT
        s.message_id, s.author_id, date_trunc('minute', s.local_time) AS minute, s.position,
        s.kind, s.text, s.is_edited, s.is_edited OR s.kind = 'deleted' AS is_marked, m.message_id IS NOT NULL AS is_doubled
    FROM {IDENTIFIED} s LEFT JOIN messages m USING (message_id) LEFT JOIN exports e ON e.export_id = m.export_id
    WHERE s.author_id IS NOT NULL AND (
        m.message_id IS NULL
        OR ((s.is_edited OR s.kind = 'deleted') AND date_trunc('minute', m.local_time) IN (
            date_trunc('minute', e.first_local_time), date_trunc('minute', e.last_local_time)
        ))
    )
),
gone AS (
    SELECT
        m.message_id, m.author_id, date_trunc('minute', m.local_time) AS minute, m.position,
        m.kind, m.is_edited, m.is_edited OR m.kind = 'deleted' AS is_marked, e.last_local_time
    FROM messages m ANTI JOIN identified USING (message_id) LEFT JOIN exports e USING (export_id)
    WHERE m.source_id = $source AND m.local_time >= $since AND m.local_time < $until AND m.author_id IS NOT NULL
        AND (date_trunc('minute', m.local_time) > $first OR date_trunc('minute', e.first_local_time) = $first)
),
new_forms AS (
    SELECT *, row_number() OVER (same ORDER BY position) AS place, count(*) OVER same AS forms
    FROM fresh WINDOW same AS (PARTITION BY author_id, minute)
),
old_forms AS (
    SELECT *, row_number() OVER (same ORDER BY position) AS place, count(*) OVER same AS forms
    FROM gone WINDOW same AS (PARTITION BY author_id, minute)
)
SELECT
    n.message_id AS alias_id, o.message_id, n.kind, n.text, n.is_edited, n.is_doubled,
    o.kind <> 'deleted' AND (
        n.kind = 'deleted' OR (n.is_edited AND (NOT o.is_edited OR $last >= coalesce(o.last_local_time, $last)))
    ) AS is_newer
FROM new_forms n JOIN old_forms o USING (author_id, minute, place, forms)
WHERE n.is_marked OR o.is_marked
"""
