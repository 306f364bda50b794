"""Whoever opts out is gone from everything that is made from the messages, by whatever road they say so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.authors import gate, sync
from egregora_assets.authors.commands import heard, unheard
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.privacy.keys import KeyFileError
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import units
from egregora_assets.sidecar import posts
from egregora_assets.sidecar.extract import ITEM_TABLES
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import (
    Line,
    chat,
    derived_texts,
    new_home,
    post_bytes,
    published_bytes,
    published_texts,
    put_export,
    texts_of,
    with_privacy,
)
from tests.properties import dear

Refresh = Callable[[duckdb.DuckDBPyConnection, Settings], object]

SECRET = "quimbaya lanterns drift over whispering marshland before Wednesday"
KEPT = "please bring the watering can along"
OTHERS: tuple[Line, ...] = ((0, "Rui Costa", KEPT), (2, "Priya Raman", "I can do that on Friday"))

REFRESHES: dict[str, Refresh] = {
    "authors": sync.refresh,
    "clean_messages": gate.refresh,
    "documents": windows.refresh,
    "sidecars": posts.refresh,
    "search_units": units.refresh,
    "snapshot": publish,
}
OF_SIDECARS = ("clean_messages", "documents", "sidecars", *ITEM_TABLES)
"""What a pass of the sidecars brings up to date: these and what they lean on."""


def load(settings: Settings, *exports: str, title: str = "Garden Club") -> None:
    for number, text in enumerate(exports, start=1):
        put_export(settings, title, text, f" ({number})")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)


def opted_out(settings: Settings) -> set[str]:
    with open_warehouse(settings) as connection:
        sync.refresh(connection, settings)
        found = rows(
            connection,
            "SELECT DISTINCT raw_name FROM authors JOIN private.author_names USING (author_id) WHERE opted_out",
        )
    return {name for (name,) in found}


COMMANDS = [
    "/egregora opt-out",
    "/egregora opt out",
    "/egregora optout",
    "/egregora opt_out",
    "/Egregora Opt-Out",
    "/EGREGORA OPT-OUT",
    "  /egregora   opt  -  out  ",
    "/ egregora opt-out",
    "/egregora opt\u2010out",
    "/egregora opt\u2011out",
    "/egregora opt\u2013out",
    "/egregora opt\u2014out",
    "/egregora opt\u2212out",
    "/egregora opt--out",
    "/egregora\u00a0opt-out",
    "/egregora\u202fopt\u00a0out",
    "\u200e/egregora opt-out\u200e",
    "/egregora opt\u00ad-out",
    "\uff0fegregora opt\uff0dout",
    "/egregora opt-out.",
    "/egregora opt-out, please",
    "*/egregora opt-out*",
    "“/egregora opt-out”",
    "> /egregora opt-out",
    "//egregora opt-out",
    "/egregora *opt-out*",
    '/egregora "opt-out"',
    "/egregora «opt-out»",
    "(/egregora opt-out)",
    "- /egregora opt-out",
    "/egregora@memory_bot opt-out",
    "/egregora — opt–out",
    "/egregora opt.out",
    "/egregora opt/out",
    "thank you all\n/egregora opt-out",
    "/egregora opt-out\nthank you all",
    "/egregora opt-out " + "because I would rather not be remembered " * 12,
    "thanks for the past months, I do not want my words to be kept anywhere, by any of you.\n/egregora opt-out",
    "good bye " * 2000 + "\n/egregora opt-out",
    "\uff0f\uff45\uff47\uff52\uff45\uff47\uff4f\uff52\uff41\u3000\uff4f\uff50\uff54\uff0d\uff4f\uff55\uff54",
    "/\U0001d41e\U0001d420\U0001d42b\U0001d41e\U0001d420\U0001d428\U0001d42b\U0001d41a opt-out",
    "/egr\u00e9gora opt-out",
    "/egregora opt\u200d-out",
    "\u200c/egregora opt-out",
    "/egre\u206agora opt\u206f-out",
    "/egregora\u200bopt-out",
    "\U0001f64f /egregora opt-out",
    "\U0001f1e7\U0001f1f7/egregora opt-out",
    "@Rui /egregora opt-out",
    "@\u2068Rui Costa\u2069 /egregora opt-out",
    "1) /egregora opt-out",
    "Please /egregora opt-out",
    "#/egregora opt-out",
    "\\egregora opt-out",
    "/egregora/opt-out",
    "/egregora opt-\nout",
    "I want out: /egregora opt-out.",
]


def test_the_command_is_heard_however_a_phone_spells_it(settings: Settings) -> None:
    said = [(number, f"Member {number}", command) for number, command in enumerate(COMMANDS)]
    load(settings, chat(*OTHERS, *said))
    heard = opted_out(settings)
    assert [command for _, name, command in said if name not in heard] == []
    assert heard == {name for _, name, _ in said}


MENTIONS = [
    "you can send /egregora opt-out if you mind",
    "what does /egregora opt-out do?",
    "whoever does not want their own messages in there writes /egregora opt-out and is left out, no questions",
    "everybody may leave the archive at any time with /egregora opt-out",
    "egregora opt-out",
    'you can send "/egregora opt-out" if you mind',
    "you can send `/egregora opt-out` if you mind",
    "Ana wrote \u201cplease /egregora opt-out\u201d yesterday",
    "run ~/egregora opt-out or ./egregora opt-out",
    "opt me out of egregora",
    "/egregora opt-outside",
    "/egregora opt-outro",
    "/egregora help opt-out",
    "/egregoraopt-out",
    "https://example.org/egregora opt-out",
]


def test_a_mention_of_the_command_opts_nobody_out(settings: Settings) -> None:
    said = [(number, f"Member {number}", mention) for number, mention in enumerate(MENTIONS)]
    load(settings, chat(*OTHERS, *said))
    heard = opted_out(settings)
    assert [mention for _, name, mention in said if name in heard] == []


def test_what_names_the_command_and_is_none_is_told(settings: Settings) -> None:
    """Found in review: commands that were not taken were missed without any sign."""
    load(settings, chat(*OTHERS, *((number, f"Member {number}", mention) for number, mention in enumerate(MENTIONS))))
    with open_warehouse(settings) as connection:
        assert sync.refresh(connection, settings).unheard == len(MENTIONS)
        assert [text for _, _, text in unheard(connection)] == MENTIONS
        assert sync.refresh(connection, settings).unheard == 0


@pytest.mark.parametrize(
    "said", ["please /egregora opt-in", "> /egregora opt-in", "\u201c/egregora opt-in\u201d he wrote"]
)
def test_an_opt_in_has_to_be_said_at_the_beginning_of_a_line(settings: Settings, said: str) -> None:
    load(settings, chat(*OTHERS, (3, "Ana Lima", "/egregora opt-out"), (9, "Ana Lima", said)))
    assert opted_out(settings) == {"Ana Lima"}
    assert heard(said).opts_out is None
    assert heard("hello\n\U0001f64f @bot /egregora opt-in").opts_out is False


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*'/\\@_ 1)a.\n\u200b\u2068\u2069>"', "egregora", "opt", "out", "alias set ", "\uff0f"]),
        max_size=60,
    )
)
def test_whatever_stands_before_a_line_with_the_command_it_is_heard(parts: list[str]) -> None:
    assert heard("".join(parts) + "\n\u200d/\u200degregora opt-out").opts_out is True


@pytest.mark.parametrize(
    "part", ["@__", "x/egregora opt-out ", '"/egregora opt-out ', "/egregora alias ", "egregora opt "]
)
def test_hostile_texts_are_looked_at_in_proportion_to_their_length(part: str) -> None:
    """Quadratic work would be hours of the suite's minutes here."""
    assert heard(part * (1_000_000 // len(part)) + "\n/egregora opt-out").opts_out is True


def test_the_last_word_wins(settings: Settings) -> None:
    load(settings, chat(*OTHERS, (3, "Ana Lima", "/egregora opt-out"), (9, "Ana Lima", "/egregora opt in")))
    assert opted_out(settings) == set()


def test_the_last_word_is_the_latest_not_the_one_read_last(settings: Settings) -> None:
    load(
        settings,
        chat(*OTHERS, (300, "Ana Lima", "/egregora opt-out")),
        chat((3, "Ana Lima", "/egregora opt-in"), *OTHERS),
    )
    assert opted_out(settings) == {"Ana Lima"}


@pytest.mark.parametrize("order", [("in", "out"), ("out", "in")])
def test_within_one_minute_the_opt_out_wins(settings: Settings, order: tuple[str, ...]) -> None:
    """Exports name the minute only, and two exports of it may disagree on the order."""
    load(settings, chat(*OTHERS, *((3, "Ana Lima", f"/egregora opt-{word}") for word in order)))
    assert opted_out(settings) == {"Ana Lima"}


def test_an_opt_out_holds_in_every_chat_of_the_person(settings: Settings) -> None:
    load(settings, chat(*OTHERS, (3, "Ana Lima", "/egregora opt-out")))
    load(settings, chat((0, "Ana Lima", SECRET), *OTHERS), title="Book Club")
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert SECRET not in published_texts(settings)


@pytest.mark.parametrize("who", ["Ana Lima", "  ana  lima ", "ANA LIMA", "~Ana Lima"])
def test_the_configured_list_names_people_in_any_spelling(settings: Settings, who: str) -> None:
    settings = with_privacy(settings, opt_out=(who,))
    load(settings, chat(*OTHERS, (3, "Ana Lima", SECRET)))
    assert opted_out(settings) == {"Ana Lima"}


def test_the_configured_list_knows_numbers_in_any_punctuation(settings: Settings) -> None:
    settings = with_privacy(settings, opt_out=("+1 (415) 555-0100",))
    load(settings, chat(*OTHERS, (3, "+1 415\u2011555\u20110100", SECRET)))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert SECRET not in published_texts(settings)


def test_the_configured_list_wins_over_an_opt_in(settings: Settings) -> None:
    settings = with_privacy(settings, opt_out=("Ana Lima",))
    load(settings, chat(*OTHERS, (3, "Ana Lima", "/egregora opt-in")))
    assert opted_out(settings) == {"Ana Lima"}


def test_names_on_the_list_that_nobody_has_are_told(settings: Settings) -> None:
    load(settings, chat(*OTHERS))
    listed = with_privacy(settings, opt_out=("Nobody Here", "Rui Costa"))
    with open_warehouse(settings) as connection:
        changes = sync.refresh(connection, listed)
    assert (changes.unmatched, changes.opted_out) == (("Nobody Here",), 1)


def test_another_key_is_refused_rather_than_forgetting_the_list(settings: Settings) -> None:
    listed = with_privacy(settings, opt_out=("Ana Lima",))
    load(listed, chat(*OTHERS, (3, "Ana Lima", SECRET)))
    settings.key_path.unlink()
    with open_warehouse(settings) as connection, pytest.raises(KeyFileError):
        publish(connection, listed)
    assert not settings.snapshot_path.exists()


def test_in_a_chat_between_two_both_can_opt_out(settings: Settings) -> None:
    """The chat is called like one of them, who is a person all the same."""
    load(
        settings,
        chat((0, "Ana Lima", SECRET), (1, "Rui Costa", KEPT), (2, "Ana Lima", "/egregora opt-out")),
        title="Ana Lima",
    )
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert opted_out(settings) == {"Ana Lima"}
    assert SECRET not in published_texts(settings)
    assert KEPT in published_texts(settings)


WITH_SECRET: tuple[Line, ...] = (*OTHERS, (3, "Ana Lima", SECRET))


@pytest.fixture(scope="module")
def home_with_secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``WITH_SECRET`` is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("secret") / "home", timezone="UTC")
    make_home(settings)
    load(settings, chat(*WITH_SECRET))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    return settings.home


@pytest.mark.parametrize("asset", REFRESHES)
def test_any_one_asset_brings_an_opt_out_into_effect(settings: Settings, home_with_secret: Path, asset: str) -> None:
    """Each derived asset passes the gate itself, so nobody has to materialise them in order."""
    shutil.copytree(home_with_secret, settings.home, dirs_exist_ok=True)
    assert SECRET in published_texts(settings)
    load(settings, chat(*WITH_SECRET), chat(*WITH_SECRET, (9, "Ana Lima", "/egregora opt-out")))
    with open_warehouse(settings) as connection:
        REFRESHES[asset](connection, settings)
        shown = {
            "authors": str(rows(connection, "SELECT opted_out FROM authors")),
            "clean_messages": str(rows(connection, "SELECT text FROM clean_messages")),
            "documents": str(rows(connection, "SELECT text FROM documents")),
            "sidecars": texts_of(connection, OF_SIDECARS) + post_bytes(settings).decode(),
            "search_units": texts_of(connection, ("clean_messages", "documents", "search_units")),
            "snapshot": derived_texts(connection) + post_bytes(settings).decode(),
        }[asset]
    assert SECRET not in shown
    if asset == "authors":
        assert "True" in shown
    if asset == "snapshot":
        assert SECRET not in published_texts(settings)


def test_an_opt_out_leaves_no_byte_behind(settings: Settings) -> None:
    lines = (*OTHERS, (3, "Ana Lima", SECRET), (4, "Ana Lima", f"Decided: {SECRET}? "))
    load(settings, chat(*lines))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert SECRET.encode() in settings.public_path.read_bytes(), "the search below would see nothing"
    assert SECRET.encode() in settings.snapshot_path.read_bytes()
    assert SECRET.encode() in post_bytes(settings)
    load(settings, chat(*lines), chat(*lines, (9, "Ana Lima", "/egregora opt-out")))
    with open_warehouse(settings) as connection:
        outcome = publish(connection, settings)
        assert SECRET not in derived_texts(connection)
    assert outcome.rebuilt
    assert SECRET.encode() not in published_bytes(settings)
    assert SECRET not in published_texts(settings)
    assert KEPT in published_texts(settings)


def test_an_opt_in_brings_everything_back(settings: Settings) -> None:
    lines = (*OTHERS, (3, "Ana Lima", SECRET), (9, "Ana Lima", "/egregora opt-out"))
    load(settings, chat(*lines))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert SECRET not in published_texts(settings)
    load(settings, chat(*lines), chat(*lines, (12, "Ana Lima", "/egregora opt-in")))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert SECRET in published_texts(settings)
    assert SECRET.encode() in post_bytes(settings)


def test_the_documents_of_one_who_wrote_alone_go_with_their_files(settings: Settings) -> None:
    lines = (*OTHERS, (3000, "Ana Lima", SECRET))
    load(settings, chat(*lines))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    before = set(settings.posts.rglob("*.md"))
    with open_warehouse(settings) as connection:
        publish(connection, with_privacy(settings, opt_out=("Ana Lima",)))
    assert len(before - set(settings.posts.rglob("*.md"))) == 1
    assert SECRET.encode() not in post_bytes(settings)


PEOPLE = ("Ana Lima", "Rui Costa", "Priya Raman")
WORDS = {
    "Ana Lima": "quimbaya lanterns drift over whispering marshland",
    "Rui Costa": "velveteen orchards hum beneath copper thunderclouds",
    "Priya Raman": "saffron kites tangle around ancient lighthouses",
}
ADDRESS, NUMBER = "hidden.person@example.org", "+351 912 345 678"

said = st.tuples(st.just("say"), st.sampled_from(PEOPLE), st.sampled_from(["", ADDRESS, NUMBER, *PEOPLE]))
told = st.tuples(st.just("tell"), st.sampled_from(PEOPLE), st.sampled_from(["out", "in"]))
listed = st.tuples(st.just("list"), st.sampled_from([(), ("Ana Lima",), ("Rui Costa", "Ana Lima")]), st.none())
refreshed = st.tuples(st.just("refresh"), st.sampled_from(sorted(REFRESHES)), st.none())
exported = st.tuples(st.just("export"), st.none(), st.none())


@dear(6, 3, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(said, told, listed, refreshed, exported, refreshed), min_size=4, max_size=12))
def test_no_order_of_events_publishes_what_must_not_be(steps: list[tuple[str, Any, Any]]) -> None:
    """People write, opt out and in, the owner changes the list, and assets are refreshed in any order in between."""
    with new_home() as home:
        lines: list[Line] = [(0, person, f"hello from the garden {number}") for number, person in enumerate(PEOPLE)]
        out: dict[str, bool] = {}
        policy: tuple[str, ...] = ()
        with open_warehouse(home) as connection:
            for number, (step, what, detail) in enumerate([*steps, ("export", None, None)], start=1):
                active = with_privacy(home, opt_out=policy)
                if step == "say":
                    lines.append((number * 200, str(what), f"{WORDS[str(what)]} {detail}"))
                elif step == "tell":
                    lines.append((number * 200, str(what), f"/egregora opt-{detail}"))
                elif step == "list":
                    policy = what
                elif step == "refresh":
                    REFRESHES[str(what)](connection, active)
                else:
                    put_export(home, "Garden Club", chat(*lines), f" ({number})")
                    ingest(connection, active)
            out = {person: text.endswith("out") for _, person, text in lines if text.startswith("/egregora")}
            publish(connection, with_privacy(home, opt_out=policy))
            internal = derived_texts(connection)
        gone = {person for person in PEOPLE if out.get(person) or person in policy}
        shown = published_texts(home) + internal + post_bytes(home).decode()
        raw = published_bytes(home)
        for person, words in WORDS.items():
            assert (words in shown) == (person not in gone and any(w.startswith(words) for _, _, w in lines)), person
            assert person not in gone or words.encode() not in raw
        for private in (ADDRESS, NUMBER, *PEOPLE):
            assert private not in shown
            assert private.encode() not in raw
