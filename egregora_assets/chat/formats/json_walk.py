"""A JSON document of any size, value by value: arrays named by the caller are given element by element, with byte offsets."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

Path = tuple[str, ...]
"""Keys from the top of the document; ``"*"`` stands for the elements of an array."""

MAX_VALUE_BYTES = 16 << 20
"""One value (a message) may not be larger: a document of one endless value must not fill the memory."""
_CHUNK = 1 << 18
_AFTER_NUMBER = tuple(":, ]}\t\r\n")
"""What shows that a number is over; at the end of the window its other digits may follow."""
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)
_MOST_DIGITS = 4000
"""Python refuses to read longer whole numbers, because that takes quadratic time: they are given as infinity."""
_DECODER_OF_LONG_NUMBERS = json.JSONDecoder(
    strict=False, parse_int=lambda digits: int(digits) if len(digits) <= _MOST_DIGITS else math.inf
)


class BrokenJson(ValueError):
    """The document stops being JSON at ``byte_offset``; ``raw`` are the bytes from there (at most 4,096)."""

    def __init__(self, byte_offset: int, problem: str, raw: bytes) -> None:
        super().__init__(problem)
        self.byte_offset, self.problem, self.raw = byte_offset, problem, raw


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its ``path``, the decoded ``value``, and where its first byte stands."""

    path: Path
    value: Any
    byte_offset: int


def walk(stream: BinaryIO, arrays: Collection[Path] = ()) -> Iterator[Value]:
    """Yield the values of a JSON document in its order.

    Objects and arrays that lie on the way to a path in ``arrays`` are opened; all else is given whole. With
    ``arrays={("messages", "*")}`` the document ``{"name": "x", "messages": [1, 2]}`` gives ``("name",) → "x"``,
    ``("messages", "*") → 1`` and ``("messages", "*") → 2``. Raises ``BrokenJson`` where the document breaks off or is
    malformed; all before it has been given.
    """
    window = _Window(stream)
    opened = {path[:length] for path in arrays for length in range(len(path))}
    yield from _value(window, (), opened)
    if window.peek():
        raise window.broken("there is more after the end of the document")


def _value(window: _Window, path: Path, opened: set[Path]) -> Iterator[Value]:
    start = window.peek()
    if path in opened and start == "{":
        yield from _members(window, path, opened)
    elif path in opened and start == "[":
        yield from _elements(window, path, opened)
    else:
        offset = window.byte_offset
        yield Value(path, window.decode(), offset)


def _members(window: _Window, path: Path, opened: set[Path]) -> Iterator[Value]:
    window.take("{")
    is_more = window.peek() != "}"
    while is_more:
        key = window.decode()
        if not isinstance(key, str):
            raise window.broken("a key is no text")
        window.take(":")
        yield from _value(window, (*path, key), opened)
        is_more = window.take_comma()
    window.take("}")


def _elements(window: _Window, path: Path, opened: set[Path]) -> Iterator[Value]:
    window.take("[")
    inside = (*path, "*")
    is_more = window.peek() != "]"
    while is_more:
        yield from _value(window, inside, opened)
        is_more = window.take_comma()
    window.take("]")


def _raw_decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _DECODER_OF_LONG_NUMBERS.raw_decode(text, at)


class _Window:
    """The part of the document that is in memory, as text, and the place up to which it has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text, self._at, self._is_over = "", 0, False
        self.byte_offset = 0
        if self._more() and self._text.startswith("\ufeff"):
            self._advance(1)

    def peek(self) -> str:
        """Return the next character that is no space, without taking it; empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None, "any number of spaces matches, also none"
            self._advance(found.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise self.broken(f"{character!r} was expected")
        self._advance(self._at + 1)

    def take_comma(self) -> bool:
        """Take a comma where one stands; return whether it did."""
        is_comma = self.peek() == ","
        if is_comma:
            self._advance(self._at + 1)
        return is_comma

    def decode(self) -> Any:
        """Decode the next value. A larger window is tried until it is whole, each at least twice as large as the last."""
        if not self.peek():
            raise self.broken("the document breaks off")
        while True:
            try:
                value, end = _raw_decode(self._text, self._at)
                is_whole = self._text[end : end + 1] in _AFTER_NUMBER or not isinstance(value, int | float)
            except RecursionError:
                raise self.broken("it is nested too deeply") from None
            except ValueError as error:
                if not self._more(len(self._text) - self._at):
                    raise self.broken(
                        f"the document breaks off or is no JSON ({getattr(error, 'msg', error)})"
                    ) from None
                continue
            if is_whole:
                self._advance(end)
                return value
            if not self._more(len(self._text) - self._at):
                raise self.broken("the document breaks off in a number")

    def broken(self, problem: str) -> BrokenJson:
        return BrokenJson(self.byte_offset, problem, self._text[self._at : self._at + 4096].encode()[:4096])

    def _advance(self, to: int) -> None:
        self.byte_offset += len(self._text[self._at : to].encode("utf-8", "surrogatepass"))
        self._at = to

    def _more(self, at_least: int = 0) -> bool:
        """Read on; what has been taken is let go. Returns whether there was more."""
        if self._is_over:
            return False
        rest = self._text[self._at :]
        if len(rest) > MAX_VALUE_BYTES:
            raise self.broken(f"one value has more than {MAX_VALUE_BYTES:,} characters")
        chunk = self._stream.read(max(_CHUNK, at_least))
        self._is_over = not chunk
        self._text, self._at = rest + self._decoder.decode(chunk, final=self._is_over), 0
        return bool(chunk) or len(self._text) > len(rest)
