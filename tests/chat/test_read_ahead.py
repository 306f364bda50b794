"""Many exports are parsed by worker processes: the same rows come out, and one bad file or worker keeps none of the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from egregora_assets.chat import read_ahead
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, new_home, put_export

NAMES = ("Ana Lima", "Rui Costa", "Priya Raman")


def put_exports(settings: Settings) -> None:
    for number in range(3):
        said = ((minute, NAMES[minute % 3], f"hello {number} {minute}\nand more") for minute in range(40))
        put_export(settings, f"Garden Club {number}", chat(*said) + "13/03/2024, 99:99 - Ana Lima: never\n")
    line = {"timestamp": "2024-03-13T12:00:00Z", "id": "m1", "chat": "books", "author": "u1", "author_name": "Ana Lima"}
    (settings.inbox / "books.jsonl").write_text(json.dumps({**line, "text": "a book"}) + "\nnonsense\n")
    (settings.inbox / "broken.zip").write_bytes(b"PK\x03\x04 broken")


def take_in(settings: Settings) -> list[list[Any]]:
    with open_warehouse(settings) as connection:
        outcomes = ingest(connection, settings)
        tables = [
            "SELECT local_time, kind, text, position FROM messages ORDER BY ALL",
            "SELECT byte_offset, reason, raw FROM quarantine ORDER BY ALL",
            "SELECT file_name, status, messages, added, quarantined FROM exports ORDER BY ALL",
            "SELECT raw_name FROM private.author_names ORDER BY ALL",
        ]
        return [[str(outcome.problem) for outcome in outcomes], *(rows(connection, table) for table in tables)]


@pytest.fixture
def always_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "WORTH_BYTES", 0)
    monkeypatch.setattr(read_ahead, "_cores", lambda: 2)


@pytest.mark.usefixtures("always_ahead")
def test_workers_read_what_one_process_reads(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed_here: list[Path] = []
    monkeypatch.setattr(read_ahead, "parse", lambda path, _: parsed_here.append(path))
    put_exports(settings)
    by_workers = take_in(settings)
    assert parsed_here == []
    monkeypatch.undo()
    with new_home() as alone:
        put_exports(alone)
        assert take_in(alone) == by_workers
    assert [path.name for path in settings.home.iterdir() if path.name.startswith(".reading-")] == []


@pytest.mark.usefixtures("always_ahead")
def test_exports_are_read_without_workers_when_those_die(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put_exports(settings)
    monkeypatch.setattr(read_ahead, "_parse_into", die)
    problems, messages, *_ = take_in(settings)
    assert len(messages) == 3 * 40 + 1
    assert [problem for problem in problems if problem != "None"] == [problems[-1]]


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_ends_when_the_process_that_started_it_is_gone() -> None:
    orphan = (
        "import os, time; from egregora_assets.chat.read_ahead import _end_with; _end_with(os.getpid()); time.sleep(60)"
    )
    assert subprocess.run([sys.executable, "-c", orphan], timeout=30, check=False).returncode == 1


@pytest.mark.usefixtures("always_ahead")
def test_what_a_killed_run_has_left_is_removed(settings: Settings) -> None:
    left = settings.home / ".reading-abc"
    left.mkdir()
    (left / "private.arrow").write_text("words")
    put_exports(settings)
    take_in(settings)
    assert not left.exists()
