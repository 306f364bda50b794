"""Folders of files that are made from the warehouse (posts, profiles): whose they are, and how a file is put into one."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import duckdb

from egregora_assets.warehouse.durable import write_all
from egregora_assets.warehouse.revisions import warehouse_id

UNFINISHED = ".unfinished"
"""Stands in the folder from the first file that a pass writes until its rows are committed."""
SIGNED = ".warehouse"
"""Names the warehouse that the files were made from."""


log = logging.getLogger(__name__)


class PlaceTaken(OSError):
    """Something else stands where a file or folder has to be; the message says what to do."""


def own_folder(folder: Path) -> None:
    """Make ``folder`` if there is none, in the place of a link: what a link leads to is nobody's here, and stays as it is.

    Raises ``PlaceTaken``.
    """
    remove_link(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError) as error:
        raise PlaceTaken(
            f"{folder} has to be a folder, and a file stands there: move it away, and run again"
        ) from error


def remove_link(folder: Path) -> None:
    """Remove a link that stands in the place of a folder."""
    if folder.is_symlink():
        folder.unlink()
        log.warning(
            "%s was a link to another place: it is a folder now, and what the link led to is left alone", folder
        )


def begin(folder: Path) -> None:
    """Say that files in ``folder`` are being written, until it is signed. Raises ``PlaceTaken``."""
    write_if_changed(f"{folder}/{UNFINISHED}", b"")


def doubt(folder: Path) -> None:
    """Let the next pass remove what belongs to nothing, as after a pass that was cut short."""
    if folder.is_dir():
        (folder / UNFINISHED).touch()


def made_by_another(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Return whether the files come from a warehouse that has since been replaced, or from none. Makes the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signed = folder / SIGNED
    return signed.is_symlink() or not signed.is_file() or signed.read_bytes() != warehouse_id(connection).encode()


def sign(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Sign the files as this warehouse's, when a pass has finished: until then those of another may stand among them."""
    (folder / UNFINISHED).unlink(missing_ok=True)
    write_if_changed(f"{folder}/{SIGNED}", warehouse_id(connection).encode())


def write_if_changed(path: str, content: bytes) -> bool:
    """Make ``path`` hold ``content``; leave it untouched when it already does. What stood there goes only when all is written.

    A link is replaced, and what it leads to stays as it is. Raises ``StoreFull``, with nothing half written left, and
    ``PlaceTaken``.
    """
    try:
        _write(path, content, os.O_EXCL)
        return True
    except FileExistsError:
        pass
    try:
        return _replace(path, content)
    except IsADirectoryError as error:
        raise PlaceTaken(
            f"{error.filename} has to be a file, and a folder stands there: move it away, and run again"
        ) from error


def _replace(path: str, content: bytes) -> bool:
    if not Path(path).is_symlink() and _read(path) == content:
        return False
    partial = path + ".part"
    _write(partial, content, os.O_TRUNC | os.O_NOFOLLOW)
    os.replace(partial, path)
    return True


def _write(path: str, content: bytes, how: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
    try:
        write_all(file, content, path.rpartition("/")[0])
    except BaseException:
        Path(path).unlink()
        raise
    finally:
        os.close(file)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()
