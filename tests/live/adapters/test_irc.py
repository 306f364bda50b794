"""Messages of IRC channels: from a server that speaks its part by heart, and from a real one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.config import SettingsError
from egregora_assets.live.adapters import irc
from egregora_assets.live.adapters.irc import Irc
from egregora_assets.live.adapters.irc_events import Channels
from egregora_assets.live.adapters.irc_lines import parse
from egregora_assets.live.adapters.protocol import RetryExhausted
from egregora_assets.live.incoming import IncomingMessage
from tests.live.adapters.listening import listening
from tests.live.adapters.servers import Server, irc_server, running

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


# What lines say


def told(*lines: str, now: datetime = NOON) -> list[IncomingMessage]:
    channels = Channels(("#Tea", "#coffee"), lambda: now)
    parsed = [parse(line.encode()) for line in lines]
    return [event for line in parsed if line for event in channels.events(line)]


def test_a_message_has_the_channel_the_nick_and_the_time_of_the_server() -> None:
    (message,) = told("@time=2026-01-02T03:04:05.678Z;msgid=ab:1 :ana!a@host PRIVMSG #TEA :good  morning: all")
    assert (message.source, message.source_title, message.author) == ("#tea", "#Tea", "ana")
    assert (message.text, message.kind, message.native_id) == ("good  morning: all", "text", "ab:1")
    assert message.sent_at == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def test_without_a_tag_the_time_is_that_of_receipt() -> None:
    assert told(":ana!a@host PRIVMSG #tea hello")[0].sent_at == NOON


def test_an_action_reads_as_in_logs_and_colours_are_gone() -> None:
    assert [
        message.text
        for message in told(
            ":ana!a@h PRIVMSG #tea :\x01ACTION waves\x01",
            ":ana!a@h PRIVMSG #tea :\x02bold\x02 \x0304,12red\x03 \x1fline\x0f \x04FF0000hex\x04",
            ":ana!a@h PRIVMSG #tea :\x01VERSION\x01",
            ":ana!a@h PRIVMSG #tea :\x02\x02",
        )
    ] == ["ana waves", "bold red line hex"]


def test_what_servers_and_people_tell_of_the_channel_is_system() -> None:
    events = told(
        ":srv 353 me = #tea :@ana +bo carl",
        ":dora!d@h JOIN #tea",
        ":ana!a@h NICK anna",
        ":bo!b@h PART #tea :bye",
        ":anna!a@h KICK #tea carl :spam",
        ":anna!a@h TOPIC #tea :\x02green\x02",
        ":dora!d@h QUIT :ping timeout",
        ":stranger!s@h QUIT :never was here",
        ":stranger!s@h NICK other",
        ":irc.test NOTICE #tea :maintenance",
        ":dora!d@h NOTICE #tea :not a server",
    )
    assert [event.text for event in events] == [
        "dora has joined #Tea",
        "ana is now known as anna",
        "bo has left #Tea (bye)",
        "anna has kicked carl from #Tea (spam)",
        "anna has changed the topic to: green",
        "dora has quit (ping timeout)",
        "maintenance",
        "not a server",
    ]
    assert [event.kind for event in events] == ["system"] * 7 + ["text"]


def test_a_change_of_nick_is_told_to_every_channel_that_the_person_is_in() -> None:
    events = told(":srv 353 me = #tea :ana", ":srv 353 me @ #coffee :@ana", ":ana!a@h NICK anna", ":anna!a@h QUIT")
    assert [(event.source, event.text) for event in events] == [
        ("#tea", "ana is now known as anna"),
        ("#coffee", "ana is now known as anna"),
        ("#tea", "anna has quit"),
        ("#coffee", "anna has quit"),
    ]
    assert len({event.native_id for event in events}) == 4


def test_answers_reactions_and_deletions_of_servers_that_name_their_messages() -> None:
    answer, given_, taken, gone = told(
        "@msgid=2;+draft/reply=1 :ana!a@h PRIVMSG #tea :yes",
        "@msgid=3;+draft/react=👍;+draft/reply=1 :ana!a@h TAGMSG #tea",
        "@msgid=4;+draft/unreact=👍;+reply=1 :ana!a@h TAGMSG #tea",
        "@msgid=5 :ana!a@h REDACT #tea 2 :typo",
    )
    assert answer.reply_to == "1"
    assert [(one.event, one.target, one.emoji, one.removed) for one in (given_, taken)] == [
        ("reaction", "1", "👍", False),
        ("reaction", "1", "👍", True),
    ]
    assert (gone.event, gone.target, gone.text) == ("delete", "2", "")


def test_private_messages_and_other_channels_are_nobodys_business() -> None:
    assert (
        told(":ana!a@h PRIVMSG me :psst", ":ana!a@h PRIVMSG #other :x", ":ana!a@h NOTICE me :x", "PRIVMSG", ":x") == []
    )


def test_the_same_words_twice_in_a_second_are_two_messages_and_ids_are_the_same_on_the_next_hearing() -> None:
    lines = [":ana!a@h PRIVMSG #tea :ha"] * 3 + [":bo!a@h PRIVMSG #tea :ha", ":ana!a@h PRIVMSG #coffee :ha"]
    ids = [event.native_id for event in told(*lines)]
    assert len(set(ids)) == 5
    assert ids == [event.native_id for event in told(*lines)]
    assert set(ids).isdisjoint(event.native_id for event in told(*lines, now=NOON.replace(second=1)))


def test_two_spellings_of_a_channel_are_one() -> None:
    channels = Channels(("#tea[1]~",))
    line = parse(b":ana!a@h PRIVMSG #TEA{1}^ :x")
    assert line is not None
    assert [event.source for event in channels.events(line)] == ["#tea[1]~"]


@given(st.binary(max_size=600))
def test_no_line_whatever_it_holds_ends_the_listening(raw: bytes) -> None:
    channels = Channels(("#tea",))
    for line in (parse(raw), parse(b":a!b@c PRIVMSG #tea :" + raw), parse(b"@" + raw + b" :a!b@c PRIVMSG #tea :x")):
        for event in channels.events(line) if line else ():
            assert event.model_dump_json().encode()


# A server that speaks its part by heart

Part = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RETRIES = {"first_seconds": 0.01, "tries": 2}


@asynccontextmanager
async def scripted(*parts: Part) -> AsyncIterator[int]:
    """Serve one connection after another, each by its part; the last part serves all that come after."""
    served = iter((*parts, *(parts[-1:] * 100)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await next(served)(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def expect(reader: asyncio.StreamReader, beginning: str) -> str:
    """Read until a line begins so; return it."""
    while not (line := (await reader.readuntil(b"\n")).decode().rstrip("\r\n")).startswith(beginning):
        pass
    return line


def say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode())


async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, capabilities: str = "server-time") -> None:
    await expect(reader, "USER")
    say(writer, f":srv CAP * LS :{capabilities}")
    asked = (await expect(reader, "CAP REQ")).partition(":")[2]
    say(writer, f":srv CAP * ACK :{asked}")
    await expect(reader, "CAP END")
    say(writer, ":srv 001 eg :welcome")
    await expect(reader, "JOIN")
    say(writer, ":eg!e@h JOIN #tea", ":srv 353 eg = #tea :eg ana", ":srv 366 eg #tea :end")


def adapter_of(port: int, cursor: str | None = None, **options: Any) -> Irc:
    options = {"host": "127.0.0.1", "port": port, "tls": False, "nick": "eg", "channels": ["#tea"]} | options
    return irc.create("chat", {"retries": RETRIES} | options, cursor)


async def forever(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(1000):
        pass


def test_it_answers_pings_and_tells_nothing_of_its_own_coming_and_going() -> None:
    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        say(writer, "PING :are you there")
        assert await expect(reader, "PONG") == "PONG :are you there"
        say(writer, ":eg!e@h NICK eg2", ":eg2!e@h PART #tea", ":ana!a@h PRIVMSG #tea :hello")
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(part) as port, listening(adapter_of(port)) as listener:
            assert await listener.texts(1) == ["hello"]
            assert listener.deliveries[0].cursor is None

    asyncio.run(run())


def test_it_logs_in_by_sasl_before_anything_else_and_never_without(monkeypatch: pytest.MonkeyPatch) -> None:
    password = "p" * 500
    monkeypatch.setenv("IRC_PASSWORD", password)
    login = {"account": "bot", "account_password": {"variable": "IRC_PASSWORD"}}
    heard: list[str] = []

    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await expect(reader, "USER")
        say(writer, ":srv CAP * LS * :batch", ":srv CAP * LS :sasl=PLAIN,EXTERNAL server-time")
        assert await expect(reader, "CAP REQ") == "CAP REQ :sasl batch server-time"
        say(writer, ":srv CAP eg ACK :sasl batch server-time")
        await expect(reader, "AUTHENTICATE PLAIN")
        say(writer, "AUTHENTICATE +")
        pieces = [(await expect(reader, "AUTHENTICATE")).partition(" ")[2] for _ in range(2)]
        heard.append(base64.b64decode("".join(pieces)).decode())
        say(writer, ":srv 903 eg :ok")
        await expect(reader, "CAP END")
        say(writer, ":srv 001 eg :welcome", ":ana!a@h PRIVMSG #tea :hello")
        await forever(reader, writer)

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await expect(reader, "USER")
        say(writer, ":srv CAP * LS :sasl")
        await expect(reader, "CAP REQ")
        say(writer, ":srv CAP * ACK :sasl", ":srv 904 eg :SASL authentication failed")
        await forever(reader, writer)

    async def without(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await expect(reader, "USER")
        say(writer, ":srv 421 eg CAP :Unknown command", ":srv 001 eg :welcome", ":ana!a@h PRIVMSG #tea :hello")
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(part) as port, listening(adapter_of(port, **login)) as listener:
            assert await listener.texts(1) == ["hello"]
        assert heard == [f"\0bot\0{password}"]
        for server, reason in ((refusing, "authentication failed"), (without, "no login by SASL")):
            async with scripted(server) as port:
                with pytest.raises(RetryExhausted, match=reason) as refused:
                    await anext(adapter_of(port, **login).listen())
                assert password not in str(refused.value)

    asyncio.run(run())


def test_a_taken_nick_is_changed_and_the_server_may_change_it_again() -> None:
    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await expect(reader, "USER")
        say(writer, ":srv 433 * eg :taken")
        assert await expect(reader, "NICK") == "NICK eg_"
        say(writer, ":srv 001 Guest1 :welcome", ":Guest1!e@h JOIN #tea", ":eg!other@h JOIN #tea")
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(part) as port, listening(adapter_of(port)) as listener:
            assert await listener.texts(1) == ["eg has joined #tea"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "ending",
    [
        b"",
        b"ERROR :Closing link\r\n",
        b":op!o@h KICK #tea eg :out\r\n",
        b":ana!a@h PRIVMSG #tea :" + b"x" * 20_000,
    ],
)
def test_a_connection_that_ends_in_whichever_way_is_made_again(ending: bytes) -> None:
    async def first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        say(writer, ":ana!a@h PRIVMSG #tea :one")
        writer.write(ending)
        await writer.drain()
        if ending:
            await forever(reader, writer)

    async def second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        say(writer, ":ana!a@h PRIVMSG #tea :two")
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(first, second) as port, listening(adapter_of(port)) as listener:
            await listener.until(lambda heard: heard.messages and heard.messages[-1].text == "two")
            assert listener.messages[0].text == "one"

    asyncio.run(run())


def test_a_server_that_says_nothing_is_asked_and_then_given_up() -> None:
    asked: list[str] = []

    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        asked.append(await expect(reader, "PING"))
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(part) as port:
            with pytest.raises(RetryExhausted, match="no sign of life"):
                await anext(adapter_of(port, silence_seconds=0.5, retries={"tries": 1}).listen())

    asyncio.run(run())
    assert asked


def history_page(first: int, last: int) -> list[str]:
    lines = [
        f"@batch=h;time=2026-01-02T00:00:{number % 60:02}.{number:03}Z;msgid=m{number} :ana!a@h PRIVMSG #tea :{number}"
        for number in range(first, last + 1)
    ]
    return [":srv BATCH +h chathistory #tea", *lines, ":srv BATCH -h"]


def test_what_was_missed_is_asked_for_where_the_server_keeps_it_and_no_cursor_overtakes_it() -> None:
    asked: list[str] = []

    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer, "batch draft/chathistory message-tags server-time")
        asked.append(await expect(reader, "CHATHISTORY"))
        say(writer, "@time=2026-01-03T00:00:00.000Z;msgid=live :ana!a@h PRIVMSG #tea :live")
        say(writer, *history_page(0, 99))
        asked.append(await expect(reader, "CHATHISTORY"))
        say(writer, *history_page(100, 101))
        say(writer, "@time=2026-01-03T00:00:01.000Z;msgid=after :ana!a@h PRIVMSG #tea :after")
        await forever(reader, writer)

    async def run() -> None:
        async with scripted(part) as port:
            adapter = adapter_of(port, cursor="2026-01-02T00:00:00.500+00:00")
            async with listening(adapter) as listener:
                texts = await listener.texts(104)
                assert texts == ["live", *map(str, range(102)), "after"]
                cursors = [given.cursor for given in listener.deliveries]
                assert cursors[:-1] == [None] * 103
                assert cursors[-1] == "2026-01-03T00:00:01+00:00"
        assert asked == [
            "CHATHISTORY AFTER #tea timestamp=2026-01-01T23:59:59.500Z 100",
            "CHATHISTORY AFTER #tea timestamp=2026-01-02T00:00:59.059Z 100",
        ]

    asyncio.run(run())


def test_a_connection_lost_amid_what_was_missed_asks_for_it_all_again() -> None:
    asked: list[str] = []

    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer, "batch draft/chathistory message-tags server-time")
        asked.append(await expect(reader, "CHATHISTORY"))
        say(writer, "@time=2026-01-03T00:00:00.000Z;msgid=live :ana!a@h PRIVMSG #tea :live")
        await writer.drain()

    async def run() -> None:
        async with scripted(part) as port:
            adapter = adapter_of(port, cursor="2026-01-02T00:00:00.500+00:00")
            async with listening(adapter) as listener:
                with pytest.raises(RetryExhausted):
                    await listener.until(lambda heard: False)

    asyncio.run(run())
    assert asked == ["CHATHISTORY AFTER #tea timestamp=2026-01-01T23:59:59.500Z 100"] * 2


@pytest.mark.parametrize(
    "options",
    [
        {"channels": []},
        {"channels": ["tea"]},
        {"channels": ["#tea,#other"]},
        {"channels": ["#tea\r\nQUIT"]},
        {"nick": "a b"},
        {"nick": "a\nQUIT"},
        {"host": "a b"},
        {"account": "bot"},
        {"password": "s3cret"},
        {"host": "irc.example", "tls": False, "password": {"variable": "IRC_PASSWORD"}},
    ],
)
def test_options_that_would_say_more_than_they_should_are_refused(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRC_PASSWORD", "s3cret")
    with pytest.raises(SettingsError, match="live adapter 'chat'") as refused:
        adapter_of(1, **options)
    assert "s3cret" not in str(refused.value)


# A real server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(irc_server(tmp_path)) as started:
        yield started


async def see(nick: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait until somebody is in the channel."""
    async with asyncio.timeout(20):
        while True:
            say(writer, "NAMES #tea")
            if nick in (await expect(reader, ":irc.test 353")).partition(" :")[2].split():
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def person(server: Server, nick: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    say(writer, f"NICK {nick}", f"USER {nick} 0 * :{nick}", "JOIN #tea")
    await expect(reader, f":irc.test 366 {nick} #tea")
    yield reader, writer
    writer.close()


@pytest.mark.slow
def test_a_real_server_tells_all_that_is_said_in_order(server: Server) -> None:
    async def run() -> None:
        async with listening(adapter_of(server.port)) as listener, person(server, "ana") as (reader, writer):
            await see("eg", reader, writer)
            before = len(listener.deliveries)
            said = [f"message {number} \x02é\x02" for number in range(500)]
            say(writer, *(f"PRIVMSG #tea :{text}" for text in said))
            say(writer, "PRIVMSG #tea :\x01ACTION waves\x01", "NICK anna", "TOPIC #tea :green", "PART #tea :bye")
            assert (await listener.texts(before + 504))[before:] == [
                *(text.replace("\x02", "") for text in said),
                "ana waves",
                "ana is now known as anna",
                "anna has changed the topic to: green",
                "anna has left #tea (bye)",
            ]
            assert len({message.native_id for message in listener.messages}) == before + 504

    asyncio.run(run())


@pytest.mark.slow
def test_a_real_server_that_dies_is_joined_again(server: Server) -> None:
    async def run() -> None:
        retries = {"first_seconds": 0.05}
        async with listening(adapter_of(server.port, retries=retries)) as listener:
            async with person(server, "ana") as (reader, writer):
                await see("eg", reader, writer)
                say(writer, "PRIVMSG #tea :one")
                await listener.until(lambda heard: any(one.text == "one" for one in heard.messages))
                server.stop(hard=True)
            await asyncio.sleep(0.2)
            server.start()
            async with person(server, "bo") as (reader, writer):
                await see("eg", reader, writer)
                say(writer, "PRIVMSG #tea :two")
                await listener.until(lambda heard: any(one.text == "two" for one in heard.messages))

    asyncio.run(run())
