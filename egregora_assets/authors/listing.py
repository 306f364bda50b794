"""The authors as their memory's owner sees them, with the private display names where asked for."""

from __future__ import annotations

from typing import Any

import duckdb

from egregora_assets.config import Settings
from egregora_assets.privacy.pseudonyms import normalised_name
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows

COLUMNS = ("author", "called", "messages", "first seen", "last seen", "opted out")
NAME_COLUMNS = ("names",)


def listed(connection: duckdb.DuckDBPyConnection, names: bool = False) -> list[tuple[Any, ...]]:
    """Return one row per author, as ``COLUMNS`` and with ``names`` also ``NAME_COLUMNS`` name them, the most active first."""
    told = ", known.names" if names else ""
    return rows(
        connection,
        f"""
        SELECT alias, chosen_name, message_count, first_seen::DATE, last_seen::DATE,
            CASE WHEN opted_out THEN 'yes' ELSE '' END{told}
        FROM authors LEFT JOIN (
            SELECT author_id, string_agg(DISTINCT raw_name, ', ' ORDER BY raw_name) AS names
            FROM private.author_names GROUP BY author_id
        ) known USING (author_id)
        ORDER BY message_count DESC, alias
        """,
    )


class UnknownPseudonym(ValueError):
    """Nobody has this pseudonym, or nobody has ever named the person that it stands for."""


def names_of(settings: Settings, people: list[str]) -> list[str]:
    """Return the display names of people who are given by name or by pseudonym.

    A name need not be known: whoever is on the list before they write stays hidden from the first word. Raises
    ``UnknownPseudonym``.
    """
    if not all(person.strip() for person in people):
        raise UnknownPseudonym("an empty name is nobody's: say a display name, a number or a pseudonym")
    pseudonyms = {person: normalised_name(person) for person in people if _is_pseudonym(person)}
    if not pseudonyms:
        return people
    with open_warehouse(settings) as connection:
        named = rows(connection, "SELECT alias, raw_name FROM authors JOIN private.author_names USING (author_id)")
    names: list[str] = []
    for person in people:
        found = [name for alias, name in named if alias == pseudonyms.get(person)]
        if person in pseudonyms and not found:
            raise UnknownPseudonym(
                f"nobody with a name has the pseudonym {person}: see `egregora authors list --names`"
            )
        names += found or [person]
    return names


def _is_pseudonym(person: str) -> bool:
    """Return whether ``person`` is written as a pseudonym, in any spelling that the opt-out list understands."""
    return normalised_name(person).startswith("member-")
