"""The index of words holds what is said now and nothing else, however it came to be, and a damaged byte is never answered from."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.config import Settings
from egregora_assets.search import word_files, words
from egregora_assets.search.tokens import parse
from egregora_assets.search.word_files import WordsDamaged, WordsMissing, read_manifest
from egregora_assets.search.words import WordChanges, follow, open_index
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import rows
from tests.homes import empty_warehouse
from tests.properties import dear
from tests.search.said import say, unsay

SAID = {
    1: "The blue ladder is in the shed",
    2: "Who has the ladder? The shed is locked",
    3: "Olá, a escada azul está no barracão",
    4: "東京タワーへ行きました",
    5: "a kettle and a red kettle",
    6: "nothing of the kind",
}


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        say(connection, SAID)
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "words"


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few messages, so that few messages make many."""
    monkeypatch.setattr(words, "_MOST_ROWS", 16)
    monkeypatch.setattr(words, "_LEVELS", (2, 8))
    monkeypatch.setattr(words, "_TOGETHER", 3)


def found(folder: Path, query: str, k: int = 10, allow: list[int] | None = None) -> list[int]:
    allowed = None if allow is None else np.array(allow, np.int64)
    return [int(label) for label in open_index(folder).search(parse(query), k, allowed).labels]


def everything(folder: Path, queries: list[str]) -> list[list[tuple[int, float]]]:
    """Return the labels and scores for each query."""
    index = open_index(folder)
    hits = [index.search(parse(query), 50) for query in queries]
    return [list(zip(one.labels.tolist(), one.scores.tolist(), strict=True)) for one in hits]


def test_words_are_found_in_any_spelling(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    assert follow(warehouse, folder) == WordChanges(added=6, written=6, made_anew=True)
    assert found(folder, "LADDER shed")[:2] in ([1, 2], [2, 1])
    assert found(folder, "ESTA ÀZUL") == [3]
    assert found(folder, "東京") == [4]
    assert found(folder, "京") == found(folder, "た") == [4]
    assert found(folder, "kettle ladder -blue") == [5, 2]
    assert found(folder, '"red kettle"') == [5]
    assert found(folder, '"kettle red"') == []
    assert found(folder, "-ladder") == []
    assert found(folder, "ladder", allow=[2, 3]) == [2]
    assert found(folder, "ladder", allow=[]) == []
    assert found(folder, "ladder", k=0) == []


def test_however_many_are_asked_for_room_is_made_for_what_there_is(
    warehouse: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    """Room for 2**31 hits ended the process."""
    follow(warehouse, folder)
    assert sorted(found(folder, "ladder", k=2**31 - 1)) == sorted(found(folder, "ladder", k=10**30)) == [1, 2]
    assert found(folder, "ladder", k=2**31 - 1, allow=[2, 3]) == [2]


def test_what_has_not_changed_is_not_written(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    follow(warehouse, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert follow(warehouse, folder) == WordChanges()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


words_said = st.lists(st.sampled_from(["tea", "milk", "café", "東京", "shed", "x"]), max_size=5).map(" ".join)
passes = st.lists(st.tuples(st.lists(words_said, max_size=9), st.lists(st.integers(1, 40), max_size=4)), max_size=6)


@dear(8, 4)
@given(passes)
def test_an_index_that_grew_answers_as_one_made_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[str], list[int]]]
) -> None:
    grown, anew = (tmp_path_factory.mktemp(name) / "words" for name in ("grown", "anew"))
    queries = ["tea milk", "cafe", '"tea milk"', "東京 x -shed", "東"]
    with empty_warehouse() as connection:
        label = 0
        for texts, gone in steps:
            say(connection, {label + n: text for n, text in enumerate(texts, 1)} if texts else {})
            label += len(texts)
            unsay(connection, *gone)
            follow(connection, grown)
        follow(connection, grown)
        follow(connection, anew)
        live = rows(connection, "SELECT count(*) FROM search_units")[0][0]
        assert open_index(grown).manifest.rows == live
        assert everything(grown, queries) == everything(anew, queries)


def test_blocks_stay_few(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for label in range(10, 36):
        say(warehouse, {label: f"word{label}"})
        follow(warehouse, folder)
    blocks = open_index(folder).manifest.blocks
    assert sum(block.rows for block in blocks) == 32
    assert len(blocks) <= 32 / 8 + 4
    assert len([path for path in folder.iterdir() if path.suffix == ".term"]) == len(blocks)


def test_a_few_new_messages_do_not_have_a_large_block_written_again(
    warehouse: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    follow(warehouse, folder)
    for label, written in ((10, 1), (11, 1), (12, 3)):
        say(warehouse, {label: f"word{label}"})
        assert follow(warehouse, folder).written == written


def terms(folder: Path) -> set[str]:
    return {term for term, _ in open_index(folder)._searcher.terms_with_prefix("words", "")}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return all that is in a folder but for the list of blocks, which names the warehouse."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != word_files.META}


def test_what_is_taken_out_is_in_no_byte(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Dictionaries do not spell words in a row: each byte must be that of an index which never had the word."""
    folder, innocent = tmp_path / "words", tmp_path / "innocent"
    secret, others = "xylophoneconcerto", {n: f"line {n}" for n in range(21, 60)}
    say(warehouse, {20: f"the {secret} of Tuesday", **others})
    follow(warehouse, folder)
    assert secret in terms(folder)
    (folder / word_files.BUILDING).mkdir()
    (folder / word_files.BUILDING / "left.term").write_text(secret)
    (folder / "0123.pos").write_text(secret)
    unsay(warehouse, 20)
    changes = follow(warehouse, folder)
    assert (changes.removed, changes.made_anew) == (1, False)
    assert changes.written < 20
    assert secret not in terms(folder)
    assert found(folder, secret) == []
    assert secret not in (folder / word_files.META).read_text()
    with empty_warehouse() as other:
        for few in (range(1, 30), range(30, 46), range(46, 60)):
            say(other, {label: text for label, text in (SAID | others).items() if label in few})
            follow(other, innocent)
    assert bytes_of(folder) == bytes_of(innocent)


def test_a_flipped_byte_anywhere_is_never_answered_from(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    follow(warehouse, folder)
    whole = {path: path.read_bytes() for path in folder.iterdir() if path.name in word_files.names_allowed(folder)}
    random = Random(7)
    for path, content in whole.items():
        for place in random.sample(range(len(content)), min(len(content), 12)):
            path.write_bytes(
                content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]
            )
            with pytest.raises(WordsDamaged):
                open_index(folder)
        path.write_bytes(content)
    assert found(folder, "kettle") == [5]


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "list"])
def test_a_damaged_index_is_made_anew(warehouse: duckdb.DuckDBPyConnection, folder: Path, damage: str) -> None:
    follow(warehouse, folder)
    before = everything(folder, ["kettle ladder"])
    path = next(folder.glob("*.term"))
    content = path.read_bytes()
    if damage == "flip":
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "remove":
        path.unlink()
    else:
        (folder / word_files.META).write_text('{"payload": "{}"}')
    assert follow(warehouse, folder).made_anew
    assert everything(folder, ["kettle ladder"]) == before


def test_damage_is_a_reason_to_work(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search said `egregora ingest` would help, which said that nothing had changed."""
    folder = words.folder_of(settings)
    follow(warehouse, folder)
    assert words.doubt(warehouse, settings) is None
    path = next(folder.glob("*.term"))
    seen, content = path.stat(), path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))  # a disk changes bytes and no times
    monkeypatch.setattr(word_files, "_sound", set())
    assert words.doubt(warehouse, settings) == "the index of words is not there, or damaged"
    assert follow(warehouse, folder).made_anew
    assert words.doubt(warehouse, settings) is None


@pytest.mark.parametrize("name", ["meta.json", "*.term"])
@pytest.mark.parametrize("place", ["a folder", "a link to nothing", "nested without end"])
def test_what_stands_in_the_place_of_a_file_is_no_crash_and_goes(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, name: str, place: str
) -> None:
    follow(warehouse, folder)
    path = next(folder.glob(name))
    path.unlink()
    if place == "a folder":
        (path / "inside").mkdir(parents=True)
    elif place == "a link to nothing":
        path.symlink_to(folder / "nothing")
    else:
        path.write_text("[" * 100_000)
    with pytest.raises((WordsDamaged, WordsMissing)):
        open_index(folder)
    assert follow(warehouse, folder).made_anew
    assert found(folder, "kettle") == [5]
    assert not path.is_symlink()


def test_the_index_of_another_warehouse_is_not_used(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    follow(warehouse, folder)
    with empty_warehouse() as other:
        say(other, {1: "a private word"})
        assert follow(other, folder).made_anew
    assert found(folder, "ladder") == []
    assert found(folder, "private") == [1]


def test_a_warehouse_from_before_gives_the_same_labels_to_other_words(
    warehouse: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    follow(warehouse, folder)
    unsay(warehouse, 6)
    say(warehouse, {6: "something else"})
    follow(warehouse, folder)
    assert (found(folder, "kind"), found(folder, "something")) == ([], [6])


def test_as_many_are_found_as_there_are_whatever_is_allowed(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(warehouse, {label: f"tea {'milk ' * (label % 5)}" for label in range(100, 400)})
    follow(warehouse, folder)
    whole = found(folder, "tea milk", k=400)
    assert len(whole) == 300
    for few in (0, 1000):
        monkeypatch.setattr(words, "_FEW_LABELS", few)
        for allow in (list(range(1, 400, 7)), list(range(390, 400)), [5], list(range(100, 400))):
            assert found(folder, "tea milk", k=20, allow=allow) == [label for label in whole if label in allow][:20]


def test_a_reader_keeps_what_it_has_opened(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    follow(warehouse, folder)
    index = open_index(folder)
    unsay(warehouse, *range(1, 6))
    follow(warehouse, folder)
    assert index.search(parse("kettle"), 5).labels.tolist() == [5]
    assert found(folder, "kettle") == []


def test_reading_writes_nothing_where_the_index_stands(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    follow(warehouse, folder)
    before = {path.name: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())}
    assert found(folder, "kettle") == [5]
    assert {path.name: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())} == before


def test_nothing_to_search_is_an_index_too(folder: Path) -> None:
    with pytest.raises(WordsMissing):
        open_index(folder)
    with empty_warehouse() as connection:
        assert follow(connection, folder).made_anew
        assert found(folder, "tea") == []
        assert follow(connection, folder) == WordChanges()


HOSTILE = [
    '"',
    "(((",
    "a AND (b",
    "field:x",
    "*",
    "[* TO *]",
    "\\",
    "\x00",
    "\ud800",
    "-" * 99,
    '""""',
    "NOT",
    "京" * 999,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_no_query_is_an_error(warehouse: duckdb.DuckDBPyConnection, folder: Path, query: str) -> None:
    follow(warehouse, folder)
    index = open_index(folder)
    for text in (query, f"ladder {query}", f'"{query} {query}" -{query}', "x" * 100_000, "x " * 10_000):
        assert len(index.search(parse(text), 10).labels) <= 6


def _write_until_killed(database: Path, folder: Path, first: int) -> None:
    """Add messages, one pass each, for ever."""
    words._LEVELS, words._TOGETHER = (2, 8), 3
    with duckdb.connect(str(database)) as connection:
        for label in range(first, first + 100_000):
            say(connection, {label: f"tea{label} common"})
            follow(connection, folder)


def _killed_at_random_points(tmp_path: Path, times: int) -> None:
    database, folder = tmp_path / "warehouse.duckdb", tmp_path / "words"
    with duckdb.connect(str(database)) as connection:
        migrate(connection)
    random, context = Random(times), multiprocessing.get_context("fork")
    for attempt in range(times):
        process = context.Process(target=_write_until_killed, args=(database, folder, attempt * 200_000 + 1))
        process.start()
        time.sleep(0.05 + random.random() * 0.25)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        try:
            index = open_index(folder)
        except WordsMissing:
            assert attempt == 0
        else:
            assert len(index.search(parse("common"), 100_000).labels) == index.manifest.rows
        with duckdb.connect(str(database)) as connection:
            live = [label for (label,) in rows(connection, "SELECT label FROM search_units ORDER BY label")]
            assert not follow(connection, folder).made_anew or attempt == 0
        assert sorted(found(folder, "common", k=100_000)) == live
        assert {path.name for path in folder.iterdir()} <= word_files.names_allowed(folder)


def test_a_writer_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    _killed_at_random_points(tmp_path, 4)


@pytest.mark.slow
def test_a_writer_that_is_killed_often_loses_nothing(tmp_path: Path) -> None:
    _killed_at_random_points(tmp_path, 300)


def _follow_often(database: Path, folder: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        for _ in range(5):
            follow(connection, folder, full=True)


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    database, folder = tmp_path / "warehouse.duckdb", tmp_path / "words"
    with duckdb.connect(str(database)) as connection:
        migrate(connection)
        say(connection, SAID)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_follow_often, args=(database, folder)) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        try:
            assert found(folder, "kettle") == [5]
        except WordsMissing:
            time.sleep(0.01)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert read_manifest(folder)[1].rows == 6
