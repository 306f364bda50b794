"""Which graph, with which parameters: HNSW libraries against each other, against every vector, and against our sign bits.

The 100,000 vectors are the installed model's, of sentences that people wrote (comments in the Python code of this machine), about
half an hour of CPU; `EGREGORA_BENCH_LARGE=1` adds 1,000,000 generated rows with fewer choices (another hour or two, 12 GB on the
disk). Every library is installed for the run into a folder of its own, and each choice is built in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import study_plot
from benchmarks.bench_search_index import DIMENSIONS, Floats, search_ms
from benchmarks.generate_vectors import vectors
from benchmarks.harness import Figure, figure, scratch, timed
from benchmarks.peers.install import VECTOR_PEERS, install_peers, leave_out
from benchmarks.peers.process import CommandFailed, measured
from benchmarks.search_embedding import comments, installed_model
from egregora_assets.search.embedding_pool import among_cores, cores
from egregora_assets.search.vectors.bit_flat import BitFlat
from egregora_assets.search.vectors.block_files import writing_anew
from egregora_assets.search.vectors.generation import Generation
from egregora_assets.search.vectors.manifest import Manifest, libraries, spec_as_told
from egregora_assets.search.vectors.spec import IndexSpec

SIZES = (100_000,)
LARGE = 1_000_000
MS, CONSTRUCTIONS, SEARCHES = (8, 16, 32), (64, 128, 200), (32, 64, 128)
OURS = (16, 128)
NEW, QUERIES = 1_000, 300
_SLOW = "duckdb-extension-vss"
"""Built with our parameters alone, and not at a million: each time takes minutes, or an hour."""
_PROGRAM = Path(__file__).parent / "peers" / "vector_indexes.py"
_PICTURES = Path(__file__).parent.parent / "docs"
_CHOSEN = f"M={OURS[0]} efC={OURS[1]} ef=128"


def figures() -> Iterator[Figure]:
    with scratch() as folder:
        for place in ("peers", "indexes"):
            (folder / place).mkdir()
        commands = {one.peer.name: one.command for one in install_peers(folder / "peers", VECTOR_PEERS)}
        commands["numpy"] = [sys.executable, "-P", str(_PROGRAM)]
        for size in (*SIZES, *((LARGE,) if os.environ.get("EGREGORA_BENCH_LARGE") else ())):
            data = folder / f"rows-{size}"
            data.mkdir()
            write_material(data, size)
            found = list[Figure]()
            for one in _of_size(commands, data, folder / "indexes", size):
                found.append(one)
                yield one
            study_plot.write(found, _PICTURES / f"search-study-{size}.svg", size, _CHOSEN)


def _of_size(commands: dict[str, list[str]], data: Path, indexes: Path, size: int) -> Iterator[Figure]:
    yield from _bits(indexes / f"bits-{size}", data, size)
    for name, command in commands.items():
        for m, construction in chosen(name, size):
            yield from _one(command, name, m, construction, data, indexes, size)


def chosen(name: str, size: int) -> list[tuple[int, int]]:
    """Return the parameters that a library is built with."""
    if name == "numpy" or (name == _SLOW and size in SIZES):
        return [OURS]
    if name == _SLOW:
        return []
    if size > SIZES[-1]:
        return [(m, OURS[1]) for m in MS] if name == "usearch" else [OURS]
    return [(m, construction) for m in MS for construction in CONSTRUCTIONS]


def write_material(folder: Path, size: int) -> None:
    """Write rows, new rows, queries, and for each query the score of its tenth nearest."""
    if size in SIZES:
        real = _of_sentences(QUERIES + NEW + size)
        queries, new, rows = real[:QUERIES], real[QUERIES : QUERIES + NEW], real[QUERIES + NEW :]
    else:
        rows, new, queries = (vectors(n, DIMENSIONS, part=part) for part, n in enumerate((size, NEW, QUERIES)))
    least = np.full((len(queries), 10), -np.inf, np.float32)
    for start in range(0, len(rows), 50_000):
        scores = np.concatenate([least, queries @ rows[start : start + 50_000].T], axis=1)
        least = np.partition(scores, scores.shape[1] - 10, axis=1)[:, -10:]
    for name, values in (("rows", rows), ("new", new), ("queries", queries), ("least", least.min(axis=1))):
        np.save(folder / f"{name}.npy", values)


def _of_sentences(count: int) -> Floats:
    """Return the vectors of so many different sentences."""
    texts = comments(Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib")))[:count]
    if len(texts) < count:
        raise RuntimeError(f"the Python code of this machine holds {len(texts):,} sentences; {count:,} are needed")
    with among_cores(installed_model(), cores(), texts=1 << 30) as pool:
        return pool.embed(texts)


def _one(
    command: list[str], name: str, m: int, construction: int, data: Path, scratch_folder: Path, size: int
) -> Iterator[Figure]:
    called = "numpy, every vector" if name == "numpy" else f"{name} M={m} efC={construction}"
    searches = ",".join(map(str, SEARCHES[:1] if name == "numpy" else SEARCHES))
    told = _told(
        [*command, name, str(data), str(scratch_folder), str(m), str(construction), searches], scratch_folder, called
    )
    if told is None:
        return
    yield figure(f"{called}: build", told["build"], size, runs=1)
    yield figure(f"{called}: file", told["bytes"] / 1e6, size, unit="MB", runs=1)
    yield figure(f"{called}: memory", told["megabytes"], size, unit="MB", runs=1)
    yield figure(f"{called}: add {NEW:,}", told["add"], size, runs=1)
    if told["take"] is not None:
        yield figure(f"{called}: take out {NEW:,}", told["take"], size, runs=1)
    for ef, found in told["searches"].items():
        at = "" if name == "numpy" else f" ef={ef}"
        yield figure(f"{called}{at}: search", found["ms"], size, unit="ms", runs=QUERIES)
        yield figure(f"{called}{at}: recall@10", found["recall"], size, unit="", runs=QUERIES)


def _told(command: list[str], scratch_folder: Path, called: str) -> dict[str, Any] | None:
    try:
        used = measured(command)
    except CommandFailed as error:
        leave_out(called, str(error))
        return None
    finally:
        for path in (*scratch_folder.glob("index*"), *scratch_folder.glob("vss*")):
            path.unlink()
    told: dict[str, Any] = json.loads(used.output)
    return {**told, "megabytes": used.megabytes}


def _bits(folder: Path, data: Path, size: int) -> Iterator[Figure]:
    """Our sign bits over the same rows."""
    folder.mkdir()
    rows, queries, least = (np.load(data / f"{name}.npy") for name in ("rows", "queries", "least"))
    spec, manifests = IndexSpec("study", "generated", rows.shape[1]), []
    empty = Manifest("", spec_as_told(spec), "", 0, 0, 0, {}, None, libraries())

    def write() -> None:
        with writing_anew(folder, empty, spec.centre_or_zero) as written:
            written.add(np.arange(len(rows)), rows.astype(np.float16))
            manifests.append(written.finish())

    yield figure("sign bits: build", timed(write), size, runs=1)
    generation = Generation(folder, manifests[0])
    size_of_codes = (folder / "codes").stat().st_size + (folder / "labels").stat().st_size
    yield figure("sign bits: file, without the vectors", size_of_codes / 1e6, size, unit="MB", runs=1)
    index = BitFlat(generation)
    for depth in (100, 400):
        asked = _AtDepth(index, depth)
        yield figure(f"sign bits depth={depth}: search", search_ms(asked, queries), size, unit="ms", runs=len(queries))
        found = sum(int((asked.search(q, 10).scores >= least[n] - 1e-4).sum()) for n, q in enumerate(queries))
        yield figure(
            f"sign bits depth={depth}: recall@10", found / (10 * len(queries)), size, unit="", runs=len(queries)
        )


class _AtDepth:
    """The bits with another depth than usual."""

    def __init__(self, index: BitFlat, depth: int) -> None:
        self.index, self.depth, self.answers = index, depth, index.answers

    def search(self, query: Floats, k: int, allow: Any = None, depth: int = 0) -> Any:
        return self.index.search(query, k, allow, depth or self.depth)
