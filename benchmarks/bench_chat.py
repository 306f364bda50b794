"""Chat: export → `messages`, first and again, against reading the bytes and a bare insert of the same columns."""

from __future__ import annotations

import io
import statistics
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import pyarrow as pa

from benchmarks.harness import RUNS, Figure, cpu_seconds, figure, home_with, median_cpu, scratch
from benchmarks.line_loop import read_lines
from egregora_assets.chat.formats.text_chunks import read_blocks
from egregora_assets.chat.formats.whatsapp_scan import ScanResult, scan
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse

SIZES = (10_000, 100_000, 1_000_000)
BOUND_SECONDS_AT_100K = 0.5


def figures() -> Iterator[Figure]:
    first: dict[int, float] = {}
    _load_once(1_000)  # imports and first-use costs are process start, not work
    for size in SIZES:
        loads = [_load_once(size) for _ in range(RUNS)]
        first[size] = statistics.median(seconds for seconds, _ in loads)
        again = statistics.median(seconds for _, seconds in loads)
        with home_with(size) as settings:
            reading = median_cpu(partial(_read, settings))
            looping, looped = median_cpu(partial(_line_loop, settings)), _line_loop(settings)
            scanning, scanned = median_cpu(partial(_scan, settings)), _scan(settings)
            inserting = _bare_insert(settings)
        at_most = BOUND_SECONDS_AT_100K if size == 100_000 else None
        yield figure("export → messages", first[size], size, floor=inserting, at_most=at_most)
        yield figure("  floor: read the bytes", reading, size)
        yield figure("  floor: insert the same columns from Arrow", inserting, size, runs=RUNS)
        yield figure("scan: bytes → columns", scanning, size, floor=reading)
        yield figure("  the same by `re`, line by line", looping, size, floor=scanning)
        yield figure(
            "  messages that both find", min(scanned, looped), size, unit="messages", at_least=size, bound="all"
        )
        yield figure("same export again", again, size, at_most=first[size] * 0.1, bound="≤ 10 % of the first")
    growth = (first[1_000_000] / 1_000_000) / (first[100_000] / 100_000)
    yield figure("growth: cost per message, 1M to 100k", growth, 1_000_000, unit="×", at_most=1.15)


def _load_once(size: int) -> tuple[float, float]:
    """Return the CPU seconds of the first and of a second load of one export."""
    with home_with(size) as settings:
        return timed_ingest(settings), timed_ingest(settings)


def timed_ingest(settings: Settings) -> float:
    """Return the CPU seconds of taking in what waits in a home.

    The file is open at its newest schema before the clock starts; closing it, which writes what is not yet in place, counts.
    """
    with ExitStack() as opened:
        connection = opened.enter_context(open_warehouse(settings))
        began = cpu_seconds()
        ingest(connection, settings)
        opened.close()
        return cpu_seconds() - began


def _ingest(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)


@contextmanager
def _text(settings: Settings) -> Iterator[BinaryIO]:
    (path,) = settings.inbox.iterdir()
    with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as stream:
        yield cast(BinaryIO, stream)


def _read(settings: Settings) -> None:
    with _text(settings) as stream:
        while stream.read(1 << 20):
            pass


def _scan(settings: Settings) -> int:
    """Return how many messages the scan finds."""
    result = ScanResult()
    with _text(settings) as stream:
        return sum(batch.num_rows for batch in scan(read_blocks(stream, result.quarantined), result))


def _line_loop(settings: Settings) -> int:
    """Return how many messages the loop finds."""
    with _text(settings) as stream:
        return sum(batch.num_rows for batch in read_lines(io.TextIOWrapper(stream, "utf-8")))


def _bare_insert(settings: Settings) -> float:
    """Insert the columns of `messages`, ready in memory, into an empty DuckDB file."""
    _ingest(settings)
    with open_warehouse(settings) as connection:
        ready = connection.sql("SELECT * FROM messages").to_arrow_table()
    with scratch() as folder:
        return median_cpu(lambda: _insert(folder / "bare.duckdb", ready))


def _insert(path: Path, ready: pa.Table) -> None:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.register("ready", ready)
        connection.execute("CREATE TABLE messages AS SELECT * FROM ready").fetchall()
