"""``clean_messages``: the one gate between what was said and everything made from it. It fails closed.

Nothing downstream reads ``messages``. Rows of people who opted out are absent; addresses, numbers and known names in the
rest are replaced; notices, places and contact cards keep their row but not their words, because those name people who
never wrote. Every derived asset passes here before it works, so no order of materialisation can go round it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass

import duckdb

from egregora_assets.authors import sync
from egregora_assets.authors.policy import (
    Rules,
    author_names,
    cleaned,
    cleaned_now,
    cleaning,
    rules_of,
    source_policies,
)
from egregora_assets.chat.hidden_titles import follow_names
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import refuse_other_keys
from egregora_assets.privacy.scrub import POLICY_VERSION, may_mention, mentions, scrub
from egregora_assets.warehouse.connection import bounded
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction, Watermark, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "clean_messages"

log = logging.getLogger(__name__)

_SHOWN = """
    SELECT
        message_id, source_id, local_time::DATE AS local_date, local_time, sent_at,
        coalesce(p.person_id, author_id) AS author_id, kind,
        CASE
            WHEN kind IN ('system', 'location', 'contact', 'call', 'deleted') THEN ''
            WHEN message_id IN (SELECT message_id FROM private.alias_commands) THEN '/egregora alias'
            ELSE text
        END AS text,
        is_edited, position, thread_id, reply_to, edited_at, deleted_at
    FROM messages m LEFT JOIN (SELECT author_id AS member_id, person_id FROM private.persons) p ON member_id = m.author_id
    WHERE NOT EXISTS (SELECT 1 FROM authors a WHERE a.author_id = m.author_id AND a.opted_out) AND NOT EXISTS (
        SELECT 1 FROM private.other_authors o JOIN authors a USING (author_id)
        WHERE o.message_id = m.message_id AND a.opted_out
    )
"""


_COLUMNS = (
    "message_id, source_id, local_date, local_time, sent_at, author_id, kind, text, is_edited, position, thread_id, reply_to, "
    "edited_at, deleted_at"
)


@dataclass(frozen=True)
class GateChanges:
    """Rows that one pass let in, took out and cleaned again."""

    added: int = 0
    removed: int = 0
    cleaned_again: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> GateChanges:
    """Bring ``clean_messages`` up to date with messages, opt-outs and known names; changes nothing when nothing is new.

    Chats whose titles name somebody who is known by now are under a pseudonym from here on. Raises what ``sync.refresh`` does.
    """
    if is_settled(connection, CONSUMER, rules_now(connection, settings)):
        return GateChanges()
    outcome = _refresh(connection, settings)
    settle(connection, CONSUMER, rules_now(connection, settings))
    return outcome


def rules_now(connection: duckdb.DuckDBPyConnection, settings: Settings) -> object:
    """Return what the outcome of a pass follows from besides the rows of the warehouse: its keys and the owner's rules.

    Raises ``KeyFileError`` and what ``sync.refresh`` does.
    """
    refuse_other_keys(connection, settings.key_path)
    return POLICY_VERSION, sync.rules_fingerprint(settings), settings


def _refresh(connection: duckdb.DuckDBPyConnection, settings: Settings) -> GateChanges:
    follow_names(connection, settings)
    sync.refresh(connection, settings)
    fingerprint = policy_fingerprint(connection, settings)
    # Names are hidden in Python: other threads would only take turns with it.
    one_thread = bounded(connection, settings.warehouse, threads=1)
    with one_thread, cleaning(connection, settings), transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        rules = rules_of(connection, settings)
        if seen.revision and seen.fingerprint != fingerprint:
            log.info("the privacy policy has changed: cleaning all messages again")
            outcome = _start_over(change, rules)
        elif seen.revision:
            outcome = _follow(change, seen, rules)
        else:
            outcome = GateChanges(added=_let_in(change, "revision > 0", rules) if _any_message(connection) else 0)
        change.advance(fingerprint)
    return outcome


def policy_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a name for the rules of cleaning: another name means that all has to be cleaned again."""
    policies = sorted(source_policies(connection, settings).items())
    rules = [POLICY_VERSION, settings.privacy.scrub_names, sorted(settings.privacy.opt_out), policies]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:16]


def known_names(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Return the display names to hide: of all authors, and of the opt-out list."""
    return rules_of(connection, settings).names


def _any_message(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(scalar(connection, "SELECT EXISTS (SELECT 1 FROM messages)"))


def _start_over(change: Transaction, rules: Rules) -> GateChanges:
    with temporary(change.connection, "wanted", cleaned(_SHOWN, rules)):
        removed = _take_out(
            change,
            "the privacy policy has changed",
            f"message_id NOT IN (SELECT message_id FROM (SELECT {_COLUMNS} FROM clean_messages "
            f"INTERSECT SELECT {_COLUMNS} FROM wanted))",
        )
        added = _insert(
            change,
            "SELECT * FROM wanted w WHERE NOT EXISTS (SELECT 1 FROM clean_messages c WHERE c.message_id = w.message_id)",
        )
    return GateChanges(added=added, removed=removed)


def _follow(change: Transaction, seen: Watermark, rules: Rules) -> GateChanges:
    """Apply what has happened since ``seen``: opt-outs and deletions first, then persons and new names, then new messages."""
    connection, since = change.connection, seen.revision
    removed = added = again = 0
    opted_out = "SELECT author_id FROM authors WHERE opted_out_revision > $since AND opted_out"
    if _exists(connection, f"({opted_out})", since):
        removed += _take_out(
            change,
            "opt-out",
            f"message_id IN (SELECT message_id FROM messages WHERE {_by_any(opted_out)})",
            since,
        )
    if _exists(connection, f"({_OF_OTHERS_TOO})", since):
        removed += _take_out(change, "opt-out", f"message_id IN ({_OF_OTHERS_TOO})", since)
    if _exists(connection, "tombstones WHERE table_name = 'messages' AND revision > $since", since):
        removed += _take_out(
            change,
            "message replaced",
            "message_id IN (SELECT key FROM tombstones WHERE table_name = 'messages' AND revision > $since)",
            since,
        )
    if _exists(connection, f"({_OTHER_PERSONS})", since):
        again += _show_as_persons(change)
    fresh = author_names(connection, since) if rules.names != rules.listed or rules.pseudonymise else []
    again += _clean_again(change, fresh, "NOT list_contains($among, m.source_id)", rules.keep, rules)
    only_listed, others = rules.names == rules.listed, rules.pseudonymise + rules.keep
    if only_listed or others:
        decided = [name for name, is_out in _who_decided(connection, since) if is_out or name not in fresh]
        where, among = ("NOT ", []) if only_listed else ("", others)
        again += _clean_again(change, decided, f"{where}list_contains($among, m.source_id)", among, rules)
    if _exists(connection, "authors WHERE opted_out_revision > $since AND NOT opted_out", since):
        came_back = _by_any("SELECT author_id FROM authors WHERE opted_out_revision > $since AND NOT opted_out")
        added += _let_in(change, f"revision <= $since AND {came_back} AND {_ABSENT}", rules, since)
    if _exists(connection, "messages WHERE revision > $since", since):
        added += _let_in(change, "revision > $since", rules, since)
    return GateChanges(added=added, removed=removed, cleaned_again=again)


def _by_any(whom: str) -> str:
    """Return the SQL for whether a message is of one of these authors, also where an export only gives it to them."""
    given = f"SELECT message_id FROM private.other_authors WHERE author_id IN ({whom})"
    return f"(author_id IN ({whom}) OR message_id IN ({given}))"


_OF_OTHERS_TOO = """
    SELECT message_id FROM private.other_authors o JOIN authors USING (author_id) WHERE o.revision > $since AND opted_out
"""
"""Messages that have become known as those of people who opted out earlier."""
_ABSENT = "NOT EXISTS (SELECT 1 FROM clean_messages c WHERE c.message_id = m.message_id)"


def _exists(connection: duckdb.DuckDBPyConnection, what: str, since: int) -> bool:
    return bool(scalar(connection, f"SELECT EXISTS (SELECT 1 FROM {what})", {"since": since}))


def _let_in(change: Transaction, condition: str, rules: Rules, since: int | None = None) -> int:
    parameters = None if since is None else {"since": since}
    with cleaned_now(change.connection, f"{_SHOWN} AND {condition}", rules, parameters) as query:
        return _insert(change, query)


def _insert(change: Transaction, query: str) -> int:
    added = changed(
        change.connection,
        f"INSERT INTO clean_messages BY NAME SELECT *, $revision AS revision FROM ({query})",
        {"revision": change.revision},
    )
    change.connection.execute(
        "INSERT INTO changed_days SELECT DISTINCT source_id, local_date, revision FROM clean_messages WHERE revision = ?",
        [change.revision],
    ).fetchall()
    return added


def _take_out(change: Transaction, reason: str, condition: str, since: int | None = None) -> int:
    """Remove the rows that meet ``condition``; whoever has copies learns of it by tombstones and an erasure."""
    connection = change.connection
    parameters = {} if since is None else {"since": since}
    selected = f"SELECT message_id, source_id, local_date FROM clean_messages c WHERE {condition}"
    with temporary(connection, "outgoing", selected, parameters) as count:
        if not count:
            return 0
        revision = [change.revision]
        connection.execute(
            "INSERT INTO changed_days SELECT DISTINCT source_id, local_date, ?::BIGINT FROM outgoing", revision
        ).fetchall()
        connection.execute(
            "INSERT INTO tombstones SELECT 'clean_messages', message_id, ?::BIGINT FROM outgoing", revision
        ).fetchall()
        connection.execute("INSERT INTO erasures VALUES (?, ?, ?)", [reason, count, change.revision]).fetchall()
        return changed(connection, "DELETE FROM clean_messages WHERE message_id IN (SELECT message_id FROM outgoing)")


def _who_decided(connection: duckdb.DuckDBPyConnection, since: int) -> list[tuple[str, bool]]:
    """Return the names of those whose opt-out or person has changed, and new names of those who opted out; and whether they have.

    Their names or aliases go from texts that name them, or come back.
    """
    sql = f"""
        SELECT raw_name, bool_or(opted_out) FROM private.author_names n JOIN authors USING (author_id)
        WHERE opted_out_revision > $since OR (opted_out AND n.revision > $since) OR author_id IN ({_OTHER_PERSONS})
            OR author_id IN (SELECT person_id FROM private.persons WHERE revision > $since)
        GROUP BY raw_name ORDER BY raw_name
    """
    return rows(connection, sql, {"since": since})


def _clean_again(change: Transaction, named: list[str], where: str, among: list[str], rules: Rules) -> int:
    """Clean again the earlier messages of some sources in which these people are named, who have only now become known.

    Names are asked of texts without addresses and numbers, as ``cleaned`` looks for them: one may stand right beside them.
    """
    if not named:
        return 0
    possible = f"""
        SELECT c.message_id, m.text FROM clean_messages c JOIN messages m USING (message_id)
        WHERE {where} AND {may_mention("m.text", named)}
    """
    with temporary(change.connection, "possibly_naming", possible, {"among": among}) as count:
        return _clean_naming(change, named, rules) if count else 0


def _clean_naming(change: Transaction, named: list[str], rules: Rules) -> int:
    """Clean again those of the messages ``possibly_naming`` people in which one is."""
    affected = f"SELECT message_id FROM ({scrub('FROM possibly_naming', 'text')}) WHERE {mentions('text', named)}"
    with temporary(change.connection, "naming", affected) as count:
        if not count:
            return 0
        wanted = f"{_SHOWN} AND message_id IN (SELECT message_id FROM naming)"
        with cleaned_now(change.connection, wanted, rules) as query, temporary(change.connection, "renamed", query):
            _take_out(change, "a name became known", "message_id IN (SELECT message_id FROM naming)")
            return _insert(change, "SELECT * FROM renamed")


_OTHER_PERSONS = """
    SELECT author_id FROM private.persons WHERE revision > $since
    UNION ALL SELECT key FROM tombstones WHERE table_name = 'persons' AND revision > $since
"""
"""Authors who are shown as another person than before."""


def _show_as_persons(change: Transaction) -> int:
    """Let messages stand under the person that their author is now, or no longer."""
    person = "coalesce(p.person_id, m.author_id)"
    wanted = f"""
        SELECT c.* EXCLUDE (revision) REPLACE ({person} AS author_id)
        FROM clean_messages c JOIN messages m USING (message_id) LEFT JOIN private.persons p ON p.author_id = m.author_id
        WHERE c.author_id IS DISTINCT FROM {person}
    """
    with temporary(change.connection, "renamed", wanted) as count:
        if not count:
            return 0
        _take_out(change, "who is who has changed", "message_id IN (SELECT message_id FROM renamed)")
        return _insert(change, "SELECT * FROM renamed")
