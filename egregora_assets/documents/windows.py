"""``documents``: clean messages cut into windows, each message in exactly one, the same way every time.

A window ends at midnight of the chat's clock, after a long silence, or when it is full. Because no window crosses
midnight, a new, late or removed message touches the windows of its own day and no other: cost follows what is new.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb

from egregora_assets.authors import gate
from egregora_assets.config import Settings
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.query import changed, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "documents"
_VERSION = "1"
_FEW_DAYS = 30


@dataclass(frozen=True)
class DocumentChanges:
    """Windows that one pass wrote (new or changed) and removed."""

    written: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> DocumentChanges:
    """Bring ``documents`` up to date with ``clean_messages``; ``full`` looks at every day again."""
    gate.refresh(connection, settings)
    if not full and is_settled(connection, CONSUMER, settings):
        return DocumentChanges()
    fingerprint = rules_fingerprint(settings)
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        since = 0 if full or seen.fingerprint != fingerprint else seen.revision
        outcome = _rewrite_days(change, settings, since) if _days_changed(connection, since) else DocumentChanges()
        change.advance(fingerprint)
    settle(connection, CONSUMER, settings)
    return outcome


def rules_fingerprint(settings: Settings) -> str:
    """Return a name for the rules of cutting: another name means that all days have to be cut again."""
    rules = [_VERSION, settings.documents.gap_minutes, settings.documents.max_messages]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]


def _days_changed(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    return bool(scalar(connection, "SELECT EXISTS (SELECT 1 FROM changed_days WHERE revision > ?)", [since]))


def _rewrite_days(change: Transaction, settings: Settings, since: int) -> DocumentChanges:
    connection = change.connection
    days = "SELECT DISTINCT source_id, local_date FROM changed_days WHERE revision > ?"
    with (
        temporary(connection, "open_days", days, [since]) as count,
        one_thread_for_few(connection, settings.warehouse, count < _FEW_DAYS),
        temporary(connection, "cut_windows", windows_sql(settings)),
    ):
        gone = """
            SELECT document_id FROM documents SEMI JOIN open_days USING (source_id, local_date)
            WHERE document_id NOT IN (SELECT document_id FROM cut_windows)
        """
        with temporary(connection, "gone_windows", gone) as removed:
            same = "(d.document_id, d.content_hash, d.source_id) = (w.document_id, w.content_hash, w.source_id)"
            changed(connection, f"DELETE FROM cut_windows w WHERE EXISTS (SELECT 1 FROM documents d WHERE {same})")
            written = int(scalar(connection, "SELECT count(*) FROM cut_windows"))
            if written or removed:
                _replace(change)
    return DocumentChanges(written, removed)


def _replace(change: Transaction) -> None:
    """Put the rows of ``cut_windows`` in place of their older forms, and bury those of ``gone_windows``."""
    connection, revision = change.connection, [change.revision]
    changed(connection, "INSERT INTO tombstones SELECT 'documents', document_id, ? FROM gone_windows", revision)
    outdated = "SELECT document_id FROM cut_windows UNION ALL SELECT document_id FROM gone_windows"
    changed(connection, f"DELETE FROM documents WHERE document_id IN ({outdated})")
    changed(connection, "INSERT INTO documents SELECT *, ? FROM cut_windows", revision)


def windows_sql(settings: Settings) -> str:
    """Return the SQL that cuts the days in ``open_days`` into windows with the columns of ``documents``.

    ``document_id`` comes from the first message, so a window that grows keeps its name. In ``text`` each line is
    ``HH:MM A: words``; the letters stand for the speakers of this window only, in order of appearance, so that a
    conversation can be followed without saying who is who anywhere else. A message's further lines begin with an em space,
    which no Markdown takes for a list, a heading or the end of the paragraph. ``window_no`` is the ordinal of a window's first
    message. Whose letters they are is part of ``content_hash``: what is told of
    a document names them. Texts join last: windows over rows without them need a tenth of the memory.
    """
    gap, most = settings.documents.gap_minutes, settings.documents.max_messages
    return f"""
WITH ordered AS (
    SELECT
        rowid AS row_no, message_id, source_id, local_date, local_time, sent_at, author_id,
        row_number() OVER all_messages AS ordinal,
        coalesce(
            source_id <> lag(source_id) OVER all_messages OR local_date <> lag(local_date) OVER all_messages
                OR local_time > lag(local_time) OVER all_messages + INTERVAL {gap} MINUTE,
            true
        ) AS starts
    FROM clean_messages SEMI JOIN open_days USING (source_id, local_date)
    WINDOW all_messages AS (ORDER BY source_id, local_time, position, message_id)
),
numbered AS (
    SELECT *, ordinal - (ordinal - max(CASE WHEN starts THEN ordinal END) OVER so_far) % {most} AS window_no
    FROM ordered WINDOW so_far AS (ORDER BY ordinal ROWS UNBOUNDED PRECEDING)
),
speakers AS (
    SELECT window_no, author_id, row_number() OVER (PARTITION BY window_no ORDER BY first_ordinal) AS speaker
    FROM (
        SELECT window_no, author_id, min(ordinal) AS first_ordinal
        FROM numbered WHERE author_id IS NOT NULL GROUP BY ALL
    )
),
voices AS (
    SELECT window_no, string_agg(author_id::VARCHAR, ' ' ORDER BY speaker) AS voices FROM speakers GROUP BY window_no
),
lines AS (
    SELECT
        n.window_no, n.ordinal, n.message_id, n.source_id, n.local_date, n.local_time, n.sent_at,
        CASE WHEN n.author_id IS NOT NULL THEN concat(
            strftime(n.local_time, '%H:%M '), {letters("speaker")}, ': ',
            CASE WHEN kind <> 'text' THEN replace(rtrim(concat('[', kind, '] ', text)), chr(10), chr(10) || chr(8195))
                WHEN contains(text, chr(10)) THEN replace(text, chr(10), chr(10) || chr(8195))
                ELSE text END
        ) END AS line
    FROM numbered n JOIN clean_messages c ON c.rowid = n.row_no
    LEFT JOIN speakers s ON s.window_no = n.window_no AND s.author_id = n.author_id
),
windows AS (
    SELECT
        any_value(source_id) AS source_id, any_value(local_date) AS local_date,
        min(sent_at) AS window_start, max(sent_at) AS window_end,
        min(local_time) AS local_start, max(local_time) AS local_end,
        string_agg(line, chr(10) ORDER BY ordinal) AS text,
        list(message_id ORDER BY ordinal) AS message_ids,
        any_value(voices) AS voices
    FROM lines LEFT JOIN voices USING (window_no) GROUP BY window_no
)
SELECT
    {DOCUMENT_ID} AS document_id,
    'window' AS kind,
    source_id, local_date, window_start, window_end,
    strftime(local_start, '%Y-%m-%d %H:%M') || ' to ' || strftime(local_end, '%H:%M') AS title,
    strftime(local_start, '%Y-%m-%d-%H%M-') || {_SLUG_END} AS slug,
    coalesce(text, '') AS text,
    message_ids,
    md5(concat_ws(chr(31), '{_VERSION}', text, message_ids::VARCHAR, voices)) AS content_hash
FROM windows
"""


DOCUMENT_ID = "md5_number('window' || message_ids[1]::VARCHAR)::UUID"
_SLUG_END = "source_id || '-' || left(replace(message_ids[1]::VARCHAR, '-', ''), 8)"
SLUG = f"left(slug, {len('2024-02-13-1015-')}) || {_SLUG_END}"
"""The SQL for the id and the slug that a stored document has by its messages and its source, whatever it had before."""


APART = " ∎ "
"""Stands between texts that are looked at as one: no name and no pattern of what is private goes over it."""
SPOKEN = f"regexp_replace(text, '(?m)^\\d\\d:\\d\\d [A-Z]{{1,2}}: (?:\\[[a-z_]+\\] ?)?', '{APART}', 'g')"
"""The SQL for a document's text without what we put before each message: a time, a letter and a kind are no names."""


def letters(number: str) -> str:
    """Return the SQL for A, B … Z, AA, AB …: what the text of a document calls its speakers, numbered from 1."""
    return (
        f"CASE WHEN {number} <= 26 THEN chr((64 + {number})::INTEGER) "
        f"ELSE chr((64 + ({number} - 1) // 26)::INTEGER) || chr((65 + ({number} - 1) % 26)::INTEGER) END"
    )
