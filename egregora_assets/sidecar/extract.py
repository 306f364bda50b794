"""Topics, decisions, questions, entities and participants of changed documents: rules in SQL, one pass over their messages.

Nothing here guesses: an item is a sentence or word that stands in a message, and cites it. The rules know English,
Portuguese, Spanish, German and French.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from egregora_assets.authors.policy import Rules, naming_somebody, unscrubbed
from egregora_assets.privacy.kinds import ALIAS, PLACEHOLDER
from egregora_assets.privacy.scrub import leaking, quoted
from egregora_assets.sidecar.stopwords import STOPWORDS
from egregora_assets.warehouse.query import changed, temporary, view_of

ITEM_TABLES = ("topics", "decisions", "questions", "entities", "participants")
TEXT_COLUMNS = {"topics": "label", "decisions": "text", "questions": "text", "entities": "name"}
"""The columns that hold words of people."""

_MOST_TOPICS = 6
_LEAST_TOPIC_LETTERS = 4
_MOST_EVIDENCE = 3
_MOST_SENTENCE = 400
_LEAST_QUESTION = 6

DECISION_CUES = (
    r"decided\b|decision:|let['’]s go with|we(?:['’]ll| will) go with|we(?:['’]re| are) going with|it['’]s settled|settled then|"
    r"we agreed|agreed:|final answer|"
    r"decidimos|decidido|decisão:|combinado|fechado então|fechado:|ficou decidido|vamos com|ficamos com|"
    r"acordamos|acordado|quedamos en|decisión:|vamos con|"
    r"wir nehmen|beschlossen|entschieden|entscheidung:|abgemacht|einigen wir uns|"
    r"on a décidé|décidé|décision :|c['’]est décidé|on part sur|convenu"
)

_CUE = quoted(rf"(?i)(?:^|[^\p{{L}}])(?:{DECISION_CUES})")
_SENTENCE_END = quoted(r"[.!?](?:\s|$)|\n")
_IN_SENTENCE = r"(?:[^.!?\n]|[.!?][\p{L}\p{N}/=&_%#-])"
"""A point or question mark in front of a letter or digit ends nothing: it stands in a link, a file's name or a number."""
_QUESTION = quoted(rf"""([^.!?¿\s]{_IN_SENTENCE}*[?？؟])[!?]*(?:[\s"”’)*_~]|$)""")
_SEVERAL_WORDS = quoted(r"\S\s+\S+\s+\S|^[^A-Za-zÀ-ɏ]+$")
"""Three words, or a script that puts no spaces: "Smell?" asks nothing that can be looked up later."""
_LINK_PATTERN = rf"""https?://(?:[^\s<>()\[\]"']|{PLACEHOLDER})+"""
"""With the placeholders in it: a link that ends before one would seem to ask for what stood there."""
_LINK = quoted(_LINK_PATTERN)
_LAUGHTER = quoted(r"^(?:[ah]{4,}|[eh]{4,}|[aj]{4,}|[ej]{4,}|[rs]{4,}|[lo]{4,}|k+|x+|m+|h+m+)$")
_NO_WORD = quoted(rf"{_LINK_PATTERN}|{PLACEHOLDER}|{ALIAS}|@\p{{Nd}}+")
_NO_ALIAS = f"regexp_replace(text, {quoted(ALIAS)}, '', 'g')"
_FILE = quoted(
    r"""(?:^|[\s("])((?:[\w.\-]+/)*[\w\-]+\.(?:py|js|ts|tsx|jsx|rs|go|c|h|cpp|hpp|java|kt|rb|php|sh|sql|md|toml|yaml|yml|"""
    r"""json|html|css|ino|stl|scad|pdf|csv))(?:[\s:,;.!?)"#]|$)"""
)
_COMMIT = quoted(r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,38}\b")
_ISSUE = quoted(r"(?:^|[\s(])(#[0-9]{1,6})\b")
_TAG = quoted(r"(?:^|[\s(])(#\p{L}[\p{L}\p{N}_]+)")
_WORD = quoted(rf"\p{{L}}{{{_LEAST_TOPIC_LETTERS},}}")


def words_of(text: str) -> str:
    """Return the SQL for the list of the words of ``text`` of which topics are made, in lower case."""
    return f"regexp_extract_all(regexp_replace(lower({text}), {_NO_WORD}, ' ', 'g'), {_WORD})"


def extract(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Fill the item tables for the documents in ``open_documents`` (d_no, document_id); what they held for those is replaced.

    Runs inside the caller's transaction. Reads ``clean_messages`` only. Inside, documents and messages have numbers
    instead of ids: the tables of words are the largest, and numbers keep them in memory. An item in which cutting or
    lower case has brought out what ``rules`` hide is dropped.
    """
    for table in ITEM_TABLES:
        changed(connection, f"DELETE FROM {table} WHERE document_id IN (SELECT document_id FROM open_documents)")
    with temporary(connection, "said", _SAID):
        for statement in (_PARTICIPANTS, _DECISIONS, _QUESTIONS, _ENTITIES):
            changed(connection, statement)
        stopwords = pa.table({"word": sorted(STOPWORDS)})
        with view_of(connection, "stopwords", stopwords), temporary(connection, "tokens", _TOKENS):
            changed(connection, _TOPICS)
    _drop_leaking(connection, rules)


def _drop_leaking(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Delete the open documents' items whose words show what is private.

    All tables are asked at once: each making of the patterns costs 20 ms.
    """
    source = "(SELECT d.source_id FROM documents d WHERE d.document_id = i.document_id)" if rules.keep else "''"
    shown = " UNION ".join(
        f"SELECT {column} AS words, {source} AS source_id FROM {table} i SEMI JOIN open_documents USING (document_id)"
        for table, column in TEXT_COLUMNS.items()
    )
    name = naming_somebody("words", "source_id", rules)
    with leaking(connection, shown, f"{unscrubbed('words', 'source_id', rules)} OR {name}", name) as count:
        for table, column in TEXT_COLUMNS.items() if count else ():
            among = "document_id IN (SELECT document_id FROM open_documents)"
            changed(connection, f"DELETE FROM {table} i WHERE {among} AND ({column}, {source}) IN (FROM leaking)")


_SAID = """
    SELECT d_no, m_no, c.message_id, c.sent_at, c.author_id, c.kind, c.text
    FROM (
        SELECT d_no, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1)::INTEGER AS m_no
        FROM documents JOIN open_documents USING (document_id)
    )
    JOIN clean_messages c USING (message_id)
"""
"""What was said in each open document; ``m_no`` counts the messages of one document."""


def _cut(sentence: str) -> str:
    """Return the SQL that shortens a sentence at the end of a word: half a word may be a name that the whole is not."""
    shortened = f"regexp_replace(left({sentence}, {_MOST_SENTENCE}), '\\S*$', '…')"
    return f"CASE WHEN length({sentence}) > {_MOST_SENTENCE} THEN {shortened} ELSE {sentence} END"


_PARTICIPANTS = """
    INSERT INTO participants
    SELECT document_id, alias, messages, [first]
    FROM (
        SELECT d_no, author_id, count(*) AS messages, min_by(message_id, m_no) AS first
        FROM said WHERE author_id IS NOT NULL GROUP BY d_no, author_id
    )
    JOIN open_documents USING (d_no) JOIN authors USING (author_id)
"""

_DECISIONS = f"""
    INSERT INTO decisions
    SELECT
        document_id,
        {_cut(f"trim(list_filter(string_split_regex(text, {_SENTENCE_END}), lambda part: regexp_matches(part, {_CUE}))[1])")},
        alias, sent_at, [message_id]
    FROM (SELECT * FROM said WHERE kind = 'text' AND regexp_matches(text, {_CUE}))
    JOIN open_documents USING (d_no) LEFT JOIN authors USING (author_id)
"""

_QUESTIONS = f"""
    INSERT INTO questions
    SELECT document_id, {_cut("sentence")}, alias, sent_at, [message_id]
    FROM (
        SELECT *, trim(regexp_extract(text, {_QUESTION}, 1)) AS sentence
        FROM said WHERE kind = 'text' AND (contains(text, '?') OR contains(text, '？') OR contains(text, '؟'))
    )
    JOIN open_documents USING (d_no) LEFT JOIN authors USING (author_id)
    WHERE length(sentence) >= {_LEAST_QUESTION} AND regexp_matches(sentence, {_SEVERAL_WORDS})
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
        )
        WHERE name <> '' GROUP BY d_no, kind, name
    )
    JOIN open_documents USING (d_no)
"""

_TOKENS = f"""
    SELECT d_no, token, count(*) AS uses, min(m_no) AS first, max(m_no) AS last, list(m_no) AS said_in
    FROM (
        SELECT d_no, m_no, unnest(string_split(replace(lower(
            CASE WHEN contains(text, '://') OR contains(text, '[') OR contains(text, '@') OR contains(text, 'member-')
                THEN regexp_replace(text, {_NO_WORD}, ' ', 'g') ELSE text END
        ), chr(10), ' '), ' ')) AS token
        FROM said WHERE kind = 'text'
    )
    WHERE strlen(token) >= {_LEAST_TOPIC_LETTERS} GROUP BY d_no, token
"""
"""What stands between spaces in each document: looking for words in each of these once is half the cost of doing so in texts."""

_TOPICS = f"""
    INSERT INTO topics
    WITH words AS (SELECT d_no, unnest(regexp_extract_all(token, {_WORD})) AS word, uses, first, last, said_in FROM tokens),
    frequent AS (
        SELECT d_no, word, sum(uses) AS uses, list(said_in) AS said_in
        FROM words ANTI JOIN stopwords USING (word)
        GROUP BY d_no, word
        HAVING min(first) < max(last) AND NOT regexp_matches(word, {_LAUGHTER})
    ),
    best AS (
        SELECT *, uses * ln(1 + length(word)) AS score FROM frequent
        QUALIFY row_number() OVER (PARTITION BY d_no ORDER BY score DESC, word) <= {_MOST_TOPICS}
    ),
    cited AS (
        SELECT d_no, word, score, unnest(list_sort(list_distinct(flatten(said_in)))[:{_MOST_EVIDENCE}]) AS m_no FROM best
    )
    SELECT document_id, word, any_value(score), min_by(message_id, m_no, {_MOST_EVIDENCE})
    FROM cited JOIN said USING (d_no, m_no) JOIN open_documents USING (d_no) GROUP BY document_id, word
"""
"""A topic is a word that several messages of the document use; longer words weigh more, ties go by the alphabet."""
