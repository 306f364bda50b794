"""Lines that are no events and that nobody is answered for: they stand in quarantine, bounded, each once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from egregora_assets.chat.merge_segments import merge_segments
from egregora_assets.chat.quarantine import SUMMARY
from egregora_assets.chat.refused_lines import REFUSED_SCHEMA, leave_refused
from egregora_assets.config import Settings
from egregora_assets.live.refusals import Refusals
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.homes import make_ready_home


def test_lines_of_the_standard_input_that_are_no_events_stand_in_quarantine(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    make_ready_home(settings)
    good = b'{"native_id":"m1","source":"s","author":"u","sent_at":1,"text":"t"}\n'
    bad = b'{"native_id":"m2","text":"words of somebody"}\n'
    subprocess.run(
        [sys.executable, "-m", "egregora_assets.cli", "live", "--stdin", "--home", str(settings.home)],
        input=good + bad + b"no json\n" + good,
        env={**os.environ},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert [path.stat().st_mode & 0o077 for path in settings.segments.glob("refused-*")] == [0]
    for _ in range(2):
        with open_warehouse(settings) as warehouse:
            merge_segments(warehouse, settings)
            found = rows(warehouse, "SELECT export_id, byte_offset, raw, pieces FROM quarantine ORDER BY raw")
            assert found == [("live-stdin", 0, b"no json", 1), ("live-stdin", 0, bad.rstrip(), 1)]
            assert {name for name, *_ in rows(warehouse, SUMMARY)} == {"live"}
            assert not any("somebody" in str(told) for told in rows(warehouse, SUMMARY))
    assert list(settings.segments.glob("refused-*")) == []


def test_a_source_of_nothing_but_such_lines_keeps_few_of_them_and_counts_the_others() -> None:
    refusals = Refusals()
    taken = []
    for _ in range(50):
        for number in range(1_000):
            refusals.add(number, "no json", b"x" * 100_000)
        lines = refusals.take()
        refusals.put_back(lines)
        taken += refusals.take()
    assert sum(line.pieces for line in taken) == refusals.count == 50_000
    assert sum(len(line.raw) for line in taken) <= 1_000 * 4_096
    assert len(taken) < 1_100


def test_the_first_thousand_are_kept_also_where_they_come_at_once() -> None:
    refusals = Refusals()
    for number in range(1_500):
        refusals.add(number, "no json", b"x")
    *kept, others = refusals.take()
    assert [line.byte_offset for line in kept] == list(range(1_000))
    assert others.pieces == 500


def test_what_comes_again_after_a_crash_is_in_quarantine_once_and_a_damaged_file_stops_nothing(
    settings: Settings,
) -> None:
    line = {"lane": "bridge", "byte_offset": 7, "reason": "no json", "raw": b"x", "pieces": 1}
    (settings.segments).mkdir(exist_ok=True)
    (settings.segments / "refused-1.parquet").write_bytes(b"half")
    with open_warehouse(settings) as warehouse:
        for _ in range(2):
            leave_refused(settings.segments, pa.Table.from_pylist([line], REFUSED_SCHEMA))
            merge_segments(warehouse, settings)
        assert rows(warehouse, "SELECT export_id, pieces FROM quarantine") == [("live-bridge", 1)]
