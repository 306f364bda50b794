"""Lines out of a stream of bytes that comes in pieces; of a line that is too long no more is held than it may have."""

from __future__ import annotations

from egregora_assets.live.incoming import MAX_EVENT_BYTES

PIECE_BYTES = 64 << 10
"""How much is read at once: the lines of one piece are parsed before others have their turn."""


class Lines:
    """Cuts pieces into lines. What stands behind the last line break waits for the next piece."""

    def __init__(self, longest: int = MAX_EVENT_BYTES) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._skipping = False
        self.waiting = 0
        """How many bytes came behind the last line break."""

    def feed(self, piece: bytes) -> list[bytes | None]:
        """Return the lines that end in the piece, without line breaks; ``None`` stands for one that is too long."""
        first, *others = piece.split(b"\n")
        self._hold(first)
        if not others:
            return []
        ended = self._line()
        last = others.pop()
        self._hold(last)
        return [ended, *(line if len(line) <= self._longest else None for line in others)]

    def end(self) -> list[bytes | None]:
        """Return what stands behind the last line break, if anything: the stream has ended."""
        return [self._line()] if self._rest or self._skipping else []

    def _hold(self, part: bytes) -> None:
        self.waiting += len(part)
        if self._skipping:
            return
        if len(self._rest) + len(part) > self._longest:
            self._skipping = True
            self._rest.clear()
        else:
            self._rest += part

    def _line(self) -> bytes | None:
        line = None if self._skipping else bytes(self._rest)
        self._skipping = False
        self.waiting = 0
        self._rest.clear()
        return line
