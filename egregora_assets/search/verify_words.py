"""What must be true of the index of words."""

from __future__ import annotations

import duckdb

from egregora_assets.config import Settings
from egregora_assets.search import words
from egregora_assets.search.word_files import Manifest, WordsDamaged, WordsMissing, damaged_files, read_manifest
from egregora_assets.warehouse.query import scalar
from egregora_assets.warehouse.revisions import warehouse_id
from egregora_assets.warehouse.verdict import Verdict


def words_follow_units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The index of words holds each message that can be found, in the form that it has now, and none that is gone."""
    manifest = _manifest(settings)
    if isinstance(manifest, Verdict):
        return manifest
    if manifest.warehouse_id != warehouse_id(connection):
        return Verdict(False, "the index of words is of another warehouse")
    wrong = words.standing(connection, manifest).wrong_blocks
    told = f"{wrong:,} of {len(manifest.blocks):,} blocks hold messages that are gone, or lack some"
    return Verdict(not wrong, told, {"rows": manifest.rows, "wrong_blocks": wrong})


def words_are_sound(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every byte of the index of words is what was written."""
    manifest = _manifest(settings)
    if isinstance(manifest, Verdict):
        return manifest
    damaged = damaged_files(words.folder_of(settings), manifest, again=True)
    told = f"{len(damaged):,} files are damaged: the next run makes the index anew"
    return Verdict(not damaged, told, {"bytes": manifest.bytes, "damaged": len(damaged)})


def words_are_current(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every message that can be found stands in the index of words; told is since when the oldest does not."""
    manifest = _manifest(settings)
    if isinstance(manifest, Verdict):
        return manifest
    missing = words.standing(connection, manifest).missing
    seconds = float(scalar(connection, _LAG, {"revision": manifest.revision})) if missing else 0.0
    return Verdict(not missing, f"{missing:,} messages are not in the index", {"messages": missing, "seconds": seconds})


def _manifest(settings: Settings) -> Manifest | Verdict:
    try:
        return read_manifest(words.folder_of(settings))[1]
    except (WordsMissing, WordsDamaged):
        return Verdict(False, "the index of words is not there, or damaged: the next run makes it anew")


_LAG = """
    SELECT coalesce(date_diff('millisecond', min(made_at), now()), 0) / 1000 FROM revisions WHERE revision > $revision
"""
