"""How the live service is: one object, as the socket answers it and ``egregora live status`` shows it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from egregora_assets.chat import segments
from egregora_assets.live.latency import Histogram

if TYPE_CHECKING:
    from egregora_assets.live.service import Service


def status_of(service: Service) -> dict[str, Any]:
    """Return the state of a service that runs; times in milliseconds."""
    lately = service.monitor.lately()
    lag = service.monitor.loop_lag
    return {
        "pid": os.getpid(),
        "home": str(service.settings.home),
        "up_seconds": round(time.monotonic() - service.started, 1),
        "sequence": service.writer.next_sequence - 1,
        "sealed": service.sealer.sealed,
        "segments_waiting": len(segments.waiting(service.settings.segments)),
        "segments_merged": len(list(service.settings.segments.glob("*.merged"))),
        "rows_waiting": service.intake.rows,
        "bytes_waiting": service.intake.size,
        "problem": service.problem,
        "socket_losses": service.socket_losses,
        "budget_ms": service.live.budget_ms,
        "fsync_ms": round(service.fsync_ms, 3),
        "readers_held": service.reader.held,
        "disk_problem": service.disk_problem,
        "failed_commits": service.writer.failed_commits,
        "loop_lag": {**_figures(lag), "culprit": service.loop_lag.culprit, "held_ms": service.loop_lag.held_ms},
        "lanes": {
            name: {
                "platform": lane.adapter.platform,
                "state": lane.state,
                "problem": lane.problem,
                "received": lane.received,
                "refused": lane.refusals.count if lane.refusals is not None else 0,
                "stages": {stage: _figures(found) for (of, stage), found in sorted(lately.items()) if of == name},
            }
            for name, lane in service.lanes.items()
        },
    }


def _figures(histogram: Histogram) -> dict[str, float]:
    return {
        "count": histogram.count,
        "p50_ms": round(histogram.milliseconds(0.50), 3),
        "p95_ms": round(histogram.milliseconds(0.95), 3),
        "p99_ms": round(histogram.milliseconds(0.99), 3),
        "max_ms": round(histogram.longest_ns / 1e6, 3),
    }
