"""Live messages through the whole graph: one run merges what was sealed, publishes it, and says how fresh it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from egregora_assets.chat.segments import receipts
from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import snapshot_state
from egregora_assets.publish.verify import freshness_budget
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.resource import Warehouse
from tests.live_events import edit, event, put_segment


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_a_run_merges_publishes_and_tells_how_fresh_it_is(settings: Settings, instance: dg.DagsterInstance) -> None:
    received = {"received_at": datetime.now(UTC)}
    first = put_segment(settings, event(0, "who brings the seeds?") | received, event(1, "I do", "u2") | received)
    second = put_segment(settings, edit(0, "who brings the water?", 5) | received, first=3)
    job = build_definitions(warehouse=Warehouse(home=str(settings.home))).resolve_job_def("refresh_all")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert result.success
    figures = result.asset_materializations_for_node("messages")[0].metadata
    assert (figures["segments_merged"].value, figures["added"].value) == (2, 2)
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "SELECT text FROM messages ORDER BY sent_at") == [("who brings the water?",), ("I do",)]
    assert pending(settings) == []
    published = snapshot_state(settings)
    assert published is not None
    assert {segment: revision <= published.revision for segment, revision in receipts(settings.segments).items()} == {
        first: True,
        second: True,
    }
    told = {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}
    assert told["nothing_vanished"].passed
    assert told["freshness_budget"].metadata["events"].value == 3
    with open_warehouse(settings) as connection:
        assert rows(connection, "SELECT lane, stage, count FROM latency_windows") == [("socket", "merge", 3)]
    put_segment(settings, event(6), first=4)
    assert pending(settings) == ["1 segment of live messages"]


def test_the_run_that_the_sensor_asks_for_publishes_messages_and_leaves_the_rest_to_the_conditions(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    definitions = build_definitions(warehouse=Warehouse(home=str(settings.home)))
    put_segment(settings, event(0, "who brings the seeds?"))
    assert definitions.resolve_job_def("refresh_all").execute_in_process(instance=instance).success
    put_segment(settings, event(1, "we decided: the seeds come on Friday"), event(2, "agreed", "u2"), first=2)
    before = dg.evaluate_automation_conditions(definitions, instance=instance)
    result = definitions.resolve_job_def("refresh_live").execute_in_process(instance=instance)
    told = {evaluation.check_name for evaluation in result.get_asset_check_evaluations()}
    assert {"unique_message_ids", "nothing_vanished", "no_opted_out_messages", "no_hidden_units"} <= told
    with open_snapshot(settings) as snapshot:
        assert rows(snapshot, "SELECT count(*) FROM messages") == [(3,)]
    after = dg.evaluate_automation_conditions(definitions, instance=instance, cursor=before.cursor)
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    every = definitions.resolve_job_def("refresh_all").asset_layer.executable_asset_keys
    asked = {key for key in every if key and after.get_num_requested(key)}
    assert not made & asked
    assert {dg.AssetKey(name) for name in ("sidecars", "outcome_pages", "author_profiles", "snapshot")} <= asked
    job = definitions.resolve_job_def("refresh_all")
    rest = job.execute_in_process(instance=instance, asset_selection=list(asked))
    assert rest.success
    assert pending(settings) == []
    assert list(settings.posts.glob("*/*.md"))


def test_what_was_published_late_breaks_the_budget_until_it_is_long_ago(settings: Settings) -> None:
    def published(first: int, late: timedelta, ago: timedelta, events: int) -> None:
        at = datetime.now(UTC) - ago
        noted = [first, first + events - 1, events, events, events, 0, 0, at - late, at - late, at, 1, at]
        with open_warehouse(settings) as connection:
            marks = ", ".join("?" * len(noted))
            connection.execute(f"INSERT INTO live_segments VALUES ({marks})", noted).fetchall()

    def passes() -> bool:
        with open_warehouse(settings) as connection:
            return freshness_budget(connection, settings).passed

    assert passes()
    published(1, timedelta(seconds=9), timedelta(minutes=5), 96)
    published(101, timedelta(minutes=9), timedelta(minutes=5), 4)
    published(201, timedelta(hours=9), timedelta(minutes=20), 1000)
    assert passes()
    published(2001, timedelta(seconds=40), timedelta(minutes=1), 10)
    assert not passes()
