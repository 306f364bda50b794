"""What must be true of windows."""

from __future__ import annotations

import duckdb

from egregora_assets.authors.verify import no_names_in, no_pii_in
from egregora_assets.config import Settings
from egregora_assets.documents.units import DAYS_OF_DOCUMENTS
from egregora_assets.documents.windows import OWN_MESSAGES, SPOKEN
from egregora_assets.warehouse.verdict import Verdict, no_new_rows

_SHOWN = f"SELECT {SPOKEN} AS words, source_id FROM documents WHERE revision > $since"


def every_message_in_one_window(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every clean message is in exactly one window, and no window holds another."""
    return no_new_rows(
        connection,
        "every_message_in_one_window",
        f"""
        WITH days AS (SELECT DISTINCT source_id, local_date FROM changed_days WHERE revision > $since),
        placed AS (
            SELECT unnest({OWN_MESSAGES}) AS message_id FROM documents
            WHERE document_id IN (SELECT document_id FROM ({DAYS_OF_DOCUMENTS}) SEMI JOIN days USING (source_id, local_date))
        ),
        counted AS (SELECT message_id, count(*) AS windows FROM placed GROUP BY message_id),
        present AS (SELECT message_id FROM clean_messages SEMI JOIN days USING (source_id, local_date))
        SELECT
            (SELECT count(*) FROM present LEFT JOIN counted USING (message_id) WHERE windows IS DISTINCT FROM 1)
            + (SELECT count(*) FROM counted WHERE message_id NOT IN (SELECT message_id FROM clean_messages))
        """,
        "messages in no window or in two",
    )


def windows_in_order(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Windows of one day (week, month, thread) follow one another, and so do the messages in each."""
    return no_new_rows(
        connection,
        "windows_in_order",
        """
        WITH fresh AS (SELECT DISTINCT source_id, thread_id, period FROM documents WHERE revision > $since),
        opened AS (
            SELECT d.* FROM documents d JOIN fresh f ON f.source_id = d.source_id AND f.period = d.period
                AND f.thread_id IS NOT DISTINCT FROM d.thread_id
        ),
        said AS (
            SELECT document_id, unnest(message_ids) AS message_id, generate_subscripts(message_ids, 1) AS place
            FROM documents WHERE revision > $since
        )
        SELECT (
            SELECT count(*) FROM (
                SELECT window_start < lag(window_end) OVER (
                    PARTITION BY source_id, thread_id, period ORDER BY window_start, window_end
                ) AS too_early
                FROM opened
            ) WHERE too_early
        ) + (
            SELECT count(*) FROM (
                SELECT sent_at < lag(sent_at) OVER (PARTITION BY document_id ORDER BY place) AS too_early
                FROM said JOIN clean_messages USING (message_id)
            ) WHERE too_early
        )
        """,
        "windows or messages out of order",
    )


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No document shows an address, a number, an account, an id or a key, unless its source keeps them."""
    return no_pii_in(connection, settings, "documents", _SHOWN)


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No document shows a name that the policy of its source hides."""
    return no_names_in(connection, settings, "documents", _SHOWN)
