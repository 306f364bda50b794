"""What a number that was found is: a card, an account, a person's id, a phone. It decides how it is called, never whether it goes.

Runs over the found numbers only, as a vectorised function that SQL calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from duckdb.func import ARROW

from egregora_assets.warehouse.query import undone

MARK = "\u2064"
"""Stands around what SQL has found, in texts from which it was taken out before: it shows nothing."""
NAMED = "numbers_named"

_LONGEST_PHONE = 15
_SSN = re.compile(r"(?!000|666)[0-9]{3}([ \-/·•_])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}")
_NO_DIGIT, _NO_SIGN = re.compile("[^0-9]+"), re.compile("[^0-9A-Z]+")


@contextmanager
def naming(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let SQL of ``connection`` call ``numbers_named(text)``, as ``scrub`` does, for the length of the block."""
    with function(connection, NAMED, lambda texts: replaced(texts, lambda found: f"[{kind(found)}]")):
        yield


@contextmanager
def function(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    work: Callable[..., pa.Array],
    inputs: int = 1,
    result: str = "VARCHAR",
    is_dear: bool = False,
) -> Iterator[None]:
    """Let SQL call ``work``, from arrays of texts to an array, under ``name`` for the length of the block.

    Where a transaction that began before the block fails in it, the name stays taken. One that ``is_dear`` is never called ahead
    of the rows that need it, while a query is planned.
    """
    connection.create_function(name, work, ["VARCHAR"] * inputs, result, type=ARROW, side_effects=is_dear)
    with undone(connection, lambda: connection.remove_function(name)):
        yield


def replaced(texts: pa.ChunkedArray, name_of: Callable[[str], str]) -> pa.Array:
    """Return the texts with ``name_of`` of each piece that stands between two marks in its place.

    Called with what one vector of SQL's has of such texts, a few dozen: as many Arrow kernels cost more than splitting them.
    """
    whole = (text.split(MARK) for text in texts.to_pylist())
    return pa.array(["".join(_with_names(pieces, name_of)) for pieces in whole], pa.string())


def _with_names(pieces: list[str], name_of: Callable[[str], str]) -> list[str]:
    pieces[1::2] = map(name_of, pieces[1::2])
    return pieces


def kind(number: str) -> str:
    """Return the word for ``number``: ``iban``, ``card``, ``id``, ``phone``, or ``number`` where it is none of these.

    Only numbers in international form (``+`` or ``00``) are asked of the numbering plans: in any other form the country is
    not known, and what has as many digits as a phone number is taken for one.
    """
    folded = number if number.isascii() else "".join(map(_folded, number)).strip()
    digits = _NO_DIGIT.sub("", folded)
    if folded[0].isalpha():
        return "iban" if is_iban(_NO_SIGN.sub("", folded.upper())) else "number"
    if folded.startswith("+") or (digits.startswith("00") and len(digits) > 9 and not is_cpf(digits)):
        return "phone" if _is_possible_phone(digits.removeprefix("00")) else "number"
    if not folded.startswith(("(", "（")):
        if 13 <= len(digits) <= 19 and is_card(digits):
            return "card"
        if is_cpf(digits) or _SSN.fullmatch(folded):
            return "id"
    return "phone" if len(digits) <= _LONGEST_PHONE else "number"


def is_card(digits: str) -> bool:
    """Return whether the last digit is Luhn's check digit."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0 and len(set(digits)) > 1


def is_iban(compact: str) -> bool:
    """Return whether the remainder by 97 is that of an account number (ISO 13616)."""
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def is_cpf(digits: str) -> bool:
    """Return whether these are the eleven digits of a Brazilian taxpayer, with both check digits."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(
        sum(int(digit) * weight for digit, weight in zip(digits, range(place + 1, 1, -1), strict=False)) * 10 % 11 % 10
        == int(digits[place])
        for place in (9, 10)
    )


def _is_possible_phone(digits: str) -> bool:
    import phonenumbers  # most texts need none of its plans

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}")))
    except phonenumbers.NumberParseException:
        return False


def _folded(character: str) -> str:
    """Return a digit or letter of any width and script in ASCII, and any dash as a hyphen."""
    if character.isdecimal():
        return str(int(character))
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return (
        "-"
        if character in "\u2010\u2011\u2012\u2013\u2015\u2212\u2043\u30fc\uff70"
        else " "
        if character.isspace()
        else character
    )
