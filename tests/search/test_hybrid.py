"""A search finds what is shown, by words and by meaning, and never what is not, whatever stands in an index."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import hybrid, words
from egregora_assets.search.conversation import read_conversation
from egregora_assets.search.errors import UnknownMessage
from egregora_assets.search.filters import Filters
from egregora_assets.search.hybrid import Meaning, Result, Search
from egregora_assets.search.opening import open_search
from egregora_assets.search.sql import searchable
from egregora_assets.search.vectors.spec import IndexMissing
from egregora_assets.search.words import Hits, open_index
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.chats import BEGINNING, Line, chat, put_export, with_privacy

GARDEN: tuple[Line, ...] = (
    (0, "Rui Costa", "Who has the blue ladder? I want to paint the greenhouse"),
    (1, "Priya Raman", "Not me, ask the neighbours"),
    (2, "Ana Lima", "The ladder is in the shed behind the compost"),
    (3, "Rui Costa", "thanks"),
    (4, "Priya Raman", "Thanks!"),
    (5, "Ana Lima", "My kitten sat in the watering can"),
    (900, "Rui Costa", "A quince tree for the north wall"),
    (901, "Ana Lima", "Quinces need sun, take a plum tree"),
    (3000, "Priya Raman", "The xylophone concerto is on Tuesday"),
)
BOOKS: tuple[Line, ...] = (
    (0, "Rui Costa", "The ladder of years is our next book"),
    (2, "Ana Lima", "I have read it, a kitten on the cover"),
    (4, "Leo Braun", "Fine"),
)
CONCEPTS = {
    word: number
    for number, group in enumerate(
        (
            ("kitten", "cat", "feline", "pet"),
            ("ladder", "steps"),
            ("quince", "quinces", "plum", "fruit", "tree"),
            ("concerto", "music", "concert"),
        )
    )
    for word in group
}


class Concepts:
    """A model that knows four things by their names, and nothing else."""

    def embed(self, texts: Sequence[str], as_query: bool = False) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), len(set(CONCEPTS.values())) + 1), np.float32)
        vectors[:, -1] = 0.1
        for row, text in enumerate(texts):
            for word in text.lower().replace("?", " ").split():
                if word in CONCEPTS:
                    vectors[row, CONCEPTS[word]] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass
class Exact:
    labels: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def search(self, query: NDArray[np.float32], k: int, allow: NDArray[np.int64] | None = None) -> Hits:
        scores = self.vectors @ query
        if allow is not None:
            scores[~np.isin(self.labels, allow)] = -9
        order = np.argsort(-scores, kind="stable")[:k]
        order = order[scores[order] > -9]
        return Hits(self.labels[order], scores[order])


def meaning_of(settings: Settings) -> Meaning:
    with open_warehouse(settings) as connection:
        sql = "SELECT label, coalesce(u.text, c.text) FROM search_units u JOIN clean_messages c USING (message_id) ORDER BY label"
        found = rows(connection, sql)
    vectors = Concepts().embed([text for _, text in found])
    return Meaning(Concepts(), Exact(np.array([label for label, _ in found], np.int64), vectors))


def published(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        words.refresh(connection, settings)
        publish(connection, settings)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two chats, published. No test may change this home."""
    settings = Settings(home=tmp_path_factory.mktemp("search") / "home", timezone="UTC")
    make_home(settings)
    put_export(settings, "Garden Club", chat(*GARDEN))
    put_export(settings, "Book Circle", chat(*BOOKS))
    published(settings)
    return settings


@pytest.fixture
def own_club(club: Settings, tmp_path: Path) -> Settings:
    return club.model_copy(update={"home": shutil.copytree(club.home, tmp_path / "own")})


@pytest.fixture
def search(club: Settings) -> Iterator[Search]:
    with open_search(club) as opened:
        yield opened


@contextmanager
def by_meaning(settings: Settings, *, with_words: bool = True) -> Iterator[Search]:
    meaning = meaning_of(settings)
    with open_snapshot(settings) as snapshot:
        yield Search(snapshot, open_index(words.folder_of(settings)) if with_words else None, meaning)


def texts(found: Sequence[Result]) -> list[str]:
    return [one.text for one in found]


def test_before_anything_is_published_the_user_is_told(settings: Settings) -> None:
    with pytest.raises(NothingPublished), open_search(settings):
        pass


def test_words_are_found_and_marked(search: Search) -> None:
    found = search.search("LADDER shed")
    assert texts(found)[0] == "The ladder is in the shed behind the compost"
    assert [found[0].snippet[begin:end] for begin, end in found[0].marks] == ["ladder", "shed"]
    assert (found[0].source_id, found[0].local_time) == ("garden-club", BEGINNING + timedelta(minutes=2))
    assert list(found[0].places) == ["words"]
    assert all("ladder" in text.lower() for text in texts(found))
    assert len(found) == 3
    assert found == sorted(found, key=lambda one: -one.score)


def test_a_search_says_what_it_has_to_do_without(own_club: Settings) -> None:
    shutil.rmtree(own_club.index)
    with open_search(own_club) as search:
        assert any("index of words" in note for note in search.notes)
        assert search.search("ladder") == []
    (own_club.index / "words").mkdir(parents=True)
    (own_club.index / "words" / "meta.json").write_text("{}")
    with open_search(own_club) as search:
        assert any("damaged" in note for note in search.notes)


@pytest.mark.parametrize("what", ["index", "snapshot.duckdb"])
def test_an_index_of_another_memory_names_other_messages_by_the_same_labels(
    own_club: Settings, tmp_path: Path, what: str
) -> None:
    other = Settings(home=tmp_path / "other", timezone="UTC")
    put_in = own_club.published / what
    make_home(other)
    put_export(other, "Garden Club", chat(*((minute, who, said) for minute, who, said in GARDEN[::-1])))
    published(other)
    (shutil.rmtree if put_in.is_dir() else os.unlink)(put_in)
    (shutil.copytree if (other.published / what).is_dir() else shutil.copy)(other.published / what, put_in)
    with open_search(own_club) as search:
        assert search.search("ladder") == []
        assert "of another memory: `egregora ingest`" in search.notes[0]
    published(own_club)
    with open_search(own_club) as search:
        assert len(search.search("ladder")) == 3


def test_an_index_that_was_put_back_from_a_copy_says_what_it_lacks(own_club: Settings, tmp_path: Path) -> None:
    """It answered as if there was nothing newer, and nothing ever brought it up to date."""
    folder = words.folder_of(own_club)
    copy = shutil.copytree(folder, tmp_path / "copy")
    put_export(own_club, "Book Circle", chat(*BOOKS, (9, "Leo Braun", "A ladder to nowhere")), " (1)")
    published(own_club)
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    with open_search(own_club) as search:
        assert search.search("nowhere") == []
        assert search.notes[-1] == "1 message is not in the index of words: `egregora ingest` brings it up to date."
    with open_warehouse(own_club) as connection:
        assert words.doubt(connection, own_club) == "the index of words is behind the warehouse"
        words.refresh(connection, own_club)
        assert words.doubt(connection, own_club) is None
    with open_search(own_club) as search:
        assert len(search.search("nowhere")) == 1
        assert not any("not in the index" in note for note in search.notes)


def test_a_snapshot_of_an_earlier_version_takes_no_index_for_its_own(own_club: Settings) -> None:
    with duckdb.connect(str(own_club.snapshot_path)) as connection:
        connection.execute("ALTER TABLE publication DROP COLUMN warehouse_id")
    with open_search(own_club) as search:
        assert search.search("ladder") == []
        assert "`egregora ingest`" in search.notes[0]


def test_meaning_finds_what_no_word_does_and_both_stand_first(club: Settings) -> None:
    with by_meaning(club) as search:
        feline = search.search("feline", limit=2)
        assert set(texts(feline)) == {GARDEN[5][2], BOOKS[1][2]}
        assert {"meaning", "passage"} >= set(feline[0].places) > set()
        both = search.search("quince fruit", limit=3)
        assert texts(both)[0] == "A quince tree for the north wall"
        assert set(both[0].places) >= {"words", "meaning"}
    with by_meaning(club, with_words=False) as search:
        assert texts(search.search("concert", limit=1)) == ["The xylophone concerto is on Tuesday"]


def test_a_search_that_had_to_do_without_meaning_once_has_it_again(club: Settings) -> None:
    """An open search was by words alone for ever after an index was away for a moment."""
    with by_meaning(club) as search:
        index = search._meaning.index  # type: ignore[union-attr]
        before = texts(search.search("feline"))

        def away(*_: object) -> Hits:
            raise IndexMissing("it is being made anew")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(index, "search", away)
            assert search.search("feline") == []
            assert search.notes == ["Search is by words alone: it is being made anew"]
        assert texts(search.search("feline")) == before != []
        assert search.notes == []


def test_a_passage_lends_its_place_to_each_of_its_messages(club: Settings) -> None:
    with by_meaning(club) as search:
        found = {one.text: one.places for one in search.search("steps", limit=10)}
    assert "passage" in found["Not me, ask the neighbours"]


def test_a_name_that_was_taken_out_is_no_word(own_club: Settings) -> None:
    put_export(own_club, "Garden Club", chat(*GARDEN, (5000, "Rui Costa", "@Ana Lima has the seeds")), " (1)")
    published(own_club)
    with open_search(own_club) as search:
        (one,) = search.search("seeds name")
        assert search.search("name") == []
    assert one.snippet == "@[name] has the seeds"
    assert [one.snippet[begin:end] for begin, end in one.marks] == ["seeds"]


def test_what_must_be_there_holds_for_meaning_too(club: Settings) -> None:
    with by_meaning(club) as search:
        assert all("shed" in text for text in texts(search.search('ladder "in the shed"')))
        assert all("kitten" not in text for text in texts(search.search("feline -kitten")))
        assert search.search("-kitten") == []
        assert [text for text in texts(search.search('ladder "shed"')) if "shed" not in text] == []


FILTERS = [
    (Filters(sources=("book-circle",)), "m.source_id = 'book-circle'"),
    (Filters(since=date(2024, 3, 14)), "m.local_time >= '2024-03-14'"),
    (Filters(until=date(2024, 3, 13)), "m.local_time < '2024-03-14'"),
    (
        Filters(since=datetime(2024, 3, 13, 9, 2), until=datetime(2024, 3, 13, 9, 4)),
        "minute(m.local_time) BETWEEN 2 AND 4",
    ),
    (Filters(kinds=("media",)), "m.kind = 'media'"),
    (Filters(has_media=False, has_code=False), "true"),
    (Filters(has_media=True), "false"),
    (
        Filters(sources=("garden-club",), since=date(2024, 3, 15)),
        "m.source_id = 'garden-club' AND m.local_time >= '2024-03-15'",
    ),
]


@pytest.mark.parametrize(("filters", "condition"), FILTERS, ids=range(len(FILTERS)))
@pytest.mark.parametrize("few", [0, 1000])
def test_a_filter_returns_as_many_as_there_are(
    club: Settings, monkeypatch: pytest.MonkeyPatch, filters: Filters, condition: str, few: int
) -> None:
    monkeypatch.setattr(words, "_FEW_LABELS", few)
    monkeypatch.setattr(hybrid, "DEPTH", 1)
    with by_meaning(club) as search, open_snapshot(club) as snapshot:
        allowed = {text for (text,) in rows(snapshot, f"SELECT text FROM messages m WHERE {condition}")}
        fitting = {"thanks" if text == "Thanks!" else text for text in allowed if text}
        assert {
            "thanks" if text == "Thanks!" else text for text in texts(search.search("ladder", 50, filters))
        } == fitting
        assert len(search.search("ladder", 2, filters)) == min(2, len(fitting))


def test_authors_are_known_by_alias_and_id(club: Settings, search: Search) -> None:
    with open_snapshot(club) as snapshot:
        sql = "SELECT alias, author_id::VARCHAR FROM authors JOIN messages USING (author_id) WHERE text = 'Fine'"
        ((alias, author_id),) = rows(snapshot, sql)
    for name in (alias, author_id):
        assert texts(search.search("fine ladder", filters=Filters(authors=(name,)))) == ["Fine"]
    assert search.search("ladder", filters=Filters(authors=("nobody",))) == []


def test_context_is_of_the_same_chat_in_order(search: Search) -> None:
    (one,) = search.search("neighbours", context=2)
    assert [line.text for line in one.before] == [GARDEN[0][2]]
    assert [line.text for line in one.after] == [GARDEN[2][2], GARDEN[3][2]]
    (book,) = search.search("years", context=50)
    assert [line.text for line in book.after] == [text for _, _, text in BOOKS[1:]]
    assert [line.text for line in book.before] == []


def test_what_says_the_same_is_one_hit(search: Search) -> None:
    (one,) = search.search("thanks")
    assert len(one.alike) == 1
    assert one.message_id not in one.alike


def test_hits_that_say_the_same_take_no_place_and_long_ones_are_shown_where_the_words_are(own_club: Settings) -> None:
    many = [(5000 + minute, "Rui Costa", "milk milk milk") for minute in range(150)]
    long = f"{'so it goes on ' * 60}until the badger\nmeets the heron {'and on it goes ' * 60}"
    last = [(9000, "Ana Lima", "no milk today, said the long note"), (9500, "Ana Lima", long)]
    put_export(own_club, "Garden Club", chat(*GARDEN, *many, *last), " (1)")
    published(own_club)
    with open_search(own_club) as search:
        found = search.search("milk", limit=2)
        (one,) = search.search("heron badger")
    assert [len(one.alike) for one in found] == [149, 0]
    assert len(one.snippet) <= 242
    assert "badger meets the heron" in one.snippet
    assert {one.snippet[begin:end] for begin, end in one.marks} == {"badger", "heron"}


def test_more_like_a_message_is_others(club: Settings, search: Search) -> None:
    (one,) = search.search("plum")
    assert texts(search.more_like(one.message_id))[0] == "A quince tree for the north wall"
    assert one.message_id not in [other.message_id for other in search.more_like(one.message_id, limit=50)]
    with by_meaning(club) as by_both:
        assert one.message_id not in [other.message_id for other in by_both.more_like(one.message_id, limit=50)]
    with pytest.raises(UnknownMessage):
        search.more_like(UUID(int=1))


def test_who_stands_beside_a_message_is_not_like_it_for_that(club: Settings) -> None:
    with by_meaning(club, with_words=False) as search:
        (one,) = search.search("shed ladder", limit=1)
        others = search.more_like(one.message_id, limit=50)
    assert {"Who has the blue ladder? I want to paint the greenhouse", "The ladder of years is our next book"} == {
        *texts(others)[:2]
    }
    beside = next(other for other in others if other.text == "Not me, ask the neighbours")
    assert "passage" not in beside.places


def test_what_is_hidden_never_appears_even_from_an_old_index(own_club: Settings, tmp_path: Path) -> None:
    meaning = meaning_of(own_club)
    old = shutil.copytree(own_club.index, tmp_path / "old")
    hidden = with_privacy(own_club, opt_out=("Ana Lima",))
    published(hidden)
    assert open_index(words.folder_of(hidden)).manifest.rows < open_index(old / "words").manifest.rows
    with open_snapshot(hidden) as snapshot:
        search = Search(snapshot, open_index(old / "words"), meaning)
        for query in ("ladder shed", "feline", "quinces plum", '"watering can"', "kitten"):
            found = search.search(query, limit=50, context=50)
            shown = [
                text
                for one in found
                for text in (one.text, one.snippet, *(line.text for line in (*one.before, *one.after)))
            ]
            assert all(
                said not in text for text in shown for _, author, said in (*GARDEN, *BOOKS) if author == "Ana Lima"
            )
        assert texts(search.search("ladder", limit=2)) == texts(search.search("ladder", limit=50))[:2]
        assert len(search.search("ladder", limit=2)) == 2


def test_whoever_opts_out_leaves_the_index_before_any_check(own_club: Settings) -> None:
    from egregora_assets.authors import sync
    from egregora_assets.authors.withdrawal import withdraw

    hidden = with_privacy(own_club, opt_out=("Ana Lima",))
    with open_warehouse(hidden) as connection:
        sync.refresh(connection, hidden)
        assert withdraw(connection, hidden) > 0
    assert not hidden.index.exists()


def test_a_message_that_is_not_published_yet_is_not_found(own_club: Settings) -> None:
    before = own_club.snapshot_path.read_bytes()
    put_export(own_club, "Garden Club", chat(*GARDEN, (5000, "Ana Lima", "a ladder ladder ladder of news")), " (1)")
    published(own_club)
    with open_search(own_club) as search:
        assert "a ladder ladder ladder of news" in texts(search.search("ladder"))
    own_club.snapshot_path.write_bytes(before)
    with open_search(own_club) as search:
        assert len(search.search("ladder", limit=3)) == 3


def test_the_order_of_a_snapshot_tells_labels_passages_and_neighbours(club: Settings) -> None:
    with open_snapshot(club) as snapshot:
        conversation = read_conversation(snapshot)
        units = scalar(snapshot, "SELECT count(*) FROM search_units WHERE kind = 'message'")
        sql = "SELECT p.label, list_position(message_ids, p.last_message_id) - list_position(message_ids, p.message_id) + 1 "
        lengths = dict(
            rows(snapshot, sql + "FROM search_units p JOIN documents USING (document_id) WHERE p.kind = 'passage'")
        )
    assert len(conversation.labels) == units
    assert conversation.said(np.array([-5, 10**9])).tolist() == [-1, -1]
    of_each = {label: conversation.messages_of(np.array([label, 10**9])) for label in lengths}
    assert {label: len(numbers) for label, numbers in of_each.items()} == lengths
    assert all((np.diff(numbers) == 1).all() for numbers in of_each.values())
    for number in range(len(conversation.rows)):
        around = {label for label, numbers in of_each.items() if number in numbers}
        assert {*conversation.passages_of(np.array([number]))[0].tolist()} - {-1} == around


def test_a_message_without_words_is_no_hit_by_the_passage_that_it_stands_in(own_club: Settings) -> None:
    photo = (6, "Leo Braun", "IMG-20240313-WA0001.jpg (file attached)")
    put_export(own_club, "Garden Club", chat(*GARDEN[:6], photo, *GARDEN[6:]), " (1)")
    published(own_club)
    with by_meaning(own_club) as search:
        found = search.search("steps", limit=50)
    assert "Not me, ask the neighbours" in texts(found)
    assert all(one.text for one in found)


def test_of_messages_that_are_equally_near_the_one_comes_first_whose_passage_is_near(own_club: Settings) -> None:
    alone = chat((20_000, "Rui Costa", "Steps"), (20_001, "Ana Lima", "Plum tree, plum jam, plum cake"))
    put_export(own_club, "Zoo", alone)
    published(own_club)
    with by_meaning(own_club) as search:
        found = {one.text: one for one in search.search("steps ladder", limit=50)}
        steps, ladder = found["Steps"], found["The ladder is in the shed behind the compost"]
        (same,) = search.search("steps ladder", filters=Filters(sources=(steps.source_id,)), limit=1)
    assert steps.places["meaning"].rank > ladder.places["meaning"].rank
    assert steps.places["meaning"].score == same.places["meaning"].score  # a filter changes no score


HOSTILE = [
    "",
    " ",
    '"',
    "-",
    '-"',
    "(((",
    "'; DROP TABLE messages; --",
    "\x00",
    "\ud800",
    "%_",
    "茶" * 500,
    "x" * 10_000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_no_query_is_an_error(club: Settings, query: str) -> None:
    with by_meaning(club) as search:
        assert len(search.search(query, limit=3)) <= 3
        assert search.search(query, limit=0) == []
        nobody = (f"{query}\ud800",)
        assert search.search("ladder", filters=Filters(sources=nobody, authors=nobody, kinds=nobody)) == []


def test_sql_can_join_what_is_found(club: Settings) -> None:
    with open_snapshot(club) as connection, searchable(connection, club):
        sql = "SELECT rank, text FROM search('ladder', k := 2) JOIN messages USING (message_id) ORDER BY rank"
        assert [rank for rank, _ in rows(connection, sql)] == [1, 2]
        assert rows(connection, "SELECT count(*) FROM search('ladder')") == [(3,)]
        assert rows(connection, "SELECT count(*) FROM search('zebra')") == [(0,)]
        assert rows(connection, "SELECT count(*) FROM search(NULL)") == [(0,)]
        with pytest.raises(duckdb.Error):
            connection.execute("SET enable_external_access = true")


def test_threads_of_one_statement_search_in_turn(club: Settings) -> None:
    asked = ["ladder", "kitten", "plum", "fine", "thanks", "zebra"] * 4
    values = ", ".join(f"({number}, '{word}')" for number, word in enumerate(asked))
    told = f"FROM (VALUES {values}) asked(number, word), LATERAL (FROM search(word, k := 1)) ORDER BY number"
    with open_snapshot(club) as connection, searchable(connection, club), open_search(club) as search:
        expected = [(word, one.snippet) for word in asked for one in search.search(word, limit=1)]
        for _ in range(5):
            assert rows(connection, f"SELECT word, snippet {told}") == expected


def test_threads_share_an_open_search(search: Search) -> None:
    asked = ["ladder", "kitten", "plum", "fine", "thanks"] * 20
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda word: texts(search.search(word, context=1)), asked))
    assert found == [texts(search.search(word)) for word in asked]
