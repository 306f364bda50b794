"""Chat exports and messages as Dagster assets."""

from typing import Any

import dagster as dg

from egregora_assets.chat.inbox import read_inbox, register
from egregora_assets.chat.ingest import ingest
from egregora_assets.chat.merge_segments import merge_segments
from egregora_assets.chat.quarantine import SUMMARY
from egregora_assets.warehouse.reporting import OWNERS, SOONER, described, markdown_table
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse

inbox = dg.AssetSpec(
    "inbox",
    group_name="chat",
    kinds={"file"},
    owners=OWNERS,
    description="The folder `EGREGORA_HOME/inbox`: drop chat exports here, of any platform that docs/formats.md lists.",
)


class IngestConfig(dg.Config):
    """Optional run config of ``messages``."""

    day_first: bool | None = None
    reread: bool = False


@dg.asset(
    group_name="chat",
    kinds={"duckdb", "file"},
    owners=OWNERS,
    deps=[inbox],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
)
def chat_exports(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Every export file that was ever in the inbox, by the hash of its bytes, and what became of it."""
    with warehouse.writer() as connection:
        new = register(connection, read_inbox(warehouse.settings.inbox))
        preview = (
            "SELECT status, count(*) AS exports, sum(messages) AS messages FROM exports GROUP BY status ORDER BY status"
        )
        return described(connection, "exports", preview, {"new": new})


@dg.asset(
    group_name="chat",
    kinds={"duckdb", "python"},
    owners=OWNERS,
    deps=[chat_exports, "live_stream"],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
)
def messages(config: IngestConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Every message once, with a stable id, from all exports in the inbox and all that came in live.

    Private: names and words as they were written.
    """
    with warehouse.writer() as connection:
        outcomes = ingest(connection, warehouse.settings, config.day_first, config.reread)
        live = merge_segments(connection, warehouse.settings)
        preview = (
            "SELECT platform, kind, count(*) AS messages, min(local_time) AS first, max(local_time) AS last "
            "FROM messages JOIN sources USING (source_id) GROUP BY ALL ORDER BY ALL LIMIT 20"
        )
        figures = {
            "exports_read": len(outcomes),
            "segments_merged": live.segments,
            "segments_unreadable": live.unreadable,
            "added": sum(outcome.added for outcome in outcomes) + live.added,
            "known": sum(outcome.known for outcome in outcomes),
            "updated": sum(outcome.updated for outcome in outcomes) + live.updated,
            "quarantined": sum(outcome.quarantined for outcome in outcomes),
            "unreadable": sum(outcome.problem is not None for outcome in outcomes),
            "quarantine": dg.MetadataValue.md(markdown_table(connection, SUMMARY)),
        }
        return described(connection, "messages", preview, figures)
