"""`egregora search`: what it shows of the sample chats, and what it says when there is nothing to search."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from tests.cli.conftest import Ingested

Cli = Callable[..., Result]


@pytest.fixture
def search(cli: Cli, taken_in: Ingested) -> Callable[..., Result]:
    return lambda *arguments: cli("search", "--home", taken_in.home, *arguments)


def test_before_the_first_publication_the_user_is_told_what_to_do(cli: Cli) -> None:
    result = cli("search", "door")

    assert result.exit_code == 1
    assert "egregora ingest" in result.stderr


def test_a_search_shows_what_was_said_and_cannot_command_the_terminal(search: Callable[..., Result]) -> None:
    shown = search("hello red naive backslash", "--explain", "--context", 1)

    assert shown.exit_code == 0
    assert "hello [bold]there[/bold]" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "words 1" in shown.stdout
    assert search("unheard").stdout == "Nothing was found.\n"


def test_json_has_all_of_a_result(search: Callable[..., Result]) -> None:
    (one,) = [json.loads(line) for line in search("naive", "--json", "--context", 5, "--explain").stdout.splitlines()]

    assert one["text"].startswith("naïve 🎉")
    assert [one["snippet"][begin:end] for begin, end in one["marks"]] == ["naïve"]
    assert one["before"][0]["text"] == "hello [bold]there[/bold]"
    assert one["places"]["words"]["rank"] == 1
    (again,) = search("--more-like", one["message_id"], "--json", "--limit", 1).stdout.splitlines() or ["{}"]
    assert json.loads(again).get("message_id") != one["message_id"]


def test_filters_are_told_by_options(search: Callable[..., Result]) -> None:
    def found(*options: object) -> int:
        return len(search("hello naive 31mred", "--json", *options).stdout.splitlines())

    assert found() == 3
    assert found("--since", "2024-02-13T10:01") == 2
    assert found("--until", "2024-02-12") == 0
    assert found("--source", "garden-club", "--source", "none", "--limit", 2) == 2
    assert found("--kind", "media") == found("--has-media") == found("--has-code") == 0
    assert found("--author", "member-0000000000") == 0


@pytest.mark.parametrize("wrong", [(), ("a", "--more-like", "0" * 32), ("a", "--since", "soon"), ("--more-like", "x")])
def test_wrong_options_are_explained(search: Callable[..., Result], wrong: tuple[str, ...]) -> None:
    assert search(*wrong).exit_code == 2


def test_a_message_that_is_not_shown_is_like_none(search: Callable[..., Result]) -> None:
    result = search("--more-like", "0" * 32)

    assert result.exit_code == 1
    assert "no message that is shown" in result.stderr


def test_sql_can_search(cli: Cli, taken_in: Ingested) -> None:
    sql = "SELECT rank, text FROM search('naive') JOIN messages USING (message_id)"
    result = cli("query", "--home", taken_in.home, "--json", sql)

    assert json.loads(result.stdout)["rank"] == 1
