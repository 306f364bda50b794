"""What was decided, taken on, asked and answered is found in five languages, with its evidence, and nothing is made up."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from egregora_assets.sidecar import due
from egregora_assets.warehouse.query import rows
from tests.sidecar.labelled import Message, Window, windows
from tests.sidecar.labelled.found import KINDS, Found, find, right_answers, score

BOUNDS = {"question": 0.8, "decision": 0.7, "action": 0.7}


def window(*said: tuple[str, str] | tuple[str, str, int]) -> Window:
    """Return a window of (author, text) or (author, text, index of what it replies to), a minute apart."""
    messages: list[Message] = []
    for minute, (author, text, *reply) in enumerate(said):
        message: Message = {"author": author, "minute": minute, "text": text}
        if reply:
            message["reply_to"] = reply[0]
        messages.append(message)
    return {"id": "one", "language": "en", "scene": "test", "messages": messages}


DECISIONS = {
    "Decided: the hall gets blue paint": "agreed",
    "ok let's take the one from Mill Street": "agreed",
    "Ficou decidido: verde claro": "agreed",
    "Hemos decidido pintar la sala de verde": "agreed",
    "Wir haben uns für die rote Farbe entschieden": "agreed",
    "On a décidé de partir samedi": "agreed",
    "I propose we raise the fee to 35": "proposed",
    "change of plans, we don't need the tent after all": "revoked",
    "we haven't decided anything yet": None,
    "the city decided something about bins": None,
    "let's see how it goes": None,
    "vamos ver como fica": None,
    "ainda não decidimos nada": None,
    "no lo sé": None,
    "noch nicht entschieden": None,
    "on verra bien": None,
}
TASKS = {
    "promise": (window(("A", "I'll send you his number")), ["A"]),
    "promessa": (window(("A", "eu ligo pra ele amanhã")), ["A"]),
    "promesa": (window(("A", "me encargo de las bebidas")), ["A"]),
    "zusage": (window(("A", "ich bringe den Salat")), ["A"]),
    "promesse": (window(("A", "je m'occupe du gâteau")), ["A"]),
    "by name": (window(("A", "@B can you bring the drill on Friday?"), ("B", "sure")), ["B"]),
    "by who accepts": (window(("A", "can somebody open the hall?"), ("B", "I'll do it")), ["B"]),
    "by nobody": (window(("A", "someone has to call the caterer")), [None]),
    "refused": (window(("A", "can you bring the drill?"), ("B", "sorry, I can't")), []),
    "no task": (window(("A", "I'll be late")), []),
    "nenhuma tarefa": (window(("A", "vou ver isso depois")), []),
}
ANSWERS: dict[str, tuple[Window, int | None, str | None]] = {
    "reply": (
        window(
            ("A", "who has seen the leak?"), ("B", "is the canteen open?"), ("C", "no idea"), ("D", "me, it grows", 0)
        ),
        3,
        "reply",
    ),
    "asked": (window(("A", "@C which way do we go?"), ("B", "I love trains"), ("C", "via Zurich")), 2, "mention"),
    "near": (window(("A", "how much was it?"), ("B", "25 dollars")), 1, "proximity"),
    "open": (window(("A", "does anybody have a ladder?")), None, None),
}
OTHERS = {
    "agreed to": window(("A", "I propose we raise the fee to 35"), ("B", "fine by me")),
    "names": window(
        ("A", "@B flew to Lisbon, we moved to Postgres there"), ("B", "the lima beans, see https://github.com/org/repo")
    ),
    "slow": window(("A", "we " * 20_000), ("A", "a" * 100_000), ("A", "? " * 20_000)),
}


@pytest.fixture(scope="module")
def found() -> Found:
    """What the rules find in all windows of this file, looked at once."""
    cases = {
        **{text: window(("A", text)) for text in DECISIONS},
        **{name: said for name, (said, _) in TASKS.items()},
        **{name: said for name, (said, *_) in ANSWERS.items()},
        **OTHERS,
    }
    named: list[Window] = [{**said, "id": name} for name, said in cases.items()]
    return find(named)


def test_the_rules_hold_their_bounds_on_the_windows_they_were_made_by() -> None:
    tuned = windows("tune")
    found = find(tuned)
    for kind in KINDS:
        assert score(tuned, found, kind).f1 >= BOUNDS[kind]
    right, total = right_answers(tuned, found)
    assert right / total >= 0.7


@pytest.mark.parametrize("text", DECISIONS)
def test_what_decides_is_told_from_what_only_speaks_of_deciding(found: Found, text: str) -> None:
    got = found.decision.get((text, 0))
    assert got == (None if DECISIONS[text] is None else (text, DECISIONS[text]))


def test_a_proposal_is_agreed_when_another_agrees(found: Found) -> None:
    assert found.decision["agreed to", 0][1] == "agreed"
    assert found.evidence["agreed to", "decision"] == [2], "who agrees is evidence too"


@pytest.mark.parametrize("case", TASKS)
def test_a_task_has_who_takes_it_on_and_is_none_if_nobody_does(found: Found, case: str) -> None:
    assert [who for (name, _), (_, who, _) in found.action.items() if name == case] == TASKS[case][1]


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_are_found_by_reply_by_who_was_asked_and_by_nearness(found: Found, case: str) -> None:
    _, answer, linked = ANSWERS[case]
    assert found.question[case, 0][1:] == (answer, linked)
    assert found.evidence[case, "question"][0] == (1 if answer is None else 2)


def test_names_that_mean_one_thing_and_people_are_entities(found: Found) -> None:
    assert found.entities["names"] == {
        ("link", "https://github.com/org/repo"),
        ("person", "member-0000000042"),
        ("place", "Lisbon"),
        ("project", "org/repo"),
        ("technology", "Postgres"),
    }


def test_what_is_made_to_be_slow_is_cut(found: Found) -> None:
    shown = [text for kind in KINDS for (name, _), (text, *_) in getattr(found, kind).items() if name == "slow"]
    assert all(len(text) <= 401 for text in shown)


DAYS = {
    "by friday": ("by friday", date(2024, 3, 15)),
    "amanha cedo": ("amanha cedo", date(2024, 3, 14)),
    "wednesday": ("wednesday", date(2024, 3, 20)),
    "hoje a noite": ("hoje a noite", date(2024, 3, 13)),
    "bis montag": ("bis montag", date(2024, 3, 18)),
    "by the 10th": ("by the 10th", date(2024, 4, 10)),
    "until the 13th": ("until the 13th", date(2024, 3, 13)),
    "dia 20": ("dia 20", date(2024, 3, 20)),
    "ate dia 2 de maio": ("ate dia 2 de maio", date(2024, 5, 2)),
    "by march 2nd": ("by march 2nd", date(2025, 3, 2)),
    "bis zum 31. april": ("bis zum 31. april", None),
    "para el lunes": ("para el lunes", date(2024, 3, 18)),
    "ate sexta": ("ate sexta", date(2024, 3, 15)),
    "ate dia 30/04": ("ate dia 30/04", date(2024, 4, 30)),
    "ate 30/04": ("ate 30/04", date(2024, 4, 30)),
    "hasta el 2/1": ("hasta el 2/1", date(2025, 1, 2)),
    "bis zum 31/4": ("bis zum 31/4", None),
    "by 3/4": ("by 3/4", None),
    "ate 19:30": ("ate 19:30", None),
    "next week": ("next week", None),
    "by sat": ("by sat", date(2024, 3, 16)),
    "the sun cream and mon sac, ja": (None, None),
    "by the end of may": ("by the end of may", None),
    "whenever": (None, None),
}


def test_words_for_a_day_mean_that_day_after_a_wednesday() -> None:
    told = due.words("plain")
    sql = f"SELECT plain, {told}, {due.day(told, 'said_on')} FROM (SELECT unnest(?) AS plain, '2024-03-13'::DATE AS said_on)"
    with duckdb.connect() as connection:
        assert {plain: tuple(rest) for plain, *rest in rows(connection, sql, [list(DAYS)])} == DAYS
