"""Asset checks of sidecars and posts, of the ranking, and of the pages that lead to posts."""

from __future__ import annotations

from egregora_assets.sidecar import verify, verify_pages
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("sidecars", verify.no_opted_out_text, blocking=True),
    check("sidecars", verify.no_unscrubbed_pii, blocking=True),
    check("sidecars", verify.no_private_names_published, blocking=True),
    check("sidecars", verify.evidence_is_inside),
    check("sidecars", verify.posts_match_documents),
    check("sidecars", verify.sidecars_match_schema),
    check("sidecars", verify.no_pseudonym_in_posts),
    check("sidecars", verify.sidecars_keep_to_their_budget, warn=True),
    check("conversation_ranking", verify_pages.ranking_adds_up),
    check("outcome_pages", verify_pages.no_unscrubbed_pii, blocking=True),
    check("outcome_pages", verify_pages.no_private_names_published, blocking=True),
    check("outcome_pages", verify_pages.pages_match_tables),
    check("outcome_pages", verify_pages.no_pseudonym_in_pages),
)
