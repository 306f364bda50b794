"""Signal's plaintext export, rows of Signal Desktop, and what signal-export writes: what each part becomes, and hostile values."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats import jsonl, signal, signal_markdown, signal_rows
from egregora_assets.chat.formats.records import ChatFormat, Reaction, Reading, Record, Version
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip

FORMATS: tuple[ChatFormat, ...] = (signal.FORMAT, signal_rows.FORMAT, signal_markdown.FORMAT)
ANA, RUI = UUID(int=7), UUID(int=9)
AT = 1_710_352_931_250
SENT = datetime(2024, 3, 13, 18, 2, 11, 250_000, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# Signal's own plaintext export

GROUP_KEY = encoded(b"k" * 32)
FRAMES: list[dict[str, Any]] = [
    {"version": "1", "backupTimeMs": "1715636551000", "mediaRootBackupKey": "q6s="},
    {"account": {"givenName": "Tom", "familyName": "Reed", "username": "tom.01"}},
    {"recipient": {"id": "1", "self": {}}},
    {
        "recipient": {
            "id": "2",
            "contact": {
                "aci": encoded(ANA.bytes),
                "e164": "351912345678",
                "profileGivenName": "Ana",
                "profileFamilyName": "Lima",
            },
        }
    },
    {
        "recipient": {
            "id": "3",
            "contact": {"aci": encoded(RUI.bytes), "profileGivenName": "R", "nickname": {"given": "Rui"}},
        }
    },
    {"recipient": {"id": "4", "group": {"masterKey": GROUP_KEY, "snapshot": {"title": {"title": "Garden Club"}}}}},
    {"chat": {"id": "4", "recipientId": "4"}},
    {"chat": {"id": "2", "recipientId": "2"}},
    {"stickerPack": {"packId": "q6s="}},
]


def item(**fields: Any) -> dict[str, Any]:
    return {"chatItem": {"chatId": "4", "authorId": "2", "dateSent": str(AT), "incoming": {}, **fields}}


def said(body: str, **fields: Any) -> dict[str, Any]:
    return item(standardMessage={"text": {"body": body}, **fields})


def backup(tmp_path: Path, *items: object) -> tuple[list[Record], Reading]:
    path = tmp_path / "main.jsonl"
    path.write_text(lines(*FRAMES, *items))
    return read(signal.FORMAT, path)


def only(tmp_path: Path, message: dict[str, Any]) -> Record:
    [record], reading = backup(tmp_path, message)
    assert reading.quarantined == []
    return record


def test_a_message_has_its_writer_chat_and_instant_under_lasting_ids(tmp_path: Path) -> None:
    [record], reading = backup(tmp_path, said("Who brings the seeds?"))
    assert (record.author, record.text, record.kind, record.sent_at) == (
        str(ANA),
        "Who brings the seeds?",
        "text",
        SENT,
    )
    assert record.native_id == f"{AT}:{ANA}"
    assert reading.people == {str(ANA): ["Ana Lima", "+351912345678"]}
    assert reading.chats == {record.chat: "Garden Club"}
    assert GROUP_KEY not in record.chat, "the key would open the group"


def test_ids_do_not_depend_on_the_numbers_of_one_export(tmp_path: Path) -> None:
    before = only(tmp_path, said("hello"))
    renumbered = lines(*FRAMES, said("hello")).replace('"2"', '"52"').replace('"4"', '"54"')
    (tmp_path / "main.jsonl").write_text(renumbered)
    [after], _ = read(signal.FORMAT, tmp_path / "main.jsonl")
    assert (after.chat, after.author, after.native_id) == (before.chat, before.author, before.native_id)


def test_the_exporting_person_goes_by_the_name_of_the_account(tmp_path: Path) -> None:
    [record], reading = backup(tmp_path, item(authorId="1", outgoing={}, standardMessage={"text": {"body": "I do"}}))
    assert reading.people == {record.author: ["Tom Reed", "tom.01"]}


def test_mentions_are_counted_in_utf_16_and_put_in_by_name(tmp_path: Path) -> None:
    ranges = [
        {"start": 8, "length": 1, "mentionAci": encoded(RUI.bytes)},
        {"length": 1, "mentionAci": encoded(ANA.bytes)},
        {"start": 3, "length": 3, "style": "BOLD"},
        {"start": 900, "length": 1, "mentionAci": encoded(UUID(int=1).bytes)},
    ]
    record = only(tmp_path, item(standardMessage={"text": {"body": "￼ 🌱 or ￼!", "bodyRanges": ranges}}))
    assert record.text == "@Ana Lima 🌱 or @Rui!"
    assert record.mentions == (str(RUI), str(ANA), str(UUID(int=1)))


def test_an_answer_refers_to_its_target_and_repeats_no_words_of_others(tmp_path: Path) -> None:
    quote = {"targetSentTimestamp": str(AT), "authorId": "2", "text": {"body": "Who brings the seeds?"}}
    records, _ = backup(
        tmp_path,
        said("Who brings the seeds?"),
        item(authorId="3", dateSent=str(AT + 1), standardMessage={"text": {"body": "I do"}, "quote": quote}),
    )
    assert records[1].reply_to == records[0].native_id
    assert records[1].text == "I do"


def test_the_quoted_words_of_another_are_kept_apart(tmp_path: Path) -> None:
    quote = {"authorId": "2", "text": {"body": "one\ntwo"}}
    record = only(tmp_path, item(standardMessage={"text": {"body": "yes"}, "quote": quote}))
    assert (record.reply_to, record.text, record.quote) == (None, "yes", "> one\n> two")


def test_an_edited_message_keeps_the_id_and_time_of_its_first_version(tmp_path: Path) -> None:
    message = said("new words")
    message["chatItem"] |= {"dateSent": str(AT + 60_000), "revisions": [said("old words")["chatItem"]]}
    record = only(tmp_path, message)
    assert (record.text, record.sent_at, record.native_id) == ("new words", SENT, f"{AT}:{ANA}")
    assert (record.is_edited, record.edited_at) == (True, datetime(2024, 3, 13, 18, 3, 11, 250_000, tzinfo=UTC))


def test_an_edited_message_keeps_what_it_said_before(tmp_path: Path) -> None:
    message, second = said("third"), said("second")["chatItem"] | {"dateSent": str(AT + 60_000)}
    message["chatItem"] |= {"dateSent": str(AT + 90_000), "revisions": [said("first")["chatItem"], second]}
    record = only(tmp_path, message)
    assert record.versions == (
        Version("first"),
        Version("second", datetime(2024, 3, 13, 18, 3, 11, 250_000, tzinfo=UTC)),
    )
    del message["chatItem"]["standardMessage"]
    assert only(tmp_path, message | {"chatItem": message["chatItem"] | {"remoteDeletedMessage": {}}}).versions == ()


def test_a_version_that_cannot_be_read_does_not_cost_the_message(tmp_path: Path) -> None:
    message = said("new words")
    message["chatItem"] |= {"dateSent": str(AT + 60_000), "revisions": [said("")["chatItem"], said("old")["chatItem"]]}
    record = only(tmp_path, message)
    assert (record.text, [version.text for version in record.versions]) == ("new words", ["old"])


def test_files_are_called_as_they_are_in_the_export(tmp_path: Path) -> None:
    content, key = b"c" * 32, b"l" * 64
    name = hashlib.sha256(content + key).hexdigest() + ".jpeg"
    locator = {"plaintextHash": encoded(content), "localKey": encoded(key)}
    attachments = [
        {"pointer": {"fileName": "a.jpeg", "locatorInfo": locator}},
        {"pointer": {"fileName": "lost.pdf"}},
        {"pointer": {}},
    ]
    message = said("the plan", attachments=attachments)
    path = write_zip(
        tmp_path / "x.zip", {"export/main.jsonl": lines(*FRAMES, message), f"files/{name[:2]}/{name}": b"\xff"}
    )
    [record], _ = read(signal.FORMAT, path)
    assert (record.kind, record.text, record.attachments) == ("media", "the plan", (name, "lost.pdf"))


def test_reactions_name_who_gave_them(tmp_path: Path) -> None:
    record = only(
        tmp_path,
        said("hi", reactions=[{"emoji": "👍", "authorId": "3"}, {"emoji": "", "authorId": "3"}, {"emoji": "x"}]),
    )
    assert record.reactions == (Reaction("👍", str(RUI)),)


@pytest.mark.parametrize(
    ("fields", "kind", "text"),
    [
        ({"remoteDeletedMessage": {}}, "deleted", ""),
        ({"adminDeletedMessage": {"adminId": "2"}}, "deleted", ""),
        ({"viewOnceMessage": {}}, "view_once", ""),
        ({"stickerMessage": {"sticker": {"emoji": "🌱"}}}, "sticker", "🌱"),
        (
            {"poll": {"question": "When?", "options": [{"option": "Mon"}, {"option": "Tue"}]}},
            "poll",
            "When?\n- Mon\n- Tue",
        ),
        (
            {"contactMessage": {"contact": {"name": {"givenName": "Zé"}, "number": [{"value": "+3519"}]}}},
            "contact",
            "Zé\n+3519",
        ),
        ({"contactMessage": {"contact": [{"name": {"givenName": "Zé"}}]}}, "contact", "Zé"),
        ({"directStoryReplyMessage": {"emoji": "🔥"}}, "text", "🔥"),
        ({"directStoryReplyMessage": {"textReply": {"text": {"body": "nice"}}}}, "text", "nice"),
        ({"paymentNotification": {"amountMob": "1.5", "note": "seeds"}}, "system", "Payment of 1.5 MOB: seeds"),
        (
            {"updateMessage": {"individualCall": {"type": "AUDIO_CALL", "direction": "INCOMING", "state": "MISSED"}}},
            "call",
            "Incoming, audio call, missed",
        ),
        (
            {"updateMessage": {"groupCall": {"state": "JOINED", "startedCallRecipientId": "3"}}},
            "call",
            "Group call, joined",
        ),
    ],
)
def test_each_sort_of_message_has_its_kind(tmp_path: Path, fields: dict[str, Any], kind: str, text: str) -> None:
    record = only(tmp_path, item(**fields))
    assert (record.kind, record.text, record.author is None) == (kind, text, False)


def test_changes_of_a_chat_are_notices_that_say_who_is_concerned(tmp_path: Path) -> None:
    change = {
        "groupChange": {
            "updates": [
                {"groupNameUpdate": {"updaterAci": encoded(ANA.bytes), "newGroupName": "Tools"}},
                {"groupMemberJoinedUpdate": {"newMemberAci": encoded(RUI.bytes)}},
            ]
        }
    }
    nobody = item(updateMessage={"simpleUpdate": {"type": "CHAT_SESSION_REFRESH"}})
    del nobody["chatItem"]["authorId"]
    records, reading = backup(tmp_path, item(updateMessage=change), nobody)
    assert [(r.kind, r.author, r.native_id) for r in records] == [("system", None, None)] * 2
    assert records[0].text == "group name: Ana Lima, Tools\ngroup member joined: Rui"
    assert records[1].text == "chat session refresh"
    assert reading.quarantined == []


HOSTILE_ITEMS: list[object] = [
    {"chatItem": None},
    {"chatItem": {"chatId": "4"}},
    item(dateSent=None),
    item(dateSent="99999999999999999999999"),
    item(dateSent=10**18),
    item(dateSent="0"),
    item(dateSent="²"),
    item(authorId={}, standardMessage={"text": {"body": "x"}}),
    item(standardMessage={"text": ["x"]}),
    item(newKindOfMessage={}),
    [1],
    "x",
]


def test_a_frame_that_is_no_message_costs_only_itself(tmp_path: Path) -> None:
    records, reading = backup(tmp_path, said("one"), *HOSTILE_ITEMS, {}, said("\ud800 two"))
    assert [record.text for record in records] == ["one", "� two"]
    assert len(reading.quarantined) == len(HOSTILE_ITEMS)
    content = (tmp_path / "main.jsonl").read_bytes()
    assert all(content[q.byte_offset :].startswith(q.raw) for q in reading.quarantined)


def test_an_unknown_chat_or_person_is_kept_apart(tmp_path: Path) -> None:
    records, _ = backup(tmp_path, item(chatId="77", authorId="88", standardMessage={"text": {"body": "x"}}), said("y"))
    assert records[0].chat != records[1].chat
    assert records[0].author != records[1].author


def test_a_backup_without_a_readable_message_says_so_and_one_without_messages_is_empty(tmp_path: Path) -> None:
    assert backup(tmp_path)[0] == []
    path = tmp_path / "main.jsonl"
    path.write_text(lines(*FRAMES, item()))
    with (
        open_export(path, LimitSettings()) as export,
        pytest.raises(ExportUnreadable, match=r"main\.jsonl.*export the chats again"),
    ):
        list(signal.FORMAT.records(export, Reading()))


ITEM_FIELDS = (
    "chatId",
    "authorId",
    "dateSent",
    "revisions",
    "standardMessage",
    "updateMessage",
    "poll",
    "stickerMessage",
    "contactMessage",
)
MESSAGE_FIELDS = (
    "text",
    "body",
    "bodyRanges",
    "attachments",
    "reactions",
    "quote",
    "sticker",
    "contact",
    "options",
    "groupChange",
    "groupCall",
)


@given(
    changes=st.lists(
        st.dictionaries(
            st.sampled_from(ITEM_FIELDS),
            JSON | st.dictionaries(st.sampled_from(MESSAGE_FIELDS), JSON, max_size=4),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_value_in_any_field_of_a_frame_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]]
) -> None:
    items = [{"chatItem": {**said("hello")["chatItem"], **change}} for change in changes]
    records, reading = backup(tmp_path_factory.mktemp("any"), said("first"), *items)
    assert len(records) + len(reading.quarantined) == 1 + len(items)


# Rows of Signal Desktop

ROW: dict[str, Any] = {
    "id": "r",
    "conversationId": "c",
    "type": "incoming",
    "sourceServiceId": str(ANA),
    "sent_at": AT,
    "timestamp": AT,
    "body": "hello",
}


def rows(tmp_path: Path, *found: object, name: str = "Garden Club.json") -> tuple[list[Record], Reading]:
    path = tmp_path / name
    path.write_text(json.dumps(found))
    return read(signal_rows.FORMAT, path)


def row(tmp_path: Path, **fields: Any) -> Record:
    [record], reading = rows(tmp_path, {**ROW, **fields})
    assert reading.quarantined == []
    return record


def test_a_row_becomes_a_message_in_the_chat_that_the_file_is_called_after(tmp_path: Path) -> None:
    [record], reading = rows(tmp_path, ROW)
    assert (record.chat, record.author, record.text, record.sent_at) == ("c", str(ANA), "hello", SENT)
    assert reading.chats == {"c": "Garden Club"}
    assert record.native_id == f"{AT}:{ANA}", "as in Signal's own export"


def test_own_rows_are_of_one_person_also_when_quoted_or_mentioned_by_id(tmp_path: Path) -> None:
    own = {**ROW, "type": "outgoing", "sourceServiceId": str(RUI)}
    answer = {
        **ROW,
        "sent_at": AT + 5,
        "quote": {"id": AT, "authorAci": str(RUI), "text": "hello"},
        "body": "￼ hi",
        "bodyRanges": [{"start": 0, "length": 1, "mentionAci": str(RUI)}],
    }
    records, _ = rows(tmp_path, own, answer)
    assert records[1].reply_to == records[0].native_id
    assert records[1].mentions == (records[0].author,)
    assert records[1].text == "@Me hi"


@pytest.mark.parametrize(
    ("fields", "kind", "text", "attachments"),
    [
        ({"deletedForEveryone": True, "attachments": [{"fileName": "x.jpg"}]}, "deleted", "", ()),
        ({"isViewOnce": True, "body": None}, "view_once", "", ()),
        ({"sticker": {"emoji": "🌱"}, "body": None}, "sticker", "🌱", ()),
        (
            {"attachments": [{"fileName": "x.jpg"}, {"contentType": "text/x-signal-plain", "fileName": "long.txt"}]},
            "media",
            "hello",
            ("x.jpg",),
        ),
        ({"body": None, "hasAttachments": 1}, "media", "", ()),
        ({"contact": [{"name": {"givenName": "Zé"}}], "body": None}, "contact", "Zé", ()),
        ({"poll": {"question": "When?", "options": ["Mon"]}, "body": ""}, "poll", "When?\n- Mon", ()),
        (
            {"type": "call-history", "callHistory": {"direction": "Incoming", "type": "Audio", "status": "Missed"}},
            "call",
            "Incoming, audio call, missed",
            (),
        ),
        (
            {"type": "call-history", "callHistoryDetails": {"wasIncoming": False, "wasVideoCall": True}},
            "call",
            "Outgoing video call",
            (),
        ),
        ({"type": "timer-notification", "body": None}, "system", "timer notification", ()),
        (
            {
                "type": "group-v2-change",
                "groupV2Change": {"from": "x", "details": [{"type": "title", "newTitle": "Tools"}]},
            },
            "system",
            "title: Unknown, Tools",
            (),
        ),
    ],
)
def test_each_sort_of_row_has_its_kind(
    tmp_path: Path, fields: dict[str, Any], kind: str, text: str, attachments: tuple[str, ...]
) -> None:
    record = row(tmp_path, **fields)
    assert (record.kind, record.text, record.attachments) == (kind, text, attachments)


def test_edits_and_reactions_of_a_row(tmp_path: Path) -> None:
    record = row(
        tmp_path,
        editHistory=[{"timestamp": AT + 1000}, {"timestamp": AT}],
        reactions=[
            {"emoji": "👍", "fromId": "p"},
            {"emoji": None, "fromId": "p"},
            {"emoji": "x", "fromId": "p", "remove": True},
        ],
    )
    assert (record.is_edited, record.edited_at) == (True, datetime(2024, 3, 13, 18, 2, 12, 250_000, tzinfo=UTC))
    assert record.reactions == (Reaction("👍", "p"),)


def test_a_row_keeps_what_it_said_before_its_edits_unless_it_was_deleted(tmp_path: Path) -> None:
    history = [
        {"timestamp": AT + 2000, "body": "hello"},
        {"timestamp": AT + 1000, "body": "\ufffc hi", "bodyRanges": [{"mentionAci": "p", "start": 0, "length": 1}]},
        {"timestamp": AT, "body": "hallo"},
    ]
    second = datetime(2024, 3, 13, 18, 2, 12, 250_000, tzinfo=UTC)
    assert row(tmp_path, body="hello", editHistory=history).versions == (
        Version("hallo"),
        Version("@Unknown hi", second),
    )
    assert row(tmp_path, editHistory=history, deletedForEveryone=True).versions == ()


def test_rows_are_read_as_lines_and_from_a_document_with_titles(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(lines(ROW, {**ROW, "sent_at": AT + 1}) + "{broken\n")
    records, reading = read(signal_rows.FORMAT, tmp_path / "x.jsonl")
    assert (len(records), len(reading.quarantined)) == (2, 1)
    (tmp_path / "y.json").write_text(
        json.dumps({"groups_name_id": [{"Tools": "c"}], "messsages": [ROW, {**ROW, "conversationId": "d"}]})
    )
    assert read(signal_rows.FORMAT, tmp_path / "y.json")[1].chats == {"c": "Tools", "d": "d"}


def test_a_document_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    whole = json.dumps([ROW, ROW])
    path.write_text(whole[:-20])
    records, reading = read(signal_rows.FORMAT, path)
    assert len(records) == 1
    assert reading.quarantined[0].byte_offset == whole.index("{", 5)


def test_a_row_without_time_or_content_is_refused(tmp_path: Path) -> None:
    bad = [{**ROW, "sent_at": None, "timestamp": "soon"}, {**ROW, "body": {}}, {**ROW, "type": "story"}, 7, None]
    records, reading = rows(tmp_path, ROW, *bad, ROW)
    assert (len(records), len(reading.quarantined)) == (2, len(bad))


ROW_FIELDS = (
    *ROW,
    "quote",
    "reactions",
    "attachments",
    "bodyRanges",
    "editHistory",
    "editMessageTimestamp",
    "sticker",
    "contact",
    "poll",
    "callHistory",
    "groupV2Change",
    "hasAttachments",
    "deletedForEveryone",
    "isViewOnce",
)


@given(changes=st.lists(st.dictionaries(st.sampled_from(ROW_FIELDS), JSON, max_size=5), max_size=6))
def test_any_value_in_any_field_of_a_row_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]]
) -> None:
    records, reading = rows(tmp_path_factory.mktemp("any"), ROW, *({**ROW, **change} for change in changes))
    assert len(records) + len(reading.quarantined) == 1 + len(changes)


@needs_shared
@pytest.mark.parametrize(
    "case", json.loads((SHARED / "signal-export" / "cases.json").read_text()) if SHARED.exists() else []
)
def test_shared_rows_of_signal_export(tmp_path: Path, case: dict[str, Any]) -> None:
    [record], _ = rows(tmp_path, case["raw"])
    expected = case["expected"]
    assert record.kind == expected.get("kind", record.kind)
    assert expected.get("quote_contains", "") in record.quote
    assert ("> " in record.quote) == ("quote_contains" in expected)
    assert "> " not in record.text
    assert (record.kind == "media") == bool(expected.get("attachments"))
    assert all(
        hidden not in record.text + "".join(record.attachments) for hidden in expected.get("must_not_contain", [])
    )


# What signal-export writes

CHAT = """[2024-05-01 10:00:00] AnaLima: hello  
(- Me: 👍, RuiCosta: ❤️ -)

[2024-05-01 10:01:00] Me: 

> hello
> you

see

this  
(- AnaLima: 👍 -)![a.jpg](./media/a.jpg)  [b (1).pdf](./media/b%20(1).pdf)  

[2024-05-01 10:02:00] Me:   [😀](../exported_stickers/p/1.webp)  

[2024-05-01 10:03:00] RuiCosta:   
(- Me: 👍 -)
(( 😀 ))

[2024-05-01 10:04:00] RuiCosta: x  (media not exported)  

[2024-05-01 10:05:00] RuiCosta: (This message was deleted)

[2024-05-01 10:06:00] Me: Outgoing voice call (accepted, 3m 2s)  

[2024-05-01 10:07:00] No-Sender:   

"""  # noqa: W291 - signal-export ends lines with two spaces
EXPECTED = [
    ("AnaLima", "text", "hello", ()),
    ("Me", "media", "see\n\nthis", ("a.jpg", "b (1).pdf")),
    ("Me", "sticker", "😀", ()),
    ("RuiCosta", "sticker", "😀", ()),
    ("RuiCosta", "media", "x", ()),
    ("RuiCosta", "deleted", "", ()),
    ("Me", "call", "Outgoing voice call (accepted, 3m 2s)", ()),
    (None, "system", "", ()),
]
LINE: dict[str, Any] = {
    "date": "2024-05-01T10:00:00.250000",
    "sender": "AnaLima",
    "body": "hello  ",
    "quote": "",
    "sticker": None,
    "reactions": [["Me", "👍"]],
    "attachments": [],
    "deleted": False,
    "call": False,
    "missed": False,
}


def export_folder(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / "export" / "AnaLima" / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="")
    return tmp_path / "export"


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_chat_in_markdown(tmp_path: Path, line_break: str) -> None:
    records, reading = read(signal_markdown.FORMAT, export_folder(tmp_path, chat_md=CHAT.replace("\n", line_break)))
    assert [(r.author, r.kind, r.text, r.attachments) for r in records] == EXPECTED
    assert records[1].quote == "> hello\n> you"
    assert records[0].reactions == (Reaction("👍", "Me"), Reaction("❤️", "RuiCosta"))
    assert records[1].reactions == (Reaction("👍", "AnaLima"),)
    assert records[1].local_time == datetime(2024, 5, 1, 10, 1)
    assert (reading.chats, reading.quarantined) == ({"AnaLima": "AnaLima"}, [])
    content = (tmp_path / "export" / "AnaLima" / "chat.md").read_bytes()
    assert all(content[record.byte_offset :].startswith(b"[2024") for record in records)


@pytest.mark.parametrize(
    "header", ["[2019-05-29, 15:04] ", "[2019-05-29, 15:04:00] ", "[2019-05-29 15:04:00] ", "[2019-05-29 15:04] "]
)
def test_the_headers_of_all_versions(tmp_path: Path, header: str) -> None:
    path = tmp_path / "index.md"
    path.write_text(f"{header}Me: How is everyone?\n{header}Aya: We're\n[fine]: and\n\nyou?\n")
    records, _ = read(signal_markdown.FORMAT, path)
    assert [(r.author, r.text) for r in records] == [("Me", "How is everyone?"), ("Aya", "We're\n[fine]: and\n\nyou?")]
    assert {record.local_time for record in records} == {datetime(2019, 5, 29, 15, 4)}


def test_json_lines_say_the_same_and_are_preferred(tmp_path: Path) -> None:
    with_all = {
        **LINE,
        "body": "see\n\nthis  ",
        "quote": "\n\n> hello\n> you\n\n",
        "attachments": [
            {"name": "a.jpg", "path": "media/a.jpg", "missing_kind": None},
            {"name": "", "path": "", "missing_kind": "media"},
        ],
    }
    folder = export_folder(
        tmp_path, chat_md=CHAT, data_json=lines(LINE, with_all, {**LINE, "deleted": True}, {**LINE, "call": True})
    )
    records, _ = read(signal_markdown.FORMAT, folder)
    assert [(r.kind, r.text, r.attachments) for r in records] == [
        ("text", "hello", ()),
        ("media", "see\n\nthis", ("a.jpg",)),
        ("deleted", "", ()),
        ("call", "hello", ()),
    ]
    assert records[0].local_time == datetime(2024, 5, 1, 10, 0, 0, 250_000)
    assert records[0].reactions == (Reaction("👍", "Me"),)


def test_markdown_that_begins_earlier_was_merged_and_is_preferred(tmp_path: Path) -> None:
    folder = export_folder(tmp_path, chat_md=CHAT, data_json=lines({**LINE, "date": "2024-05-01T10:05:00"}))
    assert len(read(signal_markdown.FORMAT, folder)[0]) == len(EXPECTED)


def test_an_archive_holds_one_chat_per_folder_and_its_sticker_packs_are_none(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "export/AnaLima/chat.md": CHAT,
        "export/AnaLima/index.html": "<html>",
        "export/GardenClub/data.json": lines(LINE),
        "export/exported_stickers/p/data.json": lines({"id": "p", "title": "Frogs"}),
    }
    records, reading = read(signal_markdown.FORMAT, write_zip(tmp_path / "x.zip", members))
    assert set(reading.chats) == {"AnaLima", "GardenClub"}
    assert len(records) == len(EXPECTED) + 1


def test_a_message_with_an_impossible_time_is_refused_with_all_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "chat.md"
    path.write_text(
        "[2024-05-01 10:00:00] Ana: one\n[2024-02-31 10:00:00] Ana: lost\nwith this\n"
        "[0000-01-01 10:00:00] Ana: x\n[2024-05-01 10:01:00] Ana: two\n"
    )
    records, reading = read(signal_markdown.FORMAT, path)
    assert [record.text for record in records] == ["one", "two"]
    assert [refused.reason for refused in reading.quarantined] == ["its time is impossible"] * 2
    assert reading.quarantined[0].raw.startswith(b"lost\nwith this")


def test_endless_lines_and_messages_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "chat.md"
    path.write_text(
        f"[2024-05-01 10:00:00] A: one\n{'x' * (3 << 20)}\n[2024-05-01 10:01:00] A: two\n"
        + "line\n" * 300_000
        + "[2024-05-01 10:02:00] A: three\n"
    )
    records, reading = read(signal_markdown.FORMAT, path)
    assert [record.text for record in records] == ["one", "three"]
    assert len(reading.quarantined) == 2


def test_a_body_of_links_only_is_taken_apart_in_linear_time() -> None:
    body = "[x](./media/x) " * 60_000
    assert len(signal_markdown._markdown_body(body).attachments) == 60_000


@given(
    changes=st.lists(st.dictionaries(st.sampled_from(sorted(LINE)), JSON, max_size=5), max_size=6),
    text=st.text(st.sampled_from("[]()- :>!\nab\u0660./2024mediaMe") | st.characters(codec="utf-8"), max_size=80),
)
def test_any_value_and_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, Any]], text: str
) -> None:
    folder = export_folder(
        tmp_path_factory.mktemp("any"), data_json=lines(LINE, *({**LINE, **change} for change in changes))
    )
    records, reading = read(signal_markdown.FORMAT, folder)
    assert len(records) + len(reading.quarantined) == 1 + len(changes)
    other = tmp_path_factory.mktemp("any") / "chat.md"
    other.write_bytes(b"[2024-05-01 10:00:00] A: " + text.encode())
    assert len(read(signal_markdown.FORMAT, other)[0]) >= 1


@needs_shared
def test_shared_text_of_chat_miner() -> None:
    [case] = [
        case
        for case in json.loads((SHARED / "chat-miner" / "cases.json").read_text())
        if case["id"] == "chatminer-signal"
    ]
    records, reading = read(signal_markdown.FORMAT, SHARED / "chat-miner" / case["file"])
    assert reading.quarantined == []
    assert [
        (r.local_time.isoformat() if r.local_time else "", r.author, r.text.replace("\n", " "), r.kind) for r in records
    ] == [(row["timestamp"], row["author"], row["text"], row["kind"]) for row in case["expected"]]


# Whose is what


def test_each_form_is_claimed_by_its_format_only(tmp_path: Path) -> None:
    samples: list[tuple[ChatFormat, str, str]] = [
        (signal.FORMAT, "a.jsonl", lines(*FRAMES)),
        (signal_rows.FORMAT, "b.json", json.dumps([ROW])),
        (signal_rows.FORMAT, "c.jsonl", lines(ROW)),
        (signal_rows.FORMAT, "d.json", json.dumps([{**ROW, "attachments": []}], indent=1)),
        (signal_markdown.FORMAT, "e.md", CHAT),
        (signal_markdown.FORMAT, "f.json", lines(LINE)),
        (signal_markdown.FORMAT, "g.txt", "[2019-05-29, 15:04] Me: How is everyone?\n"),
    ]
    for owner, name, content in samples:
        (tmp_path / name).write_text(content)
        claimed = [known for known in (*FORMATS, jsonl.FORMAT) if recognises(known, tmp_path / name)]
        assert claimed == [owner], name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("_chat.txt", "[2019-05-29, 15:04:05] Ana: hi\n"),
        ("_chat.txt", "[29/05/2019, 15:04:05] Ana: hi\n"),
        ("WhatsApp Chat with Ana.txt", "2019-05-29, 15:04 - Ana: hi\n"),
        ("notes.md", "# Notes\n"),
        ("notes.md", ""),
        ("x.json", "{}"),
        ("x.json", "[]"),
        ("x.json", '{"version": 1}'),
        ("x.json", '{"messages": [{"timestamp": 1, "type": "message"}]}'),
        ("x.json", '[{"type": "message", "ts": "1.2", "text": "hi"}]'),
        ("x.jsonl", '{"timestamp": 1, "text": "x"}\n'),
        ("x.jsonl", "\udcff"),
    ],
)
def test_other_content_is_not_claimed(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert [known for known in FORMATS if recognises(known, path)] == []
    packed = write_zip(tmp_path / "x.zip", {name: path.read_bytes()})
    assert [known for known in FORMATS if recognises(known, packed)] == []


@needs_shared
def test_no_export_of_another_platform_is_claimed() -> None:
    for path in sorted(file for file in SHARED.rglob("*") if file.is_file() and file.name != "signal_export.txt"):
        assert [known for known in FORMATS if recognises(known, path)] == [], path
