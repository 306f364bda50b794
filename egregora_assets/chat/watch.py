"""When the inbox is worth a run: a pure function over what two looks at the folder saw."""

from __future__ import annotations

import json
from dataclasses import dataclass

InboxState = dict[str, tuple[int, int]]
"""(bytes, mtime in ns) of each file by name."""


@dataclass(frozen=True)
class Look:
    """What a look at the inbox leads to: whether to start a run, why, and what to remember for the next look."""

    run: bool
    reason: str
    cursor: str


def look(cursor: str | None, now: InboxState) -> Look:
    """Compare the inbox with the last look.

    A file counts when it was the same in two looks, so one that is still being copied is left until its size settles.
    A run is wanted when the settled files differ from those of the last run: each new or changed file is asked for
    once, and a file that comes back after it was taken away is asked for again.
    """
    before, requested = _read(cursor)
    settled = {name: state for name, state in now.items() if before.get(name) == state}
    unsettled = len(now) - len(settled)
    new = {name for name, state in settled.items() if requested.get(name) != state}
    kept = {name: state for name, state in requested.items() if name in now}
    if new:
        return Look(True, f"new or changed files: {len(new)}", _write(now, kept | settled))
    reason = f"files that are still changing: {unsettled}" if unsettled else "nothing new in the inbox"
    return Look(False, reason, _write(now, kept))


def _read(cursor: str | None) -> tuple[InboxState, InboxState]:
    if not cursor:
        return {}, {}
    saved = json.loads(cursor)
    before, requested = (
        {name: (int(size), int(moment)) for name, (size, moment) in saved[key].items()} for key in ("seen", "requested")
    )
    return before, requested


def _write(seen: InboxState, requested: InboxState) -> str:
    return json.dumps({"seen": seen, "requested": requested}, sort_keys=True)
