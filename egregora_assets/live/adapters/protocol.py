"""What an adapter is: where its events come from, how far it has come, and how it says that it cannot go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from egregora_assets.live.incoming import IncomingMessage


class ConnectionLost(ConnectionError):
    """The other side went away, or never answered; the adapter may be asked to listen again."""


class RetryExhausted(ConnectionError):
    """Connecting again has failed as often as the settings allow; somebody has to look at it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event: it is durable (``stored``, or ``known`` because it was stored before), or has to be sent again."""

    durable: bool
    problem: str | None = None


@dataclass(slots=True)
class Delivery:
    """One event with the time of its receipt (``time.monotonic_ns``), and whom to tell when it is durable.

    ``cursor`` is stored in the same transaction as the event: the adapter is made with the last one after a restart, so what
    was not stored comes again. ``answer`` is called on the event loop once the outcome is known, after the commit. Without one
    the event waits in the service until it is durable, and no later cursor of its adapter is stored before it; with one whoever
    is told of a failure has to send it again. So an event has a cursor or an answer.
    """

    message: IncomingMessage
    received_ns: int
    cursor: str | None = None
    answer: Callable[[Outcome], None] | None = field(default=None, repr=False)


class StreamingAdapter(Protocol):
    """One way in. ``name`` is unique among those that run, ``platform`` is what ``sources.platform`` says.

    At-least-once: an event may come again after a restart and is known by its ids. Order is not promised.
    ``listen`` ends when the source has ended (a closed standard input), goes on by itself over lost connections with
    jittered back-off, and raises ``RetryExhausted`` when that has no sense any more. It takes no more from its source than
    is taken from it: slow consumers make it wait.
    """

    name: str
    platform: str

    def listen(self) -> AsyncIterator[Delivery]:
        """Yield events as they come."""
