"""Questions that the published file answers by name: macros stored in it, for whoever opens it with DuckDB.

They are told apart from their columns by what stands before these: within a macro a bare name is its parameter.
"""

from __future__ import annotations

from egregora_assets.sidecar.ranking import EXPLAINED

_PLACE = "p.source_id, p.slug, p.title, {item}.document_id, {item}.evidence"
_ABOUT_TOPIC = (
    "(topic IS NULL OR {item}.document_id IN (SELECT t.document_id FROM topics t WHERE lower(t.label) = lower(topic)))"
)
_DECISION = """
    SELECT 'decision' AS kind, d.text, NULL::VARCHAR AS assignee, d.author, d.decided_at AS said_at, NULL::DATE AS due_on,
        d.status, p.source_id, p.slug, p.title, d.document_id, d.evidence
    FROM decisions d JOIN sidecars p ON p.document_id = d.document_id
"""
_LEDGER = f"""
    {_DECISION}
    WHERE assignee IS NULL AND (since IS NULL OR d.decided_at >= since::TIMESTAMPTZ) AND {_ABOUT_TOPIC.format(item="d")}
    UNION ALL
    SELECT 'task', a.text, a.assignee, a.author, a.said_at, a.due_on, a.status, {_PLACE.format(item="a")}
    FROM action_items a JOIN sidecars p ON p.document_id = a.document_id
    WHERE (since IS NULL OR a.said_at >= since::TIMESTAMPTZ) AND {_ABOUT_TOPIC.format(item="a")} AND (
        assignee IS NULL OR a.assignee = assignee
        OR a.assignee IN (SELECT w.alias FROM authors w WHERE lower(w.chosen_name) = lower(assignee))
    )
    ORDER BY said_at DESC, text
"""
_QUESTION = """
    SELECT q.text, q.author, q.asked_at, q.status, q.answer, q.answered_by, q.answered_at,
        p.source_id, p.slug, p.title, q.document_id, q.evidence
    FROM questions q JOIN sidecars p ON p.document_id = q.document_id
"""
_NAMED = "({name} = path OR suffix({name}, '/' || path) OR starts_with({name}, rtrim(path, '/') || '/'))"
"""A file is named by its path, or by the end of it; a folder by what its files begin with."""
_DECISIONS_ABOUT = f"""
    WITH spoken AS (
        SELECT u.document_id FROM search_units u
        SEMI JOIN (
            SELECT c.message_id FROM code_references c WHERE {_NAMED.format(name="c.path")} OR {_NAMED.format(name="c.raw")}
        ) USING (message_id)
        WHERE u.kind = 'message'
        UNION SELECT e.document_id FROM entities e WHERE e.kind = 'file' AND {_NAMED.format(name="e.name")}
    )
    SELECT i.*, CASE WHEN contains(lower(i.text), lower(path)) THEN 'text' ELSE 'code' END AS found_by
    FROM ({_DECISION}) i
    WHERE path <> '' AND (contains(lower(i.text), lower(path)) OR i.document_id IN (SELECT s.document_id FROM spoken s))
    ORDER BY said_at DESC, text
"""
_CONVERSATIONS = f"""
    SELECT row_number() OVER (ORDER BY r.score DESC, p.slug DESC) AS rank, r.score, {EXPLAINED} AS explanation,
        p.source_id, p.slug, p.title, r.document_id
    FROM conversation_ranking r JOIN sidecars p ON p.document_id = r.document_id
    ORDER BY rank
"""

MACROS = {
    "ledger": ("topic := NULL, assignee := NULL, since := NULL", _LEDGER),
    "open_questions": ("", f"{_QUESTION} WHERE q.status = 'open' ORDER BY q.asked_at DESC, q.text"),
    "decisions_about": ("path", _DECISIONS_ABOUT),
    "conversations": ("", _CONVERSATIONS),
}
"""Parameters and query by name."""


def statements(kind: str = "MACRO") -> list[str]:
    """Return the SQL that makes the macros in the database in use, whose tables there are.

    Another ``kind`` is ``OR REPLACE TEMP MACRO``.
    """
    return [f"CREATE {kind} {name}({parameters}) AS TABLE {query}" for name, (parameters, query) in MACROS.items()]
