"""What a pass over sidecars costs: measured by the pass itself, remembered for the last one, and held against a budget."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb

from egregora_assets.warehouse.query import changed, rows
from egregora_assets.warehouse.revisions import Transaction

LEAST_DOCUMENTS = 400
"""Patterns and plans are made for all documents of a pass at once, which takes as long as some hundred of them."""


class Cost(NamedTuple):
    """Documents of a pass and the CPU milliseconds it took."""

    documents: int
    milliseconds: float

    @property
    def per_document(self) -> float:
        """CPU milliseconds of one document, as if there had been at least ``LEAST_DOCUMENTS``."""
        return self.milliseconds / max(self.documents, LEAST_DOCUMENTS)


@contextmanager
def measuring(change: Transaction, documents: int) -> Iterator[None]:
    """Remember what the block costs, as that of the last pass; nothing is remembered of a pass without documents.

    CPU time of the process is counted: waiting for a disk or for a service costs nothing.
    """
    before = time.process_time()
    yield
    if documents:
        milliseconds = 1000 * (time.process_time() - before)
        changed(change.connection, "DELETE FROM sidecar_passes")
        changed(
            change.connection, "INSERT INTO sidecar_passes VALUES (?, ?, ?)", [change.revision, documents, milliseconds]
        )


def last_cost(connection: duckdb.DuckDBPyConnection) -> Cost | None:
    """Return what the last pass has cost that had something to do; ``None`` if none had."""
    found = rows(connection, "SELECT documents, milliseconds FROM sidecar_passes")
    return Cost(*found[0]) if found else None
