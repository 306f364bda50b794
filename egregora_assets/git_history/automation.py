"""When Dagster reads repositories by itself: a sensor on their refs, and the job that it runs."""

import hashlib

import dagster as dg

from egregora_assets.git_history.watch import state_of
from egregora_assets.warehouse.resource import Warehouse

refresh_code = dg.define_asset_job(
    "refresh_code",
    selection=dg.AssetSelection.assets("git_repos").downstream() - dg.AssetSelection.assets("git_line_counts"),
    description="Read what is new in the repositories and bring everything made from it up to date.",
)


@dg.sensor(
    job=refresh_code,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One run when a branch or tag of a repository was moved, made or deleted.",
)
def git_sensor(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SensorResult:
    state = hashlib.sha256(state_of(warehouse.settings).encode("utf-8", "surrogateescape")).hexdigest()
    if state == (context.cursor or _NOTHING):
        return dg.SensorResult(skip_reason="no repository has moved", cursor=state)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(tags={"egregora/reason": "a repository has moved"})], cursor=state
    )


_NOTHING = hashlib.sha256(b"").hexdigest()
"""The state of a home without repositories: there is nothing to run for."""
