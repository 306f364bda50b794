"""Waiting exports → ``messages``: ids, authors and times for one export at a time, merged with what is already known.

One export is one transaction: after a crash it is either wholly there or still waiting.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.edits import follow_edits
from egregora_assets.chat.formats import whatsapp
from egregora_assets.chat.formats.text_chunks import Quarantine
from egregora_assets.chat.formats.whatsapp import STAGED, AmbiguousDates, Staged
from egregora_assets.chat.inbox import InboxFile, read_inbox, register
from egregora_assets.chat.instants import instants
from egregora_assets.chat.merge_records import merge_records, stage_records
from egregora_assets.chat.parse import ParsedRecords, ParsedText
from egregora_assets.chat.read_ahead import ReadAhead, read_ahead
from egregora_assets.chat.sources import Source, Sources
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys, bind, load_keys
from egregora_assets.privacy.pseudonyms import author_id, normalised_name
from egregora_assets.warehouse.connection import bounded_memory
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.upsert import insert_new

CONSUMER = "messages"
PLATFORM = "whatsapp"
_MOST_MEMORY = "200MB"
"""An export of any size is merged in so much; more made nothing faster."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportOutcome:
    """What became of one export in this pass. ``problem`` is ``None`` when it was loaded."""

    file_name: str
    source_id: str | None
    messages: int = 0
    added: int = 0
    known: int = 0
    quarantined: int = 0
    updated: int = 0
    removed: int = 0
    problem: str | None = None


def ingest(
    connection: duckdb.DuckDBPyConnection, settings: Settings, day_first: bool | None = None, reread: bool = False
) -> list[ExportOutcome]:
    """Take in what is new in the inbox: register, read and merge each waiting export, oldest name first.

    ``day_first`` answers for exports that cannot tell day from month; ``reread`` reads exports again that are already
    known or failed. An unreadable export is marked ``failed`` with the reason and does not keep others from loading.
    """
    files = read_inbox(settings.inbox)
    register(connection, files)
    waiting = _waiting(connection, reread)
    if not waiting:
        return []
    keys = load_keys(settings.key_path)
    orders = {file.export_id: known_order(settings, file, day_first) for file in files}
    to_read = [
        file
        for file in {file.export_id: file for file in files}.values()
        if file.export_id in waiting and not (waiting[file.export_id] == "ambiguous" and orders[file.export_id] is None)
    ]
    outcomes: list[ExportOutcome] = []
    with bounded_memory(connection, settings.warehouse, _MOST_MEMORY), read_ahead(settings, to_read) as ahead:
        for number, file in enumerate(to_read, start=1):
            log.info("reading %s (%s bytes, %s of %s)", file.name, f"{file.bytes:,}", number, len(to_read))
            outcomes.append(_load(connection, settings, keys, ahead, file, orders[file.export_id]))
    return outcomes


def known_order(settings: Settings, file: InboxFile, day_first: bool | None = None) -> bool | None:
    """Return the order of day and month in a file as the user has told it: for this pass, or in the settings."""
    configured = settings.source_named(whatsapp.title_of(Path(file.name)))
    return configured.day_first if day_first is None and configured is not None else day_first


def _waiting(connection: duckdb.DuckDBPyConnection, reread: bool) -> dict[str, str]:
    condition = "true" if reread else "status IN ('waiting', 'ambiguous')"
    return dict(rows(connection, f"SELECT export_id, status FROM exports WHERE {condition}"))


def _load(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    keys: Keys,
    ahead: ReadAhead,
    file: InboxFile,
    day_first: bool | None,
) -> ExportOutcome:
    try:
        with ahead.open(file) as parsed:
            if isinstance(parsed, ParsedText):
                staged = whatsapp.stage_scanned(connection, parsed.batches, parsed.result, file.name, day_first)
                outcome = _load_text(connection, settings, keys, file, staged)
            else:
                stage_records(connection, parsed, file.name)
                outcome = _load_records(connection, settings, keys, file, parsed)
    except AmbiguousDates as error:
        return _fail(connection, file, "ambiguous", str(error))
    except ExportUnreadable as error:
        return _fail(connection, file, "failed", str(error))
    log.info("%s: %s messages, %s new", file.name, f"{outcome.messages:,}", f"{outcome.added:,}")
    return outcome


def _load_text(
    connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, file: InboxFile, staged: Staged
) -> ExportOutcome:
    title = whatsapp.title_of(Path(file.name))
    with transaction(connection, CONSUMER) as change:
        bind(connection, keys)
        people = _people(connection, staged)
        sources = Sources(change, settings, keys, PLATFORM, people)
        source = sources.with_title(title, {normalised_name(name) for name in people})
        sources.save()
        return _merge(change, keys, file, source, _without_title(staged, title, people))


def _load_records(
    connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, file: InboxFile, parsed: ParsedRecords
) -> ExportOutcome:
    pieces = parsed.reading.quarantined
    with transaction(connection, CONSUMER) as change:
        bind(connection, keys)
        merged = merge_records(change, settings, keys, parsed, file.export_id)
        source_id = merged.source_ids[0] if len(merged.source_ids) == 1 else None
        outcome = ExportOutcome(
            file.name, source_id, merged.messages, merged.added, merged.known, pieces.total, merged.updated
        )
        _note(change, file, parsed.platform, outcome, pieces, merged.first, merged.last)
    return outcome


def _people(connection: duckdb.DuckDBPyConnection, staged: Staged) -> list[str]:
    """Return the names of those who wrote something; who only heads a notice is not among them."""
    wrote = rows(connection, f"SELECT DISTINCT author_no FROM {STAGED} WHERE author_no IS NOT NULL")
    return [name for (number,) in wrote if (name := staged.authors[number])]


def _without_title(staged: Staged, title: str, people: list[str]) -> Staged:
    """Forget the chat's own title as a name: iOS puts it where the author stands in notices about the chat.

    Not where somebody of that name wrote: a chat between two is called like one of them.
    """
    own = normalised_name(title)
    if own in {normalised_name(name) for name in people}:
        return staged
    return replace(staged, authors=[name if name and normalised_name(name) != own else None for name in staged.authors])


def _fail(connection: duckdb.DuckDBPyConnection, file: InboxFile, status: str, problem: str) -> ExportOutcome:
    log.warning("%s: %s", file.name, problem)
    known = rows(connection, "SELECT status, detail FROM exports WHERE export_id = ?", [file.export_id])
    if known != [(status, problem)]:
        with transaction(connection, CONSUMER) as change:
            connection.execute(
                "UPDATE exports SET status = ?, detail = ?, revision = ? WHERE export_id = ?",
                [status, problem, change.revision, file.export_id],
            )
    return ExportOutcome(file.name, None, problem=problem)


def _merge(change: Transaction, keys: Keys, file: InboxFile, source: Source, staged: Staged) -> ExportOutcome:
    connection = change.connection
    revision = change.revision
    first, last = rows(connection, f"SELECT min(local_time), max(local_time) FROM {STAGED}")[0]
    known_after = {
        "first": first and first.replace(second=0),
        "after": last and last.replace(second=0) + timedelta(minutes=1),
    }
    parameters = {"source": source.source_id, **known_after}
    with (
        view_of(connection, "staged_authors", _name_authors(change, keys, staged)),
        temporary(
            connection, "identified", _IDENTIFIED, {"key": keys.message.hex(), "source": source.identity}
        ) as dated,
    ):
        updated, removed = follow_edits(change, source.source_id, file.export_id, first, last) if first else (0, 0)
        removed += _drop_cut_message(change, source.source_id, file.export_id)
        insert = _insert_new(connection, source.zone)
        added = changed(connection, insert, {**parameters, "export": file.export_id, "revision": revision})
        changed(connection, _INSERT_ATTACHMENTS, {"export": file.export_id, "revision": revision})
    outcome = ExportOutcome(
        file.name, source.source_id, staged.messages, added, dated - added, staged.quarantined.total, updated, removed
    )
    _note(change, file, PLATFORM, outcome, staged.quarantined, first, last)
    return outcome


def _note(
    change: Transaction,
    file: InboxFile,
    platform: str,
    outcome: ExportOutcome,
    quarantined: Quarantine,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Write down what became of an export, with its first and last wall-clock time and what could not be read.

    What it added, changed and removed counts over all times that it was read.
    """
    _note_quarantine(change, file.export_id, quarantined)
    change.connection.execute(
        """
        UPDATE exports SET
            status = 'loaded', detail = NULL, platform = $platform, source_id = $source, messages = $messages,
            added = coalesce(added, 0) + $added, known = $known - coalesce(added, 0),
            updated = coalesce(updated, 0) + $updated, removed = coalesce(removed, 0) + $removed,
            quarantined = $quarantined, first_local_time = $first, last_local_time = $last, revision = $revision
        WHERE export_id = $export
        """,
        {
            "platform": platform,
            "source": outcome.source_id,
            "messages": outcome.messages,
            "added": outcome.added,
            "known": outcome.known,
            "updated": outcome.updated,
            "removed": outcome.removed,
            "quarantined": outcome.quarantined,
            "first": first,
            "last": last,
            "revision": change.revision,
            "export": file.export_id,
        },
    )


def _name_authors(change: Transaction, keys: Keys, staged: Staged) -> pa.Table:
    """Return (author_no, author_id) for the export's authors; remember new names in ``private.author_names``."""
    named = [(number, name) for number, name in enumerate(staged.authors) if name is not None]
    ids = [str(author_id(keys.author, PLATFORM, name)) for _, name in named]
    table = pa.table(
        {
            "author_no": pa.array([number for number, _ in named], pa.int32()),
            "author_id": pa.array(ids, pa.string()),
            "raw_name": pa.array([name for _, name in named], pa.string()),
        }
    )
    names = table.select(["author_id", "raw_name"]).append_column(
        "platform", pa.array([PLATFORM] * len(named), pa.string())
    )
    insert_new(
        change.connection, "private.author_names", names, ["platform", "raw_name"], {"revision": change.revision}
    )
    return table


_IDENTIFIED = f"""
WITH keyed AS (
    SELECT
        position,
        md5_number(concat_ws(
            chr(31), $key, $source, epoch_us(local_time) // 60000000, a.author_id, coalesce(same_text, text)
        )) AS digest
    FROM {STAGED} LEFT JOIN staged_authors a USING (author_no) WHERE local_time IS NOT NULL
),
repeated AS (
    SELECT position, row_number() OVER (PARTITION BY digest ORDER BY position) AS occurrence
    FROM keyed WHERE digest IN (SELECT digest FROM keyed GROUP BY digest HAVING count(*) > 1)
)
SELECT
    position,
    (CASE WHEN coalesce(occurrence, 1) = 1 THEN digest
        ELSE md5_number(concat_ws(chr(31), $key, digest, occurrence)) END)::UUID AS message_id
FROM keyed LEFT JOIN repeated USING (position)
"""
"""message_id = keyed hash of (source, minute, author, text, occurrence among equals): minutes, because Android exports
have no seconds; the occurrence, because people do send the same word or two photos in one minute."""


def _insert_new(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> str:
    """Return the SQL that inserts the messages which are not known yet."""
    instant, clock_change = instants(connection, zone)
    return f"""
INSERT INTO messages BY NAME
SELECT
    message_id, $source AS source_id, s.local_time, {instant} AS sent_at, a.author_id::UUID AS author_id, kind, text,
    is_edited, position, {clock_change} AS clock_change, $export AS export_id, $revision AS revision
FROM {STAGED} s JOIN identified i USING (position) LEFT JOIN staged_authors a USING (author_no)
WHERE NOT EXISTS (
    SELECT 1 FROM messages m
    WHERE m.message_id = i.message_id AND m.source_id = $source AND m.local_time >= $first AND m.local_time < $after
)
"""


_INSERT_ATTACHMENTS = f"""
INSERT INTO message_attachments
SELECT message_id, $export, attachment, $revision FROM {STAGED} JOIN identified USING (position)
WHERE attachment IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message_attachments WHERE export_id = $export)
"""
"""Also for messages that are known already: this archive may hold the file that an earlier one left out."""


def _drop_cut_message(change: Transaction, source_id: str, export_id: str) -> int:
    """Let the whole message win where one export ends in the middle of it and another has all of it.

    Only the last message of an export can be cut; it is dropped when another export has, in the same minute and from
    the same author, a text that begins with it. Where one export has both, they are two messages. Returns how many rows
    of ``messages`` went.
    """
    connection = change.connection
    cut_here = f"""
        SELECT s.position, m.message_id
        FROM (SELECT * FROM {STAGED} ORDER BY position DESC LIMIT 1) s
        LEFT JOIN staged_authors a USING (author_no)
        JOIN messages m
            ON {_BEGINS_WITH.format(longer="m", longer_author="m.author_id", cut="s", cut_author="a.author_id::UUID")}
        WHERE m.source_id = $source
    """
    cut_before = f"""
        WITH last_messages AS (
            SELECT m.* FROM exports e
            JOIN messages m ON m.export_id = e.export_id AND m.local_time = e.last_local_time
            WHERE e.source_id = $source AND e.export_id <> $export
            QUALIFY m.position = max(m.position) OVER (PARTITION BY m.export_id)
        )
        SELECT old.message_id, i.message_id
        FROM last_messages old
        JOIN {STAGED} s ON s.local_time >= date_trunc('minute', old.local_time)
            AND s.local_time < date_trunc('minute', old.local_time) + INTERVAL 1 MINUTE
        JOIN identified i ON i.position = s.position
        LEFT JOIN staged_authors a USING (author_no)
        WHERE old.message_id NOT IN (SELECT message_id FROM identified)
            AND {_BEGINS_WITH.format(longer="s", longer_author="a.author_id::UUID", cut="old", cut_author="old.author_id")}
    """
    here = rows(connection, cut_here, {"source": source_id})
    before = rows(connection, cut_before, {"source": source_id, "export": export_id})
    for position, whole in here:
        if not _holds(connection, "identified", whole):
            connection.execute("DELETE FROM identified WHERE position = ?", [position])
    outdone = {cut for cut, whole in before if not _holds(connection, "messages", whole)}
    for cut in outdone:
        connection.execute("DELETE FROM messages WHERE message_id = ?", [cut])
        connection.execute("INSERT INTO tombstones VALUES ('messages', ?, ?)", [cut, change.revision])
    return len(outdone)


def _holds(connection: duckdb.DuckDBPyConnection, table: str, message_id: UUID) -> bool:
    return bool(scalar(connection, f"SELECT EXISTS (SELECT 1 FROM {table} WHERE message_id = ?)", [message_id]))


_BEGINS_WITH = """(
    {longer_author} IS NOT DISTINCT FROM {cut_author} AND {longer}.kind = {cut}.kind
    AND date_trunc('minute', {longer}.local_time) = date_trunc('minute', {cut}.local_time)
    AND starts_with({longer}.text, {cut}.text) AND length({longer}.text) > length({cut}.text)
)"""


def _note_quarantine(change: Transaction, export_id: str, quarantined: Quarantine) -> None:
    """Replace an export's pieces. The last row of a reason stands for all pieces of it that were not kept."""
    change.connection.execute("DELETE FROM quarantine WHERE export_id = ?", [export_id])
    pieces = [(1, piece) for piece in quarantined] + list(quarantined.more.values())
    table = pa.table(
        {
            "byte_offset": pa.array([piece.byte_offset for _, piece in pieces], pa.int64()),
            "reason": pa.array([piece.reason for _, piece in pieces], pa.string()),
            "raw": pa.array([piece.raw for _, piece in pieces], pa.binary()),
            "pieces": pa.array([count for count, _ in pieces], pa.int64()),
        }
    )
    with view_of(change.connection, "refused", table):
        change.connection.execute(
            "INSERT INTO quarantine BY NAME SELECT $export AS export_id, *, $revision AS revision FROM refused",
            {"export": export_id, "revision": change.revision},
        ).fetchall()
