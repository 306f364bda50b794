"""Live messages as Dagster sees them: an asset that is made outside of runs, of which the live service reports figures."""

from datetime import timedelta

import dagster as dg

from egregora_assets.warehouse.reporting import OWNERS

live_stream = dg.AssetSpec(
    "live_stream",
    group_name="live",
    kinds={"duckdb", "stream"},
    owners=OWNERS,
    description=(
        "What `egregora live` takes in, message by message, outside of any run: durable in `live.duckdb`, sealed as segments, "
        "merged by `messages`. Each materialisation tells how long messages took in the seconds before."
    ),
    freshness_policy=dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=30), warn_window=timedelta(minutes=10)
    ),
)
