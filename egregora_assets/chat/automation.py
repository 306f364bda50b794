"""When Dagster works by itself: a sensor on the inbox, the job that takes in all that is new, and its nightly schedule."""

import hashlib

import dagster as dg

from egregora_assets.chat.inbox import state_of
from egregora_assets.chat.watch import InboxState, look
from egregora_assets.warehouse.resource import Warehouse

refresh_all = dg.define_asset_job(
    "refresh_all",
    selection=dg.AssetSelection.assets("chat_exports", "git_repos").downstream()
    - dg.AssetSelection.assets("git_line_counts", "media_verification"),
    description="Take in what is new in the inbox and the repositories, and bring everything made from it up to date.",
)


@dg.sensor(
    job=refresh_all,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One run for new or changed files in the inbox, as soon as their size has settled.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, warehouse: Warehouse) -> dg.SensorResult:
    seen = look(context.cursor, _nameless(state_of(warehouse.settings.inbox)))
    if seen.run:
        return dg.SensorResult(run_requests=[dg.RunRequest(tags={"egregora/reason": seen.reason})], cursor=seen.cursor)
    return dg.SensorResult(skip_reason=seen.reason, cursor=seen.cursor)


def _nameless(state: InboxState) -> InboxState:
    """Put a hash for each file's name: Dagster keeps the cursor, and a chat between two is called like one of them."""
    return {
        hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]: seen for name, seen in state.items()
    }


nightly = dg.ScheduleDefinition(
    name="nightly",
    job=refresh_all,
    cron_schedule="0 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at three: whatever the sensor has missed.",
)
