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
)

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


def test_the_command_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import egregora_assets, sys; assert egregora_assets.__file__.startswith(sys.argv.pop(1));"
        "from egregora_assets.cli import app; app()"
    )

    demo = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site"), "demo", "--home", str(tmp_path / "home")],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert demo.returncode == 0, demo.stderr
    installed = (tmp_path / "home" / "dagster" / "dagster.yaml").read_text()
    assert installed == (PROJECT / "dagster.yaml").read_text()


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
