"""`egregora decisions`, `tasks`, `questions` and `conversations`: what they show, and what they say when there is nothing."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import make_home, open_warehouse
from tests.chats import Line, chat, put_export
from tests.cli.conftest import Cli

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "where do we put the [bold]greenhouse[/bold] paint?"),
    (1, "Rui Costa", "Decided: the greenhouse gets \x1b[31mblue\x1b[0m paint, see docs/plan.md"),
    (2, "Rui Costa", "I'll order the paint for the greenhouse by Friday"),
    (50000, "Priya Raman", "I'll sow the clover"),
    (50001, "Priya Raman", "I'll water the beans tomorrow"),
    (60000, "Priya Raman", "I propose barley for the third bed"),
    (120000, "Priya Raman", "which tulips like barley beside them?"),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("outcomes") / "home", timezone="UTC")
    make_home(settings)
    put_export(settings, "Garden Club", chat(*TALK))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    return settings.home


@pytest.mark.parametrize("command", ["decisions", "tasks", "questions", "conversations"])
def test_before_the_first_publication_the_user_is_told_what_to_do(cli: Cli, command: str) -> None:
    result = cli(command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "egregora ingest" in result.stderr


@pytest.mark.parametrize("command", ["decisions", "tasks", "questions", "conversations"])
def test_a_snapshot_of_an_earlier_program_is_told_in_one_line(cli: Cli, home: Path, command: str) -> None:
    (home / "published").mkdir(parents=True)
    with duckdb.connect(str(home / "published" / "snapshot.duckdb")) as earlier:
        earlier.execute("CREATE TABLE decisions (text VARCHAR)")
    result = cli(command)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "egregora ingest" in result.stderr


def test_a_status_that_there_is_none_of_is_refused_with_those_that_there_are(cli: Cli, published: Path) -> None:
    result = cli("decisions", "--home", published, "--status", "bogus")
    assert result.exit_code == 2
    assert "revoked" in result.stderr


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ((), ["barley", "order", "blue"]),
        (("--status", "proposed"), ["barley"]),
        (("--status", "open"), ["order"]),
        (("--kind", "decision"), ["barley", "blue"]),
        (("--topic", "paint"), ["order", "blue"]),
        (("--since", "2024-04-01"), ["barley"]),
        (("--source", "garden-club"), ["barley", "order", "blue"]),
        (("--assignee", "nobody"), []),
        (("--about", "docs/plan.md"), ["blue"]),
        (("--limit", 1), ["barley"]),
    ],
)
def test_the_ledger_is_shown_as_it_is_asked_for(
    cli: Cli, published: Path, options: tuple[object, ...], texts: list[str]
) -> None:
    lines = [json.loads(line) for line in cli("decisions", "--home", published, "--json", *options).stdout.splitlines()]
    assert [word for line in lines for word in ("barley", "order", "blue") if word in line["text"]] == texts
    shown = cli("decisions", "--home", published, *options)
    assert shown.exit_code == 0
    assert all(word in shown.stdout for word in texts)
    assert texts or "Nothing was found." in shown.stdout
    assert "\x1b" not in shown.stdout


def test_questions_are_shown_open_or_answered(cli: Cli, published: Path) -> None:
    everything = cli("questions", "--home", published).stdout
    assert "tulips" in everything
    assert "[bold]greenhouse[/bold]" in everything
    (opened,) = cli("questions", "--home", published, "--open", "--json").stdout.splitlines()
    assert json.loads(opened)["answer"] is None
    (answered,) = cli("questions", "--home", published, "--answered", "--topic", "paint", "--json").stdout.splitlines()
    assert json.loads(answered)["evidence"]
    assert cli("questions", "--home", published, "--since", "2030-01-01", "--json").stdout == ""


def test_conversations_are_shown_by_their_rank(cli: Cli, published: Path) -> None:
    lines = [json.loads(line) for line in cli("conversations", "--home", published, "--json").stdout.splitlines()]
    assert [line["rank"] for line in lines] == [1, 2, 3, 4]
    assert lines[0]["explanation"] in cli("conversations", "--home", published).stdout


def test_a_query_has_the_same_questions(cli: Cli, published: Path) -> None:
    for macro in ("ledger()", "open_questions()", "decisions_about('docs/plan.md')", "conversations()"):
        assert cli("query", "--home", published, "--json", f"FROM {macro}").stdout.startswith("{"), macro


def test_a_day_that_is_none_is_told(cli: Cli, published: Path) -> None:
    result = cli("decisions", "--home", published, "--since", "yesterday")
    assert result.exit_code == 2
    assert "2024-03-13" in result.stderr


def test_tasks_are_shown_open_ones_first_by_the_day_on_which_they_are_due(cli: Cli, published: Path) -> None:
    lines = [json.loads(line) for line in cli("tasks", "--home", published, "--json").stdout.splitlines()]
    assert [line["text"].split()[-1] for line in lines] == ["Friday", "tomorrow", "clover"]
    assert [line["due_on"] for line in lines] == ["2024-03-15", "2024-04-18", None]
    shown = cli("tasks", "--home", published, "--open", "--topic", "paint").stdout
    assert "open, member-" in shown
    assert "due 2024-03-15" in shown
    assert "clover" not in shown
    assert "Nothing was found." in cli("tasks", "--home", published, "--done").stdout


@pytest.mark.parametrize("command", ["decisions", "tasks", "questions", "conversations"])
def test_a_chat_that_there_is_none_of_is_refused_with_those_that_there_are(
    cli: Cli, published: Path, command: str
) -> None:
    result = cli(command, "--home", published, "--source", "nope")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no chat 'nope'" in result.stderr
    assert "garden-club" in result.stderr


@pytest.mark.parametrize("arguments", [("decisions", "--topic"), ("questions", "--source"), ("search",), ("query",)])
def test_bytes_that_are_no_text_are_told_in_our_own_words(
    cli: Cli, published: Path, arguments: tuple[str, ...]
) -> None:
    result = cli(*arguments, "\udcff", "--home", published)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no text in UTF-8" in result.stderr
