"""Slack exports: what of a workspace becomes records, how its markup reads, and that no message spoils another."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats.records import Reaction, Reading, Record, Version
from egregora_assets.chat.formats.slack import FORMAT
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip
from tests.properties import dear

Message = dict[str, Any]

ANA, BRUNO, CHEN, BOT = "U0ANA0001", "U0BRUNO01", "W0CHEN001", "B0ROBOT01"
GENERAL = "C0GENERAL"
USERS = [
    {"id": ANA, "name": "ana", "real_name": "Ana Alves", "profile": {"display_name": "Ana", "real_name": "Ana Alves"}},
    {"id": BRUNO, "name": "bruno.b", "deleted": True, "profile": {"display_name": "", "real_name": "Bruno Braga"}},
    {"id": CHEN, "name": "chen", "profile": None},
]
CHANNELS = [{"id": GENERAL, "name": "general"}, {"id": "C0EMPTY01", "name": "empty"}]
TS = "1736478514.897649"


def message(ts: str = TS, **fields: Any) -> Message:
    return {"type": "message", "user": ANA, "text": "hello", "ts": ts, **fields}


def export(path: Path, *messages: Any, **days: Any) -> Path:
    """Write an export with messages in #general, and more members."""
    members = {"users.json": USERS, "channels.json": CHANNELS, "general/2025-01-10.json": list(messages), **days}
    return write_zip(path / "export.zip", {name: json.dumps(content) for name, content in members.items()})


def the_record(path: Path, **fields: Any) -> Record:
    records, reading = read(FORMAT, export(path, message(**fields)))
    assert not reading.quarantined
    (record,) = records
    return record


def test_a_message_has_its_channel_its_ts_and_its_time_to_the_microsecond(tmp_path: Path) -> None:
    records, reading = read(FORMAT, export(tmp_path, message()))
    assert records[0].chat == GENERAL
    assert records[0].native_id == TS
    assert records[0].sent_at == datetime(2025, 1, 10, 3, 8, 34, 897649, tzinfo=UTC)
    assert (records[0].author, records[0].kind, records[0].text) == (ANA, "text", "hello")
    assert reading.chats == {GENERAL: "general"}
    assert reading.people == {ANA: ["Ana", "Ana Alves", "ana"]}


@pytest.mark.parametrize(
    ("ts", "microsecond"),
    [
        ("1355517523.000005", 5),
        ("9999999999.999999", 999999),
        ("1355517523", 0),
        ("1355517523.5", 500000),
        (1736478514.897649, 897649),
    ],
)
def test_no_digit_of_a_time_is_lost(tmp_path: Path, ts: Any, microsecond: int) -> None:
    sent_at = the_record(tmp_path, ts=ts).sent_at
    assert sent_at is not None
    assert sent_at.microsecond == microsecond


@pytest.mark.parametrize(
    "ts", [None, "", "yesterday", "-1.000000", "999999999999.000000", "1e9", "１２.5", {}, [], True, "1.2.3", 10**4000]
)
def test_a_message_without_a_time_that_can_be_is_refused_and_the_next_is_read(tmp_path: Path, ts: Any) -> None:
    records, reading = read(FORMAT, export(tmp_path, message(ts=ts), message()))
    assert [record.native_id for record in records] == [TS]
    assert len(reading.quarantined) == 1


def test_people_go_by_display_name_then_real_name_then_handle(tmp_path: Path) -> None:
    profile = {"display_name": "", "real_name": "Dora Guest", "name": "dora"}
    messages = [
        message("1700000001.000000", user=BRUNO),
        message("1700000002.000000", user=CHEN),
        message("1700000003.000000", user="U0GUEST01", user_profile=profile),
        message("1700000004.000000", user="U0NOBODY1"),
    ]
    _, reading = read(FORMAT, export(tmp_path, *messages))
    assert reading.people == {
        BRUNO: ["Bruno Braga", "bruno.b"],
        CHEN: ["chen"],
        "U0GUEST01": ["Dora Guest", "dora"],
        "U0NOBODY1": [],
    }


def test_bots_are_authors_by_bot_id_and_by_name_in_old_exports(tmp_path: Path) -> None:
    modern = {"user": None, "bot_id": BOT, "username": "ci", "subtype": "bot_message"}
    old = {"user": None, "username": "webhook", "subtype": "bot_message"}
    records, reading = read(FORMAT, export(tmp_path, message(**modern), message("1736478515.000000", **old)))
    assert [(record.author, record.kind) for record in records] == [(BOT, "text"), ("webhook", "text")]
    assert reading.people[BOT] == ["ci"]


def test_a_thread_hangs_on_its_root_across_days(tmp_path: Path) -> None:
    root = message("1700000001.000001", thread_ts="1700000001.000001", reply_count=1)
    reply = message("1700090000.000001", thread_ts="1700000001.000001", parent_user_id=BRUNO)
    lonely = message("1700000002.000001")
    records, reading = read(FORMAT, export(tmp_path, root, lonely, **{"general/2025-01-11.json": [reply]}))
    assert [(record.thread, record.reply_to) for record in records] == [
        ("1700000001.000001", None),
        (None, None),
        ("1700000001.000001", "1700000001.000001"),
    ]
    assert reading.people[BRUNO] == ["Bruno Braga", "bruno.b"]


@pytest.mark.parametrize(
    ("fields", "is_root"),
    [
        ({"replies": [{"user": BRUNO, "ts": "1800000000.000000"}]}, True),
        ({"reply_count": 3}, True),
        ({"thread_ts": TS}, True),
        ({"thread_ts": TS, "reply_count": 0}, False),
        ({"thread_ts": "never"}, False),
    ],
)
def test_a_root_is_a_thread_once_somebody_replied(tmp_path: Path, fields: Message, is_root: bool) -> None:
    record = the_record(tmp_path, **fields)
    assert (record.thread, record.reply_to) == (TS if is_root else None, None)


def test_a_message_that_stands_twice_is_given_once_per_chat(tmp_path: Path) -> None:
    broadcast = message(subtype="thread_broadcast", thread_ts="1700000001.000001", edited={"user": ANA, "ts": TS})
    other = {"random/2025-01-10.json": [message()], "general/2025-01-11.json": [broadcast]}
    records, _ = read(FORMAT, export(tmp_path, broadcast, broadcast, **other))
    assert [(record.chat, record.kind) for record in records] == [(GENERAL, "text"), ("random", "text")]


def test_an_edited_message_says_when(tmp_path: Path) -> None:
    record = the_record(tmp_path, edited={"user": ANA, "ts": "1737160371.000000"})
    assert record.is_edited
    assert record.edited_at == datetime(2025, 1, 18, 0, 32, 51, tzinfo=UTC)


EDITED = {"type": "message", "user": ANA, "text": "new words", "ts": TS}
CHANGE_LOGS = {
    "as events have it": {"message": EDITED, "previous_message": message()},
    "as exports have it": {"user": ANA, "text": "new words", "original_ts": TS, "previous": {"text": "hello"}},
}


@pytest.mark.parametrize("log", CHANGE_LOGS.values(), ids=list(CHANGE_LOGS))
def test_an_edit_told_by_the_log_is_a_later_version_of_its_message(tmp_path: Path, log: Message) -> None:
    change = {"type": "message", "subtype": "message_changed", "ts": "1736478600.000100", "editor_id": ANA, **log}
    records, _ = read(FORMAT, export(tmp_path, message(), change))
    assert [(record.native_id, record.text, record.is_edited) for record in records] == [
        (TS, "hello", False),
        (TS, "new words", True),
    ]
    assert records[0].sent_at == records[1].sent_at
    assert records[1].edited_at == datetime(2025, 1, 10, 3, 10, 0, 100, tzinfo=UTC)
    assert records[1].versions == (Version("hello"),)


def test_a_change_that_tells_of_no_other_time_is_a_message_like_any(tmp_path: Path) -> None:
    record = the_record(tmp_path, subtype="message_changed")
    assert (record.text, record.is_edited, record.edited_at) == ("hello", False, None)


@pytest.mark.parametrize("log", [{"deleted_ts": TS, "previous_message": message()}, {"previous": message()}])
def test_a_deletion_told_by_the_log_is_a_later_version_without_words(tmp_path: Path, log: Message) -> None:
    deletion = {"type": "message", "subtype": "message_deleted", "ts": "1736478600.000100", **log}
    records, _ = read(FORMAT, export(tmp_path, message(), deletion))
    assert (records[1].native_id, records[1].kind, records[1].text, records[1].author) == (TS, "deleted", "", ANA)
    assert records[1].deleted_at == datetime(2025, 1, 10, 3, 10, 0, 100, tzinfo=UTC)


def test_a_tombstone_is_deleted_and_keeps_its_thread(tmp_path: Path) -> None:
    record = the_record(tmp_path, subtype="tombstone", text="This message was deleted.", thread_ts=TS, reply_count=1)
    assert (record.kind, record.text, record.thread) == ("deleted", "", TS)


@pytest.mark.parametrize(
    "subtype",
    "channel_join channel_leave channel_topic channel_purpose channel_name channel_archive channel_unarchive group_join "
    "group_leave group_topic pinned_item bot_add bot_remove reminder_add channel_canvas_updated".split(),
)
def test_notices_are_system_messages_that_name_people(tmp_path: Path, subtype: str) -> None:
    record = the_record(tmp_path, subtype=subtype, text=f"<@{ANA}> has joined, invited by <@{BRUNO}>")
    assert (record.kind, record.text) == ("system", "@Ana has joined, invited by @Bruno Braga")
    assert record.mentions == (ANA, BRUNO)


@pytest.mark.parametrize(
    "subtype", [None, "", "me_message", "bot_message", "thread_broadcast", "slackbot_response", "x"]
)
def test_what_people_and_bots_say_is_text(tmp_path: Path, subtype: str | None) -> None:
    assert the_record(tmp_path, subtype=subtype).kind == "text"


def test_a_huddle_is_a_call_of_who_began_it(tmp_path: Path) -> None:
    text = {"type": "rich_text_section", "elements": [{"type": "text", "text": "A huddle started"}]}
    record = the_record(
        tmp_path,
        user="USLACKBOT",
        subtype="huddle_thread",
        text="",
        room={"created_by": BRUNO, "call_family": "huddle"},
        blocks=[{"type": "rich_text", "elements": [text]}],
    )
    assert (record.kind, record.author, record.text) == ("call", BRUNO, "A huddle started")


def test_a_call_of_another_service_is_a_call(tmp_path: Path) -> None:
    blocks = [{"type": "call", "call_id": "R1", "call": {"v1": {"name": "Standup"}}}]
    record = the_record(tmp_path, text="", blocks=blocks)
    assert (record.kind, record.text) == ("call", "Standup")


def test_files_are_attachments_with_the_text_as_caption(tmp_path: Path) -> None:
    files = [{"id": "F1", "name": "plan.png"}, {"id": "F2", "name": "notes.txt"}]
    record = the_record(tmp_path, subtype="file_share", files=files, text="look")
    assert (record.kind, record.attachments, record.text) == ("media", ("plan.png", "notes.txt"), "look")
    old = the_record(tmp_path, subtype="file_share", file={"id": "F1", "name": "plan.png"})
    assert (old.kind, old.attachments) == ("media", ("plan.png",))


@pytest.mark.parametrize("mode", ["tombstone", "hidden_by_limit"])
def test_a_file_that_is_gone_was_media_without_a_name(tmp_path: Path, mode: str) -> None:
    record = the_record(tmp_path, files=[{"id": "F1", "mode": mode, "name": None, "title": "gone"}], text="")
    assert (record.kind, record.attachments) == ("media", ())


def test_a_comment_on_a_file_is_text_by_who_commented(tmp_path: Path) -> None:
    fields: Message = {"user": None, "comment": {"user": BRUNO}, "file": {"name": "plan.png"}}
    record = the_record(tmp_path, subtype="file_comment", **fields)
    assert (record.kind, record.author, record.attachments) == ("text", BRUNO, ())


@pytest.mark.parametrize("stored", ["general/attachments/F1-plan_.png", "__uploads/F1/plan_.png"])
def test_files_that_the_export_holds_have_the_name_under_which_it_does(tmp_path: Path, stored: str) -> None:
    path = export(tmp_path, message(files=[{"id": "F1", "name": "plan?.png"}]), **{stored: "picture"})
    records, _ = read(FORMAT, path)
    assert records[0].attachments == (Path(stored).name,)


def test_a_file_of_a_message_is_no_day_file_and_no_list(tmp_path: Path) -> None:
    brought = {
        "__uploads/F1/2024-01-01.json": [message("1.0")],
        "__uploads/F2/users.json": [{"id": ANA, "name": "Eve"}],
    }
    records, reading = read(FORMAT, export(tmp_path, message(), **brought))
    assert len(records) == 1
    assert "Eve" not in reading.people[ANA]


def test_reactions_name_people_and_count_those_the_export_leaves_out(tmp_path: Path) -> None:
    given_by = [
        {"name": "tada", "users": [ANA, BRUNO], "count": 5},
        {"name": "thumbsup::skin-tone-2", "users": [CHEN], "count": 1},
    ]
    assert the_record(tmp_path, reactions=given_by).reactions == (
        Reaction(":tada:", ANA),
        Reaction(":tada:", BRUNO),
        Reaction(":tada:", None, 3),
        Reaction(":thumbsup::skin-tone-2:", CHEN),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"<@{ANA}> and <@{BRUNO}|bruno.b>", "@Ana and @Bruno Braga"),
        ("<@U0OUTSIDE|dora>", "@dora"),
        ("<@U0OUTSIDE|@dora>", "@dora"),
        ("<@U0OUTSIDE>", "@U0OUTSIDE"),
        (f"<#{GENERAL}|general> <#{GENERAL}> <#{GENERAL}|> <#C0OTHER01>", "#general #general #general #C0OTHER01"),
        ("<!here> <!channel> <!everyone|everyone> <!here|@here>", "@here @channel @everyone @here"),
        ("<!subteam^S1|@team> <!subteam^S1>", "@team @S1"),
        ("<!date^1392734382^{date_num}^https://x.example|18 Feb>", "18 Feb"),
        ("<https://x.example/a?b=1&amp;c=2>", "https://x.example/a?b=1&c=2"),
        ("<https://x.example/where|here>", "here (https://x.example/where)"),
        ("<http://x.example|x.example> <https://x.example/|https://x.example>", "http://x.example https://x.example/"),
        ("<mailto:dora@x.example|dora@x.example>", "dora@x.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt; &nbsp;", "1 < 2 && 3 > 2, &lt; &nbsp;"),
        ("*fine* :tada: _so_", "fine :tada: so"),
        ("< <> <|x> <b> <!> <@> <#> <unclosed", "< <> <|x> <b> <!> <@> <#> <unclosed"),
        ("caf\u00e9 \ud83d\ude00 \ud800!", "caf\u00e9 \U0001f600 \ufffd!"),
    ],
)
def test_markup_reads_as_people_see_it(tmp_path: Path, text: str, shown: str) -> None:
    assert the_record(tmp_path, text=text).text == shown


def test_people_mentioned_are_noted_once_each(tmp_path: Path) -> None:
    records, reading = read(
        FORMAT, export(tmp_path, message(text=f"<@{BRUNO}> <@{CHEN}> <@{BRUNO}> <@U0OUTSIDE|dora>"))
    )
    assert records[0].mentions == (BRUNO, CHEN, "U0OUTSIDE")
    assert reading.people["U0OUTSIDE"] == ["dora"]


POLL = [
    {"type": "section", "text": {"type": "mrkdwn", "text": f"*Lunch?* asks <@{BRUNO}>"}},
    {"type": "divider"},
    {"type": "section", "fields": [{"type": "plain_text", "text": "Pizza"}, {"type": "plain_text", "text": "Soup"}]},
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Add an option"}}]},
]


@pytest.mark.parametrize("text", ["", "This content can't be displayed."])
def test_a_message_without_text_says_what_its_blocks_say(tmp_path: Path, text: str) -> None:
    record = the_record(tmp_path, text=text, blocks=POLL)
    assert record.text == "Lunch? asks @Bruno Braga\nPizza\nSoup\nAdd an option"
    assert record.mentions == (BRUNO,)


def test_rich_text_is_read_element_by_element(tmp_path: Path) -> None:
    line = [
        {"type": "text", "text": "See "},
        {"type": "link", "url": "https://x.example", "text": "this"},
        {"type": "text", "text": ", "},
        {"type": "user", "user_id": ANA},
        {"type": "broadcast", "range": "here"},
        {"type": "channel", "channel_id": GENERAL},
        {"type": "emoji", "name": "tada"},
    ]
    section = {"type": "rich_text_section", "elements": line}
    item = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one < two"}]}
    blocks = [{"type": "rich_text", "elements": [section, {"type": "rich_text_list", "elements": [item, item]}]}]
    record = the_record(tmp_path, text="", blocks=blocks)
    assert record.text == "See this (https://x.example), @Ana@here#general:tada:\none < two\none < two"


def test_text_of_the_export_goes_before_blocks_and_attachments(tmp_path: Path) -> None:
    record = the_record(tmp_path, text="hello", blocks=POLL, attachments=[{"text": "preview"}])
    assert record.text == "hello"


def test_a_message_without_text_says_what_its_attachments_say(tmp_path: Path) -> None:
    build = {
        "fallback": "never",
        "pretext": "Build",
        "title": "Nr. 7 &amp; 8",
        "text": f"broken by <@{BRUNO}>",
        "fields": [{"title": "Branch", "value": "main"}],
    }
    attachments = [build, {"fallback": "a chart"}, {"blocks": POLL[2:3], "fallback": "never"}]
    record = the_record(tmp_path, text="", attachments=attachments)
    assert record.text == "Build\nNr. 7 & 8\nbroken by @Bruno Braga\nBranch\nmain\na chart\nPizza\nSoup"


SHARED_MESSAGE = {"text": f"ask <@{CHEN}> &amp; me", "fallback": "[January 9th] Bruno: ask", "author_name": "Bruno"}


@pytest.mark.parametrize(
    "marks",
    [
        {"is_share": True},
        {"is_msg_unfurl": True, "author_id": BRUNO},
        {"author_id": BRUNO, "channel_id": GENERAL},
        {"from_url": "https://club.slack.com/archives/C0GENERAL/p1736478514897649"},
        {"from_url": "https://club.enterprise.slack.com/files/U0BRUNO01/F1/plan.txt"},
        {"message_blocks": [{"team": "T1", "message": {"blocks": []}}]},
    ],
)
@pytest.mark.parametrize("text", ["", "look at this"])
def test_a_shared_message_is_quoted_and_never_the_text_of_who_shares_it(
    tmp_path: Path, marks: dict[str, Any], text: str
) -> None:
    record = the_record(tmp_path, text=text, attachments=[SHARED_MESSAGE | marks])
    assert (record.kind, record.text, record.quote, record.mentions) == ("text", text, "ask @chen & me", ())


def test_a_shared_message_without_text_is_quoted_from_its_blocks_or_its_fallback(tmp_path: Path) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "the shed burns"}}
    wrapped = {"is_share": True, "message_blocks": [{"message": {"blocks": [section]}}], "fallback": "never"}
    bare = {"is_share": True, "message_blocks": [section]}
    only_fallback = {"is_share": True, "fallback": "[January 9th] Bruno: help"}
    record = the_record(tmp_path, text="", attachments=[wrapped, bare, only_fallback])
    assert record.text == ""
    assert record.quote == "the shed burns\nthe shed burns\n[January 9th] Bruno: help"


def test_what_people_share_of_their_own_and_previews_of_web_pages_are_text(tmp_path: Path) -> None:
    own = {"is_share": True, "author_id": ANA, "text": "as I said"}
    page = {"title": "Slack docs", "from_url": "https://api.slack.com/archives.html", "fallback": "never"}
    record = the_record(tmp_path, text="", attachments=[own, page])
    assert (record.text, record.quote) == ("as I said\nSlack docs", "")


def test_chats_come_in_the_order_of_the_lists_and_days_in_theirs(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip",
        {
            "FC:F1:Links/2025-01-01.json": json.dumps([message("1.0")]),
            "D0DIRECT1/2025-01-01.json": json.dumps([message("2.0")]),
            "zebra/2025-01-03.json": json.dumps([message("4.0")]),
            "zebra/2025-01-02.json": json.dumps([message("3.0")]),
            "mpdm-ana--chen-1/2025-01-01.json": json.dumps([message("5.0")]),
            "ant/2025-01-01.json": json.dumps([message("6.0")]),
            "lost/2025-01-01.json": json.dumps([message("7.0")]),
            "users.json": json.dumps(USERS),
            "channels.json": json.dumps([{"id": "C0ZEBRA01", "name": "zebra"}]),
            "groups.json": json.dumps([{"id": "G0ANT0001", "name": "ant"}]),
            "dms.json": json.dumps([{"id": "D0DIRECT1", "members": [ANA, BRUNO]}]),
            "mpims.json": json.dumps([{"id": "G0MANY001", "name": "mpdm-ana--chen-1", "members": [ANA, CHEN]}]),
            "file_conversations.json": "null",
        },
    )
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["3.0", "4.0", "6.0", "2.0", "5.0", "1.0", "7.0"]
    assert reading.chats == {
        "C0ZEBRA01": "zebra",
        "G0ANT0001": "ant",
        "D0DIRECT1": "Ana, Bruno Braga",
        "G0MANY001": "Ana, chen",
        "FC:F1:Links": "FC:F1:Links",
        "lost": "lost",
    }
    assert not reading.quarantined


def test_a_folder_may_have_the_channels_id_as_slackdump_names_it(tmp_path: Path) -> None:
    days = {f"{GENERAL}/2025-01-09.json": [message("1.0")], f"{GENERAL}/2025-01-11.json": [message("3.0")]}
    records, reading = read(FORMAT, export(tmp_path, message("2.0"), **days))
    assert [record.native_id for record in records] == ["1.0", "2.0", "3.0"]
    assert reading.chats == {GENERAL: "general"}


@pytest.mark.parametrize("above", ["", "acme/", "acme/export 2025/"])
@pytest.mark.parametrize("is_folder", [True, False])
def test_an_export_is_read_as_zip_and_folder_however_nested(tmp_path: Path, above: str, is_folder: bool) -> None:
    names = {"users.json": USERS, "channels.json": CHANNELS, "general/2025-01-10.json": [message()]}
    path = write_zip(tmp_path / "export.zip", {above + name: json.dumps(content) for name, content in names.items()})
    if is_folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "unpacked")
        path = tmp_path / "unpacked"
    records, reading = read(FORMAT, path)
    assert [(record.chat, record.author) for record in records] == [(GENERAL, ANA)]
    assert reading.people == {ANA: ["Ana", "Ana Alves", "ana"]}


def test_names_of_folders_that_a_zip_does_not_call_utf8_find_their_channel(tmp_path: Path) -> None:
    name = "caf\u00e9-\U0001f517"
    as_read = name.encode().decode("cp437")
    path = write_zip(
        tmp_path / "export.zip",
        {
            "channels.json": json.dumps([{"id": "C0CAFE001", "name": name}]),
            f"{as_read}/2025-01-10.json": json.dumps([message()]),
        },
    )
    assert read(FORMAT, path)[1].chats == {"C0CAFE001": name}


def test_lists_may_be_missing(tmp_path: Path) -> None:
    records, reading = read(FORMAT, write_zip(tmp_path / "e.zip", {"general/2025-01-10.json": json.dumps([message()])}))
    assert (records[0].chat, reading.chats, reading.people) == ("general", {"general": "general"}, {ANA: []})


@pytest.mark.parametrize(
    "members",
    [
        {"_chat.txt": "10/01/2025, 10:00 - Ana: hello"},
        {"2025-01-10.json": [message()]},
        {"result.json": {"chats": {"list": []}}},
        {"logs/2025-01-10.json": [{"ts": 1736478514.5, "level": "info", "msg": "x"}]},
        {"logs/2025-01-10.json": {"type": "message", "ts": TS}},
        {"users.json": [{"id": 1, "name": "x"}], "channels.json": [{"id": 2}]},
        {"logs/2025-01-10.json": "not an array", "channels.json": [{"id": GENERAL}]},
    ],
)
def test_other_exports_are_not_claimed(tmp_path: Path, members: dict[str, Any]) -> None:
    path = write_zip(tmp_path / "export.zip", {name: json.dumps(content) for name, content in members.items()})
    assert not recognises(FORMAT, path)
    single = tmp_path / "WhatsApp Chat.txt"
    single.write_text("10/01/2025, 10:00 - Ana: hello")
    assert not recognises(FORMAT, single)


def test_an_export_without_messages_is_recognised_and_says_so(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "e.zip", {"users.json": json.dumps(USERS), "acme/channels.json": json.dumps(CHANNELS)})
    with pytest.raises(ExportUnreadable, match="without messages"):
        read(FORMAT, path)


def test_what_is_left_of_a_broken_day_file_is_quarantined_with_its_place(tmp_path: Path) -> None:
    whole = json.dumps([message("1700000001.000000"), message("1700000002.000000")])
    path = write_zip(
        tmp_path / "e.zip",
        {"general/2025-01-10.json": whole[:-20], "general/2025-01-11.json": json.dumps([message()])},
    )
    records, reading = read(FORMAT, path)
    assert [record.native_id for record in records] == ["1700000001.000000", TS]
    (fault,) = reading.quarantined
    assert fault.byte_offset == whole.index("{", 2)
    assert "general/2025-01-10.json" in fault.reason


def test_an_export_whose_every_day_is_broken_cannot_be_read(tmp_path: Path) -> None:
    path = export(tmp_path, message())
    path = write_zip(
        path,
        {"users.json": json.dumps(USERS), "channels.json": json.dumps(CHANNELS), "general/2025-01-10.json": "\x00"},
    )
    with open_export(path, LimitSettings()) as opened, pytest.raises(ExportUnreadable, match="export again"):
        list(FORMAT.records(opened, Reading()))


def test_a_broken_list_costs_names_but_no_message(tmp_path: Path) -> None:
    days = {"users.json": [None, {"id": 7}, USERS[0]], "channels.json": {"id": GENERAL}}
    records, reading = read(FORMAT, export(tmp_path, message(), **days))
    assert (records[0].chat, reading.people) == ("general", {ANA: ["Ana", "Ana Alves", "ana"]})
    assert len(reading.quarantined) == 3


def test_markup_and_blocks_nested_past_any_sense_take_no_more_than_their_length(tmp_path: Path) -> None:
    block: Any = {"type": "text", "text": "deep"}
    for _ in range(300):
        block = {"type": "rich_text_section", "elements": [block]}
    records, _ = read(
        FORMAT,
        export(
            tmp_path,
            message("1.0", text="<" * 500_000 + "&" * 500_000 + "<@" * 500_000),
            message("2.0", text="", blocks=[block]),
        ),
    )
    assert [len(records[0].text), records[1].text] == [2_000_000, "deep"]


@pytest.mark.parametrize("depth", [100, 900, 985, 100_000])
def test_deep_nesting_spoils_no_message_before_it(tmp_path: Path, depth: int) -> None:
    deep = '{"ts": ' + "[" * depth + "]" * depth + "}"
    path = write_zip(tmp_path / "e.zip", {"general/2025-01-10.json": f"[{json.dumps(message())}, {deep}]"})
    records, reading = read(FORMAT, path)
    assert (len(records), len(reading.quarantined)) == (1, 1)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**301)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(
        [TS, "0000000000.000000", "999999999999.9", ANA, f"<@{BRUNO}>", "channel_join", "message_changed"]
    )
    | st.sampled_from(["message_deleted", "tombstone", "huddle_thread", "mrkdwn", "text", "link", "user"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "type text elements fields user user_id url name users count id ts message previous user members "
                "created_by title value call v1 rows".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
FIELDS = (
    "type subtype text user bot_id username user_profile bot_profile room comment thread_ts parent_user_id reply_count "
    "replies edited files file reactions blocks attachments message previous previous_message original_ts deleted_ts"
).split()


@dear(200, 60)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON, max_size=6))
def test_whatever_stands_in_a_field_each_message_is_given_or_refused(contents: list[Any]) -> None:
    messages = [
        {**content, "ts": f"17000000{number:02}.000000"} if isinstance(content, dict) else content
        for number, content in enumerate(contents)
    ]
    with TemporaryDirectory() as folder:
        records, reading = read(FORMAT, export(Path(folder), message(), *messages))
    assert len(records) + len(reading.quarantined) == len(messages) + 1


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, JSON, JSON)
def test_whatever_stands_in_the_lists_the_messages_are_read(user: Any, names: Any, channel: Any, members: Any) -> None:
    lists = {
        "users.json": [user, {"id": ANA, "profile": names, "name": names}],
        "channels.json": [channel, {"id": GENERAL, "name": names, "members": members}],
        "dms.json": channel,
    }
    with TemporaryDirectory() as folder:
        records, _ = read(FORMAT, export(Path(folder), message(text=f"<@{ANA}> <#{GENERAL}>"), **lists))
    assert len(records) == 1


@needs_shared
def test_the_archive_of_slack_export_viewer_is_read_whole() -> None:
    (case,) = json.loads((SHARED / "slack-export-viewer" / "cases.json").read_text())
    path = SHARED / "slack-export-viewer" / case["file"]
    records, reading = read(FORMAT, path)
    expected = case["expected_counts"]
    assert not reading.quarantined
    assert len(records) == expected["messages"]
    assert list(reading.chats.values()) == expected["channels"]
    kinds, subtypes = Counter(record.kind for record in records), expected["by_subtype"]
    assert kinds == {
        "system": subtypes["channel_join"] + subtypes["bot_add"],
        "media": subtypes["file_share"],
        "text": subtypes["message"] + subtypes["bot_message"] + subtypes["file_comment"],
    }
    assert all(record.author and record.text for record in records)


@needs_shared
def test_the_export_of_slackdump_is_read_as_expected() -> None:
    (case,) = json.loads((SHARED / "slackdump" / "cases.json").read_text())
    folder = SHARED / "slackdump" / case["dir"]
    records, reading = read(FORMAT, folder)
    assert not reading.quarantined
    raw_texts = {m["ts"]: m.get("text", "") for day in folder.glob("*/*.json") for m in json.loads(day.read_text())}
    for record, expected in zip(records, case["expected"], strict=True):
        assert record.native_id == expected["ts"]
        assert record.sent_at == datetime.fromisoformat(expected["timestamp"])
        assert (record.author, record.kind) == (expected["user"], expected["kind"])
        assert record.thread == expected["thread_ts"]
        assert (record.thread == record.native_id) == expected["is_thread_root"]
        assert record.reply_to == (None if expected["is_thread_root"] else expected["thread_ts"])
        edited_at = expected["edited_ts"] and datetime.fromtimestamp(float(expected["edited_ts"]), UTC)
        assert (record.edited_at, record.is_edited) == (edited_at, edited_at is not None)
        assert len(record.attachments) == expected["files"]
        # The sum is of the text as the export has it; a deleted message gives none of it.
        raw = raw_texts[expected["ts"]]
        assert hashlib.sha256(raw.encode()).hexdigest() == expected["text_sha256"]
        assert record.text == ("" if record.kind == "deleted" else raw)
