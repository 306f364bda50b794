"""``public.duckdb`` follows the warehouse; ``published/snapshot.duckdb`` is a copy of it that readers open.

A publication copies only rows that changed, and asks them whether they show anything private before they are in place.
After an erasure the public file is made anew, because DuckDB leaves the bytes of deleted rows in its free blocks. The copy is
complete and on disk before it takes the snapshot's name, and readers keep the file that they have open.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from egregora_assets.authors.policy import Rules, rules_of
from egregora_assets.authors.shown import has_to_go_since, shown_sources
from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.profiles import files as profiles
from egregora_assets.publish import macros
from egregora_assets.publish.leaking import asking, note, private_among_noted
from egregora_assets.publish.live_policy import follow_live_policy
from egregora_assets.publish.tables import TABLES, PublishedTable
from egregora_assets.search import units, words
from egregora_assets.sidecar import pages, ranking
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.durable import force_file, force_folder, readable
from egregora_assets.warehouse.files import discard_partial, fresh_beside, partial_beside
from egregora_assets.warehouse.query import Parameters, changed, roll_back, rows, scalar
from egregora_assets.warehouse.revisions import current_revision, erased_since, warehouse_id

_FICLONE = 0x40049409
"""ioctl(2) FICLONE: share the blocks of a file until one side writes (btrfs, XFS, APFS has its own)."""

_FORM = "2"
"""The form of the table ``publication``: another one is another file. Its ``warehouse_id`` tells whose labels the rows have."""

log = logging.getLogger(__name__)


class PublicationRefused(RuntimeError):
    """Rows that were to be published show something private; the message says of which tables, and what to do."""


@dataclass(frozen=True)
class Publication:
    """The state that a public file or snapshot shows: the warehouse's ``revision`` and the allow-list's fingerprint."""

    revision: int
    fingerprint: str


@dataclass(frozen=True)
class PublishOutcome:
    """What a publication did. ``rows_written`` counts rows copied into the public file."""

    publication: Publication
    published: bool
    rebuilt: bool
    rows_written: int


def publish(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> PublishOutcome:
    """Make the snapshot show the warehouse as it is now; ``full`` makes the files anew.

    The index of words is brought up to date with it where something was erased or there is none: nothing of the one must be
    left in it, and without the other nothing could be found.

    ``connection`` is the warehouse's writer. When the snapshot is up to date nothing is opened for writing.
    Raises ``PublicationRefused`` when a new row shows something private; what was published before stays then.
    """
    outcome = _publish(connection, settings, full)
    if outcome.rebuilt or words.must_follow(connection, settings):
        words.follow(connection, words.folder_of(settings), full)
    return outcome


def publish_for_search(connection: duckdb.DuckDBPyConnection, settings: Settings) -> PublishOutcome | None:
    """Make the snapshot show what search finds as it is now, and posts as they were last made: these take as long as all else.

    Returns ``None``, and publishes nothing, where it cannot be sure that what stands there may stay, because something was
    erased, somebody has opted out or the file has to be made anew: then only ``publish`` does. Raises ``PublicationRefused``.
    """
    _discard_partial(settings)
    units.refresh(connection, settings)
    wanted, present = wanted_state(connection, settings), _public_state(connection, settings.public_path)
    if present is None or not _can_follow(connection, present, wanted) or has_to_go_since(connection, present.revision):
        return None
    if present == wanted and snapshot_state(settings) == wanted:
        return PublishOutcome(wanted, published=False, rebuilt=False, rows_written=0)
    follow_live_policy(connection, settings)
    _scrub_titles(connection, settings)
    written = _follow(connection, settings, present, wanted)
    return (
        None if written is None else _put_in_place(connection, settings, PublishOutcome(wanted, True, False, written))
    )


def _publish(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool) -> PublishOutcome:
    _discard_partial(settings)
    ranking.refresh(connection, settings)
    units.refresh(connection, settings)
    if pages.must_follow(connection, settings):
        pages.refresh(connection, settings)
    if profiles.must_follow(connection, settings):
        profiles.refresh(connection, settings)
    wanted = wanted_state(connection, settings)
    present = None if full else _public_state(connection, settings.public_path)
    follow_live_policy(connection, settings)
    if present == wanted and snapshot_state(settings) == wanted:
        return PublishOutcome(wanted, published=False, rebuilt=False, rows_written=0)
    _scrub_titles(connection, settings)
    written = None
    if present and _can_follow(connection, present, wanted):
        written = _follow(connection, settings, present, wanted)
    rebuilt = written is None
    if written is None:
        seen = None if full else snapshot_state(settings)
        since = seen.revision if seen and seen.fingerprint == wanted.fingerprint else 0
        written = _rebuild(connection, settings, wanted, since)
    return _put_in_place(
        connection, settings, PublishOutcome(wanted, published=True, rebuilt=rebuilt, rows_written=written)
    )


def _discard_partial(settings: Settings) -> None:
    for path in (settings.public_path, settings.snapshot_path):
        discard_partial(path)


def _scrub_titles(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Have the sources with titles as they may be shown as ``shown_sources``."""
    with scrubbing(connection):
        shown = f"CREATE OR REPLACE TEMP TABLE shown_sources AS {shown_sources(connection, settings)}"
        connection.execute(shown).fetchall()


def _can_follow(connection: duckdb.DuckDBPyConnection, present: Publication, wanted: Publication) -> bool:
    """Return whether the public file can be brought from one state to the other by its changed rows."""
    comparable = present.fingerprint == wanted.fingerprint and present.revision <= wanted.revision
    return comparable and not erased_since(connection, present.revision)


def _put_in_place(connection: duckdb.DuckDBPyConnection, settings: Settings, outcome: PublishOutcome) -> PublishOutcome:
    """Let readers have the public file as it is now."""
    copy_durably(settings.public_path, settings.snapshot_path)
    _note_published_segments(connection, outcome.publication)
    anew = ", made anew" if outcome.rebuilt else ""
    log.info(
        "published revision %s: %s rows written%s", outcome.publication.revision, f"{outcome.rows_written:,}", anew
    )
    return outcome


def _note_published_segments(connection: duckdb.DuckDBPyConnection, shown: Publication) -> None:
    """Note of segments of live messages when a snapshot first showed them."""
    among = f"published_at IS NULL AND revision <= {shown.revision}"
    if scalar(connection, f"SELECT EXISTS (FROM live_segments WHERE {among})"):
        changed(connection, f"UPDATE live_segments SET published_at = now() WHERE {among}")


def wanted_state(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Publication:
    """Return what a snapshot of the warehouse as it is now would show."""
    return Publication(current_revision(connection), _fingerprint(connection, settings))


def snapshot_state(settings: Settings) -> Publication | None:
    """Return what the published snapshot shows; ``None`` where there is none that can be read."""
    try:
        with open_snapshot(settings) as connection:
            return _read_state(connection, "publication")
    except (NothingPublished, duckdb.Error):
        return None


def copy_durably(source: Path, target: Path) -> None:
    """Put a copy of ``source`` in ``target``'s place: written, forced to disk, then renamed over it. Raises ``StoreFull``."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = partial_beside(target)
    try:
        if not _share_blocks(source, partial):
            shutil.copyfile(source, partial)
        force_file(partial)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise readable(error, target.parent) from error
    os.replace(partial, target)
    force_folder(target.parent)


def _share_blocks(source: Path, target: Path) -> bool:
    """Make ``target`` a copy that shares the blocks of ``source``; returns whether the file system can."""
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), _FICLONE, reading.fileno())
        except OSError:
            return False
    return True


def _fingerprint(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    listed = (
        _FORM
        + repr([astuple(table) for table in TABLES])
        + repr(macros.statements())
        + repr(settings.privacy.scrub_names)
    )
    listed += warehouse_id(connection)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def _public_state(connection: duckdb.DuckDBPyConnection, path: Path) -> Publication | None:
    if not path.exists():
        return None
    try:
        with _attached(connection, path, read_only=True):
            return _read_state(connection, "public.publication")
    except duckdb.Error as error:
        log.warning("%s cannot be read (%s): making it anew from the warehouse", path.name, error)
        return None


def _read_state(connection: duckdb.DuckDBPyConnection, table: str) -> Publication | None:
    found = rows(connection, f"SELECT revision, fingerprint FROM {table}")
    return Publication(*found[0]) if found else None


def _refuse_private(connection: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Ask the rows that were noted. Raises ``PublicationRefused``."""
    found = private_among_noted(connection, rules)
    if found:
        told = ", ".join(f"{count:,} of {table}" for table, count in found)
        raise PublicationRefused(
            f"not published: new rows show a name, an address, a number or a key ({told}). The snapshot stays as it was, and "
            "opt-outs still leave it. Run again with full_refresh for the assets above; if that does not help, it is an error "
            "of this program"
        )


def _rebuild(connection: duckdb.DuckDBPyConnection, settings: Settings, wanted: Publication, since: int) -> int:
    """Make the public file from nothing beside the old one, then take its place.

    Asked are the rows that may have changed since a revision, all since revision 0. Raises ``PublicationRefused``.
    """
    path = settings.public_path
    fresh = fresh_beside(path)
    try:
        with _attached(connection, fresh):
            written = _fill(connection, wanted)
            with asking(connection):
                rules = rules_of(connection, settings)
                for table in TABLES:
                    among = f"WHERE {table.key} IN ({table.changed})" if since else ""
                    parameters = {"since": since} if "$since" in among else None
                    note(connection, settings, rules, table, f"FROM public.{table.name} {among}", parameters)
                _refuse_private(connection, rules)
            connection.execute("CHECKPOINT public")
    except PublicationRefused:
        fresh.unlink()
        raise
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    os.replace(fresh, path)
    force_folder(path.parent)
    return written


def _fill(connection: duckdb.DuckDBPyConnection, wanted: Publication) -> int:
    connection.execute("BEGIN")
    written = 0
    for table in TABLES:
        connection.execute(f"CREATE TABLE public.{table.name} ({_columns(connection, table)})")
        written += changed(connection, f"INSERT INTO public.{table.name} {table.query}")
    connection.execute("CREATE TABLE public.publication (revision BIGINT, fingerprint VARCHAR, warehouse_id UUID)")
    state = [wanted.revision, wanted.fingerprint, warehouse_id(connection)]
    connection.execute("INSERT INTO public.publication VALUES (?, ?, ?)", state)
    _make_macros(connection)
    connection.execute("COMMIT")
    return written


def _make_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Store the macros in the public file; the tables that they name are looked for in the database in use."""
    warehouse = scalar(connection, "SELECT current_database()")
    connection.execute("USE public")
    try:
        for statement in macros.statements():
            connection.execute(statement)
    finally:
        connection.execute(f'USE "{warehouse}"')


def _columns(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> str:
    """Return the SQL for the columns of a table as its query gives them."""
    columns = rows(connection, f"SELECT column_name, column_type FROM (DESCRIBE {table.query})")
    column, kept = table.compression or ("", "")
    how = {column: f" USING COMPRESSION {kept}"}
    return ", ".join(f'"{name}" {type_}{how.get(name, "")}' for name, type_ in columns)


def _follow(
    connection: duckdb.DuckDBPyConnection, settings: Settings, present: Publication, wanted: Publication
) -> int | None:
    """Bring the public file from ``present`` to ``wanted`` by its changed rows, in one transaction in which they are asked.

    Returns ``None`` where the file has to be made anew: it is damaged, or it shows a title in which a name has since
    become known. Raises ``PublicationRefused``.
    """
    path = settings.public_path
    try:
        with _attached(connection, path):
            if scalar(connection, _TITLES_ERASED):
                return None
            connection.execute("BEGIN")
            try:
                with asking(connection):
                    rules, written = rules_of(connection, settings), 0
                    for tables in _with_equal_keys():
                        if not _note_changed_keys(connection, tables[0], present.revision):
                            continue
                        for table in tables:
                            fresh, parameters = _fresh_rows(table, present.revision)
                            if new := _replace_rows(connection, table, fresh, parameters):
                                note(connection, settings, rules, table, fresh, parameters)
                            written += new
                    _refuse_private(connection, rules)
                connection.execute("UPDATE public.publication SET revision = ?", [wanted.revision])
                connection.execute("COMMIT")
            except BaseException:
                roll_back(connection)
                raise
            connection.execute("CHECKPOINT public")
    except duckdb.Error as error:
        log.warning("%s cannot be followed (%s): making it anew from the warehouse", path.name, error)
        return None
    return written


def _with_equal_keys() -> Iterator[list[PublishedTable]]:
    """Give the published tables one group after the other: those whose rows differ under the same keys, asked once."""
    groups: dict[tuple[str, str | None], list[PublishedTable]] = {}
    for table in TABLES:
        groups.setdefault((table.changed, table.tombstones), []).append(table)
    yield from groups.values()


_TITLES_ERASED = """
    SELECT EXISTS (
        SELECT 1 FROM public.sources old JOIN shown_sources new USING (source_id) WHERE old.title <> new.title
    )
"""


def _note_changed_keys(connection: duckdb.DuckDBPyConnection, table: PublishedTable, since: int) -> int:
    """Have the keys of rows that may differ since a revision as ``changed_keys``; returns how many."""
    keys = table.changed
    if table.tombstones:
        keys += f" UNION SELECT key FROM tombstones WHERE table_name = '{table.tombstones}' AND revision > $since"
    parameters = {"since": since} if "$since" in keys else None
    return changed(connection, f"CREATE OR REPLACE TEMP TABLE changed_keys AS {keys}", parameters)


def _fresh_rows(table: PublishedTable, since: int) -> tuple[str, Parameters]:
    """Return the SQL, and its parameters, of the rows with one of ``changed_keys`` as they are now."""
    if table.dated:
        return f"{table.query} WHERE revision > $since", {"since": since}
    return f"SELECT * FROM ({table.query}) WHERE {table.key} IN (SELECT * FROM changed_keys)", None


def _replace_rows(
    connection: duckdb.DuckDBPyConnection, table: PublishedTable, fresh: str, parameters: Parameters
) -> int:
    changed(connection, f"DELETE FROM public.{table.name} WHERE {table.key} IN (SELECT * FROM changed_keys)")
    return changed(connection, f"INSERT INTO public.{table.name} {fresh}", parameters)


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, path: Path, read_only: bool = False) -> Iterator[None]:
    how = " (READ_ONLY)" if read_only else ""
    connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS public{how}")
    try:
        yield
    finally:
        connection.execute("DETACH public")
