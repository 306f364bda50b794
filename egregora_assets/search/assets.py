"""Search as Dagster assets: what can be found, and vectors of it."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.authors.assets import clean_messages
from egregora_assets.documents.assets import documents
from egregora_assets.search import units, words
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


@dg.asset(
    group_name="search",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    deps=[clean_messages, documents],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def search_units(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """What search finds: each message with words, and passages of a few neighbours; each with a label that is never used twice."""
    with warehouse.writer() as connection:
        changes = units.refresh(connection, warehouse.settings, config.full_refresh)
        counts = "kind, count(*) AS units, count(DISTINCT content_hash) AS texts"
        preview = f"SELECT {counts} FROM search_units GROUP BY kind ORDER BY kind"
        return described(connection, "search_units", preview, asdict(changes))


@dg.asset(
    group_name="search",
    kinds={"tantivy", "file"},
    owners=OWNERS,
    deps=[search_units],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def lexical_index(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """The index of words: it follows what can be found, holds no text, and is made anew wherever a byte is in doubt."""
    settings = warehouse.settings
    with warehouse.writer() as connection:
        changes = words.refresh(connection, settings, config.full_refresh)
    manifest = words.open_index(words.folder_of(settings)).manifest
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": manifest.rows,
            "path": dg.MetadataValue.path(str(words.folder_of(settings))),
            "bytes": manifest.bytes,
            "blocks": len(manifest.blocks),
            "revision": manifest.revision,
            **asdict(changes),
        },
        data_version=dg.DataVersion(manifest.name),
    )
