"""A conversation as posts show it: the lines of its text, and between them its days, what messages reply to, and reactions.

No line of somebody's message looks like one of these: its first begins with a time, its others with an em space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb

from egregora_assets.authors.policy import leaking_by, rules_of
from egregora_assets.authors.shown import REACTIONS_CHANGED, shown_reactions
from egregora_assets.config import Settings
from egregora_assets.documents.windows import placed, voices
from egregora_assets.sidecar.dates import CLOCK, DAY, DAY_FORMAT, LONG_DAY, LONG_DAY_FORMAT
from egregora_assets.sidecar.escapes import in_line, one_item
from egregora_assets.warehouse.query import changed, scalar, temporary

_MOST_QUOTED = 120
_MOST_EMOJI = 6
_FURTHER_LINE = "\u2003"
_OTHER = "other"
_COUNTED = rf"(?:{_OTHER}|[^\s\pL\pN]+) [0-9]+"
OURS = rf"^### {LONG_DAY}$|^{_COUNTED}(?: · {_COUNTED})*(?:  )?$"
"""Lines that nobody has said, as a pattern in which ^ and $ are those of a line."""
BEGINS = rf"(?m)^(?:> (?:{DAY}, )?)?{CLOCK}(?: [A-Z]{{1,2}})?: (?:\[[a-z_]+\] ?)?"
"""What stands before the words of a message, and of one that is quoted."""


_EARLIER = "SELECT message_id FROM clean_messages WHERE revision <= $since"
"""Those let in later are of documents that are new themselves."""
REACTED_ANEW = f"SELECT message_id FROM ({REACTIONS_CHANGED}) SEMI JOIN ({_EARLIER}) USING (message_id)"
QUOTING_ANEW = f"""
    {_EARLIER} AND reply_to IN (
        SELECT message_id FROM clean_messages WHERE revision > $since
        UNION SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since
    )
"""
"""The SQL for earlier messages around which anything else is shown since a revision: other reactions, or another quotation."""


class Note(NamedTuple):
    """What stands around the ``line``-th message of a conversation, from 0: a day and a quotation before it, reactions after."""

    line: int
    day: str | None
    said_when: str | None
    quotation: str | None
    reactions: str | None


def with_notes(lines: str, notes: Sequence[Note]) -> str:
    """Return the Markdown of a conversation with ``notes``, in order, between its ``lines``; each ends in two spaces."""
    if not notes:
        return lines
    found = lines.split("\n")
    begins = [place for place, line in enumerate(found) if not line.startswith(_FURTHER_LINE)]
    ends = [*begins[1:], len(found)]
    shown, done = [], 0
    for note in notes:
        begin, end = begins[note.line], ends[note.line]
        shown += found[done:begin]
        if note.day:
            _set_apart(shown, f"### {note.day}")
        if note.quotation:
            _set_apart(shown, f"> {note.said_when}: {one_item(in_line(note.quotation))}")
        shown += found[begin:end]
        if note.reactions:
            shown[-1] = shown[-1].removesuffix("  ") + "  "
            shown.append(one_item(note.reactions) + "  ")
        done = end
    return "\n".join([*shown, *found[done:]]).rstrip(" ")


def _set_apart(shown: list[str], line: str) -> None:
    """Add a line that is a block of its own."""
    if shown and shown[-1]:
        shown.append("")
    shown += [line, ""]


@contextmanager
def open_messages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have the messages of ``open_documents`` as table ``placed``, and what stands around them as ``notes``, for the block.

    Quotations come from clean messages only, and reactions from people who have not opted out; runs inside ``scrubbing``.
    """
    with (
        temporary(connection, "placed", _PLACED),
        temporary(
            connection, "quotations", _QUOTATIONS if scalar(connection, _ANY_REPLY) else f"{_QUOTATIONS} LIMIT 0"
        ),
        temporary(connection, "reacted", _REACTED if scalar(connection, _ANY_REACTION) else f"{_REACTED} LIMIT 0"),
    ):
        if scalar(connection, "SELECT EXISTS (FROM quotations)"):
            _drop_leaking(connection, settings)
        with temporary(connection, "notes", _NOTES):
            yield


def _drop_leaking(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Delete quotations in which cutting has brought out what is hidden."""
    shown = "SELECT DISTINCT quotation AS words, source_id FROM quotations WHERE ends_with(quotation, '…')"
    with leaking_by(connection, rules_of(connection, settings), shown) as count:
        if count:
            changed(
                connection,
                "DELETE FROM quotations WHERE (quotation, source_id) IN (SELECT (words, source_id) FROM leaking)",
            )


_PLACED = f"""
    SELECT * FROM ({placed("SELECT document_id FROM open_documents")})
    JOIN (
        SELECT message_id, source_id, local_time, author_id, reply_to, len(string_split(text, ' ')) AS words FROM clean_messages
    ) USING (message_id)
"""
_ANY_REPLY = "SELECT EXISTS (FROM placed WHERE reply_to IS NOT NULL)"
_ANY_REACTION = "SELECT EXISTS (FROM reactions SEMI JOIN placed USING (message_id))"
_CUT = f"""
    CASE WHEN length(body) > {_MOST_QUOTED} THEN regexp_replace(left(body, {_MOST_QUOTED}), '\\s*\\S*$', '…') ELSE body END
"""
"""Cut at the end of a word: half of one may be a name that the whole is not."""
_QUOTATIONS = f"""
    WITH replies AS (SELECT * FROM placed WHERE reply_to IS NOT NULL AND author_id IS NOT NULL),
    voices AS ({voices("FROM placed SEMI JOIN replies USING (document_id)")})
    SELECT r.document_id, r.message_id, q.message_id AS quoted_id, q.source_id, {_CUT} AS quotation, concat(
        CASE WHEN q.local_time::DATE <> r.local_time::DATE THEN strftime(q.local_time, '{DAY_FORMAT}, ') END,
        strftime(q.local_time, '%H:%M'), ' ' || letter
    ) AS said_when
    FROM replies r
    JOIN (
        SELECT message_id, source_id, local_time, author_id,
            CASE WHEN kind <> 'text' THEN rtrim(concat('[', kind, '] ', text)) ELSE text END AS body
        FROM clean_messages WHERE message_id IN (SELECT reply_to FROM replies)
    ) q ON q.message_id = r.reply_to AND q.source_id = r.source_id
    LEFT JOIN voices v ON v.document_id = r.document_id AND v.author_id = q.author_id
    WHERE body <> ''
"""
_REACTED = f"""
    SELECT message_id, array_to_string(list(counted ORDER BY people DESC, emoji)[:{_MOST_EMOJI}], ' · ') AS reactions
    FROM (
        SELECT message_id, emoji, sum(people)::BIGINT AS people, concat(emoji, ' ', sum(people)::BIGINT) AS counted
        FROM (
            SELECT message_id, people,
                CASE WHEN regexp_full_match(emoji, '[^\\s\\pL\\pN]{{1,16}}') THEN emoji ELSE '{_OTHER}' END AS emoji
            FROM ({shown_reactions("FROM reactions SEMI JOIN placed USING (message_id)")})
        )
        GROUP BY message_id, emoji
    )
    GROUP BY message_id
"""
_NOTES = f"""
    WITH noted AS (
        SELECT document_id FROM documents SEMI JOIN open_documents USING (document_id)
        WHERE local_date <> local_until OR overlap > 0
        UNION SELECT document_id FROM quotations
        UNION SELECT document_id FROM placed SEMI JOIN reacted USING (message_id)
    ),
    spoken AS (
        SELECT document_id, message_id, m_no, local_time::DATE AS day
        FROM placed SEMI JOIN noted USING (document_id) WHERE author_id IS NOT NULL
    ),
    numbered AS (
        SELECT document_id, message_id, row_number() OVER in_order - 1 AS line, CASE
            WHEN day IS DISTINCT FROM lag(day) OVER in_order AND min(day) OVER (PARTITION BY document_id)
                <> max(day) OVER (PARTITION BY document_id)
            THEN strftime(day, '{LONG_DAY_FORMAT}') END AS day
        FROM spoken WINDOW in_order AS (PARTITION BY document_id ORDER BY m_no)
    )
    SELECT document_id, list({{
        'line': line, 'day': day, 'said_when': said_when, 'quotation': quotation, 'reactions': reactions
    }} ORDER BY line) AS notes
    FROM numbered LEFT JOIN quotations USING (document_id, message_id) LEFT JOIN reacted USING (message_id)
    WHERE coalesce(day, quotation, reactions) IS NOT NULL
    GROUP BY document_id
"""


def notes_of(found: list[dict[str, Any]] | None) -> list[Note]:
    """Return the notes of a document as SQL gives them."""
    return [Note(**one) for one in found or ()]
