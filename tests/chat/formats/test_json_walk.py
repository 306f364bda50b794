"""A JSON document is given value by value with its places, in bounded memory, up to where it breaks off."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egregora_assets.chat.formats import json_walk
from egregora_assets.chat.formats.json_walk import BrokenJson, Path, walk

ARRAYS: set[Path] = {("messages", "*"), ("chats", "list", "*", "messages", "*")}


def dripping(data: bytes, size: int) -> io.BytesIO:
    """Return a stream that gives a few bytes at a time."""

    class Dripping(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            return super().read(size)

    return Dripping(data)


def walked(data: bytes, size: int = 1 << 20) -> tuple[list[tuple[Path, Any, int]], BrokenJson | None]:
    found: list[tuple[Path, Any, int]] = []
    try:
        found.extend((value.path, value.value, value.byte_offset) for value in walk(dripping(data, size), ARRAYS))
    except BrokenJson as broken:
        return found, broken
    return found, None


def test_named_arrays_are_opened_and_all_else_is_given_whole() -> None:
    data = b'{"name": "x", "messages": [1, {"a": [2]}], "more": {"messages": [3]}}'
    found, broken = walked(data)
    assert broken is None
    assert [(path, value) for path, value, _ in found] == [
        (("name",), "x"),
        (("messages", "*"), 1),
        (("messages", "*"), {"a": [2]}),
        (("more",), {"messages": [3]}),
    ]
    assert [data[offset : offset + 1] for _, _, offset in found] == [b'"', b"1", b"{", b"{"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
documents = st.fixed_dictionaries({"name": values, "messages": st.lists(values, max_size=8), "after": values})


@settings(max_examples=100, deadline=None)
@given(documents, st.integers(1, 40), st.booleans())
def test_elements_stand_where_their_offsets_say_however_the_bytes_come(
    document: dict[str, Any], size: int, is_ascii: bool
) -> None:
    data = json.dumps(document, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    if b"\xed" in data:
        return  # lone surrogates are no UTF-8: they are replaced, and move what follows
    found, broken = walked(data, size)
    assert broken is None
    assert [value for path, value, _ in found if path == ("messages", "*")] == document["messages"]
    text = json.JSONDecoder()
    for _, value, offset in found:
        assert text.raw_decode(data[offset:].decode())[0] == value


@settings(max_examples=100, deadline=None)
@given(documents, st.data())
def test_a_document_that_breaks_off_gives_what_stands_before(document: dict[str, Any], data: st.DataObject) -> None:
    whole = json.dumps(document).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    found, broken = walked(whole[:cut])
    assert broken is not None
    assert broken.byte_offset <= cut
    complete, _ = walked(whole)
    assert found == complete[: len(found)]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",: 1eE-\\u0tfn', max_size=60).map(str.encode))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    walked(data, 7)
    walked(b'{"messages":[' + data, 7)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "breaks off"),
        (b'{"messages": [1 2]}', "']' was expected"),
        (b'{"messages": [1], }', "property name|was expected|no JSON"),
        (b"{1: 2}", "a key is no text"),
        (b'{"a": 1} {"b": 2}', "more after the end"),
        (b'{"messages": ' + b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told(data: bytes, problem: str) -> None:
    with pytest.raises(BrokenJson, match=problem):
        list(walk(io.BytesIO(data), ARRAYS))


def test_a_value_without_end_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "MAX_VALUE_BYTES", 1000)
    monkeypatch.setattr(json_walk, "_CHUNK", 100)
    stream = io.BytesIO(b'{"messages": ["' + b"x" * 1_000_000)
    with pytest.raises(BrokenJson, match="more than 1,000"):
        list(walk(stream, ARRAYS))
    assert stream.tell() < 10_000


def test_a_number_of_any_length_ends_nothing() -> None:
    found, broken = walked(b'{"messages": [' + b"9" * 50_000 + b", 2]}")
    assert broken is None
    assert [value for _, value, _ in found] == [math.inf, 2]
