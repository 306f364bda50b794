"""WhatsApp text exports, Android and iOS: bytes → a table of messages with kind, time, author, text and attachment.

``stage`` fills a temporary table in DuckDB; nothing here knows about ids, sources or the warehouse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import numpy as np
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import whatsapp_phrases as phrases
from egregora_assets.chat.formats.staging import stage_batches
from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES, MOST_PIECES, Quarantine, Quarantined, read_blocks
from egregora_assets.chat.formats.whatsapp_header import MARKS
from egregora_assets.chat.formats.whatsapp_scan import SCAN_SCHEMA, ScanResult, scan, timestamps
from egregora_assets.warehouse.query import rows, scalar, view_of

STAGED = "staged_messages"
"""Columns: position, byte_offset, local_time (null: impossible), author_no (null: none), kind, text, attachment,
is_edited, same_text (what of the text is equal in an Android and an iOS export of the same message; null: all of it).

A view over two temporary tables: the rows as scanned, and the few that needed a closer look. Text is copied once."""

DateOrder = Literal["day", "month", "year"]
"""Which field of a date comes first; of the others the month comes before the day, but for a leading day."""
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
    with view_of(connection, "all_known_texts", _KNOWN_TEXTS):
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS known_texts AS FROM all_known_texts").fetchall()
    stage_batches(connection, "scanned_messages", SCAN_SCHEMA, batches, _FIRST_LOOK)
    if not result.messages:
        raise ExportUnreadable(f"{name} holds no message of a known format: is it a chat export?")
    order = _date_order(result, name, day_first)
    authors = _authors(connection, result)
    with view_of(connection, "named_authors", _named_authors(authors, result)):
        closer = _closer_look(is_bracket=result.terminator == b"] ")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE special_messages AS {closer}").fetchall()
    _keep_year_first_times(connection, result if order == "year" else None)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {STAGED} AS {_staged(order)}").fetchall()
    _refuse_impossible_dates(connection, result, order)
    return Staged(result.messages, authors, {"day": True, "month": False}.get(order or ""), result.quarantined)


def _date_order(result: ScanResult, name: str, day_first: bool | None) -> DateOrder | None:
    """Return which field of a date comes first; ``None`` where all orders read the same dates, as after a whole year."""
    years = result.two_digit_years
    if day_first is None and years is not None:
        leads = years.lead(min(result.backward_day_first, result.backward_month_first))
        if leads is None:
            raise AmbiguousDates(
                f"{name}: no date in it (as 24/01/13) tells whether it begins with the day, the month or the year. Say "
                "`--day-first` or `--month-first`; if with the year, export the chat again with more of its messages"
            )
        if leads:
            return "year"
    if not result.order_matters:
        return None
    if day_first is not None:
        return "day" if day_first else "month"
    if result.first_above_12 != result.second_above_12:
        return "day" if result.first_above_12 > result.second_above_12 else "month"
    if result.backward_day_first != result.backward_month_first:
        return "day" if result.backward_day_first < result.backward_month_first else "month"
    raise AmbiguousDates(
        f"{name}: no date in it tells day from month (as 05/03). Say which comes first: "
        "`--day-first` or `--month-first`, or `day_first = true` under [[sources]] in egregora.toml"
    )


def _authors(connection: duckdb.DuckDBPyConnection, result: ScanResult) -> list[str | None]:
    names = [" ".join(name.translate(_INVISIBLE).split()) for name in result.author_names()]
    quoting = _quoting_notices(connection, [no for no, name in enumerate(names) if _leaves_open(name)])
    return [None if no in quoting or _NOTICE.fullmatch(name) else name or None for no, name in enumerate(names)]


def _leaves_open(name: str) -> bool:
    """Return whether an "author" opens a quotation that it does not close."""
    return sum(map(name.count, _QUOTATION_MARKS)) % 2 == 1


def _quoting_notices(connection: duckdb.DuckDBPyConnection, suspects: list[int]) -> set[int]:
    """Return which "authors" with an open quotation are the beginning of a notice: what follows closes it.

    Never somebody who writes often, for a quotation mark may be in a name: ``Tim 6'2"``.
    """
    if not suspects:
        return set()
    marks = f"[{_QUOTATION_MARKS}]"
    with view_of(connection, "suspects", pa.table({"author_no": pa.array(suspects, pa.int32())})):
        found = rows(
            connection,
            f"""
            SELECT author_no FROM (
                SELECT author_no, len(regexp_extract_all(split_part(body, chr(10), 1), '{marks}')) AS marks
                FROM scanned_messages SEMI JOIN suspects USING (author_no)
            )
            GROUP BY author_no HAVING count(*) <= {_MOST_EQUAL_NOTICES} AND bool_and(marks % 2 = 1)
            """,
        )
    return {no for (no,) in found}


_MOST_EQUAL_NOTICES = 2
_QUOTATION_MARKS = '"„“”«»「」『』'
_NOTICE = re.compile(phrases.NOTICE_BEFORE_COLON, re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, MARKS))


def _named_authors(authors: list[str | None], result: ScanResult) -> pa.Table:
    """Return (author_no, name, notice): of "authors" that are really the first words of a notice, those words."""
    raw = result.author_names()
    return pa.table(
        {
            "author_no": pa.array(range(len(raw)), pa.int32()),
            "name": pa.array(authors, pa.string()),
            "notice": pa.array(
                [text if name is None else None for name, text in zip(authors, raw, strict=True)], pa.string()
            ),
        }
    )


def _keep_year_first_times(connection: duckdb.DuckDBPyConnection, result: ScanResult | None) -> None:
    """Make the table of the times of a file whose two-digit years come first; empty for others."""
    times = result.two_digit_years.times if result and result.two_digit_years else []
    joined = np.concatenate([np.zeros(0, dtype=np.int64), *times])
    table = pa.table({"position": np.arange(len(joined)), "local_time": timestamps(joined)})
    with view_of(connection, "year_first", table):
        connection.execute("CREATE OR REPLACE TEMP TABLE year_first_times AS FROM year_first").fetchall()


_TIMES = {"day": "time_day_first", "month": "time_month_first", "year": "y.local_time"}


def _staged(order: DateOrder | None) -> str:
    """Return the SQL of the ``STAGED`` view: the closer look where there was one, else the first."""
    year_first = "LEFT JOIN year_first_times y USING (position)" if order == "year" else ""
    return f"""
SELECT
    position, byte_offset, {_TIMES[order or "month"]} AS local_time,
    CASE WHEN s.kind IS NULL THEN r.author_no ELSE s.author_no END AS author_no,
    coalesce(s.kind, r.kind) AS kind,
    CASE WHEN s.kind IS NOT NULL THEN s.text WHEN r.kind = 'media' THEN '' ELSE body END AS text,
    s.attachment, coalesce(s.is_edited, false) AS is_edited,
    CASE
        WHEN s.kind IS NOT NULL THEN s.same_text
        WHEN r.kind = 'media' THEN 'media:'
        WHEN r.kind = 'system' THEN {_NOTICE_IDENTITY.format(kind="r.kind", text="body")}
    END AS same_text
FROM scanned_messages r LEFT JOIN special_messages s USING (position) {year_first}
"""


_LRM = "chr(8206)"
"""The mark that iOS puts before what nobody typed, in SQL."""
_NOTICE_IDENTITY = f"concat({{kind}}, ':', lower(rtrim(replace({{text}}, {_LRM}, ''), '. ' || chr(10))))"


def _same_text(text: str, kind: str) -> str:
    """Return the SQL for what of a message's text all exports of it have, of either system, with or without media."""
    return f"""CASE
        WHEN {kind} = 'text' THEN NULL
        WHEN {kind} IN ('media', 'sticker', 'contact', 'view_once')
            THEN concat('media:', CASE WHEN NOT regexp_full_match({text}, '{_FILE_LINE}', 'i') THEN {text} END)
        WHEN {kind} = 'call' AND is_missed THEN 'call:missed'
        WHEN {kind} = 'poll' THEN concat('poll:', lower(rtrim(regexp_replace({text}, '{_VOTES}', '\\1', 'g'), chr(10))))
        ELSE {_NOTICE_IDENTITY.format(kind=kind, text=text)}
    END"""


def _closer_look(is_bracket: bool) -> str:
    """Return the SQL that tells kind, text and attachment of the rows which the first look left open."""
    placeholder = f"starts_with(body, {_LRM}) AND length(body) < {_LONGEST_NOTICE}" if is_bracket else "false"
    writes = "author_no IN (SELECT author_no FROM scanned_messages WHERE kind = 'text')" if is_bracket else "true"
    left_open = """
        SELECT
            position, name,
            CASE WHEN notice IS NULL THEN m.author_no END AS author_no,
            concat(notice || ': ', replace(body, chr(13), '')) AS body
        FROM scanned_messages m LEFT JOIN named_authors n ON n.author_no = m.author_no
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
                THEN trim({_WITHOUT_MARKER}, chr(10) || ' ')
            WHEN kind IN ('media', 'sticker', 'contact') AND omission <> ''
                THEN trim(replace(replace(body, omission, chr(10)), {_LRM}, ''), chr(10) || ' ')
            WHEN kind IN ('media', 'sticker', 'contact', 'deleted', 'view_once') THEN ''
            ELSE replace(body, {_LRM}, '')
        END AS text
    FROM (
        SELECT *, {_KIND} AS kind
        FROM (
            SELECT
                *, {placeholder} AS is_placeholder, {writes} AS writes,
                CASE
                    WHEN length(body) < {_LONGEST_NOTICE}
                        THEN lower(rtrim(trim(regexp_replace(body, '{_DIRECTION}', '', 'g')), '.。।۔'))
                    ELSE ''
                END AS short,
                split_part(split_part(short, ',', 1), '. ', 1) AS call_words,
                {_is_known("short", "missed")} OR {_is_known("call_words", "missed")} AS is_missed,
                CASE
                    WHEN starts_with(ltrim(body, {_LRM} || chr(8207)), '<')
                        THEN regexp_extract(body, '{_IN_BRACKETS}')
                    WHEN contains(body, {_LRM}) THEN regexp_extract(body, '{_BEHIND_MARK}')
                    ELSE ''
                END AS words,
                {_plain("words")} AS omitted,
                CASE WHEN {_is_known("omitted", "omitted")} THEN words ELSE '' END AS omission,
                CASE WHEN author_no IS NOT NULL THEN {_ATTACHMENT} END AS attachment
            FROM (
                SELECT
                    * REPLACE (
                        CASE WHEN is_edited THEN regexp_replace(body, '{_EDIT_MARK}', '') ELSE body END AS body
                    )
                FROM (
                    SELECT
                        *,
                        CASE WHEN ends_with(body, '>') THEN regexp_extract(body, '<[^<>\\n]+>$') ELSE '' END AS last_words,
                        {_is_known(_plain("last_words"), "edited")}
                            OR (last_words <> '' AND regexp_matches(body, '{_MARKED_EDIT}')) AS is_edited
                    FROM ({left_open})
                )
            )
        )
    )
)
"""


def _plain(text: str) -> str:
    """Return the SQL for a text without marks, brackets and full stops, in lower case."""
    return f"lower(trim(regexp_replace({text}, '{_DIRECTION}', '', 'g'), '<> {_STOPS}' || chr(10)))"


def _is_known(text: str, meaning: str) -> str:
    """Return the SQL for whether a text is one of those that WhatsApp itself writes.

    A look-up in a table is many times cheaper than a list of hundreds of constants.
    """
    return f"{text} IN (SELECT text FROM known_texts WHERE meaning = '{meaning}')"


def _alternatives(words: Iterable[str]) -> str:
    """Return whole texts as alternatives of a pattern in an SQL string; ``@`` stands for a name."""
    return "|".join(re.escape(word).replace("@", "[^\\n]+").replace("'", "''") for word in words)


_LONGEST_NOTICE = 400
_STOPS = ".。।۔"
_DIRECTION = f"[{MARKS}]"
_WHOLE_TEXTS = (*phrases.DELETED, *phrases.MISSED_CALLS, *phrases.LIVE_LOCATIONS, *phrases.OMITTED_PLAIN)
_MEANINGS: dict[str, Iterable[str]] = {
    "whole": [text + stop for text in _WHOLE_TEXTS for stop in ("", *_STOPS)],
    "android": [f"<{words}>" for words in phrases.OMITTED_ANDROID],
    "deleted": [text.lower() for text in phrases.DELETED],
    "missed": [text.lower() for text in phrases.MISSED_CALLS],
    "calls": [text.lower() for text in phrases.CALLS],
    "live": [text.lower() for text in phrases.LIVE_LOCATIONS],
    "omitted_plain": [text.lower() for text in phrases.OMITTED_PLAIN],
    "omitted": [text.lower() for text in (*phrases.OMITTED_ANDROID, *phrases.OMITTED_KNOWN)],
    "edited": [text.lower() for text in phrases.EDITED],
}
_ONE_OR_TWO = {"\u09df": "\u09af\u09bc", "\u09dc": "\u09a1\u09bc", "\u095e": "\u092b\u093c", "\u095c": "\u0921\u093c"}
"""Bengali and Devanagari letters with a dot, as one character and as the two that Unicode prefers."""


def _spellings(texts: Iterable[str]) -> set[str]:
    both = [unicodedata.normalize("NFC", text) for text in texts]
    return {
        *texts,
        *both,
        *(reduce(lambda text, pair: text.replace(*pair[::-1]), _ONE_OR_TWO.items(), t) for t in both),
    }


_KNOWN_TEXTS = pa.Table.from_pylist(
    [{"meaning": meaning, "text": text} for meaning, texts in _MEANINGS.items() for text in sorted(_spellings(texts))]
)
_BY_ADMIN = rf"(?:{_alternatives(phrases.DELETED_BY_ADMIN)})[{_STOPS}]?"
_MAY_BE_SPECIAL = f"""(
    body = '' OR starts_with(body, '<') OR contains(body, {_LRM}) OR starts_with(body, chr(8207)) OR ends_with(body, '>')
    OR (contains(body, ' (') AND contains(body, '.'))
    OR (contains(body, '://') AND (contains(body, 'maps') OR contains(body, 'foursquare')))
    OR contains(body, ':' || chr(10)) OR contains(body, chr(13))
    OR {_is_known("body", "whole")}
    OR regexp_matches(body, '^{_BY_ADMIN}$')
)"""
_FIRST_LOOK = f"""
SELECT *, CASE
    WHEN author_no IS NULL AND NOT contains(body, chr(13)) THEN 'system'
    WHEN starts_with(body, '<') AND {_is_known("body", "android")} THEN 'media'
    WHEN {_MAY_BE_SPECIAL} THEN 'special'
    ELSE 'text' END AS kind
FROM parsed
"""
"""Nine rows in ten are plain text; a few cheap comparisons tell them, and only the others meet regular expressions."""

_MARKED_EDIT = r"[^\x{200E}\s]\s?\x{200E}<\x{200E}?[^<>:\n0-9]+>$"
"""Any words in angle brackets behind the mark that iOS puts before them."""
_EDIT_MARK = r"\s?[\x{200E}\x{200F}]*<[^<>\n]*>$"
_IN_BRACKETS = r"^[\x{200E}\x{200F}]*<[^<>\n]+>(?:\n|$)"
_BEHIND_MARK = r"(?:^|[ \n])\x{200E}+[^\x{200E}<>\n]+(?:\n|$)"
"""Where words for a medium that was left out stand: in angle brackets on Android, behind a mark on iOS, perhaps with a
caption before or after."""
_FILE_LINE = r"[^\n]*\.[a-z0-9]{1,5}(?: • [^\n]*)?"
"""A document's name, with its pages: what iOS writes beside a document, with or without it."""
_VOTES = r" \(\p{Nd}+[^()\n]*\)(\n|$)"
_FILE = r"[^\n/\\<>:]*\.[A-Za-z0-9]*"
_ATTACHED_IOS = rf"(?:\x{{200E}}<|<\x{{200E}}|< ?(?:{phrases.ATTACHED_IOS}))[^<>:\n]*: ?({_FILE}) ?>"
_ATTACHED_OLD_IOS = rf"^\x{{200E}}?({_FILE}) <\x{{200E}}?(?:{phrases.ATTACHED_IOS})>"
_ATTACHED_KNOWN = rf"^\x{{200E}}?({_FILE}) \((?:{phrases.ATTACHED})\)"
_ATTACHED_MARKED = rf"^\x{{200E}}({_FILE}) \([^()\n]+\)(?:\n|$)"
_ATTACHED_NAMED = r"^((?:(?:IMG|VID|AUD|PTT|DOC|STK)-\d+-WA\d+)?\.[A-Za-z0-9]+) \([^()\n]+\)"
_MARKER_IN_BRACKETS = rf"(?:^[^\n]* • [^\n]*)?<[^<>:\n]+: ?{_FILE} ?>"
_MARKER_AFTER_NAME = rf"^{_FILE} (?:\([^()\n]+\)|<[^<>\n]+>)"
_WITHOUT_MARKER = f"""CASE
    WHEN regexp_matches(body, '<[^<>:\n]+: ?{_FILE} ?>')
        THEN regexp_replace(replace(body, {_LRM}, ''), '{_MARKER_IN_BRACKETS}', '')
    ELSE regexp_replace(replace(body, {_LRM}, ''), '{_MARKER_AFTER_NAME}', '')
END"""
"""What is no caption: the marker, and before it on iOS a document's name with its pages (``Plan.pdf • 2 pages``)."""
_TYPED_RIGHT_TO_LEFT = r"^\x{200E}[^\p{L}]*[\p{Hebrew}\p{Arabic}]"


def _extracted(patterns: Iterable[str]) -> str:
    return ", ".join(f"nullif(regexp_extract(body, '{pattern}', 1, 'i'), '')" for pattern in patterns)


_ATTACHMENT = f"""replace(CASE
    WHEN contains(body, '<') THEN coalesce({_extracted([_ATTACHED_IOS, _ATTACHED_OLD_IOS])})
    WHEN contains(body, ' (') THEN coalesce({_extracted([_ATTACHED_KNOWN, _ATTACHED_MARKED, _ATTACHED_NAMED])})
END, {_LRM}, '')"""
_POLL = rf"""(
    regexp_matches(body, '^\x{{200E}}?(?:{phrases.POLL})\s?[:：]\n', 'i')
    OR (starts_with(body, {_LRM}) AND regexp_matches(body, '^\x{{200E}}[^\s:]+\s?:\n[^\n]*\n\x{{200E}}[^\n:]+: '))
) AND regexp_matches(body, ' \(\x{{200E}}?\p{{Nd}}+ ?[^()\n]+\)(?:\n|$)')"""
"""The word for poll, the question, and options with their votes; with the marks of iOS in any language."""
_LOCATION = (
    rf"^(?:{phrases.LOCATION})\s?[:：] ?[^\n]*https?://|^[^\n: ]+\s?[:：] ?https://maps\.google\.com/\?q=[-0-9.,]+$"
    r"|^https://maps\.google\.com/\?q=|^[^\n]+ \([^\n]+\): https://foursquare\.com/v/[0-9a-z]+$"
).replace("'", "''")
_IOS_NOTICE = f"""is_placeholder AND (
    regexp_matches(short, '{phrases.NOTICE_IOS.replace("'", "''")}') OR starts_with(short, lower(name) || ' ')
    OR (NOT writes AND NOT regexp_matches(body, '{_TYPED_RIGHT_TO_LEFT}'))
)"""
"""iOS puts a mark before a notice, and before it the chat's title or a person's name.

A title writes nothing else. A person may have typed the mark, as phones do before Hebrew and Arabic: what is no known
notice and does not begin with that person's own name is theirs.
"""
_KIND = f"""CASE
    WHEN author_no IS NULL THEN 'system'
    WHEN body = '' THEN 'view_once'
    WHEN ends_with(lower(attachment), '.vcf') THEN 'contact'
    WHEN regexp_matches(attachment, '(?i)^STK-|-STICKER-|\\.webp$') THEN 'sticker'
    WHEN attachment IS NOT NULL THEN 'media'
    WHEN {_is_known("short", "deleted")} THEN 'deleted'
    WHEN regexp_full_match(short, '{_BY_ADMIN.lower()}') THEN 'deleted'
    WHEN is_placeholder AND regexp_matches(short, '{phrases.VIEW_ONCE}') THEN 'view_once'
    WHEN omission <> '' OR {_is_known("short", "omitted_plain")}
        OR (is_placeholder AND length(short) < 80 AND regexp_matches(short, '{phrases.OMITTED}'))
    THEN CASE
        WHEN regexp_matches(CASE WHEN omission <> '' THEN omitted ELSE short END, '(?:{phrases.CONTACT})', 'i') THEN 'contact'
        WHEN regexp_matches(CASE WHEN omission <> '' THEN omitted ELSE short END, '(?:{phrases.STICKER})', 'i') THEN 'sticker'
        ELSE 'media' END
    WHEN is_placeholder AND (is_missed OR {_is_known("call_words", "calls")}) THEN 'call'
    WHEN {_is_known("short", "missed")} THEN 'call'
    WHEN {_is_known("short", "live")} OR regexp_matches(short, '{_LOCATION}') THEN 'location'
    WHEN {_POLL} THEN 'poll'
    WHEN {_IOS_NOTICE} THEN 'system'
    ELSE 'text'
END"""


def _refuse_impossible_dates(
    connection: duckdb.DuckDBPyConnection, result: ScanResult, order: DateOrder | None
) -> None:
    """Refuse messages whose date does not exist in the order chosen, with their header where it was kept."""
    lost = f"FROM {STAGED} WHERE local_time IS NULL"
    count = int(scalar(connection, f"SELECT count(*) {lost}"))
    if not count:
        return
    reason = _why_impossible(connection, result, order, count)
    found = rows(
        connection,
        f"""
        SELECT byte_offset, author_no, encode(left(body, {MAX_RAW_BYTES // 4})) FROM scanned_messages
        WHERE position IN (SELECT position {lost}) ORDER BY position LIMIT {MOST_PIECES}
        """,
    )
    names = list(result.authors)
    for offset, author_no, body in found:
        author = b"" if author_no is None else names[author_no] + b": "
        raw = result.impossible.get(offset, result.headers.get(offset, b"") + author + bytes(body))
        piece = Quarantined(offset, reason, raw)
        result.quarantined.append(piece)
    if count > len(found):
        result.quarantined.add(piece, count - len(found))


def _why_impossible(
    connection: duckdb.DuckDBPyConnection, result: ScanResult, order: DateOrder | None, count: int
) -> str:
    """Return the reason; where most messages are lost, with the order of day and month that reads more of them."""
    if order in {"day", "month"} and count * 2 > result.messages:
        other, option = ("month", "--month-first") if order == "day" else ("day", "--day-first")
        explained = int(scalar(connection, f"SELECT count({_TIMES[other]}) FROM scanned_messages"))
        if explained > result.messages - count:
            return f"{IMPOSSIBLE_DATE}: the other order of day and month fits this file ({option})"
    return IMPOSSIBLE_DATE
