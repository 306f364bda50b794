"""The secret keys of one home: readable by their owner only, never printed or published; and their change by a rotation.

``secret.key`` and the warehouse switch together: the new key stands in the file as ``pending`` until the warehouse's
transaction is committed, and the fingerprint in the warehouse tells after a crash which of the two holds.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from egregora_assets.warehouse.query import rows

_MODE = 0o600
_LEAST_BYTES = 32
_PREPARED = ".rekeyed"
"""Ends the names of files that take their place beside the key when a rotation is complete."""
_PARTIAL = ".part"


class KeyFileError(RuntimeError):
    """``secret.key`` cannot be used; the message says why and what to do."""


@dataclass(frozen=True, repr=False)
class Keys:
    """Two independent 256-bit keys: one makes author pseudonyms, the other message ids. And the keys of all rotations.

    Ids are keyed because a published hash of (time, author, text) would let anyone test guesses of what was scrubbed.
    ``author`` and ``message`` stay for ever: they make the ids that a person or message is known again by. What is stored
    and shown is that id passed through ``rotations``, oldest first. ``pending`` is a rotation that may not be complete.
    """

    author: bytes
    message: bytes
    rotations: tuple[bytes, ...] = ()
    pending: bytes | None = None

    @property
    def fingerprint(self) -> str:
        """What ties a warehouse to these keys, without ``pending``."""
        parts = b"".join([b"fingerprint", self.message, *self.rotations])
        return hmac.digest(self.author, parts, hashlib.sha256).hex()

    def settled(self) -> Keys:
        """Return these keys with the pending rotation as one that is complete."""
        return replace(self, rotations=(*self.rotations, *([self.pending] if self.pending else [])), pending=None)


def load_keys(path: Path) -> Keys:
    """Read the keys of ``path``, making the file on first use.

    Raises ``KeyFileError`` when the file is damaged or when others may read it.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        lines = [line.split(" ", 1) for line in path.read_text("ascii").splitlines() if " " in line]
        fields = {purpose: bytes.fromhex(key) for purpose, key in lines}
        rotations = tuple(bytes.fromhex(key) for purpose, key in lines if purpose == "rotation")
        keys = Keys(fields["author"], fields["message"], rotations, fields.get("pending"))
    except (KeyError, ValueError) as error:
        raise KeyFileError(f"{path} is damaged: restore it from a backup, or delete it and the warehouse") from error
    if min(len(keys.author), len(keys.message), *map(len, keys.settled().rotations)) < _LEAST_BYTES:
        raise KeyFileError(f"{path} holds a key shorter than {_LEAST_BYTES} bytes: restore it from a backup")
    return keys


def warehouse_keys(connection: duckdb.DuckDBPyConnection, path: Path) -> Keys:
    """Return the keys of ``path``, which are those of the warehouse; a rotation that was cut short is settled.

    Raises ``KeyFileError`` when they are not, and when the file of a warehouse that has keys is missing.
    """
    return _keys_of(path, _known_fingerprint(connection))


def refuse_other_keys(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise ``KeyFileError`` when the warehouse has keys and ``path`` does not hold them; makes no file."""
    known = _known_fingerprint(connection)
    if known is not None:
        _keys_of(path, known)


def _keys_of(path: Path, known: str | None) -> Keys:
    """Return the keys of ``path``, which are those of a warehouse with this fingerprint, if it has one."""
    if known is not None and not path.exists():
        raise KeyFileError(f"{path} is missing: put the key back that made this warehouse, or move the warehouse away")
    keys = load_keys(path)
    for partial in (path.with_name(f".{path.name}{_PARTIAL}"), *path.parent.glob(f".*{_PREPARED}{_PARTIAL}")):
        partial.unlink(missing_ok=True)
    if keys.pending is not None:
        keys = _settle(path, keys, known)
    if known is not None:
        _refuse_others(keys, known)
    return keys


def bind(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Tie the warehouse to these keys: another key would give everybody a second identity.

    Raises ``KeyFileError`` when the warehouse was made with other keys.
    """
    known = _known_fingerprint(connection)
    if known is None:
        connection.execute("INSERT INTO private.key_fingerprint VALUES (?)", [keys.fingerprint])
    else:
        _refuse_others(keys, known)


def with_new_rotation(keys: Keys) -> Keys:
    """Return the keys with a new pending one."""
    return replace(keys, pending=secrets.token_bytes(_LEAST_BYTES))


def begin_rotation(path: Path, pending: Keys) -> Keys:
    """Write the pending key into the file; return the keys as they will be. The warehouse must be bound to the others."""
    _write(path, pending)
    return pending.settled()


def prepare_file(path: Path, content: str) -> None:
    """Have ``content`` take the place of ``path``, a file beside the key, when and only when the pending rotation holds.

    Bytes that are no UTF-8 stand in ``content`` as surrogates.
    """
    _replace_durably(path.with_name(f".{path.name}{_PREPARED}"), content)


def hold_to(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Tie the warehouse to the keys after a rotation, as one part of the transaction that rotates all ids."""
    connection.execute("UPDATE private.key_fingerprint SET fingerprint = ?", [keys.fingerprint]).fetchall()


def _settle(path: Path, keys: Keys, known: str | None) -> Keys:
    """Put the key file right after a rotation: complete where the warehouse has been rotated, else as it was before."""
    before, after = replace(keys, pending=None), keys.settled()
    if known not in (None, before.fingerprint, after.fingerprint):
        return before
    is_complete = known == after.fingerprint
    for prepared in _prepared_files(path):
        if is_complete:
            os.replace(prepared, prepared.with_name(prepared.name[1 : -len(_PREPARED)]))
        else:
            prepared.unlink()
    settled = after if is_complete else before
    _write(path, settled)
    return settled


def _prepared_files(path: Path) -> Iterator[Path]:
    yield from sorted(path.parent.glob(f".*{_PREPARED}"))


def _known_fingerprint(connection: duckdb.DuckDBPyConnection) -> str | None:
    known = rows(connection, "SELECT fingerprint FROM private.key_fingerprint")
    return str(known[0][0]) if known else None


def _refuse_others(keys: Keys, known: str) -> None:
    if known == keys.fingerprint:
        return
    earlier = (replace(keys, rotations=keys.rotations[:count]) for count in range(len(keys.rotations)))
    if any(known == key.fingerprint for key in earlier):
        raise KeyFileError(
            "this warehouse is from before the last rotation of secret.key: "
            "put back the warehouse of after it, or the key file of before it"
        )
    raise KeyFileError(
        "secret.key is not the key that made this warehouse, or a copy from before its last rotation: "
        "put the right one back, or move the warehouse away"
    )


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    _write_privately(temporary, _lines(Keys(secrets.token_bytes(_LEAST_BYTES), secrets.token_bytes(_LEAST_BYTES))))
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process made it in the meantime: theirs is the key
    finally:
        temporary.unlink()


def _lines(keys: Keys) -> str:
    named = [("author", keys.author), ("message", keys.message), *(("rotation", key) for key in keys.rotations)]
    named += [("pending", keys.pending)] if keys.pending else []
    return "".join(f"{purpose} {key.hex()}\n" for purpose, key in named)


def _write(path: Path, keys: Keys) -> None:
    _replace_durably(path, _lines(keys))


def _replace_durably(path: Path, content: str) -> None:
    """Put ``content`` in the place of ``path``. Only whoever has the warehouse open does, so nobody else writes beside it."""
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    partial.unlink(missing_ok=True)
    _write_privately(partial, content)
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_privately(path: Path, content: str) -> None:
    """Make a file that only its owner can read, forced to disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
