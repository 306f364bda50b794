"""The latest messages: those of the published snapshot and those that are hot, in one order, each once, in its newest form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from egregora_assets.config import Settings
from egregora_assets.live.asking import ask
from egregora_assets.live.errors import NotRunning
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot, settle
from egregora_assets.warehouse.query import arrow, view_of

HOT_SCHEMA = pa.schema(
    [
        ("sequence", pa.int64()),
        ("event", pa.string()),
        ("message_id", pa.string()),
        ("source_id", pa.string()),
        ("local_time", pa.string()),
        ("sent_at", pa.string()),
        ("author_id", pa.string()),
        ("author", pa.string()),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("edited_at", pa.string()),
        ("deleted_at", pa.string()),
        ("is_withheld", pa.bool_()),
    ]
)
"""Of the view ``recent_messages`` what is shown here; times as text, as they come over the socket."""
_ANSWER_SECONDS = 10.0


class ServiceDown(ConnectionError):
    """Nobody answers at the socket of the live service."""


def hot_rows(path: Path, count: int) -> pa.Table:
    """Ask the service that listens at a Unix socket for the latest hot rows (``HOT_SCHEMA``).

    Raises ``ServiceDown``, and ``LiveError`` with what the service says against it.
    """
    try:
        answer = ask(path, {"recent": count}, _ANSWER_SECONDS)
    except (NotRunning, OSError, ValueError) as error:
        raise ServiceDown(f"the live service does not answer at {path}") from error
    return as_hot_rows([dict(zip(answer["names"], row, strict=True)) for row in answer["rows"]])


def as_hot_rows(found: list[dict[str, Any]]) -> pa.Table:
    """Return rows of ``recent_messages`` in the form of ``HOT_SCHEMA``."""
    texts = [field.name for field in HOT_SCHEMA if field.type == pa.string()]
    told = [row | {name: None if row.get(name) is None else str(row[name]) for name in texts} for row in found]
    return pa.Table.from_pylist(told, HOT_SCHEMA)


def recent(settings: Settings, hot: pa.Table | None, limit: int, source: str | None = None) -> pa.Table:
    """Return the latest ``limit`` messages, oldest first, of one source (its id) or of all.

    Columns: ``message_id``, ``source_id``, ``local_time``, ``sent_at``, ``author`` (alias or chosen name), ``kind``, ``text``,
    ``is_hot``, ``is_withheld``. ``hot`` are rows as ``hot_rows`` gives them, ``None`` where no service runs. A message that the
    snapshot shows is shown as it stands there, unless it was edited or deleted live since. Raises ``NothingPublished``
    where there is neither a snapshot nor a service.
    """
    given = as_hot_rows([]) if hot is None else hot
    try:
        with open_snapshot(settings) as snapshot:
            return _united(snapshot, given, limit, source, (_PUBLISHED, _CHOSEN_NAMES))
    except NothingPublished:
        if hot is None:
            raise
    with duckdb.connect() as connection:
        settle(connection)
        return _united(connection, given, limit, source, (_NOTHING_PUBLISHED, _NO_NAMES))


class News:
    """What is new in one look after another at the latest ``most`` messages; of the first look only the latest ``first`` are."""

    def __init__(self, first: int, most: int) -> None:
        self._first, self._most = first, most
        self._seen: dict[str, tuple[str, str]] | None = None
        self._since = ""

    def of(self, messages: list[dict[str, Any]]) -> list[tuple[dict[str, Any], bool]]:
        """Return what is new in a look, as ``recent`` gives it; ``True`` with what was there before and says something else now.

        What comes into sight because others are gone is not new, nor is what was there and is withheld for a while.
        """
        before, self._seen = self._seen, {}
        new: list[tuple[dict[str, Any], bool]] = []
        for message in messages:
            known, form = (before or {}).get(message["message_id"]), (message["kind"], message["text"])
            if known is not None and message["is_withheld"]:
                form = known
            self._seen[message["message_id"]] = form
            if form != known and (known is not None or _moment(message) >= self._since):
                new.append((message, known is not None))
        if len(messages) >= self._most:
            self._since = max(self._since, _moment(messages[0]))
        return new[-self._first :] if before is None else new


def _moment(message: dict[str, Any]) -> str:
    moment: datetime = message["sent_at"]
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _united(
    connection: duckdb.DuckDBPyConnection, hot: pa.Table, limit: int, source: str | None, shown: tuple[str, str]
) -> pa.Table:
    published, names = shown
    sql = _UNITED.format(published=published, names=names, newest=limit + hot.num_rows)
    with view_of(connection, "hot", hot):
        return arrow(connection, sql, {"limit": limit, "source": source})


_PUBLISHED = """
    SELECT
        message_id::VARCHAR AS message_id, source_id, local_time, sent_at, author_id::VARCHAR AS author_id,
        coalesce(chosen_name, alias) AS author, kind, text, edited_at, position
    FROM messages LEFT JOIN (SELECT author_id, alias, chosen_name FROM authors) USING (author_id)
"""
_NOTHING_PUBLISHED = """
    SELECT
        NULL::VARCHAR AS message_id, NULL::VARCHAR AS source_id, NULL::TIMESTAMP AS local_time, NULL::TIMESTAMPTZ AS sent_at,
        NULL::VARCHAR AS author_id, NULL::VARCHAR AS author, NULL::VARCHAR AS kind, NULL::VARCHAR AS text,
        NULL::TIMESTAMPTZ AS edited_at, NULL::BIGINT AS position
    LIMIT 0
"""
_CHOSEN_NAMES = "SELECT author_id::VARCHAR AS author_id, chosen_name FROM authors WHERE chosen_name IS NOT NULL"
_NO_NAMES = "SELECT NULL::VARCHAR AS author_id, NULL::VARCHAR AS chosen_name LIMIT 0"
_NO_WORDS = "('system', 'location', 'contact', 'call', 'deleted')"
_UNITED = f"""
    WITH said_live AS (
        SELECT * REPLACE (
            local_time::TIMESTAMP AS local_time, sent_at::TIMESTAMPTZ AS sent_at, edited_at::TIMESTAMPTZ AS edited_at,
            deleted_at::TIMESTAMPTZ AS deleted_at
        )
        FROM hot
    ),
    published AS (
        SELECT * FROM ({{published}})
        WHERE ($source IS NULL OR source_id = $source) AND (
            author_id IS NULL OR author_id NOT IN (SELECT author_id FROM hot WHERE event = 'opt-out' AND author_id IS NOT NULL)
        )
        ORDER BY sent_at DESC, position DESC LIMIT {{newest}}
    ),
    known AS (
        SELECT
            p.message_id, p.source_id, p.local_time, p.sent_at, p.author,
            CASE WHEN d.message_id IS NOT NULL THEN 'deleted' WHEN e.message_id IS NOT NULL THEN coalesce(e.kind, p.kind)
                ELSE p.kind END AS kind,
            CASE WHEN d.message_id IS NOT NULL OR p.kind IN {_NO_WORDS} THEN ''
                WHEN e.message_id IS NOT NULL THEN e.text ELSE p.text END AS text,
            false AS is_hot, d.message_id IS NULL AND coalesce(e.is_withheld, false) AS is_withheld, p.position
        FROM published p
        LEFT JOIN said_live d ON d.message_id = p.message_id AND d.kind = 'deleted' AND p.kind <> 'deleted'
        LEFT JOIN said_live e ON e.message_id = p.message_id AND e.edited_at IS NOT NULL AND e.author_id = p.author_id
            AND e.edited_at > coalesce(p.edited_at, '-infinity') AND p.kind <> 'deleted'
    ),
    new AS (
        SELECT
            message_id, source_id, local_time, sent_at, coalesce(chosen_name, author) AS author, kind, text, true AS is_hot,
            is_withheld, sequence AS position
        FROM said_live LEFT JOIN ({{names}}) USING (author_id) ANTI JOIN ({{published}}) USING (message_id)
        WHERE event = 'message' AND ($source IS NULL OR source_id = $source)
    )
    SELECT * EXCLUDE (position) FROM (
        SELECT * FROM (FROM known UNION ALL BY NAME FROM new) ORDER BY sent_at DESC, is_hot DESC, position DESC LIMIT $limit
    )
    ORDER BY sent_at, is_hot, position
"""
