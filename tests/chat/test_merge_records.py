"""Exports with message ids: each message once whatever exports show it, in its newest form, with its older forms kept."""

from __future__ import annotations

import itertools
import json
import zipfile
from typing import Any

import pytest

from egregora_assets.authors import gate
from egregora_assets.chat import merge_records, sources, verify
from egregora_assets.chat.ingest import ExportOutcome, ingest
from egregora_assets.config import Settings
from egregora_assets.media import ingest as media
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import derived_texts, published_bytes, state_of_home, with_privacy
from tests.pictures import jpeg
from tests.properties import orders

Said = dict[str, Any]


def said(number: int, text: str = "hello", author: str = "u1", **more: Any) -> Said:
    """A message of the chat "garden", sent ``number`` minutes after noon."""
    names = {"u1": "Ana Lima", "u2": "Rui Costa", "u3": "Priya Raman"}
    return {
        "timestamp": f"2024-03-13T12:{number:02}:00Z",
        "id": f"m{number}",
        "chat": "garden",
        "chat_title": "Garden Club",
        "author": author,
        "author_name": names[author],
        "text": text,
        **more,
    }


def put(settings: Settings, name: str, *messages: Said) -> None:
    (settings.inbox / f"{name}.jsonl").write_text("".join(json.dumps(message) + "\n" for message in messages))


def take_in(settings: Settings, name: str, *messages: Said) -> ExportOutcome:
    put(settings, name, *messages)
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
    return outcome


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


FIRST = (said(0), said(1, "we meet at noon", "u2"), said(2, "the password is swordfish", "u3"))
SECOND = (
    said(0),
    said(1, "we meet at one", "u2", edited_at="2024-03-13T13:00:00Z"),
    said(2, "", "u3", deleted_at="2024-03-13T13:05:00Z"),
    said(3, "fine", "u3"),
)


def test_an_export_with_ids_becomes_messages(settings: Settings) -> None:
    outcome = take_in(
        settings,
        "first",
        said(0, "who brings the seeds?"),
        said(1, "I do, @Ana Lima", "u2", reply_to="m0", thread="m0", mentions=[{"id": "u1", "name": "Ana Lima"}]),
        said(
            2,
            "",
            "u3",
            attachments=["beds.jpg"],
            reactions=[{"emoji": "👍", "author": "u1"}, {"emoji": "🌱", "count": 3}],
        ),
    )
    assert (outcome.messages, outcome.added, outcome.known, outcome.quarantined) == (3, 3, 0, 0)
    assert query(settings, "SELECT source_id, platform, title FROM sources") == [
        ("garden-club", "jsonl", "Garden Club")
    ]
    assert query(
        settings,
        """
        SELECT m.kind, m.text, a.text, strftime(m.sent_at, '%H:%M'), m.thread_id = m.reply_to, m.native_id
        FROM messages m LEFT JOIN messages a ON a.message_id = m.reply_to ORDER BY m.position
        """,
    ) == [
        ("text", "who brings the seeds?", None, "12:00", None, "m0"),
        ("text", "I do, @Ana Lima", "who brings the seeds?", "12:01", True, "m1"),
        ("media", "", None, "12:02", None, "m2"),
    ]
    assert query(settings, "SELECT emoji, author_id IS NULL, people FROM reactions ORDER BY people") == [
        ("👍", False, 1),
        ("🌱", True, 3),
    ]
    named = "SELECT raw_name FROM mentions JOIN private.author_names USING (author_id)"
    assert query(settings, named) == [("Ana Lima",)]
    assert query(settings, "SELECT file_name FROM message_attachments") == [("beds.jpg",)]


@pytest.mark.parametrize("order", list(itertools.permutations([FIRST, SECOND])))
def test_exports_in_any_order_end_with_the_newest_form(settings: Settings, order: tuple[tuple[Said, ...], ...]) -> None:
    for number, messages in enumerate(order):
        take_in(settings, f"export {number}", *messages)
    shown = "SELECT kind, text, is_edited, strftime(coalesce(edited_at, deleted_at), '%H:%M') FROM messages ORDER BY sent_at"
    assert query(settings, shown) == [
        ("text", "hello", False, None),
        ("text", "we meet at one", True, "13:00"),
        ("deleted", "", False, "13:05"),
        ("text", "fine", False, None),
    ]


def test_what_a_message_said_before_is_kept_in_private(settings: Settings) -> None:
    take_in(settings, "first", *FIRST)
    ids = query(settings, "SELECT message_id FROM messages ORDER BY sent_at")
    outcome = take_in(settings, "second", *SECOND)
    assert (outcome.messages, outcome.added, outcome.known, outcome.updated) == (4, 1, 3, 2)
    assert query(settings, "SELECT message_id FROM messages ORDER BY sent_at")[:3] == ids
    before = "SELECT text FROM private.message_versions ORDER BY text"
    assert query(settings, before) == [("the password is swordfish",), ("we meet at noon",)]


VERSIONS = """
    SELECT m.native_id, v.text, strftime(v.edited_at, '%H:%M')
    FROM private.message_versions v JOIN messages m USING (message_id) ORDER BY ALL NULLS FIRST
"""
ROOM = "!garden:example.org"


def matrix_event(number: int, text: str, edits: int | None = None, minute: int | None = None) -> Said:
    """An event of Ana in the room, sent ``number`` minutes after noon; ``edits`` is the number of the one that it replaces."""
    content: Said = {"msgtype": "m.text", "body": text}
    if edits is not None:
        relation = {"rel_type": "m.replace", "event_id": f"${edits}"}
        content = {"msgtype": "m.text", "body": f"* {text}", "m.new_content": content, "m.relates_to": relation}
    return {
        "type": "m.room.message",
        "room_id": ROOM,
        "sender": "@ana:example.org",
        "event_id": f"${number}",
        "origin_server_ts": 1710331200000 + 60_000 * (number if minute is None else minute),
        "content": content,
    }


def take_in_room(settings: Settings, name: str, *events: Said) -> ExportOutcome:
    (settings.inbox / f"{name}.json").write_text(json.dumps(list(events)))
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
        assert verify.nothing_vanished(connection, settings).passed
    return outcome


EDITED = (matrix_event(1, "first"), matrix_event(2, "second", edits=1), matrix_event(3, "third", edits=1))


def test_edits_inside_one_export_keep_what_the_message_said_before(settings: Settings) -> None:
    take_in_room(settings, "room", *EDITED)
    assert query(settings, "SELECT text, strftime(edited_at, '%H:%M') FROM messages") == [("third", "12:03")]
    assert query(settings, VERSIONS) == [("$1", "first", None), ("$1", "second", "12:02")]


@orders(3)
def test_what_was_said_before_is_kept_once_in_any_order_of_exports(settings: Settings, order: tuple[int, ...]) -> None:
    for number in order:
        take_in_room(settings, f"room {number}", *EDITED[: number + 1])
    take_in_room(settings, "room once more", *EDITED, matrix_event(9, "goodbye"))
    assert query(settings, VERSIONS) == [("$1", "first", None), ("$1", "second", "12:02")]
    with open_warehouse(settings) as connection:
        before = [rows(connection, f"FROM {table} ORDER BY ALL") for table in ("messages", "private.message_versions")]
        ingest(connection, settings, reread=True)
        assert before == [
            rows(connection, f"FROM {table} ORDER BY ALL") for table in ("messages", "private.message_versions")
        ]


def test_forms_of_a_message_that_stands_several_times_in_an_export_are_kept(settings: Settings) -> None:
    later = said(0, "hello again", edited_at="2024-03-13T12:30:00Z")
    take_in(settings, "twice", said(0), later, said(0), said(1))
    assert query(settings, VERSIONS) == [("m0", "hello", None)]


def test_a_message_that_the_platform_deleted_keeps_none_of_its_edits(settings: Settings) -> None:
    redaction = {**matrix_event(5, ""), "type": "m.room.redaction", "redacts": "$1", "content": {}}
    take_in_room(settings, "room", *EDITED, redaction)
    assert query(settings, "SELECT kind, text FROM messages") == [("deleted", "")]
    assert query(settings, "FROM private.message_versions") == []


def test_earlier_words_leave_no_byte_in_what_is_derived_and_published(settings: Settings) -> None:
    take_in_room(settings, "room", matrix_event(1, "swordfish"), matrix_event(2, "harmless", edits=1))
    assert query(settings, VERSIONS) == [("$1", "swordfish", None)], "the search below would see nothing"
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"harmless" in published_bytes(settings)
    assert b"swordfish" not in published_bytes(settings)


@pytest.mark.parametrize("late", [False, True])
def test_an_opt_out_that_was_edited_away_inside_one_export_still_counts(settings: Settings, late: bool) -> None:
    """Also where the words come with an older export, after everything else has been looked at."""
    changed = matrix_event(2, "/egregora opt-out"), matrix_event(3, "never mind", edits=2)
    if late:
        take_in_room(settings, "new", matrix_event(1, "swordfish"), *changed[1:])
        with open_warehouse(settings) as connection:
            publish(connection, settings)
        take_in_room(settings, "old", changed[0])
    else:
        take_in_room(settings, "room", matrix_event(1, "swordfish"), *changed)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_command_that_was_deleted_by_somebody_else_is_that_of_its_author(
    settings: Settings, order: tuple[int, int]
) -> None:
    """Slack gives what is left of a message to its bot; both exports may wait when they are taken in."""
    exports = (
        (said(0, "swordfish"), said(1, "/egregora opt-out")),
        (said(1, "", "u3", deleted_at="2024-03-13T13:05:00Z"), said(2, "fine", "u2")),
    )
    for place, number in enumerate(order):
        put(settings, f"{place}", *exports[number])
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)
    assert query(settings, "SELECT DISTINCT author_id FROM messages WHERE native_id IN ('m0', 'm1')") == query(
        settings, "SELECT author_id FROM private.author_names WHERE raw_name = 'Ana Lima'"
    )


def test_words_of_who_has_opted_out_do_not_come_back_under_another_author(settings: Settings) -> None:
    """Platforms show the messages of a deleted account as those of nobody in particular."""
    take_in(settings, "first", said(0, "swordfish"), said(1, "/egregora opt-out"), said(2, "fine", "u2"))
    take_in(settings, "second", said(0, "swordfish", "u3"), said(1, "/egregora opt-out", "u3"), said(3, "so", "u2"))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)


def test_a_deleted_text_leaves_no_byte_in_what_is_derived_and_published(settings: Settings) -> None:
    take_in(settings, "first", *FIRST)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert b"swordfish" in published_bytes(settings), "the search below would see nothing"
    take_in(settings, "second", *SECOND)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)


def test_the_text_of_the_export_that_goes_on_for_longer_wins_where_no_edit_is_told(settings: Settings) -> None:
    take_in(settings, "b", said(0, "new words"), said(5))
    take_in(settings, "a", said(0, "old words"), said(3))
    assert query(settings, "SELECT text FROM messages WHERE native_id = 'm0'") == [("new words",)]
    take_in(settings, "c", said(0, "newest words"), said(6))
    assert query(settings, "SELECT text FROM messages WHERE native_id = 'm0'") == [("newest words",)]


def test_reactions_follow_the_newest_export(settings: Settings) -> None:
    take_in(settings, "first", said(0, reactions=[{"emoji": "👍", "author": "u2"}]), said(1))
    take_in(settings, "second", said(0, reactions=[{"emoji": "🎉", "author": "u2"}]), said(2))
    take_in(settings, "earlier", said(0, reactions=[]))
    assert query(settings, "SELECT emoji FROM reactions") == [("🎉",)]
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    take_in(settings, "third", said(0), said(3))
    with open_warehouse(settings) as connection:
        assert not publish(connection, settings).rebuilt
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "FROM reactions") == []


def test_an_export_in_which_nothing_is_new_changes_no_table(settings: Settings) -> None:
    take_in(settings, "first", *SECOND)
    tables = ("messages", "reactions", "mentions", "private.message_versions", "tombstones", "private.author_names")
    before = {table: query(settings, f"FROM {table} ORDER BY ALL") for table in tables}
    outcome = take_in(settings, "second", *reversed(SECOND))
    assert (outcome.added, outcome.known, outcome.updated) == (0, 4, 0)
    assert {table: query(settings, f"FROM {table} ORDER BY ALL") for table in tables} == before
    kept = state_of_home(settings)
    with open_warehouse(settings) as connection:
        assert ingest(connection, settings) == []
    assert state_of_home(settings) == kept


def test_several_chats_in_one_export_are_several_sources(settings: Settings) -> None:
    other = {"chat": "books", "chat_title": "Book Club"}
    outcome = take_in(
        settings,
        "all",
        *FIRST,
        *(said(number, "a book", author, **other) for number, author in enumerate(["u1", "u2", "u3"])),
    )
    assert (outcome.added, outcome.source_id) == (6, None)
    counted = "SELECT source_id, count(*) FROM messages GROUP BY ALL ORDER BY ALL"
    assert query(settings, counted) == [("book-club", 3), ("garden-club", 3)]
    assert query(settings, "SELECT count(DISTINCT message_id) FROM messages") == [(6,)], "m0 is another in each chat"
    with open_warehouse(settings) as connection:
        for check in (verify.unique_message_ids, verify.nothing_vanished, verify.times_in_order):
            assert check(connection, settings).passed


def test_a_chat_between_two_is_not_called_like_one_of_them(settings: Settings) -> None:
    take_in(
        settings,
        "talk",
        said(0, chat="u1-u2", chat_title="Rui Costa"),
        said(1, "hi", "u2", chat="u1-u2", chat_title="Rui Costa"),
    )
    ((source_id, title),) = query(settings, "SELECT source_id, title FROM sources")
    assert source_id == title
    assert source_id.startswith("chat-")


def test_a_message_that_stands_twice_in_an_export_is_one(settings: Settings) -> None:
    outcome = take_in(settings, "twice", said(0), said(1), said(0, "hello again", edited_at="2024-03-13T12:30:00Z"))
    assert (outcome.messages, outcome.added, outcome.known) == (3, 2, 1)
    assert query(settings, "SELECT text FROM messages ORDER BY sent_at") == [("hello again",), ("hello",)]


def test_names_of_all_platforms_are_hidden_in_texts_of_all(settings: Settings) -> None:
    take_in(settings, "first", *FIRST, said(5, "ask Priya Raman or Rui Costa"))
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert rows(connection, "SELECT text FROM clean_messages ORDER BY sent_at DESC LIMIT 1") == [
            ("ask [name] or [name]",)
        ]


@pytest.mark.parametrize("name", ["Priya Raman", "~priya raman"])
def test_the_opt_out_list_goes_by_display_name_on_every_platform(settings: Settings, name: str) -> None:
    take_in(settings, "first", *FIRST)
    listed = with_privacy(settings, opt_out=(name,))
    with open_warehouse(settings) as connection:
        publish(connection, listed)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(listed)


def test_an_opt_out_command_counts_on_every_platform(settings: Settings) -> None:
    take_in(settings, "first", *FIRST, said(9, "/egregora opt-out", "u3"))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert "swordfish" not in derived_texts(connection)
    assert b"swordfish" not in published_bytes(settings)


def test_a_line_that_is_no_message_is_quarantined_and_the_rest_is_read(settings: Settings) -> None:
    (settings.inbox / "broken.jsonl").write_text(f"{json.dumps(said(0))}\nnonsense\n{json.dumps(said(1))}\n")
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
        assert (outcome.messages, outcome.quarantined) == (2, 1)
        ((offset, raw),) = rows(connection, "SELECT byte_offset, raw FROM quarantine")
        assert (offset, raw) == (len(json.dumps(said(0))) + 1, b"nonsense\n")
        assert verify.nothing_vanished(connection, settings).passed


def test_wall_clocks_are_read_in_the_zone_of_the_source(settings: Settings) -> None:
    lisbon = settings.model_copy(update={"timezone": "Europe/Lisbon"})
    put(settings, "clock", {**said(0), "timestamp": "2024-07-01T12:00:00"}, said(1, timestamp="2024-07-01T12:00:00Z"))
    with open_warehouse(lisbon) as connection:
        ingest(connection, lisbon)
        shown = rows(
            connection,
            "SELECT strftime(local_time, '%H:%M'), strftime(sent_at, '%H:%M') FROM messages ORDER BY position",
        )
    assert shown == [("12:00", "11:00"), ("13:00", "12:00")]


@pytest.mark.parametrize(
    ("timestamp", "told"),
    [
        ("2024-07-01T12:00:00", "no time zone is set for 3 chats: taking this machine's, Europe/Lisbon"),
        (
            "2024-07-01T12:00:00Z",
            "no time zone is set for 3 chats: days and local times are shown in this machine's, Europe/Lisbon",
        ),
    ],
)
def test_the_machines_time_zone_is_told_once_for_all_chats_of_an_export(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, timestamp: str, told: str
) -> None:
    unset = settings.model_copy(update={"timezone": None})
    monkeypatch.setattr(sources, "machine_zone", lambda: "Europe/Lisbon")
    put(unset, "all", *({**said(0), "timestamp": timestamp, "chat": chat, "chat_title": chat} for chat in "abc"))
    with caplog.at_level("INFO"), open_warehouse(unset) as connection:
        ingest(connection, unset)
        ingest(connection, unset, reread=True)
    assert [message for message in caplog.messages if "zone" in message] == [told]


def test_without_ids_a_time_finer_than_a_second_finds_what_was_deleted(settings: Settings) -> None:
    """Messenger has no ids: an unsent message comes again at its millisecond, without its words."""
    first = [
        {**said(number, text), "timestamp": 1710331200123 + number} for number, text in enumerate(["a", "swordfish"])
    ]
    without_ids = [{name: value for name, value in message.items() if name != "id"} for message in first]
    take_in(settings, "first", *without_ids)
    outcome = take_in(settings, "second", without_ids[0], {**without_ids[1], "text": "", "kind": "deleted"}, said(9))
    assert (outcome.added, outcome.updated) == (1, 1)
    assert query(settings, "SELECT kind, text FROM messages ORDER BY sent_at") == [
        ("text", "a"),
        ("deleted", ""),
        ("text", "hello"),
    ]


def test_messages_that_are_missing_from_the_table_are_noticed(settings: Settings) -> None:
    take_in(settings, "first", *FIRST)
    with open_warehouse(settings) as connection:
        assert verify.nothing_vanished(connection, settings).passed
        ingest(connection, settings, reread=True)
        assert verify.nothing_vanished(connection, settings).passed
        connection.execute("DELETE FROM messages WHERE native_id = 'm1'")
        verdict = verify.nothing_vanished(connection, settings)
    assert (verdict.passed, verdict.figures["missing"]) == (False, 1)


@pytest.mark.parametrize(
    ("statement", "whole", "lossy"),
    [
        ("_INSERT_NEW", "ANTI JOIN messages m USING (message_id)", "{} WHERE position <> 1"),
        ("_KNOWN", "FROM incoming", "FROM (FROM incoming WHERE position <> 0)"),
    ],
)
def test_a_message_that_is_lost_on_the_way_is_noticed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, statement: str, whole: str, lossy: str
) -> None:
    take_in(settings, "first", *FIRST)
    sql = getattr(merge_records, statement)
    assert whole in sql
    monkeypatch.setattr(merge_records, statement, sql.replace(whole, lossy.format(whole)))
    take_in(settings, "second", *SECOND[:1], said(4), said(5))
    with open_warehouse(settings) as connection:
        verdict = verify.nothing_vanished(connection, settings)
    assert (verdict.passed, verdict.figures["exports"]) == (False, 1)


def test_a_record_that_no_message_comes_of_is_noticed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = merge_records._one_for_each_message

    def lossy(identified: str) -> str:
        return f"SELECT * FROM ({whole(identified)}) WHERE position <> 1"

    monkeypatch.setattr(merge_records, "_one_for_each_message", lossy)
    take_in(settings, "first", *FIRST, said(0))
    with open_warehouse(settings) as connection:
        assert not verify.nothing_vanished(connection, settings).passed


def test_words_given_as_a_reaction_are_not_published(settings: Settings) -> None:
    given = [
        {"emoji": "👍", "author": "u2"},
        {"emoji": "Rui Costa rui@example.com", "author": "u3"},
        {"emoji": "🎉", "author": "u3"},
    ]
    take_in(settings, "first", said(0, reactions=given), said(1, "hi", "u2"), said(2, "/egregora opt-out", "u3"))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "SELECT emoji, people FROM reactions") == [("👍", 1)]
    assert b"rui@example.com" not in published_bytes(settings)


def test_a_title_that_names_somebody_in_another_chat_of_the_export_is_not_shown(settings: Settings) -> None:
    wedding = {"chat": "w", "chat_title": "Priyanka Wedding"}
    guests = [said(number, "hello", author, **wedding) for number, author in enumerate(["u1", "u2", "u3"])]
    take_in(
        settings,
        "all",
        *guests,
        {**said(9, chat="p", chat_title="Priyanka Zed"), "author": "u9", "author_name": "Priyanka Zed"},
    )
    assert "priyanka" not in str(query(settings, "SELECT source_id, title FROM sources")).lower()


@pytest.mark.parametrize(
    ("author", "is_hidden"), [("zenobia.quark", True), ("U0BMQB6JE", False), ("555555555555555555", False)]
)
def test_people_without_a_name_go_by_ids_that_one_could_say(settings: Settings, author: str, is_hidden: bool) -> None:
    first = {**said(0, "swordfish"), "author": author}
    del first["author_name"]
    take_in(settings, "first", first, said(1, f"ask {author}", "u2"))
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        assert rows(connection, "SELECT contains(text, '[name]') FROM clean_messages WHERE text LIKE 'ask%'") == [
            (is_hidden,)
        ]
        if is_hidden:
            gate.refresh(connection, with_privacy(settings, opt_out=(author,)))
            assert "swordfish" not in derived_texts(connection)


def test_a_message_whose_author_turns_out_to_be_another_follows_that_authors_opt_out(settings: Settings) -> None:
    take_in(settings, "a", said(0, "hello"), said(2, "/egregora opt-out", "u3"))
    take_in(settings, "b", said(0, "swordfish", "u3", edited_at="2024-03-13T12:30:00Z"), said(5))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert b"swordfish" not in published_bytes(settings)


def test_reactions_of_messages_that_only_an_older_export_has_are_kept(settings: Settings) -> None:
    take_in(settings, "later", said(5))
    take_in(settings, "earlier", said(0, reactions=[{"emoji": "👍", "author": "u2"}]))
    assert query(settings, "SELECT emoji FROM reactions") == [("👍",)]


def test_of_two_exports_that_end_alike_the_same_one_wins_each_time(settings: Settings) -> None:
    take_in(settings, "a", said(0, "one way"))
    take_in(settings, "b", said(0, "another way"))
    with open_warehouse(settings) as connection:
        ingest(connection, settings, reread=True)
        before = rows(connection, "SELECT text, (SELECT count(*) FROM private.message_versions) FROM messages")
        ingest(connection, settings, reread=True)
        assert rows(connection, "SELECT text, (SELECT count(*) FROM private.message_versions) FROM messages") == before


def test_ids_that_differ_in_case_or_punctuation_are_two_people(settings: Settings) -> None:
    alike = ["UaB", "uAb", "12-34567", "1234567"]
    take_in(settings, "first", *({**said(number), "author": author} for number, author in enumerate(alike)))
    assert query(settings, "SELECT count(DISTINCT author_id) FROM messages") == [(4,)]


def test_an_opt_out_that_was_edited_away_still_counts(settings: Settings) -> None:
    take_in(settings, "first", said(0, "swordfish", "u3"), said(1, "/egregora opt-out", "u3"))
    take_in(settings, "second", said(1, "", "u3", deleted_at="2024-03-13T12:40:00Z"), said(2))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    assert b"swordfish" not in published_bytes(settings)


def test_the_media_of_a_deleted_message_are_not_shown_with_it(settings: Settings) -> None:
    picture = said(0, "", attachments=["beds.jpg"])
    with zipfile.ZipFile(settings.inbox / "first.zip", "w") as archive:
        archive.writestr("chat.jsonl", json.dumps({**picture, "kind": "media"}))
        archive.writestr("beds.jpg", jpeg())
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        publish(connection, settings)
    with open_snapshot(settings) as snapshot:
        assert len(rows(snapshot, "FROM message_media")) == 1
    take_in(settings, "second", {**picture, "attachments": [], "deleted_at": "2024-03-13T12:30:00Z"}, said(1))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "FROM message_media") == []
    assert list(settings.published_media.glob("*/*")) == []


@pytest.mark.slow
def test_names_without_end_do_not_keep_anybody_from_publishing(settings: Settings) -> None:
    people = [
        {
            **said(number % 60, f"hello {number}"),
            "id": f"x{number}",
            "author": f"u{number}",
            "author_name": chr(233 + number) * 1000,
        }
        for number in range(400)
    ]
    take_in(settings, "long", *people, said(1, "hello"))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "SELECT count(*) FROM messages") == [(401,)]
