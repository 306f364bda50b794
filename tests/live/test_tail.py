"""A followed file: each line once and in order, whatever is done to the file and whenever the adapter is started again."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.live.adapters.tail import create
from egregora_assets.live.incoming import MAX_EVENT_BYTES
from egregora_assets.live.lines import Lines
from tests.live.service import client, event, running, stored

Step = Callable[[], object]


def line(*names: str) -> str:
    return "".join(json.dumps(event(name)) + "\n" for name in names)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def follow(path: Path, cursor: str | None, *steps: tuple[Step, list[str]]) -> tuple[list[str], str | None]:
    """Do each step and await the events it brings; returns the names of all, and the cursor behind the last."""

    async def run() -> tuple[list[str], str | None]:
        adapter: Any = create("log", {"path": str(path), "poll_seconds": 0.005}, cursor)
        heard, last = [], cursor
        events = adapter.listen()
        for step, expected in steps:
            step()
            for _ in expected:
                delivery = await asyncio.wait_for(anext(events), 20)
                heard.append(delivery.message.native_id)
                last = delivery.cursor or last
        await events.aclose()
        return heard, last

    return asyncio.run(run())


def test_lines_come_as_they_are_appended_and_one_without_its_end_waits(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    whole = line("b")
    heard, _ = follow(
        path,
        None,
        (lambda: append(path, line("a") + whole[:20]), ["a"]),
        (lambda: append(path, whole[20:] + line("c")), ["b", "c"]),
        (lambda: append(path, "no event\n\n" + "x" * (MAX_EVENT_BYTES + 5) + "\n" + line("d")), ["d"]),
    )
    assert heard == ["a", "b", "c", "d"]


def test_a_file_that_is_rotated_away_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a"))

    def rotate() -> None:
        append(path, line("b"))
        path.rename(tmp_path / "chat.log.1")
        append(path, line("d"))
        append(tmp_path / "chat.log.1", line("c").rstrip())  # who wrote it has not yet noticed

    assert follow(path, None, (lambda: None, ["a"]), (rotate, ["b", "c", "d"]))[0] == ["a", "b", "c", "d"]


def test_a_file_that_is_truncated_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a", "b"))

    def cut() -> None:
        path.write_text(line("c"))

    def cut_and_grown() -> None:
        path.write_text(line("d" * 40) + line("e", "f"))

    steps = ((lambda: None, ["a", "b"]), (cut, ["c"]), (cut_and_grown, ["d" * 40, "e", "f"]))
    assert follow(path, None, *steps)[0] == ["a", "b", "c", "d" * 40, "e", "f"]


def test_a_file_that_was_cut_and_is_as_long_again_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "bridge.jsonl"
    append(path, line("a1", "a2"))
    names, _ = follow(
        path,
        None,
        (lambda: None, ["a1", "a2"]),
        (lambda: path.write_text(line("b1", "b2")), ["b1", "b2"]),
        (lambda: path.write_text(line("c1", "c2", "c3")), ["c1", "c2", "c3"]),
    )
    assert names == ["a1", "a2", "b1", "b2", "c1", "c2", "c3"]


def test_a_pipe_or_a_folder_in_the_place_of_the_file_is_waited_out(tmp_path: Path) -> None:
    path = tmp_path / "bridge.jsonl"

    def replace() -> None:
        path.rename(tmp_path / "away")
        os.mkfifo(path)

    def put_back() -> None:
        path.unlink()
        append(path, line("b1"))

    append(path, line("a1"))
    names, _ = follow(path, None, (lambda: None, ["a1"]), (replace, []), (put_back, ["b1"]))
    assert names == ["a1", "b1"]


def test_the_cursor_goes_on_behind_what_was_read_also_in_files_rotated_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a"))
    _, cursor = follow(path, None, (lambda: None, ["a"]))
    append(path, line("b"))
    _, cursor = follow(path, cursor, (lambda: None, ["b"]))
    append(path, line("c"))
    path.rename(tmp_path / "chat.log.2")
    append(tmp_path / "chat.log.1", line("d"))
    append(path, line("e"))
    for number, name in enumerate(("chat.log.2", "chat.log.1", "chat.log")):
        os.utime(tmp_path / name, (number, number))
    append(tmp_path / "chat.log.gz", "packed")
    assert follow(path, cursor, (lambda: None, ["c", "d", "e"]))[0] == ["c", "d", "e"]


def test_a_cursor_of_a_file_that_is_gone_begins_with_the_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    append(path, line("a"))
    assert follow(path, "1:999", (lambda: None, ["a"]))[0] == ["a"]


def test_a_service_that_is_killed_goes_on_where_it_was_and_stores_each_line_once(tmp_path: Path) -> None:
    path, home = tmp_path / "chat.log", tmp_path / "home"
    settings = f'[[live.adapters]]\nname = "log"\nadapter = "tail"\noptions = {{path = "{path}"}}\n'
    names = [f"m{number}" for number in range(4_000)]
    append(path, line(*names[:1_500]))
    with running(home, settings=settings) as service, client(service) as asking:
        append(path, line(*names[1_500:3_000]))
        while asking.ask({"status": True})["status"]["sequence"] < 2_000:
            pass
        service.kill()
    append(path, line(*names[3_000:]))
    with running(home) as service, client(service) as asking:
        while asking.ask({"status": True})["status"]["sequence"] < len(names):
            pass
        assert service.stop() == 0
    assert stored(home) == names


@given(
    st.binary(max_size=60).map(lambda data: data.replace(b"\r", b"\n")), st.lists(st.integers(1, 9)), st.integers(1, 12)
)
def test_lines_are_the_same_however_they_are_cut_into_pieces(data: bytes, sizes: list[int], longest: int) -> None:
    lines, found, rest = Lines(longest), [], data
    for size in [*sizes, len(data) + 1]:
        found += lines.feed(rest[:size])
        rest = rest[size:]
        assert lines.waiting == len(data[: len(data) - len(rest)].rpartition(b"\n")[2])
    found += lines.end()
    whole = data.split(b"\n")
    expected = whole if whole[-1] else whole[:-1]
    assert found == [None if len(one) > longest else one for one in expected]
