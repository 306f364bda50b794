"""Messages that a platform sends by HTTP: signed requests on loopback, each answered once what it tells is durable.

It listens on this machine alone: what leads the platform's requests here (a tunnel, a proxy with TLS) is the user's.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Literal

from pydantic import Field, field_validator

from egregora_assets.config import SettingsError
from egregora_assets.live.adapters.backoff import Backoff, Retries, reconnecting
from egregora_assets.live.adapters.options import Options, Secret, missing_package, read_options
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery, Outcome
from egregora_assets.live.adapters.webhook_payload import Payload, ReadPayload
from egregora_assets.live.adapters.webhook_signature import (
    MOST_SKEW_SECONDS,
    Unsigned,
    check_own,
    check_slack,
    check_telegram,
    check_whatsapp,
    is_same,
)
from egregora_assets.live.adapters.webhook_slack import read_slack
from egregora_assets.live.adapters.webhook_telegram import read_telegram
from egregora_assets.live.adapters.webhook_whatsapp import read_whatsapp
from egregora_assets.live.incoming import MAX_EVENT_BYTES, IncomingMessage, Refused, read_event

try:
    from aiohttp import web
    from aiohttp.typedefs import Handler
except ModuleNotFoundError as missing:
    raise missing_package("webhook", missing) from missing

log = logging.getLogger(__name__)
_UNHEARD = logging.getLogger(f"{__name__}.http")
"""What the HTTP server says of requests that are none repeats what stands in them: nobody's words belong into a log."""
_UNHEARD.setLevel(logging.CRITICAL + 1)
_RETRY_AFTER = {"Retry-After": "5"}
_MOST_KNOWN = 10_000
_LEAST_SECRET_BYTES = 16
_LARGE_BODY_BYTES = 1 << 15
_JSON = ("application/json", "application/x-ndjson")
_SHUTDOWN_SECONDS = 1.0
_LOOKS = 10
"""How often it is looked at connections within the time that they have."""


class WebhookOptions(Options):
    """What the webhook's table may hold."""

    form: Literal["whatsapp", "slack", "telegram", "own"] = Field(description="Whose requests they are.")
    secret: Secret = Field(description="What they are signed with.")
    verify_token: Secret | None = Field(default=None, description="What WhatsApp says when it asks for this address.")
    host: str = Field(default="127.0.0.1", description="An address of this machine's loopback.")
    port: int = Field(ge=0, le=65_535, description="0: any that is free.")
    path: str = Field(default="/", pattern=r"^/[A-Za-z0-9._~/-]*$", description="Where requests go to.")
    platform: str = Field(
        default="webhook", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="`sources.platform`, of the form 'own'."
    )
    head_seconds: float = Field(default=10.0, gt=0, description="Longest time until a connection brings a whole head.")
    body_seconds: float = Field(default=5.0, gt=0, description="Longest time for a request's body to come.")
    answer_seconds: float = Field(default=2.5, gt=0, description="Longest wait for the commit; Slack waits 3 s.")
    queue_requests: int = Field(default=256, ge=1, description="Most requests that wait; more are told to come again.")
    retries: Retries = Retries()

    @field_validator("host")
    @classmethod
    def _loopback(cls, value: str) -> str:
        try:
            if ip_address(value).is_loopback:
                return value
        except ValueError:
            pass
        raise ValueError("a webhook listens on loopback only: 127.0.0.1, or ::1; a tunnel or proxy leads to it")


def create(name: str, options: dict[str, Any], cursor: str | None) -> Webhook:  # noqa: ARG001
    """Make the adapter; platforms send again what was not answered, so it needs no cursor. Raises ``SettingsError``."""
    read = read_options(WebhookOptions, name, options)
    if (read.form == "whatsapp") != (read.verify_token is not None):
        raise SettingsError(
            f"live adapter {name!r}: verify_token and form = 'whatsapp' go together: write both or neither"
        )
    return Webhook(name, read)


@dataclass(frozen=True)
class _Form:
    platform: str
    check: Callable[[bytes, Mapping[str, str], bytes, float], None]
    read: ReadPayload


def _read_own(body: bytes) -> Payload:
    """Read events in our own form, one a line. Raises ``Refused`` with the first line that is none: then none is taken."""
    return Payload([read_event(line) for line in body.splitlines() if line.strip()])


_FORMS = {
    "whatsapp": _Form("whatsapp", check_whatsapp, read_whatsapp),
    "slack": _Form("slack", check_slack, read_slack),
    "telegram": _Form("telegram", check_telegram, read_telegram),
    "own": _Form("webhook", check_own, _read_own),
}


class Webhook:
    """One address that takes the requests of one form. ``passed_over`` and ``refused`` count, by kind and by reason.

    Back-pressure: a request finds its place in the queue or is answered 503, and the platform keeps it.
    """

    def __init__(self, name: str, options: WebhookOptions) -> None:
        self.name, self._options = name, options
        self._form = _FORMS[options.form]
        self.platform = options.platform if options.form == "own" else self._form.platform
        self._secret = options.secret.read().encode()
        if len(self._secret) < _LEAST_SECRET_BYTES:
            raise SettingsError(
                f"live adapter {name!r}: {options.secret} is too short to sign with: 16 characters at least"
            )
        self._verify_token = options.verify_token.read() if options.verify_token else None
        self._backoff = Backoff(f"live adapter {name!r} at {options.host}:{options.port}", options.retries)
        self._waiting: asyncio.Queue[list[Delivery]] = asyncio.Queue(options.queue_requests)
        self._answered: OrderedDict[bytes, float] = OrderedDict()
        self._answering: set[object] = set()
        self._answered_at: dict[object, float] = {}
        self.passed_over: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.port: int | None = None

    def listen(self) -> AsyncGenerator[Delivery, None]:
        """Serve until closed. An address that somebody else has is tried again; raises ``RetryExhausted``."""
        return reconnecting(self._serve, self._backoff)

    async def _serve(self) -> AsyncGenerator[Delivery, None]:
        runner = web.AppRunner(
            self._application(), access_log=None, logger=_UNHEARD, shutdown_timeout=_SHUTDOWN_SECONDS
        )
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, self._options.host, self._options.port).start()
            except OSError as error:
                raise ConnectionLost(f"cannot listen there: {error.strerror}") from None
            self._backoff.connected()
            self.port = runner.addresses[0][1]
            silent = asyncio.create_task(self._close_silent(runner))
            try:
                while True:
                    for delivery in await self._waiting.get():
                        yield delivery
            finally:
                silent.cancel()
        finally:
            self.port = None
            await runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_post(self._options.path, self._take)
        if self._verify_token is not None:
            application.router.add_get(self._options.path, self._verify_address)
        application.on_response_prepare.append(_say_little)
        application.middlewares.append(self._tell_of_faults)
        return application

    async def _close_silent(self, runner: web.AppRunner) -> None:
        """Close connections that bring no whole head of a request in time: thousands of them could be held open so."""
        since: dict[object, float] = {}
        longest = self._options.head_seconds
        while True:
            await asyncio.sleep(longest / _LOOKS)
            now = time.monotonic()
            open_now = runner.server.connections if runner.server is not None else []
            since = {one: max(since.get(one, now), self._answered_at.get(one, 0.0)) for one in open_now}
            self._answered_at = {one: at for one, at in self._answered_at.items() if one in since}
            for connection in open_now:
                if connection not in self._answering and now - since[connection] > longest and connection.transport:
                    self.refused["slow head"] += 1
                    log.warning("live adapter %r closed a connection that brought no request", self.name)
                    connection.transport.abort()

    @web.middleware
    async def _tell_of_faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log what is wrong with us; the platform will send it again."""
        connection = request.protocol
        self._answering.add(connection)
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("live adapter %r failed at a request", self.name)
            return self._refusal(500, "a fault of ours")
        finally:
            self._answering.discard(connection)
            self._answered_at[connection] = time.monotonic()

    async def _verify_address(self, request: web.Request) -> web.Response:
        """Answer WhatsApp's question whether this address is ours."""
        asked, given = request.query.get("hub.challenge", ""), request.query.get("hub.verify_token", "")
        assert self._verify_token is not None, "the route is there only with a token"
        if request.query.get("hub.mode") != "subscribe" or not is_same(given, self._verify_token):
            return self._refusal(403, "wrong verify token")
        if not (asked.isascii() and asked.isalnum() and len(asked) <= 256):
            return self._refusal(400, "no challenge")
        return web.Response(text=asked)

    async def _take(self, request: web.Request) -> web.Response:
        try:
            body = await self._signed_body(request)
            received_ns = time.monotonic_ns()
            known_by = _fingerprint(request.headers, body)
            if self._is_known(known_by):
                return web.json_response({"taken": 0, "known": True})
            payload = await self._read(body)
        except _Answer as answer:
            return self._refusal(answer.status, answer.reason)
        except Refused as problem:
            return self._refusal(
                400, "no payload of this form", {"error": str(problem), "native_id": problem.native_id}
            )
        self._count(payload)
        if payload.challenge is not None:
            return web.json_response({"challenge": payload.challenge})
        if not await self._is_stored(payload, received_ns):
            return self._refusal(503, "not durable in time")
        self._answered[known_by] = time.monotonic()
        return web.json_response({"taken": len(payload.events)})

    async def _signed_body(self, request: web.Request) -> bytes:
        if request.content_type not in _JSON:
            raise _Answer(415, "wrong content type")
        try:
            async with asyncio.timeout(self._options.body_seconds):
                body = await _bounded_body(request)
        except TimeoutError:
            raise _Answer(408, "slow body") from None
        except (ConnectionError, web.RequestPayloadError):
            raise _Answer(400, "body broke off") from None
        try:
            self._form.check(self._secret, request.headers, body, time.time())
        except Unsigned as problem:
            raise _Answer(401, str(problem)) from None
        return body

    async def _read(self, body: bytes) -> Payload:
        """Read a payload, a large one beside the event loop. Raises ``Refused``."""
        if len(body) > _LARGE_BODY_BYTES:
            return await asyncio.to_thread(self._form.read, body)
        return self._form.read(body)

    def _is_known(self, known_by: bytes) -> bool:
        """Return whether this very request was answered already; older ones than a timestamp may be are forgotten."""
        now = time.monotonic()
        while self._answered and (
            len(self._answered) > _MOST_KNOWN or now - next(iter(self._answered.values())) > 2 * MOST_SKEW_SECONDS
        ):
            self._answered.popitem(last=False)
        return known_by in self._answered

    def _count(self, payload: Payload) -> None:
        self.passed_over += payload.passed_over
        if payload.passed_over:
            log.info("live adapter %r passed over %s", self.name, dict(payload.passed_over))

    async def _is_stored(self, payload: Payload, received_ns: int) -> bool:
        """Hand the events on and wait until all are durable; false where one is not, or not in time."""
        pairs = [_awaited(event, received_ns) for event in payload.events]
        if not pairs:
            return True
        with suppress(asyncio.QueueFull, TimeoutError):
            self._waiting.put_nowait([delivery for delivery, _ in pairs])
            async with asyncio.timeout(self._options.answer_seconds):
                outcomes = await asyncio.gather(*(known for _, known in pairs))
            return all(outcome.durable for outcome in outcomes)
        return False

    def _refusal(self, status: int, reason: str, told: dict[str, object] | None = None) -> web.Response:
        """Answer with a status alone: why a signature is wrong is nobody's business but the log's."""
        self.refused[reason] += 1
        log.warning("live adapter %r answered %d: %s", self.name, status, reason)
        response = web.json_response(
            told or {"error": "refused"}, status=status, headers=_RETRY_AFTER if status == 503 else {}
        )
        if status != 503:
            response.force_close()
        return response


class _Answer(Exception):
    """A request ends here, with this status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


async def _bounded_body(request: web.Request) -> bytes:
    """Read a body, and no more of one than may be. Raises ``_Answer``."""
    if (request.content_length or 0) > MAX_EVENT_BYTES:
        raise _Answer(413, "body too large")
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > MAX_EVENT_BYTES:
            raise _Answer(413, "body too large")
        parts.append(part)
    return b"".join(parts)


def _awaited(message: IncomingMessage, received_ns: int) -> tuple[Delivery, asyncio.Future[Outcome]]:
    """Return a delivery, and what its outcome will be known by."""
    known: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def answer(outcome: Outcome) -> None:
        if not known.done():
            known.set_result(outcome)

    return Delivery(message, received_ns, None, answer), known


def _fingerprint(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return what a request is known by when it comes again: its body and when it says it was sent."""
    sent = headers.get("X-Slack-Request-Timestamp") or headers.get("X-Egregora-Timestamp") or ""
    return hashlib.blake2b(sent.encode("utf-8", "replace") + b"\0" + body, digest_size=16).digest()


async def _say_little(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "egregora"
    response.headers["X-Content-Type-Options"] = "nosniff"
