"""Topics, decisions, questions, entities and participants of changed documents: rules in SQL, one pass over their messages.

Nothing here guesses: an item is a sentence or word that stands in a message, and cites it. The rules know English,
Portuguese, Spanish, German and French.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.stopwords import STOPWORDS
from egregora_assets.warehouse.query import changed, temporary, view_of

ITEM_TABLES = ("topics", "decisions", "questions", "entities", "participants")

_MOST_TOPICS = 6
_LEAST_TOPIC_LETTERS = 4
_MOST_EVIDENCE = 3
_MOST_SENTENCE = 400

DECISION_CUES = (
    r"decided\b|decision:|let['’]s go with|we(?:['’]ll| will) go with|we(?:['’]re| are) going with|it['’]s settled|settled then|"
    r"we agreed|agreed:|final answer|"
    r"decidimos|decidido|decisão:|combinado|fechado então|fechado:|ficou decidido|vamos com|ficamos com|"
    r"decidimos|acordamos|acordado|quedamos en|decisión:|vamos con|"
    r"wir nehmen|beschlossen|entschieden|entscheidung:|abgemacht|einigen wir uns|"
    r"on a décidé|décidé|décision :|c['’]est décidé|on part sur|convenu"
)

_CUE = quoted(rf"(?i)(?:^|[^\p{{L}}])(?:{DECISION_CUES})")
_CUE_SENTENCE = quoted(rf"(?i)((?:[^.!?\n]*[^\p{{L}}.!?\n])?(?:{DECISION_CUES})[^!?\n]*)")
_QUESTION = quoted(r"""([^.!?¿\n][^.!?\n]*[?？؟])(?:[\s"”’)*_~]|$)""")
_LINK_PATTERN = r"""https?://[^\s<>()\[\]"']+"""
_LINK = quoted(_LINK_PATTERN)
_NO_WORD = quoted(rf"{_LINK_PATTERN}|\[(?:name|email|phone)\]|@\p{{Nd}}+")
_FILE = quoted(
    r"""(?:^|[\s("])((?:[\w.\-]+/)*[\w\-]+\.(?:py|js|ts|tsx|jsx|rs|go|c|h|cpp|hpp|java|kt|rb|php|sh|sql|md|toml|yaml|yml|"""
    r"""json|html|css|ino|stl|scad|pdf|csv))(?:[\s:,;.!?)"#]|$)"""
)
_COMMIT = quoted(r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,38}\b")
_ISSUE = quoted(r"(?:^|[\s(])(#[0-9]{1,6})\b")
_TAG = quoted(r"(?:^|[\s(])(#\p{L}[\p{L}\p{N}_]+)")
_WORD = quoted(rf"\p{{L}}{{{_LEAST_TOPIC_LETTERS},}}")


def extract(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the item tables for the documents in ``open_documents``; what they held for those is replaced.

    Runs inside the caller's transaction. Reads ``clean_messages`` only.
    """
    for table in ITEM_TABLES:
        changed(connection, f"DELETE FROM {table} WHERE document_id IN (SELECT document_id FROM open_documents)")
    with temporary(connection, "said", _SAID):
        changed(connection, _PARTICIPANTS)
        changed(connection, _DECISIONS)
        changed(connection, _QUESTIONS)
        changed(connection, _ENTITIES)
        words = pa.table({"word": sorted(STOPWORDS)})
        with view_of(connection, "stopwords", words), temporary(connection, "words", _WORDS):
            changed(connection, _TOPICS)


_SAID = """
    SELECT d.document_id, c.message_id, c.sent_at, c.author_id, c.kind, c.text, a.alias AS author, ordinal
    FROM (
        SELECT document_id, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1) AS ordinal
        FROM documents WHERE document_id IN (SELECT document_id FROM open_documents)
    ) d
    JOIN clean_messages c USING (message_id)
    LEFT JOIN authors a USING (author_id)
"""

_PARTICIPANTS = """
    INSERT INTO participants
    SELECT document_id, author, count(*), min_by(message_id, ordinal, 1)
    FROM said WHERE author IS NOT NULL GROUP BY document_id, author
"""

_DECISIONS = f"""
    INSERT INTO decisions
    SELECT document_id, left(trim(regexp_extract(text, {_CUE_SENTENCE}, 1)), {_MOST_SENTENCE}), author, sent_at, [message_id]
    FROM said WHERE kind = 'text' AND regexp_matches(text, {_CUE})
"""

_QUESTIONS = f"""
    INSERT INTO questions
    SELECT document_id, left(sentence, {_MOST_SENTENCE}), author, sent_at, [message_id]
    FROM (
        SELECT *, trim(regexp_extract(text, {_QUESTION}, 1)) AS sentence
        FROM said WHERE kind = 'text' AND (contains(text, '?') OR contains(text, '？') OR contains(text, '؟'))
    )
    WHERE length(sentence) >= 6
"""

_ENTITIES = f"""
    INSERT INTO entities
    SELECT document_id, kind, name, count(*), min_by(message_id, ordinal, {_MOST_EVIDENCE})
    FROM (
        SELECT document_id, message_id, ordinal, 'link' AS kind, rtrim(unnest(regexp_extract_all(text, {_LINK})), '.,;:!?') AS name
        FROM said WHERE contains(text, '://')
        UNION ALL
        SELECT document_id, message_id, ordinal, 'file', unnest(regexp_extract_all(text, {_FILE}, 1))
        FROM said WHERE contains(text, '.')
        UNION ALL
        SELECT document_id, message_id, ordinal, 'commit', unnest(regexp_extract_all(text, {_COMMIT}))
        FROM said WHERE regexp_matches(text, '[0-9a-f]{{7}}') AND NOT contains(text, '://')
        UNION ALL
        SELECT document_id, message_id, ordinal, 'issue', unnest(regexp_extract_all(text, {_ISSUE}, 1))
        FROM said WHERE contains(text, '#')
        UNION ALL
        SELECT document_id, message_id, ordinal, 'tag', lower(unnest(regexp_extract_all(text, {_TAG}, 1)))
        FROM said WHERE contains(text, '#')
    )
    WHERE name <> '' GROUP BY document_id, kind, name
"""

_WORDS = f"""
    SELECT document_id, message_id, ordinal, unnest(list_distinct(regexp_extract_all(
        lower(CASE WHEN regexp_matches(text, {_NO_WORD}) THEN regexp_replace(text, {_NO_WORD}, ' ', 'g') ELSE text END), {_WORD}
    ))) AS word
    FROM said WHERE kind = 'text'
"""

_TOPICS = f"""
    INSERT INTO topics
    WITH counted AS (
        SELECT document_id, word, count(*) * ln(1 + length(word)) AS score
        FROM words ANTI JOIN stopwords USING (word) GROUP BY document_id, word HAVING count(*) > 1
    ),
    best AS (
        SELECT * FROM counted QUALIFY row_number() OVER (PARTITION BY document_id ORDER BY score DESC, word) <= {_MOST_TOPICS}
    )
    SELECT document_id, word, any_value(score), min_by(message_id, ordinal, {_MOST_EVIDENCE})
    FROM words JOIN best USING (document_id, word) GROUP BY document_id, word
"""
"""A topic is a word that several messages of the document use; longer words weigh more, ties go by the alphabet."""
