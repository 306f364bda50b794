"""The repository that the git benchmarks read is the same for the same seed, of the size asked for, and of a realistic shape."""

from __future__ import annotations

from pathlib import Path

from benchmarks.generate_repository import generate, grow
from tests.git_history.oracle import ask


def count(path: Path, *options: str) -> int:
    return int(ask(path, "rev-list", "--all", "--count", *options))


def main_of(path: Path) -> bytes:
    return ask(path, "rev-parse", "refs/heads/main")


def test_the_same_seed_gives_the_same_shas_also_when_it_grows(tmp_path: Path) -> None:
    one, two, other = (
        generate(tmp_path / "one", 300, 1),
        generate(tmp_path / "two", 300, 1),
        generate(tmp_path / "other", 300, 2),
    )
    assert main_of(one) == main_of(two) != main_of(other)
    first = main_of(one)
    grow(one, 50, 3)
    grow(two, 50, 3)
    assert main_of(one) == main_of(two) != first
    assert count(one) == 350
    assert ask(one, "merge-base", first.decode().strip(), "main") == first
    ask(one, "fsck", "--no-progress")


def test_merges_renames_and_changes_have_their_shares_and_all_is_packed(tmp_path: Path) -> None:
    path = generate(tmp_path / "repository", 1500, 1)
    assert count(path) == 1500
    assert 0.2 <= count(path, "--merges") / 1500 <= 0.3
    rows = ask(path, "log", "--all", "--raw", "--no-renames", "--format=").count(b"\n:") + 1
    assert 3.2 <= rows / count(path, "--no-merges") <= 4.2
    statuses = ask(path, "log", "--all", "--raw", "-M", "--format=").decode()
    assert statuses.count(" R100\t") > 3
    assert statuses.count(" R09") > 3
    assert statuses.count(" D\t") > 30
    assert b"count: 0\n" in ask(path, "count-objects", "-v")
