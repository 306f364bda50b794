"""What the reader of Telegram Desktop's exports promises: ids, times, texts, notices, reactions, and what damage costs."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats.records import Reaction, Reading, Record
from egregora_assets.chat.formats.telegram import FORMAT
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip
from tests.properties import dear

NOON = {"date": "2024-05-01T14:00:00", "date_unixtime": "1714564800"}
"""The clock of a machine in UTC+2, and the instant."""


def message(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": number, "type": "message", **NOON, "from": "Ada Quill", "from_id": "user11", "text": "hello",
    } | fields  # fmt: skip


def notice(action: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1, "type": "service", **NOON, "actor": "Ada Quill", "actor_id": "user11", "action": action,
        "text": "", "text_entities": [],
    } | fields  # fmt: skip


def chat(*messages: Any, **header: Any) -> dict[str, Any]:
    return {"name": "Garden", "type": "private_supergroup", "id": 77, **header, "messages": list(messages)}


def account(*chats: Any, left: tuple[Any, ...] = (), **sections: Any) -> dict[str, Any]:
    return {
        "about": "Here is the data", **sections,
        "chats": {"about": "Chats", "list": list(chats)}, "left_chats": {"about": "Left", "list": list(left)},
    }  # fmt: skip


def write(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "result.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1, ensure_ascii=False))
    return path


def read_document(tmp_path: Path, document: Any) -> tuple[list[Record], Reading]:
    return read(FORMAT, write(tmp_path, document))


def one(tmp_path: Path, *messages: Any) -> Record:
    """Return the record of the last message."""
    records, reading = read_document(tmp_path, chat(*messages))
    assert not reading.quarantined
    return records[-1]


def test_a_message_has_its_ids_its_instant_and_its_author(tmp_path: Path) -> None:
    records, reading = read_document(tmp_path, chat(message(5, reply_to_message_id=4)))
    record = records[0]
    assert (record.chat, record.native_id, record.author, record.reply_to) == ("channel77", "5", "user11", "4")
    assert record.sent_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (record.kind, record.text, record.is_edited, record.edited_at) == ("text", "hello", False, None)
    assert reading.chats == {"channel77": "Garden"}
    assert reading.people == {"user11": ["Ada Quill"]}


def test_the_place_of_a_message_is_its_first_byte(tmp_path: Path) -> None:
    path = write(tmp_path, chat(message(text="ä\u2028"), message(2)))
    records, _ = read(FORMAT, path)
    content = path.read_bytes()
    assert [json.JSONDecoder().raw_decode(content[r.byte_offset :].decode())[0]["id"] for r in records] == [1, 2]


@pytest.mark.parametrize(
    "place", ["result.json", "My chat.json", "ChatExport_2024-05-01/result.json", "in.zip", "in/chats/"]
)
def test_an_export_is_read_alone_in_an_archive_and_in_a_folder(tmp_path: Path, place: str) -> None:
    document = json.dumps(chat(message(photo="photos/photo_1@01-05-2024.jpg")))
    members: dict[str, str | bytes] = {
        "ChatExport/result.json": document,
        "ChatExport/photos/photo_1@01-05-2024.jpg": b"",
    }
    if place == "in.zip":
        path = write_zip(tmp_path / place, members)
    elif place.endswith("/"):
        path = tmp_path / "in"
        (path / "chats" / "photos").mkdir(parents=True)
        (path / "chats" / "result.json").write_text(document)
        (path / "chats" / "photos" / "photo_1@01-05-2024.jpg").write_bytes(b"")
    else:
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(document)
    records, _ = read(FORMAT, path)
    assert [record.attachments for record in records] == [("photo_1@01-05-2024.jpg",)]


def test_all_exports_in_one_archive_are_read_and_the_faults_of_one_do_not_end_the_others(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "ChatExport_1/result.json": json.dumps(chat(message(1)), indent=1)[:-200],
        "ChatExport_2/result.json": json.dumps(chat(message(1), id=78, name="Club")),
        "other/result.json": "[1, 2]",
    }
    records, reading = read(FORMAT, write_zip(tmp_path / "in.zip", members))
    assert [record.chat for record in records] == ["channel78"]
    assert len(reading.quarantined) == 1


def test_all_chats_of_an_account_are_kept_apart_also_those_without_messages_or_a_name(tmp_path: Path) -> None:
    nameless = {"type": "saved_messages", "id": 11, "messages": [message(1, text="note")]}
    document = account(
        chat(message(1)),
        chat(name="Empty", id=78),
        nameless,
        nameless | {"type": "replies", "id": 12, "messages": []},
        chat(message(1), name=None, type="personal_chat", id=13),
        chat(message(1), name="Club", type="private_group", id=14),
        left=(chat(message(1), name="Old club", type="public_channel", id=15),),
        personal_information={"user_id": 11, "first_name": "Ada", "last_name": "Quill", "username": "@adaq"},
        contacts={"about": "Contacts", "list": [{"first_name": "Z", "last_name": "", "phone_number": "1"}]},
    )
    records, reading = read_document(tmp_path, document)
    assert [record.chat for record in records] == ["channel77", "user11", "user13", "chat14", "channel15"]
    assert reading.chats["user11"] == "Saved Messages"
    assert (reading.chats["channel77"], reading.chats["chat14"], reading.chats["channel15"]) == (
        "Garden", "Club", "Old club",
    )  # fmt: skip


def test_chats_with_sorted_keys_are_kept_apart_too(tmp_path: Path) -> None:
    saved = {"type": "saved_messages", "id": 11, "messages": [message(1)]}
    document = account(chat(message(1)), saved, chat(message(1), id=78, name="Club"))
    records, reading = read_document(tmp_path, json.dumps(document, sort_keys=True))
    assert len({record.chat for record in records}) == 3
    assert sorted(reading.chats.values()) == ["Club", "Garden", "Saved Messages"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        (["a ", {"type": "bold", "text": "b"}, {"type": "italic", "text": "c"}], "a bc"),
        ([{"type": "link", "text": "https://example.org"}], "https://example.org"),
        ([{"type": "text_link", "text": "here", "href": "https://example.org/x"}], "here (https://example.org/x)"),
        ([{"type": "text_link", "text": "example.org", "href": "http://example.org/"}], "example.org"),
        ([{"type": "hashtag", "text": "#tea"}, " ", {"type": "hashtag", "text": "tea"}], "#tea #tea"),
        ([{"type": "pre", "text": "x = 1\n", "language": "py"}, {"type": "code", "text": "y"}], "x = 1\ny"),
        ([{"type": "custom_emoji", "text": "🦆", "document_id": "stickers/s.tgs"}], "🦆"),
        ([{"type": "spoiler", "text": "secret"}, {"type": "never heard of", "text": "!"}], "secret!"),
        ([{"type": "phone", "text": "+1 555"}, {"type": "bank_card", "text": "4000"}], "+1 5554000"),
        (["a", None, 5, {"type": ["bold"], "text": "b"}, {"text": {}}, {}], "ab"),
        (None, ""),
        ({"type": "plain", "text": "x"}, ""),
        ("half \ud83d", "half �"),
    ],
)
def test_a_text_is_what_a_reader_sees(tmp_path: Path, text: object, shown: str) -> None:
    document = json.dumps(chat(message(text=text)), ensure_ascii=True)
    records, _ = read_document(tmp_path, document)
    assert records[0].text == shown


def test_text_entities_stand_in_for_a_missing_text(tmp_path: Path) -> None:
    entities = [{"type": "plain", "text": "hello "}, {"type": "bold", "text": "you"}]
    without = message(text_entities=entities)
    del without["text"]
    assert one(tmp_path, without).text == "hello you"


def test_who_is_mentioned_is_told_by_id_and_by_every_name(tmp_path: Path) -> None:
    text = [
        {"type": "mention", "text": "@Bob_K"}, " and ", {"type": "mention", "text": "@adaq"}, " and ",
        {"type": "mention_name", "text": "Cy", "user_id": 33}, " and ", {"type": "mention_name", "text": "nobody"},
    ]  # fmt: skip
    owner = {"user_id": 11, "first_name": "Ada", "last_name": "Quill", "username": "@AdaQ"}
    later = message(2, **{"from": "Cyrus Vale", "from_id": "user33"})
    records, reading = read_document(tmp_path, account(chat(message(text=text), later), personal_information=owner))
    assert records[0].text == "@Bob_K and @adaq and @Cy and nobody"
    assert records[0].mentions == ("@bob_k", "user11", "user33")
    assert reading.people["@bob_k"] == ["Bob_K"]
    assert reading.people["user11"] == ["Ada Quill", "adaq"]
    assert reading.people["user33"] == ["Cyrus Vale", "Cy"]


def test_a_deleted_account_has_an_id_and_no_name(tmp_path: Path) -> None:
    records, reading = read_document(tmp_path, chat(message(**{"from": None, "from_id": "user9"})))
    assert records[0].author == "user9"
    assert reading.people["user9"] == []


def test_old_exports_give_the_same_ids_as_new_ones_and_a_wall_clock(tmp_path: Path) -> None:
    old = {"id": 1, "type": "message", "date": "2019-05-01T14:00:00", "from": "Ada Quill", "text": "hello"}
    for shown, kind, number, author in (
        ("user33", "personal_chat", (1 << 32) + 33, 11),
        ("channel77", "private_supergroup", (2 << 32) + 77, (1 << 32) + 11),
        ("user5000000000", "personal_chat", 5_000_000_000, "user11"),
    ):
        records, _ = read_document(tmp_path, chat(old | {"from_id": author}, type=kind, id=number))
        assert (records[0].chat, records[0].author) == (shown, "user11")
        assert (records[0].sent_at, records[0].local_time) == (None, datetime(2019, 5, 1, 14))


def test_without_any_id_chats_and_people_go_by_their_names(tmp_path: Path) -> None:
    bare = {"type": "message", "date_unixtime": "1714564800", "from": "Ada Quill", "text": "hello"}
    records, reading = read_document(tmp_path, {"messages": [bare]})
    assert records[0].native_id is None
    assert reading.people[records[0].author or ""] == ["Ada Quill"]
    assert reading.chats == {records[0].chat: "result"}


@pytest.mark.parametrize(
    ("fields", "is_edited", "second"),
    [
        ({"edited": "2024-05-01T14:00:30", "edited_unixtime": "1714564830"}, True, 30),
        ({"edited": "1970-01-01T01:00:00"}, False, None),
        ({"edited": "1969-12-31T19:00:00"}, False, None),
        ({"edited": "2024-05-01T14:00:30"}, True, None),
        ({"edited": "2024-05-01T14:00:30", "edited_unixtime": "1714564830", "reacted": ["2024-05-01T14:00:30"]}, False, None),
        ({"edited": "2024-05-01T14:00:30", "edited_unixtime": "1714564830", "reacted": ["2024-05-01T15:00:00"]}, True, 30),
        ({"edited": "2024-05-01T14:00:30", "edited_unixtime": "1714564830", "reacted": []}, False, None),
        ({"edited": {}, "edited_unixtime": []}, False, None),
    ],
)  # fmt: skip
def test_an_edit_is_believed_when_no_reaction_explains_it(
    tmp_path: Path, fields: dict[str, Any], is_edited: bool, second: int | None
) -> None:
    fields = dict(fields)
    if "reacted" in fields:
        recent = [{"from": "Bo", "from_id": "user12", "date": date} for date in fields.pop("reacted")]
        fields["reactions"] = [{"type": "emoji", "count": 1, "emoji": "👍", "recent": recent}]
    record = one(tmp_path, message(**fields))
    edited_at = None if second is None else datetime(2024, 5, 1, 12, 0, second, tzinfo=UTC)
    assert (record.is_edited, record.edited_at) == (is_edited, edited_at)


def test_reactions_name_who_is_known_and_count_the_others(tmp_path: Path) -> None:
    bo = {"from": "Bo", "from_id": "user12", "date": "2024-05-01T14:01:00"}
    reactions = [
        {"type": "emoji", "count": 3, "emoji": "👍", "recent": [bo, {"from": None, "from_id": "channel5"}]},
        {"type": "custom_emoji", "count": 1, "document_id": "55"},
        {"type": "paid", "count": 20},
        {"type": "empty", "count": 1},
        {"type": "emoji", "count": 10**30, "emoji": "❤", "recent": "nobody"},
    ]
    records, reading = read_document(tmp_path, chat(message(reactions=reactions)))
    assert records[0].reactions == (
        Reaction("👍", "user12"), Reaction("👍", "channel5"), Reaction("👍", None, 1),
        Reaction(":custom_emoji:", None, 1), Reaction("⭐", None, 20),
    )  # fmt: skip
    assert reading.people["user12"] == ["Bo"]


def test_a_message_in_a_topic_hangs_on_the_notice_that_opened_it(tmp_path: Path) -> None:
    records, _ = read_document(
        tmp_path,
        chat(
            message(1),
            notice("topic_created", id=2, title="Bees"),
            message(3, reply_to_message_id=2),
            message(4, reply_to_message_id=3),
            message(5, reply_to_message_id=1),
        ),
    )
    assert [record.thread for record in records] == [None, "2", "2", "2", None]
    assert [record.reply_to for record in records] == [None, None, None, "3", "1"]
    assert records[1].text == "Ada Quill created the topic “Bees”"


def test_an_answer_to_another_chat_points_nowhere(tmp_path: Path) -> None:
    assert one(tmp_path, message(reply_to_message_id=4, reply_to_peer_id="channel5")).reply_to is None
    assert one(tmp_path, message(reply_to_message_id=4, reply_to_peer_id="channel77")).reply_to == "4"


_NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"


@pytest.mark.parametrize(
    ("fields", "kind", "text", "attachments"),
    [
        ({"photo": "chats/chat_1/photos/p.jpg", "text": "look"}, "media", "look", ("p.jpg",)),
        ({"photo": _NOT_INCLUDED, "text": ""}, "media", "", ()),
        ({"file": f"talk.mp3 {_NOT_INCLUDED}", "media_type": "audio_file", "text": ""}, "media", "", ()),
        ({"file": "(File unavailable, please try again later)", "text": ""}, "media", "", ()),
        ({"file": "voice_messages/audio_1.ogg", "media_type": "voice_message", "text": ""}, "media", "", ("audio_1.ogg",)),
        ({"file": "../..", "text": ""}, "media", "", ()),
        ({"file": "s/a.webp", "media_type": "sticker", "sticker_emoji": "🦆", "text": ""}, "sticker", "🦆", ("a.webp",)),
        ({"photo": "photos/p.jpg", "self_destruct_period_seconds": 9, "text": ""}, "view_once", "", ("p.jpg",)),
        ({"paid_stars_amount": 5, "text": "buy"}, "media", "buy", ()),
        (
            {"location_information": {"latitude": 52.5, "longitude": -13}, "place_name": "Pond", "address": "1 Way", "text": ""},
            "location", "Pond\n1 Way\n52.5, -13", (),
        ),
        ({"location_information": None, "live_location_period_seconds": 60, "text": ""}, "location", "Live location", ()),
        ({"location_information": {"latitude": "x"}, "text": ""}, "location", "", ()),
        (
            {"contact_information": {"first_name": "Di", "last_name": "Moss", "phone_number": "+1 2"},
             "contact_vcard": "contacts/c.vcard", "text": ""},
            "contact", "Di Moss\n+1 2", (),
        ),
        (
            {"poll": {"question": "Tea?", "answers": [{"text": "yes", "voters": 1}, {"text": ["n", {"text": "o"}]}]}, "text": ""},
            "poll", "Tea?\n- yes (1 vote)\n- no", (),
        ),
        (
            {"poll": {"question": "Q", "total_voters": 5, "answers": [{"text": "a", "voters": 5}, {"text": "b", "voters": 0}]}},
            "poll", "Q\n- a (5 votes)\n- b (0 votes)\nhello", (),
        ),
        (
            {"poll": {"question": "Tea?", "total_voters": 5, "answers": [{"text": "yes", "voters": 0}]}, "text": ""},
            "poll", "Tea?\n- yes", (),
        ),
        ({"dice": {"emoji": "🎯", "value": 6}, "text": ""}, "text", "🎯 6", ()),
        ({"dice": 4, "text": ""}, "text", "🎲 4", ()),
        ({"dice": {}, "text": ""}, "text", "🎲", ()),
        (
            {"file": "(File not included. Change data exporting settings to download.)", "file_name": "a.pdf", "text": ""},
            "media", "", ("a.pdf",),
        ),
        (
            {"file": "(File exceeds maximum size. Change data exporting settings to download.)", "file_name": "../b/c.pdf"},
            "media", "hello", ("c.pdf",),
        ),
        ({"file": "files/a (1).pdf", "file_name": "a.pdf"}, "media", "hello", ("a (1).pdf",)),
        ({"todo_list": {"title": "Shed", "answers": [{"text": "paint", "id": 1}]}, "text": ""}, "text", "Shed\n- paint", ()),
        ({"game_title": "Chess", "game_description": "Two play", "text": ""}, "text", "Chess\nTwo play", ()),
        ({"invoice_information": '{"title": "Seeds",\n "description": "Ten"}', "text": ""}, "text", "Seeds\nTen", ()),
        ({"invoice_information": {"title": "Seeds"}, "text": ""}, "text", "Seeds", ()),
        ({"giveaway_information": {"additional_prize": "a hat"}, "text": ""}, "text", "Giveaway\na hat", ()),
        ({"via_bot": "@gif", "text": "seen"}, "text", "seen", ()),
        ({"poll": "no poll", "contact_information": 5, "text": "x"}, "text", "x", ()),
    ],
)  # fmt: skip
def test_what_is_more_than_text_has_its_kind_and_words(
    tmp_path: Path, fields: dict[str, Any], kind: str, text: str, attachments: tuple[str, ...]
) -> None:
    record = one(tmp_path, message(**fields))
    assert (record.kind, record.text, record.attachments) == (kind, text, attachments)


@pytest.mark.parametrize(
    "origin",
    [
        {"forwarded_from": "Bo"},
        {"forwarded_from": "Bo", "forwarded_from_id": "user12"},
        {"forwarded_from": "Ada Quill", "forwarded_from_id": "user12"},
        {"forwarded_from": "News"},
        {"forwarded_from": "Deleted Account"},
        {"forwarded_from": "News", "forwarded_from_id": 8589934601},
        {"forwarded_from": "Old group", "forwarded_from_id": "chat9"},
        {"forwarded_from": "News", "forwarded_from_id": "user12", "saved_from": "News"},
        {"forwarded_from": None},
        {"forwarded_from_id": {}},
        {"saved_from": "Garden"},
    ],
)
@pytest.mark.parametrize(
    ("fields", "kind", "quote"),
    [
        ({"text": ["so ", {"type": "mention", "text": "@cy"}]}, "text", "so @cy"),
        ({"photo": "photos/a.jpg", "text": "look"}, "media", "look"),
        ({"poll": {"question": "Tea?", "answers": [{"text": "yes"}]}, "text": ""}, "poll", "Tea?\n- yes"),
    ],
)
def test_what_is_forwarded_is_quoted_and_never_the_text_of_who_forwards_it(
    tmp_path: Path, origin: dict[str, Any], fields: dict[str, Any], kind: str, quote: str
) -> None:
    record = one(tmp_path, message(**origin, **fields))
    assert (record.author, record.kind, record.text, record.quote) == ("user11", kind, "", quote)
    assert record.mentions == ()


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"text": ["so ", {"type": "mention", "text": "@cy"}]}, "text", "so @cy"),
        ({"photo": "photos/a.jpg", "text": "look"}, "media", "look"),
    ],
)
def test_the_words_of_a_channel_are_the_text_of_what_is_forwarded(
    tmp_path: Path, fields: dict[str, Any], kind: str, text: str
) -> None:
    news = {"forwarded_from": "News", "forwarded_from_id": "channel9"}
    record = one(tmp_path, message(**news, **fields))
    assert (record.author, record.kind, record.text, record.quote) == ("user11", kind, text, "")


def test_the_words_of_a_bot_are_the_text_of_what_is_forwarded_where_its_chat_is_in_the_export(tmp_path: Path) -> None:
    forward = message(1, forwarded_from="Tea Bot", forwarded_from_id="user50", text="water boils")
    bot = chat(message(2), name="Tea Bot", type="bot_chat", id=50)
    records, _ = read_document(tmp_path, account(chat(forward), bot))
    assert [record.text for record in records] == ["water boils", "hello"]
    records, _ = read_document(tmp_path, account(chat(forward), bot | {"type": "personal_chat"}))
    assert [record.text for record in records] == ["", "hello"]


def test_the_words_of_a_channel_in_whose_name_somebody_writes_are_quoted(tmp_path: Path) -> None:
    forward = message(1, forwarded_from="Garden", forwarded_from_id="channel77", text="swordfish")
    opt_out = message(2, **{"from": "Garden", "from_id": "channel77"}, text="/egregora opt-out")
    records, _ = read_document(tmp_path, chat(forward, opt_out))
    assert (records[0].text, records[0].quote) == ("", "swordfish")
    filler = [message(number, text="x" * 1000) for number in range(3, 600)]
    records, _ = read_document(tmp_path, chat(forward, *filler, opt_out))
    assert records[0].text == ""


@pytest.mark.parametrize("command", ["/egregora opt-in", "/egre\u200bgora opt in", "／Egregora: OPT_IN, all of you"])
def test_no_channel_gives_a_command_in_the_name_of_who_forwards_it(tmp_path: Path, command: str) -> None:
    record = one(tmp_path, message(forwarded_from="News", forwarded_from_id="channel9", text=command))
    assert (record.text, record.quote) == ("", command)


@pytest.mark.parametrize(
    "origin",
    [
        {"forwarded_from": "Ada Quill"},
        {"forwarded_from": "Ada", "forwarded_from_id": "user11"},
        {"forwarded_from": "Ada Quill", "saved_from": "Garden"},
    ],
)
def test_what_people_forward_of_their_own_stays_their_text(tmp_path: Path, origin: dict[str, Any]) -> None:
    record = one(tmp_path, message(**origin))
    assert (record.text, record.quote) == ("hello", "")


def test_a_signed_post_is_the_channels_and_its_signature_a_name_to_hide(tmp_path: Path) -> None:
    post = message(**{"from": "News", "from_id": "channel77"}, author="Ada Quill")
    records, reading = read_document(tmp_path, chat(post, type="public_channel"))
    assert records[0].author == "channel77"
    assert reading.people == {"channel77": ["News"], "name:Ada Quill": ["Ada Quill"]}


@pytest.mark.parametrize(
    ("edited", "dates", "is_edited"),
    [
        ("15:30:00", ["15:00:00", "15:20:00"], True),
        ("14:30:00", ["15:00:00", "15:20:00"], False),
        ("15:20:01", ["15:00:00", "15:20:00"], False),
        ("15:30:00", [], False),
    ],
)
def test_an_edit_after_a_reaction_is_believed_though_older_reactions_have_no_time(
    tmp_path: Path, edited: str, dates: list[str], is_edited: bool
) -> None:
    recent = [{"from": "Bo", "from_id": "user12", "date": f"2024-05-01T{date}"} for date in dates]
    reactions = [{"type": "emoji", "count": 900, "emoji": "👍", "recent": recent}]
    record = one(tmp_path, message(edited=f"2024-05-01T{edited}", reactions=reactions))
    assert record.is_edited is is_edited


def test_a_chat_without_a_name_is_the_same_chat_in_a_numbered_copy(tmp_path: Path) -> None:
    document = json.dumps({"type": "personal_chat", "messages": [message()]})
    chats = set()
    for name in ("garden.json", "garden (2).json"):
        (tmp_path / name).write_text(document)
        chats |= {record.chat for record in read(FORMAT, tmp_path / name)[0]}
    assert chats == {"name:garden"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"action": "create_group", "title": "Garden", "members": ["Bo", None]},
         "Ada Quill created the group “Garden” with Bo, Deleted Account"),
        ({"action": "invite_members", "members": ["Bo", "Cy"]}, "Ada Quill invited Bo, Cy"),
        ({"action": "invite_members", "members": ["Ada Quill"]}, "Ada Quill joined"),
        ({"action": "remove_members", "members": ["Ada Quill"]}, "Ada Quill left"),
        ({"action": "remove_members", "members": ["Bo"]}, "Ada Quill removed Bo"),
        ({"action": "join_group_by_link", "inviter": "Bo"}, "Ada Quill joined by a link from Bo"),
        ({"action": "edit_group_title", "title": "{actor} %s"}, "Ada Quill changed the title to “{actor} %s”"),
        ({"action": "pin_message", "message_id": 4}, "Ada Quill pinned a message"),
        ({"action": "migrate_from_group", "title": "Garden"}, "Ada Quill made this supergroup of the group “Garden”"),
        ({"action": "set_messages_ttl", "period": 86400}, "Ada Quill set messages to delete themselves after 86400 seconds"),
        ({"action": "group_call_scheduled", "schedule_date": 1714564800},
         "Ada Quill scheduled a group call for 2024-05-01 12:00 UTC"),
        ({"action": "proximity_reached", "from": "Bo", "to": None, "distance": 50}, "Bo is now within 50 m of Deleted Account"),
        ({"action": "grow_a_beard", "title": "Big"}, "Ada Quill: grow a beard “Big”"),
        ({"action": None, "information_text": "Something happened"}, "Something happened"),
        ({"action": None}, "A notice without words"),
        ({"action": "joined_telegram", "actor": None}, "Deleted Account joined Telegram"),
    ],
)  # fmt: skip
def test_a_notice_is_an_english_sentence_that_nobody_wrote(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    record = one(tmp_path, notice(**fields))
    assert (record.kind, record.author, record.text) == ("system", None, text)


def test_people_in_notices_are_named_and_once_only(tmp_path: Path) -> None:
    bo = message(2, **{"from": "Bo", "from_id": "user12"})
    _, reading = read_document(tmp_path, chat(notice("invite_members", members=["Bo", "Cy"]), bo))
    assert reading.people == {"user11": ["Ada Quill"], "user12": ["Bo"], "name:Cy": ["Cy"]}


def test_a_pin_points_at_its_message(tmp_path: Path) -> None:
    assert one(tmp_path, notice("pin_message", message_id=4)).reply_to == "4"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"action": "phone_call", "duration_seconds": 56, "discard_reason": "hangup"}, "Call (56 seconds)"),
        ({"action": "phone_call", "discard_reason": "missed"}, "Missed call"),
        ({"action": "phone_call", "discard_reason": "busy"}, "Declined call"),
        ({"action": "conference_call", "is_missed": True}, "Missed group call"),
        ({"action": "group_call", "duration": 9}, "Group call (9 seconds)"),
    ],
)
def test_a_call_is_of_the_one_who_made_it(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    record = one(tmp_path, notice(**fields))
    assert (record.kind, record.author, record.text) == ("call", "user11", text)


@pytest.mark.parametrize(
    "bad",
    [
        message(date="0000-01-01T00:00:00", date_unixtime=None),
        message(date="99999-01-01T00:00:00", date_unixtime="253402300800"),
        message(date="2024-02-30T00:00:00", date_unixtime="9" * 30),
        message(date="2024-05-01", date_unixtime=10**25),
        message(date=[], date_unixtime={}),
        {"id": 3, "type": "unsupported"},
        "no object",
        None,
        [],
    ],
)
def test_a_message_that_cannot_be_read_is_refused_and_the_next_one_read(tmp_path: Path, bad: Any) -> None:
    path = write(tmp_path, chat(message(1), bad, message(2)))
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["1", "2"]
    (refused,) = reading.quarantined
    assert json.JSONDecoder().raw_decode(path.read_bytes()[refused.byte_offset :].decode())[0] == bad
    assert json.loads(refused.raw) == bad


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    bad = {"name": "x", "type": "bot_chat", "id": 1}
    document = account(chat(message(1)), 5, bad | {"messages": None}, bad | {"messages": {"first": 6}})
    records, reading = read_document(tmp_path, document)
    assert len(records) == 1
    assert [piece.raw for piece in reading.quarantined] == [b"5", b"null", b"6"]


def test_what_came_before_a_break_is_kept(tmp_path: Path) -> None:
    whole = json.dumps(chat(message(1), message(2), message(3, text="cut here")), indent=1)
    path = write(tmp_path, whole[: whole.index("cut here")])
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["1", "2"]
    (refused,) = reading.quarantined
    assert path.read_bytes()[refused.byte_offset :].startswith(refused.raw)


@pytest.mark.parametrize("document", ['{"name": "x", "type": "bot_chat", "id": 1, "messages": [{"id', chat()])
def test_an_export_without_a_message_is_unreadable_and_says_what_to_do(tmp_path: Path, document: Any) -> None:
    path = write(tmp_path, document)
    with (
        open_export(path, LimitSettings()) as export,
        pytest.raises(ExportUnreadable, match=r"result\.json: .* export"),
    ):
        list(FORMAT.records(export, Reading()))


def test_a_damaged_archive_gives_what_can_be_read(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "in.zip", {"result.json": json.dumps(chat(*(message(n) for n in range(4000))))})
    content = bytearray(path.read_bytes())
    content[500_000] ^= 1
    path.write_bytes(content)
    records, reading = read(FORMAT, path)
    assert records
    assert len(reading.quarantined) == 1


def test_control_characters_that_the_app_writes_as_no_json_are_spaces(tmp_path: Path) -> None:
    text = json.dumps(chat(message(text="a@b"), message(2, text=r"C:\x0B\\x1F"), message(3)), indent=1)
    path = write(tmp_path, text.replace("a@b", r"a\x0Bb"))
    records, reading = read(FORMAT, path)
    assert [record.text for record in records] == ["a b", r"C:\x0B\\x1F", "hello"]
    assert not reading.quarantined
    assert path.read_bytes()[records[2].byte_offset :].startswith(b'{\n   "id": 3')


def test_backslashes_on_a_line_longer_than_a_chunk_stay_as_they_are(tmp_path: Path) -> None:
    text = "\\x1F\\" * 200_000
    records, _ = read_document(tmp_path, json.dumps(chat(message(text=text), message(2))))
    assert [len(record.text) for record in records] == [len(text), 5]
    assert records[0].text == text


def test_paths_of_custom_emoji_without_quotes_are_read(tmp_path: Path) -> None:
    emoji = {"type": "custom_emoji", "text": "🦆", "document_id": "PATH"}
    text = json.dumps(chat(message(text=[emoji, "!"])), indent=1, ensure_ascii=False)
    records, reading = read_document(tmp_path, text.replace('"PATH"', "video_files/sticker (2).webm"))
    assert records[0].text == "🦆!"
    assert not reading.quarantined


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"messages": []},
        {"type": "replies", "messages": []},
        {"participants": [{"name": "A"}], "messages": [{"sender_name": "A", "timestamp_ms": 1, "content": "x"}]},
        {
            "guild": {},
            "channel": {"type": "GuildTextChat"},
            "messages": [{"id": "1", "type": "Default", "timestamp": "x"}],
        },
        {"name": "general", "messages": [{"type": "message", "user": "U1", "text": "x", "ts": "1.2"}]},
        {"messages": [{"type": "message", "date": "2024-05-01", "text": "x"}]},
        {"contacts": {"about": "x"}, "sessions": {"about": "y"}},
        {"about": "x", "chats": [1, 2]},
        [{"type": "message", "text": "x", "ts": "1.2"}],
        "[01/05/2024, 14:00:00] Ada: hello\n",
        '{"type": "message", "date_unixtime": "5"}\n{"type": "message"}\n',
        "\x00\xff{[",
        "",
    ],
)
def test_exports_of_others_are_not_claimed(tmp_path: Path, document: Any) -> None:
    assert not recognises(FORMAT, write(tmp_path, document))


def test_a_whole_account_is_recognised_before_its_chats(tmp_path: Path) -> None:
    padding = [{"date": "2020-01-01T00:00:00", "photo": "p" * 1000}] * 200
    assert recognises(FORMAT, write(tmp_path, account(profile_pictures=padding)))
    assert recognises(FORMAT, write(tmp_path, account(contacts={"about": "x", "list": padding})))
    owner = {"user_id": 1, "first_name": "A"}
    assert recognises(FORMAT, write(tmp_path, account(personal_information=owner, other_data=padding)))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["mention", "mention_name", "emoji", "2024-05-01T14:00:00", "1714564800", "topic_created", "user1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from("type text href user_id emoji count recent from from_id date latitude title answers".split())
        | st.text(max_size=3),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
FIELDS = """id type date date_unixtime edited edited_unixtime from from_id actor actor_id action text text_entities members
inviter title new_title reply_to_message_id reply_to_peer_id message_id photo file media_type sticker_emoji poll todo_list
location_information place_name address live_location_period_seconds contact_information self_destruct_period_seconds
game_title invoice_information giveaway_information reactions period schedule_date emoticon to distance score
duration_seconds discard_reason information_text paid_stars_amount""".split()
MESSAGE = st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=12)


@given(
    fields=st.lists(MESSAGE, min_size=1, max_size=4),
    type_=st.sampled_from(["message", "service", "other"]),
    header=st.dictionaries(st.sampled_from(["name", "id"]), ANYTHING),
)
@example(
    fields=[{"id": 10**400}, {"date_unixtime": "²"}, {"date": "0001-01-01T00:00:00+14:00", "date_unixtime": 0.5}],
    type_="message",
    header={},
)
@dear(300, 80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_a_field_every_message_is_read_or_refused(
    tmp_path: Path, fields: list[dict[str, Any]], type_: str, header: dict[str, Any]
) -> None:
    messages = [message(number, type=type_, action="pin_message") | given for number, given in enumerate(fields)]
    path = write(tmp_path, json.dumps(chat(message(), *messages, **header)))
    records, reading = read(FORMAT, path)
    assert len(records) + len(reading.quarantined) == len(messages) + 1


@given(cut=st.integers(0, 2000), noise=st.binary(max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_break_the_document_raise_nothing_but_unreadable(tmp_path: Path, cut: int, noise: bytes) -> None:
    content = json.dumps(account(chat(message(1), message(2)), chat(message(3), id=5)), indent=1).encode()
    path = tmp_path / "result.json"
    path.write_bytes(content[:cut] + noise + content[cut + len(noise) :])
    with open_export(path, LimitSettings()) as export:
        if FORMAT.recognises(export):
            with suppress(ExportUnreadable):
                list(FORMAT.records(export, Reading()))


# --- The cases of other projects -----------------------------------------------------------------------------------------


def shared_cases(project: str) -> list[Any]:
    path = SHARED / project / "cases.json"
    return [c for c in json.loads(path.read_text()) if c.get("platform") == "telegram"] if path.exists() else []


def squeezed(text: str) -> str:
    return "".join(text.split())


@needs_shared
@pytest.mark.parametrize(
    ("project", "case"),
    [(project, case) for project in ("chat-analytics", "chat-miner") for case in shared_cases(project)],
    ids=lambda value: value["id"] if isinstance(value, dict) else value,
)
def test_exports_of_other_projects_are_read_as_they_read_them(project: str, case: dict[str, Any]) -> None:
    records, reading = read(FORMAT, SHARED / project / case["file"])
    written = [record for record in records if record.kind != "system"]
    assert len(written) == len(case["expected"])
    for record, row in zip(written, case["expected"], strict=True):
        moment = record.local_time or (record.sent_at or datetime.max).replace(tzinfo=None)
        assert moment == datetime.fromisoformat(row["timestamp"])
        assert row["author"] in reading.people[record.author or ""]
        assert record.kind == row["kind"]
        if "text" in row:
            assert squeezed(record.text) == squeezed(row["text"])
        if "id" in row:
            assert record.native_id == row["id"]


@needs_shared
@pytest.mark.parametrize("case", shared_cases("telegram-export-cleaner"), ids=lambda case: case["id"])
def test_messages_of_the_export_cleaner_have_the_text_that_it_finds(tmp_path: Path, case: dict[str, Any]) -> None:
    records, reading = read_document(tmp_path, chat(case["message"], message(999)))
    found = [record for record in records if record.native_id != "999"]
    assert len(found) + len(reading.quarantined) == 1
    texts = [record.text for record in found if record.kind != "system"]
    if case["expected_dropped"]:
        assert not "".join(texts).strip() or reading.quarantined
        return
    for part in case["expected_contains"] or ():
        assert part in texts[0]
    if case["expected_markdown_line"]:
        plain = re.sub(r"\*\*|\*|`|\|\|", "", case["expected_markdown_line"])
        # The project shows a forward's words as the sender's; they are another's, so here they are a quote.
        shown = found[0].quote if "forwarded_from" in case["message"] else texts[0]
        assert f"{found[0].local_time:%Y%m%d} {shown}".replace("\n", " ") == plain


def shared_entities() -> list[Any]:
    path = SHARED / "telegram-export-cleaner" / "entities.json"
    return json.loads(path.read_text()) if path.exists() else []


@needs_shared
@pytest.mark.parametrize("case", shared_entities(), ids=lambda case: str(case["entity"]["type"]))
def test_entities_keep_the_words_that_the_export_cleaner_keeps(tmp_path: Path, case: dict[str, Any]) -> None:
    entity = case["entity"]
    shown = one(tmp_path, message(text=[entity])).text
    assert entity["text"] in shown
    if entity["type"] in ("link", "mention", "hashtag", "cashtag", "bot_command", "email", "phone"):
        expected = case["markdown"]
        assert shown == expected
    if "href" in entity:
        assert entity["href"] in shown
