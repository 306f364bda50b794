"""What a search needs, opened together: the snapshot, the indexes beside it, and the model; it says what it has to do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from egregora_assets.config import Settings
from egregora_assets.search import words
from egregora_assets.search.embedders import EmbedderFailed, NoEmbedder, open_embedder
from egregora_assets.search.hybrid import Meaning, Search
from egregora_assets.search.vector_index import reader_of
from egregora_assets.search.vectors.reader import IndexReader
from egregora_assets.search.vectors.spec import Floats, Hits, IndexStale, IndexUnusable, Labels
from egregora_assets.search.word_files import WordsDamaged, WordsMissing
from egregora_assets.search.words import WordIndex
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import scalar


@contextmanager
def open_search(settings: Settings) -> Iterator[Search]:
    """Open what is published for searching. Raises ``NothingPublished``.

    Nothing is locked and nothing is written. What is published later is seen by the next search that is opened.
    """
    with open_snapshot(settings) as snapshot:
        notes: list[str] = []
        warehouse = _warehouse_of(snapshot)
        word_index = _word_index(settings, warehouse, notes)
        yield Search(snapshot, word_index, _meaning(settings, warehouse, notes), notes)


def _warehouse_of(snapshot: duckdb.DuckDBPyConnection) -> str:
    """Return of which warehouse the rows are: by the labels of another one an index would name other messages."""
    try:
        return str(scalar(snapshot, "SELECT warehouse_id FROM publication"))
    except duckdb.BinderException:
        return ""  # a snapshot of an earlier version: no index is its own before the next publication


def _word_index(settings: Settings, warehouse: str, notes: list[str]) -> WordIndex | None:
    try:
        index = words.open_index(words.folder_of(settings))
        if index.manifest.warehouse_id == warehouse:
            return index
        notes.append("The index of words is of another memory: `egregora ingest` makes it anew.")
    except WordsMissing:
        notes.append("There is no index of words: `egregora ingest` makes it.")
    except WordsDamaged:
        notes.append("The index of words is damaged or of another version: `egregora ingest` makes it anew.")
    return None


def _meaning(settings: Settings, warehouse: str, notes: list[str]) -> Meaning | None:
    """Return search by meaning, with vectors of the warehouse of which the rows are."""
    try:
        embedder = open_embedder(settings)
        reader = reader_of(settings, embedder.model_fingerprint, warehouse)
        reader.index  # noqa: B018 what is wrong with it is told now
        return Meaning(embedder, _Newest(reader))
    except (NoEmbedder, EmbedderFailed, IndexUnusable) as error:
        notes.append(f"Search is by words alone: {error}")
    return None


@dataclass
class _Newest:
    """The vectors as they are now: a search stays open while they grow."""

    reader: IndexReader

    def search(self, query: Floats, k: int, allow: Labels | None = None) -> Hits:
        index = self.reader.index
        if len(query) != index.generation.dimensions:
            raise IndexStale(
                f"the model gives {len(query)} numbers now, the vectors have {index.generation.dimensions}: "
                "`egregora ingest` embeds anew what the service gives otherwise, with the next new text"
            )
        return index.search(query, k, allow)
