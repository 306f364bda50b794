"""Authors: what 100 new messages cost on a long history, and what unchanged posts cost."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from benchmarks.harness import RUNS, Figure, figure, scratch
from egregora_assets.authors import opt_outs, posts, sync
from egregora_assets.config import AuthorSettings, PrivacySettings, Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows
from egregora_assets.warehouse.revisions import transaction

SIZES = (10_000, 100_000, 1_000_000)
AUTHORS = 10_000
NEW = 100
POSTS = 5_000
BOUND_MILLISECONDS = 50
OPTED_OUT = 500
CHOSEN_NAMES = 50
BOUND_LOOK_UP = 10
BOUND_POSTS_PER_SECOND = 60_000


def figures() -> Iterator[Figure]:
    for size in SIZES:
        yield _following(size)
        yield _looking_up(size)
    yield _unchanged_posts()


def _following(size: int) -> Figure:
    """Follow 100 messages by 100 people, among them two notices, after ``size`` messages by 10,000, of whom 50 chose a name."""
    with scratch() as folder, open_warehouse(Settings(home=folder / "home", timezone="UTC")) as connection:
        settings = Settings(home=folder / "home", timezone="UTC")
        _add_people(connection)
        _add_messages(connection, 0, size)
        _add_chosen_names(connection)
        sync.refresh(connection, settings)
        costs = []
        for number in range(RUNS + 1):
            _add_messages(connection, size + number * NEW, NEW)
            costs.append(_process_seconds(lambda: sync.refresh(connection, settings)))
        floor = statistics.median(_process_seconds(lambda: _count_bare(connection)) for _ in range(RUNS))
    value = statistics.median(costs[1:]) * 1000
    return figure(
        f"author sync after {NEW} new messages, {AUTHORS:,} authors",
        value,
        size,
        unit="CPU-ms",
        floor=floor * 1000,
        at_most=BOUND_MILLISECONDS,
    )


def _looking_up(size: int) -> Figure:
    """Find who opted out: 500 by a command of theirs, 50 by the list, of 10,000; the floor is counting all authors."""
    with scratch() as folder, open_warehouse(Settings(home=folder / "home", timezone="UTC")) as connection:
        listed = tuple(f"Person {number}" for number in range(0, OPTED_OUT, 10))
        settings = Settings(home=folder / "home", timezone="UTC", privacy=PrivacySettings(opt_out=listed))
        _add_people(connection)
        _add_messages(connection, 0, size)
        _add_opt_outs(connection)
        sync.refresh(connection, settings)
        with opt_outs.listing(connection, listed):
            seconds = _median(lambda: rows(connection, opt_outs.HIDDEN))
            found = len(rows(connection, opt_outs.HIDDEN))
        if found < OPTED_OUT:
            raise RuntimeError(f"only {found} of {OPTED_OUT} opt-outs were found")
        floor = _median(lambda: rows(connection, "SELECT count(*) FROM authors WHERE NOT opted_out"))
    return figure(
        f"opted-out look-up, {AUTHORS:,} authors",
        seconds * 1000,
        size,
        unit="CPU-ms",
        floor=floor * 1000,
        at_most=BOUND_LOOK_UP,
    )


def _count_bare(connection: duckdb.DuckDBPyConnection) -> None:
    """Count the newest messages by author, weekday and hour, and write nothing: the bare question."""
    rows(
        connection,
        "SELECT author_id, isodow(local_time), hour(local_time), count(*) FROM messages "
        "WHERE revision = (SELECT max(revision) FROM messages) GROUP BY ALL",
    )


def _unchanged_posts() -> Figure:
    with scratch() as folder:
        settings = Settings(home=folder / "home", timezone="UTC", authors=AuthorSettings(posts=folder / "posts"))
        _write_posts(folder / "posts")
        with open_warehouse(settings) as connection:
            posts.read_posts(connection, settings)
            sync.refresh(connection, settings)
            posts.write_list(connection, settings)
            seconds = _median(lambda: (posts.read_posts(connection, settings), posts.write_list(connection, settings)))
        walking = _median(lambda: [path.stat() for path in _files(folder / "posts")])
    return figure(
        "front matter of unchanged posts",
        POSTS / seconds,
        POSTS,
        unit="posts/s",
        floor=POSTS / walking,
        at_least=BOUND_POSTS_PER_SECOND,
    )


def _process_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, all threads: finer than ``timed``, whose clock ticks every ten milliseconds."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _median(work: Callable[[], object]) -> float:
    work()
    return statistics.median(_process_seconds(work) for _ in range(RUNS))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as months:
        for month in filter(os.DirEntry.is_dir, months):
            with os.scandir(month.path) as entries:
                yield from entries


def _write_posts(folder: Path) -> None:
    for number in range(POSTS):
        path = folder / f"month-{number % 12:02}" / f"post-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ntitle: post {number}\nauthors: [Person {number % 50}]\n---\n{'words ' * 200}\n", "utf-8")


def _add_people(connection: duckdb.DuckDBPyConnection) -> None:
    with transaction(connection, "bench") as change:
        people = (
            f"SELECT md5_number('author' || i)::UUID AS author_id, 'Person ' || i AS name FROM range({AUTHORS}) t(i)"
        )
        noted = [change.revision]
        changed(connection, "INSERT INTO sources VALUES ('chat', 'whatsapp', 'Chat', 'UTC', ?)", noted)
        changed(
            connection, f"INSERT INTO private.author_names SELECT author_id, 'whatsapp', name, ? FROM ({people})", noted
        )


def _add_opt_outs(connection: duckdb.DuckDBPyConnection) -> None:
    with transaction(connection, "bench") as change:
        changed(
            connection,
            f"""
            INSERT INTO private.opt_commands
            SELECT md5_number('command' || i)::UUID, md5_number('author' || i * 17)::UUID, now(), i, true, ?
            FROM range({OPTED_OUT}) t(i)
            """,
            [change.revision],
        )


def _add_chosen_names(connection: duckdb.DuckDBPyConnection) -> None:
    with transaction(connection, "bench") as change:
        changed(
            connection,
            """
            INSERT INTO private.alias_commands BY NAME
            SELECT
                md5_number('alias' || i)::UUID AS message_id, md5_number('author' || i * 31)::UUID AS author_id,
                now() AS sent_at, i AS position, 'Chosen ' || i AS chosen_name, $revision AS revision
            FROM range($chosen) t(i)
            """,
            {"chosen": CHOSEN_NAMES, "revision": change.revision},
        )


def _add_messages(connection: duckdb.DuckDBPyConnection, first: int, count: int) -> None:
    """Add messages with their names straight into the tables; one in fifty is a notice."""
    with transaction(connection, "bench") as change:
        numbered = {"revision": change.revision}
        changed(
            connection,
            f"""
            INSERT INTO messages BY NAME
            SELECT
                md5_number('message' || i)::UUID AS message_id, 'chat' AS source_id, moment AS local_time,
                timezone('UTC', moment) AS sent_at,
                CASE WHEN i % 50 > 0 THEN md5_number('author' || hash(i) % {AUTHORS})::UUID END AS author_id,
                CASE WHEN i % 50 > 0 THEN 'text' ELSE 'system' END AS kind,
                CASE WHEN i % 50 > 0 THEN 'these are some words ' || i ELSE 'Person ' || hash(i) % {AUTHORS} || ' left' END AS text,
                false AS is_edited, i AS position, 'export ' || $revision AS export_id, $revision AS revision
            FROM (SELECT i, TIMESTAMP '2020-01-01' + i * INTERVAL 97 SECOND AS moment FROM range({first}, {first + count}) t(i))
            """,
            numbered,
        )
        changed(
            connection,
            """
            INSERT INTO private.author_name_uses
            SELECT DISTINCT export_id, author_id, raw_name, $revision
            FROM (FROM messages WHERE revision = $revision) JOIN private.author_names USING (author_id)
            """,
            numbered,
        )
