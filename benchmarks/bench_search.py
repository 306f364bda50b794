"""Search: what can be found, vectors of it, indexes and ranking; each part has its own file."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import search_embedding
from benchmarks.harness import Figure


def figures() -> Iterator[Figure]:
    yield from search_embedding.figures()
