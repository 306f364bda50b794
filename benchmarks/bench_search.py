"""Search: what can be found, and vectors of it; indexes and ranking have slices of their own."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import search_embedding, search_freshness
from benchmarks.harness import Figure


def figures() -> Iterator[Figure]:
    yield from search_embedding.figures()
    yield from search_freshness.figures()
