"""``search_units``: what search can find. Each message with words is one, and so is each passage of a few neighbours.

All of it comes from what the gate lets through. A unit never changes: another text is another unit with another label, and labels
are never used twice, so whoever keeps an index by label needs to know only what came and what went.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from egregora_assets.authors import gate
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.documents.units import DAYS_OF_DOCUMENTS
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "search_units"
_RULES = "1"

_BLOCK = 440
"""Letters after which a new passage begins."""
_OVERLAP = 120
"""A passage begins with the messages that began among so many last letters of the one before."""
_LEAST, _MOST = 55, 240
"""A message counts for at least and at most so many letters, and no passage shows more of it.

So a passage has at most eight messages of its own, two of the one before, and 800 letters.
"""
_LEAST_REMEMBERED = 100_000

HAS_WORDS = "regexp_matches({text}, '[\\p{{L}}\\p{{N}}]')"
"""The SQL for whether there is a letter or a digit to search for."""
NORMALISED = "trim(regexp_replace(nfc_normalize({text}), '\\s+', ' ', 'g'))"
"""The SQL for a text as it is embedded: two texts that differ only in spaces, lines or composition have one vector."""
TEXT_OF_UNIT = "coalesce(u.text, c.text)"
"""The SQL for the text of a unit ``u`` joined with ``clean_messages c`` by ``message_id``."""


@dataclass(frozen=True)
class UnitChanges:
    """What one pass did. ``erased`` are those of the removed that must not be found in any byte of an index."""

    added: int = 0
    removed: int = 0
    erased: int = 0
    moved: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> UnitChanges:
    """Bring ``search_units`` up to date with ``documents`` and ``clean_messages``; ``full`` looks at all of them again."""
    rules = gate.rules_now(connection, settings)
    if not full and is_settled(connection, CONSUMER, rules):
        return UnitChanges()
    windows.refresh(connection, settings)
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        since = 0 if full or seen.fingerprint != _RULES else seen.revision
        touched = _ALL_TOUCHED if not since else _TOUCHED
        parameters = {"since": since} if since else None
        with temporary(connection, "touched_documents", touched, parameters) as count:
            outcome = _follow(change, since) if count else UnitChanges()
        change.advance(_RULES)
    settle(connection, CONSUMER, rules)
    return outcome


def rules_fingerprint() -> str:
    """Return a name for the rules of cutting: another name means that all has to be cut again."""
    return _RULES


_TOUCHED = """
    SELECT document_id FROM documents WHERE revision > $since
    UNION SELECT key FROM tombstones WHERE table_name = 'documents' AND revision > $since
"""
_ALL_TOUCHED = "SELECT document_id FROM documents UNION SELECT document_id FROM search_units"

_SAID = f"""
    WITH placed AS (
        SELECT
            document_id, source_id, window_start,
            unnest({windows.OWN_MESSAGES}) AS message_id, generate_subscripts({windows.OWN_MESSAGES}, 1) AS place
        FROM documents WHERE document_id IN (SELECT document_id FROM touched_documents)
    ),
    days AS (
        SELECT DISTINCT source_id, local_date FROM ({DAYS_OF_DOCUMENTS})
        WHERE document_id IN (SELECT document_id FROM touched_documents)
    )
    SELECT p.*, {NORMALISED.format(text="c.text")} AS said
    FROM placed p JOIN (FROM clean_messages SEMI JOIN days USING (source_id, local_date)) c USING (message_id, source_id)
    WHERE {HAS_WORDS.format(text="c.text")}
"""
"""Messages with words of the documents that were touched, by document and place; each is of one document, whatever repeats it.

By the days of these documents they are found without a look at all ids.
"""
_HASH = "left(sha256({text}), 32)::UUID"
_MESSAGES = f"""
    SELECT
        'message' AS kind, message_id, NULL::UUID AS last_message_id, document_id, source_id,
        {_HASH.format(text="said")} AS content_hash, NULL::VARCHAR AS text, window_start, place
    FROM said_messages
"""
_PASSAGES = f"""
    WITH lines AS (
        SELECT *, left(said, {_MOST}) AS line, greatest({_LEAST}, least({_MOST}, length(said))) AS weight FROM said_messages
    ),
    begun AS (
        SELECT *, (sum(weight) OVER (PARTITION BY document_id ORDER BY place) - weight)::BIGINT AS letters_before FROM lines
    ),
    members AS (
        SELECT begun.*, letters_before // {_BLOCK} + next AS block, next
        FROM begun CROSS JOIN (VALUES (0), (1)) AS blocks(next)
        WHERE next = 0 OR letters_before % {_BLOCK} >= {_BLOCK - _OVERLAP}
    ),
    passages AS (
        SELECT
            first(message_id ORDER BY place) AS message_id, last(message_id ORDER BY place) AS last_message_id, document_id,
            any_value(source_id) AS source_id, string_agg(line, chr(10) ORDER BY place) AS text,
            any_value(window_start) AS window_start, min(place) AS place
        FROM members GROUP BY document_id, block HAVING count(*) > 1 AND min(next) = 0
    )
    SELECT
        'passage' AS kind, message_id, last_message_id, document_id, source_id,
        {_HASH.format(text=NORMALISED.format(text="text"))} AS content_hash, text, window_start, place
    FROM passages
"""
"""Where a passage begins depends on what stands before it alone: a conversation that goes on changes only its last one."""

_WANTED = f"FROM ({_MESSAGES}) UNION ALL BY NAME FROM ({_PASSAGES})"
_SAME = """
    (p.kind, p.message_id, p.content_hash, p.source_id) = (w.kind, w.message_id, w.content_hash, w.source_id)
    AND p.last_message_id IS NOT DISTINCT FROM w.last_message_id
"""
_PRESENT = """
    SELECT * EXCLUDE (text, revision) FROM search_units WHERE document_id IN (SELECT document_id FROM touched_documents)
"""
_HIDDEN_DOCUMENTS = """
    SELECT DISTINCT document_id FROM present_units WHERE kind = 'message' AND message_id IN (
        SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since
            AND revision IN (SELECT revision FROM erasures WHERE reason <> 'message replaced')
    )
"""
"""Documents of which something was taken out that must no longer be shown: an edited message is only replaced."""
_GONE = f"""
    SELECT
        label, message_id, content_hash,
        document_id IN ({_HIDDEN_DOCUMENTS}) OR source_id NOT IN (SELECT source_id FROM sources) AS is_erased
    FROM present_units p WHERE NOT EXISTS (SELECT 1 FROM wanted_units w WHERE {_SAME})
"""
_NEW = f"""
    SELECT
        (SELECT label FROM search_counters)
            + row_number() OVER (ORDER BY source_id, window_start, place, kind, message_id) AS label,
        kind, message_id, document_id, last_message_id, source_id, content_hash, text
    FROM wanted_units w WHERE NOT EXISTS (SELECT 1 FROM present_units p WHERE {_SAME})
"""
_MOVED = f"""
    SELECT p.label, w.document_id FROM present_units p JOIN wanted_units w ON {_SAME} WHERE p.document_id <> w.document_id
"""


def _follow(change: Transaction, since: int) -> UnitChanges:
    """Put the units of the touched documents in place of those that stand there."""
    connection = change.connection
    with (
        temporary(connection, "said_messages", _SAID),
        temporary(connection, "wanted_units", _WANTED),
        temporary(connection, "present_units", _PRESENT),
        temporary(connection, "gone_units", _GONE, {"since": since}) as removed,
        temporary(connection, "new_units", _NEW) as added,
        temporary(connection, "moved_units", _MOVED) as moved,
    ):
        erased = int(scalar(connection, "SELECT count(*) FROM gone_units WHERE is_erased")) if removed else 0
        if removed:
            _take_out(change)
        if added:
            _put_in(change)
        if moved:
            told = "SET document_id = m.document_id, revision = ? FROM moved_units m WHERE u.label = m.label"
            changed(connection, f"UPDATE search_units u {told}", [change.revision])
        if removed:
            _drop_vectors(connection)
        if removed or added:
            _forget(connection)
    return UnitChanges(added, removed, erased, moved)


def _take_out(change: Transaction) -> None:
    """Remove ``gone_units``, and let indexes know how."""
    connection = change.connection
    buried = "INSERT INTO tombstones SELECT 'search_units', label::UHUGEINT::UUID, ?::BIGINT FROM gone_units"
    changed(connection, buried, [change.revision])
    changed(connection, "DELETE FROM search_units WHERE label IN (SELECT label FROM gone_units)")
    log_operations(connection, "SELECT label, CASE WHEN is_erased THEN 'erase' ELSE 'remove' END FROM gone_units")


def _put_in(change: Transaction) -> None:
    """Add ``new_units``; those whose text has a vector already can be found by it at once."""
    connection = change.connection
    changed(connection, "INSERT INTO search_units SELECT *, ? FROM new_units", [change.revision])
    changed(connection, "UPDATE search_counters SET label = (SELECT max(label) FROM new_units)")
    log_operations(connection, "SELECT label, 'add' FROM new_units SEMI JOIN embeddings USING (content_hash)")


def log_operations(connection: duckdb.DuckDBPyConnection, operations: str) -> int:
    """Put (label, operation) rows of SQL into ``vector_log``, by label; returns how many. Runs inside a transaction."""
    numbered = "(SELECT seq FROM search_counters) + row_number() OVER (ORDER BY label)"
    told = f"INSERT INTO vector_log SELECT {numbered}, label, operation FROM ({operations}) told(label, operation)"
    count = changed(connection, told)
    if count:
        changed(connection, "UPDATE search_counters SET seq = seq + ?", [count])
    return count


def _drop_vectors(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop vectors of texts that no unit has any more: those of units that go, when those that come are in place."""
    orphans = "SELECT content_hash FROM gone_units ANTI JOIN search_units USING (content_hash)"
    changed(connection, f"DELETE FROM embeddings WHERE content_hash IN ({orphans})")


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the older half of a log that is longer than making an index anew.

    An index that has not applied what is forgotten (``search_counters.forgotten``) has to be made anew.
    """
    counts = "SELECT (SELECT count(*) FROM vector_log), (SELECT count(*) FROM search_units)"
    ((count, units),) = rows(connection, counts)
    if count > max(_LEAST_REMEMBERED, 2 * units):
        changed(connection, "UPDATE search_counters SET forgotten = seq - ?", [count // 2])
        changed(connection, "DELETE FROM vector_log WHERE seq <= (SELECT forgotten FROM search_counters)")
