"""A sentence encoder in a folder, run by onnxruntime on one thread, one text at a time.

The folder holds ``model.onnx``, there or in a folder ``onnx``, and ``tokenizer.json``. Models converted here stand beside a
``model.json``; of others the files that sentence-transformers writes are heeded: how texts are cut, how tokens are pooled, what
stands before a query.

Texts never share a run: with 8-bit numbers the scale of one text would depend on its neighbours, and so would its vector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from egregora_assets.search.embedders import READING, EmbedderFailed, NoEmbedder, Vectors, as_read, unit_length

MODEL_FILE, TOKENIZER_FILE, TOLD_FILE = "model.onnx", "tokenizer.json", "model.json"

_MOST_TOKENS = 512
_LETTERS_A_TOKEN = 64
"""No more letters than so many a token are looked at: what stands behind them would be cut anyway."""
_OUR_OUTPUT = "sentence_embedding"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Reading:
    """How texts become what the model takes, and its numbers one vector. ``pooling`` is ``mean``, ``first`` or ``none``."""

    most_tokens: int
    pooling: str
    before_query: str = ""
    before_text: str = ""

    def __post_init__(self) -> None:
        is_count = type(self.most_tokens) is int and 0 < self.most_tokens <= _MOST_TOKENS
        words = (self.pooling, self.before_query, self.before_text)
        if not is_count or not all(isinstance(word, str) for word in words):
            raise ValueError("what it says of how texts are read has not the form it should have")


class OnnxModel:
    """An ``Embedder`` over one folder. Opening it is quick: the model is loaded when it is first used."""

    def __init__(self, folder: Path) -> None:
        """Raises ``NoEmbedder`` when the folder is not that of a model."""
        self.folder = folder
        self.file = next((path for path in model_files(folder) if path.is_file()), folder / MODEL_FILE)
        for path in (self.file, folder / TOKENIZER_FILE):
            if not path.is_file():
                raise NoEmbedder(f"{folder} is no folder of a model: {path.name} is missing")
        try:
            self.told: dict[str, Any] = _json(folder / TOLD_FILE)
            self.reading = _reading(folder, self.told)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise NoEmbedder(f"{folder} holds settings of a model that cannot be read: {error}") from error

    @property
    def name(self) -> str:
        return str(self.told.get("name") or self.folder.name)

    @cached_property
    def model_fingerprint(self) -> str:
        """A hash of the weights, the tokenizer, how both are used, and the version of what runs them."""
        weights = sorted(path for path in self.file.parent.glob(f"{MODEL_FILE}*") if path.is_file())
        parts = {
            "weights": [(path.name, _sha256(path)) for path in weights],
            "tokenizer": _sha256(self.folder / TOKENIZER_FILE),
            "reading": asdict(self.reading),
            "texts": READING,
            "onnxruntime": version("onnxruntime").split(".")[:2],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def dimensions(self) -> int:
        return int(self.embed([""]).shape[1])

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        before = self.reading.before_query if as_query else self.reading.before_text
        most = _LETTERS_A_TOKEN * self.reading.most_tokens
        found = [self._vector(self._tokenizer.encode((before + as_read(text))[:most])) for text in texts]
        if len({vector.shape for vector in found}) > 1 or (found and found[0].ndim != 1):
            raise EmbedderFailed(f"{self.name} gives vectors of different lengths, or none")
        return unit_length(np.stack(found)) if found else np.empty((0, self.dimensions), np.float32)

    def _vector(self, encoded: Any) -> Vectors:
        asked = {name: np.array([values(encoded)], type_) for name, type_, values in self._inputs}
        try:
            (answer,) = self._session.run([self._output], asked)
            state: Vectors = np.asarray(np.asarray(answer, np.float32)[0])
        except Exception as error:  # onnxruntime has its own kinds for what a model can do wrong
            raise EmbedderFailed(f"{self.name}: {error}") from error
        if state.ndim == 1:
            return state
        pooled: Vectors = state[0] if self.reading.pooling == "first" else state.mean(axis=0)
        return pooled

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER_FILE))
        except Exception as error:  # it has no kind of its own for what it cannot read
            raise EmbedderFailed(f"{self.folder / TOKENIZER_FILE} cannot be read: {error}") from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.reading.most_tokens)
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if "builder" in self.told:  # its operations are the right ones already: putting them together again costs speed
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            return ort.InferenceSession(str(self.file), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EmbedderFailed(f"{self.file} cannot be loaded: {error}") from error

    @cached_property
    def _inputs(self) -> list[tuple[str, type[np.generic], Any]]:
        taken: list[tuple[str, type[np.generic], Any]] = []
        for told in self._session.get_inputs():
            if told.name not in _VALUES:
                raise EmbedderFailed(f"{self.name} asks for {told.name!r}: only {', '.join(_VALUES)} are known")
            taken.append((told.name, np.int32 if "int32" in told.type else np.int64, _VALUES[told.name]))
        return taken

    @cached_property
    def _output(self) -> str:
        names = [told.name for told in self._session.get_outputs()]
        return _OUR_OUTPUT if _OUR_OUTPUT in names else str(names[0])


def opened(folder: Path) -> OnnxModel:
    """Return the model in a folder: that which this process has opened last, loaded as it is, while the files are the same.

    Raises ``NoEmbedder``.
    """
    files = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return _opened(folder, tuple((path, found.st_ino, found.st_size, found.st_mtime_ns) for path, found in files))


@lru_cache(maxsize=1)
def _opened(folder: Path, files: tuple[tuple[Path, int, int, int], ...]) -> OnnxModel:  # noqa: ARG001 part of the key
    return OnnxModel(folder)


def model_files(folder: Path) -> tuple[Path, ...]:
    """Return where the weights of a model may stand in its folder, the likelier place first."""
    return folder / MODEL_FILE, folder / "onnx" / MODEL_FILE


_VALUES = {
    "input_ids": lambda encoded: encoded.ids,
    "attention_mask": lambda encoded: encoded.attention_mask,
    "token_type_ids": lambda encoded: encoded.type_ids,
}


def _reading(folder: Path, told: dict[str, Any]) -> Reading:
    if "reading" in told:
        return Reading(**told["reading"])
    pooling, prompts = _json(folder / "1_Pooling" / "config.json"), _json(folder / "config_sentence_transformers.json")
    limits = [
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    ]
    said = prompts.get("prompts") or {}
    return Reading(
        most_tokens=min([_MOST_TOKENS, *(limit for limit in limits if type(limit) is int and limit > 0)]),
        pooling="first" if pooling.get("pooling_mode_cls_token") else "mean",
        before_query=said.get("query") or "",
        before_text=said.get("document") or said.get("passage") or "",
    )


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
