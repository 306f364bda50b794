"""Who is hidden: by the last command of each author or by the configured list, which always wins, under every linked name.

Asked in SQL alone, of tables that have one row for each name, link and command: its cost does not follow the messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from egregora_assets.privacy.pseudonyms import normalised_name
from egregora_assets.warehouse.query import changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction


@contextmanager
def listing(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> Iterator[None]:
    """Let SQL read the configured ``names`` as ``opt_out_list`` (name, normalised) for the length of the block."""
    forms = [normalised_name(name) for name in names]
    table = pa.table({"name": pa.array(names, pa.string()), "normalised": pa.array(forms, pa.string())})
    with view_of(connection, "opt_out_list", table):
        yield


def apply(change: Transaction) -> int | None:
    """Set ``authors.opted_out`` as ``opt_out_list``, the commands and the links say; return for how many it is another now.

    ``None`` where nobody has ever decided anything. Runs inside ``listing``.
    """
    connection = change.connection
    if not scalar(connection, _ANY_DECISION):
        return None
    if scalar(connection, "SELECT EXISTS (FROM opt_out_list)"):
        _note_forms(connection)
    with temporary(connection, "hidden_authors", HIDDEN):
        if scalar(connection, f"SELECT count(*) FROM authors WHERE {_DIFFERS}"):
            decide = (
                "UPDATE authors SET opted_out = NOT opted_out, opted_out_revision = $revision, revision = $revision"
            )
            revision = {"revision": change.revision}
            if scalar(connection, _REACTIONS_GO):
                changed(connection, "INSERT INTO erasures VALUES ('opt-out', 0, $revision)", revision)
            return changed(connection, f"{decide} WHERE {_DIFFERS}", revision)
    return 0


def unmatched(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return what on ``opt_out_list`` is no author's name or pseudonym. Runs inside ``listing``, after ``apply``."""
    return tuple(name for (name,) in rows(connection, _UNMATCHED))


def _note_forms(connection: duckdb.DuckDBPyConnection) -> None:
    """Remember the normalised form of each name that has none yet."""
    sql = "SELECT DISTINCT raw_name FROM private.author_names ANTI JOIN private.name_forms USING (raw_name)"
    names = [name for (name,) in rows(connection, sql)]
    if names:
        table = pa.table({"raw_name": names, "normalised": [normalised_name(name) for name in names]})
        with view_of(connection, "new_forms", table):
            changed(connection, "INSERT INTO private.name_forms FROM new_forms")


_ANY_DECISION = """
    SELECT EXISTS (FROM opt_out_list) OR EXISTS (FROM private.opt_commands) OR EXISTS (FROM authors WHERE opted_out)
"""

_LINKS = """
    links AS (
        SELECT author_id, other_id FROM private.author_links
        UNION SELECT other_id, author_id FROM private.author_links
        UNION SELECT author_id, person_id FROM private.persons
        UNION SELECT person_id, author_id FROM private.persons
    ),
    splits AS (
        SELECT author_id AS said_by, other_id AS author_id FROM private.author_splits
        UNION SELECT other_id, author_id FROM private.author_splits
    )
"""
_ALONG_LINKS = """
        UNION (
            SELECT said_by, author_id
            FROM (SELECT said_by, links.other_id AS author_id FROM hidden JOIN links USING (author_id))
            ANTI JOIN splits USING (said_by, author_id)
        )
"""
HIDDEN = f"""
    WITH RECURSIVE {_LINKS},
    opted AS (
        SELECT author_id FROM private.opt_commands GROUP BY author_id
        HAVING arg_max(opted_out, (date_trunc('minute', sent_at), opted_out))
        UNION SELECT author_id FROM private.author_names JOIN private.name_forms USING (raw_name)
            WHERE normalised IN (SELECT normalised FROM opt_out_list)
        UNION SELECT author_id FROM authors WHERE alias IN (SELECT normalised FROM opt_out_list)
    ),
    hidden AS (
        SELECT author_id AS said_by, author_id FROM opted
        {_ALONG_LINKS}
    )
    SELECT DISTINCT author_id FROM hidden
"""
"""An opt-out goes from name to name over links and identities of one person, and to nobody who is split from who said it."""

LINKED = f"""
    WITH RECURSIVE {_LINKS},
    hidden AS (
        SELECT DISTINCT author_id AS said_by, author_id FROM links
        {_ALONG_LINKS}
    )
    SELECT said_by, author_id FROM hidden WHERE said_by <> author_id
"""
"""Whom an opt-out of each author would reach besides."""

_DIFFERS = "opted_out <> (author_id IN (FROM hidden_authors))"

_REACTIONS_GO = f"""
    SELECT EXISTS (FROM reactions SEMI JOIN (FROM authors WHERE NOT opted_out AND {_DIFFERS}) USING (author_id))
"""
"""Who only reacts has no row to take out of what is published, which counts them."""

_UNMATCHED = """
    SELECT name FROM opt_out_list ANTI JOIN private.name_forms USING (normalised)
    WHERE normalised NOT IN (SELECT alias FROM authors)
"""
