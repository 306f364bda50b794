"""One generation of files, opened for reading: checked, mapped, and asked for rows and exact scores.

``labels``, ``vectors`` (16-bit), ``codes`` (sign bits) and ``sums`` have one entry a row, in the order in which rows came; ``dead``
names rows that were taken out, ``centre`` is what signs are about. What stands behind the rows that the manifest counts is not
of the index: a writer is adding it, or was killed.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.encoding import Bytes, Sums
from egregora_assets.search.vectors.manifest import Manifest, reading
from egregora_assets.search.vectors.spec import Floats, Halves, Hits, IndexDamaged, Labels

RowNumbers: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = slice | RowNumbers
"""Some rows: neighbours in the file, or single ones, which live."""

PER_ROW: Final = ("labels", "vectors", "codes", "sums")
LARGE: Final = "vectors"
"""The file of which opening looks at the last block alone: its rows are checked when they are read."""


def widths(dimensions: int) -> dict[str, int]:
    """Return the bytes of one entry of each file."""
    return {
        "labels": 8,
        "vectors": 2 * encoding.padded_width(dimensions),
        "codes": encoding.code_width(dimensions),
        "sums": 8,
        "dead": 8,
        "centre": 4,
    }


def entries(manifest: Manifest) -> dict[str, int]:
    """Return how many entries of each file belong to the index."""
    return {
        **dict.fromkeys(PER_ROW, manifest.rows),
        "dead": manifest.dead,
        "centre": int(manifest.spec["dimensions"]),
    }


class Generation:
    """The files of one generation as its manifest tells them. Raises ``IndexDamaged`` where they are not that.

    ``known`` is an earlier opening: what it has found whole is not read again.
    """

    def __init__(self, folder: Path, manifest: Manifest, known: Generation | None = None) -> None:
        self.folder, self.manifest = folder, manifest
        self.dimensions = int(manifest.spec["dimensions"])
        self.block_rows = int(manifest.spec["block_rows"])
        self._bytes = {
            name: _mapped(folder / name, entries(manifest)[name], width)
            for name, width in widths(self.dimensions).items()
        }
        for name in self._bytes:
            self._verify(name, known)
        self.labels: Labels = self._bytes["labels"].reshape(-1).view("<i8")
        self.sums: Sums = self._bytes["sums"].reshape(-1).view("<u8")
        self.vectors: Halves = self._bytes["vectors"].view("<f2")
        self.codes: Bytes = self._bytes["codes"]
        self.centre: Floats = self._bytes["centre"].reshape(-1).view("<f4").astype(np.float32)
        self.dead: RowNumbers = np.sort(self._bytes["dead"].reshape(-1).view("<i8"))
        if len(self.dead) and not 0 <= self.dead[0] <= self.dead[-1] < manifest.rows:
            raise IndexDamaged(f"rows are taken out of {folder} that it does not have")

    @property
    def live(self) -> int:
        """How many rows can be found."""
        return self.manifest.rows - self.manifest.dead

    def verify(self) -> None:
        """Read every block. Raises ``IndexDamaged``."""
        for name in self._bytes:
            for block, told in enumerate(self.manifest.blocks[name]):
                self._verify_block(name, block, told)

    def live_rows(self) -> RowNumbers:
        """Return the rows that can be found, by label."""
        return np.arange(self.manifest.rows) if self._grow and not len(self.dead) else self._live_by_label

    def rows_of(self, labels: Labels) -> RowNumbers:
        """Return the live rows with these labels (sorted), by label; labels that are not there have none."""
        order = None if self._grow else self._live_by_label
        names = self.labels if order is None else self._live_labels
        places = names.searchsorted(labels)
        places = places[_is_at(names, places, labels)]
        rows = places if order is None else order[places]
        return rows[~self.is_dead[rows]] if order is None and len(self.dead) else rows

    def rows_among(self, allow: Labels | None) -> Rows:
        """Return the rows that may be found, as neighbours where they are."""
        if allow is None:
            return slice(0, self.manifest.rows)
        rows = self.rows_of(np.asarray(allow, np.int64))
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows) and self._grow:
            return slice(int(rows[0]), int(rows[-1]) + 1)
        return rows

    def dead_in(self, rows: slice) -> RowNumbers:
        """Return which of neighbouring rows are dead, counted from the first of them."""
        first, end = self.dead.searchsorted((rows.start, rows.stop))
        counted: RowNumbers = self.dead[first:end] - rows.start
        return counted

    def exact(self, query: Halves, rows: RowNumbers, k: int) -> Hits:
        """Return the ``k`` best of live ``rows``, each checked against its sum.

        Products of 16-bit numbers and their sums fit into 64-bit ones without rounding, for directions: a score is the same in
        whatever order, batch or machine it is made.
        """
        block, labels = self.vectors.take(rows, 0), self.labels.take(rows)
        encoding.check(labels, block, self.sums.take(rows))
        scores = (block.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
        best = np.lexsort((labels, -scores))[:k]
        return Hits(labels[best], scores[best])

    @functools.cached_property
    def is_dead(self) -> NDArray[np.bool_]:
        """For each row whether it was taken out."""
        flags = np.zeros(self.manifest.rows, np.bool_)
        flags[self.dead] = True
        return flags

    @functools.cached_property
    def _grow(self) -> bool:
        """Whether labels grow from row to row, as they do but for rows that came late."""
        return bool((np.diff(self.labels) > 0).all())

    @functools.cached_property
    def _live_by_label(self) -> RowNumbers:
        rows = np.flatnonzero(~self.is_dead)
        return rows[np.argsort(self.labels[rows], kind="stable")]

    @functools.cached_property
    def _live_labels(self) -> Labels:
        return self.labels[self._live_by_label]

    def _verify(self, name: str, known: Generation | None) -> None:
        blocks = self.manifest.blocks.get(name, [])
        if len(blocks) != -(-len(self._bytes[name]) // self.block_rows):
            raise IndexDamaged(f"the manifest in {self.folder} does not tell all blocks of {name}")
        before = known.manifest.blocks[name] if known is not None and known.folder == self.folder else []
        for block, told in enumerate(blocks):
            is_last = block == len(blocks) - 1
            if is_last or (name != LARGE and before[block : block + 1] != [told]):
                self._verify_block(name, block, told)

    def _verify_block(self, name: str, block: int, told: int) -> None:
        content = self._bytes[name][block * self.block_rows : (block + 1) * self.block_rows]
        if zlib.crc32(content.data) != told:
            raise IndexDamaged(f"block {block} of {self.folder / name} is not what was written")


def batches(rows: RowNumbers, at_once: int) -> Iterator[RowNumbers]:
    """Yield ``rows`` a part at a time."""
    for start in range(0, len(rows), at_once):
        yield rows[start : start + at_once]


def _mapped(path: Path, count: int, width: int) -> Bytes:
    """Map the first ``count`` entries of a file. Raises ``IndexDamaged`` where it is shorter."""
    with reading(path):
        size = path.stat().st_size
        if size < count * width:
            raise IndexDamaged(f"{path} has {size} bytes of {count * width}")
        if not count:
            return np.empty((0, width), np.uint8)
        return np.asarray(np.memmap(path, np.uint8, "r", shape=(count, width)))


def _is_at(names: Labels, places: RowNumbers, labels: Labels) -> NDArray[np.bool_]:
    inside = places < len(names)
    found = np.zeros(len(labels), np.bool_)
    found[inside] = names[places[inside]] == labels[inside]
    return found
