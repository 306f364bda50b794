"""Messages of Matrix rooms, by ``/sync`` of the client-server API through ``matrix-nio``.

The cursor is the server's ``next_batch``: after a restart, and after a lost connection, it begins where the last event was
stored. Where more has been said meanwhile than the server tells at once, ``/messages`` fills the gap.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from egregora_assets.chat.formats.json_values import as_text
from egregora_assets.live.adapters.backoff import Backoff, Retries, reconnecting
from egregora_assets.live.adapters.matrix_client import Client
from egregora_assets.live.adapters.matrix_events import Room
from egregora_assets.live.adapters.options import Options, Secret, is_loopback, missing_package, read_options
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery, RetryExhausted
from egregora_assets.live.incoming import IncomingMessage

try:
    import nio
    from aiohttp import ClientError
except ModuleNotFoundError as missing:
    raise missing_package("matrix", missing) from missing

log = logging.getLogger(__name__)
_PAGE = 100
_FULL_STATE_SECONDS = 120.0
_TOKEN_REFUSED = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED")
_EVENTS_A_TURN = 20
"""To tell what events say takes about 80 µs each: others have their turn in between."""
_STATE_TYPES = ["m.room.name", "m.room.canonical_alias", "m.room.member"]


class MatrixOptions(Options):
    """What the table of a Matrix adapter may hold."""

    homeserver: str = Field(description="Its address, such as 'https://matrix.example.org'.")
    user: str = Field(pattern=r"^@[^\s:]+:\S+$", description="Who listens: '@name:server'.")
    token: Secret = Field(description="The access token of one of that user's sessions.")
    rooms: tuple[str, ...] = Field(default=(), description="Ids of rooms; default: all that the user has joined.")
    history: int = Field(
        default=50, ge=1, le=1000, description="What is taken of each room when there is no cursor yet."
    )
    poll_seconds: float = Field(default=30.0, ge=1, description="How long the server keeps a question open.")
    retries: Retries = Retries()

    @field_validator("homeserver")
    @classmethod
    def _address(cls, value: str) -> str:
        address = urlsplit(value)
        if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
            raise ValueError("write an address such as 'https://matrix.example.org'")
        if address.scheme == "http" and not is_loopback(address.hostname):
            raise ValueError("the token would cross the network in the clear: write https://…")
        return value.rstrip("/")

    @field_validator("rooms")
    @classmethod
    def _ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for room in value:
            if not room.startswith("!"):
                raise ValueError(f"{room!r} is no id of a room, which begins with '!': clients show it in its settings")
        return value


def create(name: str, options: dict[str, Any], cursor: str | None) -> Matrix:
    """Make the adapter. Raises ``SettingsError``."""
    return Matrix(name, read_options(MatrixOptions, name, options), cursor)


class Matrix:
    """One session of one user, whose rooms are listened to.

    Events carry no answer: the service keeps them, in order, until they are durable, and the cursor comes with the last event
    of each answer of the server. Back-pressure: the server is asked again when all it told before has been taken.
    """

    platform = "matrix"

    def __init__(self, name: str, options: MatrixOptions, cursor: str | None) -> None:
        self.name, self._options, self._cursor = name, options, cursor
        self._token = options.token.read()
        self._rooms: dict[str, Room] = {}
        # Where an answer is not as it should be, its warnings repeat what stands in it: words of people.
        logging.getLogger("nio").setLevel(logging.CRITICAL)
        self._backoff = Backoff(f"live adapter {name!r} at {options.homeserver}", options.retries)

    def listen(self) -> AsyncGenerator[Delivery, None]:
        """Listen until closed; raises ``RetryExhausted``, at once where the server does not know the token."""
        return reconnecting(self._session, self._backoff)

    async def _session(self) -> AsyncGenerator[Delivery, None]:
        client = Client(self._options.homeserver, self._options.user, self._token)
        try:
            answer = await self._sync(client, full_state=True)
            self._backoff.connected()
            while True:
                received_ns, last = time.monotonic_ns(), None
                async for message in self._told(client, answer):
                    if last is not None:
                        yield Delivery(last, received_ns)
                    last = message
                if last is not None:
                    yield Delivery(last, received_ns, answer.next_batch)
                self._cursor = answer.next_batch
                answer = await self._sync(client, full_state=False)
        except (ConnectionLost, RetryExhausted):
            raise
        except TimeoutError:
            raise ConnectionLost("no answer in time") from None
        except (ClientError, OSError) as error:
            raise ConnectionLost(str(error) or type(error).__name__) from None
        finally:
            await client.close()

    async def _sync(self, client: Client, full_state: bool) -> nio.SyncResponse:
        """Ask for what is new; the state of all rooms along with it where ``full_state``. Raises ``ConnectionLost``."""
        async with asyncio.timeout(_FULL_STATE_SECONDS if full_state else None):
            answer = await client.sync(
                timeout=0 if full_state else int(self._options.poll_seconds * 1000),
                sync_filter=self._filter(),
                since=self._cursor,
                full_state=full_state,
                set_presence="offline",
            )
        if isinstance(answer, nio.SyncResponse):
            return answer
        if answer.status_code in _TOKEN_REFUSED:
            raise RetryExhausted(
                f"live adapter {self.name!r}: the server does not know the token ({answer.message}): log in again and put "
                f"the new token into {self._options.token}"
            )
        raise ConnectionLost(f"/sync: {answer.status_code or ''} {answer.message}")

    def _filter(self) -> dict[str, Any]:
        rooms = {"rooms": list(self._options.rooms)} if self._options.rooms else {}
        nothing: dict[str, Any] = {"types": []}
        return {
            "presence": nothing,
            "account_data": nothing,
            "room": {
                **rooms,
                "timeline": {"limit": _PAGE if self._cursor else self._options.history, "lazy_load_members": True},
                "state": {"types": _STATE_TYPES, "lazy_load_members": True},
                "ephemeral": nothing,
                "account_data": nothing,
            },
        }

    async def _told(self, client: Client, answer: nio.SyncResponse) -> AsyncGenerator[IncomingMessage, None]:
        """Yield what an answer of ``/sync`` tells, and what it leaves out since the cursor."""
        for room_id, told in answer.rooms.join.items():
            if self._options.rooms and room_id not in self._options.rooms:
                continue
            room = self._rooms.setdefault(room_id, Room(room_id))
            for event in told.state:
                room.note(event.source)
            if told.timeline.limited and self._cursor is not None:
                async for message in self._missed(client, room_id, room, told.timeline.prev_batch):
                    yield message
            for message in await self._messages(client, room_id, room, told.timeline.events):
                yield message

    async def _missed(
        self, client: Client, room_id: str, room: Room, before: str | None
    ) -> AsyncGenerator[IncomingMessage, None]:
        """Yield what was said between the cursor and ``before``: page by page into the past, each page in its order."""
        while before is not None:
            page = await client.room_messages(room_id, before, self._cursor, nio.MessageDirection.back, _PAGE)
            if not isinstance(page, nio.RoomMessagesResponse):
                self._note_gap(room_id, page)
                return
            for message in await self._messages(client, room_id, room, reversed(page.chunk)):
                yield message
            before = page.end if page.chunk and page.end != before else None

    def _note_gap(self, room_id: str, error: nio.ErrorResponse) -> None:
        """Tell of what the server will never give; raises ``ConnectionLost`` where it may give it the next time."""
        if error.status_code not in ("M_FORBIDDEN", "M_NOT_FOUND"):
            raise ConnectionLost(f"/messages: {error.status_code or ''} {error.message}")
        log.error("live adapter %r: part of %s is missing: %s", self.name, room_id, error.message)

    async def _messages(self, client: Client, room_id: str, room: Room, events: Iterable[Any]) -> list[IncomingMessage]:
        messages = []
        for number, event in enumerate(events):
            if number % _EVENTS_A_TURN == 0:
                await asyncio.sleep(0)
            await self._learn_name(client, room_id, room, as_text(event.source.get("sender")))
            message = room.event(event.source)
            if message is not None:
                messages.append(message)
        return messages

    async def _learn_name(self, client: Client, room_id: str, room: Room, person: str) -> None:
        """Ask, once, for the name of somebody whose name the server left out, as it does in pages of the past."""
        if not person or person in room.names:
            return
        answer = await client.room_get_state_event(room_id, "m.room.member", person)
        content = answer.content if isinstance(answer, nio.RoomGetStateEventResponse) else {}
        room.names[person] = as_text(content.get("displayname"))
