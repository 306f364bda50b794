"""Exports of known apps in forms that are not read, such as web pages: told by their content, with what to do instead."""

from __future__ import annotations

import re
from typing import NamedTuple

from egregora_assets.chat.archive import Export

_MOST_LOOKED_AT = 16


class _Form(NamedTuple):
    """A form of export: how its files are named, what stands at their beginning, and what to say."""

    named: re.Pattern[str]
    begins: re.Pattern[bytes]
    advice: str


_PAGE = re.compile(r"\.html?$", re.IGNORECASE)
_FORMS = (
    _Form(_PAGE, re.compile(rb'class="page_wrap"'), "is a Telegram export as web pages (HTML): export again as JSON"),
    _Form(
        _PAGE,
        re.compile(rb"chatlog__"),
        "is a Discord export as a web page (HTML): export the channel again as JSON",
    ),
    _Form(
        re.compile(r"\.csv$", re.IGNORECASE),
        re.compile(rb"(?:\xef\xbb\xbf)?AuthorID,Author,Date,Content,Attachments,Reactions"),
        "is a Discord export as CSV: export the channel again as JSON",
    ),
    _Form(
        re.compile(r"(?:^|/)messages/index\.json$", re.IGNORECASE),
        re.compile(rb'\s*\{\s*"\d{15,20}"\s*:'),
        "is what Discord gives you of your own data, with nobody's answers: export channels with DiscordChatExporter as JSON",
    ),
    _Form(
        _PAGE,
        re.compile(rb"mx_(?:MatrixChat|EventTile|RoomView)"),
        "is a Matrix export as web pages (HTML): export the room again as JSON",
    ),
    _Form(
        re.compile(r"\.(?:db\.)?crypt\d{1,2}$", re.IGNORECASE),
        re.compile(rb""),
        "is WhatsApp's encrypted backup: use `Export chat` in the app instead",
    ),
)


def advice_for(export: Export) -> str | None:
    """Return what to say of an export that is recognised but not read; ``None`` for any other.

    A text beside such a file or above it may be a chat that brings the file as an attachment: then nothing is said.
    """
    texts = [_depth(member) for member in export.members if member.lower().endswith(".txt")]
    for form in _FORMS:
        members = sorted(filter(form.named.search, export.members), key=_depth)[:_MOST_LOOKED_AT]
        for member in members:
            if min(texts, default=_depth(member) + 1) > _depth(member) and form.begins.search(export.head(member)):
                return form.advice
    return None


def _depth(member: str) -> int:
    return member.count("/")
