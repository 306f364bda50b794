"""Texts in the form in which two spellings of one name are equal, with the place where each of their letters came from.

Case, accents, vowel marks, width, kana and marks that show nothing make no difference; runs of spaces are one. Done for many
texts at once over arrays of code points: each letter is looked up in a table that is filled as letters are met.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Letters = npt.NDArray[np.unsignedinteger[Any]]
Places = npt.NDArray[np.int64]

_LAST = 0x10FFFF
_UNKNOWN, _NOTHING = 0xFFFFFFFF, 0xFFFFFFFE
_SPACE = 32
_APOSTROPHES = "’´ʼ`‘＇"
_SAME = {
    **dict.fromkeys(_APOSTROPHES, "'"),
    **{"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ŋ": "n"},
    **{"ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ٱ": "ا", "ς": "σ"},
}
_TATWEEL = "\u0640"
_ACCENTS = (1, 7, 8, *range(10, 36), *range(200, 241))
"""Canonical combining classes of what may be left out: lines through letters, nuktas, marks of voice on kana, vowel marks of
Hebrew and Arabic, accents.
"""
_SHOWS_NOTHING = re.compile("[\u034f\u115f\u1160\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BLANK = np.array(
    [0x115F, 0x1160, *range(0x180B, 0x1810), 0x3164, 0xFFA0, *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)]
)
"""Signs that are left out, and that show as a blank or a box: a word may end at them as well as go on."""
_FORMS = "\u1100-\u11ff\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc"
_FORM = re.compile(f"[{_FORMS}]+")
_BEGINS_FORM = np.zeros((256, 256), dtype=bool)
"""The first two bytes of letters that have several forms: of Indic scripts, of Hangul, ligatures."""
for _lead, _first, _last in ((0xE0, 0xA4, 0xB7), (0xE1, 0x84, 0x87), (0xEF, 0xAC, 0xB7), (0xEF, 0xB9, 0xBB)):
    _BEGINS_FORM[_lead, _first : _last + 1] = True


@dataclass(frozen=True)
class Folded:
    """Folded texts, one behind the other. Letters are numbered through all of them.

    ``data`` is their UTF-8 and ``letters`` their code points; ``firsts`` has the number of the first letter of each text,
    and last that of all letters.
    """

    data: bytes
    letters: Letters
    firsts: Places
    _original_firsts: Places
    _shifts: Places
    """For each letter that was left out, in their order, the number of the first letter behind it."""
    blanks: Places
    """The numbers of letters behind a sign that was left out and shows as a blank."""

    @cached_property
    def text(self) -> str:
        return self.data.decode()

    def numbers(self, offsets: Places) -> Places:
        """Return the numbers of the letters that begin at these offsets in ``data``, or of all letters for its end."""
        if len(self.data) == len(self.letters):
            return offsets
        ordered, places = np.unique(np.append(offsets, 0), return_inverse=True)
        goes_on = np.frombuffer(self.data + b"a", dtype=np.int8) < -0x40
        more = np.add.reduceat(goes_on, ordered, dtype=np.int32)
        before: Places = np.cumsum(more) - more
        return offsets - before[places[:-1]]

    def rows(self, numbers: Places) -> Places:
        """Return which text each of these letters is in."""
        return np.searchsorted(self.firsts, numbers, "right") - 1

    def spans(self, rows: Places, starts: Places, ends: Places) -> tuple[Places, Places]:
        """Return where letters ``starts`` to ``ends`` stand in texts ``rows`` as they were, with the marks on the last of them."""
        firsts, after = self._original_firsts[rows], self._original_firsts[rows + 1]
        ends_text = ends == self.firsts[rows + 1]
        return self._places(starts) - firsts, np.where(ends_text, after, self._places(ends)) - firsts

    def _places(self, numbers: Places) -> Places:
        return numbers + np.searchsorted(self._shifts, numbers, "right")


def fold(text: str) -> str:
    """Return the folded form of one text, letter by letter: for a few words cheaper than ``folded``."""
    return _SPACES.sub(" ", "".join(map(_folded_letter, _composed(text))))


_SPACES = re.compile(" {2,}")


@cache
def _folded_letter(letter: str) -> str:
    found = _entry(ord(letter))
    return "" if found == _NOTHING else chr(found)


def composed(texts: pa.StringArray) -> pa.StringArray:
    """Return the texts with letters of Indic scripts and Hangul as wholes, and instead of ligatures the letters in them."""
    data = np.frombuffer(_joined(texts) + b" ", dtype=np.uint8)
    begins = np.flatnonzero((data == 0xE0) | (data == 0xE1) | (data == 0xEF))
    if not np.any(_BEGINS_FORM[data[begins], data[begins + 1]]):
        return texts
    return pa.array([_composed(text) for text in texts.to_pylist()], texts.type)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", _FORM.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text))


def folded(texts: pa.StringArray) -> Folded:
    """Fold ``texts``, all ``composed`` and none null, at once. Cheapest where none has a letter outside of ASCII."""
    data = _joined(texts).translate(_ASCII)
    firsts = np.concatenate(([0], np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False), dtype=np.int64)))
    if len(data) == firsts[-1]:
        letters, left_out, blanks = np.frombuffer(data, dtype=np.uint8), _NONE, _NONE
    else:
        letters, left_out, blanks = _looked_up(data)
    repeated = _repeated_spaces(letters, firsts - np.searchsorted(left_out, firsts))
    if len(repeated):
        letters = np.delete(letters, repeated)
        left_out = np.sort(np.concatenate((left_out, repeated + np.searchsorted(_shifts(left_out), repeated, "right"))))
    data = letters.tobytes() if letters.dtype == np.uint8 else letters.tobytes().decode("utf-32-le").encode()
    blanks = blanks - np.searchsorted(left_out, blanks)
    return Folded(data, letters, firsts - np.searchsorted(left_out, firsts), firsts, _shifts(left_out), blanks)


def _shifts(left_out: Places) -> Places:
    return left_out - np.arange(len(left_out))


def _joined(texts: pa.StringArray) -> bytes:
    """Return the UTF-8 of all texts, one behind the other, as Arrow holds it."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    held = texts.buffers()[2]
    return held[int(offsets[0]) : int(offsets[-1])].to_pybytes() if held is not None and len(texts) else b""


def _looked_up(data: bytes) -> tuple[Letters, Places, Places]:
    """Return the folded letters of UTF-8 in which those of ASCII are folded, the places of those that are left out, and
    which of these show as a blank."""
    points: npt.NDArray[np.uint32] = np.frombuffer(data.decode().encode("utf-32-le"), dtype=np.uint32)
    letters, places = points.copy(), np.flatnonzero(points > 0x7F)
    found = _TABLE[points[places]]
    unknown = found == _UNKNOWN
    if np.any(unknown):
        for point in np.unique(points[places[unknown]]).tolist():
            _TABLE[point] = _entry(point)
        found = _TABLE[points[places]]
    letters[places] = found
    nothing = places[found == _NOTHING]
    if not len(nothing):
        return letters, nothing, nothing
    return np.delete(letters, nothing), nothing, nothing[np.isin(points[nothing], _BLANK)]


def _repeated_spaces(letters: Letters, firsts: Places) -> Places:
    """Return the places of spaces behind a space in the same text."""
    spaces = letters == _SPACE
    repeated = spaces[1:] & spaces[:-1]
    begins = firsts[(firsts > 0) & (firsts < len(letters))]
    repeated[begins - 1] = False
    return np.flatnonzero(repeated) + 1


def _entry(point: int) -> int:
    """Return the folded form of a code point: another one, or that it is left out."""
    letter = chr(point)
    if letter.isspace() or unicodedata.category(letter)[0] == "Z":
        return _SPACE
    shown = _without_marks(letter)
    if not shown:
        return _NOTHING
    one_letter = (form for form in (shown, letter.lower(), letter) if len(form) == 1)
    return ord(next(one_letter))


def _without_marks(letter: str) -> str:
    """Return the letters, if any, that ``letter`` stands for, without accents and in lower case."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    bare = "".join(_SAME.get(part, part) for part in apart if not _is_mark(part))
    return _in_hiragana(unicodedata.normalize("NFC", bare))


def _is_mark(part: str) -> bool:
    is_hidden = part == _TATWEEL or unicodedata.category(part) in ("Cf", "Me") or _SHOWS_NOTHING.match(part) is not None
    return is_hidden or unicodedata.combining(part) in _ACCENTS


def _in_hiragana(text: str) -> str:
    return "".join(chr(ord(letter) - 0x60) if "\u30a1" <= letter <= "\u30f6" else letter for letter in text)


_TABLE: npt.NDArray[np.uint32] = np.full(_LAST + 1, _UNKNOWN, dtype=np.uint32)
_ASCII = bytes(_entry(point) for point in range(128)) + bytes(range(128, 256))
_NONE: Places = np.empty(0, dtype=np.int64)
