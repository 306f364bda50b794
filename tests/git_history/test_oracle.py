"""The oracle and the repositories that the tests of git history lean on are right, by facts that were worked out by hand."""

from __future__ import annotations

import random
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest

from tests.git_history.git_streams import HOUR, START, YEAR, Stream, git, git_folder, lines, new_repository
from tests.git_history.oracle import (
    Answer,
    all_commits,
    all_parents,
    ask,
    blobs_at,
    boundaries,
    chain,
    change_rows,
    last_set,
    look_up,
    look_ups,
    refs,
    standing_still,
    tip_at,
    tip_of,
    tree_of,
)
from tests.git_history.repositories import CASES, Case, Shares, force_move, grow, history
from tests.properties import seeds


def hour(number: float) -> int:
    return START + int(number * HOUR)


def chain_shas(case: Case) -> list[str]:
    return [sha for sha, _ in chain(case.path, "main")]


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return CASES[request.param](tmp_path)


def test_what_a_case_says_of_itself_is_so_now_and_later(case: Case) -> None:
    told: Case | None = case
    while told is not None:
        with standing_still():
            assert len(all_commits(told.path)) == told.commits
            assert len(change_rows(told.path)) == told.changes
        assert boundaries(told.path) == set(told.boundary)
        assert ask(told.path, "rev-parse", "--show-object-format").decode().strip() == told.object_format
        if told.default_branch is not None:
            assert ask(told.path, "symbolic-ref", "HEAD").decode().strip() == f"refs/heads/{told.default_branch}"
            assert tip_of(told.path, told.default_branch) is not None
        assert set(told.paths) <= (tree_of(told.path, told.shas["last"]).keys() if told.paths else set())
        assert not [trace for trace in told.traces if trace.exists()]
        told = told.later() if told.later else None


@pytest.mark.parametrize("name", ["odd_paths", "tags", "criss_cross", "sha256", "breaking_settings", "bad_author_date"])
def test_the_same_case_has_the_same_shas_everywhere(name: str, tmp_path: Path) -> None:
    one, two = CASES[name](_folder(tmp_path, "one")), CASES[name](_folder(tmp_path, "two"))
    assert refs(one.path) == refs(two.path)
    assert refs(one.path)


def test_the_traps_of_the_settings_do_snap(tmp_path: Path) -> None:
    case = CASES["breaking_settings"](tmp_path)
    careless = partial(subprocess.run, cwd=case.path, capture_output=True)
    careless(["git", "status"])
    careless(["git", "log", "-O/dev/null", "-p", "--ext-diff"])
    careless(["git", "update-ref", "refs/heads/another", "HEAD"])
    snapped = {trace.name for trace in case.traces if trace.exists()}
    assert {"core.fsmonitor", "diff.traced.command", "gpg.program", "hook-reference-transaction"} <= snapped
    assert careless(["git", "log", "--raw"]).returncode == 128


def test_states_along_a_line_of_commits(tmp_path: Path) -> None:
    case = CASES["linear"](tmp_path)
    first, second, third, fourth = chain_shas(case)
    one, two, three = (tree_of(case.path, sha)[b"a.txt"].sha for sha in (first, second, fourth))
    assert look_up(case.path, "main", "a.txt", hour(0) - 1) == Answer("unknown", None, None)
    assert look_up(case.path, "main", "a.txt", hour(0)) == Answer("present", first, one)
    assert look_up(case.path, "main", "a.txt", hour(1.5)) == Answer("present", second, two)
    assert look_up(case.path, "main", "a.txt", hour(2)) == Answer("absent", third, None)
    assert look_up(case.path, "main", "a.txt", hour(99)) == Answer("present", fourth, three)
    assert look_up(case.path, "main", "folder", hour(99)) == Answer("absent", fourth, None)
    assert look_up(case.path, "main", "A.txt", hour(99)).state == "absent"
    assert look_up(case.path, "nobody", "a.txt", hour(99)).state == "unknown"
    assert last_set(case.path, "main", "folder/b.txt", hour(99)) == first
    assert last_set(case.path, "main", "a.txt", hour(1.5)) == second
    assert last_set(case.path, "main", "a.txt", hour(2)) is None


def test_one_slow_clock_hides_no_commit(tmp_path: Path) -> None:
    case = CASES["slow_clock"](tmp_path)
    shas = chain_shas(case)
    assert [at for _, at in chain(case.path, "main")] == [hour(0), hour(1), hour(1), hour(3), hour(4)]
    assert tip_at(case.path, "main", hour(1)) == shas[2]
    assert tip_at(case.path, "main", hour(0.5)) == shas[0]
    assert tip_at(case.path, "main", hour(0) - YEAR) is None


def test_one_fast_clock_hides_its_followers_until_its_time(tmp_path: Path) -> None:
    case = CASES["fast_clock"](tmp_path)
    shas = chain_shas(case)
    assert tip_at(case.path, "main", hour(9)) == shas[1]
    assert tip_at(case.path, "main", hour(2) + 3 * YEAR) == shas[4]


def test_of_equal_times_the_last_commit_counts(tmp_path: Path) -> None:
    case = CASES["equal_times"](tmp_path)
    assert tip_at(case.path, "main", START) == case.shas["last"]


@pytest.mark.parametrize("kind", ["bad", "missing", "huge", "negative"])
def test_an_unreadable_committer_time_counts_as_the_one_before(kind: str, tmp_path: Path) -> None:
    case = CASES[f"{kind}_committer_date"](tmp_path)
    assert [at for _, at in chain(case.path, "main")] == [hour(0), hour(0), hour(2)]
    assert tip_at(case.path, "main", hour(1)) == case.shas["odd"]


def test_times_before_1970_count_as_its_first_second(tmp_path: Path) -> None:
    case = CASES["only_before_1970"](tmp_path)
    assert [at for _, at in chain(case.path, "main")] == [0, 0]
    assert tip_at(case.path, "main", 0) == case.shas["last"]
    assert tip_at(case.path, "main", -1) is None


def test_before_the_first_readable_time_nothing_is_known(tmp_path: Path) -> None:
    case = CASES["unreadable_first_date"](tmp_path)
    assert [at for _, at in chain(case.path, "main")] == [None, hour(1)]
    assert tip_at(case.path, "main", hour(0.5)) is None


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rename_exact", "old.txt", "new/name.txt"),
        ("rename_edited", "old.txt", "new.txt"),
        ("rename_of_directory", "old/three.txt", "new/place/three.txt"),
        ("rename_in_merge", "old.txt", "new.txt"),
        ("rename_worn_away_in_merge", "old.txt", "new.txt"),
        ("rename_twice_in_merge", "old.txt", "new.txt"),
        ("case_rename", "readme.md", "README.md"),
        ("sha256", "a.txt", "b.txt"),
    ],
)
def test_a_rename_is_followed(name: str, old: str, new: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    last = case.shas["last"]
    assert look_ups(case.path, "main", old, hour(9)) == [
        Answer("renamed", last, tree_of(case.path, last)[new.encode()].sha)
    ]
    assert look_up(case.path, "main", old, hour(0)).state == "present"
    assert look_up(case.path, "main", new, hour(0)).state == "absent"


@pytest.mark.parametrize(
    ("name", "path", "state"),
    [
        ("rename_too_different", "old.txt", "absent"),
        ("rename_and_delete", "a.txt", "absent"),
        ("rename_and_recreate", "a.txt", "present"),
        ("rename_and_back", "a.txt", "present"),
        ("rename_and_back", "b.txt", "renamed"),
        ("rename_landed_twice", "old.txt", "absent"),
        ("rename_twice_in_merge", "middle.txt", "absent"),
        ("copy", "a.txt", "present"),
        ("rename_chain", "name-00.txt", "absent"),
        ("rename_chain", "name-01.txt", "absent"),
        ("rename_chain", "name-02.txt", "renamed"),
    ],
)
def test_what_is_no_rename_is_not_followed(name: str, path: str, state: str, tmp_path: Path) -> None:
    assert {answer.state for answer in look_ups(CASES[name](tmp_path).path, "main", path, hour(99))} == {state}


def test_files_that_are_all_alike_leave_the_choice_open(tmp_path: Path) -> None:
    case = CASES["rename_of_empty_files"](tmp_path)
    assert {answer.state for answer in look_ups(case.path, "main", "a/__init__.py", hour(9))} == {"renamed"}


def test_a_submodule_and_what_it_becomes(tmp_path: Path) -> None:
    path = CASES["submodules"](tmp_path).path
    states = [look_up(path, "main", "vendor/library", hour(at)).state for at in range(5)]
    assert states == ["submodule", "submodule", "submodule", "renamed", "absent"]
    assert look_up(path, "main", "vendor/library", hour(0)).blob is None


def test_a_link_is_there_and_a_type_change_is_told(tmp_path: Path) -> None:
    path = CASES["type_change"](tmp_path).path
    assert look_up(path, "main", "a.txt", hour(1)).state == "present"
    assert sorted((row.status, row.old_mode, row.new_mode) for row in change_rows(path) if row.status == "T") == [
        ("T", "100644", "120000"),
        ("T", "120000", "100644"),
    ]


def test_odd_paths_are_looked_up_by_their_bytes(tmp_path: Path) -> None:
    case = CASES["odd_paths"](tmp_path)
    assert {look_up(case.path, "main", path, hour(9)).state for path in case.paths} == {"present"}
    assert look_up(case.path, "main", b"tab\there.txt", hour(9)).state == "renamed"


def test_before_a_boundary_nothing_is_known_until_the_clone_is_deeper(tmp_path: Path) -> None:
    case = CASES["shallow_clone"](tmp_path)
    assert look_up(case.path, "main", "a.txt", hour(3) - 1).state == "unknown"
    assert look_up(case.path, "main", "a.txt", hour(3)) == Answer(
        "present", case.boundary[0], tree_of(case.path, case.boundary[0])[b"a.txt"].sha
    )
    assert case.later is not None
    deeper = case.later()
    assert look_up(deeper.path, "main", "a.txt", hour(3) - 1).state == "present"
    assert look_up(deeper.path, "main", "a.txt", hour(0)).state == "unknown"


@pytest.mark.parametrize("name", ["replace_refs", "grafts"])
def test_the_objects_count_and_not_what_replaces_them(name: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    assert len(chain(case.path, "main")) == 6
    assert len(git(case.path, "rev-list", "main").split()) < 6


def test_nothing_is_fetched_into_a_partial_clone(tmp_path: Path) -> None:
    case = CASES["partial_clone"](tmp_path)
    before = sorted((git_folder(case.path) / "objects").rglob("*"))
    assert look_up(case.path, "main", "folder/b.txt", hour(9)).state == "unknown"
    assert sorted((git_folder(case.path) / "objects").rglob("*")) == before


def test_a_merge_lands_at_its_own_time_and_by_first_parents(tmp_path: Path) -> None:
    case = CASES["merge"](tmp_path)
    assert look_up(case.path, "main", "topic.txt", hour(2)).state == "absent"
    assert look_up(case.path, "main", "topic.txt", hour(3)).state == "present"
    assert len(chain_shas(case)) == 3
    assert len(chain_shas(CASES["foxtrot_merge"](_folder(tmp_path, "inside")))) == 3
    assert sorted(map(len, all_parents(case.path).values())) == [0, 1, 1, 2]


def test_the_time_of_a_topic_may_be_later_than_its_landing(tmp_path: Path) -> None:
    stream = Stream()
    root = stream.commit({"old.txt": lines("same")})
    topic = stream.commit({"old.txt": None, "new.txt": lines("same")}, branch="topic", parents=[root], time=hour(50))
    stream.commit({"old.txt": None, "new.txt": lines("same")}, parents=[root, topic], time=hour(2))
    path = new_repository(tmp_path / "repository")
    stream.write(path)
    assert look_up(path, "main", "old.txt", hour(1)).state == "present"
    assert look_up(path, "main", "old.txt", hour(3)).state == "renamed"


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_those_of_git_log_on_random_histories(seed: int, tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 60, seed, object_format="sha256" if seed == 2 else "sha1")
    told = git(path, "log", "--all", "-z", "--raw", "--no-renames", "--root", "--no-abbrev", "--format=%x01%H").split(
        b"\0"
    )
    rows, sha, place = set(), "", 0
    while place < len(told):
        field = told[place].lstrip(b"\n")
        if field.startswith(b"\x01"):
            sha = field[1:].decode().strip()
        elif field.startswith(b":"):
            old_mode, new_mode, old, new, status = field[1:].decode().split()
            place += 1
            rows.add((sha, told[place], status, old_mode, new_mode, old, new))
        place += 1
    zeros = {None: "0"}
    expected = {
        (row.sha, row.path, row.status, row.old_mode or "000000", row.new_mode or "000000", row.old_blob, row.new_blob)
        for row in change_rows(path)
    }
    width = 64 if seed == 2 else 40
    assert {tuple(field or zeros[None] * width for field in row) for row in expected} == rows
    assert len(all_commits(path)) == 60
    git(path, "fsck", "--no-progress", "--no-dangling")


def test_a_random_history_is_the_same_for_the_same_seed_and_has_every_kind_of_event() -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two, other = (Path(folder) / name for name in ("one", "two", "other"))
        for path, seed in ((one, 5), (two, 5), (other, 6)):
            history(path, 150, seed, Shares(merge=0.3, rename=0.3))
        for path in (one, two):
            grow(path, 30, 7)
            force_move(path, seed=8)
        assert refs(one) == refs(two) != refs(other)
        assert {row.status for row in change_rows(one)} == {"A", "D", "M", "T"}
        assert {0, 1, 2} <= {len(parents) for parents in all_parents(one).values()}
        assert b"R100" in git(one, "log", "--all", "-M", "--raw")
        times = [at or 0 for _, at in chain(one, "main")]
        assert times == sorted(times)


@seeds(3, 1)
def test_the_slow_and_the_quick_oracle_agree_on_random_histories(seed: int, tmp_path: Path) -> None:
    path, rng = history(tmp_path / "repository", 60, seed, Shares(skew=0.2)), random.Random(seed)
    names = sorted({row.path for row in change_rows(path) if b"\n" not in row.path})
    shas = chain(path, "main")
    times = [at + by for _, at in shas if at is not None for by in (-1, 0, 1)]
    questions = [(rng.choice(names), rng.choice(times)) for _ in range(60)]
    slow = [look_up(path, "main", *question) for question in questions]
    assert blobs_at(path, "main", questions) == [(a.tip, a.blob if a.state == "present" else None) for a in slow]
    assert {"present", "absent"} <= {answer.state for answer in slow}


def test_growth_keeps_what_was_there_and_force_takes_commits_off(tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 40, 1)
    before, tip = all_commits(path), tip_of(path, "main")
    grow(path, 25, 2)
    assert before < all_commits(path)
    assert tip in all_commits(path)
    assert tip != tip_of(path, "main")
    old, new = force_move(path, back=2, commits=3)
    shas = [sha for sha, _ in chain(path, "main")]
    assert shas[-1] == new
    assert old not in shas
    assert force_move(path, to=old) == (new, old)


def _folder(path: Path, name: str) -> Path:
    inside = path / name
    inside.mkdir()
    return inside
