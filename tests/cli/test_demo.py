"""`egregora demo`: from nothing to answers with one command, and nothing at all the second time."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from egregora_assets.config import load_settings
from egregora_assets.samples import write_samples
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import scalar

Cli = Callable[..., Result]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_demo_makes_everything_once_and_then_changes_not_one_byte(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"

    first = command("demo", EGREGORA_HOME=str(home))

    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "failed" not in first.stdout
    assert "What was decided last?" in first.stdout
    assert {file.name for file in (home / "inbox").iterdir()} == {path.name for path in write_samples(tmp_path / "s")}
    assert list((home / "published" / "posts").rglob("*.md"))
    with open_snapshot(load_settings(home)) as snapshot:
        loaded = scalar(snapshot, "SELECT sum(added) FROM exports")
        shown = scalar(snapshot, "SELECT count(*) FROM messages")
    assert 0 < shown < loaded, "the samples hold somebody who opted out"

    before = contents(home)
    second = command("demo", EGREGORA_HOME=str(home))

    assert second.returncode == 0, second.stderr
    assert "Nothing has changed" in second.stdout
    assert contents(home) == before


def test_the_demo_takes_an_export_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    mine = tmp_path / "WhatsApp Chat with Garden Club.zip"
    with zipfile.ZipFile(mine, "w") as archive:
        archive.writestr(
            f"{mine.stem}.txt", "13/02/2024, 10:00 - Ana: hi\n13/02/2024, 10:01 - Bo: a\n13/02/2024, 10:02 - Cy: b\n"
        )

    result = cli("demo", "--export", mine, "--home", tmp_path / "home")

    assert result.exit_code == 0, result.stderr
    assert "Garden Club" in result.stdout
    assert [file.name for file in (tmp_path / "home" / "inbox").iterdir()] == [mine.name]
