"""`kill -9` while a model is asked: what was answered is not asked again, and every document has its sidecar."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from egregora_assets.config import Settings
from egregora_assets.sidecar.language_model import journal
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.sidecar.language_model.conftest import DOCUMENTS
from tests.sidecar.language_model.service import Answer, Lines, Service, well
from tests.sidecar.language_model.test_reading import by_model, read, written

CHILD = """
import os, signal, sys
from pathlib import Path
from egregora_assets.config import load_settings
from egregora_assets.sidecar.language_model import journal, reading
from egregora_assets.warehouse.files import open_warehouse

settings = load_settings(sys.argv[1])
if sys.argv[2] == "before the journal goes":
    journal.remove = lambda _: os.kill(os.getpid(), signal.SIGKILL)
reading.refresh(lambda: open_warehouse(settings), settings)
"""
AT_ONCE = 3


@contextmanager
def child(home: Settings, moment: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(home.home), moment]) as process:
        yield process
        process.kill()


def in_journal(home: Settings) -> list[str]:
    return [answer.request for answer in journal.read(home.language_model_journal)]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("after the first", marks=pytest.mark.slow),
        pytest.param("in the middle", marks=pytest.mark.slow),
        pytest.param("in a line", marks=pytest.mark.slow),
        "before the journal goes",
    ],
)
def test_what_was_answered_is_never_asked_again(
    talk: Settings, service: Service, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    service.usual = lambda lines: slow(lines)
    home = service.settings(talk, concurrency=AT_ONCE)
    told = f'[language_model]\nmodel = "small"\nurl = "{service.url}"\nconcurrency = {AT_ONCE}\n'
    (home.home / "egregora.toml").write_text(told)
    written(home)
    wanted = {"after the first": 1, "in the middle": DOCUMENTS // 2, "in a line": DOCUMENTS // 2}.get(moment, DOCUMENTS)
    with child(home, moment) as process:
        while process.poll() is None and (len(in_journal(home)) < wanted or moment == "before the journal goes"):
            time.sleep(0.005)
        process.kill()
        process.wait()
    assert home.language_model_journal.stat().st_mode & 0o777 == 0o600
    if moment == "in a line":
        content = home.language_model_journal.read_bytes()
        home.language_model_journal.write_bytes(content + content.splitlines()[-1][:60])
    kept = set(in_journal(home))
    assert len(kept) >= wanted
    service.usual = well
    outcome = read(home)

    asked = Counter(headers["idempotency-key"].rpartition("-")[0] for headers in service.headers)
    assert outcome.left == 0
    assert {asked[request] for request in kept} == {1}, "what the journal had was not asked again"
    assert sum(asked.values()) <= DOCUMENTS + AT_ONCE, "at most what was under way was asked twice"
    with open_warehouse(home) as connection:
        spent = rows(connection, "SELECT count(*), count(DISTINCT answer_id) FROM private.language_model_spending")
        answers = rows(connection, "SELECT count(*), count(DISTINCT request) FROM private.language_model_answers")
    assert spent == answers == [(DOCUMENTS, DOCUMENTS)], "nothing is counted twice"
    assert not home.language_model_journal.exists()
    assert len(by_model(home)) == DOCUMENTS


def slow(lines: Lines) -> Answer:
    return Answer(well(lines).body, seconds=0.05)
