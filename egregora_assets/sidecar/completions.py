"""Which tasks are done, and by which message: of the same document, or of a later one of the same chat.

What is needed to tell is kept by message in ``private.task_marks``: tasks, with ``people`` (assignee or '', author), and news
that something is done, with ``people`` (who tells it, and whom it names or ''); ``linked`` is the message that accepts a task,
or that the news replies to. ``things`` and ``acts`` are their words, as numbers. Which task a piece of news finishes follows
from the marks of the weeks before it and from nothing else, so whatever the order of passes, the same messages give the same rows.
"""

from __future__ import annotations

from egregora_assets.sidecar import words
from egregora_assets.sidecar.marks import Marks

_DAYS = 45
"""So long after it a task can be told to be done."""
_SOON_DAYS = 4
"""So long its assignee needs to say no more than one word of it."""
_NEAR = 8
"""So many messages after a task it is what "done" means."""
_MOST = 30
"""So many of the latest tasks of one person news can be of: cost grows with the messages, however many tasks are open."""

_MARKS = f"""
    INSERT INTO private.task_marks
    WITH marked AS (
        SELECT d_no, m_no, plain, false AS is_news, false AS is_alone, answer_id AS linked,
            [coalesce(assignee, ''), coalesce(author, '')] AS people
        FROM tasks
        UNION ALL
        SELECT d_no, h_no, plain, true, is_alone, reply_to, [alias, named] FROM news
    ),
    telling AS (
        SELECT d_no, m_no, is_news, list(DISTINCT md5_number_lower(word)) FILTER (NOT is_act) AS things,
            list(DISTINCT md5_number_lower(word)) FILTER (is_act) AS acts
        FROM ({words.of_tasks("FROM marked", "d_no, m_no, is_news")}) GROUP BY ALL
    )
    SELECT document_id, source_id, message_id, m_no, sent_at, is_news, is_alone, linked, people,
        coalesce(list_sort(things), []), coalesce(list_sort(acts), [])
    FROM marked JOIN (SELECT d_no, m_no, message_id, sent_at FROM said) USING (d_no, m_no)
    JOIN open_documents USING (d_no) JOIN (SELECT document_id, source_id FROM documents) USING (document_id)
    LEFT JOIN telling USING (d_no, m_no, is_news)
"""

_ANYTHING_DONE = """
    SELECT EXISTS (FROM task_spans) AND (
        EXISTS (FROM private.task_marks WHERE is_news) OR EXISTS (FROM action_items WHERE done_by IS NOT NULL)
    )
"""
_FINISHED = f"""
    WITH spans AS (
        SELECT source_id, min(first) - INTERVAL {_DAYS} DAY AS since, max(last) + INTERVAL {_DAYS} DAY AS until
        FROM task_spans GROUP BY source_id
    ),
    marks AS (
        SELECT m.*, said_at BETWEEN since AND until AS is_open FROM private.task_marks m JOIN spans USING (source_id)
        WHERE said_at BETWEEN since - INTERVAL {_DAYS} DAY AND until + INTERVAL {_DAYS} DAY
    ),
    numbered AS (
        SELECT *, count(*) FILTER (NOT is_news) OVER (
            PARTITION BY source_id, who ORDER BY said_at, document_id, place, is_news ROWS UNBOUNDED PRECEDING
        ) AS number
        FROM (SELECT *, unnest(list_distinct(CASE WHEN is_news THEN list_append(people, '') ELSE people END)) AS who FROM marks)
    ),
    news AS (FROM numbered WHERE is_news),
    tasks AS (FROM numbered WHERE NOT is_news),
    met AS (
        SELECT n.document_id AS news_in, n.message_id AS news, t.document_id AS task_in, t.message_id AS task, false AS is_reply
        FROM (SELECT *, number - unnest(range({_MOST})) AS earlier FROM news) n
        JOIN tasks t ON t.source_id = n.source_id AND t.who = n.who AND t.number = n.earlier
        WHERE n.is_alone OR list_has_any(n.things, t.things) OR list_has_any(n.acts, t.acts)
        UNION
        SELECT n.document_id, n.message_id, t.document_id, t.message_id, true
        FROM news n
        JOIN (SELECT *, unnest([message_id, linked]) AS answered FROM tasks) t
            ON t.source_id = n.source_id AND t.answered = n.linked
    ),
    pairs AS (
        SELECT n.message_id AS news, t.message_id AS task, n.said_at AS told_at, n.place AS told_place, t.said_at, t.place,
            is_reply, n.is_alone,
            len(list_intersect(n.things, t.things)) AS things, list_has_any(n.acts, t.acts) AS is_same_act,
            least(len(n.things), len(t.things)) AS fewer, len(n.acts) > 0 AND len(t.acts) > 0 AS both_act,
            n.people[1] = t.people[1] AS by_assignee, n.people[2] <> '' AND n.people[2] = t.people[1] AS of_assignee,
            n.document_id = t.document_id AS is_inside, is_inside AND n.place - t.place <= {_NEAR} AS is_near,
            n.said_at <= t.said_at + INTERVAL {_SOON_DAYS} DAY AS is_soon
        FROM met JOIN (FROM marks WHERE is_news) n ON n.document_id = news_in AND n.message_id = news
        JOIN (FROM marks WHERE NOT is_news) t ON t.document_id = task_in AND t.message_id = task
        WHERE news <> task AND t.said_at >= n.said_at - INTERVAL {_DAYS} DAY
            AND (t.said_at, t.document_id, t.place) < (n.said_at, n.document_id, n.place)
    ),
    chosen AS (
        SELECT news, task, told_at, told_place FROM pairs
        WHERE is_reply OR CASE
            WHEN things = 0 THEN by_assignee AND CASE
                WHEN is_alone AND is_near THEN is_same_act OR NOT both_act
                ELSE is_same_act AND fewer = 0 AND is_soon
            END
            WHEN 2 * things < fewer THEN by_assignee AND is_inside AND (is_same_act OR NOT both_act)
            WHEN by_assignee OR of_assignee THEN things > 1 OR is_same_act OR ((is_inside OR is_soon) AND NOT both_act)
            ELSE things > 1 OR is_same_act OR (is_near AND NOT both_act)
        END
        QUALIFY row_number() OVER (
            PARTITION BY news ORDER BY is_reply DESC, 2 * things + is_same_act::INTEGER DESC, said_at DESC, place DESC, task
        ) = 1
    ),
    told AS (SELECT task AS message_id, min_by(news, (told_at, told_place, news)) AS news FROM chosen GROUP BY task),
    now_told AS (
        SELECT m.document_id, m.message_id, news AS done_by, CASE WHEN news IS NULL THEN 'open' ELSE 'done' END AS status,
            list_filter(
                [m.message_id, m.linked, CASE WHEN k.message_id <> coalesce(m.linked, m.message_id) THEN k.message_id END],
                lambda message: message IS NOT NULL
            ) AS evidence
        FROM marks m LEFT JOIN told USING (message_id)
        LEFT JOIN (SELECT DISTINCT document_id, message_id FROM marks WHERE is_news) k
            ON k.document_id = m.document_id AND k.message_id = news
        WHERE m.is_open AND NOT m.is_news
    )
    SELECT n.* FROM now_told n JOIN action_items a ON a.document_id = n.document_id AND a.evidence[1] = n.message_id
    WHERE (a.status, a.done_by, a.evidence) IS DISTINCT FROM (n.status, n.done_by, n.evidence)
"""
_TELL = """
    UPDATE action_items a SET status = f.status, done_by = f.done_by, evidence = f.evidence
    FROM finished f WHERE a.document_id = f.document_id AND a.evidence[1] = f.message_id
"""

TASKS = Marks("private.task_marks", "task_spans", _MARKS, _ANYTHING_DONE, _FINISHED, "finished", _TELL)
"""Marks of tasks, and of what says that they are done: from ``tasks`` and ``news`` to ``action_items``."""
