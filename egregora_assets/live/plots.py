"""Latency over time as a small picture in Markdown, for whoever looks at an asset."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 180, 48, 20
_COLOURS = {"p50": "#2a9d8f", "p95": "#e9c46a", "p99": "#e76f51"}
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Point:
    """What messages took in one stretch of time, in milliseconds; of several lanes the slowest."""

    at: datetime
    p50: float
    p95: float
    p99: float


def plot(points: Sequence[Point], budget_ms: float) -> str:
    """Return the points as a drawing with the budget as a line, and as a row of bars for where drawings are not shown."""
    if not points:
        return "no message has come in yet"
    drawing = base64.b64encode(_drawing(points, budget_ms).encode()).decode()
    top = max(budget_ms, *(point.p99 for point in points))
    rows = "\n".join(
        f"| {name} | `{''.join(_bar(getattr(point, name), top) for point in points)}` | {getattr(points[-1], name):.1f} |"
        for name in _COLOURS
    )
    since = f"{points[0].at:%H:%M:%S} to {points[-1].at:%H:%M:%S} UTC, budget {budget_ms:g} ms"
    return f"![latency](data:image/svg+xml;base64,{drawing})\n\n| | {since} | ms, last |\n|---|---|---|\n{rows}"


def _bar(value: float, top: float) -> str:
    return _BARS[min(int(value / top * len(_BARS)), len(_BARS) - 1)]


def _drawing(points: Sequence[Point], budget_ms: float) -> str:
    top = 1.1 * max(budget_ms, *(point.p99 for point in points))
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
        + " ".join(
            f"{_x(number, len(points)):.1f},{_y(getattr(point, name), top):.1f}" for number, point in enumerate(points)
        )
        + f'"/><text x="{_LEFT + 60 * number}" y="12" fill="{colour}">{name}</text>'
        for number, (name, colour) in enumerate(_COLOURS.items())
    )
    budget = _y(budget_ms, top)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="11">'
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{budget:.1f}" y2="{budget:.1f}" stroke="#888" stroke-dasharray="4"/>'
        f'<text x="0" y="{budget + 4:.1f}" fill="#888">{budget_ms:g} ms</text>{lines}'
        f'<text x="{_LEFT}" y="{_HEIGHT - 4}" fill="#888">{points[0].at:%H:%M:%S}</text>'
        f'<text x="{_WIDTH - 50}" y="{_HEIGHT - 4}" fill="#888">{points[-1].at:%H:%M:%S}</text></svg>'
    )


def _x(number: int, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT) * number / max(count - 1, 1)


def _y(value: float, top: float) -> float:
    return (_HEIGHT - _BOTTOM) * (1 - value / top)
