"""The picture of the study of graphs: recall against the time of a search, a dot for each choice of parameters, as SVG."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.harness import Figure

WIDTH, HEIGHT, MARGIN = 860, 480, 62
LEAST_RECALL, MOST_RECALL = 0.85, 1.0
LEAST_MS, MOST_MS = 0.05, 10.0
_COLOURS = {
    "usearch": "#0b6e4f",
    "hnswlib": "#c8553d",
    "faiss-cpu": "#3d5a98",
    "duckdb-extension-vss": "#8a6d1f",
    "numpy, every vector": "#555555",
    "sign bits": "#7b2d8b",
}
_CHOICE = re.compile(
    r"(?P<name>.+?)(?: (?P<choice>M=\d+ efC=\d+))?(?: (?P<depth>(?:ef|depth)=\d+))?: (?P<told>search|recall@10)"
)


@dataclass(frozen=True)
class Dot:
    """One way to search: of which library, with which parameters, how much of the truth it finds, and in how many CPU-ms."""

    library: str
    choice: str
    recall: float
    milliseconds: float


def dots(figures: Iterable[Figure], size: int) -> list[Dot]:
    """Return the dots for the figures at a size."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for one in figures:
        match = _CHOICE.fullmatch(one.name)
        if match and one.size == size:
            choice = " ".join(filter(None, (match["choice"], match["depth"])))
            found.setdefault((match["name"], choice), {})[match["told"]] = one.value
    return [
        Dot(library, choice, told["recall@10"], told["search"])
        for (library, choice), told in found.items()
        if len(told) == 2
    ]


def write(figures: Iterable[Figure], path: Path, size: int, chosen: str) -> None:
    """Draw the dots at a size into a file; the one of usearch whose parameters are ``chosen`` has a ring."""
    shown = dots(figures, size)
    path.write_text("\n".join(_drawing(shown, size, chosen)) + "\n", "utf-8")


def _drawing(shown: list[Dot], size: int, chosen: str) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield f'<text x="{MARGIN}" y="24" font-size="16">Recall@10 and CPU time of a search, {size:,} vectors of 384 numbers</text>'
    for milliseconds in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10):
        x = _x(milliseconds)
        yield f'<line x1="{x}" y1="{_y(MOST_RECALL)}" x2="{x}" y2="{_y(LEAST_RECALL)}" stroke="#dddddd"/>'
        yield f'<text x="{x}" y="{HEIGHT - 38}" text-anchor="middle">{milliseconds:g}</text>'
    for recall in (0.85, 0.9, 0.95, 1.0):
        y = _y(recall)
        yield f'<line x1="{MARGIN}" y1="{y}" x2="{WIDTH - MARGIN}" y2="{y}" stroke="#dddddd"/>'
        yield f'<text x="{MARGIN - 8}" y="{y + 4}" text-anchor="end">{recall:.2f}</text>'
    yield f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">CPU milliseconds, logarithmic</text>'
    for dot in shown:
        yield from _dot(dot, chosen)
    for number, (library, colour) in enumerate(_COLOURS.items()):
        y = _y(LEAST_RECALL) - 18 * (len(_COLOURS) - number)
        yield f'<circle cx="{WIDTH - 232}" cy="{y}" r="5" fill="{colour}"/>'
        yield f'<text x="{WIDTH - 218}" y="{y + 4}">{escape(library)}</text>'
    y = _y(LEAST_RECALL) - 18 * (len(_COLOURS) + 1)
    yield f'<circle cx="{WIDTH - 232}" cy="{y}" r="7" fill="none" stroke="{_COLOURS["usearch"]}" stroke-width="2"/>'
    yield f'<text x="{WIDTH - 218}" y="{y + 4}">what is used: {escape(chosen)}</text>'
    yield "</svg>"


def _dot(dot: Dot, chosen: str) -> Iterator[str]:
    x, y, colour = _x(dot.milliseconds), _y(dot.recall), _COLOURS[dot.library]
    told = escape(f"{dot.library} {dot.choice}: {dot.recall:.3f}, {dot.milliseconds:.3f} ms")
    yield f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}" fill-opacity="0.75"><title>{told}</title></circle>'
    if dot.library == "usearch" and dot.choice == chosen:
        yield f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="{colour}" stroke-width="2"/>'


def _x(milliseconds: float) -> float:
    share = math.log(milliseconds / LEAST_MS) / math.log(MOST_MS / LEAST_MS)
    return round(MARGIN + min(1.0, max(0.0, share)) * (WIDTH - 2 * MARGIN), 1)


def _y(recall: float) -> float:
    share = (min(MOST_RECALL, max(LEAST_RECALL, recall)) - LEAST_RECALL) / (MOST_RECALL - LEAST_RECALL)
    return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)
