"""Figures for Prometheus, as text over HTTP, on loopback only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from egregora_assets.live.latency import Histogram

if TYPE_CHECKING:
    from egregora_assets.live.service import Service

_BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)
_HEADERS_BYTES = 8_192
_SECONDS = 5


async def serve_metrics(port: int, service: Service) -> asyncio.Server:
    """Begin to answer at a port of this machine. Raises ``OSError`` where it is taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(request, service))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or asked for too long
        finally:
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port, limit=_HEADERS_BYTES)


def _response(request: bytes, service: Service) -> bytes:
    if request.startswith((b"GET /metrics ", b"GET / ")):
        status, body = "200 OK", "\n".join(metrics_of(service)) + "\n"
    else:
        status, body = "404 Not Found", "there is /metrics here\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}".encode()


def metrics_of(service: Service) -> Iterator[str]:
    """Yield the lines of the text format."""
    gauges = {
        "rows_waiting": service.intake.rows,
        "bytes_waiting": service.intake.size,
        "sequence": service.writer.next_sequence - 1,
        "sealed_sequence": service.sealer.sealed,
        "healthy": int(service.problem is None),
    }
    for name, value in gauges.items():
        yield f"# TYPE egregora_live_{name} gauge"
        yield f"egregora_live_{name} {value}"
    yield "# TYPE egregora_live_received_total counter"
    for name, lane in service.lanes.items():
        yield f'egregora_live_received_total{{lane="{name}"}} {lane.received}'
    yield "# TYPE egregora_live_latency_seconds histogram"
    for (lane_name, stage), histogram in sorted(service.monitor.ever().items()):
        yield from _histogram(f'lane="{lane_name}",stage="{stage}"', histogram)


def _histogram(labels: str, histogram: Histogram) -> Iterator[str]:
    for bound in _BOUNDS_MS:
        count = histogram.count_within(bound)
        yield f'egregora_live_latency_seconds_bucket{{{labels},le="{bound / 1_000:g}"}} {count}'
    yield f'egregora_live_latency_seconds_bucket{{{labels},le="+Inf"}} {histogram.count}'
    yield f"egregora_live_latency_seconds_sum{{{labels}}} {histogram.sum_ns / 1e9:.6f}"
    yield f"egregora_live_latency_seconds_count{{{labels}}} {histogram.count}"
