"""Events of live chats as a hot store seals them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from egregora_assets.chat.segments import SEGMENT_SCHEMA, Segment, seal
from egregora_assets.config import Settings

NOON = datetime(2024, 3, 13, 12, 0, tzinfo=UTC)
NAMES = {"u1": "Ana Lima", "u2": "Rui Costa", "u3": "Priya Raman", "u4": "Olga Petrova"}
Event = dict[str, Any]


def event(number: int, text: str = "hello", author: str = "u1", minute: float | None = None, **more: Any) -> Event:
    """A message of the chat "garden", sent ``number`` minutes after noon: the one of ``tests/chat/test_merge_records.py``."""
    moment = NOON + timedelta(minutes=number if minute is None else minute)
    return {
        "adapter": "socket",
        "platform": "jsonl",
        "event": "message",
        "source": "garden",
        "source_title": "Garden Club",
        "native_id": f"m{number}",
        "author": author,
        "author_name": NAMES[author],
        "sent_at": moment,
        "kind": None,
        "text": text,
        "attachments": [],
        "mentions": [],
        "removed": False,
        "received_at": moment,
        "committed_at": moment,
    } | more


def edit(number: int, text: str, minute: float, author: str = "u1", **more: Any) -> Event:
    """An edit of message ``number`` at a minute after noon."""
    return (
        event(number, text, author, minute, event="edit", native_id=f"e{number}-{minute}-{text}", target=f"m{number}")
        | more
    )


def deletion(number: int, minute: float, author: str = "u1") -> Event:
    return event(number, "", author, minute, event="delete", native_id=f"d{number}-{minute}", target=f"m{number}")


def reaction(number: int, emoji: str | None, minute: float, author: str = "u2", removed: bool = False) -> Event:
    named = {"event": "reaction", "native_id": f"r{number}-{author}-{emoji}-{minute}-{removed}", "target": f"m{number}"}
    return event(number, "", author, minute, emoji=emoji, removed=removed, **named)


def table_of(events: Iterable[Event], first: int = 1) -> pa.Table:
    """Return events in the form of segments, numbered from ``first``."""
    rows = [{"sequence": number, **one} for number, one in enumerate(events, first)]
    return pa.Table.from_pylist(rows, SEGMENT_SCHEMA)


def put_segment(settings: Settings, *events: Event, first: int = 1) -> Segment:
    """Seal events as one segment."""
    return seal(settings.segments, table_of(events, first))
