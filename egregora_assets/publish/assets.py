"""The published snapshot as a Dagster asset."""

from datetime import timedelta
from typing import Any

import dagster as dg

from egregora_assets.authors.assets import authors, clean_messages
from egregora_assets.documents.assets import documents
from egregora_assets.git_history.assets import code_references
from egregora_assets.media.assets import media_public
from egregora_assets.profiles.assets import author_profiles
from egregora_assets.publish.snapshot import publish, publish_for_search
from egregora_assets.publish.tables import TABLES
from egregora_assets.search.assets import hnsw_index, lexical_index, search_units
from egregora_assets.sidecar.assets import conversation_ranking, outcome_pages, sidecars
from egregora_assets.warehouse.query import scalar
from egregora_assets.warehouse.reporting import OWNERS, SOONER, RefreshConfig, markdown_table
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse
from egregora_assets.warehouse.revisions import current_revision


@dg.asset(
    group_name="publish",
    kinds={"duckdb"},
    owners=OWNERS,
    deps=[authors, clean_messages, documents, search_units, lexical_index, hnsw_index],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def search_snapshot(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """What search finds, in the snapshot before posts are made of it. Where something has to go, only ``snapshot`` publishes."""
    with warehouse.writer() as connection:
        outcome = publish_for_search(connection, warehouse.settings)
        units, revision = scalar(connection, "SELECT count(*) FROM search_units"), current_revision(connection)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": int(units),
            "published": outcome is not None and outcome.published,
            "rows_written": outcome.rows_written if outcome else 0,
        },
        data_version=dg.DataVersion(str(revision)),
    )


@dg.asset(
    group_name="publish",
    kinds={"duckdb"},
    owners=OWNERS,
    deps=[
        search_snapshot,
        authors,
        clean_messages,
        media_public,
        code_references,
        documents,
        search_units,
        lexical_index,
        hnsw_index,
        sidecars,
        conversation_ranking,
        outcome_pages,
        author_profiles,
    ],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=49), warn_window=timedelta(hours=25)),
)
def snapshot(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """The one file that readers open: allow-listed tables and columns, replaced in one step, never locked."""
    settings = warehouse.settings
    with warehouse.writer() as connection:
        outcome = publish(connection, settings, config.full_refresh)
    counts = " UNION ALL ".join(
        f"SELECT '{table.name}' AS table_name, count(*) AS rows FROM {table.name}" for table in TABLES
    )
    with warehouse.reader() as connection:
        preview = markdown_table(connection, counts)
        ((total,),) = connection.execute(f"SELECT sum(rows) FROM ({counts})").fetchall()
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": int(total),
            "path": dg.MetadataValue.path(str(settings.snapshot_path)),
            "bytes": settings.snapshot_path.stat().st_size,
            "rows_written": outcome.rows_written,
            "made_anew": outcome.rebuilt,
            "preview": dg.MetadataValue.md(preview),
        },
        data_version=dg.DataVersion(str(outcome.publication.revision)),
    )
