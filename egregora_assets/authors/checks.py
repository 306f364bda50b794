"""Asset checks of authors and the privacy gate."""

from __future__ import annotations

from egregora_assets.authors import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("authors", verify.opt_out_list_matches, warn=True),
    check("authors", verify.identities_match, warn=True),
    check("authors", verify.front_matter_can_be_read, warn=True),
    check("clean_messages", verify.no_opted_out_messages, blocking=True),
    check("clean_messages", verify.no_unscrubbed_pii, blocking=True),
    check("clean_messages", verify.no_private_names_published, blocking=True),
)
