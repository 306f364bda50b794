"""What must be true of stored media."""

from __future__ import annotations

import duckdb

from egregora_assets.config import Settings
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict


def objects_are_stored(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every media row has its bytes in the store, of the size the row says."""
    store = MediaStore(settings.media_store)
    missing = sum(
        not store.holds(media_id, size) for media_id, size in rows(connection, "SELECT media_id, bytes FROM media")
    )
    return Verdict(missing == 0, f"{missing} objects are missing or cut", {"missing": missing})


def members_are_accepted(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No file inside an archive had to be refused; the figures count the reasons."""
    refused = rows(connection, "SELECT rejected, count(*) FROM media_files WHERE rejected IS NOT NULL GROUP BY 1")
    total = sum(count for _, count in refused)
    return Verdict(total == 0, f"refused files: {total}", {"refused": total})
