"""One order of several lists: reciprocal ranks are added up, with a weight for each list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANK_OFFSET = 60
"""How flat ranks count: with 60 the first of a list counts twice as much as the sixtieth."""
WEIGHTS = {"words": 0.5, "meaning": 1.0, "passage": 0.3}
"""How much a list counts, by its name. A passage lends its rank to each of its messages."""

ALIKE = 0.8
"""Texts that share this part of their words are shown as one."""


@dataclass(frozen=True)
class RankedList:
    """What one way of searching has found, the best first: numbers of messages, the rank of each (from 1), and its score there."""

    items: NDArray[np.int64]
    ranks: NDArray[np.int64]
    scores: NDArray[np.float32]


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
    for name, found in lists.items():
        for item, rank, score in zip(found.items.tolist(), found.ranks.tolist(), found.scores.tolist(), strict=True):
            places.setdefault(item, {}).setdefault(name, Place(rank, score))
    ranked = [
        Ranked(item, sum(WEIGHTS[name] / (RANK_OFFSET + place.rank) for name, place in stood.items()), stood)
        for item, stood in places.items()
    ]
    return sorted(ranked, key=lambda one: (-one.score, -one.item))


def is_alike(words: frozenset[str], others: frozenset[str]) -> bool:
    """Return whether two texts say the same, by their words."""
    if words == others:
        return True
    shared = len(words & others)
    return shared >= ALIKE * (len(words) + len(others) - shared)


def first_alike(words: frozenset[str], shown: Sequence[frozenset[str]]) -> int | None:
    """Return the number of the first text that says the same; ``None`` where none does."""
    return next((number for number, others in enumerate(shown) if is_alike(words, others)), None)
