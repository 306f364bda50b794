"""What the pages say that lead to the posts: Markdown, whose lines are made in SQL, of items and of titles of posts.

Each line that shows what people said ends in a link to the post that it is from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

import duckdb

from egregora_assets.config import Settings
from egregora_assets.documents.windows import letters
from egregora_assets.sidecar.dates import DAY_FORMAT
from egregora_assets.sidecar.escapes import in_one_line, without_pseudonyms
from egregora_assets.sidecar.markdown import STATUS, TAKES_BACK
from egregora_assets.sidecar.ranking import EXPLAINED
from egregora_assets.sidecar.unseen import visible
from egregora_assets.warehouse.query import rows

MOST_ITEMS = 200
"""The newest items stand on the page itself, older ones on pages of their months."""
_MOST_DOCUMENTS = 100
_MOST_RANKED = 100
_AT_ONCE = 200

INTRODUCTIONS = {
    "decisions.md": (
        "Decisions",
        "Sentences that announce a choice, the newest first, each with the conversation that it is from. A letter is a person's in "
        "that conversation.",
    ),
    "tasks.md": (
        "Tasks",
        "What somebody took on or was asked to do: first what is open, by the day on which it is due, then what is done. A letter "
        "is a person's in the conversation.",
    ),
    "questions.md": (
        "Questions",
        "What was asked, the newest first: first what nobody has answered, then what somebody has. A letter is a person's in the "
        "conversation.",
    ),
    "topics/index.md": ("Topics", "Words that stand out in several conversations."),
    "conversations.md": (
        "Conversations",
        "Those of which most has come. A reaction and a reply count for one point, a person for two, an answered question for "
        "three, a decision for five.",
    ),
}
EARLIER, PARTS = "Earlier", {"open": "Open", "answered": "Answered", "done": "Done"}
MONTH = "%B %Y"
TOPIC_OF = "Conversations of this topic: {items}."
NEWEST_OF_TOPIC = "Conversations of this topic: {items}. Here are the newest {shown}."


def texts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield (path below ``published``, text) of the pages in ``open_pages`` and of those that lead to all others.

    Of ``wanted_pages`` they tell which are there: both are (path, kind, key, items), ``open_pages`` with a ``number`` from 1.
    """
    pseudonyms = settings.sidecar.pseudonyms_in_posts
    for path, text in _texts(connection, pseudonyms):
        yield path, visible(text if pseudonyms else without_pseudonyms(text))


def _texts(connection: duckdb.DuckDBPyConnection, pseudonyms: bool) -> Iterator[tuple[str, str]]:
    yield from _decisions(connection, pseudonyms)
    yield from _tasks(connection, pseudonyms)
    yield from _questions(connection, pseudonyms)
    yield from _topics(connection)
    yield from _conversations(connection)
    ((count,),) = rows(connection, "SELECT count(*) FROM open_pages")
    for first in range(0, count, _AT_ONCE):
        some = f"SELECT * FROM open_pages WHERE number > {first} AND number <= {first + _AT_ONCE}"
        yield from _months(connection, some, pseudonyms)
        yield from _pages_of_topics(connection, some)


_POSTS = f"""(
    FROM (
        SELECT document_id, strftime(local_date, '%Y-%m') AS key, strftime(local_date, '{DAY_FORMAT}') AS day, source_id, slug
        FROM documents
    )
    JOIN (SELECT document_id, title FROM sidecars) USING (document_id)
    LEFT JOIN (SELECT source_id, {in_one_line("title")} AS chat FROM private.titles_in_posts) USING (source_id)
)"""
_TO_POST = "posts/', source_id, '/', slug, '.md)'"
_CHAT = "coalesce(chat, source_id)"


def _link(up: str) -> str:
    """Return the SQL of a link to a post by its title, with its chat behind it."""
    return f"concat('[', {in_one_line('title')}, ']({up}{_TO_POST}, ' · ', {_CHAT})"


def _from(up: str) -> str:
    """Return the SQL of a link to the post that an item is from, by its chat and day."""
    return f"concat('[', {_CHAT}, ', ', day, ']({up}{_TO_POST})"


def _decisions_in(among: str) -> str:
    """Return the SQL of what is shown of the decisions in the documents that SQL ``among`` gives, by ``ORDER``."""
    return f"""
        SELECT key, '' AS part, decided_at AS moment, evidence[1] AS message_id, text,
            CASE WHEN status = 'revoked' AND revoked_by IS NULL THEN '{TAKES_BACK}' ELSE status END AS status, author,
            letter AS who, day, chat, source_id, slug
        FROM (FROM decisions WHERE document_id IN ({among})) JOIN {_POSTS} USING (document_id)
        LEFT JOIN ({_letters(among)}) USING (document_id, author)
    """


def _tasks_in(among: str) -> str:
    """Return SQL as ``_decisions_in`` does, for tasks."""
    return f"""
        SELECT key, {PART_OF_TASK} AS part, said_at AS moment, evidence[1] AS message_id, text, status, assignee AS author,
            letter AS who, due, due_on, day, chat, source_id, slug
        FROM (FROM action_items WHERE document_id IN ({among})) JOIN {_POSTS} USING (document_id)
        LEFT JOIN (SELECT document_id, author AS assignee, letter FROM ({_letters(among)})) USING (document_id, assignee)
    """


def _questions_in(among: str) -> str:
    """Return SQL as ``_decisions_in`` does, for questions."""
    letters = _letters(among)
    return f"""
        SELECT key, {PART} AS part, asked_at AS moment, evidence[1] AS message_id, text, author, a.letter AS who, answer,
            answered_by, b.letter AS who_answered, day, chat, source_id, slug
        FROM (FROM questions WHERE document_id IN ({among})) JOIN {_POSTS} USING (document_id)
        LEFT JOIN ({letters}) a USING (document_id, author)
        LEFT JOIN (SELECT document_id, author AS answered_by, letter FROM ({letters})) b USING (document_id, answered_by)
    """


def _letters(among: str) -> str:
    """Return the SQL of (document_id, author, letter): whose the letters are in the posts of some documents."""
    first = "list_position(message_ids, evidence[1])"
    return f"""
        SELECT document_id, author, {letters(f"row_number() OVER (PARTITION BY document_id ORDER BY {first})")} AS letter
        FROM (FROM participants WHERE document_id IN ({among})) JOIN (SELECT document_id, message_ids FROM documents)
            USING (document_id)
    """


_ORDER = "key DESC, moment DESC, message_id, slug, text"


def _decision_line(up: str, pseudonyms: bool) -> str:
    who = "author" if pseudonyms else "who"
    return f"concat('- ', {in_one_line('text')}, {_in_brackets(who, _STATUS)}, ' · ', {_from(up)}, chr(10))"


def _task_line(up: str, pseudonyms: bool) -> str:
    who = "author" if pseudonyms else "who"
    told = _in_brackets(f"'for ' || {who}", _DUE)
    return f"concat('- ', {in_one_line('text')}, {told}, ' · ', {_from(up)}, chr(10))"


def _question_line(up: str, pseudonyms: bool) -> str:
    """Return the SQL of a line with the question, and one below it with the answer."""
    asker, answerer = ("author", "answered_by") if pseudonyms else ("who", "who_answered")
    said = in_one_line("nullif(answer, '')")
    answer = f"'  - ' || {said} || {_in_brackets(answerer)} || chr(10)"
    return f"concat('- ', {in_one_line('text')}, {_in_brackets(asker)}, ' · ', {_from(up)}, chr(10), {answer})"


_STATUS = "CASE status {} END".format(" ".join(f"WHEN '{status}' THEN '{told}'" for status, told in STATUS.items()))
_DUE = f"""
    CASE WHEN due_on IS NOT NULL THEN strftime(due_on, 'due {DAY_FORMAT}')
        WHEN due <> '' THEN concat('due “', {in_one_line("due")}, '”') END
"""
PART = "CASE status WHEN 'answered' THEN 'answered' ELSE 'open' END"
PART_OF_TASK = "CASE status WHEN 'done' THEN 'done' ELSE 'open' END"
"""The SQL for the part of its page on which a question or a task stands."""


def _in_brackets(*remarks: str) -> str:
    return f"coalesce(' (' || nullif(concat_ws(', ', {', '.join(remarks)}), '') || ')', '')"


def _in_newest_months(kind: str) -> str:
    """Return the SQL of the documents that may hold one of the newest items of a kind."""
    return f"""
        SELECT document_id FROM outcome_page_entries WHERE kind = '{kind}' AND (part, key) IN (
            SELECT (part, key) FROM (FROM ({MONTHS}) WHERE kind = '{kind}' AND until - items < {MOST_ITEMS})
        )
    """


MONTHS = """
    SELECT kind, part, key, sum(items)::BIGINT AS items,
        (sum(sum(items)) OVER (PARTITION BY kind, part ORDER BY key DESC))::BIGINT AS until
    FROM outcome_page_entries WHERE kind <> 'topics' GROUP BY kind, part, key
"""
"""The months of items; ``until`` counts the items from the newest month to each."""


def _decisions(connection: duckdb.DuckDBPyConnection, pseudonyms: bool) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT key, string_agg({_decision_line("", pseudonyms)}, '' ORDER BY {_ORDER})
        FROM (FROM ({_decisions_in(_in_newest_months("decisions"))}) ORDER BY {_ORDER} LIMIT {MOST_ITEMS})
        GROUP BY key ORDER BY key DESC
    """
    found = [(_month(key), body) for key, body in rows(connection, sql)]
    yield from _main_page("decisions.md", [*found, *_earlier(connection, "decisions")])


def _tasks(connection: duckdb.DuckDBPyConnection, pseudonyms: bool) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT part, string_agg({_task_line("", pseudonyms)}, '' ORDER BY CASE part WHEN 'open' THEN due_on END, {_ORDER})
        FROM ({_newest(_tasks_in(_in_newest_months("tasks")))}) GROUP BY part ORDER BY part DESC
    """
    found = [(PARTS[part], body) for part, body in rows(connection, sql)]
    yield from _main_page("tasks.md", [*found, *_earlier(connection, "tasks")])


def _questions(connection: duckdb.DuckDBPyConnection, pseudonyms: bool) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT part, string_agg({_question_line("", pseudonyms)}, '' ORDER BY {_ORDER})
        FROM ({_newest(_questions_in(_in_newest_months("questions")))}) GROUP BY part ORDER BY part DESC
    """
    found = [(PARTS[part], body) for part, body in rows(connection, sql)]
    yield from _main_page("questions.md", [*found, *_earlier(connection, "questions")])


def _newest(items: str) -> str:
    return f"FROM ({items}) QUALIFY row_number() OVER (PARTITION BY part ORDER BY {_ORDER}) <= {MOST_ITEMS}"


def _earlier(connection: duckdb.DuckDBPyConnection, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the section that leads to the pages of months, if there are any."""
    sql = "SELECT key, path, items FROM wanted_pages WHERE kind = ? ORDER BY key DESC"
    listed = "".join(f"- [{_month(key)}]({path}): {items:,}\n" for key, path, items in rows(connection, sql, [kind]))
    if listed:
        yield EARLIER, listed


def _topics(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT string_agg(
            concat('- [', {in_one_line("key")}, '](', replace(path, 'topics/', ''), '): ', format('{{:,}}', items), chr(10)), ''
            ORDER BY items DESC, key
        )
        FROM wanted_pages WHERE kind = 'topics'
    """
    yield from _main_page("topics/index.md", [("", body) for (body,) in rows(connection, sql) if body])


def _conversations(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT string_agg(
            concat('- ', {_link("")}, ': ', {EXPLAINED}, ' (', format('{{:,}}', score), ')', chr(10)), ''
            ORDER BY score DESC, slug DESC
        )
        FROM (
            FROM conversation_ranking JOIN {_POSTS} USING (document_id) ORDER BY score DESC, slug DESC LIMIT {_MOST_RANKED}
        )
    """
    yield from _main_page("conversations.md", [("", body) for (body,) in rows(connection, sql) if body])


def _main_page(path: str, sections: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield a page that there is while it has anything to show."""
    if sections:
        yield path, _page(*INTRODUCTIONS[path], sections)


def _months(connection: duckdb.DuckDBPyConnection, some: str, pseudonyms: bool) -> Iterator[tuple[str, str]]:
    for kind, title, items, line in (
        ("decisions", "Decisions", _decisions_in, _decision_line),
        ("tasks", "Tasks", _tasks_in, _task_line),
        ("questions", "Questions", _questions_in, _question_line),
    ):
        open_keys = f"SELECT key, path FROM ({some}) WHERE kind = '{kind}'"
        among = f"SELECT document_id FROM outcome_page_entries WHERE kind = '{kind}' AND key IN (SELECT key FROM ({open_keys}))"
        sql = f"""
            SELECT path, key, part, string_agg({line("../", pseudonyms)}, '' ORDER BY {_ORDER})
            FROM ({items(among)}) JOIN ({open_keys}) USING (key)
            GROUP BY path, key, part ORDER BY path, part DESC
        """
        for (path, key), parts in groupby(rows(connection, sql), key=lambda row: row[:2]):
            yield (
                path,
                _page(f"{title}, {_month(key)}", "", [(PARTS.get(part, ""), body) for _, _, part, body in parts]),
            )


def _pages_of_topics(connection: duckdb.DuckDBPyConnection, some: str) -> Iterator[tuple[str, str]]:
    sql = f"""
        SELECT path, {in_one_line("any_value(topic)")}, any_value(items),
            string_agg(concat('- ', {_link("../")}, chr(10)), '' ORDER BY slug DESC)
        FROM (
            SELECT path, p.key AS topic, p.items, title, chat, source_id, slug
            FROM (FROM ({some}) WHERE kind = 'topics') p JOIN outcome_page_entries USING (kind, key)
            JOIN (SELECT * EXCLUDE (key) FROM {_POSTS}) USING (document_id)
            QUALIFY row_number() OVER (PARTITION BY path ORDER BY slug DESC) <= {_MOST_DOCUMENTS}
        )
        GROUP BY path
    """
    for path, topic, items, body in rows(connection, sql):
        told = TOPIC_OF if items <= _MOST_DOCUMENTS else NEWEST_OF_TOPIC
        yield path, _page(topic, told.format(items=f"{items:,}", shown=_MOST_DOCUMENTS), [("", body)])


def _month(key: str) -> str:
    return f"{datetime.strptime(key, '%Y-%m'):{MONTH}}"


def _page(title: str, introduction: str, sections: Iterable[tuple[str, str]]) -> str:
    body = "\n".join(f"## {heading}\n\n{text}" if heading else text for heading, text in sections)
    return f"# {title}\n\n{introduction}{chr(10) * 2 if introduction else ''}{body}"
