"""Parsing without consequences: an export's messages as plain rows, from memory only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import whatsapp
from egregora_assets.chat.formats.records import Reading
from egregora_assets.chat.formats.text_chunks import Quarantine
from egregora_assets.chat.formats.whatsapp import STAGED, Staged
from egregora_assets.chat.instants import instants
from egregora_assets.chat.merge_records import RECORDS, stage_records
from egregora_assets.chat.parse import ParsedText, parse
from egregora_assets.config import LimitSettings
from egregora_assets.warehouse.connection import settle
from egregora_assets.warehouse.query import scalar

_BATCH = 1000


class DryRun(Protocol):
    """One parsed export."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the messages as dicts of plain values, in the file's order.

        Always ``timestamp`` (ISO), ``author``, ``kind``, ``text``, ``attachment``, ``edited``, and ``sent_at`` (UTC) when a
        zone is given. ``timestamp`` is a wall clock; where the export has an instant and no zone is given it is UTC and says
        so by its offset. Platforms with ids add ``chat``, ``id``, ``author_id`` and what else a message has.
        """

    def summary(self) -> dict[str, Any]:
        """Return counts, and what was quarantined and why (at most ten pieces)."""


@contextmanager
def dry_run(path: Path, day_first: bool | None = None, timezone: str | None = None) -> Iterator[DryRun]:
    """Parse a file, or a folder with an unpacked export, into an in-memory database. Raises ``ExportUnreadable``."""
    zone = _zone(timezone)
    with duckdb.connect() as connection, parse(path, LimitSettings()) as parsed:
        settle(connection)
        if isinstance(parsed, ParsedText):
            staged = whatsapp.stage_scanned(connection, parsed.batches, parsed.result, path.name, day_first)
            yield _TextDryRun(staged, connection, zone)
        else:
            stage_records(connection, parsed, path.name)
            yield _RecordsDryRun(parsed.platform, parsed.reading, connection, zone)


def _zone(timezone: str | None) -> ZoneInfo | None:
    try:
        return None if timezone is None else ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ExportUnreadable(f"{timezone!r} is no IANA time zone such as 'America/Sao_Paulo'") from error


@dataclass(frozen=True)
class _TextDryRun:
    """A WhatsApp export: a wall clock, names for authors, no ids."""

    staged: Staged
    connection: duckdb.DuckDBPyConnection
    zone: ZoneInfo | None

    def rows(self) -> Iterator[dict[str, Any]]:
        result = self.connection.execute(
            f"""
            SELECT strftime(local_time, '%Y-%m-%dT%H:%M:%S'), author_no, kind, text, attachment, is_edited,
                strftime({self._sent_at()}, '%Y-%m-%dT%H:%M:%SZ')
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
        return {
            "platform": "whatsapp",
            "messages": self.staged.messages,
            "authors": sum(name is not None for name in self.staged.authors),
            "day_first": self.staged.day_first,
            **_quarantine(self.staged.quarantined),
        }

    def _sent_at(self) -> str:
        first, last = self.staged.first, self.staged.last
        if self.zone is None or first is None or last is None:
            return "NULL::TIMESTAMP"
        return instants(self.connection, self.zone, first, last)[0]


@dataclass(frozen=True)
class _RecordsDryRun:
    """A structured export: ids of the platform, with the names behind them."""

    platform: str
    reading: Reading
    connection: duckdb.DuckDBPyConnection
    zone: ZoneInfo | None

    def rows(self) -> Iterator[dict[str, Any]]:
        result = self.connection.execute(f"SELECT * EXCLUDE (position, byte_offset) FROM {RECORDS} ORDER BY position")
        names = [column[0] for column in result.description]
        while batch := result.fetchmany(_BATCH):
            for values in batch:
                yield self._row(dict(zip(names, values, strict=True)))

    def _row(self, record: dict[str, Any]) -> dict[str, Any]:
        sent_at, local_time = record.pop("sent_at"), record.pop("local_time")
        if self.zone is not None:
            sent_at = sent_at or local_time.replace(tzinfo=self.zone)
            local_time = local_time or sent_at.astimezone(self.zone).replace(tzinfo=None)
        author, attachments = record.pop("author"), record.pop("attachments")
        row = {
            "timestamp": (local_time or sent_at).isoformat(),
            "author": self._name(author),
            "kind": record.pop("kind"),
            "text": record.pop("text"),
            "attachment": attachments[0] if attachments else None,
            "edited": record.pop("is_edited"),
            "chat": record.pop("chat"),
            "id": record.pop("native_id"),
            "author_id": author,
            "attachments": attachments,
            "sent_at": sent_at.isoformat() if sent_at is not None and self.zone is not None else None,
            **{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in record.items()},
        }
        always = ("timestamp", "author", "kind", "text", "attachment", "edited")
        return {name: value for name, value in row.items() if name in always or value not in (None, [], "")}

    def _name(self, person: str | None) -> str | None:
        if person is None:
            return None
        return next(iter(self.reading.people.get(person, ())), person)

    def summary(self) -> dict[str, Any]:
        return {
            "platform": self.platform,
            "messages": int(scalar(self.connection, f"SELECT count(*) FROM {RECORDS}")),
            "authors": int(scalar(self.connection, f"SELECT count(DISTINCT author) FROM {RECORDS}")),
            "chats": self.reading.chats,
            **_quarantine(self.reading.quarantined),
        }


def _quarantine(pieces: Quarantine) -> dict[str, Any]:
    return {
        "quarantined": pieces.total,
        "reasons": pieces.reasons(),
        "pieces": [
            {
                "byte_offset": piece.byte_offset,
                "reason": piece.reason,
                "raw": piece.raw[:200].decode("utf-8", "replace"),
            }
            for piece in pieces[:10]
        ],
    }
