"""Author profiles as a Dagster asset."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.profiles.files import refresh
from egregora_assets.sidecar.assets import sidecars
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse


@dg.asset(
    group_name="profiles",
    kinds={"duckdb", "json", "markdown"},
    owners=OWNERS,
    deps=[sidecars],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def author_profiles(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """A page and a JSON file for each author who did not opt out: when they write, of what, and whom they answer."""
    with warehouse.writer() as connection:
        changes = refresh(connection, warehouse.settings, config.full_refresh)
        preview = (
            "SELECT alias, messages, first_seen, last_seen FROM author_profiles ORDER BY messages DESC, alias LIMIT 20"
        )
        folder = str(warehouse.settings.profiles)
        return described(connection, "author_profiles", preview, {**asdict(changes), "profiles": folder})
