"""Messenger and Instagram: texts are put right, messages come oldest first, and each export belongs to one platform."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats.messenger import FORMAT, INSTAGRAM, MetaMessages
from egregora_assets.chat.formats.records import KINDS, Reaction, Reading, Record
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import LimitSettings, Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip
from tests.properties import dear

START = 1_600_000_000_000
INBOX = "your_facebook_activity/messages/inbox/garden_123"


def mangled(text: str) -> str:
    """Return the text as Meta writes it: each byte of its UTF-8 as a character."""
    return text.encode().decode("latin-1")


def message(number: int = 0, sender: str = "Ana Silva", **fields: Any) -> dict[str, Any]:
    return {"sender_name": mangled(sender), "timestamp_ms": START + number * 1000} | fields


def thread(*messages: Any, **fields: Any) -> str:
    """Return a thread's file with its messages given oldest first."""
    people = [{"name": "Ana Silva"}, {"name": mangled("José Núñez")}]
    head = {"participants": people, "messages": list(messages)[::-1], "title": mangled("Jardín 🌱")}
    return json.dumps(head | {"thread_path": "inbox/garden_123", "magic_words": []} | fields)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def read_thread(tmp_path: Path, *messages: Any) -> list[Record]:
    return read(FORMAT, write_zip(tmp_path / "facebook.zip", {f"{INBOX}/message_1.json": thread(*messages)}))[0]


def test_a_thread_is_read_oldest_first_with_its_texts_put_right(tmp_path: Path) -> None:
    hello = message(0, "José Núñez", content=mangled("olá ❤️\nany news?"))
    answer = message(
        1, content=mangled("sí 👍"), reactions=[{"reaction": mangled("😆"), "actor": mangled("José Núñez")}]
    )
    records, reading = read(FORMAT, write(tmp_path / "message_1.json", thread(hello, answer)))
    assert [(record.author, record.text, record.kind) for record in records] == [
        ("José Núñez", "olá ❤️\nany news?", "text"),
        ("Ana Silva", "sí 👍", "text"),
    ]
    assert [record.sent_at for record in records] == [
        datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC),
        datetime(2020, 9, 13, 12, 26, 41, tzinfo=UTC),
    ]
    assert records[1].reactions == (Reaction("😆", "José Núñez"),)
    assert reading.chats == {"garden_123": "Jardín 🌱"}
    assert reading.people == {"José Núñez": ["José Núñez"], "Ana Silva": ["Ana Silva"]}


@pytest.mark.parametrize("text", ["café", "naïve ❤", "plain", "Ã", "日本語", "Ü–Ö", "a\u0301", "© 2020", "é Ã©"])
def test_a_correct_text_is_never_changed(tmp_path: Path, text: str) -> None:
    assert [record.text for record in read_thread(tmp_path, message(content=text))] == [text]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).map(str.strip))
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_mangled_text_comes_back(tmp_path: Path, text: str) -> None:
    (record,) = read_thread(tmp_path, message(content=f"<{mangled(text)}>"))
    assert record.text == f"<{text}>"


def test_a_long_thread_is_read_from_its_last_file_to_its_first(tmp_path: Path) -> None:
    parts = {
        f"{INBOX}/message_{number}.json": thread(*(message(place, content=str(place)) for place in places))
        for number, places in ((1, range(30, 40)), (2, range(20, 30)), (10, range(10)), (9, range(10, 20)))
    }
    records, _ = read(FORMAT, write_zip(tmp_path / "facebook.zip", parts | {f"{INBOX}/photos/1.jpg": b"x"}))
    assert [int(record.text) for record in records] == list(range(40))


def test_messages_of_one_moment_keep_the_order_in_which_they_were_sent(tmp_path: Path) -> None:
    texts = ["a", "b", "c"]
    assert [record.text for record in read_thread(tmp_path, *(message(content=text) for text in texts))] == texts
    encrypted = {"participants": ["A", "B"], "threadName": "B_1", "messages": []}
    encrypted["messages"] = [
        {"senderName": "A", "timestamp": START + moment, "text": text, "type": "text", "media": [], "isUnsent": False}
        for moment, text in ((0, "a"), (1, "b"), (1, "c"), (2, "d"))
    ]
    records, _ = read(FORMAT, write(tmp_path / "B_1.json", json.dumps(encrypted)))
    assert [record.text for record in records] == ["a", "b", "c", "d"]


def test_threads_of_a_folder_do_not_mix(tmp_path: Path) -> None:
    for name in ("ana_1", "bob_2"):
        (tmp_path / "out" / "messages" / "inbox" / name).mkdir(parents=True)
        text = thread(message(0, content=name), message(1, content=name), thread_path=f"inbox/{name}", title=name)
        write(tmp_path / "out" / "messages" / "inbox" / name / "message_1.json", text)
    records, reading = read(FORMAT, tmp_path / "out")
    assert [(record.chat, record.text) for record in records] == [("ana_1", "ana_1")] * 2 + [("bob_2", "bob_2")] * 2
    assert reading.chats == {"ana_1": "ana_1", "bob_2": "bob_2"}


PHOTO = {"uri": f"{INBOX}/photos/1.jpg", "creation_timestamp": 1}


@pytest.mark.parametrize(
    ("fields", "kind", "text", "attachments"),
    [
        ({"photos": [PHOTO, {"uri": f"{INBOX}/photos/2.jpg"}], "content": "look"}, "media", "look", ("1.jpg", "2.jpg")),
        ({"videos": [{"uri": "m/v.mp4", "thumbnail": {"uri": "m/t.jpg"}}]}, "media", "", ("v.mp4",)),
        ({"audio_files": [{"uri": "m/a.mp4"}]}, "media", "", ("a.mp4",)),
        ({"files": [{"uri": "m/plan.pdf"}], "content": "Ana sent an attachment."}, "media", "", ("plan.pdf",)),
        ({"gifs": [{"uri": "https://media.example/x.gif"}]}, "media", "https://media.example/x.gif", ()),
        ({"sticker": {"uri": "messages/stickers_used/9.png"}}, "sticker", "", ("9.png",)),
        ({"content": "Ana Silva sent an attachment."}, "media", "", ()),
        ({"share": {"link": "https://a.example"}, "content": "see this"}, "text", "see this\nhttps://a.example", ()),
        (
            {"share": {"link": "https://a.example"}, "content": "at https://a.example"},
            "text",
            "at https://a.example",
            (),
        ),
        ({"share": {"link": "https://a.example"}, "content": "You sent a link."}, "text", "https://a.example", ()),
        ({"share": {"link": "u", "share_text": "x", "original_content_owner": "y"}}, "text", "u", ()),
        (
            {"share": {"share_text": "Last updated 8 May"}, "content": "Ana sent a live location."},
            "location",
            "Ana sent a live location.\nLast updated 8 May",
            (),
        ),
        ({"share": {"link": "https://maps.google.com/?q=1,2"}}, "location", "https://maps.google.com/?q=1,2", ()),
        ({"type": "Call", "call_duration": 60, "content": "Ana called you."}, "call", "Ana called you.", ()),
        ({"call_duration": 0, "missed": True}, "call", "", ()),
        ({"content": "Ana started a video chat"}, "call", "Ana started a video chat", ()),
        ({"content": "Audio call ended"}, "call", "Audio call ended", ()),
        ({"content": "Ana named the group Garden."}, "system", "Ana named the group Garden.", ()),
        ({"content": "You named the group Garden."}, "system", "You named the group Garden.", ()),
        ({"content": "Ana Silva changed the group photo."}, "system", "Ana Silva changed the group photo.", ()),
        (
            {"content": "Ana set the nickname for José to Pepe."},
            "system",
            "Ana set the nickname for José to Pepe.",
            (),
        ),
        ({"content": "You are now connected on Messenger."}, "system", "You are now connected on Messenger.", ()),
        ({"content": mangled("Reacted ❤ to your message ")}, "system", "Reacted ❤ to your message", ()),
        ({"content": mangled("Ana reacted 😂 to your message")}, "system", "Ana reacted 😂 to your message", ()),
        ({"content": "Liked a message"}, "system", "Liked a message", ()),
        (
            {"type": "Subscribe", "users": [{"name": "Eva"}, {"name": "Bob"}]},
            "system",
            "Ana Silva added Eva, Bob to the group.",
            (),
        ),
        ({"type": "Unsubscribe", "users": [{"name": "Ana Silva"}]}, "system", "Ana Silva left the group.", ()),
        ({"type": "Unsubscribe", "users": [{"name": "Eva"}], "content": "bye"}, "system", "bye", ()),
        ({"content": "Ana created a poll: Where?"}, "poll", "Ana created a poll: Where?", ()),
        (
            {
                "poll": {
                    "question": "Where?",
                    "options": [{"text": "Here", "voters": [{"name": "Eva"}]}, {"option": "There"}],
                }
            },
            "poll",
            "Where?\nHere (1)\nThere",
            (),
        ),
        ({"is_unsent": True, "content": "oops"}, "deleted", "", ()),
        ({"content": "Ana Silva unsent a message"}, "deleted", "", ()),
        ({"content": "You unsent a message."}, "deleted", "", ()),
        ({"content": "Bia unsent a message"}, "text", "Bia unsent a message", ()),
        ({"is_geoblocked_for_viewer": False}, "deleted", "", ()),
        ({"content": "I named the group after you."}, "text", "I named the group after you.", ()),
        ({"content": "José left the group."}, "text", "José left the group.", ()),
        ({"content": "He liked a message of mine"}, "text", "He liked a message of mine", ()),
        ({"bumped_message_metadata": {"bumped_message": "again", "is_bumped": True}}, "text", "", ()),
        ({"content": "You set the table.", "type": "Generic"}, "text", "You set the table.", ()),
        ({"event_of_tomorrow": {"title": "x"}}, "media", "", ()),
    ],
)
def test_what_a_message_holds_tells_its_kind(
    tmp_path: Path, fields: dict[str, Any], kind: str, text: str, attachments: tuple[str, ...]
) -> None:
    (record,) = read_thread(tmp_path, message(**fields))
    assert (record.kind, record.text, record.attachments) == (kind, text, attachments)
    assert record.author == "Ana Silva"


@pytest.mark.parametrize(
    ("fields", "text", "quote"),
    [
        ({"share": {"share_text": "a post"}}, "", "a post"),
        ({"share": {"share_text": "a post", "link": "u"}, "content": "see"}, "see\nu", "a post"),
        ({"share": {"share_text": "my words"}, "content": "in my words"}, "in my words", ""),
        ({"bumped_message_metadata": {"bumped_message": "old", "is_bumped": True}}, "", "old"),
        ({"bumped_message_metadata": {"bumped_message": "new", "is_bumped": False}, "content": "new"}, "new", ""),
        ({"is_unsent": True, "share": {"share_text": "a post"}}, "", ""),
    ],
)
def test_words_of_others_that_meta_repeats_are_quoted_and_never_the_text_of_the_sender(
    tmp_path: Path, fields: dict[str, Any], text: str, quote: str
) -> None:
    (record,) = read_thread(tmp_path, message(**fields))
    assert (record.text, record.quote) == (text, quote)


def test_a_thread_without_a_name_is_the_same_chat_in_a_numbered_copy(tmp_path: Path) -> None:
    stray = json.dumps({"participants": ["Ana"], "messages": [{"senderName": "Ana", "timestamp": START, "text": "hi"}]})
    names = ("Ana_12.json", "Ana_12 (2).json")
    chats = {record.chat for name in names for record in read(FORMAT, write(tmp_path / name, stray))[0]}
    assert chats == {"Ana_12"}


def test_mentions_are_whole_names_after_an_at_sign(tmp_path: Path) -> None:
    text = mangled("hi @José Núñez, @Ana Silvana and @Ana Silva!")
    (record,) = read_thread(tmp_path, message(content=text))
    assert record.mentions == ("José Núñez", "Ana Silva")


def test_encrypted_chats_have_the_same_meaning_under_other_names(tmp_path: Path) -> None:
    base = {"isUnsent": False, "media": [], "reactions": [], "senderName": "Ana", "text": "", "type": "text"}
    messages = [
        base | {"text": "olá ❤", "reactions": [{"actor": "Bob", "reaction": "😆"}]},
        base | {"type": "media", "media": [{"uri": "./media/5f.jpeg"}]},
        base | {"type": "media", "media": [{"uri": "Failed to download media"}]},
        base | {"isUnsent": True, "text": "secret"},
        base | {"type": "placeholder"},
        base | {"type": "link", "text": "https://a.example"},
        base | {"senderName": "Bob", "text": "bye"},
    ]
    timed = [part | {"timestamp": START + number} for number, part in enumerate(messages)]
    document = {"participants": ["Ana", "Bob"], "threadName": "Bob_12", "messages": timed[::-1]}
    members = {"Bob_12.json": json.dumps(document), "media/5f.jpeg": b"x"}
    records, reading = read(FORMAT, write_zip(tmp_path / "messages.zip", members))
    assert [(record.kind, record.text) for record in records] == [
        ("text", "olá ❤"),
        ("media", ""),
        ("media", ""),
        ("deleted", ""),
        ("deleted", ""),
        ("text", "https://a.example"),
        ("text", "bye"),
    ]
    assert records[0].reactions == (Reaction("😆", "Bob"),)
    assert [record.attachments for record in records[1:3]] == [("5f.jpeg",), ()]
    assert records[0].sent_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert reading.chats == {"Bob_12": "Bob"}


def test_seconds_of_the_first_exports_are_the_same_moment(tmp_path: Path) -> None:
    old = {"sender_name": "Ana", "timestamp": START // 1000, "content": "hi", "type": "Generic"}
    (record,) = read_thread(tmp_path, old)
    assert record.sent_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


SHARED_POST = {"content": "Liked a message", "share": {"link": "https://x.org", "original_content_owner": "eva"}}


@pytest.mark.parametrize(
    ("name", "member", "fields", "platform"),
    [
        ("a.zip", "your_instagram_activity/messages/inbox/ana_1/message_1.json", {}, INSTAGRAM),
        ("a.zip", "your_facebook_activity/messages/inbox/ana_1/message_1.json", {}, FORMAT),
        ("instagram.zip", "your_facebook_activity/messages/inbox/ana_1/message_1.json", {}, FORMAT),
        ("a.zip", "messages/inbox/ana_1/message_1.json", {"share": {"original_content_owner": "eva"}}, INSTAGRAM),
        ("a.zip", "messages/inbox/a/message_1.json", {"photos": [{"uri": "your_instagram_activity/p.jpg"}]}, INSTAGRAM),
        ("instagram-ana.zip", "messages/inbox/a/message_1.json", {"sticker": {"uri": "m/stickers_used/1.png"}}, FORMAT),
        ("instagram-ana.zip", "messages/inbox/ana_1/message_1.json", {}, INSTAGRAM),
        ("a.zip", "messages/inbox/ana_1/message_1.json", {}, FORMAT),
        ("instagram.zip", "your_activity_across_facebook/messages/inbox/ana_1/message_1.json", SHARED_POST, FORMAT),
        ("a.zip", "your_facebook_activity/messages/inbox/ana_1/message_1.json", SHARED_POST, FORMAT),
        ("a.zip", "facebook-ana-2024-01-02/messages/inbox/ana_1/message_1.json", SHARED_POST, FORMAT),
        ("a.zip", "instagram-ana-2024-01-02/messages/inbox/ana_1/message_1.json", {}, INSTAGRAM),
        ("a.zip", "messages/inbox/instagram-1/message_1.json", {}, FORMAT),
        ("facebook.zip", "messages/inbox/ana_1/message_1.json", SHARED_POST, FORMAT),
        ("a.zip", "messages/inbox/ana_1/message_1.json", {"content": "Liked a message"}, FORMAT),
        (
            "a.zip",
            "messages/archived_threads/ana_1/message_1.json",
            SHARED_POST | {"photos": [{"uri": "your_activity_across_facebook/p.jpg"}]},
            FORMAT,
        ),
    ],
)
def test_an_export_is_of_one_platform(
    tmp_path: Path, name: str, member: str, fields: dict[str, Any], platform: MetaMessages
) -> None:
    path = write_zip(tmp_path / name, {member: thread(message(**{"content": "x"} | fields)), "readme.txt": "x"})
    assert {known.platform for known in (FORMAT, INSTAGRAM) if recognises(known, path)} == {platform.platform}


@pytest.mark.parametrize("folder", ["", "your_activity_across_facebook/", "your_instagram_activity/", "facebook-ana/"])
def test_a_thread_that_is_downloaded_again_is_not_doubled(settings: Settings, folder: str) -> None:
    old = [message(number, content=f"text {number}") for number in range(3)]
    if not folder:
        old[0]["photos"] = [{"uri": "your_instagram_activity/messages/inbox/g_1/photos/1.jpg"}]
    new = [*old, message(3, content="Liked a message"), message(4, **SHARED_POST)]
    for name, messages in (("one.zip", old), ("two.zip", new)):
        write_zip(settings.inbox / name, {f"{folder}messages/inbox/g_1/message_1.json": thread(*messages), "a.txt": ""})
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        assert rows(connection, "SELECT count(*) FROM sources") == [(1,)]
        assert rows(connection, "SELECT count(*) FROM messages") == [(5,)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"messages": []}',
        '{"messages": [{"id": 1, "from": "Ana", "date": "2020-01-01T00:00:00", "text": "x"}]}',
        '{"participants": [], "messages": [{"author": {"id": "1"}, "content": "x", "timestamp": "2020-01-01"}]}',
        '{"messages": "sender_name timestamp_ms"}',
        '[{"sender_name": "Ana", "timestamp_ms": 1}]',
        "13/03/2024, 09:00 - Ana: hi\n",
        '{"messages": [{"sender_name": "Ana"',
    ],
)
def test_other_files_are_not_claimed(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "instagram message_1.json", text)
    assert not recognises(FORMAT, path)
    assert not recognises(INSTAGRAM, path)


def test_web_pages_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "instagram.zip", {"your_instagram_activity/messages/inbox/ana_1/message_1.html": "<html>"}
    )
    assert recognises(INSTAGRAM, path)
    with pytest.raises(ExportUnreadable, match="format JSON"):
        read(INSTAGRAM, path)


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    whole = thread(*(message(number, content=f"text {number}") for number in range(10)))
    cut = whole[: whole.index('"text 3"')]
    records, reading = read(FORMAT, write(tmp_path / "message_1.json", cut))
    assert [record.text for record in records] == [f"text {number}" for number in range(4, 10)]
    assert len(reading.quarantined) == 1
    assert whole[reading.quarantined[0].byte_offset :].startswith('{"sender_name"')


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    members = {
        f"{INBOX}/message_1.json": thread(message(content="whole")),
        "your_facebook_activity/messages/inbox/bob_2/message_1.json": "{broken",
    }
    records, reading = read(FORMAT, write_zip(tmp_path / "facebook.zip", members))
    assert [record.text for record in records] == ["whole"]
    assert "bob_2/message_1.json: from here on" in reading.quarantined[0].reason


def test_an_export_without_any_readable_message_says_why(tmp_path: Path) -> None:
    path = write(tmp_path / "message_1.json", thread(message() | {"timestamp_ms": "yesterday"}))
    with pytest.raises(ExportUnreadable, match=r"no message that can be read .*possible time"):
        read(FORMAT, path)


@pytest.mark.parametrize("time", [None, "1", True, 10**30, -(10**30), 1e400, {}, [], 253402300800000, -62135596800001])
def test_impossible_times_are_refused_and_the_rest_is_read(tmp_path: Path, time: Any) -> None:
    texts = [message(0, content="a"), message() | {"timestamp_ms": time}, message(1, content="b")]
    path = write(tmp_path / "message_1.json", thread(*texts))
    records, reading = read(FORMAT, path)
    assert [record.text for record in records] == ["a", "b"]
    assert len(reading.quarantined) == 1


def test_half_a_surrogate_pair_does_not_stop_the_import(tmp_path: Path) -> None:
    records = read_thread(tmp_path, message(0, content="a \ud83d b\x00c"), message(1, content="🌱"))
    assert [record.text for record in records] == ["a \ufffd bc", "🌱"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["uri", "name", "link", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "sender_name timestamp_ms timestamp content type photos files gifs sticker share call_duration missed is_unsent reactions "
    "users poll media text senderName isUnsent bumped_message_metadata"
).split()


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON, max_size=6), JSON, JSON)
@dear(200, 60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_in_any_field_raises_and_no_message_is_lost(
    tmp_path: Path, strange: list[Any], title: Any, participants: Any
) -> None:
    messages = [
        part | {"timestamp_ms": START} if isinstance(part, dict) and len(part) % 2 else part for part in strange
    ]
    text = thread(message(content="last"), *messages, title=title, participants=participants, threadName=title)
    path = write(tmp_path / "message_1.json", text)
    reading = Reading()
    with open_export(path, LimitSettings()) as export:
        records = list(FORMAT.records(export, reading))
    assert len(records) + len(reading.quarantined) == len(messages) + 1
    assert all(record.kind in KINDS for record in records)
    assert {record.chat for record in records} <= set(reading.chats)


def test_a_very_large_file_is_read_in_order(tmp_path: Path) -> None:
    filler = "x" * 4000
    text = thread(*(message(number, content=f"{number} {filler}") for number in range(10_000)))
    records, _ = read(FORMAT, write(tmp_path / "message_1.json", text))
    assert [int(record.text.split()[0]) for record in records] == list(range(10_000))


@needs_shared
def test_the_thread_of_chat_analytics() -> None:
    folder = SHARED / "chat-analytics"
    (case,) = (case for case in json.loads((folder / "cases.json").read_text()) if case["id"] == "ca-messenger")
    records, reading = read(FORMAT, folder / case["file"])
    expected = case["expected"]
    assert len(records) == len(expected)
    for record, row in zip(records, expected, strict=True):
        assert record.author == row["author"]
        assert record.sent_at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=row["timestamp_ms"])
        assert record.kind == ("sticker" if row.get("media_type") == "sticker" else row["kind"])
        assert record.text == row.get("text", "")
    assert reading.chats == {"alice_aaaaaaaaaa": "Alice"}


@needs_shared
def test_the_thread_of_chat_miner() -> None:
    folder = SHARED / "chat-miner"
    (case,) = (case for case in json.loads((folder / "cases.json").read_text()) if case["id"] == "chatminer-instagram")
    records, _ = read(INSTAGRAM, folder / case["file"])
    assert sorted(
        (f"{record.sent_at:%Y-%m-%dT%H:%M:%S}", record.author, record.text, record.kind) for record in records
    ) == sorted((row["timestamp"], row["author"], row["text"], row["kind"]) for row in case["expected"])
