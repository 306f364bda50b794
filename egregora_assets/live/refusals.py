"""Lines of one adapter that are no events and that nobody is answered for: on their way into the quarantine."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_MOST_KEPT = 1_000
_MOST_RAW_BYTES = 4_096
_UNCOUNTED = "further lines that are no events"


class RefusedLine(NamedTuple):
    """Where a line stood, what is wrong with it, and how it begins; ``pieces`` lines that are only counted are one."""

    byte_offset: int
    reason: str
    raw: bytes
    pieces: int = 1


class Refusals:
    """Counts lines, and keeps the beginnings of the first of them; a source of nothing but such lines fills no disk."""

    def __init__(self) -> None:
        self.count = 0
        self._kept = 0
        self._waiting: deque[RefusedLine] = deque()
        self._only_counted = 0

    def add(self, byte_offset: int, reason: str, line: bytes | None) -> None:
        """Note a line; of one that was too long to be held (``None``) nothing is kept."""
        self.count += 1
        if self._kept < _MOST_KEPT:
            self._kept += 1
            self._waiting.append(RefusedLine(byte_offset, reason, (line or b"")[:_MOST_RAW_BYTES]))
        else:
            self._only_counted += 1

    def take(self) -> list[RefusedLine]:
        """Return what was noted since this was asked for last."""
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        counted, self._only_counted = self._only_counted, 0
        return [*taken, RefusedLine(self.count, _UNCOUNTED, b"", counted)] if counted else taken

    def put_back(self, lines: list[RefusedLine]) -> None:
        """Let lines be taken again that could not be handed over."""
        for line in reversed(lines):
            if line.pieces == 1:
                self._waiting.appendleft(line)
            else:
                self._only_counted += line.pieces
