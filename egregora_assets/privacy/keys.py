"""The secret keys of one home: made once, readable by their owner only, never printed or published."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import duckdb

from egregora_assets.warehouse.query import rows

_MODE = 0o600


class KeyFileError(RuntimeError):
    """``secret.key`` cannot be used; the message says why and what to do."""


@dataclass(frozen=True, repr=False)
class Keys:
    """Two independent 256-bit keys: one makes author pseudonyms, the other message ids.

    Ids are keyed because a published hash of (time, author, text) would let anyone test guesses of what was scrubbed.
    """

    author: bytes
    message: bytes


def load_keys(path: Path) -> Keys:
    """Read the keys of ``path``, making the file on first use.

    Raises ``KeyFileError`` when the file is damaged or when others may read it.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} can be read by others: run `chmod 600 {path}`")
    try:
        fields = dict(line.split(" ", 1) for line in path.read_text("ascii").splitlines() if " " in line)
        keys = Keys(author=bytes.fromhex(fields["author"]), message=bytes.fromhex(fields["message"]))
    except (KeyError, ValueError) as error:
        raise KeyFileError(f"{path} is damaged: restore it from a backup, or delete it and the warehouse") from error
    if min(len(keys.author), len(keys.message)) < 32:
        raise KeyFileError(f"{path} holds a key shorter than 32 bytes: restore it from a backup")
    return keys


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"author {secrets.token_hex(32)}\nmessage {secrets.token_hex(32)}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass  # another process made it in the meantime: theirs is the key
    finally:
        temporary.unlink()


def bind(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Tie the warehouse to these keys: another key would give everybody a second identity.

    Raises ``KeyFileError`` when the warehouse was made with other keys.
    """
    fingerprint = hmac.digest(keys.author, b"fingerprint" + keys.message, hashlib.sha256).hex()
    known = rows(connection, "SELECT fingerprint FROM private.key_fingerprint")
    if not known:
        connection.execute("INSERT INTO private.key_fingerprint VALUES (?)", [fingerprint])
    elif known != [(fingerprint,)]:
        raise KeyFileError(
            "secret.key is not the key that made this warehouse: put the right one back, or move the warehouse away"
        )
