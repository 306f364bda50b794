"""``hnsw_index``: the index of vectors beside the snapshot, brought up to date with the warehouse, and what can be told of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from egregora_assets.config import Settings
from egregora_assets.search import embeddings, units
from egregora_assets.search.vector_centre import centre_of
from egregora_assets.search.vector_source import WarehouseVectors
from egregora_assets.search.vectors.generation import Generation, widths
from egregora_assets.search.vectors.manifest import CURRENT, MANIFEST, generations, read_manifest
from egregora_assets.search.vectors.reader import IndexReader, answering, open_generation, verify_index
from egregora_assets.search.vectors.recall import sampled_recall
from egregora_assets.search.vectors.spec import IndexSpec, IndexUnusable
from egregora_assets.search.vectors.writer import LOCK, IndexChanges, bring_up_to_date
from egregora_assets.warehouse import durable
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction, warehouse_id, watermark

CONSUMER = "hnsw_index"
_RECALL = "hnsw_index:recall"
_GROWN = 1.1
"""How much an index may grow before its recall is measured again."""


@dataclass(frozen=True)
class Model:
    """Whose vectors the warehouse holds: the fingerprint of the model, and how many numbers it gives."""

    fingerprint: str
    dimensions: int


@dataclass(frozen=True)
class IndexFigures:
    """What is told of an index."""

    model: str
    answers: str
    rows: int
    bytes: int
    generation: str
    applied_seq: int
    graph_rows: int
    graph_from: int
    connectivity: int
    expansion_add: int
    recall: float


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> IndexChanges:
    """Bring the index up to date with the vectors of the warehouse; ``full`` makes it anew.

    Where there are no vectors there is no index. Raises ``IndexBusy``, ``StoreFull``.
    """
    units.refresh(connection, settings)
    model = model_of(connection)
    _remove_others(settings, model)
    if model is None:
        return IndexChanges()
    spec = IndexSpec(
        warehouse_id=warehouse_id(connection),
        model=model.fingerprint,
        dimensions=model.dimensions,
        centre=centre_of(connection, settings, model.fingerprint),
    )
    source = WarehouseVectors(connection, model.fingerprint, model.dimensions)
    threads = settings.warehouse.threads or 0
    return bring_up_to_date(folder_of(settings, model.fingerprint), spec, source, full=full, threads=threads)


def model_of(connection: duckdb.DuckDBPyConnection) -> Model | None:
    """Return whose vectors there are: the model that all texts were embedded with, else the one that most were."""
    chosen = watermark(connection, embeddings.CONSUMER).fingerprint
    found = rows(connection, _MODELS, {"chosen": chosen})
    return Model(*found[0]) if found else None


_MODELS = """
    SELECT model, any_value(octet_length(vector)) // 2 FROM embeddings GROUP BY model
    ORDER BY model = $chosen DESC, count(*) DESC, model LIMIT 1
"""


def folder_of(settings: Settings, fingerprint: str) -> Path:
    """Return where the index of a model's vectors stands."""
    return settings.index / "vectors" / fingerprint


def reader_of(settings: Settings, fingerprint: str, warehouse: str | None = None) -> IndexReader:
    """Return what follows the index of a model's vectors; ``reader.index`` raises where it is not to be used."""
    return IndexReader(folder_of(settings, fingerprint), warehouse, fingerprint)


def current(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Generation | None:
    """Open the index of this warehouse; ``None`` where there are no vectors. Raises ``IndexUnusable``."""
    model = model_of(connection)
    if model is None:
        return None
    return open_generation(folder_of(settings, model.fingerprint), warehouse_id(connection), model.fingerprint)


def figures(connection: duckdb.DuckDBPyConnection, settings: Settings) -> IndexFigures | None:
    """Return what is to tell of the index; ``None`` where there are no vectors. Raises ``IndexUnusable``."""
    generation = current(connection, settings)
    if generation is None:
        return None
    manifest, spec = generation.manifest, generation.manifest.spec
    return IndexFigures(
        model=str(spec["model"]),
        answers=answering(generation).answers,
        rows=generation.live,
        bytes=sum(path.stat().st_size for path in generation.folder.iterdir()),
        generation=manifest.generation,
        applied_seq=manifest.applied_seq,
        graph_rows=0 if manifest.graph is None else manifest.graph.rows,
        graph_from=int(spec["graph_from"]),
        connectivity=int(spec["connectivity"]),
        expansion_add=int(spec["expansion_add"]),
        recall=recall_of(connection, generation),
    )


def recall_of(connection: duckdb.DuckDBPyConnection, generation: Generation) -> float:
    """Return the share of the ten nearest that the index finds. It is measured again when the index was, or has grown."""
    manifest = generation.manifest
    state = f"{manifest.generation} {0 if manifest.graph is None else manifest.graph.rows}"
    known, _, told = watermark(connection, _RECALL).fingerprint.rpartition(" / ")
    measured, _, recall = told.partition(" ")
    if known == state and int(measured) <= manifest.rows <= _GROWN * int(measured):
        return float(recall)
    found = sampled_recall(answering(generation), generation)
    with transaction(connection, _RECALL) as change:
        change.advance(f"{state} / {manifest.rows} {found:.4f}", even_unchanged=True)
    return round(found, 4)


def doubt(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """Return why the index has to be written. Reads all of it: whoever was told that it is damaged is answered by this."""
    model = model_of(connection)
    if model is None:
        return "there is an index of vectors that are gone" if _others(settings, None) else None
    try:
        manifest = verify_index(folder_of(settings, model.fingerprint)).manifest
    except IndexUnusable:
        return "the index of vectors is not there, or damaged"
    if manifest.spec["warehouse_id"] != warehouse_id(connection):
        return "the index of vectors is of another warehouse"
    source = WarehouseVectors(connection, model.fingerprint, model.dimensions)
    return "the index of vectors is behind the warehouse" if manifest.applied_seq != source.last_seq() else None


def names_allowed(settings: Settings) -> Iterator[str]:
    """Yield each file and folder that may stand in the folder of the indexes of vectors, as seen from there."""
    places = widths(1)
    folder = settings.index / "vectors"
    for model in filter(_is_of_a_model, _others(settings, None)):
        yield from (model.name, f"{model.name}/{CURRENT}", f"{model.name}/{LOCK}")
        for name in generations(model):
            yield from (f"{model.name}/{name}", *(f"{model.name}/{name}/{file}" for file in (*places, MANIFEST)))
            try:
                graph = read_manifest(model / name).graph
            except (IndexUnusable, FileNotFoundError):
                continue
            if graph is not None:
                yield f"{(model / name / graph.file).relative_to(folder)}"


def _is_of_a_model(folder: Path) -> bool:
    return folder.is_dir() and re.fullmatch("[0-9a-f]{16}", folder.name) is not None


def _remove_others(settings: Settings, model: Model | None) -> None:
    """Remove indexes of other models: they may hold what must no longer be there, and nobody brings them up to date."""
    for path in _others(settings, model):
        durable.remove(path)


def _others(settings: Settings, model: Model | None) -> list[Path]:
    folder = settings.index / "vectors"
    kept = None if model is None else model.fingerprint
    return sorted(path for path in folder.iterdir() if path.name != kept) if folder.is_dir() else []
