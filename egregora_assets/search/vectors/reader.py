"""How an index is opened for searching, and kept up with its writer."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from egregora_assets.search.vectors.bit_flat import BitFlat
from egregora_assets.search.vectors.generation import Generation
from egregora_assets.search.vectors.graph import UsearchHnsw, is_usable, verify_graph
from egregora_assets.search.vectors.manifest import CURRENT, MANIFEST, read_current, read_manifest
from egregora_assets.search.vectors.spec import IndexDamaged, IndexStale

Answering: TypeAlias = BitFlat | UsearchHnsw
_TRIES = 20
"""How often a writer may put something new in place between two looks at the folder."""


def open_generation(
    folder: Path, warehouse_id: str | None = None, model: str | None = None, known: Generation | None = None
) -> Generation:
    """Open the current generation of the index in ``folder``.

    Raises ``IndexMissing``, ``IndexDamaged``, or ``IndexStale`` where it was made of another warehouse or model than told.
    """
    for _ in range(_TRIES):
        name = read_current(folder)
        try:
            manifest = read_manifest(folder / name)
            for what, wanted in (("warehouse_id", warehouse_id), ("model", model)):
                if wanted is not None and manifest.spec[what] != wanted:
                    raise IndexStale(f"the index in {folder} was made with another {what}")
            return Generation(folder / name, manifest, known)
        except FileNotFoundError as error:
            lacking = error.filename
    raise IndexDamaged(f"the index in {folder} lacks {lacking}")


def open_index(
    folder: Path, warehouse_id: str | None = None, model: str | None = None, known: Answering | None = None
) -> Answering:
    """Open what answers best from the index in ``folder``; raises as ``open_generation`` does.

    ``known`` is what answered before: what it has found whole is not read again.
    """
    for _ in range(_TRIES):
        generation = open_generation(folder, warehouse_id, model, None if known is None else known.generation)
        try:
            return answering(generation, known)
        except FileNotFoundError as error:
            lacking = error.filename
    raise IndexDamaged(f"the index in {folder} lacks {lacking}")


def verify_index(folder: Path, warehouse_id: str | None = None, model: str | None = None) -> Generation:
    """Read every byte of the current generation and return it; raises as ``open_generation`` does."""
    for _ in range(_TRIES):
        generation = open_generation(folder, warehouse_id, model)
        generation.verify()
        try:
            if generation.manifest.graph is not None:
                verify_graph(generation.folder, generation.manifest.graph)
            return generation
        except FileNotFoundError as error:
            lacking = error.filename
    raise IndexDamaged(f"the index in {folder} lacks {lacking}")


def answering(generation: Generation, known: Answering | None = None) -> Answering:
    """Return what answers from a generation: the graph where it has one, else the bits."""
    if not is_usable(generation.manifest):
        return BitFlat(generation)
    return UsearchHnsw(generation, known=known if isinstance(known, UsearchHnsw) else None)


class IndexReader:
    """An index that follows its writer: ``reader.index`` is what answers from the files as they are now."""

    def __init__(self, folder: Path, warehouse_id: str | None = None, model: str | None = None) -> None:
        self.folder, self.warehouse_id, self.model = folder, warehouse_id, model
        self._open: Answering | None = None
        self._seen: tuple[int, ...] = ()

    @property
    def index(self) -> Answering:
        """What answers now; raises as ``open_index`` does. Costs two looks at the folder where nothing has changed."""
        seen = self._look()
        if self._open is None or not seen or seen != self._seen:
            self._open, self._seen = open_index(self.folder, self.warehouse_id, self.model, self._open), seen
        return self._open

    def _look(self) -> tuple[int, ...]:
        try:
            seen = [(self.folder / CURRENT).stat(), (self.folder / read_current(self.folder) / MANIFEST).stat()]
        except OSError:
            return ()  # opening says what is wrong
        return tuple(number for one in seen for number in (one.st_ino, one.st_mtime_ns))
