"""`egregora init` makes a private home and leaves what exists alone; `egregora doctor` says what needs mending."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import Ingested

Cli = Callable[..., Result]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_init_makes_a_home_that_only_its_owner_can_enter(cli: Cli, home: Path) -> None:
    result = cli("init")

    assert result.exit_code == 0
    assert str(home / "inbox") in result.stdout
    assert {path.name for path in home.iterdir()} >= {"inbox", "egregora.toml", "secret.key", "dagster", "published"}
    assert mode(home) == 0o700
    assert mode(home / "secret.key") == 0o600
    assert all(mode(folder) == 0o700 for folder in home.iterdir() if folder.is_dir())


def test_init_again_changes_not_one_byte_of_what_the_user_has_set(cli: Cli, home: Path) -> None:
    cli("init")
    (home / "egregora.toml").write_text('timezone = "Europe/Lisbon"\n')
    (home / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    before = contents(home)

    assert cli("init").exit_code == 0

    assert contents(home) == before


def test_init_can_be_quiet(cli: Cli) -> None:
    assert cli("init", "--quiet").output == ""


def test_the_option_home_wins_over_the_variable(cli: Cli, home: Path, tmp_path: Path) -> None:
    assert cli("init", "--home", tmp_path / "other").exit_code == 0

    assert (tmp_path / "other" / "inbox").is_dir()
    assert not home.exists()


def test_doctor_finds_nothing_to_mend_in_a_fresh_home(cli: Cli) -> None:
    cli("init")

    result = cli("doctor")

    assert result.exit_code == 0
    assert "mend" not in result.stdout


def test_doctor_opens_nothing_for_writing(cli: Cli, home_taken_in: Path) -> None:
    before = contents(home_taken_in)

    result = cli("doctor")

    assert result.exit_code == 0
    assert "messages: 3, exports: 1" in result.stdout
    assert contents(home_taken_in) == before


def test_doctor_without_a_home_says_how_to_make_one_and_makes_none(cli: Cli, home: Path) -> None:
    result = cli("doctor")

    assert result.exit_code == 1
    assert "egregora init" in result.stdout
    assert not home.exists()


def test_doctor_wants_a_home_that_others_can_enter_closed(cli: Cli, home: Path) -> None:
    cli("init")
    home.chmod(0o755)

    result = cli("doctor")

    assert result.exit_code == 1
    assert "chmod 700" in result.stdout


def test_doctor_wants_a_key_that_others_can_read_closed(cli: Cli, home: Path) -> None:
    cli("init")
    (home / "secret.key").chmod(0o644)

    result = cli("doctor")

    assert result.exit_code == 1
    assert "chmod 600" in result.stdout


def test_doctor_says_that_the_key_of_a_warehouse_is_missing(cli: Cli, home_taken_in: Path) -> None:
    (home_taken_in / "secret.key").unlink()

    result = cli("doctor")

    assert result.exit_code == 1
    assert "put back the key" in " ".join(result.stdout.split())
    assert not (home_taken_in / "secret.key").exists()


@pytest.mark.usefixtures("home_refused")
def test_doctor_names_the_exports_that_could_not_be_read(cli: Cli, refused: Ingested) -> None:
    result = cli("doctor")

    assert result.exit_code == 1
    assert [path.name for path in refused.given if path.name not in result.stdout] == []


@pytest.mark.parametrize("file", ["warehouse.duckdb", "published/snapshot.duckdb"])
def test_doctor_says_that_a_database_is_damaged(cli: Cli, home: Path, file: str) -> None:
    cli("init")
    (home / file).write_bytes(b"this is no database" * 1000)

    result = cli("doctor")

    assert result.exit_code == 1
    assert Path(file).name in result.output


@pytest.mark.parametrize(
    "text", ["warehouse.threads = 0", "unknown_key = 1", "not toml at all", "[privacy]\nopt_out = 3"]
)
@pytest.mark.parametrize("command", ["doctor", "init", "ingest", "demo"])
def test_a_settings_file_that_cannot_be_used_is_named_in_one_line(
    cli: Cli, home: Path, command: str, text: str
) -> None:
    home.mkdir()
    (home / "egregora.toml").write_text(text)

    result = cli(command)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "egregora.toml" in result.stderr


def test_a_damaged_record_of_the_last_run_is_no_obstacle(cli: Cli, home_taken_in: Path) -> None:
    saved = (home_taken_in / "last_run.json").read_text()

    for damaged in (saved[: len(saved) // 2], "", json.dumps({"run_id": 1}), "[]"):
        (home_taken_in / "last_run.json").write_text(damaged)
        assert cli("ingest").exit_code == 0
