"""`egregora ingest`: good files go in, bad ones are named with the reason, and a bad one never stops a good one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from egregora_assets.config import load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.cli.conftest import TAKEN_IN, Ingested, ingested
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


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """Files that cannot be read beside a good one, one with bytes that are no text, and one with a very long line."""
    folder = tmp_path_factory.mktemp("mixed")
    return ingested(
        folder,
        *(make(folder) for make in BAD),
        export(folder / "WhatsApp Chat with Garden Club.zip"),
        export(folder / "WhatsApp Chat with No Text.zip", CHAT.encode() + b"13/02/2024, 10:03 - Ana: caf\xe9\n"),
        export(
            folder / "WhatsApp Chat with Long Line.zip",
            CHAT + "13/02/2024, 10:03 - Ana: " + "long " * (LONG_LINE // 5) + "\n",
        ),
    )


def test_bad_files_beside_good_ones_are_named_and_do_no_harm(mixed: Ingested) -> None:
    bad = mixed.given[: len(BAD)]
    assert mixed.result.exit_code == 0
    assert all(path.name in mixed.result.stdout for path in bad)
    said = "SELECT count(*) FROM messages JOIN sources USING (source_id) WHERE title = 'Garden Club'"
    assert answer(mixed.home, said) == [(3,)]


def test_bytes_that_are_no_text_cost_no_message(mixed: Ingested) -> None:
    assert "2 pieces in quarantine" in mixed.result.stdout, "one is of a bad file"
    with open_warehouse(load_settings(mixed.home)) as connection:
        kept = rows(
            connection,
            "SELECT sum(pieces) FROM quarantine JOIN exports USING (export_id) WHERE file_name = ?",
            ["WhatsApp Chat with No Text.zip"],
        )
    assert kept == [(1,)]
    said = (
        "SELECT text FROM messages JOIN sources USING (source_id) WHERE title = 'No Text' ORDER BY sent_at DESC LIMIT 1"
    )
    assert answer(mixed.home, said) == [("caf\ufffd",)]


def test_a_line_of_ten_million_characters_is_one_message(mixed: Ingested) -> None:
    said = "SELECT count(*) FROM messages JOIN sources USING (source_id) WHERE title = 'Long Line'"
    assert answer(mixed.home, said) == [(4,)]


@pytest.mark.parametrize(
    ("option", "first"),
    [("--day-first", "2024-02-01"), pytest.param("--month-first", "2024-01-02", marks=pytest.mark.slow)],
)
def test_an_ambiguous_export_waits_for_the_answer_and_without_paths_the_inbox_is_taken_in(
    cli: Cli, home_refused: Path, option: str, first: str
) -> None:
    either_order = CHAT.replace("13/02", "03/02")
    export(home_refused / "inbox" / "WhatsApp Chat with Garden Club.zip", either_order)

    result = cli("ingest", option)

    assert result.exit_code == 0
    told = "SELECT count(*), min(local_time)::DATE::VARCHAR FROM messages JOIN sources USING (source_id) WHERE title "
    assert answer(home_refused, f"{told} <> 'Garden Club'") == [(2, first)]
    assert answer(home_refused, f"{told} = 'Garden Club'")[0][0] == 3


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
