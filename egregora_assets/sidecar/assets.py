"""Sidecars and posts as a Dagster asset."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.documents.assets import documents
from egregora_assets.git_history.assets import code_references
from egregora_assets.media.assets import media_public, media_thumbnails
from egregora_assets.sidecar.posts import refresh
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


@dg.asset(
    group_name="sidecar",
    kinds={"duckdb", "json", "markdown"},
    owners=OWNERS,
    deps=[documents, code_references, media_public, media_thumbnails],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def sidecars(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """What each document is about: topics, decisions, questions, entities and participants, each item citing messages."""
    with warehouse.writer() as connection:
        changes = refresh(connection, warehouse.settings, config.full_refresh)
        preview = """
            SELECT document_id, message_count AS messages,
                (SELECT count(*) FROM decisions d WHERE d.document_id = s.document_id) AS decisions,
                (SELECT count(*) FROM questions q WHERE q.document_id = s.document_id) AS questions
            FROM sidecars s ORDER BY slug DESC LIMIT 10
        """
        return described(connection, "sidecars", preview, {**asdict(changes), "posts": str(warehouse.settings.posts)})
