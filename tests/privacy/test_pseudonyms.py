"""One person has one pseudonym however a phone writes the name, and nobody without the key can tell whose it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.privacy.pseudonyms import author_id, normalised_name, pseudonym

KEY, OTHER_KEY = b"k" * 32, b"o" * 32

SAME = {
    "Ana Lima": [
        "ana lima",
        "ANA LIMA",
        " Ana  Lima ",
        "~Ana Lima",
        "~ Ana Lima",
        "\u202aAna Lima\u202c",
        "\u200eAna Lima",
        "Ana\u00a0Lima",
        "A\u00adna Lima",
        "Ａna Lima",
        "Ana\u200b Lima",
    ],
    "José Brandão": [unicodedata.normalize("NFD", "José Brandão"), "JOSÉ BRANDÃO"],
    "Straße": ["STRASSE", "strasse"],
    "+44 7700 900862": [
        "+447700900862",
        "+44 7700-900862",
        "+44\u00a07700\u00a0900862",
        "+44\u202f7700\u202f900862",
        "+44 (7700) 900862",
        "+44\u20107700\u2010900862",
        "+44\u20117700\u2011900862",
        "\u202a+44 7700 900862\u202c",
        "+44\u20137700\u2013900862",
        "+\u0664\u0664 \u0667\u0667\u0660\u0660 \u0669\u0660\u0660\u0668\u0666\u0662",
    ],
    "❤ Ana": ["❤\ufe0f Ana"],
}
DIFFERENT = [
    "Ana Lima",
    "Ana Lima 2",
    "Ana Lina",
    "AnaLima",
    "Ana",
    "+44 7700 900862",
    "+44 7700 900863",
    "José",
    "Jose",
    "👩",
    "👨",
    "1234",
    "12345",
]


@pytest.mark.parametrize("name", SAME)
def test_spellings_of_one_name_are_one_person(name: str) -> None:
    assert {spelling: author_id(KEY, "whatsapp", spelling) for spelling in SAME[name]} == {
        spelling: author_id(KEY, "whatsapp", name) for spelling in SAME[name]
    }


def test_different_names_are_different_people() -> None:
    assert len({author_id(KEY, "whatsapp", name) for name in DIFFERENT}) == len(DIFFERENT)


@given(st.text(max_size=30), st.text(max_size=30))
def test_pseudonyms_are_equal_exactly_when_the_normalised_names_are(one: str, other: str) -> None:
    same = normalised_name(one) == normalised_name(other)
    assert (author_id(KEY, "whatsapp", one) == author_id(KEY, "whatsapp", other)) == same


@given(st.text(min_size=1, max_size=30))
def test_another_key_another_platform_or_another_purpose_gives_another_pseudonym(name: str) -> None:
    pseudonyms = {
        author_id(KEY, "whatsapp", name).hex,
        author_id(OTHER_KEY, "whatsapp", name).hex,
        author_id(KEY, "telegram", name).hex,
        pseudonym(KEY, "source", name, 32),
        pseudonym(KEY, "title", name, 32),
    }
    assert len(pseudonyms) == 5


@given(st.text(alphabet=st.characters(categories=["L", "Nd"]), min_size=4, max_size=30))
def test_no_part_of_a_name_stands_in_its_pseudonym(name: str) -> None:
    shown = str(author_id(KEY, "whatsapp", name)) + pseudonym(KEY, "source", name)
    assert name.encode().hex() not in shown.replace("-", "")
    assert any(character not in "0123456789abcdef" for character in name) <= (name not in shown)
