"""A model's items in the place of the rules': for the open documents to whose present texts it has an answer.

Who said an item, and when, is taken from the first message that it cites.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.authors.policy import leaking_by, rules_of
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.documents.windows import placed
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.sidecar import due
from egregora_assets.sidecar.language_model.prompt import VOICES, fingerprint
from egregora_assets.sidecar.models import BY_RULES
from egregora_assets.warehouse.query import changed, scalar, temporary
from egregora_assets.warehouse.revisions import transaction, watermark

NEW_ANSWERS = "SELECT document_id FROM private.language_model_documents WHERE revision > $since"
"""The SQL for documents that have another answer, or are to be looked at again."""
_TABLES = ("summaries", "decisions", "action_items", "questions")
_TEXTS = (
    ("summaries", "text"),
    ("decisions", "text"),
    ("action_items", "text"),
    ("questions", "text"),
    ("questions", "answer"),
)
_CONSUMER = "language_model_items"


@contextmanager
def open_answers(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have the answers about ``open_documents`` as table ``open_answers`` for the block; none where no model is set."""
    model = settings.language_model.model
    given = {"model": model, "fingerprint": fingerprint(model) if model else ""}
    with temporary(connection, "open_answers", _OPEN_ANSWERS, given):
        yield


def unmark(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep decisions and tasks of ``open_answers`` from being told otherwise by rules, which know nothing of what a model words."""
    if scalar(connection, "SELECT EXISTS (FROM open_answers)"):
        among = "document_id IN (SELECT document_id FROM open_answers)"
        changed(connection, f"DELETE FROM private.decision_marks WHERE {among} AND NOT takes_back")
        changed(connection, f"DELETE FROM private.task_marks WHERE {among} AND NOT is_news")


def replace(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the items of ``open_answers`` in place of what the rules have found in the same documents."""
    if not scalar(connection, "SELECT EXISTS (FROM open_answers)"):
        return
    for table in _TABLES:
        changed(connection, f"DELETE FROM {table} WHERE document_id IN (SELECT document_id FROM open_answers)")
    with (
        temporary(connection, "placed", placed("SELECT document_id FROM open_answers")),
        temporary(connection, "voices", VOICES),
        temporary(connection, "cited", _CITED),
    ):
        for statement in (_SUMMARIES, _DECISIONS, _ACTION_ITEMS, _QUESTIONS):
            changed(connection, statement)


def look_again(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Let documents be made anew whose items show a name that has only now become known.

    Texts of people are cleaned again then, and what the rules have found in them with them; a model's words are its own.
    """
    if not scalar(connection, f"SELECT EXISTS (FROM sidecars WHERE extracted_by <> '{BY_RULES}')"):
        return
    known = names_fingerprint(connection, settings)
    if watermark(connection, _CONSUMER).fingerprint == known:
        return
    shown = " UNION ALL ".join(
        f"SELECT document_id, source_id, {column} AS words FROM {table} JOIN ({_BY_A_MODEL}) USING (document_id) "
        f"WHERE {column} IS NOT NULL"
        for table, column in _TEXTS
    )
    with (
        scrubbing(connection),
        transaction(connection, _CONSUMER) as change,
        leaking_by(connection, rules_of(connection, settings), shown) as count,
    ):
        if count:
            marked = f"UPDATE private.language_model_documents SET revision = ? WHERE document_id IN ({_LEAKING})"
            changed(connection, marked, [change.revision])
        change.advance(known, even_unchanged=True)


_LEAKING = "SELECT document_id FROM leaking"
_BY_A_MODEL = f"SELECT document_id, source_id FROM sidecars WHERE extracted_by <> '{BY_RULES}'"
_FORM = (
    '{"summary": [{"text": "VARCHAR", "messages": ["INTEGER"]}], '
    '"decisions": [{"text": "VARCHAR", "status": "VARCHAR", "messages": ["INTEGER"]}], '
    '"action_items": [{"text": "VARCHAR", "assignee": "VARCHAR", "due": "VARCHAR", "messages": ["INTEGER"]}], '
    '"questions": [{"text": "VARCHAR", "answer": {"text": "VARCHAR", "message": "INTEGER"}, "messages": ["INTEGER"]}]}'
)
_OPEN_ANSWERS = f"""
    SELECT document_id, message_ids, $model AS model, from_json(any_value(findings), '{_FORM}') AS found
    FROM (SELECT document_id, message_ids, content_hash FROM documents SEMI JOIN open_documents USING (document_id))
    JOIN (SELECT document_id, content_hash, request FROM private.language_model_documents WHERE fingerprint = $fingerprint)
        USING (document_id, content_hash)
    JOIN (SELECT request, findings FROM private.language_model_answers WHERE findings IS NOT NULL) USING (request)
    GROUP BY document_id, message_ids
"""
_CITED = """
    SELECT document_id, m_no, message_id, sent_at, local_date, alias
    FROM placed JOIN (SELECT message_id, sent_at, local_date, author_id FROM clean_messages) USING (message_id)
    LEFT JOIN (SELECT author_id, alias FROM authors) USING (author_id)
"""
_EVIDENCE = "list_transform(item.messages, lambda number: message_ids[number])"


def _items(kind: str) -> str:
    """Return SQL for the items of a kind, one row each, with what is known of the first message that each cites."""
    return f"""
        (
            SELECT i.*, first.* EXCLUDE (document_id) FROM (
                SELECT document_id, message_ids, unnest(found.{kind}) AS item, generate_subscripts(found.{kind}, 1) AS place
                FROM open_answers
            ) i
            JOIN cited first ON first.document_id = i.document_id AND first.m_no = i.item.messages[1]
        )
    """


_SUMMARIES = f"INSERT INTO summaries SELECT document_id, place, item.text, {_EVIDENCE} FROM {_items('summary')}"
_DECISIONS = f"""
    INSERT INTO decisions (document_id, text, author, decided_at, evidence, status)
    SELECT document_id, item.text, alias, sent_at, {_EVIDENCE}, item.status FROM {_items("decisions")}
"""
_DUE = due.words("replace(strip_accents(lower(item.due)), '’', '''')")
_ACTION_ITEMS = f"""
    INSERT INTO action_items (document_id, text, assignee, author, due, due_on, status, said_at, evidence)
    SELECT f.document_id, item.text, assignee.alias, f.alias, item.due, {due.day(_DUE, "local_date")}, 'open', sent_at, {_EVIDENCE}
    FROM {_items("action_items")} f
    LEFT JOIN (SELECT document_id, letter, alias FROM voices JOIN authors USING (author_id)) assignee
        ON assignee.document_id = f.document_id AND assignee.letter = f.item.assignee
"""
_QUESTIONS = f"""
    INSERT INTO questions
        (document_id, text, author, asked_at, evidence, status, answer, answer_id, answered_by, answered_at, linked_by)
    SELECT f.document_id, item.text, f.alias, f.sent_at,
        CASE WHEN given.m_no IS NULL OR list_contains(item.messages, given.m_no) THEN {_EVIDENCE}
            ELSE list_append({_EVIDENCE}, given.message_id) END,
        CASE WHEN given.m_no IS NULL THEN 'open' ELSE 'answered' END,
        CASE WHEN given.m_no IS NOT NULL THEN item.answer.text END, given.message_id, given.alias, given.sent_at,
        CASE WHEN given.m_no IS NOT NULL THEN 'model' END
    FROM {_items("questions")} f
    LEFT JOIN cited given ON given.document_id = f.document_id AND given.m_no = f.item.answer.message
"""
