"""The files of the index of words: blocks that never change, and one small file that names them all and is replaced in one step.

A block holds the messages of a stretch of labels. It is made once, as a tantivy index of its own with one segment, and its files
are moved beside the others; what changed is a new block in place of the old one, so no byte of what was taken out stays behind.
``meta.json`` is tantivy's own list of segments, with ours in its payload: sizes, checksums, and what the index was made from.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import tantivy

from egregora_assets.search import tokens
from egregora_assets.warehouse.durable import remove, write_whole

FORMAT = "1"
META = "meta.json"
LOCK = ".lock"
BUILDING = ".building"
_WRITER_BYTES = 512 << 20
_READ_BYTES = 1 << 20
_ANALYZER = "folded"


class WordsMissing(Exception):
    """There is no index of words, or it was replaced while it was opened."""


class WordsDamaged(Exception):
    """The index of words is not what was written, or was written by another version: it has to be made anew."""


@dataclass(frozen=True)
class Block:
    """One stretch of labels. ``parity`` tells which messages in which form are in it; ``files`` have a size and a checksum each."""

    name: str
    first: int
    last: int
    rows: int
    parity: str
    files: dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Manifest:
    """What an index holds and was made from. ``made_with`` names all that would make another index of the same messages."""

    warehouse_id: str
    revision: int
    blocks: tuple[Block, ...] = ()
    made_with: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(block.rows for block in self.blocks)

    @property
    def name(self) -> str:
        """A name for what the index holds: the same blocks have the same."""
        return hashlib.sha256("".join(block.name for block in self.blocks).encode()).hexdigest()[:16]

    @property
    def bytes(self) -> int:
        return sum(size for block in self.blocks for size, _ in block.files.values())


def made_with() -> dict[str, str]:
    """Return the versions on which the bytes of an index depend."""
    return {"format": FORMAT, "tokens": tokens.VERSION, "tantivy": version("tantivy"), "duckdb": duckdb.__version__}


def schema() -> tantivy.Schema:
    """Return the fields: a label, which is all that can be read back, and words."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("label", indexed=True, fast=True)
    builder.add_text_field("words", tokenizer_name=_ANALYZER, index_option="position")
    return builder.build()


def prepare(index: tantivy.Index) -> None:
    """Tell an index how its words are told apart: they come folded, with spaces between them."""
    whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    index.register_tokenizer(_ANALYZER, whitespace.filter(tantivy.Filter.remove_long(4 * tokens.LONGEST + 1)).build())


def read_manifest(folder: Path) -> tuple[bytes, Manifest]:
    """Return the list of blocks, as bytes and as read. Raises ``WordsMissing`` or ``WordsDamaged``."""
    try:
        content = (folder / META).read_bytes()
    except FileNotFoundError as error:
        raise WordsMissing(str(folder)) from error
    except OSError as error:
        raise WordsDamaged(f"{folder / META} cannot be read: {error.strerror}") from error
    try:
        told = json.loads(json.loads(content)["payload"])["manifest"]
        blocks = tuple(
            Block(**{**block, "files": {suffix: tuple(seen) for suffix, seen in block["files"].items()}})
            for block in told.pop("blocks")
        )
        manifest = Manifest(blocks=blocks, **told)
        is_whole = content == _meta(json.loads(content), manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WordsDamaged(f"{folder / META} cannot be read") from error
    if not is_whole:
        raise WordsDamaged(f"{folder / META} is not as it was written")
    return content, manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a new list of blocks in the place of the old one: from here on it is what readers open."""
    write_whole(folder / META, _meta(_empty_meta(), manifest))


def write_block(folder: Path, found: Iterable[tuple[int, str]], first: int, last: int, rows: int, parity: str) -> Block:
    """Make a block of (label, words) in the order of labels, and move its files beside the others."""
    with _workshop(folder) as workshop:
        index = tantivy.Index(schema(), str(workshop))
        prepare(index)
        writer = index.writer(_WRITER_BYTES, 1)
        for label, words in found:
            writer.add_document(tantivy.Document(label=label, words=words))
        writer.commit()
        writer.wait_merging_threads()
        (segment,) = json.loads((workshop / META).read_bytes())["segments"]
        if segment["max_doc"] != rows:
            raise RuntimeError(f"{segment['max_doc']:,} of {rows:,} messages were read")
        made = sorted(workshop.glob(segment["segment_id"].replace("-", "") + ".*"))
        files = {path.suffix[1:]: (path.stat().st_size, checksum(path)) for path in made}
        name = hashlib.sha256(json.dumps([first, last, files]).encode()).hexdigest()[:32]
        for path in made:
            place = folder / (name + path.suffix)
            if place.is_dir():
                remove(place)
            os.replace(path, place)
    return Block(name, first, last, rows, parity, files)


def sweep(folder: Path, manifest: Manifest | None) -> int:
    """Remove every file that is not the index's: old blocks, and what a killed process has left. Returns how many."""
    wanted = {META, LOCK, *(path.name for path in files_of(folder, manifest))} if manifest else {LOCK}
    removed = 0
    for entry in list(os.scandir(folder)):
        if entry.name not in wanted:
            removed += 1
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                Path(entry.path).unlink()
    return removed


def files_of(folder: Path, manifest: Manifest) -> Iterator[Path]:
    """Yield the files of all blocks."""
    for block in manifest.blocks:
        for suffix in block.files:
            yield folder / f"{block.name}.{suffix}"


def names_allowed(folder: Path) -> set[str]:
    """Return the names of all files that belong to the index in a folder."""
    try:
        _, manifest = read_manifest(folder)
    except (WordsMissing, WordsDamaged):
        return {LOCK}
    return {META, LOCK, *(path.name for path in files_of(folder, manifest))}


_sound: set[tuple[str, str, int, int]] = set()
"""Files that this process has found sound, with inode and time: what has neither changed is not read again."""


def damaged_files(folder: Path, manifest: Manifest, *, again: bool = False) -> list[str]:
    """Return the names of files that are not what was written; ``again`` reads those too that were sound before."""
    found = []
    for block in manifest.blocks:
        for suffix, (size, expected) in block.files.items():
            path = folder / f"{block.name}.{suffix}"
            try:
                state = path.stat()
                known = (str(path), expected, state.st_ino, state.st_mtime_ns)
                if state.st_size == size and ((known in _sound and not again) or checksum(path) == expected):
                    _sound.add(known)
                    continue
            except OSError:
                pass  # a file that is not there, or cannot be read, is damaged like any other
            found.append(path.name)
    return found


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers out for the block; waits for one that is there, which takes no longer than a refresh."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    workshop = folder / BUILDING
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


@functools.cache
def _empty_meta() -> dict[str, Any]:
    """Return tantivy's list of an index with no segment."""
    with tempfile.TemporaryDirectory() as folder:
        tantivy.Index(schema(), folder)
        meta: dict[str, Any] = json.loads(Path(folder, META).read_bytes())
        return meta


def _meta(meta: dict[str, Any], manifest: Manifest) -> bytes:
    """Return tantivy's list with the segments, the number and the payload that follow from ours, and all else as it is."""
    segments = [
        {"segment_id": str(uuid.UUID(block.name)), "max_doc": block.rows, "deletes": None} for block in manifest.blocks
    ]
    kept = {name: meta[name] for name in ("index_settings", "schema")}
    told = asdict(manifest)
    payload = json.dumps({"manifest": told, "checksum": hashlib.sha256(json.dumps([kept, told]).encode()).hexdigest()})
    return json.dumps({**kept, "segments": segments, "opstamp": manifest.revision, "payload": payload}).encode()
