"""WhatsApp text exports, Android and iOS: bytes → a table of messages with kind, time, author, text and attachment.

``stage`` fills a temporary table in DuckDB; nothing here knows about ids, sources or the warehouse.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

import duckdb
import numpy as np
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import whatsapp_phrases as phrases
from egregora_assets.chat.formats.staging import IN_MEMORY, stage_batches
from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES, MOST_PIECES, Quarantine, Quarantined, read_blocks
from egregora_assets.chat.formats.whatsapp_header import MARKS
from egregora_assets.chat.formats.whatsapp_kinds import (
    FIRST_LOOK,
    closer_look,
    known_texts,
    notice_identity,
    notice_starts,
    settle_unknown,
)
from egregora_assets.chat.formats.whatsapp_scan import HIJRI, SCAN_SCHEMA, UNKNOWN_WORD, ScanResult, scan, timestamps
from egregora_assets.warehouse.query import rows, scalar, view_of

log = logging.getLogger(__name__)

STAGED = "staged_messages"
"""Columns: position, byte_offset, local_time (null: impossible), author_no (null: none), kind, text, attachment,
is_edited, same_text (what of the text is equal in an Android and an iOS export of the same message; null: all of it).

A view over two temporary tables: the rows as scanned, and the few that needed a closer look. Text is copied once."""

DateOrder = Literal["day", "month", "year"]
"""Which field of a date comes first; of the others the month comes before the day, but for a leading day."""
IMPOSSIBLE_DATE = "the date or time does not exist"
LOST_MESSAGE = (IMPOSSIBLE_DATE, UNKNOWN_WORD, HIJRI)
"""What the reasons begin with for which a message is in the quarantine instead of among the others."""
_TITLE = re.compile(rf"(?:{phrases.FILE_NAMES}) (?P<title>.+)", re.IGNORECASE)
_COPY_NUMBER = re.compile(r" ?\(\d{1,3}\)$")
"""What a browser or phone adds to the name of a file that it has already."""


class AmbiguousDates(ExportUnreadable):
    """Nothing in the file tells day from month, and nobody said which comes first."""


@dataclass
class Staged:
    """What one export turned out to hold.

    ``authors`` are raw names by ``author_no``, ``None`` for notices; ``first`` and ``last`` the earliest and latest time.
    """

    messages: int
    authors: list[str | None]
    day_first: bool | None
    first: datetime | None = None
    last: datetime | None = None
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

    ``day_first`` is the user's word on the order of day and month, for files that do not plainly tell otherwise; ``None`` lets
    the whole file decide. Raises ``AmbiguousDates`` when it cannot, ``ExportUnreadable`` when there is no message in it.
    """
    result = ScanResult()
    return stage_scanned(connection, scan(read_blocks(stream, result.quarantined), result), result, name, day_first)


def stage_scanned(
    connection: duckdb.DuckDBPyConnection,
    batches: Iterable[pa.RecordBatch],
    result: ScanResult,
    name: str,
    day_first: bool | None = None,
    catalog: str = IN_MEMORY,
) -> Staged:
    """Like ``stage``, for the batches of a scan; ``result`` need be complete only when they are exhausted.

    What was scanned stands in a ``catalog`` of ``staging``.
    """
    with view_of(connection, "all_known_texts", known_texts()):
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS known_texts AS FROM all_known_texts").fetchall()
    stage_batches(connection, "scanned", SCAN_SCHEMA, batches, FIRST_LOOK, catalog)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW scanned_messages AS FROM {catalog}.scanned")
    if not result.messages:
        raise ExportUnreadable(f"{name} holds no message of a known format: is it a chat export?")
    order = _date_order(result, name, day_first)
    authors = _authors(connection, result)
    is_bracket = result.terminator == b"] "
    with ExitStack() as views:
        views.enter_context(view_of(connection, "named_authors", _named_authors(authors, result)))
        if is_bracket:
            views.enter_context(view_of(connection, "notice_starts", notice_starts()))
        closer = closer_look(is_bracket)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE special_messages AS {closer}").fetchall()
        if is_bracket and scalar(connection, "SELECT count(*) FROM special_messages WHERE kind = 'unknown'"):
            for statement in settle_unknown():
                connection.execute(statement).fetchall()
    if order == "year":
        _keep_year_first_times(connection, result)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {STAGED} AS {_staged(order)}").fetchall()
    lost, first, last = rows(
        connection, f"SELECT count(*) - count(local_time), min(local_time), max(local_time) FROM {STAGED}"
    )[0]
    if lost:
        _refuse_impossible_dates(connection, result, order, lost)
    day_first = {"day": True, "month": False}.get(order or "")
    return Staged(result.messages, authors, day_first, first, last, result.quarantined)


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
    if day_first is not None and not _contradicts(result, name, day_first):
        return "day" if day_first else "month"
    if result.first_above_12 != result.second_above_12:
        return "day" if result.first_above_12 > result.second_above_12 else "month"
    if result.backward_day_first != result.backward_month_first:
        return "day" if result.backward_day_first < result.backward_month_first else "month"
    raise AmbiguousDates(
        f"{name}: no date in it tells day from month (as 05/03). Say which comes first: "
        "`--day-first` or `--month-first`, or `day_first = true` under [[sources]] in egregora.toml"
    )


def _contradicts(result: ScanResult, name: str, day_first: bool) -> bool:
    """Return whether most dates cannot be read as the user said, and none has to be: the word was for another file of the run."""
    fitting, others = result.first_above_12, result.second_above_12
    if not day_first:
        fitting, others = others, fitting
    if fitting or others * 2 <= result.order_matters:
        return False
    told, is_read = ("day", "month") if day_first else ("month", "day")
    log.warning("%s: its dates begin with the %s and are read so, though `--%s-first` was said", name, is_read, told)
    return True


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


def _keep_year_first_times(connection: duckdb.DuckDBPyConnection, result: ScanResult) -> None:
    """Make the table of the times of a file whose two-digit years come first."""
    joined = np.concatenate(result.two_digit_years.times if result.two_digit_years else [np.zeros(0, dtype=np.int64)])
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
        WHEN r.kind = 'system' THEN {notice_identity("r.kind", "body")}
    END AS same_text
FROM scanned_messages r LEFT JOIN special_messages s USING (position) {year_first}
"""


def _refuse_impossible_dates(
    connection: duckdb.DuckDBPyConnection, result: ScanResult, order: DateOrder | None, count: int
) -> None:
    """Refuse the ``count`` messages whose date does not exist in the order chosen, with their header where it was kept."""
    reason = _why_impossible(connection, result, order, count)
    found = rows(
        connection,
        f"""
        SELECT byte_offset, author_no, encode(left(body, {MAX_RAW_BYTES // 4})) FROM scanned_messages
        WHERE position IN (SELECT position FROM {STAGED} WHERE local_time IS NULL) ORDER BY position LIMIT {MOST_PIECES}
        """,
    )
    names = list(result.authors)
    for offset, author_no, body in found:
        author = b"" if author_no is None else names[author_no] + b": "
        raw = result.impossible.get(offset, result.headers.get(offset, b"") + author + bytes(body))
        piece = Quarantined(offset, result.reasons.get(offset, reason), raw)
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
