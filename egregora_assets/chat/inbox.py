"""The inbox folder: which files are there, which have settled, and which of them the warehouse has not seen."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction
from egregora_assets.warehouse.upsert import insert_new

EXPORT_SUFFIXES = (".zip", ".txt", ".json", ".jsonl", ".ndjson", ".log")
CONSUMER = "chat_exports"
_BLOCK = 1 << 20

log = logging.getLogger(__name__)


FileState = tuple[int, int, int]
"""A file's inode, its bytes and its mtime in ns."""


@dataclass(frozen=True)
class InboxFile:
    """One file in the inbox. ``export_id`` is the sha256 of its bytes; ``state`` tells them from later ones."""

    path: Path
    export_id: str
    bytes: int
    state: FileState

    @property
    def name(self) -> str:
        """The file's name as text: bytes that are no UTF-8 become U+FFFD."""
        return _as_text(self.path.name)

    def has_changed(self) -> bool:
        """Return whether other bytes stand at ``path`` since they were hashed, or none."""
        try:
            return _state(self.path.stat()) != self.state
        except OSError:
            return True


def inbox_files(inbox: Path) -> list[Path]:
    """Return the export files of the inbox in order of name; hidden and half-written (``.part``) files are left out."""
    if not inbox.is_dir():
        return []
    return sorted(
        path
        for path in inbox.rglob("*")
        if path.suffix.lower() in EXPORT_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def state_of(inbox: Path) -> dict[str, tuple[int, int]]:
    """Return (bytes, mtime in ns) of every inbox file by name: what a sensor compares from tick to tick."""
    state: dict[str, tuple[int, int]] = {}
    for path in inbox_files(inbox):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # taken away between listing and looking
        state[str(path.relative_to(inbox))] = (status.st_size, status.st_mtime_ns)
    return state


def read_inbox(inbox: Path) -> list[InboxFile]:
    """Return every inbox file with the hash of its content; one that cannot be opened is left out, and told of."""
    return _hashed(inbox_files(inbox))


def _hashed(paths: Iterable[Path]) -> list[InboxFile]:
    found: list[InboxFile] = []
    for path in paths:
        try:
            found.append(InboxFile(path, *_hash(path)))
        except OSError as error:
            log.warning("%s: %s", path.name, error)
    return found


def registered_files(connection: duckdb.DuckDBPyConnection, inbox: Path, export_ids: list[str]) -> dict[str, InboxFile]:
    """Return where in the inbox the exports with these ids are, by id; those that have left it are missing.

    A file that has kept its name and size, and that nothing has touched since its export was registered, is not hashed
    again: that would take as long as reading all that is in it.
    """
    sql = (
        "SELECT export_id, file_name, bytes, epoch_us(registered_at) FROM exports WHERE list_contains($ids, export_id)"
    )
    registered = rows(connection, sql, {"ids": export_ids})
    by_size: dict[int, list[Path]] = {}
    for name, (size, _) in state_of(inbox).items():
        by_size.setdefault(size, []).append(inbox / name)
    found: dict[str, InboxFile] = {}
    for export_id, name, size, moment in registered:
        named = [path for path in by_size.get(size, []) if _as_text(path.name) == name]
        state = _untouched_since(named[0], moment) if len(named) == 1 else None
        if state is not None:
            found[export_id] = InboxFile(named[0], export_id, size, state)
    sizes = {size for export_id, _, size, _ in registered if export_id not in found}
    searched = (path for size in sizes for path in by_size.get(size, []))
    return {file.export_id: file for file in _hashed(searched) if file.export_id in export_ids} | found


def _untouched_since(path: Path, moment: int) -> FileState | None:
    """Return the state of a file of which neither bytes nor name have changed since ``moment``, in microseconds."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return _state(status) if max(status.st_mtime_ns, status.st_ctime_ns) < moment * 1000 else None


def _state(status: os.stat_result) -> FileState:
    return status.st_ino, status.st_size, status.st_mtime_ns


def register(connection: duckdb.DuckDBPyConnection, files: list[InboxFile]) -> int:
    """Note the files that the warehouse has not seen as ``waiting`` exports; return how many are new.

    The same bytes under two names are one export.
    """
    known = {export_id for (export_id,) in rows(connection, "SELECT export_id FROM exports")}
    fresh = [file for file in files if file.export_id not in known]
    if not fresh:
        return 0
    found = pa.table(
        {
            "export_id": [file.export_id for file in fresh],
            "file_name": [file.name for file in fresh],
            "bytes": [file.bytes for file in fresh],
        }
    )
    with transaction(connection, CONSUMER) as change:
        constants = {"status": "waiting", "registered_at": datetime.now(UTC), "revision": change.revision}
        return insert_new(connection, "exports", found, ["export_id"], constants)


def copy_into(inbox: Path, path: Path) -> Path:
    """Copy a file into the inbox under a name that is free, complete or not at all; return the copy's path.

    A folder (an unpacked export) becomes a ZIP, the same bytes each time.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    path = path.resolve()
    partial = inbox / f".{path.name}.{os.getpid()}.part"
    name = f"{path.name}.zip" if path.is_dir() else path.name
    try:
        if path.is_dir():
            _pack(path, partial)
        else:
            shutil.copyfile(path, partial)
        while True:
            target = _free_name(inbox, name, partial)
            if target.exists():
                return target
            with suppress(FileExistsError):  # another process took the name in between: look for the next
                os.link(partial, target)
                return target
    finally:
        partial.unlink(missing_ok=True)


def _as_text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _pack(folder: Path, target: Path) -> None:
    """Write the files of a folder as a ZIP without times; links and hidden files are left out."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            if file.is_file() and not file.is_symlink() and not any(part.startswith(".") for part in name.parts):
                with (
                    file.open("rb") as content,
                    archive.open(zipfile.ZipInfo(_as_text(name.as_posix())), "w", force_zip64=True) as member,
                ):
                    shutil.copyfileobj(content, member, _BLOCK)


def _free_name(inbox: Path, name: str, path: Path) -> Path:
    """Return where to put what is at ``path``: under ``name``, or a numbered one when another file of that name is there."""
    digest = _hash(path)[0]
    wanted, number = Path(name), 1
    while True:
        target = inbox / (name if number == 1 else f"{wanted.stem} ({number}){wanted.suffix}")
        if not target.exists() or _hash(target)[0] == digest:
            return target
        number += 1


def _hash(path: Path) -> tuple[str, int, FileState]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        state = _state(os.fstat(file.fileno()))
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size, state
