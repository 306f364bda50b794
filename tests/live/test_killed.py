"""`kill -9` in the middle of acknowledged traffic: what was acknowledged is there once, also when it is sent again."""

from __future__ import annotations

import random
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from egregora_assets.chat import segments
from tests.live.service import Client, numbered, running, stored

KILLS = 3
MANY_KILLS = 200
SENT_AGAIN = 150
OFTEN = '[live]\nseal_seconds = 0.05\ncheckpoint_threshold = "1MB"\n'


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    _kill_often(tmp_path, KILLS)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_by_many_kills(tmp_path: Path) -> None:
    _kill_often(tmp_path, MANY_KILLS)


def _kill_often(folder: Path, kills: int) -> None:
    home, moments = folder / "home", random.Random(7)
    acknowledged: list[int] = []
    following = 0
    for _ in range(kills):
        with running(home, settings=OFTEN) as service:
            sender = Client(service.socket)
            again = acknowledged[-SENT_AGAIN:]
            sender.send(*numbered(again))
            assert sender.acks(len(again)) == {f"m{number}" for number in again}
            threading.Timer(moments.uniform(0.05, 0.5), service.process.kill).start()
            following = _send_until_killed(sender, following, acknowledged)
            service.process.wait()
    with running(home, settings=OFTEN) as service:
        assert service.stop() == 0
    found = stored(home)
    assert len(found) == len(set(found)), "an event is stored twice"
    assert {f"m{number}" for number in acknowledged} <= set(found), "an acknowledged event is lost"
    sealed = segments.waiting(home / "segments")
    assert all(before.last < after.first for before, after in pairwise(sealed))
    assert sealed[-1].last == max(stored(home, "sequence"))


def _send_until_killed(sender: Client, first: int, acknowledged: list[int]) -> int:
    """Send in pieces that overlap their answers; returns the number that comes next."""
    following = first
    try:
        while True:
            sender.send(*numbered(range(following, following + 50)))
            following += 50
            for _ in range(40):
                answer = sender.receive()
                if answer is None:
                    return following
                acknowledged.append(int(str(answer["ack"]).removeprefix("m")))
    except OSError:
        return following
