"""What a clone that is not whole cannot tell is unknown, and told as soon as it can be."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from egregora_assets.config import RepositorySettings, Settings
from egregora_assets.git_history import plumbing, sync
from egregora_assets.git_history.batch import answered
from egregora_assets.git_history.listing import listed
from egregora_assets.git_history.repositories import Source
from egregora_assets.git_history.watch import state_of
from egregora_assets.warehouse.query import rows, scalar
from tests.git_history.git_streams import HOUR, START, Stream, git, lines, new_repository, remove_object, sha_of
from tests.git_history.repositories import Shares, history
from tests.git_history.test_sync import assert_as_the_oracle_says, assert_same_look_ups, read, state
from tests.homes import ready_warehouse

_LATER = START + 99 * HOUR


def _renamed(path: Path, stream: Stream | None = None) -> list[str]:
    """A file is moved and changed; another goes away while nothing comes, and one while only a folder link comes."""
    stream = stream or Stream()
    stream.commit({"src/x.py": lines("same"), "plain.txt": lines("plain"), "tiny.txt": "t"})
    stream.commit({"src/x.py": None, "src/y.py": lines("same") + "more\n"})
    stream.commit({"plain.txt": None})
    new_repository(path)
    return stream.write(path)


def _answers(path: Path, *paths: str) -> dict[str, str]:
    asked = "path,t_epoch\n" + "".join(f"{one},{_LATER}\n" for one in paths)
    told = answered(path, asked.encode()).decode().splitlines()[1:]
    return {line.split(",")[0]: line.split(",")[2] for line in told}


def _partial(source: Path, path: Path, what: str = "blob:none") -> Path:
    git(source, "config", "uploadpack.allowFilter", "true")
    git(source.parent, "clone", "-q", "--bare", "--template=", f"--filter={what}", f"file://{source}", str(path))
    return path


def _bring_all(source: Path, path: Path) -> None:
    """Copy the objects as a folder of packs, as a fetch does."""
    packed = git(source, "rev-list", "--objects", "--all")
    names = b"\n".join(line.split(b" ")[0] for line in packed.splitlines()) + b"\n"
    git(source, "pack-objects", "-q", str(path / "objects" / "pack" / "pack"), given=names)


def test_a_rename_that_cannot_be_told_is_unknown_and_not_absent(tmp_path: Path) -> None:
    source = tmp_path / "source"
    _renamed(source)
    assert _answers(source, "src/x.py", "plain.txt") == {"src/x.py": "renamed", "plain.txt": "absent"}
    path = _partial(source, tmp_path / "partial.git")
    found = _answers(path, "src/x.py", "plain.txt", "never.txt", "tiny.txt")
    assert found == {"src/x.py": "unknown", "plain.txt": "absent", "never.txt": "absent", "tiny.txt": "present"}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("damage", [b"xx", b"", None])
def test_a_damaged_file_leaves_only_its_own_rename_unknown(
    damage: bytes | None, in_place: bool, tmp_path: Path
) -> None:
    path, stream = tmp_path / "repository", Stream()
    stream.commit({"a.txt": lines("one"), "b.txt": lines("two"), "c.txt": lines("three")})
    for old, new, word in (("a.txt", "a2.txt", "one"), ("b.txt", "b2.txt", "two"), ("c.txt", "c2.txt", "three")):
        stream.commit({old: None, new: lines(word) + "more\n"})
    stream.write(new_repository(path))
    blob = sha_of(path, "main:b2.txt")
    file = path / ".git" / "objects" / blob[:2] / blob[2:]
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert _answers(path, "a.txt", "b.txt", "c.txt") == {"a.txt": "renamed", "b.txt": "unknown", "c.txt": "renamed"}
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        assert read(connection, path, tmp_path / "shadows") == sync.GitChanges(1)
        before = rows(connection, "SELECT objects_seen FROM git_repos")
        read(connection, path, tmp_path / "shadows")
        assert rows(connection, "SELECT objects_seen FROM git_repos") == before, (
            "nothing is written while nothing changes"
        )
        if not in_place:
            file.unlink()
        file.write_bytes(whole)
        read(connection, path, tmp_path / "shadows")
        assert scalar(connection, "SELECT count(*) FROM git_undecided") == 0
        assert_same_look_ups(connection, path, "main")


def test_a_rename_that_a_merge_brought_and_nobody_can_tell_is_unknown(tmp_path: Path) -> None:
    source, stream = tmp_path / "source", Stream()
    base = lines("same", 40)
    root = stream.commit({"old.txt": base})
    stream.commit({"old.txt": None, "new.txt": base + "more\n"}, branch="topic", parents=[root])
    topic = stream.commit({"new.txt": lines("other", 400)}, branch="topic")
    main = stream.commit({"else.txt": "1\n"}, parents=[root])
    stream.commit({"old.txt": None, "new.txt": lines("other", 400)}, parents=[main, topic])
    stream.write(new_repository(source))
    assert _answers(source, "old.txt") == {"old.txt": "renamed"}
    assert _answers(_partial(source, tmp_path / "partial.git"), "old.txt") == {"old.txt": "unknown"}


@pytest.mark.parametrize("what", ["blob:none", "tree:0", "tree:1"])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_unknown_is_told_when_the_objects_come(what: str, seed: int, tmp_path: Path) -> None:
    source = tmp_path / "source"
    history(source, 40, seed, Shares(rename=0.4, merge=0.3))
    path = _partial(source, tmp_path / "partial.git", what)
    settings = Settings(home=tmp_path / "home", repositories=(RepositorySettings(path=path, name="one"),))
    settings.git_shadows.mkdir(parents=True)
    with ready_warehouse() as connection, ready_warehouse() as fresh:
        read(connection, path, settings.git_shadows)
        assert scalar(connection, "SELECT count(*) FROM git_lacking") > 0
        watched = state_of(settings)
        assert read(connection, path, settings.git_shadows) == sync.GitChanges(1)
        assert state_of(settings) == watched
        _bring_all(source, path)
        assert state_of(settings) != watched
        assert any("changed since it was read" in told for told in listed(connection, settings)[0].problems)
        read(connection, path, settings.git_shadows)
        read(fresh, path, tmp_path / "fresh")
        assert state(connection) == state(fresh)
        assert_as_the_oracle_says(connection, path)
        assert scalar(connection, "SELECT count(*) FROM git_lacking") == 0
        assert read(connection, path, settings.git_shadows) == sync.GitChanges(1)


def test_a_part_of_what_is_lacking_may_come_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    history(source, 30, 3, Shares(rename=0.4, merge=0.3))
    path = _partial(source, tmp_path / "partial.git", "tree:0")
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        before = _unread(connection)
        tree, parent = sha_of(source, "main~3^{tree}"), sha_of(source, "main~4^{tree}")
        for one in (tree, parent):
            told = git(source, "ls-tree", "-r", "-t", one).decode(errors="replace").splitlines()
            folders = [one, *(line.split()[2] for line in told if line.split()[1] == "tree")]
            git(
                source, "pack-objects", "-q", str(path / "objects" / "pack" / "pack"), given="\n".join(folders).encode()
            )
        read(connection, path, tmp_path / "shadows")
        with ready_warehouse() as fresh:
            read(fresh, path, tmp_path / "fresh")
            assert state(connection) == state(fresh)
        assert _unread(connection) < before


def _unread(connection: duckdb.DuckDBPyConnection) -> int:
    return int(scalar(connection, "SELECT count(*) FROM git_commits WHERE is_unread"))


def test_objects_that_were_not_lacking_change_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    _renamed(source)
    path = _partial(source, tmp_path / "partial.git")
    with ready_warehouse() as connection:
        read(connection, path, tmp_path / "shadows")
        before = rows(connection, "SELECT max(revision) FROM revisions")
        git(path, "hash-object", "-w", "--stdin", given=b"something else\n")
        assert read(connection, path, tmp_path / "shadows") == sync.GitChanges(1)
        assert rows(connection, "SELECT max(revision) FROM revisions") == before


def test_history_behind_a_commit_that_was_missing_is_read_when_it_is_back(tmp_path: Path) -> None:
    path, away = tmp_path / "repository", tmp_path / "away"
    shas = _renamed(path)
    lost = path / ".git" / "objects" / shas[2][:2] / shas[2][2:]
    shutil.copy(lost, away)
    remove_object(path, shas[2])
    with ready_warehouse() as connection, ready_warehouse() as fresh:
        read(connection, path, tmp_path / "shadows")
        assert scalar(connection, "SELECT count(*) FROM git_commits") == 1
        shutil.copy(away, lost)
        assert read(connection, path, tmp_path / "shadows").commits == 2
        read(fresh, path, tmp_path / "fresh")
        assert state(connection) == state(fresh)
        assert_same_look_ups(connection, path, "main")


def test_a_whole_repository_is_not_watched_for_its_objects(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    _renamed(path)
    settings = Settings(home=tmp_path / "home", repositories=(RepositorySettings(path=path, name="one"),))
    settings.git_shadows.mkdir(parents=True)
    with ready_warehouse() as connection:
        sync.refresh(connection, Source("one", path), settings.git_shadows)
        before = state_of(settings)
        git(path, "hash-object", "-w", "--stdin", given=b"something\n")
        assert state_of(settings) == before
        assert not (plumbing.open_repository("one", path, settings.git_shadows / "one.git").shadow / "lacking").exists()
