"""Asset checks of chat exports and messages."""

from __future__ import annotations

from egregora_assets.chat import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("messages", verify.exports_are_readable, warn=True),
    check("messages", verify.unique_message_ids, blocking=True),
    check("messages", verify.nothing_vanished),
    check("messages", verify.quarantine_is_small, warn=True),
    check("messages", verify.plausible_times, warn=True),
    check("messages", verify.times_in_order, warn=True),
)
