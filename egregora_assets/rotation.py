"""A new key for all pseudonyms and ids: every table is re-keyed in one transaction, and ``secret.key`` switches with it.

An id after a rotation is a keyed hash of the one before it, so one pass over what is stored re-keys everything, and what
later exports bring goes through the same steps: see ``privacy.pseudonyms.rotated``. Columns are found by what they are
(ids, chats, aliases), so that a table which is added later is re-keyed as well.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.authors import gate
from egregora_assets.config import SETTINGS_FILE, Settings
from egregora_assets.documents.windows import DOCUMENT_ID, SLUG
from egregora_assets.privacy.keys import (
    KeyFileError,
    Keys,
    begin_rotation,
    bind,
    hold_to,
    prepare_file,
    warehouse_keys,
    with_new_rotation,
)
from egregora_assets.privacy.pseudonyms import ALIAS, define_rotated, normalised_name, rotated_name
from egregora_assets.profiles import files as profiles
from egregora_assets.warehouse.made_files import doubt
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "rotation"
_HIDDEN_CHAT = "^chat-([0-9a-f]{8}|[0-9a-f]{12})$"
_PSEUDONYM = re.compile(r"\bmember-[0-9a-f]{10}\b", re.IGNORECASE)
_ALIAS_COLUMNS = ("alias", "author", "assignee", "answered_by")


@dataclass(frozen=True)
class Rotated:
    """What a rotation re-keyed: rows of ``messages`` and ``authors``, and chats that go by a pseudonym."""

    messages: int
    authors: int
    chats: int


def rotate(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Rotated:
    """Give all authors, messages, documents and unnamed chats new pseudonyms, which nobody without the new key can link.

    All or nothing, also when the process is killed at any moment: the key file has the new key as pending until the
    warehouse has it, and whoever opens both next settles it. What is published is made anew by the next run. Raises
    ``KeyFileError``, also where people are told by pseudonyms that it cannot replace, as in the environment.
    """
    keys = warehouse_keys(connection, settings.key_path)
    bind(connection, keys)
    _refuse_lasting_pseudonyms(connection, settings)
    pending, names = _new_key(connection, settings, keys)
    rotated_keys = begin_rotation(settings.key_path, pending)
    for folder in (settings.posts, settings.topics, settings.profiles):
        doubt(folder)
    define_rotated(connection, rotated_keys.rotations[-1:])
    with transaction(connection, CONSUMER) as change:
        _rekey_ids(connection)
        _rename_chats(connection, names)
        _rekey_documents(change)
        for file, content in _with_new_aliases(connection, settings):
            prepare_file(file, content)
        _rename_authors(connection)
        changed(connection, "DELETE FROM watermarks WHERE consumer = ?", [profiles.CONSUMER])
        changed(connection, "UPDATE watermarks SET fingerprint = 'rotated' WHERE consumer = ?", [gate.CONSUMER])
        hold_to(connection, rotated_keys)
        count = int(scalar(connection, "SELECT count(*) FROM messages"))
        changed(connection, "INSERT INTO erasures VALUES ('the key was rotated', ?, ?)", [count, change.revision])
    define_rotated(connection, warehouse_keys(connection, settings.key_path).rotations)
    connection.execute("CHECKPOINT").fetchall()
    return Rotated(count, int(scalar(connection, "SELECT count(*) FROM authors")), len(names))


def _columns(connection: duckdb.DuckDBPyConnection, condition: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each table of the warehouse that has columns which meet ``condition``, with their names and types."""
    sql = f"""
        SELECT format('{{}}.{{}}', schema_name, table_name), column_name, data_type
        FROM duckdb_columns()
        WHERE database_name = current_database() AND NOT internal AND ({condition})
            AND (schema_name, table_name) IN (
                SELECT (schema_name, table_name) FROM duckdb_tables() WHERE database_name = current_database()
            )
        ORDER BY ALL
    """
    for table, found in groupby(rows(connection, sql), key=lambda column: str(column[0])):
        yield table, [(name, type_) for _, name, type_ in found]


def _rekey_ids(connection: duckdb.DuckDBPyConnection) -> None:
    """Rotate every id of an author or message; those of documents follow from their messages, and hashes are of texts."""
    others = "column_name NOT IN ('document_id', 'content_hash') AND table_name <> 'warehouse_identity'"
    ids = f"data_type IN ('UUID', 'UUID[]') AND {others}"
    for table, columns in _columns(connection, ids):
        new = ", ".join(
            f"{name} = rotated({name})"
            if type_ == "UUID"
            else f"{name} = list_transform({name}, lambda id: rotated(id))"
            for name, type_ in columns
        )
        changed(connection, f"UPDATE {table} SET {new}")


def _new_key(connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys) -> tuple[Keys, dict[str, str]]:
    """Return the keys with a new pending one, and the new pseudonyms of chats by the old ones.

    Pseudonyms of chats are short: the key is one by which no two of them become equal.
    """
    told = [source.source_id for source in settings.sources if source.source_id]
    sql = "SELECT source_id, regexp_matches(source_id, ?) AND NOT list_contains(?::VARCHAR[], source_id) FROM sources"
    found = rows(connection, sql, [_HIDDEN_CHAT, told])
    while True:
        pending = with_new_rotation(keys)
        names = {name: rotated_name(name, pending.settled().rotations[-1:]) for name, is_hidden in found if is_hidden}
        if len({names.get(name, name) for name, _ in found}) == len(found):
            return pending, names


def _rename_chats(connection: duckdb.DuckDBPyConnection, names: dict[str, str]) -> None:
    if not names:
        return
    table = pa.table({"old": pa.array(list(names), pa.string()), "new": pa.array(list(names.values()), pa.string())})
    with view_of(connection, "chat_names", table):
        for table, _ in _columns(connection, "column_name = 'source_id'"):
            changed(connection, _REPLACE.format(table=table, column="source_id", names="chat_names"))
        for table, _ in _columns(connection, "column_name = 'title'"):
            changed(connection, _REPLACE_INSIDE.format(table=table, column="title", names="chat_names"))


def _rekey_documents(change: Transaction) -> None:
    """Give documents the ids and slugs that follow from their messages, and let their posts be made anew."""
    connection = change.connection
    new_names = f"SELECT document_id AS old, {DOCUMENT_ID} AS new, {SLUG} AS slug FROM documents"
    with temporary(connection, "document_names", new_names):
        for table, columns in _columns(connection, "column_name IN ('document_id', 'slug')"):
            slug = ", slug = n.slug" if ("slug", "VARCHAR") in columns else ""
            changed(
                connection,
                f"UPDATE {table} t SET document_id = n.new{slug} FROM document_names n WHERE t.document_id = n.old",
            )
    changed(connection, "UPDATE documents SET revision = ?", [change.revision])


def _rename_authors(connection: duckdb.DuckDBPyConnection) -> None:
    """Let aliases follow from the new ids, wherever they stand."""
    named = ", ".join(f"'{name}'" for name in _ALIAS_COLUMNS)
    elsewhere = f"column_name IN ({named}) AND data_type = 'VARCHAR' AND table_name <> 'authors'"
    with temporary(connection, "aliases", f"SELECT alias AS old, {ALIAS} AS new FROM authors"):
        for table, columns in _columns(connection, elsewhere):
            for column, _ in columns:
                changed(connection, _REPLACE.format(table=table, column=column, names="aliases"))
    changed(connection, f"UPDATE authors SET alias = {ALIAS}")


_REPLACE = "UPDATE {table} t SET {column} = n.new FROM {names} n WHERE t.{column} = n.old"
_REPLACE_INSIDE = (
    "UPDATE {table} t SET {column} = replace(t.{column}, n.old, n.new) FROM {names} n WHERE contains(t.{column}, n.old)"
)
"""A conversation without topics is called by its chat: what it is called has the chat's name among other words."""


def _with_new_aliases(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[Path, str]]:
    """Yield the owner's files that name people by their pseudonyms, with the new ones in place."""
    new = dict(rows(connection, f"SELECT alias, {ALIAS} FROM authors"))
    for file in (settings.home / SETTINGS_FILE, settings.identities_path):
        if file.exists():
            before = file.read_bytes().decode("utf-8", "surrogateescape")
            after = _renamed(before, new)
            if after != before:
                yield file, after


def _renamed(text: str, new: Mapping[str, str]) -> str:
    """Return a settings file with the pseudonyms in ``new`` replaced, in each spelling that the opt-out list understands."""
    for said in set(_strings(tomllib.loads(text.removeprefix("\ufeff")))):
        if normalised_name(said) in new:
            text = text.replace(said, new[normalised_name(said)])
    return _PSEUDONYM.sub(lambda found: new.get(found[0].casefold(), found[0]), text)


def _strings(value: object) -> Iterator[str]:
    """Yield all texts in what a TOML file says."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _refuse_lasting_pseudonyms(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Raise ``KeyFileError`` where people are told by pseudonyms that a rotation cannot replace: an opt-out would be undone."""
    known = {alias for (alias,) in rows(connection, "SELECT alias FROM authors")}
    listed: list[object] = []
    for file in (settings.home / SETTINGS_FILE, settings.identities_path):
        text = file.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff") if file.exists() else ""
        try:
            told, left = tomllib.loads(text), tomllib.loads(_renamed(text, dict.fromkeys(known, "")))
        except tomllib.TOMLDecodeError as error:
            raise KeyFileError(f"{file} is not valid TOML ({error}): mend it, then rotate the key") from error
        if known & _normalised(_strings(left)):
            raise KeyFileError(f"{file} spells a pseudonym with escapes: write it as `member-…`, then rotate the key")
        listed += told.get("privacy", {}).get("opt_out", []) if file.name == SETTINGS_FILE else []
    lasting = known & _normalised(settings.privacy.opt_out)
    if lasting and list(settings.privacy.opt_out) != listed:
        raise KeyFileError(
            f"the list of opt-outs in force names {len(lasting)} people by pseudonyms and is not that of the settings file: it "
            f"would not know them after a rotation. Put it into {settings.home / SETTINGS_FILE} instead of EGREGORA_PRIVACY…"
        )


def _normalised(names: Iterable[str]) -> set[str]:
    return {normalised_name(name) for name in names}
