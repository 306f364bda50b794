"""Media as Dagster assets: files, what decoding tells of them, copies of one picture, and what may be published."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.authors.assets import authors, clean_messages
from egregora_assets.chat.assets import messages
from egregora_assets.media import contact_sheet, import_folder, ingest, near_duplicates, pictures, public, upkeep
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse

_PREVIEWS = {
    "media": "SELECT mime, count(DISTINCT media_id) AS objects, count(*) AS files, count(*) - count(DISTINCT media_id) "
    "AS same_bytes FROM media JOIN media_files USING (media_id) GROUP BY mime ORDER BY mime",
    "message_media": "SELECT kind, count(*) AS files FROM message_media JOIN messages USING (message_id) GROUP BY kind "
    "ORDER BY kind",
}
_UPSTREAM = {"media": [messages.key], "message_media": [messages.key, dg.AssetKey("media")]}
_SAYS = {
    "media": "Files that came with messages, each kept once by the hash of its bytes, however often it was sent.",
    "message_media": "Which message brought which file.",
}


@dg.multi_asset(
    name="media_files",
    specs=[
        dg.AssetSpec(
            name,
            deps=deps,
            description=_SAYS[name],
            group_name="media",
            kinds={"duckdb", "file"},
            owners=OWNERS,
            code_version="2",
            automation_condition=dg.AutomationCondition.eager(),
        )
        for name, deps in _UPSTREAM.items()
    ],
    can_subset=True,
    pool=WRITER_POOL,
)
def media_files(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult[Any]]:
    """Read what is new in the archives of loaded exports: one pass gives the files and who sent them."""
    with warehouse.writer() as connection:
        changes = ingest.refresh(connection, warehouse.settings)
        linked = import_folder.link(connection)
        figures = {**asdict(changes), "missing": len(changes.missing), "linked_from_folders": linked}
        for name, preview in _PREVIEWS.items():
            if dg.AssetKey(name) in context.selected_asset_keys:
                result = described(connection, name, preview, figures)
                yield result._replace(asset_key=dg.AssetKey(name))


@dg.asset(
    group_name="media",
    kinds={"duckdb", "file"},
    owners=OWNERS,
    deps=["media", "message_media", authors],
    pool=WRITER_POOL,
    code_version="2",
    automation_condition=dg.AutomationCondition.eager(),
)
def media_thumbnails(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """A thumbnail of each picture, its size, its date and a hash of what it shows; how long films and recordings last.

    Nothing of this is made or kept of files that only people who opted out have sent."""
    with warehouse.writer() as connection:
        changes = pictures.refresh(connection, warehouse.settings, MediaStore(warehouse.settings.media_store))
        preview = (
            "SELECT mime, count(*) AS files, count(failure) AS not_decoded, max(width) AS widest, sum(thumbnail_bytes) "
            "AS thumbnail_bytes FROM pictures JOIN media USING (media_id) GROUP BY mime ORDER BY mime"
        )
        return described(connection, "pictures", preview, asdict(changes))


@dg.asset(
    group_name="media",
    kinds={"duckdb"},
    owners=OWNERS,
    deps=[media_thumbnails],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def media_duplicates(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Pictures that are copies of one, with the best copy of each first; what only looks alike is shown and not grouped."""
    settings = warehouse.settings
    with warehouse.writer() as connection:
        changes = near_duplicates.refresh(connection)
        contact_sheet.write(connection, settings)
        preview = "SELECT label, count(*) AS pairs FROM media_pairs GROUP BY label ORDER BY label"
        groups = dg.MetadataValue.md(contact_sheet.as_markdown(connection))
        sheet = dg.MetadataValue.path(str(contact_sheet.path_of(settings)))
        shown = {
            **asdict(changes),
            "same_bytes": contact_sheet.sent_again(connection),
            "groups": groups,
            "contact_sheet": sheet,
        }
        return described(connection, "media_pairs", preview, shown)


@dg.asset(
    group_name="media",
    kinds={"duckdb", "file"},
    owners=OWNERS,
    deps=["message_media", media_thumbnails, clean_messages],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=dg.AutomationCondition.eager(),
)
def media_public(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Copies without place, time, device or any other word of their maker: the only media that are ever published."""
    with warehouse.writer() as connection:
        changes = public.refresh(connection, warehouse.settings, config.full_refresh)
        preview = (
            "SELECT mime, count(public_id) AS published, count(*) - count(public_id) AS not_sanitised, sum(bytes) AS bytes "
            "FROM media_public WHERE is_shown GROUP BY mime ORDER BY mime"
        )
        return described(connection, "media_public", preview, asdict(changes))


@dg.asset(
    group_name="media",
    kinds={"duckdb", "file"},
    owners=OWNERS,
    deps=["media"],
    pool=WRITER_POOL,
    code_version="1",
)
def media_verification(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Reads a thirtieth of the stored files each time, those first that were read longest ago, and asks whether they are whole."""
    with warehouse.writer() as connection:
        found = upkeep.verify(connection, warehouse.settings)
        figures = {
            "checked": found.checked,
            "bytes": found.bytes,
            "missing": len(found.missing),
            "bad": len(found.bad),
            "unreadable": len(found.unreadable),
            "healed": len(found.healed),
        }
        preview = "SELECT outcome, count(*) AS files, min(checked_at) AS since FROM media_checks GROUP BY outcome ORDER BY outcome"
        return described(connection, "media_checks", preview, figures)
