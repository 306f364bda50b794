"""The code location: merges every slice's definitions, nothing else."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from egregora_assets.authors import assets as authors_assets
from egregora_assets.authors import checks as authors_checks
from egregora_assets.chat import assets as chat_assets
from egregora_assets.chat import automation as chat_automation
from egregora_assets.chat import checks as chat_checks
from egregora_assets.documents import assets as documents_assets
from egregora_assets.documents import automation as documents_automation
from egregora_assets.documents import checks as documents_checks
from egregora_assets.git_history import assets as git_assets
from egregora_assets.git_history import automation as git_automation
from egregora_assets.git_history import checks as git_checks
from egregora_assets.live import assets as live_assets
from egregora_assets.live import automation as live_automation
from egregora_assets.live import checks as live_checks
from egregora_assets.media import assets as media_assets
from egregora_assets.media import automation as media_automation
from egregora_assets.media import checks as media_checks
from egregora_assets.profiles import assets as profiles_assets
from egregora_assets.profiles import checks as profiles_checks
from egregora_assets.publish import assets as publish_assets
from egregora_assets.publish import checks as publish_checks
from egregora_assets.search import assets as search_assets
from egregora_assets.search import checks as search_checks
from egregora_assets.sidecar import assets as sidecar_assets
from egregora_assets.sidecar import checks as sidecar_checks
from egregora_assets.warehouse import automation as warehouse_automation
from egregora_assets.warehouse.resource import Warehouse


def build_definitions(loggers: Mapping[str, dg.LoggerDefinition] | None = None, **resources: Any) -> dg.Definitions:
    """Build the definitions anew; ``resources`` replace the standard ones (tests pass ``warehouse=Warehouse(home=…)``)."""
    return dg.Definitions(
        assets=[
            chat_assets.inbox,
            live_assets.live_stream,
            chat_assets.chat_exports,
            chat_assets.messages,
            authors_assets.authors,
            authors_assets.clean_messages,
            media_assets.media_files,
            media_assets.media_thumbnails,
            media_assets.media_duplicates,
            media_assets.media_public,
            media_assets.media_verification,
            git_assets.git_history,
            git_assets.git_line_counts,
            git_assets.code_references,
            documents_assets.documents,
            search_assets.search_units,
            search_assets.lexical_index,
            search_assets.embeddings,
            search_assets.hnsw_index,
            sidecar_assets.language_model_answers,
            sidecar_assets.sidecars,
            sidecar_assets.conversation_ranking,
            sidecar_assets.outcome_pages,
            profiles_assets.author_profiles,
            publish_assets.search_snapshot,
            publish_assets.snapshot,
        ],
        asset_checks=[
            *live_checks.CHECKS,
            *chat_checks.CHECKS,
            *authors_checks.CHECKS,
            *media_checks.CHECKS,
            *git_checks.CHECKS,
            *documents_checks.CHECKS,
            *search_checks.CHECKS,
            *sidecar_checks.CHECKS,
            *profiles_checks.CHECKS,
            *publish_checks.CHECKS,
        ],
        jobs=[
            chat_automation.refresh_all,
            live_automation.refresh_live,
            documents_automation.documents_of_month,
            git_automation.refresh_code,
            media_automation.verify_media,
        ],
        schedules=[chat_automation.nightly, media_automation.daily_verification],
        sensors=[
            chat_automation.inbox_sensor,
            live_automation.segments_sensor,
            git_automation.git_sensor,
            warehouse_automation.run_failure_advice,
            warehouse_automation.killed_runs,
            dg.AutomationConditionSensorDefinition(
                "automation", target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
            ),
        ],
        executor=dg.in_process_executor,
        loggers=loggers,
        resources={"warehouse": Warehouse(), **resources},
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_definitions()
