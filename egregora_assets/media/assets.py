"""Media as a Dagster asset."""

from typing import Any

import dagster as dg

from egregora_assets.chat.assets import messages
from egregora_assets.media.ingest import refresh
from egregora_assets.warehouse.reporting import OWNERS, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


@dg.asset(
    group_name="media",
    kinds={"duckdb", "file"},
    owners=OWNERS,
    deps=[messages],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def media(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Files that came with messages, each kept once by the hash of its bytes, however often it was sent."""
    with warehouse.writer() as connection:
        changes = refresh(connection, warehouse.settings)
        preview = (
            "SELECT mime, count(DISTINCT media_id) AS objects, count(*) AS files, count(*) - count(DISTINCT media_id) "
            "AS duplicates FROM media JOIN media_files USING (media_id) GROUP BY mime ORDER BY mime"
        )
        figures = {
            "archives_read": changes.archives,
            "files_read": changes.files,
            "new_objects": changes.new_objects,
            "rejected": changes.rejected,
            "archives_missing": len(changes.missing),
        }
        return described(connection, "media", preview, figures)
