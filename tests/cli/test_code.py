"""`egregora code`: what files were at a time, how they became so, and who talked of them."""

from __future__ import annotations

import csv
import io
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from egregora_assets.cli import app
from egregora_assets.cli_common import out
from egregora_assets.config import load_settings
from egregora_assets.git_history import sync
from egregora_assets.git_history.contents import MOST_BYTES
from egregora_assets.warehouse.files import open_warehouse
from tests.git_history import oracle
from tests.git_history.git_streams import Stream, git, lines, new_repository
from tests.git_history.repositories import CASES, history
from tests.git_history.talk import NINE, WEB, write_memory

Cli = Callable[..., Result]
Asked = Sequence[tuple[bytes, str]]


@pytest.fixture(scope="module")
def talked_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A home with a repository and a chat about it. No test may change it."""
    home = tmp_path_factory.mktemp("talk") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGREGORA_TIMEZONE", "UTC")
        return home, write_memory(home)[1]


@pytest.fixture
def shas(home: Path, talked_in: tuple[Path, list[str]]) -> list[str]:
    """The commits of the repository that the test's own home knows, by number."""
    shutil.copytree(talked_in[0], home)
    return talked_in[1]


def written(asked: Asked) -> bytes:
    told = io.StringIO(newline="")
    records = ((path.decode("utf-8", "surrogateescape"), time) for path, time in asked)
    csv.writer(told).writerows([("path", "t_epoch"), *records])
    return told.getvalue().encode("utf-8", "surrogateescape")


def batch(folder: Path, listed: bytes, *options: str) -> Result:
    return CliRunner().invoke(app, ["code", "at", "--repo", str(folder), "--batch", *options], input=listed)


def answers(folder: Path, asked: Asked, *options: str) -> list[tuple[str, str, str]]:
    """Ask all at once; check that each question comes back as it was asked, in order, and return state, tip and blob."""
    result = batch(folder, written(asked), *options)
    assert result.exit_code == 0, result.output
    told = io.StringIO(result.stdout_bytes.decode("utf-8", "surrogateescape"), newline="")
    header, *records = csv.reader(told, strict=True)
    assert header == ["path", "t_epoch", "state", "tip_commit", "blob"]
    assert [(path.encode("utf-8", "surrogateescape"), time) for path, time, *_ in records] == list(asked)
    return [(state, tip, blob) for _, _, state, tip, blob in records]


def assert_as_the_oracle_says(folder: Path, branch: str, most: int = 80) -> set[str]:
    """Ask for all paths that the branch ever had at and around the times of its steps; return which states there were."""
    steps = oracle.chain(folder, branch)
    known = {path for sha, _ in steps for path in oracle.tree_of(folder, sha)}
    moments = sorted({at + late for _, at in steps if at is not None for late in (-1, 0, 1)} | {-5, 4_000_000_000})
    questions = [(path, moment) for path in sorted([*known, b"no/such/file"]) for moment in moments]
    questions = random.Random(5).sample(questions, min(most, len(questions)))
    found = answers(folder, [(path, str(moment)) for path, moment in questions], "--branch", branch)
    with oracle.standing_still():
        for (path, moment), answer in zip(questions, found, strict=True):
            allowed = [
                (one.state, one.tip or "", one.blob or "") for one in oracle.look_ups(folder, branch, path, moment)
            ]
            assert answer in allowed, (path, moment)
    return {state for state, _, _ in found}


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("odd_paths", {"present", "unknown"}),
        ("shallow_clone", {"present", "unknown"}),
        ("submodules", {"present", "submodule"}),
        ("rename_chain", {"present", "renamed"}),
        ("rename_and_recreate", {"present", "absent"}),
        ("rename_in_merge", {"present", "renamed"}),
        ("case_rename", {"present", "renamed"}),
        ("negative_committer_date", {"present"}),
        ("slow_clock", {"present"}),
        ("sha256", {"present"}),
        ("folder_with_bytes", {"present"}),
        ("breaking_settings", {"present"}),
    ],
)
def test_a_list_is_answered_as_an_independent_reader_would(name: str, states: set[str], tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    assert case.default_branch is not None
    assert assert_as_the_oracle_says(case.path, case.default_branch) >= states
    assert not [trace for trace in case.traces if trace.exists()]


@pytest.mark.parametrize("seed", range(2))
def test_a_list_is_answered_on_a_history_of_everything(seed: int, tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 50, seed)
    assert assert_as_the_oracle_says(path, "main", most=150) >= {"present", "absent", "unknown", "renamed"}


def test_nothing_is_known_of_an_empty_repository(tmp_path: Path) -> None:
    path = CASES["empty_repository"](tmp_path).path
    assert answers(path, [(b"a.txt", "1700000000")]) == [("unknown", "", "")]


def test_paths_and_times_come_back_as_they_were_written(tmp_path: Path) -> None:
    names = [b"a,b.txt", b'"q".txt', b"new\nline", b"return\r.txt", b"\xff\xfe.bin", "não.txt".encode(), b" blank "]
    path = new_repository(tmp_path / "repository")
    stream = Stream()
    stream.commit({name: lines("one") for name in names}, time=0)
    shas = stream.write(path)
    found = answers(path, [(name, time) for name in names for time in ("0", "0.0", "-1.5", "1e2", " 7 ", "-0.001")])
    assert [state for state, _, _ in found] == ["present", "present", "unknown", "present", "present", "unknown"] * 7
    assert {tip for state, tip, _ in found if state == "present"} == {shas[1]}
    assert answers(path, [(b"a,b.txt", "9" * 18), (b"", "0"), (b"a\0b", "0")])[0][0] == "present"


def test_paths_are_taken_to_the_letter_unless_one_asks_for_what_is_like_them(tmp_path: Path) -> None:
    path = new_repository(tmp_path / "repository")
    stream = Stream()
    stream.commit({"src/Main.py": lines("main"), "README.md": lines("read")}, time=0)
    stream.write(path)
    asked = [(b"readme.md", "5"), (b"Main.py", "5"), (b"README.md", "5")]
    assert [state for state, _, _ in answers(path, asked)] == ["absent", "absent", "present"]
    assert [state for state, _, _ in answers(path, asked, "--like")] == ["present"] * 3


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (b"", "line 1"),
        (b"file,time\na,1\n", "line 1"),
        (b"path,t_epoch\na,1\nb\n", "line 3"),
        (b'path,t_epoch\n"a\nb",1\nc,1,2\n', "line 4"),
        (b"path,t_epoch\na,1\n\nb,1\n", "line 3"),
        (b"path,t_epoch\na,soon\n", "line 2"),
        (b"path,t_epoch\na,nan\n", "line 2"),
        (b"path,t_epoch\na,\n", "line 2"),
        (b'path,t_epoch\na,1\n"b,1\n', "line 3"),
        (b'path,t_epoch\n"b"c,1\n', "line 2"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(listed: bytes, told: str, tmp_path: Path) -> None:
    path = new_repository(tmp_path / "repository")
    result = batch(path, listed)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


def test_times_of_any_size_are_answered(tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 3, 1)
    times = [
        sign + digits
        for sign in ("", "-", "+")
        for digits in ("9" * 18, "9" * 19, "9" * 40, "9" * 400, "1e300", "1e999")
    ]
    listed = "path,t_epoch\n" + "".join(f"no/such,{time}\n" for time in times)
    result = batch(path, listed.encode())
    assert result.exit_code == 0
    found = [line.split(",")[1:3] for line in result.stdout.splitlines()[1:]]
    assert found == [[time, "unknown" if time[0] == "-" else "absent"] for time in times]


def test_a_damaged_ref_ends_a_list_with_a_word(tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 3, 1)
    (path / ".git" / "refs" / "heads" / "main").write_text("")
    result = batch(path, b"path,t_epoch\na,1\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "damaged" in result.stderr


def test_a_list_with_only_a_header_has_no_answers_and_empty_lines_at_its_end_are_none(tmp_path: Path) -> None:
    path = new_repository(tmp_path / "repository")
    assert batch(path, b"path,t_epoch").stdout == "path,t_epoch,state,tip_commit,blob\n"
    assert batch(path, b"\xef\xbb\xbfpath,t_epoch\r\na,1\r\n\r\n").stdout.splitlines()[1:] == ["a,1,unknown,,"]


def test_what_is_no_repository_or_branch_is_told(tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 3, 1)
    listed = b"path,t_epoch\na,1\n"
    for folder, options in ((tmp_path / "none", ()), (tmp_path, ()), (path, ("--branch", "none"))):
        result = batch(folder, listed, *options)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "none" in result.stderr or "cannot be read" in result.stderr
    assert CliRunner().invoke(app, ["code", "at", "--batch"], input=listed).exit_code == 2


def test_a_long_list_needs_no_home_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = history(tmp_path / "repository", 20, 2)
    before = sorted((file, file.stat().st_mtime_ns) for file in path.rglob("*"))
    empty, scratch = tmp_path / "empty", tmp_path / "scratch"
    empty.mkdir()
    scratch.mkdir()
    start = oracle.chain(path, "main")[0][1] or 0
    listed = written([(b"src/file-%d.txt" % (number % 40), str(start + number)) for number in range(100_000)])
    done = subprocess.run(
        [sys.executable, "-m", "egregora_assets.cli", "code", "at", "--repo", path, "--batch"],
        cwd=empty,
        env={"PATH": os.environ["PATH"], "HOME": str(empty), "TMPDIR": str(scratch)},
        input=listed,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.count(b"\n") == 100_001
    assert done.stderr == b""
    assert [*empty.rglob("*"), *scratch.rglob("*")] == []
    assert sorted((file, file.stat().st_mtime_ns) for file in path.rglob("*")) == before


def test_history_shows_a_file_under_all_its_names_with_how_many_spoke_of_it(
    cli: Cli, shas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out, "width", 200)
    result = cli("code", "history", "docs/plan.md")
    told = [line.split("│") for line in result.stdout.splitlines() if "Step" in line]
    assert [[field.strip() for field in line[1:-1]] for line in told] == [
        ["2024-03-13 13:00", shas[4][:12], "changed", "docs/plan.md", "Step 4", "1"],
        ["2024-03-13 12:00", shas[3][:12], "renamed", "plan.txt → docs/plan.md", "Step 3", "1"],
        ["2024-03-13 11:00", shas[2][:12], "changed", "plan.txt", "Step 2", "1"],
        ["2024-03-13 10:00", shas[1][:12], "added", "plan.txt", "Step 1", "1"],
    ]


@pytest.mark.parametrize(
    "time", ["2024-03-13T12:30", "2024-03-13T13:30+01:00", "2024-03-13T12:30:00Z", str(NINE + 12600)]
)
def test_a_time_is_iso_or_seconds_and_a_lost_name_leads_to_the_new_one(cli: Cli, shas: list[str], time: str) -> None:
    result = cli("code", "at", "plan.txt", time, "--repo", "app", "--branch", "main")
    told = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert told["state"].startswith("renamed")
    assert told["path"] == "docs/plan.md"
    assert told["commit"].startswith(shas[3])
    assert told["permalink"] == f"{WEB}/blob/{shas[3]}/docs/plan.md"


def test_a_time_without_a_zone_is_by_the_clock_of_the_settings(
    cli: Cli, shas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGREGORA_TIMEZONE", "America/Sao_Paulo")
    assert shas[3] in cli("code", "at", "docs/plan.md", "2024-03-13T09:30").stdout
    assert shas[3] in cli("code", "at", "docs/plan.md", "2024-03-13T12:30Z").stdout


@pytest.mark.parametrize(
    ("path", "time", "state"),
    [
        ("PLAN.md", "2024-03-14", "present"),
        ("src/main.py", "2024-03-14", "absent"),
        ("docs/plan.md", "2024-03-13T10:30", "absent"),
        ("plan.txt", "2020-01-01", "unknown"),
    ],
)
def test_each_state_is_told(cli: Cli, shas: list[str], path: str, time: str, state: str) -> None:
    result = cli("code", "at", path, time)
    assert result.exit_code == 0
    assert result.stdout.split()[1].rstrip(":") == state


def test_the_file_is_shown_as_it_was_and_what_is_no_text_is_not(cli: Cli, home: Path, shas: list[str]) -> None:
    result = cli("code", "at", "plan.txt", "2024-03-13T11:30", "--show")
    assert result.stdout_bytes == git(home / "repositories" / "app", "show", f"{shas[2]}:plan.txt")
    assert "present" in result.stderr
    binary = cli("code", "at", "notes.bin", "2024-03-14", "--show")
    assert (binary.exit_code, binary.stdout) == (1, "")
    assert "no text" in binary.stderr
    gone = cli("code", "at", "src/main.py", "2024-03-14", "--show")
    assert (gone.exit_code, gone.stdout) == (1, "")


def test_a_file_too_large_is_not_shown(cli: Cli, home: Path, shas: list[str]) -> None:
    stream = Stream()
    stream.commit({"large.txt": "x" * (MOST_BYTES + 1)}, time=NINE + 100_000, parents=[shas[6]])
    stream.write(home / "repositories" / "app")
    read_again(home)
    result = cli("code", "at", "large.txt", "2024-03-20", "--show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{MOST_BYTES + 1:,} bytes" in result.stderr


def test_discussions_are_listed_with_what_was_meant(cli: Cli, shas: list[str]) -> None:
    result = cli("code", "discussions", "docs/plan.md")
    assert "4 messages" in result.stdout
    assert f"plan.txt:5 = plan.txt at {shas[1][:12]}" in result.stdout
    assert "member-" in result.stdout
    assert "Ana" not in result.stdout
    assert "One message" in cli("code", "discussions", "src/main.py", "--repo", "app").stdout
    some = cli("code", "discussions", "docs/plan.md:5-8").stdout
    assert ("see plan.txt:5" in some, "is wrong" in some) == (True, False)


def test_repositories_are_listed_with_how_far_they_were_read_and_what_is_wrong(
    cli: Cli, home: Path, shas: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "app: has changed since it was read" in cli("code", "repos").stdout, "it was read in another folder"
    read_again(home)
    fine = cli("code", "repos")
    (told,) = (line.split("│") for line in fine.stdout.splitlines() if "main" in line)
    assert [field.strip() for field in told[1:-1]] == ["app", "main", "6", "2024-03-13 15:00", "7"]
    assert "app:" not in fine.stdout
    git(home / "repositories" / "app", "update-ref", "refs/heads/main", shas[2])
    assert "app: has changed since it was read" in cli("code", "repos").stdout
    with (home / "egregora.toml").open("a") as settings:
        settings.write('[[repositories]]\npath = "repositories/other"\n')
    assert "other: " in cli("code", "repos").stdout
    monkeypatch.setenv("PATH", str(home))
    assert "no git on this machine" in cli("code", "repos").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("history", "docs/plan.md", "--repo", "nope"), "there are: app"),
        (("history", "docs/plam.md"), "docs/plan.md"),
        (("discussions", "docs/plam.md:7"), "docs/plan.md"),
        (("at", "docs/plam.md", "2024-03-14"), "docs/plan.md"),
        (("at", "docs/plan.md", "2024-03-14", "--branch", "dev"), "main"),
        (("at", "docs/plan.md", "yesterday"), "'yesterday' is no time"),
        (("at", "docs/plan.md", "9" * 30), "is no time"),
    ],
)
def test_what_cannot_be_answered_says_what_there_is(
    cli: Cli, shas: list[str], arguments: tuple[str, ...], told: str
) -> None:
    result = cli("code", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr


def test_a_home_without_a_warehouse_or_repositories_says_what_to_do(cli: Cli, home: Path, shas: list[str]) -> None:
    settings_file = home / "egregora.toml"
    settings_file.write_text("")
    result = cli("code", "repos")
    assert (result.exit_code, "[[repositories]]" in result.stderr) == (1, True)
    settings_file.write_text('[[repositories]]\npath = "unread"\n')
    unread = cli("code", "history", "a.txt")
    assert (unread.exit_code, "nothing is read yet of unread" in unread.stderr) == (1, True)
    missing = cli("code", "repos", "--home", home / "elsewhere")
    assert (missing.exit_code, "egregora ingest" in missing.stderr) == (1, True)
    assert not (home / "elsewhere").exists()


def read_again(home: Path) -> None:

    settings = load_settings(home)
    with open_warehouse(settings) as connection:
        sync.refresh_configured(connection, settings)
