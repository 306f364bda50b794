"""Invented chats with labels: which messages decide, which hold a task and whose, which ask, and which messages answer.

``en.jsonl`` and ``pt.jsonl`` hold one window a line: its id, language, scene, and messages with the author's letter, the
minute, the text, the index of the message it replies to (``reply_to``), and the labels. ``decision`` is agreed, proposed or
revoked; ``action`` has the assignee's letter and the words for when it is due; ``question`` lists the messages that answer
it, any of which is right, and is empty for one that nobody answers. Rules are made by the half ``tune``; ``test`` only
measures them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import NotRequired, TypedDict

LANGUAGES = ("en", "pt")


class Action(TypedDict):
    """Who is to do it, and by when, if either was said."""

    assignee: str | None
    due: str | None


class Message(TypedDict):
    """What one person says, and what it is."""

    author: str
    minute: int
    text: str
    reply_to: NotRequired[int]
    decision: NotRequired[str]
    action: NotRequired[Action]
    question: NotRequired[list[int]]


class Window(TypedDict):
    """One conversation."""

    id: str
    language: str
    scene: str
    messages: list[Message]


def half_of(window: Window) -> str:
    """Return ``tune`` or ``test``, by a hash of the window's id."""
    return "test" if hashlib.sha256(window["id"].encode()).digest()[0] & 1 else "tune"


def windows(half: str | None = None) -> list[Window]:
    """Return the windows of one half, or all."""
    lines = [
        line
        for language in LANGUAGES
        for line in (Path(__file__).parent / f"{language}.jsonl").read_text("utf-8").splitlines()
    ]
    found: list[Window] = [json.loads(line) for line in lines]
    return [window for window in found if half in (None, half_of(window))]
