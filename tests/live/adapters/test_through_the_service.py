"""Adapters in the live service itself: what was confirmed to the other side is stored, once, whenever the service is killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nats import connect

from tests.live.adapters.servers import Server, free_port, nats_server
from tests.live.adapters.servers import running as running_server
from tests.live.adapters.synapse import people, synapse
from tests.live.adapters.test_webhook import SECRET, own, signed
from tests.live.service import Running, client, running, stored

PATIENCE = 60


def settings(adapter: str, **options: object) -> str:
    """Return a settings file with one adapter; JSON's strings, numbers and lists are TOML's."""
    retries = "retries = { first_seconds = 0.05, longest_seconds = 0.5 }"
    lines = "\n".join(f"{name} = {_toml(value)}" for name, value in options.items())
    return f'[[live.adapters]]\nname = "way"\nadapter = "{adapter}"\n[live.adapters.options]\n{retries}\n{lines}\n'


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(part)}" for name, part in value.items()) + "}"
    return json.dumps(value)


def secret_file(folder: Path, secret: str) -> dict[str, str]:
    path = folder / "secret"
    path.touch(0o600)
    path.write_text(secret)
    return {"file": str(path)}


async def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    """Send a request as soon as somebody takes it."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.post(f"http://127.0.0.1:{port}/", data=body, headers=headers) as response:
                    return response.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)


def test_a_request_that_was_answered_200_is_stored_though_the_service_was_killed_at_once_and_stored_once(
    tmp_path: Path,
) -> None:
    home, port = tmp_path / "home", free_port()
    told = settings("webhook", form="own", secret=secret_file(tmp_path, SECRET), port=port, platform="garden-bot")
    body = b"\n".join(json.dumps(own(str(number))).encode() for number in range(20))
    headers = signed("own", body)
    with running(home, settings=told) as service:
        assert asyncio.run(post(port, body, headers)) == 200
        service.kill()
    with running(home, settings=told) as service:
        assert asyncio.run(post(port, body, headers)) == 200
        assert asyncio.run(post(port, body + b" ", headers)) == 401
        assert service.stop() == 0
    assert stored(home) == [str(number) for number in range(20)]
    assert set(stored(home, "platform")) == {"garden-bot"}


def held(service: Running) -> int:
    with client(service) as asker:
        return int(asker.ask({"status": True})["status"]["sequence"])


async def until_held(service: Running, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while held(service) < count:
            await asyncio.sleep(0.05)


@pytest.mark.slow
def test_no_message_of_a_stream_is_lost_or_doubled_while_the_service_is_killed_again_and_again(tmp_path: Path) -> None:
    home, count = tmp_path / "home", 2_000

    async def publish(server: Server) -> None:
        connection = await connect(f"nats://127.0.0.1:{server.port}")
        stream = connection.jetstream()
        for number in range(count):
            await stream.publish("chat.garden", json.dumps(own(f"{number:05}")).encode())
        await connection.close()

    async def acknowledged(server: Server) -> None:
        connection = await connect(f"nats://127.0.0.1:{server.port}")
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await connection.jetstream().consumer_info("chats", "egregora-way")
                if told.num_pending == told.num_ack_pending == 0:
                    break
                await asyncio.sleep(0.1)
        await connection.close()

    async def make_stream(server: Server) -> None:
        connection = await connect(f"nats://127.0.0.1:{server.port}")
        await connection.jetstream().add_stream(name="chats", subjects=["chat.>"])
        await connection.close()

    with running_server(nats_server(tmp_path)) as server:
        asyncio.run(make_stream(server))
        told = settings(
            "nats", servers=[f"nats://127.0.0.1:{server.port}"], stream="chats", batch=100, redeliver_seconds=1
        )
        asyncio.run(publish(server))
        for wait in (0.05, 0.2, 0.4):
            with running(home, settings=told) as service:
                asyncio.run(asyncio.sleep(wait))
                service.kill()
        with running(home, settings=told) as service:
            asyncio.run(acknowledged(server))
            assert service.stop() == 0
    assert sorted(stored(home)) == [f"{number:05}" for number in range(count)]


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(synapse(tmp_path_factory.mktemp("synapse"))) as started:
        yield started


@pytest.mark.slow
def test_a_room_is_caught_up_with_from_the_stored_cursor_after_the_service_was_killed(
    homeserver: Server, tmp_path: Path
) -> None:
    home = tmp_path / "home"

    async def run() -> None:
        async with people(homeserver, dora="Dora", bot3="Listener") as (dora, bot):
            room = await dora.create_room("Garden", bot)
            await bot.join(room)
            options: dict[str, Any] = {
                "homeserver": f"http://127.0.0.1:{homeserver.port}",
                "user": bot.user_id,
                "history": 1,
            }
            told = settings("matrix", token=secret_file(tmp_path, bot.token), **options)
            said: list[str] = []
            with running(home, settings=told) as service:
                await until_held(service, 1)
                said += [await dora.say(room, f"one {number}") for number in range(20)]
                await until_held(service, 21)
                service.kill()
            said += [await dora.say(room, f"two {number}") for number in range(150)]
            with running(home, settings=told) as service:
                await until_held(service, 171)
                assert service.stop() == 0
            messages = [native_id for native_id in stored(home) if native_id in said]
            assert sorted(messages) == sorted(said)

    asyncio.run(run())
