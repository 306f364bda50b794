"""Lines that the live service could not read, and has left beside its segments → ``quarantine``, each once."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.chat.left_tables import LeftTables
from egregora_assets.warehouse.query import changed, view_of
from egregora_assets.warehouse.revisions import transaction

CONSUMER = "refused_lines"
REFUSED_SCHEMA = pa.schema(
    [
        ("lane", pa.string()),
        ("byte_offset", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.binary()),
        ("pieces", pa.int64()),
    ]
)
"""``byte_offset`` is that of the piece of its source in which a line ended; lines that were only counted are one row."""
_LEFT = LeftTables("refused", REFUSED_SCHEMA, most=1_000, durable=True)


def leave_refused(folder: Path, lines: pa.Table) -> None:
    """Leave lines (``REFUSED_SCHEMA``) for the next run. Raises ``OSError``."""
    _LEFT.leave(folder, lines)


def take_in_refused(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Add the lines that wait to ``quarantine``, each once; return how many files there were.

    A file that cannot be read is left out: nothing in it could be read before.
    """
    paths = _LEFT.waiting(folder)
    found = _LEFT.read(paths)
    if found.num_rows:
        with transaction(connection, CONSUMER) as change, view_of(connection, "refused", found):
            changed(connection, _ADD, {"revision": change.revision})
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


_ADD = """
    INSERT INTO quarantine BY NAME
    SELECT export_id, byte_offset, reason, raw, $revision AS revision, sum(pieces)::BIGINT AS pieces
    FROM (SELECT 'live-' || lane AS export_id, * EXCLUDE (lane) FROM refused)
    ANTI JOIN quarantine USING (export_id, byte_offset, reason, raw)
    GROUP BY ALL
"""
