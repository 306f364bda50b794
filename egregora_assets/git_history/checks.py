"""Asset checks of repositories and of what messages refer to."""

from __future__ import annotations

from egregora_assets.git_history import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("git_repos", verify.repositories_are_read, warn=True),
    check("git_file_changes", verify.changed_commits_have_rows),
    check("git_timeline", verify.timelines_are_contiguous),
    check("git_timeline", verify.look_ups_agree_with_git),
    check("code_references", verify.no_opted_out_text, blocking=True),
    check("code_references", verify.no_unscrubbed_pii, blocking=True),
    check("code_references", verify.no_private_names_published, blocking=True),
    check("code_references", verify.references_are_resolved, warn=True),
)
