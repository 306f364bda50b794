"""How a vector stands in the files: 16-bit numbers, their signs about the centre, and a sum that tells whether a row is whole.

All is said of the 16-bit numbers, element by element, so it is the same bit for bit whenever and in whatever batches it is made.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from egregora_assets.search.vectors.spec import Floats, Halves, IndexDamaged, Labels, NoUnitVectors

Bytes = NDArray[np.uint8]
Sums = NDArray[np.uint64]

_LONGEST_SQUARED = 1.02
_ROWS_AT_ONCE = 8_192
_GOLDEN, _MIX_1, _MIX_2 = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def padded_width(dimensions: int) -> int:
    """Return how many numbers a row has in the file: a multiple of four, so that it can be summed in words of eight bytes."""
    return -(-dimensions // 4) * 4


def code_width(dimensions: int) -> int:
    """Return the bytes of the signs of one vector."""
    return -(-dimensions // 8)


def padded(vectors: Halves, dimensions: int) -> Halves:
    """Return rows as the file has them. Raises ``NoUnitVectors`` for what is not finite or longer than one."""
    if vectors.dtype != np.float16 or vectors.ndim != 2 or vectors.shape[1] != dimensions:
        raise NoUnitVectors(f"rows of {vectors.dtype} {vectors.shape} where {dimensions} 16-bit numbers belong")
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        part = vectors[start : start + _ROWS_AT_ONCE].astype(np.float32)
        if not (np.einsum("ij,ij->i", part, part) <= _LONGEST_SQUARED).all():
            raise NoUnitVectors("a vector is not finite, or longer than one")
    width = padded_width(dimensions)
    if width == dimensions:
        return np.ascontiguousarray(vectors, "<f2")
    rows = np.zeros((len(vectors), width), "<f2")
    rows[:, :dimensions] = vectors
    return rows


def signs(rows: Halves, centre: Floats) -> Bytes:
    """Return one bit for each number: whether it is above the centre's."""
    dimensions = len(centre)
    codes = np.empty((len(rows), code_width(dimensions)), np.uint8)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE, :dimensions].astype(np.float32)
        codes[start : start + len(part)] = np.packbits(part > centre, axis=1)
    return codes


def sums(labels: Labels, rows: Halves) -> Sums:
    """Return a sum for each row and its label.

    Words are multiplied with odd numbers, which can be undone: a row of which one word has changed never has the same sum,
    and any other has it by one chance in 2**64.
    """
    words = rows.view("<u8")
    weights = _weights(words.shape[1] + 1)
    told: Sums = np.einsum("ij,j->i", words, weights[1:]) + labels.astype(np.uint64) * weights[0]
    return told


def check(labels: Labels, rows: Halves, told: Sums) -> None:
    """Raise ``IndexDamaged`` where a row is not the one that was written for its label."""
    if not np.array_equal(sums(labels, rows), told):
        raise IndexDamaged("a vector in the index is not what was written")


def direction(query: Floats, dimensions: int) -> Halves:
    """Return a query as a row would stand in the file, with length one."""
    wide = np.asarray(query, np.float64)
    if wide.shape != (dimensions,) or not np.isfinite(wide).all():
        raise NoUnitVectors(f"a query of shape {wide.shape} where {dimensions} finite numbers belong")
    length = float(np.sqrt(wide @ wide))
    row: Halves = np.zeros(padded_width(dimensions), "<f2")
    row[:dimensions] = wide / (length or 1.0)
    return row


@functools.cache
def _weights(count: int) -> Sums:
    """Return odd numbers that look like chance (SplitMix64)."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    odd: Sums = (mixed ^ (mixed >> np.uint64(31))) | np.uint64(1)
    return odd
