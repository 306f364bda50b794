"""What happened to people in a chat, from its notices: joined, left, removed, another number, another name. Private.

Notices name people, so they are kept as they are worded until the names in them are those of authors, in whatever order
exports come. A change of number that names two known numbers links them: an opt-out by either then holds for both.
"""

from __future__ import annotations

from egregora_assets.authors import notices
from egregora_assets.warehouse.query import changed, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction

_NEW_NOTICES = """
    SELECT m.message_id, m.source_id, s.platform, m.sent_at AS occurred_at, m.text
    FROM (FROM messages WHERE kind = 'system' AND revision > $seen) m
    JOIN (SELECT source_id, any_value(platform) AS platform FROM sources GROUP BY source_id) s USING (source_id)
"""


def follow(change: Transaction, seen: int) -> None:
    """Bring ``private.author_events`` up to date with notices and names since revision ``seen``."""
    connection, since = change.connection, {"seen": seen}
    _forget_deleted(change, seen)
    if scalar(connection, f"SELECT EXISTS ({_NEW_NOTICES})", since):
        _read(change, seen)
    if scalar(connection, _ANYTHING_TO_RESOLVE, since):
        _resolve(change, seen)


def _forget_deleted(change: Transaction, seen: int) -> None:
    gone = "SELECT key FROM tombstones WHERE table_name = 'messages' AND revision > $seen"
    if scalar(change.connection, f"SELECT EXISTS ({gone})", {"seen": seen}):
        for table in ("private.member_notices", "private.author_events"):
            changed(change.connection, f"DELETE FROM {table} WHERE message_id IN ({gone})", {"seen": seen})


def _read(change: Transaction, seen: int) -> None:
    """Keep the new notices that tell of people; of a list of people ("Bo, Cy and Dee") one row for each.

    A name may have such a word in it ("Tom and Jerry"): the whole is kept beside the parts, and what is no author tells nothing.
    """
    told = notices.told(_NEW_NOTICES)
    parts = f"regexp_split_to_array(who, {_BETWEEN_NAMES})"
    with temporary(change.connection, "told_notices", told, {"seen": seen}) as count:
        if count:
            changed(
                change.connection,
                f"""
                INSERT INTO private.member_notices
                SELECT DISTINCT
                    message_id, source_id, platform, event, occurred_at, {notices.same_name("name")}, {notices.same_name("other")},
                    $revision
                FROM (
                    SELECT *, unnest(CASE WHEN event IN ('joined', 'removed') THEN {parts} || [who] ELSE [who] END) AS name
                    FROM told_notices
                )
                WHERE name <> ''
                """,
                {"revision": change.revision},
            )


_BETWEEN_NAMES = "', | (?:and|e|y|und|et) '"

_ANYTHING_TO_RESOLVE = """
    SELECT EXISTS (FROM private.member_notices WHERE revision > $seen)
        OR (EXISTS (FROM private.member_notices) AND EXISTS (FROM private.author_names WHERE revision > $seen))
"""

_NAMES = f"""
    SELECT platform, name, any_value(author_id) AS author_id, max(revision) AS revision
    FROM (SELECT platform, {notices.same_name("raw_name")} AS name, author_id, revision FROM private.author_names)
    GROUP BY platform, name HAVING count(DISTINCT author_id) = 1
"""
"""Names that are one author's alone: who shares a name with somebody is not guessed at."""


def _resolve(change: Transaction, seen: int) -> None:
    """Note the events whose people are known, and link numbers that a person changed between."""
    connection, noted = change.connection, {"revision": change.revision}
    resolved = """
        SELECT who.author_id, n.source_id, n.event, n.occurred_at, other.author_id AS other_author_id, n.message_id,
            n.who AS who_name, n.other AS other_name
        FROM private.member_notices n
        JOIN one_person who ON who.platform = n.platform AND who.name = n.who
        LEFT JOIN one_person other ON other.platform = n.platform AND other.name = n.other
        WHERE n.revision > $seen OR who.revision > $seen OR other.revision > $seen
    """
    with (
        temporary(connection, "one_person", _NAMES),
        temporary(connection, "resolved", resolved, {"seen": seen}) as count,
    ):
        if not count:
            return
        same = "e.message_id = r.message_id AND e.author_id = r.author_id"
        changed(connection, f"DELETE FROM private.author_events e USING resolved r WHERE {same}")
        changed(
            connection,
            "INSERT INTO private.author_events SELECT * EXCLUDE (who_name, other_name), $revision FROM resolved",
            noted,
        )
        changed(connection, _LINK, noted)


_LINK = f"""
    INSERT INTO private.author_links
    SELECT DISTINCT source_id, author_id, other_author_id, $revision FROM resolved r
    WHERE event = 'changed_number' AND author_id <> other_author_id
        AND {notices.is_number("who_name")} AND {notices.is_number("other_name")}
        AND NOT EXISTS (
            FROM private.author_links l
            WHERE l.source_id = r.source_id
                AND (l.author_id, l.other_id) IN ((r.author_id, r.other_author_id), (r.other_author_id, r.author_id))
        )
"""
