"""What must be true of stored media."""

from __future__ import annotations

from pathlib import Path

import duckdb

from egregora_assets.config import Settings
from egregora_assets.media import public
from egregora_assets.media.sanitising import RECIPE, NotSanitised, sanitised
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction, watermark
from egregora_assets.warehouse.verdict import Verdict, no_rows


def objects_are_stored(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every media row has its bytes in the store, of the size the row says, but for what was erased."""
    store = MediaStore(settings.media_store)
    kept = "SELECT media_id, bytes FROM media ANTI JOIN media_erasures USING (media_id)"
    missing = sum(not store.holds(media_id, size) for media_id, size in rows(connection, kept))
    return Verdict(missing == 0, f"{missing} objects are missing or cut", {"missing": missing})


def members_are_accepted(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No file inside an archive had to be refused; the figures count the reasons."""
    refused = rows(connection, "SELECT rejected, count(*) FROM media_files WHERE rejected IS NOT NULL GROUP BY 1")
    total = sum(count for _, count in refused)
    return Verdict(total == 0, f"refused files: {total}", {"refused": total})


def published_copies_are_sanitised(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every published copy is there, has the bytes that its name says, and nothing is left in it to take out.

    Looks at what was written since it last passed.
    """
    consumer = "check:published_copies_are_sanitised"
    recipe, _, seen = watermark(connection, consumer).fingerprint.partition(" ")
    since = int(seen) if recipe == RECIPE else -1
    copies = public.look(connection, settings)
    damaged = {copy.public_id for copy in public.damaged(copies, since)}
    dirty = sum(
        not _is_sanitised(Path(copy.path), copy.mime)
        for copy in copies
        if copy.public_id not in damaged and copy.moment is not None and copy.moment > since
    )
    latest = public.newest(copies)
    if not damaged and not dirty and latest != since:
        with transaction(connection, consumer) as change:
            change.advance(f"{RECIPE} {latest}", even_unchanged=True)
    told = f"{len(damaged)} published files are missing or changed, {dirty} say more than they show (run `media_public` again)"
    return Verdict(not damaged and not dirty, told, {"damaged": len(damaged), "dirty": dirty})


def _is_sanitised(path: Path, mime: str) -> bool:
    data = path.read_bytes()
    try:
        return sanitised(mime, data).data == data
    except NotSanitised:
        return False


def media_can_be_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every shown picture, film or recording of a type that can be sanitised was; the figures count what is kept back by type."""
    kept = dict(
        rows(
            connection,
            "SELECT mime, count(*) FROM media_public WHERE is_shown AND public_id IS NULL GROUP BY mime ORDER BY mime",
        )
    )
    surprising = sum(count for mime, count in kept.items() if mime in public.ENDINGS)
    return Verdict(surprising == 0, f"files that are kept back: {sum(kept.values())}", kept)


def nothing_hidden_is_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each published copy is of a file that a message brought which everybody may see, and publishing is not turned off."""
    return no_rows(
        connection,
        f"SELECT count(*) FROM (FROM media_public WHERE is_shown) ANTI JOIN ({public.shown(settings)}) USING (media_id)",
        "published copies that no shown message brought",
    )


def links_lead_to_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each link from a message leads to a file that is known."""
    return no_rows(
        connection, "SELECT count(*) FROM message_media ANTI JOIN media USING (media_id)", "links to no file"
    )


def pictures_are_decoded(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every picture could be decoded; the figures count the others by type."""
    failed = rows(
        connection,
        "SELECT mime, count(*) FROM pictures JOIN media USING (media_id) WHERE failure IS NOT NULL GROUP BY mime ORDER BY mime",
    )
    total = sum(count for _, count in failed)
    return Verdict(total == 0, f"files that cannot be decoded: {total}", dict(failed))


def groups_follow_from_pairs(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Both sides of each pair of copies are in one group, and each group has one best copy."""
    return no_rows(connection, _UNGROUPED, "pairs of copies that are not in one group")


_UNGROUPED = """
    SELECT (
        SELECT count(*) FROM media_pairs p
        LEFT JOIN media_groups a ON a.media_id = p.media_id LEFT JOIN media_groups b ON b.media_id = p.other_id
        WHERE label <> 'similar' AND (a.group_id <> b.group_id OR a.group_id IS NULL OR b.group_id IS NULL)
    ) + (SELECT count(*) FROM (FROM media_groups SELECT group_id GROUP BY group_id HAVING count(*) FILTER (rank = 1) <> 1))
"""


def stored_files_are_sound(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No stored file was found lost or changed when it was last read."""
    found = rows(connection, "SELECT outcome, count(*) FROM media_checks WHERE outcome <> 'sound' GROUP BY outcome")
    total = sum(count for _, count in found)
    return Verdict(total == 0, f"files that are lost or damaged (`egregora media verify`): {total}", dict(found))
