"""What a language model answers, sidecars and posts, the ranking, and the pages that lead to posts, as Dagster assets."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.documents.assets import documents
from egregora_assets.git_history.assets import code_references
from egregora_assets.media.assets import media_public, media_thumbnails
from egregora_assets.sidecar import pages, ranking
from egregora_assets.sidecar.language_model import reading
from egregora_assets.sidecar.posts import refresh
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described, table_revision
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse

ANSWERED = dg.AssetCheckSpec(
    "documents_are_answered",
    asset="language_model_answers",
    description="Where a language model is set, every document has an answer of it; those without keep what the rules find.",
)


@dg.asset(
    group_name="sidecar",
    kinds={"duckdb", "openai"},
    owners=OWNERS,
    deps=[documents],
    check_specs=[ANSWERED],
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def language_model_answers(warehouse: Warehouse) -> Iterator[dg.MaterializeResult[Any]]:
    """What a language model reads in documents, where the settings name one. The warehouse is not held while it is asked."""
    outcome = reading.refresh(warehouse.writer_for_now, warehouse.settings)
    why = f" ({outcome.reason})" if outcome.reason else ""
    left = f"{outcome.left:,} documents have no answer{why}: they keep what the rules have found"
    yield dg.MaterializeResult(
        metadata={"dagster/row_count": outcome.documents, **asdict(outcome)},
        data_version=dg.DataVersion(str(outcome.revision)),
        check_results=[
            dg.AssetCheckResult(
                check_name=ANSWERED.name,
                passed=not outcome.left,
                severity=dg.AssetCheckSeverity.WARN,
                description=left if outcome.left else f"nothing is left to be asked{why}",
                metadata={"left": outcome.left},
            )
        ],
    )


@dg.asset(
    group_name="sidecar",
    kinds={"duckdb", "json", "markdown"},
    owners=OWNERS,
    deps=[documents, language_model_answers, code_references, media_public, media_thumbnails],
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


@dg.asset(
    group_name="sidecar",
    kinds={"duckdb"},
    owners=OWNERS,
    deps=[sidecars],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def conversation_ranking(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """How much came of each conversation: reactions, replies, people, decisions and answered questions, added up."""
    with warehouse.writer() as connection:
        changes = ranking.refresh(connection, warehouse.settings, config.full_refresh)
        preview = f"""
            SELECT document_id, score, {ranking.EXPLAINED} AS explanation
            FROM conversation_ranking ORDER BY score DESC, document_id LIMIT 10
        """
        return described(connection, "conversation_ranking", preview, asdict(changes))


@dg.asset(
    group_name="sidecar",
    kinds={"duckdb", "markdown"},
    owners=OWNERS,
    deps=[sidecars, conversation_ranking],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def outcome_pages(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Pages that lead to the posts: decisions, tasks and questions by month, topics, the ranking, and an Atom feed."""
    with warehouse.writer() as connection:
        changes = pages.refresh(connection, warehouse.settings, config.full_refresh)
        preview = "SELECT kind, count(*) AS pages FROM outcome_pages GROUP BY kind ORDER BY kind"
        told = {**asdict(changes), "pages": str(warehouse.settings.published)}
        version = str(table_revision(connection, "conversation_ranking"))
        return described(connection, "outcome_pages", preview, told, version)
