"""Marks of emphasis and code go, everything that may be meant stays, and no text makes it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.formats.markup import without_discord_marks, without_slack_marks


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~s~ `code`", "bold it s code"),
        ("*_both_* _*both*_ (*a*), *b*!", "both both (a), b!"),
        ("*hi <@U1>!*", "hi <@U1>!"),
        ("```a *b*\n_c_```", "a *b*\n_c_"),
        ("`a_b *c*`", "a_b *c*"),
        ("<https://x.org/_a_/*b*|here>", "<https://x.org/_a_/*b*|here>"),
        ("2 * 3 * 4 and 2*3*4", "2 * 3 * 4 and 2*3*4"),
        ("snake_case_name __init__ _", "snake_case_name __init__ _"),
        ("*args, *kwargs", "*args, *kwargs"),
        ("* one\n* two", "* one\n* two"),
        ("*one\ntwo*", "*one\ntwo*"),
        ("**** ~~ `` ```", "**** ~~ `` ```"),
        ("@_ana_ \ue000 *x*", "@_ana_ \ue000 *x*"),
    ],
)
def test_marks_of_slack_go_and_what_is_none_stays(text: str, shown: str) -> None:
    assert without_slack_marks(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** *it* _it_ __under line__ ~~s~~ ||spoiler||", "bold it it under line s spoiler"),
        ("***both*** **a *b* c**", "both a b c"),
        ("<t:1700000000:R> <t:1700000000>", "2023-11-14 22:13 UTC 2023-11-14 22:13 UTC"),
        ("<t:999999999999:f>", "<t:999999999999:f>"),
        ("```py\nx = 2**3**4\n``` ``a*b*``", "x = 2**3**4 a*b*"),
        ("\\*not\\* ¯\\\\_(ツ)_/¯", "*not* ¯\\_(ツ)_/¯"),
        ("https://x.org/_a_/__b__ **https://x.org/**", "https://x.org/_a_/__b__ https://x.org/"),
        ("[the **list**](https://x.org/a)", "the list (https://x.org/a)"),
        ("<:a_b:123> **<@1>**", "<:a_b:123> <@1>"),
        ("__init__ snake_case_name 2 * 3 * 4", "__init__ snake_case_name 2 * 3 * 4"),
        ("@_ana_", "@_ana_"),
    ],
)
def test_marks_of_discord_go_and_what_is_none_stays(text: str, shown: str) -> None:
    assert without_discord_marks(text) == shown


@given(st.text(st.sampled_from("*_~|`<>[]()\\ ab\n:/tp"), max_size=60))
def test_no_letter_is_lost(text: str) -> None:
    kept = [letter for letter in text if letter in "abtp"]
    assert [letter for letter in without_slack_marks(text) if letter in "abtp"] == kept
    assert [letter for letter in without_discord_marks(text) if letter in "abtp"] == kept


@pytest.mark.parametrize(
    "piece", ["*", "*a ", "_a", "`", "<", "**a", "||", "__a", "[(", "``a`", "```", "[a](", "\\", "<t:"]
)
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * 100_000
    began = time.process_time()
    without_slack_marks(text)
    without_discord_marks(text)
    assert time.process_time() - began < 1
