"""Words are found however they are written, in any script, and every text is a query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.search.tokens import Wanted, folded, parse, spans_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Olá, SÃO João's e-mail", ["ola", "sao", "joao", "s", "e", "mail"]),
        ("Łódź Øre straße ﬁne", ["lodz", "ore", "strasse", "fine"]),
        ("cafe\u0301 foo\u00adbar", ["cafe", "foobar"]),
        ("İSTANBUL ısı", ["istanbul", "isi"]),
        ("Ёлка ЁЛКА", ["елка", "елка"]),
        ("كِتَاب", ["كتاب"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("٣٤ １２ ३", ["34", "12", "3"]),
        ("東京へ abc", ["東京", "京へ", "へ", "abc"]),
        ("ไทย", ["ไท", "ทย", "ย"]),
        ("snake_case x1", ["snake", "case", "x1"]),
        ("👍 … \u200b", []),
        ("@[name], your [number] and the name: [Name]", ["your", "and", "the", "name", "name"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_query_reads_words_phrases_and_what_must_not_be_there() -> None:
    asked = parse('Tea "red kettle" -milk -"sour cream" e-mail 茶')
    assert asked == Wanted(
        ("tea", "e", "mail"), ("茶",), (("red", "kettle"),), (("milk",), ("sour", "cream")), "Tea red kettle e-mail 茶"
    )


def test_one_word_in_quotes_must_be_there_too() -> None:
    assert parse('blue "kettle"') == Wanted(("blue",), phrases=(("kettle",),), meant="blue kettle")
    assert parse('"茶"') == Wanted(prefixes=("茶",), meant="茶")


def test_what_stands_for_something_taken_out_is_not_marked() -> None:
    assert [word for _, _, word in spans_of("[name] has no name")] == ["has", "no", "name"]


@pytest.mark.parametrize("text", ["", "-", '"', '""', '-""', "--- ...", "(", "*:*", "\ud800"])
def test_what_asks_for_nothing_is_empty(text: str) -> None:
    assert parse(text).is_empty


def test_halves_of_letters_reach_no_model() -> None:
    """A terminal hands over bytes that are no text as such halves, and a tokenizer takes none."""
    assert parse("kites \udcff").meant == "kites ?"


@given(st.text())
def test_every_text_is_a_query_and_every_word_of_it_is_marked(text: str) -> None:
    assert isinstance(parse(text), Wanted)
    words = words_of(text)
    assert all(word and not set(word) & set(" \t\n") for word in words)
    spans = list(spans_of(text))
    assert all(0 <= begin < end <= len(text) for begin, end, _ in spans)
    assert all(word in words for word in words_of(folded(text)))
    assert {word for _, _, word in spans} <= set(words) | {piece for _, _, word in spans for piece in words_of(word)}
