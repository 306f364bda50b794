"""`egregora model` says what is there and what is used; `egregora doctor` says by what search finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.search.conftest import write_tiny_model

Cli = Callable[..., Result]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models of this test's own, with one in it that the settings ask for."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("EGREGORA_SEARCH__EMBEDDER", "onnx")
    monkeypatch.setenv("EGREGORA_SEARCH__MODEL", "tiny")
    folder = tmp_path / "egregora" / "models"
    write_tiny_model(folder / "tiny")
    return folder


def test_models_are_listed_with_the_one_that_is_used(cli: Cli, models: Path) -> None:
    write_tiny_model(models / "other", seed=8)
    (models / "unfinished").mkdir()

    listed = [json.loads(line) for line in cli("model", "list", "--json").stdout.splitlines()]
    assert [(told["name"], told["is_used"]) for told in listed] == [("other", False), ("tiny", True)]
    assert len({told["fingerprint"] for told in listed}) == 2
    assert "Used: tiny" in cli("model", "list").stdout


def test_what_is_missing_is_told(cli: Cli, models: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EGREGORA_SEARCH__MODEL", "all-MiniLM-L6-v2")
    assert "egregora model install" in " ".join(cli("model", "list").stdout.split())

    refused = cli("model", "install", "--from", tmp_path)
    assert refused.exit_code == 1
    assert "lacks model.safetensors" in " ".join(refused.stderr.split())
    assert cli("model", "install", "--from", tmp_path, "--optional").exit_code == 0


def test_doctor_says_by_what_search_finds(cli: Cli, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("init")
    assert "by meaning with tiny" in cli("doctor").stdout
    monkeypatch.setenv("EGREGORA_SEARCH__EMBEDDER", "none")
    assert "words alone" in " ".join(cli("doctor").stdout.split())
