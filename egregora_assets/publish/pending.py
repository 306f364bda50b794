"""Is there anything to do? Compares the inbox, the settings and the warehouse without writing a byte."""

from __future__ import annotations

import duckdb

from egregora_assets.authors import gate, sync
from egregora_assets.authors import posts as authored_posts
from egregora_assets.chat.inbox import read_inbox
from egregora_assets.chat.ingest import known_order
from egregora_assets.chat.segments import waiting
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.git_history import references
from egregora_assets.git_history import sync as repositories
from egregora_assets.profiles import files as profiles
from egregora_assets.publish.snapshot import snapshot_state, wanted_state
from egregora_assets.search import embeddings, units, vector_index, words
from egregora_assets.sidecar import pages, posts, ranking
from egregora_assets.sidecar.language_model import answers
from egregora_assets.warehouse.connection import open_file, tuning
from egregora_assets.warehouse.migrate import migrations, schema_version
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import watermark


def pending(settings: Settings) -> list[str]:
    """Return why a refresh would change something, in words; empty when all is up to date.

    Raises ``WarehouseBusy`` while another process writes the warehouse.
    """
    if not settings.warehouse_path.exists():
        return ["there is no warehouse yet"]
    wait = settings.warehouse.lock_wait_seconds
    with open_file(settings.warehouse_path, tuning(settings.warehouse), wait, read_only=True) as connection:
        if schema_version(connection) != migrations()[-1].version:
            return ["the warehouse has an older schema"]
        reasons = [*_new_exports(connection, settings), *_new_segments(settings), *_changed_rules(connection, settings)]
        changed = authored_posts.changed_posts(connection, settings)
        return [*reasons, f"{changed} {'post has' if changed == 1 else 'posts have'} changed"] if changed else reasons


def _new_exports(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    status = dict(rows(connection, "SELECT export_id, status FROM exports"))
    files = {file.export_id: file for file in read_inbox(settings.inbox)}
    new = sum(
        status.get(export_id, "waiting") == "waiting"
        or (status[export_id] == "ambiguous" and known_order(settings, file) is not None)
        for export_id, file in files.items()
    )
    return [f"{new} new {'file' if new == 1 else 'files'} in the inbox"] if new else []


def _new_segments(settings: Settings) -> list[str]:
    new = len(waiting(settings.segments))
    return [f"{new} {'segment' if new == 1 else 'segments'} of live messages"] if new else []


def _changed_rules(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    reasons: list[str] = []
    for consumer, fingerprint in (
        (sync.CONSUMER, sync.rules_fingerprint(settings)),
        (gate.CONSUMER, gate.policy_fingerprint(connection, settings)),
        (windows.CONSUMER, windows.rules_fingerprint(settings)),
        (units.CONSUMER, units.rules_fingerprint()),
        (posts.CONSUMER, posts.rules_fingerprint(settings)),
        (ranking.CONSUMER, ranking.SCORE),
        (pages.CONSUMER, pages.rules_fingerprint(connection, settings)),
        (references.CONSUMER, references.rules_fingerprint(connection, settings)),
        (profiles.CONSUMER, profiles.rules_fingerprint(connection, settings)),
    ):
        if watermark(connection, consumer).fingerprint != fingerprint:
            reasons.append(f"the rules of {consumer} have changed")
    reasons += [f"the repository {name} has changed" for name in repositories.moved(connection, settings)]
    doubts = (words.doubt(connection, settings), vector_index.doubt(connection, settings))
    reasons += [doubt for doubt in doubts if doubt]
    if embeddings.is_behind(connection, settings):
        reasons.append("there are texts without a vector")
    if answers.is_behind(connection, settings):
        reasons.append("there are conversations that the language model has not read")
    if snapshot_state(settings) != wanted_state(connection, settings):
        reasons.append("the snapshot is behind the warehouse")
    return reasons
