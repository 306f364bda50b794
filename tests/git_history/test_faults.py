"""What goes wrong in a repository is told, stops no other one, loses nothing that is stored, and heals by itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from egregora_assets.config import RepositorySettings, Settings
from egregora_assets.git_history import plumbing, sync
from egregora_assets.git_history.batch import answered
from egregora_assets.git_history.listing import listed
from egregora_assets.git_history.looking import look
from egregora_assets.git_history.plumbing import GitError
from egregora_assets.git_history.repositories import Source
from egregora_assets.git_history.verify import repositories_are_read
from egregora_assets.git_history.watch import state_of
from egregora_assets.warehouse.query import rows, scalar
from tests.git_history.git_streams import (
    Stream,
    git,
    new_repository,
    raw_commit,
    raw_object,
    remove_object,
    set_ref,
    sha_of,
)
from tests.git_history.repositories import force_move, history
from tests.git_history.test_sync import assert_as_the_oracle_says, read, state
from tests.homes import ready_warehouse


def _chain(path: Path, count: int) -> list[str]:
    """Write commits as objects of a file each, and return their ids."""
    new_repository(path)
    tree, shas = git(path, "mktree").decode().strip(), list[str]()
    for number in range(count):
        who = b"Bo <bo@x> %d +0000" % (1_700_000_000 + number)
        shas.append(raw_commit(path, tree, shas[-1:], committer=who, message=b"%d\n" % number))
    return shas


@pytest.mark.parametrize("name", [b"a\xe2\x80\xa8main", b"a\xc2\x85b", b"\xff"])
def test_a_branch_may_have_any_name(name: bytes, tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 5, 1)
    with (path / ".git" / "packed-refs").open("ab") as refs:
        refs.write(sha_of(path, "main").encode() + b" refs/heads/" + name + b"\n")
    shown = name.decode("utf-8", "backslashreplace")
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        assert (f"refs/heads/{shown}",) in rows(connection, "SELECT ref FROM git_refs")
        git(path, "symbolic-ref", "HEAD", os.fsdecode(b"refs/heads/" + name))
        read(connection, path, tmp_path / "shadows")
        assert rows(connection, "SELECT DISTINCT branch FROM git_timeline") == [(shown,)]


@pytest.mark.parametrize(
    "how", ["shallow is no text", "shallow is a folder", "objects are in a pipe", "refs cannot be read"]
)
def test_files_of_any_kind_in_one_repository_stop_no_other(how: str, tmp_path: Path) -> None:
    bad, good, shadows = tmp_path / "bad", tmp_path / "good", tmp_path / "shadows"
    shadows.mkdir()
    for path in (bad, good):
        history(path, 4, 1)
    if how == "shallow is no text":
        (bad / ".git" / "shallow").write_bytes(b"\xff\xfe\nno id\n")
    elif how == "shallow is a folder":
        (bad / ".git" / "shallow").mkdir()
    elif how == "objects are in a pipe":
        os.mkfifo(bad / ".git" / "objects" / "info" / "alternates")
    else:
        (bad / ".git" / "packed-refs").write_text("no ref\n")
    with ready_warehouse() as connection:
        outcome = sync.refresh_all(connection, [Source("bad", bad), Source("good", good)], shadows)
        assert rows(connection, "SELECT count(*) FROM git_commits WHERE repo = 'good'") == [(4,)]
        assert [problem.partition(":")[0] for problem in outcome.problems] == ["repository bad"] * len(outcome.problems)
        assert len(outcome.problems) == (how != "shallow is no text")


def test_objects_that_were_away_for_one_run_are_read_when_they_are_back(tmp_path: Path) -> None:
    path, objects, away = tmp_path / "repository", tmp_path / "repository/.git/objects", tmp_path / "away"
    history(path, 12, 1)
    with ready_warehouse() as connection, ready_warehouse() as first:
        read(connection, path, tmp_path / "shadows")
        before = state(connection)
        force_move(path, seed=1)
        objects.rename(away)
        objects.mkdir()
        for one in (connection, first):
            for full in (False, True):
                problems = sync.refresh_all(one, [Source("one", path)], tmp_path / "shadows", full).problems
                assert "objects" in problems[0]
        assert state(connection) == before, "nothing is lost"
        objects.rmdir()
        away.rename(objects)
        for one in (connection, first):
            read(one, path, tmp_path / "shadows")
        assert_as_the_oracle_says(first, path)
        assert state(connection)["git_timeline"] == state(first)["git_timeline"]


def test_a_tag_whose_object_was_away_is_read_when_it_is_back(tmp_path: Path) -> None:
    path, away = tmp_path / "repository", tmp_path / "away"
    shas = _chain(path, 3)
    set_ref(path, "refs/heads/main", shas[1])
    set_ref(path, "refs/tags/last", shas[2])
    set_ref(path, "refs/tags/file", raw_object(path, "blob", b"a file"))
    lost = path / ".git" / "objects" / shas[2][:2] / shas[2][2:]
    lost.rename(away)
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        assert read(connection, path, tmp_path / "shadows") == sync.GitChanges(1)
        events = scalar(connection, "SELECT count(*) FROM git_ref_events")
        away.rename(lost)
        assert read(connection, path, tmp_path / "shadows").commits == 1
        at = "SELECT commit_sha FROM git_refs WHERE ref = 'refs/tags/last'"
        assert rows(connection, at) == [(shas[2],)]
        assert scalar(connection, "SELECT count(*) FROM git_ref_events") == events, "the tag has not moved"


def test_history_in_a_folder_that_is_away_is_no_beginning(tmp_path: Path) -> None:
    source, path = tmp_path / "source", tmp_path / "repository"
    set_ref(source, "refs/heads/main", _chain(source, 4)[-1])
    git(tmp_path, "clone", "-q", "--shared", "--template=", str(source), str(path))
    set_ref(path, "refs/heads/main", raw_commit(path, sha_of(path, "main^{tree}"), [sha_of(path, "main")]))
    with ready_warehouse() as connection:
        source.rename(tmp_path / "away")
        (problem,) = sync.refresh_all(connection, [Source("one", path)], tmp_path / "shadows").problems
        assert "is not there" in problem
        (tmp_path / "away").rename(source)
        assert read(connection, path, tmp_path / "shadows").commits == 5


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage"])
@pytest.mark.parametrize("known", [0, 4])
def test_a_damaged_commit_is_told_and_read_when_it_is_mended(known: int, damage: str, tmp_path: Path) -> None:
    path, shadows = tmp_path / "repository", tmp_path / "shadows"
    shadows.mkdir()
    shas = _chain(path, 10)
    with ready_warehouse() as connection:
        if known:
            set_ref(path, "refs/heads/main", shas[known - 1])
            read(connection, path, shadows)
        before = state(connection)
        set_ref(path, "refs/heads/main", shas[-1])
        file = path / ".git" / "objects" / shas[6][:2] / shas[6][2:]
        whole = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes({"truncated": whole[: len(whole) // 2], "empty": b"", "garbage": b"\0garbage"}[damage])
        (problem,) = sync.refresh_all(connection, [Source("one", path)], shadows).problems
        assert "repository one: " in problem
        assert "damaged" in problem
        assert state(connection) == before
        file.write_bytes(whole)
        assert read(connection, path, shadows).commits == 10 - known
        assert scalar(connection, "SELECT count(*) FROM git_timeline") == 10


def test_a_repository_made_anew_in_another_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    with ready_warehouse() as connection:
        for object_format in ("sha1", "sha256", "sha1"):
            shutil.rmtree(path, ignore_errors=True)
            set_ref(new_repository(path, object_format=object_format), "refs/heads/main", _commit(path))
            assert read(connection, path, tmp_path / "shadows").commits == 1
            assert rows(connection, "SELECT sha FROM git_commits") == [(sha_of(path, "main"),)]
            assert scalar(connection, "SELECT count(*) FROM git_landed") == 1


def _commit(path: Path) -> str:
    return raw_commit(path, git(path, "mktree").decode().strip())


def test_nothing_is_left_of_a_repository_that_is_forgotten(tmp_path: Path) -> None:
    history(tmp_path / "repository", 5, 1)
    with ready_warehouse() as connection:
        read(connection, tmp_path / "repository", tmp_path / "shadows")
        sync.forget_others(connection, [])
        assert not any(state(connection).values())


def test_another_address_of_the_remote_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 3, 1)
    with ready_warehouse() as connection:
        for name in ("old", "new"):
            git(path, "config", "remote.origin.url", f"https://github.com/team/{name}.git")
            read(connection, path, tmp_path / "shadows")
            assert rows(connection, "SELECT web FROM git_repos") == [(f"https://github.com/team/{name}",)]


@pytest.mark.parametrize("damage", ["", "junk\n", "0" * 40 + "\n", "ref: refs/heads/main\n"])
@pytest.mark.parametrize("named", [(), ("main",)])
def test_a_damaged_ref_of_a_followed_branch_does_not_drop_its_timeline(
    damage: str, named: tuple[str, ...], tmp_path: Path
) -> None:
    path, shadows = tmp_path / "repository", tmp_path / "shadows"
    shadows.mkdir()
    history(path, 6, 1)
    source, settings = Source("one", path, named), _settings(tmp_path, path, named)
    ref = path / ".git" / "refs" / "heads" / "main"
    with ready_warehouse() as connection:
        sync.refresh(connection, source, shadows)
        before, whole = state(connection), ref.read_text()
        ref.write_text(damage)
        (problem,) = sync.refresh_all(connection, [source], shadows).problems
        assert "damaged" in problem
        assert state(connection) == before
        assert not repositories_are_read(connection, settings).passed
        assert any("damaged" in told for told in listed(connection, settings)[0].problems)
        with pytest.raises(GitError, match="damaged"):
            answered(path, b"path,t_epoch\na,1\n")
        ref.write_text(whole)
        assert sync.refresh_all(connection, [source], shadows).problems == ()


def _settings(tmp_path: Path, path: Path, branches: tuple[str, ...] = ()) -> Settings:
    return Settings(
        home=tmp_path / "home", repositories=(RepositorySettings(path=path, name="one", branches=branches or None),)
    )


def test_a_damaged_ref_is_not_passed_over_for_one_of_the_remote(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 6, 1)
    set_ref(path, "refs/remotes/origin/main", sha_of(path, "main~2"))
    (path / ".git" / "refs" / "heads" / "main").write_text("")
    with pytest.raises(GitError, match="refs/heads/main is damaged"):
        look(Source("one", path, ("main",)), tmp_path / "shadows")


def test_a_branch_that_was_deleted_is_forgotten_and_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 6, 1)
    set_ref(path, "refs/heads/other", sha_of(path, "main"))
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        (path / ".git" / "refs" / "heads" / "main").unlink()
        read(connection, path, tmp_path / "shadows")
        assert scalar(connection, "SELECT count(*) FROM git_timeline") == 0


def test_a_git_that_waits_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "repository"
    history(path, 3, 1)
    os.mkfifo(path / ".git" / "packed-refs")
    monkeypatch.setattr(plumbing, "_SILENT_SECONDS", 1)
    with (
        ready_warehouse() as connection,
        pytest.raises(GitError, match=r"repository one: .* no answer within 1 seconds"),
    ):
        read(connection, path, tmp_path / "shadows")


@pytest.mark.parametrize("what", ["a commit", "a folder", "a file"])
def test_an_object_that_is_a_pipe_is_told_and_does_not_hold_the_run(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, shadows = tmp_path / "repository", tmp_path / "shadows"
    shas = _chain(path, 3)
    old = raw_object(path, "blob", b"".join(b"line %d\n" % number for number in range(30)))
    new = raw_object(path, "blob", b"".join(b"line %d\n" % number for number in range(31)))
    trees = [
        git(path, "mktree", given=f"100644 blob {blob}\t{name}\n".encode()).decode().strip()
        for name, blob in (("a", old), ("b", new))
    ]
    for tree in trees:
        shas.append(raw_commit(path, tree, shas[-1:]))
    set_ref(path, "refs/heads/main", shas[-1])
    piped = {"a commit": shas[-1], "a folder": trees[0], "a file": old}[what]
    remove_object(path, piped)
    os.mkfifo(path / ".git" / "objects" / piped[:2] / piped[2:])
    monkeypatch.setattr(plumbing, "_SILENT_SECONDS", 1)
    shadows.mkdir()
    with ready_warehouse() as connection:
        (problem,) = sync.refresh_all(connection, [Source("one", path)], shadows).problems
        assert "repository one: " in problem
        assert "no answer within 1 seconds" in problem


@pytest.mark.parametrize("name", ["pack/pack-1.idx", "pack/multi-pack-index", "info/commit-graph"])
def test_a_pipe_among_the_packs_is_told_at_once(name: str, tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 3, 1)
    pipe = path / ".git" / "objects" / name
    pipe.parent.mkdir(exist_ok=True)
    pipe.with_suffix(".pack").touch()
    os.mkfifo(pipe)
    with pytest.raises(GitError, match=f"repository one: .*{pipe.name} is no file"):
        look(Source("one", path), tmp_path / "shadows")


def test_a_git_that_works_in_silence_is_not_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "repository"
    history(path, 3, 1)
    repository = plumbing.open_repository("one", path, tmp_path / "shadow")
    monkeypatch.setattr(plumbing, "_SILENT_SECONDS", 0.2)
    monkeypatch.setattr(
        plumbing,
        "_git",
        lambda: str(_script(tmp_path / "git", "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; echo done")),
    )
    assert plumbing.output_of(repository, "anything") == b"done\n"


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_what_a_killed_run_has_left_is_taken_away(tmp_path: Path) -> None:
    history(tmp_path / "repository", 3, 1)
    (tmp_path / "shadows" / ".reading-left").mkdir(parents=True)
    (tmp_path / "shadows" / ".reading-left" / "listed").write_text("0\n")
    with ready_warehouse() as connection:
        read(connection, tmp_path / "repository", tmp_path / "shadows")
        assert [entry.name for entry in (tmp_path / "shadows").iterdir()] == ["one.git"]


def test_a_look_at_a_repository_changes_nothing_for_a_run_that_reads_it(tmp_path: Path) -> None:
    path, shadow = tmp_path / "repository", tmp_path / "shadows" / "one.git"
    shas = _chain(path, 4)
    set_ref(path, "refs/heads/main", shas[-1])
    remove_object(path, shas[1])
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        assert (shadow / "shallow").read_text() == f"{shas[2]}\n"
        plumbing.open_repository("one", path, shadow)
        assert (shadow / "shallow").read_text() == f"{shas[2]}\n"


def test_an_object_that_is_away_counts_for_what_is_watched(tmp_path: Path) -> None:
    path, away = tmp_path / "repository", tmp_path / "away"
    history(path, 3, 1)
    settings = Settings(home=tmp_path / "home", repositories=(RepositorySettings(path=path),))
    before = state_of(settings)
    (path / ".git" / "objects").rename(away)
    (path / ".git" / "objects").mkdir()
    assert state_of(settings) != before
    (path / ".git" / "objects").rmdir()
    away.rename(path / ".git" / "objects")
    assert state_of(settings) == before
    git(path, "config", "remote.origin.url", "https://github.com/team/one.git")
    assert state_of(settings) != before


def test_attributes_of_the_user_and_the_machine_take_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    stream.commit({"a.txt": "one\n"})
    stream.write(new_repository(tmp_path / "repository"))
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "attributes").write_text("* -diff\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    repository = plumbing.open_repository("one", tmp_path / "repository", tmp_path / "shadow")
    told = plumbing.output_of(repository, "diff-tree", "--root", "--numstat", sha_of(tmp_path / "repository", "main"))
    assert told.endswith(b"1\t0\ta.txt\n")


@pytest.mark.parametrize("inner", ["sub", "sub/a\nb", "broken", None])
def test_that_a_folder_within_a_repository_stands_for_all_of_it_is_told(
    inner: str | None, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "repo\nsitory"
    history(path, 3, 1)
    folder = path / inner if inner else tmp_path / "link"
    if inner is None:
        folder.symlink_to(path)
    else:
        folder.mkdir(parents=True)
    if inner == "broken":
        (folder / ".git").mkdir()
    named = settings.model_copy(update={"repositories": (RepositorySettings(path=folder, name="one"),)})
    with ready_warehouse() as connection:
        assert sync.refresh(connection, Source("one", folder), settings.git_shadows).commits == 3
        (told,) = listed(connection, named)
    is_told = "is a folder within a repository, all of which is read"
    assert (is_told in caplog.text, any(is_told in problem for problem in told.problems)) == (inner is not None,) * 2


def test_worktrees_bare_clones_and_submodules_are_repositories_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 3, 1)
    git(path, "worktree", "add", "-q", "--detach", str(path / "within"))
    git(path, "clone", "-q", "--bare", "--template=", str(path), str(path / "bare.git"))
    with ready_warehouse() as connection:
        for number, folder in enumerate((path / "within", path / "bare.git", path / ".git")):
            read = sync.refresh(connection, Source(f"{number}", folder), tmp_path / "shadows")
            assert read.commits == 3
