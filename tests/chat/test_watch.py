"""When the inbox asks for a run: for every file once it has settled, and never for one that is still being copied."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from egregora_assets.chat.inbox import copy_into, state_of
from egregora_assets.chat.watch import InboxState, look
from egregora_assets.config import Settings

A, GROWN = {"a.zip": (10, 1)}, {"a.zip": (20, 2)}


def runs(*states: InboxState) -> list[bool]:
    """Return for each look at these states whether it asked for a run."""
    cursor, asked = None, []
    for state in states:
        seen = look(cursor, state)
        cursor = seen.cursor
        asked.append(seen.run)
    return asked


def test_an_empty_inbox_asks_for_nothing() -> None:
    assert runs({}, {}, {}) == [False, False, False]


def test_a_new_file_is_asked_for_once_it_has_settled() -> None:
    assert runs({}, A, A, A, A) == [False, False, True, False, False]


def test_files_that_were_there_at_the_first_look_are_asked_for() -> None:
    assert runs(A, A, A) == [False, True, False]


def test_a_file_that_grows_is_left_until_it_stops() -> None:
    growing = [{"a.zip": (size, size)} for size in range(1, 6)]
    assert runs(*growing, growing[-1], growing[-1]) == [False] * 5 + [True, False]


def test_a_changed_file_is_asked_for_again() -> None:
    assert runs(A, A, GROWN, GROWN, GROWN) == [False, True, False, True, False]


def test_a_file_that_was_taken_away_and_came_back_is_asked_for_again() -> None:
    assert runs(A, A, {}, A, A, A) == [False, True, False, False, True, False]


def test_a_removed_file_asks_for_nothing() -> None:
    assert runs(A, A, {}, {}) == [False, True, False, False]


def test_a_file_being_copied_does_not_hold_the_others_back() -> None:
    states: list[InboxState] = [{**A, "b.zip": (size, size)} for size in (1, 2, 3, 3, 3)]
    assert runs(*states) == [False, True, False, True, False]


states = st.dictionaries(
    st.sampled_from(["a.zip", "b.zip", "c.txt"]), st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=3
)


@given(st.lists(states, max_size=12))
@example([A, {**A, "b.zip": (0, 0)}, {"a.zip": (0, 0), "b.zip": (0, 0)}, A])
def test_no_settled_file_is_missed_and_no_other_is_asked_for(history: list[InboxState]) -> None:
    cursor: str | None = None
    before: InboxState = {}
    asked: InboxState = {}
    for now in history:
        seen = look(cursor, now)
        settled = {name: state for name, state in now.items() if before.get(name) == state}
        new = {name for name, state in settled.items() if asked.get(name) != state}
        assert seen.run or not new, "a settled new file was missed"
        if seen.run:
            assert settled, "nothing has settled"
            asked.update(settled)
        asked = {name: state for name, state in asked.items() if name in now}
        before, cursor = now, seen.cursor
        json.loads(cursor)
    assert not look(cursor, before).run or any(asked.get(name) != state for name, state in before.items())


def test_the_state_of_the_inbox_tells_sizes_and_times_of_exports_only(settings: Settings) -> None:
    path = settings.inbox / "sub" / "chat.txt"
    path.parent.mkdir()
    path.write_bytes(b"hello")
    os.utime(path, ns=(1, 2))
    for name in (".hidden.zip", "half.zip.part", "photo.jpg"):
        (settings.inbox / name).write_bytes(b"x")
    assert state_of(settings.inbox) == {"sub/chat.txt": (5, 2)}


def test_a_file_copied_in_keeps_others_of_its_name_and_is_not_copied_twice(settings: Settings) -> None:
    outside = settings.home / "chat.zip"
    outside.write_bytes(b"one")
    assert copy_into(settings.inbox, outside) == copy_into(settings.inbox, outside) == settings.inbox / "chat.zip"
    outside.write_bytes(b"two")
    assert copy_into(settings.inbox, outside) == settings.inbox / "chat (2).zip"
    assert sorted(path.read_bytes() for path in settings.inbox.iterdir()) == [b"one", b"two"]


def test_an_unpacked_export_is_copied_as_one_archive_with_the_same_bytes_each_time(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "My Workspace"
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text("[]")
    (folder / "general" / "2024-03-13.json").write_text("[1]")
    (folder / ".hidden").write_text("secret")
    (folder / "link").symlink_to("/etc/hostname")
    packed = copy_into(settings.inbox, folder)
    os.utime(folder / "users.json", (0, 0))
    assert copy_into(settings.inbox, folder) == packed == settings.inbox / "My Workspace.zip"
    with zipfile.ZipFile(packed) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "general/2024-03-13.json": b"[1]",
            "users.json": b"[]",
        }
    assert [path.name for path in settings.inbox.iterdir()] == ["My Workspace.zip"]
