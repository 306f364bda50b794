"""A hot store with its writer in this process, for what has to be looked at from inside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from egregora_assets.config import Settings
from egregora_assets.live.adapters.protocol import Delivery, Outcome
from egregora_assets.live.hot_store import HotStore
from egregora_assets.live.incoming import IncomingMessage
from egregora_assets.live.intake import Intake
from egregora_assets.live.sealing import Sealer
from egregora_assets.live.writer import Settled, Writer
from tests.live.service import event

SECRET = "the words that nobody may read"


class Hot:
    """The store, its writer, and who seals."""

    def __init__(self, settings: Settings) -> None:
        self.store = HotStore(settings)
        self.intake = Intake(settings.live.queue_rows)
        self.writer = Writer(self.store, self.intake, settings.live, asyncio.get_running_loop(), self._settled)
        self.sealer = Sealer(settings, self.store, self.writer)

    async def put(self, *events: dict[str, Any], cursor: str | None = None) -> list[Outcome]:
        """Store events and return what became of each."""
        loop = asyncio.get_running_loop()
        known: list[asyncio.Future[Outcome]] = []
        for one in events:
            outcome = loop.create_future()
            message = IncomingMessage.model_validate(one)
            delivery = Delivery(message, time.monotonic_ns(), cursor, outcome.set_result)
            while not self.intake.offer("test", "jsonl", delivery):
                await self.intake.room()
            known.append(outcome)
        return list(await asyncio.gather(*known))

    async def put_numbers(self, *numbers: int) -> list[Outcome]:
        return await self.put(*(event(f"m{number}") for number in numbers))

    async def seal(self) -> list[tuple[int, int]]:
        return [(made.first, made.last) for made in await asyncio.to_thread(self.sealer.seal)]

    async def prune(self) -> int:
        return await asyncio.to_thread(self.sealer.prune)

    def _settled(self, settled: Settled) -> None:
        self.intake.release(settled.group)
        for arrival, outcome in zip(settled.group, settled.outcomes, strict=True):
            if arrival.delivery.answer is not None:
                arrival.delivery.answer(outcome)


@asynccontextmanager
async def hot(settings: Settings) -> AsyncIterator[Hot]:
    """Run a writer for the block."""
    made = Hot(settings)
    made.writer.open()
    made.sealer.open()
    made.writer.start()
    try:
        yield made
    finally:
        made.writer.stop()
        assert await asyncio.to_thread(made.writer.join, 20)
