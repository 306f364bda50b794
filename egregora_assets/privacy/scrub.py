"""SQL expressions that hide addresses, numbers, keys and names in texts. Every pattern runs in linear time (DuckDB's RE2).

What leaves the warehouse passes ``scrub``; the privacy checks ask of the outputs themselves whether it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce

import duckdb

from egregora_assets.privacy import kinds
from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.names import ALIASED, HIDDEN, POSSIBLE, SHOWN, finding, known
from egregora_assets.privacy.numbers import MARK, NAMED, naming
from egregora_assets.warehouse.query import rows

POLICY_VERSION = "5"
"""Part of every fingerprint of cleaned text: a new version cleans everything again."""

INVISIBLE = r"[\x{00AD}\x{034F}\x{061C}\x{180E}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2069}\x{FEFF}]"
"""Marks that show nothing and could hide an address from a pattern."""
_JOINERS = r"[\x{200C}\x{200D}\x{FE00}-\x{FE0F}]+"
"""Marks that some scripts and emoji need, but neither an address nor a number nor a Latin name does."""
_AFTER_LETTER = rf"([\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}\p{{Nd}}@＠.+_?&=:/\-]){_JOINERS}"
_BEFORE_DIGIT = rf"{_JOINERS}([\p{{Nd}}@＠.])"
_CIRCLED = r"\x{2460}-\x{2473}\x{24EA}"
_KEYCAP = "\u20e3"
_HIDING = rf"{INVISIBLE}|{_JOINERS}|[{_KEYCAP}{_CIRCLED}]"
"""Stands in every text that may read otherwise than it looks."""

_ADDRESS_LETTER = r"\p{L}\p{M}\p{N}\-_"
EMAIL = rf"[{_ADDRESS_LETTER}.%+]+[!#$&'*/=?^{{|}}~]*(?:[@＠]|%40)[{_ADDRESS_LETTER}]+(?:[.．。][{_ADDRESS_LETTER}]+)+"
_SPACES = r" \x{00A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
_BETWEEN = rf"{_SPACES}.\-\x{{2010}}-\x{{2012}}\x{{2043}}"
_ANY_BETWEEN = rf"{_BETWEEN}\x{{2013}}\x{{2212}}\x{{FF0D}}"
_GAP = rf"(?:[{_ANY_BETWEEN}]|  | [\-\x{{2010}}-\x{{2013}}] )"
PHONE = "|".join(
    (
        rf"(?:\p{{Nd}}{{1,5}}{_GAP}){{0,2}}\p{{Nd}}{{4}}{_GAP}\p{{Nd}}{{6}}{_GAP}\p{{Nd}}{{4,5}}",
        rf"[+＋] ?\(?\p{{Nd}}(?:[()/{_ANY_BETWEEN}]{{0,3}}\p{{Nd}}){{6,16}}",
        rf"\(\p{{Nd}}{{2,4}}\)(?:[{_ANY_BETWEEN}]{{0,2}}\p{{Nd}}){{6,11}}",
        r"\p{Nd}{7,}",
        rf"\p{{Nd}}{{3,5}}(?:{_GAP}\p{{Nd}}{{2,5}}){{2,5}}",
        rf"\p{{Nd}}{{2}}{_GAP}\p{{Nd}}{{3,5}}(?:{_GAP}\p{{Nd}}{{2,5}}){{1,4}}",
        rf"\p{{Nd}}{{2}}{_GAP}\p{{Nd}}{{2}}{_GAP}\p{{Nd}}{{3,5}}(?:{_GAP}\p{{Nd}}{{2,5}}){{0,3}}",
        rf"\p{{Nd}}{{2}}(?:{_GAP}\p{{Nd}}{{2}}){{2}}{_GAP}\p{{Nd}}{{2,5}}(?:{_GAP}\p{{Nd}}{{2,5}}){{0,2}}",
        rf"\p{{Nd}}{{3,6}}(?:[{_BETWEEN}]|  )\p{{Nd}}{{5,8}}",
        rf"\p{{Nd}}{{5}}[{_BETWEEN}]\p{{Nd}}{{4}}",
        rf"[3-9]\p{{Nd}}{{3}}[{_SPACES}]\p{{Nd}}{{4}}",
        r"\p{Nd}{3,5}[.\-\x{2010}-\x{2012}\x{2043}]\p{Nd}{4}",
        r"0\p{Nd}{2,5} ?/ ?\p{Nd}{5,8}",
        r"\p{Nd}{3}(?:(?:/\p{Nd}{3}){2}|(?:·\p{Nd}{3}){2})",
    )
)
"""Seven or more digits, written as people and phones write numbers."""
_USUAL_DIGIT = "[0-9٠-٩۰-۹０-９]"
_UNUSUAL_DIGIT = "[^\\P{Nd}0-9٠-٩۰-۹０-９]"
_PHONE_IN_USUAL_DIGITS = PHONE.replace(r"\p{Nd}", _USUAL_DIGIT)
"""Finds the same as ``PHONE`` in texts without digits of other scripts, thirty times as fast: RE2 can keep all its states."""
_DATE = r"(^|[^\p{Nd}+])((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(\b|[\p{L}_])"
_COMMIT = r"\b" + "([0-9a-f]{5})" * 8 + r"\b"
SEVEN_DIGITS = rf"\p{{Nd}}(?:[()/·{_ANY_BETWEEN}]{{0,3}}\p{{Nd}}){{6}}"
"""Stands in every text with a number: a small pattern to ask before the large one."""
_TO_KEEP = "(?:19|20)[0-9]{2}-|[0-9a-f]{40}"
"""Stands in every text with a date or a commit to keep."""
_KEPT, _KEPT_COMMIT = "\u2063", "\u2062"
"""Invisible marks, of which no text has one when they are needed, that keep the digits of dates and commits apart."""
_ASKED = "may_hold_something_private"
_ANYTHING = "|".join(
    (
        *(rf"[\p{{Nd}}@＠={_CIRCLED}]", "://", "%3", kinds.PASSWORD_WORDS),
        *(*map(re.escape, kinds.KEY_BEGINNINGS), INVISIBLE, _JOINERS),
    )
)
"""Stands in every text with anything private but a name: one question before all others, which most texts answer with no."""


def quoted(text: str) -> str:
    """Return ``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def scrubbing(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let SQL of ``connection`` run what ``scrub`` and the questions of this module give, for the length of the block."""
    with naming(connection), finding(connection):
        yield


def scrub(relation: str, column: str, names: Iterable[str] = ()) -> str:
    """Return SQL for ``relation`` (a query) with keys, addresses, numbers and ``names`` in ``column`` replaced.

    Runs inside ``scrubbing``. Dates in ISO form are kept, other runs of seven or more digits are taken for numbers of
    people. ``names`` are full display names: they are hidden in any spelling, and so is each of their words, unless it is an
    everyday word, which is hidden only with a capital letter. Each step asks first whether there is anything to replace,
    which is several times cheaper than replacing, and one question stands before all that need no names.
    """
    return hide_names(_without_pii(relation, column), column, names)


def pseudonymise(relation: str, column: str, names: Iterable[str]) -> str:
    """Return SQL like that of ``scrub`` in which ``names.aliasing`` says what stands for each of ``names``."""
    return hide_names(_without_pii(relation, column), column, names, ALIASED)


def _without_pii(relation: str, column: str) -> str:
    query = f"SELECT *, regexp_matches({column}, {quoted(_ANYTHING)}) AS {_ASKED} FROM ({relation})"
    for condition, replacement in _steps(column):
        replaced = _where(_ASKED, _where(condition, replacement, column), column)
        query = f"SELECT * REPLACE ({replaced} AS {column}) FROM ({query})"
    return f"SELECT * EXCLUDE ({_ASKED}) FROM ({query})"


def hide_names(relation: str, column: str, names: Iterable[str], by: str = HIDDEN) -> str:
    """Return SQL for ``relation`` with ``names`` in ``column`` replaced: by ``[name]``, or as the SQL function ``by`` does."""
    listed = list(names)
    return f"SELECT * REPLACE ({by}({column}, '{known(listed)}') AS {column}) FROM ({relation})" if listed else relation


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is done to a text that may hold something private: when, and by which SQL. Keys and links hold digits."""
    yield f"regexp_matches({text}, {quoted(_HIDING)})", _stripped(text)
    yield f"contains({text}, '://')", _replaced(kinds.CREDENTIALS, r"\1", text)
    yield _has_parameter(text), _replaced(kinds.PARAMETER, r"\1[secret]", text)
    yield kinds.has_key(text), _replaced(kinds.PRIVATE_KEY, "[secret]", _replaced(kinds.KEY, r"\1[secret]", text))
    yield (
        f"regexp_matches({text}, {quoted(kinds.PASSWORD_QUESTION)})",
        _replaced(kinds.PASSWORD, r"\1\2\3\4[secret]", text),
    )
    yield _has_at(text), _replaced(EMAIL, "[email]", text)
    addressed = _twice(kinds.IPV6, r"\1[ip]\2", _twice(kinds.IPV4, r"\1[ip]\2", text))
    yield f"regexp_matches({text}, {quoted(kinds.IP_QUESTION)})", addressed
    marked = _replaced(kinds.IBAN, rf"{MARK}\0{MARK}", kinds.in_plain_signs(text))
    yield f"regexp_matches({text}, {quoted(kinds.IBAN_QUESTION)})", f"{NAMED}({marked})"
    yield f"regexp_matches({text}, {quoted(SEVEN_DIGITS)})", _without_numbers(text)


def _where(condition: str, then: str, otherwise: str) -> str:
    return f"CASE WHEN {condition} THEN {then} ELSE {otherwise} END"


def _twice(pattern: str, replacement: str, text: str) -> str:
    """Replace twice: a pattern takes what stands between two finds with the first of them."""
    return _replaced(pattern, replacement, _replaced(pattern, replacement, text))


def _has_at(text: str) -> str:
    return f"contains({text}, '@') OR contains({text}, '＠') OR contains({text}, '%40')"


def _has_parameter(text: str) -> str:
    return f"contains({text}, '=') OR contains({text}, '%3')"


def _stripped(text: str) -> str:
    shown = _replaced(INVISIBLE, "", text)
    shown = _replaced(_BEFORE_DIGIT, r"\1", _replaced(_AFTER_LETTER, r"\1", shown))
    plain = reduce(lambda sql, sign: f"replace({sql}, '{sign[0]}', '{sign[1]}')", _PLAIN_DIGITS.items(), shown)
    return _where(f"regexp_matches({plain}, {quoted(SEVEN_DIGITS)})", plain, shown)


_PLAIN_DIGITS = {_KEYCAP: "", "⓪": "0", **{chr(0x245F + number): str(number) for number in range(1, 21)}}
"""Digits in circles and on keys, which are digits only where they make up a number."""


def _replaced(pattern: str, replacement: str, text: str) -> str:
    return f"regexp_replace({text}, {quoted(pattern)}, {quoted(replacement)}, 'g')"


def _without_numbers(text: str) -> str:
    def marked(pattern: str) -> str:
        return _replaced(pattern, rf"{MARK}\0{MARK}", _kept(text))

    return _as_before(f"{NAMED}({_by_digits(text, marked)})")


def _by_digits(text: str, work: Callable[[str], str]) -> str:
    """Return the SQL ``work`` makes with the fast pattern of numbers, and with the whole one where only that finds all."""
    return _where(f"regexp_matches({text}, {quoted(_UNUSUAL_DIGIT)})", work(PHONE), work(_PHONE_IN_USUAL_DIGITS))


def _kept(text: str) -> str:
    """Put marks around and into dates and commits, so that no pattern takes their digits for those of a number."""
    dates = _replaced(_DATE, rf"\1{_KEPT}\2{_KEPT}\3{_KEPT}\4{_KEPT}\5", text)
    parts = _KEPT_COMMIT.join(f"\\{number}" for number in range(1, 9))
    kept = _replaced(_COMMIT, f"{_KEPT_COMMIT}{parts}{_KEPT_COMMIT}", dates)
    return f"CASE WHEN regexp_matches({text}, '{_TO_KEEP}') THEN {kept} ELSE {text} END"


def _as_before(text: str) -> str:
    """Take away the marks of ``_kept``."""
    date = f"{_KEPT}([0-9]{{4}}){_KEPT}([0-9]{{2}}){_KEPT}([0-9]{{2}}){_KEPT}"
    return f"replace({_replaced(date, chr(92) + '1-' + chr(92) + '2-' + chr(92) + '3', text)}, '{_KEPT_COMMIT}', '')"


def _found(text: str, pattern: str) -> str:
    """Ask by taking it out: for a large pattern ``regexp_matches`` first works out what range of texts could match, for 20 ms."""
    return f"regexp_extract({text}, {quoted(pattern)}) <> ''"


def mentions(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition that ``column`` contains one of ``names``, as ``scrub`` understands it."""
    listed = list(names)
    return f"{SHOWN}({column}, '{known(listed)}')" if listed else "false"


def may_mention(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition that ``column`` has the letters of one of ``names``, whatever stands beside them."""
    listed = list(names)
    return f"{POSSIBLE}({column}, '{known(listed)}')" if listed else "false"


def leaks(column: str, names: Iterable[str], aliases: bool = False) -> str:
    """Return the SQL condition that ``column`` still shows something private or one of ``names``."""
    return f"({shows_pii(column, aliases)} OR {shows_names(column, names, aliases)})"


def shows_pii(column: str, aliases: bool = False) -> str:
    """Return the SQL condition that ``column`` shows an address, a number, an account, a key or a link that carries one.

    With ``aliases``, authors' aliases are taken for what they are and not for numbers.
    """
    text = _without_aliases(column) if aliases else column
    question = f"regexp_matches({text}, {quoted(_ANYTHING)})"
    found = " OR ".join(_where(condition, shown, "false") for condition, shown in _shown(text))
    return f"({_where(question, found, 'false')})"


def private_among(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> set[str]:
    """Return those of a few texts from which ``scrub`` would take something private, names aside."""
    among = "SELECT text FROM (SELECT unnest($texts::VARCHAR[]) AS text) WHERE "
    suspected = rows(connection, among + f"regexp_matches(text, {quoted(_ANYTHING)})", {"texts": list(texts)})
    if not suspected:
        return set()
    found = rows(connection, among + shows_pii(f"({_stripped('text')})"), {"texts": [text for (text,) in suspected]})
    return {text for (text,) in found}


def _shown(text: str) -> Iterator[tuple[str, str]]:
    """Yield a cheap question, and the SQL whether what it asks for is there. ``CASE`` asks in this order, ``AND`` in any."""
    yield _has_at(text), _found(text, EMAIL)
    yield f"contains({text}, '://')", _found(text, kinds.CREDENTIALS)
    yield _has_parameter(text), _found(text, kinds.PARAMETER)
    yield kinds.has_key(text), f"{_found(text, kinds.KEY)} OR {_found(text, kinds.PRIVATE_KEY)}"
    yield f"regexp_matches({text}, {quoted(kinds.PASSWORD_QUESTION)})", _found(text, kinds.PASSWORD)
    addressed = f"{_found(text, kinds.IPV4)} OR {_found(text, kinds.IPV6)}"
    yield f"regexp_matches({text}, {quoted(kinds.IP_QUESTION)})", addressed
    yield f"regexp_matches({text}, {quoted(kinds.IBAN_QUESTION)})", _found(kinds.in_plain_signs(text), kinds.IBAN)
    numbered = _by_digits(text, lambda pattern: _found(_kept(text), pattern))
    yield f"regexp_matches({text}, {quoted(SEVEN_DIGITS)})", numbered


def shows_names(column: str, names: Iterable[str], aliases: bool = False) -> str:
    """Return the SQL condition that ``column`` shows one of ``names``, outside of aliases where there are any."""
    return mentions(_without_aliases(column) if aliases else column, names)


def _without_aliases(text: str) -> str:
    return _replaced(ALIAS, "∎", text)
