"""One person under two names: phones show people as their owner has saved them, so exports of one chat name them differently.

Where two exports cover the same minute, both hold all that was said in it. What somebody says there under a name that the
other export does not know is therefore what somebody said there whose name this export does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from egregora_assets.chat.formats.whatsapp import STAGED
from egregora_assets.warehouse.query import rows, view_of
from egregora_assets.warehouse.revisions import Transaction
from egregora_assets.warehouse.upsert import insert_new

log = logging.getLogger(__name__)

_TELLING_LETTERS = 12
"""One equal text of such a length, or two of any, can show that two names are one person's."""


def same_people(
    change: Transaction, source_id: str, author_ids: Mapping[int, str], span: Mapping[str, object]
) -> dict[int, str]:
    """Return the author ids of a staged export by ``author_no``, with those of known people for their other names.

    ``span`` has the export's earliest and latest time as ``first`` and ``last``. What is learnt is kept for later exports
    of the chat. A name is taken for another only in exports where that other does not stand as well.
    """
    connection = change.connection
    known = _renamed(author_ids, _known_aliases(connection, source_id))
    stored = {identity for (identity,) in rows(connection, _STORED_PEOPLE, {"source": source_id})}
    mentioned = set(known.values())
    if mentioned <= stored or stored <= mentioned:
        return known
    return _renamed(known, _learn(change, source_id, known, span))


def _renamed(author_ids: Mapping[int, str], aliases: Mapping[str, str]) -> dict[int, str]:
    own = set(author_ids.values())
    usable = {alias: identity for alias, identity in aliases.items() if identity not in own}
    return {number: usable.get(identity, identity) for number, identity in author_ids.items()}


def _known_aliases(connection: duckdb.DuckDBPyConnection, source_id: str) -> dict[str, str]:
    sql = "SELECT alias_id::VARCHAR, author_id::VARCHAR FROM private.author_aliases WHERE source_id = ?"
    return dict(rows(connection, sql, [source_id]))


def _learn(
    change: Transaction, source_id: str, author_ids: Mapping[int, str], span: Mapping[str, object]
) -> dict[str, str]:
    """Find people of the chat who are new by their names only, and remember under which they are known."""
    table = pa.table(
        {
            "author_no": pa.array(list(author_ids), pa.int32()),
            "author_id": pa.array(list(author_ids.values()), pa.string()),
        }
    )
    with view_of(change.connection, "named_people", table):
        found = rows(change.connection, _SAME_PEOPLE, {"source": source_id, **span})
    same = {str(alias): str(known) for alias, known, is_sure in found if is_sure}
    unsure = {alias for alias, _, is_sure in found if not is_sure} - same.keys()
    if unsure:
        log.warning(
            "%s: %s people may be known by other names from another phone; what they said may stand twice",
            source_id,
            len(unsure),
        )
    learnt = pa.table(
        {"alias_id": pa.array(list(same), pa.string()), "author_id": pa.array(list(same.values()), pa.string())}
    )
    constants = {"source_id": source_id, "revision": change.revision}
    insert_new(change.connection, "private.author_aliases", learnt, ["alias_id"], constants)
    return same


_STORED_PEOPLE = """
SELECT DISTINCT author_id::VARCHAR FROM messages WHERE source_id = $source AND author_id IS NOT NULL
"""
_IS_COVERED = """EXISTS (
    SELECT 1 FROM covered c WHERE {row}.minute > c.since AND {row}.minute < c.until
)"""
"""Whether both exports hold a whole minute: their first and last ones may be cut."""
_BY_ONE = "QUALIFY count(*) OVER (PARTITION BY minute, text) = 1"
"""What several people said at once tells none of them from the others."""
_SAME_PEOPLE = f"""
WITH covered AS (
    SELECT
        date_trunc('minute', greatest(first_local_time, $first)) AS since,
        date_trunc('minute', least(last_local_time, $last)) AS until
    FROM exports WHERE source_id = $source AND status = 'loaded'
),
fresh AS (
    SELECT p.author_id::UUID AS alias_id, date_trunc('minute', s.local_time) AS minute, s.text, count(*) AS times
    FROM {STAGED} s JOIN named_people p USING (author_no)
    WHERE s.kind = 'text' AND p.author_id NOT IN ({_STORED_PEOPLE})
    GROUP BY p.author_id, minute, s.text {_BY_ONE}
),
stored AS (
    SELECT author_id, date_trunc('minute', local_time) AS minute, text, count(*) AS times
    FROM messages
    WHERE source_id = $source AND kind = 'text' AND local_time >= $first AND local_time <= $last
        AND author_id NOT IN (SELECT author_id::UUID FROM named_people)
    GROUP BY author_id, minute, text {_BY_ONE}
),
said AS (
    SELECT alias_id, sum(times) AS said FROM fresh f WHERE {_IS_COVERED.format(row="f")} GROUP BY ALL
),
said_before AS (
    SELECT author_id, sum(times) AS said_before FROM stored s WHERE {_IS_COVERED.format(row="s")} GROUP BY ALL
),
hits AS (
    SELECT
        alias_id, author_id, max(length(text)) AS longest, sum(least(f.times, s.times)) AS hits,
        sum(CASE WHEN {_IS_COVERED.format(row="f")} THEN least(f.times, s.times) END) AS sure_hits
    FROM fresh f JOIN stored s USING (minute, text) GROUP BY ALL
),
weighed AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY alias_id ORDER BY hits DESC) AS place,
        row_number() OVER (PARTITION BY author_id ORDER BY hits DESC) AS other_place,
        count(*) OVER (PARTITION BY alias_id, hits) + count(*) OVER (PARTITION BY author_id, hits) > 2 AS is_tied
    FROM hits JOIN said USING (alias_id) JOIN said_before USING (author_id)
    WHERE sure_hits > 0
)
SELECT
    alias_id, author_id,
    place = 1 AND other_place = 1 AND NOT is_tied AND (hits > 1 OR longest >= {_TELLING_LETTERS})
        AND sure_hits * 5 >= said * 4 AND sure_hits * 5 >= said_before * 4 AS is_sure
FROM weighed
"""
"""Four in five of what both said must agree: somebody may have edited or deleted a message between the exports."""
