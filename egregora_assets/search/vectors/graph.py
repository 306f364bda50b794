"""A graph of near neighbours (HNSW) over the rows of filled blocks: faster than bits where there are very many rows.

It is kept as 16-bit brain floats, as usearch writes it, and is a cache of a cache: which neighbours it has depends on the
order in which threads added them, what a hit scores does not. Filters, and rows that came later, are left to the bits.
"""

from __future__ import annotations

import errno
import logging
import mmap
import os
import secrets
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.bit_flat import BitFlat
from egregora_assets.search.vectors.generation import Generation, batches
from egregora_assets.search.vectors.manifest import Graph, Manifest, libraries, reading
from egregora_assets.search.vectors.spec import DEPTH, Floats, Hits, IndexDamaged, Labels
from egregora_assets.warehouse.durable import checksum_of, force_file, force_folder

if TYPE_CHECKING:
    from usearch.index import Index  # reads files when it is imported: that is left to whoever has a graph

EXPANSION_SEARCH = 128
_ROWS_AT_ONCE = 16_384
_LEAST_BLOCKS = 4

log = logging.getLogger(__name__)


class UsearchHnsw:
    """The graph first, bits for what is newer or filtered. Raises ``IndexDamaged`` where the file is not what was written."""

    answers = "graph, and sign bits of what is newer"

    def __init__(
        self, generation: Generation, expansion: int = EXPANSION_SEARCH, known: UsearchHnsw | None = None
    ) -> None:
        told = generation.manifest.graph
        if told is None:
            raise ValueError(f"generation {generation.manifest.generation} has no graph")
        self.generation, self.expansion = generation, expansion
        self._bits = BitFlat(generation)
        self._tail = slice(told.rows, generation.manifest.rows)
        path = generation.folder / told.file
        is_known = known is not None and (known.generation.folder, known.generation.manifest.graph) == (
            path.parent,
            told,
        )
        self._index: Index = known._index if known is not None and is_known else _view(path, told)
        self._index.expansion_search = expansion  # type: ignore[misc] # mypy takes the setter for none

    def search(self, query: Floats, k: int, allow: Labels | None = None, depth: int = DEPTH) -> Hits:
        if allow is not None or 2 * k > self.expansion:
            return self._bits.search(query, k, allow, depth)
        direction = encoding.direction(query, self.generation.dimensions)
        wide = direction[: self.generation.dimensions].astype(np.float32)
        found = self._index.search(wide, self.expansion, threads=1).keys.astype(np.int64)
        found = found[~self.generation.is_dead[found]]
        if len(found) < k:
            return self._bits.search(query, k, allow, depth)
        tail = self._bits.nearest(direction, depth // 2, self._tail)  # the tail is the smaller part
        return self.generation.exact(direction, np.concatenate([found, tail]), k)


def is_usable(manifest: Manifest) -> bool:
    """Return whether there is a graph that the library as it is here has written."""
    return manifest.graph is not None and manifest.graph.library == libraries()["usearch"]


def rows_wanted(manifest: Manifest, graph_from: int, have: int) -> int:
    """Return over how many rows there should be a graph: those of all filled blocks, where they are many.

    Writing it means to write all of it, so one that covers ``have`` rows waits until some blocks, and a sixteenth, are new.
    """
    block_rows = int(manifest.spec["block_rows"])
    filled = manifest.rows // block_rows * block_rows
    if filled < max(graph_from, 1):
        return 0
    return filled if not have or filled - have >= max(_LEAST_BLOCKS * block_rows, have // 16) else have


def write(generation: Generation, wanted: int, threads: int) -> Graph:
    """Write a graph over the first ``wanted`` rows beside the generation: the one that is there with what is new, or a new one."""
    manifest = generation.manifest
    index, have = _to_extend(generation)
    rows = np.arange(have, wanted)
    for part in batches(rows[~generation.is_dead[rows]], _ROWS_AT_ONCE):
        index.add(part.astype(np.uint64), generation.vectors.take(part, 0)[:, : generation.dimensions], threads=threads)
    path = generation.folder / f"graph-{wanted}-{secrets.token_hex(4)}"  # readers may have one of that size open
    index.save(path)
    force_file(path)
    force_folder(generation.folder)
    size, checksum = checksum_of(path)
    log.debug("graph over %d rows of generation %s", wanted, manifest.generation)
    return Graph(path.name, wanted, size, checksum, libraries()["usearch"])


def verify_graph(folder: Path, told: Graph) -> None:
    """Raise ``IndexDamaged`` where the file is not what was written."""
    path = folder / told.file
    with reading(path):
        if checksum_of(path) != (told.bytes, told.checksum):
            raise IndexDamaged(f"{path} is not what was written")


def _to_extend(generation: Generation) -> tuple[Index, int]:
    """Return an index to add to, and how many rows it covers."""
    manifest = generation.manifest
    if manifest.graph is not None and is_usable(manifest):
        verify_graph(generation.folder, manifest.graph)
        return _loaded(generation.folder / manifest.graph.file, view=False), manifest.graph.rows
    from usearch.index import Index

    spec = manifest.spec
    index = Index(
        ndim=generation.dimensions,
        metric="ip",
        dtype="bf16",
        connectivity=int(spec["connectivity"]),
        expansion_add=int(spec["expansion_add"]),
    )
    return index, 0


def _view(path: Path, told: Graph) -> Index:
    """Map the file and compare its checksum before the library sees it: that would load damage without a word."""
    with reading(path), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size != told.bytes:
            raise IndexDamaged(f"{path} has {size} bytes of {told.bytes}")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if zlib.crc32(content) != told.checksum:
                raise IndexDamaged(f"{path} is not what was written")
        return _loaded(path, view=True)


def _loaded(path: Path, *, view: bool) -> Index:
    from usearch.index import Index

    index = Index.restore(path, view=view)
    if index is None and not path.exists():  # another generation has taken the place of this one meanwhile
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if index is None:
        raise IndexDamaged(f"{path} is no graph that usearch {libraries()['usearch']} can read")
    return index
