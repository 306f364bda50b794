"""Search for those who ask in SQL: ``search('words', k := 10)`` is a table that can be joined with all others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb

from egregora_assets.config import Settings
from egregora_assets.search.hybrid import Search
from egregora_assets.search.opening import open_search
from egregora_assets.warehouse.query import undone

_FUNCTION = "search_hits"
_HITS = "STRUCT(rank INTEGER, message_id UUID, score DOUBLE, snippet VARCHAR)[]"
_MACRO = f"""
    CREATE OR REPLACE TEMP MACRO search(words, k := 10) AS TABLE
    SELECT unnest({_FUNCTION}(words, k::INTEGER), recursive := true)
"""


@contextmanager
def searchable(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Let SQL on an open snapshot search for the length of the block. Nothing is opened before something is searched for."""
    with ExitStack() as stack:
        connection.create_function(_FUNCTION, _hits(stack, settings), ["VARCHAR", "INTEGER"], _HITS)
        connection.execute(_MACRO)
        with undone(connection, lambda: connection.remove_function(_FUNCTION)):
            yield


def _hits(stack: ExitStack, settings: Settings) -> Callable[[str, int], list[dict[str, Any]]]:
    opened: list[Search] = []
    turn = threading.Lock()

    def hits(words: str, k: int) -> list[dict[str, Any]]:
        with turn:  # DuckDB calls from several threads at once
            if not opened:
                opened.append(stack.enter_context(open_search(settings)))
        return [
            {"rank": rank, "message_id": found.message_id, "score": found.score, "snippet": found.snippet}
            for rank, found in enumerate(opened[0].search(words, k), 1)
        ]

    return hits
