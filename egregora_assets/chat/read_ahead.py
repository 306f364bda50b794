"""Many exports at once: worker processes parse them while the one writer merges those that are ready.

A worker leaves its batches in a file of Arrow's IPC format inside the home, which is as private as the warehouse, and
sends what it learnt on the way. Which rows come out is the same as without workers.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from egregora_assets.chat.inbox import InboxFile
from egregora_assets.chat.parse import Parsed, parse
from egregora_assets.config import LimitSettings, Settings

WORTH_BYTES = 16 << 20
"""Less than this in all is read sooner than workers have started."""

READING = ".reading-"
"""What folders with exports that are being read begin with; what is left of them is removed."""
_LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class ReadAhead:
    """Exports by id: those that workers parse, and the others when they are asked for."""

    def __init__(self, settings: Settings, parsed: dict[str, Future[Parsed]], folder: Path | None) -> None:
        self._settings, self._parsed, self._folder = settings, parsed, folder

    @contextmanager
    def open(self, file: InboxFile) -> Iterator[Parsed]:
        """Give the parsed export, waiting for its worker. Raises ``ExportUnreadable``, also while batches are read."""
        learnt = self._learnt(file)
        if learnt is None or self._folder is None:
            with parse(file.path, self._settings.limits) as parsed:
                yield parsed
            return
        left = _file_of(self._folder, file)
        with pa.memory_map(str(left)) as source, pa.ipc.open_stream(source) as reader:
            yield replace(learnt, batches=reader)
        left.unlink()

    def _learnt(self, file: InboxFile) -> Parsed | None:
        """Return what a worker learnt of the export; ``None`` where none parsed it."""
        future = self._parsed.get(file.export_id)
        try:
            return None if future is None else future.result()
        except BrokenExecutor:
            log.warning("a worker that parsed exports has died: reading %s without one", file.name)
            return None


@contextmanager
def read_ahead(settings: Settings, files: list[InboxFile]) -> Iterator[ReadAhead]:
    """Parse the files in worker processes, as many as there are cores.

    Without workers where one process does it sooner: one file, one core, or little to read. What a killed run has left is
    removed: only one process writes a home.
    """
    for left in settings.home.glob(f"{READING}*"):
        shutil.rmtree(left, ignore_errors=True)
    workers = min(len(files), _cores())
    if workers < 2 or sum(file.bytes for file in files) < WORTH_BYTES:
        yield ReadAhead(settings, {}, None)
        return
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix=READING, dir=settings.home) as name:
        folder = Path(name)
        pool = ProcessPoolExecutor(workers, spawn, _end_with, (os.getpid(),))
        try:
            futures = {
                file.export_id: pool.submit(_parse_into, file.path, settings.limits, _file_of(folder, file))
                for file in files
            }
            yield ReadAhead(settings, futures, folder)
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with(parent: int) -> None:
    """Let a worker end when the process that started it is gone: it would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _file_of(folder: Path, file: InboxFile) -> Path:
    return folder / f"{file.export_id}.arrow"


def _parse_into(path: Path, limits: LimitSettings, target: Path) -> Parsed:
    """Parse one export into a file; return it without its batches. Runs in a worker."""
    with parse(path, limits) as parsed:
        with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, parsed.schema) as writer:
            for batch in parsed.batches:
                writer.write_batch(batch)
        return replace(parsed, batches=())
