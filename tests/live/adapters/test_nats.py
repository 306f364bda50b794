"""Events from a real JetStream server: acknowledged after our commit, sent again otherwise, refused once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats as client
import pytest
from nats.js.client import JetStreamContext

from egregora_assets.config import SettingsError
from egregora_assets.live.adapters import nats
from egregora_assets.live.adapters.nats import Nats
from egregora_assets.live.adapters.protocol import RetryExhausted
from tests.live.adapters.listening import DURABLE, NOT_DURABLE, listening
from tests.live.adapters.servers import Server, free_port, nats_server, running

STREAM = "chats"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(nats_server(tmp_path)) as started:
        yield started


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[JetStreamContext]:
    connection = await client.connect(f"nats://127.0.0.1:{server.port}")
    yield connection.jetstream()
    await connection.close()


def adapter_of(server: Server, **options: Any) -> Nats:
    options = {"servers": [f"nats://127.0.0.1:{server.port}"], "stream": STREAM} | options
    return nats.create("bus", {"retries": {"first_seconds": 0.05}} | options, None)


def line(native_id: str, **fields: object) -> bytes:
    event = {
        "native_id": native_id,
        "source": "chat",
        "author": "ana",
        "sent_at": 1_600_000_000,
        "text": f"says {native_id}",
    }
    return json.dumps(event | fields).encode()


async def publish(stream: JetStreamContext, *native_ids: str) -> None:
    for native_id in native_ids:
        await stream.publish("chat.hikers", line(native_id))


async def waiting_for_ack(stream: JetStreamContext) -> int:
    told = await stream.consumer_info(STREAM, "egregora-bus")
    return (told.num_ack_pending or 0) + (told.num_pending or 0)


async def all_acknowledged(stream: JetStreamContext) -> None:
    async with asyncio.timeout(20):
        while await waiting_for_ack(stream):
            await asyncio.sleep(0.02)


@pytest.mark.slow
def test_what_is_durable_is_acknowledged_and_nothing_comes_twice_after_a_restart(server: Server) -> None:
    async def run() -> None:
        async with connected(server) as stream:
            await stream.add_stream(name=STREAM, subjects=["chat.>"])
            await publish(stream, "1", "2")
            async with listening(adapter_of(server)) as listener:
                await publish(stream, "3")
                assert await listener.texts(3) == ["says 1", "says 2", "says 3"]
                await all_acknowledged(stream)
            await publish(stream, "4")
            async with listening(adapter_of(server)) as listener:
                assert await listener.texts(1) == ["says 4"]

    asyncio.run(run())


@pytest.mark.slow
def test_what_is_not_durable_comes_again_and_what_was_not_answered_too(server: Server) -> None:
    seen: set[str] = set()

    def first_time_not(given: Any) -> Any:
        is_first = given.message.native_id not in seen
        seen.add(given.message.native_id)
        return NOT_DURABLE if is_first else DURABLE

    async def run() -> None:
        async with connected(server) as stream:
            await stream.add_stream(name=STREAM, subjects=["chat.>"])
            await publish(stream, "1")
            async with listening(adapter_of(server, redeliver_seconds=1), lambda _: None) as listener:
                await listener.texts(1)
            async with listening(adapter_of(server), first_time_not) as listener:
                assert await listener.texts(2) == ["says 1", "says 1"]
                await all_acknowledged(stream)

    asyncio.run(run())


@pytest.mark.slow
def test_what_is_no_event_is_refused_once_and_holds_up_nothing(server: Server) -> None:
    async def run() -> None:
        async with connected(server) as stream:
            await stream.add_stream(name=STREAM, subjects=["chat.>"])
            for body in (b"", b"no json", b"[]", line("1", author=None)):
                await stream.publish("chat.hikers", body)
            await publish(stream, "2")
            adapter = adapter_of(server)
            async with listening(adapter) as listener:
                assert await listener.texts(1) == ["says 2"]
                await all_acknowledged(stream)
            assert adapter.refused.total() == 4

    asyncio.run(run())


@pytest.mark.slow
def test_a_server_that_dies_is_connected_to_again_and_nothing_is_lost(server: Server) -> None:
    async def run() -> None:
        async with connected(server) as stream:
            await stream.add_stream(name=STREAM, subjects=["chat.>"])
            await publish(stream, "1")
        async with listening(adapter_of(server, redeliver_seconds=1)) as listener:
            await listener.texts(1)
            server.stop(hard=True)
            await asyncio.sleep(0.3)
            server.start()
            async with connected(server) as stream:
                await publish(stream, "2")
                await listener.until(lambda heard: any(one.native_id == "2" for one in heard.messages))
                await all_acknowledged(stream)

    asyncio.run(run())


@pytest.mark.slow
def test_only_the_subject_of_the_options_is_taken_and_a_slow_reader_is_not_flooded(server: Server) -> None:
    async def run() -> None:
        async with connected(server) as stream:
            await stream.add_stream(name=STREAM, subjects=["chat.>", "other.>"])
            await stream.publish("other.x", line("0"))
            await publish(stream, *map(str, range(1, 51)))
            deliveries = adapter_of(server, subject="chat.>", batch=10).listen()
            assert (await anext(deliveries)).message.native_id == "1"
            told = await stream.consumer_info(STREAM, "egregora-bus")
            assert (told.num_ack_pending, told.num_pending) == (10, 40)
            await deliveries.aclose()

    asyncio.run(run())


@pytest.mark.slow
def test_a_wrong_token_and_a_missing_stream_are_told_when_it_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUS_TOKEN", "the wrong one")
    retries = {"tries": 2, "first_seconds": 0.01}

    async def run(server: Server) -> None:
        with pytest.raises(RetryExhausted, match=r"(?i)authorization") as wrong:
            await anext(adapter_of(server, token={"variable": "BUS_TOKEN"}, retries=retries).listen())
        assert "wrong one" not in str(wrong.value)
        monkeypatch.setenv("BUS_TOKEN", "the right one")
        with pytest.raises(RetryExhausted, match="stream 'chats': stream not found"):
            await anext(adapter_of(server, token={"variable": "BUS_TOKEN"}, retries=retries).listen())

    with running(nats_server(tmp_path, None, "--auth", "the right one")) as server:
        asyncio.run(run(server))


def test_nobody_there_is_given_up_after_the_tries_of_the_options() -> None:
    adapter = nats.create(
        "bus",
        {"servers": [f"nats://127.0.0.1:{free_port()}"], "stream": "s", "retries": {"tries": 2, "first_seconds": 0.01}},
        None,
    )

    async def run() -> None:
        with pytest.raises(RetryExhausted, match="given up after 2 failures"):
            await anext(adapter.listen())

    asyncio.run(run())


@pytest.mark.parametrize(
    "options",
    [
        {"servers": ["nats://ana:s3cret@127.0.0.1"]},
        {"servers": ["http://127.0.0.1"]},
        {"servers": ["nats://nats.example"], "token": {"variable": "BUS_TOKEN"}},
        {"user": "ana"},
        {"token": "s3cret"},
        {"tokens": {}},
        {"stream": "a.b"},
    ],
)
def test_options_that_would_tell_a_secret_or_mean_nothing_are_refused(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUS_TOKEN", "s3cret")
    with pytest.raises(SettingsError, match="live adapter 'bus'") as refused:
        nats.create("bus", {"stream": "s"} | options, None)
    assert "s3cret" not in str(refused.value)
