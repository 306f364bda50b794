"""What must be true of the index of vectors."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import numpy as np

from egregora_assets.config import Settings
from egregora_assets.search import vector_index
from egregora_assets.search.vector_source import WarehouseVectors
from egregora_assets.search.vectors.generation import Generation
from egregora_assets.search.vectors.reader import verify_index
from egregora_assets.search.vectors.spec import IndexDamaged, IndexUnusable
from egregora_assets.search.vectors.writer import condemn
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.verdict import Verdict

LEAST_RECALL = 0.95
_SAMPLE = 200
_NOTHING = Verdict(True, "there are no vectors: search is by words alone", {"rows": 0})


def vectors_follow_units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The index holds each unit that has a vector, with that vector, and no other."""

    def compare(generation: Generation, source: WarehouseVectors) -> Verdict:
        held = generation.labels[generation.live_rows()]
        wanted = source.labels()
        missing, surplus = (len(np.setdiff1d(*pair, assume_unique=True)) for pair in ((wanted, held), (held, wanted)))
        common = np.intersect1d(wanted, held, assume_unique=True)
        changed = (
            _changed_vectors(generation, source, common[np.linspace(0, len(common) - 1, _SAMPLE).astype(np.int64)])
            if len(common)
            else 0
        )
        told = f"{missing} vectors are missing, {surplus} too many, {changed} of {min(_SAMPLE, len(common))} looked at are others"
        return Verdict(
            not (missing or surplus or changed),
            told,
            {"rows": len(held), "missing": missing, "surplus": surplus, "changed": changed},
        )

    return _of_index(connection, settings, compare)


def no_hidden_vectors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No vector can be found of what is not shown, or of what is gone."""

    def look(generation: Generation, source: WarehouseVectors) -> Verdict:
        held = generation.labels[generation.live_rows()]
        shown = np.array([label for (label,) in rows(connection, _SHOWN)], np.int64)
        hidden = len(np.setdiff1d(held, shown, assume_unique=True))
        return Verdict(not hidden, f"{hidden:,} vectors of what is not shown", {"rows": hidden})

    return _of_index(connection, settings, look)


def vectors_are_sound(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every byte of the index is what was written. One that is damaged answers nobody from then on, and is made anew."""
    model = vector_index.model_of(connection)
    if model is None:
        return _NOTHING
    folder = vector_index.folder_of(settings, model.fingerprint)
    try:
        generation = verify_index(folder)
    except IndexDamaged as error:
        condemn(folder)
        return Verdict(False, f"the index of vectors is damaged, and made anew by the next run: {error}")
    except IndexUnusable as error:
        return Verdict(False, str(error))
    files = list(generation.folder.iterdir())
    return Verdict(
        True,
        "every byte is what was written",
        {"files": len(files), "bytes": sum(file.stat().st_size for file in files)},
    )


def vectors_are_current(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """All that the log tells is in the index; told is since when the oldest is not."""

    def look(generation: Generation, source: WarehouseVectors) -> Verdict:
        behind = source.last_seq() - generation.manifest.applied_seq
        seconds = float(scalar(connection, _LAG, [generation.manifest.mark.partition(" ")[0]])) if behind else 0.0
        return Verdict(not behind, f"{behind:,} changes are not in the index", {"changes": behind, "seconds": seconds})

    return _of_index(connection, settings, look)


def nearest_are_found(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Of the ten nearest to units all over the index it finds at least 95 of 100."""

    def look(generation: Generation, source: WarehouseVectors) -> Verdict:
        recall = vector_index.recall_of(connection, generation)
        told = f"{recall:.1%} of the ten nearest are found"
        return Verdict(recall >= LEAST_RECALL, told, {"recall_at_10": recall, "rows": generation.live})

    return _of_index(connection, settings, look)


def _of_index(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    look: Callable[[Generation, WarehouseVectors], Verdict],
) -> Verdict:
    try:
        generation = vector_index.current(connection, settings)
    except IndexUnusable as error:
        return Verdict(False, str(error))
    if generation is None:
        return _NOTHING
    return look(generation, WarehouseVectors(connection, generation.manifest.spec["model"], generation.dimensions))


def _changed_vectors(
    generation: Generation, source: WarehouseVectors, labels: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> int:
    """Count labels whose vector in the index is not that of the warehouse."""
    labels, wanted = source.vectors_of(np.unique(labels))
    held = generation.vectors.take(generation.rows_of(labels), 0)[:, : generation.dimensions]
    return int((held.view(np.uint16) != wanted.view(np.uint16)).any(axis=1).sum())


_SHOWN = "SELECT label FROM search_units SEMI JOIN clean_messages USING (message_id)"
_LAG = """
    SELECT coalesce(date_diff('millisecond', min(made_at), now()), 0) / 1000 FROM revisions
    WHERE revision > ?::BIGINT AND consumer IN ('search_units', 'embeddings')
"""
