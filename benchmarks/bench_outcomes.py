"""What came of the talk: what the ranking and the pages cost, and how quickly the snapshot is asked, with indexes and without."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.generate import write_zip
from benchmarks.harness import Figure, figure, home_with, timed
from egregora_assets.chat.ingest import ingest
from egregora_assets.publish.snapshot import publish
from egregora_assets.sidecar import pages, posts, ranking
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows, scalar

SIZES = (10_000, 100_000, 1_000_000)
ASKED_AT = 100_000
"""The size of the history whose snapshot is asked."""
ITEMS = 300_000
"""So many topics, decisions, tasks and questions: as many as some million messages have."""
BOUND_SECONDS = 0.3
_TIMES = {"decisions": "decided_at", "action_items": "said_at", "questions": "asked_at"}
_INDEXED = {
    "topics": ("label",),
    "decisions": ("document_id", "decided_at", "status"),
    "action_items": ("document_id", "assignee", "said_at", "status"),
    "questions": ("document_id", "asked_at", "status"),
}
_QUESTIONS = {
    "by topic": "SELECT document_id FROM topics WHERE label = $topic",
    "by assignee": "SELECT text FROM action_items WHERE assignee = $assignee ORDER BY said_at DESC LIMIT 20",
    "by status": "SELECT text FROM questions WHERE status = 'open' ORDER BY asked_at DESC LIMIT 20",
    "by date": "SELECT text FROM decisions WHERE decided_at >= $since ORDER BY decided_at DESC LIMIT 20",
    "ledger(topic)": "FROM ledger(topic := $topic) LIMIT 20",
    "ledger(assignee)": "FROM ledger(assignee := $assignee) LIMIT 20",
    "ledger(since)": "FROM ledger(since := $since) LIMIT 20",
    "open_questions()": "FROM open_questions() LIMIT 20",
    "decisions_about(path)": "FROM decisions_about('docs/plan.md') LIMIT 20",
    "conversations()": "FROM conversations() LIMIT 20",
}
_OF_A_TABLE = ("by topic", "by assignee", "by status", "by date")


def figures() -> Iterator[Figure]:
    for size in SIZES:
        with home_with(size) as settings, open_warehouse(settings) as connection:
            ingest(connection, settings)
            posts.refresh(connection, settings)
            first = timed(lambda: pages.refresh(connection, settings))
            yield figure("ranking and all pages", first, size, runs=1)
            costs: list[tuple[float, float]] = []
            for seed in range(3):
                write_zip(settings.inbox / f"WhatsApp Chat with New {seed}.zip", 100, seed=100 + seed, people_seed=7)
                ingest(connection, settings)
                posts.refresh(connection, settings)
                ranked = timed(lambda: ranking.refresh(connection, settings))
                costs.append((ranked, timed(lambda: pages.refresh(connection, settings))))
            for name, spent in zip(("ranking", "pages"), zip(*costs, strict=True), strict=True):
                yield figure(f"{name}, 100 new messages", statistics.median(spent), size, at_most=BOUND_SECONDS)
            if size == ASKED_AT:
                publish(connection, settings)
                yield from _asked(settings.snapshot_path, settings.home / "asked.duckdb")


def _asked(snapshot: Path, copy: Path) -> Iterator[Figure]:
    """Ask a copy of the snapshot with many more items, first as it is published and then with indexes."""
    shutil.copyfile(snapshot, copy)
    with duckdb.connect(str(copy)) as connection:
        for table, moment in _TIMES.items():
            times = ITEMS // max(1, int(scalar(connection, f"SELECT count(*) FROM {table}")))
            earlier = f"{moment} - to_hours((7 * i)::INTEGER) AS {moment}"
            more = f"SELECT * EXCLUDE (i) REPLACE ({earlier}) FROM {table}, range(1, {times}) r(i) ORDER BY {moment}"
            changed(connection, f"INSERT INTO {table} {more}")
        times = ITEMS // max(1, int(scalar(connection, "SELECT count(*) FROM topics")))
        more = f"SELECT * EXCLUDE (i) REPLACE (concat(label, i) AS label) FROM topics, range(1, {times}) r(i)"
        changed(connection, f"INSERT INTO topics {more}")
        connection.execute("CHECKPOINT")
        yield from _answers(connection, "")
        yield figure("a document's items replaced", 1000 * _replaced(connection), ITEMS, unit="CPU-ms")
        made = timed(lambda: _index(connection))
        yield figure("all indexes made", made, ITEMS, runs=1)
        yield from _answers(connection, ", with indexes")
        yield figure("a document's items replaced, with indexes", 1000 * _replaced(connection), ITEMS, unit="CPU-ms")


def _answers(connection: duckdb.DuckDBPyConnection, how: str) -> Iterator[Figure]:
    sql = """
        SELECT (SELECT label FROM topics GROUP BY label ORDER BY count(*), label LIMIT 1) AS topic,
            (SELECT min(assignee) FROM action_items) AS assignee,
            (SELECT max(decided_at) - INTERVAL 3 DAY FROM decisions) AS since
    """
    known = dict(zip(("topic", "assignee", "since"), rows(connection, sql)[0], strict=True))
    for name, question in _QUESTIONS.items():
        asked = {key: value for key, value in known.items() if f"${key}" in question}
        spent = statistics.median(_spent(connection, question, asked) for _ in range(5))
        at_most = None if how else 5 if name in _OF_A_TABLE else 50
        yield figure(f"{name}{how}", 1000 * spent, ITEMS, unit="CPU-ms", at_most=at_most, runs=5)


def _spent(connection: duckdb.DuckDBPyConnection, question: str, asked: dict[str, object]) -> float:
    return timed(lambda: rows(connection, question, asked or None))


def _index(connection: duckdb.DuckDBPyConnection) -> None:
    for table, columns in _INDEXED.items():
        for column in columns:
            connection.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")


def _replaced(connection: duckdb.DuckDBPyConnection) -> float:
    """Return the seconds that it takes to replace the items of one document, as a publication does; nothing is kept."""
    connection.execute("BEGIN")
    connection.execute("CREATE TEMP TABLE one AS SELECT any_value(document_id) AS document_id FROM decisions")

    def replace() -> None:
        for table in _INDEXED:
            connection.execute(f"CREATE TEMP TABLE kept AS FROM {table} SEMI JOIN one USING (document_id)")
            changed(connection, f"DELETE FROM {table} WHERE document_id IN (FROM one)")
            changed(connection, f"INSERT INTO {table} FROM kept")
            connection.execute("DROP TABLE kept")

    spent = timed(replace)
    connection.execute("ROLLBACK")
    return spent
