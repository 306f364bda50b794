"""When Dagster merges live messages: a sensor on sealed segments."""

import time

import dagster as dg

from egregora_assets.chat.automation import refresh_all
from egregora_assets.chat.segments import waiting
from egregora_assets.live.watch import look
from egregora_assets.warehouse.resource import Warehouse

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    job=refresh_all,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One run for all segments of live messages that wait, when none is under way.",
)
def segments_sensor(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SensorResult:
    sealed = waiting(warehouse.settings.segments)
    under_way = bool(sealed) and _is_under_way(context.instance)
    seen = look(context.cursor, sealed, under_way, time.time())
    if seen.run:
        return dg.SensorResult(run_requests=[dg.RunRequest(tags={"egregora/reason": seen.reason})], cursor=seen.cursor)
    return dg.SensorResult(skip_reason=seen.reason, cursor=seen.cursor)


def _is_under_way(instance: dg.DagsterInstance) -> bool:
    return bool(instance.get_runs(dg.RunsFilter(job_name=refresh_all.name, statuses=_UNDER_WAY), limit=1))
