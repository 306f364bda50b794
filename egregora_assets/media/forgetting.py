"""Files that must not be on the disk any more, on a person's word: the bytes, and all that was made from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from egregora_assets.config import Settings
from egregora_assets.media import garbage, pictures, public
from egregora_assets.media.errors import UnknownFile
from egregora_assets.media.store import MediaStore, is_object_name
from egregora_assets.warehouse.query import rows

_SHORTEST = 8


@dataclass(frozen=True)
class Forgotten:
    """What went: ``erasure`` is of the store; ``withdrawn`` published copies are gone too."""

    erasure: garbage.Erasure
    withdrawn: int


def meant(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> list[str]:
    """Return the ids that begin as ``names`` do. Raises ``UnknownFile`` for one that is too short, or means none or several."""
    return sorted({_meant(connection, name.lower()) for name in names})


def _meant(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    if is_object_name(name):
        return name
    if len(name) < _SHORTEST:
        raise UnknownFile(f"{name!r} is too short for an id: give at least its first {_SHORTEST} letters")
    found = rows(connection, "SELECT media_id FROM media WHERE starts_with(media_id, ?)", [name])
    if len(found) != 1:
        count = "several files begin" if found else "no file begins"
        raise UnknownFile(
            f"{count} with {name!r}: `egregora media duplicates --json` and the table `media` have whole ids"
        )
    return str(found[0][0])


def forget(connection: duckdb.DuckDBPyConnection, settings: Settings, media_ids: Iterable[str]) -> Forgotten:
    """Remove files for good and at once, with facts, thumbnails and published copies; no later run makes them again.

    A run that is cut short leaves the rest to the next runs of ``media_thumbnails`` and ``media_public``. See
    ``garbage.forget`` for what stays.
    """
    erasure = garbage.forget(connection, settings, media_ids)
    pictures.take_away_hidden(connection, MediaStore(settings.media_store))
    return Forgotten(erasure, public.withdraw(connection, settings))
