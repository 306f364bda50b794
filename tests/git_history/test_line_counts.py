"""Lines are counted as git counts them, once for each two versions, and what cannot be read has no count."""

from __future__ import annotations

from pathlib import Path

from egregora_assets.config import RepositorySettings, Settings
from egregora_assets.git_history import line_counts, sync
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.git_history.git_streams import Stream, git, lines, new_repository, remove_object
from tests.git_history.repositories import history

COUNTED = """
    SELECT c.sha, c.path, l.added, l.removed
    FROM git_file_changes c JOIN git_line_counts l
        ON l.old_blob IS NOT DISTINCT FROM c.old_blob AND l.new_blob IS NOT DISTINCT FROM c.new_blob
"""


def with_repository(settings: Settings, path: Path) -> Settings:
    return settings.model_copy(update={"repositories": (RepositorySettings(path=path, name="one"),)})


def told_by_git(path: Path) -> set[tuple[str, str, int | None, int | None]]:
    told = git(path, "log", "--all", "--no-merges", "--no-renames", "--numstat", "-z", "--format=%x00%H").split(b"\0")
    found, sha = set(), ""
    for token in told:
        added, tab, rest = token.strip(b"\n").partition(b"\t")
        if tab:
            removed, _, name = rest.partition(b"\t")
            number = (None, None) if added == b"-" else (int(added), int(removed))
            found.add((sha, name.decode("utf-8", "backslashreplace"), *number))
        elif added:
            sha = added.decode()
    return found


def test_lines_are_counted_as_git_counts_them_and_once(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "repository"
    history(path, 25, 3)
    active = with_repository(settings, path)
    with open_warehouse(active) as connection:
        sync.refresh_configured(connection, active)
        assert line_counts.refresh(connection, active)[0] > 0
        assert line_counts.refresh(connection, active) == (0, [])
        counted = set(rows(connection, COUNTED))
        submodules = "SELECT sha, path, NULL, NULL FROM git_file_changes WHERE 160000 IN (old_mode, new_mode)"
        odd = {row[:2]: row for row in rows(connection, submodules)}
        assert counted == {odd.get(row[:2], row) for row in told_by_git(path)}


def test_a_repository_that_is_gone_stops_none_of_the_others(settings: Settings, tmp_path: Path) -> None:
    history(tmp_path / "repository", 5, 3)
    gone = RepositorySettings(path=tmp_path / "gone", name="a-gone-one")
    active = settings.model_copy(
        update={"repositories": (gone, RepositorySettings(path=tmp_path / "repository", name="one"))}
    )
    with open_warehouse(active) as connection:
        sync.refresh_configured(connection, active)
        counted, problems = line_counts.refresh(connection, active)
        assert counted > 0
        assert len(problems) == 1


def test_what_is_no_text_or_not_there_has_no_count(settings: Settings, tmp_path: Path) -> None:
    path = new_repository(tmp_path / "repository")
    stream = Stream()
    stream.commit({"a.txt": lines("one"), "picture.bin": b"\x00\x01\x02" * 50})
    stream.commit({"a.txt": lines("two")})
    stream.commit({"b.txt": lines("three")})
    stream.write(path)
    gone = git(path, "rev-parse", "main~1:a.txt").decode().strip()
    remove_object(path, gone)
    active = with_repository(settings, path)
    with open_warehouse(active) as connection:
        sync.refresh_configured(connection, active)
        line_counts.refresh(connection, active)
        found = {(name, added) for _, name, added, _ in rows(connection, COUNTED)}
        assert found == {("a.txt", 12), ("picture.bin", None), ("a.txt", None), ("b.txt", 12)}
        assert line_counts.refresh(connection, active) == (0, [])
