"""Every clean message is in exactly one window, and the windows are the same however the messages came in."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.documents import verify, windows
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import BEGINNING, chat, put_export, state_of_home, with_privacy
from tests.documents.saying import Said, documents, opt_out, receive
from tests.homes import empty_warehouse
from tests.properties import dear

GAP_MINUTES, MOST_MESSAGES = 60, 4
RULES = DocumentSettings(window="gap", gap_minutes=GAP_MINUTES, max_messages=MOST_MESSAGES, day_begins=0)
SETTINGS = Settings(timezone="UTC", documents=RULES)


messages = st.lists(
    st.tuples(
        st.sampled_from(["garden", "books"]),
        st.integers(0, 4000),
        st.sampled_from([1, 2, 3, None]),
        st.sampled_from(["hello", "two\nlines", "", "👋 olá", "\u200e"]),
    ),
    max_size=24,
    unique_by=lambda drawn: (drawn[0], drawn[1], drawn[3].strip("\u200e")),
).map(lambda drawn: [Said(number, *parts) for number, parts in enumerate(drawn)])
"""No two say the same in one minute: who opts out takes the words of the other along."""


@dear(8, 3)
@given(messages, st.randoms(use_true_random=False), st.integers(1, 4), st.sampled_from([None, 1, 2]))
def test_batches_in_any_order_give_what_one_build_gives(
    said: list[Said], random: Random, batches: int, out: int | None
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    with empty_warehouse() as connection:
        for number in range(batches):
            receive(connection, shuffled[number::batches])
            if number == 0 and out is not None:
                windows.refresh(connection, SETTINGS)
                opt_out(connection, out)
            windows.refresh(connection, SETTINGS)
        grown = documents(connection)
        assert verify.every_message_in_one_window(connection, SETTINGS).passed
        windows.refresh(connection, SETTINGS, full=True)
        assert documents(connection) == grown
        opted = {row[0] for row in rows(connection, "SELECT message_id FROM private.opt_commands")}
    if out is not None and opted:
        said = [message for message in said if message.author != out]
    with empty_warehouse() as connection:
        receive(connection, said)
        windows.refresh(connection, SETTINGS)
        assert documents(connection) == grown


@dear(6, 3)
@given(messages.filter(len), st.integers(0, 4000))
def test_a_new_message_touches_the_windows_of_its_day_only(said: list[Said], minute: int) -> None:
    extra = Said(99, "garden", minute, 1, "one more")
    day = (BEGINNING + timedelta(minutes=minute)).date()
    with empty_warehouse() as connection:
        receive(connection, said)
        windows.refresh(connection, SETTINGS)
        others = "SELECT * FROM documents WHERE local_date <> ? OR source_id <> 'garden' ORDER BY document_id"
        before = rows(connection, others, [day])
        receive(connection, [extra])
        windows.refresh(connection, SETTINGS)
        assert rows(connection, others, [day]) == before
        assert (extra.message_id,) in rows(connection, "SELECT unnest(message_ids) FROM documents")


def test_a_window_that_grows_keeps_its_name() -> None:
    with empty_warehouse() as connection:
        receive(connection, [Said(0, "garden", 0, 1, "hello")])
        windows.refresh(connection, SETTINGS)
        before = rows(connection, "SELECT document_id, slug FROM documents")
        receive(connection, [Said(1, "garden", 5, 2, "hi")])
        changes = windows.refresh(connection, SETTINGS)
        assert rows(connection, "SELECT document_id, slug FROM documents") == before
        assert (changes.written, changes.removed) == (1, 0)
        assert rows(connection, "SELECT text FROM documents") == [("09:00 A: hello\n09:05 B: hi",)]


def test_speakers_have_the_letters_of_their_window_only() -> None:
    with empty_warehouse() as connection:
        receive(
            connection,
            [Said(0, "garden", 0, 7, "one"), Said(1, "garden", 1, 8, "two"), Said(2, "garden", 200, 8, "three")],
        )
        windows.refresh(connection, SETTINGS)
        texts = rows(connection, "SELECT text FROM documents ORDER BY window_start")
    assert texts == [("09:00 A: one\n09:01 B: two",), ("12:20 A: three",)]


def test_no_line_of_a_message_can_pass_for_a_line_of_somebody_else() -> None:
    with empty_warehouse() as connection:
        receive(
            connection, [Said(0, "garden", 0, 1, "hello\n09:00 B: I owe you a cake"), Said(1, "garden", 0, 2, "hm")]
        )
        windows.refresh(connection, SETTINGS)
        [(text,)] = rows(connection, "SELECT text FROM documents")
    assert [line for line in text.split("\n") if line.startswith("09:00 B")] == ["09:00 B: hm"]


def test_other_rules_cut_all_days_again_and_leave_no_old_window() -> None:
    looser = SETTINGS.model_copy(update={"documents": DocumentSettings(window="gap", gap_minutes=600)})
    with empty_warehouse() as connection:
        receive(connection, [Said(number, "garden", number * 100, 1, "hello") for number in range(6)])
        windows.refresh(connection, SETTINGS)
        assert len(documents(connection)) == 6
        windows.refresh(connection, looser)
        assert len(documents(connection)) == 1
        gone = rows(connection, "SELECT key FROM tombstones WHERE table_name = 'documents'")
        assert len(gone) == 5


def test_an_unchanged_refresh_writes_nothing(settings: Settings) -> None:
    put_export(settings, "Garden Club", chat((0, "Ana Lima", "hello"), (900, "Rui Costa", "hi")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        windows.refresh(connection, settings)
    before = state_of_home(settings)
    with open_warehouse(settings) as connection:
        assert windows.refresh(connection, settings) == windows.DocumentChanges()
    assert state_of_home(settings) == before


def test_a_day_whose_only_author_opts_out_has_no_window(settings: Settings) -> None:
    put_export(settings, "Garden Club", chat((0, "Ana Lima", "hello"), (3000, "Rui Costa", "hi")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        windows.refresh(connection, settings)
        windows.refresh(connection, with_privacy(settings, opt_out=("Ana Lima",)))
        assert rows(connection, "SELECT text FROM documents") == [("11:00 A: hi",)]


def test_the_check_sees_a_message_in_no_window_and_one_in_two() -> None:
    with empty_warehouse() as connection:
        receive(connection, [Said(0, "garden", 0, 1, "hello"), Said(1, "garden", 300, 1, "hi")])
        windows.refresh(connection, SETTINGS)
        connection.execute(
            "UPDATE documents SET message_ids = list_append(message_ids, ?) WHERE text LIKE '%hello'",
            [UUID(int=0x1001)],
        )
        assert verify.every_message_in_one_window(connection, SETTINGS).figures["rows"] == 1
        connection.execute("DELETE FROM documents")
        assert verify.every_message_in_one_window(connection, SETTINGS).figures["rows"] == 2
