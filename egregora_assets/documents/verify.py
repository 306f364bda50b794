"""What must be true of windows."""

from __future__ import annotations

import duckdb

from egregora_assets.authors.verify import no_names_in, no_pii_in
from egregora_assets.config import Settings
from egregora_assets.documents.windows import SPOKEN
from egregora_assets.warehouse.verdict import Verdict, no_new_rows

_SHOWN = f"SELECT {SPOKEN} AS words, source_id FROM documents WHERE revision > $since"


def every_message_in_one_window(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every clean message is in exactly one window, and no window holds another."""
    return no_new_rows(
        connection,
        "every_message_in_one_window",
        """
        WITH days AS (SELECT DISTINCT source_id, local_date FROM changed_days WHERE revision > $since),
        placed AS (
            SELECT unnest(message_ids) AS message_id FROM documents SEMI JOIN days USING (source_id, local_date)
        ),
        counted AS (SELECT message_id, count(*) AS windows FROM placed GROUP BY message_id),
        present AS (SELECT message_id FROM clean_messages SEMI JOIN days USING (source_id, local_date))
        SELECT count(*) FROM present FULL JOIN counted USING (message_id)
        WHERE windows IS DISTINCT FROM 1 OR present.message_id IS NULL
        """,
        "messages in no window or in two",
    )


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No document shows an address, a number, an account, an id or a key, unless its source keeps them."""
    return no_pii_in(connection, settings, "documents", _SHOWN)


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No document shows a name that the policy of its source hides."""
    return no_names_in(connection, settings, "documents", _SHOWN)
