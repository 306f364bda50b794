"""Events from a NATS JetStream: each message is a line of our own form, acknowledged to the server after our commit.

The cursor is the durable consumer on the server, which sends again what was never acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from egregora_assets.live.adapters.backoff import Backoff, Retries, reconnecting
from egregora_assets.live.adapters.options import Options, Secret, is_loopback, missing_package, read_options
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery, Outcome
from egregora_assets.live.incoming import Refused, read_event
from egregora_assets.live.refusals import Refusals

try:
    import nats
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.api import AckPolicy, ConsumerConfig
except ModuleNotFoundError as missing:
    raise missing_package("nats", missing) from missing

log = logging.getLogger(__name__)
_CONNECT_SECONDS = 10
_FETCH_SECONDS = 5.0
_FLUSH_SECONDS = 2
_LONGEST_DELAY = 60.0
_SCHEMES = ("nats", "tls")
_Answer = tuple[Msg, Outcome]


class NatsOptions(Options):
    """What the table of a NATS adapter may hold."""

    servers: tuple[str, ...] = Field(
        default=("nats://127.0.0.1:4222",), min_length=1, description="Addresses of a cluster."
    )
    stream: str = Field(pattern=r"^[^\s.*>/\\]+$", description="The stream; it has to be there already.")
    subject: str = Field(default="", pattern=r"^\S*$", description="Take only what was published there; default: all.")
    consumer: str | None = Field(
        default=None, pattern=r"^[^\s.*>/\\]+$", description="Name of the durable consumer; default: egregora-<name>."
    )
    platform: str = Field(default="nats", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="`sources.platform`.")
    user: str | None = Field(default=None, description="Who connects, with `password`.")
    password: Secret | None = None
    token: Secret | None = None
    authority: Path | None = Field(
        default=None, description="Certificate of the authority, where the system's do not do."
    )
    batch: int = Field(default=100, ge=1, le=10_000, description="Most messages that are asked for at once.")
    redeliver_seconds: float = Field(
        default=60.0, ge=1, description="When the server sends again what was not answered."
    )
    retries: Retries = Retries()

    @field_validator("servers")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for server in value:
            address = urlsplit(server)
            if address.scheme not in _SCHEMES or not address.hostname or "@" in address.netloc:
                raise ValueError(
                    "write addresses such as 'nats://127.0.0.1:4222' or 'tls://…', without user or password"
                )
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together: write both or neither")
        if self.user is not None and self.token is not None:
            raise ValueError("write one of user and token")
        if (self.user or self.token) and not all(_is_secret_there(server) for server in self.servers):
            raise ValueError("a password or token would cross the network in the clear: write tls://…")
        return self


def _is_secret_there(server: str) -> bool:
    address = urlsplit(server)
    return address.scheme == "tls" or is_loopback(address.hostname or "")


def create(name: str, options: dict[str, Any], cursor: str | None) -> Nats:  # noqa: ARG001
    """Make the adapter; the server keeps the cursor. Raises ``SettingsError``."""
    return Nats(name, read_options(NatsOptions, name, options))


class Nats:
    """A pull consumer. ``refused`` counts messages that are no events, by reason; the server does not send them again.

    Back-pressure: nothing is asked for while what came before has not been taken.
    """

    def __init__(self, name: str, options: NatsOptions) -> None:
        self.name, self.platform, self._options = name, options.platform, options
        self._consumer = options.consumer or f"egregora-{name}"
        self._login = _login(options)
        self._backoff = Backoff(f"live adapter {name!r} at {', '.join(options.servers)}", options.retries)
        self._last_error: Exception | None = None
        self.refused: Counter[str] = Counter()
        self.refusals = Refusals()

    def listen(self) -> AsyncGenerator[Delivery, None]:
        """Take messages until closed; raises ``RetryExhausted``."""
        return reconnecting(self._session, self._backoff)

    async def _session(self) -> AsyncGenerator[Delivery, None]:
        connection, subscription = Client(), None
        answers: asyncio.Queue[_Answer] = asyncio.Queue()
        acknowledging = asyncio.create_task(_acknowledge(answers))
        try:
            subscription = await self._subscribe(connection)
            self._backoff.connected()
            while True:
                for message in await _fetched(connection, subscription, self._options.batch):
                    delivery = await self._delivery(message, answers)
                    if delivery is not None:
                        yield delivery
        except ConnectionLost:
            raise
        except (nats.errors.Error, OSError) as error:
            told = self._last_error if isinstance(error, nats.errors.NoServersError) else error
            raise ConnectionLost(str(told) or type(told).__name__) from None
        finally:
            acknowledging.cancel()
            with suppress(asyncio.CancelledError):
                await acknowledging
            await _close(connection, subscription, answers)

    async def _subscribe(self, connection: Client) -> Any:
        await connection.connect(
            list(self._options.servers),
            name=f"egregora {self.name}",
            # One try of each server: to wait and to try again is the back-off's.
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            error_cb=self._note,
            **self._login,
        )
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=self._options.redeliver_seconds)
        try:
            return await connection.jetstream().pull_subscribe(
                self._options.subject, durable=self._consumer, stream=self._options.stream, config=config
            )
        except nats.js.errors.NotFoundError as error:
            raise ConnectionLost(f"stream {self._options.stream!r}: {error.description}") from None

    async def _note(self, error: Exception) -> None:
        self._last_error = error
        log.debug("live adapter %r: %s", self.name, error)

    async def _delivery(self, message: Msg, answers: asyncio.Queue[_Answer]) -> Delivery | None:
        received_ns = time.monotonic_ns()
        try:
            event = read_event(message.data)
        except Refused as problem:
            self.refused[str(problem)] += 1
            self.refusals.add(message.metadata.sequence.stream, str(problem), message.data)
            log.warning("live adapter %r refused message %d: %s", self.name, message.metadata.sequence.stream, problem)
            await message.term()
            return None
        return Delivery(event, received_ns, None, lambda outcome: answers.put_nowait((message, outcome)))


def _login(options: NatsOptions) -> dict[str, Any]:
    """Return how to connect. Raises ``SettingsError`` where a secret is not to be had."""
    login: dict[str, Any] = {}
    if options.user is not None and options.password is not None:
        login |= {"user": options.user, "password": options.password.read()}
    if options.token is not None:
        login["token"] = options.token.read()
    if options.authority is not None:
        login["tls"] = ssl.create_default_context(cafile=options.authority.expanduser())
    return login


async def _fetched(connection: Client, subscription: Any, batch: int) -> list[Msg]:
    """Return what there is, at least one message unless some seconds have passed. Raises ``ConnectionLost``."""
    try:
        messages: list[Msg] = await subscription.fetch(batch, timeout=_FETCH_SECONDS)
    except TimeoutError:
        messages = []
    if not messages and not connection.is_connected:
        raise ConnectionLost("the server closed the connection")
    return messages


async def _acknowledge(answers: asyncio.Queue[_Answer]) -> None:
    while True:
        await _tell(*await answers.get())


async def _tell(message: Msg, outcome: Outcome) -> None:
    # What the server does not hear it sends again, and we know it by its ids.
    with suppress(nats.errors.Error, OSError):
        if outcome.durable:
            await message.ack()
        else:
            await message.nak(delay=min(2.0 ** min(message.metadata.num_delivered, 10), _LONGEST_DELAY))


async def _close(connection: Client, subscription: Any, answers: asyncio.Queue[_Answer]) -> None:
    """Tell the last outcomes, and that we ask no more: it would send what comes next to nobody, and wait for its answer."""
    while connection.is_connected and not answers.empty():
        await _tell(*answers.get_nowait())
    with suppress(nats.errors.Error, OSError, TimeoutError):
        if connection.is_connected and subscription is not None:
            await subscription.unsubscribe()
            await connection.flush(_FLUSH_SECONDS)
    with suppress(nats.errors.Error, OSError, TimeoutError):
        async with asyncio.timeout(_FLUSH_SECONDS):  # after a certificate that was refused it would never come back
            await connection.close()
