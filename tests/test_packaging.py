"""What is installed is what is needed: the wheel holds every file that the code reads, and runs without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from egregora_assets.config import (
    AuthorSettings,
    DocumentSettings,
    HttpEmbedderSettings,
    LanguageModelSettings,
    LimitSettings,
    PrivacySettings,
    RepositorySettings,
    SearchSettings,
    SourceSettings,
    WarehouseSettings,
    load_settings,
)
from egregora_assets.samples import write_samples
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import scalar

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "egregora_assets"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    files = {path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {str(path.relative_to(PROJECT)) for path in files} - held == set()
    assert "egregora_assets/dagster.yaml" in held
    for needed in ("warehouse/migrations/0001_revisions.sql", "py.typed", "sidecar/sidecar.schema.json"):
        assert f"egregora_assets/{needed}" in held
    assert any(name.startswith("egregora_assets/samples/") and name.endswith("_chat.txt") for name in held)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"egregora_assets"}


def test_the_demo_of_the_wheel_alone_makes_everything_once_and_then_changes_not_one_byte(
    wheel: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")

    first = demo_of_wheel(tmp_path, home)

    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "failed" not in first.stdout
    assert "What was decided last?" in first.stdout
    assert (home / "dagster" / "dagster.yaml").read_text() == (PROJECT / "dagster.yaml").read_text()
    assert {file.name for file in (home / "inbox").iterdir()} == {path.name for path in write_samples(tmp_path / "s")}
    assert list((home / "published" / "posts").rglob("*.md"))
    with open_snapshot(load_settings(home)) as snapshot:
        loaded = scalar(snapshot, "SELECT sum(added) FROM exports")
        shown = scalar(snapshot, "SELECT count(*) FROM messages")
    assert 0 < shown < loaded, "the samples hold somebody who opted out"

    before = contents(home)
    second = demo_of_wheel(tmp_path, home)

    assert second.returncode == 0, second.stderr
    assert "Nothing has changed" in second.stdout
    assert contents(home) == before


def demo_of_wheel(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run `egregora demo` from the wheel that is unpacked in ``folder / "site"``, and from nothing else of the project."""
    code = (
        "import egregora_assets, sys; assert egregora_assets.__file__.startswith(sys.argv.pop(1));"
        "from egregora_assets.cli import app; app()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(folder / "site"), "demo"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(folder / "site"),
            "EGREGORA_HOME": str(home),
            "EGREGORA_TIMEZONE": "UTC",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_setting_is_documented() -> None:
    documented = (PROJECT / "docs" / "settings.md").read_text("utf-8")
    for section in (
        SourceSettings,
        RepositorySettings,
        PrivacySettings,
        AuthorSettings,
        DocumentSettings,
        SearchSettings,
        HttpEmbedderSettings,
        LanguageModelSettings,
        WarehouseSettings,
        LimitSettings,
    ):
        for key in section.model_fields:
            assert f"` `{key}` |" in documented or f"`[search.{key}]`" in documented
