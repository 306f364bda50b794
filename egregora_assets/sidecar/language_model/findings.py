"""The form of a model's answer, and what of an answer holds: each item is looked at, and dropped where it cannot be true.

An item cites messages by the numbers that the model was shown. Who said it follows from these and is never believed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, NamedTuple, TypeVar
from unicodedata import category

from pydantic import BaseModel, ConfigDict, Field

from egregora_assets.privacy.kinds import PSEUDONYM

WRONG_CITATION = "wrong_citation"
UNKNOWN_PERSON = "unknown_person"
INVENTED_LINK = "invented_link"
NO_LENGTH = "empty_or_too_long"
TOO_MANY = "too_many"
PRIVATE = "private"

_MOST_ITEMS = 30
"""Of one kind in one document."""
_MOST_TEXT = 400
_MOST_CITED = 10
_IN_PLACE = {"Cf": ""}
"""Marks inside a word show nothing: a space there would hide a name from who looks for it."""
_LINK = re.compile(r"(?i)(?:\b[a-z][a-z0-9+.-]{1,20}:/|\bmailto:|\bwww\.)[^\s<>\"']*")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = re.compile(rf"(?<![\w.-])(?:{_LABEL}[.．。｡])+(?:xn--[a-z0-9-]+|[^\W\d_]{{2,24}})(?![\w-])")
"""A host without a scheme, which readers of Markdown may follow all the same; the name of a file looks like one."""
_BARE_LINK = re.compile(rf"{_HOST.pattern}(?:[:/?#][^\s<>\"']*)?")
_AFTER_LINK = ".,;:!?)"

Numbers = Annotated[tuple[int, ...], Field(description="Numbers of the messages that this rests on.")]


class _Found(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class FoundSentence(_Found):
    text: str
    messages: Numbers


class FoundDecision(_Found):
    text: str
    status: Literal["proposed", "agreed", "revoked"]
    messages: Numbers


class FoundTask(_Found):
    text: str
    assignee: str | None = Field(description="Letter of who is to do it.")
    due: str | None = Field(description="Words of the message that say when.")
    messages: Numbers


class FoundAnswer(_Found):
    text: str
    message: int = Field(description="Number of the message that answers.")


class FoundQuestion(_Found):
    text: str
    answer: FoundAnswer | None
    messages: Numbers


Item = FoundSentence | FoundDecision | FoundTask | FoundQuestion
_Item = TypeVar("_Item", FoundSentence, FoundDecision, FoundTask, FoundQuestion)


class Findings(_Found):
    """What came of one conversation."""

    summary: tuple[FoundSentence, ...]
    decisions: tuple[FoundDecision, ...]
    action_items: tuple[FoundTask, ...]
    questions: tuple[FoundQuestion, ...]

    @property
    def items(self) -> Iterator[Item]:
        yield from self.summary
        yield from self.decisions
        yield from self.action_items
        yield from self.questions


class Shown(NamedTuple):
    """What the model was shown: the letter of who wrote each message, and its text, by number."""

    speakers: dict[int, str]
    texts: dict[int, str]

    @classmethod
    def of(cls, prompt: str) -> Shown:
        lines = [json.loads(line) for line in prompt.split("\n")]
        return cls({line["n"]: line["by"] for line in lines}, {line["n"]: line["text"] for line in lines})


class Verified(NamedTuple):
    """What of an answer holds, and how many of its items were dropped for which reason."""

    findings: Findings
    dropped: dict[str, int]

    @property
    def is_usable(self) -> bool:
        """Whether anything is left of it, or there was nothing to report: of what is all wrong nothing is believed."""
        return not self.dropped or any(self.findings.items)


def verified(findings: Findings, shown: Shown) -> Verified:
    """Return the items that may be true of the messages which were shown, with their texts on one line."""
    dropped: Counter[str] = Counter()
    return Verified(
        Findings(
            summary=tuple(_kept(findings.summary, shown, dropped)),
            decisions=tuple(_kept(findings.decisions, shown, dropped)),
            action_items=tuple(_kept(findings.action_items, shown, dropped)),
            questions=tuple(_kept(findings.questions, shown, dropped)),
        ),
        dict(dropped),
    )


def texts_of(item: Item) -> tuple[str, ...]:
    """Return all words of an item."""
    more = (item.answer.text if isinstance(item, FoundQuestion) and item.answer else None,)
    if isinstance(item, FoundTask):
        more = (item.due,)
    return (item.text, *(text for text in more if text))


def without(findings: Findings, private: set[str]) -> Verified:
    """Return what is left without the items that say any of these texts."""
    kept = {
        name: tuple(item for item in getattr(findings, name) if private.isdisjoint(texts_of(item)))
        for name in Findings.model_fields
    }
    count = sum(1 for _ in findings.items) - sum(map(len, kept.values()))
    return Verified(findings.model_copy(update=kept), {PRIVATE: count} if count else {})


def _kept(items: Sequence[_Item], shown: Shown, dropped: Counter[str]) -> Iterator[_Item]:
    for place, item in enumerate(items):
        plain = _on_one_line(item, shown)
        problem = TOO_MANY if place >= _MOST_ITEMS else _problem(plain, shown)
        if problem:
            dropped[problem] += 1
        else:
            yield plain


def _on_one_line(item: _Item, shown: Shown) -> _Item:
    """Return an item with plain texts and each number once; words for a time that nobody has said are left off."""
    update: dict[str, object] = {"text": _plain(item.text), "messages": tuple(dict.fromkeys(item.messages))}
    if isinstance(item, FoundQuestion) and item.answer:
        said_to_it = _plain(item.answer.text)
        update["answer"] = item.answer.model_copy(update={"text": said_to_it}) if said_to_it else None
    if isinstance(item, FoundTask) and item.due is not None:
        due = _plain(item.due)
        said = " ".join(_plain(shown.texts.get(number, "")) for number in item.messages[:_MOST_CITED])
        update["due"] = due if due and due.casefold() in said.casefold() else None
    return item.model_copy(update=update)


def _plain(text: str) -> str:
    """Return ``text`` on one line, without signs that show nothing."""
    return " ".join(
        "".join(letter if letter.isprintable() else _IN_PLACE.get(category(letter), " ") for letter in text).split()
    )


def _problem(item: Item, shown: Shown) -> str | None:
    if not _cited(item) or not shown.speakers.keys() >= set(_cited(item)) or len(item.messages) > _MOST_CITED:
        return WRONG_CITATION
    if not all(0 < len(text) <= _MOST_TEXT for text in (item.text, *texts_of(item))):
        return NO_LENGTH
    if isinstance(item, FoundTask) and item.assignee is not None and item.assignee not in shown.speakers.values():
        return UNKNOWN_PERSON
    said = "\n".join(shown.texts.values())
    for text in texts_of(item):
        if any(alias not in said for alias in PSEUDONYM.findall(text)):
            return UNKNOWN_PERSON
        if any(link.rstrip(_AFTER_LINK) not in said for link in _LINK.findall(text)) or _has_invented_host(text, said):
            return INVENTED_LINK
    return None


def _has_invented_host(text: str, said: str) -> bool:
    """Return whether a host or a file is named that is none of those in ``said``; whatever stands behind it has to be said, too."""
    told, known = text.casefold(), said.casefold()
    hosts = set(_HOST.findall(known))
    return any(host not in hosts for host in _HOST.findall(told)) or any(
        link.rstrip(_AFTER_LINK) not in known for link in _BARE_LINK.findall(told)
    )


def _cited(item: Item) -> tuple[int, ...]:
    """Return all numbers that an item cites; none where it cites no message itself."""
    if not item.messages:
        return ()
    answer = (item.answer.message,) if isinstance(item, FoundQuestion) and item.answer else ()
    return (*item.messages, *answer)
