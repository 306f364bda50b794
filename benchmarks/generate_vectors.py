"""Vectors as a model makes them of chats: topics with noise about them, and a direction that all have in common."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

COMMON = 0.35
"""How much all vectors have in common: models give every two texts some likeness."""
NOISE = 0.85
_AT_ONCE = 50_000


def centre_of(dimensions: int, seed: int = 7) -> NDArray[np.float32]:
    """Return what the vectors of this seed have in common."""
    common = np.random.default_rng([seed, 1]).standard_normal(dimensions)
    return (COMMON * common / np.linalg.norm(common)).astype(np.float32)


def vectors(count: int, dimensions: int = 384, topics: int = 500, seed: int = 7, part: int = 0) -> NDArray[np.float32]:
    """Return ``count`` vectors of length one. Another ``part`` of the same seed has the same topics: questions to ask of it."""
    return np.concatenate(
        list(batches(count, dimensions, topics, seed, part)) or [np.zeros((0, dimensions), np.float32)]
    )


def batches(
    count: int, dimensions: int = 384, topics: int = 500, seed: int = 7, part: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Yield what ``vectors`` returns, a part at a time."""
    world, own = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 2, part])
    said = world.standard_normal((topics, dimensions))
    said /= np.linalg.norm(said, axis=1, keepdims=True)
    spread = 1.0 / np.sqrt(
        np.arange(1, dimensions + 1)
    )  # few directions tell most of the difference, as in real models
    spread /= np.linalg.norm(spread)
    for start in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - start)
        topic = np.minimum(own.zipf(1.4, size) - 1, topics - 1)
        found = said[topic] + NOISE * own.standard_normal((size, dimensions)) * spread
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        found += centre_of(dimensions, seed)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        yield found.astype(np.float32)
