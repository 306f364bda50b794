"""Messages as a few words each, put into a warehouse of their own: what tests of documents begin with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import transaction
from egregora_assets.warehouse.upsert import insert_new
from tests.chats import BEGINNING


@dataclass(frozen=True)
class Said:
    number: int
    source: str
    minute: int
    author: int | None
    text: str
    thread: int | None = None
    reply_to: int | None = None

    @property
    def moment(self) -> datetime:
        return BEGINNING + timedelta(minutes=self.minute)

    @property
    def message_id(self) -> UUID:
        return UUID(int=0x1000 + self.number)

    def row(self) -> dict[str, object]:
        author = None if self.author is None else str(UUID(int=self.author))
        kind = "system" if self.author is None else "text"
        return {
            "message_id": str(self.message_id),
            "source_id": self.source,
            "local_time": self.moment,
            "sent_at": self.moment,
            "author_id": author,
            "kind": kind,
            "text": self.text,
            "is_edited": False,
            "position": self.number,
            "export_id": "e",
            "thread_id": _id(self.thread),
            "reply_to": _id(self.reply_to),
        }


def _id(number: int | None) -> str | None:
    return None if number is None else str(UUID(int=0x1000 + number))


def receive(connection: duckdb.DuckDBPyConnection, messages: Iterable[Said]) -> None:
    listed = list(messages)
    if listed:
        with transaction(connection, "a test") as change:
            received = pa.Table.from_pylist([said.row() for said in listed])
            insert_new(connection, "messages", received, ["message_id"], {"revision": change.revision})


def opt_out(connection: duckdb.DuckDBPyConnection, author: int) -> None:
    with transaction(connection, "a test") as change:
        connection.execute(
            "INSERT INTO private.opt_commands SELECT message_id, author_id, sent_at, position, true, ? FROM messages "
            "WHERE author_id = ?",
            [change.revision, UUID(int=author)],
        )


def documents(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return rows(connection, "SELECT * EXCLUDE (revision) FROM documents ORDER BY document_id")
