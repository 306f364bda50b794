"""The warehouse as an index of vectors wants it: what there is of one model, and what the log says since some place in it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from egregora_assets.search.vectors.spec import Halves, Labels, VectorChanges
from egregora_assets.warehouse.query import rows, scalar

_ROWS_AT_ONCE = 16_384
_HALF = 2
_FOUND = """
    SELECT label, e.rowid AS place FROM search_units u JOIN (FROM embeddings SELECT rowid, content_hash WHERE model = $model) e
    USING (content_hash)
"""
"""Labels, and where the vectors of their texts stand: without the vectors, which are forty times as large."""


class VectorsUnreadable(RuntimeError):
    """A vector in the warehouse has not as many numbers as its model gives."""


class WarehouseVectors:
    """Units that have a vector of ``model``, with ``dimensions`` numbers; for one that alone writes the warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, model: str, dimensions: int) -> None:
        self.connection, self.model, self.dimensions = connection, model, dimensions

    def mark(self) -> str:
        """Name the newest revision by its number and its moment: a warehouse that was put back makes that number again later."""
        found = rows(self.connection, f"SELECT {_MARK} FROM revisions ORDER BY revision DESC LIMIT 1")
        return str(found[0][0]) if found else _BEGINNING

    def recognises(self, mark: str) -> bool:
        number, _, _ = mark.partition(" ")
        known = rows(self.connection, f"SELECT {_MARK} FROM revisions WHERE revision = ?", [int(number)])
        return mark == _BEGINNING or known == [(mark,)]

    def last_seq(self) -> int:
        return int(scalar(self.connection, "SELECT seq FROM search_counters"))

    def changes_after(self, seq: int) -> VectorChanges | None:
        """What became of the units that the log names: whether each is there now, not how often it came and went."""
        if seq < int(scalar(self.connection, "SELECT forgotten FROM search_counters")):
            return None
        told = {"seq": seq, "model": self.model}
        named = "SELECT DISTINCT label FROM vector_log WHERE seq > $seq"
        there = self._pairs(f"{_FOUND} WHERE label IN ({named})", told)
        labels, vectors = self._read(there) if len(there) else (np.zeros(0, np.int64), self._none())
        every = self._column(f"SELECT label FROM ({named}) ORDER BY label", {"seq": seq})
        erased = scalar(
            self.connection, f"SELECT EXISTS (FROM vector_log WHERE seq > $seq AND {_ERASED})", {"seq": seq}
        )
        removed = np.setdiff1d(every, labels, assume_unique=True)
        return VectorChanges(self.last_seq(), labels, vectors, removed, bool(erased))

    def vectors_of(self, labels: Labels) -> tuple[Labels, Halves]:
        """Return those of the labels that have a vector, in order, and the vectors."""
        pairs = self._pairs(
            f"{_FOUND} WHERE label IN (SELECT unnest($some))", {"some": labels.tolist(), "model": self.model}
        )
        return self._read(pairs) if len(pairs) else (np.zeros(0, np.int64), self._none())

    def labels(self) -> Labels:
        return self._column(f"SELECT label FROM ({_FOUND}) ORDER BY label", {"model": self.model})

    def rows(self) -> Iterator[tuple[Labels, Halves]]:
        """Yield all rows as the warehouse stores them: putting vectors in order is for whoever has room for them."""
        pairs = self._pairs(_FOUND, {"model": self.model})
        sql = "SELECT rowid, vector FROM embeddings WHERE model = $model"
        for places, vectors in self._batches(sql, {"model": self.model}):
            yield _joined(pairs, places, vectors)

    def _read(self, pairs: NDArray[np.int64]) -> tuple[Labels, Halves]:
        """Return the rows of few pairs, by label."""
        some = np.unique(pairs[:, 1]).tolist()
        sql = "SELECT rowid, vector FROM embeddings WHERE rowid IN (SELECT unnest($some)) AND rowid BETWEEN $first AND $last"
        bounds = {"some": some, "first": some[0], "last": some[-1]}
        read = [_joined(pairs, places, vectors) for places, vectors in self._batches(sql, bounds)]
        labels = np.concatenate([some for some, _ in read])
        order = np.argsort(labels)
        return labels[order], np.concatenate([vectors for _, vectors in read])[order]

    def _batches(self, sql: str, parameters: dict[str, object]) -> Iterator[tuple[NDArray[np.int64], Halves]]:
        """Yield rowids and vectors."""
        for batch in self.connection.sql(sql, params=parameters).to_arrow_reader(_ROWS_AT_ONCE):
            if batch.num_rows:
                yield batch.column(0).to_numpy(), self._halves(batch.column(1))

    def _halves(self, column: pa.Array) -> Halves:
        """Read vectors where they stand: each is as long as any other, so they are one matrix."""
        _, bounds, data = column.buffers()
        width = _HALF * self.dimensions
        size = np.dtype(np.int64 if pa.types.is_large_binary(column.type) else np.int32)
        ends = np.frombuffer(bounds, size, column.offset + len(column) + 1)[column.offset :]
        if column.null_count or not np.array_equal(ends - ends[0], np.arange(len(ends)) * width):
            raise VectorsUnreadable(f"a vector of model {self.model} does not have {self.dimensions} numbers")
        flat = np.frombuffer(data, "<f2", len(column) * self.dimensions, int(ends[0]))
        return flat.reshape(len(column), self.dimensions)

    def _pairs(self, sql: str, parameters: dict[str, object]) -> NDArray[np.int64]:
        """Return (label, place) by place."""
        told = self.connection.sql(sql, params=parameters).to_arrow_table()
        pairs = np.column_stack([told.column(n).to_numpy() for n in (0, 1)]).astype(np.int64)
        return pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]

    def _column(self, sql: str, parameters: dict[str, object]) -> Labels:
        found: Labels = (
            self.connection.sql(sql, params=parameters).to_arrow_table().column(0).to_numpy().astype(np.int64)
        )
        return found

    def _none(self) -> Halves:
        return np.zeros((0, self.dimensions), np.float16)


def _joined(pairs: NDArray[np.int64], places: NDArray[np.int64], vectors: Halves) -> tuple[Labels, Halves]:
    """Return labels with their vectors: a text that was said often has one vector and many labels, one that is gone none."""
    first, end = pairs[:, 1].searchsorted(places, "left"), pairs[:, 1].searchsorted(places, "right")
    counts = end - first
    which = np.repeat(np.arange(len(places)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return pairs[first[which] + within, 0], vectors[which]


_BEGINNING = "0 "
_MARK = "revision || ' ' || epoch_us(made_at)"
_ERASED = "operation = 'erase'"
