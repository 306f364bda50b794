"""Which messages talked of a file, under whatever name it had then."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import duckdb

from egregora_assets.git_history.history import FILE_VERSIONS, branches, places_table
from egregora_assets.warehouse.query import rows, view_of

Lines = tuple[int, int]
"""First and last line."""


class Discussion(NamedTuple):
    """A message that talked of a file.

    ``author`` is a pseudonym; ``slug`` names the conversation that holds the message, if one does. ``said`` is how the message
    named the file, ``path`` and ``sha`` what that was when it was said: its name then, and the step that had made that version.
    ``permalink`` leads there, where the repository has a page.
    """

    sent_at: datetime
    source_id: str
    message_id: UUID
    author: str | None
    slug: str | None
    said: str
    repo: str
    path: str
    sha: str
    permalink: str | None
    text: str


def discussions_of(
    connection: duckdb.DuckDBPyConnection, path: str, repo: str | None = None, lines: Lines | None = None
) -> list[Discussion]:
    """Return the messages past the gate that talked of a file, newest first, each once.

    Counts what was said of it under any of its names, on any branch that is followed, of ``repo`` or of all repositories. With
    ``lines``, a message that named lines counts when one of them is among these; a message that named none is about the whole
    file and counts. Lines are numbers as they were when it was said: no line is followed through later changes.
    """
    first, last = sorted(lines) if lines else (None, None)
    with view_of(connection, "asked_branches", places_table(branches(connection, repo))):
        found = rows(connection, _DISCUSSIONS, {"path": path, "first": first, "last": last})
    return [Discussion(*row) for row in found]


_DISCUSSIONS = f"""
    SELECT sent_at, m.source_id, message_id, alias, any_value(slug) AS slug, string_agg(DISTINCT raw, ', ' ORDER BY raw) AS said,
        arg_min(r.repo, place) AS repo, arg_min(r.path, place) AS path, arg_min(r.sha, place) AS sha,
        arg_min(permalink, place) AS permalink, text
    FROM code_references r SEMI JOIN ({FILE_VERSIONS}) v ON v.repo = r.repo AND v.path = r.path AND v.sha = r.sha
    JOIN (SELECT message_id, source_id, local_date, sent_at, position, author_id, text FROM clean_messages) m USING (message_id)
    LEFT JOIN (SELECT author_id, alias FROM authors) USING (author_id)
    LEFT JOIN (
        SELECT source_id, message_ids[overlap + 1:] AS own_ids, slug,
            unnest(generate_series(local_date, local_until, INTERVAL 1 DAY))::DATE AS local_date
        FROM documents
    ) d ON d.source_id = m.source_id AND d.local_date = m.local_date AND list_contains(d.own_ids, m.message_id)
    WHERE r.kind = 'path'
        AND ($first IS NULL OR line_from IS NULL
            OR (least(line_from, line_to) <= $last AND greatest(line_from, line_to) >= $first))
    GROUP BY sent_at, m.source_id, message_id, alias, text, position
    ORDER BY sent_at DESC, position DESC, message_id
"""
