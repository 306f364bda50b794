"""What must be true at the gate: nobody's words who opted out, nothing that names or reaches a person."""

from __future__ import annotations

import hashlib

import duckdb

from egregora_assets.authors import gate, posts, sync
from egregora_assets.authors.policy import hides_listed_only, naming_somebody, rules_of, unscrubbed
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict, no_new_rows, no_rows

HIDDEN_MESSAGES = """
    SELECT message_id FROM messages SEMI JOIN (FROM authors WHERE opted_out) USING (author_id)
    UNION SELECT message_id FROM private.other_authors SEMI JOIN (FROM authors WHERE opted_out) USING (author_id)
"""
"""The SQL for the messages that must not be shown."""
_CLEAN = "SELECT text AS words, source_id FROM clean_messages WHERE revision > $since"


def no_opted_out_messages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message of a person who opted out has passed the gate."""
    return no_rows(
        connection,
        f"SELECT count(*) FROM clean_messages WHERE message_id IN ({HIDDEN_MESSAGES})",
        "messages of people who opted out",
    )


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message past the gate shows an address, a number, an account, an id or a key, unless its source keeps them."""
    return no_pii_in(connection, settings, "clean_messages", _CLEAN)


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message past the gate shows a name that the policy of its source hides."""
    return no_names_in(connection, settings, "clean_messages", _CLEAN)


def opt_out_list_matches(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every name on the configured opt-out list is that of an author."""
    unmatched = sync.refresh(connection, settings).unmatched
    return Verdict(
        not unmatched, f"{len(unmatched)} names on the opt-out list match no author", {"unmatched": len(unmatched)}
    )


def identities_match(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every identity in `identities.toml` is that of one author."""
    unknown = sync.refresh(connection, settings).unknown
    told = f"{len(unknown)} identities in identities.toml are those of no author"
    return Verdict(
        not unknown, ": ".join([told, *([", ".join(unknown)] if unknown else [])]), {"unknown": len(unknown)}
    )


def front_matter_can_be_read(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every post's front matter, and the list of authors beside the posts, can be read."""
    found = len(posts.problems(connection))
    return Verdict(found == 0, f"{found} posts cannot be read: `egregora ingest` names them", {"posts": found})


def no_pii_in(connection: duckdb.DuckDBPyConnection, settings: Settings, where: str, shown: str) -> Verdict:
    """Look for addresses, numbers and keys in ``shown``: SQL of (words, source_id) for what has changed since ``$since``."""
    condition = unscrubbed("words", "source_id", rules_of(connection, settings))
    complaint = f"rows of {where} that show an address, a number or a key"
    return _none_shown(connection, settings, f"no_unscrubbed_pii:{where}", shown, condition, complaint)


def no_names_in(connection: duckdb.DuckDBPyConnection, settings: Settings, where: str, shown: str) -> Verdict:
    """Look for names in ``shown`` as ``no_pii_in`` does, in all of it when a name is new."""
    condition = naming_somebody("words", "source_id", rules_of(connection, settings))
    complaint = f"rows of {where} that show a name"
    return _none_shown(connection, settings, f"no_private_names_published:{where}", shown, condition, complaint)


def _none_shown(
    connection: duckdb.DuckDBPyConnection, settings: Settings, check: str, shown: str, condition: str, complaint: str
) -> Verdict:
    sql = f"SELECT count(*) FROM ({shown}) WHERE {condition}"
    with scrubbing(connection):
        return no_new_rows(connection, check, sql, complaint, names_fingerprint(connection, settings))


def names_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a value that changes when a name becomes known or the policy changes."""
    newest = rows(connection, "SELECT max(revision), count(*) FROM private.author_names")
    if hides_listed_only(connection, settings):
        newest += rows(connection, "SELECT max(opted_out_revision), count(*) FROM authors WHERE opted_out")
    return hashlib.sha256(f"{gate.policy_fingerprint(connection, settings)} {newest}".encode()).hexdigest()[:16]
