"""What a search needs, opened together: the snapshot, the indexes beside it, and the model; it says what it has to do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from egregora_assets.config import Settings
from egregora_assets.search import words
from egregora_assets.search.hybrid import Search
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
        yield Search(snapshot, _word_index(settings, notes), notes=notes)


def _word_index(settings: Settings, notes: list[str]) -> WordIndex | None:
    try:
        return words.open_index(words.folder_of(settings))
    except WordsMissing:
        notes.append("There is no index of words: `egregora ingest` makes it.")
    except WordsDamaged:
        notes.append("The index of words is damaged or of another version: `egregora ingest` makes it anew.")
    return None
