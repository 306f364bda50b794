"""Files that only people who opted out have sent, or that were forgotten: nothing derived from them stays, on disk or in tables.

Originals of people who opted out stay: they are private, and the user's own exports. A file that somebody else has sent as well
is theirs too.
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
    found = f"{_SENT_BY_HIDDEN} UNION {_FORGOTTEN}" if scalar(connection, asked) else _FORGOTTEN
    with temporary(connection, "hidden_media", found) as count:
        name = "SELECT md5(string_agg(media_id, ' ' ORDER BY media_id)) FROM hidden_media"
        yield str(scalar(connection, name)) if count else ""


def remove_copies(connection: duckdb.DuckDBPyConnection, store: MediaStore) -> int:
    """Remove all that was derived from the files in ``hidden_media`` from the disk; return how many files that were."""
    return remove_derived(store, [media_id for (media_id,) in rows(connection, "SELECT media_id FROM hidden_media")])


_FORGOTTEN = "SELECT media_id FROM media_erasures"
_SENT_BY_HIDDEN = f"""
    SELECT media_id FROM (SELECT media_id, message_id IN ({HIDDEN_MESSAGES}) AS is_hidden FROM message_media)
    GROUP BY media_id HAVING bool_and(is_hidden)
"""
