"""New media → what decoding tells of them: table ``pictures``, and a thumbnail of each in the store.

A thumbnail is stored before the row that says so, and some hundred files are one transaction: a run that is killed keeps
what it did, and the next one goes on there. What only people who opted out have sent is not decoded, and what was told of it
before is taken away: it comes back when they do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice

import duckdb
import pyarrow as pa

from egregora_assets.config import Settings
from egregora_assets.media import hidden
from egregora_assets.media.decoding import Facts, Job, decoded, has_recordings
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.query import changed, rows, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "pictures"
RECIPE = "2"
"""Names what is computed of each file, and how: with another one, all are computed again."""
THUMBNAILS = f"thumbnail-{RECIPE}"
"""The recipe under which the store keeps thumbnails (JPEG, at most 320 pixels wide and high, without metadata)."""
_FILES_AT_ONCE = 300

_FOUND = pa.schema(
    [
        ("media_id", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("orientation", pa.int8()),
        ("taken_at", pa.timestamp("us")),
        ("duration_seconds", pa.float64()),
        *((f"phash_{part}", pa.uint64()) for part in range(4)),
        ("signature", pa.binary()),
        ("picture_digest", pa.string()),
        ("thumbnail_bytes", pa.int32()),
        ("failure", pa.string()),
        ("recipe", pa.string()),
    ]
)

log = logging.getLogger(__name__)


@dataclass
class PictureChanges:
    """What one pass did. ``missing`` counts objects that are not in the store, or not what they were: the next pass tries again.

    ``hidden`` counts files whose facts were taken away, because only people who opted out have sent them.
    """

    decoded: int = 0
    failed: int = 0
    missing: int = 0
    gone: int = 0
    hidden: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, store: MediaStore) -> PictureChanges:
    """Decode what is new in ``media`` or was computed by another recipe; changes nothing when there is nothing new.

    A file that cannot be decoded is a row with the reason. Raises ``DecoderBroken`` where nothing can be decoded at all.
    """
    outcome = PictureChanges()
    with hidden.noted(connection) as hidden_now:
        _hide(connection, store, hidden_now, outcome)
        _forget(connection, outcome)
        results = decoded(_jobs(connection, store, outcome), settings.decoding)
        try:
            while some := list(islice(results, _FILES_AT_ONCE)):
                told = [(job, facts) for job, facts in some if facts.failure is None or store.is_whole(job.media_id)]
                _keep(connection, store, told)
                outcome.missing += len(some) - len(told)
                outcome.decoded += sum(facts.failure is None for _, facts in told)
                outcome.failed += sum(facts.failure is not None for _, facts in told)
        finally:
            results.close()
    return outcome


def take_away_hidden(connection: duckdb.DuckDBPyConnection, store: MediaStore) -> int:
    """Take away at once what was told of hidden files, and decode nothing; return how many rows went."""
    outcome = PictureChanges()
    with hidden.noted(connection) as hidden_now:
        _hide(connection, store, hidden_now, outcome)
    return outcome.hidden


def _recipes() -> tuple[str, str]:
    """Return the recipes of pictures and of recordings: those are tried again once they can be read."""
    return RECIPE, RECIPE if has_recordings() else f"{RECIPE} without recordings"


def _jobs(connection: duckdb.DuckDBPyConnection, store: MediaStore, outcome: PictureChanges) -> Iterator[Job]:
    """Return what is to be decoded, in the order of ids; asked at once, as the connection is used while it is read.

    What was told of an object that has since been found damaged and is whole again may be of other bytes: it is told anew.
    """
    pictures, recordings = _recipes()
    waiting = rows(
        connection,
        """
        WITH healed AS (
            SELECT media_id FROM media_checks c JOIN pictures p USING (media_id)
            WHERE c.outcome = 'sound' AND c.revision > p.revision
        )
        SELECT m.media_id, m.mime, m.bytes
        FROM (
            SELECT media_id, mime, bytes, if(mime LIKE 'image/%', $pictures, $recordings) AS recipe FROM media
            WHERE mime LIKE 'image/%' OR mime LIKE 'video/%' OR mime LIKE 'audio/%'
        ) m
        ANTI JOIN (SELECT media_id, recipe FROM pictures WHERE media_id NOT IN (FROM healed)) p
            ON p.media_id = m.media_id AND p.recipe = m.recipe
        ANTI JOIN hidden_media h ON h.media_id = m.media_id
        ORDER BY m.media_id
        """,
        {"pictures": pictures, "recordings": recordings},
    )
    return _present(waiting, store, outcome)


def _present(waiting: Iterable[tuple[str, str, int]], store: MediaStore, outcome: PictureChanges) -> Iterator[Job]:
    for media_id, mime, size in waiting:
        if store.holds(media_id, size):
            yield Job(media_id, store.path_of(media_id), mime)
        else:
            outcome.missing += 1


def _keep(connection: duckdb.DuckDBPyConnection, store: MediaStore, some: list[tuple[Job, Facts]]) -> None:
    with store.adding() as batch:
        for job, facts in some:
            if facts.thumbnail:
                batch.put_derived(THUMBNAILS, job.media_id, facts.thumbnail)
            if facts.failure:
                log.warning("%s: cannot be decoded: %s", job.media_id, facts.failure)
    pictures, recordings = _recipes()
    found = pa.Table.from_pylist(
        [_row(job, facts, pictures if job.mime.startswith("image/") else recordings) for job, facts in some], _FOUND
    )
    with transaction(connection, CONSUMER) as change, view_of(connection, "found", found):
        _take_away(change, "SELECT media_id FROM found")
        changed(
            connection, "INSERT INTO pictures BY NAME SELECT *, $revision AS revision FROM found", _revision_of(change)
        )


def _row(job: Job, facts: Facts, recipe: str) -> dict[str, object]:
    parts = [None] * 4 if facts.phash is None else [facts.phash[at : at + 8] for at in range(0, 32, 8)]
    return {
        **facts.model_dump(include={"width", "height", "orientation", "duration_seconds", "picture_digest", "failure"}),
        "media_id": job.media_id,
        "taken_at": facts.taken_at and datetime.fromisoformat(facts.taken_at),
        **{f"phash_{number}": part and int.from_bytes(part, "big") for number, part in enumerate(parts)},
        "signature": facts.signature,
        "thumbnail_bytes": facts.thumbnail and len(facts.thumbnail),
        "recipe": recipe,
    }


def _hide(connection: duckdb.DuckDBPyConnection, store: MediaStore, hidden_now: str, outcome: PictureChanges) -> None:
    """Take away what was told of hidden files: thumbnails first, and all of them whenever others are hidden than before.

    So what a run that was killed has left of one goes too, though no row tells of it.
    """
    with transaction(connection, CONSUMER) as change:
        if change.watermark().fingerprint == hidden_now:
            return
        hidden.remove_copies(connection, store)
        outcome.hidden = _take_away(change, "SELECT media_id FROM hidden_media")
        change.advance(hidden_now)


def _forget(connection: duckdb.DuckDBPyConnection, outcome: PictureChanges) -> None:
    """Take away the rows of media that are gone; their thumbnails are the store's to collect."""
    gone = "SELECT media_id FROM pictures ANTI JOIN media USING (media_id)"
    with transaction(connection, CONSUMER) as change, temporary(connection, "gone_media", gone) as count:
        if count:
            _take_away(change, "SELECT media_id FROM gone_media")
        outcome.gone = count


def _take_away(change: Transaction, media_ids: str) -> int:
    taken = f"FROM pictures WHERE media_id IN ({media_ids})"
    if not rows(change.connection, f"SELECT 1 {taken} LIMIT 1"):
        return 0
    columns = "media_id, phash_0, phash_1, phash_2, phash_3, picture_digest"
    changed(change.connection, f"INSERT INTO pictures_gone SELECT {columns}, $revision {taken}", _revision_of(change))
    return changed(change.connection, f"DELETE {taken}")


def _revision_of(change: Transaction) -> dict[str, object]:
    return {"revision": change.revision}
