"""The display names that exports give to people: the private tables where names stand beside pseudonyms."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from egregora_assets.warehouse.revisions import Transaction
from egregora_assets.warehouse.upsert import insert_new


def remember_names(change: Transaction, platform: str, export_id: str, named: Iterable[tuple[str, str]]) -> None:
    """Add the (author_id, raw_name) pairs of an export that are new, and that this export has them."""
    pairs = list(named)
    table = pa.table(
        {
            "author_id": pa.array([identity for identity, _ in pairs], pa.string()),
            "raw_name": pa.array([name for _, name in pairs], pa.string()),
        }
    )
    noted: dict[str, object] = {"revision": change.revision}
    key = ["platform", "raw_name", "author_id"]
    names = table.append_column("platform", pa.array([platform] * len(pairs), pa.string()))
    insert_new(change.connection, "private.author_names", names, key, noted)
    uses = table.append_column("export_id", pa.array([export_id] * len(pairs), pa.string()))
    insert_new(change.connection, "private.author_name_uses", uses, ["export_id", "author_id", "raw_name"], noted)
