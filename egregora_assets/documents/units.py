"""Units, which no window crosses the end of: what of them has to be cut again, and their messages in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.config import DocumentSettings
from egregora_assets.documents.cutting import Messages, Places

_AT_ONCE = 250_000
"""About so many messages are in memory at once."""
_LINE = len("23:59 ZZ: \n")

DAYS_OF_DOCUMENTS = """
    SELECT document_id, source_id, unnest(generate_series(local_date, local_until, INTERVAL 1 DAY))::DATE AS local_date
    FROM documents
"""
"""The SQL for the days, by the chat's clock, from the first message of each document to its last."""


def units_of(rules: DocumentSettings, threads: bool, month: str | None, few: bool) -> str:
    """Return the SQL of the units that ``open_days`` belong to, in batches of about as many messages as fit into memory.

    A day of the clock is part of two days of a chat that begins its day later. What has lost its last message is there as well.
    """
    in_month = f"WHERE date_trunc('month', period) = DATE '{month}-01'" if month else ""
    units = f"""
        SELECT DISTINCT source_id, NULL::UUID AS thread_id, {_period(rules.unit, "day")} AS period
        FROM (SELECT source_id, unnest([local_date, local_date - {int(rules.day_begins > 0)}]) AS day FROM open_days)
    """
    if threads:
        units += f"""
            UNION SELECT source_id, thread_id, {_period("month", _day(rules))}
            FROM clean_messages SEMI JOIN open_days USING (source_id, local_date) WHERE thread_id IS NOT NULL
            UNION SELECT source_id, thread_id, period FROM documents WHERE thread_id IS NOT NULL AND document_id IN (
                SELECT document_id FROM ({DAYS_OF_DOCUMENTS}) SEMI JOIN open_days USING (source_id, local_date)
            )
        """
    if few:
        return f"SELECT *, 0 AS batch FROM ({units}) {in_month}"
    counted = f"""
        SELECT source_id, {_period(rules.unit, _day(rules))} AS period, count(*) AS messages FROM clean_messages GROUP BY ALL
    """
    return f"""
        SELECT source_id, thread_id, period,
            (sum(coalesce(messages, 0)) OVER (ORDER BY source_id, period, thread_id ROWS UNBOUNDED PRECEDING)) // {_AT_ONCE}
                AS batch
        FROM ({units}) LEFT JOIN ({counted}) USING (source_id, period) {in_month}
    """


def _day(rules: DocumentSettings) -> str:
    """Return the SQL for the day of the chat that a message is of: a night belongs to the evening before."""
    return f"(local_time - INTERVAL {rules.day_begins} HOUR)::DATE"


def _period(unit: str, day: str) -> str:
    return f"date_trunc('{unit}', {day})::DATE"


def messages_of(rules: DocumentSettings, threads: bool, batch: int) -> str:
    """Return the SQL of the messages of a batch of units, one unit after the other, each in the order of time.

    A message's further lines begin with an em space, which no Markdown takes for a list, a heading or the end of the paragraph.
    """
    chat = f"SELECT source_id, period FROM open_units WHERE batch = {batch} AND thread_id IS NULL"
    of_thread = f"SELECT source_id, thread_id, period FROM open_units WHERE batch = {batch} AND thread_id IS NOT NULL"
    last = (
        f"(period + INTERVAL 1 {rules.unit})::DATE"
        if rules.day_begins
        else f"(period + INTERVAL 1 {rules.unit})::DATE - 1"
    )
    days = (
        f"SELECT source_id, unnest(generate_series(period, {last}, INTERVAL 1 DAY))::DATE AS local_date FROM ({chat})"
    )
    of_chat = f"""
        SELECT * REPLACE (NULL::UUID AS thread_id), {_period(rules.unit, _day(rules))} AS period
        FROM clean_messages SEMI JOIN (SELECT DISTINCT * FROM ({days})) USING (source_id, local_date)
        {"WHERE thread_id IS NULL" if threads else ""}
    """
    chosen = f"SELECT * FROM ({of_chat}) SEMI JOIN ({chat}) USING (source_id, period)"
    if threads:
        of_threads = f"""
            SELECT *, {_period("month", _day(rules))} AS period
            FROM clean_messages WHERE thread_id IN (SELECT thread_id FROM ({of_thread}))
        """
        chosen += (
            f" UNION ALL SELECT * FROM ({of_threads}) SEMI JOIN ({of_thread}) USING (source_id, thread_id, period)"
        )
    return f"""
        SELECT message_id, source_id, thread_id, period, sent_at, local_time, author_id, reply_to, CASE
            WHEN kind <> 'text' THEN replace(rtrim(concat('[', kind, '] ', text)), chr(10), chr(10) || chr(8195))
            WHEN contains(text, chr(10)) THEN replace(text, chr(10), chr(10) || chr(8195))
            ELSE text END AS body
        FROM ({chosen}) ORDER BY source_id, period, thread_id, sent_at, position, message_id
    """


def described(messages: pa.Table) -> Messages:
    """Return what the rules of cutting need to know of messages."""
    body, author = messages.column("body").chunk(0), messages.column("author_id").chunk(0)
    thread = _codes(messages.column("thread_id").chunk(0).storage)
    units = (
        _codes(messages.column("source_id").chunk(0)),
        _integers(messages.column("period").cast(pa.int32())),
        thread,
    )
    new_unit = np.ones(len(body), np.bool_)
    new_unit[1:] = np.logical_or.reduce([codes[1:] != codes[:-1] for codes in units])
    shown = np.asarray(author.is_valid())
    return Messages(
        new_unit=new_unit,
        in_thread=thread >= 0,
        sent_at=_integers(messages.column("sent_at").cast(pa.int64())),
        answers=_answers(messages),
        sizes=np.where(shown, _integers(pc.binary_length(body)) + _LINE, 0),
    )


def _codes(values: pa.Array) -> Places:
    return _integers(values.dictionary_encode().indices.fill_null(-1))


def _integers(values: pa.Array | pa.ChunkedArray) -> Places:
    return np.asarray(values).astype(np.int64)


def _answers(messages: pa.Table) -> Places:
    """Return the place of the message that each one replies to; -1 where there is none among these."""
    found = np.full(messages.num_rows, -1, np.int64)
    replied = messages.column("reply_to").chunk(0).storage
    replies = np.flatnonzero(np.asarray(replied.is_valid()))
    if len(replies):
        ids = messages.column("message_id").chunk(0).storage
        found[replies] = _integers(pc.index_in(replied.take(pa.array(replies)), value_set=ids).fill_null(-1))
    return found
