"""Who asks about a file is told what was said of it under all its names, and of no other file that had one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from egregora_assets.authors import gate
from egregora_assets.config import Settings
from egregora_assets.git_history.discussions import Lines, discussions_of
from egregora_assets.git_history.history import Place, versions_of
from egregora_assets.git_history.resolver import resolved
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import with_privacy
from tests.git_history.git_streams import HOUR
from tests.git_history.repositories import history
from tests.git_history.talk import NINE, SAID, WEB, write_memory
from tests.git_history.test_sync import read
from tests.homes import ready_warehouse

TEXTS = [text for _, _, text in SAID]
APP = Place("app", "main")


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGREGORA_TIMEZONE", "UTC")
        return write_memory(tmp_path_factory.mktemp("talk") / "home")


@pytest.fixture
def connection(memory: tuple[Settings, list[str]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(memory[0]) as connection:
        yield connection


def texts(connection: duckdb.DuckDBPyConnection, path: str, lines: Lines | None = None) -> list[str]:
    return [one.text for one in discussions_of(connection, path, lines=lines)]


def test_talk_about_the_old_name_counts_and_talk_about_its_successor_does_not(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert texts(connection, "docs/plan.md") == [TEXTS[4], TEXTS[3], TEXTS[2], TEXTS[1]]
    assert texts(connection, "src/main.py") == [TEXTS[2]]
    assert texts(connection, "notes.bin") == texts(connection, "no/such/file") == []


def test_a_name_that_two_files_had_brings_the_talk_about_both(connection: duckdb.DuckDBPyConnection) -> None:
    assert texts(connection, "plan.txt") == [TEXTS[5], TEXTS[4], TEXTS[3], TEXTS[2], TEXTS[1]]


@pytest.mark.parametrize(
    ("lines", "told"),
    [((1, 4), [3]), ((5, 5), [3, 1]), ((20, 30), [3, 2]), ((30, 20), [3, 2]), ((14, 14), [4, 3, 2]), ((21, 99), [3])],
)
def test_lines_are_those_that_were_named_and_no_lines_mean_the_whole_file(
    connection: duckdb.DuckDBPyConnection, lines: Lines, told: list[int]
) -> None:
    assert texts(connection, "docs/plan.md", lines) == [TEXTS[number] for number in told]


def test_a_discussion_says_what_was_meant_and_where_it_stands(
    connection: duckdb.DuckDBPyConnection, memory: tuple[Settings, list[str]]
) -> None:
    newest, moved, _, oldest = discussions_of(connection, "docs/plan.md", "app")
    ((slug,),) = rows(connection, "SELECT DISTINCT slug FROM documents")
    shas = memory[1]
    assert newest.slug == moved.slug == slug
    assert newest.author is not None
    assert newest.author.startswith("member-")
    assert (newest.said, newest.path, newest.sha) == ("docs/plan.md:12, docs/plan.md:14", "docs/plan.md", shas[4])
    assert newest.permalink == f"{WEB}/blob/{shas[4]}/docs/plan.md?plain=1#L12"
    assert (moved.said, moved.path, moved.sha) == ("plan.txt", "docs/plan.md", shas[3])
    assert (oldest.path, oldest.sha, oldest.sent_at.timestamp()) == ("plan.txt", shas[1], NINE + 1.5 * HOUR)
    assert discussions_of(connection, "docs/plan.md", "other") == []


def test_a_file_has_its_versions_under_all_its_names_and_how_many_spoke_of_each(
    connection: duckdb.DuckDBPyConnection, memory: tuple[Settings, list[str]]
) -> None:
    shas = memory[1]
    told = [
        (version.sha, version.status, version.path, version.old_path, version.messages)
        for version in versions_of(connection, APP, "docs/plan.md")
    ]
    moved = [
        (shas[4], "M", "docs/plan.md", None, 1),
        (shas[3], "R", "docs/plan.md", "plan.txt", 1),
        (shas[2], "M", "plan.txt", None, 1),
        (shas[1], "A", "plan.txt", None, 1),
    ]
    assert told == moved
    assert [version[1:4] for version in versions_of(connection, APP, "plan.txt")] == [
        (shas[5], "A", "plan.txt"),
        *[version[:3] for version in moved],
    ]
    removed, added = versions_of(connection, APP, "src/main.py")
    assert (removed.sha, removed.status, removed.blob, removed.subject) == (shas[6], "D", None, "Step 6")
    assert (added.eff_at is not None and added.eff_at.timestamp(), added.messages) == (NINE + HOUR, 1)
    assert versions_of(connection, APP, "no/such/file") == []


def test_who_opts_out_is_no_longer_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGREGORA_TIMEZONE", "UTC")
    settings, _ = write_memory(tmp_path / "home")
    with open_warehouse(settings) as connection:
        gate.refresh(connection, with_privacy(settings, opt_out=("Bo",)))
        assert texts(connection, "docs/plan.md") == [TEXTS[4], TEXTS[1]]
        assert [version.messages for version in versions_of(connection, APP, "docs/plan.md")] == [1, 0, 0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_history_and_look_ups_follow_the_same_renames(seed: int, tmp_path: Path) -> None:
    """Whatever a look-up today says that a lost path has become is in the history of both names."""
    history(tmp_path / "repository", 60, seed)
    place = Place("one", "main")
    with ready_warehouse() as connection:
        read(connection, tmp_path / "repository", tmp_path / "shadows")
        asked = """
            SELECT row_number() OVER () AS id, 'one' AS repo, 'main' AS branch, path, '9000-01-01'::TIMESTAMPTZ AS time
            FROM (SELECT DISTINCT path FROM git_path_versions WHERE branch = 'main' ORDER BY path)
        """
        with resolved(connection, asked, exact=True):
            known = rows(
                connection,
                f"SELECT a.path, r.state, r.path, changed_in FROM ({asked}) a JOIN resolved_paths r USING (id)",
            )
        assert {state for _, state, _, _ in known} >= {"present", "absent", "renamed"}
        for name, state, found, changed_in in known:
            versions = versions_of(connection, place, name)
            steps = [(version.path, version.sha) for version in versions]
            assert (found, changed_in) in steps or state == "renamed", (name, state)
            assert found in {version.path for version in versions}, (name, state)
            assert len(set(steps)) == len(steps)
            times = [version.eff_at for version in versions]
            assert times == sorted(times, reverse=True)
            if state == "renamed":
                back = {version.path for version in versions_of(connection, place, found)}
                assert name in back, (name, found)
