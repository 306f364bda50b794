"""SQL expressions that hide addresses, numbers, keys and names in texts. Every pattern runs in linear time (DuckDB's RE2).

What leaves the warehouse passes ``scrub``; the privacy checks ask of the outputs themselves whether it has.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce

import duckdb

from egregora_assets.privacy import kinds
from egregora_assets.privacy.again import repeating
from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.names import ALIASED, HIDDEN, POSSIBLE, SHOWN, finding, known
from egregora_assets.privacy.numbers import MARK, NAMED, naming
from egregora_assets.warehouse.query import Parameters, changed, rows, scalar, temporary

POLICY_VERSION = "7"
"""Part of every fingerprint of cleaned text: a new version cleans everything again."""

INVISIBLE = r"[\x{00AD}\x{034F}\x{061C}\x{180E}\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}\x{FFF9}-\x{FFFB}]"
"""Marks that show nothing and could hide an address from a pattern."""
_JOINERS = r"[\x{200C}\x{200D}\x{FE00}-\x{FE0F}]+"
"""Marks that some scripts and emoji need, but neither an address nor a number nor a Latin name does."""
_CIRCLED = r"\x{2460}-\x{2473}\x{24EA}"
_KEYCAP = "\u20e3"
_AFTER_LETTER = rf"([\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}\p{{Nd}}{_CIRCLED}{_KEYCAP}@＠.+_?&=:/\-]){_JOINERS}"
_BEFORE_DIGIT = rf"{_JOINERS}([\p{{Nd}}{_CIRCLED}{_KEYCAP}@＠.])"
_DIGIT = "[0-9٠-٩۰-۹０-９]"
"""Digits as patterns of numbers know them. Those of other scripts are written in these first: patterns stay small."""
_OTHER_DIGIT = "[^\\P{Nd}0-9٠-٩۰-۹０-９]"
_HIDING = rf"{INVISIBLE}|{_JOINERS}"
"""Stands in every text that may read otherwise than it looks."""
_ODD_DIGITS = rf"[{_KEYCAP}{_CIRCLED}]|{_OTHER_DIGIT}"

_ADDRESS_LETTER = r"\p{L}\p{M}\p{N}\-_"
EMAIL = rf"[{_ADDRESS_LETTER}.%+]+[!#$&'*/=?^{{|}}~]*(?:[{kinds.AT}]|%40)[{_ADDRESS_LETTER}]+(?:[.．。][{_ADDRESS_LETTER}]+)+"
_SPACES = r" \x{00A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
_BETWEEN = rf"{_SPACES}.\-\x{{2010}}-\x{{2012}}\x{{2043}}\x{{30FC}}\x{{FF70}}"
_ANY_BETWEEN = rf"{_BETWEEN}\x{{2013}}\x{{2015}}\x{{2212}}\x{{FF0D}}"
_GAP = rf"(?:[{_ANY_BETWEEN}]|  | [\-\x{{2010}}-\x{{2013}}] )"
_APART_ON_CARDS = rf"(?:[\t\n_/·•]|[{_SPACES}]{{1,3}})"
PHONE = "(?:{})N*".format(
    "|".join(
        (
            rf"(?:N{{1,5}}{_GAP}){{0,2}}N{{4}}{_GAP}N{{6}}{_GAP}N{{4,5}}",
            rf"[3-6]N{{3}}(?:(?:{_APART_ON_CARDS}N{{4}}){{3}}(?:{_APART_ON_CARDS}N{{3}})?|{_APART_ON_CARDS}N{{6}}{_APART_ON_CARDS}N{{4,5}})",
            rf"[+＋] ?[(（]?N(?:[()（）/\t\n{_ANY_BETWEEN}]{{0,3}}N){{6,16}}",
            rf"[(（]N{{2,4}}[)）](?:[{_ANY_BETWEEN}]{{0,2}}N){{6,11}}",
            r"[0٠۰０]N{1,4} ?[(（]N{1,4}[)）] ?N{4}",
            r"N{7,}",
            rf"N{{3,5}}(?:{_GAP}N{{2,5}}){{2,5}}",
            rf"N{{2}}{_GAP}N{{3,5}}(?:{_GAP}N{{2,5}}){{1,4}}",
            rf"N{{2}}{_GAP}N{{2}}{_GAP}N{{3,5}}(?:{_GAP}N{{2,5}}){{0,3}}",
            rf"N{{2}}(?:{_GAP}N{{2}}){{2}}{_GAP}N{{2,5}}(?:{_GAP}N{{2,5}}){{0,2}}",
            rf"N{{3,6}}(?:[{_BETWEEN}]|  )N{{5,8}}",
            rf"N{{5}}[{_BETWEEN}]N{{4}}",
            rf"[3-9]N{{3}}[{_SPACES}]N{{4}}",
            r"N{3,5}[.\-\x{2010}-\x{2012}\x{2043}\x{30FC}\x{FF70}]N{4}",
            r"0N{2,5} ?/ ?N{5,8}",
            r"N{3}[/·•_]N{2}[/·•_]N{4}",
            r"N{3}(?:(?:/N{3}){2}|(?:·N{3}){2})",
        )
    )
).replace("N", _DIGIT)
"""Seven or more digits, written as people and phones write numbers, with all digits that go on right behind them."""
_DATE = r"(^|[^\p{Nd}+])((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(\b|[\p{L}_])"
_COMMIT = r"\b" + "([0-9a-f]{5})" * 8 + r"\b"
SEVEN_DIGITS = rf"\p{{Nd}}(?:[()（）/·•_\t\n{_ANY_BETWEEN}]{{0,3}}\p{{Nd}}){{6}}"
"""Stands in every text with a number: a small pattern to ask before the large one."""
_TO_KEEP = "(?:19|20)[0-9]{2}-|[0-9a-f]{40}"
"""Stands in every text with a date or a commit to keep."""
_KEPT, _KEPT_COMMIT = "\u2063", "\u2062"
"""Invisible marks, of which no text has one when they are needed, that keep the digits of dates and commits apart."""
_ASKED, _SAID = "may_hold_something_private", "as_it_was_said"
_AGAIN, _AGAIN_AMONG_ALIASES = "cleaned_again", "cleaned_again_among_aliases"
_ANYTHING = "|".join(
    (
        *(rf"[\p{{Nd}}{kinds.AT}={_CIRCLED}]", "://", kinds.PASSWORD_WORDS),
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
    clean = f"SELECT number, {HIDDEN}(text, key) AS text FROM ({_without_pii(_WITHOUT_ALIASES, 'text')})"
    plain, among_aliases = (f"{shows_pii('text', aliases)} OR {_named('text', aliases)}" for aliases in (False, True))
    with (
        _calling(connection),
        repeating(connection, _AGAIN, _calling, clean, plain),
        repeating(connection, _AGAIN_AMONG_ALIASES, _calling, clean, among_aliases),
    ):
        yield


@contextmanager
def _calling(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    with naming(connection), finding(connection):
        yield


def scrub(relation: str, column: str, names: Iterable[str] = (), aliases: bool = False) -> str:
    """Return SQL for ``relation`` (a query) with keys, addresses, numbers and ``names`` in ``column`` replaced.

    Runs inside ``scrubbing``. Dates in ISO form are kept, other runs of seven or more digits are taken for numbers of
    people. ``names`` are full display names: they are hidden in any spelling, and so is each of their words, unless it is an
    everyday word, which is hidden only with a capital letter. Each step asks first whether there is anything to replace,
    which is several times cheaper than replacing, and one question stands before all that need no names. ``leaks``, with the
    same ``names`` and ``aliases``, is true of no text that this gives.
    """
    return _settled(relation, column, list(names), HIDDEN, aliases)


@contextmanager
def scrubbed(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    column: str,
    names: Iterable[str],
    parameters: Parameters = None,
) -> Iterator[str]:
    """Give for the length of the block SQL of what ``scrub`` gives, for a ``relation`` of a few rows.

    To make all patterns costs tens of milliseconds. Here the rows are asked first, and only steps that one of them needs are
    made; where rows are many, to ask them costs more than that.
    """
    asked = f"SELECT *, {column} AS {_SAID}, {_may_hold(column)} AS {_ASKED} FROM ({relation})"
    with temporary(connection, "few_rows", asked, parameters):
        _take_steps(connection, column, list(_steps(column)))
        listed = list(names)
        if listed:
            changed(connection, f"UPDATE few_rows SET {column} = {HIDDEN}({column}, '{known(listed)}')")
        has_changed = f"{_ASKED} AND {column} <> {_SAID}"
        if scalar(connection, f"SELECT EXISTS (FROM few_rows WHERE {has_changed} AND {may_show_pii(column)})"):
            settled = _where(f"{has_changed} AND {shows_pii(column)}", f"{_AGAIN}({column}, '{known(listed)}')", column)
            changed(connection, f"UPDATE few_rows SET {column} = {settled}")
        yield f"SELECT * EXCLUDE ({_ASKED}, {_SAID}) FROM few_rows"


def _take_steps(connection: duckdb.DuckDBPyConnection, column: str, steps: list[tuple[str, str]]) -> None:
    """Do to ``few_rows`` those of the steps that a row needs, in order: what one has done may need a later one."""
    while steps:
        questions = ", ".join(f"coalesce(bool_or({condition}), false)" for condition, _ in steps)
        (needed,) = rows(connection, f"SELECT {questions} FROM few_rows WHERE {_ASKED}")
        if not any(needed):
            return
        condition, replacement = steps[needed.index(True)]
        changed(connection, f"UPDATE few_rows SET {column} = {replacement} WHERE {_ASKED} AND ({condition})")
        steps = steps[needed.index(True) + 1 :]


def pseudonymise(relation: str, column: str, names: Iterable[str]) -> str:
    """Return SQL like that of ``scrub`` in which ``names.aliasing`` says what stands for each of ``names``."""
    return _settled(relation, column, list(names), ALIASED, aliases=True)


def _settled(relation: str, column: str, names: list[str], by: str, aliases: bool) -> str:
    """Clean once, and again what has changed and shows something since. An alias in such a text becomes ``[name]``."""
    query = hide_names(_without_pii(f"SELECT *, {column} AS {_SAID} FROM ({relation})", column), column, names, by)
    again, has_changed, shows = _AGAIN, _where(_ASKED, f"{column} <> {_SAID}", "false"), shows_pii(column)
    if aliases:  # an alias has digits, and may end where no other name did
        again, has_changed = _AGAIN_AMONG_ALIASES, f"{column} <> {_SAID} OR contains({column}, 'member-')"
        shows = leaks(column, names, aliases)
    settled = _where(shows, f"{again}({column}, '{known(names)}')", column)
    replaced = _where(has_changed, settled, column)
    return f"SELECT * EXCLUDE ({_ASKED}, {_SAID}) REPLACE ({replaced} AS {column}) FROM ({query})"


def _without_pii(relation: str, column: str) -> str:
    query = f"SELECT *, {_may_hold(column)} AS {_ASKED} FROM ({relation})"
    for condition, replacement in _steps(column):
        replaced = _where(_ASKED, _where(condition, replacement, column), column)
        query = f"SELECT * REPLACE ({replaced} AS {column}) FROM ({query})"
    return query


def hide_names(relation: str, column: str, names: Iterable[str], by: str = HIDDEN) -> str:
    """Return SQL for ``relation`` with ``names`` in ``column`` replaced: by ``[name]``, or as the SQL function ``by`` does."""
    listed = list(names)
    return f"SELECT * REPLACE ({by}({column}, '{known(listed)}') AS {column}) FROM ({relation})" if listed else relation


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is done to a text that may hold something private: when, and by which SQL. Keys and links hold digits."""
    yield from _disguises(text)
    yield _has_user(text), _replaced(kinds.CREDENTIALS, r"\1", text)
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


def _may_hold(text: str) -> str:
    return f"regexp_matches({text}, {quoted(_ANYTHING)})"


def _has_at(text: str) -> str:
    return " OR ".join(f"contains({text}, '{sign}')" for sign in (*kinds.AT, "%40"))


def _has_user(text: str) -> str:
    return f"contains({text}, '://') AND ({_has_at(text)})"


def _has_parameter(text: str) -> str:
    return f"contains({text}, '=') OR contains({text}, '%3') OR contains({text}, '%25')"


def _disguises(text: str) -> Iterator[tuple[str, str]]:
    """Yield the first of ``_steps``: what shows nothing goes, and odd digits become usual ones where they may be a number."""
    shown = _replaced(_BEFORE_DIGIT, r"\1", _replaced(_AFTER_LETTER, r"\1", _replaced(INVISIBLE, "", text)))
    yield f"regexp_matches({text}, {quoted(_HIDING)})", shown
    plain = reduce(lambda sql, sign: f"replace({sql}, '{sign[0]}', '{sign[1]}')", _TWO_DIGITS.items(), text)
    plain = f"translate({plain}, '{''.join(_ODD)}{_KEYCAP}', '{''.join(_ODD.values())}')"
    has_number = f"regexp_matches({plain}, {quoted(SEVEN_DIGITS)})"
    yield f"regexp_matches({text}, {quoted(_ODD_DIGITS)})", _where(has_number, plain, text)


def _in_usual_digits(text: str) -> str:
    plain = f"translate({text}, '{''.join(_OTHER_DIGITS)}', '{''.join(_OTHER_DIGITS.values())}')"
    return _where(f"regexp_matches({text}, {quoted(_OTHER_DIGIT)})", plain, text)


_OTHER_DIGITS = {
    letter: str(int(letter))
    for letter in filter(str.isdecimal, map(chr, range(0x700, sys.maxunicode)))
    if not "０" <= letter <= "９"
}
"""Digits of scripts that patterns do not know, and which ones they are."""
_TWO_DIGITS = {chr(0x245F + number): str(number) for number in range(10, 21)}
_ODD = {**_OTHER_DIGITS, "⓪": "0", **{chr(0x245F + number): str(number) for number in range(1, 10)}}
"""Digits in circles and on keys, which like those of other scripts are changed only where there may be a number."""


def _replaced(pattern: str, replacement: str, text: str) -> str:
    return f"regexp_replace({text}, {quoted(pattern)}, {quoted(replacement)}, 'g')"


def _without_numbers(text: str) -> str:
    marked = _replaced(PHONE, rf"{MARK}\0{MARK}", _kept(text))
    return _as_before(f"{NAMED}({marked})")


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


def may_change(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition, far cheaper than ``scrub``, that is true of every ``column`` which ``scrub`` changes."""
    questions = " OR ".join(f"({condition})" for condition, _ in _steps(column))
    return f"({_where(_may_hold(column), questions, 'false')} OR {mentions(column, names)})"


def may_hold_or_name(column: str, names: Iterable[str]) -> str:
    """Return the SQL condition, far cheaper than ``may_change``, that is true wherever that is."""
    return f"({_may_hold(column)} OR {mentions(column, names)})"


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
    found = " OR ".join(_where(condition, shown, "false") for condition, shown in _shown(text))
    return f"({_where(_may_hold(text), found, 'false')})"


def may_show_pii(column: str) -> str:
    """Return the SQL condition, far cheaper than ``shows_pii``, that is true wherever that is."""
    questions = " OR ".join(f"({condition})" for condition, _ in _shown(column))
    return f"({_where(_may_hold(column), questions, 'false')})"


@contextmanager
def leaking(connection: duckdb.DuckDBPyConnection, shown: str, leak: str, name: str) -> Iterator[int]:
    """Keep the rows of ``shown`` (SQL with ``words``) that meet the condition ``leak`` as table ``leaking``; yields their count.

    ``name`` is that part of ``leak`` which asks for names; the rest is what ``shows_pii`` gives. Making all its patterns costs
    tens of milliseconds, so they are made only where the questions before them leave something to ask.
    """
    with temporary(connection, "asked_words", shown):
        is_asked = scalar(connection, f"SELECT EXISTS (FROM asked_words WHERE {may_show_pii('words')} OR {name})")
        with temporary(
            connection, "leaking", f"FROM asked_words {f'WHERE {leak}' if is_asked else 'LIMIT 0'}"
        ) as count:
            yield count


def private_among(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> set[str]:
    """Return those of a few texts from which ``scrub`` would take something private, names aside."""
    among = "SELECT text FROM (SELECT unnest($texts::VARCHAR[]) AS text) WHERE "
    suspected = rows(connection, among + _may_hold("text"), {"texts": list(texts)})
    if not suspected:
        return set()
    query = "SELECT text, text AS said FROM (SELECT unnest($texts::VARCHAR[]) AS text)"
    for condition, plain in _disguises("text"):
        query = f"SELECT * REPLACE ({_where(condition, plain, 'text')} AS text) FROM ({query})"
    with temporary(connection, "asked_texts", query, {"texts": [text for (text,) in suspected]}):
        if not scalar(connection, f"SELECT EXISTS (FROM asked_texts WHERE {may_show_pii('text')})"):
            return set()
        return {text for (text,) in rows(connection, f"SELECT said FROM asked_texts WHERE {shows_pii('text')}")}


def _shown(text: str) -> Iterator[tuple[str, str]]:
    """Yield a cheap question, and the SQL whether what it asks for is there. ``CASE`` asks in this order, ``AND`` in any."""
    yield _has_at(text), _found(text, EMAIL)
    yield _has_user(text), _found(text, kinds.CREDENTIALS)
    yield _has_parameter(text), _found(text, kinds.PARAMETER)
    yield kinds.has_key(text), f"{_found(text, kinds.KEY)} OR {_found(text, kinds.PRIVATE_KEY)}"
    yield f"regexp_matches({text}, {quoted(kinds.PASSWORD_QUESTION)})", _found(text, kinds.PASSWORD)
    addressed = f"{_found(text, kinds.IPV4)} OR {_found(text, kinds.IPV6)}"
    yield f"regexp_matches({text}, {quoted(kinds.IP_QUESTION)})", addressed
    yield f"regexp_matches({text}, {quoted(kinds.IBAN_QUESTION)})", _found(kinds.in_plain_signs(text), kinds.IBAN)
    numbered = _found(_kept(_in_usual_digits(text)), PHONE)
    yield f"regexp_matches({text}, {quoted(SEVEN_DIGITS)})", numbered


def shows_names(column: str, names: Iterable[str], aliases: bool = False) -> str:
    """Return the SQL condition that ``column`` shows one of ``names``, outside of aliases where there are any."""
    return mentions(_without_aliases(column) if aliases else column, names)


def _without_aliases(text: str) -> str:
    return _replaced(ALIAS, "∎", text)


def _named(text: str, aliases: bool) -> str:
    return f"{SHOWN}({_without_aliases(text) if aliases else text}, key)"


_WITHOUT_ALIASES = f"SELECT * REPLACE ({_replaced(ALIAS, '[name]', 'text')} AS text) FROM waiting"
