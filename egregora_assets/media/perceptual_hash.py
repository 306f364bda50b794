"""The perceptual hash of a picture, from its grey signature: what near-duplicates are searched by."""

from __future__ import annotations

from typing import Any

import numpy as np

SIGNATURE_EDGE = 128
"""A signature is so many grey levels wide and high, row by row."""
_LEVELS_EDGE = SIGNATURE_EDGE // 2
_HASH_EDGE = 16
_FLAT = 4.0
"""A standard deviation, in grey levels of 255, below which noise decides the bits of a hash."""
_SCALE = 8192
_NOISE = 4 * 128.0 * _SCALE**2
"""What four grey levels of noise in each of 64x64 places give in one frequency; each is a sum of four levels."""


def perceptual_hash(signature: bytes) -> bytes | None:
    """Return the pHash of 128x128 grey levels: 256 bits, one for each of the 16x16 lowest frequencies above their median.

    A flat picture has none. A soft picture has next to nothing in most frequencies; what an encoder leaves there is no bit
    of its own. All numbers on the way are whole and below 2**53, so every machine gives the same bits.
    """
    wide = np.frombuffer(signature, np.uint8).astype(np.float64)
    # No dot product of so many numbers: BLAS would wake threads for it, which cost ten times what they do.
    if len(wide) * float(np.square(wide).sum()) - float(wide.sum()) ** 2 < (_FLAT * len(wide)) ** 2:
        return None
    pairs = wide.reshape(SIGNATURE_EDGE, SIGNATURE_EDGE)
    rows = pairs[0::2] + pairs[1::2]
    levels = rows[:, 0::2] + rows[:, 1::2]
    frequencies = (_COSINES @ levels @ _COSINES.T).ravel()
    middle = np.partition(frequencies, (127, 128))[127:129]
    return np.packbits(frequencies > max(float(middle.sum()) / 2, _NOISE)).tobytes()


def _cosines() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The rows of a 64-point DCT for the 16 lowest frequencies, as whole multiples of 1 / ``_SCALE``."""
    frequency, place = np.arange(_HASH_EDGE)[:, None], np.arange(_LEVELS_EDGE)[None, :]
    angles = np.pi * frequency * (2 * place + 1) / (2 * _LEVELS_EDGE)
    cosines: np.ndarray[Any, np.dtype[np.float64]] = np.rint(_SCALE * np.cos(angles))
    return cosines


_COSINES = _cosines()
