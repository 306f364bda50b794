"""Small tables that the live service leaves beside its segments for the next run.

``SEGMENTS/<name>-<number>.parquet`` is whole or not there; who has taken it in removes it.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftTables:
    """Tables of one ``schema``. Where no run takes them in, the oldest go when there are more than ``most`` files.

    Files that are ``durable`` are on the disk when they are left.
    """

    name: str
    schema: pa.Schema
    most: int
    durable: bool = False

    def leave(self, folder: Path, table: pa.Table) -> None:
        """Leave a table for the next run. Raises ``OSError``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob(self._pattern))[: -self.most + 1]:
            old.unlink(missing_ok=True)
        for leftover in folder.glob(f".{self._pattern}.tmp"):  # of a disk that was full
            leftover.unlink(missing_ok=True)
        path = folder / f"{self.name}-{time.time_ns():020}.parquet"
        partial = path.with_name(f".{path.name}.tmp")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            pq.write_table(table.cast(self.schema), file)
            if self.durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)

    def waiting(self, folder: Path) -> list[Path]:
        """Return the files that wait, the oldest first."""
        return sorted(folder.glob(self._pattern)) if folder.is_dir() else []

    def read(self, paths: list[Path]) -> pa.Table:
        """Return the rows of the files; one that cannot be read is told of and left out."""
        found = [table for table in map(self._read, paths) if table is not None]
        return pa.concat_tables(found) if found else self.schema.empty_table()

    @property
    def _pattern(self) -> str:
        return f"{self.name}-*.parquet"

    def _read(self, path: Path) -> pa.Table | None:
        try:
            table = pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError, ValueError) as error:
            log.warning("%s cannot be read and is left out (%s)", path.name, type(error).__name__)
            return None
        return table if table.schema.equals(self.schema) else None
