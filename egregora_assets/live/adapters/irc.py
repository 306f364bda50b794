"""Messages of IRC channels: a client that joins, listens and says nothing.

IRC keeps nothing for those who are away. Where the server offers ``draft/chathistory``, the time of the last message is the
cursor and what was missed is asked for; elsewhere it is lost, as for everybody in the channel.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from egregora_assets.live.adapters.backoff import Backoff, Retries, reconnecting
from egregora_assets.live.adapters.irc_events import Channels
from egregora_assets.live.adapters.irc_lines import MAX_LINE_BYTES, Line, folded, parse, plain_login, sent_at
from egregora_assets.live.adapters.options import Options, Secret, is_loopback, read_options
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery

log = logging.getLogger(__name__)
_CAPABILITIES = ("batch", "draft/chathistory", "draft/message-redaction", "message-tags", "server-time")
_HISTORY = "draft/chathistory"
_HISTORY_LINES = 100
_OVERLAP = timedelta(seconds=1)
"""Messages of the cursor's own moment are asked for again, and known by their ids."""
_MOST_NICKS = 5
_SASL_FAILURES = ("902", "904", "905", "906")
_NICK_TAKEN = ("433", "436")
_CANNOT_JOIN = ("403", "405", "471", "473", "474", "475", "477")
_CONNECT_SECONDS = 30.0
_FAREWELL_SECONDS = 1.0


class IrcOptions(Options):
    """What the table of an IRC adapter may hold."""

    host: str = Field(pattern=r"^[A-Za-z0-9.:_-]+$", description="The server.")
    port: int | None = Field(default=None, ge=1, le=65_535, description="Default: 6697, or 6667 without TLS.")
    tls: bool = Field(default=True, description="Whether the connection is encrypted.")
    authority: Path | None = Field(
        default=None, description="Certificate of the authority, where the system's do not do."
    )
    nick: str = Field(pattern=r"^[A-Za-z\[\]\\`_^{}|][A-Za-z0-9\[\]\\`_^{}|-]{0,29}$", description="The name to go by.")
    channels: tuple[str, ...] = Field(min_length=1, description="What to join.")
    password: Secret | None = Field(default=None, description="What the server asks of everybody (PASS).")
    account: str | None = Field(
        default=None, pattern=r"^[^\s\x00]{1,100}$", description="Who logs in by SASL PLAIN, with `account_password`."
    )
    account_password: Secret | None = None
    silence_seconds: float = Field(
        default=120.0, gt=0, description="Silence after which the server is asked for a sign."
    )
    retries: Retries = Retries()

    @field_validator("channels")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for channel in value:
            if not _is_channel(channel):
                raise ValueError(f"{channel!r} is no name of a channel, such as '#python'")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.account is None) != (self.account_password is None):
            raise ValueError("account and account_password go together: write both or neither")
        if (self.account or self.password) and not (self.tls or is_loopback(self.host)):
            raise ValueError("a password would cross the network in the clear: write tls = true")
        return self

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port or (6697 if self.tls else 6667)


def _is_channel(name: str) -> bool:
    return (
        1 < len(name) <= 100 and name[0] in "#&+!" and not any(letter <= " " or letter in ",:\x7f" for letter in name)
    )


def create(name: str, options: dict[str, Any], cursor: str | None) -> Irc:
    """Make the adapter. Raises ``SettingsError``."""
    return Irc(name, read_options(IrcOptions, name, options), cursor)


class Irc:
    """One connection to one server.

    Events carry no answer: the service keeps them, in order, until they are durable. Back-pressure: nothing is read while the
    service is busy, so the server keeps what comes, and drops the connection where that is too much for it.
    """

    platform = "irc"

    def __init__(self, name: str, options: IrcOptions, cursor: str | None) -> None:
        self.name, self._options = name, options
        self._cursor = _moment(cursor)
        self._password = options.password.read() if options.password else None
        self._account_password = options.account_password.read() if options.account_password else None
        self._tls = ssl.create_default_context(cafile=_expanded(options.authority)) if options.tls else None
        host, port = options.address
        self._backoff = Backoff(f"live adapter {name!r} at {host}:{port}", options.retries)

    def listen(self) -> AsyncGenerator[Delivery, None]:
        """Listen until closed; raises ``RetryExhausted``."""
        return reconnecting(self._session, self._backoff)

    async def _session(self) -> AsyncGenerator[Delivery, None]:
        host, port = self._options.address
        connection = await _Connection.open(host, port, self._tls, self._options.silence_seconds)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                greeting = await self._register(connection)
            self._backoff.connected()
            async for delivery in self._heard(connection, greeting):
                yield delivery
        except ConnectionLost:
            raise
        except TimeoutError:
            raise ConnectionLost("the server does not finish its greeting") from None
        except OSError as error:
            raise ConnectionLost(str(error) or "the connection broke") from None
        finally:
            await connection.close()

    async def _register(self, connection: _Connection) -> _Greeting:
        """Introduce ourselves and join; return what was agreed on."""
        greeting = _Greeting(self._options, self._password, self._account_password)
        connection.send(*greeting.first())
        while not greeting.is_done:
            line = await connection.line()
            connection.send(*greeting.answers(line))
        connection.send(*(f"JOIN {channel}" for channel in self._options.channels))
        return greeting

    async def _heard(self, connection: _Connection, greeting: _Greeting) -> AsyncGenerator[Delivery, None]:
        channels, has_history = Channels(self._options.channels), _HISTORY in greeting.granted
        history = _History(self._options.channels, self._cursor if has_history else None)
        nick, latest = greeting.nick, self._cursor
        while True:
            line = await connection.line()
            received_ns = time.monotonic_ns()
            connection.send(*history.requests(line))
            self._note_refusal(line, nick)
            events = list(channels.events(line))
            if folded(line.source) == folded(nick):
                nick = line.parameter(0) if line.command == "NICK" else nick
                continue
            latest = max(filter(None, (latest, sent_at(line))), default=None)
            if history.is_complete:
                self._cursor = latest
            for event in events:
                yield Delivery(
                    event, received_ns, _written(self._cursor) if has_history and history.is_complete else None
                )

    def _note_refusal(self, line: Line, nick: str) -> None:
        """Raise ``ConnectionLost`` where the server, or a channel, does not want us any more."""
        if line.command in _CANNOT_JOIN:
            log.error("live adapter %r cannot join %s: %s", self.name, line.parameter(1), line.text)
        elif line.command == "ERROR":
            raise ConnectionLost(f"the server says: {line.text}")
        elif line.command == "KICK" and folded(line.parameter(1)) == folded(nick):
            raise ConnectionLost(f"removed from {line.parameter(0)}")


class _Greeting:
    """What is said until the server lets us in: capabilities, login, names."""

    def __init__(self, options: IrcOptions, password: str | None, account_password: str | None) -> None:
        self._options, self._password, self._account_password = options, password, account_password
        self._offered: set[str] = set()
        self._nicks = 1
        self.granted: set[str] = set()
        self.nick = options.nick
        self.is_done = False

    def first(self) -> Iterator[str]:
        """Yield what opens the talk."""
        yield "CAP LS 302"
        if self._password is not None:
            yield f"PASS :{self._password}"
        yield f"NICK {self._options.nick}"
        yield f"USER {self._options.nick} 0 * :egregora"

    def answers(self, line: Line) -> Iterator[str]:
        """Yield what a line of the server asks for. Raises ``ConnectionLost`` where it does not let us in."""
        if line.command == "CAP":
            yield from self._capabilities(line)
        elif line.command == "AUTHENTICATE" and self._options.account and self._account_password:
            yield from plain_login(self._options.account, self._account_password)
        elif line.command == "903":
            yield "CAP END"
        elif line.command in _SASL_FAILURES:
            raise ConnectionLost(f"the server refuses the login: {line.text}")
        elif line.command in _NICK_TAKEN:
            yield self._other_nick()
        elif line.command in ("ERROR", "432", "464", "465"):
            raise ConnectionLost(f"the server says: {line.text}")
        elif line.command == "001":
            if self._options.account and "sasl" not in self.granted:
                raise ConnectionLost("the server offers no login by SASL")
            self.nick = line.parameter(0)
            self.is_done = True

    def _capabilities(self, line: Line) -> Iterator[str]:
        step = line.parameter(1).upper()
        names = {word.partition("=")[0] for word in line.text.split()}
        if step == "LS":
            self._offered |= names
            if line.parameter(2) != "*":
                yield from self._request()
        elif step == "ACK":
            self.granted |= names
            yield "AUTHENTICATE PLAIN" if "sasl" in names else "CAP END"
        elif step == "NAK":
            yield "CAP END"

    def _request(self) -> Iterator[str]:
        if self._options.account and "sasl" not in self._offered:
            raise ConnectionLost("the server offers no login by SASL")
        wanted = [*(("sasl",) if self._options.account else ()), *_CAPABILITIES]
        asked = [name for name in wanted if name in self._offered]
        yield f"CAP REQ :{' '.join(asked)}" if asked else "CAP END"

    def _other_nick(self) -> str:
        if self._nicks == _MOST_NICKS:
            raise ConnectionLost(f"the nick {self._options.nick!r} is taken, and those like it")
        self._nicks += 1
        return f"NICK {self._options.nick}{'_' * (self._nicks - 1)}"


class _History:
    """Asks each channel, once joined, for what was said since the cursor, page by page."""

    def __init__(self, channels: tuple[str, ...], since: datetime | None) -> None:
        self._since = since
        self._missing = {folded(channel) for channel in channels} if since else set[str]()
        self._pages: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._latest: dict[str, datetime] = {}

    @property
    def is_complete(self) -> bool:
        """Whether a cursor may be stored: all that was said before it has come."""
        return not self._missing

    def requests(self, line: Line) -> Iterator[str]:
        """Yield what to ask for after a line."""
        if self.is_complete:
            return
        batch = line.tags.get("batch")
        if line.command == "366" and folded(line.parameter(1)) in self._missing and self._since is not None:
            yield self._request(line.parameter(1), self._since - _OVERLAP)
        elif line.command == "BATCH" and line.parameter(0)[:1] == "+" and line.parameter(1) == "chathistory":
            self._pages[line.parameter(0)[1:]] = line.parameter(2)
        elif line.command == "BATCH" and line.parameter(0)[:1] == "-":
            yield from self._page_ended(line.parameter(0)[1:])
        elif line.command in _CANNOT_JOIN:
            self._missing.discard(folded(line.parameter(1)))
        elif line.command == "FAIL" and line.parameter(0) == "CHATHISTORY":
            self._missing.clear()
        elif batch in self._pages:
            self._count(batch, line)

    def _count(self, batch: str, line: Line) -> None:
        self._lines[batch] = self._lines.get(batch, 0) + 1
        moment, channel = sent_at(line), folded(self._pages[batch])
        if moment is not None:
            self._latest[channel] = max(moment, self._latest.get(channel, moment))

    def _page_ended(self, batch: str) -> Iterator[str]:
        channel = self._pages.pop(batch, None)
        if channel is None:
            return
        latest = self._latest.get(folded(channel))
        if self._lines.pop(batch, 0) >= _HISTORY_LINES and latest is not None:
            yield self._request(channel, latest)
        else:
            self._missing.discard(folded(channel))

    def _request(self, channel: str, after: datetime) -> str:
        moment = after.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"CHATHISTORY AFTER {channel} timestamp={moment}Z {_HISTORY_LINES}"


class _Connection:
    """Lines both ways. A server that says nothing is asked for a sign of life, and given up when there is none."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence_seconds: float) -> None:
        self._reader, self._writer, self._silence_seconds = reader, writer, silence_seconds

    @classmethod
    async def open(cls, host: str, port: int, tls: ssl.SSLContext | None, silence_seconds: float) -> _Connection:
        """Connect. Raises ``ConnectionLost``."""
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return cls(*await asyncio.open_connection(host, port, ssl=tls, limit=MAX_LINE_BYTES), silence_seconds)
        except TimeoutError:
            raise ConnectionLost("no connection in time") from None
        except OSError as error:
            raise ConnectionLost(str(error)) from None

    def send(self, *lines: str) -> None:
        """Send lines; none may hold the end of a line."""
        for line in lines:
            assert not {"\r", "\n", "\0"} & set(line), "a line is one line"
            self._writer.write(f"{line}\r\n".encode())

    async def line(self) -> Line:
        """Return the next line that is no PING. Raises ``ConnectionLost``."""
        while True:
            line = parse(await self._raw())
            if line is not None and line.command == "PING":
                self.send(f"PONG :{line.text}")
            elif line is not None:
                return line

    async def _raw(self) -> bytes:
        for is_last in (False, True):
            try:
                async with asyncio.timeout(self._silence_seconds):
                    return await self._reader.readuntil(b"\n")
            except TimeoutError:
                if not is_last:
                    self.send("PING :egregora")
            except asyncio.IncompleteReadError:
                raise ConnectionLost("the server closed the connection") from None
            except asyncio.LimitOverrunError:
                raise ConnectionLost("the server sent a line that is longer than the protocol allows") from None
        raise ConnectionLost(f"no sign of life for {2 * self._silence_seconds:.0f} s")

    async def close(self) -> None:
        """Say goodbye, without waiting for an answer."""
        with suppress(OSError, TimeoutError):
            self._writer.write(b"QUIT :\r\n")
            self._writer.close()
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._writer.wait_closed()


def _moment(cursor: str | None) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(cursor or "")
        return moment if moment.tzinfo else None
    return None


def _written(cursor: datetime | None) -> str | None:
    return cursor.isoformat() if cursor else None


def _expanded(path: Path | None) -> Path | None:
    return path.expanduser() if path else None
