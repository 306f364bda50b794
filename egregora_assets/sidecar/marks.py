"""Marks: what is kept of messages by which later ones of the same chat change how an item is told, in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from egregora_assets.warehouse.query import changed, scalar, temporary

NO_SPANS = "SELECT '' AS source_id, now() AS first, now() AS last LIMIT 0"
"""The empty table of the times in which marks have changed, by chat."""
NO_DOCUMENTS = "SELECT uuid() AS document_id LIMIT 0"
"""The empty table of documents whose items are told otherwise now."""


@dataclass(frozen=True)
class Marks:
    """One kind of marks: their ``table``, the table of ``spans`` in which they have changed, and the SQL that goes with them.

    ``keep`` inserts those of the open documents, ``anything`` asks whether any item may be told otherwise, ``found`` are the
    items that are, as table ``retold_as``, and ``tell`` writes these down.
    """

    table: str
    spans: str
    keep: str
    anything: str
    found: str
    retold_as: str
    tell: str

    def forget(self, connection: duckdb.DuckDBPyConnection, outdated: str) -> None:
        """Take away the marks of the documents that SQL ``outdated`` gives; ``settle`` has to follow."""
        among = f"document_id IN ({outdated})"
        self._note_spans(connection, among)
        changed(connection, f"DELETE FROM {self.table} WHERE {among}")

    def mark(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep the marks of the open documents; ``settle`` has to follow."""
        if changed(connection, self.keep):
            self._note_spans(connection, "document_id IN (SELECT document_id FROM open_documents)")

    def settle(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bring the items up to date with the marks; ``retold`` gets the documents in which one is told otherwise than before."""
        if scalar(connection, self.anything):
            with temporary(connection, self.retold_as, self.found) as count:
                if count:
                    changed(connection, f"INSERT INTO retold SELECT DISTINCT document_id FROM {self.retold_as}")
                    changed(connection, self.tell)
        changed(connection, f"DELETE FROM {self.spans}")

    def _note_spans(self, connection: duckdb.DuckDBPyConnection, among: str) -> None:
        since = f"SELECT source_id, min(said_at), max(said_at) FROM {self.table} WHERE {among} GROUP BY source_id"
        changed(connection, f"INSERT INTO {self.spans} {since}")
