"""The sensor of segments: one run for all that waits, none beside one that is under way, and no flood of runs that fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.chat.automation import refresh_all
from egregora_assets.chat.segments import Segment, acknowledge
from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.live.automation import segments_sensor
from egregora_assets.live.watch import look
from egregora_assets.warehouse.resource import Warehouse
from tests.live_events import event, put_segment

Tick = Callable[[], dg.SensorResult]


def test_all_that_waits_is_one_run() -> None:
    waiting = [Segment(number, number) for number in range(1, 100)]
    seen = look(None, waiting, False, 0)
    assert (seen.run, seen.reason) == (True, "99 segments wait")
    assert not look(seen.cursor, waiting, True, 5).run
    assert not look(seen.cursor, [], False, 10).run
    assert look(seen.cursor, [Segment(100, 120)], False, 10).run


def test_segments_that_a_run_left_are_asked_for_again_after_ever_longer_pauses() -> None:
    waiting, cursor, asked = [Segment(1, 5)], None, []
    for now in range(0, 4000, 5):
        seen = look(cursor, waiting, False, float(now))
        cursor = seen.cursor
        asked += [now] if seen.run else []
    assert asked == [0, 60, 180, 420, 900, 1860, 3780]
    assert look(cursor, [Segment(6, 9)], False, 4000).run


@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(1, 10_000)), max_size=30),
)
def test_nothing_is_ever_asked_for_beside_a_run_and_what_waits_is_asked_for_in_the_end(
    steps: list[tuple[int, bool, float]],
) -> None:
    cursor, now, last, waiting = None, 0.0, 0, []
    for new, under_way, passed in steps:
        now += passed
        waiting += [Segment(last + number, last + number) for number in range(1, new + 1)]
        last += new
        seen = look(cursor, waiting, under_way, now)
        assert not (seen.run and (under_way or not waiting))
        cursor = seen.cursor
    if waiting:
        assert look(cursor, waiting, False, now + 3600).run


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(settings: Settings, instance: dg.DagsterInstance) -> Tick:
    cursor: list[str | None] = [None]

    def look_again() -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=instance, cursor=cursor[0], resources={"warehouse": Warehouse(home=str(settings.home))}
        ) as context:
            result = segments_sensor(context)
        assert isinstance(result, dg.SensorResult)
        cursor[0] = result.cursor
        return result

    return look_again


def test_the_sensor_asks_for_a_run_and_waits_while_one_is_under_way(
    tick: Tick, settings: Settings, instance: dg.DagsterInstance
) -> None:
    assert tick().run_requests == []
    first = put_segment(settings, event(0))
    assert len(tick().run_requests or []) == 1
    job = build_definitions().resolve_job_def(refresh_all.name)
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    acknowledge(settings.segments, first, 1)
    put_segment(settings, event(1), event(2), first=2)
    put_segment(settings, event(3), first=4)
    assert tick().run_requests == []
    instance.report_run_canceled(run)
    (request,) = tick().run_requests or []
    assert (request.job_name, request.tags) == ("refresh_all", {"egregora/reason": "2 segments wait"})


def test_what_is_published_already_is_followed_by_the_short_run(tick: Tick, settings: Settings) -> None:
    settings.snapshot_path.parent.mkdir(parents=True, exist_ok=True)
    settings.snapshot_path.touch()
    put_segment(settings, event(0))
    (request,) = tick().run_requests or []
    assert request.job_name == "refresh_live"


def test_a_home_that_is_not_there_yet_asks_for_nothing(home: Path, instance: dg.DagsterInstance) -> None:
    with dg.build_sensor_context(instance=instance, resources={"warehouse": Warehouse(home=str(home))}) as context:
        result = segments_sensor(context)
    assert isinstance(result, dg.SensorResult)
    assert result.run_requests == []
    assert not home.exists()


def test_an_empty_tick_opens_nothing_but_the_folder() -> None:
    """What costs a tick is imports, opening the warehouse and asking the event log: an empty one does none of it."""
    program = """
import sys, tempfile
import dagster as dg
from egregora_assets.live.automation import segments_sensor
from egregora_assets.warehouse.resource import Warehouse
with tempfile.TemporaryDirectory() as home, dg.DagsterInstance.ephemeral() as instance:
    with dg.build_sensor_context(instance=instance, resources={"warehouse": Warehouse(home=home)}) as context:
        segments_sensor(context)
        before = set(sys.modules)
        type(instance).get_runs = type(instance).get_run_records = None
        segments_sensor(context)
        assert set(sys.modules) == before, set(sys.modules) - before
"""
    subprocess.run([sys.executable, "-c", program], check=True)
