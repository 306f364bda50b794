"""``sidecars`` and the files ``posts/<source>/<slug>.md`` and ``.json``: written when their document changes, gone when it goes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from egregora_assets.authors import gate
from egregora_assets.authors.policy import rules_of
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.git_history import references
from egregora_assets.media import public
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.sidecar.budget import measuring
from egregora_assets.sidecar.conversation import QUOTING_ANEW, REACTED_ANEW
from egregora_assets.sidecar.extract import ITEM_TABLES, compare, conclude, extract, extracting
from egregora_assets.sidecar.language_model import answers, items
from egregora_assets.sidecar.language_model.prompt import fingerprint as fingerprint_of_model
from egregora_assets.sidecar.markdown import post
from egregora_assets.sidecar.models import Sidecar, json_schema
from egregora_assets.sidecar.records import EXTRACTED_BY, READ_BY, prepared, records
from egregora_assets.sidecar.titles import RENAMED, note_chats, shown_chats
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.made_files import (
    UNFINISHED,
    begin,
    made_by_another,
    own_folder,
    remove_link,
    sign,
    write_if_changed,
)
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "sidecars"
SCHEMA_FILE = "sidecar.schema.json"
_VERSION = "15"
_AT_ONCE = 250_000
"""Messages of the documents that are made together; the more, the less often patterns and plans are made anew."""
_DOCUMENT = 20
"""Messages that cost as much as a document does besides its own."""
_FEW = 150_000
"""Messages for which one thread does: DuckDB gives no other less than 122,880 rows to do."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SidecarChanges:
    """Posts that one pass wrote and removed."""

    written: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> SidecarChanges:
    """Bring sidecars and posts up to date with ``documents``; ``full`` makes and writes all of them again,
    and so does a pass over files of another warehouse.

    Files are written before the rows that tell of them: after a crash the next pass writes the same files again, and
    removes those whose document has gone in between.
    """
    own_folder(settings.posts)
    unfinished = settings.posts / UNFINISHED
    anew = full or made_by_another(connection, settings.posts)
    doubtful = anew or unfinished.exists()
    if not doubtful and is_settled(connection, CONSUMER, gate.rules_now(connection, settings)):
        return SidecarChanges()
    references.refresh(connection, settings)
    public.refresh(connection, settings)
    windows.refresh(connection, settings)
    items.look_again(connection, settings)
    with (
        scrubbing(connection),
        transaction(connection, CONSUMER) as change,
        shown_chats(connection, settings),
    ):
        seen = change.watermark()
        fingerprint = rules_fingerprint(settings)
        since = 0 if anew or seen.fingerprint != fingerprint else seen.revision
        if doubtful:
            _sweep(connection, settings.posts)
        answers.forget(connection)
        is_behind = _documents_changed(connection, since) or _documents_gone(connection, since)
        changes = _follow(change, settings, since) if is_behind else SidecarChanges()
        note_chats(connection)
        change.advance(fingerprint)
    sign(connection, settings.posts)
    settle(connection, CONSUMER, gate.rules_now(connection, settings))
    return changes


def rules_fingerprint(settings: Settings) -> str:
    """Return a name for what posts show: another name means that all are written again."""
    model = settings.language_model.model
    read = f" read by {fingerprint_of_model(model)}" if model else ""
    return f"{_VERSION} with pseudonyms{read}" if settings.sidecar.pseudonyms_in_posts else f"{_VERSION}{read}"


def post_path(posts: Path, source_id: str, slug: str, suffix: str) -> Path:
    """Return where a document's post (``.md``) or sidecar (``.json``) stands."""
    return posts / source_id / f"{slug}{suffix}"


def _documents_changed(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    return bool(scalar(connection, f"SELECT EXISTS ({_CHANGED})", {"since": since}))


_SHOWN_ANEW = f"""
    SELECT message_id FROM message_media
    WHERE revision > $since OR media_id IN (SELECT media_id FROM media_public WHERE revision > $since)
        OR media_id IN (SELECT media_id FROM pictures WHERE revision > $since)
    UNION SELECT message_id FROM code_references WHERE revision > $since
    UNION SELECT key FROM tombstones WHERE table_name = 'code_references' AND revision > $since
    UNION {REACTED_ANEW}
    UNION {QUOTING_ANEW}
"""
"""Messages that refer to code, bring media, are reacted to or quote otherwise than before."""
_CHANGED = f"""
    SELECT document_id, slug FROM documents WHERE revision > $since
    UNION
    SELECT document_id, slug FROM documents SEMI JOIN ({items.NEW_ANSWERS}) USING (document_id)
    UNION
    {RENAMED}
    UNION
    SELECT document_id, slug
    FROM (SELECT document_id, slug, unnest(message_ids) AS message_id FROM documents WHERE EXISTS ({_SHOWN_ANEW}))
    WHERE message_id IN ({_SHOWN_ANEW})
"""
"""Documents that are new, differ, were read by a model or are of a chat that is called otherwise now, and those around whose
messages anything else is shown than before."""


def _documents_gone(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM tombstones WHERE table_name = 'documents' AND revision > ?)"
    return bool(scalar(connection, sql, [since]))


def _sweep(connection: duckdb.DuckDBPyConnection, posts: Path) -> None:
    """Remove files that belong to no document: a pass that was cut short may have written them before their document went."""
    wanted = {f"{source_id}/{slug}" for source_id, slug in rows(connection, "SELECT source_id, slug FROM documents")}
    for folder in posts.glob("*/"):
        if folder.is_symlink():  # what it leads to is nobody's here
            continue
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():  # no pass makes one: it is somebody's
                continue
            if path.suffix == ".part" or str(path.relative_to(posts).with_suffix("")) not in wanted:
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


_NUMBERED = f"""
    SELECT (row_number() OVER (ORDER BY slug))::INTEGER AS d_no, document_id,
        sum(len(message_ids) + {_DOCUMENT}) OVER (ORDER BY slug) AS messages
    FROM ({{}}) JOIN (SELECT document_id, message_ids FROM documents) USING (document_id)
"""
"""Documents in order, with the ``messages`` of all up to each."""
_GONE = """
    SELECT document_id, source_id, slug FROM sidecars ANTI JOIN documents USING (document_id, source_id, slug)
"""
"""Also those whose document has another place now, as when its chat may no longer be called by its title."""
_OUTDATED = "SELECT document_id FROM changed_documents UNION ALL SELECT document_id FROM gone"
_RETOLD = """
    SELECT document_id, slug FROM documents SEMI JOIN retold USING (document_id) ANTI JOIN changed_documents USING (document_id)
"""
_ARE_FEW = f"SELECT coalesce(max(messages), 0) < {_FEW} FROM changed_documents"


def _follow(change: Transaction, settings: Settings, since: int) -> SidecarChanges:
    """Make the sidecars and posts of all documents changed since a revision, and remove those whose document has gone."""
    connection = change.connection
    with (
        temporary(connection, "gone", _GONE) as removed,
        temporary(connection, "changed_documents", _NUMBERED.format(_CHANGED), {"since": since}) as count,
        one_thread_for_few(connection, settings.warehouse, scalar(connection, _ARE_FEW)),
    ):
        if removed:
            _remove_gone(change, settings.posts)
        written = _rewrite(change, settings, count) if removed or count else 0
    return SidecarChanges(written, removed)


def _remove_gone(change: Transaction, posts: Path) -> None:
    connection = change.connection
    gone = rows(connection, "SELECT source_id, slug FROM gone")
    for folder in {posts / source_id for source_id, _ in gone}:
        remove_link(folder)
    for source_id, slug in gone:
        for suffix in (".md", ".json"):
            post_path(posts, source_id, slug, suffix).unlink(missing_ok=True)
    for folder in {posts / source_id for source_id, _ in gone}:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    connection.execute(
        "INSERT INTO tombstones SELECT 'sidecars', document_id, ? FROM gone", [change.revision]
    ).fetchall()
    for table in ("sidecars", *ITEM_TABLES):
        changed(connection, f"DELETE FROM {table} WHERE document_id IN (SELECT document_id FROM gone)")


def _rewrite(change: Transaction, settings: Settings, count: int) -> int:
    """Make the sidecars and posts of ``changed_documents``, a bounded number at a time, and of those told otherwise for them."""
    connection, posts = change.connection, settings.posts
    rules = rules_of(connection, settings)
    log.info("extracting from %s documents", f"{count:,}")
    for (source_id,) in rows(connection, "SELECT DISTINCT source_id FROM documents"):
        own_folder(posts / source_id)
    begin(posts)
    write_if_changed(f"{posts}/{SCHEMA_FILE}", json_schema().encode())
    with measuring(change, count), extracting(connection, _OUTDATED):
        for _ in _opened(connection, "changed_documents"):
            extract(connection)
            with items.open_answers(connection, settings):
                items.unmark(connection)
        compare(connection)
        for _ in _opened(connection, "changed_documents"):
            with items.open_answers(connection, settings):
                conclude(connection, rules)
                _write(change, settings)
        with temporary(connection, "retold_documents", _NUMBERED.format(_RETOLD)) as retold:
            for _ in _opened(connection, "retold_documents"):
                with items.open_answers(connection, settings):
                    _write(change, settings)
    return count + retold


def _opened(connection: duckdb.DuckDBPyConnection, documents: str) -> Iterator[None]:
    """Have some of the ``documents``, a table like ``_NUMBERED``, after the other as ``open_documents``."""
    batch = f"messages // {_AT_ONCE}"
    some = f"SELECT d_no, document_id FROM {documents} WHERE {batch} = ?"
    for (number,) in rows(connection, f"SELECT DISTINCT {batch} FROM {documents} ORDER BY ALL"):
        with temporary(connection, "open_documents", some, [number]):
            yield


def _write(change: Transaction, settings: Settings) -> None:
    with prepared(change.connection, settings):
        write_files(change.connection, settings)
        _note(change)


def write_files(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write sidecar and post of each document in ``open_documents``, where they differ; runs inside ``records.prepared``."""
    for record, text, context in records(connection, settings.sidecar.pseudonyms_in_posts):
        sidecar = Sidecar.model_validate_json(record)
        name = f"{settings.posts}/{sidecar.source_id}/{sidecar.slug}"
        write_if_changed(name + ".json", record)
        write_if_changed(name + ".md", post(sidecar, text, context).encode())


def _note(change: Transaction) -> None:
    connection = change.connection
    changed(connection, "DELETE FROM sidecars WHERE document_id IN (SELECT document_id FROM open_documents)")
    changed(
        connection,
        f"""
        INSERT INTO sidecars
        SELECT d.document_id, d.source_id, slug, h.title, len(message_ids), content_hash, ?, {EXTRACTED_BY}
        FROM documents d JOIN titles h USING (document_id) LEFT JOIN {READ_BY} x USING (document_id)
        WHERE d.document_id IN (SELECT document_id FROM open_documents)
        """,
        [change.revision],
    )
