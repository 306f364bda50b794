"""A followed file that was replaced or rewritten while nobody followed it: nothing is left out."""

from __future__ import annotations

from pathlib import Path

from tests.live.test_tail import append, follow, line


def test_another_text_in_the_file_is_noticed_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a1", "a2"))
    _, cursor = follow(path, None, (lambda: None, ["a1", "a2"]))
    path.write_text(line("b1", "b2", "b3"))  # its lines end where those before did, and its number is the same
    assert follow(path, cursor, (lambda: None, ["b1", "b2", "b3"]))[0] == ["b1", "b2", "b3"]


def test_a_file_that_is_shorter_than_what_was_read_is_read_from_its_beginning_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a1", "a2"))
    _, cursor = follow(path, None, (lambda: None, ["a1", "a2"]))
    path.write_text(line("b1"))
    assert follow(path, cursor, (lambda: None, ["b1"]))[0] == ["b1"]


def test_a_cursor_of_an_earlier_version_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a1"))
    _, cursor = follow(path, None, (lambda: None, ["a1"]))
    append(path, line("a2"))
    inode, offset, _ = str(cursor).split(":")
    assert follow(path, f"{inode}:{offset}", (lambda: None, ["a2"]))[0] == ["a2"]
