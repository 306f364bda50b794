"""Events as lines of JSON, over a Unix socket on which each line is answered, or on the standard input."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
import stat
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Any

from pydantic import Field

from egregora_assets.live.adapters.options import Options, read_options
from egregora_assets.live.adapters.protocol import Delivery, Outcome, StreamingAdapter
from egregora_assets.live.errors import AdapterUnusable
from egregora_assets.live.incoming import Refused, read_event
from egregora_assets.live.lines import PIECE_BYTES, Lines
from egregora_assets.live.refusals import Refusals

PLATFORM = "jsonl"
REQUESTS = ("query", "status", "recent")
MAX_CLIENTS = 128
_PIECES_AHEAD = 4
_UNREAD_ANSWER_BYTES = 1 << 20
_BUSY_LINES = 3
_REST_SECONDS = 0.006
"""After a piece of so many lines a connection rests, so that pieces are larger where much comes: each costs as much as ten."""
_MOST_REFUSED = 100
"""After so many lines that are no events a connection rests too: each costs several times as much as an event."""
_CLOSING_SECONDS = 0.2
_CLOSING_TURNS = 20
_MODE = 0o600

log = logging.getLogger(__name__)

Respond = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a line that is no event but asks for something."""


class SocketTaken(OSError):
    """The socket's path cannot be had; the message says why."""


class JsonlOptions(Options):
    """What ``options`` of the settings may say."""

    listen: str = Field("", description="`unix:PATH`, the socket.")
    stdin: bool = Field(False, description="The standard input instead.")


def create(name: str, options: dict[str, Any], cursor: str | None) -> StreamingAdapter:  # noqa: ARG001 lines have no cursor
    """Make the adapter: ``{"listen": "unix:PATH"}``, or ``{"stdin": true}``. Raises ``SettingsError`` or ``AdapterUnusable``."""
    wanted = read_options(JsonlOptions, name, options)
    return StandardInput(name) if wanted.stdin else JsonSocket(name, socket_path(wanted.listen))


def socket_path(address: str) -> Path:
    """Return the path of ``unix:PATH``. Raises ``AdapterUnusable``."""
    kind, _, path = address.partition(":")
    if kind != "unix" or not path:
        raise AdapterUnusable(f"{address!r} is no address to listen on: write unix:PATH")
    return Path(path).expanduser().absolute()


class StandardInput:
    """Lines on the standard input. Nobody is answered; lines that are no events are told of in the log, and go to quarantine."""

    platform = PLATFORM

    def __init__(self, name: str, file: int = 0) -> None:
        self.name = name
        self.refusals = Refusals()
        self._file = file

    async def listen(self) -> AsyncIterator[Delivery]:
        """Yield events until the input ends."""
        pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES_AHEAD)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop, pieces), name="live-stdin", daemon=True).start()
        lines, number, began = Lines(), 0, 0
        while True:
            piece = await pieces.get()
            received = time.monotonic_ns()
            for line in lines.feed(piece) if piece else lines.end():
                number += 1
                if line is None or line.strip():
                    for delivery in self._delivery(number, line, received, began):
                        yield delivery
            began += len(piece)
            if not piece:
                return

    def _delivery(self, number: int, line: bytes | None, received: int, began: int) -> list[Delivery]:
        try:
            return [Delivery(read_event(line), received)]
        except Refused as problem:
            self.refusals.add(began, str(problem), line)
            log.warning("standard input, line %s: %s", number, problem)
            return []

    def _read(self, loop: asyncio.AbstractEventLoop, pieces: asyncio.Queue[bytes]) -> None:
        """Read in a thread of its own: what stands behind the standard input may be a file, which no loop can wait for."""
        piece = b"."
        with suppress(RuntimeError):  # the loop has ended
            while piece:
                piece = os.read(self._file, PIECE_BYTES)
                asyncio.run_coroutine_threadsafe(pieces.put(piece), loop).result()


class JsonSocket:
    """A Unix socket. Each event is answered once its outcome is known, in any order; requests are answered one by one."""

    platform = PLATFORM

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.respond: Respond | None = None
        self.clients: set[_Client] = set()
        self._heard: deque[list[Delivery]] = deque()
        self._held: set[_Client] = set()
        self._something = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._bound_as: tuple[int, int] | None = None
        self._is_deaf = False

    async def open(self) -> None:
        """Begin to listen. Raises ``SocketTaken``."""
        bound = _bound(self.path)
        self._bound_as = _identity(self.path)
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Client(self), sock=bound)

    @property
    def is_reachable(self) -> bool:
        """Whether who connects to the path comes here: somebody may have removed the socket, or put another in its place."""
        return self._bound_as is not None and _identity(self.path) == self._bound_as

    @property
    def is_lost(self) -> bool:
        """Whether it should be reachable and is not."""
        return not (self._is_deaf or self.is_reachable)

    async def open_again(self) -> None:
        """Listen at the path anew; connections that there are go on. Raises ``SocketTaken``, and listens to these alone then."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.open()

    async def listen(self) -> AsyncIterator[Delivery]:
        """Yield events of all connections, for ever."""
        if self._server is None:
            await self.open()
        while True:
            self._something.clear()
            await self._something.wait()
            while self._heard:
                for delivery in self._heard.popleft():
                    yield delivery
            held, self._held = self._held, set()
            for client in held:
                client.go_on()

    @property
    def is_behind(self) -> bool:
        """Whether there is more to be taken than should be; connections are not read from then."""
        return len(self._heard) >= _PIECES_AHEAD

    def hold(self, client: _Client) -> None:
        """Let a connection go on when there is less to be taken."""
        self._held.add(client)

    def hear(self, events: list[Delivery]) -> None:
        """Take events of a connection, to be yielded."""
        self._heard.append(events)
        self._something.set()

    async def response(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a line that asks for something."""
        if self.respond is None:
            return {"error": "nothing is answered here but events"}
        return await self.respond(request)

    def deafen(self) -> None:
        """Take no more: nobody can connect, and nothing more is read."""
        self._is_deaf = True
        if self._server is not None:
            is_ours = self.is_reachable
            self._server.close()
            self._server = None
            if is_ours:
                self.path.unlink(missing_ok=True)
        for client in self.clients:
            client.deafen()

    async def close(self) -> None:
        """Close all connections, after the answers that are on their way."""
        for client in list(self.clients):
            client.close()
        for _ in range(_CLOSING_TURNS):
            if not self.clients:
                return
            await asyncio.sleep(_CLOSING_SECONDS / _CLOSING_TURNS)
        for client in list(self.clients):
            client.abort()


class _Client(asyncio.BufferedProtocol):
    """One connection: pieces come in and are parsed, answers of one commit go out together.

    It is not read from while there is enough to do: events that wait to be taken, a request that is not yet answered,
    answers that nobody reads. Where much comes it is read in larger pieces, with a rest between them.
    """

    def __init__(self, adapter: JsonSocket) -> None:
        self._adapter = adapter
        self._buffer = bytearray(PIECE_BYTES)
        self._lines = Lines()
        self._unparsed: deque[bytes | None] = deque()
        self._unsent: list[str] = []
        self._unanswered = 0
        self._request: asyncio.Task[None] | None = None
        self._has_ended = self._is_deaf = self._is_unread = self._is_resting = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_UNREAD_ANSWER_BYTES)
        if len(self._adapter.clients) >= MAX_CLIENTS:
            self.say({"error": f"there are {MAX_CLIENTS} connections already"})
            self.close()
        else:
            self._adapter.clients.add(self)

    def connection_lost(self, fault: Exception | None) -> None:  # noqa: ARG002 whoever went away needs no answer
        self._adapter.clients.discard(self)
        if self._request is not None:
            self._request.cancel()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 asyncio names it
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        lines = self._lines.feed(bytes(memoryview(self._buffer)[:nbytes]))
        self._unparsed.extend(filter(_says_something, lines))
        if len(lines) >= _BUSY_LINES and nbytes < PIECE_BYTES:
            self._rest()
        self.go_on()

    def eof_received(self) -> bool:
        self._unparsed.extend(filter(_says_something, self._lines.end()))
        self._has_ended = True
        self.go_on()
        return True  # answers still go out

    def pause_writing(self) -> None:
        self._is_unread = True
        self.go_on()

    def resume_writing(self) -> None:
        self._is_unread = False
        self.go_on()

    def go_on(self) -> None:
        """Do what can be done now: parse lines, read on or read no more, close where all is said."""
        if self._unparsed and not self._has_to_wait:
            self._parse()
        if self._adapter.is_behind:
            self._adapter.hold(self)
        if self._transport.is_closing():
            return
        if self._has_ended or self._is_deaf:
            if self._has_ended and not (self._unparsed or self._unanswered or self._request):
                self.close()
        elif self._has_to_wait or self._is_resting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def deafen(self) -> None:
        """Read no more, and forget what was read but not taken."""
        self._is_deaf = True
        self._unparsed.clear()
        if not self._has_ended and not self._transport.is_closing():
            self._transport.pause_reading()

    def answer(self, native_id: str, outcome: Outcome) -> None:
        """Tell what became of an event."""
        self._unanswered -= 1
        if outcome.durable:
            self._send(f'{{"ack": {encode_basestring_ascii(native_id)}}}\n')
        else:
            self.say({"error": outcome.problem, "native_id": native_id})
        if self._has_ended and not self._unanswered:
            self.go_on()

    def say(self, told: dict[str, Any]) -> None:
        """Send an object as one line."""
        self._send(json.dumps(told, default=str) + "\n")

    def close(self) -> None:
        """Send what is still to be sent, and close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    @property
    def _has_to_wait(self) -> bool:
        return self._request is not None or self._is_unread or self._is_deaf or self._adapter.is_behind

    def _rest(self) -> None:
        self._is_resting = True
        asyncio.get_running_loop().call_later(_REST_SECONDS, self._rested)

    def _rested(self) -> None:
        self._is_resting = False
        self.go_on()

    def _parse(self) -> None:
        received = time.monotonic_ns()
        events: list[Delivery] = []
        refused = 0
        while self._unparsed and self._request is None and refused < _MOST_REFUSED:
            line = self._unparsed.popleft()
            try:
                message = read_event(line)
            except Refused as problem:
                refused += 1
                self._other(line, problem)
            else:
                events.append(Delivery(message, received, None, partial(self.answer, message.native_id)))
        if events:
            self._unanswered += len(events)
            self._adapter.hear(events)
        if refused >= _MOST_REFUSED:
            self._rest()

    def _other(self, line: bytes | None, problem: Refused) -> None:
        request = _request(line)
        if request is not None:
            self._request = asyncio.get_running_loop().create_task(self._respond(request))
        else:
            self.say({"error": str(problem), "native_id": problem.native_id})

    async def _respond(self, request: dict[str, Any]) -> None:
        try:
            self.say(await self._adapter.response(request))
        except Exception:  # whatever it is, who asked has to be answered and read on
            log.exception("a request could not be answered")
            self.say({"error": "the request could not be answered: the log of the service says why"})
        self._request = None
        self.go_on()

    def _send(self, line: str) -> None:
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(line)

    def _flush(self) -> None:
        if self._unsent and not self._transport.is_closing():
            self._transport.write("".join(self._unsent).encode())
        self._unsent.clear()


def _says_something(line: bytes | None) -> bool:
    return line is None or not (line == b"" or line.isspace())


def _request(line: bytes | None) -> dict[str, Any] | None:
    """Return what a line asks for; ``None`` where it is no request."""
    try:
        value = json.loads(line or b"")
    except (ValueError, RecursionError):
        return None
    is_request = isinstance(value, dict) and "native_id" not in value and any(name in value for name in REQUESTS)
    return value if is_request else None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bound(path: Path) -> socket.socket:
    """Return a socket bound to the path, for its owner only. Raises ``SocketTaken``."""
    _take_over(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~_MODE)
    try:
        bound.bind(str(path))
    except OSError as error:
        bound.close()
        why = "its path is longer than a socket's may be" if error.errno is None else error.strerror
        raise SocketTaken(f"no socket can be made at {path}: {why}; name another with --listen unix:PATH") from error
    finally:
        os.umask(before)
    return bound


def _take_over(path: Path) -> None:
    """Remove a socket that nobody listens on any more."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketTaken(f"{path} is there and no socket: name another with --listen unix:PATH")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                path.unlink(missing_ok=True)
                return
    raise SocketTaken(f"{path} is in use: another live service answers there")
