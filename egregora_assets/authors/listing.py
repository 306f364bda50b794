"""The authors as their memory's owner sees them, with the private display names where asked for."""

from __future__ import annotations

from typing import Any

import duckdb

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
