"""When Dagster merges live messages: a sensor on sealed segments, and the short job that it asks for."""

import time

import dagster as dg

from egregora_assets.authors import checks as authors_checks
from egregora_assets.chat import checks as chat_checks
from egregora_assets.chat.automation import refresh_all
from egregora_assets.chat.segments import waiting
from egregora_assets.documents import checks as documents_checks
from egregora_assets.live.watch import look
from egregora_assets.search import checks as search_checks
from egregora_assets.warehouse.resource import Warehouse

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_ASKED: list[dg.AssetsDefinition | dg.AssetCheckKey] = [
    *chat_checks.CHECKS,
    *(
        spec.key
        for step in (*authors_checks.CHECKS, *documents_checks.CHECKS, *search_checks.CHECKS)
        for spec in step.check_specs
        if spec.blocking
    ),
]
"""Checks that a publication waits for, and those of messages; a whole run asks the others."""

refresh_live = dg.define_asset_job(
    "refresh_live",
    selection=(
        dg.AssetSelection.assets("messages").downstream() & dg.AssetSelection.assets("search_snapshot").upstream()
    ).without_checks()
    | dg.AssetSelection.checks(*_ASKED),
    description="Merge live messages and publish them, as search finds them. What is made of them besides, posts and profiles "
    "among it, follows by the conditions of those assets.",
)


@dg.sensor(
    jobs=[refresh_live, refresh_all],
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One run for all segments of live messages that wait, when none is under way; the first makes all.",
)
def segments_sensor(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SensorResult:
    sealed = waiting(warehouse.settings.segments)
    under_way = bool(sealed) and _is_under_way(context.instance)
    seen = look(context.cursor, sealed, under_way, time.time())
    if seen.run:
        job = refresh_live if warehouse.settings.snapshot_path.exists() else refresh_all
        request = dg.RunRequest(job_name=job.name, tags={"egregora/reason": seen.reason})
        return dg.SensorResult(run_requests=[request], cursor=seen.cursor)
    return dg.SensorResult(skip_reason=seen.reason, cursor=seen.cursor)


def _is_under_way(instance: dg.DagsterInstance) -> bool:
    """Return whether a run that merges segments is queued or in progress."""
    return any(
        instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=_UNDER_WAY), limit=1)
        for job in (refresh_live, refresh_all)
    )
