"""Authors and the privacy gate as Dagster assets."""

import logging
from dataclasses import asdict
from typing import Any

import dagster as dg

from egregora_assets.authors import gate, posts, sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.assets import messages
from egregora_assets.warehouse.reporting import OWNERS, SOONER, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse

log = logging.getLogger(__name__)


@dg.asset(
    group_name="authors",
    kinds={"duckdb", "python"},
    owners=OWNERS,
    deps=[messages],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def authors(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """One row per person under a keyed pseudonym: activity, and whether they opted out. Also authors of posts. No raw names."""
    with warehouse.writer() as connection:
        found = posts.read_posts(connection, warehouse.settings)
        changes = sync.refresh(connection, warehouse.settings)
        withdrawn = withdraw(connection, warehouse.settings)
        listed = posts.write_list(connection, warehouse.settings)
        preview = "SELECT alias, message_count, first_seen, last_seen, opted_out FROM authors ORDER BY message_count DESC LIMIT 20"
        if changes.unheard:
            told = "new messages that name the command to opt out and are none: `egregora authors unheard` shows them"
            log.warning("%s %s", changes.unheard, told)
        figures = {
            "new": changes.touched,
            "opted_out": changes.opted_out,
            "withdrawn": withdrawn,
            "unmatched_opt_outs": len(changes.unmatched),
            "unmatched_identities": len(changes.unknown),
            "unheard_commands": changes.unheard,
        }
        if warehouse.settings.authored_posts is not None:
            figures |= {
                "posts": found.posts,
                "posts_read": found.read,
                "posts_damaged": found.damaged,
                "listed": listed,
            }
        return described(connection, "authors", preview, figures)


@dg.asset(
    group_name="authors",
    kinds={"duckdb", "sql"},
    owners=OWNERS,
    deps=[messages, authors],
    pool=WRITER_POOL,
    code_version="1",
    op_tags=SOONER,
    automation_condition=dg.AutomationCondition.eager(),
)
def clean_messages(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Messages that may be used: without people who opted out; addresses, numbers and names replaced. The privacy gate."""
    with warehouse.writer() as connection:
        changes = gate.refresh(connection, warehouse.settings)
        preview = "SELECT kind, count(*) AS messages FROM clean_messages GROUP BY ALL ORDER BY ALL"
        return described(connection, "clean_messages", preview, asdict(changes))
