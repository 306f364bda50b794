"""What must be true of loaded messages."""

from __future__ import annotations

import duckdb

from egregora_assets.chat.formats.whatsapp import LOST_MESSAGE
from egregora_assets.config import Settings
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.verdict import Verdict, few_new_rows, no_new_rows

_MOST_QUARANTINED = 0.01
_MOST_OUT_OF_ORDER = 0.01


def unique_message_ids(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No two messages have the same id."""
    return no_new_rows(
        connection,
        "unique_message_ids",
        """
        SELECT count(*) FROM (
            SELECT message_id FROM messages
            SEMI JOIN (SELECT message_id FROM messages WHERE revision > $since) fresh USING (message_id)
            GROUP BY message_id HAVING count(*) > 1
        )
        """,
        "ids stand for more than one message",
    )


def nothing_vanished(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every message of every export was added, was known already, or is in the quarantine; all that were added are there.

    Of segments of live messages it is the same for each event, of which some change a message instead.
    """
    differing = scalar(
        connection,
        """
        SELECT count(*) FROM exports e WHERE status = 'loaded' AND messages <> added + known + (
            SELECT coalesce(sum(pieces), 0) FROM quarantine q
            WHERE q.export_id = e.export_id AND e.platform = 'whatsapp'
                AND EXISTS (SELECT 1 FROM unnest($lost) lost(begins) WHERE starts_with(q.reason, begins))
        )
        """,
        {"lost": list(LOST_MESSAGE)},
    )
    missing = scalar(
        connection,
        """
        SELECT (SELECT coalesce(sum(added - removed), 0) FROM exports WHERE status = 'loaded')
            + (SELECT coalesce(sum(added), 0) FROM live_segments) - (SELECT count(*) FROM messages)
        """,
    )
    segments = scalar(
        connection,
        "SELECT count(*) FROM live_segments WHERE events <> messages + changes OR messages <> added + known",
    )
    return Verdict(
        differing == 0 and missing == 0 and segments == 0,
        f"{differing:,} exports and {segments:,} segments whose messages do not add up; {missing:,} messages that are missing",
        {"exports": int(differing), "segments": int(segments), "missing": int(missing)},
    )


def quarantine_is_small(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """At most one message in a hundred of each export is in the quarantine."""
    worst = rows(
        connection,
        "SELECT max(quarantined / greatest(messages, 1)), sum(quarantined) FROM exports WHERE status = 'loaded'",
    )[0]
    share, total = float(worst[0] or 0), int(worst[1] or 0)
    return Verdict(
        share <= _MOST_QUARANTINED, f"{total:,} pieces in quarantine", {"worst_share": share, "pieces": total}
    )


def plausible_times(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Messages were sent between 1990 and next week."""
    return no_new_rows(
        connection,
        "plausible_times",
        "SELECT count(*) FROM messages WHERE revision > $since "
        "AND (sent_at < TIMESTAMPTZ '1990-01-01 00:00:00+00' OR sent_at > now() + INTERVAL 7 DAY)",
        "messages from before 1990 or the future",
    )


def times_in_order(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """At most one message in a hundred stands, in its export, behind one that was sent more than a minute later.

    Live messages may come in any order.
    """
    return few_new_rows(
        connection,
        "times_in_order",
        """
        SELECT count(*) FILTER (sent_at + INTERVAL 1 MINUTE < before), count(*)
        FROM (
            SELECT sent_at, lag(sent_at) OVER (PARTITION BY export_id, source_id ORDER BY position) AS before
            FROM messages WHERE revision > $since AND export_id <> 'live'
        )
        """,
        "messages stand behind later ones",
        _MOST_OUT_OF_ORDER,
    )


def exports_are_readable(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every file in the inbox could be read. Which could not, and why, `egregora doctor` says: names of files name people."""
    sql = "SELECT status, count(*) FROM exports WHERE status IN ('failed', 'ambiguous') GROUP BY status ORDER BY status"
    unread = dict(rows(connection, sql))
    told = "; `egregora doctor` names them" if unread else ""
    return Verdict(not unread, f"exports that could not be read: {sum(unread.values())}{told}", unread)
