"""What is shown of a long message: the part with most of the words that were looked for, and where these stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

from egregora_assets.search.tokens import Wanted, spans_of

MOST_LETTERS = 240
_BEFORE = 40
_ELLIPSIS = "…"
_SPACE = re.compile(r"\s")


@dataclass(frozen=True)
class Snippet:
    """A part of a text in one line. ``marks`` are where words that were looked for begin and end in it."""

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet(text: str, wanted: Wanted, most: int = MOST_LETTERS) -> Snippet:
    """Return the part of a text of at most so many letters in which most different words are that were looked for."""
    looked_for = {*wanted.words, *(word for phrase in wanted.phrases for word in phrase)}
    found = [(begin, end, word) for begin, end, word in spans_of(text) if _is_wanted(word, looked_for, wanted.prefixes)]
    begin, end = _best_part(text, found, most)
    before, after = (_ELLIPSIS if begin else ""), (_ELLIPSIS if end < len(text) else "")
    shift = len(before) - begin
    marks = _merged([(first + shift, last + shift) for first, last, _ in found if first >= begin and last <= end])
    shown = _SPACE.sub(" ", text[begin:end])
    return Snippet(before + shown + after, marks)


def has_words(words: list[str], wanted: Wanted) -> bool:
    """Return whether a text, by its words, has all phrases and nothing that must not be there."""
    return all(_holds(words, phrase) for phrase in wanted.phrases) and not any(
        _holds(words, phrase) for phrase in wanted.unwanted
    )


def _holds(words: list[str], phrase: tuple[str, ...]) -> bool:
    count = len(phrase)
    return any(tuple(words[place : place + count]) == phrase for place in range(len(words) - count + 1))


def _is_wanted(word: str, looked_for: Set[str], prefixes: tuple[str, ...]) -> bool:
    return word in looked_for or (bool(prefixes) and word.startswith(prefixes))


def _best_part(text: str, found: list[tuple[int, int, str]], most: int) -> tuple[int, int]:
    if len(text) <= most:
        return 0, len(text)
    start = _begin_of_most(found, most - _BEFORE)
    start = max(0, min(start - _BEFORE, len(text) - most))
    space = text.find(" ", start, start + _BEFORE)
    return (space + 1 if start and space >= 0 else start), min(len(text), start + most)


def _begin_of_most(found: list[tuple[int, int, str]], reach: int) -> int:
    """Return where so many letters begin that have most different words: one walk, for a message may have a million of them."""
    best, start, behind = -1, 0, 0
    inside: Counter[str] = Counter()
    for place, (begin, _, word) in enumerate(found):
        while behind < len(found) and found[behind][1] <= begin + reach:
            inside[found[behind][2]] += 1
            behind += 1
        if len(inside) > best:
            best, start = len(inside), begin
        if behind == place:
            behind += 1  # a word that is longer than the part
            continue
        inside[word] -= 1
        if not inside[word]:
            del inside[word]
    return start


def _merged(marks: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return marks without those that lie in one another, as pairs of letters do."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(marks):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)
