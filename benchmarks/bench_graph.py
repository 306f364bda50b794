"""All assets of the graph, with and without their checks: first run, nothing new, and 100 new messages on a stored history."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from functools import partial

import duckdb

from benchmarks.generate import write_zip
from benchmarks.harness import RUNS, Figure, cpu_seconds, figure, home_with, timed
from egregora_assets.authors import gate, sync
from egregora_assets.authors import verify as authors_verify
from egregora_assets.chat import verify as chat_verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.documents import verify as documents_verify
from egregora_assets.documents import windows
from egregora_assets.media import ingest as media
from egregora_assets.media import verify as media_verify
from egregora_assets.profiles import files as profiles
from egregora_assets.profiles import verify as profiles_verify
from egregora_assets.publish import snapshot
from egregora_assets.publish import verify as publish_verify
from egregora_assets.search import units, words
from egregora_assets.sidecar import pages, posts, ranking, verify_pages
from egregora_assets.sidecar import verify as sidecar_verify
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar

SIZES = (10_000, 100_000, 1_000_000)
BOUND_SECONDS_AT_100K = 2.0
STEPS = {
    "messages": ingest,
    "authors": sync.refresh,
    "clean_messages": gate.refresh,
    "media": media.refresh,
    "documents": windows.refresh,
    "sidecars": posts.refresh,
    "conversation_ranking": ranking.refresh,
    "outcome_pages": pages.refresh,
    "author_profiles": profiles.refresh,
    "search_units": units.refresh,
    "lexical_index": words.refresh,
    "snapshot": snapshot.publish,
}
LATER = ("outcome_pages", "author_profiles", "search_units", "lexical_index")
"""Steps that the bound, which is for getting from exports to a snapshot, does not count."""
CHECKS = (
    chat_verify.unique_message_ids,
    chat_verify.nothing_vanished,
    chat_verify.plausible_times,
    authors_verify.no_opted_out_messages,
    authors_verify.no_unscrubbed_pii,
    authors_verify.no_private_names_published,
    media_verify.objects_are_stored,
    documents_verify.every_message_in_one_window,
    documents_verify.no_unscrubbed_pii,
    documents_verify.no_private_names_published,
    sidecar_verify.evidence_is_inside,
    sidecar_verify.no_opted_out_text,
    sidecar_verify.no_unscrubbed_pii,
    sidecar_verify.no_private_names_published,
    sidecar_verify.posts_match_documents,
    verify_pages.ranking_adds_up,
    verify_pages.no_unscrubbed_pii,
    verify_pages.no_private_names_published,
    verify_pages.pages_match_tables,
    sidecar_verify.sidecars_match_schema,
    sidecar_verify.no_pseudonym_in_posts,
    profiles_verify.no_profile_of_opted_out_authors,
    profiles_verify.no_private_text_in_profiles,
    profiles_verify.profiles_match_authors,
    publish_verify.no_opted_out_text,
    publish_verify.no_unscrubbed_pii,
    publish_verify.no_private_names_published,
)


def figures() -> Iterator[Figure]:
    totals: dict[int, float] = {}
    _runs(1_000)  # imports and first-use costs are process start, not work
    for size in SIZES:
        taken = [_runs(size) for _ in range(RUNS if size < 1_000_000 else 1)]
        runs = len(taken)
        first, again, more = ({name: _median(taken, kind, name) for name in taken[0][kind]} for kind in range(3))
        totals[size] = sum(seconds for name, seconds in first.items() if name != "checks")
        at_most = BOUND_SECONDS_AT_100K if size == 100_000 else None
        floor = statistics.median(run[3] for run in taken)
        yield figure("all assets, first run", totals[size], size, floor=floor, runs=runs)
        published = totals[size] - sum(first[name] for name in LATER)
        yield figure("exports → snapshot, first run", published, size, at_most=at_most, runs=runs)
        for name, seconds in first.items():
            yield figure(f"  {name}", seconds, size, runs=runs)
        repeat = sum(again.values())
        whole = sum(first.values())
        yield figure(
            "all assets and checks, nothing new",
            repeat,
            size,
            floor=whole,
            at_most=whole * 0.1,
            bound="≤ 10 % of the first",
            runs=runs,
        )
        yield figure("all assets and checks, 100 new messages", sum(more.values()), size, runs=runs)
    growth = (totals[1_000_000] / 1_000_000) / (totals[100_000] / 100_000)
    yield figure("growth: cost per message, 1M to 100k", growth, 1_000_000, unit="×", at_most=1.15, runs=1)


Costs = dict[str, float]


def _runs(size: int) -> tuple[Costs, Costs, Costs, float]:
    """Return the CPU seconds per step of a first run, of one with nothing new and of one with 100 new messages, and the floor."""
    with home_with(size) as settings:
        first, again = _run(settings), _run(settings)
        floor = timed(lambda: _copy_results(settings))
        write_zip(settings.inbox / "WhatsApp Chat with Other.zip", 100, seed=8, people_seed=7)
        more = _run(settings)
        with open_warehouse(settings) as connection:
            stored = scalar(connection, "SELECT count(*) FROM messages")
        if stored != size + 100:
            raise RuntimeError(f"{stored} messages are stored instead of {size + 100}")
        return first, again, more, floor


def _copy_results(settings: Settings) -> None:
    """The floor: the rows of the warehouse and of the snapshot and the files of the posts, only copied."""
    for path in (settings.warehouse_path, settings.public_path):
        with duckdb.connect(str(path.with_suffix(".copy"))) as connection:
            connection.execute(f"ATTACH '{path}' AS original (READ_ONLY)")
            named = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'original'"
            for schema, table in connection.execute(named).fetchall():
                connection.execute(f"CREATE TABLE {schema}_{table} AS FROM original.{schema}.{table}")
            connection.execute("CHECKPOINT")
    shutil.copytree(settings.posts, settings.home / "copy", copy_function=shutil.copyfile)


def _run(settings: Settings) -> Costs:
    costs: Costs = {}
    began = cpu_seconds()
    with open_warehouse(settings) as connection:
        for name, step in STEPS.items():
            costs[name] = timed(partial(step, connection, settings))
        costs["checks"] = timed(lambda: _check(connection, settings))
    costs["opening and closing"] = cpu_seconds() - began - sum(costs.values())
    return costs


def _check(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    for check in CHECKS:
        verdict = check(connection, settings)
        if not verdict.passed:
            raise RuntimeError(f"{check.__name__}: {verdict.description}")


def _median(taken: list[tuple[Costs, Costs, Costs, float]], kind: int, name: str) -> float:
    return statistics.median(run[kind][name] for run in taken)
