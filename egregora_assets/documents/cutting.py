"""Where windows begin: rules over arrays of messages in order. No text, no database: what words have in common is asked for.

Everything here is linear in the messages, apart from one binary search for each window that is full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egregora_assets.config import DocumentSettings

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
"""Indices into the arrays of messages."""
Coherence = Callable[[Places, Places, Places], Flags]
"""Says for pauses in front of messages ``at`` whether the messages ``[first, at)`` and ``[at, last)`` belong together."""

_MINUTE = 60_000_000
REACH = 6
"""How many messages on each side of a pause are looked at."""


@dataclass(frozen=True)
class Messages:
    """Messages of several units, one after the other, each unit in the order in which they were sent.

    A unit is what no window crosses the end of: a day, a week or a month of a chat, or of a thread. ``sent_at`` is in microseconds,
    ``answers`` the index of the message that one replies to, -1 where there is none; ``sizes`` are in bytes.
    """

    new_unit: Flags
    in_thread: Flags
    sent_at: Places
    answers: Places
    sizes: Places


@dataclass(frozen=True)
class Windows:
    """Indices of the messages that windows begin with, and how many messages before it each one repeats."""

    begins: Places
    repeats: Places


def cut(messages: Messages, rules: DocumentSettings, coherent: Coherence) -> Windows:
    """Cut messages into windows. Every message is in exactly one; what it repeats of the one before comes on top."""
    begins = messages.new_unit.copy()
    if rules.ends_at_silences:
        begins |= _silences(messages, rules, coherent)
    return _filled(messages, np.flatnonzero(begins), rules)


def _silences(messages: Messages, rules: DocumentSettings, coherent: Coherence) -> Flags:
    """Return which messages come after a silence that ends a conversation."""
    silence, pause = _pauses(messages, rules)
    held = _held_by_replies(silence | pause, messages)
    silence, pause = silence & ~held, pause & ~held
    at = np.flatnonzero(pause)
    if len(at):
        edges = np.append(np.flatnonzero(messages.new_unit | silence), len(pause))
        stretch = np.searchsorted(edges, at, "right")
        first, last = np.maximum(edges[stretch - 1], at - REACH), np.minimum(edges[stretch], at + REACH)
        pause[at] = ~coherent(first, at, last)
    return silence | pause


def _pauses(messages: Messages, rules: DocumentSettings) -> tuple[Flags, Flags]:
    """Return which messages come after a silence, and which after a pause that is none.

    A thread that fits into one window is kept together for longer; a longer one, such as a topic of a forum, is like a chat.
    """
    waited = np.diff(messages.sent_at, prepend=messages.sent_at[:1])
    waited[messages.new_unit] = 0
    unit = np.cumsum(messages.new_unit) - 1
    short = messages.in_thread & (np.bincount(unit)[unit] <= rules.max_messages)
    longest = np.where(short, rules.thread_gap_hours * 60, rules.gap_minutes) * _MINUTE
    silence = waited > longest
    by_words = rules.window == "conversation"
    pause = ~silence & ~short & (waited > rules.pause_minutes * _MINUTE) & by_words
    return silence, pause


def _held_by_replies(candidates: Flags, messages: Messages) -> Flags:
    """Return which of the candidates a reply reaches over, with no other one between it and what it answers.

    A reply over several of them quotes something old: what was said in between does not become one conversation for it.
    """
    number = np.cumsum(candidates | messages.new_unit)
    replies = np.flatnonzero(messages.answers >= 0)
    over: Flags = number[replies] - number[messages.answers[replies]] == 1
    held = np.zeros(len(number) + 1, np.bool_)
    held[number[replies[over]]] = True
    return candidates & held[number]


def _filled(messages: Messages, begins: Places, rules: DocumentSettings) -> Windows:
    """Cut what is too long for one window: each takes as much as it can hold, and at least one message."""
    count = len(messages.sizes)
    ends = np.append(begins[1:], count)
    bounds = _bounds(messages.sizes, rules)
    full = np.zeros(len(begins), np.bool_)
    for before, most in bounds:
        full |= before[ends] - before[begins] > most
    more: list[int] = []
    repeats: list[int] = []
    for begin, end in zip(begins[full].tolist(), ends[full].tolist(), strict=True):
        at = begin
        while (upto := _reach(at, end, bounds)) < end:
            more.append(upto)
            repeats.append(min(rules.overlap_messages, upto - begin))
            at = upto
    all_begins = np.concatenate([begins, np.array(more, np.int64)])
    order = np.argsort(all_begins, kind="stable")
    all_repeats = np.concatenate([np.zeros(len(begins), np.int64), np.array(repeats, np.int64)])
    return Windows(all_begins[order], all_repeats[order])


def _bounds(sizes: Places, rules: DocumentSettings) -> list[tuple[Places, int]]:
    """Return for each bound how much stands before each message, and at the end, and how much a window holds."""
    bounds = [(np.arange(len(sizes) + 1), rules.max_messages)]
    if rules.max_bytes is not None:
        bounds.append((_before(sizes), rules.max_bytes))
    if rules.max_tokens is not None:
        bounds.append((_before(tokens(sizes)), rules.max_tokens))
    return bounds


def tokens(sizes: Places) -> Places:
    """Return about how many tokens texts of so many bytes are: one for every four, which few tokenizers exceed."""
    return -(-sizes // 4)


def _before(amounts: Places) -> Places:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(amounts)])


def _reach(at: int, end: int, bounds: list[tuple[Places, int]]) -> int:
    """Return the index after the last message that a window from ``at`` can hold."""
    fits = (int(np.searchsorted(before, before[at] + most, "right")) - 1 for before, most in bounds)
    return min(end, max(at + 1, min(fits)))
