"""When Dagster looks after the store by itself: the job that reads a share of it, and its daily schedule."""

import dagster as dg

verify_media = dg.define_asset_job(
    "verify_media",
    selection=dg.AssetSelection.assets("media_verification"),
    description="Read a thirtieth of the stored files and ask whether they are whole.",
)

daily_verification = dg.ScheduleDefinition(
    name="daily_verification",
    job=verify_media,
    cron_schedule="30 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at half past four: in thirty nights every stored file has been read once.",
)
