"""Words as they are looked for: in small letters, without accents, in any script; and what a query asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from egregora_assets.privacy import kinds

VERSION = "2"
"""Part of what an index was made with: other rules of cutting and folding mean another index."""

LONGEST = 64
"""Letters of a word that count: what is longer is a key or a checksum."""
_MOST_WORDS = 64
"""Words of one query that are looked for."""

_LAST_MARK = 0x3100
_MARKS = "".join(chr(code) for code in range(0x300, _LAST_MARK) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
_UNSEEN = "\u00ad\u200c\u200d\u2060\ufe00-\ufe0f"
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}{_UNSEEN}])*")
_PLAIN = re.compile(r"[a-z0-9]+")

_DROPPED = re.compile(rf"[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670{_UNSEEN}]")
"""Accents, vowel marks of Hebrew and Arabic, and what shows nothing; the marks of other scripts are letters."""
_OTHERS: dict[int, str] = {
    **{code: str(unicodedata.decimal(chr(code))) for code in range(0x80, _LAST_MARK) if chr(code).isdecimal()},
    **str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}),
}
"""Digits of all scripts, and letters that have no accent to drop and are written without it all the same."""

_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
    "\U00020000-\U0003ffff"
)
_RUNS = re.compile(rf"([{_NO_SPACES}]+)")
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean: what stands there together is more than one word."""

_TAKEN_OUT = re.compile(rf"@?{kinds.PLACEHOLDER}")
"""What stands where the gate took out a name or a number was not said."""

_PARTS = re.compile(r'(?<!\S)(-?)"([^"]*)(?:"|$)|(\S+)')


@dataclass(frozen=True)
class Wanted:
    """What a query asks for. ``words`` are alternatives; all of ``phrases`` must be there, and none of ``unwanted``.

    A ``prefix`` is one letter of a script without spaces, which begins what is looked for. ``meant`` is the query as a sentence.
    """

    words: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    unwanted: tuple[tuple[str, ...], ...] = ()
    meant: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.prefixes or self.phrases)


def parse(query: str) -> Wanted:
    """Read a query: words, ``"phrases"``, and ``-words`` that must not be there. Every text is a query; none is an error.

    Bytes that a terminal could not read come as halves of letters, which no model takes: they are shown as what they are not.
    """
    query = query.encode("utf-8", "replace").decode()
    words: dict[str, None] = {}
    prefixes: dict[str, None] = {}
    phrases, unwanted, meant = [], [], []
    for minus, quoted, bare in _PARTS.findall(query):
        is_unwanted = bool(minus) or (len(bare) > 1 and bare.startswith("-"))
        if not is_unwanted:
            meant.append(quoted or bare)
        found = words_of(quoted or bare)
        if len(found) > 1 and is_single(found[-1]):
            found.pop()  # a letter that ends a run: the one before has it too
        if is_unwanted and found:
            unwanted.append(tuple(found))
        elif quoted and found and not is_single(found[0]):
            phrases.append(tuple(found))
        else:
            for word in words_of(quoted or bare, is_query=True):
                (prefixes if is_single(word) else words)[word] = None
    return Wanted(
        tuple(words)[:_MOST_WORDS],
        tuple(prefixes)[:_MOST_WORDS],
        tuple(phrases[:_MOST_WORDS]),
        tuple(unwanted[:_MOST_WORDS]),
        " ".join(part for part in meant if part),
    )


def words_of(text: str, is_query: bool = False) -> list[str]:
    """Return the words of a text, folded, in order.

    Where a script has no spaces each letter stands with the next. A text also has the last letter alone, so that each of its
    letters begins one of the words; a query asks for it only where there is no other.
    """
    plain = folded(without_placeholders(text))
    if plain.isascii():
        return [word[:LONGEST] for word in _PLAIN.findall(plain)]
    words = _WORD.findall(plain)
    if not _RUNS.search(plain):
        return [word[:LONGEST] for word in words]
    return [piece for word in words for piece in _pieces(word, is_query)]


def spans_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each word of a text begins and ends, and the word: of letters without spaces two of them each."""
    said = _TAKEN_OUT.sub(lambda found: " " * len(found[0]), text) if "[" in text else text
    if said.isascii():
        for match in _PLAIN.finditer(said.lower()):
            yield match.start(), match.end(), match[0][:LONGEST]
        return
    for match in _WORD.finditer(said):
        if not _RUNS.search(match[0]):
            for word in words_of(match[0]):
                yield match.start(), match.end(), word
            continue
        begin = match.start()
        for run in _RUNS.split(match[0]):
            if _RUNS.fullmatch(run):
                for place in range(len(run)):
                    for word in words_of(run[place : place + 2])[:1]:
                        yield begin + place, begin + min(place + 2, len(run)), word
            else:
                for word in words_of(run):
                    yield begin, begin + len(run), word
            begin += len(run)


def without_placeholders(text: str) -> str:
    """Return a text without the words in brackets that stand for what the gate took out."""
    return _TAKEN_OUT.sub(" ", text) if "[" in text else text


def folded(text: str) -> str:
    """Return a text in small letters, without accents, with the digits 0 to 9."""
    if text.isascii():
        return text.lower()
    plain = _DROPPED.sub("", unicodedata.normalize("NFKD", text).casefold())
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain).translate(_OTHERS)


def is_single(word: str) -> bool:
    """Return whether a word is one letter of a script that has no spaces."""
    return len(word) == 1 and _RUNS.fullmatch(word) is not None


def _pieces(word: str, is_query: bool) -> Iterator[str]:
    for run in _RUNS.split(word):
        if _RUNS.fullmatch(run):
            yield from (run[place : place + 2] for place in range(len(run) - 1))
            if not is_query or len(run) == 1:
                yield run[-1]
        elif run:
            yield run[:LONGEST]
