"""When sealed segments are worth a run: a pure function over what waits, what runs, and what was asked for before."""

from __future__ import annotations

import json
from dataclasses import dataclass

from egregora_assets.chat.segments import Segment

_FIRST_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 3600.0


@dataclass(frozen=True)
class Look:
    """What a look leads to: whether to start a run, why, and what to remember for the next look."""

    run: bool
    reason: str
    cursor: str


@dataclass(frozen=True)
class _Asked:
    """The last run that was asked for: up to which event, when, and how often in vain."""

    last: int = 0
    at: float = 0.0
    in_vain: int = 0


def look(cursor: str | None, waiting: list[Segment], under_way: bool, now: float) -> Look:
    """Decide. ``under_way`` tells whether a run that would merge them is queued or in progress; ``now`` is in seconds.

    All that waits is one run, however much it is. Where a run has ended and what it was asked for still waits, it has failed:
    the next one is asked for after a minute, and after twice as long each time that it is in vain.
    """
    if not waiting:
        return Look(False, "no segment waits", cursor or "")
    count = f"{len(waiting)} {'segment waits' if len(waiting) == 1 else 'segments wait'}"
    if under_way:
        return Look(False, f"{count} for the run that is under way, or the next", cursor or "")
    asked = _Asked(**json.loads(cursor)) if cursor else _Asked()
    failed = waiting[0].first <= asked.last
    pause = min(_FIRST_PAUSE_SECONDS * 2**asked.in_vain, _LONGEST_PAUSE_SECONDS) if failed else 0.0
    if 0 <= now - asked.at < pause:
        return Look(
            False,
            f"{count}: the last run did not merge them, the next is in {asked.at + pause - now:.0f} s",
            cursor or "",
        )
    new = _Asked(waiting[-1].last, now, asked.in_vain + 1 if failed else 0)
    return Look(True, count, json.dumps(vars(new)))
