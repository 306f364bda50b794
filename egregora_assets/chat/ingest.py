"""Waiting exports → ``messages``: ids, authors and times for one export at a time, merged with what is already known.

One export is one transaction: after a crash it is either wholly there or still waiting.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import whatsapp
from egregora_assets.chat.formats.staging import IN_MEMORY, on_disk
from egregora_assets.chat.formats.text_chunks import Quarantine
from egregora_assets.chat.formats.whatsapp import STAGED, AmbiguousDates, Staged
from egregora_assets.chat.hidden_titles import hide_titles
from egregora_assets.chat.inbox import InboxFile, read_inbox, register
from egregora_assets.chat.merge_records import merge_records, stage_records
from egregora_assets.chat.merge_text import PLATFORM, merge_text
from egregora_assets.chat.parse import ParsedRecords, ParsedText
from egregora_assets.chat.read_ahead import READING, ReadAhead, read_ahead
from egregora_assets.chat.sources import Sources
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys, bind, warehouse_keys
from egregora_assets.privacy.pseudonyms import define_rotated, normalised_name
from egregora_assets.warehouse.connection import bounded, fit_threads
from egregora_assets.warehouse.query import rows, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction

CONSUMER = "messages"
_MOST_MEMORY = "200MB"
"""An export of any size is merged in so much; more made nothing faster."""
_LARGE_BYTES = 48 << 20
"""About two million messages, as they come in archives."""
_MOST_THREADS = 1
"""What a parser gives is one thread's work. A second one that waits for it takes a fifth more CPU time, and leaves the
file half as large again, for it fills blocks of its own; several exports are parsed side by side by processes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportOutcome:
    """What became of one export in this pass. ``problem`` is ``None`` when it was loaded."""

    file_name: str
    source_id: str | None
    messages: int = 0
    added: int = 0
    known: int = 0
    quarantined: int = 0
    updated: int = 0
    removed: int = 0
    problem: str | None = None


def ingest(
    connection: duckdb.DuckDBPyConnection, settings: Settings, day_first: bool | None = None, reread: bool = False
) -> list[ExportOutcome]:
    """Take in what is new in the inbox: register, read and merge each waiting export, oldest name first.

    ``day_first`` answers for exports that cannot tell day from month; ``reread`` reads exports again that are already
    known or failed. An unreadable export is marked ``failed`` with the reason and does not keep others from loading.
    """
    files = read_inbox(settings.inbox)
    register(connection, files)
    waiting = _waiting(connection, reread)
    if not waiting:
        return []
    keys = warehouse_keys(connection, settings.key_path)
    define_rotated(connection, keys.rotations)
    orders = {file.export_id: known_order(settings, file, day_first) for file in files}
    to_read = [
        file
        for file in {file.export_id: file for file in files}.values()
        if file.export_id in waiting and not (waiting[file.export_id] == "ambiguous" and orders[file.export_id] is None)
    ]
    outcomes: list[ExportOutcome] = []
    limited = bounded(connection, settings.warehouse, _MOST_THREADS, _MOST_MEMORY)
    with limited, read_ahead(settings, to_read) as ahead:
        for number, file in enumerate(to_read, start=1):
            log.info("reading %s (%s bytes, %s of %s)", file.name, f"{file.bytes:,}", number, len(to_read))
            outcomes.append(_load(connection, settings, keys, ahead, file, orders[file.export_id]))
    fit_threads(connection, settings.warehouse)
    return outcomes


def known_order(settings: Settings, file: InboxFile, day_first: bool | None = None) -> bool | None:
    """Return the order of day and month in a file as the user has told it: for this pass, or in the settings."""
    configured = settings.source_named(whatsapp.title_of(Path(file.name)))
    return configured.day_first if day_first is None and configured is not None else day_first


def _waiting(connection: duckdb.DuckDBPyConnection, reread: bool) -> dict[str, str]:
    condition = "true" if reread else "status IN ('waiting', 'ambiguous')"
    return dict(rows(connection, f"SELECT export_id, status FROM exports WHERE {condition}"))


def _load(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    keys: Keys,
    ahead: ReadAhead,
    file: InboxFile,
    day_first: bool | None,
) -> ExportOutcome:
    try:
        with ahead.open(file) as parsed:
            if isinstance(parsed, ParsedText):
                with _room_for(connection, settings, file) as catalog:
                    staged = whatsapp.stage_scanned(
                        connection, parsed.batches, parsed.result, file.name, day_first, catalog
                    )
                    outcome = _load_text(connection, settings, keys, file, staged)
            else:
                stage_records(connection, parsed, file.name)
                outcome = _load_records(connection, settings, keys, file, parsed)
    except ExportUnreadable as error:
        if isinstance(error, _Changed) or file.has_changed():
            return _leave_waiting(file)
        return _fail(connection, file, "ambiguous" if isinstance(error, AmbiguousDates) else "failed", str(error))
    log.info("%s: %s messages, %s new", file.name, f"{outcome.messages:,}", f"{outcome.added:,}")
    return outcome


def _room_for(
    connection: duckdb.DuckDBPyConnection, settings: Settings, file: InboxFile
) -> AbstractContextManager[str]:
    """Return the catalog to stage a file in: a large one's messages do not fit into ``_MOST_MEMORY``."""
    if file.bytes < _LARGE_BYTES:
        return nullcontext(IN_MEMORY)
    return on_disk(connection, settings.home, READING)


def _load_text(
    connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, file: InboxFile, staged: Staged
) -> ExportOutcome:
    title = whatsapp.title_of(Path(file.name))
    with transaction(connection, CONSUMER) as change:
        bind(connection, keys)
        people = _people(connection, staged)
        sources = Sources(change, settings, keys, PLATFORM, people)
        source = sources.with_title(title, {normalised_name(name) for name in people})
        sources.save()
        named = _without_title(staged, title, people)
        merged = merge_text(change, keys, source, named, file.export_id)
        outcome = ExportOutcome(
            file.name,
            source.source_id,
            staged.messages,
            merged.added,
            merged.known,
            staged.quarantined.total,
            merged.updated,
            merged.removed,
        )
        _note(change, file, PLATFORM, outcome, staged.quarantined, staged.first, staged.last)
        _expect_unchanged(file)
        return _under_shown_names(change, settings, keys, outcome)


def _load_records(
    connection: duckdb.DuckDBPyConnection, settings: Settings, keys: Keys, file: InboxFile, parsed: ParsedRecords
) -> ExportOutcome:
    pieces = parsed.reading.quarantined
    with transaction(connection, CONSUMER) as change:
        bind(connection, keys)
        merged = merge_records(change, settings, keys, parsed, file.export_id)
        source_id = merged.source_ids[0] if len(merged.source_ids) == 1 else None
        outcome = ExportOutcome(
            file.name, source_id, merged.messages, merged.added, merged.known, pieces.total, merged.updated
        )
        _note(change, file, parsed.platform, outcome, pieces, merged.first, merged.last)
        _expect_unchanged(file)
        return _under_shown_names(change, settings, keys, outcome)


def _under_shown_names(change: Transaction, settings: Settings, keys: Keys, outcome: ExportOutcome) -> ExportOutcome:
    """Hide titles that name somebody whom this export has made known."""
    fresh = rows(change.connection, "SELECT raw_name FROM private.author_names WHERE revision = ?", [change.revision])
    renamed = hide_titles(change, settings, keys, [name for (name,) in fresh])
    return replace(outcome, source_id=renamed.get(outcome.source_id or "", outcome.source_id))


def _people(connection: duckdb.DuckDBPyConnection, staged: Staged) -> list[str]:
    """Return the names of those who wrote something; who only heads a notice is not among them."""
    wrote = rows(connection, f"SELECT DISTINCT author_no FROM {STAGED} WHERE author_no IS NOT NULL")
    return [name for (number,) in wrote if (name := staged.authors[number])]


def _without_title(staged: Staged, title: str, people: list[str]) -> Staged:
    """Forget the chat's own title as a name: iOS puts it where the author stands in notices about the chat.

    Not where somebody of that name wrote: a chat between two is called like one of them.
    """
    own = normalised_name(title)
    if own in {normalised_name(name) for name in people}:
        return staged
    return replace(staged, authors=[name if name and normalised_name(name) != own else None for name in staged.authors])


class _Changed(ExportUnreadable):
    """What was read need not be what the export is known by."""


def _expect_unchanged(file: InboxFile) -> None:
    if file.has_changed():
        raise _Changed(file.name)


def _leave_waiting(file: InboxFile) -> ExportOutcome:
    """Keep nothing of a file that others have written to, or taken away, while it was read."""
    problem = "it has changed while it was read: what stands there now is taken in by the next run"
    log.warning("%s: %s", file.name, problem)
    return ExportOutcome(file.name, None, problem=problem)


def _fail(connection: duckdb.DuckDBPyConnection, file: InboxFile, status: str, problem: str) -> ExportOutcome:
    problem = problem.removeprefix(file.name).removeprefix(":").strip()
    log.warning("%s: %s", file.name, problem)
    known = rows(connection, "SELECT status, detail FROM exports WHERE export_id = ?", [file.export_id])
    if known != [(status, problem)]:
        with transaction(connection, CONSUMER) as change:
            connection.execute(
                "UPDATE exports SET status = ?, detail = ?, revision = ? WHERE export_id = ?",
                [status, problem, change.revision, file.export_id],
            )
    return ExportOutcome(file.name, None, problem=problem)


def _note(
    change: Transaction,
    file: InboxFile,
    platform: str,
    outcome: ExportOutcome,
    quarantined: Quarantine,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Write down what became of an export, with its first and last wall-clock time and what could not be read.

    What it added, changed and removed counts over all times that it was read.
    """
    _note_quarantine(change, file.export_id, quarantined)
    change.connection.execute(
        """
        UPDATE exports SET
            status = 'loaded', detail = NULL, platform = $platform, source_id = $source, messages = $messages,
            added = coalesce(added, 0) + $added, known = $known - coalesce(added, 0),
            updated = coalesce(updated, 0) + $updated, removed = coalesce(removed, 0) + $removed,
            quarantined = $quarantined, first_local_time = $first, last_local_time = $last, revision = $revision
        WHERE export_id = $export
        """,
        {
            "platform": platform,
            "source": outcome.source_id,
            "messages": outcome.messages,
            "added": outcome.added,
            "known": outcome.known,
            "updated": outcome.updated,
            "removed": outcome.removed,
            "quarantined": outcome.quarantined,
            "first": first,
            "last": last,
            "revision": change.revision,
            "export": file.export_id,
        },
    )


def _note_quarantine(change: Transaction, export_id: str, quarantined: Quarantine) -> None:
    """Replace an export's pieces. The last row of a reason stands for all pieces of it that were not kept."""
    change.connection.execute("DELETE FROM quarantine WHERE export_id = ?", [export_id])
    pieces = [(1, piece) for piece in quarantined] + list(quarantined.more.values())
    table = pa.table(
        {
            "byte_offset": pa.array([piece.byte_offset for _, piece in pieces], pa.int64()),
            "reason": pa.array([piece.reason for _, piece in pieces], pa.string()),
            "raw": pa.array([piece.raw for _, piece in pieces], pa.binary()),
            "pieces": pa.array([count for count, _ in pieces], pa.int64()),
        }
    )
    with view_of(change.connection, "refused", table):
        change.connection.execute(
            "INSERT INTO quarantine BY NAME SELECT $export AS export_id, *, $revision AS revision FROM refused",
            {"export": export_id, "revision": change.revision},
        ).fetchall()
