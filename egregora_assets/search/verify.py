"""What must be true of what search finds."""

from __future__ import annotations

import duckdb

from egregora_assets.authors.verify import HIDDEN_MESSAGES
from egregora_assets.config import Settings
from egregora_assets.search.units import HAS_WORDS
from egregora_assets.warehouse.verdict import Verdict, no_new_rows, no_rows


def units_follow_messages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every clean message with words can be found by exactly one unit, and no unit shows a message that is gone."""
    return no_new_rows(
        connection, "units_follow_messages", _ASTRAY, "messages without a unit, or units without a message"
    )


_ASTRAY = f"""
    WITH spoken AS (
        SELECT message_id FROM clean_messages WHERE revision > $since AND {HAS_WORDS.format(text="text")}
    ),
    found AS (SELECT message_id, count(*) AS units FROM search_units WHERE kind = 'message' GROUP BY message_id),
    gone AS (
        SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since
            AND key NOT IN (SELECT message_id FROM clean_messages)
    )
    SELECT
        (SELECT count(*) FROM spoken LEFT JOIN found USING (message_id) WHERE units IS DISTINCT FROM 1)
        + (SELECT count(*) FROM search_units WHERE message_id IN (FROM gone) OR last_message_id IN (FROM gone))
"""


def no_hidden_units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message of a person who opted out can be found, alone or in a passage that begins or ends with it."""
    hidden = f"SELECT message_id FROM ({HIDDEN_MESSAGES})"
    units = f"SELECT count(*) FROM search_units WHERE message_id IN ({hidden}) OR last_message_id IN ({hidden})"
    return no_rows(connection, units, "units of messages that must not be shown")
