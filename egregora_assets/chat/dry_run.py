"""Parsing without consequences: an export's messages as plain rows, from memory only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from egregora_assets.chat.archive import ExportUnreadable, open_chat_text
from egregora_assets.chat.formats import whatsapp
from egregora_assets.chat.formats.whatsapp import STAGED, Staged
from egregora_assets.chat.local_time import to_utc
from egregora_assets.config import LimitSettings
from egregora_assets.warehouse.query import rows

_BATCH = 1000


@dataclass(frozen=True)
class DryRun:
    """One parsed export. ``rows`` are dicts of plain values in the file's order."""

    staged: Staged
    connection: duckdb.DuckDBPyConnection
    sent_at: str

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield ``timestamp`` (local wall clock, ISO), ``author``, ``kind``, ``text``, ``attachment``, ``edited``, ``sent_at``."""
        result = self.connection.execute(
            f"""
            SELECT strftime(local_time, '%Y-%m-%dT%H:%M:%S'), author_no, kind, text, attachment, is_edited,
                strftime({self.sent_at}, '%Y-%m-%dT%H:%M:%SZ')
            FROM {STAGED} s WHERE local_time IS NOT NULL ORDER BY position
            """
        )
        while batch := result.fetchmany(_BATCH):
            for timestamp, author_no, kind, text, attachment, edited, sent_at in batch:
                yield {
                    "timestamp": timestamp,
                    "author": None if author_no is None else self.staged.authors[author_no],
                    "kind": kind,
                    "text": text,
                    "attachment": attachment,
                    "edited": edited,
                    **({} if sent_at is None else {"sent_at": sent_at}),
                }

    def summary(self) -> dict[str, Any]:
        """Return counts, and what was quarantined and why (at most ten pieces)."""
        pieces = self.staged.quarantined
        return {
            "messages": self.staged.messages,
            "authors": sum(name is not None for name in self.staged.authors),
            "day_first": self.staged.day_first,
            "quarantined": len(pieces),
            "reasons": dict(Counter(piece.reason for piece in pieces)),
            "pieces": [
                {
                    "byte_offset": piece.byte_offset,
                    "reason": piece.reason,
                    "raw": piece.raw[:200].decode("utf-8", "replace"),
                }
                for piece in pieces[:10]
            ],
        }


@contextmanager
def dry_run(path: Path, day_first: bool | None = None, timezone: str | None = None) -> Iterator[DryRun]:
    """Parse ``path`` into an in-memory database. Raises ``ExportUnreadable``."""
    if not path.is_file():
        raise ExportUnreadable(f"{path} is not a file")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        with open_chat_text(path, LimitSettings()) as stream:
            staged = whatsapp.stage(connection, stream, path.name, day_first)
        yield DryRun(staged, connection, _sent_at(connection, timezone))


def _sent_at(connection: duckdb.DuckDBPyConnection, timezone: str | None) -> str:
    if timezone is None:
        return "NULL::TIMESTAMP"
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ExportUnreadable(f"{timezone!r} is no IANA time zone such as 'America/Sao_Paulo'") from error
    first, last = rows(connection, f"SELECT min(local_time), max(local_time) FROM {STAGED}")[0]
    return to_utc("s.local_time", zone, first, last) if first else "NULL::TIMESTAMP"
