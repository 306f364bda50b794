"""DuckDB's own graph (extension ``vss``), in memory: for comparison, where that extension can be loaded.

It is never written to a file: a database with such an index grew from 240 MB to 1.5 GB by a few thousand new rows, and took
seconds to open after a crash. Filters are left to the bits: it looks for neighbours first, and filters what it found.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.bit_flat import BitFlat
from egregora_assets.search.vectors.generation import Generation, batches
from egregora_assets.search.vectors.spec import DEPTH, Floats, Hits, Labels
from egregora_assets.warehouse.connection import settle

EXPANSION_SEARCH = 128
_ROWS_AT_ONCE = 16_384


class VssUnavailable(RuntimeError):
    """This DuckDB has no extension ``vss`` at hand; nothing is fetched."""


class DuckVss:
    """All rows of a generation in a DuckDB of their own, which goes with this object."""

    answers = "DuckDB's graph in memory"

    def __init__(
        self, generation: Generation, extension: Path | str = "vss", expansion: int = EXPANSION_SEARCH
    ) -> None:
        self.generation, self.expansion = generation, expansion
        self._bits = BitFlat(generation)
        connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
        settle(connection)
        try:
            connection.load_extension(str(extension))
        except duckdb.Error as error:
            connection.close()
            raise VssUnavailable(f"DuckDB {duckdb.__version__} cannot load {extension}: {error}") from error
        self._connection = connection
        self._fill()

    def search(self, query: Floats, k: int, allow: Labels | None = None, depth: int = DEPTH) -> Hits:
        if allow is not None or 2 * k > self.expansion:
            return self._bits.search(query, k, allow, depth)
        direction = encoding.direction(query, self.generation.dimensions)
        asked = str(
            direction[: self.generation.dimensions].astype(np.float32).tolist()
        )  # a list takes far longer to bind
        near = f"array_negative_inner_product(vector, ?::FLOAT[{self.generation.dimensions}])"
        sql = f"SELECT row_no FROM near ORDER BY {near} LIMIT {self.expansion}"
        found = np.array([row for (row,) in self._connection.execute(sql, [asked]).fetchall()], np.int64)
        if len(found) < min(k, self.generation.live):
            return self._bits.search(query, k, allow, depth)
        return self.generation.exact(direction, found, k)

    def _fill(self) -> None:
        width, spec = self.generation.dimensions, self.generation.manifest.spec
        self._connection.execute(f"CREATE TABLE near (row_no BIGINT, vector FLOAT[{width}])")
        for part in batches(self.generation.live_rows(), _ROWS_AT_ONCE):
            rows = self.generation.vectors.take(part, 0)[:, :width].astype(np.float32)
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), width)
            self._connection.register("given", pa.table({"row_no": part, "vector": vectors}))
            self._connection.execute("INSERT INTO near SELECT * FROM given").fetchall()
            self._connection.unregister("given")
        parameters = f"metric = 'ip', M = {spec['connectivity']}, ef_construction = {spec['expansion_add']}"
        self._connection.execute(f"SET hnsw_ef_search = {self.expansion}")
        self._connection.execute(f"CREATE INDEX graph ON near USING HNSW (vector) WITH ({parameters})").fetchall()
