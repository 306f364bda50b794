"""Rows of a public file that show what they must not: asked of new rows before they are published, and of the snapshot after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.authors.policy import Rules, naming_somebody, rules_of, unscrubbed
from egregora_assets.config import Settings
from egregora_assets.documents.windows import APART
from egregora_assets.privacy.scrub import may_show_pii, quoted, scrubbing
from egregora_assets.publish.forms import WORDS_OF_PEOPLE
from egregora_assets.publish.tables import TABLES, PublishedTable
from egregora_assets.warehouse.query import Parameters, changed, rows, scalar, temporary

_BY_DOCUMENT = "(SELECT d.source_id FROM {within}documents d WHERE d.document_id = t.document_id)"
_SOURCE_OF = {
    "sources": "''",
    "authors": "''",
    "code_references": "(SELECT m.source_id FROM {within}messages m WHERE m.message_id = t.message_id)",
    **dict.fromkeys(("topics", "summaries", "decisions", "action_items", "questions", "entities"), _BY_DOCUMENT),
}
"""Which source the words are of, as far as it may keep them; titles of chats are scrubbed whatever is said in them."""


@contextmanager
def asking(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let ``note`` put words aside, for ``private_among_noted`` to look at all of them at once, for the length of the block."""
    with temporary(connection, "asked_rows", "SELECT '' AS name, '' AS words, '' AS source_id LIMIT 0"):
        yield


def note(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    rules: Rules,
    table: PublishedTable,
    published: str,
    parameters: Parameters = None,
) -> None:
    """Put the words in rows of a table aside: ``published`` is the SQL of these. ``public`` is the attached public file."""
    for part in _words(table, settings, rules, f"({published})", "public."):
        changed(connection, f"INSERT INTO asked_rows {part}", parameters)


def private_among_noted(connection: duckdb.DuckDBPyConnection, rules: Rules) -> list[tuple[str, int]]:
    """Count the noted rows, by table, that show a name, an address, a number or a key which the policy of their source hides."""
    shows_name = naming_somebody("words", "source_id", rules)
    may_show = f"SELECT EXISTS (FROM asked_rows WHERE {may_show_pii('words')} OR {shows_name})"
    shown = f"SELECT name, count(*) FROM asked_rows WHERE {unscrubbed('words', 'source_id', rules)} OR {shows_name} GROUP BY name"
    with scrubbing(connection):
        return rows(connection, f"{shown} ORDER BY name") if scalar(connection, may_show) else []


def leaking_in_snapshot(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    snapshot: duckdb.DuckDBPyConnection,
    condition: str,
    since: int,
) -> int:
    """Count the rows that meet ``condition``, SQL over (words, source_id), among those that the warehouse has changed since."""
    rules = rules_of(connection, settings)
    parts: list[str] = []
    keys: dict[str, list[str]] = {}
    for table in TABLES:
        where = ""
        if since and table.name in WORDS_OF_PEOPLE:
            keys[table.name] = _changed_keys(connection, table, since)
            where = f"WHERE {table.key}::VARCHAR IN (SELECT unnest(${table.name}))"
        parts += _words(table, settings, rules, f"(FROM {table.name} {where})")
    with scrubbing(snapshot), temporary(snapshot, "asked_rows", " UNION ALL ".join(parts), keys or None):
        return int(scalar(snapshot, f"SELECT count(*) FROM asked_rows WHERE {condition}"))


def _changed_keys(connection: duckdb.DuckDBPyConnection, table: PublishedTable, since: int) -> list[str]:
    parameters = {"since": since} if "$since" in table.changed else None
    return [str(key) for (key,) in rows(connection, table.changed, parameters)]


def _words(table: PublishedTable, settings: Settings, rules: Rules, relation: str, within: str = "") -> Iterator[str]:
    """Yield SQL for the words of people in rows of a table: its name, the words, and the source by whose policy, if it matters.

    ``within`` stands in front of the names of other tables.
    """
    source = _SOURCE_OF.get(table.name, "source_id").format(within=within) if rules.keep else "''"
    for words in WORDS_OF_PEOPLE.get(table.name, {}).values():
        shown = f"concat_ws('{APART}', {words}, {_source_words(settings)})" if table.name == "sources" else words
        yield f"SELECT '{table.name}' AS name, {shown} AS words, {source} AS source_id FROM {relation} t"


def _source_words(settings: Settings) -> str:
    """Return the SQL for the words in a source's id, which is made of its title: none in one that is a pseudonym or told."""
    told = ["", *(source.source_id for source in settings.sources if source.source_id)]
    is_ours = f"source_id IN ({', '.join(map(quoted, told))}) OR regexp_full_match(source_id, 'chat-[0-9a-f]{{8,}}')"
    return f"CASE WHEN {is_ours} THEN '' ELSE replace(source_id, '-', ' ') END"
