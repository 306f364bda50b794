"""Matrix events become records: edits, reactions and deletions applied, whatever stands in their fields."""

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
from egregora_assets.chat.formats.matrix import FORMAT
from egregora_assets.chat.formats.records import Reaction, Reading, Record, Version
from tests.chat.formats.reading import read, recognises, write_zip
from tests.properties import dear

ROOM = "!room:example.org"
ANA, BIA = "@ana:example.org", "@bia:example.org"
NOON = 1_700_000_000_000


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def event(content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "sender": ANA,
        "room_id": ROOM,
        "event_id": "$1",
        "origin_server_ts": NOON,
        "content": content,
    } | fields


def text(body: str, **content: Any) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body} | content


def edit(body: str, target: str = "$1", **fields: Any) -> dict[str, Any]:
    relation = {"rel_type": "m.replace", "event_id": target}
    content = text(f"* {body}", **{"m.new_content": text(body), "m.relates_to": relation})
    return event(content, **{"event_id": "$9", "origin_server_ts": NOON + 9000} | fields)


def reaction(key: str, target: str = "$1", **fields: Any) -> dict[str, Any]:
    relation = {"rel_type": "m.annotation", "event_id": target, "key": key}
    return event({"m.relates_to": relation}, **{"type": "m.reaction", "event_id": f"${key}", "sender": BIA} | fields)


def redaction(target: str, **fields: Any) -> dict[str, Any]:
    return event({}, type="m.room.redaction", event_id="$r", redacts=target, origin_server_ts=NOON + 500) | fields


def member(person: str, content: dict[str, Any], before: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    unsigned = {"prev_content": before} if before else {}
    return event(
        content, **{"type": "m.room.member", "state_key": person, "unsigned": unsigned, "event_id": "$m"} | fields
    )


def element(*events: Any) -> str:
    head = {"room_name": "Garden", "room_creator": "Ana", "topic": "", "export_date": "1/1/2024", "exported_by": "Ana"}
    return json.dumps(head | {"messages": events}, indent=2)


def records_of(folder: Path, *events: Any) -> list[Record]:
    return read_events(folder, *events)[0]


def read_events(folder: Path, *events: Any) -> tuple[list[Record], Reading]:
    path = folder / "export.json"
    path.write_text(element(*events), encoding="utf-8")
    return read(FORMAT, path)


def one(folder: Path, *events: Any) -> Record:
    [record] = records_of(folder, *events)
    return record


def test_a_message_keeps_its_id_instant_sender_and_text(tmp_path: Path) -> None:
    names = member(ANA, {"membership": "join", "displayname": "Ana Lima"}, event_id="$0")
    [_, record], reading = read_events(tmp_path, names, event(text("hello")))
    assert (record.chat, record.native_id, record.author, record.kind) == (ROOM, "$1", ANA, "text")
    assert (record.text, record.sent_at) == ("hello", at(NOON))
    assert reading.chats == {ROOM: "Garden"}
    assert reading.people == {ANA: ["Ana Lima", ANA]}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([event(text("hello"))]),
        json.dumps({"start": "s", "chunk": [event(text("hello"))], "end": "e", "state": []}),
        json.dumps({"messages": [event(text("hello"))]}),
        json.dumps(event(text("hello"))) + "\n",
        "\ufeff" + json.dumps(event(text("hello"))) + "\r\n\r\n",
    ],
    ids=["list", "page of /messages", "plain messages", "line", "line with mark"],
)
def test_events_are_found_wherever_they_stand(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, encoding="utf-8")
    [record], reading = read(FORMAT, path)
    assert record.text == "hello"
    assert reading.chats == {ROOM: ROOM}
    assert path.read_bytes()[record.byte_offset :].startswith(b'{"type": "m.room.message"')


def test_the_members_of_a_page_give_names_but_no_messages(tmp_path: Path) -> None:
    state = [member(ANA, {"membership": "join", "displayname": "Ana Lima"})]
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"chunk": [event(text("hello"))], "state": state}), encoding="utf-8")
    records, reading = read(FORMAT, path)
    assert [record.text for record in records] == ["hello"]
    assert reading.people == {ANA: ["Ana Lima", ANA]}


def test_events_with_nothing_between_them_are_read_as_a_server_exports_them(tmp_path: Path) -> None:
    events = [event(text("é" * 300), event_id=f"${number}") for number in range(4000)]
    members = {
        "rooms/!room:example.org/events": "".join(json.dumps(one, ensure_ascii=False) for one in events),
        "rooms/!room:example.org/state/$1": json.dumps(member(BIA, {"membership": "join"})),
        "user_data/profile": "{}",
    }
    records, reading = read(FORMAT, write_zip(tmp_path / "export.zip", members))
    assert [record.native_id for record in records] == [one["event_id"] for one in events]
    data = members["rooms/!room:example.org/events"].encode()
    assert all(data[record.byte_offset :].startswith(b'{"type"') for record in records)
    assert not reading.quarantined


def test_a_broken_line_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    lines = [json.dumps(event(text("a"))), '{"type": "m.room.mess', "[" * 100_000, json.dumps(event(text("b")))]
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(lines) + '\n{"type"', encoding="utf-8")
    records, reading = read(FORMAT, path)
    assert [record.text for record in records] == ["a", "b"]
    starts = [len(lines[0]) + 1, len(lines[0]) + len(lines[1]) + 2, sum(map(len, lines)) + 4]
    assert [fault.byte_offset for fault in reading.quarantined] == starts


def test_the_newest_edit_of_the_sender_is_the_text(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        edit("third", event_id="$8", origin_server_ts=NOON + 3000),
        event(text("first", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}})),
        edit("second", event_id="$9", origin_server_ts=NOON + 2000),
        edit("forged", event_id="$7", sender=BIA),
    )
    assert (record.text, record.native_id, record.reply_to) == ("third", "$1", "$0")
    assert (record.is_edited, record.sent_at, record.edited_at) == (True, at(NOON), at(NOON + 3000))


def test_what_a_message_said_before_its_edits_is_kept_in_order(tmp_path: Path) -> None:
    answer = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    record = one(
        tmp_path,
        edit("third", event_id="$8", origin_server_ts=NOON + 3000),
        event(text("> <@bia:example.org> the question\n\nfirst", **answer)),
        edit("taken back", event_id="$6", origin_server_ts=NOON + 1000),
        edit("second", event_id="$9", origin_server_ts=NOON + 2000),
        edit("forged", event_id="$7", sender=BIA),
        redaction("$6"),
    )
    assert record.versions == (Version("first"), Version("second", at(NOON + 2000)))


def test_a_deleted_message_and_a_forwarded_one_keep_no_earlier_words(tmp_path: Path) -> None:
    assert one(tmp_path, event(text("first")), edit("second"), redaction("$1")).versions == ()
    forward = event(text("first", **{"m.forwarded": {"sender": BIA}}))
    assert one(tmp_path, forward, edit("second")).versions == ()


def test_an_edit_without_its_original_tells_of_the_edits_before_it_only(tmp_path: Path) -> None:
    later = edit("third", target="$lost", event_id="$8", origin_server_ts=NOON + 9000)
    record = one(tmp_path, edit("second", target="$lost", origin_server_ts=NOON + 2000), later)
    assert (record.text, record.versions) == ("third", (Version("second", at(NOON + 2000)),))


def test_an_edit_that_was_taken_back_does_not_count(tmp_path: Path) -> None:
    record = one(tmp_path, event(text("first")), edit("second"), redaction("$9"))
    assert (record.text, record.is_edited) == ("first", False)


def test_an_edit_that_the_server_bundles_is_applied(tmp_path: Path) -> None:
    bundle = {"m.relations": {"m.replace": edit("second")}}
    assert one(tmp_path, event(text("first"), unsigned=bundle)).text == "second"
    bundle = {"m.relations": {"m.replace": {"event_id": "$9", "origin_server_ts": NOON + 5, "sender": ANA}}}
    record = one(tmp_path, event(text("second"), unsigned=bundle))
    assert (record.text, record.is_edited, record.edited_at) == ("second", True, at(NOON + 5))


def test_an_edit_without_its_original_is_the_message_under_the_originals_id(tmp_path: Path) -> None:
    other, record = records_of(tmp_path, edit("second", target="$lost"), event(text("x")))
    assert other.text == "x"
    assert (record.native_id, record.text, record.author, record.is_edited) == ("$lost", "second", ANA, True)


def test_reactions_name_their_people_and_vanish_when_taken_back(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        event(text("x")),
        reaction("👍"),
        reaction("👍", event_id="$twice"),
        reaction("🎉"),
        redaction("$🎉"),
        event({}, type="m.reaction", event_id="$gone", unsigned={"redacted_because": {}}),
    )
    assert record.reactions == (Reaction("👍", BIA),)


def test_reactions_that_the_server_only_counts_are_kept(tmp_path: Path) -> None:
    bundle = {"m.relations": {"m.annotation": {"chunk": [{"type": "m.reaction", "key": "👍", "count": 3}]}}}
    assert one(tmp_path, event(text("x"), unsigned=bundle)).reactions == (Reaction("👍", None, 3),)


def test_a_deleted_message_keeps_who_and_when_but_no_text(tmp_path: Path) -> None:
    in_stream = one(tmp_path, event(text("secret")), redaction("$1"))
    because = {"redacted_because": redaction("$1", origin_server_ts=NOON + 700)}
    marked = one(tmp_path, event({}, unsigned=because))
    newer = one(tmp_path, event(text("secret")), redaction("", content={"redacts": "$1"}))
    emptied = one(tmp_path, event({}))
    for record in (in_stream, marked, newer, emptied):
        assert (record.kind, record.text, record.author) == ("deleted", "", ANA)
    times = [record.deleted_at for record in (in_stream, marked, newer, emptied)]
    assert times == [at(NOON + 500), at(NOON + 700), at(NOON + 500), None]


def test_the_quotation_of_an_answer_is_dropped_but_no_other(tmp_path: Path) -> None:
    quoted = "> <@bia:example.org> the\n> question\n\nmy answer\n> and more"
    answer = text(quoted, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}})
    record = one(tmp_path, event(answer))
    assert (record.text, record.reply_to) == ("my answer\n> and more", "$0")
    assert record.quote == "> <@bia:example.org> the\n> question"
    assert one(tmp_path, event(text(quoted))).text == quoted
    typed = text("> roses\n\nred", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}})
    assert (one(tmp_path, event(typed)).text, one(tmp_path, event(typed)).quote) == ("> roses\n\nred", "")


def test_a_quotation_that_the_client_marked_is_dropped_with_its_mentions_wherever_it_stands(tmp_path: Path) -> None:
    link = '<a href="https://matrix.to/#/@bia:example.org">bia</a>'
    html = f"<mx-reply><blockquote>{link}<br>ask bia</blockquote></mx-reply>bia knows"
    marked = text("> bia: ask bia\n\nbia knows", format="org.matrix.custom.html", formatted_body=html)
    record = one(tmp_path, event(marked))
    assert (record.text, record.quote, record.mentions) == ("bia knows", "> bia: ask bia", ())


def test_an_edit_without_its_original_gives_no_quotation_as_text(tmp_path: Path) -> None:
    record = one(tmp_path, edit("> <@bia:example.org> the question\n\nanswer"))
    assert (record.native_id, record.text, record.reply_to) == ("$1", "answer", None)


def test_a_file_that_answers_has_no_quotation_in_its_name(tmp_path: Path) -> None:
    answer = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    record = one(tmp_path, event({"msgtype": "m.file", "body": "> <@bia:example.org> plan?\n\nplan.pdf"} | answer))
    assert record.attachments == ("plan.pdf",)


@pytest.mark.parametrize(
    "mark",
    [
        {"m.forwarded": {"sender": BIA}},
        {"org.matrix.msc4553.forwarded": {}},
        {"com.famedly.app.forwarded": {"sender": BIA, "room_id": "!other:example.org"}},
        {
            "formatted_body": "Forwarded message from <b>Bia</b><br/><tg-forward><blockquote>hi</blockquote></tg-forward>"
        },
    ],
)
def test_what_is_forwarded_is_quoted_and_never_the_text_of_who_forwards_it(
    tmp_path: Path, mark: dict[str, Any]
) -> None:
    record = one(tmp_path, event(text("Forwarded from Bia:\n> hi", **mark)))
    assert (record.kind, record.text, record.quote) == ("text", "", "Forwarded from Bia:\n> hi")
    own = one(tmp_path, event(text("again", **{"m.forwarded": {"sender": ANA}})))
    assert (own.text, own.quote) == ("again", "")


def test_a_list_without_a_room_is_the_same_chat_in_a_numbered_copy(tmp_path: Path) -> None:
    stray = {key: value for key, value in event(text("hello")).items() if key != "room_id"}
    chats = set()
    for name in ("garden.json", "garden (12).json"):
        (tmp_path / name).write_text(json.dumps([stray]), encoding="utf-8")
        chats |= {record.chat for record in read(FORMAT, tmp_path / name)[0]}
    assert chats == {"garden"}


def test_a_thread_hangs_on_its_root(tmp_path: Path) -> None:
    falling_back = {
        "rel_type": "m.thread",
        "event_id": "$1",
        "m.in_reply_to": {"event_id": "$2"},
        "is_falling_back": True,
    }
    answer = {"rel_type": "m.thread", "event_id": "$1", "m.in_reply_to": {"event_id": "$2"}}
    records = records_of(
        tmp_path,
        event(text("root")),
        event(text("a", **{"m.relates_to": falling_back}), event_id="$2"),
        event(text("b", **{"m.relates_to": answer}), event_id="$3"),
        event(text("c"), event_id="$4"),
    )
    assert [record.thread for record in records] == ["$1", "$1", "$1", None]
    assert [record.reply_to for record in records] == [None, None, "$2", None]


def test_media_have_their_file_name_and_their_caption(tmp_path: Path) -> None:
    plain = one(tmp_path, event({"msgtype": "m.image", "body": "photo.jpg", "url": "mxc://example.org/a"}))
    captioned = one(tmp_path, event({"msgtype": "m.file", "body": "our plan", "filename": "plan.pdf"}))
    assert (plain.kind, plain.text, plain.attachments) == ("media", "", ("photo.jpg",))
    assert (captioned.kind, captioned.text, captioned.attachments) == ("media", "our plan", ("plan.pdf",))


@pytest.mark.parametrize(
    ("type_", "content", "kind", "shown"),
    [
        ("m.room.message", {"msgtype": "m.emote", "body": "waves"}, "text", "waves"),
        ("m.room.message", {"msgtype": "m.notice", "body": "build failed"}, "text", "build failed"),
        ("m.room.message", {"msgtype": "m.new_thing", "body": "fallback"}, "text", "fallback"),
        ("m.sticker", {"body": "a waving cat", "url": "mxc://example.org/a"}, "sticker", "a waving cat"),
        (
            "m.room.message",
            {"msgtype": "m.location", "body": "the park", "geo_uri": "geo:1.5,2.5"},
            "location",
            "the park\ngeo:1.5,2.5",
        ),
        ("m.call.invite", {"call_id": "1", "offer": {}}, "call", "Started a call."),
        ("m.room.encrypted", {"algorithm": "x", "ciphertext": "y"}, "system", "A message that could not be decrypted."),
        (
            "m.room.message",
            {"msgtype": "m.bad.encrypted", "body": "** Unable to decrypt **"},
            "system",
            "A message that could not be decrypted.",
        ),
        (
            "m.poll.start",
            {
                "m.text": [{"body": "Lunch? 1. Soup"}],
                "m.poll": {
                    "question": {"m.text": [{"body": "Lunch?"}]},
                    "answers": [{"m.id": "a", "m.text": [{"body": "Soup"}]}],
                },
            },
            "poll",
            "Lunch?\n- Soup",
        ),
        (
            "org.matrix.msc3381.poll.start",
            {
                "org.matrix.msc3381.poll.start": {
                    "question": {"org.matrix.msc1767.text": "Lunch?"},
                    "answers": [{"id": "a", "org.matrix.msc1767.text": "Soup"}],
                }
            },
            "poll",
            "Lunch?\n- Soup",
        ),
    ],
)
def test_each_type_has_its_kind(tmp_path: Path, type_: str, content: Any, kind: str, shown: str) -> None:
    record = one(tmp_path, event(content, type=type_))
    assert (record.kind, record.text, record.author) == (kind, shown, ANA)


def test_events_that_carry_votes_or_calls_are_no_messages(tmp_path: Path) -> None:
    types = ("m.poll.response", "m.call.candidates", "m.key.verification.start")
    records, reading = read_events(tmp_path, *(event({"body": "x"}, type=type_) for type_ in types))
    assert (records, reading.quarantined) == ([], [])


JOINED = {"membership": "join", "displayname": "Bia"}


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (member(BIA, JOINED, sender=BIA), "@Bia joined the room"),
        (member(BIA, {"membership": "invite", "displayname": "Bia"}), "@Ana invited @Bia"),
        (member(BIA, {"membership": "leave"}, JOINED, sender=BIA), "@Bia left the room"),
        (member(BIA, {"membership": "leave", "reason": "spam"}, JOINED), "@Ana removed @Bia: spam"),
        (member(BIA, {"membership": "ban"}, JOINED), "@Ana banned @Bia"),
        (member(BIA, {"membership": "leave"}, {"membership": "ban", "displayname": "Bia"}), "@Ana unbanned @Bia"),
        (member(BIA, JOINED | {"displayname": "Beatriz"}, JOINED, sender=BIA), "@Bia changed their name to @Beatriz"),
        (member(BIA, JOINED | {"avatar_url": "mxc://a"}, JOINED, sender=BIA), "@Bia changed their picture"),
        (event({"name": "Garden"}, type="m.room.name", state_key=""), "@Ana changed the room name: Garden"),
        (event({}, type="m.room.create", state_key=""), "@Ana created the room"),
        (event({"url": "x"}, type="org.example.widget", state_key="1"), "@Ana changed the room (org.example.widget)"),
    ],
)
def test_notices_name_people_and_nobody_wrote_them(tmp_path: Path, notice: dict[str, Any], expected: str) -> None:
    ana = member(ANA, {"membership": "join", "displayname": "Ana"}, event_id="$0")
    _, record = records_of(tmp_path, ana, notice)
    assert (record.kind, record.author, record.text) == ("system", None, expected)
    assert set(record.mentions) == {person for person, name in ((ANA, "@Ana"), (BIA, "@B")) if name in expected}


def test_mentions_are_written_with_the_name_that_a_reader_sees(tmp_path: Path) -> None:
    bia = member(BIA, {"membership": "join", "displayname": "Bia"}, event_id="$0", sender=BIA)
    pill = text(
        "Bia Reis: hello",
        format="org.matrix.custom.html",
        formatted_body='<a href="https://matrix.to/#/%40bia%3Aexample.org">Bia Reis</a>: hello',
    )
    [_, record], reading = read_events(tmp_path, bia, event(pill))
    assert (record.text, record.mentions) == ("@Bia Reis: hello", (BIA,))
    assert reading.people[BIA] == ["Bia", BIA, "Bia Reis"]
    meant = text("@bia:example.org and Bia, not Biasco", **{"m.mentions": {"user_ids": [BIA]}})
    _, record = records_of(tmp_path, bia, event(meant))
    assert (record.text, record.mentions) == ("@Bia and @Bia, not Biasco", (BIA,))


def test_who_is_answered_is_mentioned_without_a_change_of_the_text(tmp_path: Path) -> None:
    will = member(BIA, {"membership": "join", "displayname": "Will"}, event_id="$0", sender=BIA)
    answer = text(
        "Will it rain?", **{"m.mentions": {"user_ids": [BIA]}, "m.relates_to": {"m.in_reply_to": {"event_id": "$5"}}}
    )
    _, record = records_of(tmp_path, will, event(answer))
    assert (record.text, record.mentions) == ("Will it rain?", (BIA,))


def test_a_poll_that_ends_is_a_notice_on_the_poll(tmp_path: Path) -> None:
    end = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}, "m.text": [{"body": "Top answer: Soup"}]}
    record = one(tmp_path, event(end, type="m.poll.end"))
    assert (record.kind, record.reply_to) == ("system", "$p")
    assert (record.text, record.quote) == ("@ana:example.org ended the poll.", "Top answer: Soup")


def test_what_cannot_be_read_is_refused_and_the_next_event_is_read(tmp_path: Path) -> None:
    bad = (
        None,
        event("no content"),
        event(text("x"), origin_server_ts="yesterday"),
        event(text("x"), origin_server_ts=10**400),
        event(text("x"), sender=None),
        event({"msgtype": "m.text", "body": 7}),
        edit("x") | {"content": {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}},
    )
    records, reading = read_events(tmp_path, *bad, event(text("good")))
    assert [record.text for record in records] == ["good"]
    assert len(reading.quarantined) == len(bad)


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = element(event(text("a")), event(text("b"), event_id="$2"))
    path = tmp_path / "export.json"
    path.write_text(whole[: whole.index('"$2"')], encoding="utf-8")
    records, reading = read(FORMAT, path)
    assert [record.text for record in records] == ["a"]
    assert len(reading.quarantined) == 1


def test_an_export_without_one_readable_event_says_so(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(element(event(text("a")))[:200], encoding="utf-8")
    with pytest.raises(ExportUnreadable, match=r"export\.json is a Matrix export of which no event can be read"):
        read(FORMAT, path)


def test_an_export_in_several_files_is_corrected_across_them(tmp_path: Path) -> None:
    members = {
        "1.json": json.dumps([edit("second")]),
        "2.json": json.dumps([event(text("first"))]),
        "a.png": b"\x89PNG",
    }
    [record], _ = read(FORMAT, write_zip(tmp_path / "export.zip", members))
    assert record.text == "second"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"messages": [{"id": 1, "type": "message", "from": "Ana"}]}',
        '[{"type": "message", "user": "U1", "ts": "1.0", "text": "hi"}]',
        '{"type": "m.room.message", "sender": "ana", "content": {}, "origin_server_ts": 1}',
        "[25/12/2023, 10:30:00] Ana: hi\n",
    ],
)
def test_other_files_are_not_claimed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, encoding="utf-8")
    assert not recognises(FORMAT, path)


KEYS = (
    "body",
    "msgtype",
    "m.relates_to",
    "m.new_content",
    "event_id",
    "rel_type",
    "m.in_reply_to",
    "m.text",
    "user_ids",
)
STRINGS = st.text(st.characters(), max_size=6) | st.sampled_from(["$1", "$2", ANA, "join", "m.thread", "m.image"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["sender", "event_id", "origin_server_ts", "content", "unsigned", "room_id", "state_key"])
TYPES = st.sampled_from(
    ["m.room.message", "m.room.member", "m.room.name", "m.sticker", "m.poll.start", "m.call.invite"]
)
CONTENTS = st.dictionaries(
    st.sampled_from([*KEYS, "m.mentions", "formatted_body", "membership", "displayname", "m.poll", "filename"]),
    JSON_VALUES,
    max_size=5,
)


@dear(200, 60)
@given(st.lists(st.tuples(TYPES, CONTENTS, st.dictionaries(FIELDS, JSON_VALUES, max_size=3)), max_size=4))
def test_no_value_of_any_field_stops_the_reading(changes: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> None:
    events = [event(text("x") | content, type=type_) | fields for type_, content, fields in changes]
    with tempfile.TemporaryDirectory() as folder:
        records, reading = read_events(Path(folder), *events)
    assert len(records) + len(reading.quarantined) == len(changes)


@settings(max_examples=60, deadline=None)
@given(st.permutations([event(text("a")), edit("b"), reaction("👍"), event(text("c"), event_id="$2"), redaction("$2")]))
def test_the_order_of_corrections_changes_nothing(events: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        records = records_of(Path(folder), *events)
    found = {record.native_id: (record.kind, record.text, record.reactions) for record in records}
    assert found == {"$1": ("text", "b", (Reaction("👍", BIA),)), "$2": ("deleted", "", ())}
