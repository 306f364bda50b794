"""Decisions, tasks, questions and conversations of the published snapshot, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from egregora_assets.publish.macros import MACROS
from egregora_assets.warehouse.query import rows, scalar

_AGAIN = "the snapshot was published by an older program: run `egregora ingest`, which publishes it anew"


class SnapshotOutdated(RuntimeError):
    """The snapshot lacks what is asked of it."""


class UnknownSource(ValueError):
    """No chat has this short name; the message says which there are."""


@dataclass(frozen=True)
class Asked:
    """What is looked for; what is ``None`` is not asked. ``about`` is a path of a file or folder, ``source`` the id of a chat."""

    topic: str | None = None
    assignee: str | None = None
    since: date | datetime | None = None
    status: str | None = None
    source: str | None = None
    kind: str | None = None
    about: str | None = None


def ledger(snapshot: duckdb.DuckDBPyConnection, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """Return decisions and tasks, the newest first. Raises ``SnapshotOutdated`` and ``UnknownSource``, as all of these do."""
    among = "ledger(topic := $topic, assignee := $assignee, since := $since)"
    if asked.about is not None:
        about = "(SELECT (document_id, text, said_at) FROM decisions_about($about))"
        among = f"(FROM {among} WHERE kind = 'decision' AND (document_id, text, said_at) IN {about})"
    return _found(snapshot, f"SELECT * FROM {among}", "said_at DESC, text, slug", asked, limit)


def tasks(snapshot: duckdb.DuckDBPyConnection, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """Return tasks: first what is open, by the day on which it is due, then what is done."""
    among = "ledger(topic := $topic, assignee := $assignee, since := $since)"
    order = "status = 'done', CASE status WHEN 'open' THEN due_on END NULLS LAST, said_at DESC, text, slug"
    return _found(snapshot, f"SELECT * FROM {among} WHERE kind = 'task'", order, asked, limit)


def questions(snapshot: duckdb.DuckDBPyConnection, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """Return questions, the newest first."""
    sql = """
        SELECT q.* EXCLUDE (answer_id, linked_by), p.source_id, p.slug, p.title
        FROM questions q JOIN (SELECT document_id, source_id, slug, title FROM sidecars) p USING (document_id)
        WHERE ($since IS NULL OR asked_at >= $since::TIMESTAMPTZ) AND (
            $topic IS NULL OR document_id IN (SELECT document_id FROM topics WHERE lower(label) = lower($topic))
        )
    """
    return _found(snapshot, sql, "asked_at DESC, text, slug", asked, limit)


def conversations(snapshot: duckdb.DuckDBPyConnection, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """Return conversations by their rank."""
    return _found(snapshot, "FROM conversations()", "rank", asked, limit)


def _found(snapshot: duckdb.DuckDBPyConnection, sql: str, order: str, asked: Asked, limit: int) -> list[dict[str, Any]]:
    known = int(scalar(snapshot, "SELECT count(*) FROM duckdb_functions() WHERE NOT internal"))
    if known < len(MACROS):
        raise SnapshotOutdated(_AGAIN)
    if asked.source is not None:
        _refuse_unknown(snapshot, asked.source)
    conditions = [f"{column} = ${name}" for name, column in _COLUMNS.items() if getattr(asked, name) is not None]
    chosen = f"SELECT * FROM ({sql}) WHERE {' AND '.join(conditions) or 'true'} ORDER BY {order} LIMIT $limit"
    given = {name: value for name, value in {**vars(asked), "limit": limit}.items() if f"${name}" in chosen}
    result = snapshot.execute(chosen, given)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _refuse_unknown(snapshot: duckdb.DuckDBPyConnection, source: str) -> None:
    known = [source_id for (source_id,) in rows(snapshot, "SELECT source_id FROM sources ORDER BY source_id")]
    if source not in known:
        told = ", ".join(known) or "none that is published"
        raise UnknownSource(f"there is no chat {source!r}; there is {told}")


_COLUMNS = {"status": "status", "source": "source_id", "kind": "kind"}
