"""The standard model is put in place whole or not at all, from files that are known by their hashes alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from egregora_assets.search import model_install
from egregora_assets.search.conversion import NotConvertible, converted, read_safetensors
from egregora_assets.search.model_install import CONFIG_FILE, HASHES, WEIGHTS_FILE, ModelUnavailable, install, is_whole
from egregora_assets.search.onnx_model import MODEL_FILE, TOKENIZER_FILE, TOLD_FILE, OnnxModel

CONVERTED_SHA256 = "7cf8b7ec86ae2e288d91bcfdf7be65ee8e80c708cbcbb6d4565793bf85c6694f"
"""The same weights give the same file on every machine; a new builder gives another, and has another number."""

WIDTH, HEADS, INNER, LAYERS, WORDS, PLACES = 48, 4, 96, 2, 30, 16
CONFIG: dict[str, Any] = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "hidden_size": WIDTH,
    "layer_norm_eps": 1e-12,
}


def little_bert(seed: int = 5) -> dict[str, np.ndarray[Any, Any]]:
    """Return weights of a BERT that knows nothing."""
    random = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray[Any, Any]:
        return (random.normal(size=shape) * 0.3).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(WORDS, WIDTH),
        "embeddings.position_embeddings.weight": some(PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
    }
    norms = ["embeddings.LayerNorm"]
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        dense = {
            **dict.fromkeys((f"{layer}.attention.self.{name}" for name in ("query", "key", "value")), (WIDTH, WIDTH)),
            f"{layer}.attention.output.dense": (WIDTH, WIDTH),
            f"{layer}.intermediate.dense": (INNER, WIDTH),
            f"{layer}.output.dense": (WIDTH, INNER),
        }
        for name, shape in dense.items():
            weights |= {f"{name}.weight": some(*shape), f"{name}.bias": some(shape[0])}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name in norms:
        weights |= {f"{name}.weight": 1 + some(WIDTH), f"{name}.bias": some(WIDTH)}
    return weights


def safetensors(weights: dict[str, np.ndarray[Any, Any]]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, value in weights.items():
        header[name] = {"dtype": "F32", "shape": value.shape, "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + data


def encoded(weights: dict[str, np.ndarray[Any, Any]], ids: list[int]) -> np.ndarray[Any, Any]:
    """Return what BERT's equations give, written out in 64-bit numbers."""

    def dense(name: str, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.asarray(value @ weights[f"{name}.weight"].T.astype(float) + weights[f"{name}.bias"])

    def norm(name: str, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        even = (value - value.mean(-1, keepdims=True)) / np.sqrt(value.var(-1, keepdims=True) + 1e-12)
        return np.asarray(even * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    def gelu(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        from math import erf

        return np.asarray(value * 0.5 * (1 + np.vectorize(erf)(value / np.sqrt(2))))

    words, places, parts = (
        weights[f"embeddings.{name}_embeddings.weight"].astype(float) for name in ("word", "position", "token_type")
    )
    state = norm("embeddings.LayerNorm", words[ids] + places[: len(ids)] + parts[0])
    for number in range(LAYERS):
        layer, size = f"encoder.layer.{number}", WIDTH // HEADS
        query, key, value = (
            dense(f"{layer}.attention.self.{name}", state).reshape(len(ids), HEADS, size).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / np.sqrt(size))
        seen = (scores / scores.sum(-1, keepdims=True)) @ value
        joined = seen.transpose(1, 0, 2).reshape(len(ids), WIDTH)
        state = norm(f"{layer}.attention.output.LayerNorm", dense(f"{layer}.attention.output.dense", joined) + state)
        bent = gelu(dense(f"{layer}.intermediate.dense", state))
        state = norm(f"{layer}.output.LayerNorm", dense(f"{layer}.output.dense", bent) + state)
    mean = state.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def run(model: bytes, ids: list[int], **inputs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input_ids": np.array([ids]), **inputs})[0][0])


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small model in place of the standard one, whose hashes are the ones that are known."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / WEIGHTS_FILE).write_bytes(safetensors(little_bert()))
    (folder / CONFIG_FILE).write_text(json.dumps(CONFIG))
    (folder / TOKENIZER_FILE).write_text("{}")
    monkeypatch.setattr(
        model_install, "HASHES", {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in HASHES}
    )
    return folder


def test_a_graph_says_what_the_equations_of_bert_say() -> None:
    weights, ids = little_bert(), [2, 7, 11, 7, 29, 3]
    exact = converted(read_safetensors(safetensors(weights)), CONFIG, exact=True)

    found = run(exact, ids, attention_mask=np.ones((1, len(ids)), np.int32))
    assert np.allclose(found, encoded(weights, ids), atol=1e-5)
    padded = np.array([[1] * len(ids) + [0, 0]], np.int32)
    assert np.allclose(run(exact, [*ids, 0, 0], attention_mask=padded), found, atol=1e-5)


def test_whole_numbers_of_few_bits_say_nearly_the_same_and_always_in_the_same_bytes() -> None:
    weights = little_bert()
    small = converted(weights, CONFIG)

    assert small == converted(read_safetensors(safetensors(weights)), CONFIG)
    assert len(small) < len(converted(weights, CONFIG, exact=True)) / 2
    for ids in ([2, 7, 11, 7, 29, 3], [2, 3], list(range(16))):
        assert run(small, ids) @ encoded(weights, ids) > 0.99


def test_the_standard_model_is_the_same_file_on_every_machine(standard_model: OnnxModel) -> None:
    told = json.loads((standard_model.folder / TOLD_FILE).read_text())

    assert hashlib.sha256((standard_model.folder / MODEL_FILE).read_bytes()).hexdigest() == CONVERTED_SHA256
    assert told["original_files"] == HASHES
    assert told["licence"] == "Apache-2.0"


def test_a_model_is_put_in_place_once_with_its_provenance(known: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = install(models, known)
    written = {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()}

    assert first.is_new
    assert set(written) == {MODEL_FILE, TOKENIZER_FILE, TOLD_FILE}
    assert not install(models, known).is_new
    assert {path.name: path.stat().st_mtime_ns for path in first.folder.iterdir()} == written
    assert json.loads((first.folder / TOLD_FILE).read_text())["origin"] == "a folder (source)"
    assert [path.name for path in models.iterdir()] == [first.folder.name]


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, TOLD_FILE])
def test_a_model_that_is_damaged_is_put_in_place_anew(known: Path, tmp_path: Path, name: str) -> None:
    folder = install(tmp_path / "models", known).folder
    whole = (folder / MODEL_FILE).read_bytes()
    (folder / name).write_bytes((folder / name).read_bytes()[:-1] + b"?")

    assert not is_whole(folder)
    assert install(tmp_path / "models", known).is_new
    assert is_whole(folder)
    assert (folder / MODEL_FILE).read_bytes() == whole
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", HASHES)
def test_a_file_that_is_not_the_known_one_is_not_used(known: Path, tmp_path: Path, name: str) -> None:
    (known / name).write_bytes((known / name).read_bytes() + b" ")

    with pytest.raises(ModelUnavailable, match=name):
        install(tmp_path / "models", known)
    assert not (tmp_path / "models").exists()
    (known / name).unlink()
    with pytest.raises(ModelUnavailable, match="lacks"):
        install(tmp_path / "models", known)


def test_what_is_no_model_of_this_kind_is_refused() -> None:
    with pytest.raises(NotConvertible, match="safetensors"):
        read_safetensors(b"\xff" * 64)
    with pytest.raises(NotConvertible, match="bert"):
        converted(little_bert(), {**CONFIG, "model_type": "gpt2"})
    with pytest.raises(NotConvertible, match="lacks"):
        converted({}, CONFIG)


def test_without_the_package_index_search_is_by_words_and_that_is_no_failure_of_an_installation(tmp_path: Path) -> None:
    unreachable = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_INDEX": "0"}
    config = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_CACHE_DIR": "1"}
    command = [sys.executable, "-m", "egregora_assets.cli", "model", "install", "--home", str(tmp_path / "home")]
    environment = {**os.environ, **unreachable, **config, "XDG_DATA_HOME": str(tmp_path / "data")}

    tried = subprocess.run([*command, "--optional"], env=environment, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "could not be fetched" in tried.stderr
    assert "words alone" in tried.stderr
    assert not list((tmp_path / "data").rglob("*.onnx"))
