"""Whoever opens the published file with plain DuckDB can ask it by name: the ledger, open questions, decisions about a path."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish import verify
from egregora_assets.publish.macros import MACROS
from egregora_assets.publish.snapshot import PublishOutcome, publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, put_export

DAY = 1440
TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "the greenhouse needs paint, see docs/plan.md"),
    (1, "Rui Costa", "Decided: the greenhouse gets blue paint"),
    (2, "Rui Costa", "I'll order the paint for the greenhouse by Friday"),
    (40 * DAY, "Priya Raman", "Decided: barley goes into src/beds.csv"),
    (80 * DAY, "Priya Raman", "which tulips like barley beside them?"),
)


def take_in(settings: Settings, *lines: Line, suffix: str = "") -> PublishOutcome:
    put_export(settings, "Garden Club", chat(*lines), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return publish(connection, settings)


@pytest.fixture(scope="module")
def home_with_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``TALK`` is published. Tests that change it have copies."""
    settings = Settings(home=tmp_path_factory.mktemp("macros") / "home", timezone="UTC")
    make_home(settings)
    take_in(settings, *TALK)
    return settings.home


@pytest.fixture
def published(settings: Settings, home_with_talk: Path) -> Settings:
    shutil.copytree(home_with_talk, settings.home, dirs_exist_ok=True)
    return settings


@pytest.fixture
def file(home_with_talk: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file as anybody opens it: read-only, with nothing of this program."""
    with duckdb.connect(str(Settings(home=home_with_talk).snapshot_path), read_only=True) as connection:
        yield connection


def texts(connection: duckdb.DuckDBPyConnection, asked: str, *given: Any) -> list[str]:
    return [text for (text,) in rows(connection, f"SELECT text FROM {asked}", list(given))]


BLUE, ORDER, BARLEY = (
    "Decided: the greenhouse gets blue paint",
    "I'll order the paint for the greenhouse by Friday",
    "Decided: barley goes into src/beds.csv",
)


def test_the_ledger_has_decisions_and_tasks_the_newest_first(file: duckdb.DuckDBPyConnection) -> None:
    assert texts(file, "ledger()") == [BARLEY, ORDER, BLUE]
    found = rows(
        file, "SELECT kind, status, due_on::VARCHAR, slug, len(evidence) > 0 FROM ledger() WHERE kind = 'task'"
    )
    [(kind, status, due_on, slug, has_evidence)] = found
    assert (kind, status, due_on, has_evidence) == ("task", "open", "2024-03-15", True)
    assert slug in [slug for (slug,) in rows(file, "SELECT slug FROM sidecars")]


def test_the_ledger_is_asked_by_topic_assignee_and_time(file: duckdb.DuckDBPyConnection) -> None:
    assert texts(file, "ledger(topic := 'Greenhouse')") == [ORDER, BLUE]
    assert texts(file, "ledger(topic := 'nothing of the kind')") == []
    [(alias,)] = rows(file, "SELECT assignee FROM action_items")
    assert texts(file, "ledger(assignee := ?)", alias) == [ORDER]
    assert texts(file, "ledger(since := DATE '2024-04-01')") == [BARLEY]
    assert texts(file, "ledger(since := ?)", "2024-03-13 09:02:00Z") == [BARLEY, ORDER]
    assert texts(file, "ledger(topic := 'paint', since := '2024-03-13')") == [ORDER, BLUE]


def test_open_questions_are_those_without_an_answer(file: duckdb.DuckDBPyConnection) -> None:
    assert texts(file, "open_questions()") == ["which tulips like barley beside them?"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("docs/plan.md", [(BLUE, "code")]),
        ("docs", [(BLUE, "code")]),
        ("plan.md", [(BLUE, "code")]),
        ("src/beds.csv", [(BARLEY, "text")]),
        ("lan.md", []),
        ("doc", []),
        ("%", []),
    ],
)
def test_decisions_are_found_by_the_path_that_was_spoken_of(
    file: duckdb.DuckDBPyConnection, path: str, found: list[tuple[str, str]]
) -> None:
    assert rows(file, "SELECT text, found_by FROM decisions_about(?)", [path]) == found


def test_decisions_are_found_by_a_reference_to_code(published: Settings) -> None:
    with duckdb.connect(str(published.snapshot_path)) as connection:
        connection.execute("""
            INSERT INTO code_references BY NAME
            SELECT message_id, 'path' AS kind, 'painter.py:3' AS raw, 'lib/painter.py' AS path
            FROM messages WHERE starts_with(text, 'I''ll')
        """)
        for path in ("lib/painter.py", "lib", "painter.py"):
            assert rows(connection, "SELECT text, found_by FROM decisions_about(?)", [path]) == [(BLUE, "code")], path


def test_a_statement_in_a_parameter_is_a_text(file: duckdb.DuckDBPyConnection) -> None:
    assert texts(file, "ledger(topic := ?)", "x') OR true --") == []
    assert texts(file, "decisions_about(?)", "' OR '1'='1") == []
    assert texts(file, "decisions_about(?)", "") == []


def test_the_same_questions_are_answered_where_the_file_is_attached(published: Settings) -> None:
    with open_snapshot(published) as snapshot:
        assert texts(snapshot, "ledger()") == [BARLEY, ORDER, BLUE]


def test_macros_stay_when_new_messages_are_published(published: Settings) -> None:
    more: Line = (90 * DAY, "Ana Lima", "Decided: the tulips wait")
    assert not take_in(published, *TALK, more, suffix=" (1)").rebuilt
    for path in (published.public_path, published.snapshot_path):
        with duckdb.connect(str(path), read_only=True) as connection:
            assert texts(connection, "ledger()")[0] == "Decided: the tulips wait"


def test_a_file_of_an_earlier_program_is_made_anew_with_macros(published: Settings) -> None:
    for path in (published.public_path, published.snapshot_path):
        with duckdb.connect(str(path)) as earlier:
            for name in MACROS:
                earlier.execute(f"DROP MACRO TABLE {name}")
            earlier.execute("UPDATE publication SET fingerprint = '0123456789abcdef'")
    with open_warehouse(published) as connection:
        assert publish(connection, published).rebuilt
        assert verify.only_allowed_tables(connection, published).passed
    with duckdb.connect(str(published.snapshot_path), read_only=True) as connection:
        assert texts(connection, "ledger()") == [BARLEY, ORDER, BLUE]


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE MACRO who() AS 'Priya Raman'",
        "CREATE OR REPLACE MACRO open_questions() AS TABLE SELECT 'Priya Raman' AS text",
    ],
)
def test_a_macro_that_is_not_ours_is_seen(published: Settings, planted: str) -> None:
    with open_warehouse(published) as connection:
        assert verify.only_allowed_tables(connection, published).passed
    with duckdb.connect(str(published.snapshot_path)) as fault:
        fault.execute(planted)
    with open_warehouse(published) as connection:
        assert not verify.only_allowed_tables(connection, published).passed
