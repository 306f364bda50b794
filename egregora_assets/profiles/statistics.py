"""What is counted of each author: SQL over clean messages, documents and topics, for all authors of one pass at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.privacy.scrub import leaks, quoted
from egregora_assets.sidecar.extract import words_of
from egregora_assets.warehouse.query import changed, temporary

_MINUTES = 10
_MOST_TOPICS = 5
_MOST_ANSWERED = 10
_MOST_LETTERS = 240
_BATCH = 200


@contextmanager
def counted(connection: duckdb.DuckDBPyConnection, names: list[str]) -> Iterator[None]:
    """Count for the authors in ``open_authors`` (author_id, alias), for ``records`` to read inside the block.

    Words in which cutting has brought out one of ``names``, an address or a number are left out.
    """
    with (
        temporary(connection, "placed", _PLACED),
        temporary(connection, "topics_used", _TOPICS_USED),
        temporary(connection, "answered", _ANSWERED),
        temporary(connection, "quotations", _QUOTATIONS),
    ):
        _drop_leaking(connection, names)
        yield


def records(connection: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
    """Yield the profile of each open author as JSON and a line break."""
    result = connection.execute(_RECORDS)
    while batch := result.fetchmany(_BATCH):
        for (record,) in batch:
            yield record


def _drop_leaking(connection: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    shown = "SELECT words FROM quotations UNION SELECT label FROM topics_used"
    leaking = f"WITH shown AS MATERIALIZED ({shown}) SELECT words FROM shown WHERE {leaks('words', names)}"
    with temporary(connection, "leaking", leaking) as count:
        if count:
            changed(connection, "DELETE FROM quotations WHERE words IN (FROM leaking)")
            changed(connection, "DELETE FROM topics_used WHERE label IN (FROM leaking)")


_PLACED = """
    SELECT
        n.document_id, c.author_id, c.reply_to, c.sent_at, c.local_time, c.kind, c.text,
        lag(c.author_id) OVER before AS author_before, lag(c.sent_at) OVER before AS sent_before
    FROM (
        SELECT document_id, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1) AS m_no
        FROM documents SEMI JOIN (
            SELECT document_id FROM participants p JOIN open_authors o ON o.alias = p.author
        ) USING (document_id)
    ) n
    JOIN clean_messages c USING (message_id)
    WINDOW before AS (PARTITION BY n.document_id ORDER BY n.m_no)
    QUALIFY c.author_id IN (SELECT author_id FROM open_authors)
"""
"""The open authors' messages in their conversations, each with the message directly before it."""

_TOPICS_USED = f"""
    SELECT author_id, strftime(local_time, '%Y-%m') AS month, label, count(*) AS messages
    FROM placed JOIN (SELECT document_id, label FROM topics) USING (document_id)
    WHERE kind = 'text' AND contains(lower(text), label) AND list_contains({words_of("text")}, label)
    GROUP BY author_id, month, label
    QUALIFY row_number() OVER (PARTITION BY author_id, month ORDER BY messages DESC, label) <= {_MOST_TOPICS}
"""
"""Topics of conversations as far as the author used the word, by month of the chat's clock."""

_ANSWERED = f"""
    SELECT p.author_id, a.alias, count(*) FILTER (p.is_reply) AS replies, count(*) FILTER (NOT p.is_reply) AS follows
    FROM (
        SELECT
            p.author_id, p.reply_to IS NOT NULL AS is_reply,
            CASE
                WHEN p.reply_to IS NOT NULL THEN target.author_id
                WHEN p.sent_at <= p.sent_before + INTERVAL {_MINUTES} MINUTE THEN p.author_before
            END AS other_id
        FROM placed p LEFT JOIN (
            SELECT message_id, author_id FROM clean_messages
            WHERE message_id IN (SELECT reply_to FROM placed WHERE reply_to IS NOT NULL)
        ) target ON target.message_id = p.reply_to
    ) p
    JOIN authors a ON a.author_id = p.other_id
    WHERE p.other_id <> p.author_id AND NOT a.opted_out
    GROUP BY p.author_id, a.alias
    QUALIFY row_number() OVER (PARTITION BY p.author_id ORDER BY count(*) DESC, a.alias) <= {_MOST_ANSWERED}
"""

_LETTERS = quoted(r"\p{L}[\p{L}\p{M}'’-]*")
_WITHOUT_SPACES = quoted(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_OWN_WORDS = quoted(r"\[(?:name|email|phone)\]|https?://\S+")
_SAYS_ENOUGH = f"""(
    len(regexp_extract_all(regexp_replace(text, {_OWN_WORDS}, ' ', 'g'), {_LETTERS})) >= 3
    OR len(regexp_extract_all(text, {_WITHOUT_SPACES})) >= 6
)"""
"""Three words, or six letters of a script that puts no spaces between words; placeholders and links are no words."""
_LINE = "trim(regexp_replace(text, '\\s+', ' ', 'g'))"
_CUT = f"CASE WHEN length(line) > {_MOST_LETTERS} THEN regexp_replace(left(line, {_MOST_LETTERS}), '\\S*$', '…') ELSE line END"
_QUOTATIONS = f"""
    SELECT author_id, place, day, nullif({_CUT}, '…') AS words
    FROM (
        SELECT author_id, place, local_time::DATE AS day, {_LINE} AS line
        FROM (
            SELECT
                author_id, local_time, text,
                row_number() OVER in_time AS from_first, row_number() OVER back_in_time AS from_last
            FROM clean_messages SEMI JOIN open_authors USING (author_id)
            WHERE kind = 'text' AND NOT regexp_matches(text, '(?i)^\\s*[/／]') AND {_SAYS_ENOUGH}
            WINDOW
                in_time AS (PARTITION BY author_id ORDER BY sent_at, position, message_id),
                back_in_time AS (PARTITION BY author_id ORDER BY sent_at DESC, position DESC, message_id DESC)
        ), unnest(['first', 'last']) places(place)
        WHERE (place = 'first' AND from_first = 1) OR (place = 'last' AND from_last = 1)
    )
"""
"""The first and the last message of at least three words that is text and no command."""

_RECORDS = """
WITH numbers AS (
    SELECT
        author_id, count(*) AS messages, count(DISTINCT local_time::DATE) AS days,
        min(local_time)::DATE AS first_day, max(local_time)::DATE AS last_day
    FROM clean_messages SEMI JOIN open_authors USING (author_id) GROUP BY author_id
),
hours AS (
    SELECT author_id, list(messages ORDER BY hour) AS by_hour FROM (
        SELECT author_id, h.hour, count(c.author_id) AS messages
        FROM (FROM open_authors, range(24) h(hour)) h
        LEFT JOIN (SELECT author_id, hour(local_time) AS hour FROM clean_messages) c USING (author_id, hour)
        GROUP BY ALL
    ) GROUP BY author_id
),
weekdays AS (
    SELECT author_id, list(messages ORDER BY weekday) AS by_weekday FROM (
        SELECT author_id, w.weekday, count(c.author_id) AS messages
        FROM (FROM open_authors, range(7) w(weekday)) w
        LEFT JOIN (SELECT author_id, isodow(local_time) - 1 AS weekday FROM clean_messages) c USING (author_id, weekday)
        GROUP BY ALL
    ) GROUP BY author_id
),
conversed AS (SELECT author_id, count(DISTINCT document_id) AS conversations FROM placed GROUP BY author_id),
months AS (
    SELECT author_id, list({'month': month, 'topics': topics} ORDER BY month) AS items
    FROM (
        SELECT author_id, month, list({'label': label, 'messages': messages} ORDER BY messages DESC, label) AS topics
        FROM topics_used GROUP BY author_id, month
    )
    GROUP BY author_id
),
answers AS (
    SELECT
        author_id,
        list({'author': alias, 'replies': replies, 'follows': follows} ORDER BY replies + follows DESC, alias) AS items
    FROM answered GROUP BY author_id
)
SELECT encode(to_json({
    'author': o.alias, 'messages': n.messages, 'days': n.days, 'conversations': coalesce(conversations, 0),
    'first_day': n.first_day, 'last_day': n.last_day, 'by_weekday': by_weekday, 'by_hour': by_hour,
    'topics': coalesce(m.items, []), 'answers': coalesce(a.items, []),
    'first_words': CASE WHEN f.words IS NOT NULL THEN {'day': f.day, 'text': f.words} END,
    'last_words': CASE WHEN l.words IS NOT NULL THEN {'day': l.day, 'text': l.words} END
})::VARCHAR || chr(10)) AS record
FROM open_authors o
JOIN numbers n USING (author_id) JOIN hours USING (author_id) JOIN weekdays USING (author_id)
LEFT JOIN conversed USING (author_id) LEFT JOIN months m USING (author_id) LEFT JOIN answers a USING (author_id)
LEFT JOIN (FROM quotations WHERE place = 'first') f USING (author_id)
LEFT JOIN (FROM quotations WHERE place = 'last') l USING (author_id)
"""
