"""Windows as the documentation tells them, message by message: slow, and nothing in common with how they are made."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from egregora_assets.config import DocumentSettings
from egregora_assets.documents.stopwords import COMMON_WORDS
from tests.documents.saying import Said

Window = tuple[tuple[int, ...], int]
"""The numbers of the messages of a window, and how many of them it repeats."""

_AROUND = 6
_MARKS = ".,;:!?()\"'"


def windows_of(said: Sequence[Said], rules: DocumentSettings) -> set[Window]:
    """Return the windows of messages in any order."""
    units: dict[object, list[Said]] = {}
    for message in sorted(said, key=lambda one: (one.moment, one.number)):
        units.setdefault(unit_of(message, rules), []).append(message)
    found: set[Window] = set()
    for unit in units.values():
        for stretch in _stretches(unit, rules):
            found |= set(_fill(stretch, rules))
    return found


def unit_of(message: Said, rules: DocumentSettings) -> object:
    day = (message.moment - timedelta(hours=rules.day_begins)).date()
    if rules.window in ("conversation", "gap"):
        if message.thread is not None:
            return message.source, message.thread, day.replace(day=1)
        return message.source, day
    if rules.window == "day" or (rules.within == "day" and rules.window != "week"):
        return message.source, day
    if rules.window == "week" or rules.within == "week":
        return message.source, day - timedelta(days=day.weekday())
    return message.source, date(day.year, day.month, 1)


def _stretches(unit: list[Said], rules: DocumentSettings) -> list[list[Said]]:
    if rules.window not in ("conversation", "gap"):
        return [unit]
    short_thread = unit[0].thread is not None and len(unit) <= rules.max_messages
    longest = rules.thread_gap_hours * 60 if short_thread else rules.gap_minutes
    shortest = longest if short_thread or rules.window == "gap" else min(rules.pause_minutes, longest)
    runs: list[list[Said]] = [[unit[0]]]
    for before, after in pairwise(unit):
        if after.minute - before.minute > shortest:
            runs.append([])
        runs[-1].append(after)
    stretches = [list(runs[0])]
    for last_run, run in pairwise(runs):
        is_answer = any(message.reply_to in {one.number for one in last_run} for message in run)
        if run[0].minute - last_run[-1].minute > longest and not is_answer:
            stretches.append([])
        stretches[-1] += run
    return _at_changes_of_subject(stretches, runs, longest, rules) if shortest < longest else stretches


def _at_changes_of_subject(
    stretches: list[list[Said]], runs: list[list[Said]], longest: int, rules: DocumentSettings
) -> list[list[Said]]:
    cut: list[list[Said]] = []
    run_of = {message.number: place for place, run in enumerate(runs) for message in run}
    for stretch in stretches:
        cut.append([stretch[0]])
        for place in range(1, len(stretch)):
            before, here = stretch[place - 1], stretch[place]
            pause = here.minute - before.minute
            if run_of[before.number] != run_of[here.number] and rules.pause_minutes < pause <= longest:
                run, last_run = runs[run_of[here.number]], {one.number for one in runs[run_of[before.number]]}
                around = stretch[max(0, place - _AROUND) : place], stretch[place : place + _AROUND]
                if not any(one.reply_to in last_run for one in run) and not belongs_together(
                    [one.text for one in around[0]], [one.text for one in around[1]]
                ):
                    cut.append([])
            cut[-1].append(here)
    return cut


def belongs_together(before: Sequence[str], after: Sequence[str]) -> bool:
    if "?" in before[-1]:
        return True
    left, right = _words(before), _words(after)
    return bool(left & right) or len(left) < 3 or len(right) < 3


def _words(texts: Sequence[str]) -> set[str]:
    common = {word[:5] for word in COMMON_WORDS}
    found = set()
    for token in " ".join(texts).split():
        plain = "".join(
            letter for letter in unicodedata.normalize("NFD", token.lower()) if not unicodedata.combining(letter)
        )
        stem = plain.strip(_MARKS)[:5]
        if len(stem) >= 4 and stem not in common and not token.startswith("[") and not stem.isdigit():
            found.add(stem)
    return found


def _fill(stretch: list[Said], rules: DocumentSettings) -> list[Window]:
    windows: list[list[Said]] = [[]]
    for message in stretch:
        if windows[-1] and not _fits([*windows[-1], message], rules):
            windows.append([])
        windows[-1].append(message)
    numbers = [message.number for message in stretch]
    found: list[Window] = []
    for window in windows:
        begin = numbers.index(window[0].number)
        repeated = numbers[max(0, begin - rules.overlap_messages) : begin] if begin else []
        found.append((tuple(repeated + [message.number for message in window]), len(repeated)))
    return found


def _fits(window: list[Said], rules: DocumentSettings) -> bool:
    sizes = [0 if message.author is None else size(message) for message in window]
    return (
        len(window) <= rules.max_messages
        and (rules.max_bytes is None or sum(sizes) <= rules.max_bytes)
        and (rules.max_tokens is None or sum(-(-one // 4) for one in sizes) <= rules.max_tokens)
    )


def size(message: Said) -> int:
    """Return how many bytes the line of a message may have."""
    return len(f"23:59 ZZ: {message.text.replace(chr(10), chr(10) + chr(8195))}\n".encode())
