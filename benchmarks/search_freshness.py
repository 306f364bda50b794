"""Search, second part: how long after their commit 100 new messages are found, by the clock, as a run of the graph has them found.

All that a search needs is made, in the order of the graph: what the gate lets through, documents and units, vectors, both indexes,
and the publication of ``search_snapshot``. Posts and the publication of them follow, as in a run, and are not waited for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import numpy as np

from benchmarks.generate import write_zip
from benchmarks.harness import Figure, figure, home_with
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import PublishOutcome, publish, publish_for_search
from egregora_assets.search import embeddings, vector_index, words
from egregora_assets.search.opening import open_search
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar

SIZE = 20_000
TIMES = 20
BOUND_SECONDS = 1.0


def figures() -> Iterator[Figure]:
    with home_with(SIZE) as settings, open_warehouse(settings) as connection:
        ingest(connection, settings)
        _make_findable(connection, settings)
        publish(connection, settings)
        costs = [_seconds_until_found(connection, settings, number) for number in range(TIMES)]
    name = "100 new messages, from their commit until search finds them (by the clock)"
    yield figure(f"{name}, median", float(np.median(costs)), SIZE, unit="s", runs=TIMES)
    worst = float(np.quantile(costs, 0.95))
    yield figure(f"{name}, p95", worst, SIZE, unit="s", at_most=BOUND_SECONDS, runs=TIMES)


def _seconds_until_found(connection: duckdb.DuckDBPyConnection, settings: Settings, number: int) -> float:
    write_zip(settings.inbox / f"WhatsApp Chat with New {number}.zip", 100, seed=100 + number, people_seed=7)
    ingest(connection, settings)
    newest = scalar(connection, "SELECT max(revision) FROM messages")
    began = time.perf_counter()
    outcome = _make_findable(connection, settings)
    sql = "SELECT text, message_id FROM clean_messages WHERE revision > ? AND kind = 'text' ORDER BY length(text) DESC LIMIT 1"
    ((text, message_id),) = connection.execute(sql, [newest]).fetchall()
    with open_search(settings) as search:
        found = {str(result.message_id) for result in search.search(text)}
    elapsed = time.perf_counter() - began
    if str(message_id) not in found:
        raise RuntimeError("the newest message is not found")
    if outcome is None or outcome.rebuilt:
        raise RuntimeError(f"this was to follow 100 new messages: {outcome}")
    publish(connection, settings)
    return elapsed


def _make_findable(connection: duckdb.DuckDBPyConnection, settings: Settings) -> PublishOutcome | None:
    embeddings.refresh(connection, settings)
    vector_index.refresh(connection, settings)
    words.refresh(connection, settings)
    return publish_for_search(connection, settings)
