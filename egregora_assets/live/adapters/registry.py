"""Which adapters there are: named by entry points, loaded when the settings ask for one; plugins add theirs the same way."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from egregora_assets.config import AdapterSettings
from egregora_assets.live.adapters.protocol import StreamingAdapter
from egregora_assets.live.errors import AdapterUnusable

GROUP = "egregora_assets.live_adapters"

Create = Callable[[str, dict[str, Any], str | None], StreamingAdapter]


def names() -> list[str]:
    """Return the names that ``adapter`` of ``[[live.adapters]]`` may have."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def create(settings: AdapterSettings, cursor: str | None) -> StreamingAdapter:
    """Make the adapter that the settings ask for, to go on behind ``cursor``. Raises ``AdapterUnusable``."""
    try:
        return _creator(settings.adapter)(settings.name, dict(settings.options), cursor)
    except AdapterUnusable:
        raise
    except Exception as fault:  # a module of somebody else may run here: it may raise whatever there is
        raise AdapterUnusable(f"the adapter {settings.name!r} ({settings.adapter}): {fault}") from fault


def _creator(name: str) -> Create:
    for point in entry_points(group=GROUP):
        if point.name == name:
            module: ModuleType = point.load()
            creator: Create = module.create
            return creator
    raise AdapterUnusable(f"there is no adapter {name!r}: known are {', '.join(names())}")
