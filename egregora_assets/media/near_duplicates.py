"""Which pictures are copies of one: pairs with a label and how they were told, and groups of copies with the best one first.

Pairs are of different files; equal bytes are one file already. What is new is compared with all there is, by hash first and
then by a closer look; every step gives the rows that comparing all with all would give, whatever came first.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.warehouse.query import changed, read_once, scalar, temporary, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "near_duplicates"
RULES = "1"
"""Names how pictures are compared: with other rules, all are compared again."""
LABELS = ("same_pixels", "same_picture", "similar")
"""``same_pixels`` differ in metadata only; ``same_picture`` was encoded or resized again; ``similar`` is only shown."""
MOST_BITS = 16
"""Hashes of 256 bits that differ in so many or fewer are looked at closely. The bands below find all of them: no two hashes
can differ in each of 17 bands when they differ in 16 bits."""
SAME, SIMILAR = 0.25, 0.5
"""Largest difference of a closer look (see ``differences``) for ``same_picture`` and for ``similar``: copies of photos, pages
and captions are below 0.23 however they were encoded or resized, another caption or number on the same template above 0.28."""
LOSSLESS = ("image/bmp", "image/png")
CLIQUE = 100
"""Of more pictures with one hash, or with the same pixels, those beyond the first (by id) are paired with the first alone."""
_ROWS_AT_ONCE = 512
_EDGE, _BLOCK = 128, 8
_HASH = "phash_0, phash_1, phash_2, phash_3"
_PAIRS = pa.schema(
    [
        ("media_id", pa.string()),
        ("other_id", pa.string()),
        ("label", pa.string()),
        ("distance", pa.int32()),
        ("difference", pa.float64()),
    ]
)


@dataclass(frozen=True)
class NearDuplicates:
    """What one pass did: how many pictures were compared with all, which pairs and members of groups there are now."""

    compared: int = 0
    pairs: int = 0
    grouped: int = 0


def refresh(connection: duckdb.DuckDBPyConnection) -> NearDuplicates:
    """Bring ``media_pairs`` and ``media_groups`` up to date with ``pictures``; changes nothing when there is nothing new."""
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        since = seen.revision if seen.fingerprint == RULES else 0
        news = "EXISTS (FROM pictures WHERE revision > $since) OR EXISTS (FROM pictures_gone WHERE revision > $since)"
        if not scalar(connection, f"SELECT {news}", {"since": since}):
            return NearDuplicates()
        outcome = _compare(change, since)
        change.advance(RULES)
        return outcome


def _compare(change: Transaction, since: int) -> NearDuplicates:
    connection = change.connection
    with ExitStack() as stack:

        def keep(name: str, sql: str, parameters: dict[str, object] | None = None) -> int:
            return stack.enter_context(temporary(connection, name, sql, parameters))

        compared = keep("searched", _SEARCHED, {"since": since, "clique": CLIQUE})
        keep("outdated", _OUTDATED, {"since": since})
        keep("touched_media", _TOUCHED)
        changed(connection, "DELETE FROM media_pairs WHERE (media_id, other_id) IN (FROM outdated)")
        keep("near_hashes", _near_hashes())
        keep("candidates", _CANDIDATES, {"clique": CLIQUE})
        keep("looked_at", _LOOKED_AT)
        with view_of(connection, "told_pairs", read_once(_labelled(connection))):
            pairs = changed(connection, "INSERT INTO media_pairs SELECT *, ? FROM told_pairs", [change.revision])
        return NearDuplicates(compared, pairs, _regroup(change))


def _bits_apart(a: str, b: str) -> str:
    """Each count fits a byte and their sum does not."""
    return " + ".join(f"bit_count(xor({a}.phash_{part}, {b}.phash_{part}))::INTEGER" for part in range(4))


def _bands(row: str) -> list[str]:
    """Cut the 256 bits into 17 bands: four of 15 bits from each part, and the four that are left of each."""
    cut = [f"(({row}.phash_{part} >> {15 * band}) & 32767)" for part in range(4) for band in range(4)]
    left = " | ".join(f"(({row}.phash_{part} >> 60) << {4 * part})" for part in range(4))
    return [*cut, f"({left})"]


def _near_hashes() -> str:
    """Pairs of different hashes, or a hash and itself, within ``MOST_BITS``; the first is of a picture that is searched for."""
    apart = _bits_apart("a", "b")
    hashes = ", ".join(f"{row}.phash_{part} AS {row}_{part}" for row in "ab" for part in range(4))
    return f"""
        WITH a AS MATERIALIZED (SELECT DISTINCT {_HASH} FROM searched WHERE phash_0 IS NOT NULL)
        SELECT DISTINCT * FROM (
        {
        " UNION ALL ".join(
            f"SELECT {hashes}, {apart} AS distance FROM a JOIN pictures b ON {ours} = {theirs} WHERE {apart} <= {MOST_BITS}"
            for ours, theirs in zip(_bands("a"), _bands("b"), strict=True)
        )
    }
        )
    """


# A class is pictures with one hash, or with the same pixels. Where one lost a member, or has too many for all pairs to be
# made, its first members may be others now: all of it is compared again.
_SEARCHED = f"""
    WITH
    gone AS (FROM pictures_gone WHERE revision > $since),
    news AS (FROM pictures WHERE revision > $since),
    hashes AS (
        SELECT {_HASH}, bool_or(lost) AS lost
        FROM (SELECT {_HASH}, true AS lost FROM gone UNION ALL SELECT {_HASH}, false FROM news)
        WHERE phash_0 IS NOT NULL GROUP BY ALL
    ),
    digests AS (
        SELECT picture_digest, bool_or(lost) AS lost
        FROM (SELECT picture_digest, true AS lost FROM gone UNION ALL SELECT picture_digest, false FROM news)
        WHERE picture_digest IS NOT NULL GROUP BY ALL
    ),
    found AS (
        SELECT media_id FROM news
        UNION
        SELECT media_id FROM pictures JOIN hashes USING ({_HASH})
        QUALIFY lost OR count(*) OVER (PARTITION BY {_HASH}) > $clique
        UNION
        SELECT media_id FROM pictures JOIN digests USING (picture_digest)
        QUALIFY lost OR count(*) OVER (PARTITION BY picture_digest) > $clique
    )
    SELECT media_id, {_HASH}, picture_digest FROM pictures SEMI JOIN found USING (media_id)
"""

_OUTDATED = """
    WITH others AS (
        SELECT media_id FROM searched UNION ALL SELECT media_id FROM pictures_gone WHERE revision > $since
    )
    SELECT media_id, other_id FROM media_pairs
    WHERE media_id IN (FROM others) OR other_id IN (FROM others)
"""

_TOUCHED = """
    SELECT media_id FROM searched
    UNION SELECT media_id FROM outdated
    UNION SELECT other_id FROM outdated
"""

_OURS = " AND ".join(f"a.phash_{part} = n.a_{part}" for part in range(4))
_THEIRS = " AND ".join(f"b.phash_{part} = n.b_{part}" for part in range(4))
_CANDIDATES = f"""
    WITH
    hashes AS (
        SELECT a_0 AS phash_0, a_1 AS phash_1, a_2 AS phash_2, a_3 AS phash_3 FROM near_hashes
        UNION SELECT b_0, b_1, b_2, b_3 FROM near_hashes
    ),
    of_hash AS (
        SELECT media_id, {_HASH}, row_number() OVER (PARTITION BY {_HASH} ORDER BY media_id) AS place,
            min(media_id) OVER (PARTITION BY {_HASH}) AS first_id
        FROM pictures SEMI JOIN hashes USING ({_HASH})
    ),
    of_digest AS (
        SELECT media_id, picture_digest, row_number() OVER (PARTITION BY picture_digest ORDER BY media_id) AS place,
            min(media_id) OVER (PARTITION BY picture_digest) AS first_id
        FROM pictures
        SEMI JOIN (SELECT DISTINCT picture_digest FROM searched WHERE picture_digest IS NOT NULL) USING (picture_digest)
    ),
    pairs AS (
        SELECT a.media_id, b.media_id AS other_id
        FROM near_hashes n JOIN of_hash a ON {_OURS} JOIN of_hash b ON {_THEIRS}
        WHERE a.place <= $clique AND b.place <= $clique
        UNION ALL SELECT first_id, media_id FROM of_hash
        UNION ALL
        SELECT a.media_id, b.media_id FROM of_digest a JOIN of_digest b USING (picture_digest)
        WHERE a.place <= $clique AND b.place <= $clique
        UNION ALL SELECT first_id, media_id FROM of_digest
    ),
    ordered AS (
        SELECT DISTINCT least(media_id, other_id) AS media_id, greatest(media_id, other_id) AS other_id
        FROM pairs
        WHERE media_id <> other_id AND (media_id IN (SELECT media_id FROM searched) OR other_id IN (SELECT media_id FROM searched))
    )
    SELECT media_id, other_id FROM ordered
"""

_LOOKED_AT = f"""
    SELECT media_id, {_HASH}, picture_digest, signature FROM pictures
    WHERE rowid IN (
        SELECT rowid FROM pictures
        WHERE media_id IN (SELECT media_id FROM candidates UNION ALL SELECT other_id FROM candidates)
    )
"""
"""By place and not by id: then no other signature is read."""


def _labelled(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Look closely at all candidates, a bounded number at once, and return the pairs that have a label."""
    looked = f"""
        SELECT c.media_id, c.other_id, (a.picture_digest = b.picture_digest) IS TRUE AS same_pixels,
            {_bits_apart("a", "b")} AS distance, a.signature AS ours, b.signature AS theirs
        FROM candidates c
        JOIN looked_at a ON a.media_id = c.media_id JOIN looked_at b ON b.media_id = c.other_id
    """
    reader = connection.sql(looked).to_arrow_reader(_ROWS_AT_ONCE)
    return pa.Table.from_batches([_told(batch) for batch in reader], _PAIRS)


def _told(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give each candidate its label; those without one are left out. A picture without a signature has only its pixels."""
    ours, theirs = (_grey_levels(batch[side]) for side in ("ours", "theirs"))
    difference = pa.array(np.round(differences(ours, theirs), 4), mask=np.asarray(batch["distance"].is_null()))
    label = pc.case_when(
        pc.make_struct(batch["same_pixels"], pc.less_equal(difference, SAME), pc.less_equal(difference, SIMILAR)),
        *LABELS,
    )
    told = pa.RecordBatch.from_arrays(
        [batch["media_id"], batch["other_id"], label, batch["distance"], difference], schema=_PAIRS
    )
    return told.filter(pc.is_valid(label))


def _grey_levels(signatures: pa.Array) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return signatures as (n, 16384) grey levels, zeros for none."""
    joined = b"".join(signatures.fill_null(bytes(_EDGE * _EDGE)).to_pylist())
    return np.frombuffer(joined, np.uint8).reshape(len(signatures), _EDGE * _EDGE).astype(np.float32)


def differences(
    ours: np.ndarray[Any, np.dtype[np.float32]], theirs: np.ndarray[Any, np.dtype[np.float32]]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return how far pictures are apart where they differ most, in standard deviations of their grey levels.

    Both are (n, 16384) grey levels of 128x128 pictures. Each is brought to mean 0 and deviation 1; the difference of two is
    the root of the mean of its squares in one of the 16x16 blocks of 8x8 levels, the block where that is largest. So a word
    of a caption counts for as much as it stands out, and the faint noise of an encoder for next to nothing.
    """
    apart = _normalised(ours)
    apart -= _normalised(theirs)
    np.square(apart, out=apart)
    side = _EDGE // _BLOCK
    strips = apart.reshape(-1, side, _BLOCK, _EDGE).sum(axis=2)
    blocks = strips.reshape(-1, side, side, _BLOCK).sum(axis=3) / np.float32(_BLOCK * _BLOCK)
    largest: np.ndarray[Any, np.dtype[np.float32]] = np.sqrt(blocks.max(axis=(1, 2)))
    return largest


def _normalised(levels: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    centred: np.ndarray[Any, np.dtype[np.float32]] = levels - levels.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.einsum("ij,ij->i", centred, centred) / np.float32(centred.shape[1]))
    centred /= np.maximum(deviation, np.float32(1))[:, None]
    return centred


def _regroup(change: Transaction) -> int:
    """Make the groups anew to which what was touched belongs or belonged; return how many members they have now."""
    connection = change.connection
    affected = """
        WITH touched AS (
            FROM touched_media
            UNION SELECT unnest([media_id, other_id]) FROM media_pairs WHERE revision = $revision
        )
        SELECT media_id FROM touched
        UNION SELECT media_id FROM media_groups
        WHERE group_id IN (SELECT group_id FROM media_groups WHERE media_id IN (FROM touched))
    """
    linked = f"""
        SELECT media_id, other_id FROM media_pairs
        WHERE label IN {LABELS[:2]} AND (media_id IN (FROM affected) OR other_id IN (FROM affected))
    """
    with temporary(connection, "affected", affected, {"revision": change.revision}):
        members = _components(connection.sql(linked).to_arrow_table())
        with view_of(connection, "members", members), temporary(connection, "ranked", _RANKED) as grouped:
            parameters = {"revision": change.revision}
            stale = "media_id IN (FROM affected) OR media_id IN (SELECT media_id FROM ranked)"
            fresh = "SELECT group_id, media_id, rank FROM"
            same = f"(group_id, media_id, rank) IN ({fresh} ranked)"
            changed(connection, f"DELETE FROM media_groups WHERE ({stale}) AND NOT {same}")
            changed(
                connection,
                f"INSERT INTO media_groups SELECT *, $revision FROM ({fresh} ranked EXCEPT {fresh} media_groups)",
                parameters,
            )
    return grouped


_RANKED = f"""
    SELECT group_id, media_id, row_number() OVER (
        PARTITION BY group_id ORDER BY p.width::BIGINT * p.height DESC NULLS LAST, m.mime IN {LOSSLESS} DESC, m.bytes DESC,
            p.taken_at IS NOT NULL DESC, media_id
    )::INTEGER AS rank
    FROM members JOIN pictures p USING (media_id) JOIN media m USING (media_id)
"""


def _components(pairs: pa.Table) -> pa.Table:
    """Return (group_id, media_id) of all that pairs connect; the smallest id of a group names it."""
    ends = pa.chunked_array([*pairs["media_id"].chunks, *pairs["other_id"].chunks], pa.string()).combine_chunks()
    names = pc.unique(ends).sort()
    places = np.asarray(pc.index_in(ends, names))
    ours, theirs = places[: len(pairs)], places[len(pairs) :]
    lowest = np.arange(len(names))
    while np.any(lowest[ours] != lowest[theirs]):
        smaller = np.minimum(lowest[ours], lowest[theirs])
        for side in (ours, theirs):
            np.minimum.at(lowest, lowest[side], smaller)
        lowest = lowest[lowest]
    while np.any(lowest != lowest[lowest]):
        lowest = lowest[lowest]
    return pa.table({"group_id": names.take(pa.array(lowest)), "media_id": names})
