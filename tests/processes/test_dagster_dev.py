"""`dg dev` as a user starts it: an export dropped into the inbox comes out as a snapshot, and the UI shows the graph."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from egregora_assets.config import load_settings
from egregora_assets.definitions import build_definitions
from egregora_assets.publish.snapshot import snapshot_state
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import scalar

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]
WriteExport = Callable[[int], Path]
PROJECT = Path(__file__).parents[2]
DG = Path(sys.executable).parent / "dg"
MESSAGES_PER_EXPORT = 200
PATIENCE_SECONDS = 180
ASSETS = {spec.key.to_user_string(): spec.group_name for spec in build_definitions().resolve_all_asset_specs()}
"""With their groups."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Reader(Protocol):
    def stop(self) -> tuple[list[int], list[str]]: ...


class Dagster:
    """A running `dg dev`: where its UI is, and what it has written."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log

    def ask(self, query: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
            return data

    def runs(self) -> list[str]:
        found = self.ask("{ runsOrError { ... on Runs { results { status } } } }")
        return [run["status"] for run in found["runsOrError"]["results"]]

    def is_up(self) -> bool:
        try:
            found = self.ask("{ assetNodes { assetKey { path } } }")
        except (urllib.error.URLError, ConnectionError):
            return False
        return len(found["assetNodes"]) == len(ASSETS)


def wait_until(true: Callable[[], object], what: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what}\n{log.read_text()[-5000:]}"
        time.sleep(0.2)


@pytest.fixture
def dagster(environment: dict[str, str], start: Start, free_port: int, tmp_path: Path) -> Iterator[Dagster]:
    if not DG.exists():
        pytest.skip("dg is not installed beside this Python")
    assert start("init").wait() == 0
    log = tmp_path / "dg.log"
    with log.open("w") as output:
        serving = subprocess.Popen(
            [DG, "dev", "--host", "127.0.0.1", "--port", str(free_port)],
            cwd=PROJECT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    running = Dagster(f"http://127.0.0.1:{free_port}", log)
    try:
        wait_until(running.is_up, "the UI does not come up", log)
        yield running
    finally:
        serving.send_signal(signal.SIGINT)
        try:
            serving.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(serving.pid, signal.SIGKILL)
            serving.wait()


def published(home: Path) -> int:
    if snapshot_state(load_settings(home)) is None:
        return 0
    with open_snapshot(load_settings(home)) as snapshot:
        return int(scalar(snapshot, "SELECT count(*) FROM messages"))


def test_an_export_dropped_into_the_inbox_is_published_while_a_reader_reads(
    dagster: Dagster, reader: Reader, write_export: WriteExport, home: Path
) -> None:
    for number in range(2):
        shutil.copy(write_export(number), home / "inbox")
        wait_until(
            lambda number=number: published(home) == (number + 1) * MESSAGES_PER_EXPORT, "nothing came", dagster.log
        )
    wait_until(lambda: set(dagster.runs()) == {"SUCCESS"}, "a run has not ended well", dagster.log)

    counts, errors = reader.stop()

    assert errors == []
    assert counts == sorted(counts)


def test_a_killed_run_does_not_hold_up_those_that_follow(
    start: Start, dagster: Dagster, write_export: WriteExport, home: Path
) -> None:
    shutil.copy(write_export(0), home / "inbox")
    wait_until(lambda: dagster.runs() == ["SUCCESS"], "nothing came", dagster.log)
    victim = start("ingest", write_export(1))
    assert victim.stdout
    while "step messages" not in victim.stdout.readline():
        assert victim.poll() is None
    victim.kill()
    victim.wait()
    shutil.copy(write_export(2), home / "inbox")

    wait_until(lambda: published(home) == 3 * MESSAGES_PER_EXPORT, "the queue is stuck", dagster.log)

    assert "FAILURE" in dagster.runs()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_the_ui_draws_the_graph(dagster: Dagster, tmp_path: Path) -> None:
    expanded = ",".join(f"global@global:{group}" for group in sorted(set(ASSETS.values())))
    drawn = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            f"--user-data-dir={tmp_path / 'browser'}",
            *("--virtual-time-budget=20000", "--window-size=5000,6200", "--dump-dom"),
            f"--screenshot={tmp_path / 'graph.png'}",
            f"{dagster.url}/asset-groups?expanded={expanded}",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    ).stdout

    names = [node["assetKey"]["path"][0] for node in dagster.ask("{ assetNodes { assetKey { path } } }")["assetNodes"]]
    assert sorted(names) == sorted(ASSETS)
    assert [name for name in names if f">{name}<" not in drawn] == []
    assert (tmp_path / "graph.png").stat().st_size > 0
