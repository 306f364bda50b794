"""Figures of latency: near enough to the exact ones, and those of a window belong to it alone."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.config import Settings
from egregora_assets.live.latency import Histogram, LatencyMonitor, LatencyWindow
from egregora_assets.live.loop_lag import LoopLag
from egregora_assets.live.reporting import Reporting
from tests.live.hot import hot
from tests.live.service import client, event, running

durations = st.lists(st.integers(1_000, 3_600 * 10**9), min_size=1, max_size=200)


@given(durations, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_histogram_is_at_most_three_in_a_hundred_too_high(nanoseconds: list[int], share: float) -> None:
    histogram = Histogram()
    histogram.add(np.array(nanoseconds, np.int64))
    exact = float(np.quantile(nanoseconds, share, method="inverted_cdf")) / 1e6
    assert exact * 0.999 <= histogram.milliseconds(share) <= exact * 1.03
    assert histogram.milliseconds(1.0) <= max(nanoseconds) / 1e6


@given(durations, durations)
def test_two_histograms_together_are_one_of_all(first: list[int], second: list[int]) -> None:
    one, other, both = Histogram(), Histogram(), Histogram()
    one.add(np.array(first, np.int64))
    for duration in second:
        other.add_one(duration)
    both.add(np.array(first + second, np.int64))
    one.merge(other)
    assert (one.counts == both.counts).all()
    assert (one.count, one.longest_ns, one.sum_ns) == (both.count, both.longest_ns, both.sum_ns)


def test_a_breach_leaves_the_figures_with_its_window() -> None:
    monitor = LatencyMonitor(budget_ms=50)
    monitor.add("socket", "commit", np.full(100, 80_000_000, np.int64))
    (breach,) = monitor.turn(["socket"], backlog=7, size=700)
    assert (breach.count, breach.backlog, breach.bytes, breach.budget_ms) == (100, 7, 700, 50)
    assert breach.p99_ms == pytest.approx(80, rel=0.03)
    monitor.add("socket", "commit", np.full(10, 4_000_000, np.int64))
    assert monitor.turn(["socket"], 0, 0)[0].p99_ms == pytest.approx(4, rel=0.03)
    (silent,) = monitor.turn(["socket"], 0, 0)
    assert (silent.count, silent.p99_ms) == (0, 0)
    assert monitor.ever()["socket", "commit"].count == 110


def test_a_service_tells_its_figures_on_loopback_and_keeps_its_windows(tmp_path: Path) -> None:
    port = 19_473
    with (
        running(tmp_path / "home", settings=f"[live]\nmetrics_port = {port}\nreport_seconds = 1.0\n") as service,
        client(service) as sender,
    ):
        for number in range(20):
            sender.ask(event(f"m{number}"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            told = answer.read().decode()
        status = sender.ask({"status": True})["status"]
        figures = status["lanes"]["socket"]["stages"]["commit"]
        assert figures["count"] == 20
        assert 0 < figures["p50_ms"] <= figures["p99_ms"] <= figures["max_ms"]
        while sender.ask({"status": True})["status"]["up_seconds"] < 5:
            time.sleep(0.2)
        service.stop()
    assert 'egregora_live_latency_seconds_count{lane="socket",stage="commit"} 20' in told
    assert "egregora_live_healthy 1" in told
    with duckdb.connect(str(service.home / "live.duckdb")) as connection:
        kept = connection.execute("FROM latency_windows SELECT sum(count) WHERE stage = 'commit'").fetchall()
    assert kept == [(20,)]


def test_windows_are_reported_though_one_report_fails(tmp_path: Path) -> None:
    reported: list[LatencyWindow] = []

    def report(window: LatencyWindow) -> None:
        reported.append(window)
        if len(reported) == 1:
            raise OSError("nobody listens")

    async def run() -> None:
        monitor = LatencyMonitor(50)
        async with hot(Settings(home=tmp_path)) as opened:
            reporting = Reporting(opened.writer, report)
            for _ in range(3):
                reporting.put(monitor.turn(["socket"], 0, 0))
            while len(reported) < 3:
                await asyncio.sleep(0.01)
            reporting.close()

    asyncio.run(run())
    assert [window.lane for window in reported] == ["socket"] * 3


def test_what_holds_the_event_loop_is_named() -> None:
    def slow_plugin() -> None:
        time.sleep(0.4)

    async def run() -> str | None:
        lag = LoopLag(LatencyMonitor(50))
        task = asyncio.create_task(lag.run())
        await asyncio.sleep(0.1)
        slow_plugin()
        await asyncio.sleep(0.1)
        task.cancel()
        return lag.culprit

    assert "slow_plugin (test_latency.py:" in str(asyncio.run(run()))
