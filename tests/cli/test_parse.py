"""`egregora parse`: rows on standard output, one summary on standard error, and nothing written anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Cli = Callable[..., Result]
Command = Callable[..., "subprocess.CompletedProcess[str]"]
KEYS = ["timestamp", "author", "kind", "text", "attachment"]
CHAT = """\
13/02/2024, 10:00 - Messages and calls are end-to-end encrypted.
13/02/2024, 10:00 - Ana: hello
and a second line
13/02/2024, 10:01 - Bo: IMG-20240213-WA0001.jpg (file attached)
"""
AMBIGUOUS = "01/02/2024, 10:00 - Ana: one\n03/04/2024, 10:01 - Bo: two\n"


def lines_of(result: subprocess.CompletedProcess[str] | Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def summary_of(result: subprocess.CompletedProcess[str] | Result) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(result.stderr.splitlines()[-1])
    return summary


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.txt"
    path.write_text(CHAT, "utf-8")
    return path


def test_each_message_is_one_json_line_and_the_summary_comes_last_on_standard_error(
    command: Command, chat: Path
) -> None:
    result = command("parse", chat)

    rows = lines_of(result)
    assert result.returncode == 0
    assert all(list(row)[: len(KEYS)] == KEYS for row in rows)
    assert rows[1] == {
        **rows[1],
        "timestamp": "2024-02-13T10:00:00",
        "author": "Ana",
        "text": "hello\nand a second line",
    }
    assert rows[0]["author"] is None
    assert rows[2]["attachment"] == "IMG-20240213-WA0001.jpg"
    assert all("sent_at" not in row for row in rows)
    assert summary_of(result)["messages"] == len(rows)
    assert summary_of(result)["quarantined"] == 0


def test_parsing_makes_no_home_and_needs_none(command: Command, chat: Path, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if path != tmp_path / "elsewhere")

    result = command("parse", chat, EGREGORA_HOME=str(tmp_path / "nowhere"), EGREGORA_WAREHOUSE__THREADS="nonsense")

    assert result.returncode == 0
    assert sorted(path for path in tmp_path.rglob("*") if path != tmp_path / "elsewhere") == before


def test_a_time_zone_adds_the_moment_in_utc(cli: Cli, chat: Path) -> None:
    rows = lines_of(cli("parse", chat, "--timezone", "America/Sao_Paulo"))

    assert {row["timestamp"] for row in rows} == {"2024-02-13T10:00:00", "2024-02-13T10:01:00"}
    assert [row["sent_at"] for row in rows] == ["2024-02-13T13:00:00Z", "2024-02-13T13:00:00Z", "2024-02-13T13:01:00Z"]


def test_an_unknown_time_zone_is_told_in_one_line(cli: Cli, chat: Path) -> None:
    result = cli("parse", chat, "--timezone", "Nowhere/Land")

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Nowhere/Land" in result.stderr


@pytest.mark.parametrize(("option", "first"), [("--day-first", "2024-02-01"), ("--month-first", "2024-01-02")])
def test_where_no_date_tells_day_from_month_the_user_does(cli: Cli, tmp_path: Path, option: str, first: str) -> None:
    (tmp_path / "ambiguous.txt").write_text(AMBIGUOUS)

    refused, read = cli("parse", tmp_path / "ambiguous.txt"), cli("parse", tmp_path / "ambiguous.txt", option)

    assert refused.exit_code == 1
    assert "--day-first" in refused.stderr
    assert refused.stdout == ""
    assert lines_of(read)[0]["timestamp"].startswith(first)


def test_what_could_not_be_taken_as_it_is_stands_in_the_summary(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_bytes(CHAT.encode() + b"13/02/2024, 10:03 - Ana: caf\xe9\n")

    result = cli("parse", tmp_path / "chat.txt")

    summary = summary_of(result)
    assert result.exit_code == 0
    assert summary["quarantined"] == len(summary["pieces"]) == sum(summary["reasons"].values()) == 1
    assert summary["pieces"][0]["byte_offset"] == len(CHAT.encode())


def test_what_is_no_export_is_told_in_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not a ZIP")
    (tmp_path / "prose.txt").write_text("Dear diary,\n")

    for path in (tmp_path / "broken.zip", tmp_path / "prose.txt", tmp_path / "missing.zip", tmp_path):
        result = cli("parse", path)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(shutil.which("head") is None, reason="there is no `head` here")
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(CHAT * 20_000, "utf-8")

    parsing = subprocess.Popen(
        [sys.executable, "-m", "egregora_assets.cli", "parse", str(tmp_path / "long.txt")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert parsing.stdout
    first = subprocess.run(["head", "-1"], stdin=parsing.stdout, capture_output=True, check=True).stdout
    parsing.stdout.close()
    _, complaint = parsing.communicate(timeout=120)

    assert json.loads(first)["kind"] == "system"
    assert complaint == b""
