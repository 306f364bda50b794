"""One HNSW library, one choice of its parameters: built, asked, added to and taken from; a line of JSON tells the figures.

Runs where only that library and numpy are installed: ``vector_indexes.py LIBRARY FOLDER SCRATCH M EF_CONSTRUCTION EF,EF…``. The
folder has ``rows.npy``, ``new.npy``, ``queries.npy`` and ``least.npy``: the score of the last of each query's ten nearest.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

THREADS = 2
K = 10
SCRATCH: dict[str, Path] = {}
TIMES = 3


class Library(Protocol):
    """What the study asks of a library. Labels are numbers of rows."""

    def add(self, first: int, rows: Any) -> None: ...

    def search(self, query: Any, ef: int) -> Any: ...

    def take(self, labels: Any) -> bool: ...

    def save(self, path: Path) -> int: ...


class Usearch:
    def __init__(self, width: int, count: int, m: int, ef_construction: int) -> None:
        from usearch.index import Index

        self.index = Index(
            ndim=width, metric="ip", dtype="bf16", connectivity=m, expansion_add=ef_construction, expansion_search=64
        )

    def add(self, first: int, rows: Any) -> None:
        self.index.add(np.arange(first, first + len(rows)), rows, threads=THREADS)

    def search(self, query: Any, ef: int) -> Any:
        self.index.expansion_search = ef
        return self.index.search(query, K, threads=1).keys

    def take(self, labels: Any) -> bool:
        self.index.remove(labels)
        return True

    def save(self, path: Path) -> int:
        self.index.save(path)
        return path.stat().st_size


class Hnswlib:
    def __init__(self, width: int, count: int, m: int, ef_construction: int) -> None:
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=width)
        self.index.init_index(max_elements=count, M=m, ef_construction=ef_construction, random_seed=7)
        self.index.set_num_threads(THREADS)

    def add(self, first: int, rows: Any) -> None:
        self.index.add_items(rows, np.arange(first, first + len(rows)))

    def search(self, query: Any, ef: int) -> Any:
        self.index.set_ef(ef)
        return self.index.knn_query(query, k=K, num_threads=1)[0][0]

    def take(self, labels: Any) -> bool:
        for label in labels:
            self.index.mark_deleted(int(label))
        return True

    def save(self, path: Path) -> int:
        self.index.save_index(str(path))
        return path.stat().st_size


class Faiss:
    def __init__(self, width: int, count: int, m: int, ef_construction: int) -> None:
        import faiss

        self.faiss = faiss
        faiss.omp_set_num_threads(THREADS)
        self.index = faiss.IndexHNSWFlat(width, m, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = ef_construction

    def add(self, first: int, rows: Any) -> None:
        self.index.add(rows)

    def search(self, query: Any, ef: int) -> Any:
        self.index.hnsw.efSearch = ef
        return self.index.search(query[None], K)[1][0]

    def take(self, labels: Any) -> bool:
        return False

    def save(self, path: Path) -> int:
        self.faiss.write_index(self.index, str(path))
        return path.stat().st_size


class DuckVss:
    def __init__(self, width: int, count: int, m: int, ef_construction: int) -> None:
        import duckdb
        import duckdb_extension_vss

        self.width, self.parameters = width, f"metric = 'ip', M = {m}, ef_construction = {ef_construction}"
        self.folder = SCRATCH["folder"]
        self.connection = duckdb.connect(str(self.folder / "vss.duckdb"), config={"threads": THREADS})
        binary = next(Path(duckdb_extension_vss.__file__).parent.rglob("vss.duckdb_extension"))
        self.connection.execute(f"LOAD '{binary}'")
        self.connection.execute("SET hnsw_enable_experimental_persistence = true")
        self.connection.execute(f"CREATE TABLE rows (label BIGINT, vector FLOAT[{width}])")

    def add(self, first: int, rows: Any) -> None:
        import pyarrow as pa

        flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), self.width)
        table = pa.table({"label": np.arange(first, first + len(rows)), "vector": flat})
        self.connection.register("given", table)
        self.connection.execute("INSERT INTO rows SELECT * FROM given")
        self.connection.unregister("given")
        if not first:
            self.connection.execute(f"CREATE INDEX near ON rows USING HNSW (vector) WITH ({self.parameters})")

    def search(self, query: Any, ef: int) -> Any:
        self.connection.execute(f"SET hnsw_ef_search = {ef}")
        near = f"array_negative_inner_product(vector, ?::FLOAT[{self.width}])"
        # as text: a list of numbers takes 19 ms to bind there
        told = self.connection.execute(f"SELECT label FROM rows ORDER BY {near} LIMIT {K}", [str(query.tolist())])
        return np.array([label for (label,) in told.fetchall()])

    def take(self, labels: Any) -> bool:
        self.connection.execute("DELETE FROM rows WHERE label IN (SELECT unnest(?))", [labels.tolist()])
        return True

    def save(self, path: Path) -> int:
        self.connection.execute("CHECKPOINT")
        return (self.folder / "vss.duckdb").stat().st_size


class BruteForce:
    """Every vector, by numpy: M and ef mean nothing to it."""

    def __init__(self, width: int, count: int, m: int, ef_construction: int) -> None:
        self.rows = np.zeros((0, width), np.float32)

    def add(self, first: int, rows: Any) -> None:
        self.rows = np.concatenate([self.rows, rows])

    def search(self, query: Any, ef: int) -> Any:
        return np.argpartition(self.rows @ query, -K)[-K:]

    def take(self, labels: Any) -> bool:
        self.rows[labels] = 0
        return True

    def save(self, path: Path) -> int:
        np.save(path, self.rows)
        return path.with_name(path.name + ".npy").stat().st_size


LIBRARIES: dict[str, Any] = {
    "usearch": Usearch,
    "hnswlib": Hnswlib,
    "faiss-cpu": Faiss,
    "duckdb-extension-vss": DuckVss,
    "numpy": BruteForce,
}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    name, place, scratch, m, ef_construction, efs = sys.argv[1:]
    folder, SCRATCH["folder"] = Path(place), Path(scratch)
    rows, new, queries, least = (np.load(folder / f"{part}.npy") for part in ("rows", "new", "queries", "least"))
    everything = np.concatenate([rows, new])
    began = time.perf_counter(), cpu_seconds()
    library: Library = LIBRARIES[name](rows.shape[1], len(everything), int(m), int(ef_construction))
    library.add(0, rows)
    told: dict[str, Any] = {"build_wall": time.perf_counter() - began[0], "build": cpu_seconds() - began[1]}
    told["bytes"] = library.save(SCRATCH["folder"] / "index")
    told["searches"] = {}
    for ef in map(int, efs.split(",")):
        best, found = [float("inf")] * len(queries), 0
        for turn in range(TIMES):
            for number, query in enumerate(queries):
                before = time.process_time_ns()
                labels = library.search(query, ef)
                best[number] = min(best[number], (time.process_time_ns() - before) / 1e6)
                if not turn:
                    found += int((everything[np.asarray(labels, np.int64)] @ query >= least[number] - 1e-5).sum())
        told["searches"][ef] = {"ms": float(np.median(best)), "recall": found / (K * len(queries))}
    before = cpu_seconds()
    library.add(len(rows), new)
    told["add"] = cpu_seconds() - before
    before = cpu_seconds()
    told["take"] = cpu_seconds() - before if library.take(np.arange(0, len(rows), len(rows) // len(new))) else None
    print(json.dumps(told))


if __name__ == "__main__":
    main()
