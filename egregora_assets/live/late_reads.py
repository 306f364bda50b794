"""Fresh reads that are loaded when somebody first asks: what cleans texts takes as long to load as all that takes them in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb

from egregora_assets.config import Settings

if TYPE_CHECKING:
    from egregora_assets.live.fresh_reads import FreshReads


class LateReads:
    """Gives readers their views (``FreshReads``). Several threads may ask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()
        self._reads: FreshReads | None = None

    def close(self) -> None:
        """Give the memory back; what is under way is interrupted."""
        if self._reads is not None:
            self._reads.close()

    def views(self, cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
        """Make the readable views on a cursor of the hot store and return their names."""
        with self._turn:
            if self._reads is None:
                from egregora_assets.live.fresh_reads import FreshReads

                self._reads = FreshReads(self._settings)
        return self._reads.views(cursor)
