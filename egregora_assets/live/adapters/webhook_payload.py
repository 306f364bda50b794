"""What the body of a signed request turns into: events, or how many things of which kind it told that are none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from egregora_assets.live.incoming import IncomingMessage, Refused, make_event

UNREADABLE = "unreadable"


@dataclass
class Payload:
    """The events of one request; ``passed_over`` counts what is no message, edit, deletion or reaction, by its kind.

    ``challenge`` is what the platform wants repeated when the address is entered there. ``received_at`` stands in where it
    does not say when something happened.
    """

    events: list[IncomingMessage] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    challenge: str | None = None
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def add(self, **fields: object) -> None:
        """Add an event, or count it as unreadable: the platform would only send it again, and again."""
        try:
            self.events.append(make_event(**fields))
        except Refused:
            self.passed_over[UNREADABLE] += 1


ReadPayload = Callable[[bytes], Payload]


def load_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is. Raises ``Refused``."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("the body is not JSON") from None
    if not isinstance(value, dict):
        raise Refused("the body is no JSON object")
    return value


def instant(seconds: object) -> datetime | None:
    """Return the time of seconds since 1970, also of those that stand in a string; ``None`` for what is no such time."""
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdecimal() and len(seconds) <= 12:
        seconds = int(seconds)
    if type(seconds) is not int:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
