"""Whoever is killed while texts are embedded has lost nothing that was committed, and every index goes on from there."""

from __future__ import annotations

import hashlib
import multiprocessing
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import numpy as np
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import SearchSettings, Settings
from egregora_assets.search import embedding_pool, embeddings, units, vector_index, verify, verify_vectors, words
from egregora_assets.search.embedders import Embedder, Vectors
from egregora_assets.search.onnx_model import OnnxModel
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import chat, put_export
from tests.search.conftest import WORDS, write_tiny_model
from tests.search.test_embeddings import searchable

DIMENSIONS = 8
TEXTS = 60


@dataclass
class Quick:
    """Makes a vector of a text by its hash, and tells before each batch how many texts it was given before."""

    seed: int
    told: Connection | None = None
    given: int = 0
    dimensions: int = DIMENSIONS

    @property
    def model_fingerprint(self) -> str:
        return f"{self.seed:016x}"

    name = "quick"

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        if self.told is not None:
            self.told.send((self.seed, self.given))
        self.given += len(texts)
        digests = [hashlib.sha256(f"{self.seed} {text}".encode()).digest() for text in texts]
        made = np.array([np.frombuffer(digest, "<i4") for digest in digests], np.float32).reshape(-1, DIMENSIONS)
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def settings_of(home: Path, **search: object) -> Settings:
    chosen = SearchSettings.model_validate({"embedder": "none", **search})
    return Settings(home=home, timezone="UTC", search=chosen)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with some texts that can be found, and no vectors."""
    settings = settings_of(tmp_path_factory.mktemp("kills") / "home")
    make_home(settings)
    chance = random.Random(5)
    said = [(number, "Rui Costa", " ".join(chance.choices(WORDS[4:], k=6))) for number in range(TEXTS)]
    put_export(settings, "Garden Club", chat(*said))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        units.refresh(connection, settings)
    return settings.home


def embed_model_after_model(home: Path, seed: int, told: Connection) -> None:
    """Embed all texts by a model that is made up, then by the next, and write both indexes after each."""
    settings = settings_of(home)
    embeddings._COMMITTED = 7
    with open_warehouse(settings) as connection:
        for number in count(seed):
            embeddings.refresh(connection, settings, Quick(number, told))
            vector_index.refresh(connection, settings)
            words.refresh(connection, settings)


def embed_in_processes(home: Path, model: Path, told: Connection) -> None:
    """Embed all texts in processes of their own; tell who they are."""
    settings = settings_of(home, embedder="onnx", model=str(model), workers=2)
    embeddings._COMMITTED, embedding_pool._WORTH_A_START = 7, 1
    embed = embedding_pool._Pool.embed

    def telling(pool: embedding_pool._Pool, texts: Sequence[str], as_query: bool = False) -> Vectors:
        told.send([process._child.pid for process in pool._processes])
        return embed(pool, texts, as_query)

    embedding_pool._Pool.embed = telling  # type: ignore[method-assign]
    with open_warehouse(settings) as connection:
        embeddings.refresh(connection, settings)
        vector_index.refresh(connection, settings)


def killed(work: Callable[..., None], arguments: Sequence[object], delay: float) -> list[object]:
    """Let a process begin its work, kill it a while after its first word, and return all that it told."""
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*arguments, tells))
    process.start()
    tells.close()
    told: list[object] = []
    try:
        if hears.poll(60):
            told.append(hears.recv())
        until = time.monotonic() + delay
        while (left := until - time.monotonic()) > 0:
            if hears.poll(left):
                told.append(hears.recv())
        process.kill()
        while True:
            told.append(hears.recv())
    except EOFError:
        process.kill()
    process.join()
    return told


def assert_true(connection: duckdb.DuckDBPyConnection, settings: Settings, embedder: Callable[[str], Embedder]) -> None:
    """Every vector is that of its text by its model, is there once, and is told to indexes; these say the same."""
    text = f"any_value({units.TEXT_OF_UNIT})"
    texts = f"SELECT content_hash, {units.NORMALISED.format(text=text)} AS text FROM search_units u "
    texts += "JOIN clean_messages c USING (message_id) GROUP BY content_hash"
    stored = rows(connection, f"SELECT model, text, vector FROM embeddings JOIN ({texts}) USING (content_hash)")
    for model in {model for model, _, _ in stored}:
        own = [(text, vector) for name, text, vector in stored if name == model]
        made = embedder(model).embed([text for text, _ in own]).astype("<f2")
        assert [vector.tobytes() for vector in made] == [vector for _, vector in own]
    with_vectors = "SELECT label FROM search_units SEMI JOIN embeddings USING (content_hash)"
    assert searchable(connection) == {label for (label,) in rows(connection, with_vectors)}
    assert verify.vectors_have_their_form(connection, settings).passed
    assert verify.no_vector_without_a_text(connection, settings).passed
    vector_index.refresh(connection, settings)
    for verdict in (
        verify_vectors.vectors_follow_units,
        verify_vectors.vectors_are_sound,
        verify_vectors.vectors_are_current,
    ):
        assert verdict(connection, settings).passed, verdict.__name__


def kill_embedders(home: Path, kills: int) -> int:
    """Kill so many at random moments; return how many models were finished."""
    settings, chance, seed, finished = settings_of(home), random.Random(kills), 1, set[int]()
    for _ in range(kills):
        told = killed(embed_model_after_model, (home, seed), chance.uniform(0, 0.4))
        with open_warehouse(settings) as connection:
            counts = {int(model, 16): number for model, number in rows(connection, _COUNTS)}
            assert len(counts) <= 2, "those of the model before go when all have a vector by the next"
            if told:
                number, given = told[-1]  # type: ignore[misc]
                assert max(counts, default=0) in (number, number - 1)
                assert counts.get(number, 0) >= given, "what was committed is there"
                finished |= set(range(1, number))
                seed = number
            assert_true(connection, settings, lambda model: Quick(int(model, 16)))
    return len(finished)


_COUNTS = "SELECT model, count(*) FROM embeddings GROUP BY model"


def test_an_embedding_run_that_is_killed_loses_nothing(prepared: Path, tmp_path: Path) -> None:
    home = copy_of(prepared, tmp_path)
    kill_embedders(home, kills=3)


@pytest.mark.slow
def test_embedding_runs_that_are_killed_often_lose_nothing(prepared: Path, tmp_path: Path) -> None:
    assert kill_embedders(copy_of(prepared, tmp_path), kills=300) > 10


@pytest.mark.slow
def test_processes_that_embed_end_with_the_one_that_is_killed(prepared: Path, tmp_path: Path) -> None:
    model, chance = write_tiny_model(tmp_path / "tiny"), random.Random(3)
    for number in range(20):
        home = copy_of(prepared, tmp_path / str(number))
        told = killed(embed_in_processes, (home, model), chance.uniform(0, 0.6))
        settings = settings_of(home, embedder="onnx", model=str(model))
        until = time.monotonic() + 10
        while alive(told[-1]) and time.monotonic() < until:
            time.sleep(0.01)
        assert not alive(told[-1])
        with open_warehouse(settings) as connection:
            assert_true(connection, settings, lambda _: OnnxModel(model))
            embeddings.refresh(connection, settings)
            assert_true(connection, settings, lambda _: OnnxModel(model))
            assert verify.texts_are_embedded(connection, settings).passed


def alive(pids: object) -> list[int]:
    assert isinstance(pids, list)
    assert pids
    return [pid for pid in pids if Path(f"/proc/{pid}/exe").exists()]


def copy_of(home: Path, place: Path) -> Path:
    return shutil.copytree(home, place / "home")
