"""What Dagster is told of live messages, in a real instance: figures, the budget, its recovery; never at the service's cost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from egregora_assets.chat.latency_windows import leave_windows
from egregora_assets.config import Settings
from egregora_assets.live import reporter, verify
from egregora_assets.live.dagster_reports import ASSET, Reports, as_table, read_windows
from egregora_assets.live.latency import LatencyWindow
from egregora_assets.live.reporter import Reporter
from egregora_assets.runs import prepare_home
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows

NOON = datetime(2024, 3, 13, 12, 0, tzinfo=UTC)


def window(number: int, p99: float = 10.0, count: int = 100, stage: str = "commit", backlog: int = 0) -> LatencyWindow:
    """What happened in the ``number``-th ten seconds after noon."""
    began = NOON + timedelta(seconds=10 * number)
    return LatencyWindow("socket", stage, began, 10.0, count, p99 / 3, p99 / 2, p99, p99 * 2, 50.0, 1.0, backlog, 0)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def materialisations(instance: dg.DagsterInstance) -> list[dg.AssetMaterialization]:
    records = instance.fetch_materializations(ASSET, limit=1000).records
    return [record.asset_materialization for record in reversed(records) if record.asset_materialization]


def evaluations(instance: dg.DagsterInstance, name: str) -> list[bool]:
    storage = instance.event_log_storage
    records = storage.get_asset_check_execution_history(dg.AssetCheckKey(ASSET, name), limit=1000)
    found = [record.event.dagster_event.event_specific_data for record in records if record.event]
    return [evaluation.passed for evaluation in reversed(found)]


def test_each_report_is_one_materialisation_with_figures_and_a_plot(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    reports = Reports(instance, settings)
    reports.report([window(0, 10), window(0, 30, stage="queue", backlog=7)], 0)
    reports.report([window(1, 20)], 10)
    first, second = materialisations(instance)
    told = {name: value.value for name, value in first.metadata.items()}
    assert (told["messages"], told["p99_ms"], told["budget_ms"], told["backlog_events"]) == (100, 10.0, 50.0, 7)
    plot = str(second.metadata["latency"].value)
    assert "data:image/svg+xml;base64," in plot
    assert "| p99 |" in plot
    assert evaluations(instance, "live_latency_budget") == [True, True]


def test_a_breach_is_told_and_so_is_that_it_is_over(instance: dg.DagsterInstance, settings: Settings) -> None:
    reports = Reports(instance, settings)
    for number in range(20):
        reports.report([window(number, 80 if 5 <= number < 8 else 10)], 10 * number)
    assert evaluations(instance, "live_latency_budget") == [True] * 5 + [False] * 8 + [True] * 7
    assert evaluations(instance, "backlog") == [True]


def test_a_full_queue_is_told_when_it_fills_and_when_it_empties(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    reports = Reports(instance, settings)
    for number in range(20):
        reports.report([window(number, backlog=15_000 if number == 4 else 3)], 10 * number)
    assert evaluations(instance, "backlog") == [True, False, True]


def test_silence_is_not_written_down_again_and_again(instance: dg.DagsterInstance, settings: Settings) -> None:
    reports = Reports(instance, settings)
    told = [reports.report([window(number, 0, count=0)], 10.0 * number) for number in range(61)]
    assert [number for number, is_told in enumerate(told) if is_told] == [0, 30, 60]
    assert len(materialisations(instance)) == 3


def test_the_process_tells_the_instance_of_the_home_and_leaves_windows_for_runs(settings: Settings) -> None:
    prepare_home(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        assert materialisations(instance) == []
        told = Reporter(settings)
        told.put(window(0))
        told.put(window(0, stage="queue"))
        until = time.monotonic() + 120
        while len(evaluations(instance, "backlog")) < 1 and time.monotonic() < until:
            time.sleep(0.2)
        told.close()
        told.close()
        assert len(materialisations(instance)) == 1
        assert evaluations(instance, "live_latency_budget") == [True]
    with open_warehouse(settings) as connection:
        verdict = verify.live_latency_budget(connection, settings)
        assert rows(connection, "SELECT stage, p99_ms FROM latency_windows ORDER BY ALL") == [
            ("commit", 10.0),
            ("queue", 10.0),
        ]
    assert (verdict.passed, verdict.figures["messages"]) == (True, 100)
    assert list(settings.segments.glob("latency-*")) == []


def test_a_process_that_hangs_costs_the_service_nothing_and_the_oldest_windows(settings: Settings) -> None:
    """It is stopped as by SIGSTOP: its pipe fills, and putting goes on. ``close`` ends it all the same."""
    told = Reporter(settings)
    told.put(window(0))
    while told._child is None:
        time.sleep(0.01)
    child = told._child
    os.kill(child.pid, signal.SIGSTOP)
    for number in range(20_000):
        told.put(window(number))
    assert len(told._windows) <= reporter._MOST_WAITING
    assert told.dropped > 0
    os.kill(child.pid, signal.SIGCONT)
    os.kill(child.pid, signal.SIGKILL)
    told.close()
    assert child.poll() is not None
    assert all(thread.name != "dagster-reporter" for thread in threading.enumerate())


def test_what_a_run_takes_in_is_each_window_once(settings: Settings) -> None:
    for numbers in ((0, 1), (1, 2)):
        leave_windows(settings.segments, as_table([window(number) for number in numbers]))
    (settings.segments / "latency-00000000000000000001.parquet").write_bytes(b"nothing")
    with open_warehouse(settings) as connection:
        assert verify.live_latency_budget(connection, settings).passed
        assert rows(connection, "SELECT count(*) FROM latency_windows") == [(3,)]


@pytest.mark.parametrize(("p99", "passed"), [(10, True), (80, False)])
def test_the_checks_of_runs_say_what_the_service_says(settings: Settings, p99: float, passed: bool) -> None:
    windows = [window(0, 300), window(20, p99), window(20, p99, stage="queue")]
    leave_windows(settings.segments, as_table(windows))
    with open_warehouse(settings) as connection:
        assert verify.live_latency_budget(connection, settings).passed is passed
        assert verify.ingest_overhead_budget(connection, settings).passed is passed
        assert verify.backlog(connection, settings).passed


def test_a_line_is_read_as_it_is_written() -> None:
    assert read_windows(
        '[{"lane": "a", "stage": "seal", "started_at": "2024-03-13T12:00:00+00:00", "seconds": 1.5, "count": 2,'
        '"p50_ms": 1, "p95_ms": 2, "p99_ms": 3, "max_ms": 4, "budget_ms": 50, "loop_lag_ms": 0, "backlog": 0, "bytes": 0}]'
    ) == [LatencyWindow("a", "seal", NOON, 1.5, 2, 1, 2, 3, 4, 50, 0, 0, 0)]


def test_what_a_full_disk_left_of_a_window_is_removed_with_the_next_one(settings: Settings) -> None:
    settings.segments.mkdir(exist_ok=True)
    leftover = settings.segments / ".latency-01795388525701680908.parquet.tmp"
    leftover.write_bytes(b"")
    leave_windows(settings.segments, as_table([window(1)]))
    assert not leftover.exists()
