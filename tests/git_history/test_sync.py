"""Every repository, however odd, is read whole, by increments as at once, and nothing that it configures is run."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from egregora_assets.config import WarehouseSettings
from egregora_assets.git_history import resolver, sync
from egregora_assets.git_history.repositories import Source
from egregora_assets.warehouse.query import rows, scalar, view_of
from tests.git_history import oracle
from tests.git_history.git_streams import Content, Stream, git, lines, new_repository
from tests.git_history.repositories import CASES, Case, Shares, force_move, grow, history
from tests.homes import ready_warehouse
from tests.properties import seeds

TABLES = {
    "git_commits": "* EXCLUDE (revision)",
    "git_commit_parents": "* EXCLUDE (revision)",
    "git_file_changes": "* EXCLUDE (revision)",
    "git_renames": "* EXCLUDE (revision)",
    "git_timeline": "* EXCLUDE (revision)",
    "git_landed": "* EXCLUDE (revision)",
    "git_path_versions": "* EXCLUDE (revision)",
    "git_refs": "* EXCLUDE (revision)",
    "git_undecided": "* EXCLUDE (revision)",
    "git_lacking": "*",
}
OF_COMMITS = ("git_commits", "git_commit_parents", "git_file_changes", "git_renames", "git_undecided")
"""Tables in which commits stay that no ref reaches any more."""


def read(connection: duckdb.DuckDBPyConnection, path: Path, shadows: Path) -> sync.GitChanges:
    shadows.mkdir(exist_ok=True)
    return sync.refresh(connection, Source("one", path), shadows)


def state(connection: duckdb.DuckDBPyConnection, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return all rows of the git tables, in order."""
    return {
        table: sorted(map(repr, rows(connection, f"SELECT {columns} FROM {table}")))
        for table, columns in TABLES.items()
        if table not in without
    }


@oracle.standing_still()
def assert_as_the_oracle_says(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    assert {sha for (sha,) in rows(connection, "SELECT sha FROM git_commits")} == oracle.all_commits(path)
    parents = rows(connection, "SELECT sha, list(parent ORDER BY parent_no) FROM git_commit_parents GROUP BY sha")
    named = {sha: given for sha, given in oracle.all_parents(path).items() if given}
    assert {sha: tuple(given) for sha, given in parents} == named
    changes = rows(
        connection,
        "SELECT sha, coalesce(path_bytes, encode(path)), status, old_mode, new_mode, old_blob, new_blob FROM git_file_changes",
    )
    told = [
        (row.sha, row.path, row.status, int(row.old_mode or 0), int(row.new_mode or 0), row.old_blob, row.new_blob)
        for row in oracle.change_rows(path)
    ]
    assert sorted(changes, key=repr) == sorted(told, key=repr)


def assert_same_look_ups(
    connection: duckdb.DuckDBPyConnection, path: Path, branch: str, most: int = 40, missing: str = ""
) -> None:
    """Ask for paths that are or were there, at and around the times of the steps, and compare with the oracle.

    Where a folder is missing, what the step did may stay unknown though a later tree tells it.
    """
    steps = [at for _, at in oracle.chain(path, branch) if at is not None]
    paths = [
        name
        for (name,) in rows(
            connection, "SELECT DISTINCT path FROM git_path_versions WHERE path NOT LIKE '%\\%' ORDER BY 1"
        )
    ]
    asked = [
        (name, at + late) for name in [*paths, "no/such/file"] for at in [*steps[:1], *steps] for late in (-1, 0, 1)
    ]
    asked = random.Random(7).sample(asked, min(most, len(asked)))
    found_all = answers(connection, branch, asked)
    with oracle.standing_still():
        for (name, at), found in zip(asked, found_all, strict=True):
            allowed = [(one.state, one.tip, one.blob) for one in oracle.look_ups(path, branch, name, at)]
            assert found in allowed or (missing == "trees" and found[0] == "unknown"), (name, at)


def answers(connection: duckdb.DuckDBPyConnection, branch: str, asked: list[tuple[str, int]]) -> list[tuple[Any, ...]]:
    questions = pa.table(
        {
            "id": pa.array(range(len(asked)), pa.int64()),
            "repo": pa.array(["one"] * len(asked)),
            "branch": pa.array([branch] * len(asked)),
            "path": pa.array([name for name, _ in asked], pa.string()),
            "time": pa.array([datetime.fromtimestamp(at, UTC) for _, at in asked], pa.timestamp("us", "UTC")),
        }
    )
    with (
        view_of(connection, "questions", questions),
        resolver.resolved(connection, "SELECT * FROM questions", exact=True),
    ):
        return rows(connection, "SELECT state, tip, blob FROM resolved_paths ORDER BY id")


def assert_read(connection: duckdb.DuckDBPyConnection, case: Case, shadows: Path) -> None:
    assert read(connection, case.path, shadows).repositories == 1
    assert_as_the_oracle_says(connection, case.path)
    assert scalar(connection, "SELECT count(*) FROM git_commits") == case.commits
    assert scalar(connection, "SELECT count(*) FROM git_file_changes") == case.changes
    assert {sha for (sha,) in rows(connection, "SELECT sha FROM git_commits WHERE is_boundary")} >= set(case.boundary)
    if case.default_branch:
        assert rows(connection, "SELECT branches FROM git_repos") == [([case.default_branch],)]
        timeline = rows(connection, "SELECT sha, epoch(eff_at)::BIGINT FROM git_timeline ORDER BY seq")
        assert timeline == oracle.chain(case.path, case.default_branch)
        assert_same_look_ups(connection, case.path, case.default_branch, missing=case.missing)
    else:
        assert scalar(connection, "SELECT count(*) FROM git_timeline WHERE branch <> 'HEAD'") == 0
    assert not [trace for trace in case.traces if trace.exists()]


@pytest.mark.parametrize("name", CASES)
def test_every_odd_repository_is_read_as_it_is(name: str, tmp_path: Path) -> None:
    built = tmp_path / "case"
    built.mkdir()
    case = CASES[name](built)
    with ready_warehouse() as connection:
        assert_read(connection, case, tmp_path / "shadows")
        before = state(connection)
        assert read(connection, case.path, tmp_path / "shadows") == sync.GitChanges(1), "nothing is new"
        assert state(connection) == before
        while case.later:
            case = case.later()
            assert_read_later(connection, case, tmp_path)


def assert_read_later(connection: duckdb.DuckDBPyConnection, case: Case, tmp_path: Path) -> None:
    """Commits that no ref reaches any more stay; all else is as if the repository had been read for the first time."""
    read(connection, case.path, tmp_path / "shadows")
    with ready_warehouse() as fresh:
        read(fresh, case.path, tmp_path / "fresh")
        assert_as_the_oracle_says(fresh, case.path)
        followed, anew = state(connection), state(fresh)
        for table in ("git_timeline", "git_landed", "git_path_versions", "git_refs"):
            assert followed[table] == anew[table], table
        for table in ("git_commits", "git_commit_parents", "git_file_changes", "git_renames"):
            assert set(anew[table]) <= set(followed[table]), table


@seeds(3, 1)
def test_increments_give_the_rows_of_one_full_reading(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 30, seed)
    with ready_warehouse() as connection, ready_warehouse() as fresh:
        read(connection, path, tmp_path / "shadows")
        for number in range(4):
            grow(path, 8, seed * 10 + number)
            assert read(connection, path, tmp_path / "shadows").commits > 0
        read(fresh, path, tmp_path / "fresh")
        assert state(connection) == state(fresh)
        assert_as_the_oracle_says(connection, path)
        assert_same_look_ups(connection, path, "main", most=80)


@seeds(3, 1)
def test_a_branch_that_was_moved_is_followed_and_its_old_commits_stay(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 30, seed)
    with ready_warehouse() as connection, ready_warehouse() as fresh:
        read(connection, path, tmp_path / "shadows")
        kept = {sha for (sha,) in rows(connection, "SELECT sha FROM git_commits")}
        old, new = force_move(path, seed=seed)
        read(connection, path, tmp_path / "shadows")
        read(fresh, path, tmp_path / "fresh")
        followed, anew = state(connection), state(fresh)
        for table in ("git_timeline", "git_landed", "git_path_versions", "git_refs"):
            assert followed[table] == anew[table], table
        assert kept <= {sha for (sha,) in rows(connection, "SELECT sha FROM git_commits")}
        events = "SELECT old_sha, new_sha FROM git_ref_events WHERE ref = 'refs/heads/main' ORDER BY revision"
        assert rows(connection, events)[-1] == (old, new)
        assert_same_look_ups(connection, path, "main")


@seeds(6, 2)
def test_branches_moved_by_force_away_from_merges_and_back_leave_the_rows_of_one_full_reading(
    seed: int, tmp_path: Path
) -> None:
    path, rng = tmp_path / "repository", random.Random(seed)
    history(path, 50, seed, Shares(merge=0.45, rename=0.4, delete=0.2, odd=0))
    every = git(path, "rev-list", "--all").decode().split()
    merges = git(path, "rev-list", "--all", "--min-parents=2").decode().split()
    git(path, "update-ref", "refs/heads/kept", every[0])
    branches = ("main", "dev") if seed % 2 else ("main",)
    shadows, source = tmp_path / "shadows", Source("one", path, branches)
    shadows.mkdir()
    with ready_warehouse() as connection:
        for _ in range(6):
            for branch in branches:
                if rng.random() < 0.8:
                    git(path, "update-ref", f"refs/heads/{branch}", rng.choice(rng.choice((every, merges))))
            sync.refresh(connection, source, shadows)
            with ready_warehouse() as fresh:
                sync.refresh(fresh, source, shadows)
                assert_same_but_for_what_no_ref_reaches(connection, fresh, path)


def assert_same_but_for_what_no_ref_reaches(
    followed: duckdb.DuckDBPyConnection, fresh: duckdb.DuckDBPyConnection, path: Path
) -> None:
    reached = oracle.all_commits(path)
    for table, columns in TABLES.items():
        of_reached = "WHERE list_contains($reached, sha)" if table in OF_COMMITS else "WHERE $reached IS NOT NULL"
        sql = f"SELECT {columns} FROM {table} {of_reached}"
        one, other = (sorted(map(repr, rows(it, sql, {"reached": sorted(reached)}))) for it in (followed, fresh))
        assert one == other, table


def test_a_repository_that_cannot_be_read_is_told_and_keeps_none_of_the_others(tmp_path: Path) -> None:
    history(tmp_path / "good", 5, 1)
    (tmp_path / "empty").mkdir()
    sources = [
        Source("gone", tmp_path / "gone"),
        Source("empty", tmp_path / "empty"),
        Source("good", tmp_path / "good"),
    ]
    (tmp_path / "shadows").mkdir()
    with ready_warehouse() as connection:
        outcome = sync.refresh_all(connection, sources, tmp_path / "shadows")
        assert outcome.repositories == 1
        assert [problem.partition(":")[0] for problem in outcome.problems] == ["repository gone", "repository empty"]
        assert scalar(connection, "SELECT count(*) FROM git_commits") == 5


def test_a_history_that_is_too_long_for_little_memory_is_read_with_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "repository"
    history(path, 60, 3)
    monkeypatch.setattr(sync, "_LITTLE_MEMORY", "2MB")
    caplog.set_level("INFO")
    limits = WarehouseSettings(temp_directory=tmp_path)
    with ready_warehouse() as connection, ready_warehouse() as plain:
        default = scalar(connection, "SELECT current_setting('memory_limit')")
        sync.refresh(connection, Source("one", path), tmp_path / "shadows", limits=limits)
        read(plain, path, tmp_path / "shadows")
        assert "too long for 2MB" in caplog.text
        assert state(connection) == state(plain)
        assert scalar(connection, "SELECT current_setting('memory_limit')") == default


def test_renames_that_an_octopus_merge_brought_are_found_on_each_of_its_branches(tmp_path: Path) -> None:
    """The files are then so changed that only the commits on the branches tell what became of them."""
    path, stream = tmp_path / "repository", Stream()
    names = ("one", "two", "three")
    root = stream.commit({f"{name}.txt": lines(name, 40) for name in names})
    tips, merged = list[int | str](), dict[str, Content]()
    for name in names:
        branch, kept = f"topic-{name}", lines(name, 40)
        stream.commit({f"{name}.txt": None, f"{name}-a.txt": kept + "more\n"}, branch=branch, parents=[root])
        stream.commit({f"{name}-a.txt": None, f"docs/{name}.txt": kept + "more\n"}, branch=branch)
        tips.append(stream.commit({f"docs/{name}.txt": lines(f"other {name}", 400)}, branch=branch))
        merged |= {f"{name}.txt": None, f"docs/{name}.txt": lines(f"other {name}", 400)}
    main = stream.commit({"else.txt": "1\n"}, parents=[root])
    octopus = stream.commit(merged, parents=[main, *tips])
    nested = stream.commit({"else.txt": "2\n"}, branch="late", parents=[main])
    stream.commit({"else.txt": "2\n"}, parents=[octopus, nested, tips[0]])
    shas = stream.write(new_repository(path))
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        found = rows(
            connection, "SELECT old_path, new_path FROM git_renames WHERE sha = ? ORDER BY old_path", [shas[octopus]]
        )
        assert found == sorted((f"{name}.txt", f"docs/{name}.txt") for name in names)
        assert_as_the_oracle_says(connection, path)
        assert_same_look_ups(connection, path, "main")


def test_a_rename_that_only_an_octopus_merge_made_itself_is_found(tmp_path: Path) -> None:
    path, stream = tmp_path / "repository", Stream()
    root = stream.commit({"a.txt": lines("a"), "b.txt": lines("b")})
    tips = [stream.commit({f"{name}.new": name}, branch=name, parents=[root]) for name in ("x", "y")]
    both: dict[str, Content] = {"x.new": "x", "y.new": "y", "a.txt": None, "moved.txt": lines("a") + "more\n"}
    stream.commit(both, parents=[root, *tips])
    stream.write(new_repository(path))
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        assert rows(connection, "SELECT old_path, new_path FROM git_renames") == [("a.txt", "moved.txt")]
        assert_same_look_ups(connection, path, "main")
