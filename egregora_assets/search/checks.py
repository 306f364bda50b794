"""Asset checks of search."""

from __future__ import annotations

from egregora_assets.search import verify
from egregora_assets.warehouse.reporting import check

CHECKS = [
    check("search_units", verify.units_follow_messages),
    check("search_units", verify.no_hidden_units, blocking=True),
]
