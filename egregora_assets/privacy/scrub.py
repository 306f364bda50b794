"""SQL expressions that hide addresses, numbers and names in texts. Every pattern runs in linear time (DuckDB's RE2).

What leaves the warehouse passes ``scrub``; the privacy checks ask independently whether anything slipped through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

POLICY_VERSION = "1"
"""Part of every fingerprint of cleaned text: a new version cleans everything again."""

INVISIBLE = r"[\x{00AD}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]"
"""Marks that show nothing and could hide an address from a pattern; the joiners that scripts and emoji need are kept."""

EMAIL = r"[\p{L}\p{N}._%+\-]+[@＠][\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)+"
PHONE = (
    r"\+[ ]?\(?\p{Nd}(?:[ .()/\-\x{00A0}\x{202F}\x{2010}\x{2011}]{0,3}\p{Nd}){6,16}"
    r"|\(\p{Nd}{2,4}\)(?:[ .\-\x{00A0}\x{202F}\x{2010}\x{2011}]{0,2}\p{Nd}){6,11}"
    r"|\p{Nd}{7,}"
    r"|\p{Nd}{2,5}(?:[ .\-\x{00A0}\x{202F}\x{2010}\x{2011}]\p{Nd}{2,5}){2,5}"
    r"|\p{Nd}{3,6}[ .\-\x{00A0}\x{202F}\x{2010}\x{2011}]\p{Nd}{5,8}"
    r"|\p{Nd}{3,5}[.\-\x{2010}\x{2011}]\p{Nd}{4}"
)
_DATE = r"((?:19|20)\p{Nd}{2})-(\p{Nd}{2})-(\p{Nd}{2})"
_TWO_DIGITS = r"\p{Nd}[ ()./\-\x{00A0}\x{202F}\x{2010}\x{2011}]{0,3}\p{Nd}"
_KEPT_HYPHEN = "\u2043"
_BOUNDARY = r"(^|[^\p{L}\p{N}])"
_PLACEHOLDER = r"\[(?:name|email|phone)\]"
_NAMES_PER_PATTERN = 400
_MIN_PART = 3
_SCRIPTS_WITHOUT_SPACES = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


ALSO_WORDS = frozenset(
    """
    amber angel art bill bob carol chase chip chuck clara dawn dean dom drew earl eve faith flor frank gene grace grant guy
    hazel hope hunter iris ivy jack jade jean jim joy june lance lee lily linda luz mar mark mary mason max may mel mercy nick
    olive page park pat paz pearl penny pilar pepper rain ray reed rich rio rob rocky rod rosa rose ruby rusty sandy santos
    serena sky sol sue summer sunny ted terra tom van vera violet wade ward will wood young
    and book chat class club community for group home mae mãe pai papa school team the tia tio trabalho turma work
    """.split()
)
"""Words that are names as well, and what people add to names: hidden only where they are written as in the name."""


def quoted(text: str) -> str:
    """Return ``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def scrub(relation: str, column: str, names: Iterable[str] = ()) -> str:
    """Return SQL for ``relation`` (a query) with e-mails, phone numbers and ``names`` in ``column`` replaced.

    Dates in ISO form are kept, other runs of seven or more digits are taken for numbers of people. ``names`` are full
    display names: they are hidden in any case of letters, and so is each of their words, unless it is an everyday word
    (``ALSO_WORDS``), which is hidden only where it is written as in the name.
    Each step asks first whether there is anything to replace, which is several times cheaper than replacing.
    """

    def step(inner: str, condition: str, replacement: str) -> str:
        kept = f"CASE WHEN {condition} THEN {replacement} ELSE {column} END"
        return f"SELECT * REPLACE ({kept} AS {column}) FROM ({inner})"

    def replaced(pattern: str, replacement: str, text: str = column) -> str:
        return f"regexp_replace({text}, {quoted(pattern)}, {quoted(replacement)}, 'g')"

    dates_hidden = replaced(_DATE, f"\\1{_KEPT_HYPHEN}\\2{_KEPT_HYPHEN}\\3")
    numbers_hidden = replaced(PHONE, "[phone]", dates_hidden)
    dates_shown = replaced(f"(\\p{{Nd}}){_KEPT_HYPHEN}(\\p{{Nd}})", r"\1-\2", numbers_hidden)
    query = step(relation, f"regexp_matches({column}, '{INVISIBLE}')", replaced(INVISIBLE, ""))
    query = step(query, f"contains({column}, '@') OR contains({column}, '＠')", replaced(EMAIL, "[email]"))
    query = step(query, f"regexp_matches({column}, '{_TWO_DIGITS}')", dates_shown)
    for pattern in name_patterns(names):
        found = f"regexp_matches({column}, {quoted(pattern)})"
        if pattern.startswith(_BOUNDARY):
            twice = replaced(pattern, r"\1[name]\2", replaced(pattern, r"\1[name]\2"))
            query = step(query, found, twice)
        else:
            query = step(query, found, replaced(pattern, "[name]"))
    return query


def name_patterns(names: Iterable[str]) -> list[str]:
    """Return RE2 patterns that find the names: as whole words, or anywhere for scripts that write no spaces."""
    spaced: set[str] = set()
    unspaced: set[str] = set()
    for name in names:
        _add_forms(name, spaced, unspaced)
    return [
        *(f"{_BOUNDARY}(?:{group})($|[^\\p{{L}}\\p{{N}}])" for group in _alternations(spaced)),
        *(f"(?:{group})" for group in _alternations(unspaced)),
    ]


def visible(text: str) -> str:
    """Return the SQL for ``text`` without the marks that show nothing and could stand inside a name."""
    return f"regexp_replace({text}, '{INVISIBLE}', '', 'g')"


def mentions(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition that ``column`` contains one of ``names``, as ``scrub`` understands it."""
    conditions = [f"regexp_matches({column}, {quoted(pattern)})" for pattern in name_patterns(names)]
    return "(" + (" OR ".join(conditions) or "false") + ")"


def leaks(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition that ``column`` still shows an e-mail, a phone number or one of ``names``."""
    dates_hidden = f"regexp_replace({column}, {quoted(_DATE)}, '∎', 'g')"
    text = f"CASE WHEN contains({column}, '[') THEN regexp_replace({column}, {quoted(_PLACEHOLDER)}, '∎', 'g') ELSE {column} END"
    return (
        f"(((contains({column}, '@') OR contains({column}, '＠')) AND regexp_matches({column}, {quoted(EMAIL)}))"
        f" OR (regexp_matches({column}, {quoted(_TWO_DIGITS)}) AND regexp_matches({dates_hidden}, {quoted(PHONE)}))"
        f" OR {mentions(text, names)})"
    )


def _add_forms(name: str, spaced: set[str], unspaced: set[str]) -> None:
    bare = name.strip().lstrip("~").strip()
    if _SCRIPTS_WITHOUT_SPACES.search(bare):
        unspaced.update(_escaped(part) for part in [bare, *bare.split()] if len(part) >= 2)
        return
    if sum(character.isalpha() for character in bare) < 2:
        if bare:
            unspaced.add(_escaped(bare))
        return
    spaced.add(f"(?i:{_escaped(bare)})")
    for word in re.findall(r"[^\W\d_][\w'’]*", bare):
        if len(word) >= _MIN_PART:
            spaced.add(_escaped(word) if word.casefold() in ALSO_WORDS else f"(?i:{_escaped(word)})")


def _alternations(forms: set[str]) -> list[str]:
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return [
        "|".join(ordered[start : start + _NAMES_PER_PATTERN]) for start in range(0, len(ordered), _NAMES_PER_PATTERN)
    ]


def _escaped(text: str) -> str:
    """Escape what RE2 gives a meaning, and let any run of spaces stand for a space."""
    escaped = (re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word) for word in text.split())
    return re.sub(r"\\'|’", "['’]", r"[\s\x{00A0}\x{202F}]+".join(escaped))
