"""Cutting messages into documents: a first pass, one after 100 new messages, and one of each kind of window."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.generate import write_zip
from benchmarks.harness import RUNS, Figure, figure, home_with, median_cpu, timed
from benchmarks.labelled import NAMES, read
from egregora_assets.authors import gate
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.documents import windows
from egregora_assets.documents.cohesion import coherent_in
from egregora_assets.documents.cutting import REACH
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed

SIZES = (10_000, 100_000, 1_000_000)
BOUNDS = {100_000: 0.2, 1_000_000: 2.0}
BOUND_OF_100_MORE = 0.05
KINDS = {
    "silences only": DocumentSettings(window="gap"),
    "200 messages": DocumentSettings(window="count", within="month"),
    "1,000 tokens, 5 messages repeated": DocumentSettings(window="size", max_tokens=1000, overlap_messages=5),
    "days": DocumentSettings(window="day"),
    "weeks": DocumentSettings(window="week"),
}


def figures() -> Iterator[Figure]:
    taken: dict[int, float] = {}
    for size in SIZES:
        with home_with(size) as settings, open_warehouse(settings) as connection:
            _receive(connection, settings)
            taken[size] = _from_nothing(connection, settings)
            floor = median_cpu(partial(_copy, connection, settings.home / "floor.duckdb"))
            yield figure("first pass", taken[size], size, floor=floor, at_most=BOUNDS.get(size))
            if size == 100_000:
                for name, rules in KINDS.items():
                    told = settings.model_copy(update={"documents": rules})
                    yield figure(f"  {name}", _from_nothing(connection, told), size, floor=floor)
                windows.refresh(connection, settings)
            more = [_hundred_more(connection, settings, number) for number in range(RUNS + 1)][1:]
            yield figure("100 new messages", statistics.median(more), size, at_most=BOUND_OF_100_MORE)
            yield figure("nothing new", median_cpu(partial(windows.refresh, connection, settings)), size)
    growth = taken[1_000_000] / 10 / taken[100_000]
    yield from _told_apart()
    yield figure("growth: cost per message, 1M to 100k", growth, 1_000_000, unit="×", at_most=1.15, runs=1)


def _told_apart() -> Iterator[Figure]:
    """How well the words around a place tell a change of subject, in the labelled chats, where every place is taken for a pause."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for name in NAMES:
        labelled = read(name)
        begins = set(np.cumsum([len(block) for block in labelled.blocks]).tolist())
        texts, at = pa.array(labelled.messages, pa.large_string()), np.arange(1, len(labelled.messages))
        with duckdb.connect() as connection:
            together = coherent_in(connection, texts)(np.maximum(0, at - REACH), at, np.minimum(len(texts), at + REACH))
        for place, is_one in zip(at.tolist(), together.tolist(), strict=True):
            found[place in begins].append(not is_one)
    for name, places in (
        ("changes of subject without a word in common", True),
        ("places inside a talk without one", False),
    ):
        yield figure(name, statistics.mean(found[places]), len(found[places]), unit="share", runs=1)


def _receive(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    ingest(connection, settings)
    gate.refresh(connection, settings)


def _from_nothing(connection: duckdb.DuckDBPyConnection, settings: Settings) -> float:
    """Return the CPU seconds of cutting all messages when there is no document; the median, after one that is not counted."""
    taken = []
    for _ in range(RUNS + 1):
        changed(connection, "DELETE FROM documents")
        connection.execute("CHECKPOINT")
        taken.append(timed(lambda: windows.refresh(connection, settings, full=True)))
    return statistics.median(taken[1:])


def _copy(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The floor: what is read, in the order of time, and what is written, only copied into tables of another file."""
    path.unlink(missing_ok=True)
    connection.execute(f"ATTACH '{path}' AS floor")
    columns = "message_id, source_id, sent_at, local_time, author_id, kind, text"
    read = f"SELECT {columns} FROM clean_messages ORDER BY source_id, sent_at"
    changed(connection, f"CREATE TABLE floor.said AS {read}")
    changed(connection, "CREATE TABLE floor.documents AS FROM documents")
    connection.execute("DETACH floor")


def _hundred_more(connection: duckdb.DuckDBPyConnection, settings: Settings, number: int) -> float:
    """Return the CPU seconds of documents alone when an export with 100 messages has come in."""
    write_zip(settings.inbox / f"WhatsApp Chat with Other {number}.zip", 100, seed=8 + number, people_seed=7)
    _receive(connection, settings)
    return timed(lambda: windows.refresh(connection, settings))
