"""WhatsApp text exports, Android and iOS: bytes → a table of messages with kind, time, author, text and attachment.

``stage`` fills a temporary table in DuckDB; nothing here knows about ids, sources or the warehouse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import whatsapp_phrases as phrases
from egregora_assets.chat.formats.staging import stage_batches
from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES, MOST_PIECES, Quarantine, Quarantined, read_blocks
from egregora_assets.chat.formats.whatsapp_header import MARKS
from egregora_assets.chat.formats.whatsapp_scan import SCAN_SCHEMA, ScanResult, scan
from egregora_assets.warehouse.query import rows, scalar, view_of

STAGED = "staged_messages"
"""Columns: position, byte_offset, local_time (null: impossible), author_no (null: none), kind, text, attachment,
is_edited, same_text (what of the text is equal in an Android and an iOS export of the same message; null: all of it).

A view over two temporary tables: the rows as scanned, and the few that needed a closer look. Text is copied once."""

IMPOSSIBLE_DATE = "the date or time does not exist"
_TITLE = re.compile(rf"(?:{phrases.FILE_NAMES}) (?P<title>.+)", re.IGNORECASE)
_COPY_NUMBER = re.compile(r" ?\(\d{1,3}\)$")
"""What a browser or phone adds to the name of a file that it has already."""


class AmbiguousDates(ExportUnreadable):
    """Nothing in the file tells day from month, and nobody said which comes first."""


@dataclass
class Staged:
    """What one export turned out to hold. ``authors`` are raw names by ``author_no``, ``None`` for notices."""

    messages: int
    authors: list[str | None]
    day_first: bool | None
    quarantined: Quarantine = field(default_factory=Quarantine)


def title_of(path: Path) -> str:
    """Return the chat's title as the export's file name gives it, else the name without its ending."""
    found = _TITLE.fullmatch(path.stem)
    return (
        (_COPY_NUMBER.sub("", found["title"]) or found["title"]).strip()
        if found
        else _COPY_NUMBER.sub("", path.stem).strip() or path.stem
    )


def stage(connection: duckdb.DuckDBPyConnection, stream: BinaryIO, name: str, day_first: bool | None = None) -> Staged:
    """Read an export into the temporary table ``STAGED``, one row per message in the file's order.

    ``day_first`` is the user's word on the order of day and month; ``None`` lets the whole file decide. Raises
    ``AmbiguousDates`` when it cannot, ``ExportUnreadable`` when there is no message in it.
    """
    result = ScanResult()
    return stage_scanned(connection, scan(read_blocks(stream, result.quarantined), result), result, name, day_first)


def stage_scanned(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[pa.RecordBatch],
    result: ScanResult,
    name: str,
    day_first: bool | None = None,
) -> Staged:
    """Like ``stage``, for the batches of a scan; ``result`` need be complete only when they are exhausted."""
    stage_batches(connection, "scanned_messages", SCAN_SCHEMA, batches, _FIRST_LOOK)
    if not result.messages:
        raise ExportUnreadable(f"{name} holds no message of a known format: is it a chat export?")
    chosen = _date_order(result, name, day_first)
    authors = _authors(result)
    with view_of(connection, "notices", _notices(authors, result)):
        closer = _closer_look(is_bracket=result.terminator == b"] ")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE special_messages AS {closer}").fetchall()
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {STAGED} AS {_staged(chosen)}").fetchall()
    _refuse_impossible_dates(connection, result)
    return Staged(result.messages, authors, chosen, result.quarantined)


def _date_order(result: ScanResult, name: str, day_first: bool | None) -> bool | None:
    """Return whether days come first; ``None`` where both orders read the same dates, as after a leading year."""
    if not result.order_matters:
        return None
    if day_first is not None:
        return day_first
    if result.first_above_12 != result.second_above_12:
        return result.first_above_12 > result.second_above_12
    if result.backward_day_first != result.backward_month_first:
        return result.backward_day_first < result.backward_month_first
    raise AmbiguousDates(
        f"{name}: no date in it tells day from month (as 05/03). Say which comes first: "
        "`--day-first` or `--month-first`, or `day_first = true` under [[sources]] in egregora.toml"
    )


def _authors(result: ScanResult) -> list[str | None]:
    names = (" ".join(name.translate(_INVISIBLE).split()) for name in result.author_names())
    return [None if _is_notice(name) else name or None for name in names]


def _is_notice(name: str) -> bool:
    """Return whether an "author" is the beginning of a notice: by its words, or by a quotation that it leaves open."""
    leaves_open = sum(map(name.count, _QUOTATION_MARKS)) % 2 == 1
    return leaves_open or _NOTICE.fullmatch(name) is not None


_QUOTATION_MARKS = '"„“”«»'
_NOTICE = re.compile(phrases.NOTICE_BEFORE_COLON, re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, MARKS))


def _notices(authors: list[str | None], result: ScanResult) -> pa.Table:
    """Return (author_no, notice) for "authors" that are really the first words of a notice."""
    found = [
        (no, raw) for no, (name, raw) in enumerate(zip(authors, result.author_names(), strict=True)) if name is None
    ]
    return pa.table(
        {
            "author_no": pa.array([no for no, _ in found], pa.int32()),
            "notice": pa.array([raw for _, raw in found], pa.string()),
        }
    )


def _staged(day_first: bool | None) -> str:
    """Return the SQL of the ``STAGED`` view: the closer look where there was one, else the first."""
    time = "time_day_first" if day_first else "time_month_first"
    return f"""
SELECT
    position, byte_offset, {time} AS local_time,
    CASE WHEN s.kind IS NULL THEN r.author_no ELSE s.author_no END AS author_no,
    coalesce(s.kind, r.kind) AS kind,
    CASE WHEN s.kind IS NOT NULL THEN s.text WHEN r.kind = 'media' THEN '' ELSE body END AS text,
    s.attachment, coalesce(s.is_edited, false) AS is_edited,
    CASE WHEN s.kind IS NOT NULL THEN s.same_text ELSE {_same_text("body", "r.kind")} END AS same_text
FROM scanned_messages r LEFT JOIN special_messages s USING (position)
"""


def _same_text(text: str, kind: str) -> str:
    """Return the SQL for what of a message's text both an Android and an iOS export of it have."""
    return f"""CASE
        WHEN {kind} = 'text' THEN NULL
        WHEN {kind} IN ('media', 'sticker', 'contact', 'view_once')
            THEN concat('media:', CASE WHEN {text} NOT LIKE '<%' THEN {text} END)
        ELSE concat({kind}, ':', lower(rtrim(replace({text}, {_LRM}, ''), '. ' || chr(10))))
    END"""


def _closer_look(is_bracket: bool) -> str:
    """Return the SQL that tells kind, text and attachment of the rows which the first look left open."""
    placeholder = f"starts_with(body, {_LRM}) AND length(body) < {_LONGEST_NOTICE}" if is_bracket else "false"
    left_open = """
        SELECT
            position,
            CASE WHEN notice IS NULL THEN m.author_no END AS author_no,
            concat(notice || ': ', replace(body, chr(13), '')) AS body
        FROM scanned_messages m LEFT JOIN notices n ON n.author_no = m.author_no
        WHERE kind = 'special' OR notice IS NOT NULL
    """
    return f"""
SELECT
    position, author_no, kind, text, attachment, is_edited, {_same_text("text", "kind")} AS same_text
FROM (
    SELECT
        * REPLACE (CASE WHEN kind <> 'system' THEN author_no END AS author_no),
        CASE
            WHEN kind = 'text' THEN body
            WHEN attachment IS NOT NULL
                THEN trim(regexp_replace(replace(body, {_LRM}, ''), {_MARKER}, ''), chr(10) || ' ')
            WHEN kind IN ('media', 'sticker', 'contact', 'deleted', 'view_once') THEN ''
            ELSE replace(body, {_LRM}, '')
        END AS text
    FROM (
        SELECT *, {_KIND} AS kind
        FROM (
            SELECT
                *, {placeholder} AS is_placeholder,
                starts_with(body, '<') OR starts_with(body, {_LRM}) AS is_marked,
                CASE
                    WHEN length(body) < {_LONGEST_NOTICE} THEN lower(rtrim(trim(replace(body, {_LRM}, '')), '.'))
                    ELSE ''
                END AS short,
                CASE WHEN author_no IS NOT NULL THEN {_ATTACHMENT} END AS attachment
            FROM (
                SELECT
                    * REPLACE (
                        CASE WHEN is_edited THEN regexp_replace(body, '{_EDITED}', '', 'i') ELSE body END AS body
                    )
                FROM (SELECT *, regexp_matches(body, '{_EDITED}', 'i') AS is_edited FROM ({left_open}))
            )
        )
    )
)
"""


def _sql_list(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}', '{word}.'" for word in words)


def _sql_list_of_lower(words: Iterable[str]) -> str:
    return ", ".join(f"'{word.lower()}'" for word in words)


_LONGEST_NOTICE = 400
_LRM = "chr(8206)"
_WHOLE_TEXTS = (*phrases.DELETED, *phrases.MISSED_CALLS, *phrases.LIVE_LOCATIONS, *phrases.OMITTED_PLAIN)
_MAY_BE_SPECIAL = f"""(
    body = '' OR starts_with(body, '<') OR starts_with(body, {_LRM}) OR ends_with(body, '>')
    OR (contains(body, ' (') AND contains(body, '.'))
    OR (contains(body, '://') AND (contains(body, 'maps') OR contains(body, 'foursquare')))
    OR contains(body, ':' || chr(10)) OR contains(body, chr(13))
    OR (strlen(body) < 64 AND body IN ({_sql_list(_WHOLE_TEXTS)}))
)"""
_FIRST_LOOK = f"""
SELECT *, CASE
    WHEN author_no IS NULL AND NOT contains(body, chr(13)) THEN 'system'
    WHEN starts_with(body, '<') AND body IN ({_sql_list(phrases.OMITTED_ANDROID)}) THEN 'media'
    WHEN {_MAY_BE_SPECIAL} THEN 'special'
    ELSE 'text' END AS kind
FROM parsed
"""
"""Nine rows in ten are plain text; a few cheap comparisons tell them, and only the others meet regular expressions."""

_EDITED = rf"\s?\x{{200E}}?<\x{{200E}}?({phrases.EDITED})\.?>$"
_FILE = r"[^\n/\\<>:]*\.[A-Za-z0-9]*"
_ATTACHED_IOS = rf"(?:\x{{200E}}<|<\x{{200E}}|< ?(?:{phrases.ATTACHED_IOS}))[^<>:\n]*: ?({_FILE}) ?>"
_ATTACHED_OLD_IOS = rf"^\x{{200E}}?({_FILE}) <\x{{200E}}?(?:{phrases.ATTACHED_IOS})>"
_ATTACHED_KNOWN = rf"^\x{{200E}}?({_FILE}) \((?:{phrases.ATTACHED})\)"
_ATTACHED_MARKED = rf"^\x{{200E}}({_FILE}) \([^()\n]+\)(?:\n|$)"
_ATTACHED_NAMED = r"^((?:(?:IMG|VID|AUD|PTT|DOC|STK)-\d+-WA\d+)?\.[A-Za-z0-9]+) \([^()\n]+\)"
_MARKER = rf"""CASE
    WHEN regexp_matches(body, '<[^<>:\n]+: ?{_FILE} ?>') THEN '(?:^[^\n]* • [^\n]*)?<[^<>:\n]+: ?{_FILE} ?>'
    ELSE '^{_FILE} (?:\([^()\n]+\)|<[^<>\n]+>)'
END"""
"""What is no caption: the marker, and before it on iOS a document's name with its pages (``Plan.pdf • 2 pages``)."""
_OMITTED_ANDROID = r"""(
    regexp_full_match(short, '<[^<>\n="@0-9]+>') AND NOT starts_with(short, '</') AND NOT ends_with(short, '/>')
    AND (contains(short, ' ') OR strlen(short) > length(short))
)"""
"""Two words, or one in another script, in angle brackets: what ``<Media omitted>`` looks like in every language."""
_CALLS = "|".join((*phrases.MISSED_CALLS, *phrases.CALLS)).lower()


def _extracted(patterns: Iterable[str]) -> str:
    return ", ".join(f"nullif(regexp_extract(body, '{pattern}', 1, 'i'), '')" for pattern in patterns)


_ATTACHMENT = f"""replace(CASE
    WHEN contains(body, '<') THEN coalesce({_extracted([_ATTACHED_IOS, _ATTACHED_OLD_IOS])})
    WHEN contains(body, ' (') THEN coalesce({_extracted([_ATTACHED_KNOWN, _ATTACHED_MARKED, _ATTACHED_NAMED])})
END, {_LRM}, '')"""
_POLL = rf"""(
    regexp_matches(body, '^\x{{200E}}?(?:{phrases.POLL})\s?:\n', 'i')
    OR (starts_with(body, {_LRM}) AND regexp_matches(body, '^\x{{200E}}[^\s:]+\s?:\n[^\n]*\n\x{{200E}}[^\n:]+: '))
) AND regexp_matches(body, ' \(\d+ [^()\n]+\)(?:\n|$)')"""
"""The word for poll, the question, and options with their votes; with the marks of iOS in any language."""
_LOCATION = rf"""^(?:{phrases.LOCATION})\s?: [^\n]*https?://|^[^\n: ]+\s?: https://maps\.google\.com/\?q=[-0-9.,]+$|^https://maps\.google\.com/\?q="""
_KIND = f"""CASE
    WHEN author_no IS NULL THEN 'system'
    WHEN body = '' THEN 'view_once'
    WHEN ends_with(lower(attachment), '.vcf') THEN 'contact'
    WHEN regexp_matches(attachment, '(?i)^STK-|-STICKER-|\\.webp$') THEN 'sticker'
    WHEN attachment IS NOT NULL THEN 'media'
    WHEN short IN ({_sql_list_of_lower(phrases.DELETED)}) THEN 'deleted'
    WHEN is_marked AND regexp_matches(short, '^(?:{phrases.DELETED_BY_ADMIN})') THEN 'deleted'
    WHEN is_marked AND regexp_matches(short, '{phrases.VIEW_ONCE}') THEN 'view_once'
    WHEN short IN ({_sql_list_of_lower(phrases.OMITTED_PLAIN)})
        OR (is_marked AND ({_OMITTED_ANDROID} OR (length(short) < 80 AND regexp_matches(short, '{phrases.OMITTED}'))))
    THEN CASE
        WHEN regexp_matches(short, '^<?(?:{phrases.STICKER}) ') THEN 'sticker'
        WHEN regexp_matches(short, '^<?(?:{phrases.CONTACT}) ') THEN 'contact'
        ELSE 'media' END
    WHEN short IN ({_sql_list_of_lower(phrases.MISSED_CALLS)}) THEN 'call'
    WHEN is_placeholder AND regexp_matches(short, '^({_CALLS})') THEN 'call'
    WHEN short IN ({_sql_list_of_lower(phrases.LIVE_LOCATIONS)}) OR regexp_matches(short, '{_LOCATION}') THEN 'location'
    WHEN {_POLL} THEN 'poll'
    WHEN is_placeholder THEN 'system'
    ELSE 'text'
END"""


def _refuse_impossible_dates(connection: duckdb.DuckDBPyConnection, result: ScanResult) -> None:
    lost = f"FROM {STAGED} WHERE local_time IS NULL"
    count = int(scalar(connection, f"SELECT count(*) {lost}"))
    found = rows(
        connection,
        f"SELECT byte_offset, encode(left(text, {MAX_RAW_BYTES // 4})) {lost} ORDER BY position LIMIT {MOST_PIECES}",
    )
    for offset, raw in found:
        piece = Quarantined(offset, IMPOSSIBLE_DATE, result.impossible.get(offset, bytes(raw)))
        result.quarantined.append(piece)
    if count > len(found):
        result.quarantined.add(piece, count - len(found))
