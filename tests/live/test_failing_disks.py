"""Disks that fail, fill up or are slow, under traffic: what is not durable is not acknowledged, nothing is lost or doubled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from egregora_assets.config import Settings
from egregora_assets.live.disk import with_disk
from egregora_assets.warehouse.verdict import Verdict
from tests.live.faults import Faults, Sender, nothing_is_lost_or_doubled, sending, until
from tests.live.service import Running, client, event, running

OFTEN = '[live]\nseal_seconds = 0.2\ncheckpoint_threshold = "100KB"\n'
LOG, STORE, ANY = "live.duckdb.wal", "live.duckdb", ""


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path)


def test_a_sync_that_fails_is_told_and_its_commit_is_acknowledged_only_after_one_that_has_not(
    tmp_path: Path, faults: Faults
) -> None:
    with running(tmp_path / "home", settings=OFTEN, environment=faults.environment) as service:
        with sending(service) as sender:
            faults.syncs_fail(LOG, 1)
            until(lambda: faults.failed)
            sender.await_more()
        assert "a commit has failed" in service.log
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, sender.acknowledged)


@pytest.mark.slow
def test_while_no_sync_succeeds_nothing_is_acknowledged_and_what_is_sent_again_is_stored_once(
    tmp_path: Path, faults: Faults
) -> None:
    with running(tmp_path / "home", environment=faults.environment) as service, client(service) as asking:
        assert asking.ask(event("before")) == {"ack": "before"}
        faults.syncs_fail(ANY, 1_000_000)
        for number in range(5):
            answer = asking.ask(event(f"m{number}"))
            assert "send it again" in answer["error"]
        assert asking.ask({"status": True})["status"]["problem"]
        faults.heal()
        for number in range(5):
            assert asking.ask(event(f"m{number}")) == {"ack": f"m{number}"}
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, range(5))


@pytest.mark.slow
@pytest.mark.parametrize("ending", [LOG, STORE, ANY])
def test_each_sync_in_turn_may_fail(tmp_path: Path, faults: Faults, ending: str) -> None:
    with running(tmp_path / "home", settings=OFTEN, environment=faults.environment) as service:
        with sending(service) as sender:
            for succeeding in range(12):
                before = faults.failed
                faults.syncs_fail(ending, 1 + succeeding % 3, after=succeeding)
                until(lambda before=before: faults.failed > before, sender)
                sender.await_more(100)
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, sender.acknowledged)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [LOG, STORE, ".tmp"])
def test_a_full_disk_in_the_log_the_checkpoint_or_a_segment_loses_nothing(
    tmp_path: Path, faults: Faults, ending: str
) -> None:
    with running(tmp_path / "home", settings=OFTEN, environment=faults.environment) as service:
        with sending(service) as sender:
            for turn in range(5):
                before = faults.failed
                faults.disk_is_full(ending)
                until(lambda before=before: faults.failed > before + 3, sender)
                with client(service) as asking:
                    until(lambda: asking.ask({"status": True})["status"]["problem"])
                    if turn == 0:
                        answer = asking.ask({"query": "FROM recent_messages SELECT count(*)"})
                        assert "error" not in answer or "problem: " in answer["error"]
                faults.heal()
                sender.await_more()
        with client(service) as asking:
            until(lambda: asking.ask({"status": True})["status"]["problem"] is None)
        assert service.stop() == 0
    nothing_is_lost_or_doubled(service.home, sender.acknowledged)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a disk of its own")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_is_waited_out_also_over_a_crash(small_disk: Path) -> None:
    home, ballast = small_disk / "home", small_disk / "ballast"
    with running(home, settings='[live]\ncheckpoint_threshold = "1MB"\n') as service:
        sender = Sender(service.socket)
        sender.await_more()
        _fill(ballast)
        until(lambda: sender.problems, sender)
        service.kill()
    with running(home) as service:  # it begins on a full disk, or says why it does not
        _is_up_or_says_why(service)
        ballast.unlink()
    with running(home) as service:
        sender.await_more()
        _fill(ballast)
        refused = len(sender.problems)
        until(lambda: len(sender.problems) > refused, sender)
        ballast.unlink()
        sender.await_more()
        sender.finish()
        assert service.stop() == 0
    nothing_is_lost_or_doubled(home, sender.acknowledged)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            pass


def _is_up_or_says_why(service: Running) -> None:
    if service.process.poll() is not None:
        assert service.process.returncode == 1
        assert "Traceback" not in service.log
        assert "space" in service.log.splitlines()[-1]


def test_a_disk_whose_syncs_take_too_long_is_told_at_the_start_and_wherever_the_budget_is(
    tmp_path: Path, faults: Faults
) -> None:
    faults.syncs_take(0.02)
    with running(tmp_path / "home", environment=faults.environment) as service:
        told = "ms to make a commit durable"
        assert told in service.log
        with client(service) as asking:
            status = asking.ask({"status": True})["status"]
            assert told in status["disk_problem"]
            assert status["fsync_ms"] >= 20
            assert asking.ask(event("m1")) == {"ack": "m1"}
        assert service.stop() == 0


@pytest.mark.slow
def test_the_doctor_tells_of_a_slow_disk(tmp_path: Path, faults: Faults) -> None:
    def said() -> str:
        command = [sys.executable, "-m", "egregora_assets.cli", "doctor", "--home", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **faults.environment})
        return " ".join(done.stdout.split())

    faults.syncs_take(0.02)
    assert "a budget of 50 ms cannot hold on it" in said()
    faults.syncs_take(0.0)
    assert "cannot hold" not in said()


def test_a_budget_that_is_broken_tells_what_the_disk_has_to_do_with_it(tmp_path: Path) -> None:
    impossible = Settings.model_validate({"home": tmp_path, "live": {"budget_ms": 1e-6}})
    broken = with_disk(Verdict(False, "p99 is 3 ms"), impossible)
    assert "cannot hold on it" in broken.description
    assert float(broken.figures["fsync_ms"]) > 0
    assert with_disk(Verdict(True, "fine"), impossible) == Verdict(True, "fine")
