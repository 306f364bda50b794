"""What must be true of the published snapshot, asked of the file that readers open."""

from __future__ import annotations

import duckdb

from egregora_assets.authors import gate
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.documents.windows import SPOKEN
from egregora_assets.privacy.scrub import leaks
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.tables import TABLES, PublishedTable
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.revisions import current_revision, transaction, watermark
from egregora_assets.warehouse.verdict import Verdict

_WORDS_OF_PEOPLE = {
    "messages": "text",
    "documents": SPOKEN,
    "topics": "label",
    "decisions": "text",
    "questions": "text",
    "entities": "name",
    "sources": "title",
    "sidecars": "title",
}


def only_allowed_tables(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The snapshot holds the tables of the allow-list and no other."""
    with open_snapshot(settings) as snapshot:
        present = {name for (name,) in rows(snapshot, "SELECT table_name FROM duckdb_tables()")}
    surplus = present - {table.name for table in TABLES} - {"publication"}
    return Verdict(
        not surplus, f"{len(surplus)} tables that are not on the allow-list", {"surplus": ", ".join(sorted(surplus))}
    )


def snapshot_is_current(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The snapshot shows the warehouse's newest revision."""
    with open_snapshot(settings) as snapshot:
        shown = int(scalar(snapshot, "SELECT revision FROM publication"))
    newest = current_revision(connection)
    return Verdict(
        shown == newest, f"the snapshot shows revision {shown} of {newest}", {"shown": shown, "newest": newest}
    )


def no_opted_out_text_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No row of the snapshot comes from a person who opted out."""
    opted_out = [str(found) for (found,) in rows(connection, "SELECT author_id FROM authors WHERE opted_out")]
    with open_snapshot(settings) as snapshot:
        found = int(
            scalar(
                snapshot, "SELECT count(*) FROM messages WHERE author_id::VARCHAR IN (SELECT unnest(?))", [opted_out]
            )
        )
        found += int(
            scalar(snapshot, "SELECT count(*) FROM authors WHERE author_id::VARCHAR IN (SELECT unnest(?))", [opted_out])
        )
    return Verdict(found == 0, f"{found} rows of people who opted out", {"rows": found})


def erasure_is_complete(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No byte of what is published holds a phrase that only people who opted out have said. Searched after each erasure."""
    consumer = "check:erasure_is_complete"
    state = "SELECT (SELECT max(revision) FROM erasures), (SELECT max(opted_out_revision) FROM authors WHERE opted_out)"
    fingerprint = str(rows(connection, state)[0])
    if watermark(connection, consumer).fingerprint == fingerprint:
        return Verdict(True, "nothing has been erased since the last search", {"places": 0})
    report = search_outputs(connection, settings)
    if report.is_clean:
        with transaction(connection, consumer) as change:
            change.advance(fingerprint, even_unchanged=True)
    figures = report.model_dump(mode="json", include={"people", "messages", "phrases", "bytes_searched"})
    return Verdict(
        report.is_clean, f"places where words of people who opted out are left: {len(report.found)}", figures
    )


def no_private_text_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No text of the snapshot shows an e-mail address, a phone number or a known name."""
    names, fingerprint = gate.known_names(connection, settings), names_fingerprint(connection, settings)
    consumer = "check:no_private_text_published"
    seen = watermark(connection, consumer)
    since = seen.revision if seen.fingerprint == fingerprint else 0
    with open_snapshot(settings) as snapshot:
        shown = int(scalar(snapshot, "SELECT revision FROM publication"))
        found = (
            sum(_leaking_rows(connection, snapshot, table, names, since) for table in TABLES) if shown != since else 0
        )
    if not found:
        with transaction(connection, consumer) as change:
            change.advance(fingerprint, even_unchanged=True)
    return Verdict(found == 0, f"{found} rows that show an address, a number or a name", {"rows": found})


def _leaking_rows(
    connection: duckdb.DuckDBPyConnection,
    snapshot: duckdb.DuckDBPyConnection,
    table: PublishedTable,
    names: list[str],
    since: int,
) -> int:
    """Count the rows of a published table that leak, among those changed since a revision."""
    column = _WORDS_OF_PEOPLE.get(table.name)
    if column is None:
        return 0
    words = f"SELECT {column} AS words, {table.key} AS key FROM {table.name}"
    leaking = f"SELECT count(*) FROM ({words}) WHERE {leaks('words', names)}"
    if not since:
        return int(scalar(snapshot, leaking))
    parameters = {"since": since} if "$since" in table.changed else None
    keys = [str(key) for (key,) in rows(connection, table.changed, parameters)]
    return int(scalar(snapshot, f"{leaking} AND key::VARCHAR IN (SELECT unnest($keys))", {"keys": keys}))
