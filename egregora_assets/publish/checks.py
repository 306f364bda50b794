"""Asset checks of the published snapshot."""

from __future__ import annotations

from egregora_assets.publish import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("snapshot", verify.only_allowed_tables, blocking=True),
    check("snapshot", verify.every_value_has_its_form, blocking=True),
    check("snapshot", verify.only_allowed_files, blocking=True),
    check("snapshot", verify.no_opted_out_text, blocking=True),
    check("snapshot", verify.no_unscrubbed_pii, blocking=True),
    check("snapshot", verify.no_private_names_published, blocking=True),
    check("snapshot", verify.erasure_is_complete, blocking=True),
    check("snapshot", verify.snapshot_is_current, warn=True),
    check("snapshot", verify.freshness_budget, warn=True),
)
