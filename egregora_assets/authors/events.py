"""What happened to people in a chat, from its notices: joined, left, removed, another number, another name. Private.

Notices name people, so they are kept as they are worded until the names in them are those of authors, in whatever order
exports come. A change of number that names two known numbers links them: an opt-out by either then holds for both.
"""

from __future__ import annotations

from egregora_assets.authors import notices
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction

_NEW_NOTICES = """
    SELECT m.message_id, m.source_id, s.platform, m.sent_at AS occurred_at, m.text
    FROM (FROM messages WHERE kind = 'system' AND revision > $seen) m
    JOIN (SELECT source_id, any_value(platform) AS platform FROM sources GROUP BY source_id) s USING (source_id)
"""


def follow(change: Transaction, seen: int, deleted: bool) -> None:
    """Bring ``private.author_events`` up to date with notices and names since revision ``seen``.

    ``deleted`` says whether messages were taken away or changed since.
    """
    connection, since = change.connection, {"seen": seen}
    if deleted:
        _forget_deleted(change, seen)
    named = changed(connection, _NORMALISE, since) if scalar(connection, _NEW_NAMES, since) else 0
    with temporary(connection, "new_notices", _NEW_NOTICES, since) as count:
        if count:
            _read(change, count)
    with temporary(connection, "open_notices", _OPEN_NOTICES if named else _FRESH_NOTICES, since) as count:
        if count:
            _resolve(change, named > 0)


_NORMALISE = f"""
    INSERT INTO private.notice_names
    SELECT platform, {notices.same_name("raw_name")}, author_id, revision FROM private.author_names WHERE revision > $seen
"""
_NEW_NAMES = "SELECT EXISTS (FROM private.author_names WHERE revision > $seen)"
_FRESH_NOTICES = "FROM private.member_notices WHERE revision > $seen"
_OPEN_NOTICES = f"""
    WITH fresh AS (SELECT name FROM private.notice_names WHERE revision > $seen)
    {_FRESH_NOTICES} OR who IN (FROM fresh) OR other IN (FROM fresh)
"""
"""What is new, and what names somebody who has only now become known."""


def _forget_deleted(change: Transaction, seen: int) -> None:
    gone = "SELECT key FROM tombstones WHERE table_name = 'messages' AND revision > $seen"
    for table in ("private.member_notices", "private.author_events"):
        changed(change.connection, f"DELETE FROM {table} WHERE message_id IN ({gone})", {"seen": seen})


def _read(change: Transaction, count: int) -> None:
    """Keep those of ``new_notices`` that tell of people; of a list of people ("Bo, Cy and Dee") one row for each.

    A name may have such a word in it ("Tom and Jerry"): the whole is kept beside the parts, and what is no author tells nothing.
    """
    wordings = None
    if count < _FEW:
        wordings = notices.possible(rows(change.connection, "SELECT platform, text FROM new_notices"))
        if not wordings:
            return
    told = notices.told("FROM new_notices", wordings)
    parts = f"regexp_split_to_array(who, {_BETWEEN_NAMES})"
    changed(
        change.connection,
        f"""
        INSERT INTO private.member_notices
        SELECT DISTINCT
            message_id, source_id, platform, event, occurred_at, names[1], names[2], $revision
        FROM (
            SELECT *, list_transform([name, other], lambda said: {notices.same_name("said")}) AS names
            FROM (
                SELECT *, unnest(CASE WHEN event IN ('joined', 'removed') THEN {parts} || [who] ELSE [who] END) AS name
                FROM ({told})
            )
            WHERE name <> ''
        )
        """,
        {"revision": change.revision},
    )


_FEW = 500
"""Fewer notices are looked at first: making all patterns costs more than asking them."""
_BETWEEN_NAMES = "', | (?:and|e|y|und|et) '"

_NAMES = """
    SELECT platform, name, any_value(author_id) AS author_id FROM private.notice_names
    WHERE name IN (SELECT who FROM open_notices UNION SELECT other FROM open_notices)
    GROUP BY platform, name HAVING count(DISTINCT author_id) = 1
"""
"""Names that are one author's alone: who shares a name with somebody is not guessed at."""

_RESOLVED = f"""
    WITH one_person AS MATERIALIZED ({_NAMES})
    SELECT
        who.author_id, n.source_id, n.event, n.occurred_at, other.author_id AS other_author_id, n.message_id,
        n.who AS who_name, n.other AS other_name
    FROM open_notices n
    JOIN one_person who ON who.platform = n.platform AND who.name = n.who
    LEFT JOIN one_person other ON other.platform = n.platform AND other.name = n.other
"""


def _resolve(change: Transaction, named: bool) -> None:
    """Note the events of ``open_notices`` whose people are known, and link numbers that a person changed between."""
    connection, noted = change.connection, {"revision": change.revision}
    with temporary(connection, "resolved", _RESOLVED) as count:
        if not count:
            return
        if named:
            changed(connection, _FORGET_AGAIN)
        changed(
            connection,
            "INSERT INTO private.author_events SELECT * EXCLUDE (who_name, other_name), $revision FROM resolved",
            noted,
        )
        if scalar(connection, "SELECT EXISTS (FROM resolved WHERE event = 'changed_number')"):
            changed(connection, _LINK, noted)


_FORGET_AGAIN = """
    DELETE FROM private.author_events e USING resolved r WHERE e.message_id = r.message_id AND e.author_id = r.author_id
"""
"""An event may be known already, and only the other one's name be new."""

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
