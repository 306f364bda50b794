"""Sealed segments of live events → ``messages``: each merged once, in the same transaction that notes it in ``live_segments``.

What an event does to a message does not depend on when it comes: edits and deletions of messages that are not there yet wait
in ``private.live_waiting``, and of several words about one thing the latest by its own time holds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from egregora_assets.chat.formats.records import KINDS, Reading
from egregora_assets.chat.formats.staging import stage_batches
from egregora_assets.chat.hidden_titles import hide_titles
from egregora_assets.chat.latency_windows import take_in_windows
from egregora_assets.chat.merge_records import LIVE, RECORDS, identified_records, look_again, put_in_place
from egregora_assets.chat.parse import ParsedRecords
from egregora_assets.chat.refused_lines import take_in_refused
from egregora_assets.chat.segments import SEGMENT_SCHEMA, Segment, acknowledge, path_of, set_aside, waiting
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys, bind, warehouse_keys
from egregora_assets.privacy.pseudonyms import define_rotated
from egregora_assets.warehouse.connection import bounded
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "live_segments"
_MOST_EVENTS = 500_000
"""Events of one transaction; a longer backlog is merged in several, one behind the other in the same pass."""
_MOST_MEMORY = "200MB"
_EVENTS = "live_events"
_NEEDED = ("sequence", "platform", "event", "source", "native_id", "author", "sent_at", "received_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SegmentOutcome:
    """What a pass did: segments merged and set aside, their events, new messages, and messages that took a newer form."""

    segments: int = 0
    unreadable: int = 0
    events: int = 0
    added: int = 0
    updated: int = 0

    def __add__(self, other: SegmentOutcome) -> SegmentOutcome:
        return SegmentOutcome(
            self.segments + other.segments,
            self.unreadable + other.unreadable,
            self.events + other.events,
            self.added + other.added,
            self.updated + other.updated,
        )


class _SegmentUnreadable(ValueError):
    """A segment cannot be merged; the message says why, without repeating what it holds."""


def merge_segments(connection: duckdb.DuckDBPyConnection, settings: Settings) -> SegmentOutcome:
    """Merge all sealed segments that wait, and what waited for messages that have come since; changes nothing without any.

    ``connection`` is the warehouse's writer. A segment that cannot be read is set aside and keeps no other from merging.
    Raises ``KeyFileError``.
    """
    take_in_windows(connection, settings.segments)
    take_in_refused(connection, settings.segments)
    there = waiting(settings.segments)
    merged = _merged_before(connection, settings.segments, there)
    for segment, revision in merged.items():
        acknowledge(settings.segments, segment, revision)
    new = [segment for segment in there if segment not in merged]
    if not new and not _anything_waits(connection):
        return SegmentOutcome()
    keys = warehouse_keys(connection, settings.key_path)
    define_rotated(connection, keys.rotations)
    outcome = SegmentOutcome()
    with bounded(connection, settings.warehouse, threads=1, memory=_MOST_MEMORY):
        for group in _groups(new) or [[]]:
            outcome += _merge_group(connection, settings, keys, group)
    return outcome


def _merged_before(connection: duckdb.DuckDBPyConnection, folder: Path, there: list[Segment]) -> dict[Segment, int]:
    """Return the waiting segments that the warehouse has already: a run ended between its commit and their receipts.

    A hot store that was lost and begun anew gives the same numbers to other events: those are known by when they came.
    """
    if not there:
        return {}
    sql = """
        SELECT first_sequence, last_sequence, events, first_received_at, last_received_at, revision FROM live_segments
        WHERE first_sequence >= ?
    """
    known = {
        (Segment(first, last), tuple(came)): revision
        for first, last, *came, revision in rows(connection, sql, [there[0].first])
    }
    numbers = {segment for segment, _ in known}
    told = {segment: _came(path_of(folder, segment)) for segment in there if segment in numbers}
    return {segment: known[segment, came] for segment, came in told.items() if (segment, came) in known}


def _came(path: Path) -> tuple[object, ...]:
    """Return how many events a segment has, and when the first and the last came; nothing where it cannot be read."""
    try:
        received = pq.ParquetFile(path).read(columns=["received_at"])["received_at"]
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return ()
    span = pc.min_max(received)
    return len(received), span["min"].as_py(), span["max"].as_py()


def _anything_waits(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether something was said of a message that came in another way since."""
    sql = f"SELECT EXISTS (FROM ({_WAITED_FOR}) SEMI JOIN messages USING (message_id))"
    return bool(scalar(connection, sql))


def _groups(segments: list[Segment]) -> list[list[Segment]]:
    """Divide segments into those of one transaction each."""
    groups: list[list[Segment]] = []
    events = _MOST_EVENTS
    for segment in segments:
        size = segment.last - segment.first + 1
        if events + size > _MOST_EVENTS:
            groups.append([])
            events = 0
        groups[-1].append(segment)
        events += size
    return groups


def _merge_group(
    connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, segments: list[Segment]
) -> SegmentOutcome:
    merged: list[Segment] = []
    unreadable: dict[Segment, str] = {}
    stage_batches(connection, _EVENTS, SEGMENT_SCHEMA, _batches(settings.segments, segments, merged, unreadable))
    events = int(scalar(connection, f"SELECT count(*) FROM {_EVENTS}"))
    with transaction(connection, CONSUMER) as change:
        bind(connection, keys)
        _note_unreadable(change, unreadable, merged)
        with temporary(connection, "live_identified", _NO_EVENTS):
            for (platform,) in rows(connection, f"SELECT DISTINCT platform FROM {_EVENTS} ORDER BY 1"):
                _identify(change, settings, keys, platform)
            added, updated = _apply(change, merged, settings.live.freshness_seconds * 1000)
        revision = change.revision if change.changed else 0
        if change.changed:
            fresh = rows(connection, "SELECT raw_name FROM private.author_names WHERE revision = ?", [change.revision])
            hide_titles(change, settings, keys, [name for (name,) in fresh])
    connection.execute(f"DROP TABLE {_EVENTS}").fetchall()
    for segment in merged:
        acknowledge(settings.segments, segment, revision)
    for segment, problem in unreadable.items():
        set_aside(settings.segments, segment)
        log.warning("%s was set aside: %s", path_of(settings.segments, segment).name, problem)
    if merged:
        log.info("%s segments with %s events: %s new messages", f"{len(merged):,}", f"{events:,}", f"{added:,}")
    return SegmentOutcome(len(merged), len(unreadable), events, added, updated)


def _batches(
    folder: Path, segments: list[Segment], merged: list[Segment], unreadable: dict[Segment, str]
) -> Iterator[pa.RecordBatch]:
    """Yield the events of segments that are whole, and note which these are and what is the matter with the others."""
    for segment in segments:
        try:
            events = _read(path_of(folder, segment), segment)
        except _SegmentUnreadable as error:
            unreadable[segment] = str(error)
            continue
        merged.append(segment)
        yield from events.to_batches()


def _read(path: Path, segment: Segment) -> pa.Table:
    """Return the events of a segment. Raises ``_SegmentUnreadable``."""
    try:
        events = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _SegmentUnreadable(f"the segment cannot be read ({type(error).__name__})") from error
    if not events.schema.equals(SEGMENT_SCHEMA):
        raise _SegmentUnreadable("the segment has other columns than live events have")
    problem = _problem(events, segment)
    if problem is not None:
        raise _SegmentUnreadable(problem)
    return events


def _problem(events: pa.Table, segment: Segment) -> str | None:
    missing = [name for name in _NEEDED if events[name].null_count]
    if missing:
        return f"the segment has events without {', '.join(missing)}"
    span = pc.min_max(events["sequence"])
    if not len(events) or (span["min"].as_py(), span["max"].as_py()) != (segment.first, segment.last):
        return "the segment holds other events than its name says"
    if pc.count_distinct(events["sequence"]).as_py() != len(events):
        return "the segment holds an event twice"
    if not _among(events["event"], ("message", "edit", "delete", "reaction")) or not _among(events["kind"], KINDS):
        return "the segment has events of a kind that is not known"
    about = pc.fill_null(pc.equal(events["event"], "message"), False)
    if pc.any(pc.and_(pc.invert(about), pc.is_null(events["target"]))).as_py():
        return "the segment has events that are about no message"
    return None


def _among(column: pa.ChunkedArray, values: tuple[str, ...]) -> bool:
    known = pc.or_(pc.is_null(column), pc.is_in(column, pa.array(values, pa.string())))
    return bool(pc.all(known).as_py())


def _note_unreadable(change: Transaction, unreadable: dict[Segment, str], readable: list[Segment]) -> None:
    """Note what cannot be read; of what was sealed once more since and can, nothing is missing any more."""
    again = [f"{LIVE}-{segment.stem}" for segment in readable]
    change.connection.execute(
        "DELETE FROM quarantine WHERE export_id IN (SELECT unnest($again))", {"again": again}
    ).fetchall()
    for segment, problem in unreadable.items():
        note = [f"{LIVE}-{segment.stem}", problem, change.revision]
        change.connection.execute("DELETE FROM quarantine WHERE export_id = ?", note[:1]).fetchall()
        change.connection.execute("INSERT INTO quarantine VALUES (?, 0, ?, '', ?, 1)", note).fetchall()


def _identify(change: Transaction, settings: Settings, keys: Keys, platform: str) -> None:
    """Add the staged events of one platform to ``live_identified``, with the ids of messages and people."""
    connection = change.connection
    changed(connection, _RECORDS_OF_EVENTS, {"platform": platform})
    parsed = ParsedRecords((), _reading(connection, platform), platform, exact_times=False)
    with identified_records(change, settings, keys, parsed, LIVE) as records:
        mentioned = f"""
            SELECT position, list(DISTINCT author_id::UUID ORDER BY author_id::UUID) AS people
            FROM (SELECT position, unnest(mentions) AS person FROM {RECORDS}) JOIN staged_people USING (person)
            GROUP BY position
        """
        identified = f"""
            INSERT INTO live_identified BY NAME
            SELECT
                i.message_id, i.source_id, i.local_time, i.sent_at, i.author_id, e.kind, i.kind AS record_kind, i.text,
                i.position, i.native_id, i.thread_id, i.reply_to, e.event, e.emoji, coalesce(e.removed, false) AS is_removed,
                i.attachments, coalesce(people, []) AS mentions
            FROM ({records.query}) i JOIN {_EVENTS} e ON e.sequence = i.position
            LEFT JOIN ({mentioned}) USING (position)
        """
        changed(connection, identified, records.parameters)
    connection.execute(f"DROP TABLE {RECORDS}").fetchall()


def _reading(connection: duckdb.DuckDBPyConnection, platform: str) -> Reading:
    """Return the people and chats of one platform's staged events, by their ids."""
    given = {"platform": platform}
    people = dict(rows(connection, _PEOPLE, given))
    return Reading(chats=dict(rows(connection, _CHATS, given)), people=people)


def _apply(change: Transaction, segments: list[Segment], budget_ms: float) -> tuple[int, int]:
    """Put ``live_identified``, and what waits for messages that are there now, in its place.

    Returns how many messages are new and how many took a newer form.
    """
    connection, revision = change.connection, {"revision": change.revision}
    with (
        temporary(connection, "live_bases", _BASES),
        temporary(connection, "live_forms", _FORMS),
        temporary(connection, "incoming", _NEWEST),
        temporary(connection, "repeated", _REPEATED),
    ):
        _note_segments(change, segments, budget_ms)
        wins = f"m.export_id = '{LIVE}' AND i.author_id = m.author_id AND (i.kind, i.text) > (m.kind, m.text)"
        added, updated = put_in_place(change, LIVE, wins)
        with temporary(connection, "deleted_before", _DELETED_BEFORE) as earlier:
            if earlier:
                changed(connection, _TAKE_EARLIER_DELETION)
                look_again(change, "deleted_before")
        changed(connection, _INSERT_ATTACHMENTS, revision)
        changed(connection, _INSERT_MENTIONS, revision)
    changed(connection, "DELETE FROM private.live_waiting WHERE message_id IN (SELECT message_id FROM messages)")
    changed(connection, _LET_WAIT, revision)
    changed(connection, _NOTE_REACTIONS, revision)
    _show_reactions(change)
    changed(connection, _NOTE_SOURCES, revision)
    return added, updated


def _note_segments(change: Transaction, segments: list[Segment], budget_ms: float) -> None:
    """Note what becomes of each segment's events; before they are in place."""
    if not segments:
        return
    table = pa.table(
        {
            "first_sequence": pa.array([segment.first for segment in segments], pa.int64()),
            "last_sequence": pa.array([segment.last for segment in segments], pa.int64()),
        }
    )
    with view_of(change.connection, "merged_segments", table):
        changed(change.connection, _NOTE_SEGMENTS, {"revision": change.revision})
    changed(change.connection, _NOTE_LATENCY, {"budget": budget_ms})


def _show_reactions(change: Transaction) -> None:
    """Let messages have the reactions of which somebody's last word has not been followed yet."""
    connection, revision = change.connection, {"revision": change.revision}
    with (
        temporary(connection, "unshown_reactions", _UNSHOWN_REACTIONS) as count,
        temporary(connection, "withdrawn_reactions", _WITHDRAWN_REACTIONS) as withdrawn,
    ):
        if withdrawn:
            tombstones = (
                "INSERT INTO tombstones SELECT DISTINCT 'reactions', message_id, $revision FROM withdrawn_reactions"
            )
            changed(connection, tombstones, revision)
            changed(connection, _DELETE_REACTIONS)
        if count:
            changed(connection, _INSERT_REACTIONS, revision)
            changed(
                connection,
                "UPDATE private.live_reactions SET is_shown = true WHERE NOT is_shown AND message_id IN "
                "(SELECT message_id FROM unshown_reactions)",
            )


_WAITED_FOR = """
    SELECT message_id FROM private.live_waiting UNION ALL SELECT message_id FROM private.live_reactions WHERE NOT is_shown
"""

_PEOPLE = f"""
    SELECT person, coalesce(list(DISTINCT name ORDER BY name) FILTER (name IS NOT NULL), [])
    FROM (
        SELECT author AS person, author_name AS name FROM {_EVENTS} WHERE platform = $platform
        UNION ALL
        SELECT mention.id, mention.name FROM (SELECT unnest(mentions) AS mention FROM {_EVENTS} WHERE platform = $platform)
    )
    WHERE person IS NOT NULL GROUP BY person
"""
_CHATS = f"""
    SELECT source, coalesce(arg_max(source_title, sequence), source) FROM {_EVENTS} WHERE platform = $platform GROUP BY source
"""

_RECORDS_OF_EVENTS = f"""
CREATE OR REPLACE TEMP TABLE {RECORDS} AS
SELECT
    sequence AS position, 0::BIGINT AS byte_offset, source AS chat,
    CASE WHEN event = 'message' THEN native_id ELSE target END AS native_id, sent_at, NULL::TIMESTAMP AS local_time, author,
    CASE WHEN coalesce(kind, 'text') = 'text' AND len(attachments) > 0 THEN 'media' ELSE coalesce(kind, 'text') END AS kind,
    CASE WHEN kind IS NOT DISTINCT FROM 'deleted' THEN '' ELSE coalesce(text, '') END AS text,
    reply_to, thread, NULL::TIMESTAMPTZ AS edited_at, NULL::TIMESTAMPTZ AS deleted_at, false AS is_edited, '' AS quote,
    coalesce(attachments, []) AS attachments, list_transform(coalesce(mentions, []), lambda one: one.id) AS mentions,
    [] AS reactions, [] AS versions
FROM {_EVENTS} WHERE platform = $platform
"""
"""Events as records of the messages that they are about. ``RECORD_SCHEMA`` says what these are."""

_NO_EVENTS = """
    SELECT
        NULL::UUID AS message_id, NULL::VARCHAR AS source_id, NULL::TIMESTAMP AS local_time, NULL::TIMESTAMPTZ AS sent_at,
        NULL::UUID AS author_id, NULL::VARCHAR AS kind, NULL::VARCHAR AS record_kind, NULL::VARCHAR AS text,
        NULL::BIGINT AS position, NULL::VARCHAR AS native_id, NULL::UUID AS thread_id, NULL::UUID AS reply_to,
        NULL::VARCHAR AS event, NULL::VARCHAR AS emoji, NULL::BOOLEAN AS is_removed, NULL::VARCHAR[] AS attachments,
        NULL::UUID[] AS mentions
    LIMIT 0
"""

_CHANGES = """
    SELECT message_id, event, author_id, sent_at AS said_at, kind, text, attachments, mentions
    FROM live_identified WHERE event IN ('edit', 'delete')
"""
_ALL_CHANGES = f"""
    {_CHANGES}
    UNION ALL SELECT message_id, event, author_id, said_at, kind, text, attachments, mentions FROM private.live_waiting
"""

_BASES = f"""
    SELECT
        m.message_id, m.source_id, m.local_time, m.sent_at, m.author_id, m.position, m.native_id, m.thread_id, m.reply_to,
        CASE WHEN m.edited_at IS NULL AND m.kind <> 'deleted' THEN m.kind
            ELSE coalesce(v.kind, nullif(m.kind, 'deleted'), 'text') END AS first_kind
    FROM messages m LEFT JOIN (
        SELECT message_id, min(kind) AS kind FROM private.message_versions WHERE edited_at IS NULL GROUP BY message_id
    ) v USING (message_id)
    WHERE m.message_id IN (SELECT message_id FROM ({_ALL_CHANGES}))
    UNION ALL
    SELECT message_id, source_id, local_time, sent_at, author_id, position, native_id, thread_id, reply_to, record_kind
    FROM (
        SELECT * FROM live_identified ANTI JOIN messages USING (message_id) WHERE event = 'message'
        QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY sent_at, record_kind, text, position) = 1
    )
"""
"""The messages that changes are about, as far as they are there, with the kind that each had first."""

_FORMS = f"""
    SELECT
        message_id, source_id, local_time, sent_at, author_id, record_kind AS kind, text, false AS is_edited, position, native_id,
        thread_id, reply_to, NULL::TIMESTAMPTZ AS edited_at, NULL::TIMESTAMPTZ AS deleted_at, attachments, mentions
    FROM live_identified WHERE event = 'message'
    QUALIFY author_id = first_value(author_id) OVER (PARTITION BY message_id ORDER BY position)
    UNION ALL BY NAME
    SELECT
        b.* EXCLUDE (author_id, first_kind), coalesce(b.author_id, c.author_id) AS author_id,
        CASE WHEN event = 'delete' THEN 'deleted'
            ELSE coalesce(nullif(c.kind, 'deleted'), CASE WHEN len(c.attachments) > 0 THEN 'media' END, b.first_kind) END AS kind,
        CASE WHEN event = 'delete' THEN '' ELSE c.text END AS text,
        event = 'edit' AS is_edited,
        CASE WHEN event = 'edit' THEN c.said_at END AS edited_at,
        CASE WHEN event = 'delete' THEN c.said_at END AS deleted_at,
        CASE WHEN event = 'edit' THEN c.attachments ELSE [] END AS attachments,
        CASE WHEN event = 'edit' THEN c.mentions ELSE [] END AS mentions
    FROM ({_ALL_CHANGES}) c JOIN live_bases b USING (message_id)
    WHERE event = 'delete' OR b.author_id IS NULL OR b.author_id = c.author_id
"""
"""All forms that messages take. Words are changed only by who wrote them; anybody whom the platform lets may take them away.
Of several people who are told to have sent one message, it is the one who was told first.
"""

_NO_VERSIONS = "[]::STRUCT(kind VARCHAR, text VARCHAR, edited_at VARCHAR)[]"

_NEWEST = f"""
    SELECT *, [] AS reactions, {_NO_VERSIONS} AS versions, true AS has_id, 1 AS records
    FROM live_forms
    QUALIFY row_number() OVER (
        PARTITION BY message_id
        ORDER BY kind = 'deleted' DESC, deleted_at NULLS LAST, edited_at DESC NULLS LAST, kind DESC, text DESC, sent_at, position
    ) = 1
"""
_REPEATED = f"""
    SELECT message_id, kind, text, edited_at, {_NO_VERSIONS} AS versions
    FROM live_forms WHERE message_id IN (SELECT message_id FROM live_forms GROUP BY message_id HAVING count(*) > 1)
"""

_DELETED_BEFORE = """
    SELECT message_id, min(f.deleted_at) AS deleted_at
    FROM live_forms f JOIN messages m USING (message_id)
    WHERE f.kind = 'deleted' AND m.kind = 'deleted' AND f.deleted_at < coalesce(m.deleted_at, 'infinity')
    GROUP BY message_id
"""
"""Of two deletions of one message the first is its time, whichever was heard of first."""
_TAKE_EARLIER_DELETION = """
    UPDATE messages SET deleted_at = d.deleted_at FROM deleted_before d WHERE messages.message_id = d.message_id
"""

_INSERT_ATTACHMENTS = f"""
    INSERT INTO message_attachments BY NAME
    SELECT DISTINCT message_id, '{LIVE}' AS export_id, file_name, $revision AS revision
    FROM (SELECT message_id, unnest(attachments) AS file_name FROM live_forms) f
    WHERE NOT EXISTS (
        FROM message_attachments a WHERE a.export_id = '{LIVE}' AND a.message_id = f.message_id AND a.file_name = f.file_name
    )
"""
_INSERT_MENTIONS = """
    INSERT INTO mentions BY NAME
    SELECT DISTINCT message_id, author_id, $revision AS revision
    FROM (SELECT message_id, unnest(mentions) AS author_id FROM live_forms) ANTI JOIN mentions USING (message_id, author_id)
"""

_LET_WAIT = f"""
    INSERT INTO private.live_waiting BY NAME
    SELECT *, $revision AS revision FROM (
        ({_CHANGES})
        EXCEPT SELECT message_id, event, author_id, said_at, kind, text, attachments, mentions FROM private.live_waiting
    )
    ANTI JOIN messages USING (message_id)
"""

_NOTE_REACTIONS = """
    MERGE INTO private.live_reactions old USING (
        SELECT
            message_id, coalesce(emoji, '') AS emoji, author_id, max(sent_at) AS given_at,
            arg_max(is_removed, (sent_at, is_removed)) AS is_removed
        FROM live_identified WHERE event = 'reaction' AND (emoji IS NOT NULL OR is_removed) GROUP BY ALL
    ) new ON old.message_id = new.message_id AND old.emoji = new.emoji AND old.author_id = new.author_id
    WHEN MATCHED AND (new.given_at, new.is_removed) > (old.given_at, old.is_removed) THEN UPDATE SET
        given_at = new.given_at, is_removed = new.is_removed, is_shown = false, revision = $revision
    WHEN NOT MATCHED THEN INSERT VALUES (
        new.message_id, new.emoji, new.author_id, new.given_at, new.is_removed, false, $revision
    )
"""
"""Without an emoji all that a person has given so far is withdrawn: platforms as WhatsApp do not say which it was."""
_UNSHOWN_REACTIONS = """
    SELECT r.* REPLACE (r.is_removed OR coalesce(r.given_at <= a.given_at, false) AS is_removed)
    FROM private.live_reactions r SEMI JOIN messages USING (message_id)
    LEFT JOIN private.live_reactions a ON a.message_id = r.message_id AND a.author_id = r.author_id AND a.emoji = ''
    WHERE NOT r.is_shown
"""
_WITHDRAWN_REACTIONS = """
    SELECT DISTINCT r.message_id, r.emoji, r.author_id
    FROM reactions r JOIN unshown_reactions u USING (message_id, author_id)
    WHERE u.is_removed AND (
        u.emoji = r.emoji OR u.emoji = '' AND NOT EXISTS (
            FROM private.live_reactions later
            WHERE later.message_id = r.message_id AND later.author_id = r.author_id AND later.emoji = r.emoji
                AND later.given_at > u.given_at AND NOT later.is_removed
        )
    )
"""
_DELETE_REACTIONS = """
    DELETE FROM reactions r USING withdrawn_reactions w
    WHERE r.message_id = w.message_id AND r.emoji = w.emoji AND r.author_id = w.author_id
"""
_INSERT_REACTIONS = """
    INSERT INTO reactions BY NAME
    SELECT message_id, emoji, author_id, 1 AS people, $revision AS revision
    FROM unshown_reactions ANTI JOIN reactions USING (message_id, emoji, author_id) WHERE NOT is_removed
"""

_NOTE_SOURCES = f"""
    MERGE INTO export_sources old USING (
        SELECT source_id, count(*) FILTER (event = 'message') AS messages, max(sent_at) AS last_sent_at
        FROM live_identified GROUP BY source_id
    ) new ON old.export_id = '{LIVE}' AND old.source_id = new.source_id
    WHEN MATCHED THEN UPDATE SET
        messages = old.messages + new.messages, last_sent_at = greatest(old.last_sent_at, new.last_sent_at),
        revision = $revision
    WHEN NOT MATCHED THEN INSERT VALUES ('{LIVE}', new.source_id, new.messages, new.last_sent_at, $revision)
"""
"""How far live messages of a chat go: an export that goes less far does not tell who reacts now."""

_NOTE_SEGMENTS = f"""
    INSERT INTO live_segments BY NAME
    SELECT
        first_sequence, last_sequence, count(*) AS events, count(*) FILTER (event = 'message') AS messages,
        count(*) FILTER (is_new) AS added, count(*) FILTER (event = 'message' AND NOT is_new) AS known,
        count(*) FILTER (event <> 'message') AS changes, min(received_at) AS first_received_at,
        max(received_at) AS last_received_at, now() AS merged_at, $revision AS revision
    FROM (
        SELECT *, sequence IN (
            SELECT min(position) FROM live_identified ANTI JOIN messages USING (message_id) WHERE event = 'message'
            GROUP BY message_id
        ) AS is_new
        FROM {_EVENTS}
    ) e ASOF JOIN merged_segments s ON e.sequence >= s.first_sequence
    GROUP BY ALL
"""
"""Of the events that bring one new message the first added it, and the others are known."""

_NOTE_LATENCY = f"""
    INSERT INTO latency_windows BY NAME
    SELECT
        adapter AS lane, 'merge' AS stage, min(received_at) AS window_start, epoch(now() - min(received_at)) AS seconds,
        count(*) AS count, quantile_disc(milliseconds, 0.5) AS p50_ms, quantile_disc(milliseconds, 0.95) AS p95_ms,
        quantile_disc(milliseconds, 0.99) AS p99_ms, max(milliseconds) AS max_ms, $budget AS budget_ms, 0 AS loop_lag_ms,
        0 AS backlog, 0 AS bytes
    FROM (SELECT adapter, received_at, greatest(epoch_ms(now()) - epoch_ms(received_at), 0)::DOUBLE AS milliseconds FROM {_EVENTS})
    GROUP BY adapter
"""
"""From receipt until the run that merges an event."""
