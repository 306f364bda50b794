"""Sidecars: what making them costs, and how well the rules agree with chats that were labelled by hand."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import duckdb

from benchmarks.harness import Figure, figure, home_with, timed
from egregora_assets.authors.policy import rules_of
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.documents import windows as cut
from egregora_assets.git_history import references
from egregora_assets.media import public
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.sidecar import posts
from egregora_assets.sidecar.extract import compare, conclude, extract, extracting
from egregora_assets.sidecar.language_model.items import open_answers
from egregora_assets.sidecar.records import prepared
from egregora_assets.sidecar.titles import shown_chats
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar, temporary
from tests.sidecar.labelled import windows
from tests.sidecar.labelled.found import KINDS, find, right_answers, right_assignees, score

SIZE = 100_000
BOUNDS = {"question": 0.8, "decision": 0.7, "action": 0.7}
_AT_ONCE = 400
"""Each time the patterns are made anew, which takes as long as some hundred documents."""


def figures() -> Iterator[Figure]:
    yield from _quality()
    with home_with(SIZE) as settings, open_warehouse(settings) as connection:
        ingest(connection, settings)
        for bring_up_to_date in (cut.refresh, references.refresh, public.refresh):
            bring_up_to_date(connection, settings)
        first = timed(lambda: posts.refresh(connection, settings))
        yield figure("all sidecars and posts", first, SIZE, at_most=3, runs=1)
        again = [timed(lambda: posts.refresh(connection, settings)) for _ in range(3)]
        yield figure("nothing has changed", statistics.median(again), SIZE, at_most=0.3)
        documents = int(scalar(connection, "SELECT count(*) FROM documents"))
        together = [cost for _ in range(3) for cost in _costs(connection, settings, documents)]
        whole = statistics.median(together)
        yield figure("extraction per document, in one pass over all", whole, SIZE, unit="CPU-ms", at_most=1)
        costs = sorted(_costs(connection, settings, _AT_ONCE))
        count, per = len(costs), f"per document, {_AT_ONCE} at a time"
        yield figure(f"extraction {per}, p50", costs[count // 2], SIZE, unit="CPU-ms", at_most=1, runs=count)
        yield figure(f"extraction {per}, p99", costs[count * 99 // 100], SIZE, unit="CPU-ms", at_most=5, runs=count)


def _costs(connection: duckdb.DuckDBPyConnection, settings: Settings, at_once: int) -> Iterator[float]:
    """Yield the milliseconds of a document's extraction: documents are made together, so of some at a time, shared out."""
    rules = rules_of(connection, settings)
    for first in range(0, int(scalar(connection, "SELECT count(*) FROM documents")), at_once):
        some = f"""
            SELECT (row_number() OVER (ORDER BY slug))::INTEGER AS d_no, document_id
            FROM (FROM documents ORDER BY slug LIMIT {at_once} OFFSET {first})
        """
        connection.execute("BEGIN")
        with (
            scrubbing(connection),
            shown_chats(connection, settings),
            temporary(connection, "open_documents", some) as count,
            one_thread_for_few(connection, settings.warehouse, few=True),
        ):

            def make() -> None:
                with extracting(connection, "SELECT document_id FROM open_documents"):
                    extract(connection)
                    compare(connection)
                    with open_answers(connection, settings):
                        conclude(connection, rules)
                        with prepared(connection, settings):
                            posts.write_files(connection, settings)

            cost = timed(make)
        connection.execute("ROLLBACK")
        if count == at_once:
            yield 1000 * cost / count


def _quality() -> Iterator[Figure]:
    for half in ("tune", "test"):
        labelled = windows(half)
        found, size = find(labelled), sum(len(window["messages"]) for window in labelled)
        bounds = BOUNDS if half == "test" else {}
        for kind in KINDS:
            agreed = score(labelled, found, kind)
            yield figure(f"{half}: F1 of {kind}s", agreed.f1, size, unit="", at_least=bounds.get(kind), runs=1)
            for name in ("right", "surplus", "missed", "neither"):
                yield figure(f"{half}: {kind}s, {name}", getattr(agreed, name), size, unit="messages", runs=1)
        for what, (right, total) in (
            ("answers", right_answers(labelled, found)),
            ("assignees of tasks that were found", right_assignees(labelled, found)),
        ):
            at_least = 0.7 if half == "test" and what == "answers" else None
            yield figure(f"{half}: share of right {what}", right / total, total, unit="", at_least=at_least, runs=1)
