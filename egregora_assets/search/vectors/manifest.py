"""What a generation says of itself, and which generation is the current one.

Checksums are CRC-32 of the standard library: two gigabytes a second, and each changed byte, or burst of four, is found for
certain. It guards against disks, not against people, who can write what they like into their own index.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from egregora_assets.search.vectors.spec import FORMAT, IndexDamaged, IndexMissing, IndexSpec, IndexStale
from egregora_assets.warehouse.durable import write_whole

CURRENT = "CURRENT"
MANIFEST = "manifest"
_NAME = re.compile("[0-9]{8}-[0-9a-f]{8}")
_LIBRARIES = ("numpy", "numkong", "usearch")
_LARGEST = 64 << 20


@dataclass(frozen=True)
class Graph:
    """The file of a graph over the first ``rows`` rows; ``library`` is the version that wrote it."""

    file: str
    rows: int
    bytes: int
    checksum: int
    library: str


@dataclass(frozen=True)
class Manifest:
    """One generation: ``rows`` of which ``dead`` are taken out, all that the log said up to ``applied_seq``.

    ``blocks`` holds for each file the checksums of its blocks, the last one as far as it is filled.
    """

    generation: str
    spec: dict[str, Any]
    mark: str
    applied_seq: int
    rows: int
    dead: int
    blocks: dict[str, list[int]]
    graph: Graph | None
    libraries: dict[str, str]
    format: int = FORMAT


def spec_as_told(spec: IndexSpec) -> dict[str, Any]:
    """Return the specification as a manifest has it: of the centre its checksum, the numbers stand in a file."""
    told = asdict(spec)
    told["centre"] = zlib.crc32(spec.centre_or_zero.tobytes())
    return told


@functools.cache
def libraries() -> dict[str, str]:
    """Return the versions of what makes and reads the files."""
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make the generation in ``folder`` what ``manifest`` says; all its files have to be on the disk."""
    write_whole(folder / MANIFEST, _signed(json.dumps(asdict(manifest), sort_keys=True, indent=1).encode()))


def read_manifest(folder: Path) -> Manifest:
    """Return what the generation says of itself. Raises ``IndexDamaged``, ``IndexStale`` or ``FileNotFoundError``."""
    told = json.loads(_unsigned(folder / MANIFEST))
    if told.get("format") != FORMAT:
        raise IndexStale(f"the index has format {told.get('format')}, and this version writes {FORMAT}")
    graph = told.pop("graph")
    manifest = Manifest(graph=None if graph is None else Graph(**graph), **told)
    if manifest.generation != folder.name:
        raise IndexDamaged(f"the manifest of generation {manifest.generation} stands in {folder}")
    return manifest


def write_current(folder: Path, generation: str) -> None:
    """Let readers find this generation from now on."""
    write_whole(folder / CURRENT, _signed(generation.encode()))


def read_current(folder: Path) -> str:
    """Return the name of the generation that readers find. Raises ``IndexMissing`` or ``IndexDamaged``."""
    try:
        name = _unsigned(folder / CURRENT).decode("ascii")
    except FileNotFoundError:
        raise IndexMissing(f"there is no index in {folder} yet: materialise `hnsw_index`") from None
    if not _NAME.fullmatch(name):
        raise IndexDamaged(f"{folder / CURRENT} names no generation")
    return name


def generations(folder: Path) -> list[str]:
    """Return the names of all generations in the folder, also of those that nobody finished."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _NAME.fullmatch(path.name))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of a file that is there and cannot be read that it is damaged. Raises ``IndexDamaged`` or ``FileNotFoundError``."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read: {error.strerror}") from error


def _signed(content: bytes) -> bytes:
    return f"{zlib.crc32(content):08x}\n".encode() + content


def _unsigned(path: Path) -> bytes:
    with reading(path), path.open("rb") as file:
        read = file.read(_LARGEST)
    content = read[9:]
    if _signed(content) != read:
        raise IndexDamaged(f"{path} is not what was written")
    return content
