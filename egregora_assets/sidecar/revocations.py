"""Which decisions were taken back, and by which message: of the same document, or of a later one of the same chat.

What is needed to tell is kept by message in ``private.decision_marks``: who decides what, who takes something back, and their
words as numbers. Which decision a message takes back follows from the marks of the two weeks before it and from nothing
else, so whatever the order of passes, the same messages give the same rows.
"""

from __future__ import annotations

from egregora_assets.sidecar import words
from egregora_assets.sidecar.marks import Marks

_DAYS = 14
"""So long a decision can be taken back by its words alone."""
_NEAR = 8
"""So many messages after a decision one word in common is enough."""
_MOST = 100
"""So many of the latest decisions before it a message can take back: cost grows with the messages, however many decide."""

_MARKS = f"""
    INSERT INTO private.decision_marks
    WITH replies AS (SELECT d_no, m_no, plain FROM taken_back ANTI JOIN stated USING (d_no, m_no)),
    told AS (
        SELECT d_no, m_no, list(md5_number_lower(word) ORDER BY word) AS words
        FROM ({words.said_in("FROM replies", "d_no, m_no")}) GROUP BY ALL
    ),
    marked AS (
        SELECT d_no, m_no, takes_back, status, evidence, words
        FROM stated JOIN decided USING (d_no, m_no) LEFT JOIN telling USING (d_no, m_no)
        UNION ALL
        SELECT d_no, m_no, true, NULL, [], words FROM replies LEFT JOIN told USING (d_no, m_no)
    )
    SELECT document_id, source_id, message_id, m_no, sent_at, reply_to, takes_back, status, evidence, coalesce(words, [])
    FROM marked JOIN said USING (d_no, m_no) JOIN open_documents USING (d_no) JOIN documents USING (document_id)
"""

_ANYTHING_TAKEN_BACK = """
    SELECT EXISTS (FROM marked_spans) AND (
        EXISTS (FROM private.decision_marks WHERE takes_back) OR EXISTS (FROM decisions WHERE revoked_by IS NOT NULL)
    )
"""
_REVOKED = f"""
    WITH spans AS (
        SELECT source_id, min(first) - INTERVAL {_DAYS} DAY AS since, max(last) + INTERVAL {_DAYS} DAY AS until
        FROM marked_spans GROUP BY source_id
    ),
    numbered AS (
        SELECT m.*, status IS NOT NULL AND NOT takes_back AS can_be_taken_back,
            count(*) FILTER (can_be_taken_back) OVER (
                PARTITION BY source_id ORDER BY said_at, document_id, place ROWS UNBOUNDED PRECEDING
            ) AS number
        FROM private.decision_marks m JOIN spans USING (source_id)
        WHERE said_at BETWEEN since - INTERVAL {_DAYS} DAY AND until + INTERVAL {_DAYS} DAY
    ),
    takers AS (FROM numbered WHERE takes_back),
    taken AS (FROM numbered WHERE can_be_taken_back),
    pairs AS (
        SELECT t.message_id AS taker, d.message_id AS taken, t.said_at AS taken_at, d.said_at,
            coalesce(t.reply_to = d.message_id, false) AS is_reply, len(list_intersect(t.words, d.words)) AS shared,
            t.document_id = d.document_id AND t.place - d.place <= {_NEAR} AS is_near,
            least(len(t.words), len(d.words)) AS fewer
        FROM (SELECT *, number - unnest(range({_MOST})) AS earlier FROM takers) t
        JOIN taken d ON d.source_id = t.source_id AND d.number = t.earlier
        WHERE d.said_at >= t.said_at - INTERVAL {_DAYS} DAY AND d.message_id <> t.message_id
    ),
    chosen AS (
        SELECT taker, taken, taken_at FROM pairs
        WHERE is_reply OR (2 * shared >= fewer AND (shared > 1 OR (shared > 0 AND is_near)))
        QUALIFY row_number() OVER (PARTITION BY taker ORDER BY is_reply DESC, shared DESC, said_at DESC, taken) = 1
    ),
    told AS (SELECT taken AS message_id, min_by(taker, (taken_at, taker)) AS taker FROM chosen GROUP BY taken),
    now_told AS (
        SELECT m.document_id, m.message_id, taker AS revoked_by, CASE WHEN taker IS NULL THEN m.status ELSE 'revoked' END AS status,
            CASE
                WHEN k.message_id IS NULL OR list_contains(m.evidence, taker) THEN m.evidence
                ELSE list_append(m.evidence, taker)
            END AS evidence
        FROM taken m JOIN spans USING (source_id) LEFT JOIN told USING (message_id)
        LEFT JOIN private.decision_marks k ON k.document_id = m.document_id AND k.message_id = taker
        WHERE m.said_at BETWEEN since AND until
    )
    SELECT n.* FROM now_told n JOIN decisions d ON d.document_id = n.document_id AND d.evidence[1] = n.message_id
    WHERE (d.status, d.revoked_by, d.evidence) IS DISTINCT FROM (n.status, n.revoked_by, n.evidence)
"""
_TELL = """
    UPDATE decisions d SET status = r.status, revoked_by = r.revoked_by, evidence = r.evidence
    FROM revoked r WHERE d.document_id = r.document_id AND d.evidence[1] = r.message_id
"""

DECISIONS = Marks("private.decision_marks", "marked_spans", _MARKS, _ANYTHING_TAKEN_BACK, _REVOKED, "revoked", _TELL)
"""Marks of decisions, and of what takes them back: from ``stated``, ``telling`` and ``decided`` to ``decisions``."""
