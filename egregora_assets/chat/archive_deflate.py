"""Deflate and CRC-32: by ISA-L where the optional package ``isal`` is installed, else by zlib. Both give the same bytes."""

from __future__ import annotations

import importlib
import zlib
from typing import Any

_RAW = -15
"""No zlib header: so a ZIP keeps its members."""


def _fastest() -> Any:
    try:
        return importlib.import_module("isal.isal_zlib")
    except ImportError:
        return zlib


ENGINE: Any = _fastest()


class BadDeflate(ValueError):
    """Bytes that no deflate stream can hold."""


def crc32(data: bytes | memoryview, before: int = 0) -> int:
    """Return the CRC-32 of ``data`` after bytes whose CRC-32 is ``before``."""
    return int(ENGINE.crc32(data, before))


class Inflater:
    """One deflate stream, unpacked in pieces of a size that the caller bounds."""

    def __init__(self) -> None:
        self._stream = ENGINE.decompressobj(_RAW)
        self._errors = (zlib.error, ENGINE.error)

    @property
    def ended(self) -> bool:
        """Return whether the stream's last block has been unpacked."""
        return bool(self._stream.eof)

    @property
    def wants_more(self) -> bool:
        """Return whether all that was given so far has been taken in."""
        return not self._stream.unconsumed_tail

    def unpack(self, packed: bytes, most_bytes: int) -> bytes:
        """Unpack at most ``most_bytes``; what was not taken in comes first the next time. Raises ``BadDeflate``."""
        try:
            return bytes(self._stream.decompress(self._stream.unconsumed_tail + packed, most_bytes))
        except self._errors as error:
            raise BadDeflate("its packed bytes are broken") from error
