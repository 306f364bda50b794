"""What people who opted out have said and what stands once more, in the same chat and minute, under another name.

Exports name one person in several ways, and what no link is found for stands twice. Such a message is hidden with that of who
opted out, whoever it stands under; and who said enough of this under a name that no export has beside the other is linked.
"""

from __future__ import annotations

import duckdb

from egregora_assets.authors.policy import author_names
from egregora_assets.privacy.scrub import INVISIBLE, hide_names, scrubbing
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction

_TELLING_LETTERS = 12
"""One equal text of such a length can show that two names are one person's."""


def follow(change: Transaction, since: int) -> bool:
    """Note the messages since revision ``since`` that say the same as somebody who opted out, or whom such a person repeats.

    They stand in ``private.other_authors`` then, which the gate asks. Returns whether people were linked by them: the opt-outs
    have to be asked again, and all messages then, with a ``since`` of 0.
    """
    connection = change.connection
    ((first, last),) = rows(connection, _SPAN, {"since": since})
    span = {"first": first, "last": last}
    if first is None or not scalar(connection, _ANY_MINUTE_OF_BOTH, span):
        return False
    with temporary(connection, "said_beside", _SAID_BESIDE, span):
        _take_names_out(connection)
        with temporary(connection, "said_twice", _SAID_TWICE, {"since": since}) as count:
            if not count:
                return False
            noted = "INSERT INTO private.other_authors SELECT DISTINCT message_id, their_id, $revision FROM said_twice"
            changed(connection, noted, {"revision": change.revision})
            return _link(change)


def _take_names_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Let texts that mention somebody (`@Mum`) be equal by whatever name each phone has for whom they mention."""
    if not scalar(connection, _MENTIONS_ON_BOTH_SIDES):
        return
    mentioning = "SELECT DISTINCT words AS said, words FROM said_beside WHERE contains(words, '@')"
    with scrubbing(connection):
        shown = hide_names(mentioning, "words", author_names(connection))
        sql = f"SELECT said, regexp_replace(words, {_PERSON}, '@', 'g') AS words FROM ({shown})"
        with temporary(connection, "without_names", sql):
            changed(
                connection,
                "UPDATE said_beside SET words = n.words FROM without_names n WHERE said_beside.words = n.said",
            )


def _link(change: Transaction) -> bool:
    connection = change.connection
    with temporary(connection, "may_be_one", _MAY_BE_ONE) as count:
        if not count:
            return False
        with temporary(connection, "are_one", _ARE_ONE) as count:
            if count:
                links = "INSERT INTO private.author_links SELECT source_id, author_id, other_id, $revision FROM are_one"
                changed(connection, links, {"revision": change.revision})
            return count > 0


_PERSON = r"'@\s*(?:\[name\](?: ?\[name\])*|\+?\p{Nd}[\p{Nd} ()\-]*\p{Nd})'"
_MINUTE = "date_trunc('minute', local_time)"


def _words(text: str) -> str:
    """Return the SQL for a text without what differs between phones: marks that show nothing, and how wide a space is."""
    bare = (
        f"regexp_replace(nfc_normalize({text}), '{INVISIBLE}|[\\x{{200C}}\\x{{200D}}\\x{{FE00}}-\\x{{FE0F}}]', '', 'g')"
    )
    return f"trim(regexp_replace({bare}, '[\\s\\p{{Z}}]+', ' ', 'g'))"


_SHOWS_WORDS = "kind NOT IN ('system', 'location', 'contact', 'call', 'deleted') AND author_id IS NOT NULL"
_SPAN = """
    SELECT min(local_time), max(local_time) FROM messages
    WHERE revision > $since AND EXISTS (FROM authors WHERE opted_out)
"""
"""From the first to the last time of what is new."""
_IN_SPAN = f"""
    local_time >= date_trunc('minute', $first::TIMESTAMP)
    AND local_time < date_trunc('minute', $last::TIMESTAMP) + INTERVAL 1 MINUTE AND {_SHOWS_WORDS}
"""
_ANY_MINUTE_OF_BOTH = f"""
    SELECT EXISTS (
        SELECT 1 FROM messages LEFT JOIN (SELECT author_id, opted_out FROM authors WHERE opted_out) USING (author_id)
        WHERE {_IN_SPAN} GROUP BY source_id, {_MINUTE} HAVING count(opted_out) > 0 AND count(opted_out) < count(*)
    )
"""
"""Most passes have none: the cheap question before the texts are looked at."""
_SAID_BESIDE = f"""
    WITH near AS (
        SELECT message_id, source_id, {_MINUTE} AS minute, author_id, kind, text, native_id, revision
        FROM messages WHERE {_IN_SPAN}
    ),
    minutes AS MATERIALIZED (
        SELECT DISTINCT source_id, minute FROM near SEMI JOIN (FROM authors WHERE opted_out) USING (author_id)
    ),
    beside AS (
        FROM near SEMI JOIN minutes USING (source_id, minute)
    )
    SELECT DISTINCT
        message_id, source_id, minute, author_id, kind, {_words("said")} AS words, native_id IS NULL AS is_known_by_words,
        revision, coalesce(opted_out, false) AS is_hidden
    FROM (
        SELECT *, text AS said FROM beside
        UNION ALL
        SELECT beside.*, before.text FROM beside JOIN private.message_versions before USING (message_id)
    ) LEFT JOIN (SELECT author_id, opted_out FROM authors) USING (author_id)
"""
"""All that is said in the minutes in which people who opted out said something, also what stood there before an edit."""

_MENTIONS_ON_BOTH_SIDES = """
    SELECT EXISTS (
        FROM (SELECT source_id, minute FROM said_beside WHERE is_hidden AND contains(words, '@'))
        SEMI JOIN (FROM said_beside WHERE NOT is_hidden AND contains(words, '@')) USING (source_id, minute)
    )
"""


_SAID_TWICE = """
    WITH equal AS (
        SELECT
            o.message_id, o.source_id, o.author_id, t.author_id AS their_id, o.words,
            o.is_known_by_words AND t.is_known_by_words AS is_known_by_words
        FROM (FROM said_beside WHERE NOT is_hidden) o JOIN (FROM said_beside WHERE is_hidden) t USING (source_id, minute, words)
        WHERE (o.revision > $since OR t.revision > $since) AND (words <> '' OR o.kind = t.kind)
    ),
    beside AS (
        SELECT DISTINCT e.author_id, e.their_id FROM (SELECT DISTINCT author_id, their_id FROM equal) e
        JOIN private.author_name_uses one ON one.author_id = e.author_id
        JOIN private.author_name_uses other ON other.author_id = e.their_id AND other.export_id = one.export_id
    )
    SELECT e.*, b.author_id IS NULL AS are_never_beside
    FROM equal e LEFT JOIN beside b ON b.author_id = e.author_id AND b.their_id = e.their_id
    WHERE (words <> '' OR b.author_id IS NULL) AND NOT EXISTS (
        FROM private.other_authors o WHERE o.message_id = e.message_id AND o.author_id = e.their_id
    )
"""
"""A photo has no words: it is taken for the same one only under names of which no export has both."""

_MAY_BE_ONE = """
    WITH pairs AS (
        SELECT DISTINCT source_id, author_id, their_id AS other_id FROM said_twice
        WHERE are_never_beside AND is_known_by_words AND words <> ''
    ),
    named AS (
        SELECT source_id, author_id, min(first_local_time) AS first, max(last_local_time) AS last
        FROM exports JOIN (SELECT DISTINCT export_id, author_id FROM private.author_name_uses) USING (export_id)
        WHERE status = 'loaded' GROUP BY ALL
    )
    SELECT p.*, row_number() OVER () AS pair,
        date_trunc('minute', greatest(a.first, b.first)) AS since, date_trunc('minute', least(a.last, b.last)) AS until
    FROM pairs p JOIN named a USING (source_id, author_id)
    JOIN named b ON b.source_id = p.source_id AND b.author_id = p.other_id
    WHERE NOT EXISTS (
        FROM private.author_splits s WHERE (s.author_id, s.other_id) IN ((p.author_id, p.other_id), (p.other_id, p.author_id))
    ) AND NOT EXISTS (
        FROM private.author_links l WHERE (l.author_id, l.other_id) IN ((p.author_id, p.other_id), (p.other_id, p.author_id))
    )
"""
"""Two names of which no export has both, and the minutes that exports with each of them cover whole."""

_ARE_ONE = f"""
    WITH members AS (
        SELECT pair, source_id, author_id, true AS is_first FROM may_be_one
        UNION ALL SELECT pair, source_id, other_id, false FROM may_be_one
    ),
    said AS (
        SELECT pair, is_first, source_id, {_MINUTE} AS minute, {_words("text")} AS words, count(*) AS times,
            max(m.revision) AS revision, arg_max(m.export_id, m.revision) AS export_id
        FROM members JOIN messages m USING (source_id, author_id) WHERE kind = 'text' GROUP BY ALL
    ),
    totals AS (
        SELECT pair, sum(times) FILTER (is_first) AS one, sum(times) FILTER (NOT is_first) AS other
        FROM said JOIN may_be_one USING (pair) WHERE minute > since AND minute < until GROUP BY pair
    ),
    equal AS (
        SELECT pair, source_id, minute, words, least(a.times, b.times) AS times,
            CASE WHEN a.revision > b.revision THEN a.export_id ELSE b.export_id END AS later_export
        FROM (FROM said WHERE is_first) a JOIN (FROM said WHERE NOT is_first) b USING (pair, source_id, minute, words)
    ),
    by_others AS (
        SELECT DISTINCT e.pair, e.minute, e.words
        FROM equal e JOIN may_be_one p USING (pair)
        JOIN (
            SELECT source_id, {_MINUTE} AS minute, {_words("text")} AS words, author_id FROM messages
            WHERE kind = 'text' AND ({_MINUTE}, source_id) IN (SELECT (minute, source_id) FROM equal)
        ) m ON m.source_id = e.source_id AND m.minute = e.minute AND m.words = e.words
        WHERE m.author_id NOT IN (p.author_id, p.other_id)
    ),
    hits AS (
        SELECT pair, sum(e.times) AS hits, sum(e.times) FILTER (e.minute > since AND e.minute < until) AS sure_hits,
            max(length(e.words)) AS longest, bool_or(coalesce(x.known, 0) > 0) AS is_one_chat
        FROM (FROM equal ANTI JOIN by_others USING (pair, minute, words)) e JOIN may_be_one USING (pair)
        LEFT JOIN exports x ON x.export_id = e.later_export GROUP BY pair
    )
    SELECT source_id, author_id, other_id
    FROM may_be_one JOIN hits USING (pair) JOIN totals USING (pair)
    WHERE sure_hits > 0 AND sure_hits * 2 >= one AND sure_hits * 2 >= other
        AND CASE WHEN is_one_chat THEN hits > 1 OR longest >= {_TELLING_LETTERS}
            ELSE hits > 1 AND longest >= {_TELLING_LETTERS} END
"""
"""Less is asked than of names under which messages are merged, for here only an opt-out goes over the link: half of what both
said agrees, in whole minutes of both exports; and one text of some length, or two that agree in an export which repeats other
messages of the chat. What others said at the same time tells nothing.
"""
