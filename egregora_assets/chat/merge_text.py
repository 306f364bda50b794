"""A staged WhatsApp export → ``messages``: ids from content, merged with what is already known.

An export of any size is merged piece by piece: see ``pieces``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb

from egregora_assets.chat.contact_names import linked_people, with_base_ids
from egregora_assets.chat.edits import follow_edits
from egregora_assets.chat.formats.whatsapp import Staged
from egregora_assets.chat.formats.whatsapp_header import MARKS
from egregora_assets.chat.instants import instants
from egregora_assets.chat.names_of_people import remember_names
from egregora_assets.chat.pieces import IDENTIFIED, author_table, identified, pieces, use_other_names
from egregora_assets.chat.sources import Source
from egregora_assets.privacy.keys import Keys
from egregora_assets.privacy.pseudonyms import author_id, native_author_id, normalised_name, rotated
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction

PLATFORM = "whatsapp"


@dataclass
class MergedText:
    """What became of an export's messages. ``known`` ones were stored before; ``updated`` and ``removed`` count stored rows.

    Each number is counted by itself: that they add up is what a check looks at.
    """

    added: int = 0
    known: int = 0
    updated: int = 0
    removed: int = 0


def merge_text(change: Transaction, keys: Keys, source: Source, staged: Staged, export_id: str) -> MergedText:
    """Insert the staged messages that are not known yet, and follow edits and deletions of those that are."""
    connection, merged = change.connection, MergedText()
    if staged.first is None or staged.last is None:
        return merged
    has_messages = bool(scalar(connection, "SELECT EXISTS (FROM messages WHERE source_id = ?)", [source.source_id]))
    insert = _insert(connection, source.zone, staged.first, staged.last) + (_UNLESS_KNOWN if has_messages else "")
    noted = {"export": export_id, "revision": change.revision}
    base_ids = _base_ids(keys, staged)
    author_ids = {number: str(rotated(base, keys.rotations)) for number, base in base_ids.items()}
    named = ((identity, str(staged.authors[number])) for number, identity in author_ids.items())
    remember_names(change, PLATFORM, export_id, named)
    others = None
    if has_messages:
        linked = linked_people(change, source.source_id, author_ids, staged.first, staged.last)
        others = author_table(with_base_ids(connection, keys, linked), "base_id")
    people = author_table(author_ids.items()).append_column("base_id", [[str(base) for base in base_ids.values()]])
    with view_of(connection, "staged_authors", people):
        for since, until in pieces(connection, staged.first, staged.last):
            span = {"source": source.source_id, "since": since, "until": until}
            with identified(connection, keys.message, source.identity, since, until):
                if others is not None and len(others):
                    use_other_names(connection, keys.message, source.identity, others, span)
                if has_messages:
                    updated, removed = follow_edits(change, export_id, staged.first, staged.last, span)
                    cut, removed_cut = _drop_cut_message(change, export_id, staged.messages, span)
                    merged.updated += updated
                    merged.removed += removed + removed_cut
                    merged.known += cut + int(scalar(connection, _KNOWN, span))
                merged.added += changed(connection, insert, {**span, **noted})
                changed(connection, _INSERT_ATTACHMENTS, {"since": since, "until": until, **noted})
    return merged


def _base_ids(keys: Keys, staged: Staged) -> dict[int, UUID]:
    """Return what makes the author ids of the export, by ``author_no``: the ids that they had before any rotation."""
    named = {number: name for number, name in enumerate(staged.authors) if name is not None}
    saved = {normalised_name(name) for name in named.values() if not name.startswith("~")}
    return {
        number: native_author_id(keys.author, PLATFORM, name)
        if name.startswith("~") and normalised_name(name) in saved
        else author_id(keys.author, PLATFORM, name)
        for number, name in named.items()
    }


def _insert(connection: duckdb.DuckDBPyConnection, zone: ZoneInfo, first: datetime, last: datetime) -> str:
    """Return the SQL that inserts the messages of a piece."""
    instant, clock_change = instants(connection, zone, first, last)
    return f"""
INSERT INTO messages BY NAME
SELECT
    message_id, $source AS source_id, local_time, {instant} AS sent_at, author_id, kind, text,
    is_edited, position, {clock_change} AS clock_change, $export AS export_id, $revision AS revision
FROM {IDENTIFIED} s
"""


_IS_STORED = """EXISTS (
    SELECT 1 FROM messages m
    WHERE m.message_id = s.message_id AND m.source_id = $source AND m.local_time >= $since AND m.local_time < $until
)"""
_UNLESS_KNOWN = f"WHERE NOT {_IS_STORED}"
_KNOWN = f"SELECT count(*) FROM identified s WHERE {_IS_STORED}"
_INSERT_ATTACHMENTS = f"""
INSERT INTO message_attachments
SELECT message_id, $export, attachment, $revision FROM {IDENTIFIED}
WHERE attachment IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM message_attachments WHERE export_id = $export AND revision <> $revision
)
"""
"""Also for messages that are known already: this archive may hold the file that an earlier one left out."""


def _drop_cut_message(change: Transaction, export_id: str, messages: int, span: dict[str, object]) -> tuple[int, int]:
    """Let the whole message win where one export ends in the middle of it and another has all of it.

    Only the last message of an export can be cut; it is dropped when another export has, in the same minute, the message that
    it is the beginning of. So is one behind which the header of the next one begins. Where one export has both, they are two
    messages. Returns how many messages of the export went, and how many rows of ``messages``.
    """
    connection = change.connection
    times = {name: span[name] for name in ("since", "until")}
    with temporary(connection, "cut", _LAST_HERE, {**times, "last": messages - 1}) as count:
        here = rows(connection, _CUT_HERE, span) if count else []
    with temporary(connection, "cut", _LAST_BEFORE, {**span, "export": export_id}) as count:
        before = rows(connection, _CUT_BEFORE, span) if count else []
    for (position,) in here:
        connection.execute("DELETE FROM identified WHERE position = ?", [position])
    for (message_id,) in before:
        connection.execute("DELETE FROM messages WHERE message_id = ?", [message_id])
        connection.execute("INSERT INTO tombstones VALUES ('messages', ?, ?)", [message_id, change.revision])
    return len(here), len(before)


_BEGINNING_OF_HEADER = (
    rf"(^|\n)[\[{MARKS}]*([\[{MARKS}]|\p{{Nd}}[\p{{Nd}}\p{{P}}\p{{Zs}}{MARKS}年月日]{{0,40}}"
    r"[\p{L}.]{0,10}\]?[ -]{0,2})$"
)
_UNCUT = f"""
    rtrim(text, '\ufffd') AS begun, regexp_replace(begun, '{_BEGINNING_OF_HEADER}', '') AS before_header,
    CASE WHEN author_id IS NULL AND kind = 'system' THEN (
        SELECT list(n.author_id) FROM private.author_names n
        WHERE starts_with(n.raw_name, ltrim(rtrim(text, '\ufffd'), '{MARKS}'))
    ) END AS authors
"""
"""What there may be of a cut message: the beginning of its text, or its text and the beginning of the next one's header; and
whose name it may be that has been cut."""

_IS_CUT = """(
    date_trunc('minute', {whole}.local_time) = date_trunc('minute', cut.local_time)
    AND CASE
        WHEN {whole}.author_id IS NOT DISTINCT FROM cut.author_id THEN {whole}.kind = cut.kind AND (
            (starts_with({whole}.text, cut.begun) AND length({whole}.text) > length(cut.begun))
            OR ({whole}.text = cut.before_header AND {whole}.text <> cut.text)
        )
        ELSE list_contains(cut.authors, {whole}.author_id)
    END
)"""

_LAST_HERE = f"SELECT *, {_UNCUT} FROM {IDENTIFIED} WHERE position = $last"
_CUT_HERE = f"""
    SELECT DISTINCT cut.position
    FROM cut JOIN messages m ON {_IS_CUT.format(whole="m")}
    WHERE m.source_id = $source AND m.local_time >= $since AND m.local_time < $until
        AND m.message_id NOT IN (SELECT message_id FROM identified)
"""
_LAST_BEFORE = f"""
    SELECT *, {_UNCUT} FROM (
        SELECT m.* FROM exports e
        JOIN messages m ON m.export_id = e.export_id AND m.local_time = e.last_local_time
        WHERE e.source_id = $source AND e.export_id <> $export
            AND e.last_local_time >= $since AND e.last_local_time < $until
        QUALIFY m.position = max(m.position) OVER (PARTITION BY m.export_id)
    )
"""
_CUT_BEFORE = f"""
    SELECT DISTINCT cut.message_id
    FROM cut JOIN {IDENTIFIED} s ON s.local_time >= date_trunc('minute', cut.local_time)
        AND s.local_time < date_trunc('minute', cut.local_time) + INTERVAL 1 MINUTE
    WHERE cut.message_id NOT IN (SELECT message_id FROM identified) AND NOT {_IS_STORED} AND {_IS_CUT.format(whole="s")}
"""
