"""`kill -9` at any moment: what was committed is there, what was not is done again, and the result is the same."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from egregora_assets.cli import app
from egregora_assets.config import load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows

Start = Callable[..., "subprocess.Popen[str]"]
WriteExport = Callable[[int], Path]
TABLES = {
    "messages": "SELECT message_id, local_time, sent_at, author_id, kind, text FROM messages",
    "documents": "SELECT document_id, window_start, title, slug, text, message_ids FROM documents",
    "authors": "SELECT author_id, alias, message_count FROM authors",
    "media": "SELECT media_id, bytes, mime FROM media",
    "decisions": "SELECT document_id, text, evidence FROM decisions",
}
KILLS = 8


def memory_of(home: Path) -> dict[str, Any]:
    """Everything a reader can see: rows of the snapshot, and the posts with their bytes, without the warehouse's own mark."""
    posts = home / "published" / "posts"
    with open_snapshot(load_settings(home)) as snapshot:
        seen: dict[str, Any] = {name: sorted(map(repr, rows(snapshot, sql))) for name, sql in TABLES.items()}
    seen["posts"] = {str(file.relative_to(posts)): file.read_bytes() for file in posts.rglob("[!.]*") if file.is_file()}
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_after_kills_at_any_moment_one_more_run_gives_what_an_undisturbed_home_has(
    start: Start, write_export: WriteExport, home: Path, tmp_path: Path, seed: int
) -> None:
    exports = [write_export(number) for number in range(6)]
    undisturbed = tmp_path / "undisturbed"
    assert start("init").wait() == start("init", "--home", undisturbed).wait() == 0
    shutil.copyfile(undisturbed / "secret.key", home / "secret.key")
    began = time.monotonic()
    calm = start("ingest", *exports, "--home", undisturbed)
    assert "failed" not in calm.communicate(timeout=120)[0]
    usual = time.monotonic() - began

    moments = random.Random(seed)
    for kill in range(KILLS):
        victim = start("ingest", *exports[: kill + 1])
        try:
            victim.wait(timeout=moments.uniform(0.2, 1.0) * usual)
        except subprocess.TimeoutExpired:
            victim.kill()
        victim.communicate()

    last = start("ingest", *exports)
    told = last.communicate(timeout=120)[0]

    assert last.returncode == 0, told
    assert memory_of(home) == memory_of(undisturbed)
    assert not [path for path in home.rglob("*") if path.name.endswith((".part", ".new"))], "no leftovers"


def test_a_run_that_was_killed_is_ended_by_the_next(start: Start, write_export: WriteExport, home: Path) -> None:
    """A run that is for ever under way would keep its place in the queue, and nothing else would ever start."""
    victim = start("ingest", write_export(0))
    assert victim.stdout
    while "step messages" not in victim.stdout.readline():
        assert victim.poll() is None
    victim.kill()
    victim.communicate()

    last = CliRunner().invoke(app, ["ingest", str(write_export(1)), "--home", str(home)], env={"DAGSTER_HOME": None})

    assert last.exit_code == 0, last.output
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        assert sorted(run.status.value for run in instance.get_runs()) == ["FAILURE", "SUCCESS"]
