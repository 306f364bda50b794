"""What sanitising gives: the bytes that may be published, or the reason why there are none."""

from __future__ import annotations

import re
from typing import NamedTuple

from egregora_assets.media.errors import NotSanitised

MAX_PARTS = 200_000
"""Chunks, boxes or segments that one file may have; files of cameras and messengers have far fewer."""
_WORDS = re.compile(rb"(?:[\t\n\r -~]{24}|(?:[\t\n\r -~]\0){11}[\t\n\r -~])\Z")
"""Readable bytes, or readable letters of two bytes each (UTF-16)."""
_FEWEST_LETTERS = 10


class Sanitised(NamedTuple):
    """A whole file of the same type as the original, without what the original said beside its content."""

    data: bytes


def counted(parts: int) -> int:
    """Return ``parts + 1``; raise :class:`NotSanitised` where a file has more parts than any honest one."""
    if parts >= MAX_PARTS:
        raise NotSanitised(f"the file has more than {MAX_PARTS} parts")
    return parts + 1


def refuse_words_at_end(coded: bytes) -> None:
    """Raise where coded pixels, which are not decoded here, end in what reads as a text.

    Honest ones look random: 24 readable bytes at their end come once in 10,000,000,000 pictures. Flat colours repeat a
    few bytes, so a text needs ten different ones.
    """
    end = coded[-25:].rstrip(b"\0")
    if (words := _WORDS.search(end)) and len(set(words[0])) >= _FEWEST_LETTERS:
        raise NotSanitised("words stand behind the coded pixels")
