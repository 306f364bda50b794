"""The index of vectors of a home: it follows what can be found, and is made anew wherever it is in doubt."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import SearchSettings, Settings
from egregora_assets.publish.forms import surplus_files
from egregora_assets.search import embeddings, vector_index, verify_vectors
from egregora_assets.search.checks import CHECKS
from egregora_assets.search.onnx_model import OnnxModel
from egregora_assets.search.vector_centre import SENTENCES, centre_of
from egregora_assets.search.vectors.reader import open_generation
from egregora_assets.search.vectors.spec import IndexMissing, IndexStale
from egregora_assets.search.vectors.writer import IndexChanges
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows, scalar
from tests.chats import Line, chat, put_export, state_of_home, with_privacy
from tests.search.conftest import with_model, write_tiny_model

FIRST: tuple[Line, ...] = (
    (0, "Rui Costa", "hello everybody in the greenhouse"),
    (1, "Ana Lima", "kites tangle around lighthouses"),
    (2, "Rui Costa", "hello  everybody in the greenhouse"),
)
VERDICTS = [
    verify_vectors.vectors_follow_units,
    verify_vectors.no_hidden_vectors,
    verify_vectors.vectors_are_sound,
    verify_vectors.vectors_are_current,
    verify_vectors.nearest_are_found,
]


@pytest.fixture
def warehouse(with_tiny_model: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(with_tiny_model) as connection:
        take_in(connection, with_tiny_model, *FIRST)
        yield connection


def take_in(connection: duckdb.DuckDBPyConnection, settings: Settings, *lines: Line, suffix: str = "") -> None:
    put_export(settings, "Garden Club", chat(*lines), suffix)
    ingest(connection, settings)


def bring_up(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> IndexChanges:
    embeddings.refresh(connection, settings)
    return vector_index.refresh(connection, settings, full)


def failing(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    return [verdict.__name__ for verdict in VERDICTS if not verdict(connection, settings).passed]


def vectors_on_disk(settings: Settings) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(settings.index.rglob("*")) if path.is_file())


def labels(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return [label for (label,) in rows(connection, "SELECT label FROM search_units ORDER BY label")]


def nearest(connection: duckdb.DuckDBPyConnection, settings: Settings, model: OnnxModel, words: str) -> list[str]:
    """Return the texts of the units found, best first."""
    (query,) = model.embed([words], as_query=True)
    found = vector_index.reader_of(settings, model.model_fingerprint).index.search(query, 3).labels.tolist()
    sql = "SELECT label, coalesce(u.text, c.text) FROM search_units u JOIN clean_messages c USING (message_id)"
    texts = dict(rows(connection, sql))
    return [texts[label] for label in found]


def test_what_is_said_is_found_by_meaning(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    changes = bring_up(warehouse, with_tiny_model)
    model = OnnxModel(tiny_model)

    assert (changes.added, changes.anew) == (len(labels(warehouse)), "there was none")
    assert nearest(warehouse, with_tiny_model, model, "kites tangle around lighthouses")[0] == FIRST[1][2]
    take_in(warehouse, with_tiny_model, *FIRST, (3, "Ana Lima", "paint the lighthouses"), suffix=" (1)")
    assert not bring_up(warehouse, with_tiny_model).anew
    assert nearest(warehouse, with_tiny_model, model, "paint the lighthouses")[0] == "paint the lighthouses"
    assert failing(warehouse, with_tiny_model) == []


def test_the_figures_say_what_answers(with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    changes = bring_up(warehouse, with_tiny_model)
    found = vector_index.figures(warehouse, with_tiny_model)

    assert found is not None
    assert (found.rows, found.recall, found.graph_rows) == (len(labels(warehouse)), 1.0, 0)
    assert (found.connectivity, found.expansion_add, found.graph_from) == (16, 128, 262_144)
    assert (found.generation, found.applied_seq) == (changes.generation, changes.applied_seq)
    assert found.answers == "sign bits of every vector"
    assert found.bytes == sum(path.stat().st_size for path in settings_folder(with_tiny_model, found.model).iterdir())


def settings_folder(settings: Settings, model: str) -> Path:
    return open_generation(vector_index.folder_of(settings, model)).folder


def test_a_pass_without_news_writes_no_byte(with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection) -> None:
    bring_up(warehouse, with_tiny_model)
    vector_index.figures(warehouse, with_tiny_model)
    assert vector_index.doubt(warehouse, with_tiny_model) is None
    warehouse.execute("CHECKPOINT").fetchall()
    before = state_of_home(with_tiny_model)

    assert bring_up(warehouse, with_tiny_model).bytes == 0
    vector_index.figures(warehouse, with_tiny_model)
    assert state_of_home(with_tiny_model) == before


def test_of_people_who_opt_out_no_byte_of_a_vector_is_left(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    bring_up(warehouse, with_tiny_model)
    theirs = OnnxModel(tiny_model).embed(["kites tangle around lighthouses"]).astype("<f2").tobytes()
    assert theirs in vectors_on_disk(with_tiny_model)

    listed = with_privacy(with_tiny_model, opt_out=("Ana Lima",))
    assert bring_up(warehouse, listed).anew
    assert theirs not in vectors_on_disk(listed)
    assert failing(warehouse, listed) == []


def test_an_opt_out_is_heard_also_where_only_the_index_is_made(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    bring_up(warehouse, with_tiny_model)
    theirs = OnnxModel(tiny_model).embed(["kites tangle around lighthouses"]).astype("<f2").tobytes()

    vector_index.refresh(warehouse, with_privacy(with_tiny_model, opt_out=("Ana Lima",)))
    assert theirs not in vectors_on_disk(with_tiny_model)


def test_another_model_has_an_index_of_its_own_and_the_older_goes(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bring_up(warehouse, with_tiny_model)
    before = vector_index.model_of(warehouse)
    other = with_model(with_tiny_model, write_tiny_model(tmp_path / "other", seed=9))
    bring_up(warehouse, other)
    after = vector_index.model_of(warehouse)

    assert before is not None
    assert after is not None
    assert before != after
    assert [path.name for path in (other.index / "vectors").iterdir()] == [after.fingerprint]
    with pytest.raises(IndexMissing):
        assert vector_index.reader_of(other, before.fingerprint).index
    assert failing(warehouse, other) == []


def test_without_vectors_there_is_no_index_and_nothing_to_complain_of(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    bring_up(warehouse, with_tiny_model)
    changed(warehouse, "DELETE FROM embeddings")
    words_alone = with_tiny_model.model_copy(update={"search": SearchSettings(embedder="none")})
    assert vector_index.doubt(warehouse, words_alone) == "there is an index of vectors that are gone"

    assert vector_index.refresh(warehouse, words_alone) == IndexChanges()
    assert vector_index.figures(warehouse, words_alone) is None
    assert not list((words_alone.index / "vectors").iterdir())
    assert vector_index.doubt(warehouse, words_alone) is None
    assert failing(warehouse, words_alone) == []


def test_a_damaged_index_is_found_answers_nobody_and_heals(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    bring_up(warehouse, with_tiny_model)
    found = vector_index.figures(warehouse, with_tiny_model)
    assert found is not None
    with (settings_folder(with_tiny_model, found.model) / "codes").open("r+b") as file:
        file.write(b"\xa5")

    assert "vectors_are_sound" in failing(warehouse, with_tiny_model)
    assert vector_index.doubt(warehouse, with_tiny_model) == "the index of vectors is not there, or damaged"
    with pytest.raises(IndexMissing):
        assert vector_index.reader_of(with_tiny_model, found.model).index
    assert bring_up(warehouse, with_tiny_model).anew
    assert failing(warehouse, with_tiny_model) == []


@pytest.mark.parametrize("name", ["codes", "vectors"])
def test_damage_is_a_reason_to_work(with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    """Search said `egregora ingest` would help, which said that nothing had changed."""
    bring_up(warehouse, with_tiny_model)
    found = vector_index.figures(warehouse, with_tiny_model)
    assert found is not None
    with (settings_folder(with_tiny_model, found.model) / name).open("r+b") as file:
        file.write(b"\xa5")

    assert vector_index.doubt(warehouse, with_tiny_model) == "the index of vectors is not there, or damaged"
    assert bring_up(warehouse, with_tiny_model).anew
    assert vector_index.doubt(warehouse, with_tiny_model) is None


def test_what_is_no_index_of_a_model_goes_and_nothing_that_it_links_to(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    bring_up(warehouse, with_tiny_model)
    folder = with_tiny_model.index / "vectors"
    before = {path.name for path in folder.iterdir()}
    (folder / ".DS_Store").write_text("of a file browser")
    (folder / "0123456789abcdef").symlink_to(tmp_path)

    bring_up(warehouse, with_tiny_model)
    assert {path.name for path in folder.iterdir()} == before
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    ("harm", "finds"),
    [
        ("DELETE FROM search_units WHERE label = 2", {"vectors_follow_units", "no_hidden_vectors"}),
        ("UPDATE search_units SET label = label + 100", {"vectors_follow_units", "no_hidden_vectors"}),
        ("UPDATE embeddings SET vector = from_hex('0000803c000000000000000000000000')", {"vectors_follow_units"}),
        ("DELETE FROM clean_messages WHERE text LIKE 'kites%'", {"no_hidden_vectors"}),
        ("UPDATE search_counters SET seq = seq + 1", {"vectors_are_current"}),
    ],
)
def test_checks_see_where_index_and_warehouse_differ(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, harm: str, finds: set[str]
) -> None:
    bring_up(warehouse, with_tiny_model)
    assert failing(warehouse, with_tiny_model) == []
    changed(warehouse, harm)

    assert set(failing(warehouse, with_tiny_model)) == finds


def test_an_index_that_finds_too_little_is_told_of(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up(warehouse, with_tiny_model)
    monkeypatch.setattr(vector_index, "sampled_recall", lambda index, generation: 0.949)

    assert failing(warehouse, with_tiny_model) == ["nearest_are_found"]
    monkeypatch.undo()
    assert failing(warehouse, with_tiny_model) == ["nearest_are_found"], "it is the same index"
    bring_up(warehouse, with_tiny_model, full=True)
    assert failing(warehouse, with_tiny_model) == []


def test_a_reader_of_another_warehouse_gets_nothing(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    bring_up(warehouse, with_tiny_model)
    model = OnnxModel(tiny_model).model_fingerprint

    with pytest.raises(IndexStale):
        assert vector_index.reader_of(with_tiny_model, model, "another").index
    changed(warehouse, "UPDATE warehouse_identity SET warehouse_id = uuid()")
    assert vector_index.doubt(warehouse, with_tiny_model) == "the index of vectors is of another warehouse"
    assert "vectors_follow_units" in failing(warehouse, with_tiny_model)
    assert bring_up(warehouse, with_tiny_model).anew == "it was made of something else"
    assert failing(warehouse, with_tiny_model) == []


def test_only_files_of_the_index_may_stand_in_its_folder(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    bring_up(warehouse, with_tiny_model)
    before = surplus_files(warehouse, with_tiny_model)
    folder = with_tiny_model.index / "vectors"
    (model,) = folder.iterdir()
    (folder / "mine.txt").touch()
    (model / "mine.txt").touch()
    (settings_folder(with_tiny_model, model.name) / "mine.txt").touch()

    assert surplus_files(warehouse, with_tiny_model) == before + 3


def test_what_a_model_has_in_common_is_asked_for_once_and_kept(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = OnnxModel(tiny_model)
    words_alone = with_tiny_model.model_copy(update={"search": SearchSettings(embedder="none")})
    with caplog.at_level(logging.WARNING):
        assert len(centre_of(warehouse, words_alone, model.model_fingerprint)) == 0
        assert len(centre_of(warehouse, with_tiny_model, "another")) == 0
    assert len(caplog.records) == 2

    centre = centre_of(warehouse, with_tiny_model, model.model_fingerprint)
    assert np.allclose(centre, model.embed(SENTENCES).mean(axis=0), atol=1e-6)
    assert np.array_equal(centre_of(warehouse, words_alone, model.model_fingerprint), centre)
    assert scalar(warehouse, "SELECT count(*) FROM vector_centres") == 1


def test_where_all_have_little_in_common_signs_are_about_zero(
    settings: Settings, warehouse: duckdb.DuckDBPyConnection, standard_model: OnnxModel
) -> None:
    with_standard = with_model(settings, standard_model.folder)

    centre = centre_of(warehouse, with_standard, standard_model.model_fingerprint)
    assert centre.shape == (standard_model.dimensions,)
    assert not centre.any()


def test_every_verdict_is_a_check() -> None:
    assert {verdict.__name__ for verdict in VERDICTS} <= {key.name for check in CHECKS for key in check.check_keys}
