"""What has come in and is not yet durable: a bounded queue between the event loop, which fills it, and the writer's thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from egregora_assets.live.adapters.protocol import Delivery
from egregora_assets.live.incoming import IncomingMessage

_ENVELOPE_BYTES = 1_000
"""About what an event takes in memory beside its texts."""
MAX_WAITING_BYTES = 64 << 20
"""Events that wait hold no more than this, and one event."""
MAX_GROUP_BYTES = 1 << 20


class Arrival(NamedTuple):
    """An event, through which adapter it came, and about how many bytes it takes."""

    adapter: str
    platform: str
    delivery: Delivery
    size: int


class Intake:
    """The queue. ``offer``, ``room`` and ``release`` are for the event loop, ``take`` and ``put_back`` for the writer's thread."""

    def __init__(self, most_rows: int, most_bytes: int = MAX_WAITING_BYTES) -> None:
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._queue: deque[Arrival] = deque()
        self._awake = threading.Event()
        self._hurried = threading.Event()
        self._rows = self._bytes = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def rows(self) -> int:
        """How many events are on their way."""
        return self._rows

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return self._bytes

    @property
    def is_empty(self) -> bool:
        """Whether the writer's thread has taken all there was."""
        return not self._queue

    @property
    def is_full(self) -> bool:
        return self._rows >= self._most_rows or self._bytes >= self._most_bytes

    def offer(self, adapter: str, platform: str, delivery: Delivery) -> bool:
        """Take an event, unless the queue is full."""
        if self.is_full:
            return False
        size = weight(delivery.message)
        self._rows += 1
        self._bytes += size
        self._queue.append(Arrival(adapter, platform, delivery, size))
        self.wake()
        return True

    async def room(self) -> None:
        """Wait until the queue is no longer full."""
        while self.is_full:
            free = asyncio.get_running_loop().create_future()
            self._waiting.append(free)
            await free

    def release(self, group: Sequence[Arrival]) -> None:
        """Give the room of events back whose outcome is known."""
        self._rows -= len(group)
        self._bytes -= sum(arrival.size for arrival in group)
        if self._waiting and not self.is_full:
            waiting, self._waiting = self._waiting, []
            for free in waiting:
                if not free.done():
                    free.set_result(None)

    def wake(self) -> None:
        """Let the writer's thread look."""
        if not self._awake.is_set():
            self._awake.set()

    def hurry(self) -> None:
        """Let no commit wait for company any more: the service ends."""
        self._hurried.set()

    def wait(self) -> None:
        """Wait until somebody wakes the writer's thread."""
        self._awake.wait()

    def take(self, not_before: float, most_rows: int) -> list[Arrival]:
        """Return the events of the next commit; none where there are none.

        It waits for company until ``not_before`` (of ``time.monotonic``), unless it has ``most_rows`` already.
        """
        if not self._queue:
            self._sleep_again()
            return []
        early = not_before - time.monotonic()
        if early > 0 and len(self._queue) < most_rows:
            self._hurried.wait(early)
        group: list[Arrival] = []
        size = 0
        while self._queue and len(group) < most_rows and size < MAX_GROUP_BYTES:
            group.append(self._queue.popleft())
            size += group[-1].size
        self._sleep_again()
        return group

    def put_back(self, group: Sequence[Arrival]) -> None:
        """Let events be taken again before all others."""
        self._queue.extendleft(reversed(group))
        self._awake.set()

    def _sleep_again(self) -> None:
        self._awake.clear()
        if self._queue:  # it came between the last look and the line above
            self._awake.set()


def weight(message: IncomingMessage) -> int:
    """Return about how many bytes an event takes in memory."""
    size = _ENVELOPE_BYTES + len(message.text)
    for name in (message.source_title, message.author_name, message.emoji):
        if name is not None:
            size += len(name)
    if message.attachments:
        size += sum(100 + len(name) for name in message.attachments)
    if message.mentions:
        size += sum(500 + len(str(mention)) for mention in message.mentions)
    return size
