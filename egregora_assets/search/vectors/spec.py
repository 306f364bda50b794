"""What an index of vectors is made of, what it answers, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Labels: TypeAlias = NDArray[np.int64]
Halves: TypeAlias = NDArray[np.float16]
Floats: TypeAlias = NDArray[np.float32]

FORMAT = 1
BLOCK_ROWS = 16_384
"""Rows that have one checksum together: adding reads the last block again, which has up to twelve megabytes."""
GRAPH_ROWS = 262_144
"""From so many rows on there is a graph: below, bits find more, and as fast."""
DEPTH = 400
"""How many of the nearest by sign bits are scored exactly: on chat vectors of 384 numbers that finds 99.4 of 100 best."""


class IndexUnusable(Exception):
    """The index cannot answer, and its writer makes it anew; until then, search by words alone."""


class IndexMissing(IndexUnusable):
    """There is no index yet."""


class IndexStale(IndexUnusable):
    """The index was made of something else: another warehouse, model or form, or of more than is known now."""


class IndexDamaged(IndexUnusable):
    """The bytes of the index are not those that were written."""


class IndexBusy(Exception):
    """Another process writes the index for longer than we were told to wait."""


class NoUnitVectors(ValueError):
    """Vectors that are no directions: not finite, or longer than one."""


@dataclass(frozen=True)
class Hits:
    """The nearest, best first; equal scores by label. ``scores`` are cosines."""

    labels: Labels
    scores: Floats


@dataclass(frozen=True)
class IndexSpec:
    """What an index is made of. Another warehouse, model or parameter is another index.

    ``centre`` is what is taken off each vector before its signs are kept. It belongs to the model and is nobody's words: so it
    is the same whenever the index is made, and shows nothing of a row that is gone.
    """

    warehouse_id: str
    model: str
    dimensions: int
    centre: Floats = field(default_factory=lambda: np.zeros(0, np.float32), compare=False, repr=False)
    block_rows: int = BLOCK_ROWS
    graph_from: int = GRAPH_ROWS
    connectivity: int = 16
    expansion_add: int = 128

    def __post_init__(self) -> None:
        if self.dimensions < 1 or self.block_rows < 1 or self.centre.shape not in ((0,), (self.dimensions,)):
            raise ValueError(f"no index can be made of {self.dimensions} numbers around {self.centre.shape}")

    @property
    def centre_or_zero(self) -> Floats:
        """The centre as the file keeps it: zeros where the model has none."""
        return self.centre.astype("<f4") if len(self.centre) else np.zeros(self.dimensions, "<f4")


@dataclass(frozen=True)
class VectorChanges:
    """What is new since a place in the log: rows to have, rows to have no more, and whether some must leave no trace."""

    seq: int
    added: Labels
    vectors: Halves
    removed: Labels
    must_erase: bool = False


class VectorSource(Protocol):
    """The truth that an index is made from, as it is while the source is open."""

    def mark(self) -> str:
        """Name the state of the truth, as no later or other truth will be called."""

    def recognises(self, mark: str) -> bool:
        """Return whether this truth has once been in the state of that name."""

    def last_seq(self) -> int:
        """Return the place in the log that all there is now goes up to."""

    def changes_after(self, seq: int) -> VectorChanges | None:
        """Return what changed after ``seq``; ``None`` where that is no longer known."""

    def labels(self) -> Labels:
        """Return the labels of all rows, growing."""

    def rows(self) -> Iterator[tuple[Labels, Halves]]:
        """Yield all rows in batches, in any order."""


class VectorIndex(Protocol):
    """What answers from one generation of files. It stays as it was opened, whatever the writer does."""

    @property
    def answers(self) -> str:
        """Say in a word or two what looks for neighbours."""

    def search(self, query: Floats, k: int, allow: Labels | None = None, depth: int = DEPTH) -> Hits:
        """Return the ``k`` nearest rows to ``query``, of those with a label in ``allow`` (sorted) where it is given.

        There are ``k`` whenever so many rows exist. Raises ``IndexDamaged`` where a row is not what was written.
        """
