"""A chat whose title turns out to name somebody, or to hold a secret: it gets a pseudonym, as if it had never had the name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import duckdb
import pyarrow as pa

from egregora_assets.chat.sources import hidden_name, spoken
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys, warehouse_keys
from egregora_assets.privacy.names import KnownNames
from egregora_assets.privacy.scrub import POLICY_VERSION, private_among
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction, Watermark, transaction, watermark

CONSUMER = "titles"


def follow_names(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Hide titles that hold a secret, or name somebody who has become known in another way than by an export.

    Such are people on the opt-out list and authors of posts. Under a new policy all titles are asked for all names: it may
    know other spellings of them. When no name and no title is new, nothing is asked and no byte written.
    """
    seen, fingerprint = watermark(connection, CONSUMER), _fingerprint(connection, settings)
    names = _unasked(connection, seen)
    if seen.fingerprint == fingerprint and not names:
        return
    with transaction(connection, CONSUMER) as change:
        if scalar(connection, "SELECT EXISTS (FROM sources)"):
            keys = warehouse_keys(connection, settings.key_path)
            hide_titles(change, settings, keys, [*settings.privacy.opt_out_names, *names])
        change.advance(_fingerprint(connection, settings), even_unchanged=bool(names))


def _fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    titles = rows(connection, "SELECT source_id, raw_title FROM private.source_titles ORDER BY ALL")
    return (
        f"{POLICY_VERSION} {hashlib.sha256(repr([settings.privacy.opt_out_names, titles]).encode()).hexdigest()[:16]}"
    )


def _unasked(connection: duckdb.DuckDBPyConnection, seen: Watermark) -> list[str]:
    """Return the names that titles have not been asked for: an export asks for its own."""
    if seen.fingerprint.partition(" ")[0] != POLICY_VERSION:
        found = rows(connection, "SELECT DISTINCT raw_name FROM private.author_names")
    else:
        of_posts = "SELECT DISTINCT raw_name FROM private.author_names WHERE platform = 'posts' AND revision > ?"
        found = rows(connection, of_posts, [seen.revision])
    return [name for (name,) in found]


def hide_titles(change: Transaction, settings: Settings, keys: Keys, names: Iterable[str]) -> dict[str, str]:
    """Give chats in whose title one of ``names`` or a secret stands a pseudonym; return the new source ids by the old ones.

    All that is made of their messages is made anew. A source id that the owner has set stays.
    """
    told = {source.source_id for source in settings.sources}
    shown = [row for row in rows(change.connection, _SHOWN) if row[0] not in told]
    if not shown:
        return {}
    known, private = KnownNames(names), private_among(change.connection, _words(shown))
    renamed = {
        source_id: hidden_name(keys, platform, title.split("\n")[0], native_id)
        for source_id, platform, title, native_id in shown
        if any(words in private or known.may_be_in(words) for words in (title, spoken(source_id)))
    }
    if renamed:
        _rename(change, renamed)
    return renamed


def _words(shown: list[tuple[str, str, str, str]]) -> list[str]:
    return [words for source_id, _, title, _ in shown for words in (title, spoken(source_id))]


def _rename(change: Transaction, renamed: dict[str, str]) -> None:
    connection, revision = change.connection, {"revision": change.revision}
    table = pa.table(
        {"old": pa.array(list(renamed), pa.string()), "new": pa.array(list(renamed.values()), pa.string())}
    )
    with view_of(connection, "renamed_sources", table):
        among = "source_id IN (SELECT old FROM renamed_sources)"
        touched = f"SELECT 'messages', message_id, $revision FROM messages WHERE {among}"
        changed(connection, f"INSERT INTO tombstones {touched}", revision)
        changed(connection, f"UPDATE messages SET revision = $revision WHERE {among}", revision)
        changed(connection, "UPDATE sources SET title = new FROM renamed_sources WHERE source_id = old")
        for (name,) in rows(connection, _WITH_SOURCE):
            changed(connection, f"UPDATE {name} t SET source_id = new FROM renamed_sources WHERE t.source_id = old")


_SHOWN = """
    SELECT source_id, any_value(sources.platform), string_agg(raw_title, chr(10) ORDER BY titles.revision), any_value(native_id)
    FROM sources JOIN private.source_titles titles USING (source_id) LEFT JOIN private.source_keys keys USING (source_id)
    WHERE NOT regexp_matches(source_id, '^chat-[0-9a-f]{8,}$')
    GROUP BY source_id
"""
_WITH_SOURCE = """
    SELECT format('{}.{}', schema_name, table_name) FROM duckdb_columns()
    WHERE database_name = current_database() AND column_name = 'source_id'
        AND (schema_name = 'private' OR table_name IN ('sources', 'exports', 'export_sources', 'messages'))
    ORDER BY ALL
"""
"""What is derived is not among them: it follows the messages."""
