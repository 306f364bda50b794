"""A process that is stopped and goes on, and a clock that is set: nothing is lost, and no figure tells what cannot be."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.live.sealing import without_jump
from tests.live.faults import Faults, nothing_is_lost_or_doubled, sending, until
from tests.live.service import Running, client, running

HOUR = 3_600
PAUSE_SECONDS = 2.0


@pytest.mark.slow
def test_a_service_that_was_stopped_goes_on_tells_the_pause_and_loses_nothing(tmp_path: Path) -> None:
    often_waiting = "[live]\nlinger_ms = 40.0\n"
    with running(tmp_path / "home", settings=often_waiting) as service:
        with sending(service) as sender:
            service.process.send_signal(signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)
            service.process.send_signal(signal.SIGCONT)
            sender.await_more(50)
        with client(service) as asking:
            status = asking.ask({"status": True})["status"]
        stages = status["lanes"]["socket"]["stages"]
        assert stages["commit"]["max_ms"] > PAUSE_SECONDS * 900
        assert "stood still" in status["loop_lag"]["culprit"]
        assert status["loop_lag"]["held_ms"] > PAUSE_SECONDS * 900
        assert _processor_seconds(service, 1.0) < 0.5, "it is busy with nothing"
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, sender.acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize("jumps", [(-HOUR,), (HOUR, -HOUR, 24 * HOUR, 0)])
def test_a_clock_that_is_set_changes_no_latency_and_holds_up_no_seal(tmp_path: Path, jumps: tuple[int, ...]) -> None:
    faults = Faults(tmp_path)
    settings = "[live]\nseal_seconds = 0.3\nreport_seconds = 1\n"
    with running(tmp_path / "home", settings=settings, environment=faults.environment) as service:
        with sending(service) as sender, client(service) as asking:
            for seconds in jumps:
                faults.clock_is_off_by(seconds)
                for _ in range(2):  # the first may have begun before
                    sealed = asking.ask({"status": True})["status"]["sealed"]
                    sender.await_more(50)
                    until(lambda sealed=sealed: asking.ask({"status": True})["status"]["sealed"] > sealed, sender)
            until(lambda: "seal" in asking.ask({"status": True})["status"]["lanes"]["socket"]["stages"], sender)
            assert 0 <= asking.ask({"status": True})["status"]["up_seconds"] < HOUR
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, sender.acknowledged)
    with duckdb.connect(str(service.home / "live.duckdb")) as store:
        told = store.execute("SELECT stage, p50_ms, max_ms FROM latency_windows WHERE count > 0").fetchall()
        late = store.execute(
            "SELECT count(*) FROM hot_events WHERE committed_at - received_at NOT BETWEEN $1 AND $2",
            [timedelta(0), timedelta(minutes=1)],
        )
        assert late.fetchall() == [(0,)]
    assert {stage for stage, _, _ in told} == {"queue", "commit", "seal"}
    assert told
    assert all(0 < half <= most < 60_000 for _, half, most in told)


def _processor_seconds(service: Running, seconds: float) -> float:
    """Return how much of the processor the service takes within some seconds of rest."""

    def taken() -> float:
        fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = taken()
    time.sleep(seconds)
    return taken() - before


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), min_size=1), st.integers(2 * 10**9, 10**13), st.booleans()
)
def test_durations_are_the_same_whenever_the_clock_was_set(
    truly: list[tuple[int, bool]], size: int, forward: bool
) -> None:
    jump = size if forward else -size
    measured = [took + (jump if within else 0) for took, within in truly]
    assert without_jump(np.array(measured, np.int64), jump).tolist() == [took for took, _ in truly]
