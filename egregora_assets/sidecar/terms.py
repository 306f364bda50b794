"""What a document is about: words that weigh by c-TF-IDF, and the sentences that share most of them.

A document is a class: a word weighs by how often the document says it, and less the more documents say it. In how many a
word is said is kept in ``private.term_documents``, brought up to date by what changed documents had and have; words are
numbers there. A document keeps the weights of the day on which it was last extracted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.privacy.kinds import ALIAS, PLACEHOLDER
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.outcomes import cut, item, sentences_of
from egregora_assets.warehouse.query import changed, scalar, temporary

_MOST_TOPICS = 6
_LEAST_TOPIC_LETTERS = 4
_MOST_EVIDENCE = 3
_MOST_SUMMARY = 3
_LEAST_SUMMARY_LETTERS = 20
_WEIGHED = 12
"""So many of a document's heaviest words choose its summary."""

LINK_PATTERN = rf"""https?://(?:[^\s<>()\[\]"']|{PLACEHOLDER})+"""
"""With the placeholders in it: a link that ends before one would seem to ask for what stood there."""
_LAUGHTER = quoted(r"^(?:[ah]{4,}|[eh]{4,}|[aj]{4,}|[ej]{4,}|[rs]{4,}|[lo]{4,}|k+|x+|m+|h+m+)$")
_OF_DECISIONS = ", ".join(
    map(
        quoted,
        """
        agreed decided decision decisions settled done cancelled canceled combinado decidido decisão fechado feito cancelado
        acordado hecho decisión abgemacht beschlossen entschieden erledigt abgesagt convenu décidé décision annulé
        """.split(),
    )
)
"""By these words decisions and what became of tasks are known; what was talked about they do not say."""
_NO_WORD = quoted(rf"{LINK_PATTERN}|{PLACEHOLDER}|{ALIAS}|@\p{{Nd}}+")
_WORD = quoted(rf"\p{{L}}{{{_LEAST_TOPIC_LETTERS},}}")
_LETTERS = quoted(r"\p{L}+")
"""A tenth as dear to make as the pattern of a word."""
_SIMPLE = quoted("[a-z]+")


def words_of(text: str) -> str:
    """Return the SQL for the list of the words of ``text`` of which topics are made, in lower case."""
    return f"regexp_extract_all(regexp_replace(lower({text}), {_NO_WORD}, ' ', 'g'), {_WORD})"


NO_CANDIDATES = "SELECT 0 AS d_no, '' AS word, 0::UBIGINT AS term, 0::BIGINT AS uses, [[0]] AS said_in LIMIT 0"
"""The empty table of words that may become topics."""
NO_CHANGES = "SELECT 0::UBIGINT AS term, 0::BIGINT AS documents LIMIT 0"
"""The empty table of how counts of documents are to change."""


def forget(connection: duckdb.DuckDBPyConnection, outdated: str) -> None:
    """Take the documents that SQL ``outdated`` gives out of the counts; ``settle`` has to follow."""
    among = f"document_id IN ({outdated})"
    changed(connection, f"INSERT INTO term_changes SELECT unnest(terms), -1 FROM private.document_terms WHERE {among}")
    changed(connection, f"DELETE FROM private.document_terms WHERE {among}")


@contextmanager
def counted(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Count the words of ``said``, and put those that several messages of a document say aside as ``candidates``.

    ``stopwords`` is given. What is said only once in a document counts, but names no topic. Inside the block ``spoken`` has the
    words of each document and where they are said.
    """
    with temporary(connection, "tokens", _TOKENS), temporary(connection, "spoken", _SPOKEN):
        changed(connection, _DOCUMENT_TERMS)
        changed(connection, "INSERT INTO term_changes SELECT term, count(*) FROM spoken GROUP BY term")
        changed(connection, _CANDIDATES)
        yield


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring ``private.term_documents`` up to date with the changes that were put aside."""
    sums = "SELECT term, sum(documents)::BIGINT AS documents FROM term_changes GROUP BY term HAVING sum(documents) <> 0"
    with temporary(connection, "term_sums", sums) as count:
        if not count:
            return
        both = """
            SELECT term, sum(documents)::BIGINT AS documents
            FROM (FROM term_sums UNION ALL FROM private.term_documents SEMI JOIN term_sums USING (term))
            GROUP BY term HAVING sum(documents) > 0
        """
        with temporary(connection, "terms_now", both):
            changed(connection, "DELETE FROM private.term_documents WHERE term IN (SELECT term FROM term_sums)")
            changed(connection, "INSERT INTO private.term_documents FROM terms_now")
    changed(connection, "DELETE FROM term_changes")


def name(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``topics`` and ``summaries`` of the open documents from ``candidates``; what says too little is told by a sentence."""
    with temporary(connection, "weighed", _WEIGHTS), temporary(connection, "placed", _PLACED):
        changed(connection, _TOPICS)
        changed(connection, _SUMMARIES)
        if scalar(connection, _ANY_UNSUMMED):
            changed(connection, _LONGEST_SENTENCES)


_TOKENS = f"""
    SELECT d_no, token, count(*) AS uses, min(m_no) AS first, max(m_no) AS last, list(m_no) AS said_in
    FROM (
        SELECT d_no, m_no, unnest(string_split(replace(lower(
            CASE WHEN contains(text, '://') OR contains(text, '[') OR contains(text, '@') OR contains(text, 'member-')
                THEN regexp_replace(text, {_NO_WORD}, ' ', 'g') ELSE text END
        ), chr(10), ' '), ' ')) AS token
        FROM said WHERE kind = 'text'
    )
    ANTI JOIN (SELECT word AS token FROM stopwords) USING (token)
    WHERE strlen(token) >= {_LEAST_TOPIC_LETTERS} GROUP BY d_no, token
"""
"""What stands between spaces in each document: looking for words in each of these once is half the cost of doing so in texts.
Half of it are words that tell nothing."""

_SPOKEN = f"""
    SELECT d_no, word, md5_number_lower(word) AS term, sum(uses)::BIGINT AS uses, min(first) < max(last) AS is_repeated,
        list(said_in) AS said_in
    FROM (
        SELECT d_no, uses, first, last, said_in, unnest(
            CASE WHEN regexp_full_match(token, {_SIMPLE}) THEN [token] ELSE regexp_extract_all(token, {_LETTERS}) END
        ) AS word
        FROM tokens
    )
    ANTI JOIN stopwords USING (word)
    WHERE length(word) >= {_LEAST_TOPIC_LETTERS} GROUP BY d_no, word
"""
_DOCUMENT_TERMS = """
    INSERT INTO private.document_terms
    SELECT document_id, list(term) FROM spoken JOIN open_documents USING (d_no) GROUP BY document_id
"""
_CANDIDATES = f"""
    INSERT INTO candidates
    SELECT d_no, word, term, uses, said_in
    FROM spoken WHERE is_repeated AND NOT regexp_matches(word, {_LAUGHTER}) AND word NOT IN ({_OF_DECISIONS})
"""

_WEIGHTS = f"""
    WITH heaviest AS (
        SELECT d_no, word, score, row_number() OVER (PARTITION BY d_no ORDER BY score DESC, length(word) DESC, word) AS place
        FROM (
            SELECT d_no, word, uses * ln(1 + (SELECT count(*) FROM private.document_terms) / documents) AS score
            FROM (SELECT d_no, word, term, uses FROM candidates SEMI JOIN open_documents USING (d_no))
            JOIN private.term_documents USING (term)
        )
        QUALIFY place <= {_WEIGHED}
    )
    SELECT d_no, word, list_sort(list_distinct(flatten(said_in))) AS said_in, score, place
    FROM heaviest JOIN (SELECT d_no, word, said_in FROM candidates) USING (d_no, word)
"""
_PLACED = """
    SELECT d_no, generate_subscripts(message_ids, 1)::INTEGER AS m_no, unnest(message_ids) AS message_id
    FROM documents JOIN open_documents USING (document_id)
"""
_TOPICS = f"""
    INSERT INTO topics
    SELECT document_id, word, any_value(score), min_by(message_id, m_no, {_MOST_EVIDENCE})
    FROM (
        SELECT d_no, word, score, unnest(said_in[:{_MOST_EVIDENCE}]) AS m_no FROM (
            FROM weighed WHERE place <= {_MOST_TOPICS}
        )
    )
    JOIN placed USING (d_no, m_no) JOIN open_documents USING (d_no) GROUP BY document_id, word
"""
"""A topic is a word that several messages of the document use; ties go to the longer word, then by the alphabet."""

_TEXTS = "(SELECT message_id, kind, text FROM clean_messages)"
_SUMMARIES = f"""
    INSERT INTO summaries
    WITH shown AS (
        SELECT d_no, evidence[1] AS message_id, list(text) AS shown
        FROM (SELECT document_id, evidence, text FROM decisions UNION ALL SELECT document_id, evidence, text FROM action_items)
        JOIN open_documents USING (document_id) GROUP BY ALL
    ),
    best AS (
        SELECT d_no, m_no, message_id, shown
        FROM (
            SELECT d_no, m_no, sum(score) AS score FROM (SELECT d_no, unnest(said_in) AS m_no, score FROM weighed)
            GROUP BY d_no, m_no
        )
        JOIN placed USING (d_no, m_no) LEFT JOIN shown USING (d_no, message_id)
        QUALIFY row_number() OVER (PARTITION BY d_no, shown IS NULL ORDER BY score DESC, m_no) <= {_MOST_SUMMARY}
    ),
    parts AS (
        SELECT d_no, m_no, message_id, sentence, s_no, lower(sentence) AS lowered,
            CASE WHEN shown IS NULL THEN false ELSE list_contains(shown, {item("sentence")}) END AS is_shown
        FROM ({sentences_of(f"FROM best JOIN {_TEXTS} USING (message_id)", "d_no, m_no, message_id, shown")})
        WHERE length(sentence) >= {_LEAST_SUMMARY_LETTERS}
    ),
    telling AS (
        SELECT d_no, m_no, any_value(message_id) AS message_id, any_value(sentence) AS sentence, any_value(is_shown) AS is_shown,
            sum(score) AS score
        FROM parts JOIN weighed USING (d_no) WHERE contains(lowered, word) GROUP BY d_no, m_no, s_no
        QUALIFY row_number() OVER (PARTITION BY d_no, m_no ORDER BY any_value(is_shown), sum(score) DESC, s_no) = 1
    ),
    chosen AS (
        SELECT * FROM telling QUALIFY row_number() OVER (PARTITION BY d_no ORDER BY is_shown, score DESC, m_no) <= {_MOST_SUMMARY}
            AND rank() OVER (PARTITION BY d_no ORDER BY is_shown) = 1
    )
    SELECT document_id, row_number() OVER (PARTITION BY d_no ORDER BY m_no), {cut("sentence")}, [message_id]
    FROM chosen JOIN open_documents USING (d_no)
"""
"""The messages that say most of the heaviest words, each by its sentence that says most of them, in the order of the talk.

What is shown as a decision or a task already is not said again where there is anything else to say.
"""
_ANY_UNSUMMED = "SELECT EXISTS (FROM open_documents ANTI JOIN summaries USING (document_id))"
_UNSUMMED = "FROM placed SEMI JOIN (FROM open_documents ANTI JOIN summaries USING (document_id)) USING (d_no)"
_LONGEST_SENTENCES = f"""
    INSERT INTO summaries
    SELECT document_id, 1, {cut("sentence")}, [message_id]
    FROM ({sentences_of(f"FROM ({_UNSUMMED}) JOIN {_TEXTS} USING (message_id)", "d_no, m_no, message_id")})
    JOIN open_documents USING (d_no)
    WHERE length(regexp_replace(sentence, {_NO_WORD}, '', 'g')) >= {_LEAST_SUMMARY_LETTERS}
    QUALIFY row_number() OVER (PARTITION BY d_no ORDER BY length(sentence) DESC, m_no, s_no) = 1
"""
"""For conversations in which no word weighs, as most of a few messages: their longest sentence, if it is one."""
