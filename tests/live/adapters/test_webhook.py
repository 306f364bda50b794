"""A webhook takes what its platform signed, answers once that is durable, and nothing that anybody else sends."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from egregora_assets.config import SettingsError
from egregora_assets.live.adapters import webhook
from egregora_assets.live.adapters.protocol import Delivery, Outcome, RetryExhausted
from egregora_assets.live.adapters.webhook import Webhook
from egregora_assets.live.adapters.webhook_signature import sign
from egregora_assets.live.incoming import MAX_EVENT_BYTES
from tests.live.adapters.listening import DURABLE, NOT_DURABLE, PATIENCE, Listener, eventually, listening

SECRET = "0123456789abcdef0123456789abcdef"
Decide = Callable[[Delivery], Outcome | None]
WITH_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Webhook]:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("VERIFY_TOKEN", "a token")

    def made(form: str, **options: Any) -> Webhook:
        patient = {"body_seconds": PATIENCE, "answer_seconds": PATIENCE}
        options = {"form": form, "secret": {"variable": "WEBHOOK_SECRET"}, "port": 0, "path": "/in"} | patient | options
        if form == "whatsapp":
            options["verify_token"] = {"variable": "VERIFY_TOKEN"}
        return webhook.create("hook", options, None)

    return made


def signed(form: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """Return the headers that the platform itself would send."""
    second = str(int(time.time() if at is None else at))
    if form == "whatsapp":
        return WITH_JSON | {
            "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        }
    if form == "slack":
        digest = hmac.new(SECRET.encode(), f"v0:{second}:".encode() + body, hashlib.sha256).hexdigest()
        return WITH_JSON | {"X-Slack-Request-Timestamp": second, "X-Slack-Signature": f"v0={digest}"}
    if form == "telegram":
        return WITH_JSON | {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    return WITH_JSON | {"X-Egregora-Timestamp": second, "X-Egregora-Signature": sign(SECRET.encode(), second, body)}


class Sender:
    def __init__(self, session: aiohttp.ClientSession, adapter: Webhook, listener: Listener) -> None:
        self.session, self.adapter, self.listener = session, adapter, listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.adapter.port}/in"

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        async with self.session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def send(self, form: str, told: object) -> tuple[int, Any]:
        body = json.dumps(told).encode()
        return await self.post(body, signed(form, body))


def serve(adapter: Webhook, test: Callable[[Sender], Awaitable[None]], decide: Decide = lambda _: DURABLE) -> None:
    async def run() -> None:
        async with listening(adapter, decide) as listener, aiohttp.ClientSession() as session:
            await eventually(lambda: adapter.port or listener.failure)
            await test(Sender(session, adapter, listener))

    asyncio.run(run())


def own(native_id: str = "1", **fields: object) -> dict[str, object]:
    return {
        "native_id": native_id,
        "source": "chat",
        "author": "ana",
        "sent_at": 1_600_000_000,
        "text": "hello",
    } | fields


def whatsapp(*messages: dict[str, object], field: str = "messages", **more: object) -> dict[str, object]:
    value: dict[str, object] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": "Sheena Nelson"}, "wa_id": "16505551234"}],
        "message_echoes" if field == "smb_message_echoes" else "messages": list(messages),
    }
    changes = [{"field": field, "value": value | more}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": changes}]}


def telegram_message(**fields: object) -> dict[str, object]:
    return {
        "message_id": 7,
        "date": 1_600_000_000,
        "chat": {"id": -1001234567890, "type": "supergroup", "title": "Hikers"},
        "from": {"id": 42, "is_bot": False, "first_name": "Ana", "last_name": "Prior"},
    } | fields


def slack(event: dict[str, object]) -> dict[str, object]:
    return {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1_600_000_000, "event": event}


# What platforms send


def test_our_own_form_takes_many_lines_and_answers_after_the_commit(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = "\n".join(json.dumps(own(str(number))) for number in range(3)).encode()
        assert await sender.post(body, signed("own", body)) == (200, {"taken": 3})
        assert [message.native_id for message in sender.listener.messages] == ["0", "1", "2"]

    serve(make("own", platform="matterbridge"), test)
    assert make("own", platform="matterbridge").platform == "matterbridge"


def test_whatsapp_messages_edits_deletions_and_reactions(make: Callable[..., Webhook]) -> None:
    common = {"from": "16505551234", "timestamp": "1749416383"}

    async def test(sender: Sender) -> None:
        told = whatsapp(
            {**common, "id": "wamid.1", "type": "text", "text": {"body": "Does it come in another color?"}},
            {**common, "id": "wamid.2", "type": "text", "text": {"body": "so?"}, "context": {"id": "wamid.1"}},
            {
                **common,
                "id": "wamid.3",
                "type": "image",
                "image": {"caption": "this", "id": "299", "mime_type": "image/jpeg"},
            },
            {**common, "id": "wamid.4", "type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}},
            {**common, "id": "wamid.5", "type": "reaction", "reaction": {"message_id": "wamid.0"}},
            {
                **common,
                "id": "wamid.6",
                "type": "edit",
                "edit": {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "In blue?"}}},
            },
            {**common, "id": "wamid.7", "type": "revoke", "revoke": {"original_message_id": "wamid.2"}},
            {**common, "id": "wamid.8", "type": "unsupported", "errors": [{"code": 131051}]},
            statuses=[{"id": "wamid.9", "status": "read"}],
        )
        assert await sender.send("whatsapp", told) == (200, {"taken": 7})
        first, answer, image, given, taken_back, edit, deletion = sender.listener.messages
        assert (first.source, first.author, first.author_name) == (
            "106540352242922/16505551234",
            "16505551234",
            "Sheena Nelson",
        )
        assert (first.text, first.sent_at.isoformat()) == (
            "Does it come in another color?",
            "2025-06-08T20:59:43+00:00",
        )
        assert answer.reply_to == "wamid.1"
        assert (image.kind, image.text, image.attachments) == ("media", "this", ("image-299",))
        assert (given.event, given.target, given.emoji, given.removed) == ("reaction", "wamid.0", "👍", False)
        assert (taken_back.event, taken_back.emoji, taken_back.removed) == ("reaction", None, True)
        assert (edit.event, edit.target, edit.text) == ("edit", "wamid.1", "In blue?")
        assert (deletion.event, deletion.target) == ("delete", "wamid.2")
        assert sender.adapter.passed_over == {"unsupported": 1, "status": 1}

    serve(make("whatsapp"), test)


def test_whatsapp_echoes_are_in_the_chat_of_whom_they_were_sent_to_and_forwarded_words_are_left_out(
    make: Callable[..., Webhook],
) -> None:
    echo = {"from": "15550783881", "to": "16505551234", "id": "e1", "timestamp": "1749416383", "type": "text"}
    forwarded = {"from": "16505551234", "id": "f1", "timestamp": "1749416383", "type": "text"}

    async def test(sender: Sender) -> None:
        await sender.send("whatsapp", whatsapp({**echo, "text": {"body": "we do"}}, field="smb_message_echoes"))
        told = {**forwarded, "text": {"body": "somebody's secret"}, "context": {"forwarded": True}}
        await sender.send("whatsapp", whatsapp(told))
        assert [message.source for message in sender.listener.messages] == ["106540352242922/16505551234"] * 2
        assert [message.text for message in sender.listener.messages] == ["we do", ""]

    serve(make("whatsapp"), test)


def test_whatsapp_asks_for_the_address_with_the_token(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        async def ask(token: str, challenge: str) -> tuple[int, str]:
            question = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
            async with sender.session.get(sender.url, params=question) as response:
                return response.status, await response.text()

        assert await ask("a token", "1158201444") == (200, "1158201444")
        assert (await ask("another", "1158201444"))[0] == 403
        assert (await ask("", "1158201444"))[0] == 403
        status, text = await ask("a token", "<script>")
        assert status == 400
        assert "script" not in text

    serve(make("whatsapp"), test)


def test_slack_messages_edits_deletions_and_reactions_have_the_ids_of_exports(make: Callable[..., Webhook]) -> None:
    common = {"type": "message", "channel": "C1", "channel_type": "channel"}
    said = {
        "type": "message",
        "user": "U1",
        "text": "see <https://a.example|this> &amp; <@U2>",
        "ts": "1600000000.000100",
    }
    edited = {**said, "text": "see *that*", "edited": {"user": "U1", "ts": "1600000005.000000"}}

    async def test(sender: Sender) -> None:
        for event in (
            {**common, **said},
            {**common, "user": "U2", "text": "ok", "ts": "1600000001.000200", "thread_ts": "1600000000.000100"},
            {
                **common,
                "subtype": "message_changed",
                "ts": "1600000005.000300",
                "message": edited,
                "previous_message": said,
            },
            {
                **common,
                "subtype": "message_changed",
                "ts": "1600000006.000300",
                "message": said,
                "previous_message": said,
            },
            {
                "type": "reaction_added",
                "user": "U2",
                "reaction": "thumbsup",
                "item": {"type": "message", "channel": "C1", "ts": "1600000000.000100"},
                "event_ts": "1600000007.000400",
            },
            {
                **common,
                "subtype": "message_deleted",
                "ts": "1600000008.000500",
                "deleted_ts": "1600000000.000100",
                "previous_message": edited,
            },
            {"type": "team_join", "user": {"id": "U3"}},
        ):
            assert (await sender.send("slack", slack(event)))[0] == 200
        first, answer, edit, reaction, deletion = sender.listener.messages
        assert (first.source, first.native_id, first.author) == ("C1", "1600000000.000100", "U1")
        assert first.text == "see this (https://a.example) & @U2"
        assert answer.thread == answer.reply_to == "1600000000.000100"
        assert (edit.event, edit.target, edit.text) == ("edit", "1600000000.000100", "see that")
        assert (reaction.event, reaction.target, reaction.emoji) == ("reaction", "1600000000.000100", ":thumbsup:")
        assert (deletion.event, deletion.target, deletion.text) == ("delete", "1600000000.000100", "")
        assert sender.adapter.passed_over == {"message_changed": 1, "team_join": 1}

    serve(make("slack"), test)


def test_slack_asks_for_the_address_and_must_sign_the_question(make: Callable[..., Webhook]) -> None:
    question = {"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"}

    async def test(sender: Sender) -> None:
        assert await sender.send("slack", question) == (200, {"challenge": "3eZbrw1aB"})
        assert (await sender.post(json.dumps(question).encode(), WITH_JSON))[0] == 401

    serve(make("slack"), test)


def test_telegram_messages_edits_and_reactions_have_the_ids_of_exports(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        text = "🏔 Bo, look: map @carl"
        entities = [
            {"type": "text_mention", "offset": 3, "length": 2, "user": {"id": 43, "first_name": "Bo"}},
            {"type": "text_link", "offset": 13, "length": 3, "url": "https://m.example/"},
            {"type": "mention", "offset": 17, "length": 5},
        ]
        updates: list[dict[str, object]] = [
            {"message": telegram_message(text=text, entities=entities, reply_to_message={"message_id": 3})},
            {"edited_message": telegram_message(text="gone", edit_date=1_600_000_050)},
            {
                "message": telegram_message(
                    message_id=8, photo=[{"file_unique_id": "s"}, {"file_unique_id": "L"}], caption="c"
                )
            },
            {"message": telegram_message(message_id=9, text="other's words", forward_origin={"type": "hidden_user"})},
            {"message": telegram_message(message_id=10, new_chat_title="Climbers")},
            {
                "message_reaction": {
                    **{key: value for key, value in telegram_message().items() if key != "from"},
                    "user": {"id": 43, "first_name": "Bo"},
                    "old_reaction": [{"type": "emoji", "emoji": "👍"}],
                    "new_reaction": [{"type": "emoji", "emoji": "❤"}],
                }
            },
            {"poll_answer": {"poll_id": "1"}},
            {"message": telegram_message(message_id=11, text="x", **{"from": {}, "chat": {}})},
        ]
        for number, update in enumerate(updates):
            assert (await sender.send("telegram", {"update_id": number, **update}))[0] == 200
        message, edit, photo, forward, notice, taken_back, given = sender.listener.messages
        assert (message.source, message.source_title) == ("channel1234567890", "Hikers")
        assert (message.author, message.author_name, message.native_id) == ("user42", "Ana Prior", "7")
        assert message.text == "🏔 @Bo, look: map (https://m.example/) @carl"
        assert [getattr(person, "id", person) for person in message.mentions] == ["user43", "@carl"]
        assert message.reply_to == "3"
        assert (edit.event, edit.target, edit.text) == ("edit", "7", "gone")
        assert edit.sent_at.timestamp() == 1_600_000_050
        assert (photo.kind, photo.text, photo.attachments) == ("media", "c", ("photo-L",))
        assert forward.text == ""
        assert notice.kind == "system"
        assert [(one.emoji, one.removed, one.author) for one in (taken_back, given)] == [
            ("👍", True, "user43"),
            ("❤", False, "user43"),
        ]
        assert sender.adapter.passed_over == {"poll_answer": 1, "unreadable": 1}

    serve(make("telegram"), test)


def test_telegram_topics_are_threads_and_answers_in_other_groups_are_not(make: Callable[..., Webhook]) -> None:
    opened, before = {"message_id": 2}, {"message_id": 5}

    async def test(sender: Sender) -> None:
        for number, fields in enumerate(
            (
                {"message_thread_id": 2, "is_topic_message": True, "reply_to_message": opened},
                {"message_thread_id": 2, "is_topic_message": True, "reply_to_message": before},
                {"message_thread_id": 5, "reply_to_message": before},
            )
        ):
            await sender.send("telegram", {"update_id": number, "message": telegram_message(text="x", **fields)})
        told = [(message.thread, message.reply_to) for message in sender.listener.messages]
        assert told == [("2", None), ("2", "5"), (None, "5")]

    serve(make("telegram"), test)


@pytest.mark.parametrize("form", ["whatsapp", "slack", "telegram"])
@pytest.mark.parametrize("told", [{}, {"event": 1, "entry": 5}, {"entry": [[], {"changes": [None]}], "message": []}])
def test_what_nobody_knows_is_answered_200_and_tells_nothing(
    make: Callable[..., Webhook], form: str, told: dict[str, object]
) -> None:
    async def test(sender: Sender) -> None:
        assert (await sender.send(form, told))[0] == 200
        assert sender.listener.deliveries == []

    serve(make(form), test)


def test_half_a_character_is_no_reason_to_lose_a_message(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        assert (await sender.send("telegram", {"update_id": 1, "message": telegram_message(text="a\ud800b")}))[0] == 200
        assert sender.listener.messages[0].text == "a\ufffdb"

    serve(make("telegram"), test)


# When it cannot be kept


def test_what_is_not_durable_is_answered_503_and_taken_when_it_comes_again(make: Callable[..., Webhook]) -> None:
    outcomes = iter([NOT_DURABLE, DURABLE])

    async def test(sender: Sender) -> None:
        body = json.dumps(own()).encode()
        headers = signed("own", body)
        async with sender.session.post(sender.url, data=body, headers=headers) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
        assert await sender.post(body, headers) == (200, {"taken": 1})
        assert len(sender.listener.deliveries) == 2

    serve(make("own"), test, lambda _: next(outcomes))


def test_one_event_that_is_not_durable_makes_the_whole_request_come_again(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = "\n".join(json.dumps(own(str(number))) for number in range(3)).encode()
        assert (await sender.post(body, signed("own", body)))[0] == 503

    serve(make("own"), test, lambda given: NOT_DURABLE if given.message.native_id == "1" else DURABLE)


def test_no_answer_in_time_is_503(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        assert (await sender.send("own", own()))[0] == 503
        assert len(sender.listener.deliveries) == 1

    serve(make("own", answer_seconds=0.05), test, lambda _: None)


def test_a_full_queue_is_503_at_once(make: Callable[..., Webhook]) -> None:
    adapter = make("own", queue_requests=2, answer_seconds=60)

    async def run() -> None:
        deliveries = adapter.listen()
        first = asyncio.ensure_future(anext(deliveries))
        async with aiohttp.ClientSession() as session:
            sender = Sender(session, adapter, Listener(lambda _: None))
            await eventually(lambda: adapter.port)
            waiting = [asyncio.ensure_future(sender.send("own", own("first")))]
            assert (await first).message.native_id == "first"
            waiting += [asyncio.ensure_future(sender.send("own", own(str(number)))) for number in range(2)]
            await eventually(lambda: adapter._waiting.full())
            assert (await sender.send("own", own("too many")))[0] == 503
            for request in waiting:
                request.cancel()
        await deliveries.aclose()

    asyncio.run(run())


def test_an_address_that_is_taken_is_tried_again_and_then_given_up(make: Callable[..., Webhook]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        adapter = make("own", port=other.getsockname()[1], retries={"tries": 2, "first_seconds": 0.001})

        async def run() -> None:
            with pytest.raises(RetryExhausted, match="cannot listen there"):
                await anext(adapter.listen())

        asyncio.run(run())


# Attacks


@pytest.mark.parametrize("form", ["whatsapp", "slack", "telegram", "own"])
def test_without_the_right_signature_nothing_is_taken_and_nothing_is_told(
    make: Callable[..., Webhook], form: str
) -> None:
    told = {
        "whatsapp": whatsapp(
            {"from": "1", "id": "x", "timestamp": "1749416383", "type": "text", "text": {"body": "b"}}
        ),
        "slack": slack({"type": "message", "channel": "C1", "user": "U1", "text": "b", "ts": "1600000000.000100"}),
        "telegram": {"update_id": 1, "message": telegram_message(text="b")},
        "own": own(),
    }[form]

    async def test(sender: Sender) -> None:
        body = json.dumps(told).encode()
        good = signed(form, body)
        name = next(header for header in good if "Signature" in header or "Secret" in header)
        bad = [
            WITH_JSON,
            {key: value for key, value in good.items() if key != name},
            good | {name: ""},
            good | {name: good[name][:-1]},
            good | {name: good[name][:-1] + ("0" if good[name][-1] != "0" else "1")},
            good | {name: good[name].swapcase()},
            good | {name: good[name].partition("=")[2] or "x"},
            good | {name: good[name] + "é"},
        ]
        if form != "telegram":
            bad.append(signed(form, body + b" "))
        answers = [await sender.post(body, headers) for headers in bad]
        assert answers == [(401, {"error": "refused"})] * len(bad)
        assert sender.listener.deliveries == []
        assert (await sender.post(body, good))[0] == 200

    serve(make(form), test)


@pytest.mark.parametrize("form", ["slack", "own"])
def test_an_old_request_is_refused_though_its_signature_is_right(make: Callable[..., Webhook], form: str) -> None:
    async def test(sender: Sender) -> None:
        body = json.dumps(own()).encode()
        for away in (-301, 301, -86_400):
            assert (await sender.post(body, signed(form, body, time.time() + away)))[0] == 401
        for timestamp in ("", "now", "-1", "1e9", "9" * 40, "١٦٠٠٠٠٠٠٠٠"):
            name = "X-Slack-Request-Timestamp" if form == "slack" else "X-Egregora-Timestamp"
            assert (await sender.post(body, signed(form, body) | {name: timestamp}))[0] == 401
        assert sender.listener.deliveries == []

    serve(make(form), test)


def test_a_timestamp_cannot_be_renewed_without_the_secret(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = json.dumps(own()).encode()
        old = signed("own", body, time.time() - 3600)
        assert (await sender.post(body, old | {"X-Egregora-Timestamp": str(int(time.time()))}))[0] == 401

    serve(make("own"), test)


@pytest.mark.parametrize("form", ["whatsapp", "slack", "telegram", "own"])
def test_a_request_that_is_sent_again_by_somebody_is_not_taken_again(make: Callable[..., Webhook], form: str) -> None:
    told = {
        "whatsapp": whatsapp(
            {"from": "1", "id": "x", "timestamp": "1749416383", "type": "text", "text": {"body": "b"}}
        ),
        "slack": slack({"type": "message", "channel": "C1", "user": "U1", "text": "b", "ts": "1600000000.000100"}),
        "telegram": {"update_id": 1, "message": telegram_message(text="b")},
        "own": own(),
    }[form]

    async def test(sender: Sender) -> None:
        body = json.dumps(told).encode()
        headers = signed(form, body)
        assert await sender.post(body, headers) == (200, {"taken": 1})
        assert await sender.post(body, headers) == (200, {"taken": 0, "known": True})
        assert len(sender.listener.deliveries) == 1

    serve(make(form), test)


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = b" " * (MAX_EVENT_BYTES + 1)
        assert (await sender.post(body, signed("own", body)))[0] == 413
        reader, writer = await asyncio.open_connection("127.0.0.1", sender.adapter.port)
        head = "".join(f"{name}: {value}\r\n" for name, value in signed("own", body).items())
        writer.write(f"POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{head}\r\n".encode())
        with suppress(ConnectionError):
            for _ in range(64):
                writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                await writer.drain()
        status = await asyncio.wait_for(reader.readline(), 10)
        assert b" 413 " in status
        writer.close()
        body = json.dumps(own(text="x" * 65_536)).encode().ljust(MAX_EVENT_BYTES - 200)
        assert (await sender.post(body, signed("own", body)))[0] == 200

    serve(make("own"), test)


def test_a_body_that_never_ends_is_given_up_and_holds_nobody_else(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = json.dumps(own()).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in signed("own", body).items())
        slow = [await asyncio.open_connection("127.0.0.1", sender.adapter.port) for _ in range(50)]
        for _, writer in slow:
            writer.write(f"POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n{{".encode())
        assert (await sender.post(body, signed("own", body)))[0] == 200
        for reader, writer in slow:
            assert b" 408 " in await asyncio.wait_for(reader.readline(), 10)
            writer.close()
        assert len(sender.listener.deliveries) == 1

    serve(make("own", body_seconds=0.5), test)


def test_a_body_that_breaks_off_takes_nothing_with_it(
    make: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    async def test(sender: Sender) -> None:
        body = json.dumps(own(text="secret words")).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in signed("own", body).items())
        for kind in (f"Content-Length: {len(body) + 1}\r\n", "Transfer-Encoding: chunked\r\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", sender.adapter.port)
            chunk = body if "Length" in kind else b"%x\r\n%b\r\n" % (len(body), body)
            writer.write(f"POST /in HTTP/1.1\r\nHost: x\r\n{kind}{head}\r\n".encode() + chunk)
            await writer.drain()
            writer.close()
        assert (await sender.post(body, signed("own", body)))[0] == 200
        assert len(sender.listener.deliveries) == 1

    serve(make("own"), test)
    assert "secret words" not in caplog.text
    assert "Traceback" not in caplog.text


def test_what_is_no_http_is_answered_400_and_not_repeated_in_the_log(
    make: Callable[..., Webhook], caplog: pytest.LogCaptureFixture
) -> None:
    async def test(sender: Sender) -> None:
        for raw in (
            b"secret words\r\n\r\n",
            b"POST /in HTTP/1.1\r\nsecret words\r\n\r\n",
            b"\x16\x03\x01secret words\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", sender.adapter.port)
            writer.write(raw)
            answer = await asyncio.wait_for(reader.read(), 10)
            assert b" 400 " in answer.partition(b"\r\n")[0]
            writer.close()

    serve(make("own"), test)
    assert "secret words" not in caplog.text


def test_what_is_no_json_or_says_it_is_something_else_is_refused(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        for body in (b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000):
            assert (await sender.post(body, signed("telegram", body)))[0] == 400
        body = json.dumps({"update_id": 1, "message": telegram_message(text="b")}).encode()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            assert (await sender.post(body, signed("telegram", body) | {"Content-Type": kind}))[0] == 415
        for path in ("/", "/in/", "/in/../in2"):
            url = sender.url.removesuffix("/in") + path
            async with sender.session.post(url, data=body, headers=signed("telegram", body)) as response:
                assert response.status == 404
        async with sender.session.get(sender.url) as response:
            assert response.status == 405
        assert sender.listener.deliveries == []

    serve(make("telegram"), test)


def test_one_line_that_is_no_event_keeps_the_others_of_its_request_out(make: Callable[..., Webhook]) -> None:
    async def test(sender: Sender) -> None:
        body = json.dumps(own()).encode() + b"\n" + json.dumps(own("2", sent_at="secret words")).encode()
        status, told = await sender.post(body, signed("own", body))
        assert status == 400
        assert told["native_id"] == "2"
        assert "sent_at" in told["error"]
        assert "secret words" not in str(told)
        assert sender.listener.deliveries == []

    serve(make("own"), test)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost", "example.org"])
def test_it_listens_on_loopback_only(make: Callable[..., Webhook], host: str) -> None:
    with pytest.raises(SettingsError, match="loopback"):
        make("own", host=host)


def test_a_short_secret_is_refused(make: Callable[..., Webhook], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "short")
    with pytest.raises(SettingsError, match="too short"):
        make("own")


def test_connections_that_bring_no_request_are_closed_and_hold_up_nobody(make: Callable[..., Webhook]) -> None:
    async def trickle(port: int | None) -> bytes:
        """Send a head byte by byte, as long as the other side lets it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            for byte in b"POST /in HTTP/1.1\r\nX-Slow: " + b"x" * 10_000:
                writer.write(bytes([byte]))
                await writer.drain()
                if reader.at_eof():
                    break
                await asyncio.sleep(0.01)
        with suppress(ConnectionError):
            return await reader.read()
        return b""

    async def test(sender: Sender) -> None:
        slow = [asyncio.create_task(trickle(sender.adapter.port)) for _ in range(20)]
        answers = []
        while not all(task.done() for task in slow):
            body = json.dumps(own(str(len(answers)))).encode()
            answers.append((await sender.post(body, signed("own", body)))[0])
            await asyncio.sleep(0.05)
        assert set(answers) == {200}
        assert await asyncio.gather(*slow) == [b""] * 20
        assert sender.adapter.refused["slow head"] == 20

    serve(make("own", head_seconds=0.5), test)
