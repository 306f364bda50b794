"""Takes deliveries from an adapter as the live service does, and answers them as the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from egregora_assets.live.adapters.protocol import Delivery, Outcome, StreamingAdapter
from egregora_assets.live.incoming import IncomingMessage

DURABLE, NOT_DURABLE = Outcome(True), Outcome(False, "the disk is full")
PATIENCE = 20.0
"""Seconds after which a test gives up waiting; nothing depends on how fast the machine is."""


class Listener:
    """What came, in order; ``decide`` says what became of each delivery, ``None`` leaves it without an answer."""

    def __init__(self, decide: Callable[[Delivery], Outcome | None]) -> None:
        self._decide = decide
        self._more = asyncio.Condition()
        self.deliveries: list[Delivery] = []
        self.failure: BaseException | None = None

    @property
    def messages(self) -> list[IncomingMessage]:
        return [delivery.message for delivery in self.deliveries]

    @property
    def cursor(self) -> str | None:
        """What the hot store would hold: the cursor of the last durable event that has one."""
        stored = [given.cursor for given in self.deliveries if given.cursor and self._decide(given) == DURABLE]
        return stored[-1] if stored else None

    async def run(self, adapter: StreamingAdapter) -> None:
        try:
            async for delivery in adapter.listen():
                outcome = self._decide(delivery)
                self.deliveries.append(delivery)
                if outcome is not None and delivery.answer is not None:
                    delivery.answer(outcome)
                async with self._more:
                    self._more.notify_all()
        except Exception as failure:
            self.failure = failure
        async with self._more:
            self._more.notify_all()

    async def until(self, reached: Callable[[Listener], Any]) -> None:
        """Wait until something is true of what came; what the adapter failed with is raised here."""
        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(lambda: self.failure is not None or reached(self))
        if self.failure is not None and not reached(self):
            raise self.failure

    async def texts(self, count: int) -> list[str]:
        """Wait for so many deliveries; return what they say."""
        await self.until(lambda heard: len(heard.deliveries) >= count)
        return [message.text for message in self.messages]


@asynccontextmanager
async def listening(
    adapter: StreamingAdapter, decide: Callable[[Delivery], Outcome | None] = lambda _: DURABLE
) -> AsyncIterator[Listener]:
    """Listen while the block runs."""
    listener = Listener(decide)
    task = asyncio.create_task(listener.run(adapter))
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(true: Callable[[], Any]) -> None:
    """Wait until something that nobody announces is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
