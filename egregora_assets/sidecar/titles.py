"""What readers recognise a conversation by: what it was about and its day, and what its chat is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.authors.policy import leaking_by, rules_of
from egregora_assets.authors.shown import shown_sources
from egregora_assets.config import Settings
from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.dates import DAY_FORMAT
from egregora_assets.sidecar.escapes import in_line_in_sql
from egregora_assets.warehouse.query import changed, scalar, temporary

_MOST_TOPICS = 3
_MOST_LETTERS = 60

RENAMED = """
    SELECT document_id, slug FROM documents
    SEMI JOIN (FROM chats ANTI JOIN private.titles_in_posts USING (source_id, title)) USING (source_id)
"""
"""The SQL for the documents of ``chats`` that posts call otherwise, or not at all yet."""


@contextmanager
def shown_chats(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have the titles of chats, as they may be shown, as table ``chats`` (source_id, title) for the block, inside ``scrubbing``."""
    named = f"coalesce(nullif({in_line_in_sql('title')}, ''), source_id)"
    sql = f"SELECT source_id, {named} AS title FROM ({shown_sources(connection, settings)})"
    with temporary(connection, "chats", sql):
        yield


def note_chats(connection: duckdb.DuckDBPyConnection) -> None:
    """Remember what ``chats`` are called in the posts that are written."""
    if scalar(connection, _OTHERWISE):
        changed(connection, "DELETE FROM private.titles_in_posts")
        changed(connection, "INSERT INTO private.titles_in_posts FROM chats")


_OTHERWISE = """
    SELECT EXISTS (FROM chats EXCEPT FROM private.titles_in_posts) OR EXISTS (FROM private.titles_in_posts EXCEPT FROM chats)
"""


@contextmanager
def open_titles(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have (document_id, chat, title) of ``open_documents`` as table ``titles`` for the block, inside ``scrubbing``.

    A title has the topics of its conversation, or else its first decision or question, or else its chat and the time.
    """
    with temporary(connection, "sentences", _SENTENCES) as count:
        if count:
            _drop_leaking(connection, settings)
        with temporary(connection, "titles", _TITLES):
            yield


def _drop_leaking(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Delete sentences in which cutting has brought out what is hidden."""
    shown = "SELECT document_id, sentence AS words, source_id FROM sentences"
    with leaking_by(connection, rules_of(connection, settings), shown) as count:
        if count:
            changed(connection, "DELETE FROM sentences WHERE document_id IN (SELECT document_id FROM leaking)")


_AMONG = "document_id IN (SELECT document_id FROM open_documents ANTI JOIN topics USING (document_id))"
_WITHOUT_PSEUDONYMS = f"regexp_replace({in_line_in_sql('text')}, {quoted(ALIAS)}, '[name]', 'g')"
_SENTENCES = f"""
    SELECT document_id, source_id, CASE
        WHEN length(text) > {_MOST_LETTERS} THEN regexp_replace(left(text, {_MOST_LETTERS}), '[\\s,;:–—-]*\\S*$', '…')
        ELSE rtrim(text, '.') END AS sentence
    FROM (
        SELECT document_id, {_WITHOUT_PSEUDONYMS} AS text FROM (
            SELECT document_id, 1 AS rank, decided_at AS said_at, text, evidence FROM decisions
            WHERE {_AMONG} AND status <> 'revoked'
            UNION ALL SELECT document_id, 2, asked_at, text, evidence FROM questions WHERE {_AMONG}
        )
        QUALIFY row_number() OVER (PARTITION BY document_id ORDER BY rank, said_at, evidence[1], text) = 1
    )
    JOIN (SELECT document_id, source_id FROM documents) USING (document_id)
    WHERE text <> ''
"""
_CLOCK = "slug[12:13], ':', slug[14:15]"
_TITLES = f"""
    SELECT document_id, coalesce(chats.title, source_id) AS chat, concat(
        coalesce(told, nullif(sentence, '…'), concat(chat, ', ', {_CLOCK})), ' · ', strftime(local_date, '{DAY_FORMAT}')
    ) AS title
    FROM (SELECT document_id, source_id, slug, local_date FROM documents SEMI JOIN open_documents USING (document_id))
    LEFT JOIN chats USING (source_id)
    LEFT JOIN (
        SELECT document_id, array_to_string(list(label ORDER BY score DESC, label)[:{_MOST_TOPICS}], ', ') AS told
        FROM topics SEMI JOIN open_documents USING (document_id) GROUP BY document_id
    ) USING (document_id)
    LEFT JOIN (SELECT document_id, sentence FROM sentences) USING (document_id)
"""
