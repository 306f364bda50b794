"""Tasks are open until a message says that they are done, decisions hold until one takes them back: only where it is clear."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.config import Settings
from egregora_assets.sidecar import posts, verify
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, with_privacy
from tests.sidecar.labelled import Window
from tests.sidecar.labelled.found import Found, find, holding, passed_over
from tests.sidecar.test_outcomes import window
from tests.sidecar.test_posts import markdown, sidecars, write

DONE: dict[str, tuple[Window, dict[int, int]]] = {
    "reply": (window(("A", "someone has to call the caterer"), ("B", "nice"), ("C", "done", 0)), {0: 2}),
    "by its words": (window(("A", "I'll send the invoice"), ("B", "ok"), ("A", "I've sent the invoice")), {0: 2}),
    "far away": (
        window(("A", "I'll book the hall"), *(("B", f"la la {n}") for n in range(20)), ("A", "the hall is booked")),
        {0: 21},
    ),
    "alone": (window(("A", "I'll send you the list"), ("B", "thanks"), ("A", "just sent it")), {0: 2}),
    "the last of two": (
        window(("A", "I'll bring the drill"), ("A", "I'll call the plumber"), ("A", "done!")),
        {1: 2},
    ),
    "accepted": (window(("A", "can somebody open the hall?"), ("B", "I'll do it", 0), ("B", "done")), {0: 2}),
    "feito": (window(("A", "eu ligo pra ele amanhã"), ("B", "boa"), ("A", "feito!")), {0: 2}),
    "já mandei": (window(("A", "eu mando a planilha hoje"), ("A", "já mandei a planilha")), {0: 1}),
    "hecho": (window(("A", "me encargo de las bebidas"), ("A", "ya está hecho")), {0: 1}),
    "he comprado": (window(("A", "voy a comprar las bebidas"), ("A", "he comprado las bebidas")), {0: 1}),
    "erledigt": (window(("A", "ich bringe den Salat"), ("A", "erledigt")), {0: 1}),
    "gebucht": (window(("A", "ich buche den Raum"), ("A", "ich hab den Raum gebucht")), {0: 1}),
    "fait": (window(("A", "je m'occupe du gâteau"), ("A", "c'est fait")), {0: 1}),
    "commandé": (window(("A", "je m'occupe du gâteau"), ("A", "j'ai commandé le gâteau")), {0: 1}),
    "ya compré": (window(("A", "Yo compro el hielo"), ("B", "genial"), ("A", "Ya compré el hielo")), {0: 2}),
    "done, and what": (window(("A", "I'll update the runbook with the flags"), ("A", "Done, runbook updated")), {0: 1}),
    "by another": (window(("A", "I'll send the invoice"), ("B", "done")), {}),
    "another thing": (window(("A", "I'll send the invoice"), ("A", "I've bought milk")), {}),
    "another act": (window(("A", "I'll send the invoice"), ("A", "I've printed the invoice")), {}),
    "the same in other words": (window(("A", "I'll call the plumber"), ("A", "I've spoken to the plumber")), {0: 1}),
    "the one it means": (window(("A", "eu compro o gelo"), ("A", "eu ligo pro João"), ("A", "já comprei")), {0: 2}),
    "got the": (window(("A", "can you get two quotes?"), ("B", "I'll do it"), ("B", "Got the two quotes")), {0: 2}),
    "reservado pro": (
        window(("A", "Precisamos reservar o salão"), ("B", "vejo amanhã"), ("B", "Salão reservado pro dia 21 ✅")),
        {0: 2},
    ),
    "agendada pra": (
        window(("A", "eu agendo a instalação"), ("A", "Instalação agendada pra quarta")),
        {0: 1},
    ),
    "not yet": (window(("A", "I'll send the invoice"), ("A", "I haven't sent the invoice yet")), {}),
    "ainda não": (window(("A", "eu mando a planilha"), ("A", "ainda não mandei a planilha")), {}),
    "when": (window(("A", "I'll send the invoice"), ("A", "when I've sent the invoice we can go")), {}),
    "asked": (window(("A", "I'll send the invoice"), ("A", "sent the invoice?")), {}),
    "before": (window(("A", "I've sent the invoice"), ("A", "I'll send the invoice")), {}),
    "too far to be meant": (
        window(("A", "I'll book the hall"), *(("B", f"la la {n}") for n in range(20)), ("A", "done")),
        {},
    ),
}
TAKEN_BACK: dict[str, tuple[Window, dict[int, int]]] = {
    "its words": (
        window(("A", "Decided: we meet on Friday"), ("B", "we won't meet on Friday after all")),
        {0: 1},
    ),
    "near": (
        window(("A", "ok let's take the tent"), ("B", "change of plans, we don't need the tent after all")),
        {0: 1},
    ),
    "reply": (window(("A", "Decided: the hall gets blue paint"), ("B", "fine"), ("C", "cancelled, sorry", 0)), {0: 2}),
    "cancelado": (
        window(("A", "Ficou decidido: churrasco no sábado"), ("B", "o churrasco de sábado foi cancelado")),
        {0: 1},
    ),
    "doch nicht": (
        window(("A", "Wir haben uns für die rote Farbe entschieden"), ("B", "die rote Farbe nehmen wir doch nicht")),
        {0: 1},
    ),
    "on annule": (window(("A", "On a décidé de partir samedi"), ("B", "on annule samedi", 0)), {0: 1}),
    "the one meant": (
        window(
            ("A", "Decided: the hall gets blue paint"),
            ("A", "Decided: the garden gets a wooden bench"),
            ("B", "we don't buy the wooden bench for the garden after all"),
        ),
        {1: 2},
    ),
    "something else": (
        window(("A", "Decided: the hall gets blue paint"), ("B", "change of plans, Tom won't bring cake after all")),
        {},
    ),
    "a later one": (
        window(("A", "we won't meet on Friday after all"), ("B", "Decided: we meet on Friday")),
        {},
    ),
}


@pytest.fixture(scope="module")
def found() -> Found:
    """What the rules find in all windows of this file, looked at once."""
    cases = {**{f"done {name}": said for name, (said, _) in DONE.items()}}
    cases |= {f"back {name}": said for name, (said, _) in TAKEN_BACK.items()}
    named: list[Window] = [{**said, "id": name} for name, said in cases.items()]
    return find(named)


@pytest.mark.parametrize("case", DONE)
def test_a_task_is_done_when_a_later_message_says_so(found: Found, case: str) -> None:
    assert {task: by for (name, task), by in found.done.items() if name == f"done {case}"} == DONE[case][1]


@pytest.mark.parametrize("case", TAKEN_BACK)
def test_a_decision_is_revoked_by_a_later_message_that_speaks_of_it(found: Found, case: str) -> None:
    assert {at: by for (name, at), by in found.taken_back.items() if name == f"back {case}"} == TAKEN_BACK[case][1]


FRIDAY: tuple[Line, ...] = (
    (0, "Ana Lima", "Decided: we meet at the library on Friday"),
    (1, "Rui Costa", "I'll book the room at the library"),
    (2, "Priya Raman", "agreed"),
)
OFF: Line = (2000, "Tom Reed", "change of plans, we won't meet at the library on Friday after all")


def test_a_message_that_takes_back_and_decides_anew_tells_what_holds_now() -> None:
    talk = (
        ("A", "Decided: we rent the tent"),
        ("B", "We won't rent the tent after all. Let's take the marquee"),
        ("A", "Right, scrap the 14th. Open day is moved to June 21st"),
    )
    found = find([{**window(*talk), "id": "anew"}])
    assert found.decision == {
        ("anew", 0): ("Decided: we rent the tent", "revoked"),
        ("anew", 1): ("Let's take the marquee", "agreed"),
        ("anew", 2): ("Open day is moved to June 21st", "agreed"),
    }
    assert found.taken_back == {("anew", 0): 1}


def test_a_later_conversation_takes_a_decision_back_and_gives_it_again_when_it_goes(settings: Settings) -> None:
    write(settings, *FRIDAY)
    before = {path: path.read_bytes() for path in settings.posts.glob("*/*")}
    assert write(settings, *FRIDAY, OFF, suffix=" (1)") == posts.SidecarChanges(written=2)
    first, second = sidecars(settings)
    [decision] = first["decisions"]
    assert (decision["status"], decision["revoked_by"]) == ("revoked", second["decisions"][0]["evidence"][0])
    assert decision["revoked_by"] not in decision["evidence"], "it is no message of the document"
    assert re.search(r"^- .*on Friday \(.*taken back\)$", markdown(settings), re.MULTILINE)
    off = "we won't meet at the library on Friday after all"
    assert re.search(rf"^- .*{off} \(.*takes something back\)$", markdown(settings), re.MULTILINE), "it holds itself"
    gone = with_privacy(settings, opt_out=("Tom Reed",))
    with open_warehouse(settings) as connection:
        assert verify.evidence_is_inside(connection, settings).passed
        assert posts.refresh(connection, gone) == posts.SidecarChanges(written=1, removed=1)
        assert verify.no_opted_out_text(connection, gone).passed
    assert {path: path.read_bytes() for path in settings.posts.glob("*/*")} == before


LATER: dict[str, tuple[Window, Window, bool]] = {
    "its thing and its act": (window(("A", "I'll send the invoice")), window(("A", "I've sent the invoice")), True),
    "its two things": (
        window(("A", "I'll bring the salad and the drinks")),
        window(("A", "salad and drinks are done")),
        True,
    ),
    "by who asked": (
        window(("A", "@B can you book the hall?"), ("B", "sure")),
        window(("A", "the hall is booked")),
        True,
    ),
    "of who is named": (
        window(("A", "@B can you print the flyers?")),
        window(("C", "@B printed all the flyers, all done")),
        True,
    ),
    "taken on by nobody": (
        window(("A", "someone has to call the caterer")),
        window(("C", "I called the caterer")),
        True,
    ),
    "its act alone, soon": (window(("A", "eu ligo pra ele amanhã")), window(("A", "já liguei")), True),
    "pagué": (window(("A", "eu pago a conta da luz")), window(("A", "já paguei a luz")), True),
    "gebucht": (window(("A", "ich buche den Raum")), window(("A", "der Raum ist gebucht")), True),
    "commandé": (window(("A", "je m'occupe de commander le gâteau")), window(("A", "j'ai commandé le gâteau")), True),
    "no word of it": (window(("A", "I'll send the invoice")), window(("A", "done")), False),
    "another act": (
        window(("A", "I'll send the invoice")),
        window(("A", "I've printed the photos and the map")),
        False,
    ),
    "another thing": (window(("A", "I'll send the invoice")), window(("A", "I've sent the photos")), False),
    "one thing, by another": (
        window(("A", "I'll send the invoice")),
        window(("B", "the invoice software is fixed")),
        False,
    ),
    "not done": (window(("A", "I'll send the invoice")), window(("A", "I haven't sent the invoice yet")), False),
}


@pytest.fixture(scope="module")
def done_later() -> set[str]:
    """The cases of ``LATER`` whose task is done: all in one memory, each two documents of a chat of its own."""
    named: list[tuple[str, Window]] = [(case, part) for case, (*parts, _) in LATER.items() for part in parts]
    with holding([part for _, part in named], [case for case, _ in named]) as connection:
        passed_over(connection, range(len(named)))
        done = "SELECT slug::INTEGER FROM action_items JOIN documents USING (document_id) WHERE status = 'done'"
        return {named[number][0] for (number,) in rows(connection, done)}


@pytest.mark.parametrize("case", LATER)
def test_a_later_conversation_says_that_a_task_is_done(done_later: set[str], case: str) -> None:
    assert (case in done_later) == LATER[case][2]


BOOKED: Line = (2000, "Rui Costa", "I've booked the room at the library")


def test_a_task_is_done_by_a_later_conversation_and_open_again_when_that_goes(settings: Settings) -> None:
    write(settings, *FRIDAY)
    before = {path: path.read_bytes() for path in settings.posts.glob("*/*")}
    assert write(settings, *FRIDAY, BOOKED, suffix=" (1)") == posts.SidecarChanges(written=2)
    first, second = sidecars(settings)
    [task] = first["action_items"]
    assert (task["status"], task["done_by"]) == ("done", second["message_ids"][0])
    assert task["evidence"] == [first["message_ids"][1]], "what is no message of the document is no evidence of it"
    assert re.search(r"^- I'll book the room at the library \(.*done\)$", markdown(settings), re.MULTILINE)
    assert write(settings, *FRIDAY, BOOKED, (9000, "Ana Lima", "la la"), suffix=" (2)") == posts.SidecarChanges(
        written=1
    )
    gone = with_privacy(settings, opt_out=("Rui Costa",))
    with open_warehouse(settings) as connection:
        assert verify.evidence_is_inside(connection, settings).passed
        posts.refresh(connection, gone)
        assert verify.no_opted_out_text(connection, gone).passed
        assert rows(connection, "FROM private.task_marks") == []
    assert before.keys() <= set(settings.posts.glob("*/*"))
    assert all(sidecar["action_items"] == [] for sidecar in sidecars(settings))


def test_a_reply_in_a_later_conversation_finishes_what_it_replies_to() -> None:
    later = window(("B", "good morning"), ("B", "done"))
    with holding([window(("A", "someone has to call the caterer")), later], "one chat") as connection:
        rows(
            connection,
            "UPDATE clean_messages SET reply_to = (SELECT min(message_id) FROM clean_messages) WHERE text = 'done'",
        )
        passed_over(connection, [1])
        passed_over(connection, [0])
        assert rows(connection, "SELECT status FROM action_items") == [("done",)]


def test_what_was_done_and_taken_back_inside_is_evidence_and_stands_in_the_post(settings: Settings) -> None:
    said: Line = (3, "Rui Costa", "I've booked the room")
    off: Line = (4, "Ana Lima", "we won't meet at the library on Friday after all")
    write(settings, *FRIDAY, said, off)
    [sidecar] = sidecars(settings)
    messages = sidecar["message_ids"]
    assert sidecar["action_items"][0]["evidence"] == [messages[1], messages[3]]
    assert sidecar["decisions"][0]["evidence"] == [messages[0], messages[2], messages[4]]
    assert sidecar["decisions"][0]["revoked_by"] == messages[4]
    assert re.search(r"^- I'll book the room at the library \(.*done\)$", markdown(settings), re.MULTILINE)


SAID = (
    "Decided: we meet at the library on Friday",
    "Decided: the hall gets blue paint",
    "we won't meet at the library on Friday after all",
    "change of plans, no blue paint for the hall, we don't need it after all",
    "I'll book the library",
    "someone has to call the caterer",
    "done",
    "I've booked the library",
    "the caterer is called and the library is booked",
    "agreed",
)


STATUSES = """
    SELECT 'decision', text, status, revoked_by, evidence FROM decisions UNION ALL
    SELECT 'task', text, status, done_by, evidence FROM action_items ORDER BY ALL
"""


@pytest.mark.slow
@hypothesis_settings(max_examples=8, deadline=None)
@given(st.data())
def test_the_same_messages_have_the_same_statuses_in_any_order_of_passes(data: st.DataObject) -> None:
    """Each window is a day of one chat; passes look at some of them, in any order, some of them again."""
    messages = st.tuples(st.sampled_from("ABC"), st.sampled_from(SAID))
    days = data.draw(st.lists(st.lists(messages, min_size=1, max_size=4), min_size=2, max_size=4))
    passes = data.draw(st.lists(st.sets(st.integers(0, len(days) - 1), min_size=1), min_size=1, max_size=3))
    left = set(range(len(days))).difference(*passes)
    with holding([window(*said) for said in days], "one chat") as connection:
        for documents in (*passes, *([left] if left else [])):
            passed_over(connection, sorted(documents))
        step_by_step = rows(connection, STATUSES)
        passed_over(connection, range(len(days)))
        assert rows(connection, STATUSES) == step_by_step
