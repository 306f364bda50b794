"""Whatever a model says, an item that lands cites what it was shown, and shows nothing that nobody has said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.sidecar.language_model.findings import (
    INVENTED_LINK,
    NO_LENGTH,
    TOO_MANY,
    UNKNOWN_PERSON,
    WRONG_CITATION,
    Findings,
    Shown,
    verified,
)
from tests.sidecar.language_model.service import nothing

SHOWN = Shown(
    {2: "A", 3: "B", 5: "A"},
    {2: "see https://example.org/map?", 3: "yes, member-0123456789 knows, I do it tomorrow", 5: "fine"},
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "x" * 500,
            "see https://evil.example/?q=1",
            "www.evil.example",
            "a evil.example: b",
            "ask member-aaaaaaaaaa",
            "a\nb\u202ec",
        ]
    ),
)
NUMBERS = st.lists(st.one_of(st.integers(), st.sampled_from([2, 3, 5])), max_size=12)


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an answer of the right form that says anything."""
    sentence = st.fixed_dictionaries({"text": TEXTS, "messages": NUMBERS})
    answer = st.none() | st.fixed_dictionaries({"text": TEXTS, "message": st.integers(0, 6)})
    letters = st.none() | st.text(max_size=3) | st.sampled_from("ABC")
    kinds = {
        "summary": sentence,
        "decisions": st.fixed_dictionaries({"text": TEXTS, "messages": NUMBERS, "status": st.just("agreed")}),
        "action_items": st.fixed_dictionaries(
            {"text": TEXTS, "messages": NUMBERS, "assignee": letters, "due": st.none() | TEXTS | st.just("Tomorrow")}
        ),
        "questions": st.fixed_dictionaries({"text": TEXTS, "messages": NUMBERS, "answer": answer}),
    }
    return {name: draw(st.lists(item, max_size=4)) for name, item in kinds.items()}


def test_a_question_with_an_empty_answer_is_open() -> None:
    asked = {"text": "who has it?", "messages": [2], "answer": {"text": " \u200b", "message": 3}}
    [question] = verified(Findings.model_validate(nothing(questions=[asked])), SHOWN).findings.questions
    assert question.answer is None


def test_marks_inside_a_name_hide_it_from_nobody() -> None:
    found = nothing(summary=[{"text": "A\u200bna L\u2060ima has it", "messages": [2]}])
    [sentence] = verified(Findings.model_validate(found), SHOWN).findings.summary
    assert sentence.text == "Ana Lima has it"


@given(answers())
def test_what_lands_cites_what_was_shown_and_nothing_is_lost_untold(answer: dict[str, Any]) -> None:
    findings = Findings.model_validate(answer)
    held = verified(findings, SHOWN)

    items = list(held.findings.items)
    assert len(items) + sum(held.dropped.values()) == sum(map(len, answer.values()))
    said = " ".join(SHOWN.texts.values())
    for item in items:
        assert item.messages
        assert SHOWN.speakers.keys() >= set(item.messages)
        assert 0 < len(item.text) <= 400
        assert item.text.isprintable()
        assert "evil" not in item.text
        assert "member-aaaaaaaaaa" not in item.text
    for task in held.findings.action_items:
        assert task.assignee in (None, "A", "B")
        assert task.due is None or task.due.casefold() in said
    for question in held.findings.questions:
        assert question.answer is None or question.answer.message in SHOWN.speakers
    assert verified(held.findings, SHOWN).findings == held.findings


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"messages": [4]}, WRONG_CITATION),
        ({"messages": []}, WRONG_CITATION),
        ({"messages": [2, 99]}, WRONG_CITATION),
        ({"messages": list(range(2, 20))}, WRONG_CITATION),
        ({"text": "   \n"}, NO_LENGTH),
        ({"text": "x" * 401}, NO_LENGTH),
        ({"assignee": "C"}, UNKNOWN_PERSON),
        ({"assignee": "Ana Lima"}, UNKNOWN_PERSON),
        ({"text": "ask member-aaaaaaaaaa"}, UNKNOWN_PERSON),
        ({"text": "see https://example.org/other"}, INVENTED_LINK),
        ({"text": "[map](javascript://x)"}, INVENTED_LINK),
        ({"text": "pay at evil.example.org"}, INVENTED_LINK),
        ({"text": "Evil.Example.ORG/x is the map"}, INVENTED_LINK),
        ({"text": "pay at evil。example。org"}, INVENTED_LINK),
        ({"text": "pay at пример.рф, or xn--e1afmkfd.xn--p1ai"}, INVENTED_LINK),
        ({"text": "see ample.org"}, INVENTED_LINK),
        ({"text": "see example.org/other"}, INVENTED_LINK),
        ({"text": "see plan.md"}, INVENTED_LINK),
    ],
)
def test_each_reason_is_told(item: dict[str, Any], reason: str) -> None:
    task = {"text": "bring it", "assignee": "A", "due": None, "messages": [2], **item}
    held = verified(Findings.model_validate(nothing(action_items=[task])), SHOWN)
    assert held.dropped == {reason: 1}
    assert not held.is_usable


def test_what_was_said_may_be_said_again() -> None:
    texts = ("see https://example.org/map.", "see Example.org/map, e.g. at 3.30pm...", "member-0123456789 knows")
    items = [{"text": text, "messages": [3, 3, 2]} for text in texts]
    held = verified(Findings.model_validate(nothing(summary=items)), SHOWN)
    assert [(item.text, item.messages) for item in held.findings.summary] == [(text, (3, 2)) for text in texts]


def test_an_answer_without_end_has_one() -> None:
    items = [{"text": f"number {number}", "messages": [2]} for number in range(1000)]
    held = verified(Findings.model_validate(nothing(summary=items)), SHOWN)
    assert held.dropped == {TOO_MANY: 970}
