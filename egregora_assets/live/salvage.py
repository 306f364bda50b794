"""A hot store that DuckDB refuses to open: a copy is kept, the log of its last commits is cut where it is damaged."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from egregora_assets.config import Settings
from egregora_assets.live.commit_log import log_of, mend_head
from egregora_assets.live.errors import AlreadyRunning, HotStoreDamaged
from egregora_assets.live.hot_store import HotStore
from egregora_assets.warehouse.durable import force_file, force_folder, locked
from egregora_assets.warehouse.query import scalar

_POSITION = re.compile(r"entry at byte position ([0-9]+)")
_MOST_CUTS = 100
_ONCE = "DELETE FROM hot_lines WHERE rowid NOT IN (SELECT min(rowid) FROM hot_lines GROUP BY sequence)"
"""A log whose head was mended may have been in the file already: a checkpoint ends before its log goes."""


@dataclass(frozen=True)
class Salvaged:
    """What was done: a copy of the damaged files (``None``: nothing was), how many bytes were cut off, how many rows are left."""

    copy: Path | None
    cut_bytes: int
    rows: int


def salvage(settings: Settings) -> Salvaged:
    """Make ``live.duckdb`` open again. No event that stands before the damage is lost.

    Raises ``AlreadyRunning`` where the service runs, ``HotStoreDamaged`` where it is not the log that is damaged.
    """
    busy = AlreadyRunning(f"a live service runs in {settings.home}: its file is not damaged")
    with locked(settings.live_lock, exclusive=True, wait_seconds=0, busy=lambda: busy):
        store = HotStore(settings)
        copy: Path | None = None
        cut = 0
        for _ in range(_MOST_CUTS):
            try:
                store.open()
            except HotStoreDamaged as damage:
                copy = copy or _keep_copy(settings)
                if not (_has_log(settings) and mend_head(settings.live_path)):
                    cut += _cut(settings, damage)
            else:
                break
        if copy is not None:
            store.connection.execute(_ONCE).fetchall()
        rows = int(scalar(store.connection, "SELECT count(*) FROM hot_events"))
        store.close()
        return Salvaged(copy, cut, rows)


def _has_log(settings: Settings) -> bool:
    return log_of(settings.live_path).exists()


def _keep_copy(settings: Settings) -> Path:
    copy = settings.home / f"live-damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    copy.mkdir(mode=0o700)
    for file in settings.home.glob(f"{settings.live_path.name}*"):
        shutil.copyfile(file, copy / file.name)
        force_file(copy / file.name)
    force_folder(settings.home)
    return copy


def _cut(settings: Settings, damage: HotStoreDamaged) -> int:
    """Cut the log at the damage; returns how many bytes that were. Raises ``HotStoreDamaged`` where it says no place of it."""
    log = log_of(settings.live_path)
    found = _POSITION.search(damage.reason)
    if found is None or not log.exists():
        raise HotStoreDamaged(
            settings.live_path,
            damage.reason,
            f"its log of commits is not what is damaged. Move {settings.live_path.name} away: a new one is made, what was "
            "sealed is still merged, and senders have to send again what came later",
        ) from None
    size, position = log.stat().st_size, int(found[1])
    if position >= size:
        raise damage
    os.truncate(log, position)
    force_file(log)
    return size - position
