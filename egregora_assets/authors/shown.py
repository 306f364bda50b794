"""What may be shown: titles of chats without names, no reaction of anybody who opted out, no file with what has to go."""

from __future__ import annotations

import duckdb

from egregora_assets.authors.gate import known_names
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import may_change, may_hold_or_name, scrub
from egregora_assets.warehouse.query import scalar
from egregora_assets.warehouse.revisions import erased_since, watermark

REACTIONS_CHANGED = """
    SELECT message_id FROM reactions WHERE revision > $since
    UNION SELECT key FROM tombstones WHERE table_name = 'reactions' AND revision > $since
    UNION SELECT message_id FROM reactions SEMI JOIN (FROM authors WHERE opted_out_revision > $since) USING (author_id)
"""
"""The messages whose reactions may be others since a revision."""


def must_go_first(connection: duckdb.DuckDBPyConnection, consumer: str, rules: str) -> bool:
    """Return whether what a consumer has written by some ``rules``, names among them, may show what has to go.

    Since then something was erased, somebody opted out, or a name became known; or it has written nothing yet. A publication
    does not wait for such files to be made again, but it leaves nothing that has to go.
    """
    seen = watermark(connection, consumer)
    return seen.fingerprint != rules or has_to_go_since(connection, seen.revision)


def has_to_go_since(connection: duckdb.DuckDBPyConnection, revision: int) -> bool:
    """Return whether something was erased, or somebody has opted out, after a revision."""
    out = "SELECT EXISTS (FROM authors WHERE opted_out AND opted_out_revision > ?)"
    return erased_since(connection, revision) or bool(scalar(connection, out, [revision]))


def shown_reactions(given: str = "FROM reactions") -> str:
    """Return the SQL of (message_id, emoji, people) for the reactions that SQL ``given`` gives, one row per person where known.

    What has letters in it is no emoji but words, which anybody may have chosen.
    """
    return f"""
        SELECT message_id, CASE WHEN regexp_matches(emoji, '[\\p{{L}}\\p{{N}}@]') THEN ':other:' ELSE emoji END AS emoji, people
        FROM (
            SELECT message_id, emoji, CASE WHEN count(author_id) > 0 THEN max(people) ELSE sum(people) END AS people
            FROM ({given}) SEMI JOIN clean_messages USING (message_id)
            LEFT JOIN (SELECT author_id, person_id FROM private.persons) USING (author_id)
            WHERE author_id IS NULL OR author_id NOT IN (SELECT author_id FROM authors WHERE opted_out)
            GROUP BY message_id, emoji, coalesce(person_id, author_id)
        )
    """


def shown_sources(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return the SQL of all sources with titles as they may be shown; runs inside ``scrubbing``, as what it gives.

    To make all patterns costs many times as much as the first of the questions, to which most titles answer with no.
    """
    names, titles = known_names(connection, settings), "SELECT source_id, platform, title, timezone FROM sources"
    questions = (may_hold_or_name("title", names), may_change("title", names))
    is_asked = all(scalar(connection, f"SELECT EXISTS (FROM sources WHERE {question})") for question in questions)
    return scrub(titles, "title", names) if is_asked else titles
