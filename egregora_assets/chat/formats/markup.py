"""Marks of emphasis and code in the texts of Slack and Discord, taken away where a reader would not see them.

Only what surely is a mark goes: a pair that stands at the edges of words and has no space inside its ends. Code, addresses
and what stands in angle brackets keep every character.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_KEPT = "\ue000"
"""Stands for a piece that is kept as it is: a character of the private use area, which no text has."""
_BEFORE, _AFTER = r"(?<![^\s(\[{\"'“‘*_~|>:,;.!?/\-–—])", r"(?![^\s)\]}\"'”’*_~|<:,;.!?/\-–—…])"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _pair(mark: str, inside: str) -> re.Pattern[str]:
    alone = rf"(?<!{mark}){mark}(?!{mark})"
    return re.compile(rf"{_BEFORE}{alone}(?!\s)({inside}+)(?<!\s){alone}{_AFTER}")


_SLACK_KEPT = re.compile(r"```(?P<block>.+?)```|`(?![ \t]*`)(?P<code>[^`\n]+)`|<[^<>]*>", re.DOTALL)
_SLACK_PAIRS = (_pair(r"\*", r"[^*\n]"), _pair("_", r"[^_\n]"), _pair("~", r"[^~\n]"))
_DISCORD_KEPT = re.compile(
    r"```(?:[A-Za-z0-9+#-]{1,30}\n)?(?P<block>.+?)```|(?P<ticks>``?)(?P<code>[^`\n]+)(?P=ticks)|<[^<>\n]*>"
    r"|\\(?P<escaped>[*_~|`\\>#\[\]()])|https?://[^\s*|~<>()]+",
    re.DOTALL,
)
_DISCORD_PAIRS = (
    re.compile(r"\*\*(?![\s*])([^*\n]+)(?<!\s)\*\*"),
    re.compile(r"~~(?![\s~])([^~\n]+)(?<!\s)~~"),
    re.compile(r"\|\|(?![\s|])([^|\n]+)(?<!\s)\|\|"),
    re.compile(rf"{_BEFORE}__(?![\s_]|\w+__)([^_\n]+)(?<!\s)__{_AFTER}"),
    _pair(r"\*", r"[^*\n]"),
    _pair("_", r"[^_\n]"),
)
_DISCORD_LINK = re.compile(r"\[([^\[\]\n]{1,500})\]\(<?(https?://[^\s()<>]{1,2000})>?\)")
_DISCORD_TIME = re.compile(r"<t:(-?[0-9]{1,12})(?::[tTdDfFR])?>")
_MOST_NESTED = 3


def without_slack_marks(text: str) -> str:
    """Return a text of Slack without ``*bold*``, ``_italic_``, ``~struck~`` and the marks of code; ``<…>`` is left."""
    return _without(text, "*_~`", _SLACK_KEPT, _SLACK_PAIRS)


def without_discord_marks(text: str) -> str:
    """Return a text of Discord without its marks of emphasis, spoilers and code; times as ``2024-03-13 18:02 UTC``, links
    with their address in brackets.
    """
    if "<t:" in text:
        text = _DISCORD_TIME.sub(_moment, text)
    if "](" in text:
        text = _DISCORD_LINK.sub(r"\1 (\2)", text)
    return _without(text, "*_~|`\\", _DISCORD_KEPT, _DISCORD_PAIRS)


def _without(text: str, marks: str, kept: re.Pattern[str], pairs: tuple[re.Pattern[str], ...]) -> str:
    if not any(mark in text for mark in marks) or _KEPT in text:
        return text
    pieces: list[str] = []

    def hold(found: re.Match[str]) -> str:
        named = found.groupdict()
        inside = (named.get("block"), named.get("code"), named.get("escaped"))
        pieces.append(next((piece.strip("\n") for piece in inside if piece is not None), found[0]))
        return _KEPT

    shown = kept.sub(hold, text)
    for _ in range(_MOST_NESTED):
        before = shown
        for pair in pairs:
            shown = pair.sub(r"\1", shown)
        if shown == before:
            break
    parts = shown.split(_KEPT)
    return parts[0] + "".join(piece + part for piece, part in zip(pieces, parts[1:], strict=True))


def _moment(found: re.Match[str]) -> str:
    try:
        return f"{_EPOCH + timedelta(seconds=int(found[1])):%Y-%m-%d %H:%M} UTC"
    except OverflowError:
        return found[0]
