"""Disks that are full and files that are damaged: what is not durable is not acknowledged, and what is whole is opened again."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from typer.testing import CliRunner

from egregora_assets.cli import app
from tests.live.service import Client, Running, client, event, numbered, running, stored

KILOBYTES = 1_000


def test_without_room_events_are_refused_and_with_room_they_are_taken_again(tmp_path: Path) -> None:
    with (
        running(tmp_path / "home", settings='[live]\ncheckpoint_threshold = "10MB"\n') as service,
        client(service) as sender,
    ):
        _limit(service, (service.home / "live.duckdb").stat().st_size + 600 * KILOBYTES)
        acknowledged, problems = _send_until_refused(sender)
        assert all("send it again" in problem for problem in problems)
        assert sender.ask({"status": True})["status"]["problem"]
        _limit(service, resource.RLIM_INFINITY)
        sender.send(*numbered(range(9_000, 9_010)))
        assert len(sender.acks(10)) == 10
        service.kill()
    found = stored(service.home)
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "damage", ["a bit is wrong in the middle", pytest.param("the end is zeros", marks=pytest.mark.slow)]
)
def test_a_log_that_is_damaged_is_cut_there_and_a_copy_is_kept(tmp_path: Path, damage: str) -> None:
    home = tmp_path / "home"
    with running(home) as service, client(service) as sender:
        for number in range(40):
            sender.ask(event(f"m{number}"))
        service.kill()
    log = home / "live.duckdb.wal"
    written = bytearray(log.read_bytes())
    if "bit" in damage:
        written[len(written) // 2] ^= 1
    else:
        written[-100:] = bytes(100)
    log.write_bytes(written)
    with running(home) as service:
        assert service.process.wait(20) == 1
        assert "egregora live salvage" in service.log
        assert "Traceback" not in service.log
    done = CliRunner().invoke(app, ["live", "salvage", "--home", str(home)])
    assert done.exit_code == 0, done.output
    (kept,) = home.glob("live-damaged-*")
    assert (kept / "live.duckdb.wal").read_bytes() == bytes(written)
    whole = stored(home)
    assert 10 < len(whole) < 40
    assert whole == [f"m{number}" for number in range(len(whole))]
    with running(home) as service, client(service) as sender:
        sender.send(*numbered(range(40)))
        assert len(sender.acks(40)) == 40
        assert service.stop() == 0
    assert stored(home) == [f"m{number}" for number in range(40)]


def test_salvage_leaves_a_store_alone_that_is_whole_or_in_use(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as service:
        done = CliRunner().invoke(app, ["live", "salvage", "--home", str(home)])
        assert done.exit_code == 1
        assert "live service runs" in done.output
        service.stop()
    done = CliRunner().invoke(app, ["live", "salvage", "--home", str(home)])
    assert (done.exit_code, "Nothing is damaged" in done.output) == (0, True)


def _limit(service: Running, size: int) -> None:
    """Let the service write no file that is larger: as on a full disk, writing fails."""
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _send_until_refused(sender: Client) -> tuple[set[str], list[str]]:
    acknowledged: set[str] = set()
    for first in range(0, 8_000, 100):
        sender.send(*(event(f"m{number}", text=f"{number} words " * 30) for number in range(first, first + 100)))
        answers = [answer for answer in (sender.receive() for _ in range(100)) if answer]
        acknowledged |= {answer["ack"] for answer in answers if "ack" in answer}
        if problems := [answer["error"] for answer in answers if "error" in answer]:
            return acknowledged, problems
    raise AssertionError("there was room for all")
