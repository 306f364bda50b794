"""What search finds follows what was said: labels are never used twice, and what is hidden is gone, vectors too."""

from __future__ import annotations

import hashlib
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DocumentSettings, Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.rotation import rotate
from egregora_assets.search import units, verify
from egregora_assets.search.units import UnitChanges
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import changed, rows, scalar
from tests.chats import Line, chat, new_home, put_export, state_of_home, with_privacy

FIRST: tuple[Line, ...] = (
    (0, "Rui Costa", "hello everybody in the greenhouse"),
    (1, "Priya Raman", "👍"),
    (2, "Ana Lima", "saffron kites tangle around\nancient lighthouses"),
    (3, "Rui Costa", "hello  everybody in the greenhouse"),
)
LATER: tuple[Line, ...] = (*FIRST, (4, "Priya Raman", "the paint has come"))


@pytest.fixture(scope="module")
def home_with_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``FIRST`` is taken in. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("first") / "home", timezone="UTC")
    make_home(settings)
    with open_warehouse(settings) as connection:
        take_in(connection, settings, *FIRST, suffix="")
    return settings.home


@pytest.fixture
def warehouse(settings: Settings, home_with_first: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    shutil.copytree(home_with_first, settings.home, dirs_exist_ok=True)
    with open_warehouse(settings) as connection:
        yield connection


def take_in(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *lines: Line, suffix: str = " (1)"
) -> UnitChanges:
    put_export(settings, "Garden Club", chat(*lines), suffix)
    ingest(connection, settings)
    return units.refresh(connection, settings)


def texts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return (kind, text) of all units, by label."""
    sql = f"SELECT u.kind, {units.TEXT_OF_UNIT} FROM search_units u JOIN clean_messages c USING (message_id) ORDER BY label"
    return rows(connection, sql)


def log(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, str]]:
    return rows(connection, "FROM vector_log ORDER BY seq")


def give_vectors(connection: duckdb.DuckDBPyConnection, model: str = "test") -> None:
    """Let each distinct text have a vector, as an embedder would."""
    changed(
        connection, f"INSERT INTO embeddings SELECT DISTINCT '{model}', content_hash, '\\x00'::BLOB FROM search_units"
    )


def state(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Return all units but for their labels and when they were made."""
    return rows(connection, "SELECT * EXCLUDE (label, revision) FROM search_units ORDER BY ALL")


def test_each_message_with_words_can_be_found_and_so_can_what_stands_around_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    said = [text for _, _, text in FIRST if text != "👍"]
    hello = "hello everybody in the greenhouse"
    passage = f"{hello}\nsaffron kites tangle around ancient lighthouses\n{hello}"

    assert sorted(texts(warehouse)) == sorted([*(("message", text) for text in said), ("passage", passage)])
    assert rows(warehouse, "SELECT label FROM search_units ORDER BY 1") == [(1,), (2,), (3,), (4,)]
    assert verify.units_follow_messages(warehouse, Settings()).passed


def test_a_hash_is_that_of_the_text_without_what_only_looks_different(warehouse: duckdb.DuckDBPyConnection) -> None:
    expected = UUID(hashlib.sha256(b"hello everybody in the greenhouse").hexdigest()[:32])
    sql = "SELECT count(*) FROM search_units WHERE content_hash = ?"

    assert scalar(warehouse, sql, [expected]) == 2
    composed, apart = (unicodedata.normalize(form, "çédille") for form in ("NFC", "NFD"))
    assert scalar(warehouse, f"SELECT {units.NORMALISED.format(text='?')}", [f" {apart}\n\tx "]) == f"{composed} x"


def test_a_pass_without_news_writes_no_byte(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute("CHECKPOINT").fetchall()
    before = state_of_home(settings)

    assert units.refresh(warehouse, settings) == UnitChanges()
    assert state_of_home(settings) == before
    assert units.refresh(warehouse, settings, full=True) == UnitChanges()


def test_a_new_message_leaves_the_others_labels_alone(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    give_vectors(warehouse)
    before = rows(warehouse, "SELECT label FROM search_units WHERE kind = 'message'")
    (grown,) = rows(warehouse, "SELECT label FROM search_units WHERE kind = 'passage'")

    assert take_in(warehouse, settings, *LATER) == UnitChanges(added=2, removed=1)
    assert set(before) < set(rows(warehouse, "SELECT label FROM search_units"))
    assert grown not in rows(warehouse, "SELECT label FROM search_units")
    assert log(warehouse) == [(1, grown[0], "remove")]


def test_what_is_said_again_has_its_vector_at_once(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    give_vectors(warehouse)

    take_in(warehouse, settings, *FIRST, (4, "Priya Raman", "hello everybody in the greenhouse"))
    (label,) = rows(warehouse, "SELECT max(label) FROM search_units WHERE kind = 'message'")
    assert (label[0], "add") in [(number, operation) for _, number, operation in log(warehouse)]


def test_an_opt_out_takes_units_passages_and_vectors_away(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    give_vectors(warehouse)
    give_vectors(warehouse, "another")
    theirs = [number for number, (_, text) in enumerate(texts(warehouse), start=1) if "saffron" in text]
    assert len(theirs) == 2, "the message, and the passage that begins with another's"

    listed = with_privacy(settings, opt_out=("Ana Lima",))
    assert units.refresh(warehouse, listed) == UnitChanges(added=1, removed=2, erased=2)
    shown = " ".join(text for _, text in texts(warehouse))
    assert "saffron" not in shown
    assert "saffron" not in str(rows(warehouse, "FROM search_units"))
    assert [(number, operation) for _, number, operation in log(warehouse)] == [(number, "erase") for number in theirs]
    left = rows(warehouse, "SELECT DISTINCT content_hash FROM embeddings ORDER BY 1")
    kept = "SELECT DISTINCT content_hash FROM search_units WHERE kind = 'message' ORDER BY 1"
    assert left == rows(warehouse, kept)
    assert scalar(warehouse, "SELECT count(*) FROM embeddings") == 2
    assert verify.no_hidden_units(warehouse, listed).passed


def test_what_others_said_too_keeps_its_vector(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    take_in(warehouse, settings, *FIRST, (4, "Priya Raman", "saffron kites tangle around ancient lighthouses"))
    give_vectors(warehouse)

    units.refresh(warehouse, with_privacy(settings, opt_out=("Ana Lima",)))
    text = hashlib.sha256(b"saffron kites tangle around ancient lighthouses").hexdigest()[:32]
    assert scalar(warehouse, "SELECT count(*) FROM embeddings WHERE content_hash = ?", [UUID(text)]) == 1


def test_a_name_that_becomes_known_erases_the_form_that_showed_it(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    take_in(warehouse, settings, *FIRST, (4, "Rui Costa", "Wilhelmina has the key"))
    outcome = take_in(
        warehouse,
        settings,
        *FIRST,
        (4, "Rui Costa", "Wilhelmina has the key"),
        (5, "Wilhelmina", "here it is"),
        suffix=" (2)",
    )

    assert outcome.erased == outcome.removed == 2
    assert "Wilhelmina" not in str(rows(warehouse, "FROM search_units"))
    assert "[name] has the key" in [text for _, text in texts(warehouse)]


def test_a_chat_whose_title_turns_out_to_name_somebody_leaves_indexes_under_that_name(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    assert scalar(warehouse, "SELECT any_value(source_id) FROM search_units") == "garden-club"

    outcome = units.refresh(warehouse, with_privacy(settings, opt_out=("Garden Club",)))
    assert outcome == UnitChanges(added=4, removed=4, erased=4)
    assert "garden" not in str(rows(warehouse, "SELECT * EXCLUDE (text) FROM search_units"))


def test_windows_that_are_cut_otherwise_keep_the_labels_of_messages(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    before = rows(warehouse, "SELECT label, message_id FROM search_units WHERE kind = 'message' ORDER BY label")
    smaller = settings.model_copy(update={"documents": DocumentSettings(max_messages=2)})

    assert units.refresh(warehouse, smaller) == UnitChanges(added=1, removed=1, moved=2)
    assert rows(warehouse, "SELECT label, message_id FROM search_units WHERE kind = 'message' ORDER BY label") == before
    astray = "search_units u JOIN documents d USING (document_id) WHERE NOT list_contains(message_ids, message_id)"
    assert scalar(warehouse, f"SELECT count(*) FROM {astray}") == 0


def test_a_new_key_leaves_texts_their_vectors(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    give_vectors(warehouse)
    before = rows(warehouse, "SELECT label, content_hash FROM search_units ORDER BY label")
    ids = rows(warehouse, "SELECT message_id FROM search_units")

    rotate(warehouse, settings)
    assert units.refresh(warehouse, settings) == UnitChanges()
    assert rows(warehouse, "SELECT label, content_hash FROM search_units ORDER BY label") == before
    assert not set(ids) & set(rows(warehouse, "SELECT message_id FROM search_units"))
    assert scalar(warehouse, "SELECT count(*) FROM embeddings SEMI JOIN search_units USING (content_hash)") == 3
    assert verify.units_follow_messages(warehouse, settings).passed


def test_a_long_log_is_forgotten_and_says_so(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "_LEAST_REMEMBERED", 0)
    units.log_operations(warehouse, "SELECT 1, 'add' FROM range(50)")
    take_in(warehouse, settings, *LATER)
    ((given, forgotten),) = rows(warehouse, "SELECT seq, forgotten FROM search_counters")

    assert (given, forgotten) == (51, 26)
    assert [seq for seq, _, _ in log(warehouse)] == list(range(forgotten + 1, given + 1))


def test_the_snapshot_shows_units_without_their_texts(settings: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    columns = "label, kind, message_id, document_id, last_message_id, source_id, content_hash"
    for lines in (FIRST, LATER):
        take_in(warehouse, settings, *lines, suffix=f" ({len(lines)})")
        publish(warehouse, settings)
        with open_snapshot(settings) as snapshot:
            shown = rows(snapshot, "FROM search_units ORDER BY label")
        assert shown == rows(warehouse, f"SELECT {columns} FROM search_units ORDER BY label")


@hypothesis_settings(max_examples=3, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.sampled_from(["Ana Lima", "Rui Costa", "Priya Raman"]),
            st.sampled_from(["hello", "👍", "long " * 60, "tomorrow at the old mill", "1"]),
        ),
        max_size=40,
    ),
    st.integers(0, 40),
    st.booleans(),
)
def test_what_was_taken_in_by_and_by_is_what_is_taken_in_at_once(
    lines: list[Line], cut: int, someone_leaves: bool
) -> None:
    said = sorted(lines)
    with new_home() as settings, open_warehouse(settings) as connection:
        take_in(connection, settings, *said[:cut], suffix=" (1)")
        if someone_leaves:
            units.refresh(connection, with_privacy(settings, opt_out=("Rui Costa",)))
        take_in(connection, settings, *said, suffix=" (2)")
        by_and_by, labels = state(connection), rows(connection, "SELECT label FROM search_units")
        assert units.refresh(connection, settings, full=True) == UnitChanges()
        assert len(set(labels)) == len(labels)
        passages = [text for kind, text in texts(connection) if kind == "passage"]
        assert all(text.count("\n") < 10 and len(text) <= 830 for text in passages)
        assert verify.units_follow_messages(connection, settings).passed
        changed(connection, "DELETE FROM search_units")
        units.refresh(connection, settings, full=True)
        assert state(connection) == by_and_by


def test_the_check_finds_a_message_without_a_unit_and_a_unit_without_a_message(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    warehouse.execute("DELETE FROM search_units WHERE label = 1").fetchall()
    assert not verify.units_follow_messages(warehouse, settings).passed
    warehouse.execute("UPDATE authors SET opted_out = true").fetchall()
    assert not verify.no_hidden_units(warehouse, settings).passed


def test_a_message_that_two_documents_show_is_found_once(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    rules = DocumentSettings(window="count", max_messages=2, overlap_messages=1)
    units.refresh(warehouse, settings.model_copy(update={"documents": rules}))
    shown = rows(warehouse, "SELECT overlap, len(message_ids) FROM documents ORDER BY overlap")
    assert shown == [(0, 2), (1, 3)]
    found = rows(warehouse, "SELECT message_id FROM search_units WHERE kind = 'message'")
    assert len(found) == len(set(found)) == 3
    assert verify.units_follow_messages(warehouse, settings).passed
