"""Weights of a BERT sentence encoder → one ONNX graph, from token ids to a vector of length one, in whole numbers of eight bits.

Numpy alone: no torch, and the same weights always give the same file. Products with weights are taken with small whole numbers,
one scale per output column; activations are scaled anew for each run, so a vector depends on its text alone when texts run one
at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from egregora_assets.search.onnx_writer import Graph

Weights = Mapping[str, np.ndarray[Any, Any]]

BUILDER = "1"
"""Changes whenever the same weights would give other vectors than before."""

_WEIGHT_STEPS, _ROW_STEPS = 63, 127
"""With weights of seven bits no sum of two products leaves 16 bits: processors without 8-bit dot products reckon alike then."""
_LENGTH_BYTES = 8


class NotConvertible(ValueError):
    """The files are not those of a model that can be converted; the message says why."""


@dataclass(frozen=True)
class Shape:
    """What ``config.json`` tells of a BERT."""

    layers: int
    heads: int
    width: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Raises ``NotConvertible`` for any other kind of model."""
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise NotConvertible("only models of type bert with gelu can be converted")
        return cls(
            config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"]
        )


def read_safetensors(data: bytes) -> Weights:
    """Return the 32-bit weights in a safetensors file, without copies. Raises ``NotConvertible``."""
    try:
        length = int.from_bytes(data[:_LENGTH_BYTES], "little")
        start = _LENGTH_BYTES + length
        header = json.loads(data[_LENGTH_BYTES:start])
        told = {name: entry for name, entry in header.items() if entry.get("dtype") == "F32"}
        return {
            name: np.frombuffer(data[start + begin : start + end], "<f4").reshape(entry["shape"])
            for name, entry in told.items()
            for begin, end in [entry["data_offsets"]]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotConvertible(f"the weights are no safetensors file: {error}") from error


def converted(weights: Weights, config: Mapping[str, Any], exact: bool = False) -> bytes:
    """Return the ONNX file: ``input_ids`` [1, tokens] → ``sentence_embedding`` [1, width]. Raises ``NotConvertible``.

    ``exact`` keeps 32-bit numbers, and takes several texts at once, with an ``attention_mask``: what the other is compared with.
    """
    try:
        return _Builder(weights, Shape.of(config), exact).build()
    except KeyError as error:
        raise NotConvertible(f"the model lacks {error}") from error


class _Builder:
    def __init__(self, weights: Weights, shape: Shape, exact: bool) -> None:
        self.graph, self.weights, self.shape, self.exact = Graph("sentence_encoder"), weights, shape, exact

    def build(self) -> bytes:
        graph, texts = self.graph, "texts" if self.exact else 1
        ids = graph.takes("input_ids", "int64", [texts, "tokens"])
        mask = graph.takes("attention_mask", "int32", [texts, "tokens"]) if self.exact else ""
        state = self._embedded(ids)
        for number in range(self.shape.layers):
            state = self._layer(f"encoder.layer.{number}", state, mask)
        graph.node("LpNormalization", [self._mean(state, mask)], "sentence_embedding", axis=-1, p=2)
        graph.gives("sentence_embedding", "float32", [texts, self.shape.width])
        return graph.as_bytes()

    def _embedded(self, ids: str) -> str:
        """Add up what stands for each word, its place and its part, as BERT does before its first layer."""
        graph, prefix = self.graph, "embeddings"
        words = self._rows(f"{prefix}.word_embeddings.weight", ids)
        # What is added for the only part there is goes with the places.
        part = self.weights[f"{prefix}.token_type_embeddings.weight"][0]
        places = graph.constant("places", self.weights[f"{prefix}.position_embeddings.weight"] + part)
        begin, one = graph.constant("begin", np.array([0])), graph.constant("one", np.array([1]))
        tokens = graph.node(
            "Slice", [graph.node("Shape", [ids], "shape"), one, graph.constant("two", np.array([2]))], "tokens_here"
        )
        added = graph.node("Add", [words, graph.node("Slice", [places, begin, tokens, begin], "places_here")], "added")
        gamma, beta = (self._constant(f"{prefix}.LayerNorm.{name}") for name in ("weight", "bias"))
        return graph.node("LayerNormalization", [added, gamma, beta], "embedded", axis=-1, epsilon=self.shape.epsilon)

    def _rows(self, name: str, ids: str) -> str:
        """Look up one row per token; as 8-bit numbers each row has its own scale."""
        graph, table = self.graph, self.weights[name]
        if self.exact:
            return graph.node("Gather", [graph.constant(name, table), ids], f"{name}.here")
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / np.float32(_ROW_STEPS)
        steps = graph.constant(name, np.rint(table / scale).astype(np.int8))
        found = graph.node("Cast", [graph.node("Gather", [steps, ids], f"{name}.steps")], f"{name}.cast", to=1)
        scales = graph.node("Gather", [graph.constant(f"{name}.scale", scale), ids], f"{name}.scales")
        return graph.node("Mul", [found, scales], f"{name}.here")

    def _layer(self, prefix: str, state: str, mask: str) -> str:
        graph, attention = self.graph, f"{prefix}.attention"
        parts = [f"{attention}.self.{name}" for name in ("query", "key", "value")]
        bias = graph.constant(f"{attention}.bias", np.concatenate([self.weights[f"{part}.bias"] for part in parts]))
        heads = [*self._products(parts, state), bias, *([mask] if mask else [])]
        seen = graph.node(
            "MultiHeadAttention", heads, f"{attention}.seen", contributed=True, num_heads=self.shape.heads
        )
        state = self._added(f"{attention}.output", seen, state)
        dense = f"{prefix}.intermediate.dense"
        wide = [*self._products([dense], state), self._constant(f"{dense}.bias")]
        return self._added(f"{prefix}.output", graph.node("BiasGelu", wide, f"{prefix}.bent", contributed=True), state)

    def _added(self, prefix: str, value: str, before: str) -> str:
        """Add a dense layer of ``value`` to what stood before it, and bring it to an even scale."""
        graph = self.graph
        both = graph.node("Add", [self._dense(f"{prefix}.dense", value), before], f"{prefix}.both")
        told = [both, *(self._constant(f"{prefix}.LayerNorm.{name}") for name in ("weight", "bias"))]
        return graph.node("LayerNormalization", told, f"{prefix}.added", axis=-1, epsilon=self.shape.epsilon)

    def _dense(self, prefix: str, value: str) -> str:
        bias = self._constant(f"{prefix}.bias")
        if self.exact:
            return self.graph.node("Add", [*self._products([prefix], value), bias], f"{prefix}.whole")
        return self._integer_product(prefix, self._steps(prefix, value), bias)

    def _products(self, prefixes: list[str], value: str) -> list[str]:
        """Multiply with the weights of dense layers, which share what goes in; their biases are added elsewhere."""
        graph = self.graph
        if self.exact:
            return [
                graph.node(
                    "MatMul", [value, graph.constant(f"{prefix}.weight", self._columns(prefix))], f"{prefix}.product"
                )
                for prefix in prefixes
            ]
        steps = self._steps(prefixes[0], value)
        return [self._integer_product(prefix, steps) for prefix in prefixes]

    def _steps(self, prefix: str, value: str) -> list[str]:
        """Bring a text's numbers to 8 bits: the numbers, what one of them stands for, and which of them is nothing."""
        steps = [f"{prefix}.{name}" for name in ("steps", "scale", "zero")]
        self.graph.node("DynamicQuantizeLinear", [value], steps)
        return steps

    def _integer_product(self, prefix: str, value: list[str], bias: str = "") -> str:
        graph, columns, (steps, scale, zero) = self.graph, self._columns(prefix), value
        weight_scale = np.abs(columns).max(axis=0) / np.float32(_WEIGHT_STEPS)
        weight = graph.constant(f"{prefix}.weight", np.rint(columns / weight_scale).astype(np.int8))
        weight_zero = graph.constant(f"{prefix}.weight.zero", np.zeros(columns.shape[1], np.int8))
        inputs = [steps, weight, scale, graph.constant(f"{prefix}.weight.scale", weight_scale), zero, weight_zero]
        outputs, added = f"{prefix}.product", [bias] if bias else []
        return graph.node("MatMulIntegerToFloat", inputs + added, outputs, contributed=True)

    def _columns(self, prefix: str) -> np.ndarray[Any, Any]:
        return np.ascontiguousarray(self.weights[f"{prefix}.weight"].T)

    def _mean(self, state: str, mask: str) -> str:
        graph = self.graph
        if not self.exact:
            return graph.node("ReduceMean", [state], "mean", axes=[1], keepdims=0)
        counted = graph.node(
            "Unsqueeze", [graph.node("Cast", [mask], "mask", to=1), graph.constant("last", np.array([2]))], "kept"
        )
        total = graph.node("Mul", [state, counted], "told")
        sums = [
            graph.node("ReduceSum", [name, graph.constant(f"{name}.axis", np.array([1]))], f"{name}.sum", keepdims=0)
            for name in (total, counted)
        ]
        return graph.node("Div", sums, "mean")

    def _constant(self, name: str) -> str:
        return self.graph.constant(name, self.weights[name])
