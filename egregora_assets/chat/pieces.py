"""A staged WhatsApp export, cut into pieces of time, and the ids of a piece's messages.

A piece begins and ends with a minute: what makes two messages one never reaches over a minute, so the pieces change
nothing but the memory that merging needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa

from egregora_assets.chat.formats.whatsapp import STAGED
from egregora_assets.warehouse.query import rows, temporary, view_of

IDENTIFIED = f"""(
    SELECT i.message_id, s.position, s.local_time, a.author_id, s.kind, s.text, s.attachment, s.is_edited
    FROM identified i JOIN {STAGED} s USING (position)
    LEFT JOIN (SELECT author_no, author_id::UUID AS author_id FROM staged_authors) a USING (author_no)
    WHERE s.local_time >= $since AND s.local_time < $until
)"""
"""The SQL for the messages of the piece from ``$since`` to ``$until`` with their ids and authors.

Only the ids are a table: what a transaction has dropped stays in memory until its end, and texts would fill it.
"""

_PIECE_MESSAGES = 250_000
_MINUTE = timedelta(minutes=1)


def author_table(numbered: Iterable[tuple[int, str]], column: str = "author_id") -> pa.Table:
    """Return (author_no, ``column``) as a table: of the people of a staged export, or of their other names."""
    pairs = list(numbered)
    return pa.table(
        {
            "author_no": pa.array([number for number, _ in pairs], pa.int32()),
            column: pa.array([identity for _, identity in pairs], pa.string()),
        }
    )


def pieces(
    connection: duckdb.DuckDBPyConnection, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches of time, each from its first minute until the next one's, that have about as many messages each.

    They are cut at the times of messages that stand equally far apart: where the clock goes back they are uneven, never wrong.
    """
    sql = f"SELECT local_time FROM {STAGED} WHERE position % {_PIECE_MESSAGES} = 0 AND local_time IS NOT NULL"
    beginnings = {time.replace(second=0, microsecond=0) for (time,) in [(first,), *rows(connection, sql)]}
    yield from pairwise([*sorted(beginnings), last.replace(second=0, microsecond=0) + _MINUTE])


@contextmanager
def identified(
    connection: duckdb.DuckDBPyConnection, key: bytes, identity: str, since: datetime, until: datetime
) -> Iterator[None]:
    """Keep (position, message_id) of a piece as the temporary table ``identified`` for the length of the block.

    message_id = keyed hash of (source, minute, author, text, occurrence among equals): minutes, because Android exports
    have no seconds; the occurrence, because people do send the same word or two photos in one minute. The author is
    ``base_id`` of ``staged_authors``, which no rotation of the key changes; what comes out of the hash is rotated.
    """
    keyed = {"key": key.hex()}
    with temporary(connection, "identified", _IDS, {**keyed, "identity": identity, "since": since, "until": until}):
        connection.execute(_TELL_EQUALS_APART, keyed).fetchall()
        yield


def use_other_names(
    connection: duckdb.DuckDBPyConnection, key: bytes, identity: str, others: pa.Table, span: Mapping[str, object]
) -> None:
    """Give messages of ``identified`` the ids that they are stored with under the other names of their authors.

    ``others`` are (author_no, base_id) of those names; ``span`` has the ``source`` and the piece's ``since`` and ``until``.
    """
    with view_of(connection, "other_names", others):
        connection.execute(_USE_OTHER_NAMES, {"key": key.hex(), "identity": identity, **span}).fetchall()


_DIGEST = """md5_number(concat_ws(
            chr(31), $key, $identity, epoch_us(local_time) // 60000000, base_id, coalesce(same_text, text)
        ))"""
_IDS = f"""
SELECT position, digest, rotated(digest::UUID) AS message_id FROM (
    SELECT
        position,
        {_DIGEST} AS digest
    FROM {STAGED} LEFT JOIN staged_authors USING (author_no)
    WHERE local_time >= $since AND local_time < $until
)
"""
_OF_EQUAL = "rotated(md5_number(concat_ws(chr(31), $key, digest, occurrence))::UUID)"
_TELL_EQUALS_APART = f"""
UPDATE identified SET message_id = {_OF_EQUAL}
FROM (
    SELECT position, row_number() OVER (PARTITION BY digest ORDER BY position) AS occurrence FROM identified
    WHERE digest IN (SELECT digest FROM identified GROUP BY digest HAVING count(*) > 1)
) equals
WHERE equals.position = identified.position AND occurrence > 1
"""
_USE_OTHER_NAMES = f"""
WITH named AS (
    SELECT position, {_DIGEST} AS digest FROM {STAGED} JOIN other_names USING (author_no)
    WHERE local_time >= $since AND local_time < $until
),
numbered AS (
    SELECT position, CASE WHEN occurrence = 1 THEN rotated(digest::UUID) ELSE {_OF_EQUAL} END AS message_id
    FROM (SELECT *, row_number() OVER (PARTITION BY digest ORDER BY position) AS occurrence FROM named)
),
stored AS (
    SELECT message_id FROM messages WHERE source_id = $source AND local_time >= $since AND local_time < $until
),
known AS (
    SELECT min(position) AS position, message_id
    FROM numbered SEMI JOIN stored USING (message_id) ANTI JOIN identified USING (message_id)
    WHERE position IN (SELECT position FROM identified ANTI JOIN stored USING (message_id))
    GROUP BY message_id
)
UPDATE identified SET message_id = known.message_id
FROM (SELECT position, min(message_id) AS message_id FROM known GROUP BY position) known
WHERE known.position = identified.position
"""
"""One message for each that is stored, and only for those that are not stored under their own names."""
