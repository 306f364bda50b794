"""What must be true at the gate: nobody's words who opted out, nothing that names or reaches a person."""

from __future__ import annotations

import hashlib

import duckdb

from egregora_assets.authors import gate, posts, sync
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import leaks
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict, no_new_rows, no_rows


def no_opted_out_messages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message of a person who opted out has passed the gate."""
    return no_rows(
        connection,
        "SELECT count(*) FROM clean_messages SEMI JOIN (SELECT author_id FROM authors WHERE opted_out) USING (author_id)",
        "messages of people who opted out",
    )


def no_private_text(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message past the gate shows an e-mail address, a phone number or a known name."""
    return no_leaks(connection, settings, "clean_messages", "text")


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


def no_leaks(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: str,
    words: str,
) -> Verdict:
    """Look for leaks in ``words`` (SQL) of the rows of ``table`` that changed, or of all rows when a name is new."""
    names = gate.known_names(connection, settings)
    return no_new_rows(
        connection,
        f"no_private_text:{table}",
        f"SELECT count(*) FROM (SELECT {words} AS words FROM {table} WHERE revision > $since) WHERE {leaks('words', names)}",
        f"rows of {table} that show an address, a number or a name",
        names_fingerprint(connection, settings),
    )


def names_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a value that changes when a name becomes known or the policy changes."""
    newest = rows(connection, "SELECT max(revision), count(*) FROM private.author_names")[0]
    return hashlib.sha256(f"{gate.policy_fingerprint(settings)} {newest}".encode()).hexdigest()[:16]
