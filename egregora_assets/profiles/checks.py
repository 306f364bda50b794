"""Asset checks of author profiles."""

from __future__ import annotations

from egregora_assets.profiles import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("author_profiles", verify.no_profile_of_opted_out_authors, blocking=True),
    check("author_profiles", verify.no_private_text_in_profiles, blocking=True),
    check("author_profiles", verify.profiles_match_authors),
)
