"""A truth for an index of vectors: rows in memory with the log that a warehouse keeps of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.generate_vectors import centre_of, vectors
from egregora_assets.search.vectors.spec import Halves, IndexSpec, Labels, VectorChanges

DIMENSIONS = 20
"""No multiple of eight: codes and rows are padded."""


def spec_with(**other: object) -> IndexSpec:
    """A specification with small blocks; no graph unless ``graph_from`` says so."""
    told: dict[str, object] = {
        "warehouse_id": "one",
        "model": "m",
        "dimensions": DIMENSIONS,
        "centre": centre_of(DIMENSIONS),
        "block_rows": 64,
        "graph_from": 1 << 40,
    }
    return IndexSpec(**{**told, **other})  # type: ignore[arg-type]


def some_vectors(count: int, part: int = 0, dimensions: int = DIMENSIONS) -> Halves:
    return vectors(count, dimensions, topics=12, sayings=300, part=part).astype(np.float16)


class Truth:
    """What is true now, and how it became so."""

    def __init__(self, vectors: Halves | None = None) -> None:
        self.vectors: dict[int, Halves] = {}
        self.log: list[tuple[int, int, str]] = []
        self.marks = ["0"]
        self.next_label = 1
        self.forgotten = 0
        if vectors is not None:
            self.add(vectors)

    def add(self, vectors: Halves, labels: Sequence[int] | None = None) -> list[int]:
        given = list(range(self.next_label, self.next_label + len(vectors))) if labels is None else list(labels)
        self.next_label = max([self.next_label, *(label + 1 for label in given)])
        self.vectors.update(zip(given, vectors, strict=True))
        self._tell(given, "add")
        return given

    def take(self, labels: Sequence[int], operation: str = "remove") -> None:
        for label in labels:
            del self.vectors[label]
        self._tell(labels, operation)

    def forget(self) -> None:
        """Keep no log of what is so far."""
        self.forgotten, self.log = self.last_seq(), []

    def _tell(self, labels: Sequence[int], operation: str) -> None:
        last = self.last_seq()
        self.log += [(last + number, label, operation) for number, label in enumerate(labels, start=1)]
        self.marks.append(f"{self.last_seq()} {len(self.marks)}")

    def mark(self) -> str:
        return self.marks[-1]

    def recognises(self, mark: str) -> bool:
        return mark in self.marks

    def last_seq(self) -> int:
        return self.log[-1][0] if self.log else self.forgotten

    def changes_after(self, seq: int) -> VectorChanges | None:
        if seq < self.forgotten:
            return None
        told = [(label, operation) for number, label, operation in self.log if number > seq]
        touched = sorted({label for label, _ in told})
        added = [label for label in touched if label in self.vectors]
        return VectorChanges(
            self.last_seq(),
            np.array(added, np.int64),
            self._rows(added),
            np.array([label for label in touched if label not in self.vectors], np.int64),
            any(operation == "erase" for _, operation in told),
        )

    def labels(self) -> Labels:
        return np.array(sorted(self.vectors), np.int64)

    def rows(self) -> Iterator[tuple[Labels, Halves]]:
        """All rows, in an order that is not that of labels."""
        everything = sorted(self.vectors, key=lambda label: (label * 7919) % 1013)
        for start in range(0, len(everything), 100):
            some = everything[start : start + 100]
            yield np.array(some, np.int64), self._rows(some)

    def _rows(self, labels: Sequence[int]) -> Halves:
        width = len(next(iter(self.vectors.values()))) if self.vectors else DIMENSIONS
        return np.array([self.vectors[label] for label in labels], np.float16).reshape(len(labels), width)
