"""Passes that need not be made: an open warehouse remembers in which state each consumer had nothing left to do.

Every asset has the assets above it brought up to date before it works, so most passes of a run find nothing new. Nobody else
writes while a warehouse is open, and what is remembered goes with the connection.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from weakref import WeakKeyDictionary

import duckdb

from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import current_revision

_FROM_SEARCH = {"search_units", "embeddings", "vector_centres", "hnsw_index"}
_FROM_SIDECARS = {"conversation_ranking", "outcome_pages", "author_profiles"}
_UNREAD = {
    "clean_messages": {"clean_messages", "code_references", "documents", "sidecars", *_FROM_SIDECARS, *_FROM_SEARCH},
    "documents": {"documents", "code_references", "sidecars", *_FROM_SIDECARS, *_FROM_SEARCH},
    "search_units": {"code_references", "sidecars", *_FROM_SIDECARS, *_FROM_SEARCH},
    "sidecars": {"sidecars", *_FROM_SIDECARS, *_FROM_SEARCH},
    "conversation_ranking": {*_FROM_SIDECARS, *_FROM_SEARCH},
    "outcome_pages": {"outcome_pages", "author_profiles", *_FROM_SEARCH},
}
"""Whose changes a consumer does not read. A change of anybody who is not named here is news.

Whoever is above a consumer leaves the same changes unread, and more: where there is no news for the one there is none for those.
"""

_settled: MutableMapping[duckdb.DuckDBPyConnection, dict[str, tuple[int, object]]] = WeakKeyDictionary()


def is_settled(connection: duckdb.DuckDBPyConnection, consumer: str, rules: object) -> bool:
    """Return whether a consumer settled under the same rules, and nobody whom it reads has changed anything since."""
    revision, settled_rules = _settled.get(connection, {}).get(consumer, (0, None))
    if not revision or settled_rules != rules:
        return False
    return {who for (who,) in rows(connection, _WHO_SINCE, [revision])} <= _UNREAD[consumer]


_WHO_SINCE = "SELECT consumer FROM revisions WHERE revision > ?"


def settle(connection: duckdb.DuckDBPyConnection, consumer: str, rules: object) -> None:
    """Remember that a consumer has nothing left to do under these rules, until there is news."""
    _settled.setdefault(connection, {})[consumer] = (current_revision(connection), rules)
