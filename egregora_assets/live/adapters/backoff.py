"""Connecting again after a connection was lost: each wait is chance up to a bound that doubles, and it has an end.

``tenacity`` and ``stamina`` repeat one call. A connection that yields events for hours and then ends is no such call:
here the count begins anew once a connection has held.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from pydantic import Field

from egregora_assets.live.adapters.options import Options
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery, RetryExhausted

log = logging.getLogger(__name__)
_MOST_DOUBLINGS = 30


class Retries(Options):
    """How often and how long an adapter tries to connect again (``retries`` in the options of each that connects)."""

    first_seconds: float = Field(default=0.5, gt=0, description="Bound of the first wait; it doubles each time.")
    longest_seconds: float = Field(default=60.0, gt=0, description="Bound that it does not exceed.")
    tries: int | None = Field(default=None, ge=1, description="Failures in a row after which it gives up.")
    give_up_seconds: float = Field(default=86_400.0, gt=0, description="Time without a connection after which it does.")
    holds_seconds: float = Field(default=30.0, ge=0, description="A connection that lived so long was a good one.")


class Backoff:
    """Counts failures in a row and waits after each: full jitter, from 0 to min(longest, first * 2**failures) seconds.

    ``what`` says in messages what cannot be reached. It never holds a secret.
    """

    def __init__(self, what: str, retries: Retries, clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._retries, self._clock = what, retries, clock
        self._failures, self._failing_since = 0, clock()
        self._connected_at: float | None = None

    def connected(self) -> None:
        """Note that the other side has answered."""
        self._connected_at = self._clock()

    def next_wait(self, problem: ConnectionLost) -> float:
        """Count a failure and return how many seconds to wait. Raises ``RetryExhausted``."""
        now = self._clock()
        if self._failures == 0 or self._has_held(now):
            self._failures, self._failing_since = 0, now
        self._connected_at = None
        self._failures += 1
        failing = now - self._failing_since
        if self._failures == self._retries.tries or failing >= self._retries.give_up_seconds:
            raise RetryExhausted(
                f"{self._what}: given up after {self._failures} failures in {failing:.0f} s, the last: {problem}"
            ) from problem
        bound = self._retries.first_seconds * 2 ** min(self._failures - 1, _MOST_DOUBLINGS)
        return random.uniform(0, min(bound, self._retries.longest_seconds))

    def _has_held(self, now: float) -> bool:
        return self._connected_at is not None and now - self._connected_at >= self._retries.holds_seconds

    async def wait(self, problem: ConnectionLost) -> None:
        """Wait before the next try. Raises ``RetryExhausted``."""
        seconds = self.next_wait(problem)
        log.warning("%s: %s; trying again in %.1f s", self._what, problem, seconds)
        await asyncio.sleep(seconds)


async def reconnecting(
    session: Callable[[], AsyncGenerator[Delivery, None]], backoff: Backoff
) -> AsyncGenerator[Delivery, None]:
    """Yield what connections yield, one after another, each begun by ``session`` once the one before was lost.

    Ends when a session ends by itself. Raises ``RetryExhausted``.
    """
    while True:
        try:
            async with aclosing(session()) as deliveries:
                async for delivery in deliveries:
                    yield delivery
            return
        except ConnectionLost as problem:
            lost = problem
        await backoff.wait(lost)
