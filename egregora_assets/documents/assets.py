"""Documents as a Dagster asset."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.authors.assets import clean_messages
from egregora_assets.documents.windows import refresh, remake_month
from egregora_assets.warehouse.reporting import OWNERS, SOONER, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


class DocumentsConfig(RefreshConfig):
    """Optional run config: all is cut again, or one month (``2024-03``), or what is new."""

    month: str | None = None


@dg.asset(
    group_name="documents",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    deps=[clean_messages],
    pool=WRITER_POOL,
    code_version="2",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def documents(config: DocumentsConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Conversations: clean messages cut into windows at silences and changes of subject, each message in exactly one."""
    with warehouse.writer() as connection:
        if config.month:
            changes = remake_month(connection, warehouse.settings, config.month)
        else:
            changes = refresh(connection, warehouse.settings, config.full_refresh)
        preview = """
            SELECT document_id, window_start, len(message_ids) AS messages FROM documents ORDER BY window_start DESC LIMIT 10
        """
        return described(connection, "documents", preview, asdict(changes))
