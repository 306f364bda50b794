"""``identities.toml``: which authors are one person, and which must never be taken for one, as the memory's owner says.

No author becomes another: ``private.persons`` says under whose id a person is shown, and what is taken out of the file is
undone by the next run. What the file says is applied to the letter; an identity that is not known is told and left alone.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import duckdb
import pyarrow as pa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from egregora_assets.config import Settings, SettingsError, in_plain_words
from egregora_assets.privacy.keys import Keys, warehouse_keys
from egregora_assets.privacy.pseudonyms import author_id, native_author_id, normalised_name, rotated
from egregora_assets.warehouse.query import changed, rows, scalar, view_of
from egregora_assets.warehouse.revisions import Transaction

_ALIAS = re.compile(r"member-[0-9a-f]{10}")
_NAMED = re.compile(r"([a-z][a-z0-9_-]*):(.*\S.*)", re.DOTALL)
_KEYS = {"person": "`name` and `is`", "split": "`between`"}
TABLES = ("private.persons", "private.author_splits")


class IdentitiesError(SettingsError):
    """``identities.toml`` cannot be used; the message says which entry and why, and names nobody."""


def _identity(text: str) -> str:
    if not _ALIAS.fullmatch(text) and not _NAMED.fullmatch(text):
        raise ValueError(
            "write it as `platform:name`, `platform:id` or `member-…`, such as `whatsapp:+351 912 000 000`"
        )
    return text


_Identity = Annotated[str, AfterValidator(_identity)]


class Person(BaseModel):
    """One person's identities. ``name`` is for the owner's eyes and stands nowhere else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    identities: tuple[_Identity, ...] = Field(alias="is", min_length=1)


class Split(BaseModel):
    """Two identities that are two people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    between: tuple[_Identity, _Identity]


class Identities(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: tuple[Person, ...] = ()
    split: tuple[Split, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A name for what the file says about who is who; empty where it says nothing."""
        said = repr([[person.identities for person in self.person], [split.between for split in self.split]])
        return hashlib.sha256(said.encode()).hexdigest()[:16] if self.person or self.split else ""


@dataclass(frozen=True)
class Resolved:
    """What the file says of known authors.

    ``persons`` are the ids under which authors are shown, ``unmatched`` the places in the file of identities that are of
    no author or of several, ``places`` those of authors who are named in a person.
    """

    persons: dict[UUID, UUID]
    splits: set[tuple[UUID, UUID]]
    unmatched: tuple[str, ...]
    places: dict[UUID, str]


def read_identities(path: Path) -> Identities:
    """Read the file; where there is none, nothing is said. Raises ``IdentitiesError`` with the entry that is wrong."""
    if not path.exists():
        return Identities()
    try:
        return Identities.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except ValidationError as error:
        raise IdentitiesError(f"{path}: {_first_problem(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise IdentitiesError(f"{path} is not valid TOML: {error}") from None


def apply(change: Transaction, settings: Settings, given: Identities) -> tuple[str, ...]:
    """Let ``private.persons`` and ``private.author_splits`` say what ``given`` does; return which identities are of no author.

    Runs when the authors are up to date. What is said already is not touched. Raises ``IdentitiesError``.
    """
    connection = change.connection
    said = " OR ".join(f"EXISTS (FROM {table})" for table in TABLES)
    if not given.fingerprint and not scalar(connection, f"SELECT {said}"):
        return ()
    resolved = resolve(connection, settings, given)
    if _replace(change, "private.persons", ("author_id", "person_id"), resolved.persons.items()):
        note = "INSERT INTO erasures VALUES ('who is who has changed', 0, ?)"
        changed(connection, note, [change.revision])
    _replace(change, "private.author_splits", ("author_id", "other_id"), resolved.splits)
    return resolved.unmatched


def resolve(connection: duckdb.DuckDBPyConnection, settings: Settings, given: Identities) -> Resolved:
    """Find the authors whom the file means; applies nothing. Raises ``IdentitiesError``."""
    if not given.fingerprint:
        return Resolved({}, set(), (), {})
    path, known, unmatched = settings.identities_path, Known(connection, settings), list[str]()
    persons: dict[UUID, UUID] = {}
    places: dict[UUID, str] = {}
    for number, person in enumerate(given.person, start=1):
        members = _found(known, person.identities, f"[[person]] {number}, `is`", unmatched)
        for member, place in members.items():
            if member in places:
                raise IdentitiesError(
                    f"{path}: {place} is the same author as {places[member]}: put all identities of a person together"
                )
        places |= members
        shown = next((member for member in members if member in known.writers), None)
        if shown and len(members) > 1:
            persons |= dict.fromkeys(members, shown)
    splits: set[tuple[UUID, UUID]] = set()
    for number, split in enumerate(given.split, start=1):
        sides = [
            _found(known, [side], f"[[split]] {number}, `between`", unmatched, item)
            for item, side in enumerate(split.between)
        ]
        if all(sides):
            splits |= _apart(path, number, persons, *(next(iter(side)) for side in sides))
    return Resolved(persons, splits, tuple(unmatched), places)


def _found(
    known: Known, identities: Iterable[str], where: str, unmatched: list[str], before: int = 0
) -> dict[UUID, str]:
    """Return the known ones of some identities with their places; put the places of the others into ``unmatched``.

    ``before`` counts the items that stand before these.
    """
    found: dict[UUID, str] = {}
    for item, identity in enumerate(identities, start=before + 1):
        place = f"{where} item {item}"
        authors = known.called(identity)
        if len(authors) == 1:
            found.setdefault(authors.pop(), place)
        else:
            unmatched.append(
                f"{place} is a name of {len(authors)} people: say which by `member-…`" if authors else place
            )
    return found


def _apart(path: Path, number: int, persons: dict[UUID, UUID], one: UUID, other: UUID) -> set[tuple[UUID, UUID]]:
    """Return all pairs of identities that a split keeps apart: those of both persons."""
    sides = [persons.get(side, side) for side in (one, other)]
    if sides[0] == sides[1]:
        raise IdentitiesError(
            f"{path}: [[split]] {number} keeps apart what is one author or one [[person]]: take one of both out"
        )
    ones, others = ({side, *(member for member, person in persons.items() if person == side)} for side in sides)
    return {(min(pair), max(pair)) for pair in itertools.product(ones, others)}


class Known:
    """The authors of the warehouse by what the file may call them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        self.writers: dict[UUID, str] = dict(rows(connection, "SELECT author_id, alias FROM authors"))
        names = rows(connection, "SELECT author_id, platform, raw_name FROM private.author_names")
        self._known = set(self.writers) | {identity for identity, _, _ in names}
        self._by_alias: dict[str, set[UUID]] = {}
        for identity, alias in self.writers.items():
            self._by_alias.setdefault(alias, set()).add(identity)
        self._by_name: dict[tuple[str, str], set[UUID]] = {}
        for identity, platform, name in names:
            self._by_name.setdefault((platform, normalised_name(name)), set()).add(identity)
        self._keys: Keys | None = warehouse_keys(connection, settings.key_path) if self._known else None

    def called(self, identity: str) -> set[UUID]:
        """Return the authors that go by an identity: one by its platform's id, else all that have ever had the name."""
        named = _NAMED.fullmatch(identity)
        if named is None:
            return set(self._by_alias.get(identity, ()))
        if self._keys is None:
            return set()
        platform, name = named[1], named[2]
        for make in (native_author_id, author_id):
            exact = rotated(make(self._keys.author, platform, name), self._keys.rotations)
            if exact in self._known:
                return {exact}
        return set(self._by_name.get((platform, normalised_name(name)), ()))

    def alias(self, author: UUID) -> str:
        """Return the name under which an author is shown."""
        return self.writers[author]

    def said_as(self, author: UUID, platform: str | None, name: str | None) -> str:
        """Return how the file may name an author: by the name where that means nobody else, by the alias otherwise."""
        named = f"{platform}:{name}"
        is_enough = platform and name and _NAMED.fullmatch(named) and self.called(named) == {author}
        return named if is_enough else self.alias(author)


def _replace(change: Transaction, table: str, columns: tuple[str, str], wanted: Iterable[tuple[UUID, UUID]]) -> bool:
    """Let a table of pairs hold ``wanted``; rows that it holds already stay as they are. Returns whether any changed."""
    pairs = [(str(one), str(other)) for one, other in wanted]
    data = pa.table(
        {column: pa.array([pair[place] for pair in pairs], pa.string()) for place, column in enumerate(columns)}
    )
    first, second = columns
    casts = f"SELECT {first}::UUID AS {first}, {second}::UUID AS {second} FROM wanted_pairs"
    gone = f"SELECT {first}, {second} FROM {table} EXCEPT {casts}"
    new = f"{casts} EXCEPT SELECT {first}, {second} FROM {table}"
    connection = change.connection
    with view_of(connection, "wanted_pairs", data):
        if not scalar(connection, f"SELECT EXISTS ({gone}) OR EXISTS ({new})"):
            return False
        revision = {"revision": change.revision}
        name = table.removeprefix("private.")
        changed(connection, f"INSERT INTO tombstones SELECT '{name}', {first}, $revision FROM ({gone})", revision)
        changed(connection, f"DELETE FROM {table} WHERE ({first}, {second}) IN ({gone})")
        changed(connection, f"INSERT INTO {table} SELECT *, $revision FROM ({new})", revision)
    return True


def _first_problem(error: ValidationError) -> str:
    """Say what is wrong and where, without the words that stand there: they may be names."""
    problem: Any = error.errors()[0]
    place = list(problem["loc"])
    wanted = in_plain_words(problem)
    if problem["type"] == "extra_forbidden":
        wanted = f"nothing but {_KEYS.get(place[0], '`[[person]]` and `[[split]]`')} stands here"
        place = place[:2] if len(place) > 2 else []
    if len(place) < 2 or not isinstance(place[1], int):
        return f"{place[0]}: {wanted}" if place else wanted
    where = f"[[{place[0]}]] {place[1] + 1}"
    where += f", `{place[2]}`" if len(place) > 2 else ""
    where += f" item {place[3] + 1}" if len(place) > 3 else ""
    return f"{where}: {wanted}"
