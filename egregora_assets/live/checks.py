"""Asset checks of live messages. The service reports those of ``live_stream`` itself; here they are asked again on demand."""

from __future__ import annotations

from egregora_assets.live import verify
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("live_stream", verify.live_latency_budget, warn=True),
    check("live_stream", verify.ingest_overhead_budget, warn=True),
    check("live_stream", verify.backlog, warn=True),
)
