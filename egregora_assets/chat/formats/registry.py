"""Which format an export has: asked of each known format, by content; plugins add formats through entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from egregora_assets.chat.archive import Export
from egregora_assets.chat.formats.records import ChatFormat

GROUP = "egregora_assets.chat_formats"


@cache
def formats() -> tuple[ChatFormat, ...]:
    """Return the formats named by entry points of the group ``egregora_assets.chat_formats``, in order of name."""
    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def format_of(export: Export) -> ChatFormat | None:
    """Return the format that recognises the export; ``None`` leaves it to the WhatsApp reader, whose texts have no mark."""
    return next((known for known in formats() if known.recognises(export)), None)
