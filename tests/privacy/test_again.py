"""What the checks look for is never left in a cleaned text, whatever cleaning has brought to light; no message stops the graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.authors import verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.privacy.again import NOTHING_SHOWN, repeating
from egregora_assets.privacy.names import NameFinder, aliasing
from egregora_assets.privacy.scrub import leaks, pseudonymise, scrubbing
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, published_bytes, put_export
from tests.privacy.test_scrub import CONNECTION, leaking, scrub_one, scrubbed
from tests.properties import dear

UNCOVERED = {
    "order 9123456789ghp_abcdefghijklmnop1234 thanks": "order [phone][secret] thanks",
    "server of Lima2001:db8::1 is down": "server of [name][ip] is down",
    "9123456789ghp_abcdefghijklmnop " * 3: "[phone][secret] " * 3,
}
NAMES = (
    "Ana Lima",
    "علی‌رضا احمدی",
    "فاطمة الزهراوي",
    "桐ヶ谷和葉",
    "田中一",
    "김민수",
    "Conceição Guimarães",
    "João d'Ávila",
    "Zephyrine 🌟",
    "Name Secret",
    "Phone Card",
    "+351 912 000 000",
    "a.b@c.de",
    "token",
    "member Club",
    "Élia",
)
FRAGMENTS = [
    *(
        "Ana",
        "lima",
        "علی",
        "\u200c",
        "رضا",
        "和葉",
        "田中",
        "一",
        "민수",
        "야",
        "Zephyrine",
        "🌟",
        "name",
        "secret",
        "token",
    ),
    *(
        "[name]",
        "[phone]",
        "[secret]",
        "member-0a1b2c3d4e",
        "Élia",
        "Rose",
        "[",
        "]",
        "(",
        ")",
        "（",
        "）",
        "'",
        '"',
        "s",
        "ا",
        "و",
    ),
    *(
        "912",
        "345",
        "678",
        "4111",
        "1111",
        "٠٥٠",
        "５５５",
        "411111",
        "078",
        "05",
        "1120",
        "03",
        "1234",
        "ー",
        "①",
        "\u20e3",
    ),
    *(
        "@",
        "＠",
        "﹫",
        "%40",
        "x@y.org",
        "@c.de",
        ".",
        "。",
        "-",
        "_",
        "·",
        "•",
        " ",
        "\t",
        "\n",
        ",",
        ";",
        ":",
        "::",
        "+",
        "00",
        "/",
    ),
    *(
        "://",
        "https",
        "?token=",
        "=abc9",
        "&key=",
        "%3D",
        "%253D",
        "user:pw@",
        "#/x/token=",
        "bot123456789:AA",
        "A" * 34,
    ),
    *(
        "PT50",
        "0002",
        "GB82",
        "WEST",
        "192.168.1.77",
        "2001:db8::1",
        "192 . 168",
        "eyJhbGciOi.",
        "ghp_abcdefghijklmnop1234",
    ),
    *(
        "password: ",
        "hunter2",
        "senha é ",
        "\u200b",
        "\u00ad",
        "\u2060",
        "\u206a",
        "\ufe0f",
        "\u0301",
        "\u2062",
        "\u2063",
        "\u2064",
    ),
    *(
        "2024-03-13",
        "0123456789abcdef0123456789abcdef01234567",
        "-----BEGIN RSA PRIVATE KEY-----",
        "t.me/+",
        "abcdEFGH12",
    ),
    *("Concei%C3%A7%C3%A3o", "%C3%81vila", "Guimarães"),
]
glued = st.lists(st.sampled_from(FRAGMENTS), max_size=10).map("".join)


@pytest.mark.parametrize("text", ["·\ufe0f① or 2345678", "·⃣\ufe0f1 or 2345678", "·\ufe0f⃣1 or 2345678"])
def test_a_mark_beside_an_odd_digit_goes_at_once(text: str) -> None:
    """Found by chance: the mark stayed until the digit beside it had become a usual one, and went at the next cleaning."""
    once = scrub_one(text, "Ana Lima")
    assert scrub_one(once, "Ana Lima") == once


@pytest.mark.parametrize("text", UNCOVERED)
def test_what_cleaning_uncovers_is_cleaned_too(text: str) -> None:
    """Found in review: one such message stopped every later run, for the check saw what the gate had uncovered."""
    assert scrub_one(text, "Ana Lima") == UNCOVERED[text]


@dear(15, 5)
@given(st.lists(glued, min_size=20, max_size=120))
def test_nothing_that_the_checks_look_for_is_left(texts: list[str]) -> None:
    once = scrubbed(texts, NAMES)
    assert leaking(once, NAMES) == []
    assert scrubbed(once, NAMES) == once


@dear(10, 4)
@given(st.lists(glued, min_size=20, max_size=120))
def test_nothing_is_left_among_aliases(texts: list[str]) -> None:
    said = "SELECT unnest($texts) AS text"
    with scrubbing(CONNECTION), aliasing(CONNECTION, lambda found: "member-0123456789" if len(found) > 3 else "[name]"):
        query = f"SELECT text FROM ({pseudonymise(said, 'text', NAMES)}) WHERE {leaks('text', NAMES, aliases=True)}"
        assert rows(CONNECTION, query, {"texts": texts}) == []


def test_a_name_beside_one_called_like_an_alias_is_hidden() -> None:
    """Found by an attack: an alias that came to stand beside a name was hidden behind itself, without end."""
    finder = NameFinder(["Member Club", "Ana Lima", "和葉"])
    hidden = finder.hidden(pa.array(["和葉lima"]), lambda _: "member-0123456789").to_pylist()
    assert "lima" not in "".join(hidden)
    assert not finder.shown(pa.array(hidden))[0].as_py()


@contextmanager
def nothing_needed(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    yield


def test_a_text_that_no_cleaning_helps_is_hidden_as_a_whole() -> None:
    with duckdb.connect() as connection:
        shows_x = "contains(text, 'x')"
        one_less = "SELECT number, regexp_replace(text, 'x', '') AS text FROM waiting"
        with repeating(connection, "settled", nothing_needed, one_less, shows_x):
            [(found,)] = rows(
                connection,
                "SELECT list(settled(t, 'key') ORDER BY t) FROM unnest(['axx', 'b', 'c' || repeat('x', 99)]) u(t)",
            )
    assert found == ["a", "b", NOTHING_SHOWN]


def test_no_message_stops_the_graph(settings: Settings) -> None:
    lines = [(number, "Ana Lima", text) for number, text in enumerate(UNCOVERED)]
    put_export(settings, "Garden Club", chat(*lines, (9, "Rui Costa", "hello")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert verify.no_unscrubbed_pii(connection, settings).passed
    assert b"ghp_" not in published_bytes(settings)
