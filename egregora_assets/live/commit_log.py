"""The log of commits beside a DuckDB file, looked at before DuckDB is given it: what DuckDB would drop without a word.

A log is a head without checksum and records of a length, a checksum and so many bytes. Where the head is not as it should be,
or a length leads behind the end, DuckDB takes what follows for torn by a crash. It is not where a whole commit stands in it.
"""

from __future__ import annotations

import mmap
import re
import shutil
import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from egregora_assets.warehouse.connection import settle

_BYTE = rb"(?:[\0-\x7f]|[\x80-\xff]\x01)"
_HEAD = re.compile(rb"\x64\0\x62\x65\0\x02\x66\0\x10" + _BYTE + rb"{16}\x67\0[\x80-\xff]*[\0-\x7f]\xff\xff", re.DOTALL)
"""Type, version 2, the 16 bytes that name the database, and how many checkpoints it has had; numbers in groups of seven bits."""
_COMMITTED = bytes.fromhex("e7fe7d722fed3d5e640064ffff")
"""Checksum and bytes of the record that ends each commit. No text holds them, for they are no UTF-8."""
_RECORD = struct.Struct("<QQ")


def log_of(path: Path) -> Path:
    """Return where the log of a DuckDB file stands."""
    return path.with_name(path.name + ".wal")


def damage_of(path: Path) -> str | None:
    """Return what is wrong with the log of a DuckDB file that DuckDB would say nothing of; ``None`` where there is nothing.

    What it finds itself, by the checksums of records, is left to it.
    """
    log = log_of(path)
    if not log.exists() or not log.stat().st_size:
        return None
    with log.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as written:
        head = _HEAD.match(written)
        if head is None:
            lost = _COMMITTED in written[:] and _is_form_of_this_duckdb()
            return f"the head of {log.name} is damaged, and commits stand behind it" if lost else None
        torn = _end_of_whole(written, head.end())
        if written.find(_COMMITTED, torn) < 0:
            return None
        return f"entry at byte position {torn} of {log.name} has a wrong length, and commits stand behind it"


def mend_head(path: Path) -> bool:
    """Give the log of a DuckDB file the head that DuckDB writes for that file now; returns whether it had another.

    What stands behind the head is left as it is.
    """
    log = log_of(path)
    right = _head_for(path)
    with log.open("r+b") as file:
        if file.read(len(right)) == right:
            return False
        file.seek(0)
        file.write(right)
    return True


def _end_of_whole(written: mmap.mmap, begin: int) -> int:
    """Return where the first record begins that does not end within the log."""
    at = begin
    while at + _RECORD.size <= len(written):
        end = at + _RECORD.size + int(_RECORD.unpack_from(written, at)[0])
        if end > len(written):
            break
        at = end
    return at


def _is_form_of_this_duckdb() -> bool:
    """Whether the DuckDB that runs here writes its log as this module knows it; another one is not judged."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "empty.duckdb")
        return _HEAD.match(_log_of_a_commit(path)) is not None


def _head_for(path: Path) -> bytes:
    with TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        head = _HEAD.match(_log_of_a_commit(copy))
    if head is None:
        raise ValueError("this version of DuckDB writes its log in a form that is not known here")
    return head[0]


def _log_of_a_commit(path: Path) -> bytes:
    with duckdb.connect(str(path)) as connection:
        settle(connection)
        connection.execute("CREATE TABLE first_commit (one INTEGER)")
        return log_of(path).read_bytes()
