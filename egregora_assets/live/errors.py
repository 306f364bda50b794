"""What can keep the live service from its work; each message is for the person who runs it."""

from __future__ import annotations

from pathlib import Path

_SALVAGE = "`egregora live salvage` keeps a copy and opens what is whole"


class LiveError(RuntimeError):
    """The live service cannot begin or go on."""


class AlreadyRunning(LiveError):
    """Another live service holds this home."""


class NotRunning(LiveError):
    """No live service answers."""


class AdapterUnusable(LiveError):
    """What the settings ask for cannot listen; the message says which and why."""


class WriterDied(LiveError):
    """The thread that writes has ended by an error of this program: nothing can be stored any more."""


class HotStoreDamaged(LiveError):
    """DuckDB refuses to open the file; the message says what to do."""

    def __init__(self, path: Path, reason: str, advice: str = _SALVAGE) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} cannot be opened: {reason.splitlines()[0]}; {advice}")
