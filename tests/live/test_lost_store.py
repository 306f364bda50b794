"""A hot store that somebody removes while the service runs: it is told, and what was acknowledged is sealed."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from egregora_assets.chat.segments import path_of, waiting
from tests.live.faults import until
from tests.live.service import client, event, running


def test_a_store_that_was_removed_is_told_and_what_comes_then_is_sealed_at_the_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as service, client(service) as sender:
        assert sender.ask(event("m1")) == {"ack": "m1"}
        for file in home.glob("live.duckdb*"):
            file.unlink()
        until(lambda: sender.ask({"status": True})["status"]["problem"])
        assert "removed or replaced live.duckdb" in sender.ask({"status": True})["status"]["problem"]
        assert sender.ask(event("m2")) == {"ack": "m2"}
        assert service.stop() == 0
    with running(home) as again, client(again) as sender:
        assert sender.ask(event("m3")) == {"ack": "m3"}
        assert sender.ask({"status": True})["status"]["problem"] is None
        assert again.stop() == 0
    files = [path_of(home / "segments", segment) for segment in waiting(home / "segments")]
    assert [one for file in files for one in pq.read_table(file)["native_id"].to_pylist()] == ["m1", "m2", "m3"]
