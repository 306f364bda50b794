"""Asset checks of media."""

from __future__ import annotations

from egregora_assets.media import verify
from egregora_assets.warehouse.reporting import check

CHECKS = [
    check("media", verify.objects_are_stored),
    check("media", verify.members_are_accepted, warn=True),
]
