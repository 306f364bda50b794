"""Vectors as a model makes them of chats: topics, what is said about them, how it is said, and what all have in common.

How much each of these weighs is set so that sign bits find of a hundred thousand as much as they do of real messages.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

COMMON = 0.35
"""How much all vectors have in common: models give every two texts some likeness."""
SAYING = 1.0
"""How much of a vector is what is said, beside 1 for the topic."""
WORDING = 1.0
"""How much of it is how that is said."""
SAYINGS = 33_000
"""How many different things are said."""
DECAY = 20
"""How slowly directions tell less and less of the difference."""
_AT_ONCE = 50_000


def centre_of(dimensions: int, seed: int = 7) -> NDArray[np.float32]:
    """Return what the vectors of this seed have in common."""
    common = np.random.default_rng([seed, 1]).standard_normal(dimensions)
    return (COMMON * common / np.linalg.norm(common)).astype(np.float32)


def vectors(
    count: int, dimensions: int = 384, topics: int = 500, sayings: int = SAYINGS, seed: int = 7, part: int = 0
) -> NDArray[np.float32]:
    """Return ``count`` vectors of length one. Another ``part`` of the same seed has the same topics: questions to ask of it."""
    return np.concatenate(
        list(batches(count, dimensions, topics, sayings, seed, part)) or [np.zeros((0, dimensions), np.float32)]
    )


def batches(
    count: int, dimensions: int = 384, topics: int = 500, sayings: int = SAYINGS, seed: int = 7, part: int = 0
) -> Iterator[NDArray[np.float32]]:
    """Yield what ``vectors`` returns, a part at a time."""
    world, own = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 2, part])
    turned = np.linalg.qr(world.standard_normal((dimensions, dimensions)))[
        0
    ]  # no number of a model means something alone
    spread = (np.arange(dimensions) + DECAY) ** -0.5
    shape = (turned * (spread / np.linalg.norm(spread))).T.astype(np.float32)
    about = world.standard_normal((topics, dimensions)).astype(np.float32) @ shape
    said = world.standard_normal((sayings, dimensions)).astype(np.float32) @ shape
    for start in range(0, count, _AT_ONCE):
        size = min(_AT_ONCE, count - start)
        saying = own.integers(0, sayings, size)
        found = about[saying % topics] + SAYING * said[saying]
        found += WORDING * (own.standard_normal((size, dimensions), np.float32) @ shape)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        found += centre_of(dimensions, seed)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        yield found
