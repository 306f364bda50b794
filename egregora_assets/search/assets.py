"""Search as Dagster assets: what can be found, and vectors of it."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.authors.assets import clean_messages
from egregora_assets.documents.assets import documents
from egregora_assets.search import embeddings as vectors
from egregora_assets.search import units, vector_index, words
from egregora_assets.warehouse.query import scalar
from egregora_assets.warehouse.reporting import OWNERS, SOONER, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


@dg.asset(
    group_name="search",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    deps=[clean_messages, documents],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
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
    kinds={"duckdb", "onnx"},
    owners=OWNERS,
    deps=[search_units],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def embeddings(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Vectors of all that search finds, one per distinct text; a text that is known is never embedded again."""
    with warehouse.writer() as connection:
        changes = vectors.refresh(connection, warehouse.settings)
        preview = (
            "SELECT model, count(*) AS vectors, any_value(octet_length(vector)) // 2 AS dimensions, "
            "sum(octet_length(vector)) AS bytes FROM embeddings GROUP BY model ORDER BY model"
        )
        version = f"{changes.fingerprint or 'none'}-{scalar(connection, 'SELECT seq FROM search_counters')}"
        return described(connection, "embeddings", preview, asdict(changes), version)


@dg.asset(
    group_name="search",
    kinds={"usearch", "file"},
    owners=OWNERS,
    deps=[embeddings],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def hnsw_index(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """The index of vectors: sign bits of each, and a graph over them where they are many; made anew wherever a byte is in doubt."""
    settings = warehouse.settings
    with warehouse.writer() as connection:
        changes = vector_index.refresh(connection, settings, config.full_refresh)
        found = vector_index.figures(connection, settings)
    if found is None:
        return dg.MaterializeResult(metadata={"dagster/row_count": 0, "answers": "nothing: there are no vectors"})
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": found.rows,
            "path": dg.MetadataValue.path(str(vector_index.folder_of(settings, found.model))),
            **asdict(found),
            **{f"pass_{name}": value for name, value in asdict(changes).items() if name in _OF_THE_PASS},
        },
        data_version=dg.DataVersion(f"{found.generation}-{found.applied_seq}"),
    )


_OF_THE_PASS = ("added", "removed", "bytes", "anew")


@dg.asset(
    group_name="search",
    kinds={"tantivy", "file"},
    owners=OWNERS,
    deps=[search_units],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
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
