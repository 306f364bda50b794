"""`egregora live status` and `query`: what a person and a program see of a service that runs, and of none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from egregora_assets.cli import app
from tests.live.service import Running, client, event, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("live") / "home"
    assert CliRunner().invoke(app, ["init", "--home", str(home)]).exit_code == 0
    with running(home) as service, client(service) as sender:
        sender.ask(event("m1"))
        sender.ask(event("m2"))
        yield service


def live(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["live", *words, "--home", str(home)])


def test_status_tells_how_long_events_took_and_what_waits(service: Running) -> None:
    shown = live(service.home, "status", "--once")
    assert shown.exit_code == 0
    assert "socket" in shown.output
    assert "last event 2" in shown.output
    told = json.loads(live(service.home, "status", "--json").output)
    assert (told["sequence"], told["rows_waiting"], told["problem"]) == (2, 0, None)
    assert told["lanes"]["socket"]["stages"]["commit"]["count"] == 2


def test_a_query_is_answered_as_a_table_and_as_json_lines(service: Running) -> None:
    assert "2" in live(service.home, "query", "FROM recent_messages SELECT count(*) AS messages").output
    told = live(service.home, "query", "--json", "FROM recent_messages SELECT sequence, kind ORDER BY sequence").output
    assert [json.loads(line) for line in told.splitlines()] == [
        {"sequence": 1, "kind": "text"},
        {"sequence": 2, "kind": "text"},
    ]
    refused = live(service.home, "query", "FROM hot_events")
    assert refused.exit_code == 1
    assert "cannot be read here" in refused.output


def test_without_a_service_one_line_says_so(tmp_path: Path) -> None:
    for words in (("status",), ("query", "SELECT 1")):
        told = live(tmp_path, *words)
        assert told.exit_code == 1
        assert "no live service answers" in told.output
        assert "Traceback" not in told.output


def test_an_address_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    told = live(tmp_path, "--listen", "tcp:1234")
    assert told.exit_code == 1
    assert "unix:PATH" in told.output
