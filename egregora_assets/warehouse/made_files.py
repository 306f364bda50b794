"""Folders of files that are made from the warehouse (posts, profiles): whose they are, and how a file is put into one."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from egregora_assets.warehouse.revisions import warehouse_id

UNFINISHED = ".unfinished"
"""Stands in the folder from the first file that a pass writes until its rows are committed."""
SIGNED = ".warehouse"
"""Names the warehouse that the files were made from."""


def doubt(folder: Path) -> None:
    """Let the next pass remove what belongs to nothing, as after a pass that was cut short."""
    if folder.is_dir():
        (folder / UNFINISHED).touch()


def made_by_another(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Return whether the files come from a warehouse that has since been replaced; sign them as this one's."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write_if_changed(f"{folder}/{SIGNED}", warehouse_id(connection).encode())


def write_if_changed(path: str, content: bytes) -> bool:
    """Make ``path`` hold ``content``; leave it untouched when it already does. What stood there goes only when all is written."""
    try:
        _write(path, content, os.O_EXCL)
        return True
    except FileExistsError:
        if _read(path) == content:
            return False
    partial = path + ".part"
    _write(partial, content, os.O_TRUNC)
    os.replace(partial, path)
    return True


def _write(path: str, content: bytes, how: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb", buffering=0) as file:
        file.write(content)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()
