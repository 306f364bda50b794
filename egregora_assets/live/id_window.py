"""Which events are known: a key made of what an event says, and the keys of the latest ones, in memory."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterable

from egregora_assets.live.incoming import IncomingMessage

KEY_BYTES = 16


def event_key(platform: str, message: IncomingMessage) -> bytes:
    """Return the 128-bit key of an event. Two are alike when platform, ids and all that is said are; times do not count."""
    said = (
        platform,
        message.source,
        message.native_id,
        message.author,
        message.event,
        message.target,
        message.emoji,
        message.removed,
        message.text,
        message.attachments,
    )
    return hashlib.blake2b(
        ascii(said).encode(), digest_size=KEY_BYTES
    ).digest()  # as a literal of Python: no two are alike


class IdWindow:
    """The latest ``size`` keys. An event that comes again after more than so many others is no longer known here."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._keys: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def __contains__(self, key: bytes) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Collection[bytes]) -> None:
        """Remember keys, each newer than all before it and none of them known, and forget the oldest where there are too many."""
        self._order.extend(keys)
        self._keys.update(keys)
        while len(self._order) > self.size:
            self._keys.discard(self._order.popleft())

    def replace(self, keys: Iterable[bytes]) -> None:
        """Remember these keys, oldest first, and no others."""
        self._keys.clear()
        self._order.clear()
        self.add(dict.fromkeys(keys))
