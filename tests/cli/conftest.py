"""The command line as a user meets it: in this process where that is enough, as a real process where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from egregora_assets.cli import app

Cli = Callable[..., Result]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run `egregora …` on the temporary home: ``cli("ingest", path).exit_code``. An unforeseen exception is an error."""
    monkeypatch.setenv("EGREGORA_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run `egregora …` as a process in an empty folder, with nothing of this one's environment but PATH and zone."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-m", "egregora_assets.cli", *map(str, arguments)],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "EGREGORA_TIMEZONE": "UTC", **environment},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    return run
