"""ONNX files, written without the ``onnx`` package: the few messages of its format that a small model needs.

The same graph always gives the same bytes, so a converted model can be known by its hash. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Attribute = int | float | list[int]

_IR_VERSION = 8
_OPSET = 17
_CONTRIBUTED = "com.microsoft"
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_FLOAT, _INT, _INTS = 1, 2, 7
"""Types of attributes."""
_VARINT, _BYTES, _FIXED32 = 0, 2, 5
"""Ways in which protobuf writes a value."""


@dataclass
class Graph:
    """A graph under construction. Names of values are given by the caller, and have to differ."""

    name: str
    _nodes: list[bytes] = field(default_factory=list)
    _initializers: list[bytes] = field(default_factory=list)
    _inputs: list[bytes] = field(default_factory=list)
    _outputs: list[bytes] = field(default_factory=list)

    def constant(self, name: str, value: np.ndarray[Any, Any]) -> str:
        """Add a weight and return its name."""
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        dims = b"".join(_number(1, size) for size in value.shape)
        told = dims + _number(2, _TYPES[value.dtype.name]) + _text(8, name) + _message(9, little.tobytes())
        self._initializers.append(_message(5, told))
        return name

    def node(
        self,
        operator: str,
        inputs: list[str],
        outputs: list[str] | str,
        contributed: bool = False,
        **attributes: Attribute,
    ) -> str:
        """Add an operation and return the name of its first output. ``contributed`` ones are onnxruntime's own."""
        names = [outputs] if isinstance(outputs, str) else outputs
        told = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in names)
        told += _text(3, names[0]) + _text(4, operator)
        told += b"".join(_message(5, _attribute(name, value)) for name, value in attributes.items())
        self._nodes.append(_message(1, told + (_text(7, _CONTRIBUTED) if contributed else b"")))
        return names[0]

    def takes(self, name: str, type_: str, shape: list[int | str]) -> str:
        """Name an input; sizes that differ from run to run are words."""
        self._inputs.append(_message(11, _value(name, type_, shape)))
        return name

    def gives(self, name: str, type_: str, shape: list[int | str]) -> None:
        """Name an output."""
        self._outputs.append(_message(12, _value(name, type_, shape)))

    def as_bytes(self) -> bytes:
        """Return the model file."""
        parts = (*self._nodes, _text(2, self.name), *self._initializers, *self._inputs, *self._outputs)
        versions = (_number(2, _OPSET), _text(1, _CONTRIBUTED) + _number(2, 1))
        opsets = b"".join(_message(8, version) for version in versions)
        return _number(1, _IR_VERSION) + _message(7, b"".join(parts)) + opsets


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FIXED32) + np.float32(value).tobytes() + _number(20, _FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    return _text(1, name) + b"".join(_number(8, number) for number in value) + _number(20, _INTS)


def _value(name: str, type_: str, shape: list[int | str]) -> bytes:
    dims = b"".join(_message(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, _TYPES[type_]) + _message(2, dims)))


def _key(number: int, how: int) -> bytes:
    return _varint(number << 3 | how)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value & (1 << 64) - 1)


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())


def _message(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
