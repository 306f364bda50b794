"""``author_profiles`` and the files ``authors/<alias>.md``, ``.json`` and ``.svg``: written when what is counted changes, and gone
with their author.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import duckdb

from egregora_assets.authors import gate
from egregora_assets.authors.shown import must_go_first
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.profiles.chart import activity_chart
from egregora_assets.profiles.counts import followed
from egregora_assets.profiles.models import Profile, json_schema
from egregora_assets.profiles.page import index, page
from egregora_assets.profiles.statistics import counted, records
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.made_files import UNFINISHED, made_by_another, sign, write_if_changed
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "author_profiles"
VERSION = "3"
SCHEMA_FILE = "profile.schema.json"
INDEX_FILE = "index.md"
SUFFIXES = (".md", ".json", ".svg")
_LEAST_MESSAGES = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProfileChanges:
    """Profiles that one pass wrote and removed."""

    written: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> ProfileChanges:
    """Bring profiles up to date with clean messages and sidecars; ``full`` makes and writes all of them again.

    When a name becomes known all profiles are written again: words that a source keeps may show it. Files go before the
    rows that tell of them, and are written before them: after a crash the next pass removes what belongs to nobody who may
    have a profile.
    """
    posts.refresh(connection, settings)
    unfinished, foreign = settings.profiles / UNFINISHED, made_by_another(connection, settings.profiles)
    with scrubbing(connection), transaction(connection, CONSUMER) as change:
        seen, rules = change.watermark(), rules_fingerprint(connection, settings)
        since = seen.revision if seen.fingerprint.startswith(f"{VERSION} ") and not full else 0
        in_doubt = full or foreign or unfinished.exists()
        with followed(connection, since, everybody=in_doubt or seen.fingerprint != rules) as touched:
            if in_doubt:
                _sweep(connection, settings.profiles)
            outcome = _write_touched(change, settings) if touched else ProfileChanges()
            if outcome != ProfileChanges() or in_doubt:
                _write_index(connection, settings.profiles)
        change.advance(rules, even_unchanged=touched > 0)
    sign(connection, settings.profiles)
    return outcome


def rules_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a name for the rules and the names by which profiles are written: another one means that all are written again."""
    return f"{VERSION} {names_fingerprint(connection, settings)}"


def must_follow(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether a publication cannot wait for profiles, as ``shown.must_go_first`` says."""
    return must_go_first(connection, CONSUMER, rules_fingerprint(connection, settings))


_MAY_HAVE = f"""
    SELECT author_id, alias, sum(messages)::BIGINT AS messages, min(h.first_seen) AS first_seen, max(h.last_seen) AS last_seen
    FROM authors JOIN profile_hours h USING (author_id)
    WHERE NOT opted_out {{among}} GROUP BY author_id, alias HAVING sum(messages) >= {_LEAST_MESSAGES}
"""
"""Who may have a profile: whoever did not opt out and has some messages past the gate."""


def _sweep(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Remove files that belong to nobody who may have a profile: a pass that was cut short may have left them."""
    wanted = {alias for _, alias, *_ in rows(connection, _MAY_HAVE.format(among=""))}
    for path in folder.iterdir():
        is_ours = path.suffix in SUFFIXES and path.name not in (SCHEMA_FILE, INDEX_FILE)
        if path.suffix == ".part" or (is_ours and path.stem not in wanted):
            path.unlink()


def _write_touched(change: Transaction, settings: Settings) -> ProfileChanges:
    among = "AND author_id IN (FROM touched_authors)"
    with temporary(change.connection, "open_authors", _MAY_HAVE.format(among=among)) as wanted:
        removed = _remove_gone(change, settings.profiles)
        if wanted:
            _rewrite(change, settings)
    return ProfileChanges(wanted, removed)


def index_page(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the page that lists all profiles."""
    sql = "SELECT alias, messages, first_seen::DATE, last_seen::DATE FROM author_profiles ORDER BY messages DESC, alias"
    return index((alias, messages, first, last) for alias, messages, first, last in rows(connection, sql))


def _write_index(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    if scalar(connection, "SELECT EXISTS (FROM author_profiles)"):
        write_if_changed(f"{folder}/{INDEX_FILE}", index_page(connection).encode())
    else:
        (folder / INDEX_FILE).unlink(missing_ok=True)


def _remove_gone(change: Transaction, folder: Path) -> int:
    connection = change.connection
    gone = "FROM author_profiles SEMI JOIN touched_authors USING (author_id) ANTI JOIN open_authors USING (author_id)"
    with temporary(connection, "gone", f"SELECT author_id, alias {gone}") as count:
        if not count:
            return 0
        for (alias,) in rows(connection, "SELECT alias FROM gone"):
            for suffix in SUFFIXES:
                (folder / f"{alias}{suffix}").unlink(missing_ok=True)
        changed(
            connection, "INSERT INTO tombstones SELECT 'author_profiles', author_id, ? FROM gone", [change.revision]
        )
        changed(connection, "DELETE FROM author_profiles WHERE author_id IN (SELECT author_id FROM gone)")
    return count


def _rewrite(change: Transaction, settings: Settings) -> None:
    """Write the files and rows of ``open_authors``."""
    connection, folder = change.connection, settings.profiles
    names = gate.known_names(connection, settings)
    (folder / UNFINISHED).touch()
    write_if_changed(f"{folder}/{SCHEMA_FILE}", json_schema().encode())
    with counted(connection, names):
        for record in records(connection):
            _write_files(folder, record)
    changed(connection, "DELETE FROM author_profiles WHERE author_id IN (SELECT author_id FROM open_authors)")
    changed(
        connection,
        "INSERT INTO author_profiles SELECT author_id, alias, messages, first_seen, last_seen, ? FROM open_authors",
        [change.revision],
    )


def _write_files(folder: Path, record: bytes) -> None:
    profile = Profile.model_validate_json(record)
    name = f"{folder}/{profile.author}"
    write_if_changed(name + ".json", record)
    write_if_changed(name + ".svg", activity_chart(profile.by_hour, profile.by_weekday).encode())
    write_if_changed(name + ".md", page(profile).encode())
