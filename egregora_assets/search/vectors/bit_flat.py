"""Sign bits of every row are compared, and the nearest by them scored exactly.

One bit for each number, about the model's centre: 48 bytes where the vector has 768. Nothing has to be built, so what was written
a moment ago is found, and a filter loses nothing.
"""

from __future__ import annotations

import numkong
import numpy as np

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.encoding import Bytes
from egregora_assets.search.vectors.generation import Generation, RowNumbers, Rows
from egregora_assets.search.vectors.spec import DEPTH, Floats, Halves, Hits, Labels

_ROWS_AT_ONCE = 65_536
_PROBE = 8_192
_PER_HIT = 4


class BitFlat:
    """Nearest by bits first: of few rows the true nearest, of many nearly all of them."""

    answers = "sign bits of every vector"

    def __init__(self, generation: Generation) -> None:
        self.generation = generation

    def search(self, query: Floats, k: int, allow: Labels | None = None, depth: int = DEPTH) -> Hits:
        direction = encoding.direction(query, self.generation.dimensions)
        rows = self.nearest(direction, max(depth, _PER_HIT * k), self.generation.rows_among(allow))
        return self.generation.exact(direction, rows, k)

    def nearest(self, query: Halves, depth: int, rows: Rows) -> RowNumbers:
        """Return the ``depth`` live rows nearest by bits, those with smaller labels first where bits are equally far."""
        dead = self.generation.dead_in(rows) if isinstance(rows, slice) else rows[:0]
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        if count - len(dead) <= depth:
            numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
            return np.delete(numbers, dead)
        distances = np.empty((1, count), np.float32)
        code = encoding.signs(query[None], self.generation.centre)
        for start in range(0, count, _ROWS_AT_ONCE):
            part = self._codes(rows, start, min(start + _ROWS_AT_ONCE, count))
            numkong.cdist(code, part, "hamming", dtype="uint1", out=distances[:, start : start + len(part)])
        distances[0, dead] = np.inf
        return self._smallest(distances[0], depth, rows)

    def _codes(self, rows: Rows, start: int, end: int) -> Bytes:
        if isinstance(rows, slice):
            return self.generation.codes[rows.start + start : rows.start + end]
        return self.generation.codes.take(rows[start:end], 0)

    def _smallest(self, distances: Floats, depth: int, rows: Rows) -> RowNumbers:
        places = within_reach(distances, depth)
        found = distances[places]
        last = np.partition(found, depth - 1)[depth - 1]
        numbers = places + rows.start if isinstance(rows, slice) else rows[places]
        inside, edge = numbers[found < last], numbers[found == last]
        edge = edge[np.argsort(self.generation.labels.take(edge), kind="stable")]
        return np.concatenate([inside, edge[: depth - len(inside)]])


def within_reach(distances: Floats, depth: int) -> RowNumbers:
    """Return the places of at least the ``depth`` smallest of more distances, and few others.

    A sample tells how far to go; where it tells too little, all are returned.
    """
    step = max(1, len(distances) // _PROBE)
    probe = distances[::step]
    reach = np.partition(probe, place := min(len(probe) - 1, 2 * depth // step + 16))[place]
    places = np.flatnonzero(distances <= reach)
    return places if len(places) >= depth else np.arange(len(distances))
