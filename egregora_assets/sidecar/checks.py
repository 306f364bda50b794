"""Asset checks of sidecars and posts."""

from __future__ import annotations

from egregora_assets.sidecar import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("sidecars", verify.no_opted_out_text, blocking=True),
    check("sidecars", verify.no_unscrubbed_pii, blocking=True),
    check("sidecars", verify.no_private_names_published, blocking=True),
    check("sidecars", verify.evidence_is_inside),
    check("sidecars", verify.posts_match_documents),
)
