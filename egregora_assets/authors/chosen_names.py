"""``authors.chosen_name``: what a person asked to be called (`/egregora alias set …`), as long as it gives nobody away."""

from __future__ import annotations

import hashlib
import re

import duckdb
import pyarrow as pa

from egregora_assets.config import Settings
from egregora_assets.privacy.names import KnownNames
from egregora_assets.privacy.scrub import POLICY_VERSION, shows_pii
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction

CONSUMER = "chosen_names"

_ALLOWED = re.compile(r"(?!member\b)\w[\w .'’-]{0,39}", re.IGNORECASE)
"""Letters, digits and what joins words: nothing that a page or a terminal would obey, and no pseudonym of somebody else."""


def show_chosen_names(change: Transaction, settings: Settings) -> None:
    """Let authors have the name that they asked for last; one that names anybody known, or holds a secret, is not shown.

    This holds also for names that become known later. The first who asks for a name has it. A name that is no longer shown is
    erased from what was published; the gate shows no words of the command that asked for it.
    """
    connection = change.connection
    answers, state = Transaction(connection, CONSUMER), _state(connection, settings)
    if not state or answers.watermark().fingerprint == state:
        return  # the patterns of the next question cost as much as all else of a pass, however few there are to ask
    _answer(change, settings)
    answers.advance(_state(connection, settings))


def _state(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a name for all that the answer follows from, and for the answer itself; nothing where nobody asked."""
    ((asked, *found),) = rows(connection, _FOLLOWS_FROM)
    if not asked:
        return ""
    state = repr((POLICY_VERSION, asked, *found, sorted(settings.privacy.opt_out_names)))
    return hashlib.sha256(state.encode()).hexdigest()


def _answer(change: Transaction, settings: Settings) -> None:
    connection = change.connection
    asked = rows(connection, _ASKED)
    shown = pa.table(
        {
            "author_id": pa.array([author for author, _ in asked], pa.string()),
            "chosen_name": pa.array(_shown([name for _, name in asked], _known_names(change, settings)), pa.string()),
        }
    )
    with view_of(connection, "shown", shown):
        gone = scalar(connection, f"SELECT count(*) FROM ({_DIFFERING}) WHERE old_name IS NOT NULL")
        if gone:
            connection.execute("INSERT INTO erasures VALUES ('chosen name', 0, ?)", [change.revision]).fetchall()
        if scalar(connection, f"SELECT count(*) FROM ({_DIFFERING})"):
            changed(connection, _TAKE, {"revision": change.revision})


def _known_names(change: Transaction, settings: Settings) -> KnownNames:
    found = rows(change.connection, "SELECT DISTINCT raw_name FROM private.author_names")
    return KnownNames([*(name for (name,) in found), *settings.privacy.opt_out_names])


def _shown(asked: list[str | None], known: KnownNames) -> list[str | None]:
    """Return, for each name in the order of asking, whether it may be shown: itself, or ``None``."""
    taken: set[str] = set()
    shown: list[str | None] = []
    for name in asked:
        plain = " ".join((name or "").split())
        is_free = plain.casefold() not in taken and _ALLOWED.fullmatch(plain) and not known.may_be_in(plain)
        shown.append(plain if is_free else None)
        taken.add(plain.casefold())
    return shown


_FOLLOWS_FROM = """
    FROM
        (SELECT count(*), bit_xor(hash(author_id, sent_at, position, chosen_name)) FROM private.alias_commands),
        (SELECT bit_xor(hash(author_id, chosen_name)) FROM authors WHERE chosen_name IS NOT NULL),
        (SELECT count(*), max(revision) FROM private.author_names)
"""

_ASKED_BY = """
    SELECT author_id::VARCHAR AS author_id, any_value(authors.chosen_name) AS shown_name, epoch_us(max(sent_at)) AS asked_at,
        regexp_replace(last(asked.chosen_name ORDER BY sent_at, position), '[\\s\\p{Z}]+', ' ', 'g') AS asked_name
    FROM private.alias_commands asked JOIN authors USING (author_id) GROUP BY author_id ORDER BY asked_at, author_id
"""

_ASKED = f"""
    SELECT author_id, CASE WHEN NOT {shows_pii("asked_name")} THEN asked_name END
    FROM ({_ASKED_BY}) ORDER BY asked_at, author_id
"""

_DIFFERING = """
    SELECT a.author_id, a.chosen_name AS old_name, s.chosen_name FROM authors a JOIN shown s ON s.author_id::UUID = a.author_id
    WHERE a.chosen_name IS DISTINCT FROM s.chosen_name
"""

_TAKE = f"""
    UPDATE authors SET chosen_name = d.chosen_name, revision = $revision
    FROM ({_DIFFERING}) d WHERE authors.author_id = d.author_id
"""
