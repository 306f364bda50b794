"""``embeddings``: one vector per distinct text of what search finds, made once and kept by the hash of the text.

A text that was said before, in any chat, has its vector already. Vectors are committed some thousands at a time, each with the line
in ``vector_log`` that tells indexes of it, so a pass that is cut short has lost nothing, and the next one goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from egregora_assets.config import Settings
from egregora_assets.progress import tell
from egregora_assets.search import units
from egregora_assets.search.embedders import Embedder, EmbedderFailed, NoEmbedder, Vectors, open_embedder
from egregora_assets.search.embedding_pool import among_cores
from egregora_assets.warehouse.query import Parameters, changed, rows, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction, watermark

CONSUMER = "embeddings"
Stored = np.ndarray[Any, np.dtype[np.float16]]
STORED = np.dtype("<f2")
"""How a vector's numbers stand in the table."""

log = logging.getLogger(__name__)

_COMMITTED = 4096
"""Texts whose vectors are committed at once: some seconds of work."""
_SHOWN = 512
"""Texts after which it is shown how far the work is: half a second of it."""
_TOLD_SECONDS = 60.0


@dataclass(frozen=True)
class EmbeddingChanges:
    """What one pass did: texts embedded, those left for the next pass, and vectors of other models that were dropped.

    ``model`` and ``fingerprint`` are empty, and ``reason`` is told, where there is nothing to embed with.
    """

    embedded: int = 0
    left: int = 0
    dropped: int = 0
    model: str = ""
    fingerprint: str = ""
    reason: str = ""


def refresh(
    connection: duckdb.DuckDBPyConnection, settings: Settings, embedder: Embedder | None = None
) -> EmbeddingChanges:
    """Embed the texts of ``search_units`` that have no vector yet; without a model nothing is done, and said so.

    ``embedder`` stands in for the one of the settings. Raises ``EmbedderFailed``; what was committed before stays.
    """
    units.refresh(connection, settings)
    try:
        embedder = embedder or open_embedder(settings)
    except NoEmbedder as error:
        log.info("nothing is embedded: %s", error)
        return EmbeddingChanges(reason=str(error))
    name, model = embedder.name, embedder.model_fingerprint
    since = _since(connection, model)
    if not _any_new(connection, since):
        return EmbeddingChanges(model=name, fingerprint=model)
    with temporary(connection, "waiting_texts", _WAITING, {"model": model, "since": since}) as waiting:
        most = settings.search.http.max_texts if settings.search.embedder == "http" else None
        planned = waiting if most is None else min(waiting, most)
        with among_cores(embedder, settings.search.workers, planned) as working:
            is_other = not _embed(connection, working, planned)
    if is_other:
        log.warning("%s gives vectors of another length than before: all texts are embedded anew", name)
        _forget(connection, model)
        if most is None:
            return refresh(connection, settings, embedder)
        return EmbeddingChanges(0, waiting, 0, name, model)  # what may be sent in one run has been sent
    dropped = 0
    if planned == waiting:
        dropped = _finish(connection, model)
    else:
        log.warning(
            "%s texts are left for the next run: [search.http] max_texts allows no more", f"{waiting - planned:,}"
        )
    return EmbeddingChanges(planned, waiting - planned, dropped, name, model)


def is_behind(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether a pass would have units to look at; never where there is nothing to embed with. Nothing is sent for it."""
    try:
        model = open_embedder(settings).model_fingerprint
    except NoEmbedder:
        return False
    return _any_new(connection, _since(connection, model))


def _since(connection: duckdb.DuckDBPyConnection, model: str) -> int:
    """Return up to which revision all units have a vector by this model."""
    seen = watermark(connection, CONSUMER)
    return seen.revision if seen.fingerprint == model else 0


def _any_new(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    return bool(scalar(connection, "SELECT EXISTS (FROM search_units WHERE revision > ?)", [since]))


_WAITING = f"""
    SELECT row_number() OVER (ORDER BY label) AS number, content_hash, text
    FROM (
        SELECT content_hash, min(label) AS label, {units.NORMALISED.format(text=f"any_value({units.TEXT_OF_UNIT})")} AS text
        FROM search_units u JOIN clean_messages c USING (message_id)
        WHERE u.revision > $since AND content_hash NOT IN (SELECT content_hash FROM embeddings WHERE model = $model)
        GROUP BY content_hash
    )
"""


def _embed(connection: duckdb.DuckDBPyConnection, embedder: Embedder, count: int) -> bool:
    """Embed the ``waiting_texts``; returns false, and keeps nothing, where vectors have another length than before."""
    kept = rows(connection, _WIDTH, [embedder.model_fingerprint])
    began = told = time.monotonic()
    for done, hashes, texts in _batches(connection, count):
        vectors = _vectors(embedder, texts, done - len(texts), count)
        if vectors.shape != (len(texts), embedder.dimensions):
            raise EmbedderFailed(f"{embedder.name} gives vectors of shape {vectors.shape} for {len(texts)} texts")
        if kept not in ([], [(STORED.itemsize * embedder.dimensions,)]):
            return False
        with transaction(connection, CONSUMER) as change:
            _keep(change, embedder.model_fingerprint, hashes, vectors)
        now = time.monotonic()
        if now - told > _TOLD_SECONDS or done == count:
            told, speed = now, done / max(now - began, 1e-9)
            left = f", about {(count - done) / speed:,.0f} s left" if done < count else ""
            log.info("%s of %s texts embedded (%s a second%s)", f"{done:,}", f"{count:,}", f"{speed:,.0f}", left)
    return True


_WIDTH = "SELECT octet_length(vector) FROM embeddings WHERE model = ? LIMIT 1"
"""Of one vector: to measure all of them is to read them."""


def _forget(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Drop all that was made by what has taken a model's name before: of a service nothing but its name is known."""
    with transaction(connection, CONSUMER) as change:
        changed(connection, "DELETE FROM embeddings WHERE model = ?", [model])
        changed(connection, "DELETE FROM vector_centres WHERE model = ?", [model])
        change.advance("", even_unchanged=True)


def _vectors(embedder: Embedder, texts: list[str], before: int, count: int) -> Vectors:
    """Return the vectors of some texts, and tell how far the work is, of which ``before`` texts were done."""
    found = []
    for begin in range(0, len(texts), _SHOWN):
        found.append(embedder.embed(texts[begin : begin + _SHOWN]))
        tell(log, "texts embedded", before + min(begin + _SHOWN, len(texts)), count)
    return np.concatenate(found)


def _batches(connection: duckdb.DuckDBPyConnection, count: int) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield how many there are with each batch, and its hashes and texts, from ``waiting_texts``."""
    for begin in range(0, count, _COMMITTED):
        end = min(begin + _COMMITTED, count)
        sql = "SELECT content_hash::VARCHAR, text FROM waiting_texts WHERE number > ? AND number <= ? ORDER BY number"
        found = rows(connection, sql, [begin, end])
        yield end, [content_hash for content_hash, _ in found], [text for _, text in found]


def _keep(change: Transaction, model: str, hashes: list[str], vectors: Vectors) -> None:
    """Store vectors, and let indexes know of every unit that has one of them."""
    table = pa.table({"content_hash": pa.array(hashes, pa.string()), "vector": as_blobs(vectors)})
    with view_of(change.connection, "made_vectors", table):
        stored = "INSERT INTO embeddings SELECT $model, content_hash::UUID, vector FROM made_vectors"
        changed(change.connection, stored, {"model": model})
        found = (
            "SELECT label, 'add' FROM search_units WHERE content_hash IN (SELECT content_hash::UUID FROM made_vectors)"
        )
        units.log_operations(change.connection, found)


def as_blobs(vectors: Vectors) -> pa.Array:
    """Return vectors as they are stored: one value of bytes each."""
    stored = np.ascontiguousarray(vectors, STORED)
    width = STORED.itemsize * stored.shape[1]
    fixed = pa.Array.from_buffers(pa.binary(width), len(stored), [None, pa.py_buffer(stored.tobytes())])
    return fixed.cast(pa.binary())


def stored_vectors(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = None) -> Stored:
    """Return the vectors that SQL gives as its one column, all of one length, as float16 [vectors, dimensions]."""
    blobs = connection.sql(sql, params=parameters).to_arrow_table().column(0).to_pylist()
    return np.frombuffer(b"".join(blobs), STORED).reshape(len(blobs), -1) if blobs else np.empty((0, 0), STORED)


def _finish(connection: duckdb.DuckDBPyConnection, model: str) -> int:
    """Remember that all units have vectors by this model, and drop those by others: nothing can be compared with them."""
    with transaction(connection, CONSUMER) as change:
        others = scalar(connection, "SELECT EXISTS (FROM embeddings WHERE model <> ?)", [model])
        dropped = changed(connection, "DELETE FROM embeddings WHERE model <> ?", [model]) if others else 0
        change.advance(model, even_unchanged=True)
    return dropped
