"""What a check of the data says, without Dagster: passed or not, why, and the figures behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.revisions import current_revision, transaction, watermark


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check. ``figures`` are shown beside it; they never hold words of a message."""

    passed: bool
    description: str
    figures: dict[str, int | float | str] = field(default_factory=dict)


def no_rows(connection: duckdb.DuckDBPyConnection, sql: str, complaint: str) -> Verdict:
    """Return whether ``sql`` (a SELECT count(*)) counts nothing; ``complaint`` says what the rows are."""
    found = int(scalar(connection, sql))
    return Verdict(found == 0, f"{found:,} {complaint}" if found else f"no {complaint}", {"rows": found})


def no_new_rows(
    connection: duckdb.DuckDBPyConnection, check: str, sql: str, complaint: str, fingerprint: str = ""
) -> Verdict:
    """Like ``no_rows``, over what has changed since the check last passed: ``sql`` may say ``$since``.

    A check that fails looks at the same rows again the next time, and so does one whose ``fingerprint`` has changed.
    """
    return few_new_rows(connection, check, f"SELECT ({sql}), 1", complaint, 0.0, fingerprint)


def few_new_rows(
    connection: duckdb.DuckDBPyConnection,
    check: str,
    sql: str,
    complaint: str,
    most_share: float,
    fingerprint: str = "",
) -> Verdict:
    """Like ``no_new_rows``, with ``most_share`` of them allowed: ``sql`` gives how many there are, and among how many."""
    consumer = f"check:{check}"
    seen = watermark(connection, consumer)
    since = seen.revision if seen.fingerprint == fingerprint else 0
    if since and since == current_revision(connection):
        return Verdict(True, "nothing has changed since the last look", {"rows": 0, "since_revision": since})
    ((found, among),) = rows(connection, sql, {"since": since})
    passed = found <= most_share * among
    if passed:
        with transaction(connection, consumer) as change:
            change.advance(fingerprint, even_unchanged=True)
    description = f"{found:,} {complaint}" if found else f"no {complaint}"
    return Verdict(passed, description, {"rows": found, "since_revision": since})
