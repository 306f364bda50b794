"""Each distinct text has one vector by the model in use: made once, kept through crashes, gone with its text."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import embeddings, units, vector_index, verify
from egregora_assets.search.embedders import Embedder, EmbedderFailed, Vectors, unit_length
from egregora_assets.search.embeddings import EmbeddingChanges
from egregora_assets.search.onnx_model import OnnxModel
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.chats import Line, chat, put_export, state_of_home, with_privacy
from tests.search.conftest import TINY_DIMENSIONS, with_model, write_tiny_model

FIRST: tuple[Line, ...] = (
    (0, "Rui Costa", "hello everybody in the greenhouse"),
    (1, "Ana Lima", "kites tangle around lighthouses"),
    (2, "Rui Costa", "hello  everybody in the greenhouse"),
)
TEXTS_OF_FIRST = 3
"""Two that were said, and the passage of all three messages."""


class Counting:
    """An embedder that keeps what it is asked, and fails after so many texts."""

    def __init__(self, inner: Embedder, fails_after: int = 1 << 30) -> None:
        self.inner, self.left, self.asked = inner, fails_after, list[str]()
        self.model_fingerprint, self.name, self.dimensions = inner.model_fingerprint, inner.name, inner.dimensions

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        self.left -= len(texts)
        if self.left < 0:
            raise EmbedderFailed("that was enough")
        self.asked += texts
        return self.inner.embed(texts, as_query)


@pytest.fixture(scope="module")
def home_with_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``FIRST`` is taken in and can be found. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("first") / "home", timezone="UTC")
    make_home(settings)
    with open_warehouse(settings) as connection:
        take_in(connection, settings, *FIRST)
        units.refresh(connection, settings)
    return settings.home


@pytest.fixture
def warehouse(with_tiny_model: Settings, home_with_first: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    shutil.copytree(home_with_first, with_tiny_model.home, dirs_exist_ok=True)
    with open_warehouse(with_tiny_model) as connection:
        yield connection


def take_in(connection: duckdb.DuckDBPyConnection, settings: Settings, *lines: Line, suffix: str = "") -> None:
    put_export(settings, "Garden Club", chat(*lines), suffix)
    ingest(connection, settings)


def searchable(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """Return the labels that an index which has read the log knows."""
    labels: set[int] = set()
    for label, operation in rows(connection, "SELECT label, operation FROM vector_log ORDER BY seq"):
        labels = labels | {label} if operation == "add" else labels - {label}
    return labels


def all_labels(connection: duckdb.DuckDBPyConnection) -> set[int]:
    return {label for (label,) in rows(connection, "SELECT label FROM search_units")}


def test_each_distinct_text_has_its_vector_and_each_unit_is_told_to_indexes(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    changes = embeddings.refresh(warehouse, with_tiny_model)
    model = OnnxModel(tiny_model)

    assert changes == EmbeddingChanges(TEXTS_OF_FIRST, model="tiny", fingerprint=model.model_fingerprint)
    sql = "SELECT vector FROM search_units u JOIN embeddings USING (content_hash) JOIN clean_messages c USING (message_id) "
    stored = embeddings.stored_vectors(warehouse, sql + "WHERE u.kind = 'message' ORDER BY label")
    expected = model.embed([" ".join(text.split()) for _, _, text in FIRST]).astype("<f2")
    assert np.array_equal(stored, expected)
    assert searchable(warehouse) == all_labels(warehouse)
    for check in (verify.no_vector_without_a_text, verify.vectors_have_their_form, verify.texts_are_embedded):
        assert check(warehouse, with_tiny_model).passed


def test_a_pass_without_news_embeds_nothing_and_writes_no_byte(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    embeddings.refresh(warehouse, with_tiny_model)
    warehouse.execute("CHECKPOINT").fetchall()
    before = state_of_home(with_tiny_model)

    assert embeddings.refresh(warehouse, with_tiny_model).embedded == 0
    assert state_of_home(with_tiny_model) == before


def test_a_text_that_says_nothing_to_the_model_holds_up_no_other(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    """One vector of zeros failed every pass over all texts behind it."""

    class Deaf(Counting):
        def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
            vectors = super().embed(texts, as_query)
            return unit_length(np.where([["kites" in text] for text in texts], 0, vectors))

    assert embeddings.refresh(warehouse, with_tiny_model, Deaf(OnnxModel(tiny_model))).embedded == TEXTS_OF_FIRST
    vector_index.refresh(warehouse, with_tiny_model)
    assert verify.vectors_have_their_form(warehouse, with_tiny_model).passed


def test_no_text_is_embedded_twice(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    counting = Counting(OnnxModel(tiny_model))
    embeddings.refresh(warehouse, with_tiny_model, counting)
    put_export(with_tiny_model, "Book Club", chat(*FIRST))
    take_in(warehouse, with_tiny_model, *FIRST, (3, "Ana Lima", "paint"), suffix=" (1)")
    embeddings.refresh(warehouse, with_tiny_model, counting)

    assert len(counting.asked) == len(set(counting.asked)) == TEXTS_OF_FIRST + 2
    assert searchable(warehouse) == all_labels(warehouse)


def test_what_was_committed_before_a_failure_stays_and_the_next_pass_goes_on(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "_COMMITTED", 1)
    with pytest.raises(EmbedderFailed):
        embeddings.refresh(warehouse, with_tiny_model, Counting(OnnxModel(tiny_model), fails_after=2))
    assert scalar(warehouse, "SELECT count(*) FROM embeddings") == 2
    verdict = verify.texts_are_embedded(warehouse, with_tiny_model)
    assert not verdict.passed
    assert (verdict.figures["texts"], verdict.figures["embedded"]) == (TEXTS_OF_FIRST, 2)

    again = Counting(OnnxModel(tiny_model))
    embeddings.refresh(warehouse, with_tiny_model, again)
    assert len(again.asked) == 1
    assert searchable(warehouse) == all_labels(warehouse)


KILLED = """
import os, signal, sys
from pathlib import Path
from egregora_assets.config import SearchSettings, Settings
from egregora_assets.search import embeddings
from egregora_assets.warehouse.files import open_warehouse

home, model, after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
embeddings._COMMITTED = 1
keep, seen = embeddings._keep, 0

def dies(*arguments):
    global seen
    seen += 1
    keep(*arguments)
    if seen == after:
        os.kill(os.getpid(), signal.SIGKILL)

embeddings._keep = dies
settings = Settings(home=home, timezone="UTC", search=SearchSettings(model=model, workers=1))
with open_warehouse(settings) as connection:
    embeddings.refresh(connection, settings)
"""


def test_a_kill_loses_nothing_that_was_committed(
    with_tiny_model: Settings, tiny_model: Path, home_with_first: Path
) -> None:
    shutil.copytree(home_with_first, with_tiny_model.home, dirs_exist_ok=True)
    command = [sys.executable, "-c", KILLED, str(with_tiny_model.home), str(tiny_model), "2"]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, check=False)
    assert killed.returncode == -signal.SIGKILL

    with open_warehouse(with_tiny_model) as connection:
        assert scalar(connection, "SELECT count(*) FROM embeddings") == 1
        assert len(searchable(connection)) >= 1
        assert embeddings.refresh(connection, with_tiny_model).embedded == TEXTS_OF_FIRST - 1
        assert searchable(connection) == all_labels(connection)


def test_an_opt_out_takes_vectors_with_it(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tiny_model: Path
) -> None:
    embeddings.refresh(warehouse, with_tiny_model)
    theirs = OnnxModel(tiny_model).embed(["kites tangle around lighthouses"]).astype("<f2").tobytes()
    stored = "SELECT count(*) FROM embeddings WHERE vector = ?"
    assert scalar(warehouse, stored, [theirs]) == 1

    listed = with_privacy(with_tiny_model, opt_out=("Ana Lima",))
    embeddings.refresh(warehouse, listed)
    assert scalar(warehouse, stored, [theirs]) == 0
    assert verify.no_vector_without_a_text(warehouse, listed).passed
    assert searchable(warehouse) == all_labels(warehouse)


def test_another_model_takes_the_place_of_the_one_before(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    embeddings.refresh(warehouse, with_tiny_model)
    other = with_model(with_tiny_model, write_tiny_model(tmp_path / "other", seed=9))

    assert not verify.texts_are_embedded(warehouse, other).passed
    assert embeddings.refresh(warehouse, other).dropped == TEXTS_OF_FIRST
    assert verify.texts_are_embedded(warehouse, other).passed
    assert scalar(warehouse, "SELECT count(DISTINCT model) FROM embeddings") == 1


def test_without_a_model_nothing_is_embedded_and_it_is_said_why(
    settings: Settings, with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    missing = with_model(settings, tmp_path / "nowhere")
    changes = embeddings.refresh(warehouse, missing)

    assert changes.embedded == 0
    assert "egregora model install" in changes.reason
    verdict = verify.texts_are_embedded(warehouse, missing)
    assert not verdict.passed
    assert "egregora model install" in verdict.description
    assert verify.texts_are_embedded(warehouse, settings).passed, "who asks for words alone has what they asked for"


def test_a_model_that_was_put_in_place_later_is_a_reason_to_work(
    settings: Settings, with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    embeddings.refresh(warehouse, settings)
    publish(warehouse, settings)
    warehouse.close()

    assert pending(settings) == []
    assert pending(with_tiny_model) == ["there are texts without a vector"]
    with open_warehouse(with_tiny_model) as connection:
        embeddings.refresh(connection, with_tiny_model)
        vector_index.refresh(connection, with_tiny_model)
    assert pending(with_tiny_model) == []


def test_vectors_are_half_as_long_and_nearly_as_exact() -> None:
    vectors = np.random.default_rng(3).normal(size=(50, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    blobs = embeddings.as_blobs(vectors)
    with duckdb.connect() as connection:
        connection.register("blobs", blobs_table := embeddings.pa.table({"vector": blobs}))
        back = embeddings.stored_vectors(connection, "SELECT vector FROM blobs")
        assert embeddings.stored_vectors(connection, "SELECT vector FROM blobs WHERE false").shape == (0, 0)

    assert blobs_table.num_rows == 50
    assert all(len(blob.as_py()) == 2 * 384 for blob in blobs)
    assert (np.einsum("ij,ij->i", vectors, back.astype(np.float32)) > 0.9999).all()


def test_checks_find_vectors_that_are_doubled_uneven_long_or_nobodys(
    with_tiny_model: Settings, warehouse: duckdb.DuckDBPyConnection
) -> None:
    def wrong(change: str) -> dict[str, int | float | str]:
        warehouse.execute("BEGIN")
        warehouse.execute(change).fetchall()
        verdict = verify.vectors_have_their_form(warehouse, with_tiny_model)
        orphans = verify.no_vector_without_a_text(warehouse, with_tiny_model)
        warehouse.execute("ROLLBACK")
        return {name: value for name, value in {**verdict.figures, **orphans.figures}.items() if value}

    embeddings.refresh(warehouse, with_tiny_model)
    assert wrong("INSERT INTO embeddings FROM embeddings LIMIT 1") == {"doubled": 1}
    assert wrong(f"UPDATE embeddings SET vector = '{chr(92)}x00'::BLOB WHERE rowid = 0") == {"uneven": 1}
    twos = f"{chr(92)}x00{chr(92)}x40" * TINY_DIMENSIONS
    assert wrong(f"UPDATE embeddings SET vector = '{twos}'::BLOB WHERE rowid = 0") == {"wrong": 1}
    assert wrong("UPDATE embeddings SET content_hash = uuid() WHERE rowid = 0") == {"rows": 1}
