"""The pages that lead to the posts, beside their folder: decisions, tasks, questions, topics, the ranking, and a feed.

A page is written when what stands on it changes, and goes when nothing is left to stand there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from egregora_assets.authors import gate
from egregora_assets.authors.policy import rules_of, showing_hidden
from egregora_assets.authors.shown import must_go_first
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import quoted, scrubbing
from egregora_assets.sidecar import ranking
from egregora_assets.sidecar.feed import FEED_FILE, feed
from egregora_assets.sidecar.page_texts import MONTHS, MOST_ITEMS, PART, PART_OF_TASK, texts
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.made_files import (
    SIGNED,
    UNFINISHED,
    begin,
    made_by_another,
    own_folder,
    remove_link,
    sign,
    write_if_changed,
)
from egregora_assets.warehouse.query import changed, rows, scalar, temporary
from egregora_assets.warehouse.revisions import transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "outcome_pages"
KINDS = ("topics", "decisions", "tasks", "questions")
"""The pages of which there are many, each kind in a folder of its own."""
_VERSION = "4"
_MOST_TOPICS = 1000
_LEAST_DOCUMENTS = 2
_FEW = 100
_RESERVED = ("index", "con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
"""Names of files that mean something else, here or on some systems."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PageChanges:
    """Pages that one pass wrote anew and removed."""

    written: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> PageChanges:
    """Bring the pages up to date with sidecars and the ranking; ``full`` makes all of them again.

    Files are written before the rows that tell of them: after a crash the next pass makes all again, and removes what
    belongs to nothing.
    """
    ranking.refresh(connection, settings)
    own_folder(settings.topics)
    for kind in KINDS:
        remove_link(settings.published / kind)
    unfinished = settings.topics / UNFINISHED
    doubtful = made_by_another(connection, settings.topics) or full or unfinished.exists()
    settled_rules = gate.rules_now(connection, settings)
    if not doubtful and is_settled(connection, CONSUMER, settled_rules):
        return PageChanges()
    with scrubbing(connection), transaction(connection, CONSUMER) as change:
        seen, rules = change.watermark(), rules_fingerprint(connection, settings)
        since = 0 if doubtful or _form(seen.fingerprint) != _form(rules) else seen.revision
        is_touched = doubtful or seen.fingerprint != rules or _anything_new(connection, since)
        outcome = _follow(connection, settings, since) if is_touched else PageChanges()
        change.advance(rules, even_unchanged=is_touched)
    sign(connection, settings.topics)
    settle(connection, CONSUMER, settled_rules)
    return outcome


def rules_fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return a name for what pages show, and by which names: another one means that they are looked at again."""
    pseudonyms = "with" if settings.sidecar.pseudonyms_in_posts else "without"
    return f"{_VERSION}-{pseudonyms} {names_fingerprint(connection, settings)}"


def must_follow(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether a publication cannot wait for pages, as ``shown.must_go_first`` says."""
    return must_go_first(connection, CONSUMER, rules_fingerprint(connection, settings))


def _form(fingerprint: str) -> str:
    """Return the part of a fingerprint that tells how pages are written, without the names."""
    return fingerprint.partition(" ")[0]


def _anything_new(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    ranked = "FROM conversation_ranking WHERE revision > $since"
    return bool(scalar(connection, f"SELECT EXISTS ({_TOUCHED}) OR EXISTS ({ranked})", {"since": since}))


_TOUCHED = """
    SELECT document_id FROM sidecars WHERE revision > $since
    UNION SELECT key FROM tombstones WHERE table_name = 'sidecars' AND revision > $since
"""
_ALL = "SELECT document_id FROM sidecars UNION SELECT document_id FROM outcome_page_entries"
_ENTRIES = f"""
    SELECT DISTINCT document_id, 'topics' AS kind, label AS key, '' AS part, 1 AS items
    FROM topics SEMI JOIN touched_documents USING (document_id)
    UNION ALL
    SELECT document_id, kind, strftime(local_date, '%Y-%m'), part, count(*)
    FROM (
        SELECT document_id, 'decisions' AS kind, '' AS part FROM decisions
        UNION ALL SELECT document_id, 'tasks', {PART_OF_TASK} FROM action_items
        UNION ALL SELECT document_id, 'questions', {PART} FROM questions
    )
    SEMI JOIN touched_documents USING (document_id) JOIN (SELECT document_id, local_date FROM documents) USING (document_id)
    GROUP BY ALL
"""
_TOUCHED_KEYS = "SELECT kind, key FROM outcome_page_entries SEMI JOIN touched_documents USING (document_id)"


def _follow(connection: duckdb.DuckDBPyConnection, settings: Settings, since: int) -> PageChanges:
    touched, parameters = (_TOUCHED, {"since": since}) if since else (_ALL, None)
    with (
        temporary(connection, "touched_documents", touched, parameters) as count,
        one_thread_for_few(connection, settings.warehouse, count < _FEW),
        temporary(connection, "touched_keys", _TOUCHED_KEYS),
    ):
        changed(connection, "DELETE FROM outcome_page_entries WHERE document_id IN (FROM touched_documents)")
        changed(connection, f"INSERT INTO outcome_page_entries {_ENTRIES}")
        changed(connection, f"INSERT INTO touched_keys {_TOUCHED_KEYS}")
        with (
            temporary(connection, "wanted_pages", _wanted(connection, settings)),
            temporary(connection, "open_pages", _OPEN if since else _OPEN_ALL),
        ):
            return _write(connection, settings, sweep=not since)


_NUMBERED = "SELECT *, row_number() OVER (ORDER BY path) AS number FROM wanted_pages"
_OPEN_ALL = _NUMBERED
_OPEN = f"{_NUMBERED} WHERE (kind, key) IN (FROM touched_keys) OR path NOT IN (SELECT path FROM outcome_pages)"


def _wanted(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    """Return the SQL of the pages of topics and months that there are to be: (path, kind, key, items).

    A page of a topic joins chats: it has none if only a chat whose texts are kept as they are may show its word.
    """
    rules = rules_of(connection, settings)
    private = showing_hidden("key", quoted(""), rules) if rules.keep else "false"
    return f"""
        SELECT concat('topics/', {_FILE_NAME}, '.md') AS path, 'topics' AS kind, key, items
        FROM (
            SELECT key, count(*) AS items FROM outcome_page_entries WHERE kind = 'topics'
            GROUP BY key HAVING count(*) >= {_LEAST_DOCUMENTS} ORDER BY items DESC, key LIMIT {_MOST_TOPICS}
        )
        WHERE NOT {private}
        UNION ALL
        SELECT concat(kind, '/', key, '.md'), kind, key, sum(items)::BIGINT
        FROM ({MONTHS}) GROUP BY kind, key HAVING max(until) > {MOST_ITEMS}
    """


_FILE_NAME = f"""
    CASE WHEN regexp_full_match(key, '[a-z0-9]{{1,40}}') AND key NOT IN ({", ".join(map(quoted, _RESERVED))}) THEN key
    ELSE concat_ws(
        '-', nullif(left(trim(regexp_replace(lower(strip_accents(key)), '[^a-z0-9]+', '-', 'g'), '-'), 40), ''),
        left(sha256(key), 16)
    ) END
"""
"""The SQL for the name of a topic's file: its word if that is a plain one, else what it is in plain letters and a hash."""


def _write(connection: duckdb.DuckDBPyConnection, settings: Settings, sweep: bool) -> PageChanges:
    """Write the pages in ``open_pages`` and those that lead to them, and remove what is no longer wanted."""
    for kind in KINDS:
        if scalar(connection, "SELECT EXISTS (FROM wanted_pages WHERE kind = ?)", [kind]):
            own_folder(settings.published / kind)
    begin(settings.topics)
    written, paths = 0, []
    for path, content in rendered(connection, settings):
        written += write_if_changed(f"{settings.published}/{path}", content)
        paths.append(path)
    before = _noted(connection) | (set(_present(settings)) if sweep else set())
    _note(connection, paths)
    gone = before - _noted(connection)
    _remove(settings, gone)
    log.info("pages: %s written, %s removed", f"{written:,}", f"{len(gone):,}")
    return PageChanges(written, len(gone))


def _noted(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {path for (path,) in rows(connection, "SELECT path FROM outcome_pages")}


def _note(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> None:
    """Note the wanted pages, and those of ``paths`` that lead to them."""
    changed(connection, "DELETE FROM outcome_pages")
    changed(connection, "INSERT INTO outcome_pages FROM wanted_pages")
    leading = "(SELECT unnest(?::VARCHAR[]) AS path) ANTI JOIN wanted_pages USING (path)"
    changed(connection, f"INSERT INTO outcome_pages SELECT path, '', '', 0 FROM {leading}", [paths])


def _remove(settings: Settings, paths: set[str]) -> None:
    for path in paths:
        if not (settings.published / path).is_dir():  # no pass makes one there: it is somebody's
            (settings.published / path).unlink(missing_ok=True)
    for folder in (settings.published / kind for kind in KINDS):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def rendered(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Yield (path below ``published``, content) as ``texts`` does, and the feed; runs inside ``scrubbing``."""
    for path, text in texts(connection, settings):
        yield path, text.encode()
    content = feed(connection, settings)
    if content is not None:
        yield FEED_FILE, content


def _present(settings: Settings) -> Iterator[str]:
    """Yield the files, below ``published``, that are pages or have been left by one that was cut short."""
    kept = {settings.topics / name for name in (UNFINISHED, SIGNED)}
    for place in settings.pages:
        among = place.iterdir() if place.is_dir() and not place.is_symlink() else (place, Path(f"{place}.part"))
        yield from (str(path.relative_to(settings.published)) for path in among if path.is_file() and path not in kept)
