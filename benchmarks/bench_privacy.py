"""Privacy: scrubbing texts, per message, in SQL, by Arrow and row by row in Python; what a hostile text costs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import ARROW, NATIVE

from benchmarks.generate import authors, body
from benchmarks.harness import Figure, figure, median_cpu
from egregora_assets.privacy import kinds, scrub
from egregora_assets.privacy.folding import fold
from egregora_assets.privacy.names import words_in
from egregora_assets.privacy.numbers import MARK, kind, replaced
from egregora_assets.privacy.scrub import scrubbing

SIZES = (10_000, 100_000, 1_000_000)
COMPARED = 100_000
NUMBERS = 20_000
MANY_NAMES = 10_000
FEW = 5_000
SYLLABLES = (
    "ba be bi bo ca co da de do fa fi ga go ha ja ka ko la le li lo ma me mi mo na ne no pa pe ra re ri sa se".split()
)
BOUND_MICROSECONDS = 2.0
BOUND_SIZE = 1_000_000
BOUND_GROWTH = 2.0
HOSTILE = {"a@a@a@…": "a@", "12 12 12 …": "12 ", "1.1.1.…": "1.", "ab12ab12…": "ab12", "&token=&token=…": "&token="}
HOSTILE_ROWS = 200


def figures() -> Iterator[Figure]:
    rng = random.Random(11)
    people = authors(40, rng)
    sample = [body(rng, people) for _ in range(100_000)]
    with duckdb.connect(config={"threads": 1}) as connection, scrubbing(connection):  # as the gate has it
        for size in SIZES:
            connection.register("sample", pa.table({"text": (sample * (size // len(sample) + 1))[:size]}))
            connection.execute("CREATE OR REPLACE TABLE said AS SELECT text FROM sample").fetchall()
            yield _scrubbed(connection, size, people)
            if size == COMPARED:
                yield from _other_ways(connection, people)
                yield from _hiding_names(connection)
        yield from _naming_ways(connection)
        yield from _hostile(connection)


def _scrubbed(connection: duckdb.DuckDBPyConnection, size: int, people: list[str]) -> Figure:
    copying = median_cpu(lambda: _make(connection, "SELECT text FROM said"))
    cleaning = median_cpu(lambda: _make(connection, scrub.scrub("SELECT text FROM said", "text", people)))
    return figure(
        "scrub all kinds and 40 names",
        cleaning / size * 1e6,
        size,
        unit="µs per message",
        floor=copying / size * 1e6,
        at_most=BOUND_MICROSECONDS if size == BOUND_SIZE else None,
    )


def _other_ways(connection: duckdb.DuckDBPyConnection, people: list[str]) -> Iterator[Figure]:
    """The same patterns over the same texts, without the questions that SQL asks first; the floor is the way in SQL."""
    in_sql = median_cpu(lambda: _make(connection, scrub.scrub("SELECT text FROM said", "text", people)))
    patterns = _patterns(people)
    compiled = [(re.compile(_for_python(pattern)), replacement) for pattern, replacement in patterns]

    def by_arrow(texts: pa.ChunkedArray) -> pa.Array:
        cleaned = reduce(lambda found, how: pc.replace_substring_regex(found, how[0], how[1]), patterns, texts)
        return cleaned.combine_chunks()

    def by_row(text: str) -> str:
        return reduce(lambda found, how: how[0].sub(how[1], found), compiled, text)

    connection.create_function("by_arrow", by_arrow, ["VARCHAR"], "VARCHAR", type=ARROW)
    connection.create_function("by_row", by_row, ["VARCHAR"], "VARCHAR", type=NATIVE)
    for name, way in {"  the same by Arrow": "by_arrow", "  the same by `re`, row by row": "by_row"}.items():
        cost = median_cpu(lambda way=way: _make(connection, f"SELECT {way}(text) AS text FROM said"))
        microseconds = 1e6 / COMPARED
        yield figure(name, cost * microseconds, COMPARED, unit="µs per message", floor=in_sql * microseconds)
        connection.remove_function(way)


def _patterns(people: list[str]) -> list[tuple[str, str]]:
    return [
        (kinds.CREDENTIALS, r"\1"),
        (kinds.PARAMETER, r"\1[secret]"),
        (kinds.KEY, r"\1[secret]"),
        (scrub.EMAIL, "[email]"),
        (kinds.IPV4, r"\1[ip]\2"),
        (kinds.IPV6, r"\1[ip]\2"),
        (kinds.IBAN, "[iban]"),
        (scrub.PHONE.replace(r"\p{Nd}", "[0-9٠-٩۰-۹０-９]"), "[phone]"),
        (_name_pattern(people), r"\1[name]\2"),
    ]


def _name_pattern(people: list[str]) -> str:
    """Return one pattern for the words of all names: what SQL can do, without other spellings."""
    words = sorted({re.escape(word) for person in people for word in words_in(person)})
    return rf"(^|[^\p{{L}}\p{{N}}])(?i:{'|'.join(words)})($|[^\p{{L}}\p{{N}}])"


def _hiding_names(connection: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """Names alone, of few and of many people: by a function over Arrow, as they are hidden, by a pattern in SQL, row by row."""
    connection.execute(f"CREATE OR REPLACE TABLE few AS FROM said LIMIT {FEW}").fetchall()
    floor = median_cpu(lambda: _make(connection, "SELECT text FROM said")) / COMPARED * 1e6
    for count in (40, MANY_NAMES):
        people = _invented(count)
        in_sql = f"regexp_replace(text, {scrub.quoted(_name_pattern(people))}, '\\1[name]\\2', 'g')"
        connection.create_function("by_row", _by_row(people), ["VARCHAR"], "VARCHAR", type=NATIVE)
        for name, query, size in (
            ("by Arrow", scrub.hide_names("SELECT text FROM said", "text", people), COMPARED),
            ("by SQL", f"SELECT {in_sql} AS text FROM few", FEW),
            ("row by row", "SELECT by_row(text) AS text FROM few", FEW),
        ):
            cost = median_cpu(lambda query=query: _make(connection, query)) / size * 1e6
            yield figure(f"hide {count:,} names {name}", cost, size, unit="µs per message", floor=floor)
        connection.remove_function("by_row")


def _invented(count: int) -> list[str]:
    """Return as many names of two words, hardly any of which are the same."""
    rng = random.Random(3)
    return [" ".join("".join(rng.choices(SYLLABLES, k=3)).title() for _ in range(2)) for _ in range(count)]


def _by_row(people: list[str]) -> Callable[[str], str]:
    words = {fold(word) for person in people for word in words_in(person)}

    def by_row(text: str) -> str:
        return "".join("[name]" if fold(part) in words else part for part in re.split(r"(\W+)", text))

    return by_row


def _for_python(pattern: str) -> str:
    """Return an RE2 pattern in the words of ``re``, which knows no classes of Unicode by name."""
    scripts = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    for theirs, ours in (
        (r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]", f"[{scripts}]"),
        (r"[^\P{Nd}0-9]", "[٠-٩۰-۹０-９]"),
        (r"[^\p{L}\p{N}]", r"[\W_]"),
        (r"\p{L}\p{M}\p{N}", r"\w"),
        (r"\p{Nd}", r"\d"),
        (r"\p{Zs}", r"\s"),
    ):
        pattern = pattern.replace(theirs, ours)
    return re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", pattern)


LUHN = """
    list_sum(list_transform(list_reverse(string_split(digits, '')), lambda digit, place:
        CASE WHEN place % 2 = 1 THEN digit::INT ELSE digit::INT * 2 - CASE WHEN digit::INT > 4 THEN 9 ELSE 0 END END
    )) % 10 = 0
"""
CPF = " AND ".join(
    f"list_sum(list_transform(string_split(digits[:{place}], ''), lambda digit, nth: digit::INT * ({place + 2} - nth)))"
    f" * 10 % 11 % 10 = digits[{place + 1}]::INT"
    for place in (9, 10)
)
IN_SQL = f"""
    CASE WHEN length(digits) BETWEEN 13 AND 19 AND {LUHN} THEN '[card]'
        WHEN length(digits) = 11 AND {CPF} THEN '[id]' WHEN length(digits) < 16 THEN '[phone]' ELSE '[number]' END
"""


def _naming_ways(connection: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """What each of many numbers is; SQL knows no numbering plans and no accounts, so it does less."""
    rng = random.Random(5)
    numbers = [str(rng.randrange(10 ** (length - 1), 10**length)) for length in rng.choices((9, 11, 13, 16), k=NUMBERS)]
    marked = pa.table({"text": [f"{MARK}{number}{MARK}" for number in numbers], "digits": numbers})
    connection.register("numbers", marked)
    connection.execute("CREATE OR REPLACE TABLE found AS FROM numbers").fetchall()
    connection.create_function("kind_of_row", lambda text: f"[{kind(text)}]", ["VARCHAR"], "VARCHAR", type=NATIVE)
    connection.create_function(
        "kind_of_all", lambda texts: replaced(texts, lambda one: f"[{kind(one)}]"), ["VARCHAR"], "VARCHAR", type=ARROW
    )
    ways = {"SQL": IN_SQL, "Arrow": "kind_of_all(text)", "row by row in Python": "kind_of_row(digits)"}
    floor = median_cpu(lambda: _make(connection, "SELECT digits AS text FROM found")) / NUMBERS * 1e6
    for name, way in ways.items():
        cost = median_cpu(lambda way=way: _make(connection, f"SELECT {way} AS text FROM found"))
        yield figure(f"what a number is: {name}", cost / NUMBERS * 1e6, NUMBERS, unit="µs per number", floor=floor)
    for function in ("kind_of_row", "kind_of_all"):
        connection.remove_function(function)


def _hostile(connection: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """What twice the text costs, for texts that make patterns with a memory of what they tried go back again and again."""
    for name, piece in HOSTILE.items():
        half, whole = (median_cpu(_cleaning(connection, piece, size)) for size in (8_000, 16_000))
        yield figure(f"16 kB of {name} to 8 kB", whole / half, 16_000, unit="×", at_most=BOUND_GROWTH)


def _cleaning(connection: duckdb.DuckDBPyConnection, piece: str, size: int) -> Callable[[], None]:
    texts = [piece * (size // len(piece))] * HOSTILE_ROWS

    def clean() -> None:
        connection.register("hostile", pa.table({"text": texts}))
        _make(connection, scrub.scrub("SELECT text FROM hostile", "text", ["Ana Lima"]))

    return clean


def _make(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE cleaned AS {query}").fetchall()
