"""What must be true of the published snapshot, asked of the file that readers open."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from egregora_assets.authors.policy import naming_somebody, rules_of, unscrubbed
from egregora_assets.authors.verify import HIDDEN_MESSAGES, names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.forms import strange_macros, strange_values, surplus_columns, surplus_files
from egregora_assets.publish.leaking import leaking_in_snapshot
from egregora_assets.publish.tables import TABLES
from egregora_assets.sidecar.extract import ITEM_TABLES
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows, scalar, view_of
from egregora_assets.warehouse.revisions import current_revision, transaction, watermark
from egregora_assets.warehouse.verdict import Verdict

_CITING = {"documents": "message_ids", **dict.fromkeys(ITEM_TABLES, "evidence")}
_OPTED_OUT_ROWS = (
    "SELECT count(*) FROM messages WHERE message_id IN (SELECT message_id::UUID FROM hidden)",
    "SELECT count(*) FROM messages WHERE author_id IN (SELECT author_id::UUID FROM opted_out)",
    "SELECT count(*) FROM authors WHERE author_id IN (SELECT author_id::UUID FROM opted_out)",
    "SELECT count(*) FROM code_references WHERE message_id IN (SELECT message_id::UUID FROM hidden)",
    "SELECT count(*) FROM search_units WHERE message_id IN (SELECT message_id::UUID FROM hidden) "
    "OR last_message_id IN (SELECT message_id::UUID FROM hidden)",
    *(
        f"SELECT count(*) FROM (SELECT unnest({column}) AS message_id FROM {table}) "
        "WHERE message_id IN (SELECT message_id::UUID FROM hidden)"
        for table, column in _CITING.items()
    ),
)


def only_allowed_tables(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The snapshot, and the file it is a copy of, hold the tables, texts and macros of the allow-list and no other."""
    allowed = {table.name for table in TABLES} | {"publication"}
    with open_snapshot(settings) as snapshot, duckdb.connect(str(settings.public_path), read_only=True) as public:
        surplus = {found for file in (snapshot, public) for found in surplus_columns(file, allowed)}
        surplus.update(found for file in (snapshot, public) for found in strange_macros(connection, file))
    return Verdict(
        not surplus,
        f"{len(surplus)} tables, texts or macros that are not on the allow-list",
        {"surplus": ", ".join(sorted(surplus))},
    )


def every_value_has_its_form(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """What is no words of people in the snapshot has the form that we give it: ids, slugs, kinds, pseudonyms, zones."""
    file = settings.snapshot_path.stat()
    consumer, state = "check:every_value_has_its_form", f"{file.st_mtime_ns}-{file.st_size}"
    if watermark(connection, consumer).fingerprint == state:
        return Verdict(True, "the snapshot has not changed since the last look", {"values": 0})
    with open_snapshot(settings) as snapshot:
        found = strange_values(connection, snapshot)
    if not found:
        with transaction(connection, consumer) as change:
            change.advance(state, even_unchanged=True)
    return Verdict(found == 0, f"{found} values that have not the form of their column", {"values": found})


def only_allowed_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Beside the snapshot stand the posts, pages and profiles of the warehouse, in their folders, and nothing else."""
    found = surplus_files(connection, settings)
    told = f"{found} files or folders in `published` that are not ours (remove them, or move them elsewhere)"
    return Verdict(found == 0, told, {"files": found})


def snapshot_is_current(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The snapshot shows the warehouse's newest revision."""
    with open_snapshot(settings) as snapshot:
        shown = int(scalar(snapshot, "SELECT revision FROM publication"))
    newest = current_revision(connection)
    return Verdict(
        shown == newest, f"the snapshot shows revision {shown} of {newest}", {"shown": shown, "newest": newest}
    )


def no_opted_out_text(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No row of the snapshot comes from a person who opted out, and no document or item rests on a message of theirs."""
    opted_out = [str(found) for (found,) in rows(connection, "SELECT author_id FROM authors WHERE opted_out")]
    if not opted_out:
        return Verdict(True, "nobody has opted out", {"rows": 0})
    hidden = [str(found) for (found,) in rows(connection, HIDDEN_MESSAGES)]
    people, theirs = pa.table({"author_id": opted_out}), pa.table({"message_id": pa.array(hidden, pa.string())})
    with (
        open_snapshot(settings) as snapshot,
        view_of(snapshot, "opted_out", people),
        view_of(snapshot, "hidden", theirs),
    ):
        found = sum(int(scalar(snapshot, sql)) for sql in _OPTED_OUT_ROWS)
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
    told = {"people", "messages", "unsearchable", "phrases", "bytes_searched"}
    return Verdict(report.is_clean, report.in_words, report.model_dump(mode="json", include=told))


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No text of the snapshot shows an address, a number, an account, an id or a key, unless its source keeps them."""
    condition = unscrubbed("words", "source_id", rules_of(connection, settings))
    return _none_published(connection, settings, "no_unscrubbed_pii", condition, "an address, a number or a key")


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No text of the snapshot shows a name that the policy of its source hides."""
    condition = naming_somebody("words", "source_id", rules_of(connection, settings))
    return _none_published(connection, settings, "no_private_names_published", condition, "a name")


def _none_published(
    connection: duckdb.DuckDBPyConnection, settings: Settings, check: str, condition: str, what: str
) -> Verdict:
    """Look in the rows that were published since the check last passed; in all, where the file was changed by anything else."""
    rules, file = names_fingerprint(connection, settings), settings.snapshot_path.stat()
    state = f"{rules} {file.st_mtime_ns}-{file.st_size}"
    consumer = f"check:{check}:snapshot"
    seen = watermark(connection, consumer)
    if seen.fingerprint == state:
        return Verdict(True, "the snapshot has not changed since the last look", {"rows": 0})
    with open_snapshot(settings) as snapshot:
        shown = int(scalar(snapshot, "SELECT revision FROM publication"))
        since = seen.revision if seen.fingerprint.startswith(rules) and shown > seen.revision else 0
        found = leaking_in_snapshot(connection, settings, snapshot, condition, since)
    if not found:
        with transaction(connection, consumer) as change:
            change.advance(state, even_unchanged=True)
    return Verdict(found == 0, f"{found} rows that show {what}", {"rows": found})


def freshness_budget(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Of 100 live messages 95 are published within `live.freshness_seconds` of their receipt, in the latest quarter of an hour."""
    ((seconds, events),) = rows(connection, _FRESHNESS)
    if seconds is None:
        return Verdict(True, "no live message was published within a quarter of an hour")
    allowed = settings.live.freshness_seconds
    return Verdict(
        seconds <= allowed,
        f"p95 from receipt to the published snapshot: {seconds:.1f} s, budget {allowed:g} s",
        {"p95_seconds": round(float(seconds), 1), "budget_seconds": allowed, "events": int(events)},
    )


_FRESHNESS = """
    SELECT arg_min(seconds, seconds) FILTER (so_far >= 0.95 * total), any_value(total)
    FROM (
        SELECT
            seconds, sum(events) OVER (ORDER BY seconds ROWS UNBOUNDED PRECEDING) AS so_far, sum(events) OVER () AS total
        FROM (
            SELECT epoch(published_at) - epoch(first_received_at) AS seconds, events FROM live_segments
            WHERE published_at > now() - INTERVAL 15 MINUTE
        )
    )
"""
"""A segment's events count as received when its first one was."""
