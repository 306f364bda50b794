"""How much of the true nearest an index finds, asked of its own rows."""

from __future__ import annotations

import numpy as np

from egregora_assets.search.vectors.generation import Generation
from egregora_assets.search.vectors.spec import Floats, VectorIndex

_ROWS_AT_ONCE = 8_192


def sampled_recall(index: VectorIndex, generation: Generation, k: int = 10, queries: int = 100) -> float:
    """Return which share of the ``k`` nearest rows to some rows, without themselves, is found, or as near.

    The rows are evenly spread over the index, so the same index gives the same answer. Reads all vectors once.
    """
    rows = generation.live_rows()
    if len(rows) <= k:
        return 1.0
    asked = rows[np.linspace(0, len(rows) - 1, min(queries, len(rows))).astype(np.int64)]
    questions = generation.vectors.take(asked, 0)[:, : generation.dimensions].astype(np.float32)
    least = least_scores(generation, questions, k + 1) - generation.dimensions * 2.0**-21
    hits = (index.search(question, k + 1) for question in questions)
    found = [min(k + 1, int((one.scores >= least[number]).sum())) - 1 for number, one in enumerate(hits)]
    return sum(found) / (k * len(asked))


def least_scores(generation: Generation, questions: Floats, k: int) -> Floats:
    """Return the ``k``-th best score of each question."""
    best = np.full((len(questions), k), -np.inf, np.float32)
    for start in range(0, generation.manifest.rows, _ROWS_AT_ONCE):
        part = generation.vectors[start : start + _ROWS_AT_ONCE, : generation.dimensions].astype(np.float32)
        scores = questions @ part.T
        scores[:, generation.is_dead[start : start + len(part)]] = -np.inf
        together = np.concatenate([best, scores], axis=1)
        best = np.partition(together, together.shape[1] - k, axis=1)[:, -k:]
    least: Floats = best.min(axis=1)
    return least
