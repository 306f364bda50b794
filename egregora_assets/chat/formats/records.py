"""What every structured export gives: messages as records, with the people and chats that they name by native id.

A format is a module-level object with this interface, named in the entry-point group ``egregora_assets.chat_formats``
(see ``registry``). It turns an opened export into ``Record`` objects and notes people, chats and faults in a ``Reading``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal, Protocol, get_args

import pyarrow as pa

from egregora_assets.chat.archive import Export, printable
from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES, Quarantine, Quarantined

SELF_WORDS = ("Me", "You")
"""What exporters call the person who exported: words of everybody, which must not be hidden in texts as names are."""
Kind = Literal["text", "system", "media", "deleted", "poll", "location", "contact", "call", "view_once", "sticker"]
KINDS: tuple[str, ...] = get_args(Kind)

RECORD_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("byte_offset", pa.int64()),
        ("chat", pa.string()),
        ("native_id", pa.string()),
        ("sent_at", pa.timestamp("us", "UTC")),
        ("local_time", pa.timestamp("us")),
        ("author", pa.string()),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("reply_to", pa.string()),
        ("thread", pa.string()),
        ("edited_at", pa.timestamp("us", "UTC")),
        ("deleted_at", pa.timestamp("us", "UTC")),
        ("is_edited", pa.bool_()),
        ("quote", pa.string()),
        ("attachments", pa.list_(pa.string())),
        ("mentions", pa.list_(pa.string())),
        (
            "reactions",
            pa.list_(pa.struct([("emoji", pa.string()), ("author", pa.string()), ("count", pa.int64())])),
        ),
        # The time is text (ISO 8601), so that a dry run can print it as it is.
        (
            "versions",
            pa.list_(pa.struct([("kind", pa.string()), ("text", pa.string()), ("edited_at", pa.string())])),
        ),
    ]
)
BATCH_ROWS = 10_000
_NUMBER_OF_COPY = re.compile(r"[0-9]{1,3}\)")


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji on a message: by one person (``author``: native id), or by ``count`` people nobody names."""

    emoji: str
    author: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said before, from ``edited_at`` on: ``None`` for what it said first, or where the time is unknown."""

    text: str
    edited_at: datetime | None = None
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Record:
    """One message. ``chat``, ``author``, ``reply_to``, ``thread`` and ``mentions`` are ids of the platform.

    Exactly one of ``sent_at`` (aware) and ``local_time`` (naive: the exporting machine's wall clock) is given.
    ``native_id`` names the message within its chat for ever, ``None`` where the platform has no such thing. ``author`` is
    ``None`` for notices that nobody wrote. ``text`` is plain text as a reader sees it: mentions as ``@Display Name``,
    links as their address, no markup of the platform; a notice's text may name people. ``thread`` is the native id of the
    message that a thread hangs on (also on that message itself). ``edited_at`` goes with ``is_edited``, as far as it is
    known. A deleted message has kind ``deleted`` and no text. ``attachments`` are file names as the export has them;
    a message with attachments has kind ``media`` (or ``sticker``, ``view_once``) and its caption as text. ``quote`` is what an
    exporter repeats of another message, which this one answers, shares or forwards; it is another person's, who may have
    opted out or deleted it, so it is shown by a dry run and never stored. ``versions`` are the author's own earlier words, as
    far as the export still has them; none where the message has been deleted.
    """

    chat: str
    native_id: str | None
    author: str | None
    kind: str
    text: str
    sent_at: datetime | None = None
    local_time: datetime | None = None
    byte_offset: int = 0
    reply_to: str | None = None
    thread: str | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    is_edited: bool = False
    quote: str = ""
    attachments: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    versions: tuple[Version, ...] = ()


@dataclass
class Reading:
    """What a format learns on its way through an export; complete when its records are exhausted.

    ``chats`` has the title of every chat by native id; ``people`` the names a person goes by (display name first, then
    handles), by native id: everybody who wrote, reacted or is mentioned.
    """

    chats: dict[str, str] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    quarantined: Quarantine = field(default_factory=Quarantine)

    def mend(self) -> None:
        """Make all ids, names and titles fit for UTF-8, as ``batches`` makes those of records."""
        self.chats = {valid(chat): valid(title) for chat, title in self.chats.items()}
        self.people = {valid(person): [valid(name) for name in names] for person, names in self.people.items()}

    def name(self, person: str, *names: str | None) -> str:
        """Note the names of a person; return the person's id, for convenience."""
        known = self.people.setdefault(person, [])
        known += [name for name in names if name and name not in known]
        return person

    def refuse(self, byte_offset: int, reason: str, raw: bytes) -> None:
        """Put a piece of input into the quarantine."""
        self.quarantined.append(Quarantined(byte_offset, printable(reason), raw[:MAX_RAW_BYTES]))


class ChatFormat(Protocol):
    """One platform's export format. ``platform`` is what ``sources.platform`` says.

    ``exact_times`` tells whether times are finer than a minute and the same in every export: ids of messages without a
    native id are then made with them.
    """

    platform: str
    exact_times: bool

    def recognises(self, export: Export) -> bool:
        """Return whether the export is of this format, by its content; never raises on strange bytes."""

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages of the export in its order, and fill ``reading``.

        Whatever cannot be read goes to ``reading.refuse`` and does not end the rest. Raises ``ExportUnreadable`` only
        when nothing can be read. Memory is bounded by one message, except for people and chats.
        """


def batches(records: Iterable[Record]) -> Iterator[pa.RecordBatch]:
    """Yield record batches of ``RECORD_SCHEMA`` with at most ``BATCH_ROWS`` rows; ``position`` counts from 0."""
    rows: list[Record] = []
    position = 0
    for record in records:
        rows.append(record)
        if len(rows) == BATCH_ROWS:
            yield _batch(rows, position)
            position += len(rows)
            rows = []
    if rows:
        yield _batch(rows, position)


def _batch(rows: list[Record], position: int) -> pa.RecordBatch:
    columns: dict[str, list[Any]] = {
        name: [getattr(row, name) for row in rows]
        for name in RECORD_SCHEMA.names
        if name not in ("position", "reactions", "versions")
    }
    columns["position"] = list(range(position, position + len(rows)))
    columns["reactions"] = [
        [{"emoji": given.emoji, "author": given.author, "count": given.count} for given in row.reactions]
        for row in rows
    ]
    columns["versions"] = [
        [
            {"kind": said.kind, "text": said.text, "edited_at": said.edited_at and said.edited_at.isoformat()}
            for said in row.versions
        ]
        for row in rows
    ]
    return pa.RecordBatch.from_arrays(
        [_array(columns[field.name], field.type) for field in RECORD_SCHEMA], schema=RECORD_SCHEMA
    )


def chat_of_file(name: str) -> str:
    """Return the name of a file (or of the last part of a path) without its ending and without the number of a copy.

    It serves as the id of a chat that an export does not name, and must be the same for every copy of the file.
    """
    return PurePosixPath(without_copy_number(PurePosixPath(name).name)).stem


def without_copy_number(name: str) -> str:
    """Return a file's name without the `` (2)`` by which browsers and the inbox tell it from an earlier file of that name.

    It stands before the ending, or last; a copy of a copy has several.
    """
    stem, dot, ending = _without_numbers(name).rpartition(".")
    return f"{_without_numbers(stem)}{dot}{ending}"


def _without_numbers(name: str) -> str:
    while True:
        before, _, last = name.rpartition(" (")
        if not before or _NUMBER_OF_COPY.fullmatch(last) is None:
            return name
        name = before


def valid(text: str) -> str:
    """Return ``text`` with U+FFFD for what UTF-8 has no bytes for: halves of surrogate pairs, which JSON can name alone."""
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= letter <= "\udfff" for letter in text) else text


def _array(values: list[Any], type_: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type_)
    except UnicodeEncodeError:
        return pa.array([_valid_parts(value) for value in values], type_)


def _valid_parts(value: Any) -> Any:
    if isinstance(value, str):
        return valid(value)
    if isinstance(value, dict):
        return {name: _valid_parts(part) for name, part in value.items()}
    return [_valid_parts(part) for part in value] if isinstance(value, list | tuple) else value
