"""Files that only people who opted out have sent: nothing that is derived from them stays, in the store or in the tables.

Their originals stay: they are private, and the user's own exports. A file that somebody else has sent as well is theirs too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from egregora_assets.authors.verify import HIDDEN_MESSAGES
from egregora_assets.media.store import MediaStore
from egregora_assets.media.upkeep import remove_derived
from egregora_assets.warehouse.query import rows, scalar, temporary


@contextmanager
def noted(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Have the hidden files in the temporary table ``hidden_media`` for the block; gives a name for this set, empty for none."""
    asked = "SELECT EXISTS (FROM authors WHERE opted_out) AND EXISTS (FROM message_media)"
    found = _HIDDEN_ONLY if scalar(connection, asked) else "SELECT media_id FROM media WHERE false"
    with temporary(connection, "hidden_media", found) as count:
        name = "SELECT md5(string_agg(media_id, ' ' ORDER BY media_id)) FROM hidden_media"
        yield str(scalar(connection, name)) if count else ""


def remove_copies(connection: duckdb.DuckDBPyConnection, store: MediaStore) -> int:
    """Remove all that was derived from the files in ``hidden_media`` from the disk; return how many files that were."""
    return remove_derived(store, [media_id for (media_id,) in rows(connection, "SELECT media_id FROM hidden_media")])


_HIDDEN_ONLY = f"""
    WITH sent AS (SELECT media_id, message_id IN ({HIDDEN_MESSAGES}) AS is_hidden FROM message_media)
    SELECT media_id FROM sent GROUP BY media_id HAVING bool_and(is_hidden)
"""
