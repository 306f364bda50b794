"""One order of several lists: reciprocal ranks are added up, with a weight for each list and a strength for each place in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANK_OFFSET = 60
"""How flat ranks count: with 60 the first of a list counts twice as much as the sixtieth."""
WEIGHTS = {"words": 0.5, "meaning": 1.0, "passage": 0.0}
"""How much a list counts, by its name. Passages are a part of the meaning, and have places only to be told."""
_CONTEXT = 0.75
"""How much it counts how near the passage of a message is, where the message itself counts 1: what was talked about is often not
said again in each message.
"""
_ALL_WORDS = 0.5
"""Messages with this share of what the words of a query weigh count in full, those with less much less: rare words are what is
meant, and who has asked in a sentence has said much that is in every other message.
"""

ALIKE = 0.8
"""Texts that share this part of their words are shown as one."""


@dataclass(frozen=True)
class RankedList:
    """What one way of searching has found, the best first: numbers of messages, the rank of each (from 1), its score there, and
    how much that counts, up to 1.
    """

    items: NDArray[np.int64]
    ranks: NDArray[np.int64]
    scores: NDArray[np.float32]
    strengths: NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where a message stood in one list."""

    rank: int
    score: float


@dataclass(frozen=True)
class Ranked:
    """A message with what its places add up to."""

    item: int
    score: float
    places: Mapping[str, Place]


def fused(lists: Mapping[str, RankedList]) -> list[Ranked]:
    """Return all messages of some lists, the best first; of equals the newer, which has the higher number."""
    places: dict[int, dict[str, Place]] = {}
    totals: dict[int, float] = {}
    for name, found in lists.items():
        worth = WEIGHTS[name] * found.strengths / (RANK_OFFSET + found.ranks)
        columns = (found.items, found.ranks, found.scores, worth)
        for item, rank, score, more in zip(*(column.tolist() for column in columns), strict=True):
            stood = places.setdefault(item, {})
            if name not in stood:
                stood[name] = Place(rank, score)
                totals[item] = totals.get(item, 0.0) + more
    ranked = [Ranked(item, totals[item], stood) for item, stood in places.items()]
    return sorted(ranked, key=lambda one: (-one.score, -one.item))


def share_of_words(scores: NDArray[np.float32], most: float) -> NDArray[np.float32]:
    """Return how much hits by words count, where one with all words scores about ``most``."""
    shares = np.minimum(scores / (_ALL_WORDS * most), 1) if most > 0 else np.ones(len(scores))
    return (shares**2).astype(np.float32)


def with_context(own: NDArray[np.float32], around: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how near messages are together with their passages; by themselves where ``around`` is not a number."""
    context = np.where(np.isnan(around), own, around)
    return ((own + _CONTEXT * context) / (1 + _CONTEXT)).astype(np.float32)


def nearness(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much hits by meaning count: as much as their share of how near the nearest is."""
    best = scores.max(initial=0)
    return np.maximum(scores / best, 0).astype(np.float32) if best > 0 else np.zeros_like(scores)


def is_alike(words: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether two texts say the same, by their words."""
    if words == others:
        return True
    shared = len(words & others)
    return shared >= ALIKE * (len(words) + len(others) - shared)


def first_alike(words: frozenset[str], shown: Sequence[frozenset[str]]) -> int | None:
    """Return the number of the first text that says the same; ``None`` where none does."""
    return next((number for number, others in enumerate(shown) if is_alike(words, others)), None)
