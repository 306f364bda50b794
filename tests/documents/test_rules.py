"""Windows of every kind are those of a slow oracle, in whatever order messages come, and a change touches its own unit only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.documents import verify, windows
from egregora_assets.documents.cohesion import coherent_in
from egregora_assets.documents.cutting import Flags, Messages, Places, cut
from egregora_assets.warehouse.query import rows, scalar
from tests.documents.oracle import belongs_together, size, unit_of, windows_of
from tests.documents.saying import Said, documents, opt_out, receive
from tests.homes import empty_warehouse

TEXTS = (
    "the tomatoes need more compost before winter",
    "compost from the garden, and tomato seeds for winter",
    "deploy the server branch after merging",
    "merge conflicts on that branch; the server is down",
    "which ladder should we use?",
    "ok",
    "two lines\nabout ladders and gutters",
    "olá, a reunião ficou marcada",
    "reuniões marcadas são canceladas",
    "",
)
PAUSES = (0, 1, 1, 2, 30, 60, 61, 90, 200, 240, 241, 700, 1500, 9000)
KINDS = (
    DocumentSettings(),
    DocumentSettings(max_messages=3, overlap_messages=2, day_begins=0),
    DocumentSettings(pause_minutes=1, gap_minutes=1500, thread_gap_hours=1),
    DocumentSettings(window="gap", gap_minutes=60),
    DocumentSettings(window="count", max_messages=5, within="month"),
    DocumentSettings(window="count", max_messages=2, overlap_messages=3, within="week"),
    DocumentSettings(window="size", max_tokens=40, overlap_messages=1),
    DocumentSettings(window="size", max_bytes=90, within="week"),
    DocumentSettings(window="day", day_begins=12),
    DocumentSettings(window="week", max_messages=10),
)

rules = st.builds(
    DocumentSettings,
    window=st.sampled_from(["conversation", "conversation", "gap", "count", "size", "day", "week"]),
    max_messages=st.sampled_from([2, 3, 5, 200]),
    max_bytes=st.sampled_from([1, 90, 400]),
    max_tokens=st.sampled_from([None, 40]),
    overlap_messages=st.sampled_from([0, 0, 1, 3]),
    within=st.sampled_from(["day", "week", "month"]),
    day_begins=st.sampled_from([0, 4, 12]),
)


def chat_of(random: Random, count: int, first: int = 0, source: str = "garden") -> list[Said]:
    """Return messages with threads, replies, pauses of all lengths and words that some have in common."""
    said: list[Said] = []
    minute = random.choice([0, 600, 40_000])
    for number in range(first, first + count):
        minute += random.choice(PAUSES)
        opened = [one.number for one in said if one.thread == one.number]
        thread = random.choice([None, None, None, number, *opened[-2:]])
        reply = random.choice([None, None, None, *[one.number for one in said[-4:]]])
        author = random.choice([1, 2, 3, 1 << 100, None])
        text = random.choice(TEXTS) if author is not None else ""
        said.append(Said(number, source, minute, author, text, thread, reply))
    return said


chats = st.builds(chat_of, st.randoms(use_true_random=False), st.integers(1, 30))


def told(ruled: DocumentSettings) -> Settings:
    return Settings(timezone="UTC", documents=ruled)


def found_in(connection: duckdb.DuckDBPyConnection) -> set[tuple[tuple[int, ...], int]]:
    stored = rows(connection, "SELECT message_ids, overlap FROM documents")
    return {(tuple(one.int - 0x1000 for one in ids), overlap) for ids, overlap in stored}


@pytest.fixture(scope="module")
def crowd() -> list[Said]:
    random = Random(3)
    return [one for chat in range(14) for one in chat_of(random, 25, 25 * chat, f"chat-{chat}")]


@pytest.fixture(scope="module")
def filled(crowd: list[Said]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with many chats, whose messages came in two halves, in no order."""
    shuffled = list(crowd)
    Random(4).shuffle(shuffled)
    with empty_warehouse() as connection:
        for part in (shuffled[::2], shuffled[1::2]):
            receive(connection, part)
            windows.refresh(connection, told(KINDS[0]))
        yield connection


@pytest.mark.parametrize("ruled", KINDS, ids=lambda ruled: f"{ruled.window}-{ruled.unit}-{ruled.max_messages}")
def test_windows_are_those_of_the_oracle_however_messages_came(
    filled: duckdb.DuckDBPyConnection, crowd: list[Said], ruled: DocumentSettings
) -> None:
    windows.refresh(filled, told(ruled))
    assert found_in(filled) == windows_of(crowd, ruled)
    assert verify.every_message_in_one_window(filled, told(ruled)).passed
    assert verify.windows_in_order(filled, told(ruled)).passed
    own = rows(filled, f"SELECT unnest({windows.OWN_MESSAGES}) FROM documents")
    assert sorted(own) == sorted((one.message_id,) for one in crowd)


@hypothesis_settings(max_examples=150, deadline=None)
@given(chats, rules)
def test_windows_of_any_rules_are_those_of_the_oracle(said: list[Said], ruled: DocumentSettings) -> None:
    order = sorted(said, key=lambda one: (str(unit_of(one, ruled)), one.moment, one.number))
    place = {one.number: index for index, one in enumerate(order)}

    def coherent(first: Places, at: Places, last: Places) -> Flags:
        sides = zip(first.tolist(), at.tolist(), last.tolist(), strict=True)
        return np.array(
            [belongs_together([o.text for o in order[a:b]], [o.text for o in order[b:c]]) for a, b, c in sides],
            np.bool_,
        )

    units = [unit_of(one, ruled) for one in order]
    messages = Messages(
        new_unit=np.array([index == 0 or unit != units[index - 1] for index, unit in enumerate(units)]),
        in_thread=np.array([one.thread is not None and ruled.keeps_threads for one in order]),
        sent_at=np.array([one.minute * 60_000_000 for one in order]),
        answers=np.array([-1 if one.reply_to is None else place[one.reply_to] for one in order]),
        sizes=np.array([0 if one.author is None else size(one) for one in order]),
    )
    made = cut(messages, ruled, coherent)
    ends = [*made.begins.tolist()[1:], len(order)]
    found = {
        (tuple(one.number for one in order[begin - repeats : end]), repeats)
        for begin, repeats, end in zip(made.begins.tolist(), made.repeats.tolist(), ends, strict=True)
    }
    assert found == windows_of(said, ruled)
    if not ruled.overlap_messages:
        assert sorted(number for numbers, _ in found for number in numbers) == sorted(place)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.lists(st.sampled_from(TEXTS), min_size=1, max_size=6)] * 2), min_size=1, max_size=12))
def test_what_belongs_together_is_told_by_the_words_of_both_sides(sides: list[tuple[list[str], list[str]]]) -> None:
    texts = [text for before, after in sides for text in (*before, *after)]
    lengths = np.array([[len(before), len(after)] for before, after in sides])
    last = np.cumsum(lengths.sum(axis=1))
    at = last - lengths[:, 1]
    with duckdb.connect() as connection:
        found = coherent_in(connection, pa.array(texts, pa.large_string()))(at - lengths[:, 0], at, last)
    assert found.tolist() == [belongs_together(before, after) for before, after in sides]


def cut_into(ruled: DocumentSettings, *said: Said) -> list[list[int]]:
    """Return the numbers of the messages of each window, in order."""
    with empty_warehouse() as connection:
        receive(connection, said)
        windows.refresh(connection, told(ruled))
        return sorted(list(numbers) for numbers, _ in found_in(connection))


def test_a_pause_ends_a_conversation_only_where_the_subject_changes() -> None:
    garden, server = TEXTS[0], TEXTS[2]
    said = [
        Said(0, "a", 0, 1, garden),
        Said(1, "a", 60, 2, TEXTS[1]),
        Said(2, "a", 120, 1, server),
        Said(3, "a", 180, 2, "ok"),
        Said(4, "a", 220, 2, TEXTS[3]),
        Said(5, "a", 260, 1, "which ladder should we use?"),
        Said(6, "a", 300, 2, "gutters and roofs need another one entirely"),
    ]
    assert cut_into(DocumentSettings(pause_minutes=30), *said) == [[0, 1], [2, 3, 4], [5, 6]]


def test_an_answer_after_a_silence_stays_with_what_it_answers_and_a_quote_of_old_things_joins_nothing() -> None:
    said = [
        Said(0, "a", 0, 1, "where is it?"),
        Said(1, "a", 300, 2, "there", reply_to=0),
        Said(2, "a", 600, 1, "hm"),
        Said(3, "a", 840, 1, "about that", reply_to=0),
    ]
    assert cut_into(DocumentSettings(window="gap", gap_minutes=200), *said) == [[0, 1], [2], [3]]


def test_a_thread_is_one_window_over_days_and_what_was_said_meanwhile_is_another() -> None:
    said = [
        Said(0, "a", 0, 1, "the plan", thread=0),
        Said(1, "a", 5, 2, "meanwhile"),
        Said(2, "a", 3000, 2, "late answer", thread=0, reply_to=0),
        Said(3, "a", 3001, 3, "another day"),
    ]
    assert cut_into(DocumentSettings(), *said) == [[0, 2], [1], [3]]


def test_a_conversation_goes_on_over_midnight_and_ends_with_the_night() -> None:
    evening, night, morning = (int(timedelta(hours=hours).total_seconds()) // 60 for hours in (14.9, 15.1, 19.1))
    said = [Said(number, "a", minute, 1, "ok") for number, minute in enumerate((evening, night, morning))]
    assert cut_into(DocumentSettings(), *said) == [[0, 1], [2]]


def test_late_edited_and_removed_messages_reopen_their_own_unit_only(crowd: list[Said]) -> None:
    ruled = KINDS[0]
    with empty_warehouse() as connection:
        late, others = crowd[30], [one for one in crowd if one.number != 30]
        receive(connection, others)
        windows.refresh(connection, told(ruled))
        newest = int(scalar(connection, "SELECT max(revision) FROM documents"))
        receive(connection, [late])
        windows.refresh(connection, told(ruled))
        assert found_in(connection) == windows_of(crowd, ruled)
        touched = rows(connection, "SELECT unnest(message_ids) FROM documents WHERE revision > ?", [newest])
        in_unit = {one.message_id for one in crowd if unit_of(one, ruled) == unit_of(late, ruled)}
        assert late.message_id in {one for (one,) in touched} <= in_unit
        opt_out(connection, 2)
        windows.refresh(connection, told(ruled))
        assert found_in(connection) == windows_of([one for one in crowd if one.author != 2], ruled)


def test_a_thread_that_loses_all_its_messages_leaves_no_window() -> None:
    with empty_warehouse() as connection:
        receive(connection, [Said(0, "a", 0, 1, "plan", thread=0), Said(1, "a", 3000, 1, "on", thread=0)])
        windows.refresh(connection, told(DocumentSettings()))
        opt_out(connection, 1)
        windows.refresh(connection, told(DocumentSettings()))
        assert documents(connection) == []


def test_one_month_is_remade_and_the_rest_is_left_alone(filled: duckdb.DuckDBPyConnection, crowd: list[Said]) -> None:
    settings = told(KINDS[0])
    windows.refresh(filled, settings)
    before = documents(filled)
    assert windows.remake_month(filled, settings, "2024-04") == windows.DocumentChanges()
    lost = int(scalar(filled, "SELECT count(*) FROM documents WHERE month = '2024-03-01'"))
    filled.execute("DELETE FROM documents WHERE month IN ('2024-03-01', '2024-04-01')")
    assert windows.remake_month(filled, settings, "2024-03") == windows.DocumentChanges(written=lost)
    assert lost
    assert rows(filled, "SELECT DISTINCT month::VARCHAR FROM documents WHERE month < '2024-05-01'") == [("2024-03-01",)]
    windows.refresh(filled, settings, full=True)
    assert documents(filled) == before
    with pytest.raises(ValueError, match="is no month"):
        windows.remake_month(filled, settings, "2024-13")


def test_messages_out_of_order_are_seen_by_the_check() -> None:
    with empty_warehouse() as connection:
        receive(connection, [Said(0, "a", 0, 1, "one"), Said(1, "a", 9, 1, "two"), Said(2, "a", 400, 1, "three")])
        windows.refresh(connection, told(DocumentSettings()))
        connection.execute("UPDATE documents SET message_ids = list_reverse(message_ids) WHERE len(message_ids) = 2")
        assert verify.windows_in_order(connection, told(DocumentSettings())).figures["rows"] == 1
        connection.execute("UPDATE documents SET window_end = window_end + INTERVAL 1 DAY")
        assert verify.windows_in_order(connection, told(DocumentSettings())).figures["rows"] == 2


def test_windows_of_a_size_need_one() -> None:
    with pytest.raises(ValidationError, match="need max_tokens or max_bytes"):
        DocumentSettings(window="size")


def test_letters_of_a_window_with_overlap_are_in_the_order_of_its_text() -> None:
    with empty_warehouse() as connection:
        receive(connection, [Said(number, "a", number, 5 - number, f"text {number}") for number in range(4)])
        windows.refresh(connection, told(DocumentSettings(window="count", max_messages=2, overlap_messages=1)))
        texts = rows(connection, "SELECT text FROM documents ORDER BY window_start")
    assert texts == [("09:00 A: text 0\n09:01 B: text 1",), ("09:01 A: text 1\n09:02 B: text 2\n09:03 C: text 3",)]
