"""Signs that nobody sees, or that a reader takes for something else: none of them is in what posts and pages show.

Marks that turn text around, hide in words or break lines would let it read otherwise than it was looked at.
"""

from __future__ import annotations

import re

from egregora_assets.privacy.scrub import INVISIBLE

_BREAKS = ((0x0B, 0x0C), (0x85, 0x85), (0x2028, 0x2029))
"""What some programs take for the end of a line."""
_BLANK = (
    *((0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x3164, 0x3164), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xFFFE, 0xFFFF), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Commands to a terminal, what XML has no way to write, and other signs without a shape.

To drop them could bring out a name that no gate has seen.
"""
_JOINERS, _PLAIN = ((0x200C, 0x200D),), ((0x00, 0x058F),)
"""Marks that some scripts and emoji need, and the letters beside which they show nothing."""

_Ranges = tuple[tuple[int, int], ...]


def _class(ranges: _Ranges) -> str:
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges)


NOTHING = INVISIBLE[1:-1] + _class(_JOINERS)
"""What shows nothing, as RE2 has it within brackets: after it a line may begin otherwise than it seems to."""
_STEPS = (
    (r"\r", "\u2000"),
    (r"\t", "\u2001"),
    (f"[{_class(_BREAKS)}]", "\u2002"),
    (f"[{_class(_BLANK)}]", "\ufffd"),
    (INVISIBLE, ""),
    (f"(^|[{_class(_PLAIN)}])[{_class(_JOINERS)}]+", r"\1"),
    (f"[{_class(_JOINERS)}]+([{_class(_PLAIN)}]|$)", r"\1"),
)
"""What stands for what, as patterns of RE2. Signs that show as space, and that hardly anybody writes, stand for breaks."""
_ANY = rf"[\r\t{_class((*_BREAKS, *_BLANK, *_JOINERS))}]|{INVISIBLE}"


def _as_python(pattern: str) -> str:
    return re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda found: rf"\U{int(found[1], 16):08x}", pattern)


_ANYTHING = re.compile(_as_python(_ANY))
_REPLACED = [(re.compile(_as_python(pattern)), sign) for pattern, sign in _STEPS]


def visible(text: str) -> str:
    """Return ``text`` without what nobody sees; line feeds stay."""
    return "\n".join(map(_visible_line, text.split("\n"))) if "\n" in text else _visible_line(text)


def _visible_line(line: str) -> str:
    if (line.isascii() and line.isprintable()) or _ANYTHING.search(line) is None:
        return line
    for pattern, sign in _REPLACED:
        line = pattern.sub(sign, line)
    return line


def as_said(text: str) -> str:
    """Return the SQL for SQL ``text`` with breaks where ``visible`` has put spaces: years in columns are no number."""
    return f"translate({text}, '\u2000\u2001\u2002', concat(chr(13), chr(9), chr(11)))"
