"""`egregora ingest`: good files go in, bad ones are named with the reason, and a bad one never stops a good one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from egregora_assets.config import load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows
from tests.cli.conftest import TAKEN_IN, Ingested
from tests.cli.exports import BAD, CHAT, export

Cli = Callable[..., Result]
LONG_LINE = 10_000_000


def answer(home: Path, sql: str) -> list[tuple[object, ...]]:
    with open_snapshot(load_settings(home)) as connection:
        return rows(connection, sql)


def test_a_good_export_can_be_asked_about_afterwards(taken_in: Ingested) -> None:
    assert taken_in.result.exit_code == 0
    assert str(taken_in.home / "published" / "snapshot.duckdb") in taken_in.result.stdout
    said = [(line.split(": ", 1)[1],) for line in TAKEN_IN.splitlines()]
    assert answer(taken_in.home, "SELECT text FROM messages ORDER BY sent_at") == said


def test_the_same_export_again_does_nothing(cli: Cli, taken_in: Ingested, home_taken_in: Path) -> None:
    [path] = taken_in.given

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert "Nothing has changed" in result.stdout
    assert [file.name for file in (home_taken_in / "inbox").iterdir()] == [path.name]


def test_when_nothing_could_be_read_the_exit_code_says_so(refused: Ingested) -> None:
    """If any one of the files were taken for read, the run would have gone well."""
    assert refused.result.exit_code == 1
    assert "Traceback" not in refused.result.output


@pytest.mark.parametrize(("bad", "reason"), BAD.items())
def test_of_each_file_that_could_not_be_read_the_reason_is_told(
    refused: Ingested, tmp_path: Path, bad: Callable[[Path], Path], reason: str
) -> None:
    path = bad(tmp_path)

    told = refused.result.stdout.split("What the graph made")[1].splitlines()

    [line] = [line for line in told if line.startswith(f"{path.name}: ")]
    assert reason in line, "the summary names the file and the reason"


def test_bad_files_beside_a_good_one_are_named_and_do_no_harm(cli: Cli, home: Path, tmp_path: Path) -> None:
    bad = [make(tmp_path) for make in BAD]

    result = cli("ingest", *bad, export(tmp_path / "WhatsApp Chat with Garden Club.zip"))

    assert result.exit_code == 0
    assert all(path.name in result.stdout for path in bad)
    assert answer(home, "SELECT count(*) FROM messages") == [(3,)]


def test_bytes_that_are_no_text_cost_no_message(cli: Cli, home: Path, tmp_path: Path) -> None:
    path = export(tmp_path / "chat.zip", CHAT.encode() + b"13/02/2024, 10:03 - Ana: caf\xe9\n")

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert "1 pieces in quarantine" in result.stdout
    assert answer(home, "SELECT text FROM messages ORDER BY sent_at DESC LIMIT 1") == [("caf\ufffd",)]


def test_a_line_of_ten_million_characters_is_one_message(cli: Cli, home: Path, tmp_path: Path) -> None:
    path = export(tmp_path / "chat.zip", CHAT + "13/02/2024, 10:03 - Ana: " + "long " * (LONG_LINE // 5) + "\n")

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert answer(home, "SELECT count(*) FROM messages") == [(4,)]


@pytest.mark.parametrize(("option", "first"), [("--day-first", "2024-02-01"), ("--month-first", "2024-01-02")])
def test_an_ambiguous_export_waits_for_the_answer(cli: Cli, home_refused: Path, option: str, first: str) -> None:
    result = cli("ingest", option)

    assert result.exit_code == 0
    assert answer(home_refused, "SELECT min(local_time)::DATE::VARCHAR FROM messages") == [(first,)]


def test_a_path_that_is_no_file_is_told_before_anything_is_done(cli: Cli, home: Path, tmp_path: Path) -> None:
    result = cli("ingest", tmp_path / "missing.zip")

    assert result.exit_code == 1
    assert "missing.zip does not exist" in result.stderr
    assert not (home / "warehouse.duckdb").exists()


def test_a_file_that_the_inbox_would_not_look_at_is_refused(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "chat.pdf").write_bytes(b"%PDF")

    result = cli("ingest", tmp_path / "chat.pdf")

    assert result.exit_code == 1
    assert "chat.pdf" in result.stderr
    assert not list((home / "inbox").glob("*.pdf"))


def test_without_paths_the_inbox_is_taken_in(cli: Cli, home: Path) -> None:
    cli("init")
    export(home / "inbox" / "WhatsApp Chat with Garden Club.zip")

    assert cli("ingest").exit_code == 0

    assert answer(home, "SELECT count(*) FROM messages") == [(3,)]
