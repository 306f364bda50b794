"""How far long work is. It is told through the log, so that whoever shows it needs no way of its own through every function.

tell(log, "texts embedded", 512, 20_000)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

_FIELD = "egregora_share"


@dataclass(frozen=True)
class Share:
    """So many of all things are done."""

    what: str
    done: int
    total: int

    @property
    def is_all(self) -> bool:
        return self.done >= self.total


def tell(log: logging.Logger, what: str, done: int, total: int) -> None:
    """Say how far work is: as often as one likes, for nobody reads it in a log (level DEBUG)."""
    log.debug("%s: %s of %s", what, f"{done:,}", f"{total:,}", extra={_FIELD: Share(what, done, total)})


def share_told_by(record: logging.LogRecord) -> Share | None:
    """Return how far work is, where a line of a log tells it."""
    found = getattr(record, _FIELD, None)
    return found if isinstance(found, Share) else None
