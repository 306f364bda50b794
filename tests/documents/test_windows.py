"""Every clean message is in exactly one window, and the windows are the same however the messages came in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from uuid import UUID

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.documents import verify, windows
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction
from egregora_assets.warehouse.upsert import insert_new
from tests.chats import BEGINNING, chat, put_export, state_of_home, with_privacy

GAP_MINUTES, MOST_MESSAGES = 60, 4
SETTINGS = Settings(timezone="UTC", documents=DocumentSettings(gap_minutes=GAP_MINUTES, max_messages=MOST_MESSAGES))


@dataclass(frozen=True)
class Said:
    number: int
    source: str
    minute: int
    author: int | None
    text: str

    @property
    def message_id(self) -> UUID:
        return UUID(int=0x1000 + self.number)

    def row(self) -> dict[str, object]:
        moment = BEGINNING + timedelta(minutes=self.minute)
        author = None if self.author is None else str(UUID(int=self.author))
        kind = "system" if self.author is None else "text"
        return {
            "message_id": str(self.message_id),
            "source_id": self.source,
            "local_time": moment,
            "sent_at": moment,
            "author_id": author,
            "kind": kind,
            "text": self.text,
            "is_edited": False,
            "position": self.number,
            "export_id": "e",
        }


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
        yield connection


def receive(connection: duckdb.DuckDBPyConnection, messages: Iterable[Said]) -> None:
    listed = list(messages)
    if listed:
        with transaction(connection, "a test") as change:
            received = pa.Table.from_pylist([said.row() for said in listed])
            insert_new(connection, "messages", received, ["message_id"], {"revision": change.revision})


def opt_out(connection: duckdb.DuckDBPyConnection, author: int) -> None:
    with transaction(connection, "a test") as change:
        connection.execute(
            "INSERT INTO private.opt_commands SELECT message_id, author_id, sent_at, position, true, ? FROM messages "
            "WHERE author_id = ?",
            [change.revision, UUID(int=author)],
        )


def documents(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return rows(connection, "SELECT * EXCLUDE (revision) FROM documents ORDER BY document_id")


messages = st.lists(
    st.tuples(
        st.sampled_from(["garden", "books"]),
        st.integers(0, 4000),
        st.sampled_from([1, 2, 3, None]),
        st.sampled_from(["hello", "two\nlines", "", "👋 olá", "\u200e"]),
    ),
    max_size=24,
).map(lambda drawn: [Said(number, *parts) for number, parts in enumerate(drawn)])


@hypothesis_settings(max_examples=6, deadline=None)
@given(messages)
def test_every_clean_message_is_in_exactly_one_window(said: list[Said]) -> None:
    with empty_warehouse() as connection:
        receive(connection, said)
        windows.refresh(connection, SETTINGS)
        placed = rows(connection, "SELECT unnest(message_ids) FROM documents")
        assert sorted(placed) == sorted((message.message_id,) for message in said)
        assert verify.every_message_in_one_window(connection, SETTINGS).passed


@hypothesis_settings(max_examples=6, deadline=None)
@given(messages)
def test_a_window_is_full_or_ends_at_a_silence_or_at_midnight(said: list[Said]) -> None:
    times = {message.message_id: (BEGINNING + timedelta(minutes=message.minute), message.source) for message in said}
    with empty_warehouse() as connection:
        receive(connection, said)
        windows.refresh(connection, SETTINGS)
        found = rows(connection, "SELECT source_id, message_ids FROM documents ORDER BY source_id, window_start, slug")
    stretches: dict[tuple[str, object], list[list[UUID]]] = {}
    for source, ids in found:
        moments = [times[message_id][0] for message_id in ids]
        assert {times[message_id][1] for message_id in ids} == {source}
        assert len(ids) <= MOST_MESSAGES
        assert len({moment.date() for moment in moments}) == 1
        assert moments == sorted(moments)
        assert all(b - a <= timedelta(minutes=GAP_MINUTES) for a, b in itertools.pairwise(moments))
        stretches.setdefault((source, moments[0].date()), []).append(ids)
    for neighbours in stretches.values():
        ordered = sorted(neighbours, key=lambda ids: times[ids[0]][0])
        for before, after in itertools.pairwise(ordered):
            silence = times[after[0]][0] - times[before[-1]][0]
            assert len(before) == MOST_MESSAGES or silence > timedelta(minutes=GAP_MINUTES)


@hypothesis_settings(max_examples=8, deadline=None)
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


@hypothesis_settings(max_examples=6, deadline=None)
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
    looser = SETTINGS.model_copy(update={"documents": DocumentSettings(gap_minutes=600)})
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
