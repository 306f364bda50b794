"""Display names → stable pseudonyms that nobody without the key can undo or guess."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from uuid import UUID

import duckdb

ALIAS = "'member-' || left(replace(author_id::VARCHAR, '-', ''), 10)"
"""The SQL for the name under which an author is shown."""

_INVISIBLE = dict.fromkeys(
    [
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *(0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF),
    ]
)
_PHONE = re.compile(r"\+?[\d\s().\-\u2010-\u2013\u2212]{7,32}")


def normalised_name(name: str) -> str:
    """Return the form in which two spellings of one display name are equal.

    Compatibility-folded, case-folded, without invisible marks, the "~" before unsaved contacts, or a number's punctuation.
    """
    folded = unicodedata.normalize("NFKC", name).translate(_INVISIBLE).casefold()
    folded = " ".join(folded.lstrip("~ ").split())
    return "".join(str(int(digit)) for digit in folded if digit.isdecimal()) if _PHONE.fullmatch(folded) else folded


def author_id(key: bytes, platform: str, name: str) -> UUID:
    """Return the 128-bit pseudonym of a person on one platform: HMAC-SHA256, cut."""
    digest = hmac.digest(key, f"{platform}\0{normalised_name(name)}".encode(), hashlib.sha256)
    return UUID(bytes=digest[:16])


def native_author_id(key: bytes, platform: str, native_id: str) -> UUID:
    """Return the 128-bit pseudonym of a person whom the platform has given an id, which is taken letter for letter."""
    digest = hmac.digest(key, f"{platform}\0id\0{native_id}".encode(), hashlib.sha256)
    return UUID(bytes=digest[:16])


def pseudonym(key: bytes, purpose: str, value: str, length: int = 8) -> str:
    """Return ``length`` hexadecimal digits that stand for ``value``, for names of things that could name a person."""
    return hmac.digest(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hex()[:length]


def rotated(identity: UUID, rotations: Iterable[bytes]) -> UUID:
    """Return the id of an author after these rotations of the key, oldest first: nobody without their keys can link both."""
    for key in rotations:
        identity = UUID(bytes=hashlib.md5(f"{key.hex()}\x1f{identity}".encode(), usedforsecurity=False).digest()[::-1])
    return identity


def define_rotated(connection: duckdb.DuckDBPyConnection, rotations: Iterable[bytes]) -> None:
    """Let SQL of this connection say ``rotated(id)``, as the function of that name; null stays null."""
    steps = "id"
    for key in rotations:
        steps = f"md5_number('{key.hex()}' || chr(31) || {steps}::VARCHAR)::UUID"
    connection.execute(f"CREATE OR REPLACE TEMP MACRO rotated(id) AS {steps}").fetchall()


def rotated_name(name: str, rotations: Iterable[bytes]) -> str:
    """Return ``chat-`` and a pseudonym after these rotations of the key, of the same length."""
    for key in rotations:
        name = f"chat-{pseudonym(key, 'rotated', name, len(name) - len('chat-'))}"
    return name
