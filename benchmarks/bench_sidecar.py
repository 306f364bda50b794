"""Sidecars: what making them costs, and how well the rules agree with chats that were labelled by hand."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager

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
from egregora_assets.sidecar.models import Sidecar
from egregora_assets.sidecar.records import RECORDS, prepared
from egregora_assets.sidecar.titles import shown_chats
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar, temporary
from tests.sidecar.labelled import windows
from tests.sidecar.labelled.found import KINDS, find, right_answers, right_assignees, score

SIZE = 100_000
BOUNDS = {"question": 0.8, "decision": 0.7, "action": 0.7}
_SIZE_OF_CLASSES = 1_000_000
_CLASSES = (("p50: the middle third by size", 1 / 3, 2 / 3, 1), ("p99: the largest fiftieth", 0.98, 1.01, 5))


def figures() -> Iterator[Figure]:
    yield from _quality()
    with _home_with_documents(SIZE) as (connection, settings):
        first = timed(lambda: posts.refresh(connection, settings))
        yield figure("all sidecars and posts", first, SIZE, at_most=3, runs=1)
        again = [timed(lambda: posts.refresh(connection, settings)) for _ in range(3)]
        yield figure("nothing has changed", statistics.median(again), SIZE, at_most=0.3)
    yield from _by_size()


@contextmanager
def _home_with_documents(messages: int) -> Iterator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    with home_with(messages) as settings, open_warehouse(settings) as connection:
        ingest(connection, settings)
        for bring_up_to_date in (cut.refresh, references.refresh, public.refresh):
            bring_up_to_date(connection, settings)
        yield connection, settings


def _by_size() -> Iterator[Figure]:
    """Yield what the sidecar of one document costs, from finding what is in it until the bytes of its file are there.

    Documents are made together, so those of like size are, about as many as the product makes at a time, and share the cost.
    What a file system takes to make a file (20 to 240 µs, by what it has been through) is in the row of all sidecars and posts.
    """
    with _home_with_documents(_SIZE_OF_CLASSES) as (connection, settings):
        for name, first, last, bound in _CLASSES:
            documents, messages, cost = _cost_of(connection, settings, first, last)
            what = f"sidecar of a document, {name} ({documents:,} with {messages:.0f} messages each)"
            yield figure(what, cost, _SIZE_OF_CLASSES, unit="CPU-ms", at_most=bound, runs=1)


def _cost_of(
    connection: duckdb.DuckDBPyConnection, settings: Settings, first: float, last: float
) -> tuple[int, float, float]:
    """Return how many documents there are between two shares by size, their messages on average, and the milliseconds of one."""
    rules = rules_of(connection, settings)
    some = f"""
        SELECT (row_number() OVER (ORDER BY slug))::INTEGER AS d_no, document_id
        FROM (
            SELECT document_id, slug, percent_rank() OVER (ORDER BY len(message_ids), slug) AS share
            FROM documents
        )
        WHERE share >= {first} AND share < {last}
    """
    connection.execute("BEGIN")
    with (
        scrubbing(connection),
        shown_chats(connection, settings),
        temporary(connection, "open_documents", some) as count,
        one_thread_for_few(connection, settings.warehouse, few=True),
    ):
        sizes = "SELECT avg(len(message_ids)) FROM documents SEMI JOIN open_documents USING (document_id)"
        messages = float(scalar(connection, sizes))

        def make() -> None:
            with extracting(connection, "SELECT document_id FROM open_documents"):
                extract(connection)
                compare(connection)
                with open_answers(connection, settings):
                    conclude(connection, rules)
                    with prepared(connection, settings):
                        _serialise(connection)

        cost = timed(make)
    connection.execute("ROLLBACK")
    return count, messages, 1000 * cost / count


def _serialise(connection: duckdb.DuckDBPyConnection) -> None:
    """Make and validate the bytes of each sidecar's file, as ``posts.write_files`` does before it writes them."""
    made = connection.execute(f"SELECT record FROM ({RECORDS})")
    for (record,) in iter(made.fetchone, None):
        Sidecar.model_validate_json(record)


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
