"""One person under two names: phones show people as their owner has saved them, so exports of one chat name them differently.

Where two exports cover the same minute, both hold all that was said in it. What somebody says there under a name that stands
in one export only is therefore what somebody said whose name stands in the other only. Such names are linked: a message that
is stored under one is known under the other, and an opt-out by either holds for both. No name becomes another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb
import pyarrow as pa

from egregora_assets.chat.formats.whatsapp import STAGED
from egregora_assets.chat.pieces import author_table
from egregora_assets.privacy.keys import Keys
from egregora_assets.privacy.pseudonyms import author_id, native_author_id, rotated
from egregora_assets.warehouse.query import rows, view_of
from egregora_assets.warehouse.revisions import Transaction
from egregora_assets.warehouse.upsert import insert_new

_TELLING_LETTERS = 12
"""One equal text of such a length, or two of any, can show that two names are one person's."""


def linked_people(
    change: Transaction, source_id: str, author_ids: Mapping[int, str], first: datetime, last: datetime
) -> list[tuple[int, str]]:
    """Return (author_no, author id) of the other names of a staged export's people; remember the links that it shows.

    ``author_ids`` are the ids by ``author_no``; ``first`` and ``last`` are the export's earliest and latest time.
    """
    connection = change.connection
    stored = {identity for (identity,) in rows(connection, _STORED_PEOPLE, {"source": source_id})}
    with view_of(connection, "named_people", author_table(author_ids.items())):
        if not stored <= set(author_ids.values()):
            found = rows(connection, _LINKS, {"source": source_id, "first": first, "last": last})
            if found:
                _remember(change, source_id, found)
        return rows(connection, _OTHER_NAMES, {"source": source_id})


def with_base_ids(
    connection: duckdb.DuckDBPyConnection, keys: Keys, linked: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Return (author_no, id before any rotation) for (author_no, author id): names tell it, and no id does."""
    if not keys.rotations or not linked:
        return linked
    bases = [
        make(keys.author, "whatsapp", name)
        for (name,) in rows(connection, _NAMES_OF, [[identity for _, identity in linked]])
        for make in (author_id, native_author_id)
    ]
    base_of = {str(rotated(base, keys.rotations)): str(base) for base in bases}
    return [(number, base_of[identity]) for number, identity in linked if identity in base_of]


def _remember(change: Transaction, source_id: str, links: list[tuple[str, str]]) -> None:
    table = pa.table(
        {
            "source_id": [source_id] * len(links),
            "author_id": [one for one, _ in links],
            "other_id": [other for _, other in links],
        }
    )
    key = ["source_id", "author_id", "other_id"]
    insert_new(change.connection, "private.author_links", table, key, {"revision": change.revision})


_NAMES_OF = """
SELECT DISTINCT raw_name FROM private.author_names
WHERE platform = 'whatsapp' AND author_id IN (SELECT unnest(?)::UUID)
"""
_STORED_PEOPLE = """
SELECT DISTINCT author_id::VARCHAR FROM messages WHERE source_id = $source AND author_id IS NOT NULL
"""
_OTHER_NAMES = """
SELECT p.author_no, l.author_id::VARCHAR
FROM named_people p JOIN (
    SELECT author_id AS named, other_id AS author_id FROM private.author_links WHERE source_id = $source
    UNION SELECT other_id, author_id FROM private.author_links WHERE source_id = $source
) l ON l.named = p.author_id::UUID
WHERE NOT EXISTS (
    SELECT 1 FROM private.author_splits s
    WHERE (s.author_id, s.other_id) IN ((l.named, l.author_id), (l.author_id, l.named))
)
"""
"""What the owner has split is two people, whatever exports show."""
_IS_COVERED = """EXISTS (
    SELECT 1 FROM covered c WHERE {row}.minute > c.since AND {row}.minute < c.until
)"""
"""Whether both exports hold a whole minute: their first and last ones may be cut."""
_BY_ONE = "QUALIFY count(*) OVER (PARTITION BY minute, text) = 1"
"""What several people said at once tells none of them from the others."""
_LINKS = f"""
WITH covered AS (
    SELECT
        date_trunc('minute', greatest(first_local_time, $first)) AS since,
        date_trunc('minute', least(last_local_time, $last)) AS until
    FROM exports WHERE source_id = $source AND status = 'loaded'
),
said_here AS (
    SELECT p.author_id::UUID AS author_id, date_trunc('minute', s.local_time) AS minute, s.text, count(*) AS times
    FROM {STAGED} s JOIN named_people p USING (author_no) WHERE s.kind = 'text'
    GROUP BY p.author_id, minute, s.text
),
said_there AS (
    SELECT author_id, date_trunc('minute', local_time) AS minute, text, count(*) AS times
    FROM messages
    WHERE source_id = $source AND kind = 'text' AND local_time >= date_trunc('minute', $first) AND local_time <= $last
        AND author_id IS NOT NULL
    GROUP BY author_id, minute, text
),
one_chat AS (
    SELECT count(*) FILTER (is_equal) >= 3 AND count(*) FILTER (is_equal) * 2 >= count(*) AS is_one
    FROM (
        SELECT (minute, text) IN (SELECT (minute, text) FROM said_there) AS is_equal
        FROM said_here h WHERE {_IS_COVERED.format(row="h")}
    )
),
fresh AS (FROM said_here ANTI JOIN said_there USING (author_id, minute, text) {_BY_ONE}),
stored AS (FROM said_there WHERE author_id NOT IN (SELECT author_id::UUID FROM named_people) {_BY_ONE}),
said AS (SELECT author_id, sum(times) AS said FROM fresh f WHERE {_IS_COVERED.format(row="f")} GROUP BY ALL),
said_before AS (
    SELECT author_id AS other_id, sum(times) AS said_before FROM stored s WHERE {_IS_COVERED.format(row="s")} GROUP BY ALL
),
hits AS (
    SELECT
        f.author_id, s.author_id AS other_id, max(length(f.text)) AS longest, sum(least(f.times, s.times)) AS hits,
        sum(CASE WHEN {_IS_COVERED.format(row="f")} THEN least(f.times, s.times) END) AS sure_hits
    FROM fresh f JOIN stored s USING (minute, text) GROUP BY ALL
)
SELECT author_id::VARCHAR, other_id::VARCHAR
FROM hits JOIN said USING (author_id) JOIN said_before USING (other_id)
WHERE (SELECT is_one FROM one_chat) AND sure_hits > 0 AND (hits > 1 OR longest >= {_TELLING_LETTERS})
    AND sure_hits * 5 >= said * 4 AND sure_hits * 5 >= said_before * 4
    AND NOT EXISTS (
        SELECT 1 FROM private.author_links l
        WHERE l.source_id = $source AND l.author_id = hits.author_id AND l.other_id = hits.other_id
    )
"""
"""The exports are of one chat when at least three texts, and half of all, stand in both; two names are one person's when four
in five of what both said agree: somebody may have edited or deleted a message between the exports."""
