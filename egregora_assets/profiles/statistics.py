"""What is told of each author: sums over what was counted of conversations, for all authors of one pass at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.privacy.scrub import leaking, shows_names, shows_pii
from egregora_assets.warehouse.query import changed, temporary

_MOST_TOPICS = 5
_MOST_ANSWERED = 10
_MOST_LETTERS = 240
_BATCH = 200


@contextmanager
def counted(connection: duckdb.DuckDBPyConnection, names: list[str]) -> Iterator[None]:
    """Add up for the authors in ``open_authors`` (author_id, alias), for ``records`` to read inside the block.

    Words in which cutting has brought out one of ``names``, an address or a number are left out.
    """
    with (
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
    name = shows_names("words", names, aliases=True)
    with leaking(connection, shown, f"{shows_pii('words', aliases=True)} OR {name}", name) as count:
        if count:
            changed(connection, "DELETE FROM quotations WHERE words IN (FROM leaking)")
            changed(connection, "DELETE FROM topics_used WHERE label IN (FROM leaking)")


_TOPICS_USED = f"""
    SELECT author_id, date_trunc('month', local_date) AS month, label, sum(messages)::BIGINT AS messages
    FROM profile_topics SEMI JOIN open_authors USING (author_id) GROUP BY author_id, month, label
    QUALIFY row_number() OVER (PARTITION BY author_id, month ORDER BY sum(messages) DESC, label) <= {_MOST_TOPICS}
"""
"""Topics that the author used as words, by month of the chat's clock."""

_ANSWERED = f"""
    SELECT p.author_id, a.alias, sum(replies)::BIGINT AS replies, sum(follows)::BIGINT AS follows
    FROM profile_answers p SEMI JOIN open_authors USING (author_id) JOIN authors a ON a.author_id = p.other_id
    WHERE NOT a.opted_out
    GROUP BY p.author_id, a.alias
    QUALIFY row_number() OVER (PARTITION BY p.author_id ORDER BY sum(replies) + sum(follows) DESC, a.alias) <= {_MOST_ANSWERED}
"""

_LINE = "trim(regexp_replace(text, '\\s+', ' ', 'g'))"
_CUT = f"CASE WHEN length(line) > {_MOST_LETTERS} THEN regexp_replace(left(line, {_MOST_LETTERS}), '\\S*$', '…') ELSE line END"
_QUOTATIONS = f"""
    SELECT author_id, place, day, nullif({_CUT}, '…') AS words
    FROM (
        SELECT w.author_id, place, local_time::DATE AS day, {_LINE} AS line
        FROM (
            SELECT author_id, place, CASE place
                WHEN 'first' THEN min_by(message_id, (sent_at, position, message_id))
                ELSE max_by(message_id, (sent_at, position, message_id))
            END AS message_id
            FROM profile_words SEMI JOIN open_authors USING (author_id) GROUP BY author_id, place
        ) w
        JOIN clean_messages USING (message_id)
    )
"""

_RECORDS = """
WITH numbers AS (
    SELECT
        author_id, sum(messages)::BIGINT AS messages, count(DISTINCT local_date) AS days,
        count(DISTINCT document_id) AS conversations, min(local_date) AS first_day, max(local_date) AS last_day
    FROM profile_hours SEMI JOIN open_authors USING (author_id) GROUP BY author_id
),
hours AS (
    SELECT author_id, list(messages ORDER BY hour) AS by_hour FROM (
        SELECT author_id, h.hour, coalesce(sum(messages), 0)::BIGINT AS messages
        FROM (SELECT author_id, hour FROM open_authors, range(24) h(hour)) h
        LEFT JOIN (SELECT author_id, hour, messages FROM profile_hours) USING (author_id, hour)
        GROUP BY ALL
    ) GROUP BY author_id
),
weekdays AS (
    SELECT author_id, list(messages ORDER BY weekday) AS by_weekday FROM (
        SELECT author_id, w.weekday, coalesce(sum(messages), 0)::BIGINT AS messages
        FROM (SELECT author_id, weekday FROM open_authors, range(7) w(weekday)) w
        LEFT JOIN (SELECT author_id, isodow(local_date) - 1 AS weekday, messages FROM profile_hours) USING (author_id, weekday)
        GROUP BY ALL
    ) GROUP BY author_id
),
months AS (
    SELECT author_id, list({'month': strftime(month, '%Y-%m'), 'topics': topics} ORDER BY month) AS items
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
    'author': o.alias, 'messages': n.messages, 'days': n.days, 'conversations': n.conversations,
    'first_day': n.first_day, 'last_day': n.last_day, 'by_weekday': by_weekday, 'by_hour': by_hour,
    'topics': coalesce(m.items, []), 'answers': coalesce(a.items, []),
    'first_words': CASE WHEN f.words IS NOT NULL THEN {'day': f.day, 'text': f.words} END,
    'last_words': CASE WHEN l.words IS NOT NULL THEN {'day': l.day, 'text': l.words} END
})::VARCHAR || chr(10)) AS record
FROM open_authors o
JOIN numbers n USING (author_id) JOIN hours USING (author_id) JOIN weekdays USING (author_id)
LEFT JOIN months m USING (author_id) LEFT JOIN answers a USING (author_id)
LEFT JOIN (FROM quotations WHERE place = 'first') f USING (author_id)
LEFT JOIN (FROM quotations WHERE place = 'last') l USING (author_id)
"""
