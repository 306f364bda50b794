"""DiscordChatExporter's JSON becomes records, whatever stands in its fields."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats.discord import FORMAT
from egregora_assets.chat.formats.records import Reaction, Record
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip

ANA = {"id": "11", "name": "ana", "discriminator": "0000", "nickname": "Ana Lima", "isBot": False}
BIA = {"id": "22", "name": "bia", "discriminator": "4321", "nickname": "Bia", "isBot": False}


def message(**fields: Any) -> dict[str, Any]:
    return {
        "id": "900",
        "type": "Default",
        "timestamp": "2024-03-05T12:30:15.25+02:00",
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": "good morning",
        "author": ANA,
        "attachments": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
        "inlineEmojis": [],
    } | fields


def document(*messages: Any, **channel: Any) -> str:
    return json.dumps(
        {
            "guild": {"id": "1", "name": "Book Club"},
            "channel": {"id": "77", "type": "GuildTextChat", "categoryId": "5", "category": "Talk", "name": "novels"}
            | channel,
            "dateRange": {"after": None, "before": None},
            "exportedAt": "2024-04-01T00:00:00+00:00",
            "messages": messages,
            "messageCount": len(messages),
        }
    )


def records_of(folder: Path, *messages: Any, **channel: Any) -> list[Record]:
    path = folder / "export.json"
    path.write_text(document(*messages, **channel), encoding="utf-8")
    return read(FORMAT, path)[0]


def one(folder: Path, **fields: Any) -> Record:
    [record] = records_of(folder, message(**fields))
    return record


def test_a_message_keeps_its_id_instant_author_and_text(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(document(message()), encoding="utf-8")
    [record], reading = read(FORMAT, path)
    assert (record.chat, record.native_id, record.author, record.kind) == ("77", "900", "11", "text")
    assert record.sent_at == datetime(2024, 3, 5, 10, 30, 15, 250000, tzinfo=UTC)
    assert record.text == "good morning"
    assert path.read_bytes()[record.byte_offset :].startswith(b'{"id": "900"')
    assert reading.chats == {"77": "novels"}
    assert reading.people == {"11": ["Ana Lima", "ana"]}


def test_an_edited_message_has_its_edit_time(tmp_path: Path) -> None:
    record = one(tmp_path, timestampEdited="2024-03-05T11:00:00+00:00")
    assert record.is_edited
    assert record.edited_at == datetime(2024, 3, 5, 11, tzinfo=UTC)


def test_attachments_have_the_name_they_have_in_the_export(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        content="look",
        attachments=[
            {"id": "1", "url": "https://cdn.example.org/a/photo.png?ex=1", "fileName": "photo.png"},
            {"id": "2", "url": "export.json_Files\\scan-0a1b2.pdf", "fileName": "scan.pdf"},
            {"id": "3", "url": "https://cdn.example.org/a/notes.txt?ex=1"},
        ],
    )
    assert (record.kind, record.text) == ("media", "look")
    assert record.attachments == ("photo.png", "scan-0a1b2.pdf", "notes.txt")


def test_a_sticker_alone_is_a_sticker_under_its_name(tmp_path: Path) -> None:
    record = one(tmp_path, content="", stickers=[{"id": "3", "name": "Wave", "sourceUrl": "a_Files/3-ff.png"}])
    assert (record.kind, record.text, record.attachments) == ("sticker", "Wave", ("3-ff.png",))


def test_reactions_name_people_and_count_the_unnamed(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        reactions=[
            {"emoji": {"id": "", "name": "👍", "code": "thumbsup"}, "count": 3, "users": [ANA, BIA]},
            {"emoji": {"id": "8", "name": "parrot", "code": "parrot"}, "count": 2},
        ],
    )
    expected = (Reaction("👍", "11"), Reaction("👍", "22"), Reaction("👍", None, 1), Reaction("parrot", None, 2))
    assert record.reactions == expected


def test_a_reply_points_to_what_it_answers_and_a_forward_or_crosspost_to_nothing(tmp_path: Path) -> None:
    here, elsewhere = {"messageId": "5", "channelId": "77", "guildId": "1"}, {"messageId": "5", "channelId": "78"}
    assert one(tmp_path, type="Reply", reference=here).reply_to == "5"
    assert one(tmp_path, reference=elsewhere).reply_to is None
    forward = one(
        tmp_path, content="", reference=here | {"type": "Forward"}, forwardedMessage={"content": "from next door"}
    )
    assert forward.reply_to is None


@pytest.mark.parametrize(
    ("forwarded", "quote", "kind"),
    [
        ({"content": "from <@22>"}, "from @Bia", "text"),
        ({"content": "", "embeds": [{"title": "Rain", "description": "all day"}]}, "Rain\nall day", "text"),
        ({"content": "", "stickers": [{"name": "Wave", "sourceUrl": "a_Files/3-ff.png"}]}, "Wave", "sticker"),
        (
            {"content": "see", "attachments": [{"url": "https://cdn.example.org/p.png", "fileName": "p.png"}]},
            "see",
            "media",
        ),
    ],
)
def test_what_is_forwarded_is_quoted_and_never_the_text_of_who_forwards_it(
    tmp_path: Path, forwarded: dict[str, Any], quote: str, kind: str
) -> None:
    record = one(tmp_path, content="", mentions=[BIA], reference={"type": "Forward"}, forwardedMessage=forwarded)
    assert (record.text, record.quote, record.kind) == ("", quote, kind)


def test_mentions_are_written_with_the_display_name(tmp_path: Path) -> None:
    rendered = one(tmp_path, content="hi @Bia", mentions=[BIA])
    stored = one(tmp_path, content="hi <@!22> <a:party:123> <@99> <#5>", mentions=[BIA])
    assert (rendered.text, rendered.mentions) == ("hi @Bia", ("22",))
    assert (stored.text, stored.mentions) == ("hi @Bia :party: <@99> <#5>", ("22",))


def test_a_text_is_plain(tmp_path: Path) -> None:
    said = one(tmp_path, content="**now** <t:1700000000:R>, <@22>: `x_y`", mentions=[BIA])
    assert said.text == "now 2023-11-14 22:13 UTC, @Bia: x_y"


def test_notices_say_who_did_what_and_nobody_wrote_them(tmp_path: Path) -> None:
    added = one(tmp_path, type="RecipientAdd", content="Added Bia to the group.", mentions=[BIA])
    assert (added.author, added.kind, added.mentions) == (None, "system", ("11", "22"))
    assert added.text == "@Ana Lima added @Bia to the group."
    assert one(tmp_path, type="8", content="").text == "@Ana Lima boosted the server."


def test_notices_do_not_repeat_the_words_of_a_blocked_message_or_a_poll(tmp_path: Path) -> None:
    repeated = [{"title": "rule", "description": "rude words", "url": ""}]
    assert one(tmp_path, type="24", content="", embeds=repeated).text == "@Ana Lima blocked a message (AutoMod)."
    assert one(tmp_path, type="46", content="", embeds=repeated).text == "@Ana Lima closed the poll."


def test_a_call_is_a_call_of_its_caller(tmp_path: Path) -> None:
    record = one(tmp_path, type="Call", content="Started a call that lasted 5 minutes.")
    assert (record.author, record.kind) == ("11", "call")


def test_an_empty_text_shows_its_embeds_or_its_command(tmp_path: Path) -> None:
    card = {"title": "Rain", "description": "all day", "url": "https://weather.example.org", "fields": []}
    assert one(tmp_path, content="", embeds=[card]).text == "Rain\nall day\nhttps://weather.example.org"
    assert one(tmp_path, content="https://weather.example.org", embeds=[card]).text == "https://weather.example.org"
    assert one(tmp_path, type="20", content="", interaction={"name": "weather", "user": BIA}).text == "/weather"


def test_a_poll_shows_its_question_and_answers(tmp_path: Path) -> None:
    poll = {"question": {"text": "Lunch?"}, "answers": [{"poll_media": {"text": "Soup"}}, {"text": "Rice"}]}
    record = one(tmp_path, content="", poll=poll)
    assert (record.kind, record.text) == ("poll", "Lunch?\n- Soup\n- Rice")


def test_a_thread_is_a_chat_of_its_own_whose_root_is_in_another(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(document(message(), type="GuildPublicThread", name="Chapter 1", id="900"), encoding="utf-8")
    [record], reading = read(FORMAT, path)
    assert (record.chat, record.thread) == ("900", None)
    assert reading.chats == {"900": "Talk / Chapter 1"}


def test_partitions_are_read_in_order_and_downloaded_json_is_left_alone(tmp_path: Path) -> None:
    members = {
        "novels [77] [part 10].json": document(message(id="3")),
        "novels [77] [part 2].json": document(message(id="2")),
        "novels [77].json": document(message(id="1")),
        "novels [77].json_Files/sticker-1.json": '{"v": "5.5", "layers": []}',
        "poems [78].json": document(message(id="4"), id="78", name="poems"),
    }
    records, reading = read(FORMAT, write_zip(tmp_path / "export.zip", members))
    assert [record.native_id for record in records] == ["1", "2", "3", "4"]
    assert reading.chats == {"77": "novels", "78": "poems"}
    assert not reading.quarantined


def test_what_cannot_be_read_is_refused_and_the_next_message_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    bad = (7, message(timestamp="0000-01-01T00:00:00+00:00"), message(timestamp="99999-01-01"), message(author=None))
    path.write_text(document(*bad, message(id="901")), encoding="utf-8")
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["901"]
    assert len(reading.quarantined) == len(bad)


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = document(message(id="1"), message(id="2"))
    path = tmp_path / "export.json"
    path.write_text(whole[: whole.index('"2"') + 20], encoding="utf-8")
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["1"]
    assert [fault.byte_offset for fault in reading.quarantined] == [whole.index('{"id": "2"')]


def test_an_export_without_one_readable_message_says_so(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(document(message())[:420], encoding="utf-8")
    with pytest.raises(ExportUnreadable, match=r"export\.json is a Discord export of which no message can be read"):
        read(FORMAT, path)


def test_an_empty_channel_is_no_fault(tmp_path: Path) -> None:
    assert records_of(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"guild": 1, "channel": 2, "messages": []}',
        '{"name": "x", "type": "personal_chat", "id": 1, "messages": [{"id": 1, "type": "message"}]}',
        '{"participants": [], "messages": [], "title": "channel"}',
        "05/03/2024, 12:30 - Ana: hi\n",
    ],
)
def test_other_files_are_not_claimed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, encoding="utf-8")
    assert not recognises(FORMAT, path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(ANA)), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({*message(), "reference", "forwardedMessage", "interaction", "poll"})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=4), max_size=3))
def test_no_value_of_any_field_stops_the_reading(changes: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.json"
        path.write_text(document(*(message(**change) for change in changes)), encoding="utf-8")
        records, reading = read(FORMAT, path)
    assert len(records) + len(reading.quarantined) == len(changes)


def cases() -> list[dict[str, Any]]:
    path = SHARED / "chat-analytics" / "cases.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [case for case in known if case.get("platform") == "discord-chat-exporter"]


@needs_shared
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_cases_of_other_projects(case: dict[str, Any]) -> None:
    records, reading = read(FORMAT, SHARED / "chat-analytics" / case["file"])
    found = {record.native_id: record for record in records}
    channel = case["channel"]
    assert {record.chat for record in records} == {channel["id"]}
    assert reading.chats[channel["id"]] == channel.get("name", reading.chats[channel["id"]])
    for expected in case["expected"]:
        record = found[expected["id"]]
        assert record.sent_at == datetime.fromisoformat(expected["timestamp"])
        assert record.kind == expected.get("kind", record.kind)
        assert record.text == expected.get("text", record.text)
        assert record.reply_to == expected.get("reply_to")
        # The project names the caller in one case and nobody in another: the export has one in both.
        if expected["author"]:
            assert record.author
            assert reading.people[record.author][0] == expected["author"]
        if "edited_at" in expected:
            assert record.edited_at == datetime.fromisoformat(expected["edited_at"])
        if "reactions" in expected:
            assert sorted([given.emoji, given.count] for given in record.reactions) == sorted(expected["reactions"])
        if "attachment_kinds" in expected:
            assert len(record.attachments) == len(expected["attachment_kinds"])
