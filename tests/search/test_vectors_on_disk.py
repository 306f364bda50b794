"""The files of the index: no changed byte gives a wrong answer, no kill loses what was there, and nobody sees half of anything."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from usearch.index import Index

from egregora_assets.search.vectors import block_files, manifest
from egregora_assets.search.vectors.reader import IndexReader, open_generation, open_index, verify_index
from egregora_assets.search.vectors.spec import Hits, IndexBusy, IndexDamaged, IndexMissing, IndexUnusable
from egregora_assets.search.vectors.writer import bring_up_to_date, condemn, writing
from egregora_assets.warehouse import durable
from tests.search.index_writers import SPEC, prepared_start, truth_after, write_one_and_end_at, write_steps
from tests.search.test_vectors import assert_same, true_nearest
from tests.search.vector_truth import Truth, some_vectors, spec_with

QUERY = some_vectors(1, part=1)[0].astype(np.float32)
POSITIONS = 24


def everything_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, Truth]:
    """An index with several blocks, rows taken out, and a graph."""
    truth = Truth(some_vectors(300))
    bring_up_to_date(tmp_path, spec_with(graph_from=64), truth, threads=1)
    truth.take([3, 9])
    bring_up_to_date(tmp_path, spec_with(graph_from=64), truth, threads=1)
    names = {path.name.split("-")[0] for path in everything_in(tmp_path)}
    assert names == {"CURRENT", "manifest", "labels", "vectors", "codes", "sums", "dead", "centre", "graph"}
    return tmp_path, truth


def test_a_flipped_byte_in_any_file_is_found_and_gives_no_wrong_answer(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    wanted, chance, unseen = true_nearest(truth, QUERY, 10), random.Random(7), 0
    for path in everything_in(folder):
        whole = path.read_bytes()
        for place in {0, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(POSITIONS))}:
            flipped = bytearray(whole)
            flipped[place] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            with pytest.raises(IndexUnusable):
                verify_index(folder)
            try:
                assert_same(open_index(folder).search(QUERY, 10), wanted)
                unseen += 1
            except IndexUnusable:
                pass
        path.write_bytes(whole)
    assert_same(open_index(folder).search(QUERY, 10), wanted)
    assert 0 < unseen <= POSITIONS + 2, (
        "only vectors are not all read at opening, and only those that answer are looked at"
    )


def test_a_file_that_is_cut_or_gone_is_found_and_made_anew(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    for path in [file.relative_to(folder) for file in everything_in(folder)]:
        for left in (None, 0, -1):
            damaged = folder.with_name("damaged")
            shutil.copytree(folder, damaged)
            if left is None:
                (damaged / path).unlink()
            else:
                size = (folder / path).stat().st_size
                os.truncate(damaged / path, left if left >= 0 else size + left)
            with pytest.raises(IndexUnusable):
                open_index(damaged)
            assert bring_up_to_date(damaged, spec_with(graph_from=64), truth, threads=1).anew, path
            assert_same(verify_and_search(damaged), true_nearest(truth, QUERY, 10))
            shutil.rmtree(damaged)


@pytest.mark.parametrize("place", ["a folder", "a link to nothing", "a link to the file"])
def test_what_stands_in_the_place_of_a_file_is_removed_and_what_it_links_to_stays(
    written: tuple[Path, Truth], place: str
) -> None:
    folder, truth = written
    for path in [file.relative_to(folder) for file in everything_in(folder)]:
        if place == "a link to the file" and path.name.startswith(("graph", manifest.CURRENT)):
            continue  # these are replaced, never written to
        damaged, elsewhere = folder.with_name("damaged"), folder.with_name("elsewhere")
        shutil.copytree(folder, damaged)
        (damaged / path).rename(elsewhere)
        if place == "a folder":
            (damaged / path).mkdir()
        else:
            (damaged / path).symlink_to(elsewhere if "file" in place else damaged / "nothing")
        whole = elsewhere.read_bytes()
        if "file" in place:
            assert_same(open_index(damaged).search(QUERY, 10), true_nearest(truth, QUERY, 10))
        else:
            with pytest.raises(IndexUnusable):
                open_index(damaged)
            with pytest.raises(IndexUnusable):
                assert IndexReader(damaged).index
        later = Truth(some_vectors(300))
        later.take([3, 9])
        later.add(some_vectors(40, part=8))
        bring_up_to_date(damaged, spec_with(graph_from=64), later, threads=1)
        assert_same(verify_and_search(damaged), true_nearest(later, QUERY, 10))
        assert elsewhere.read_bytes() == whole, path
        assert not [one for one in damaged.rglob("*") if one.is_symlink()]
        shutil.rmtree(damaged)


def test_whoever_has_nothing_to_write_looks_at_every_byte(written: tuple[Path, Truth]) -> None:
    """What opening does not read stayed damaged until a check had condemned it."""
    folder, truth = written
    with (open_generation(folder).folder / "vectors").open("r+b") as file:
        file.write(b"\xff")
    assert "not what was written" in bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1).anew
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))


def test_what_does_not_belong_in_the_folder_goes(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    (folder / ".DS_Store").write_text("not ours")
    (folder / "00000009-abcdef01").symlink_to(folder.parent)
    (folder / "CURRENT.part").write_text("left by somebody who was killed")
    bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1)
    assert {path.name for path in folder.iterdir()} == {"CURRENT", "lock", open_generation(folder).folder.name}
    assert folder.parent.is_dir()


def verify_and_search(folder: Path) -> Hits:
    verify_index(folder)
    return open_index(folder).search(QUERY, 10)


def test_what_stands_behind_the_rows_is_not_read_and_is_cut_by_the_next_writer(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    for name in ("labels", "vectors", "codes", "sums", "dead"):
        with (open_generation(folder).folder / name).open("ab") as file:
            file.write(b"left by somebody who was killed" * 9)

    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))
    truth.add(some_vectors(40, part=8))
    assert not bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1).anew
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))
    assert b"killed" not in b"".join(path.read_bytes() for path in everything_in(folder))


def test_a_damaged_index_can_be_condemned_and_heals(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    condemn(folder)
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))
    with (open_generation(folder).folder / "vectors").open("r+b") as file:
        file.write(b"\xff")
    with pytest.raises(IndexDamaged):
        verify_index(folder)

    condemn(folder)
    with pytest.raises(IndexMissing):
        open_index(folder)
    bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1)
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))


def test_what_is_copied_from_a_damaged_generation_is_found_first(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    with (open_generation(folder).folder / "vectors").open("r+b") as file:
        file.write(b"\xff")
    truth.take([20], "erase")

    assert "not what was written" in bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1).anew
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))


def test_a_graph_that_is_damaged_is_made_anew_when_it_is_to_grow(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    graph = next(open_generation(folder).folder.glob("graph-*"))
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    truth.add(some_vectors(300, part=8))

    assert bring_up_to_date(folder, spec_with(graph_from=64), truth, threads=1).graph_rows > 512
    assert_same(verify_and_search(folder), true_nearest(truth, QUERY, 10))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writing(tmp_path, 0), pytest.raises(IndexBusy):
        bring_up_to_date(tmp_path, spec_with(), Truth(some_vectors(5)), wait_seconds=0.1)
    assert bring_up_to_date(tmp_path, spec_with(), Truth(some_vectors(5)), wait_seconds=0).rows == 5


def test_two_writers_of_one_index_give_what_one_would(tmp_path: Path) -> None:
    context = prepared_start()
    ends = [context.Pipe(duplex=False) for _ in range(2)]
    writers = [context.Process(target=write_steps, args=(tmp_path, 0, 8, told)) for _, told in ends]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert_same(verify_and_search(tmp_path), true_nearest(truth_after(7), QUERY, 10))
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_a_reader_sees_one_state_or_the_next_while_generations_change(tmp_path: Path) -> None:
    truth = Truth(some_vectors(120))
    states = [true_nearest(truth, QUERY, 10).labels.tolist()]
    bring_up_to_date(tmp_path, SPEC, truth, threads=1)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for number in range(40):
                truth.add(some_vectors(3, part=20 + number))
                truth.take([sorted(truth.vectors)[number]], "erase")
                states.append(true_nearest(truth, QUERY, 10).labels.tolist())
                bring_up_to_date(tmp_path, SPEC, truth, threads=1)
        except BaseException as error:
            failed.append(error)

    writer, reader, seen = threading.Thread(target=write), IndexReader(tmp_path, "one", "m"), 0
    writer.start()
    while writer.is_alive():
        found = reader.index.search(QUERY, 10).labels.tolist()
        assert found in states[seen:], "never an older state than one seen before"
        seen += states[seen:].index(found)
    writer.join()
    assert not failed
    assert reader.index.search(QUERY, 10).labels.tolist() == states[-1]


def test_a_graph_that_goes_while_it_is_opened_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library gives nothing for a file that is not there, as it does for one that it cannot read."""
    truth = Truth(some_vectors(120))
    bring_up_to_date(tmp_path, SPEC, truth, threads=1)
    restore, restored = Index.restore, list[Path]()

    def after_a_rebuild(path: Path, *, view: bool) -> Index | None:
        if not restored:
            truth.take([min(truth.vectors)], "erase")
            bring_up_to_date(tmp_path, SPEC, truth, threads=1)
        restored.append(path)
        return restore(path, view=view)

    monkeypatch.setattr(Index, "restore", after_a_rebuild)
    found = IndexReader(tmp_path, "one", "m").index.search(QUERY, 10)
    assert_same(found, true_nearest(truth, QUERY, 10))


def state_on_disk(folder: Path) -> int:
    """Return after which step the index is, having made sure that it is whole and answers as it should; -1 without one."""
    try:
        generation = verify_index(folder)
    except IndexMissing:
        return -1
    (step,) = [step for step in range(STEPS) if truth_after(step).last_seq() == generation.manifest.applied_seq]
    for number in range(3):
        query = some_vectors(3, part=1)[number].astype(np.float32)
        assert_same(open_index(folder).search(query, 10), true_nearest(truth_after(step), query, 10))
    return step


STEPS = 60


def kill_writers(folder: Path, kills: int, seed: int) -> tuple[int, int]:
    """Kill so many writers at random moments; return how many steps were told as done, and how many were looked at."""
    context, chance, done, told_steps, laps = prepared_start(), random.Random(seed), -1, 0, 0
    for _ in range(kills):
        if done == STEPS - 1:
            shutil.rmtree(folder)
            done, laps = -1, laps + 1
        hears, tells = context.Pipe(duplex=False)
        writer = context.Process(target=write_steps, args=(folder, done + 1, STEPS, tells))
        writer.start()
        tells.close()
        if chance.random() < 0.5 and hears.poll(10):  # else it is killed in its first step, or before
            told_steps, done = told_steps + 1, hears.recv()
        time.sleep(chance.uniform(0.0, 0.03))
        writer.kill()
        writer.join()
        try:
            while hears.poll():
                told_steps, done = told_steps + 1, hears.recv()
        except EOFError:
            pass
        found = state_on_disk(folder)
        assert done <= found <= done + 1, "what was told as done is there, and at most one step more"
        done = found
    return told_steps, laps


def test_writers_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    told, _ = kill_writers(tmp_path / "index", kills=15, seed=1)
    assert told >= 5


@pytest.mark.slow
def test_a_thousand_writers_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    told, laps = kill_writers(tmp_path / "index", kills=1_000, seed=2)
    assert told >= 400
    assert laps >= 3


@pytest.mark.parametrize("step", [1, 2, 6])
def test_a_writer_may_end_at_each_thing_that_it_asks_of_the_file_system(tmp_path: Path, step: int) -> None:
    """Step 1 appends and takes out, 2 must leave no trace, 6 makes all anew; each may write a graph."""
    before = tmp_path / "before"
    for earlier in range(step):
        bring_up_to_date(before, SPEC, truth_after(earlier), threads=1)
    context, ends = prepared_start(), []
    for moment in range(200):
        folder = tmp_path / "index"
        shutil.copytree(before, folder)
        writer = context.Process(target=write_one_and_end_at, args=(folder, step, moment))
        writer.start()
        writer.join()
        ends.append(state_on_disk(folder))
        bring_up_to_date(folder, SPEC, truth_after(step), threads=1)
        assert state_on_disk(folder) == step
        assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
        shutil.rmtree(folder)
        if not writer.exitcode:
            break
    assert not writer.exitcode
    assert len(ends) > 10
    assert ends == sorted(ends)
    assert set(ends) == {step - 1, step}


def test_all_is_forced_to_disk_before_readers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may write in any order what it was not forced to keep: so after a loss of power names must not come before bytes."""
    unforced: set[int] = set()
    renamed: list[tuple[str, set[int]]] = []
    real_write, real_force, real_replace = block_files.write_all, durable.force, os.replace

    def write_all(file: int, data: bytes, folder: Path) -> None:
        unforced.add(os.fstat(file).st_ino)
        real_write(file, data, folder)

    def force(file: int) -> None:
        unforced.discard(os.fstat(file).st_ino)
        real_force(file)

    def replace(source: Path, target: Path) -> None:
        renamed.append((Path(target).name, set(unforced)))
        real_replace(source, target)

    for module in (block_files, durable):
        monkeypatch.setattr(module, "write_all", write_all)
    monkeypatch.setattr(durable, "force", force)
    monkeypatch.setattr(os, "replace", replace)
    truth = Truth(some_vectors(150))
    for operation in ("add", "erase"):
        bring_up_to_date(tmp_path, SPEC, truth, threads=1)
        truth.take([5] if operation == "erase" else [7], operation)
    bring_up_to_date(tmp_path, SPEC, truth, threads=1)

    assert [name for name, _ in renamed].count(manifest.CURRENT) == 2
    assert len(renamed) >= 6
    assert [left for _, left in renamed if left] == []
