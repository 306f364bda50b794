"""The records of sidecars and what else posts show, as SQL gives them: one row for each of the open documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb

from egregora_assets.config import Settings
from egregora_assets.documents.windows import letters
from egregora_assets.media import public
from egregora_assets.sidecar.conversation import notes_of, open_messages
from egregora_assets.sidecar.dates import DAY_FORMAT
from egregora_assets.sidecar.markdown import Context
from egregora_assets.sidecar.models import BY_RULES
from egregora_assets.sidecar.titles import open_titles

_BATCH = 50


class Record(NamedTuple):
    """A sidecar as JSON that ends in a line break, the text of its document, and what the post shows besides."""

    sidecar: bytes
    text: str
    context: Context


@contextmanager
def prepared(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have for the block what ``records`` needs, and ``titles``; ``open_answers`` and ``chats`` have to be there."""
    with open_messages(connection, settings), open_titles(connection, settings):
        yield


def records(connection: duckdb.DuckDBPyConnection, pseudonyms: bool) -> Iterator[Record]:
    """Yield the records of ``open_documents``; posts show ``pseudonyms`` or not."""
    result = connection.execute(RECORDS)
    while batch := result.fetchmany(_BATCH):
        for sidecar, text, speakers, given, timed, moments, notes in batch:
            letters_of, said_when = dict(zip(speakers, given, strict=True)), dict(zip(timed, moments, strict=True))
            yield Record(sidecar, text, Context(letters_of, said_when, notes_of(notes), pseudonyms))


READ_BY = "(SELECT document_id, model FROM open_answers)"
EXTRACTED_BY = f"coalesce(x.model, '{BY_RULES}')"


def _iso(moment: str) -> str:
    return f"strftime({moment}, '%Y-%m-%dT%H:%M:%SZ')"


def _items(table: str, fields: str, order: str) -> str:
    """Return the SQL of one item table as a list of structs per open document."""
    return f"""
        (SELECT document_id, list({{{fields}, 'evidence': evidence}} ORDER BY {order}) AS items
        FROM {table} WHERE document_id IN (SELECT document_id FROM open_documents) GROUP BY document_id)
    """


_TOPIC_ITEMS = _items("topics", "'label': label, 'score': round(score, 3)", "score DESC, label")
_DECISION_ITEMS = _items(
    "decisions",
    f"'text': text, 'author': author, 'decided_at': {_iso('decided_at')}, 'status': status, 'revoked_by': revoked_by",
    "decided_at, evidence[1], text",
)
_ACTION_ITEMS = _items(
    "action_items",
    "'text': text, 'assignee': assignee, 'author': author, 'due': due, 'due_on': due_on, "
    f"'said_at': {_iso('said_at')}, 'status': status, 'done_by': done_by",
    "said_at, evidence[1], text",
)
_ANSWER = f"""CASE WHEN answer_id IS NOT NULL THEN {{
    'text': coalesce(answer, ''), 'author': answered_by, 'answered_at': {_iso("answered_at")}, 'linked_by': linked_by,
    'message_id': answer_id
}} END"""
_QUESTION_ITEMS = _items(
    "questions",
    f"'text': text, 'author': author, 'asked_at': {_iso('asked_at')}, 'status': status, 'answer': {_ANSWER}",
    "asked_at, evidence[1], text",
)
_SUMMARY_ITEMS = _items("summaries", "'text': text", "place")
_ENTITY_ITEMS = _items("entities", "'kind': kind, 'name': name, 'mentions': mentions", "mentions DESC, kind, name")
_PARTICIPANT_ITEMS = _items(
    "participants", "'author': author, 'message_count': message_count", "message_count DESC, author"
)
_ENDING = "CASE mime " + " ".join(f"WHEN '{mime}' THEN '{ending}'" for mime, ending in public.ENDINGS.items()) + " END"
_CODE_ITEMS = """
    (SELECT document_id, list({
        'kind': kind, 'text': raw, 'repository': repo, 'path': path, 'line_from': line_from, 'line_to': line_to,
        'commit': sha, 'number': number, 'state': state, 'url': permalink, 'evidence': evidence
    } ORDER BY first, raw) AS items
    FROM (
        SELECT document_id, kind, raw, repo, path, line_from, line_to, sha, number, state, permalink,
            min_by(message_id, m_no, 3) AS evidence, min((m_no, place)) AS first
        FROM placed JOIN code_references USING (message_id) GROUP BY ALL
    )
    GROUP BY document_id)
"""
_MEDIA_ITEMS = f"""
    (SELECT document_id, list({{
        'media_id': public_id, 'mime': mime,
        'path': concat('media/', left(public_id, 2), '/', public_id, {_ENDING}),
        'width': width, 'height': height, 'evidence': evidence
    }} ORDER BY first, public_id) AS items
    FROM (
        SELECT document_id, public_id, any_value(mime) AS mime, any_value(width) AS width, any_value(height) AS height,
            min_by(message_id, m_no, 3) AS evidence, min(m_no) AS first
        FROM placed JOIN message_media USING (message_id)
        JOIN (FROM media_public WHERE is_shown AND public_id IS NOT NULL) USING (media_id)
        LEFT JOIN (SELECT media_id, width, height FROM pictures) USING (media_id)
        GROUP BY document_id, public_id
    )
    GROUP BY document_id)
"""
_COUNTS = """
    (SELECT document_id, sum(words)::BIGINT AS words, count(reply_to) AS replies FROM placed GROUP BY document_id)
"""
_TIMED = ("decisions", "questions")
_QUOTED = """
    (SELECT document_id, list(DISTINCT quoted_id ORDER BY quoted_id) AS ids
    FROM (FROM quotations ANTI JOIN placed ON placed.document_id = quotations.document_id AND placed.message_id = quoted_id)
    GROUP BY document_id)
"""
_CITED = " UNION ALL ".join(
    (
        *(
            f"SELECT evidence[1] AS message_id FROM {table} SEMI JOIN open_documents USING (document_id)"
            for table in _TIMED
        ),
        "SELECT answer_id FROM questions SEMI JOIN open_documents USING (document_id) WHERE answer_id IS NOT NULL",
    )
)
_SAID_WHEN = f"""
    concat(
        CASE WHEN d.local_date <> d.local_until OR d.overlap > 0 THEN strftime(local_time, '{DAY_FORMAT}, ') END,
        strftime(local_time, '%H:%M')
    )
"""
_MOMENTS = f"""
    (SELECT document_id, list(message_id::VARCHAR) AS timed, list({_SAID_WHEN}) AS moments
    FROM (SELECT document_id, message_id, local_time FROM placed SEMI JOIN ({_CITED}) USING (message_id))
    JOIN documents d USING (document_id) GROUP BY document_id)
"""
"""When what posts tell the time of was said, by the clock of the chat. As two lists, which come to Python in half the time
that a map takes; so do speakers and their letters."""
_SPEAKERS = """
    list_transform(
        list_sort(list_transform(coalesce(p.items, []), lambda item: {
            'first': list_position(d.message_ids, item.evidence[1]), 'author': item.author
        })),
        lambda item: item.author
    )
"""
"""In the order of people's first messages, which are the evidence for participants: in that they are given letters."""
_LETTERS = f"list_transform(range(1, len(coalesce(p.items, [])) + 1), lambda place: {letters('place')})"

RECORDS = f"""
SELECT
    encode(to_json({{
        'document_id': d.document_id, 'slug': d.slug, 'title': h.title, 'source_id': d.source_id, 'chat': h.chat,
        'first_day': d.local_date, 'last_day': d.local_until,
        'window_start': {_iso("d.window_start")}, 'window_end': {_iso("d.window_end")},
        'message_count': len(d.message_ids), 'message_ids': d.message_ids,
        'quoted_ids': coalesce(u.ids, []), 'extracted_by': {EXTRACTED_BY},
        'statistics': {{
            'messages': len(d.message_ids), 'words': coalesce(n.words, 0), 'participants': len(coalesce(p.items, [])),
            'replies': coalesce(n.replies, 0), 'minutes': date_diff('minute', d.window_start, d.window_end)
        }},
        'summary': coalesce(s.items, []), 'topics': coalesce(t.items, []), 'decisions': coalesce(c.items, []),
        'action_items': coalesce(a.items, []), 'questions': coalesce(q.items, []),
        'entities': coalesce(e.items, []), 'code_references': coalesce(r.items, []),
        'media': coalesce(m.items, []), 'participants': coalesce(p.items, [])
    }})::VARCHAR || chr(10)) AS record,
    d.text,
    {_SPEAKERS} AS speakers,
    {_LETTERS} AS letters,
    coalesce(w.timed, []) AS timed,
    coalesce(w.moments, []) AS moments,
    coalesce(o.notes, []) AS notes
FROM documents d
JOIN titles h USING (document_id)
LEFT JOIN {_TOPIC_ITEMS} t USING (document_id)
LEFT JOIN {_DECISION_ITEMS} c USING (document_id)
LEFT JOIN {_ACTION_ITEMS} a USING (document_id)
LEFT JOIN {_QUESTION_ITEMS} q USING (document_id)
LEFT JOIN {_SUMMARY_ITEMS} s USING (document_id)
LEFT JOIN {_COUNTS} n USING (document_id)
LEFT JOIN {_ENTITY_ITEMS} e USING (document_id)
LEFT JOIN {_PARTICIPANT_ITEMS} p USING (document_id)
LEFT JOIN {_CODE_ITEMS} r USING (document_id)
LEFT JOIN {_MEDIA_ITEMS} m USING (document_id)
LEFT JOIN {READ_BY} x USING (document_id)
LEFT JOIN {_QUOTED} u USING (document_id)
LEFT JOIN {_MOMENTS} w USING (document_id)
LEFT JOIN notes o USING (document_id)
WHERE d.document_id IN (SELECT document_id FROM open_documents)
"""
"""The SQL of ``records``: the sidecar is its ``record``, the other columns are what its post shows besides."""
