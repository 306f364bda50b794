"""Messages of Matrix rooms: what each kind of event tells, and a real homeserver end to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from egregora_assets.config import SettingsError
from egregora_assets.live.adapters import matrix, matrix_client
from egregora_assets.live.adapters.matrix import Matrix
from egregora_assets.live.adapters.matrix_events import Room
from egregora_assets.live.adapters.protocol import RetryExhausted
from egregora_assets.live.incoming import IncomingMessage
from tests.live.adapters.listening import Listener, eventually, listening
from tests.live.adapters.servers import Server, running
from tests.live.adapters.synapse import people, synapse

ROOM, ANA = "!room:localhost", "@ana:localhost"
TOKEN = "syt_a_token_of_the_test"


# What events tell


def event(type_: str, content: dict[str, Any], event_id: str = "$1", **more: Any) -> dict[str, Any]:
    return {
        "type": type_,
        "content": content,
        "event_id": event_id,
        "sender": ANA,
        "origin_server_ts": 1_600_000_000_123,
        "room_id": ROOM,
    } | more


def said(text: str, event_id: str = "$1", **content: Any) -> dict[str, Any]:
    return event("m.room.message", {"msgtype": "m.text", "body": text} | content, event_id)


def told(value: dict[str, Any], room: Room | None = None) -> IncomingMessage:
    message = (room or Room(ROOM)).event(value)
    assert message is not None
    return message


def known_room() -> Room:
    room = Room(ROOM)
    room.note(event("m.room.name", {"name": "Hikers"}, state_key=""))
    room.note(event("m.room.member", {"membership": "join", "displayname": "Ana"}, state_key=ANA))
    return room


def test_a_message_has_the_names_of_the_room_and_of_the_person() -> None:
    message = told(said("hello"), known_room())
    assert (message.native_id, message.source, message.source_title) == ("$1", ROOM, "Hikers")
    assert (message.author, message.author_name, message.text) == (ANA, "Ana", "hello")
    assert message.sent_at.isoformat() == "2020-09-13T12:26:40.123000+00:00"


def test_an_answer_is_without_the_quotation_and_a_thread_hangs_on_its_message() -> None:
    reply = {"m.in_reply_to": {"event_id": "$0"}}
    answer = told(said("> <@bo:localhost> secret words\n\nyes", **{"m.relates_to": reply}))
    assert (answer.text, answer.reply_to, answer.thread) == ("yes", "$0", None)
    thread = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True, **reply}
    answer = told(said("in a thread", **{"m.relates_to": thread}))
    assert (answer.reply_to, answer.thread) == (None, "$root")


def test_an_edit_tells_the_new_text_of_the_message_it_is_about() -> None:
    content = {
        "m.new_content": {"msgtype": "m.text", "body": "new"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$0"},
    }
    edit = told(said("* new", "$2", **content))
    assert (edit.event, edit.native_id, edit.target, edit.text) == ("edit", "$2", "$0", "new")


def test_the_same_message_is_the_same_before_and_after_its_edit() -> None:
    edited = said("old")
    bundle = {"event_id": "$2", "sender": ANA, "origin_server_ts": 1, "type": "m.room.message"}
    bundle["content"] = {"m.new_content": {"msgtype": "m.text", "body": "new"}}
    edited["unsigned"] = {"m.relations": {"m.replace": bundle, "m.thread": {"count": 1}}}
    assert told(edited) == told(said("old"))


def test_a_redaction_a_reaction_and_a_file() -> None:
    for redaction in (event("m.room.redaction", {}, redacts="$0"), event("m.room.redaction", {"redacts": "$0"})):
        deletion = told(redaction)
        assert (deletion.event, deletion.target) == ("delete", "$0")
    relation = {"rel_type": "m.annotation", "event_id": "$0", "key": "👍"}
    reaction = told(event("m.reaction", {"m.relates_to": relation}))
    assert (reaction.event, reaction.target, reaction.emoji) == ("reaction", "$0", "👍")
    image = told(said("photo.jpg", msgtype="m.image", url="mxc://x/y"))
    assert (image.kind, image.text, image.attachments) == ("media", "", ("photo.jpg",))
    image = told(said("look", msgtype="m.image", filename="photo.jpg"))
    assert (image.text, image.attachments) == ("look", ("photo.jpg",))


def test_a_reaction_that_is_redacted_was_taken_back_by_whom_it_was_of() -> None:
    room = known_room()
    relation = {"rel_type": "m.annotation", "event_id": "$0", "key": "👍"}
    told(event("m.reaction", {"m.relates_to": relation}, "$r"), room)
    undone = told(event("m.room.redaction", {}, "$u", redacts="$r", sender="@moderator:localhost"), room)
    assert (undone.event, undone.removed, undone.native_id, undone.target) == ("reaction", True, "$u", "$0")
    assert (undone.emoji, undone.author, undone.author_name) == ("👍", ANA, "Ana")


def test_mentions_have_their_names_and_forwarded_words_of_others_are_left_out() -> None:
    message = told(said("Ana: look", **{"m.mentions": {"user_ids": [ANA]}}), known_room())
    assert message.text == "@Ana: look"
    assert [getattr(person, "name", None) for person in message.mentions] == ["Ana"]
    forwarded = told(said("somebody's words", **{"m.forwarded": {"sender": "@bo:localhost"}}))
    assert forwarded.text == ""


def test_a_deleted_message_of_the_past_is_told_as_deleted() -> None:
    message = told(event("m.room.message", {}, unsigned={"redacted_because": {"origin_server_ts": 1}}))
    assert (message.event, message.kind, message.text) == ("message", "deleted", "")


def test_a_change_of_name_is_told_under_the_name_before_and_known_after() -> None:
    room = known_room()
    change = event(
        "m.room.member",
        {"membership": "join", "displayname": "Anna"},
        state_key=ANA,
        unsigned={"prev_content": {"membership": "join", "displayname": "Ana"}},
    )
    notice = told(change, room)
    assert (notice.kind, notice.author_name, notice.text) == ("system", "Ana", "@Ana changed their name to @Anna")
    assert told(said("x"), room).author_name == "Anna"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"content": []},
        event("m.reaction", {}),
        event("m.room.redaction", {}),
        event("m.call.candidates", {}),
        said("x") | {"sender": None},
        said("x") | {"origin_server_ts": "now"},
        said("x") | {"origin_server_ts": 10**30},
        said("x", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}}),
        said("x", **{"m.relates_to": {"rel_type": "m.replace"}, "m.new_content": {"body": "y", "msgtype": "m.text"}}),
        said("x", "$" + "9" * 600),
    ],
)
def test_what_is_no_message_is_passed_over_and_counted(value: dict[str, Any]) -> None:
    room = Room(ROOM)
    assert room.event(value) is None
    assert room.passed_over.total() == 1


# A server of answers by heart


@asynccontextmanager
async def answering(*answers: tuple[int, dict[str, Any]]) -> AsyncIterator[tuple[int, list[web.Request]]]:
    """Serve ``/sync`` with one answer after another, the last for ever; yield the port and the requests."""
    asked: list[web.Request] = []

    async def sync(request: web.Request) -> web.Response:
        status, body = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if len(asked) > len(answers):
            await asyncio.sleep(0.05)
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_get("/_matrix/client/{version}/sync", sync)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


def answer(next_batch: str, *events: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    timeline = {"events": list(events), "limited": False, "prev_batch": "p"}
    room = {"timeline": timeline, "state": {"events": []}, "ephemeral": {"events": []}, "account_data": {"events": []}}
    rooms = {"join": {ROOM: room} if events else {}, "invite": {}, "leave": {}}
    return 200, {"next_batch": next_batch, "rooms": rooms}


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MATRIX_TOKEN", TOKEN)
    return TOKEN


def adapter_of(port: int, cursor: str | None = None, **options: Any) -> Matrix:
    told = {"homeserver": f"http://127.0.0.1:{port}", "user": "@bot:localhost", "token": {"variable": "MATRIX_TOKEN"}}
    return matrix.create("hikers", told | {"retries": {"first_seconds": 0.01, "tries": 3}} | options, cursor)


def test_the_cursor_comes_with_the_last_event_of_an_answer_and_is_asked_with(token: str) -> None:
    async def run() -> None:
        members = event("m.room.member", {"membership": "join", "displayname": "Ana"}, "$m", state_key=ANA)
        async with answering(answer("b1", members, said("one", "$1"), said("two", "$2")), answer("b2")) as (
            port,
            asked,
        ):
            async with listening(adapter_of(port, "b0")) as listener:
                assert (await listener.texts(3))[1:] == ["one", "two"]
                await eventually(lambda: len(asked) > 1)
            assert [given.cursor for given in listener.deliveries] == [None, None, "b1"]
            assert [request.query.get("since") for request in asked[:2]] == ["b0", "b1"]
            assert asked[0].headers["Authorization"] == f"Bearer {token}"
            assert all(token not in str(request.url) for request in asked)

    asyncio.run(run())


def test_a_broken_answer_is_asked_for_again_from_the_same_place(token: str) -> None:
    async def run() -> None:
        broken = [(502, {}), (200, {"next_batch": 5, "rooms": []}), (500, {"errcode": "M_UNKNOWN", "error": "oops"})]
        member = event("m.room.member", {"membership": "join"}, "$m", state_key=ANA)
        good = answer("b1", member, said("one", "$1"))
        async with answering(*broken[:2], good, answer("b2")) as (port, asked):
            async with listening(adapter_of(port, "b0")) as listener:
                await listener.texts(2)
            assert [request.query.get("since") for request in asked[:3]] == ["b0"] * 3
        async with answering(broken[2]) as (port, asked):
            with pytest.raises(RetryExhausted, match="M_UNKNOWN oops"):
                await anext(adapter_of(port).listen())
            assert len(asked) == 3

    asyncio.run(run())


def test_an_answer_without_end_is_not_held(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_client, "MAX_ANSWER_BYTES", 1 << 20)

    async def run() -> None:
        async with answering(answer("b1", said("x" * (2 << 20)))) as (port, _):
            with pytest.raises(RetryExhausted, match="larger than"):
                await anext(adapter_of(port).listen())

    asyncio.run(run())


def test_what_a_server_says_wrongly_is_not_repeated_in_the_log(token: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with answering((200, {"next_batch": ["secret words"], "rooms": "secret words"})) as (port, _):
            with pytest.raises(RetryExhausted) as refused:
                await anext(adapter_of(port).listen())
            assert "secret words" not in str(refused.value)

    asyncio.run(run())
    assert "secret words" not in caplog.text


def test_a_token_that_is_not_known_is_not_tried_again_and_not_told(token: str) -> None:
    async def run() -> None:
        refusal = (401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token", "soft_logout": False})
        async with answering(refusal) as (port, asked):
            with pytest.raises(RetryExhausted, match="does not know the token") as refused:
                await anext(adapter_of(port).listen())
            assert len(asked) == 1
            assert token not in str(refused.value)

    asyncio.run(run())


@pytest.mark.parametrize(
    "options",
    [
        {"homeserver": "http://matrix.example"},
        {"homeserver": "https://ana:s3cret@matrix.example"},
        {"homeserver": "matrix.example"},
        {"token": "s3cret"},
        {"rooms": ["#hikers:localhost"]},
        {"user": "bot"},
        {"device": "x"},
    ],
)
def test_options_that_would_tell_the_token_or_mean_nothing_are_refused(token: str, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="live adapter 'hikers'") as refused:
        adapter_of(1, **options)
    assert "s3cret" not in str(refused.value)


# A real homeserver


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(synapse(tmp_path_factory.mktemp("synapse"))) as started:
        yield started


def of_room(listener: Listener, room: str) -> list[IncomingMessage]:
    return [message for message in listener.messages if message.source == room and message.kind != "system"]


@pytest.mark.slow
def test_a_real_server_end_to_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with people(server, ana="Ana Prior", bo="Bo", bot="Listener") as (ana, bo, bot):
            monkeypatch.setenv("MATRIX_TOKEN", bot.token)
            room = await ana.create_room("Hikers", bo, bot)
            other = await ana.create_room("Other", bot)
            for person in (bo, bot):
                await person.join(room)
            await bot.join(other)
            options: dict[str, Any] = {"user": bot.user_id, "rooms": [room], "poll_seconds": 5}
            async with listening(adapter_of(server.port, **options)) as listener:
                await listener.until(lambda heard: heard.deliveries)
                first = await ana.say(room, "Where do we meet?")
                answer = await bo.say(room, "At nine", **{"m.relates_to": {"m.in_reply_to": {"event_id": first}}})
                thread = {"rel_type": "m.thread", "event_id": first}
                hung = await bo.say(room, "in a thread", **{"m.relates_to": thread})
                edit = await ana.edit(room, first, "Where do we meet tomorrow?")
                reaction = await bo.react(room, first, "👍")
                photo = await bo.say(room, "map.png", msgtype="m.image", url="mxc://localhost/x")
                gone = await bo.redact(room, answer)
                undone = await bo.redact(room, reaction)
                await ana.say(other, "not listened to")
                await listener.until(lambda heard: any(one.native_id == undone for one in heard.messages))
                heard = {message.native_id: message for message in of_room(listener, room)}
                assert list(heard) == [first, answer, hung, edit, reaction, photo, gone, undone]
                assert {message.source for message in listener.messages} == {room}
                assert (heard[first].text, heard[first].author_name) == ("Where do we meet?", "Ana Prior")
                assert heard[first].source_title == "Hikers"
                assert heard[answer].reply_to == first
                assert heard[hung].thread == first
                assert (heard[edit].event, heard[edit].target) == ("edit", first)
                assert heard[edit].text == "Where do we meet tomorrow?"
                assert (heard[reaction].event, heard[reaction].target, heard[reaction].emoji) == (
                    "reaction",
                    first,
                    "👍",
                )
                assert heard[photo].attachments == ("map.png",)
                assert (heard[gone].event, heard[gone].target) == ("delete", answer)
                assert (heard[undone].event, heard[undone].target, heard[undone].removed) == ("reaction", first, True)
                cursor = listener.deliveries[-1].cursor
                assert cursor

            # It is away; more is said than the server tells at once, and both it and the server start again.
            away = [await ana.say(room, f"away {number}") for number in range(230)]
            away.append(await bo.react(room, away[0], "❤"))
            server.stop()
            server.start()
            async with listening(adapter_of(server.port, cursor, **options)) as listener:
                await listener.until(lambda heard: away[-1] in {one.native_id for one in heard.messages})
                caught_up = [message.native_id for message in of_room(listener, room)]
                assert sorted(caught_up) == sorted(away)
                assert {message.author_name for message in listener.messages} == {"Ana Prior", "Bo"}
                assert [given.cursor is not None for given in listener.deliveries].index(True) == len(away) - 1

    asyncio.run(run())


@pytest.mark.slow
def test_a_real_server_that_dies_while_it_is_listened_to_loses_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with people(server, carl="Carl", bot2="Listener") as (carl, bot):
            monkeypatch.setenv("MATRIX_TOKEN", bot.token)
            room = await carl.create_room("Climbers", bot)
            await bot.join(room)
            retries = {"first_seconds": 0.1, "longest_seconds": 1}
            async with listening(adapter_of(server.port, user=bot.user_id, retries=retries)) as listener:
                sent = [await carl.say(room, "before")]
                await listener.until(lambda heard: sent[0] in {one.native_id for one in heard.messages})
                server.stop(hard=True)
                await asyncio.sleep(0.5)
                server.start()
                sent += [await carl.say(room, f"after {number}") for number in range(5)]
                await listener.until(lambda heard: sent[-1] in {one.native_id for one in heard.messages})
                assert [message.native_id for message in of_room(listener, room)] == sent

    asyncio.run(run())
