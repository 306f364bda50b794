"""Posts that people write in Markdown → authors, and an entry in ``.authors.yml`` for each who did not opt out.

A file is opened again only when its size, its time or its inode has changed: a pass over unchanged posts costs a look at
each folder and one query.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.authors import author_list
from egregora_assets.authors.author_list import AuthorListUnreadable
from egregora_assets.authors.front_matter import DamagedFrontMatter, authors_of_post
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys, bind, warehouse_keys
from egregora_assets.privacy.pseudonyms import ALIAS, author_id, normalised_name, rotated
from egregora_assets.warehouse.query import changed, rows, view_of
from egregora_assets.warehouse.revisions import Transaction, transaction, watermark
from egregora_assets.warehouse.upsert import insert_new

PLATFORM = "posts"
CONSUMER = "posts"
LIST_FILE = ".authors.yml"
_VERSION = "2"
"""Names what is read of posts: with another, the list of authors is read again."""
_SUFFIXES = (".md", ".markdown")

log = logging.getLogger(__name__)

FileState = tuple[str, int, int, int]
"""Path, bytes, time of change in ns, inode."""


@dataclass(frozen=True)
class PostsChanges:
    """What one pass over the posts found: all of them, those that were opened, and those that cannot be read."""

    posts: int = 0
    read: int = 0
    damaged: int = 0


@dataclass(frozen=True)
class _Post:
    state: FileState
    authors: list[str]
    problem: str | None = None


def read_posts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> PostsChanges:
    """Take in the authors of new and changed posts; nobody is forgotten whose post is gone.

    Who is named gets a row in ``authors`` under a keyed id, without messages. What cannot be read is told in the log and in
    ``private.post_files``, and keeps nothing else from being read.
    """
    folder = settings.authored_posts
    if folder is None:
        return PostsChanges()
    present, fresh, gone = _look(connection, folder)
    is_older = watermark(connection, CONSUMER).fingerprint != _VERSION
    if fresh or gone or is_older or _list_has_changed(connection, folder):
        found = [_read(state) for state in sorted(fresh)]
        keys = warehouse_keys(connection, settings.key_path)
        with transaction(connection, CONSUMER) as change:
            bind(connection, keys)
            _remember(change, {state[0] for state in gone | fresh}, found)
            _add_authors(change, keys, found)
            _add_display_names(change, keys, folder)
            change.advance(_VERSION)
    damaged = len(rows(connection, "SELECT path FROM private.post_files WHERE problem IS NOT NULL"))
    return PostsChanges(present, len(fresh), damaged)


def changed_posts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Return how many posts are new, changed or gone since they were last read; writes nothing."""
    if settings.authored_posts is None:
        return 0
    _, fresh, gone = _look(connection, settings.authored_posts)
    return len({state[0] for state in fresh | gone}) + _list_has_changed(connection, settings.authored_posts)


def write_list(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Add an entry to ``.authors.yml`` for each author of posts who has none and did not opt out; return how many.

    To be called when opt-outs have been applied. Entries of people who opted out go where they stand as they were added; all
    others stay, whoever wrote them.
    """
    folder = settings.authored_posts
    if folder is None or not folder.is_dir():
        return 0
    path = folder / LIST_FILE
    if path.is_symlink() or (path.exists() and not path.is_file()):
        log.warning("%s is no plain file: it was left as it is", LIST_FILE)
        return 0
    state, known = _state(path), _known_list(connection, path)
    hidden = _opted_out_forms(connection, settings)
    wanted = [name for name in _named_in_posts(connection, path) if normalised_name(name) not in hidden]
    if known is not None and known.state == state and (known.problem or _says(known.authors, wanted, hidden)):
        return 0
    if known is None and state is None and not wanted:
        return 0
    try:
        before = text = _text(path) if state else ""
        gone = [name for name in author_list.ours(text) if normalised_name(name) in hidden] if text else []
        if gone:
            text = author_list.without_authors(text, gone)
        missing = [name for name in wanted if name not in author_list.listed(text)]
        if missing:
            text = author_list.with_authors(text, missing)
        if text != before:
            _replace(path, text)
        now = _Post(_state(path) or (str(path), 0, 0, 0), sorted(author_list.listed(text)))
    except (AuthorListUnreadable, UnicodeDecodeError, OSError) as error:
        log.warning("%s: %s: it was left as it is", LIST_FILE, error)
        missing, now = [], _Post(state or (str(path), 0, 0, 0), [], f"{error}: it was left as it is")
    if known != now:
        with transaction(connection, CONSUMER) as change:
            _remember(change, {str(path)}, [now])
    return len(missing)


def problems(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return (path, what is wrong) of the posts that cannot be read; for the terminal only, because files name people."""
    return rows(connection, "SELECT path, problem FROM private.post_files WHERE problem IS NOT NULL ORDER BY path")


def _look(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[int, set[FileState], set[FileState]]:
    """Return how many posts there are, the new and changed ones, and those that are gone or were changed."""
    if not folder.is_dir():
        log.warning("[authors] posts: %s is no folder", folder)
        return 0, set(), set()
    present = set(_scan(str(folder)))
    known: set[FileState] = set(
        rows(
            connection,
            "SELECT path, bytes, modified_ns, inode FROM private.post_files WHERE path <> ?",
            [str(folder / LIST_FILE)],
        )
    )
    return len(present), present - known, known - present


def _scan(folder: str) -> Iterator[FileState]:
    """Yield the Markdown files below a folder; hidden folders, links, and names that are no text are passed over."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_SUFFIXES):
                if entry.is_file(follow_symlinks=False) and entry.name.isprintable():
                    status = entry.stat(follow_symlinks=False)
                    yield entry.path, status.st_size, status.st_mtime_ns, status.st_ino
            elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield from _scan(entry.path)


def _read(state: FileState) -> _Post:
    try:
        return _Post(state, authors_of_post(Path(state[0])))
    except (DamagedFrontMatter, OSError) as error:
        log.warning("%s: %s", Path(state[0]).name, error)
        return _Post(state, [], str(error))


def _remember(change: Transaction, replaced: set[str], found: list[_Post]) -> None:
    connection = change.connection
    states = [post.state for post in found]
    table = pa.table(
        {
            "path": pa.array([state[0] for state in states], pa.string()),
            "bytes": pa.array([state[1] for state in states], pa.int64()),
            "modified_ns": pa.array([state[2] for state in states], pa.int64()),
            "inode": pa.array([state[3] for state in states], pa.uint64()),
            "authors": pa.array([post.authors for post in found], pa.list_(pa.string())),
            "problem": pa.array([post.problem for post in found], pa.string()),
        }
    )
    with view_of(connection, "replaced_posts", pa.table({"path": pa.array(sorted(replaced), pa.string())})):
        changed(connection, "DELETE FROM private.post_files WHERE path IN (SELECT path FROM replaced_posts)")
    with view_of(connection, "found_posts", table):
        changed(
            connection,
            "INSERT INTO private.post_files BY NAME SELECT *, $revision AS revision FROM found_posts",
            {"revision": change.revision},
        )


def _add_authors(change: Transaction, keys: Keys, found: list[_Post]) -> None:
    """Add whom the posts name to ``private.author_names`` and ``authors``, seen at the times of the files."""
    named = [(name, post.state[2] // 1000) for post in found for name in post.authors]
    ids = {name: str(rotated(author_id(keys.author, PLATFORM, name), keys.rotations)) for name, _ in named}
    table = pa.table(
        {
            "author_id": pa.array([ids[name] for name, _ in named], pa.string()),
            "raw_name": pa.array([name for name, _ in named], pa.string()),
            "seen": pa.array([moment for _, moment in named], pa.timestamp("us", "UTC")),
        }
    )
    names = table.drop_columns("seen").append_column("platform", pa.array([PLATFORM] * len(named), pa.string()))
    noted: dict[str, object] = {"revision": change.revision}
    insert_new(change.connection, "private.author_names", names, ["platform", "raw_name", "author_id"], noted)
    with view_of(change.connection, "named_in_posts", table):
        changed(
            change.connection,
            f"""
            INSERT INTO authors BY NAME
            SELECT
                author_id, {ALIAS} AS alias, min(seen) AS first_seen, max(seen) AS last_seen, 0 AS message_count,
                false AS opted_out, $revision AS opted_out_revision, $revision AS revision
            FROM (SELECT author_id::UUID AS author_id, seen FROM named_in_posts) ANTI JOIN authors USING (author_id)
            GROUP BY author_id
            """,
            noted,
        )


def _add_display_names(change: Transaction, keys: Keys, folder: Path) -> None:
    """Add the names under which the list of authors shows whom the posts name; ``write_list`` tells of one that is unreadable."""
    path = folder / LIST_FILE
    if not path.is_file():
        return
    try:
        shown = author_list.display_names(_text(path))
    except (AuthorListUnreadable, UnicodeDecodeError, OSError):
        return
    sql = "SELECT DISTINCT unnest(authors) FROM private.post_files WHERE path <> ?"
    named = [name for (name,) in rows(change.connection, sql, [str(path)]) if name in shown]
    ids = [str(rotated(author_id(keys.author, PLATFORM, name), keys.rotations)) for name in named]
    table = pa.table(
        {
            "platform": pa.array([PLATFORM] * len(named), pa.string()),
            "raw_name": pa.array([shown[name] for name in named], pa.string()),
            "author_id": pa.array(ids, pa.string()),
        }
    )
    insert_new(change.connection, "private.author_names", table, table.column_names, {"revision": change.revision})


def _list_has_changed(connection: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Return whether the list of authors is another than the one that was last read or written."""
    path = folder / LIST_FILE
    if path.is_symlink() or not path.is_file():
        return False
    known = _known_list(connection, path)
    return known is None or known.state != _state(path)


def _says(listed: list[str], wanted: list[str], hidden: set[str]) -> bool:
    """Return whether the list has all who are wanted, and nobody who is hidden."""
    return set(wanted) <= set(listed) and not (hidden and any(normalised_name(name) in hidden for name in listed))


def _named_in_posts(connection: duckdb.DuckDBPyConnection, list_path: Path) -> list[str]:
    sql = "SELECT DISTINCT unnest(authors) AS name FROM private.post_files WHERE path <> ? ORDER BY name"
    return [name for (name,) in rows(connection, sql, [str(list_path)])]


def _opted_out_forms(connection: duckdb.DuckDBPyConnection, settings: Settings) -> set[str]:
    """Return the normalised names of those who opted out, among the posts' authors or anywhere under the same name."""
    sql = "SELECT raw_name FROM private.author_names SEMI JOIN (FROM authors WHERE opted_out) USING (author_id)"
    return {normalised_name(name) for name in (*settings.privacy.opt_out, *(name for (name,) in rows(connection, sql)))}


def _known_list(connection: duckdb.DuckDBPyConnection, path: Path) -> _Post | None:
    sql = "SELECT path, bytes, modified_ns, inode, authors, problem FROM private.post_files WHERE path = ?"
    found = rows(connection, sql, [str(path)])
    return _Post(found[0][:4], found[0][4], found[0][5]) if found else None


def _state(path: Path) -> FileState | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return str(path), status.st_size, status.st_mtime_ns, status.st_ino


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def _replace(path: Path, text: str) -> None:
    """Put ``text`` in the place of a file, which keeps its rights; what stood there goes only when all is written."""
    target = path.resolve()
    partial = target.with_name(f"{target.name}.part")
    partial.write_bytes(text.encode())
    if target.exists():
        shutil.copymode(target, partial)
    partial.replace(target)
