"""Our own JSON Lines form, for chats that no other format reads: one message per line, as ``docs/jsonl.md`` describes."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, BinaryIO, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic import model_validator as validates_model

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.records import KINDS, Kind, Reaction, Reading, Record, chat_of_file

MAX_LINE_BYTES = 1 << 20
"""A longer line is refused; no more of it is held than this."""
_SUFFIXES = (".jsonl", ".ndjson", ".json")
_LAST_YEAR = 9998
"""Times of year 1 and 9999 leave the calendar when they are moved to another time zone."""
_MOST_PROBLEMS = 3
_MOST_COUNT = 1_000_000_000


class Line(NamedTuple):
    """One line of a stream: where its first byte stands, its bytes, and whether it is too long and cut to its beginning."""

    byte_offset: int
    raw: bytes
    is_cut: bool


def read_lines(stream: BinaryIO, blank: bool = False) -> Iterator[Line]:
    """Yield the lines in order, blank ones only if wanted. A byte order mark at the beginning is left out."""
    offset = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        start, offset = offset, offset + len(raw)
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            offset += _skip_line(stream)
            yield Line(start, raw[:4096], True)
            continue
        raw = raw.removeprefix(codecs.BOM_UTF8) if start == 0 else raw
        if blank or raw.strip():
            yield Line(start, raw, False)


def _skip_line(stream: BinaryIO) -> int:
    """Read to the end of the line in bounded pieces; return how many bytes that were."""
    skipped = 0
    while rest := stream.readline(MAX_LINE_BYTES):
        skipped += len(rest)
        if rest.endswith(b"\n"):
            break
    return skipped


def first_object(export: Export, member: str) -> dict[str, Any] | None:
    """Return the JSON object on the first line of a member that is not blank; ``None`` where there is none."""
    head = export.head(member).removeprefix(codecs.BOM_UTF8).lstrip()
    if not head.startswith(b"{"):
        return None
    if b"\n" not in head:
        head = export.head(member, MAX_LINE_BYTES + 1).removeprefix(codecs.BOM_UTF8).lstrip()
    try:
        value = json.loads(head.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _inside_calendar(moment: datetime) -> datetime:
    if not 1 < moment.year <= _LAST_YEAR:
        raise ValueError(f"year {moment.year} is out of range")
    return moment


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Identifier = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}),
]
Name = Annotated[str, Field(min_length=1)]
Time = Annotated[
    datetime,
    AfterValidator(_inside_calendar),
    WithJsonSchema({"anyOf": [{"type": "string", "description": "ISO 8601"}, {"type": "number"}]}),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Mention(_Part):
    """A person whom the text mentions, as ``@name``."""

    id: Identifier
    name: Name | None = None


class GivenReaction(_Part):
    """An emoji on the message, by one person (``author``) or by ``count`` people who are not named."""

    emoji: str = Field(min_length=1)
    author: Identifier | None = None
    author_name: Name | None = None
    count: int = Field(1, ge=1, le=_MOST_COUNT)


class Message(_Part):
    """One line. Fields that are not named here are ignored; ``null`` is the same as a missing field."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [name]} for name in ("text", "kind", "attachments")]}
    )

    timestamp: Time = Field(
        description="When it was written: ISO 8601 (with an offset an instant, without one the wall clock where it was "
        "exported), or seconds or milliseconds since 1970-01-01 UTC."
    )
    text: str | None = Field(None, description="Plain text as a reader sees it; mentions as `@name`.")
    kind: Kind | None = Field(
        None, description="What it is; left out, `media` where there are attachments, else `text`."
    )
    id: Identifier | None = Field(None, description="The platform's name for the message, unique in its chat.")
    chat: Identifier | None = Field(
        None, description="Id of the chat; left out, the file's name without its ending and a copy's number."
    )
    chat_title: Name | None = Field(None, description="What the chat is called; left out, its id.")
    author: Identifier | None = Field(None, description="Id of the person who wrote; left out, `author_name`.")
    author_name: Name | None = Field(None, description="The name the person goes by.")
    reply_to: Identifier | None = Field(None, description="`id` of the message that this one answers.")
    thread: Identifier | None = Field(None, description="`id` of the message that this one's thread hangs on.")
    edited_at: Time | None = Field(None, description="When it was last edited.")
    deleted_at: Time | None = Field(None, description="When it was deleted; makes it a `deleted` message without text.")
    attachments: Annotated[tuple[Name, ...], Field(fail_fast=True)] | None = Field(
        None, description="Names of the files that came with it."
    )
    mentions: Annotated[tuple[Identifier | Mention, ...], Field(fail_fast=True)] | None = Field(
        None, description="People whom the text mentions: ids, or objects with `id` and `name`."
    )
    reactions: Annotated[tuple[GivenReaction, ...], Field(fail_fast=True)] | None = Field(
        None, description="Objects with `emoji`, and either `author` (and `author_name`) or `count`."
    )

    @validates_model(mode="after")
    def _says_something(self) -> Message:
        if self.text is None and self.kind is None and not self.attachments:
            raise ValueError("one of text, kind and attachments is required")
        return self


def json_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a line, as text that ends in a line break."""
    return json.dumps(Message.model_json_schema(), indent=2, sort_keys=True) + "\n"


class JsonLines:
    """The format; see ``ChatFormat``."""

    platform = "jsonl"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether the JSON files of the export have our field names in their first object, and no text is beside them.

        What else is there are files that came with messages.
        """
        members = _members(export)
        if not members or any(member.lower().endswith(".txt") for member in export.members):
            return False
        return all(_has_our_fields(first_object(export, member)) for member in members)

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield one record per line; lines that are no message are refused with the field and its problem."""
        is_empty = True
        for member in _members(export):
            chat = chat_of_file(member)
            with export.open(member) as stream:
                for line in read_lines(stream):
                    record = _read(line, chat, reading)
                    if record is not None:
                        is_empty = False
                        yield record
        if is_empty:
            problem = reading.quarantined[0].reason if reading.quarantined else "it is empty"
            raise ExportUnreadable(
                f"{export.path.name}: no line is a message ({problem}): docs/jsonl.md shows the form"
            )


FORMAT = JsonLines()


def _members(export: Export) -> list[str]:
    return [
        member
        for member in export.members
        if member.lower().endswith(_SUFFIXES) and not PurePosixPath(member).name.startswith(".")
    ]


def _has_our_fields(value: dict[str, Any] | None) -> bool:
    if value is None:
        return False
    timestamp, attachments = value.get("timestamp"), value.get("attachments")
    if not isinstance(timestamp, str | int | float) or isinstance(timestamp, bool):
        return False
    if attachments is not None and not (isinstance(attachments, list) and all(isinstance(a, str) for a in attachments)):
        return False
    return isinstance(value.get("text"), str) or value.get("kind") in KINDS or bool(attachments)


def _read(line: Line, chat: str, reading: Reading) -> Record | None:
    if line.is_cut:
        reading.refuse(line.byte_offset, f"the line is longer than {MAX_LINE_BYTES:,} bytes", line.raw)
        return None
    try:
        message = Message.model_validate_json(line.raw)
    except ValidationError as error:
        reading.refuse(line.byte_offset, problems(error), line.raw)
        return None
    return _record(message, chat, line.byte_offset, reading)


def problems(error: ValidationError) -> str:
    """Say in words which fields are wrong and how, without repeating what stands in them."""
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        found.setdefault(field, problem["msg"])
    return "; ".join(f"{field}: {text}" if field else text for field, text in list(found.items())[:_MOST_PROBLEMS])


def _record(message: Message, file_chat: str, byte_offset: int, reading: Reading) -> Record:
    chat = message.chat or file_chat
    if message.chat_title or chat not in reading.chats:
        reading.chats[chat] = message.chat_title or chat
    is_deleted = message.deleted_at is not None or message.kind == "deleted"
    attachments = () if is_deleted else message.attachments or ()
    is_instant = message.timestamp.tzinfo is not None
    return Record(
        chat=chat,
        native_id=message.id,
        author=_person(message.author, message.author_name, reading),
        kind=_kind(message, is_deleted),
        text="" if is_deleted else message.text or "",
        sent_at=message.timestamp.astimezone(UTC) if is_instant else None,
        local_time=None if is_instant else message.timestamp,
        byte_offset=byte_offset,
        reply_to=message.reply_to,
        thread=message.thread,
        edited_at=_instant(message.edited_at),
        deleted_at=_instant(message.deleted_at),
        is_edited=message.edited_at is not None,
        attachments=attachments,
        mentions=tuple(_mentioned(mention, reading) for mention in message.mentions or ()),
        reactions=tuple(
            Reaction(given.emoji, _person(given.author, given.author_name, reading), given.count)
            for given in message.reactions or ()
        ),
    )


def _kind(message: Message, is_deleted: bool) -> str:
    if is_deleted:
        return "deleted"
    if message.attachments and message.kind in (None, "text"):
        return "media"
    return str(message.kind or "text")


def _person(person: str | None, name: str | None, reading: Reading) -> str | None:
    known_as = person or name
    return None if known_as is None else reading.name(known_as, name)


def _mentioned(mention: str | Mention, reading: Reading) -> str:
    return reading.name(mention.id, mention.name) if isinstance(mention, Mention) else reading.name(mention)


def _instant(moment: datetime | None) -> datetime | None:
    """A wall clock without an offset cannot be placed: records know these times as instants only."""
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
