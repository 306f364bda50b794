"""One event of a chat as it comes in: the form of a line on the socket, and what every adapter turns its platform's events into."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from egregora_assets.chat.formats.jsonl import Mention, Name, Time, problems
from egregora_assets.chat.formats.records import Kind, valid

MAX_EVENT_BYTES = 1 << 20
"""A longer line, request or frame is refused."""
EventKind = Literal["message", "edit", "delete", "reaction"]
EVENT_KINDS: tuple[str, ...] = get_args(EventKind)
MOST_LETTERS = 65_536
"""The longest text of any platform; more of them in one block of the hot store would not fit into its memory."""
_MOST_MENTION = 1_024
_MOST_NAME = 512


def _aware(moment: datetime) -> datetime:
    """Give an instant. A wall clock without an offset is that of this machine, where the message came in."""
    return moment.astimezone(UTC)


Instant = Annotated[Time, AfterValidator(_aware)]
ShortName = Annotated[Name, Field(max_length=_MOST_NAME)]
_NumberAsText = Annotated[int, Field(strict=True), AfterValidator(str), Field(max_length=_MOST_NAME)]
IncomingId = Annotated[
    str,
    GetPydanticSchema(
        lambda _, handler: handler(Annotated[ShortName | _NumberAsText, Field(union_mode="left_to_right")])
    ),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1, "maxLength": _MOST_NAME}, {"type": "integer"}]}),
]
"""An id as text; a number is taken for its digits. Texts, which nearly all are, are looked at without calling Python."""


def _mention(told: str | Mention) -> Mention:
    return Mention(id=told) if isinstance(told, str) else told


Person = Annotated[
    Mention, GetPydanticSchema(lambda _, handler: handler(Annotated[IncomingId | Mention, AfterValidator(_mention)]))
]
"""A person who is mentioned: an id, or an object with ``id`` and ``name``."""


class IncomingMessage(BaseModel):
    """A message, or what happened to one. Fields that are not named here are ignored; ``null`` is as good as missing.

    ``native_id`` names this event, ``target`` the message that an edit, a deletion or a reaction is about. An event that comes
    again, whole, is known by platform, source, kind, ids and what it says, and is stored once.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    native_id: IncomingId = Field(description="The platform's name for the event, unique in its source.")
    source: IncomingId = Field(description="The platform's name for the chat or channel.")
    author: IncomingId = Field(description="The platform's name for the person.")
    sent_at: Instant = Field(description="ISO 8601, or seconds or milliseconds since 1970-01-01 UTC.")
    text: str = Field("", max_length=MOST_LETTERS, description="Plain text as a reader sees it; mentions as `@name`.")
    event: EventKind = "message"
    target: IncomingId | None = Field(
        None, description="`native_id` of the message that is edited, deleted, reacted to."
    )
    kind: Kind | None = Field(None, description="Left out, `media` where there are attachments, else `text`.")
    source_title: ShortName | None = Field(None, description="What the chat is called; left out, its id.")
    author_name: ShortName | None = Field(None, description="The name the person goes by.")
    reply_to: IncomingId | None = Field(None, description="`native_id` of the message that this one answers.")
    thread: IncomingId | None = Field(None, description="`native_id` of the message that this one's thread hangs on.")
    attachments: tuple[ShortName, ...] = Field(
        (), max_length=100, fail_fast=True, description="Names of the files that came with it."
    )
    mentions: tuple[Person, ...] = Field(
        (), max_length=1_000, fail_fast=True, description="People whom the text mentions."
    )
    emoji: ShortName | None = Field(
        None, description="What the reaction is; left out with `removed`, whatever that person's was."
    )
    removed: bool = Field(False, description="Whether the reaction was taken back.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.event == "message":
            if not (self.text or self.attachments or self.kind):
                raise ValueError("one of text, kind and attachments is required")
        elif self.target is None:
            raise ValueError(f"event {self.event!r} needs target: the native_id of the message that it is about")
        elif self.event == "reaction" and self.emoji is None and not self.removed:
            raise ValueError("event 'reaction' needs emoji, unless it was taken back")
        if self.mentions and any(map(_is_too_long, self.mentions)):
            raise ValueError(f"a mention has at most {_MOST_MENTION} characters")
        return self


def _is_too_long(mention: Mention) -> bool:
    return len(mention.id) + len(mention.name or "") > _MOST_MENTION


def as_json(message: IncomingMessage) -> str:
    """Return all that an event says as one line of JSON. What stands for nothing said is left out."""
    return _SERIALIZER.to_json(message, exclude_defaults=True).decode()


_SERIALIZER = IncomingMessage.__pydantic_serializer__


class Refused(ValueError):
    """What came in is no event; the message says why, without repeating what it holds. ``native_id`` where it could be read."""

    def __init__(self, problem: str, native_id: str | None = None) -> None:
        super().__init__(problem)
        self.native_id = native_id


def read_event(line: bytes | None) -> IncomingMessage:
    """Read one JSON object; ``None`` stands for a line that was too long to be held. Raises ``Refused``."""
    if line is None or len(line) > MAX_EVENT_BYTES:
        raise Refused(f"the line is longer than {MAX_EVENT_BYTES:,} bytes")
    try:
        return IncomingMessage.model_validate_json(line)
    except ValidationError as error:
        raise Refused(problems(error), _native_id(line)) from None


def make_event(**fields: object) -> IncomingMessage:
    """Make an event of what a platform has told; halves of surrogate pairs become U+FFFD. Raises ``Refused``."""
    try:
        return IncomingMessage.model_validate({name: _valid(value) for name, value in fields.items()})
    except ValidationError as error:
        raise Refused(problems(error)) from None


def _valid(value: object) -> object:
    if isinstance(value, str):
        return valid(value)
    return tuple(map(_valid, value)) if isinstance(value, list | tuple) else value


class _Named(BaseModel):
    native_id: IncomingId


def _native_id(line: bytes) -> str | None:
    try:
        return _Named.model_validate_json(line).native_id
    except ValidationError:
        return None


def json_schema_of_line() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a line."""
    return IncomingMessage.model_json_schema()
