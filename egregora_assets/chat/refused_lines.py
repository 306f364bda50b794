"""Lines that the live service could not read, and has left beside its segments → ``quarantine``, each once.

``SEGMENTS/refused-<number>.parquet`` is whole or not there; who has taken it in removes it.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

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
_MOST_FILES = 1_000
"""Where no run takes them in for long, the oldest go."""
_PATTERN = "refused-*.parquet"

log = logging.getLogger(__name__)


def leave_refused(folder: Path, lines: pa.Table) -> None:
    """Leave lines (``REFUSED_SCHEMA``) for the next run. Raises ``OSError``."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob(_PATTERN))[: -_MOST_FILES + 1]:
        old.unlink(missing_ok=True)
    path = folder / f"refused-{time.time_ns():020}.parquet"
    partial = path.with_name(f".{path.name}.tmp")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
        pq.write_table(lines.cast(REFUSED_SCHEMA), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def take_in_refused(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Add the lines that wait to ``quarantine``, each once; return how many files there were.

    A file that cannot be read is left out: nothing in it could be read before.
    """
    paths = sorted(folder.glob(_PATTERN)) if folder.is_dir() else []
    found = [table for table in map(_read, paths) if table is not None]
    if found:
        with transaction(connection, CONSUMER) as change, view_of(connection, "refused", pa.concat_tables(found)):
            changed(connection, _ADD, {"revision": change.revision})
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _read(path: Path) -> pa.Table | None:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        log.warning("%s cannot be read and is left out (%s)", path.name, type(error).__name__)
        return None
    return table if table.schema.equals(REFUSED_SCHEMA) else None


_ADD = """
    INSERT INTO quarantine BY NAME
    SELECT export_id, byte_offset, reason, raw, $revision AS revision, sum(pieces)::BIGINT AS pieces
    FROM (SELECT 'live-' || lane AS export_id, * EXCLUDE (lane) FROM refused)
    ANTI JOIN quarantine USING (export_id, byte_offset, reason, raw)
    GROUP BY ALL
"""
