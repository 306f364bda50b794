"""Events whose fate an adapter waits for: it may go on, and forget them, only when all are durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable

from egregora_assets.live.adapters.protocol import Delivery, Outcome
from egregora_assets.live.incoming import IncomingMessage

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0


def awaited(
    message: IncomingMessage, received_ns: int, cursor: str | None = None
) -> tuple[Delivery, asyncio.Future[Outcome]]:
    """Return a delivery, and what its outcome will be known by."""
    known: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def answer(outcome: Outcome) -> None:
        if not known.done():
            known.set_result(outcome)

    return Delivery(message, received_ns, cursor, answer), known


async def until_durable(
    messages: Iterable[IncomingMessage], cursor: str | None, received_ns: int | None = None
) -> AsyncGenerator[Delivery, None]:
    """Yield events until each is durable, those that are not again and again; the last one, then, with the cursor.

    So no cursor is ever stored before what came up to it, whichever way the commits fall.
    """
    received = time.monotonic_ns() if received_ns is None else received_ns
    *first, last = list(messages)
    async for delivery in _until_durable(first, None, received):
        yield delivery
    async for delivery in _until_durable([last], cursor, received):
        yield delivery


async def _until_durable(
    messages: list[IncomingMessage], cursor: str | None, received_ns: int
) -> AsyncGenerator[Delivery, None]:
    wait = _FIRST_WAIT
    while messages:
        outcomes = []
        for message in messages:
            delivery, known = awaited(message, received_ns, cursor)
            outcomes.append(known)
            yield delivery
        results = await asyncio.gather(*outcomes)
        messages = [message for message, outcome in zip(messages, results, strict=True) if not outcome.durable]
        if messages:
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
