"""A message that was edited or deleted between two exports is one message: its row changes, its id stays, nothing is doubled."""

from __future__ import annotations

from egregora_assets.chat import verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, derived_texts, post_bytes, published_bytes, put_export
from tests.properties import orders

EDITED = " <This message was edited>"
DELETED = "This message was deleted"
FIRST: tuple[Line, ...] = (
    (0, "Ana Lima", "hello"),
    (3, "Rui Costa", "we meet at noon"),
    (3, "Rui Costa", "bring the marzipan"),
    (5, "Ana Lima", "the password is swordfish"),
    (9, "Priya Raman", "fine"),
)
SECOND: tuple[Line, ...] = (
    (0, "Ana Lima", "hello"),
    (3, "Rui Costa", "we meet at one" + EDITED),
    (3, "Rui Costa", "bring the marzipan"),
    (5, "Ana Lima", DELETED),
    (9, "Priya Raman", "fine"),
    (20, "Ana Lima", "bye"),
)
THIRD: tuple[Line, ...] = (
    (0, "Ana Lima", "hello"),
    (3, "Rui Costa", "we meet at two" + EDITED),
    (3, "Rui Costa", DELETED),
    (5, "Ana Lima", DELETED),
    (9, "Priya Raman", "fine"),
    (20, "Ana Lima", "bye"),
    (30, "Rui Costa", "bye bye"),
)
EXPORTS = (FIRST, SECOND, THIRD)


def take_in(settings: Settings, number: int) -> None:
    put_export(settings, "Garden Club", chat(*EXPORTS[number]), f" ({number + 1})")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)


def state(settings: Settings) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, "SELECT kind, text, is_edited FROM messages ORDER BY local_time, position")


@orders(3)
def test_exports_in_any_order_end_with_the_newest_form_of_each_message(
    settings: Settings, order: tuple[int, ...]
) -> None:
    for number in order:
        take_in(settings, number)
    assert state(settings) == [
        ("text", "hello", False),
        ("text", "we meet at two", True),
        ("deleted", "", False),
        ("deleted", "", False),
        ("text", "fine", False),
        ("text", "bye", False),
        ("text", "bye bye", False),
    ]


def test_an_edited_message_keeps_its_id_and_what_it_said_before(settings: Settings) -> None:
    take_in(settings, 0)
    with open_warehouse(settings) as connection:
        ((message_id,),) = rows(connection, "SELECT message_id FROM messages WHERE text = 'we meet at noon'")
    take_in(settings, 1)
    take_in(settings, 2)
    with open_warehouse(settings) as connection:
        assert rows(connection, "SELECT text FROM messages WHERE message_id = ?", [message_id]) == [("we meet at two",)]
        said = "SELECT text FROM private.message_versions WHERE message_id = ? ORDER BY replaced_revision"
        assert rows(connection, said, [message_id]) == [("we meet at noon",), ("we meet at one",)]
        updated = "SELECT updated, added, known FROM exports ORDER BY file_name"
        assert rows(connection, updated) == [(0, 5, 0), (2, 1, 5), (2, 1, 6)]


def test_a_deleted_text_leaves_no_byte_in_what_is_derived_and_published(settings: Settings) -> None:
    take_in(settings, 0)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert b"swordfish" in published_bytes(settings), "the search below would see nothing"
    take_in(settings, 1)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)
    assert b"swordfish" not in post_bytes(settings)


def test_an_edit_that_was_taken_in_is_known_when_it_comes_again(settings: Settings) -> None:
    take_in(settings, 0)
    take_in(settings, 1)
    put_export(settings, "Garden Club", chat(*SECOND, (40, "Ana Lima", "really bye")), " (7)")
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
    assert (outcome.added, outcome.updated) == (1, 0)


def test_other_words_in_the_same_minute_are_another_message(settings: Settings) -> None:
    """One phone lacks what the other has: nothing says that they are the same."""
    take_in(settings, 0)
    other = [line for line in FIRST if line[2] != "we meet at noon"] + [
        (3, "Rui Costa", "see you"),
        (12, "Rui Costa", "x"),
    ]
    put_export(settings, "Garden Club", chat(*sorted(other)), " (7)")
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
    assert (outcome.added, outcome.updated) == (2, 0)


def test_the_first_minute_of_an_export_that_begins_in_the_middle_is_not_compared(settings: Settings) -> None:
    """What it lacks there may stand before it."""
    take_in(settings, 0)
    put_export(settings, "Garden Club", chat((5, "Ana Lima", "another" + EDITED), (9, "Priya Raman", "fine")), " (7)")
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
    assert (outcome.added, outcome.updated) == (1, 0)


def test_a_deletion_in_an_exports_last_minute_is_found_by_the_next_export(settings: Settings) -> None:
    """Also when an older export has been taken in after the newer one."""
    secret, placeholder = (9, "Ana Lima", "the password is swordfish"), (9, "Ana Lima", DELETED)
    for number, lines in enumerate([[placeholder], [secret], [placeholder, (20, "Rui Costa", "bye")]]):
        put_export(settings, "Garden Club", chat((0, "Rui Costa", "hello"), *lines), f" ({number + 1})")
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
    assert state(settings) == [("text", "hello", False), ("deleted", "", False), ("text", "bye", False)]
    with open_warehouse(settings) as connection:
        assert verify.nothing_vanished(connection, settings).passed
        publish(connection, settings)
    assert b"swordfish" not in published_bytes(settings)


def test_a_deletion_at_either_end_of_a_chat_is_found_at_once(settings: Settings) -> None:
    secret, placeholder = "the password is swordfish", DELETED
    for number, text in enumerate([secret, placeholder]):
        put_export(
            settings,
            "Garden Club",
            chat((0, "Ana Lima", text), (5, "Rui Costa", "hello"), (9, "Ana Lima", text)),
            f" ({number})",
        )
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
    assert state(settings) == [("deleted", "", False), ("text", "hello", False), ("deleted", "", False)]
