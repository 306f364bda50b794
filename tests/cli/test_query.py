"""`egregora query`: answers from the published snapshot, and a wall around everything else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.conftest import TAKEN_IN, Ingested

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def published(taken_in: Ingested) -> Path:
    """A home with a snapshot: no question changes it, so one is enough for all."""
    return taken_in.home


@pytest.fixture
def ask(cli: Cli, published: Path) -> Callable[..., Result]:
    return lambda *arguments: cli("query", "--home", published, *arguments)


def test_before_the_first_publication_the_user_is_told_what_to_do(cli: Cli) -> None:
    result = cli("query", "SELECT 1")

    assert result.exit_code == 1
    assert "egregora ingest" in result.stderr
    assert result.stdout == ""


def test_a_query_is_answered_as_a_table_or_as_json_lines(ask: Callable[..., Result]) -> None:
    sql = "SELECT text, sent_at FROM messages ORDER BY sent_at"

    table = ask(sql)
    lines = [json.loads(line) for line in ask("--json", sql).stdout.splitlines()]

    assert table.exit_code == 0
    assert "hello [bold]there[/bold]" in table.stdout
    assert [line["text"] for line in lines] == [line.split(": ", 1)[1] for line in TAKEN_IN.splitlines()]
    assert all(list(line) == ["text", "sent_at"] for line in lines)


def test_a_reader_that_has_seen_enough_of_many_rows_is_no_error(published: Path) -> None:
    sql = "SELECT * FROM range(300000)"
    asking = subprocess.Popen(
        [sys.executable, "-m", "egregora_assets.cli", "query", "--home", str(published), "--json", sql],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asking.stdout
    first = asking.stdout.readline()
    asking.stdout.close()
    _, complaint = asking.communicate(timeout=120)

    assert json.loads(first) == {"range": 0}
    assert complaint == b""


def test_words_of_a_message_cannot_command_the_terminal(ask: Callable[..., Result]) -> None:
    shown = ask("SELECT text FROM messages").stdout

    assert "\x1b" not in shown
    assert "\u202e" not in ask("SELECT chr(8238) || 'x'").stdout


def test_every_json_line_is_json_whatever_the_type(ask: Callable[..., Result]) -> None:
    sql = """
        SELECT 'nan'::DOUBLE AS a, '-inf'::DOUBLE AS b, ['nan'::DOUBLE] AS c, MAP {DATE '2024-01-01': 1} AS d,
            {'x': 1.5::DECIMAL(4, 2)} AS e, 'x'::BLOB AS f, INTERVAL 1 DAY AS g, uuid() AS h, NULL AS i, 1::HUGEINT << 100 AS j
    """

    result = ask("--json", sql)

    line = json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert result.exit_code == 0
    assert (line["a"], line["b"], line["c"], line["i"]) == (None, None, [None], None)


def test_an_answer_without_rows_is_an_answer(ask: Callable[..., Result]) -> None:
    assert ask("SELECT text FROM messages WHERE false").exit_code == 0
    assert ask("--json", "SELECT text FROM messages WHERE false").stdout == ""


@pytest.mark.parametrize(
    "sql", ["", "  ;  ", "/* nothing */", "SELEC 1", "SELECT * FROM nosuch", "SELECT 1/'x'::INT", "\x00"]
)
def test_a_mistake_is_told_in_one_line(ask: Callable[..., Result], sql: str) -> None:
    result = ask(sql)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (i INT)",
        "DROP TABLE messages",
        "DELETE FROM messages",
        "UPDATE messages SET text = ''",
        "COPY (SELECT 1) TO '{folder}/made.csv'",
        "EXPORT DATABASE '{folder}/made'",
        "ATTACH '{folder}/made.duckdb'",
        "ATTACH '{home}/warehouse.duckdb'",
        "SELECT * FROM read_text('{home}/secret.key')",
        "SELECT * FROM read_csv('{home}/secret.key')",
        "SELECT * FROM '{home}/secret.key'",
        "SELECT * FROM read_blob('{home}/inbox/*')",
        "SELECT * FROM glob('{home}/*')",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "SET lock_configuration = false",
        "SET temp_directory = '{folder}/made'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA enable_profiling = 'json'",
        "SELECT 1; DROP TABLE messages",
    ],
)
def test_a_query_can_neither_write_nor_read_another_file(
    ask: Callable[..., Result], published: Path, tmp_path: Path, sql: str
) -> None:
    before = {path: path.read_bytes() for path in published.rglob("*") if path.is_file()}

    result = ask(sql.format(home=published, folder=tmp_path))

    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert not list(tmp_path.glob("made*"))
    assert {path: path.read_bytes() for path in published.rglob("*") if path.is_file()} == before


def test_a_result_wider_than_the_terminal_is_shown_column_by_column(
    cli: Cli, home_taken_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = "a" * 100
    shown = cli("query", f"SELECT 1 AS first, '{long}' AS second, ['x', '[bold]'] AS third FROM range(2)").stdout
    lines = [line.rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("── 1 ─")
    assert lines[1:5] == ["first   1", f"second  {'a' * 72}", f"        {'a' * 28}", "third   x, [bold]"]
    assert lines[5].startswith("── 2 ─")
    assert "── 1" not in cli("query", "SELECT 1 AS first").stdout
    nothing = cli("query", "FROM ledger() LIMIT 0").stdout
    assert nothing.split()[:3] == ["No", "rows", "of"]
    assert "document_id" in nothing, "its columns are told, each in one piece"
