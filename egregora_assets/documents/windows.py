"""``documents``: clean messages cut into windows, each message in exactly one, the same way every time.

No window crosses the end of its unit: a day (a week, a month) of one chat, or a month of one thread. So a new, late, edited or
removed message touches the windows of its own unit and no other: cost follows what is new.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from egregora_assets.authors import gate
from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.documents.cohesion import coherent_in
from egregora_assets.documents.cutting import cut
from egregora_assets.documents.texts import assemble
from egregora_assets.documents.units import described, messages_of, units_of
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.query import arrow, changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "documents"
_VERSION = "2"
_FEW_DAYS = 30
MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class DocumentChanges:
    """Windows that one pass wrote (new or changed) and removed."""

    written: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> DocumentChanges:
    """Bring ``documents`` up to date with ``clean_messages``; ``full`` looks at every day again."""
    rules = gate.rules_now(connection, settings)
    if not full and is_settled(connection, CONSUMER, rules):
        return DocumentChanges()
    gate.refresh(connection, settings)
    fingerprint = rules_fingerprint(settings)
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        since = 0 if full or seen.fingerprint != fingerprint else seen.revision
        outcome = DocumentChanges()
        if not since:
            outcome = _cut_again(change, settings, _ALL_DAYS, "true")
        elif scalar(connection, "SELECT EXISTS (SELECT 1 FROM changed_days WHERE revision > ?)", [since]):
            outcome = _cut_again(change, settings, _CHANGED_DAYS.format(since=since), _IN_OPEN_UNITS)
        change.advance(fingerprint)
    settle(connection, CONSUMER, rules)
    return outcome


def remake_month(connection: duckdb.DuckDBPyConnection, settings: Settings, month: str) -> DocumentChanges:
    """Cut one month (``2024-03``) of all chats again, whatever is known of it; what is the same stays as it is.

    Brings all else up to date first, as any pass does. Raises ``ValueError`` for what is no month.
    """
    if not MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is no month: write it as 2024-03")
    refresh(connection, settings)
    with transaction(connection, CONSUMER) as change:
        outcome = _cut_again(change, settings, _DAYS_AROUND.format(month=month), f"month = DATE '{month}-01'", month)
        change.advance(rules_fingerprint(settings))
    return outcome


def rules_fingerprint(settings: Settings) -> str:
    """Return a name for the rules of cutting: another name means that all has to be cut again."""
    return hashlib.sha256(f"{_VERSION} {settings.documents.model_dump_json()}".encode()).hexdigest()[:16]


_ALL_DAYS = "SELECT DISTINCT source_id, local_date FROM clean_messages"
_CHANGED_DAYS = "SELECT DISTINCT source_id, local_date FROM changed_days WHERE revision > {since}"
_IN_OPEN_UNITS = """
    EXISTS (
        SELECT 1 FROM open_units u
        WHERE u.source_id = d.source_id AND u.period = d.period AND u.thread_id IS NOT DISTINCT FROM d.thread_id
    )
"""
_DAYS_AROUND = """
    SELECT DISTINCT source_id, local_date FROM clean_messages
    WHERE local_date BETWEEN DATE '{month}-01' AND DATE '{month}-01' + INTERVAL 38 DAY
"""
"""A month ends with its last week, and with the night after that."""

_ANY_THREAD = """
    SELECT EXISTS (FROM clean_messages WHERE thread_id IS NOT NULL) OR EXISTS (FROM documents WHERE thread_id IS NOT NULL)
"""

OWN_MESSAGES = "message_ids[overlap + 1:]"
"""The SQL for the messages of a document without those that it repeats of the one before: each message is of one document."""


def _cut_again(
    change: Transaction, settings: Settings, days: str, outdated: str, month: str | None = None
) -> DocumentChanges:
    """Cut the units that some days belong to, and put their windows in place of the documents that meet ``outdated``."""
    connection, rules = change.connection, settings.documents
    threads = rules.keeps_threads and bool(scalar(connection, _ANY_THREAD))
    with (
        temporary(connection, "open_days", days) as count,
        one_thread_for_few(connection, settings.warehouse, count < _FEW_DAYS),
        temporary(connection, "open_units", units_of(rules, threads, month, count < _FEW_DAYS)),
        temporary(connection, "cut_windows", "SELECT * EXCLUDE (revision) FROM documents LIMIT 0"),
    ):
        for (batch,) in rows(connection, "SELECT DISTINCT batch FROM open_units ORDER BY batch"):
            _cut_batch(connection, rules, threads, int(batch))
        gone = f"""
            SELECT document_id FROM documents d
            WHERE {outdated} AND document_id NOT IN (SELECT document_id FROM cut_windows)
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
    changed(connection, "INSERT INTO documents BY NAME SELECT *, ? AS revision FROM cut_windows", revision)


def _cut_batch(connection: duckdb.DuckDBPyConnection, rules: DocumentSettings, threads: bool, batch: int) -> None:
    """Add the windows of a batch of ``open_units`` to ``cut_windows``."""
    with _exact_types(connection):
        read = arrow(connection, messages_of(rules, threads, batch))
    if read.num_rows:
        place = read.schema.get_field_index("body")
        messages = read.set_column(place, "body", read.column("body").cast(pa.large_string())).combine_chunks()
        texts = messages.column("body").chunk(0)
        windows = assemble(messages, cut(described(messages), rules, coherent_in(connection, texts)))
        with view_of(connection, "assembled", windows):
            changed(connection, f"INSERT INTO cut_windows BY NAME {_AS_DOCUMENTS}")


@contextmanager
def _exact_types(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let ids come as 16 bytes for the block: as 36 letters they take three times as long."""
    connection.execute("SET arrow_lossless_conversion = true")
    try:
        yield
    finally:
        connection.execute("RESET arrow_lossless_conversion")


# --- A window as a document -----------------------------------------------------------------------------------------------

DOCUMENT_ID = "md5_number('window' || message_ids[overlap + 1]::VARCHAR)::UUID"
_SLUG_END = "source_id || '-' || left(replace(message_ids[overlap + 1]::VARCHAR, '-', ''), 8)"
SLUG = f"left(slug, {len('2024-02-13-1015-')}) || {_SLUG_END}"
"""The SQL for the id and the slug that a stored document has by its messages and its source, whatever it had before.

They come from its first own message: a window that grows keeps its name.
"""

_TITLE = """
    strftime(local_start, '%Y-%m-%d %H:%M to ')
    || CASE WHEN local_end::DATE = local_start::DATE THEN strftime(local_end, '%H:%M')
        ELSE strftime(local_end, '%Y-%m-%d %H:%M') END
"""
_AS_DOCUMENTS = f"""
    SELECT
        {DOCUMENT_ID} AS document_id,
        'window' AS kind,
        source_id, thread_id, period, date_trunc('month', period)::DATE AS month,
        local_date, local_until, window_start, window_end,
        {_TITLE} AS title,
        strftime(local_start, '%Y-%m-%d-%H%M-') || {_SLUG_END} AS slug,
        text, message_ids, overlap,
        md5(concat_ws(
            chr(31), '{_VERSION}', text, md5(id_bytes), md5(voice_bytes), overlap, thread_id, period, window_start, window_end,
            local_start
        )) AS content_hash
    FROM assembled
"""
"""Whose the letters are is part of ``content_hash``: what is told of a document names them."""


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


def voices(said: str) -> str:
    """Return SQL for the ``letter`` of each speaker in ``said``, SQL that ends in rows with document_id, m_no and author_id.

    It is that of the documents' texts: letters are given in the order of first messages.
    """
    number = "row_number() OVER (PARTITION BY document_id ORDER BY min(m_no))"
    return f"""
        SELECT document_id, author_id, {letters(number)} AS letter
        FROM ({said}) WHERE author_id IS NOT NULL GROUP BY document_id, author_id
    """


def placed(documents: str) -> str:
    """Return SQL for (document_id, message_id, m_no) of the documents that SQL ``documents`` gives by their ids.

    ``m_no`` counts the messages of one document from 1.
    """
    return f"""
        SELECT document_id, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1)::INTEGER AS m_no
        FROM documents SEMI JOIN ({documents}) USING (document_id)
    """
