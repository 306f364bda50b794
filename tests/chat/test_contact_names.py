"""Two phones name the same people differently: their exports of one chat give every message once, and one opt-out is for all."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given

from egregora_assets.authors import gate
from egregora_assets.chat.ingest import ExportOutcome, ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.chats import Line, chat, new_home, put_export, with_privacy
from tests.properties import dear

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "who brings the tent to the lake"),
    (2, "Rui Costa", "I have one for four people"),
    (2, "Rui Costa", "and two mats"),
    (4, "+44 7700 900123", "I can only come on Sunday"),
    (7, "Ana Lima", "fine"),
    (9, "Priya Raman", "see you all at the station at nine"),
    (12, "Rui Costa", "ok"),
)
OTHER_NAMES = {"Ana Lima": "Mum", "+44 7700 900123": "Tom Reed", "Priya Raman": "P. Raman (work)"}


def on_other_phone(*talk: Line, names: dict[str, str] | None = None) -> tuple[Line, ...]:
    return tuple((minute, (names or OTHER_NAMES).get(name, name), text) for minute, name, text in talk)


def take_in(settings: Settings, *talk: Line, suffix: str = "") -> ExportOutcome:
    put_export(settings, "Lake", chat(*talk), suffix)
    with open_warehouse(settings) as connection:
        return ingest(connection, settings)[-1]


def people(settings: Settings) -> list[tuple[str, int]]:
    sql = """
        SELECT min(text), count(*), count(DISTINCT author_id) FROM messages GROUP BY author_id ORDER BY min(local_time)
    """
    with open_warehouse(settings) as connection:
        return [(text, count) for text, count, _ in rows(connection, sql)]


def test_exports_of_two_phones_with_other_contact_names_merge(settings: Settings) -> None:
    take_in(settings, *TALK)
    ending = ((20, "Mum", "bye all"), (21, "Tom Reed", "bye"))
    outcome = take_in(settings, *on_other_phone(*TALK), *ending, suffix=" (2)")
    assert (outcome.added, outcome.known) == (2, len(TALK))
    assert take_in(settings, *TALK, (20, "Ana Lima", "bye all"), (22, "Ana Lima", "late"), suffix=" (3)").added == 1


LONG: tuple[Line, ...] = tuple(
    (
        2 * place,
        ("Ana Lima", "Rui Costa", "+44 7700 900123", "Priya Raman")[place % 4],
        f"this is what I say, number {place}",
    )
    for place in range(24)
)
PIECES = (LONG[:14], on_other_phone(*LONG), LONG, on_other_phone(*LONG[6:], (60, "Mum", "one more thing")))
ANY_THREE = [(0, 1, 2, 3), (0, 3, 2, 1), (1, 3, 0, 2), (2, 1, 0, 3), (2, 3, 0, 1), (3, 1, 2, 0)]
"""Any three of four come in each of their six orders among these."""
ORDERS = [
    pytest.param(order, marks=() if order in ANY_THREE else pytest.mark.slow)
    for order in itertools.permutations(range(4))
]


@pytest.mark.parametrize("order", ORDERS)
def test_exports_of_two_phones_in_any_order_double_nothing_once_they_overlap(
    settings: Settings, order: tuple[int, ...]
) -> None:
    for number in order:
        take_in(settings, *PIECES[number], suffix=f" ({number})")
    with open_warehouse(settings) as connection:
        texts = rows(connection, "SELECT text FROM messages ORDER BY ALL")
    assert texts == sorted({(text,) for talk in PIECES for _, _, text in talk})


def test_the_first_and_last_minute_of_an_export_prove_nothing(settings: Settings) -> None:
    """What is missing there may have been said before the export began, or after it was made."""
    take_in(settings, (0, "Rui Costa", "hello"), (5, "Ana Lima", "happy birthday to you"))
    take_in(settings, (5, "Bea Dias", "happy birthday to you"), (9, "Rui Costa", "thanks"), suffix=" (2)")
    assert len(people(settings)) == 3


def test_one_greeting_in_two_groups_with_one_title_links_nobody(settings: Settings) -> None:
    greeting = "Happy New Year everyone!"
    take_in(settings, (0, "Rui Costa", "a first line"), (5, "Ana Lima", greeting), (9, "Rui Costa", "a last line"))
    other = ((1, "Otto Weiss", "eine Zeile"), (5, "Zoe Blum", greeting), (8, "Otto Weiss", "noch eine"))
    assert take_in(settings, *other, suffix=" (2)").added == 3
    with open_warehouse(settings) as connection:
        assert not scalar(connection, "SELECT count(*) FROM private.author_links")


@pytest.mark.parametrize(
    "said", [("ok",), ("yes", "a quite different thing", "something else again", "one more thing")]
)
def test_two_people_who_say_a_word_at_once_stay_two(settings: Settings, said: tuple[str, ...]) -> None:
    """One short word, or one of many things, is no evidence that two names are one person's."""
    frame: tuple[Line, ...] = ((0, "Rui Costa", "first of all, hello"), (30, "Rui Costa", "last of all, goodbye"))
    mine = tuple((3 + 2 * place, "Ana Lima", text) for place, text in enumerate(said))
    theirs = (
        (3, "Bea Dias", said[0]),
        *((4 + 2 * place, "Bea Dias", f"{text}!") for place, text in enumerate(said[1:])),
    )
    take_in(settings, frame[0], *mine, frame[1])
    outcome = take_in(settings, frame[0], *theirs, frame[1], suffix=" (2)")
    assert outcome.added == len(said)


def test_what_two_linked_names_say_in_one_export_are_two_messages(settings: Settings) -> None:
    take_in(settings, *TALK)
    take_in(settings, *on_other_phone(*TALK), suffix=" (2)")
    both = ((40, "Ana Lima", "me too"), (40, "Mum", "me too"), (41, "Rui Costa", "ok"))
    assert take_in(settings, *both, suffix=" (3)").added == 3
    assert take_in(settings, *both, (42, "Rui Costa", "so"), suffix=" (4)").added == 1


@pytest.mark.parametrize("name", ["Mum", "Ana Lima"])
@pytest.mark.parametrize("is_listed_first", [True, False])
def test_an_opt_out_by_either_name_hides_all_that_the_person_said(
    settings: Settings, name: str, is_listed_first: bool
) -> None:
    listed = with_privacy(settings, opt_out=[name])
    take_in(settings, *TALK)
    with open_warehouse(settings) as connection:
        gate.refresh(connection, listed if is_listed_first else settings)
    take_in(settings, *on_other_phone(*TALK), (20, "Mum", "a secret of mine"), suffix=" (2)")
    with open_warehouse(settings) as connection:
        gate.refresh(connection, listed)
        shown = "\n".join(text for (text,) in rows(connection, "SELECT text FROM clean_messages"))
    assert "secret" not in shown
    assert "tent" not in shown
    assert "two mats" in shown


def test_an_opt_out_command_on_one_phone_hides_what_the_other_phone_has(settings: Settings) -> None:
    take_in(settings, *TALK)
    take_in(settings, *on_other_phone(*TALK), (20, "Mum", "/egregora opt-out"), suffix=" (2)")
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert not scalar(connection, "SELECT count(*) FROM clean_messages WHERE contains(text, 'tent')")


def shown_after(settings: Settings, *exports: tuple[Line, ...], title: str = "Lake") -> str:
    for number, talk in enumerate(exports):
        put_export(settings, title, chat(*talk), f" ({number + 10})")
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
            gate.refresh(connection, settings)
    with open_warehouse(settings) as connection:
        return "\n".join(text for (text,) in rows(connection, "SELECT text FROM clean_messages"))


OUT: tuple[Line, ...] = (*TALK, (15, "Ana Lima", "/egregora opt-out"), (16, "Rui Costa", "bye"))


def test_an_opt_out_holds_for_the_other_name_in_other_chats(settings: Settings) -> None:
    assert "zanzibar" not in shown_after(settings, OUT, on_other_phone(*TALK))
    assert "zanzibar" not in shown_after(settings, ((60, "Mum", "zanzibar"), (61, "Rui Costa", "yes")), title="Hills")


def test_a_pasted_line_with_the_other_name_brings_nothing_back(settings: Settings) -> None:
    pasted = (*on_other_phone(*OUT), (20, "Ana Lima", "hi"), (21, "Mum", "zanzibar"), (22, "Rui Costa", "so"))
    shown = shown_after(settings, OUT, on_other_phone(*TALK), pasted)
    assert not [word for word in ("tent", "zanzibar") if word in shown]


def test_an_opt_in_by_another_name_undoes_no_opt_out(settings: Settings) -> None:
    shown = shown_after(
        settings, OUT, on_other_phone(*TALK), ((70, "Mum", "/egregora opt-in"), (71, "Rui Costa", "hm"))
    )
    assert "tent" not in shown


def test_a_name_that_somebody_has_chosen_undoes_no_opt_out_of_who_is_saved_under_it(settings: Settings) -> None:
    """WhatsApp shows people who are not saved by names of their own choice, behind a tilde."""
    assert "tent" not in shown_after(settings, (*OUT, (17, "~ Ana Lima", "/egregora opt-in"), (18, "Rui Costa", "hm")))


def test_both_names_of_a_person_are_hidden_in_texts(settings: Settings) -> None:
    take_in(settings, *TALK, (15, "Rui Costa", "ask Tom Reed or Ana Lima about it"), (16, "Rui Costa", "bye"))
    take_in(settings, *on_other_phone(*TALK), suffix=" (2)")
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        (shown,) = rows(connection, "SELECT text FROM clean_messages WHERE contains(text, 'about it')")[0]
    assert "Tom" not in shown
    assert "Lima" not in shown


def test_many_people_who_all_say_one_thing_in_one_minute_cost_no_more_than_they_are_many(settings: Settings) -> None:
    """Each compared with each other would be sixteen million pairs: it would take longer than the whole suite may."""
    many = 4_000
    frame: tuple[Line, ...] = ((0, "Rui Costa", "hello"), (9, "Rui Costa", "bye"))
    take_in(settings, frame[0], *((5, f"Ana {number}", "me too") for number in range(many)), frame[1])
    outcome = take_in(
        settings, frame[0], *((5, f"Bea {number}", "me too") for number in range(many)), frame[1], suffix=" (2)"
    )
    assert outcome.added == many


WORDS = st.sampled_from(
    ["yes", "no", "the boat leaves at seven", "who has the key to the shed", "a b c", "hello you all"]
)


@dear(10, 4)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["Ana", "Rui", "Bea"]), WORDS), min_size=4, max_size=25),
    st.integers(0, 20),
    st.integers(20, 41),
)
def test_whatever_two_phones_call_people_nothing_is_lost_and_nobody_becomes_two_in_one_export(
    said: list[tuple[int, str, str]], since: int, until: int
) -> None:
    talk = tuple(sorted((minute, name, text) for minute, name, text in said))
    part = on_other_phone(*(one for one in talk if since <= one[0] < until), names={"Ana": "Mum", "Bea": "B. Dias"})
    if not part or part == talk:
        return
    with new_home() as settings:
        take_in(settings, *talk)
        take_in(settings, *part, suffix=" (2)")
        with open_warehouse(settings) as connection:
            kept = rows(connection, "SELECT DISTINCT local_time, text FROM messages")
            writers = scalar(connection, "SELECT count(DISTINCT author_id) FROM messages")
    assert len(kept) == len({(minute, text) for minute, _, text in talk})
    assert writers >= len({name for _, name, _ in talk})
