"""Asset checks of documents."""

from __future__ import annotations

from egregora_assets.documents import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("documents", verify.every_message_in_one_window, blocking=True),
    check("documents", verify.windows_in_order),
    check("documents", verify.no_unscrubbed_pii, blocking=True),
    check("documents", verify.no_private_names_published, blocking=True),
)
