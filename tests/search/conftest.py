"""Models for tests of search: a tiny one that is made here, and the standard one where this machine has it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from egregora_assets.config import SearchSettings, Settings
from egregora_assets.search.model_install import NAME, is_whole
from egregora_assets.search.onnx_model import OnnxModel
from egregora_assets.search.onnx_writer import Graph

WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "hello",
    "kites",
    "lighthouses",
    "greenhouse",
    "the",
    "in",
    "paint",
    "everybody",
)
TINY_DIMENSIONS = 8


def write_tiny_model(folder: Path, seed: int = 7, pooled: bool = True) -> Path:
    """Write a model that gives each word a direction and a text the mean of its words."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph("tiny")
    ids = graph.takes("input_ids", "int64", ["texts", "tokens"])
    rows = np.random.default_rng(seed).normal(size=(len(WORDS), TINY_DIMENSIONS)).astype(np.float32)
    state = graph.node("Gather", [graph.constant("rows", rows), ids], "last_hidden_state")
    if pooled:
        state = graph.node("ReduceMean", [state], "sentence_embedding", axes=[1], keepdims=0)
    graph.gives(state, "float32", ["texts", TINY_DIMENSIONS] if pooled else ["texts", "tokens", TINY_DIMENSIONS])
    (folder / "model.onnx").write_bytes(graph.as_bytes())
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": None,
        "truncation": None,
        "padding": {
            "strategy": {"Fixed": 16},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "[PAD]",
        },
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(WORDS)},
            "unk_token": "[UNK]",
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def standard_model() -> OnnxModel:
    folder = Settings().models / NAME
    if not is_whole(folder):
        pytest.skip(f"the model is not installed in {folder}: `egregora model install`")
    return OnnxModel(folder)


@pytest.fixture
def with_tiny_model(settings: Settings, tiny_model: Path) -> Settings:
    return with_model(settings, tiny_model)


def with_model(settings: Settings, folder: Path, **changes: object) -> Settings:
    """Return the same home with another model."""
    search = SearchSettings.model_validate({"embedder": "onnx", "model": str(folder), "workers": 1, **changes})
    return settings.model_copy(update={"search": search})
