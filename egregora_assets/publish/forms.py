"""The form of all that is published and that nobody has said: ids, slugs, kinds, pseudonyms, zones, and the names of files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from egregora_assets.chat.formats.records import KINDS
from egregora_assets.config import MODEL_NAME, Settings
from egregora_assets.documents.windows import SPOKEN
from egregora_assets.git_history.resolver import STATES
from egregora_assets.media import public
from egregora_assets.privacy.scrub import quoted
from egregora_assets.profiles import files as profiles
from egregora_assets.publish import macros
from egregora_assets.search import vector_index, word_files, words
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.made_files import SIGNED, UNFINISHED
from egregora_assets.warehouse.query import rows, scalar


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(quoted, values))})"


def _is(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {quoted(pattern)})"


_OF_SOURCE = "source_id IN (SELECT source_id FROM sources)"
_PSEUDONYM = "member-[0-9a-f]{10}"
_SHA256 = "[0-9a-f]{64}"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = "[0-9]{2}:[0-9]{2}"
_ENTITIES = ("person", "link", "file", "commit", "issue", "tag", "project", "technology", "place")

FORMS: dict[str, dict[str, str]] = {
    "sources": {
        "source_id": _is("source_id", "[a-z0-9][a-z0-9-]{0,62}"),
        "platform": "platform IN (SELECT unnest($platforms))",
        "timezone": "timezone IN (SELECT unnest($zones))",
    },
    "exports": {"export_id": _is("export_id", _SHA256), "source_id": _OF_SOURCE},
    "authors": {"alias": _is("alias", _PSEUDONYM)},
    "messages": {"source_id": _OF_SOURCE, "kind": _one_of("kind", KINDS)},
    "reactions": {"emoji": "(emoji = ':other:' OR NOT regexp_matches(emoji, '[\\p{L}\\p{N}@]'))"},
    "message_media": {"media_id": _is("media_id", _SHA256)},
    "media": {"media_id": _is("media_id", _SHA256), "mime": _one_of("mime", tuple(public.ENDINGS))},
    "documents": {
        "kind": "kind = 'window'",
        "source_id": _OF_SOURCE,
        "title": _is("title", f"{_DAY} {_CLOCK} to ({_DAY} )?{_CLOCK}"),
        "slug": f"({_is('left(slug, 16)', _DAY + '-[0-9]{4}-')} AND {_is('right(slug, 9)', '-[0-9a-f]{8}')} "
        "AND slug[17:-10] IS NOT DISTINCT FROM source_id)",
    },
    "search_units": {"kind": _one_of("kind", ("message", "passage")), "source_id": _OF_SOURCE},
    "sidecars": {
        "source_id": _OF_SOURCE,
        "slug": "slug IN (SELECT slug FROM documents)",
        "extracted_by": _is("extracted_by", MODEL_NAME),
    },
    "decisions": {"author": _is("author", _PSEUDONYM), "status": _one_of("status", ("proposed", "agreed", "revoked"))},
    "action_items": {
        "assignee": _is("assignee", _PSEUDONYM),
        "author": _is("author", _PSEUDONYM),
        "status": _one_of("status", ("open", "done")),
    },
    "questions": {
        "author": _is("author", _PSEUDONYM),
        "status": _one_of("status", ("open", "answered")),
        "answered_by": _is("answered_by", _PSEUDONYM),
        "linked_by": _one_of("linked_by", ("reply", "mention", "proximity", "model")),
    },
    "participants": {"author": _is("author", _PSEUDONYM)},
    "entities": {"kind": _one_of("kind", _ENTITIES)},
    "code_references": {
        "kind": _one_of("kind", ("path", "commit", "issue", "merge_request")),
        "repo": _is("repo", "[a-z0-9][a-z0-9._-]{0,62}"),
        "sha": _is("sha", "[0-9a-f]{40}|[0-9a-f]{64}"),
        "state": _one_of("state", STATES),
        "permalink": _is("permalink", r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~/%:@+,;=?&#!-]*"),
    },
    "publication": {"fingerprint": _is("fingerprint", "[0-9a-f]{16}")},
}
"""What must be true of each text in the snapshot that is no words of people, by table and column."""
WORDS_OF_PEOPLE = {
    "authors": {"chosen_name": "chosen_name"},
    "messages": {"text": "text"},
    "documents": {"text": SPOKEN},
    "topics": {"label": "label"},
    "decisions": {"text": "text"},
    "action_items": {"text": "text", "due": "due"},
    "questions": {"text": "text", "answer": "answer"},
    "summaries": {"text": "text"},
    "entities": {"name": "name"},
    "code_references": {"raw": "raw", "path": "path"},
    "sources": {"title": "title"},
    "sidecars": {"title": "regexp_replace(title, '[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}$', '')"},
}
"""The words in each table, by column; a title's day is ours: April and June are names too."""
_NO_TEXT = (
    "UUID",
    "UUID[]",
    "BIGINT",
    "INTEGER",
    "TINYINT",
    "DOUBLE",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
)
_OF_THE_SYSTEM = "/.DS_Store"
"""What macOS leaves in every folder that somebody looks at."""


def surplus_columns(connection: duckdb.DuckDBPyConnection, tables: set[str]) -> list[str]:
    """Return the tables of a public file that are not among ``tables``, and columns that may hold text and have no rule here."""
    sql = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    found = []
    for table, column, kind in rows(connection, sql):
        known = {**FORMS.get(table, {}), **WORDS_OF_PEOPLE.get(table, {})}
        if table not in tables:
            found.append(table)
        elif kind not in _NO_TEXT and column not in known:
            found.append(f"{table}.{column}")
    return sorted(set(found))


def strange_macros(connection: duckdb.DuckDBPyConnection, public: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of macros in a public file that do not say, word for word, what ours say."""
    sql = "SELECT function_name, parameters, macro_definition FROM duckdb_functions() WHERE NOT internal ORDER BY ALL"
    present = rows(public, sql)
    if not present:
        return []
    for statement in macros.statements("OR REPLACE TEMP MACRO"):
        connection.execute(statement)
    ours = rows(connection, sql)
    for name in macros.MACROS:
        connection.execute(f"DROP MACRO TABLE temp.{name}")
    return [found[0] for found in present if found not in ours]


def strange_values(connection: duckdb.DuckDBPyConnection, snapshot: duckdb.DuckDBPyConnection) -> int:
    """Count the texts of the snapshot that have not the form which texts of their column have."""
    platforms, zones = (
        [value for (value,) in rows(connection, f"SELECT DISTINCT {column} FROM sources")]
        for column in ("platform", "timezone")
    )
    known = {"platforms": platforms, "zones": [zone for zone in zones if _is_zone(zone)]}
    found = 0
    for table, columns in FORMS.items():
        for form in columns.values():
            asked = {name: values for name, values in known.items() if f"${name}" in form}
            found += int(scalar(snapshot, f"SELECT count(*) FROM {table} WHERE NOT ({form})", asked or None))
    return found


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError):
        return False


def surplus_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Count the files and folders among what is published that are not those of the warehouse."""
    wanted = {f"{settings.published}/{path}" for path in _wanted(connection, settings)}
    present = (
        f"{folder}/{name}" for folder, folders, files in os.walk(settings.published) for name in (*folders, *files)
    )
    return sum(path not in wanted and not path.endswith(_OF_THE_SYSTEM) for path in present)


def _wanted(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[str]:
    """Yield each file and folder that may be there, below the folder of what is published."""
    yield from ("snapshot.duckdb", f"authors/{profiles.INDEX_FILE}")
    for folder, schema in (("posts", posts.SCHEMA_FILE), ("authors", profiles.SCHEMA_FILE)):
        yield from (folder, *(f"{folder}/{name}" for name in (schema, SIGNED, UNFINISHED)))
    for source_id, slug in rows(connection, "SELECT source_id, slug FROM sidecars"):
        yield from (f"posts/{source_id}", f"posts/{source_id}/{slug}.md", f"posts/{source_id}/{slug}.json")
    yield from ("media", f"media/{SIGNED}", f"media/{UNFINISHED}")
    yield from ("topics", f"topics/{SIGNED}", f"topics/{UNFINISHED}")
    for path, kind in rows(connection, "SELECT path, kind FROM outcome_pages"):
        yield from (path, kind)
    for public_id, mime in public.copies_shown(connection):
        yield from (f"media/{public_id[:2]}", f"media/{public_id[:2]}/{public_id}{public.ENDINGS[mime]}")
    yield from ("index", "index/words", "index/vectors")
    yield from (f"index/vectors/{name}" for name in vector_index.names_allowed(settings))
    yield from (f"index/words/{name}" for name in word_files.names_allowed(words.folder_of(settings)))
    for (alias,) in rows(connection, "SELECT alias FROM author_profiles"):
        yield from (f"authors/{alias}{suffix}" for suffix in profiles.SUFFIXES)
