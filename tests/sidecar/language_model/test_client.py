"""Whatever a service sends back is an answer, or known to be none: nothing else comes out of the client."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from egregora_assets.config import LanguageModelSettings
from egregora_assets.sidecar.language_model import client
from egregora_assets.sidecar.language_model.asking import Reply
from egregora_assets.sidecar.language_model.errors import RequestFailed
from tests.properties import dear
from tests.sidecar.language_model.service import Answer, Service, completion, nothing, served

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value inside of one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


WELL = json.loads(completion(nothing()).body)
PLACES = list(places(WELL))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw an answer with something else in one place, or with nothing there."""
    told = copy.deepcopy(WELL)
    *above, last = draw(st.sampled_from(PLACES))
    inside = told
    for key in above:
        inside = inside[key]
    if draw(st.booleans()):
        inside[last] = draw(JSON)
    else:
        del inside[last]
    return json.dumps(told).encode()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with served() as service:
        yield service


NO_CHOICE = json.dumps({**WELL, "choices": []}).encode()


@dear(40, 15)
@example(body=NO_CHOICE)
@given(body=bodies() | JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20))
def test_any_body_is_an_answer_or_a_failure(service: Service, body: bytes) -> None:
    async def ask() -> Reply:
        told = LanguageModelSettings(model="small", url=service.url, timeout_seconds=5)
        async with client.opened(told) as model:
            return await model.ask('{"n": 1, "by": "A", "text": "hello"}', "name")

    service.usual = lambda _: Answer(body)
    try:
        reply = asyncio.run(ask())
    except RequestFailed:
        return
    assert isinstance(reply.text, str)
    assert 0 <= reply.input_tokens < 1 << 40
    assert 0 <= reply.output_tokens < 1 << 40
