"""A vector depends on its text and its model alone, however many processes and texts there are."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from egregora_assets.config import Settings
from egregora_assets.search import embedding_pool
from egregora_assets.search.embedders import EmbedderFailed, NoEmbedder, as_read, open_embedder, unit_length
from egregora_assets.search.embedding_pool import among_cores
from egregora_assets.search.onnx_model import OnnxModel, opened
from egregora_assets.search.onnx_writer import Graph
from tests.search.conftest import TINY_DIMENSIONS, with_model, write_tiny_model

TEXTS = [
    "where is the key of the workshop?",
    "Rui has it, he is there from ten on",
    "the paint has come, so we can begin with the greenhouse on Saturday",
    "👍",
    "",
    "onde está a chave da oficina?",
    "long " * 600,
]


def test_the_same_text_has_the_same_vector_alone_in_a_batch_and_in_any_process(standard_model: OnnxModel) -> None:
    alone = np.concatenate([standard_model.embed([text]) for text in TEXTS])

    assert alone.dtype == np.float32
    assert alone.shape == (len(TEXTS), standard_model.dimensions) == (len(TEXTS), 384)
    assert np.array_equal(standard_model.embed(TEXTS[::-1])[::-1], alone)
    assert np.array_equal(OnnxModel(standard_model.folder).embed(TEXTS), alone)
    with among_cores(standard_model, 2, texts=10_000) as pool:
        assert pool is not standard_model
        assert np.array_equal(pool.embed(TEXTS * 12), np.tile(alone, (12, 1)))
    with among_cores(standard_model, 4, texts=60) as threads:
        assert threads is not standard_model
        assert np.array_equal(threads.embed(TEXTS * 12), np.tile(alone, (12, 1)))
        assert threads.embed([]).shape == (0, 384)
        assert (threads.name, threads.model_fingerprint) == (standard_model.name, standard_model.model_fingerprint)


def test_what_means_the_same_is_near(standard_model: OnnxModel) -> None:
    pairs = [
        ("how do I reset my password?", "I forgot my login and cannot get into my account"),
        ("the meeting is moved to Friday", "we will meet on Friday instead"),
        ("the boiler is broken again", "there is no hot water in the house"),
    ]
    asked, meant = (standard_model.embed(side) for side in zip(*pairs, strict=True))

    nearness = asked @ meant.T
    assert (nearness.argmax(axis=1) == np.arange(len(pairs))).all()
    assert np.allclose(np.linalg.norm(asked, axis=1), 1, atol=1e-6)


def test_a_model_in_a_folder_is_pooled_as_it_says(tmp_path: Path, tiny_model: Path) -> None:
    apart = write_tiny_model(tmp_path / "apart", pooled=False)
    texts = ["hello in the greenhouse", "kites"]

    assert np.allclose(OnnxModel(apart).embed(texts), OnnxModel(tiny_model).embed(texts), atol=1e-6)
    (apart / "1_Pooling").mkdir()
    (apart / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    first = OnnxModel(apart).embed(texts)
    assert np.array_equal(first[0], first[1]), "the first token is the same in all texts"


def test_the_weights_may_stand_in_a_folder_of_their_own(tmp_path: Path, tiny_model: Path) -> None:
    apart = shutil.copytree(tiny_model, tmp_path / "apart")
    (apart / "onnx").mkdir()
    (apart / "model.onnx").rename(apart / "onnx" / "model.onnx")

    assert np.array_equal(OnnxModel(apart).embed(["hello"]), OnnxModel(tiny_model).embed(["hello"]))
    assert OnnxModel(apart).model_fingerprint == OnnxModel(tiny_model).model_fingerprint


def test_what_stands_before_a_query_is_told_by_the_model(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "prompts")
    plain = OnnxModel(folder)
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "kites ", "passage": "the "}}')
    told = OnnxModel(folder)

    assert np.array_equal(told.embed(["hello"], as_query=True), plain.embed(["kites hello"]))
    assert np.array_equal(told.embed(["hello"]), plain.embed(["the hello"]))
    assert told.model_fingerprint != plain.model_fingerprint


def test_texts_are_cut_where_the_model_says(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "short")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 4}')
    model = OnnxModel(folder)

    assert np.array_equal(model.embed(["hello kites the the"]), model.embed(["hello kites"]))


def test_each_thing_that_a_vector_depends_on_gives_another_fingerprint(tmp_path: Path, tiny_model: Path) -> None:
    same = shutil.copytree(tiny_model, tmp_path / "same")
    other = write_tiny_model(tmp_path / "weights", seed=8)
    words = shutil.copytree(tiny_model, tmp_path / "words")
    (words / "tokenizer.json").write_text((words / "tokenizer.json").read_text().replace("Lowercase", "NFC"))
    prints = [OnnxModel(folder).model_fingerprint for folder in (tiny_model, same, other, words)]

    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert all(len(found) == 16 and int(found, 16) >= 0 for found in prints)


def test_a_folder_without_a_model_says_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoEmbedder, match="egregora model install"):
        open_embedder(with_model(settings, tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoEmbedder, match=r"model\.onnx is missing"):
        open_embedder(with_model(settings, tmp_path / "empty"))
    with pytest.raises(NoEmbedder, match="words alone"):
        open_embedder(settings)


def test_a_model_that_cannot_be_used_says_so(tmp_path: Path, tiny_model: Path) -> None:
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"no model")
    with pytest.raises(EmbedderFailed, match="cannot be loaded"):
        OnnxModel(broken).embed(["hello"])

    graph = Graph("asks")
    graph.gives(graph.node("Identity", [graph.takes("pixels", "float32", [1, 2])], "same"), "float32", [1, 2])
    (broken / "model.onnx").write_bytes(graph.as_bytes())
    with pytest.raises(EmbedderFailed, match="pixels"):
        OnnxModel(broken).embed(["hello"])
    (broken / "config.json").write_text(json.dumps(["no object"]))
    with pytest.raises(NoEmbedder, match="cannot be read"):
        OnnxModel(broken)


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("tokenizer.json", "{", EmbedderFailed),
        ("model.json", '{"reading": {"most_tokens": -5, "pooling": "mean"}}', NoEmbedder),
        ("model.json", '{"reading": {"most_tokens": "many", "pooling": "mean"}}', NoEmbedder),
        ("model.json", "[" * 100_000, NoEmbedder),
        ("config_sentence_transformers.json", '{"prompts": {"query": 5}}', NoEmbedder),
    ],
)
def test_a_folder_that_is_damaged_is_no_crash(
    tmp_path: Path, tiny_model: Path, file: str, content: str, problem: type[Exception]
) -> None:
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    (broken / file).write_text(content)
    with pytest.raises(problem, match="cannot be read"):
        OnnxModel(broken).embed(["hello"], as_query=True)


@pytest.mark.parametrize("axes", [[], [0, 1]], ids=["as many numbers as tokens", "no vector at all"])
def test_a_model_whose_answers_are_no_vectors_of_one_length_is_refused(
    tmp_path: Path, tiny_model: Path, axes: list[int]
) -> None:
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    graph = Graph("no vectors")
    numbers = graph.node("Cast", [graph.takes("input_ids", "int64", ["texts", "tokens"])], "numbers", to=1)
    if axes:
        numbers = graph.node("ReduceMean", [numbers], "mean", axes=axes, keepdims=0)
    graph.gives(numbers, "float32", [] if axes else ["texts", "tokens"])
    (broken / "model.onnx").write_bytes(graph.as_bytes())
    with pytest.raises(EmbedderFailed, match="broken"):
        OnnxModel(broken).embed(["hello", "hello kites"])


def test_a_process_that_dies_while_it_answers_is_an_error(tiny_model: Path) -> None:
    class Cut:
        """Has told of a vector, and given half of it."""

        stdin, stdout = io.BytesIO(), io.BytesIO(b'{"shape": [1, 8]}\n' + bytes(17))

        def poll(self) -> int:
            return -9

    process = embedding_pool._Process.__new__(embedding_pool._Process)
    process._child = Cut()  # type: ignore[assignment]
    with pytest.raises(EmbedderFailed, match="has ended with status -9"):
        process.embed(["hello"])


def test_little_work_starts_no_process_and_much_is_shared(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = OnnxModel(tiny_model)
    for workers, texts in ((8, 7), (1, 100_000)):
        with among_cores(model, workers, texts) as working:
            assert working is model
    with among_cores(model, 8, texts=700) as working:
        assert not hasattr(working, "_processes")
    monkeypatch.setattr(embedding_pool, "_PIECE", 2)
    texts = ["hello", "kites in the greenhouse", "paint", "the lighthouses", "everybody"]
    with among_cores(model, 2, texts=800) as working:
        assert np.array_equal(working.embed(texts), model.embed(texts))
        assert working.embed([]).shape == (0, TINY_DIMENSIONS)
        assert (working.name, working.model_fingerprint) == (model.name, model.model_fingerprint)


def test_a_process_that_dies_or_fails_is_an_error_and_no_silence(tmp_path: Path, tiny_model: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    with among_cores(OnnxModel(folder), 2, texts=800) as pool:
        (folder / "model.onnx").write_bytes(b"no model")
        with pytest.raises(EmbedderFailed, match="cannot be loaded"):
            pool.embed(["hello"])
    started: list[subprocess.Popen[bytes]] = []
    with among_cores(OnnxModel(tiny_model), 2, texts=800) as pool:
        started += [process._child for process in pool._processes]  # type: ignore[attr-defined]
        for child in started:
            child.kill()
        with pytest.raises(EmbedderFailed, match="has ended"):
            pool.embed(["hello"])
    assert all(child.poll() is not None for child in started)


def test_a_vector_without_direction_is_refused() -> None:
    for wrong in (np.array([[1, np.nan, 0]]), np.array([[np.inf, 0, 0]])):
        with pytest.raises(EmbedderFailed, match="without direction"):
            unit_length(wrong.astype(np.float32))
    given, made = np.array([[3, 4], [0, 0]], np.float32), np.array([[0.6, 0.8], [0, 0]], np.float32)
    assert np.array_equal(unit_length(given), made)


def test_a_model_is_loaded_once_until_its_files_change(tmp_path: Path, tiny_model: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    first = opened(folder)
    assert opened(folder) is first
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "search: "}}')
    assert opened(folder).model_fingerprint != first.model_fingerprint
    (folder / "model.onnx").unlink()
    with pytest.raises(NoEmbedder, match=r"model\.onnx is missing"):
        opened(folder)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("[name]: try it again", "try it again"),
        ("thanks @[name], member-0a1b2c3d4e was right", "thanks was right"),
        ("[name]", "[name]"),
        ("an array[3] of names", "an array[3] of names"),
    ],
)
def test_what_stands_for_a_name_is_not_read(tiny_model: Path, text: str, read: str) -> None:
    assert as_read(text) == read
    model = OnnxModel(tiny_model)
    assert (model.embed(["@[name], hello kites"]) == model.embed(["hello kites"])).all()
