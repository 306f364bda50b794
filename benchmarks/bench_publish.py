"""Publishing: what 100 new messages on a long history cost, against the bare copy of the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import duckdb

from benchmarks.generate import write_zip
from benchmarks.harness import Figure, figure, home_with, median_cpu, timed
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import units
from egregora_assets.sidecar import ranking
from egregora_assets.warehouse.files import open_warehouse

SIZES = (10_000, 100_000, 1_000_000)
BOUND_SECONDS_AT_1M = 0.3


def figures() -> Iterator[Figure]:
    for size in SIZES:
        with home_with(size) as settings, open_warehouse(settings) as connection:
            ingest(connection, settings)
            publish(connection, settings)
            costs: list[float] = []
            for seed in range(3):
                write_zip(settings.inbox / f"WhatsApp Chat with New {seed}.zip", 100, seed=100 + seed, people_seed=7)
                ingest(connection, settings)
                ranking.refresh(connection, settings)
                units.refresh(connection, settings)
                costs.append(timed(lambda: _publish(connection, settings)))
            copying = median_cpu(lambda: shutil.copyfile(settings.public_path, settings.home / "copy"))
        at_most = BOUND_SECONDS_AT_1M if size == 1_000_000 else None
        yield figure("publish 100 new messages", sorted(costs)[1], size, floor=copying, at_most=at_most)


def _publish(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    outcome = publish(connection, settings)
    if outcome.rebuilt or not outcome.rows_written:
        raise RuntimeError(f"this was to follow 100 new messages: {outcome}")
