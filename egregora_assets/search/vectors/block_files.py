"""The files of a generation while they are written: each block gets its checksum on the way."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egregora_assets.search.vectors import encoding
from egregora_assets.search.vectors.encoding import Bytes, Sums
from egregora_assets.search.vectors.generation import LARGE, Generation, RowNumbers, batches, entries, widths
from egregora_assets.search.vectors.manifest import Manifest, write_manifest
from egregora_assets.search.vectors.spec import Floats, Halves, Labels
from egregora_assets.warehouse import durable
from egregora_assets.warehouse.durable import write_all

_ROWS_AT_ONCE = 16_384


class BlockFile:
    """One file: what stands behind its ``count`` entries is cut, and what comes is written there and summed by blocks."""

    def __init__(self, path: Path, width: int, block_rows: int, count: int, checksums: list[int]) -> None:
        self.width, self.count, self.checksums, self.written = width, count, list(checksums), 0
        self._folder, self._block = path.parent, width * block_rows
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.lseek(self._file, width * count, os.SEEK_SET)

    def append(self, data: NDArray[Any]) -> None:
        """Write ``data`` and sum it."""
        if data.size:
            write_all(self._file, _bytes_of(data), self._folder)  # type: ignore[arg-type]
            self.written += data.nbytes
            self.include(data)

    def include(self, data: NDArray[Any]) -> None:
        """Sum what stands in the file already."""
        content, start = _bytes_of(data) if data.size else memoryview(b""), 0
        while start < len(content):
            filled = self.count * self.width % self._block
            part = content[start : start + self._block - filled]
            if filled:
                self.checksums[-1] = zlib.crc32(part, self.checksums[-1])
            else:
                self.checksums.append(zlib.crc32(part))
            self.count += len(part) // self.width
            start += len(part)

    def force(self) -> None:
        if self.written:
            durable.force(self._file)

    def close(self) -> None:
        os.close(self._file)


class Writing:
    """Rows on their way into a generation; they are there for readers after ``finish``."""

    def __init__(self, folder: Path, manifest: Manifest, centre: Floats, files: dict[str, BlockFile]) -> None:
        self.folder, self.manifest, self.centre, self.files = folder, manifest, centre, files

    @property
    def bytes(self) -> int:
        """How many bytes were written."""
        return sum(file.written for file in self.files.values())

    def add(self, labels: Labels, vectors: Halves) -> None:
        """Put new rows behind those that are there."""
        for part in batches(np.arange(len(labels)), _ROWS_AT_ONCE):
            rows = encoding.padded(vectors[part], len(self.centre))
            self._put(labels[part], rows, encoding.signs(rows, self.centre), encoding.sums(labels[part], rows))

    def copy(self, other: Generation, rows: RowNumbers) -> None:
        """Put rows of another generation behind those that are there."""
        for part in batches(rows, _ROWS_AT_ONCE):
            labels, sums = other.labels.take(part), other.sums.take(part)
            self._put(labels, other.vectors.take(part, 0), other.codes.take(part, 0), sums)

    def take_over(self, labels: Labels, rows: Halves) -> None:
        """Add what goes with ``rows`` that stand in their file already."""
        for part in batches(np.arange(len(labels)), _ROWS_AT_ONCE):
            first, end = int(part[0]), int(part[-1]) + 1
            here = encoding.padded(rows[first:end], rows.shape[1])
            self.files[LARGE].include(here)
            self._put(labels[part], None, encoding.signs(here, self.centre), encoding.sums(labels[part], here))

    def bury(self, rows: RowNumbers) -> None:
        """Take rows out, and leave them where they are."""
        self.files["dead"].append(rows.astype("<i8"))

    def finish(self) -> Manifest:
        """Force what was written to disk, and let the manifest say so."""
        for file in self.files.values():
            file.force()
        durable.force_folder(self.folder)
        counts = {name: file.count for name, file in self.files.items()}
        blocks = {name: file.checksums for name, file in self.files.items()}
        told = replace(self.manifest, rows=counts["labels"], dead=counts["dead"], blocks=blocks)
        write_manifest(self.folder, told)
        return told

    def _put(self, labels: Labels, rows: Halves | None, codes: Bytes, sums: Sums) -> None:
        self.files["labels"].append(labels.astype("<i8"))
        if rows is not None:
            self.files[LARGE].append(rows)
        self.files["codes"].append(codes)
        self.files["sums"].append(sums.astype("<u8"))


@contextmanager
def writing_into(folder: Path, manifest: Manifest, centre: Floats) -> Iterator[Writing]:
    """Open the files of a generation behind what ``manifest`` counts in them."""
    counts = entries(manifest)
    with ExitStack() as stack:
        files = {}
        for name, width in widths(len(centre)).items():
            block_rows = int(manifest.spec["block_rows"])
            count = counts[name] if manifest.blocks[name] else 0
            files[name] = BlockFile(folder / name, width, block_rows, count, manifest.blocks[name])
            stack.callback(files[name].close)
        yield Writing(folder, manifest, centre, files)


@contextmanager
def writing_anew(folder: Path, manifest: Manifest, centre: Floats) -> Iterator[Writing]:
    """Make the files of a new generation, which has the ``centre`` and no rows yet."""
    blocks: dict[str, list[int]] = {name: [] for name in widths(len(centre))}
    empty = replace(manifest, generation=folder.name, rows=0, dead=0, blocks=blocks, graph=None)
    with writing_into(folder, empty, centre) as written:
        written.files["centre"].append(centre.astype("<f4"))
        yield written


def _bytes_of(data: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(data).data.cast("B")
