"""A chat whose title turns out to name somebody loses its name everywhere, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egregora_assets.authors.posts import read_posts
from egregora_assets.chat import verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import AuthorSettings, Settings, SourceSettings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, published_bytes, put_export, state_of_home, with_privacy
from tests.homes import copied_home, make_ready_home

GROUP: tuple[Line, ...] = (
    (0, "Rui Costa", "who waters the beds?"),
    (1, "Priya Raman", "I do, on Friday"),
    (2, "Tom Whitaker", "thanks to you both"),
)
JOINED: Line = (9, "Quimbaya Torres", "hello, I am new here")


def take_in(settings: Settings, title: str, *lines: Line, suffix: str = "") -> str:
    """Take in an export, publish, and return the source ids and all names of published files."""
    put_export(settings, title, chat(*lines), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert verify.nothing_vanished(connection, settings).passed
        sources = sorted(source for (source,) in rows(connection, "SELECT source_id FROM sources"))
    return " ".join([*sources, *(str(path.relative_to(settings.home)) for path in settings.published.rglob("*"))])


@pytest.fixture(scope="module")
def home_named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the chat "Quimbaya Garden" is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("named") / "home", timezone="UTC")
    make_ready_home(settings)
    assert "quimbaya-garden" in take_in(settings, "Quimbaya Garden", *GROUP)
    return settings.home


@pytest.fixture
def named(settings: Settings, home_named: Path) -> Settings:
    return copied_home(home_named, settings)


def test_a_title_that_names_a_new_member_leaves_no_byte(named: Settings) -> None:
    assert b"uimbaya" in published_bytes(named), "the search below would see nothing"
    shown = take_in(named, "Quimbaya Garden", *GROUP, JOINED, suffix=" (1)")
    assert "uimbaya" not in shown
    assert b"uimbaya" not in published_bytes(named)
    assert shown.count("chat-") > 1


def test_a_title_that_names_somebody_of_another_chat_is_hidden_and_its_messages_stay_known(named: Settings) -> None:
    take_in(named, "Book Club", (0, "Ana Lima", "page one"), (1, "Quimbaya Torres", "two"), (2, "Bo Li", "three"))
    assert b"uimbaya" not in published_bytes(named)
    shown = take_in(named, "Quimbaya Garden", *GROUP, (5, "Rui Costa", "and on Monday?"), suffix=" (1)")
    assert "uimbaya" not in shown
    assert "book-club" in shown
    with open_warehouse(named) as connection:
        assert rows(connection, "SELECT count(*) FROM messages") == [(7,)]
        assert rows(connection, "SELECT count(*) FROM sources") == [(2,)]
        assert rows(connection, "SELECT count(DISTINCT message_id) FROM clean_messages") == [(7,)]


OTHERWISE_SPELLED = {
    "Mueller Reunion": "Hans Müller",
    "Quimbayas Garden": "Quimbaya Torres",
    "ZebulonQuist trip": "Zebulon Quist",
    "Wilhelminaの庭": "Wilhelmina Brandt",
    "Thor☆vald": "Thorvald Berg",
    "Soﬁa birthday": "Sofia Torres",
}
TRACES = ("mueller", "uimbaya", "ebulon", "ilhelmina", "vald", "ofia", "sofa")


def test_titles_that_name_somebody_in_another_spelling_are_hidden(settings: Settings) -> None:
    for title, author in OTHERWISE_SPELLED.items():
        put_export(settings, title, chat(*GROUP, (5, author, "hello")))
    shown = take_in(settings, "Garden Club", *GROUP)
    *hidden, plain = shown.split()[: len(OTHERWISE_SPELLED) + 1]
    assert [source for source in hidden if not source.startswith("chat-")] == []
    assert plain == "garden-club"
    assert [trace for trace in TRACES if trace in shown.lower()] == []


def test_a_channel_with_an_id_of_its_own_is_hidden_too(settings: Settings) -> None:
    def said(number: int, author: str) -> str:
        message = {
            "timestamp": f"2024-03-13T12:{number:02}:00Z",
            "id": f"m{number}",
            "chat": "c1",
            "text": f"text {number}",
        }
        return json.dumps(message | {"chat_title": "Quimbaya Garden", "author": author, "author_name": author}) + "\n"

    people = ["Rui Costa", "Priya Raman", "Tom Whitaker"]
    for name, members in (("one", people), ("two", [*people, "Quimbaya Torres"])):
        (settings.inbox / f"{name}.jsonl").write_text("".join(said(*pair) for pair in enumerate(members)))
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
            publish(connection, settings)
            assert rows(connection, "SELECT count(*) FROM sources") == [(1,)]
        assert (b"uimbaya" in published_bytes(settings)) == (name == "one")


def test_a_source_id_that_the_owner_has_set_stays(settings: Settings) -> None:
    named = settings.model_copy(
        update={"sources": (SourceSettings(title="Quimbaya Garden", source_id="quimbaya-garden"),)}
    )
    take_in(named, "Quimbaya Garden", *GROUP)
    assert "quimbaya-garden" in take_in(named, "Quimbaya Garden", *GROUP, JOINED, suffix=" (1)")


def test_a_title_that_names_somebody_on_the_list_leaves_no_byte(named: Settings) -> None:
    listed = with_privacy(named, opt_out=("Quimbaya Torres",))
    with open_warehouse(listed) as connection:
        ingest(connection, listed)
        publish(connection, listed)
    assert b"uimbaya" not in published_bytes(named)
    assert not [path for path in named.published.rglob("*") if "uimbaya" in path.name]


def test_a_title_is_hidden_in_the_same_run_in_which_the_policy_changes(named: Settings) -> None:
    listed = with_privacy(named, opt_out=("Tom Whitaker",))
    assert "uimbaya" not in take_in(listed, "Quimbaya Garden", *GROUP, JOINED, suffix=" (1)")
    assert b"uimbaya" not in published_bytes(named)


def publish_alone(settings: Settings) -> str:
    """Publish as the asset ``snapshot`` alone does; return the names of published files and the source ids."""
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        sources = [source for (source,) in rows(connection, "SELECT source_id FROM sources")]
    return " ".join([*sources, *(str(path.relative_to(settings.home)) for path in settings.published.rglob("*"))])


def test_a_title_that_names_somebody_on_the_list_is_hidden_by_any_asset_alone(named: Settings) -> None:
    """Found in review: only ``messages`` hid titles, so the snapshot alone was published with the name in ids and folders."""
    shown = publish_alone(with_privacy(named, opt_out=("Quimbaya Torres",)))
    assert "uimbaya" not in shown
    assert shown.count("chat-") > 1
    assert b"uimbaya" not in published_bytes(named)


def test_a_title_that_names_an_author_of_a_post_is_hidden_by_any_asset_alone(named: Settings) -> None:
    posts = named.home / "blog"
    posts.mkdir()
    (posts / "one.md").write_text("---\nauthors:\n  - Quimbaya Torres\n---\nhello\n")
    blogging = named.model_copy(update={"authors": AuthorSettings(posts=posts)})
    with open_warehouse(blogging) as connection:
        read_posts(connection, blogging)
    assert "uimbaya" not in publish_alone(blogging)
    assert b"uimbaya" not in published_bytes(named)
    before = state_of_home(blogging)
    publish_alone(blogging)
    assert state_of_home(blogging) == before, "nothing is new"


SECRET_TITLES = {
    "Wifi password: hunter2x": "hunter2x",
    "Ops 10.0.0.1 box": "10.0.0.1",
    "Key AKIAABCDEFGHIJKLMNOP": "AKIAABCDEFGHIJKLMNOP",
    "Ops 10.0.\u200b0.7 box": "10.0.0.7",
}


def test_titles_that_would_be_scrubbed_are_hidden(settings: Settings) -> None:
    for title in SECRET_TITLES:
        put_export(settings, title, chat(*GROUP))
    shown = take_in(settings, "Garden Club", *GROUP)
    *hidden, plain = shown.split()[: len(SECRET_TITLES) + 1]
    assert [source for source in hidden if not source.startswith("chat-")] == []
    assert plain == "garden-club"
    told = published_bytes(settings)
    for secret in SECRET_TITLES.values():
        for form in (secret, secret.lower().replace(".", "-")):
            assert form not in shown
            assert form.encode() not in told


def test_a_title_with_a_secret_that_was_shown_before_is_hidden_by_the_next_run(settings: Settings) -> None:
    take_in(settings, "Garden Club", *GROUP)
    with open_warehouse(settings) as connection:
        connection.execute("UPDATE private.source_titles SET raw_title = 'Wifi password: hunter2x'").fetchall()
        connection.execute("UPDATE sources SET title = 'Wifi password: hunter2x'").fetchall()
        ingest(connection, settings)
        publish(connection, settings)
    assert b"hunter2x" not in published_bytes(settings)
    assert not list(settings.posts.glob("garden-club*"))
    assert list(settings.posts.glob("chat-*/*.md"))
