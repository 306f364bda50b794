"""Sealed segments: each event merged once, whatever the order, beside exports of the same chat, and over crashes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.authors import gate
from egregora_assets.chat import verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.chat.merge_segments import SegmentOutcome, merge_segments
from egregora_assets.chat.quarantine import SUMMARY
from egregora_assets.chat.segments import path_of, receipts, waiting
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chat.test_merge_records import put, query, said
from tests.chats import new_home, state_of_home
from tests.live_events import Event, deletion, edit, event, put_segment, reaction, table_of
from tests.properties import dear


def merge(settings: Settings) -> SegmentOutcome:
    with open_warehouse(settings) as connection:
        outcome = merge_segments(connection, settings)
        assert verify.nothing_vanished(connection, settings).passed
        assert verify.unique_message_ids(connection, settings).passed
    return outcome


def take_in(settings: Settings, *events: Event, first: int = 1) -> SegmentOutcome:
    put_segment(settings, *events, first=first)
    return merge(settings)


SHOWN = """
    SELECT native_id, kind, text, is_edited, strftime(coalesce(edited_at, deleted_at), '%H:%M') FROM messages ORDER BY sent_at
"""
STATE = {
    "messages": "SELECT * EXCLUDE (position, revision, export_id) FROM messages ORDER BY message_id",
    "versions": "SELECT message_id, kind, text, edited_at FROM private.message_versions ORDER BY ALL",
    "reactions": "SELECT * EXCLUDE (revision) FROM reactions ORDER BY ALL",
    "mentions": "SELECT * EXCLUDE (revision) FROM mentions ORDER BY ALL",
    "attachments": "SELECT message_id, file_name FROM message_attachments ORDER BY ALL",
    "waiting": "SELECT * EXCLUDE (revision) FROM private.live_waiting ORDER BY ALL",
    "sources": "SELECT source_id, platform, title FROM sources",
    "names": "SELECT author_id, raw_name FROM private.author_names WHERE contains(raw_name, ' ') ORDER BY ALL",
}
"""Somebody who is heard of by id before by name goes by both: what may be a name is hidden for good."""


def state(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    return {name: query(settings, sql) for name, sql in STATE.items()}


def test_a_segment_becomes_messages_and_leaves_a_receipt(settings: Settings) -> None:
    mention = {"mentions": [{"id": "u1", "name": "Ana Lima"}], "reply_to": "m0", "thread": "m0"}
    segment = put_segment(
        settings,
        event(0, "who brings the seeds?"),
        event(1, "I do, @Ana Lima", "u2", **mention),
        event(2, "", "u3", attachments=["beds.jpg"]),
        reaction(2, "👍", 3),
    )
    outcome = merge(settings)
    assert (outcome.segments, outcome.events, outcome.added) == (1, 4, 3)
    assert query(settings, SHOWN) == [
        ("m0", "text", "who brings the seeds?", False, None),
        ("m1", "text", "I do, @Ana Lima", False, None),
        ("m2", "media", "", False, None),
    ]
    assert query(settings, "SELECT count(*) FROM messages a JOIN messages b ON a.reply_to = b.message_id") == [(1,)]
    named = "SELECT raw_name FROM {} JOIN private.author_names USING (author_id)"
    assert query(settings, named.format("mentions")) == [("Ana Lima",)]
    assert query(settings, named.format("reactions")) == [("Rui Costa",)]
    assert query(settings, "SELECT file_name FROM message_attachments") == [("beds.jpg",)]
    noted = "SELECT first_sequence, last_sequence, events, messages, added, known, changes FROM live_segments"
    assert query(settings, noted) == [(1, 4, 4, 3, 3, 0, 1)]
    assert waiting(settings.segments) == []
    revision = query(settings, "SELECT max(revision) FROM revisions")[0][0]
    assert receipts(settings.segments) == {segment: revision}


def test_all_that_waits_is_one_change_of_the_warehouse_and_then_nothing_is_left_to_do(settings: Settings) -> None:
    for number in range(5):
        put_segment(settings, event(number), first=number + 1)
    assert merge(settings) == SegmentOutcome(segments=5, events=5, added=5)
    assert query(settings, "SELECT count(DISTINCT revision), count(*) FROM live_segments") == [(1, 5)]
    before = state_of_home(settings)
    assert merge(settings) == SegmentOutcome()
    assert {name: content for name, content in state_of_home(settings).items() if before[name] != content} == {}


def test_edits_and_deletions_take_effect_and_earlier_words_are_kept(settings: Settings) -> None:
    take_in(settings, event(0), event(1, "we meet at noon", "u2"), event(2, "the password is swordfish", "u3"))
    take_in(settings, edit(1, "we meet at one", 60, "u2"), deletion(2, 65, "u1"), first=4)
    assert query(settings, SHOWN) == [
        ("m0", "text", "hello", False, None),
        ("m1", "text", "we meet at one", True, "13:00"),
        ("m2", "deleted", "", False, "13:05"),
    ]
    before = "SELECT text FROM private.message_versions ORDER BY text"
    assert query(settings, before) == [("the password is swordfish",), ("we meet at noon",)]


def test_an_edit_of_a_caption_leaves_the_message_a_picture(settings: Settings) -> None:
    take_in(settings, event(0, "beds", attachments=["beds.jpg"]))
    take_in(settings, edit(0, "our beds", 5), first=2)
    assert query(settings, SHOWN) == [("m0", "media", "our beds", True, "12:05")]


def test_nobody_puts_words_into_the_mouth_of_others(settings: Settings) -> None:
    take_in(settings, event(0, "yes", "u1"), edit(0, "no", 5, "u2"))
    take_in(settings, edit(1, "never", 6, "u2"), first=3)
    take_in(settings, event(1, "always", "u1"), first=4)
    assert [text for _, _, text, _, _ in query(settings, SHOWN)] == ["yes", "always"]
    assert query(settings, "FROM private.live_waiting") == []


@pytest.mark.parametrize("apart", [False, True])
def test_the_same_id_from_somebody_else_changes_no_words(settings: Settings, apart: bool) -> None:
    mine, theirs = event(0, "as I said", "u1"), event(0, "zero", "u2")
    for number, events in enumerate([[mine], [theirs]] if apart else [[mine, theirs]], start=1):
        take_in(settings, *events, first=number)
    told = "SELECT text, raw_name FROM messages JOIN private.author_names USING (author_id)"
    assert query(settings, told) == [("as I said", "Ana Lima")]


def test_a_hot_store_begun_anew_that_gives_numbers_again_loses_no_event(settings: Settings) -> None:
    take_in(settings, event(0), event(1))
    for receipt in settings.segments.iterdir():
        receipt.unlink()
    assert take_in(settings, event(5), event(6)).added == 2
    again = put_segment(settings, event(5), event(6))
    assert merge(settings) == SegmentOutcome()
    assert list(receipts(settings.segments)) == [again]


def test_reactions_come_and_go_one_by_one(settings: Settings) -> None:
    counted = "SELECT emoji, count(*) FROM reactions GROUP BY emoji ORDER BY emoji"
    take_in(settings, event(0), reaction(0, "👍", 1, "u2"), reaction(0, "👍", 1, "u3"), reaction(0, "🌱", 2, "u3"))
    assert query(settings, counted) == [("🌱", 1), ("👍", 2)]
    take_in(settings, reaction(0, "👍", 3, "u2", removed=True), first=5)
    take_in(settings, reaction(0, "👍", 1, "u2"), first=6)
    assert query(settings, counted) == [("🌱", 1), ("👍", 1)]
    take_in(settings, reaction(0, "👍", 4, "u2"), first=7)
    assert query(settings, counted) == [("🌱", 1), ("👍", 2)]


def test_a_reaction_taken_back_without_its_emoji_withdraws_what_the_person_gave_before(settings: Settings) -> None:
    who = "SELECT emoji FROM reactions ORDER BY emoji"
    given = [event(0), reaction(0, "👍", 1), reaction(0, "🌱", 2), reaction(0, "👍", 2, "u3")]
    take_in(settings, *given)
    take_in(settings, reaction(0, None, 4, removed=True), first=5)
    assert query(settings, who) == [("👍",)]
    assert query(settings, "SELECT count(*) FROM tombstones WHERE table_name = 'reactions'") == [(1,)]
    take_in(settings, reaction(0, "🌻", 3), reaction(0, "👍", 5), first=6)
    assert query(settings, who) == [("👍",), ("👍",)]


def test_a_reaction_of_an_export_is_taken_back_without_its_emoji(settings: Settings) -> None:
    put(
        settings,
        "export",
        said(0, "who?", reactions=[{"emoji": "👍", "author": "u2"}, {"emoji": "👍", "author": "u3"}]),
    )
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    take_in(settings, reaction(0, None, 4, removed=True))
    assert query(settings, "SELECT count(*) FROM reactions") == [(1,)]


CHATTER = (
    event(0, "the first word"),
    event(0, "the first word"),
    event(1, "beds", "u2", attachments=["beds.jpg"], mentions=[{"id": "u1", "name": "Ana Lima"}], reply_to="m0"),
    edit(0, "the second word", 5),
    edit(0, "the third word", 6, mentions=[{"id": "u2", "name": None}]),
    edit(0, "not mine", 7, "u2"),
    edit(1, "our beds", 6, "u2"),
    edit(1, "your beds", 6, "u2"),
    deletion(1, 9, "u1"),
    deletion(1, 8, "u2"),
    reaction(0, "👍", 1),
    reaction(0, "👍", 2, removed=True),
    reaction(0, "👍", 2, "u1"),
    reaction(0, "🌱", 3),
    reaction(0, "🌱", 3, removed=True),
    reaction(0, "🌱", 4),
    reaction(0, "🌻", 4),
    reaction(0, None, 4, removed=True),
    reaction(0, "🌿", 5),
    reaction(0, None, 2, "u1", removed=True),
    reaction(0, "🌿", 2, "u1"),
    reaction(0, "🌱", 3, "u1"),
    edit(7, "of a message that never comes", 9),
)


@pytest.fixture(scope="module")
def chatter_in_order() -> dict[str, list[tuple[Any, ...]]]:
    with new_home() as settings:
        settings.key_path.write_text("author " + "1" * 64 + "\nmessage " + "2" * 64 + "\n")
        settings.key_path.chmod(0o600)
        take_in(settings, *CHATTER)
        return state(settings)


@dear(20, 6)
@given(order=st.permutations(CHATTER), cuts=st.sets(st.integers(1, len(CHATTER) - 1), max_size=4), data=st.data())
def test_any_order_and_any_division_into_segments_and_runs_ends_in_one_state(
    chatter_in_order: dict[str, list[tuple[Any, ...]]], order: list[Event], cuts: set[int], data: st.DataObject
) -> None:
    with new_home() as settings:
        settings.key_path.write_text("author " + "1" * 64 + "\nmessage " + "2" * 64 + "\n")
        settings.key_path.chmod(0o600)
        for start, end in itertools.pairwise([0, *sorted(cuts), len(order)]):
            put_segment(settings, *order[start:end], first=start + 1)
            if end == len(order) or data.draw(st.booleans(), label="a run"):
                merge(settings)
        assert state(settings) == chatter_in_order


def exported(settings: Settings) -> None:
    put(
        settings,
        "export",
        said(0, "who brings the seeds?", reactions=[{"emoji": "👍", "author": "u2"}]),
        said(1, "I do", "u2", edited_at="2024-03-13T12:30:00Z"),
        said(2, "", "u3", deleted_at="2024-03-13T12:40:00Z"),
    )
    with open_warehouse(settings) as connection:
        ingest(connection, settings)


def live(settings: Settings) -> None:
    take_in(
        settings,
        event(0, "who brings the seeds?"),
        event(1, "not me", "u2"),
        event(2, "secret", "u3"),
        reaction(0, "👍", 5),
        edit(1, "I do", 30, "u2"),
        deletion(2, 40, "u3"),
        event(50, "later"),
    )


@pytest.mark.parametrize("order", list(itertools.permutations([exported, live])))
def test_an_export_and_live_lines_of_one_chat_are_the_same_messages(settings: Settings, order: tuple[Any, ...]) -> None:
    for way in order:
        way(settings)
    assert query(settings, SHOWN) == [
        ("m0", "text", "who brings the seeds?", False, None),
        ("m1", "text", "I do", True, "12:30"),
        ("m2", "deleted", "", False, "12:40"),
        ("m50", "text", "later", False, None),
    ]
    assert query(settings, "SELECT emoji, people FROM reactions") == [("👍", 1)]
    assert query(settings, "SELECT count(*) FROM sources") == [(1,)]
    assert query(settings, "SELECT count(DISTINCT author_id) FROM messages") == [(3,)]
    assert {text for (text,) in query(settings, "SELECT text FROM private.message_versions")} == {"not me", "secret"}
    with open_warehouse(settings) as connection:
        assert verify.nothing_vanished(connection, settings).passed


def test_what_waits_for_a_message_is_done_when_an_export_brings_it(settings: Settings) -> None:
    take_in(settings, edit(0, "I bring the seeds", 5), reaction(0, "🌱", 6, "u3"), deletion(1, 7))
    put(settings, "export", said(0, "who?"), said(1, "nothing"))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    merge(settings)
    assert [row[1:4] for row in query(settings, SHOWN)] == [("text", "I bring the seeds", True), ("deleted", "", False)]
    assert query(settings, "SELECT emoji FROM reactions") == [("🌱",)]
    assert query(settings, "FROM private.live_waiting") == []


def test_an_opt_out_said_live_hides_what_the_person_said(settings: Settings) -> None:
    take_in(settings, event(0, "the orchid is mine", "u2"), event(1, "whose orchid?", "u1"))
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert len(rows(connection, "FROM clean_messages")) == 2
    take_in(settings, event(2, "/egregora opt-out", "u2"), first=3)
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert rows(connection, "SELECT text FROM clean_messages") == [("whose orchid?",)]


def test_an_opt_out_in_an_edit_of_a_message_that_never_comes_counts(settings: Settings) -> None:
    take_in(settings, event(0, "the orchid is mine", "u2"), event(1, "whose orchid?", "u1"))
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
    take_in(settings, edit(7, "/egregora opt-out", 9, "u2"), first=3)
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert rows(connection, "SELECT text FROM clean_messages") == [("whose orchid?",)]


def damaged(settings: Settings, kind: str) -> None:
    """Seal one message, and spoil the file in some way."""
    segment = put_segment(settings, event(1), first=2)
    path = path_of(settings.segments, segment)
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "flipped":
        content = bytearray(path.read_bytes())
        content[20:60] = bytes(40)
        path.write_bytes(bytes(content))
    elif kind == "columns":
        pq.write_table(table_of([event(1)], 2).drop_columns(["author"]), path)
    elif kind == "numbers":
        pq.write_table(table_of([event(1)], 7), path)
    else:
        pq.write_table(table_of([event(1) | {"kind": "nonsense"}], 2), path)


@pytest.mark.parametrize("kind", ["cut", "empty", "flipped", "columns", "numbers", "nonsense"])
def test_a_segment_that_cannot_be_read_is_set_aside_and_stops_no_other(settings: Settings, kind: str) -> None:
    put_segment(settings, event(0), first=1)
    damaged(settings, kind)
    put_segment(settings, event(2), first=3)
    outcome = merge(settings)
    assert (outcome.segments, outcome.unreadable, outcome.added) == (2, 1, 2)
    ((reason,),) = query(settings, "SELECT reason FROM quarantine")
    assert reason.startswith("the segment ")
    assert [path.name[20:] for path in settings.segments.glob("*.unreadable")] == [f"-{2:020}.unreadable"]
    assert len(receipts(settings.segments)) == 2
    assert merge(settings) == SegmentOutcome()
    with open_warehouse(settings) as connection:
        assert [row[0] for row in rows(connection, SUMMARY)] == ["live"]


def test_what_is_not_sealed_yet_is_no_segment(settings: Settings) -> None:
    segment = put_segment(settings, event(0))
    path = path_of(settings.segments, segment)
    path.rename(path.with_name(f".{segment.stem}.tmp"))
    assert merge(settings) == SegmentOutcome()
    assert query(settings, "FROM messages") == []


KILLED = """
import os, signal, sys
from pathlib import Path
from egregora_assets.chat import merge_segments
from egregora_assets.config import load_settings
from egregora_assets.warehouse.files import open_warehouse
merge_segments.acknowledge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
settings = load_settings(Path(sys.argv[1]))
with open_warehouse(settings) as connection:
    merge_segments.merge_segments(connection, settings)
"""


def test_a_run_that_is_killed_between_its_commit_and_the_receipts_has_merged(settings: Settings) -> None:
    segments = [put_segment(settings, event(0), event(1), first=1), put_segment(settings, event(2), first=3)]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(settings.home)], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert waiting(settings.segments) == segments
    assert merge(settings) == SegmentOutcome()
    revision = query(settings, "SELECT max(revision) FROM live_segments")[0][0]
    assert receipts(settings.segments) == dict.fromkeys(segments, revision)
    assert query(settings, "SELECT count(*), count(DISTINCT message_id) FROM messages") == [(3, 3)]
