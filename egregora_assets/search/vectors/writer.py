"""The one writer of an index: it appends, takes out, makes anew, and never leaves readers with half of anything.

Rows are appended to the files of the current generation and forced to disk; then a new manifest takes the place of the old one.
Whoever is killed before leaves a tail that nobody reads and the next writer cuts. What must leave no trace, or is too often taken
out, or cannot be trusted, makes a new generation in a folder of its own, and ``CURRENT`` is turned to it when it is whole.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from egregora_assets.search.vectors import encoding, graph
from egregora_assets.search.vectors.block_files import Writing, writing_anew, writing_into
from egregora_assets.search.vectors.generation import LARGE, Generation, entries, widths
from egregora_assets.search.vectors.manifest import (
    CURRENT,
    Manifest,
    generations,
    libraries,
    read_current,
    read_manifest,
    spec_as_told,
    write_current,
    write_manifest,
)
from egregora_assets.search.vectors.reader import open_generation, verify_index
from egregora_assets.search.vectors.spec import (
    Floats,
    Halves,
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    IndexSpec,
    IndexStale,
    IndexUnusable,
    Labels,
    VectorChanges,
    VectorSource,
)
from egregora_assets.warehouse import durable

MOST_DEAD = 0.2
"""The share of rows taken out at which a generation is written without them."""
_WAIT_SECONDS = 600.0
LOCK = "lock"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IndexChanges:
    """What one pass did. ``anew`` says why all was written again, where it was; ``bytes`` is what it wrote."""

    generation: str = ""
    rows: int = 0
    added: int = 0
    removed: int = 0
    applied_seq: int = 0
    graph_rows: int = 0
    bytes: int = 0
    anew: str = ""


def bring_up_to_date(
    folder: Path,
    spec: IndexSpec,
    source: VectorSource,
    *,
    full: bool = False,
    threads: int = 0,
    wait_seconds: float = _WAIT_SECONDS,
) -> IndexChanges:
    """Make the index in ``folder`` say what ``source`` says; ``full`` makes it anew. Raises ``IndexBusy``, ``StoreFull``.

    Where nothing is new nothing is written.
    """
    with writing(folder, wait_seconds):
        _sweep(folder)
        changes = _follow(folder, spec, source, full)
        _sweep(folder)
        return _with_graph(folder, spec, changes, threads)


@contextmanager
def writing(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Be the one writer of an index for the block. Raises ``IndexBusy``."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = f"another process writes the index in {folder}: try again when it has ended"
    with durable.locked(folder / LOCK, exclusive=True, wait_seconds=wait_seconds, busy=lambda: IndexBusy(told)):
        yield


def condemn(folder: Path, wait_seconds: float = _WAIT_SECONDS) -> None:
    """Have a damaged index answer nobody, and be made anew by the next writer; one that is sound by now is left alone."""
    with writing(folder, wait_seconds):
        try:
            verify_index(folder)
        except IndexDamaged:
            if os.path.lexists(folder / CURRENT):
                durable.remove(folder / CURRENT)
            durable.force_folder(folder)


def _follow(folder: Path, spec: IndexSpec, source: VectorSource, full: bool) -> IndexChanges:
    try:
        current = _open_to_write(folder, spec, source)
        news = source.changes_after(current.manifest.applied_seq)
        if full or news is None:
            raise IndexStale("asked for" if full else "what it has not applied is forgotten")
        return _apply(folder, current, news, source)
    except IndexMissing:
        return _build(folder, spec, source, "there was none")
    except IndexUnusable as reason:
        log.warning("the index of vectors is made anew: %s", reason)
        return _build(folder, spec, source, str(reason))


def _open_to_write(folder: Path, spec: IndexSpec, source: VectorSource) -> Generation:
    """Open the current generation where it can be continued, without what a killed writer left behind its rows."""
    current = open_generation(folder)
    manifest = current.manifest
    if manifest.spec != spec_as_told(spec):
        raise IndexStale("it was made of something else")
    if not source.recognises(manifest.mark) or manifest.applied_seq > source.last_seq():
        raise IndexStale("it holds what this warehouse does not know")
    sizes = entries(manifest)
    for name, width in widths(spec.dimensions).items():
        if not stat.S_ISREG((current.folder / name).lstat().st_mode):
            raise IndexDamaged(f"{current.folder / name} is no file of its own")
        durable.cut(current.folder / name, sizes[name] * width)
    if manifest.graph is not None and _size_of(current.folder / manifest.graph.file) != manifest.graph.bytes:
        raise IndexDamaged("its graph is lost or cut")
    return current


def _apply(folder: Path, current: Generation, news: VectorChanges, source: VectorSource) -> IndexChanges:
    """Write what is new: behind the rows that are there, or without those that must go."""
    told = replace(current.manifest, mark=source.mark(), applied_seq=news.seq, libraries=libraries())
    gone = current.rows_of(np.sort(news.removed))
    known = current.labels[current.rows_of(np.sort(news.added))]
    fresh = np.flatnonzero(~np.isin(news.added, known))
    fresh = fresh[np.argsort(news.added[fresh])]
    labels, vectors = news.added[fresh], news.vectors[fresh]
    dead = told.dead + len(gone)
    if (news.must_erase and dead) or dead > MOST_DEAD * (told.rows + len(labels)):
        current.verify()  # copies get checksums of their own
        why = "rows had to leave no trace" if news.must_erase else "many rows were taken out"
        kept = np.setdiff1d(current.live_rows(), gone, assume_unique=True)
        with _new_generation(folder, told, current.centre) as written:
            written.copy(current, kept[np.argsort(current.labels[kept])])
            written.add(labels, vectors)
        manifest = written.manifest
    elif len(labels) or len(gone):
        why = ""
        with writing_into(current.folder, told, current.centre) as written:
            written.add(labels, vectors)
            written.bury(gone)
            manifest = written.finish()
    else:
        current.verify()  # who has nothing to write has been asked to look
        if news.seq != current.manifest.applied_seq:
            write_manifest(current.folder, told)  # the log has been read; what came has gone again
        return _changes(told)
    return replace(_changes(manifest), added=len(labels), removed=len(gone), bytes=written.bytes, anew=why)


def _build(folder: Path, spec: IndexSpec, source: VectorSource, why: str) -> IndexChanges:
    """Write a generation of all there is."""
    labels = source.labels()
    told = Manifest(
        generation="",
        spec=spec_as_told(spec),
        mark=source.mark(),
        applied_seq=source.last_seq(),
        rows=0,
        dead=0,
        blocks={},
        graph=None,
        libraries=libraries(),
    )
    with _new_generation(folder, told, spec.centre_or_zero) as written:
        path, shape = written.folder / LARGE, (len(labels), encoding.padded_width(spec.dimensions))
        durable.reserve(path, 2 * shape[0] * shape[1])
        if len(labels):
            rows = np.memmap(path, "<f2", "r+", shape=shape)
            _scatter(rows, labels, source, spec.dimensions)
            rows.flush()
            written.take_over(labels, rows)
            written.files[LARGE].written += rows.nbytes
    return replace(_changes(written.manifest), added=len(labels), bytes=written.bytes, anew=why)


def _scatter(rows: Halves, labels: Labels, source: VectorSource, dimensions: int) -> None:
    """Put each vector where its label stands, in whatever order they come."""
    filled = 0
    for some, vectors in source.rows():
        places = labels.searchsorted(some)
        if not np.array_equal(labels[np.minimum(places, len(labels) - 1)], some):
            raise RuntimeError("the source has rows without a label")
        rows[places, :dimensions] = vectors
        filled += len(some)
    if filled != len(labels):
        raise RuntimeError(f"the source gave {filled} rows for {len(labels)} labels")


@contextmanager
def _new_generation(folder: Path, told: Manifest, centre: Floats) -> Iterator[Writing]:
    """Write a generation in a folder of its own, and let readers find it when the block has ended."""
    number = max([int(name[:8]) for name in generations(folder)], default=0) + 1
    place = folder / f"{number:08d}-{secrets.token_hex(4)}"
    place.mkdir(mode=0o700)
    with writing_anew(place, told, centre) as written:
        yield written
        written.manifest = written.finish()
    durable.force_folder(folder)
    write_current(folder, place.name)


def _with_graph(folder: Path, spec: IndexSpec, changes: IndexChanges, threads: int) -> IndexChanges:
    """Let the graph cover what is filled; until it does, bits answer."""
    manifest = read_manifest(folder / changes.generation)
    _sweep_graphs(folder / changes.generation, manifest)
    have = manifest.graph.rows if manifest.graph is not None and graph.is_usable(manifest) else 0
    wanted = graph.rows_wanted(manifest, spec.graph_from, have)
    if wanted == have:
        return replace(changes, graph_rows=have)
    current = open_generation(folder)
    try:
        written = graph.write(current, wanted, threads)
    except IndexDamaged as reason:
        log.warning("the graph is made anew: %s", reason)
        current.manifest = replace(manifest, graph=None)
        written = graph.write(current, wanted, threads)
    manifest = replace(manifest, graph=written)
    write_manifest(current.folder, manifest)
    _sweep_graphs(current.folder, manifest)
    return replace(changes, graph_rows=wanted, bytes=changes.bytes + written.bytes)


def _sweep(folder: Path) -> None:
    """Remove all but the current generation; readers that have another one open keep it."""
    try:
        keep = {LOCK, CURRENT, read_current(folder)}
    except IndexUnusable:
        keep = {LOCK}
    for path in list(folder.iterdir()):
        if path.name not in keep:
            durable.remove(path)


def _sweep_graphs(place: Path, manifest: Manifest) -> None:
    """Remove every graph but the one that the manifest names."""
    keep = None if manifest.graph is None else manifest.graph.file
    for path in place.glob("graph-*"):
        if path.name != keep:
            durable.remove(path)


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _changes(manifest: Manifest) -> IndexChanges:
    return IndexChanges(
        generation=manifest.generation,
        rows=manifest.rows - manifest.dead,
        applied_seq=manifest.applied_seq,
        graph_rows=0 if manifest.graph is None else manifest.graph.rows,
    )
