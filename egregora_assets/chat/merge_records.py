"""Records of a structured export → ``messages``: ids from the platform's, newer versions of messages in place of older ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats.records import RECORD_SCHEMA, SELF_WORDS
from egregora_assets.chat.formats.staging import stage_batches
from egregora_assets.chat.local_time import to_utc
from egregora_assets.chat.names_of_people import remember_names
from egregora_assets.chat.parse import ParsedRecords
from egregora_assets.chat.renamed_accounts import know_again
from egregora_assets.chat.sources import Source, Sources
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys
from egregora_assets.privacy.pseudonyms import native_author_id, rotated
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

_NUMBER_LIKE = re.compile(r"[0-9a-fA-F-]*|[A-Z0-9]*|.*[0-9]{5}.*", re.DOTALL)
RECORDS = "staged_records"
"""The temporary table with the columns of ``RECORD_SCHEMA`` that holds an export's records in its order."""
LIVE = "live"
"""Stands where the id of an export does for what came in live; what an export says of the same message is told in full."""


@dataclass(frozen=True)
class Merged:
    """What became of an export's records.

    ``known`` ones are those of messages that were stored before or stand in the export twice, ``updated`` messages took a
    newer form. Each number is counted by itself: that they add up is what a check looks at.
    """

    source_ids: list[str]
    messages: int
    added: int
    known: int
    updated: int
    first: datetime | None
    last: datetime | None


def stage_records(connection: duckdb.DuckDBPyConnection, parsed: ParsedRecords, name: str) -> None:
    """Read an export into ``RECORDS``. Raises ``ExportUnreadable`` when there is no message in it."""
    stage_batches(connection, RECORDS, RECORD_SCHEMA, parsed.batches)
    parsed.reading.mend()
    if not scalar(connection, f"SELECT count(*) FROM {RECORDS}"):
        problems = "; ".join(sorted({piece.reason for piece in parsed.reading.quarantined})[:3])
        raise ExportUnreadable(f"{name} holds no message{f' ({problems})' if problems else ''}")


def merge_records(change: Transaction, settings: Settings, keys: Keys, parsed: ParsedRecords, export_id: str) -> Merged:
    """Merge the staged records into ``messages`` and what hangs on them, as one part of ``change``."""
    connection = change.connection
    with identified_records(change, settings, keys, parsed, export_id) as records:
        identified, key = records.query, records.parameters
        read = int(scalar(connection, f"SELECT count(*) FROM {RECORDS}"))
        with (
            temporary(connection, "incoming", _one_for_each_message(identified), key) as messages,
            _forms_of_repeated(connection, identified, key if messages < read else None),
        ):
            if parsed.exact_times:
                know_again(change)
            first, last = rows(connection, "SELECT min(local_time), max(local_time) FROM incoming")[0]
            known = int(scalar(connection, _KNOWN))
            added, updated = _merge_incoming(change, export_id)
    assert messages <= read, "each record is one message at most"
    return Merged(records.source_ids, read, added, known, updated, first, last)


@dataclass(frozen=True)
class Identified:
    """The staged records with the ids of their messages: SQL, what it needs, and the sources that they are of."""

    query: str
    parameters: dict[str, str]
    source_ids: list[str]


@contextmanager
def identified_records(
    change: Transaction, settings: Settings, keys: Keys, parsed: ParsedRecords, export_id: str
) -> Iterator[Identified]:
    """Let SQL read the staged records with their ids for the length of the block; new sources and names are remembered.

    ``staged_people`` (person, author_id, base_id) and ``staged_chats`` can be read beside them.
    """
    connection = change.connection
    sources = _sources(change, settings, keys, parsed)
    with (
        view_of(connection, "staged_people", _people(change, keys, parsed, export_id)),
        view_of(connection, "staged_chats", _chats(sources)),
    ):
        ids = sorted({source.source_id for source in sources.values()})
        yield Identified(_identified(connection, parsed, sources), {"key": keys.message.hex()}, ids)


def _merge_incoming(change: Transaction, export_id: str) -> tuple[int, int]:
    """Put ``incoming`` into ``messages`` and what hangs on them; return how many are new and how many took a newer form."""
    connection, parameters = change.connection, {"export": export_id, "revision": change.revision}
    with temporary(connection, "ahead", _AHEAD, {"export": export_id}):
        added, updated = put_in_place(change, export_id, f"m.export_id = '{LIVE}' OR {_IS_AHEAD}")
        changed(connection, _INSERT_ATTACHMENTS, parameters)
        changed(connection, _INSERT_MENTIONS, {"revision": change.revision})
        _replace_reactions(change)
        changed(connection, _INSERT_SEEN, parameters)
    return added, updated


def put_in_place(change: Transaction, export_id: str, wins: str) -> tuple[int, int]:
    """Put ``incoming`` into ``messages``, newer forms in place of older ones, and keep all forms in ``repeated`` and replaced ones.

    ``wins`` is the SQL that decides between two forms (``i``, and ``m`` that is stored) of which none was edited later. Returns
    how many messages are new and how many took a newer form.
    """
    connection, parameters = change.connection, {"export": export_id, "revision": change.revision}
    with (
        temporary(connection, "differing", _DIFFERING.format(wins=wins)) as differing,
        temporary(connection, "said", _SAID, {"export": export_id}) as said,
    ):
        updated = _take_newer(change, export_id) if differing else 0
        if differing:
            changed(connection, _TAKE_AUTHOR_OF_DELETED)
            _keep_other_authors(change)
        added = changed(connection, _INSERT_NEW, parameters)
        if said:
            _keep_what_was_said(change)
    return added, updated


def _sources(change: Transaction, settings: Settings, keys: Keys, parsed: ParsedRecords) -> dict[str, Source]:
    """Return the source of each chat in the export by the chat's native id."""
    wrote = f"SELECT chat, list(DISTINCT author) FILTER (author IS NOT NULL) FROM {RECORDS} GROUP BY chat ORDER BY chat"
    names = [name for names in parsed.reading.people.values() for name in names]
    known = Sources(change, settings, keys, parsed.platform, names)
    sources = {
        chat: known.with_native_id(chat, parsed.reading.chats[chat], authors or [])
        for chat, authors in rows(change.connection, wrote)
    }
    known.save(bool(scalar(change.connection, f"SELECT bool_or(local_time IS NOT NULL) FROM {RECORDS}")))
    return sources


def _chats(sources: dict[str, Source]) -> pa.Table:
    return pa.table(
        {
            "chat": pa.array(list(sources), pa.string()),
            "source_id": pa.array([source.source_id for source in sources.values()], pa.string()),
            "identity": pa.array([source.identity for source in sources.values()], pa.string()),
            "zone": pa.array([source.zone.key for source in sources.values()], pa.string()),
        }
    )


def _people(change: Transaction, keys: Keys, parsed: ParsedRecords, export_id: str) -> pa.Table:
    """Return (person, author_id, base_id) for all people of the export; remember new names in ``private.author_names``.

    ``base_id`` is the id before any rotation of the key.
    A person without a name goes by the id, where it is one that people could say.
    """
    platform, people = parsed.platform, parsed.reading.people
    base_ids = {person: native_author_id(keys.author, platform, person) for person in people}
    ids = {person: str(rotated(base, keys.rotations)) for person, base in base_ids.items()}
    named = [(ids[person], name) for person, names in people.items() for name in names_said(person, names)]
    remember_names(change, platform, export_id, named)
    return pa.table(
        {
            "person": pa.array(list(ids), pa.string()),
            "author_id": pa.array(list(ids.values()), pa.string()),
            "base_id": pa.array([str(base) for base in base_ids.values()], pa.string()),
        }
    )


def names_said(person: str, names: list[str]) -> list[str]:
    """Return the names that people may say of a person: those given, else the id where it is one that could be said."""
    return [name for name in names if name not in SELF_WORDS] if names else [person] if may_be_said(person) else []


def may_be_said(person: str) -> bool:
    """Return whether an id is one that people could say as a name."""
    return _NUMBER_LIKE.fullmatch(person) is None and person not in SELF_WORDS


def _identified(connection: duckdb.DuckDBPyConnection, parsed: ParsedRecords, sources: dict[str, Source]) -> str:
    """Return the SQL of the export's records as rows for ``messages``, each with the id of its message; needs ``$key``.

    message_id = keyed hash of (chat, native id); without one of (chat, time, author, text, occurrence among equals), where
    the time is a minute unless the platform gives the same exact times in every export. A time that is finer than a second
    names a message of its author nearly as an id does: there the text is left out, so that an edit or deletion finds it.
    """
    tick = 1 if parsed.exact_times else 60_000_000
    return f"""
WITH placed AS (
    SELECT
        r.*, c.source_id, c.identity, p.author_id::UUID AS author_id, p.base_id,
        {_utc(connection, sources)} AS moment, coalesce(r.local_time, {_wall_clock(sources)}) AS wall_clock
    FROM {RECORDS} r JOIN staged_chats c USING (chat) LEFT JOIN staged_people p ON p.person = r.author
),
keyed AS (
    SELECT
        *,
        CASE WHEN native_id IS NOT NULL THEN {_native("native_id")}
            ELSE md5_number(concat_ws(
                chr(31), $key, identity, epoch_us(coalesce(local_time, sent_at::TIMESTAMP)) // {tick}, base_id,
                CASE WHEN NOT has_fine_time THEN concat(kind, chr(31), text) END
            )) END AS digest
    FROM (
        SELECT
            *,
            {parsed.exact_times} AND author_id IS NOT NULL AND coalesce(epoch_us(sent_at) % 1000000 <> 0, false)
                AS has_fine_time
        FROM placed
    )
),
numbered AS (SELECT *, row_number() OVER (PARTITION BY digest ORDER BY position) AS occurrence FROM keyed)
SELECT
    rotated((CASE WHEN native_id IS NOT NULL OR occurrence = 1 THEN digest
        ELSE md5_number(concat_ws(chr(31), $key, digest, occurrence)) END)::UUID) AS message_id,
    source_id, wall_clock AS local_time, moment AS sent_at, author_id, kind, text, is_edited, position, native_id,
    rotated({_native("thread")}::UUID) AS thread_id, rotated({_native("reply_to")}::UUID) AS reply_to, edited_at, deleted_at,
    native_id IS NOT NULL OR has_fine_time AS has_id, attachments, mentions, reactions, versions
FROM numbered
"""


def _one_for_each_message(identified: str) -> str:
    """Return the SQL of the newest form of each message, with the number of ``records`` that the export has of it."""
    return f"""
SELECT *, count(*) OVER (forms ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS records
FROM ({identified})
WINDOW forms AS (PARTITION BY message_id ORDER BY kind = 'deleted' DESC, edited_at DESC NULLS LAST, position DESC)
QUALIFY row_number() OVER forms = 1
"""


def _forms_of_repeated(
    connection: duckdb.DuckDBPyConnection, identified: str, key: dict[str, str] | None
) -> AbstractContextManager[int]:
    """Keep all forms of the messages of which the export has several as ``repeated``; without a ``key`` it has none."""
    columns, several = (
        "message_id, kind, text, edited_at, versions",
        "SELECT message_id FROM incoming WHERE records > 1",
    )
    if key is None:
        return temporary(connection, "repeated", f"SELECT {columns} FROM incoming LIMIT 0")
    return temporary(
        connection, "repeated", f"SELECT {columns} FROM ({identified}) WHERE message_id IN ({several})", key
    )


def _native(column: str) -> str:
    """Return the SQL that hashes a native id; null where there is none."""
    return f"CASE WHEN {column} IS NOT NULL THEN md5_number(concat_ws(chr(31), $key, 'native', identity, {column})) END"


def _utc(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source]) -> str:
    """Return the SQL for the instant of a record: as it is given, else from the wall clock of its chat's zone."""
    first, last = rows(connection, f"SELECT min(local_time), max(local_time) FROM {RECORDS}")[0]
    if first is None:
        return "r.sent_at"
    zones = sorted({source.zone.key for source in sources.values()})
    cases = " ".join(f"WHEN '{zone}' THEN {to_utc('r.local_time', ZoneInfo(zone), first, last)}" for zone in zones)
    return f"coalesce(r.sent_at, CASE c.zone {cases} END)"


def _wall_clock(sources: dict[str, Source]) -> str:
    """Return the SQL for what a clock in the chat's zone showed at the record's instant."""
    if {source.zone.key for source in sources.values()} == {"UTC"}:
        return "r.sent_at::TIMESTAMP"
    return "timezone(c.zone, r.sent_at)"


def _take_newer(change: Transaction, export_id: str) -> int:
    """Put newer forms of known messages in place; return how many.

    A form is newer when it was edited later or has been deleted, or when the time of an edit is unknown and no export of
    the chat goes on for longer than this one.
    """
    connection, revision = change.connection, change.revision
    newer = "SELECT 'messages', message_id, ? FROM differing WHERE is_newer"
    changed(connection, f"INSERT INTO tombstones {newer}", [revision])
    return changed(connection, _TAKE_NEWER, {"export": export_id, "revision": revision})


def _keep_other_authors(change: Transaction) -> None:
    """Remember to whom else the export gives messages; who hides those of people who opted out looks at them again."""
    connection, revision = change.connection, [change.revision]
    with temporary(connection, "given_to_others", _GIVEN_TO_OTHERS) as count:
        if count:
            changed(connection, "INSERT INTO private.other_authors SELECT *, ? FROM given_to_others", revision)
            look_again(change, "given_to_others")


def look_again(change: Transaction, table: str) -> None:
    """Let everything that is made of the messages in ``table`` be made anew."""
    among, revision = f"revision <> ? AND message_id IN (SELECT message_id FROM {table})", [change.revision]
    touched = f"SELECT 'messages', message_id, ? FROM messages WHERE {among}"
    changed(change.connection, f"INSERT INTO tombstones {touched}", revision * 2)
    changed(change.connection, f"UPDATE messages SET revision = ? WHERE {among}", revision * 2)


def _keep_what_was_said(change: Transaction) -> None:
    """Put forms that are no longer in place into ``private.message_versions``, each once, whatever came in which order.

    Who looks for what is new, as for commands to opt out, looks at the words of such messages again.
    """
    connection, revision = change.connection, [change.revision]
    with temporary(connection, "said_before", _SAID_BEFORE) as count:
        if count:
            changed(connection, "INSERT INTO private.message_versions SELECT *, ? FROM said_before", revision)
            look_again(change, "said_before")


def _replace_reactions(change: Transaction) -> None:
    """Let messages have the reactions that the export shows, where no export of the chat goes on for longer."""
    connection, revision = change.connection, [change.revision]
    with temporary(connection, "reactions_changed", _REACTIONS_CHANGED) as count:
        if count:
            among = "WHERE message_id IN (SELECT message_id FROM reactions_changed)"
            changed(connection, f"DELETE FROM reactions {among}")
            changed(connection, f"INSERT INTO reactions SELECT *, ? FROM ({_GIVEN}) {among}", revision)
            changed(
                connection, "INSERT INTO tombstones SELECT 'reactions', message_id, ? FROM reactions_changed", revision
            )


_AHEAD = """
SELECT * FROM incoming
WHERE message_id NOT IN (SELECT message_id FROM messages) OR source_id NOT IN (
    SELECT source_id FROM (SELECT source_id, max(sent_at) AS last_sent_at FROM incoming GROUP BY source_id) here
    JOIN export_sources elsewhere USING (source_id)
    WHERE elsewhere.last_sent_at > here.last_sent_at
        OR (elsewhere.last_sent_at = here.last_sent_at AND elsewhere.export_id > $export)
)
"""
"""The messages that are new, and those of chats of which no other export goes on for longer (or, as long, has a later id)."""

_IS_AHEAD = "message_id IN (SELECT message_id FROM ahead)"

_DIFFERING = """
SELECT i.* EXCLUDE (attachments, mentions, reactions, versions), m.kind <> 'deleted' AND (
    i.kind = 'deleted'
    OR coalesce(i.edited_at > m.edited_at, i.edited_at IS NOT NULL)
    OR (i.edited_at IS NOT DISTINCT FROM m.edited_at AND ({wins}))
) AS is_newer
FROM incoming i JOIN messages m USING (message_id)
WHERE i.has_id AND (
    (m.kind, m.text, m.edited_at) IS DISTINCT FROM (i.kind, i.text, i.edited_at)
    OR (i.kind <> 'deleted' AND i.author_id IS NOT NULL AND m.author_id IS DISTINCT FROM i.author_id AND NOT EXISTS (
        FROM private.other_authors o WHERE o.message_id = i.message_id AND o.author_id = i.author_id
    ))
)
"""
"""Known messages that the export shows in another form."""

_TAKE_NEWER = """
UPDATE messages SET
    kind = n.kind, text = n.text, is_edited = n.is_edited, edited_at = n.edited_at, deleted_at = n.deleted_at,
    author_id = coalesce(messages.author_id, n.author_id), thread_id = n.thread_id, reply_to = n.reply_to,
    export_id = $export, revision = $revision
FROM (FROM differing WHERE is_newer) n WHERE messages.message_id = n.message_id
"""

_TAKE_AUTHOR_OF_DELETED = """
UPDATE messages SET author_id = d.author_id
FROM (FROM differing WHERE kind <> 'deleted' AND author_id IS NOT NULL) d
WHERE messages.message_id = d.message_id AND messages.kind = 'deleted'
"""
"""An older form tells who wrote what was deleted: what is left of it may name nobody, or whom the platform has do it."""

_GIVEN_TO_OTHERS = """
SELECT message_id, d.author_id FROM differing d JOIN messages m USING (message_id)
WHERE d.kind <> 'deleted' AND d.author_id IS NOT NULL AND m.author_id IS DISTINCT FROM d.author_id
    AND NOT EXISTS (FROM private.other_authors o WHERE o.message_id = d.message_id AND o.author_id = d.author_id)
"""

_SAID = """
WITH forms AS (
    SELECT message_id, kind, text, edited_at FROM differing
    UNION ALL SELECT message_id, kind, text, edited_at FROM repeated
    UNION ALL
    SELECT message_id, said.kind, said.text, said.edited_at::TIMESTAMPTZ
    FROM (
        SELECT message_id, unnest(versions) AS said
        FROM (
            SELECT message_id, kind, versions FROM incoming UNION ALL SELECT message_id, kind, versions FROM repeated
        )
        WHERE kind <> 'deleted' AND len(versions) > 0
    )
)
SELECT *, $export AS export_id FROM forms
UNION ALL
SELECT m.message_id, m.kind, m.text, m.edited_at, m.export_id
FROM messages m SEMI JOIN (FROM differing WHERE is_newer) USING (message_id)
"""
"""All forms of messages of which there are several: those of this export, and what is stored before it is replaced."""

_SAID_BEFORE = """
SELECT message_id, kind, text, edited_at, min(export_id) AS export_id
FROM said
WHERE kind <> 'deleted'
    AND NOT EXISTS (
        FROM messages m
        WHERE m.message_id = said.message_id
            AND (m.kind, m.text, m.edited_at) IS NOT DISTINCT FROM (said.kind, said.text, said.edited_at)
    )
    AND NOT EXISTS (
        FROM private.message_versions v
        WHERE v.message_id = said.message_id
            AND (v.kind, v.text, v.edited_at) IS NOT DISTINCT FROM (said.kind, said.text, said.edited_at)
    )
GROUP BY ALL
"""

_KNOWN = """
SELECT coalesce(sum(records - (m.message_id IS NULL)::BIGINT), 0)
FROM incoming LEFT JOIN (SELECT message_id FROM messages) m USING (message_id)
"""
"""The records that bring no new message: all of a message that is stored, and all but one of any other."""

_INSERT_NEW = """
INSERT INTO messages BY NAME
SELECT i.* EXCLUDE (has_id, attachments, mentions, reactions, versions, records), $export AS export_id, $revision AS revision
FROM incoming i ANTI JOIN messages m USING (message_id)
"""

_INSERT_ATTACHMENTS = """
INSERT INTO message_attachments
SELECT message_id, $export, unnest(attachments), $revision
FROM incoming WHERE len(attachments) > 0
    AND NOT EXISTS (SELECT 1 FROM message_attachments WHERE export_id = $export)
"""

_INSERT_MENTIONS = """
INSERT INTO mentions
SELECT message_id, author_id, $revision
FROM (
    SELECT DISTINCT message_id, p.author_id::UUID AS author_id
    FROM (SELECT message_id, unnest(mentions) AS person FROM incoming) JOIN staged_people p USING (person)
)
ANTI JOIN mentions USING (message_id, author_id)
"""

_GIVEN = """
    SELECT message_id, given.emoji AS emoji, p.author_id::UUID AS author_id, max(given.count) AS people
    FROM (SELECT message_id, unnest(reactions) AS given FROM ahead)
    LEFT JOIN staged_people p ON p.person = given.author
    GROUP BY ALL
"""
_STORED = "SELECT message_id, emoji, author_id, people FROM reactions SEMI JOIN ahead USING (message_id)"
_REACTIONS_CHANGED = f"""
    SELECT DISTINCT message_id FROM (({_GIVEN} EXCEPT {_STORED}) UNION ALL ({_STORED} EXCEPT {_GIVEN}))
"""

_INSERT_SEEN = """
INSERT INTO export_sources
SELECT $export, source_id, count(*), max(sent_at), $revision
FROM incoming WHERE NOT EXISTS (SELECT 1 FROM export_sources seen WHERE seen.export_id = $export)
GROUP BY source_id
"""
