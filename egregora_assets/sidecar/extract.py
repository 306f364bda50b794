"""Topics, decisions, questions, entities and participants of changed documents: rules in SQL, one pass over their messages.

Nothing here guesses: an item is a sentence or word that stands in a message, and cites it. The rules know English,
Portuguese, Spanish, German and French.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from egregora_assets.authors.policy import Rules, leaking_by
from egregora_assets.documents.stopwords import STOPWORDS
from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar import outcomes, terms
from egregora_assets.sidecar.acts import ACTS
from egregora_assets.sidecar.completions import TASKS
from egregora_assets.sidecar.known import places, technologies
from egregora_assets.sidecar.language_model import items
from egregora_assets.sidecar.marks import NO_DOCUMENTS, NO_SPANS
from egregora_assets.sidecar.revocations import DECISIONS
from egregora_assets.sidecar.terms import LINK_PATTERN
from egregora_assets.sidecar.words import UNTELLING
from egregora_assets.warehouse.query import changed, table_of, temporary, view_of

ITEM_TABLES = ("topics", "decisions", "action_items", "questions", "entities", "participants", "summaries")
TEXT_COLUMNS = (
    ("topics", "label"),
    ("decisions", "text"),
    ("action_items", "text"),
    ("action_items", "due"),
    ("questions", "text"),
    ("questions", "answer"),
    ("entities", "name"),
    ("summaries", "text"),
)
"""The columns that hold words of people."""

_KNOWN = pa.schema({"kind": pa.string(), "word": pa.string(), "name": pa.string()})
_MOST_EVIDENCE = 3
_LINK = quoted(LINK_PATTERN)
_NO_ALIAS = f"regexp_replace(text, {quoted(ALIAS)}, '', 'g')"
_FILE = quoted(
    r"""(?:^|[\s("])((?:[\w.\-]+/)*[\w\-]+\.(?:py|js|ts|tsx|jsx|rs|go|c|h|cpp|hpp|java|kt|rb|php|sh|sql|md|toml|yaml|yml|"""
    r"""json|html|css|ino|stl|scad|pdf|csv))(?:[\s:,;.!?)"#]|$)"""
)
_PERSON = quoted(ALIAS)
_PROJECT = quoted(r"https?://(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)/([\w-]+/[\w-]+(?:\.[\w-]+)*)")
_COMMIT = quoted(r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,38}\b")
_ISSUE = quoted(r"(?:^|[\s(])(#[0-9]{1,6})\b")
_TAG = quoted(r"(?:^|[\s(])(#\p{L}[\p{L}\p{N}_]+)")


@contextmanager
def extracting(connection: duckdb.DuckDBPyConnection, outdated: str) -> Iterator[None]:
    """Count words anew for the length of the block, without the documents that SQL ``outdated`` gives.

    Inside, first ``extract`` is called for all open documents, some at a time, then ``compare`` once, and then ``conclude`` for
    the same documents: what a word weighs rests on all of them.
    """
    known = [("technology", *names) for names in technologies().items()] + [
        ("place", *names) for names in places().items()
    ]
    with (
        view_of(connection, "known", table_of(known, _KNOWN)),
        temporary(connection, "term_changes", terms.NO_CHANGES),
        temporary(connection, "candidates", terms.NO_CANDIDATES),
        temporary(connection, "marked_spans", NO_SPANS),
        temporary(connection, "task_spans", NO_SPANS),
        temporary(connection, "retold", NO_DOCUMENTS),
        view_of(connection, "stopwords", pa.table({"word": sorted(STOPWORDS)})),
        view_of(connection, "untelling_words", pa.table({"word": sorted(UNTELLING)})),
        view_of(connection, "acts", pa.table({"form": list(ACTS), "act": list(ACTS.values())})),
    ):
        terms.forget(connection, outdated)
        DECISIONS.forget(connection, outdated)
        TASKS.forget(connection, outdated)
        yield


def extract(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the item tables for the documents in ``open_documents`` (d_no, document_id); what they held for those is replaced.

    Runs inside the caller's transaction. Reads ``clean_messages`` only. Inside, documents and messages have numbers
    instead of ids: the tables of words are the largest, and numbers keep them in memory.
    """
    for table in ITEM_TABLES:
        changed(connection, f"DELETE FROM {table} WHERE document_id IN (SELECT document_id FROM open_documents)")
    with temporary(connection, "said", _SAID):
        with terms.counted(connection):
            for statement in (_PARTICIPANTS, _ENTITIES):
                changed(connection, statement)
        outcomes.find(connection)


def compare(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the counts of words and the statuses of decisions and tasks up to date with what was forgotten and extracted.

    Documents of which another takes a decision back or says that a task is done, or no longer does, are in ``retold`` then.
    """
    terms.settle(connection)
    DECISIONS.settle(connection)
    TASKS.settle(connection)


def conclude(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Add topics and summaries, and what a model has found, which ``items.open_answers`` gives.

    An item in which cutting or lower case has brought out what ``rules`` hide is dropped, and so is one that a model has made up.
    """
    terms.name(connection)
    items.replace(connection)
    _drop_leaking(connection, rules)


def _drop_leaking(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Delete the open documents' items whose words show what is private.

    All tables are asked at once: each making of the patterns costs 20 ms.
    """
    source = "(SELECT d.source_id FROM documents d WHERE d.document_id = i.document_id)" if rules.keep else "''"
    shown = " UNION ".join(
        f"SELECT {column} AS words, {source} AS source_id FROM {table} i SEMI JOIN open_documents USING (document_id) "
        f"WHERE {column} IS NOT NULL"
        for table, column in TEXT_COLUMNS
    )
    with leaking_by(connection, rules, shown) as count:
        for table, column in TEXT_COLUMNS if count else ():
            among = "document_id IN (SELECT document_id FROM open_documents)"
            changed(connection, f"DELETE FROM {table} i WHERE {among} AND ({column}, {source}) IN (FROM leaking)")


_SAID = """
    SELECT d_no, m_no, c.message_id, c.sent_at, c.local_date, c.author_id, a.alias, c.reply_to, c.kind, c.text
    FROM (
        SELECT d_no, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1)::INTEGER AS m_no
        FROM documents JOIN open_documents USING (document_id)
    )
    JOIN clean_messages c USING (message_id) LEFT JOIN authors a ON a.author_id = c.author_id
"""
"""What was said in each open document; ``m_no`` counts the messages of one document."""


_PARTICIPANTS = """
    INSERT INTO participants
    SELECT document_id, alias, messages, [first]
    FROM (
        SELECT d_no, alias, count(*) AS messages, min_by(message_id, m_no) AS first
        FROM said WHERE alias IS NOT NULL GROUP BY d_no, author_id, alias
    )
    JOIN open_documents USING (d_no)
"""

_ENTITIES = f"""
    INSERT INTO entities
    SELECT document_id, kind, name, mentions, evidence
    FROM (
        SELECT d_no, kind, name, count(*) AS mentions, min_by(message_id, m_no, {_MOST_EVIDENCE}) AS evidence
        FROM (
            SELECT d_no, m_no, message_id, 'link' AS kind, rtrim(unnest(regexp_extract_all(text, {_LINK})), '.,;:!?') AS name
            FROM said WHERE contains(text, '://')
            UNION
            SELECT d_no, m_no, message_id, 'file', unnest(regexp_extract_all(text, {_FILE}, 1))
            FROM said WHERE contains(text, '.')
            UNION
            SELECT d_no, m_no, message_id, 'commit', unnest(regexp_extract_all({_NO_ALIAS}, {_COMMIT}))
            FROM said WHERE regexp_matches(text, '[0-9a-f]{{7}}') AND NOT contains(text, '://')
            UNION
            SELECT d_no, m_no, message_id, 'issue', unnest(regexp_extract_all(text, {_ISSUE}, 1))
            FROM said WHERE contains(text, '#')
            UNION
            SELECT d_no, m_no, message_id, 'tag', lower(unnest(regexp_extract_all(text, {_TAG}, 1)))
            FROM said WHERE contains(text, '#')
            UNION
            SELECT d_no, m_no, message_id, 'person', unnest(regexp_extract_all(text, {_PERSON}))
            FROM said WHERE contains(text, 'member-')
            UNION
            SELECT d_no, m_no, message_id, 'project', unnest(regexp_extract_all(text, {_PROJECT}, 1))
            FROM said WHERE contains(text, '://')
            UNION
            SELECT d_no, m_no, message_id, kind, name
            FROM (
                SELECT d_no, known.kind, name, unnest(flatten(said_in)) AS m_no
                FROM spoken JOIN known USING (word)
            )
            JOIN (SELECT d_no, m_no, message_id, text FROM said) USING (d_no, m_no)
            WHERE contains(text, name)
        )
        WHERE name <> '' GROUP BY d_no, kind, name
    )
    JOIN open_documents USING (d_no)
"""
