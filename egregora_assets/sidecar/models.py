"""The published shape of a sidecar. ``sidecar.schema.json`` beside this file is made from these models."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

BY_RULES = "rules"
"""What sidecars that no language model has read are extracted by."""
Id = Annotated[str, Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", json_schema_extra={"format": "uuid"})]
Evidence = Annotated[tuple[Id, ...], Field(min_length=1, description="Ids of the messages that this rests on.")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(_Record):
    """A word that stands out in the conversation; ``score`` orders the topics of one document."""

    label: str
    score: float
    evidence: Evidence


class Sentence(_Record):
    """A sentence of the conversation that shares most with it."""

    text: str
    evidence: Evidence


class Decision(_Record):
    """A sentence that announces a choice.

    ``status`` is ``proposed`` (nobody has agreed), ``agreed`` or ``revoked``: it was taken back by the message
    ``revoked_by``, or takes an earlier one back itself. After the message that says it the evidence has those that agree, and
    the one that takes it back if that is of this document.
    """

    text: str
    author: str | None
    decided_at: datetime
    status: Literal["proposed", "agreed", "revoked"]
    revoked_by: Id | None
    evidence: Evidence


class ActionItem(_Record):
    """A sentence by which somebody takes on a task, or is asked to.

    ``due`` are the words that say when, ``due_on`` the day they mean. ``status`` is ``open`` until the message ``done_by``, of
    this document or a later one of the chat, says that it is ``done``. After the message that says it the evidence has the one
    that accepts it, if another does, and the one that says it is done if that is of this document.
    """

    text: str
    assignee: str | None
    author: str | None
    due: str | None
    due_on: date | None
    said_at: datetime
    status: Literal["open", "done"]
    done_by: Id | None
    evidence: Evidence


class Answer(_Record):
    """What somebody said to a question, and how that is known: as a ``reply``, by who was asked (``mention``), by
    ``proximity``, which also weighs its form and shared words, or from a language ``model``."""

    text: str
    author: str | None
    answered_at: datetime
    linked_by: Literal["reply", "mention", "proximity", "model"]
    message_id: Id


class Question(_Record):
    """A sentence that asks, and its answer; without one it is open. Both messages are evidence."""

    text: str
    author: str | None
    asked_at: datetime
    status: Literal["open", "answered"]
    answer: Answer | None
    evidence: Evidence


class Entity(_Record):
    """Something named in the talk.

    ``person`` (a pseudonym), ``link``, ``file``, ``commit``, ``issue``, ``tag``, ``project``, ``technology`` or ``place``.
    """

    kind: str
    name: str
    mentions: int = Field(ge=1)
    evidence: Evidence


class CodeReference(_Record):
    """A file, commit or issue that somebody spoke of, as it was then.

    ``state`` is ``present``, ``renamed``, ``submodule``, ``ambiguous`` (several may be meant) or ``unknown`` (an issue).
    """

    kind: str
    text: str
    repository: str | None
    path: str | None
    line_from: int | None
    line_to: int | None
    commit: str | None
    number: int | None
    state: str
    url: str | None
    evidence: Evidence


class Media(_Record):
    """A picture, film or recording that somebody sent, without what it told of itself; ``path`` is below ``published``."""

    media_id: str
    mime: str
    path: str
    width: int | None
    height: int | None
    evidence: Evidence


class Participant(_Record):
    """Somebody who wrote, under a stable pseudonym."""

    author: str
    message_count: int = Field(ge=1)
    evidence: Evidence


class Statistics(_Record):
    """What can be counted, and nothing of moods."""

    messages: int = Field(ge=1)
    words: int = Field(ge=0)
    participants: int = Field(ge=0)
    replies: int = Field(ge=0)
    minutes: int = Field(ge=0)


class Sidecar(_Record):
    """What one document is about. Every item cites messages of the document.

    ``chat`` is what the chat is called, ``first_day`` and ``last_day`` are by its clock, and ``quoted_ids`` are messages of
    elsewhere that the post repeats, where one of these replies to them. ``extracted_by`` is ``rules``, or the name of the language
    model whose words summary, decisions, action items and questions are.
    """

    document_id: Id
    slug: str
    title: str
    source_id: str
    chat: str
    first_day: date
    last_day: date
    window_start: datetime
    window_end: datetime
    message_count: int = Field(ge=1)
    message_ids: tuple[Id, ...] = Field(min_length=1)
    quoted_ids: tuple[Id, ...]
    extracted_by: str
    statistics: Statistics
    summary: tuple[Sentence, ...]
    topics: tuple[Topic, ...]
    decisions: tuple[Decision, ...]
    action_items: tuple[ActionItem, ...]
    questions: tuple[Question, ...]
    entities: tuple[Entity, ...]
    code_references: tuple[CodeReference, ...]
    media: tuple[Media, ...]
    participants: tuple[Participant, ...]


def is_valid(record: bytes) -> bool:
    """Return whether the bytes of a file are a sidecar as the published schema has it."""
    try:
        Sidecar.model_validate_json(record, strict=True)
    except ValidationError:
        return False
    return True


@cache
def json_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a sidecar, as text that ends in a line break."""
    return json.dumps(Sidecar.model_json_schema(), indent=2, sort_keys=True) + "\n"
