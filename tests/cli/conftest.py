"""The command line as a user meets it: in this process where that is enough, as a real process where it matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from egregora_assets.cli import app
from tests.cli.exports import BAD, export

Cli = Callable[..., Result]
Command = Callable[..., "subprocess.CompletedProcess[str]"]
TAKEN_IN = """\
13/02/2024, 10:00 - Ana: hello [bold]there[/bold]
13/02/2024, 10:01 - Bo: a \x1b[31mred\x1b[0m
13/02/2024, 10:02 - Cy: naïve 🎉 "quotes" and \\ backslash
"""


@dataclass(frozen=True)
class Ingested:
    """A home, the files given to `egregora ingest` there, and what the command told."""

    home: Path
    given: list[Path]
    result: Result


def ingested(folder: Path, *given: Path) -> Ingested:
    """Take files in, from no home at all, as the first thing that ever happens there."""
    home = folder / "home"
    unset = dict.fromkeys(("EGREGORA_HOME", "DAGSTER_HOME"))
    result = CliRunner().invoke(
        app,
        ["ingest", *map(str, given), "--home", str(home)],
        env={**unset, "EGREGORA_TIMEZONE": "UTC", "COLUMNS": "160"},
    )
    return Ingested(home, list(given), result)


@pytest.fixture(scope="session")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """The chat ``TAKEN_IN``, taken in and published. A run costs seconds: no test may change this home, all may read it."""
    folder = tmp_path_factory.mktemp("taken_in")
    return ingested(folder, export(folder / "WhatsApp Chat with Garden Club.zip", TAKEN_IN))


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """Every kind of file that cannot be read, given together. No test may change this home."""
    folder = tmp_path_factory.mktemp("refused")
    return ingested(folder, *(make(folder) for make in BAD))


@pytest.fixture
def home_taken_in(home: Path, taken_in: Ingested) -> Path:
    """The test's own home, as it stands after ``taken_in``."""
    return shutil.copytree(taken_in.home, home)


@pytest.fixture
def home_refused(home: Path, refused: Ingested) -> Path:
    """The test's own home, as it stands after ``refused``."""
    return shutil.copytree(refused.home, home)


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
