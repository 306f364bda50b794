"""Which format an export has: asked of each known format, by content; plugins add formats through entry points.

A plugin that cannot be loaded or breaks while it looks is left out, and told of once: the others go on without it.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from egregora_assets.chat.archive import Export, printable
from egregora_assets.chat.formats.records import ChatFormat

GROUP = "egregora_assets.chat_formats"
_PARTS = ("platform", "exact_times", "recognises", "records")

log = logging.getLogger(__name__)


@cache
def formats() -> tuple[ChatFormat, ...]:
    """Return the formats named by entry points of the group ``egregora_assets.chat_formats``, in order of name."""
    return tuple(_named_formats().values())


def format_of(export: Export) -> ChatFormat | None:
    """Return the format that recognises the export; ``None`` leaves it to the WhatsApp reader, whose texts have no mark."""
    return next((known for name, known in _named_formats().items() if _recognises(name, known, export)), None)


@cache
def _named_formats() -> dict[str, ChatFormat]:
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: found for point in points if (found := _loaded(point)) is not None}


def _loaded(point: EntryPoint) -> ChatFormat | None:
    try:
        found: ChatFormat = point.load()
    except Exception as fault:  # a module of somebody else runs here: it may raise whatever there is
        _tell_once(f"{point.name} ({point.value})", f"cannot be loaded ({_reason(fault)})")
        return None
    missing = [part for part in _PARTS if not hasattr(found, part)]
    if missing:
        _tell_once(f"{point.name} ({point.value})", f"is no format: it has no {', '.join(missing)}")
        return None
    return found


def _recognises(name: str, known: ChatFormat, export: Export) -> bool:
    try:
        return known.recognises(export)
    except Exception as fault:  # as above; a format that cannot tell does not keep the others from telling
        _tell_once(name, f"broke while it looked at an export ({_reason(fault)})")
        return False


@cache
def _tell_once(name: str, problem: str) -> None:
    log.warning("the chat format %s %s: it is left out", name, problem)


def _reason(fault: Exception) -> str:
    return printable(f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__)
