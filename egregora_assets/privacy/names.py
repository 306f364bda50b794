"""Names of people in texts: found in any case and spelling, however many are known, and hidden by functions that SQL calls.

One pass over a text finds all names (Aho and Corasick, 1975), so its cost does not follow how many there are, as that of
patterns does.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal
from urllib.parse import quote, unquote

import ahocorasick_rs
import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.privacy.folding import Folded, Letters, Places, composed, fold, folded
from egregora_assets.privacy.kinds import ALIAS, PLACEHOLDER
from egregora_assets.privacy.numbers import function

HIDDEN, SHOWN, POSSIBLE, ALIASED = "names_hidden", "names_shown", "names_possible", "names_as_aliases"
"""SQL functions of a text and what ``known`` gives: the text without names, whether it shows one, whether it has the letters
of one anywhere, and the text with aliases for names.
"""

_LONGEST_NAME = 1000
"""Letters of a name that are looked for: no app allows more, but an export may be made by anybody."""
_LEAST_PART = 3
_LEAST_JOINED = 6
_LEAST_WITHOUT_SIGN = 5
_LEAST_WITH_S = 4
_LEAST_SERVANT = 6
_NUMBER_DIGITS = 7
_MOST_KEPT = 8
_MOST_AT_FULL_SPEED = 50_000
"""Bytes of all names of which a table of all steps is made: it takes a few hundred bytes for each."""
_MOST_AT_ONCE = 1_000_000
_LONGEST_PLACEHOLDER = 20

Flags = npt.NDArray[np.bool_]

_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters, Hangul."""
_WITHOUT_SPACES = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED) + "]")

ALSO_WORDS = frozenset(
    """
    amber angel art bill bob carol chase chip chuck clara dawn dean dom drew earl eve faith flor frank gene grace grant guy
    hazel hope hunter iris ivy jack jade jean jim joy june lance lee lily linda luz mar mark mary mason max may mel mercy nick
    olive page park pat paz pearl penny pilar pepper rain ray reed rich rio rob rocky rod rosa rose ruby rusty sandy santos
    serena sky sol sue summer sunny ted terra tom van vera violet wade ward will wood young
    and book chat class club community for group home mae mãe pai papa school team the tia tio trabalho turma work
    """.split()
)
"""Words that are names as well, and what people add to names: hidden only where they begin with a capital letter."""
_NO_NAMES = frozenset(
    """
    and aus aux com con das dei del dem den der des die dos for from gmail hotmail http https las les los mit net org para
    pela pelo por sur the van vom von with www zum zur
    """.split()
)
"""Words inside display names that name nobody: hidden only as part of the whole name."""
_NAMES_AT_THE_EDGE = frozenset("con das del den des les van von".split())
"""Those of them that are names where a display name begins or ends with them: hidden with a capital letter."""
_JOINED_BY_SIGN = re.compile(r"\w['’\-\u2010\u2011]\w")
_FOUR_HAN = re.compile("[\u3400-\u9fff]{4}")
_HAN = "\u3005\u3400-\u9fffヶケヵ"
_HAN_NAME = re.compile(f"[{_HAN}]{{3,5}}")
_HAN_BESIDE = re.compile(f"[{_HAN}]")
_HONORIFIC = re.compile("さん|さま|ちゃん|くん|様|氏|君|殿|先生|先輩|部長|課長|社長|老师|小姐|女士|同学")
_HANGUL = "\uac00-\ud7af"
_HANGUL_NAME = re.compile(f"[{_HANGUL}]{{3,4}}")
_HANGUL_BESIDE = re.compile(f"[{_HANGUL}]")
_HANGUL_BEHIND = re.compile(
    "(?:이?(?:야|가|는|를|도|랑|의|와|에게|한테|나|만)|아|이|은|을|과|하고|께서?|부터|까지|처럼|씨|님|군|양|형|누나|언니|오빠|선생님?)?"
    f"(?![{_HANGUL}])"
)
"""What Korean writes together with a name that ends there."""
_NAMES_OF_SERVANTS = "عبد"
"""The first part of a name of two, written apart or as one word."""
_HIDDEN_MARKS = re.compile("(?<=\\w)[\u200b-\u200f\u2060-\u2064\ufeff]+(?=\\w)")
"""Marks between two letters that may stand for a space, or for nothing."""

_BEFORE_ARABIC = re.compile("(?:^|[^\\w])[وف]?(?:[بكلس]|ال|بال|كال|لل)?$")
_BEFORE_HEBREW = re.compile("(?:^|[^\\w])[והבלכמש]{1,3}$")
"""What is written together with the next word: and, in, to, as, the."""
_LONGEST_BEFORE = 6


@dataclass(frozen=True)
class _Form:
    """One spelling of a name, folded.

    ``whole`` stands only where words begin and end, ``cased`` only with a capital letter first, and one that is ``exact``
    only with the accents that the name has: two letters without theirs are a word too often. One in a ``script`` without
    spaces is a part of a name, and stands only where such a part can: Chinese characters beside an honorific or beside none,
    Hangul at the beginning of a word that is nothing else.
    """

    text: str
    whole: bool
    cased: bool = False
    exact: str = ""
    script: Literal["", "han", "hangul"] = ""

    def is_written(self, text: str, start: int, end: int) -> bool:
        """Return whether what was found between two places is written as this form has to be."""
        found = text[start:end]
        if self.script == "han":
            beside = text[start - 1 : start] + text[end : end + 1]
            return _HONORIFIC.match(text, end) is not None or not _HAN_BESIDE.search(beside)
        if self.script == "hangul":
            return not _HANGUL_BESIDE.match(text[start - 1 : start]) and _HANGUL_BEHIND.match(text, end) is not None
        return (not self.cased or found[:1].isupper()) and (not self.exact or _in_one_case(found) == self.exact)

    @property
    def asks(self) -> bool:
        """Whether ``is_written`` has to be asked."""
        return self.cased or self.exact != "" or self.script != ""


class NameFinder:
    """Finds the names of people, given as full display names, and each of their words but particles."""

    def __init__(self, names: Iterable[str]) -> None:
        self._forms = [form for form in {form for name in names for form in _forms(name)} if form.text]
        self._search = _search_for([form.text.encode() for form in self._forms]) if self._forms else None
        self._whole = np.array([form.whole for form in self._forms], dtype=bool)
        self._has_parts = any(form.script for form in self._forms)
        self._asks = np.array([form.asks for form in self._forms], dtype=bool)

    def shown(self, texts: pa.StringArray) -> pa.BooleanArray:
        """Return, for each text, whether it shows a name."""
        found = np.zeros(len(texts), dtype=bool)
        found[list(self._spans(composed(texts)))] = True
        return pa.array(found)

    def hidden(self, texts: pa.StringArray, by: Callable[[str], str] = lambda _: "[name]") -> pa.StringArray:
        """Return the texts with what ``by`` says in place of each name, until none is left: one may come to stand alone.

        Such a one becomes ``[name]``: somebody's name may be a word of what ``by`` says.
        """
        whole = composed(texts)
        spans = self._spans(whole)
        if not spans:
            return texts
        mask = np.zeros(len(texts), dtype=bool)
        mask[list(spans)] = True
        said = {row: whole[row].as_py() for row in sorted(spans)}
        changed = {row: _replaced(text, spans[row], by) for row, text in said.items()}
        joined = [row for row, text in said.items() if self._may_uncover(text, spans[row])]
        if joined:
            again = self.hidden(pa.array([changed[row] for row in joined], texts.type))
            changed.update(zip(joined, again.to_pylist(), strict=True))
        return pc.replace_with_mask(texts, pa.array(mask), pa.array(changed.values(), texts.type))

    def _may_uncover(self, text: str, spans: list[tuple[int, int]]) -> bool:
        """Return whether another name may come to stand alone when these are hidden."""
        return _is_joined(text, spans) or (self._has_parts and _WITHOUT_SPACES.search(text) is not None)

    def possible(self, texts: pa.StringArray) -> pa.BooleanArray:
        """Return, for each text, whether it has the letters of a name, whatever stands beside them."""
        found = np.zeros(len(texts), dtype=bool)
        looked_at = folded(composed(texts))
        matches = self._search.find_matches_as_indexes(looked_at.data) if self._search else []
        if matches:
            begins = np.array(matches, dtype=np.int64)[:, 1]
            found[looked_at.rows(looked_at.numbers(begins))] = True
        return pa.array(found)

    def _spans(self, texts: pa.StringArray) -> dict[int, list[tuple[int, int]]]:
        """Return where names stand in each text that shows some, by its number. Long texts are looked at a few at a time."""
        if texts.nbytes > _MOST_AT_ONCE and len(texts) > 1:
            half = len(texts) // 2
            behind = self._spans(texts[half:]).items()
            return self._spans(texts[:half]) | {row + half: spans for row, spans in behind}
        spans: dict[int, list[tuple[int, int]]] = {}
        for row, of_text in groupby(self._found(texts, folded(texts)), key=lambda name: name[0]):
            text = texts[row].as_py()
            merged = _merged((start, end) for _, start, end in of_text)
            if shown := [span for span in merged if not _is_of_placeholders(text, *span)]:
                spans[row] = shown
        return spans

    def _found(self, texts: pa.StringArray, looked_at: Folded) -> list[tuple[int, int, int]]:
        """Return where names stand, by their beginnings: the number of the text, and the places in it."""
        if self._search is None:
            return []
        found = self._search.find_matches_as_indexes(looked_at.data, overlapping=True)
        if not found:
            return []
        which, begins, after = np.array(found, dtype=np.int64).T
        starts, ends = np.split(looked_at.numbers(np.concatenate((begins, after))), 2)
        rows = looked_at.rows(starts)
        in_one_text = ends <= looked_at.firsts[rows + 1]
        is_name = in_one_text & (~self._whole[which] | _ends(looked_at, rows, starts, ends))
        which, starts, ends, rows = which[is_name], starts[is_name], ends[is_name], rows[is_name]
        is_name = ~self._whole[which] | _begins(looked_at, rows, starts)
        names = [places.tolist() for places in (rows, *looked_at.spans(rows, starts, ends))]
        asked = np.flatnonzero(is_name & self._asks[which])
        plain = {row: texts[row].as_py() for row in set(rows[asked].tolist())}
        for number in asked.tolist():
            row, start, end = (places[number] for places in names)
            is_name[number] = self._forms[which[number]].is_written(plain[row], start, end)
        return sorted(name for name, is_one in zip(zip(*names, strict=True), is_name.tolist(), strict=True) if is_one)


def _search_for(forms: list[bytes]) -> ahocorasick_rs.BytesAhoCorasick:
    """Return the search: the table of all its steps is four times as fast as what is used by default, and larger."""
    few = sum(map(len, forms)) <= _MOST_AT_FULL_SPEED
    return ahocorasick_rs.BytesAhoCorasick(forms, implementation=ahocorasick_rs.Implementation.DFA if few else None)


def known(names: Iterable[str]) -> str:
    """Return the key under which the SQL functions know ``names``; making a finder is dear, so the last few are kept."""
    listed = sorted(set(names))
    key = hashlib.sha256("\0".join(listed).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    if key not in _FINDERS:
        _FINDERS[key] = NameFinder(listed)
        while len(_FINDERS) > _MOST_KEPT:
            _FINDERS.pop(next(iter(_FINDERS)))
    return key


@contextmanager
def finding(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let SQL of ``connection`` call ``names_hidden``, ``names_shown`` and ``names_possible`` for the length of the block."""
    with (
        function(connection, HIDDEN, _with_finder(NameFinder.hidden), inputs=2),
        function(connection, SHOWN, _with_finder(NameFinder.shown), inputs=2, result="BOOLEAN"),
        function(connection, POSSIBLE, _with_finder(NameFinder.possible), inputs=2, result="BOOLEAN"),
    ):
        yield


def aliasing(connection: duckdb.DuckDBPyConnection, alias_of: Callable[[str], str]) -> AbstractContextManager[None]:
    """Let SQL call ``names_as_aliases`` for the length of the block; ``alias_of`` says what stands for a name."""
    work = _with_finder(lambda finder, texts: finder.hidden(texts, alias_of))
    return function(connection, ALIASED, work, inputs=2)


def _with_finder(
    work: Callable[[NameFinder, pa.Array], pa.Array],
) -> Callable[[pa.ChunkedArray, pa.ChunkedArray], pa.Array]:
    def called(texts: pa.ChunkedArray, keys: pa.ChunkedArray) -> pa.Array:
        finder = _FINDERS[keys[0].as_py()] if len(keys) else _NOBODY
        with _ONE_AT_A_TIME:
            return work(finder, texts.combine_chunks())

    return called


_ONE_AT_A_TIME = threading.Lock()
"""Python runs on one thread at a time: two that take turns within one step cost a third more than two that wait."""


_FINDERS: dict[str, NameFinder] = {}
_NOBODY = NameFinder(())


class KnownNames:
    """Names of people to ask short titles, more strictly than texts: any common word counts in any case of letters."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = list(names)
        self._finder = NameFinder(listed)
        self._words: set[str] = set()
        self._unspaced: set[str] = set()
        for name in map(fold, [*listed, *(_HIDDEN_MARKS.sub(" ", name) for name in listed)]):
            parts = re.findall(r"[^\W\d_]+", name)
            self._words.update(word for word in parts if len(word) >= _LEAST_PART or parts == [word])
            if _WITHOUT_SPACES.search(name):
                self._unspaced.update(name.split())

    def may_be_in(self, title: str) -> bool:
        """Return whether a title may name somebody or hold an address or number; rather yes than no."""
        title = unquote(title)
        if "@" in title or sum(character.isdecimal() for character in title) >= _NUMBER_DIGITS:
            return True
        if self._finder.shown(pa.array([title], pa.string()))[0].as_py():
            return True
        shown = fold(title)
        words = re.findall(r"[^\W\d_]+", shown)
        return not self._words.isdisjoint(words) or any(part in shown for part in self._unspaced)


def forms_of(name: str) -> set[str]:
    """Return all folded forms in which ``name`` is looked for: the whole, its words, and the words without what is between."""
    return {form.text for form in _forms(name)}


def _forms(name: str) -> Iterator[_Form]:
    bare = unicodedata.normalize("NFC", name.strip().lstrip("~").strip())[:_LONGEST_NAME].strip()
    for spelling in {bare, _HIDDEN_MARKS.sub(" ", bare)}:
        yield from _forms_of_one(spelling)


def _forms_of_one(bare: str) -> Iterator[_Form]:
    if _WITHOUT_SPACES.search(bare):
        yield from _unspaced_forms(bare)
    elif sum(map(str.isalpha, bare)) >= 2:
        yield from _spaced_forms(bare)
    elif sum(map(str.isalnum, bare)) >= 2:
        yield _Form(fold(bare).strip(), whole=True)
    elif any(unicodedata.category(character) == "So" for character in bare):
        yield _Form(fold(bare).strip(), whole=False)


def _unspaced_forms(bare: str) -> Iterator[_Form]:
    for part in {bare, *bare.split(), "".join(bare.split())}:
        if not _WITHOUT_SPACES.search(part):
            yield from _forms_of_one(part)
        elif len(part) >= 2:
            yield _Form(fold(part).strip(), whole=False)
            yield from _in_links(part)
        if _FOUR_HAN.fullmatch(part):  # a family name of two characters, and a given one
            yield from (_Form(fold(half), whole=False) for half in (part[:2], part[2:]))
        if _HAN_NAME.fullmatch(part):
            parts = {part[:2], part[-2:], *((part[:3], part[-3:]) if len(part) > 3 else ())}
            yield from (_Form(fold(one), whole=False, script="han") for one in parts)
        if _HANGUL_NAME.fullmatch(part):
            yield _Form(fold(part[-2:]), whole=False, script="hangul")


def _spaced_forms(bare: str) -> Iterator[_Form]:
    words = words_in(bare)
    for spelling in _spellings(bare):
        yield _Form(spelling, whole=True, exact=_in_one_case(bare) if len(bare) < _LEAST_PART else "")
    joined = _compact("".join(words))
    if len(joined) >= _LEAST_JOINED:
        yield _Form(joined, whole=True)
        yield _Form(" ".join(map(fold, words)), whole=True)
        if len(words) == 2:
            yield _Form(_compact(words[1] + words[0]), whole=True)
    for part in bare.split():
        if _JOINED_BY_SIGN.search(part) and len(_compact(part)) >= _LEAST_WITHOUT_SIGN:
            yield _Form(_compact(part), whole=True)
    for place, word in enumerate(words):
        plain = word.casefold()
        at_edge = place in (0, len(words) - 1) and plain in _NAMES_AT_THE_EDGE
        if len(word) >= _LEAST_PART and (at_edge or plain not in _NO_NAMES):
            for spelling in _spellings(word):
                yield _Form(spelling, whole=True, cased=at_edge or plain in ALSO_WORDS)
            yield from _in_links(word)
    for first, second in pairwise([*words, ""]):
        if first == _NAMES_OF_SERVANTS and second:
            yield from (
                _Form(spelling, whole=True) for gap in (" ", "") for spelling in _spellings(first + gap + second)
            )
        elif first.startswith(_NAMES_OF_SERVANTS) and len(first) >= _LEAST_SERVANT:
            apart = f"{_NAMES_OF_SERVANTS} {first.removeprefix(_NAMES_OF_SERVANTS)}"
            yield from (_Form(spelling, whole=True) for spelling in _spellings(apart))


def _in_links(word: str) -> Iterator[_Form]:
    """Yield how a word stands in addresses of pages where it has letters outside of ASCII: as the bytes of its UTF-8."""
    if not word.isascii():
        for spelling in {word, word.lower(), word.upper(), word.title()}:
            for form in ("NFC", "NFD"):
                yield _Form(fold(quote(unicodedata.normalize(form, spelling))), whole=True)


def _compact(text: str) -> str:
    """Return the letters and digits of a name as one folded word."""
    return re.sub("\\W", "", fold(text))


def _in_one_case(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def words_in(name: str) -> list[str]:
    """Return the words of a name: they begin with a letter, and marks on letters (Devanagari, Arabic vowels) are parts of them."""
    shown = "".join(
        character if character in "'’" or character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in name
        if unicodedata.category(character) != "Cf"
    )
    return [word.lstrip("'’0123456789") for word in shown.split() if any(map(str.isalpha, word))]


_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th"}
_LEAST_SPELLED_OUT = 5


def _spellings(text: str) -> set[str]:
    """Return the folded forms of a name or word: also with two letters for one that may be missing, and without ``al-``."""
    lower = unicodedata.normalize("NFC", text.lower())
    spellings = {text, "".join(_SPELLED_OUT.get(letter, letter) for letter in lower)}
    if len(text) >= _LEAST_SPELLED_OUT:
        spellings |= {lower.replace(two, one) for one, two in _SPELLED_OUT.items()}
        spellings.add(re.sub("([aou])e", r"\1", lower))
    found = {fold(spelling).strip() for spelling in spellings}
    found |= {form[2:] for form in found if form.startswith("ال") and len(form) >= 2 + _LEAST_PART}
    return found


def _kinds(letters: Letters) -> npt.NDArray[np.uint8]:
    """Return what each letter is; those of scripts without spaces are no part of a word that a name could be in."""
    kinds = _KINDS[letters]
    unknown = kinds == 0
    if np.any(unknown):
        for point in np.unique(letters[unknown]).tolist():
            _KINDS[point] = _kind_of(chr(point))
        kinds = _KINDS[letters]
    return kinds


_OTHER, _LETTER, _DIGIT = 1, 2, 3


def _kind_of(letter: str) -> int:
    if _WITHOUT_SPACES.match(letter):
        return _OTHER
    is_sign_of_vowel = "\u0900" <= letter < "\u0e00" and unicodedata.category(letter)[0] == "M"
    return _LETTER if letter.isalpha() or is_sign_of_vowel else _DIGIT if letter.isalnum() else _OTHER


_KINDS = np.zeros(0x110000, dtype=np.uint8)


def _no_word(looked_at: Folded, places: Places, ends: Places, edges: Places) -> Flags:
    """Return at which ``places`` a word with a letter at ``edges`` does not go on; none does at the ``ends`` of texts.

    A digit goes on with a number, and with no word; a sign at the edge of a name is its end, whatever stands beside it.
    """
    outside = (places == ends) | (places < 0) | (places >= len(looked_at.letters))
    beside, edge = _kinds(looked_at.letters[np.where(outside, 0, places)]), _kinds(looked_at.letters[edges])
    goes_on = ((beside == _LETTER) & (edge != _OTHER)) | ((beside == _DIGIT) & (edge == _DIGIT))
    none: Flags = outside | ~goes_on
    return none


def _ends(looked_at: Folded, rows: Places, starts: Places, ends: Places) -> Flags:
    """Return which names end where their word does, in front of the ``s`` of a genitive, or at what shows as a blank."""
    letters, after_text = looked_at.letters, looked_at.firsts[rows + 1]
    in_text = ends < after_text
    has_s = in_text & (letters[np.where(in_text, ends, 0)] == ord("s")) & (letters[ends - 1] < 0x80)
    genitive = has_s & (ends - starts >= _LEAST_WITH_S)
    last = ends - 1
    behind_s = genitive & _no_word(looked_at, ends + 1, after_text, last)
    found: Flags = _no_word(looked_at, ends, after_text, last) | behind_s | np.isin(ends, looked_at.blanks)
    return found


def _begins(looked_at: Folded, rows: Places, starts: Places) -> Flags:
    """Return which names begin where their word does, or after what Arabic and Hebrew write together with the next word."""
    letters, firsts = looked_at.letters[starts], looked_at.firsts[rows]
    begins = _no_word(looked_at, starts - 1, firsts - 1, starts) | np.isin(starts, looked_at.blanks)
    for number in np.flatnonzero(~begins & (letters >= 0x0590) & (letters <= 0x06FF)).tolist():
        start = int(starts[number])
        before = looked_at.text[max(int(firsts[number]), start - _LONGEST_BEFORE) : start]
        begins[number] = bool((_BEFORE_HEBREW if letters[number] < 0x0600 else _BEFORE_ARABIC).search(before))
    return begins


def _replaced(text: str, spans: list[tuple[int, int]], by: Callable[[str], str]) -> str:
    parts, done = [], 0
    for start, end in spans:
        parts += [text[done:start], by(text[start:end])]
        done = end
    return "".join((*parts, text[done:]))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that overlap; ``spans`` are in the order of their beginnings."""
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_joined(text: str, spans: list[tuple[int, int]]) -> bool:
    """Return whether a letter or digit stands right beside a name: then another name may come to stand alone."""
    return any(text[start - 1 : start].isalnum() or text[end : end + 1].isalnum() for start, end in spans)


_PLACEHOLDER = re.compile(f"{PLACEHOLDER}|{ALIAS}", re.ASCII)


def _is_of_placeholders(text: str, start: int, end: int) -> bool:
    """Return whether a name is made of what stands in place of names, whoever may be called so, and of nothing else."""
    first = max(0, start - _LONGEST_PLACEHOLDER)
    around = text[first : end + _LONGEST_PLACEHOLDER]
    shown = _PLACEHOLDER.sub(lambda found: "∎" * len(found[0]), around)[start - first : end - first]
    return "∎" in shown and not any(map(str.isalnum, shown))
