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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import Any

from egregora_assets.live.adapters.protocol import Delivery, Outcome, StreamingAdapter
from egregora_assets.live.incoming import MAX_EVENT_BYTES, Refused, read_event
from egregora_assets.live.lines import PIECE_BYTES, Lines

PLATFORM = "jsonl"
REQUESTS = ("query", "status", "recent")
MAX_CLIENTS = 128
_PIECES_AHEAD = 4
_UNREAD_ANSWER_BYTES = 1 << 20
_MODE = 0o600
_TOO_LONG = f"the line is longer than {MAX_EVENT_BYTES:,} bytes"

log = logging.getLogger(__name__)

Respond = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a line that is no event but asks for something."""


class SocketTaken(OSError):
    """The socket's path cannot be had; the message says why."""


def create(name: str, options: dict[str, Any], cursor: str | None) -> StreamingAdapter:  # noqa: ARG001 lines have no cursor
    """Make the adapter: ``{"listen": "unix:PATH"}``, or ``{"stdin": true}``."""
    if options.get("stdin"):
        return StandardInput(name)
    return JsonSocket(name, socket_path(str(options.get("listen", ""))))


def socket_path(address: str) -> Path:
    """Return the path of ``unix:PATH``. Raises ``ValueError``."""
    kind, _, path = address.partition(":")
    if kind != "unix" or not path:
        raise ValueError(f"{address!r} is no address to listen on: write unix:PATH")
    return Path(path).expanduser().absolute()


class StandardInput:
    """Lines on the standard input. Nobody is answered; lines that are no events are told of in the log."""

    platform = PLATFORM

    def __init__(self, name: str, file: int = 0) -> None:
        self.name = name
        self.refused = 0
        self._file = file

    async def listen(self) -> AsyncIterator[Delivery]:
        """Yield events until the input ends."""
        pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES_AHEAD)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop, pieces), name="live-stdin", daemon=True).start()
        lines, number = Lines(), 0
        while True:
            piece = await pieces.get()
            received = time.monotonic_ns()
            for line in lines.feed(piece) if piece else lines.end():
                number += 1
                if line is None or line.strip():
                    for delivery in self._delivery(number, line, received):
                        yield delivery
            if not piece:
                return

    def _delivery(self, number: int, line: bytes | None, received: int) -> list[Delivery]:
        try:
            return [Delivery(_event(line), received)]
        except Refused as problem:
            self.refused += 1
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
        self._pieces: asyncio.Queue[list[Delivery]] = asyncio.Queue(_PIECES_AHEAD)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen. Raises ``SocketTaken``."""
        self._server = await asyncio.start_unix_server(self._connected, sock=_bound(self.path), limit=PIECE_BYTES)

    async def listen(self) -> AsyncIterator[Delivery]:
        """Yield events of all connections, for ever."""
        if self._server is None:
            await self.open()
        while True:
            for delivery in await self._pieces.get():
                yield delivery

    def deafen(self) -> None:
        """Take no more: nobody can connect, and nothing more is read."""
        if self._server is not None:
            self._server.close()
            with suppress(FileNotFoundError):
                self.path.unlink()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Close all connections, after the answers that are on their way."""
        for client in list(self.clients):
            client.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.2)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        client = _Client(writer)
        if len(self.clients) >= MAX_CLIENTS:
            client.say({"error": f"there are {MAX_CLIENTS} connections already"})
            client.close()
            return
        self.clients.add(client)
        self._tasks.add(task)
        try:
            await self._serve(client, reader)
            await client.all_answered()
            client.close()
        except ConnectionError:
            client.close()
        except asyncio.CancelledError:
            pass  # the service ends: answers are still on their way, and ``close`` comes after them
        finally:
            self._tasks.discard(task)
            self.clients.discard(client) if client.is_closed else None

    async def _serve(self, client: _Client, reader: asyncio.StreamReader) -> None:
        lines = Lines()
        while piece := await reader.read(PIECE_BYTES):
            await self._take(client, lines.feed(piece))
            await client.drain()
        await self._take(client, lines.end())

    async def _take(self, client: _Client, lines: list[bytes | None]) -> None:
        received = time.monotonic_ns()
        events: list[Delivery] = []
        for line in lines:
            try:
                message = _event(line)
            except Refused as problem:
                request = _request(line)
                if request is None:
                    if line is None or line.strip():
                        client.say({"error": str(problem), "native_id": problem.native_id})
                else:
                    client.say(await self._response(request))
            else:
                client.waiting += 1
                events.append(Delivery(message, received, None, partial(client.answer, message.native_id)))
        if events:
            await self._pieces.put(events)

    async def _response(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.respond is None:
            return {"error": "nothing is answered here but events"}
        return await self.respond(request)


class _Client:
    """One connection's way back: answers of one commit go out together."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.waiting = 0
        self.is_closed = False
        self._writer = writer
        self._unsent: list[bytes] = []
        self._answered = asyncio.Event()

    def answer(self, native_id: str, outcome: Outcome) -> None:
        """Tell what became of an event."""
        self.waiting -= 1
        if outcome.durable:
            self._send(b'{"ack": %s}\n' % encode_basestring_ascii(native_id).encode())
        else:
            self.say({"error": outcome.problem, "native_id": native_id})
        if not self.waiting:
            self._answered.set()

    def say(self, told: dict[str, Any]) -> None:
        """Send an object as one line."""
        self._send(json.dumps(told, default=str).encode() + b"\n")

    async def drain(self) -> None:
        """Wait until what was sent is read; who reads no answers is not read from."""
        self._flush()
        if self._writer.transport.get_write_buffer_size() > _UNREAD_ANSWER_BYTES:
            await self._writer.drain()

    async def all_answered(self) -> None:
        """Wait until nothing that this connection sent is without its outcome."""
        while self.waiting:
            self._answered.clear()
            await self._answered.wait()

    def close(self) -> None:
        """Send what is still to be sent, and close."""
        self._flush()
        self.is_closed = True
        self._writer.close()

    def _send(self, line: bytes) -> None:
        if self.is_closed:
            return
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(line)

    def _flush(self) -> None:
        if self._unsent and not self._writer.is_closing():
            self._writer.write(b"".join(self._unsent))
        self._unsent.clear()


def _event(line: bytes | None) -> Any:
    if line is None:
        raise Refused(_TOO_LONG)
    return read_event(line)


def _request(line: bytes | None) -> dict[str, Any] | None:
    """Return what a line asks for; ``None`` where it is no request."""
    try:
        value = json.loads(line or b"")
    except (ValueError, RecursionError):
        return None
    is_request = isinstance(value, dict) and "native_id" not in value and any(name in value for name in REQUESTS)
    return value if is_request else None


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
