"""People who opt out leave what is published at once: no check that fails further on keeps their words there.

What is published is made anew afterwards, when all checks pass; here rows and files only go.
"""

from __future__ import annotations

import logging
import os
import shutil

import duckdb

from egregora_assets.authors.verify import HIDDEN_MESSAGES
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import discard_partial, fresh_beside, partial_beside
from egregora_assets.warehouse.query import changed, rows, scalar, temporary

_NO_STATE = "0" * 16
"""Stands for a state of the allow-list that never was: the next publication makes the public file anew."""

log = logging.getLogger(__name__)


def withdraw(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Take people who opted out since the last publication out of the snapshot, with the conversations that they were in.

    Indexes and the pages that lead to posts go whole: they are made anew without them.
    Returns how many rows, posts and profiles of theirs were there. A snapshot that cannot be read is left to ``publish``.
    """
    for path in (settings.public_path, settings.snapshot_path):
        discard_partial(path)
    newest = scalar(connection, _NEWEST)
    if newest is None or not settings.snapshot_path.exists():
        return 0
    try:
        connection.execute(f"ATTACH {_literal(settings.snapshot_path)} AS shown (READ_ONLY)")
    except duckdb.Error as error:
        log.warning("the snapshot cannot be read (%s): it is made anew when all checks have passed", error)
        return 0
    try:
        if newest <= scalar(connection, "SELECT revision FROM shown.publication"):
            return 0
        with (
            temporary(connection, "hidden_messages", HIDDEN_MESSAGES),
            temporary(connection, "hidden_people", "SELECT author_id, alias FROM authors WHERE opted_out"),
            temporary(connection, "hidden_documents", _DOCUMENTS),
        ):
            found = int(scalar(connection, _THEIRS))
            if found:
                _remove_files(connection, settings)
                _write_others(connection, settings)
    finally:
        connection.execute("DETACH shown")
    return found


def _remove_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    posts = [
        settings.posts / source / slug
        for source, slug in rows(connection, f"SELECT source_id, slug FROM hidden_documents UNION {_POSTS_AROUND}")
    ]
    profiles = [settings.profiles / alias for (alias,) in rows(connection, "SELECT alias FROM hidden_people")]
    for path in (*posts, *profiles, settings.profiles / "index"):
        for suffix in (".md", ".json", ".svg"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    for folder in (settings.index, *settings.pages):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)


def _write_others(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Put files with all other rows in the places of both public files: DuckDB leaves the bytes of rows that are deleted."""
    fresh, partial = fresh_beside(settings.public_path), partial_beside(settings.snapshot_path)
    connection.execute(f"ATTACH {_literal(fresh)} AS others")
    try:
        connection.execute("COPY FROM DATABASE shown TO others (SCHEMA)").fetchall()
        tables = dict(rows(connection, _TABLES))
        for table, columns in tables.items():
            without = " ".join(f"ANTI JOIN {hidden} USING ({key})" for key, hidden in _HIDDEN.items() if key in columns)
            changed(connection, f"INSERT INTO others.{table} FROM shown.{table} {without}")
        changed(
            connection, "DELETE FROM others.media WHERE media_id NOT IN (SELECT media_id FROM others.message_media)"
        )
        changed(connection, f"DELETE FROM others.reactions WHERE message_id IN ({_REACTED_TO})")
        if "conversation_ranking" in tables:  # which an earlier program did not publish
            changed(
                connection, f"DELETE FROM others.conversation_ranking WHERE document_id IN ({_DOCUMENTS_REACTED_TO})"
            )
        for (media_id,) in rows(
            connection, "SELECT media_id FROM shown.media EXCEPT SELECT media_id FROM others.media"
        ):
            for copy in settings.published_media.glob(f"{media_id[:2]}/{media_id}.*"):
                copy.unlink(missing_ok=True)
        changed(connection, "UPDATE others.publication SET fingerprint = ?", [_NO_STATE])
        connection.execute("CHECKPOINT others")
    finally:
        connection.execute("DETACH others")
    shutil.copyfile(fresh, partial)
    os.replace(partial, settings.snapshot_path)
    settings.public_path.with_name(settings.public_path.name + ".wal").unlink(missing_ok=True)
    os.replace(fresh, settings.public_path)


def _literal(path: os.PathLike[str]) -> str:
    return "'" + os.fspath(path).replace("'", "''") + "'"


_HIDDEN = {"message_id": "hidden_messages", "author_id": "hidden_people", "document_id": "hidden_documents"}
_TABLES = "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'shown' GROUP BY table_name"
_DOCUMENTS = """
    SELECT DISTINCT document_id, source_id, slug
    FROM (SELECT document_id, source_id, slug, unnest(message_ids) AS message_id FROM shown.documents)
    SEMI JOIN hidden_messages USING (message_id)
"""
_POSTS_AROUND = """
    SELECT source_id, slug FROM (SELECT source_id, slug, unnest(message_ids) AS message_id FROM shown.documents)
    WHERE message_id IN (
        SELECT message_id FROM shown.messages WHERE reply_to IN (SELECT message_id FROM hidden_messages)
        UNION SELECT message_id FROM reactions SEMI JOIN hidden_people USING (author_id)
    )
"""
"""Posts show what a message replies to, and count reactions: also of people who said nothing in the conversation itself."""
_REACTED_TO = "SELECT message_id FROM reactions SEMI JOIN hidden_people USING (author_id)"
_DOCUMENTS_REACTED_TO = f"""
    SELECT document_id FROM (SELECT document_id, unnest(message_ids) AS message_id FROM others.documents)
    WHERE message_id IN ({_REACTED_TO})
"""
_NEWEST = """
    SELECT max(greatest(opted_out_revision, coalesce(o.revision, 0)))
    FROM authors LEFT JOIN private.other_authors o USING (author_id) WHERE opted_out
"""
"""When somebody opted out, or a message became known as that of somebody who had."""
_THEIRS = f"""
    SELECT (SELECT count(*) FROM hidden_documents)
        + (SELECT count(*) FROM shown.messages SEMI JOIN hidden_messages USING (message_id))
        + (SELECT count(*) FROM shown.authors SEMI JOIN hidden_people USING (author_id))
        + (SELECT count(*) FROM shown.reactions WHERE message_id IN ({_REACTED_TO}))
"""
