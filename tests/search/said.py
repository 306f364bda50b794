"""Messages that are put straight behind the gate, with units, for tests of indexes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import changed, view_of
from tests.chats import BEGINNING


def say(connection: duckdb.DuckDBPyConnection, said: Mapping[int, str]) -> None:
    """Let messages be there, by the labels of their units."""
    table = pa.table(
        {"label": list(said), "text": list(said.values()), "moment": [BEGINNING + timedelta(minutes=n) for n in said]}
    )
    with view_of(connection, "said", table):
        changed(connection, _MESSAGES)
        changed(connection, _UNITS)


def unsay(connection: duckdb.DuckDBPyConnection, *labels: int) -> None:
    """Let messages be gone."""
    changed(
        connection,
        "DELETE FROM clean_messages WHERE message_id IN (SELECT message_id FROM search_units WHERE label IN (SELECT unnest(?)))",
        [list(labels)],
    )
    changed(connection, "DELETE FROM search_units WHERE label IN (SELECT unnest(?))", [list(labels)])


_ID = "md5_number('message ' || label)::UUID"
_MESSAGES = f"""
    INSERT INTO clean_messages BY NAME
    SELECT {_ID} AS message_id, 'garden' AS source_id, moment::DATE AS local_date, moment AS local_time, moment AS sent_at,
        'text' AS kind, text, false AS is_edited, label AS position, 1 AS revision FROM said
"""
_UNITS = f"""
    INSERT INTO search_units
    SELECT label, 'message', {_ID}, md5_number('document ' || label // 10)::UUID, NULL, 'garden',
        left(sha256(text), 32)::UUID, NULL, 1 FROM said
"""
