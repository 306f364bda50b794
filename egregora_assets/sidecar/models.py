"""The published shape of a sidecar. ``sidecar.schema.json`` beside this file is made from these models."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Evidence = Annotated[tuple[UUID, ...], Field(min_length=1, description="Ids of the messages that this rests on.")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(_Record):
    """A word that stands out in the conversation; ``score`` orders the topics of one document."""

    label: str
    score: float
    evidence: Evidence


class Decision(_Record):
    """A sentence that announces a choice."""

    text: str
    author: str | None
    decided_at: datetime
    evidence: Evidence


class Question(_Record):
    """A sentence that asks."""

    text: str
    author: str | None
    asked_at: datetime
    evidence: Evidence


class Entity(_Record):
    """Something named in the talk: ``link``, ``file``, ``commit``, ``issue`` or ``tag``."""

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


class Sidecar(_Record):
    """What one document is about. Every item cites messages of the document."""

    document_id: UUID
    slug: str
    title: str
    source_id: str
    window_start: datetime
    window_end: datetime
    message_count: int = Field(ge=1)
    message_ids: tuple[UUID, ...] = Field(min_length=1)
    topics: tuple[Topic, ...]
    decisions: tuple[Decision, ...]
    questions: tuple[Question, ...]
    entities: tuple[Entity, ...]
    code_references: tuple[CodeReference, ...]
    media: tuple[Media, ...]
    participants: tuple[Participant, ...]


@cache
def json_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a sidecar, as text that ends in a line break."""
    return json.dumps(Sidecar.model_json_schema(), indent=2, sort_keys=True) + "\n"
