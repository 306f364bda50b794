"""Every row is compared: what others are measured against, and what answers where there are few rows."""

from __future__ import annotations

import numpy as np

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.generation import Generation, RowNumbers, Rows
from egregora_assets.search.vectors.spec import DEPTH, Floats, Halves, Hits, Labels

_ROWS_AT_ONCE = 8_192


class ExactFlat:
    """The true nearest, without exception."""

    answers = "every vector"

    def __init__(self, generation: Generation) -> None:
        self.generation = generation

    def search(  # there is no depth to it
        self,
        query: Floats,
        k: int,
        allow: Labels | None = None,
        depth: int = DEPTH,  # noqa: ARG002
    ) -> Hits:
        direction = encoding.direction(query, self.generation.dimensions)
        return self.generation.exact(direction, self._candidates(direction, k, self.generation.rows_among(allow)), k)

    def _candidates(self, query: Halves, k: int, rows: Rows) -> RowNumbers:
        """Return rows among which the ``k`` best are for certain: 32-bit scores are wrong by less than the margin."""
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        numbers = numbers[~self.generation.is_dead[numbers]]
        if len(numbers) <= k:
            return numbers
        wide = query.astype(np.float32)
        scores = np.empty(len(numbers), np.float32)
        for start in range(0, len(numbers), _ROWS_AT_ONCE):
            part = self.generation.vectors.take(numbers[start : start + _ROWS_AT_ONCE], 0)
            scores[start : start + len(part)] = part.astype(np.float32) @ wide
        last = np.partition(scores, len(scores) - k)[len(scores) - k] if k else np.inf
        return numbers[scores >= last - self.generation.dimensions * 2.0**-21]
