"""The index of vectors: every implementation gives the true nearest, whatever came, went and was written anew before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from egregora_assets.search.vectors.bit_flat import BitFlat, within_reach
from egregora_assets.search.vectors.duck_vss import DuckVss, VssUnavailable
from egregora_assets.search.vectors.exact_flat import ExactFlat
from egregora_assets.search.vectors.generation import PER_ROW, Generation
from egregora_assets.search.vectors.graph import UsearchHnsw
from egregora_assets.search.vectors.reader import IndexReader, answering, open_generation, open_index
from egregora_assets.search.vectors.spec import (
    Floats,
    Halves,
    Hits,
    IndexMissing,
    IndexSpec,
    IndexStale,
    NoUnitVectors,
    VectorIndex,
)
from egregora_assets.search.vectors.writer import bring_up_to_date
from tests.search.vector_truth import DIMENSIONS, Truth, some_vectors, spec_with

Implementation = Callable[[Generation], VectorIndex]
QUERIES = some_vectors(6, part=1).astype(np.float32)


def graph_or_bits(generation: Generation) -> VectorIndex:
    """What a reader gets."""
    return answering(generation)


def duck_vss(generation: Generation) -> VectorIndex:
    """DuckDB's graph, where it can be loaded: EGREGORA_VSS may name the file of the extension."""
    try:
        return DuckVss(generation, os.environ.get("EGREGORA_VSS", "vss"))
    except VssUnavailable as error:
        pytest.skip(str(error).partition(chr(10))[0])


def true_nearest(truth: Truth, query: Floats, k: int, allow: set[int] | None = None) -> Hits:
    """The nearest as Python's own numbers have it, with no code of the index."""
    wide = query.astype(np.float64)
    direction = (wide / np.sqrt(wide @ wide)).astype(np.float16)
    scored = [
        (-np.float32(float(np.float64(row) @ np.float64(direction))), label)
        for label, row in truth.vectors.items()
        if allow is None or label in allow
    ]
    best = sorted(scored)[:k]
    return Hits(np.array([label for _, label in best], np.int64), np.array([-score for score, _ in best], np.float32))


def assert_same(found: Hits, wanted: Hits) -> None:
    assert found.labels.tolist() == wanted.labels.tolist()
    assert found.scores.tobytes() == wanted.scores.tobytes(), "scores are the same to the last bit"


Step = tuple[str, list[int]]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "late", "remove", "erase", "write", "again", "forget"]),
        st.lists(st.integers(0, 999), min_size=1, max_size=40),
    ),
    min_size=2,
    max_size=12,
)


def play(step: Step, truth: Truth, spare: list[int]) -> None:
    """Do one step to the truth; numbers choose among what is there."""
    what, numbers = step
    there = sorted(truth.vectors)
    if what == "add":
        truth.add(some_vectors(len(numbers), part=2 + len(truth.log)))
    elif what == "late" and spare:
        labels = sorted({spare.pop(number % len(spare)) for number in numbers[: len(spare)]})
        truth.add(some_vectors(len(labels), part=2 + len(truth.log)), labels)
    elif what in ("remove", "erase") and there:
        truth.take(sorted({there[number % len(there)] for number in numbers}), what)
    elif what == "forget":
        truth.forget()


@pytest.mark.parametrize("implementation", [ExactFlat, BitFlat, graph_or_bits, duck_vss])
@settings(max_examples=12)
@given(steps=STEPS)
def test_whatever_came_and_went_the_nearest_are_the_true_ones(
    implementation: Implementation, tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    folder, truth, spare = tmp_path_factory.mktemp("index"), Truth(), list(range(1, 60))
    truth.next_label = 60
    spec = spec_with(block_rows=16, graph_from=48 if implementation is graph_or_bits else 1 << 40)
    for step in [*steps, ("write", [0])]:
        play(step, truth, spare)
        if step[0] in ("write", "again"):
            bring_up_to_date(folder, spec, truth, full=step[0] == "again", threads=1)
            index = implementation(open_generation(folder, "one", "m"))
            for query in QUERIES[:2]:
                assert_same(index.search(query, 7), true_nearest(truth, query, 7))
            allow = sorted(truth.vectors)[3:-2:2]
            wanted = true_nearest(truth, QUERIES[2], 5, set(allow))
            assert_same(index.search(QUERIES[2], 5, np.array([*allow, 10**9], np.int64)), wanted)
    shutil.rmtree(folder)


def test_hits_are_all_there_are_where_fewer_are_asked_for(tmp_path: Path) -> None:
    truth = Truth(some_vectors(30))
    bring_up_to_date(tmp_path, spec_with(), truth)

    for index in (ExactFlat(open_generation(tmp_path)), BitFlat(open_generation(tmp_path))):
        assert len(index.search(QUERIES[0], 100).labels) == 30
        assert len(index.search(QUERIES[0], 100, np.array([2, 5, 77], np.int64)).labels) == 2
        assert len(index.search(QUERIES[0], 100, np.array([], np.int64)).labels) == 0
        assert len(index.search(QUERIES[0], 0).labels) == 0


def test_an_index_of_nothing_answers_with_nothing(tmp_path: Path) -> None:
    bring_up_to_date(tmp_path, spec_with(), Truth())

    assert len(open_index(tmp_path).search(QUERIES[0], 5).labels) == 0


def test_equal_scores_stand_by_label(tmp_path: Path) -> None:
    same = np.repeat(some_vectors(1), 500, axis=0)
    bring_up_to_date(tmp_path, spec_with(), Truth(same))

    for index in (ExactFlat(open_generation(tmp_path)), BitFlat(open_generation(tmp_path))):
        assert index.search(QUERIES[0], 8).labels.tolist() == list(range(1, 9))
        assert index.search(QUERIES[0], 3, np.arange(200, 500), depth=10).labels.tolist() == [200, 201, 202]


def many(tmp_path: Path, rows: int = 3_000, dimensions: int = 64, **other: object) -> tuple[Truth, IndexSpec]:
    truth = Truth(some_vectors(rows, dimensions=dimensions))
    centre = np.zeros(dimensions, np.float32) + 0.01
    spec = spec_with(dimensions=dimensions, centre=centre, block_rows=1_024, **other)
    bring_up_to_date(tmp_path, spec, truth, threads=1)
    return truth, spec


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Truth, Generation]:
    """An index with a graph that is only read."""
    folder = tmp_path_factory.mktemp("many")
    truth, _ = many(folder, rows=4_000, graph_from=2_048)
    return truth, open_generation(folder)


def recall(index: VectorIndex, exact: VectorIndex, queries: Floats, allow: Halves | None = None) -> float:
    """The share of the ten best that are found, or are as good."""
    found = 0
    for query in queries:
        last = exact.search(query, 10, allow).scores[-1]
        found += int((index.search(query, 10, allow).scores >= last).sum())
    return found / (10 * len(queries))


def test_bits_and_graph_find_nearly_all_of_many(many_rows: tuple[Truth, Generation]) -> None:
    _, generation = many_rows
    queries = some_vectors(40, part=1, dimensions=64).astype(np.float32)

    assert isinstance(answering(generation), UsearchHnsw)
    assert recall(BitFlat(generation), ExactFlat(generation), queries) >= 0.95
    assert recall(UsearchHnsw(generation), ExactFlat(generation), queries) >= 0.95


@pytest.mark.parametrize("share", ["few", "every tenth", "neighbours", "half"])
def test_a_filter_loses_nothing(many_rows: tuple[Truth, Generation], share: str) -> None:
    truth, generation = many_rows
    labels = truth.labels()
    allow = {"few": labels[::400], "every tenth": labels[::10], "neighbours": labels[500:3_000], "half": labels[::2]}[
        share
    ]
    queries = some_vectors(15, part=1, dimensions=64).astype(np.float32)

    for index in (answering(generation), BitFlat(generation)):
        for query in queries:
            hits = index.search(query, 10, allow)
            assert len(hits.labels) == min(10, len(allow))
            assert np.isin(hits.labels, allow).all()
        assert recall(index, ExactFlat(generation), queries, allow) >= 0.95


def test_rows_that_are_taken_out_are_not_found_and_cost_no_hit(tmp_path: Path) -> None:
    truth, spec = many(tmp_path, graph_from=2_048)
    best = open_index(tmp_path).search(QUERIES_64[0], 200).labels
    truth.take(sorted(best.tolist()))
    changes = bring_up_to_date(tmp_path, spec, truth, threads=1)

    assert not changes.anew
    for index in (answering(open_generation(tmp_path)), BitFlat(open_generation(tmp_path))):
        hits = index.search(QUERIES_64[0], 10)
        assert len(hits.labels) == 10
        assert not np.isin(hits.labels, best).any()


QUERIES_64 = some_vectors(3, part=1, dimensions=64).astype(np.float32)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=400), st.data())
def test_what_is_within_reach_holds_the_smallest(numbers: list[int], data: st.DataObject) -> None:
    distances = np.array(numbers, np.float32)
    depth = data.draw(st.integers(1, len(numbers) - 1))

    places = within_reach(distances, depth)

    assert sorted(distances[places])[:depth] == sorted(numbers)[:depth]
    assert (
        len(places) == len(numbers)
        or distances[np.setdiff1d(np.arange(len(numbers)), places)].min(initial=np.inf) > distances[places].max()
    )


def files_of(folder: Path) -> dict[str, bytes]:
    generation = open_generation(folder).folder
    return {name: (generation / name).read_bytes() for name in (*PER_ROW, "dead", "centre")}


@pytest.mark.parametrize("steps", [1, 7, 40])
def test_made_anew_is_bit_for_bit_what_grew(tmp_path: Path, steps: int) -> None:
    everything = some_vectors(700)
    grown = Truth()
    for part in np.array_split(everything, steps):
        grown.add(part)
        bring_up_to_date(tmp_path / "grown", spec_with(), grown)
    bring_up_to_date(tmp_path / "anew", spec_with(), Truth(everything))

    assert files_of(tmp_path / "grown") == files_of(tmp_path / "anew")
    ours, theirs = (open_generation(tmp_path / name).manifest for name in ("grown", "anew"))
    assert (ours.blocks, ours.rows, ours.spec) == (theirs.blocks, theirs.rows, theirs.spec)


def test_written_without_what_went_is_bit_for_bit_what_is_made_anew(tmp_path: Path) -> None:
    truth = Truth(some_vectors(300))
    bring_up_to_date(tmp_path / "grown", spec_with(), truth)
    truth.add(some_vectors(50, part=5))
    truth.take([3, 70, 290])
    bring_up_to_date(tmp_path / "grown", spec_with(), truth)
    truth.take([5], "erase")
    assert bring_up_to_date(tmp_path / "grown", spec_with(), truth).anew == "rows had to leave no trace"
    bring_up_to_date(tmp_path / "anew", spec_with(), truth)

    assert files_of(tmp_path / "grown") == files_of(tmp_path / "anew")


def test_hits_are_the_same_bit_for_bit_with_rows_taken_out_and_without_them(tmp_path: Path) -> None:
    """Also where many rows are equally far by bits and only some of them are scored."""
    everything = some_vectors(3_000)
    grown, anew = Truth(everything), Truth()
    bring_up_to_date(tmp_path / "grown", spec_with(), grown)
    grown.take(list(range(100, 500)))
    bring_up_to_date(tmp_path / "grown", spec_with(), grown)
    labels = sorted(grown.vectors)
    anew.add(everything[np.array(labels) - 1], labels)
    bring_up_to_date(tmp_path / "anew", spec_with(), anew)

    ours, theirs = open_index(tmp_path / "grown"), open_index(tmp_path / "anew")
    assert ours.generation.manifest.dead == 400
    for query in QUERIES:
        assert_same(ours.search(query, 10, depth=40), theirs.search(query, 10, depth=40))


def test_a_pass_without_news_writes_no_byte(tmp_path: Path) -> None:
    truth = Truth(some_vectors(200))
    bring_up_to_date(tmp_path, spec_with(), truth)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}

    changes = bring_up_to_date(tmp_path, spec_with(), truth)

    assert (changes.bytes, changes.added, changes.removed) == (0, 0, 0)
    assert before == {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}


def test_a_thousand_new_rows_write_less_than_two_megabytes(tmp_path: Path) -> None:
    centre = np.zeros(384, np.float32)
    spec = spec_with(dimensions=384, centre=centre, block_rows=65_536)
    truth = Truth(some_vectors(1_500, dimensions=384))
    bring_up_to_date(tmp_path, spec, truth)
    generation = open_generation(tmp_path).folder
    truth.add(some_vectors(1_000, part=3, dimensions=384))

    changes = bring_up_to_date(tmp_path, spec, truth)

    assert not changes.anew
    assert changes.bytes + (generation / "manifest").stat().st_size <= 2_000_000


@pytest.mark.parametrize("operation", ["remove", "erase"])
def test_of_what_is_erased_no_byte_is_left(tmp_path: Path, operation: str) -> None:
    """Nor of rows that were taken out before: an edited message of somebody who opts out has left such rows."""
    truth = Truth(some_vectors(200))
    spec = spec_with(graph_from=64)
    bring_up_to_date(tmp_path, spec, truth, threads=1)
    secrets = [truth.vectors[label].tobytes() for label in (17, 40)]
    truth.take([17])
    bring_up_to_date(tmp_path, spec, truth, threads=1)
    truth.take([40], operation)
    bring_up_to_date(tmp_path, spec, truth, threads=1)

    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [secret in everything for secret in secrets] == [operation == "remove"] * 2
    assert answering(open_generation(tmp_path)).answers.startswith("graph")


def test_many_rows_that_are_taken_out_are_left_behind(tmp_path: Path) -> None:
    truth = Truth(some_vectors(200))
    bring_up_to_date(tmp_path, spec_with(), truth)
    truth.take(range(1, 42))

    changes = bring_up_to_date(tmp_path, spec_with(), truth)

    assert changes.anew == "many rows were taken out"
    assert (open_generation(tmp_path).manifest.rows, open_generation(tmp_path).manifest.dead) == (159, 0)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1, "the older generation is gone"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"warehouse_id": "two"}, "something else"),
        ({"model": "n"}, "something else"),
        ({"centre": np.ones(DIMENSIONS, np.float32)}, "something else"),
        ({"connectivity": 32}, "something else"),
    ],
)
def test_another_specification_is_another_index(tmp_path: Path, other: dict[str, object], why: str) -> None:
    truth = Truth(some_vectors(50))
    bring_up_to_date(tmp_path, spec_with(), truth)

    assert why in bring_up_to_date(tmp_path, spec_with(**other), truth).anew
    assert not bring_up_to_date(tmp_path, spec_with(**other), truth).anew


def test_a_reader_takes_no_index_of_another_warehouse_or_model(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        open_index(tmp_path)
    bring_up_to_date(tmp_path, spec_with(), Truth(some_vectors(50)))

    with pytest.raises(IndexStale):
        open_index(tmp_path, "two", "m")
    with pytest.raises(IndexStale):
        open_index(tmp_path, "one", "n")
    assert len(open_index(tmp_path, "one", "m").search(QUERIES[0], 3).labels) == 3


def test_a_warehouse_that_was_put_back_is_another_truth(tmp_path: Path) -> None:
    """It may have given the same labels to other texts since: numbers of the log alone would not tell."""
    truth, put_back = Truth(some_vectors(50)), Truth(some_vectors(50))
    truth.add(some_vectors(10, part=4))
    bring_up_to_date(tmp_path, spec_with(), truth)
    put_back.add(some_vectors(12, part=5))
    put_back.marks[-1] = "made at another time"

    assert "does not know" in bring_up_to_date(tmp_path, spec_with(), put_back).anew
    assert_same(open_index(tmp_path).search(QUERIES[0], 10), true_nearest(put_back, QUERIES[0], 10))


def test_what_is_forgotten_before_it_was_applied_makes_the_index_anew(tmp_path: Path) -> None:
    truth = Truth(some_vectors(50))
    bring_up_to_date(tmp_path, spec_with(), truth)
    truth.add(some_vectors(5, part=4))
    truth.forget()
    truth.add(some_vectors(5, part=5))

    assert "forgotten" in bring_up_to_date(tmp_path, spec_with(), truth).anew
    assert open_generation(tmp_path).live == 60


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 2.0])
def test_what_is_no_direction_is_refused_and_changes_nothing(tmp_path: Path, wrong: float) -> None:
    truth = Truth(some_vectors(50))
    bring_up_to_date(tmp_path, spec_with(), truth)
    bad = some_vectors(3, part=4)
    bad[1, 2] = wrong
    truth.add(bad)

    with pytest.raises(NoUnitVectors):
        bring_up_to_date(tmp_path, spec_with(), truth)
    with pytest.raises(NoUnitVectors):
        bring_up_to_date(tmp_path, spec_with(), truth, full=True)
    assert open_generation(tmp_path).live == 50
    with pytest.raises(NoUnitVectors):
        open_index(tmp_path).search(bad[1].astype(np.float32) * np.float32(np.inf), 3)


def test_a_reader_follows_its_writer(tmp_path: Path) -> None:
    truth, spec = Truth(some_vectors(100)), spec_with(graph_from=64)
    bring_up_to_date(tmp_path, spec, truth, threads=1)
    reader = IndexReader(tmp_path, "one", "m")
    first = reader.index
    assert reader.index is first, "nothing new, nothing opened"

    (new,) = truth.add(some_vectors(1, part=6))
    bring_up_to_date(tmp_path, spec, truth, threads=1)
    assert reader.index.search(some_vectors(1, part=6)[0].astype(np.float32), 1).labels.tolist() == [new]
    truth.take([new], "erase")
    bring_up_to_date(tmp_path, spec, truth, threads=1)

    assert new not in reader.index.search(some_vectors(1, part=6)[0].astype(np.float32), 101).labels
    assert len(first.search(QUERIES[0], 100).labels) == 100, "what was open answers as it was"
