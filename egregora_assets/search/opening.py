"""What a search needs, opened together: the snapshot, the indexes beside it, and the model; it says what it has to do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from egregora_assets.config import Settings
from egregora_assets.search import words
from egregora_assets.search.embedders import EmbedderFailed, NoEmbedder, open_embedder
from egregora_assets.search.hybrid import Meaning, Search
from egregora_assets.search.vector_index import reader_of
from egregora_assets.search.vectors.reader import IndexReader
from egregora_assets.search.vectors.spec import Floats, Hits, IndexUnusable, Labels
from egregora_assets.search.word_files import WordsDamaged, WordsMissing
from egregora_assets.search.words import WordIndex
from egregora_assets.warehouse.connection import open_snapshot


@contextmanager
def open_search(settings: Settings) -> Iterator[Search]:
    """Open what is published for searching. Raises ``NothingPublished``.

    Nothing is locked and nothing is written. What is published later is seen by the next search that is opened.
    """
    with open_snapshot(settings) as snapshot:
        notes: list[str] = []
        word_index = _word_index(settings, notes)
        warehouse = word_index.manifest.warehouse_id if word_index else None
        yield Search(snapshot, word_index, _meaning(settings, warehouse, notes), notes)


def _word_index(settings: Settings, notes: list[str]) -> WordIndex | None:
    try:
        return words.open_index(words.folder_of(settings))
    except WordsMissing:
        notes.append("There is no index of words: `egregora ingest` makes it.")
    except WordsDamaged:
        notes.append("The index of words is damaged or of another version: `egregora ingest` makes it anew.")
    return None


def _meaning(settings: Settings, warehouse: str | None, notes: list[str]) -> Meaning | None:
    """Return search by meaning, with vectors of the warehouse of which the words are, where that is known."""
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
        return self.reader.index.search(query, k, allow)
