"""The job that remakes the conversations of one month: months are its partitions, so that a backfill remakes several.

The asset itself has none: an ordinary run takes in what is new, whatever month it is of, and nobody has to choose.
"""

import dagster as dg

_MONTHS = dg.MonthlyPartitionsDefinition(start_date="1990-01", fmt="%Y-%m", end_offset=1)
"""All months there may be messages of, up to this one."""


@dg.partitioned_config(partitions_def=_MONTHS)
def of_month(month: str) -> dict[str, object]:
    """Return the run config for one month, such as ``2024-03``."""
    return {"ops": {"documents": {"config": {"month": month}}}}


documents_of_month = dg.define_asset_job(
    "documents_of_month",
    selection=dg.AssetSelection.assets("documents"),
    config=of_month,
    description="Cut the conversations of one month again, of all chats. What comes out the same is not written.",
)
