"""The published shape of a profile. ``profile.schema.json`` beside this file is made from these models."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(_Record):
    """A topic of conversations that the author used as a word, and in how many of their messages."""

    label: str
    messages: int = Field(ge=1)


class Month(_Record):
    """The topics of one month (``YYYY-MM``), most used first."""

    month: str = Field(pattern=r"^\d{4,6}-\d{2}$")
    topics: tuple[Topic, ...] = Field(min_length=1)


class Answered(_Record):
    """Somebody whom the author answers, under their pseudonym.

    ``replies`` are answers that the platform marks; ``follows`` are messages directly after one of theirs, within ten minutes.
    """

    author: str
    replies: Count
    follows: Count


class Quotation(_Record):
    """What the author wrote, as it passed the privacy gate, perhaps cut; ``day`` is that of the chat's clock."""

    day: date
    text: str = Field(min_length=1)


class Profile(_Record):
    """What can be counted from the messages of one author in one memory. No judgement of a person."""

    author: str
    messages: int = Field(ge=1)
    days: int = Field(ge=1, description="Days on which the author wrote.")
    conversations: Count
    first_day: date
    last_day: date
    by_weekday: tuple[Count, ...] = Field(min_length=7, max_length=7, description="Messages by weekday, Monday first.")
    by_hour: tuple[Count, ...] = Field(
        min_length=24, max_length=24, description="Messages by hour of the chat's clock."
    )
    topics: tuple[Month, ...]
    answers: tuple[Answered, ...] = Field(description="Whom the author answers most often, at most ten.")
    first_words: Quotation | None = Field(description="The first message of at least three words.")
    last_words: Quotation | None = Field(description="The last message of at least three words.")


@cache
def json_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a profile, as text that ends in a line break."""
    return json.dumps(Profile.model_json_schema(), indent=2, sort_keys=True) + "\n"
