"""What each author did in each conversation, kept in ``profile_*``: only conversations that changed are counted again.

Profiles are sums over these rows. Each message counts in one conversation, also where another repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.documents.units import DAYS_OF_DOCUMENTS
from egregora_assets.documents.windows import OWN_MESSAGES
from egregora_assets.privacy.kinds import ALIAS, PLACEHOLDER
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.terms import words_of
from egregora_assets.warehouse.query import changed, temporary

_MINUTES = 10
_TABLES = ("profile_hours", "profile_topics", "profile_answers", "profile_words")


@contextmanager
def followed(connection: duckdb.DuckDBPyConnection, since: int, everybody: bool = False) -> Iterator[int]:
    """Count again the conversations in which something changed since revision ``since``, and all for 0.

    Inside the block ``touched_authors`` (author_id) has those whose profile may differ, or ``everybody``; yields how many.
    """
    news = {"since": since}
    with temporary(connection, "open_documents", _OPEN if since else _ALL, news if since else None) as opened:
        outdated = f"FROM open_documents UNION {_GONE}" if since else "SELECT DISTINCT document_id FROM profile_hours"
        with temporary(connection, "outdated_documents", outdated, news if since else None) as count:
            touched = f"{_TOUCHED} UNION {_EVERYBODY}" if everybody or not since else _TOUCHED
            with temporary(connection, "touched_authors", touched, news) as authors:
                for table in _TABLES if count else ():
                    changed(connection, f"DELETE FROM {table} WHERE document_id IN (FROM outdated_documents)")
                if opened:
                    _count(connection)
                yield authors


_ALL = "SELECT document_id FROM documents"
_OPEN = f"""
    SELECT document_id FROM ({DAYS_OF_DOCUMENTS}) SEMI JOIN (
        SELECT source_id, local_date FROM changed_days WHERE revision > $since
        UNION SELECT source_id, local_date FROM clean_messages WHERE reply_to IN (
            SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since
            UNION SELECT message_id FROM clean_messages WHERE revision > $since
        )
    ) USING (source_id, local_date)
    UNION SELECT document_id FROM sidecars WHERE revision > $since
"""
"""Conversations of days with a change, those with a reply to a message that changed, and those whose topics did."""
_GONE = "SELECT key FROM tombstones WHERE table_name = 'documents' AND revision > $since"
_TOUCHED = """
    SELECT author_id FROM profile_hours SEMI JOIN outdated_documents USING (document_id)
    UNION SELECT a.author_id FROM authors a JOIN participants p ON p.author = a.alias SEMI JOIN open_documents USING (document_id)
    UNION SELECT author_id FROM authors WHERE opted_out_revision > $since
"""

_EVERYBODY = "SELECT author_id FROM authors UNION SELECT author_id FROM author_profiles"


def _count(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the rows of ``open_documents``."""
    with temporary(connection, "placed", _PLACED):
        for statement in (_HOURS, _TOPICS, _ANSWERS, _WORDS):
            changed(connection, statement)


_PLACED = f"""
    SELECT
        n.document_id, c.message_id, c.author_id, c.reply_to, c.sent_at, c.position, c.local_time, c.kind, c.text,
        lag(c.author_id) OVER before AS author_before, lag(c.sent_at) OVER before AS sent_before
    FROM (
        SELECT document_id, unnest({OWN_MESSAGES}) AS message_id, generate_subscripts({OWN_MESSAGES}, 1) AS m_no
        FROM documents SEMI JOIN open_documents USING (document_id)
    ) n
    JOIN clean_messages c USING (message_id)
    WINDOW before AS (PARTITION BY n.document_id ORDER BY n.m_no)
    QUALIFY c.author_id IS NOT NULL
"""
"""What people wrote in the open conversations, each message with the one directly before it."""

_HOURS = """
    INSERT INTO profile_hours
    SELECT document_id, author_id, local_time::DATE, hour(local_time), count(*), min(sent_at), max(sent_at)
    FROM placed GROUP BY document_id, author_id, local_time::DATE, hour(local_time)
"""

_TOPICS = f"""
    INSERT INTO profile_topics
    SELECT document_id, author_id, any_value(local_time)::DATE, label, count(*)
    FROM placed JOIN (SELECT document_id, label FROM topics) USING (document_id)
    WHERE kind = 'text' AND contains(lower(text), label) AND list_contains({words_of("text")}, label)
    GROUP BY document_id, author_id, label
"""
"""Topics of conversations as far as the author used the word."""

_ANSWERS = f"""
    INSERT INTO profile_answers
    SELECT document_id, author_id, other_id, count(*) FILTER (is_reply), count(*) FILTER (NOT is_reply)
    FROM (
        SELECT
            p.document_id, p.author_id, p.reply_to IS NOT NULL AS is_reply,
            CASE
                WHEN p.reply_to IS NOT NULL THEN target.author_id
                WHEN p.sent_at <= p.sent_before + INTERVAL {_MINUTES} MINUTE THEN p.author_before
            END AS other_id
        FROM placed p LEFT JOIN (
            SELECT message_id, author_id FROM clean_messages
            WHERE message_id IN (SELECT reply_to FROM placed WHERE reply_to IS NOT NULL)
        ) target ON target.message_id = p.reply_to
    )
    WHERE other_id <> author_id GROUP BY document_id, author_id, other_id
"""

_LETTERS = quoted(r"\p{L}[\p{L}\p{M}'’-]*")
_WITHOUT_SPACES = quoted(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_OWN_WORDS = quoted(rf"{PLACEHOLDER}|{ALIAS}|https?://\S+")
_SAYS_ENOUGH = f"""(
    len(regexp_extract_all(regexp_replace(text, {_OWN_WORDS}, ' ', 'g'), {_LETTERS})) >= 3
    OR len(regexp_extract_all(text, {_WITHOUT_SPACES})) >= 6
)"""
"""Three words, or six letters of a script that puts no spaces between words; placeholders and links are no words."""

_WORDS = f"""
    INSERT INTO profile_words
    SELECT document_id, author_id, place, message_id, sent_at, position
    FROM (
        SELECT
            document_id, author_id, message_id, sent_at, position,
            row_number() OVER in_time AS from_first, row_number() OVER back_in_time AS from_last
        FROM placed
        WHERE kind = 'text' AND NOT regexp_matches(text, '(?i)^\\s*[/／]') AND {_SAYS_ENOUGH}
        WINDOW
            in_time AS (PARTITION BY document_id, author_id ORDER BY sent_at, position, message_id),
            back_in_time AS (PARTITION BY document_id, author_id ORDER BY sent_at DESC, position DESC, message_id DESC)
    ), unnest(['first', 'last']) places(place)
    WHERE (place = 'first' AND from_first = 1) OR (place = 'last' AND from_last = 1)
"""
"""The first and the last message of at least three words that is text and no command."""
