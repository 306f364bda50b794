"""The sample repository is the same everywhere, and holds what the sample chat says about it."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from egregora_assets.config import RepositorySettings
from egregora_assets.git_history.web import forge_of, same_place, web_address
from egregora_assets.samples import write_samples
from egregora_assets.samples.repository import (
    REPOSITORY_FORGE,
    REPOSITORY_NAME,
    REPOSITORY_WEB,
    write_sample_repository,
)

TIP = "3651f212f21b107af3c87722f4ceaba544092883"
LONDON = ZoneInfo("Europe/London")
MESSAGE = re.compile(r"(?m)^\u200e?\[?(\d\d/\d\d/\d{4}, \d\d:\d\d)(?:\]| -|:\d\d\]) ")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_sample_repository(tmp_path_factory.mktemp("repositories") / "new")
    assert made is not None
    return made


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[datetime, str]]:
    """What is said in the hackerspace, and when."""
    found = []
    for path in write_samples(tmp_path_factory.mktemp("samples"))[:2]:
        with zipfile.ZipFile(path) as archive:
            _, *pieces = MESSAGE.split(archive.read(archive.namelist()[0]).decode())
        for minute, text in zip(pieces[::2], pieces[1::2], strict=True):
            # Exports name the minute: whatever happened within it was there when it ended.
            moment = datetime.strptime(minute, "%d/%m/%Y, %H:%M").replace(second=59, tzinfo=LONDON)
            found.append((moment, text.partition(": ")[2]))
    return found


def git(repository: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", f"--git-dir={repository}", *arguments], env=environment, capture_output=True, check=True, text=True
    )
    return done.stdout


def at(repository: Path, moment: datetime) -> str:
    """The commit that ``main`` was on."""
    found = [line.split() for line in git(repository, "log", "--first-parent", "--format=%ct %H", "main").splitlines()]
    return next(sha for seconds, sha in found if int(seconds) <= moment.timestamp())


def said_at(said: list[tuple[datetime, str]], words: str) -> datetime:
    (moment, *_) = (moment for moment, text in said if words in text)
    return moment


def test_it_is_whole_and_its_commits_have_the_same_names_everywhere(repository: Path) -> None:
    assert git(repository, "rev-parse", "HEAD", "main").split() == [TIP, TIP]
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    git(repository, "fsck", "--strict")
    assert [path.name for path in repository.parent.iterdir()] == [f"{REPOSITORY_NAME}.git"]


def test_nothing_on_the_machine_changes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-update").write_text("#!/bin/sh\n")
    (tmp_path / ".gitconfig").write_text(f"[init]\n\ttemplateDir = {template.parent}\n\tdefaultBranch = trunk\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    made = write_sample_repository(tmp_path / "made")
    assert made is not None
    assert not (made / "hooks").exists()
    assert not (tmp_path / "elsewhere").exists()
    monkeypatch.delenv("GIT_DIR")
    assert git(made, "rev-parse", "HEAD").strip() == TIP


def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    there = tmp_path / f"{REPOSITORY_NAME}.git"
    there.mkdir()
    (there / "mine").write_text("mine")
    assert write_sample_repository(tmp_path) == there
    assert [path.name for path in there.iterdir()] == ["mine"]


def test_without_git_there_is_none_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert write_sample_repository(tmp_path / "repositories") is None
    assert "no git on this machine" in caplog.text
    assert not (tmp_path / "repositories").exists()


def test_a_git_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "bin" / "git"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'this git is too old' >&2\nexit 129\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent))
    assert write_sample_repository(tmp_path / "repositories") is None
    assert "this git is too old" in caplog.text
    assert list((tmp_path / "repositories").iterdir()) == []


def test_it_has_what_real_ones_have(repository: Path) -> None:
    assert git(repository, "rev-list", "--count", "main").strip() == "26"
    assert len(git(repository, "rev-list", "--merges", "main").split()) == 2
    changes = git(repository, "log", "-M", "--format=", "--name-status", "main").splitlines()
    kinds = {line[0] for line in changes if line}
    assert kinds == {"A", "M", "D", "R"}
    assert [line.split("\t")[1:] for line in changes if line.startswith("R")] == [["docs/wiring.txt", "docs/wiring.md"]]
    assert [line.split("\t")[1] for line in changes if line.startswith("D")] == ["scripts/led_test.py"]


def test_its_page_is_the_one_that_the_chat_links_to(repository: Path, said: list[tuple[datetime, str]]) -> None:
    web = web_address(git(repository, "config", "remote.origin.url").strip())
    assert web == REPOSITORY_WEB
    settings = RepositorySettings.model_validate({"path": repository, "web": web, "forge": REPOSITORY_FORGE})
    assert (settings.slug, forge_of(settings.web, settings.forge)) == (REPOSITORY_NAME, "gitea")
    links = [link for _, text in said for link in re.findall(r"https://git\.example\.org/\S+", text)]
    assert links
    for link in links:
        _, _, host, owner, name, *_ = link.split("/")
        assert same_place(web, host, owner, name)


def test_every_commit_that_the_chat_names_was_there(repository: Path, said: list[tuple[datetime, str]]) -> None:
    named = {
        (moment, sha) for moment, text in said for sha in re.findall(r"(?:Commit|Merged as) ([0-9a-f]{7})\b", text)
    }
    assert {sha for _, sha in named} == {"9b8a936", "a76bb37"}
    for moment, sha in named:
        committed = int(git(repository, "show", "-s", "--format=%ct", sha))
        assert 0 <= moment.timestamp() - committed < 600


def test_every_path_that_the_chat_names_was_there_but_for_two(
    repository: Path, said: list[tuple[datetime, str]]
) -> None:
    missing = set()
    named = {
        (moment, path)
        for moment, text in said
        for path in re.findall(
            r"\b\w+/[\w/]+\.(?:py|txt|md|toml)\b", text.replace(f"{REPOSITORY_WEB}/src/branch/main/", "")
        )
    }
    for moment, path in named:
        if not git(repository, "ls-tree", at(repository, moment), path):
            missing.add(path)
    assert len(named) >= 7
    assert missing == {"scripts/led_test.py", "docs/wiring.txt"}, "one was deleted, the other renamed"


def test_the_lines_that_the_chat_names_say_what_it_says(repository: Path, said: list[tuple[datetime, str]]) -> None:
    def line(words: str, path: str, number: int) -> str:
        return git(repository, "show", f"{at(repository, said_at(said, words))}:{path}").splitlines()[number - 1]

    assert "threading.Timer(30, self.toggle)" in line("controller.py:42", "src/door/controller.py", 42)
    assert "def toggle" in line("controller.py:42", "src/door/controller.py", 52)
    assert line("schedule.py:88", "src/door/schedule.py", 88).strip() == "offset = 3600 if is_summer(now) else 0"


def test_the_fix_of_the_schedule_is_61_lines_shorter(repository: Path) -> None:
    added, removed, _ = git(
        repository, "diff", "--numstat", "a76bb37^", "a76bb37", "--", "src/door/schedule.py"
    ).split()
    assert int(removed) - int(added) == 61
