"""`identities.toml` and `egregora authors suggest` as the memory's owner meets them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Cli = Callable[..., Result]


def test_suggestions_are_toml_whatever_is_found(cli: Cli, home_taken_in: Path) -> None:
    result = cli("authors", "suggest")
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout) == {}
    assert "nobody" in result.stdout


def test_before_the_first_run_the_user_is_told_what_to_do(cli: Cli, home: Path) -> None:
    result = cli("authors", "suggest")
    assert result.exit_code == 1
    assert "egregora ingest" in result.stderr


def test_a_wrong_entry_is_told_in_one_line_before_anything_is_run(cli: Cli, home_taken_in: Path) -> None:
    (home_taken_in / "identities.toml").write_text('[[person]]\nis = ["whatsapp:Ana", "Bo"]\n')
    result = cli("ingest")
    assert result.exit_code == 1
    assert "[[person]] 1, `is` item 2: write it as" in result.stderr.replace("\n", " ")
    assert result.stdout == ""
