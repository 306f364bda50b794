"""Rows of Signal Desktop's table ``messages`` as JSON: what sigtop (``-f json``) and other readers of its database write.

The fields are those of ``MessageAttributesType`` in Signal Desktop (``ts/model-types.d.ts``); older names of a field are
taken too. sigtop writes one array per conversation, in a file with the name of the other side; signal_db_export writes one
document with ``groups_name_id`` and ``messsages``. https://github.com/tbvdm/sigtop, https://github.com/vdalex/signal_db_export
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from egregora_assets.chat.archive import Export
from egregora_assets.chat.formats.json_values import as_bytes, as_list, as_object, as_text
from egregora_assets.chat.formats.json_walk import BrokenJson, Path, Value, walk
from egregora_assets.chat.formats.jsonl import MAX_LINE_BYTES, Line, first_object, read_lines
from egregora_assets.chat.formats.records import Reaction, Reading, Record, Version, chat_of_file
from egregora_assets.chat.formats.signal import (
    SELF,
    Unreadable,
    complain_of_faults,
    contact_card,
    instant,
    message_id,
    milliseconds,
    poll_text,
    quoted_lines,
    whole_number,
    with_mentions,
    words,
)

_ROWS: tuple[Path, ...] = (("*",), ("messages", "*"), ("messsages", "*"))
"""Where rows stand in a document; the third is how signal_db_export spells it."""
_TITLES: Path = ("groups_name_id",)
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_LONG_TEXT = "text/x-signal-plain"
"""The sort of the hidden file that holds the end of a long text."""
_UNKNOWN = "Unknown"


def _first(row: dict[str, Any], *names: str) -> Any:
    """Return the value of the first of these fields that has one: the names of a field, newest first."""
    return next((row[name] for name in names if row.get(name) is not None), None)


@dataclass
class _Rows:
    """The rows of one file. ``own`` are the ids under which the exporting person was seen to write."""

    reading: Reading
    file_name: str
    titles: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    def read(self, row: object, byte_offset: int) -> Record:
        """Return the record of a row. Raises ``Unreadable``."""
        if not isinstance(row, dict):
            raise Unreadable("the row is no JSON object")
        sent = milliseconds(_first(row, "sent_at")) or milliseconds(_first(row, "timestamp"))
        if sent is None:
            raise Unreadable("its time (sent_at) is missing or impossible")
        sort = as_text(row.get("type"))
        if sort == "story":
            raise Unreadable("a story is no message of the chat")
        if sort in ("incoming", "outgoing", ""):
            return self._message(row, sort, sent, byte_offset)
        return self._notice(row, sort, sent, byte_offset)

    def _message(self, row: dict[str, Any], sort: str, sent: int, byte_offset: int) -> Record:
        chat, writer = self._chat(row), self._writer(row, sort)
        kind, text, attachments = self._content(row)
        text, mentions = self._with_mentions(row, text)
        reply_to, quoted = None, ""
        quote = as_object(row.get("quote"))
        if quote and kind in ("text", "media"):
            reply_to = self._quoted(quote)
            quoted = quoted_lines(quote, as_text(quote.get("text")))
        history = as_list(row.get("editHistory"))
        edited = milliseconds(row.get("editMessageTimestamp")) or _latest(history)
        deleted = milliseconds(row.get("deletedForEveryoneTimestamp"))
        return Record(
            chat=chat,
            native_id=message_id(sent, writer),
            author=self._used(writer),
            kind=kind,
            text=text,
            quote=quoted,
            sent_at=instant(sent),
            byte_offset=byte_offset,
            reply_to=reply_to,
            edited_at=instant(edited) if edited else None,
            deleted_at=instant(deleted) if deleted and kind == "deleted" else None,
            is_edited=bool(history or edited),
            attachments=attachments,
            mentions=mentions,
            reactions=tuple(self._reactions(as_list(row.get("reactions")))),
            versions=() if kind == "deleted" else tuple(self._versions(history)),
        )

    def _versions(self, history: list[Any]) -> Iterator[Version]:
        """Yield what the message said before its edits, the oldest first: the newest version, which comes first, it says now."""
        for number, said in enumerate(reversed(list(map(as_object, history[1:])))):
            text, _ = self._with_mentions(said, as_text(said.get("body")))
            sent = milliseconds(said.get("timestamp"))
            kind = "media" if as_list(said.get("attachments")) else "text"
            if text or kind == "media":
                yield Version(text, instant(sent) if sent and number else None, kind)

    def _content(self, row: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
        """Return kind, text and files of a message. Raises ``Unreadable`` where it has nothing to show."""
        body, files = as_text(row.get("body")), _file_names(as_list(row.get("attachments")))
        has_files = bool(files or as_list(row.get("attachments")) or _first(row, "hasAttachments", "has_attachments"))
        if _first(row, "deletedForEveryone", "deleted"):
            return "deleted", "", ()
        if row.get("isViewOnce"):
            return "view_once", "", files
        if isinstance(row.get("sticker"), dict):
            return "sticker", as_text(row["sticker"].get("emoji")), files
        if as_list(row.get("contact")):
            return "contact", "\n".join(contact_card(as_object(card)) for card in row["contact"]), ()
        if isinstance(row.get("poll"), dict):
            return "poll", poll_text(row["poll"].get("question"), as_list(row["poll"].get("options"))), ()
        if isinstance(row.get("giftBadge"), dict):
            return "system", "Donation badge", ()
        body = body or as_text(as_object(row.get("storyReaction")).get("emoji"))
        if not body and not has_files:
            raise Unreadable("the row has no text and nothing else to show")
        return "media" if has_files else "text", body, files

    def _notice(self, row: dict[str, Any], sort: str, sent: int, byte_offset: int) -> Record:
        chat, is_call = self._chat(row), sort == "call-history"
        call = as_object(_first(row, "callHistory", "callHistoryDetails", "call_history"))
        is_own = as_text(call.get("direction")) == "Outgoing" or call.get("wasIncoming") is False
        author = self._used(SELF if is_own else self._writer(row, "")) if is_call else None
        return Record(
            chat=chat,
            native_id=None,
            author=author,
            kind="call" if is_call else "system",
            text=_call_text(call) if is_call else self._notice_text(row, sort),
            sent_at=instant(sent),
            byte_offset=byte_offset,
        )

    def _notice_text(self, row: dict[str, Any], sort: str) -> str:
        change = as_object(row.get("groupV2Change"))
        details = [as_object(detail) for detail in as_list(change.get("details"))]
        people = [change.get("from"), *(_first(detail, "aci", "uuid") for detail in details)]
        profile = as_object(row.get("profileChange"))
        about = [self._name(self._known(person)) for person in people if as_text(person)]
        about += [as_text(value) for value in (profile.get("oldName"), profile.get("newName"))]
        about += [as_text(_first(detail, "newTitle", "description")) for detail in details]
        what = (
            ", ".join(words(as_text(detail.get("type"))) for detail in details)
            or as_text(row.get("body"))
            or words(sort)
        )
        return what + (": " + ", ".join(filter(None, about)) if any(about) else "")

    def _chat(self, row: dict[str, Any]) -> str:
        chat = as_text(_first(row, "conversationId", "conversation_id")) or self.file_name
        if chat not in self.reading.chats:
            # A file of one conversation is called as the conversation is.
            is_first = not self.titles
            self.titles.setdefault(chat, self.file_name if is_first else chat)
            self.reading.chats[chat] = self.titles[chat]
        return chat

    def _writer(self, row: dict[str, Any], sort: str) -> str:
        source = as_text(_first(row, "sourceServiceId", "sourceUuid", "source"))
        if sort == "outgoing":
            self.own |= {source} - {""}
            return SELF
        # Old rows of a chat of two do not repeat who the other one is.
        return self._known(source or as_text(_first(row, "conversationId", "conversation_id")) or self.file_name)

    def _known(self, person: object) -> str:
        return SELF if person in self.own else as_text(person)

    def _quoted(self, quote: dict[str, Any]) -> str | None:
        target = milliseconds(quote.get("id"))
        author = as_text(_first(quote, "authorAci", "authorUuid", "author"))
        return message_id(target, self._known(author)) if target is not None and author else None

    def _with_mentions(self, row: dict[str, Any], text: str) -> tuple[str, tuple[str, ...]]:
        places, mentioned = list[tuple[int, int, str]](), dict[str, None]()
        for span in map(as_object, as_list(row.get("bodyRanges"))):
            account = as_text(_first(span, "mentionAci", "mentionUuid"))
            start, length = whole_number(span.get("start")), whole_number(span.get("length"))
            if account and text and start is not None and length is not None and start >= 0:
                name = as_text(span.get("replacementText"))
                person = self.reading.name(self._known(account), name)
                mentioned[person] = None
                places.append((start, length, name or self._name(person)))
        return (with_mentions(text, places) if places else text), tuple(mentioned)

    def _reactions(self, reactions: list[Any]) -> Iterator[Reaction]:
        for reaction in map(as_object, reactions):
            emoji, author = as_text(reaction.get("emoji")), as_text(reaction.get("fromId"))
            if emoji and author and not reaction.get("remove"):
                yield Reaction(emoji, self._used(self._known(author)))

    def _used(self, person: str) -> str:
        if person == SELF:
            return self.reading.name(person, SELF)
        # A person who is known by the conversation only is called as the conversation is.
        title = self.titles.get(person)
        return self.reading.name(person, title if title != person else None)

    def _name(self, person: str) -> str:
        return next(iter(self.reading.people[self._used(person)]), _UNKNOWN)


def _latest(history: list[Any]) -> int | None:
    """Return when the newest version was sent: it comes first."""
    return milliseconds(as_object(history[0]).get("timestamp")) if len(history) > 1 else None


def _file_names(attachments: list[Any]) -> tuple[str, ...]:
    shown = (file for file in map(as_object, attachments) if file.get("contentType") != _LONG_TEXT)
    return tuple(filter(None, (as_text(_first(file, "fileName", "name")) for file in shown)))


def _call_text(call: dict[str, Any]) -> str:
    """Return a call in words, of the newer fields (direction, type, status) or the older (wasIncoming, …)."""
    if "direction" in call or "status" in call:
        sort = as_text(_first(call, "type", "callType"))
        parts = [as_text(call.get("direction")), f"{sort} call".strip(), as_text(call.get("status"))]
        return ", ".join(words(part) for part in parts if part).capitalize()
    direction = {True: "Incoming ", False: "Outgoing "}.get(bool(call.get("wasIncoming")), "") if call else ""
    return (direction + ("video call" if call.get("wasVideoCall") else "call")).capitalize()


class SignalRows:
    """The format; see ``ChatFormat``."""

    platform = "signal"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether all files are JSON whose first row names a conversation and a time as Signal Desktop does."""
        members = [member for member in export.members if not PurePosixPath(member).name.startswith(".")]
        if not members or not all(member.lower().endswith(_SUFFIXES) for member in members):
            return False
        return all(_is_row(_first_row(export, member)) for member in members)

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield one record per row; rows that cannot be read are refused with the reason."""
        is_empty = True
        for member in export.members:
            rows = _Rows(reading, chat_of_file(member))
            for value in _values(export, member, reading):
                if value.path == _TITLES:
                    rows.titles |= _group_titles(value.value)
                    continue
                try:
                    record = rows.read(value.value, value.byte_offset)
                except Unreadable as fault:
                    reading.refuse(value.byte_offset, str(fault), as_bytes(value.value))
                    continue
                is_empty = False
                yield record
        if is_empty:
            complain_of_faults(export, reading)


FORMAT = SignalRows()


def _is_row(row: object) -> bool:
    """Return whether a value has fields that rows of Signal Desktop have and no other platform's messages."""
    if not isinstance(row, dict):
        return False
    has_time = any(milliseconds(row.get(name)) is not None for name in ("sent_at", "timestamp"))
    return has_time and "type" in row and ("conversationId" in row or "conversation_id" in row)


def _first_row(export: Export, member: str) -> object:
    line = first_object(export, member)
    if _is_row(line):
        return line
    try:
        return next(
            (found.value for found in walk(io.BytesIO(export.head(member)), _ROWS) if found.path in _ROWS), None
        )
    except BrokenJson:
        return None


def _values(export: Export, member: str, reading: Reading) -> Iterator[Value]:
    """Yield the rows of a file, and the titles of groups where it has them; what breaks off is refused."""
    is_lines = _is_row(first_object(export, member))
    with export.open(member) as stream:
        if is_lines:
            yield from filter(None, (_line_value(line, reading) for line in read_lines(stream)))
            return
        try:
            yield from (value for value in walk(stream, _ROWS) if value.path in (*_ROWS, _TITLES))
        except BrokenJson as broken:
            reading.refuse(broken.byte_offset, f"the file is damaged here: {broken.problem}", broken.raw)


def _line_value(line: Line, reading: Reading) -> Value | None:
    try:
        if line.is_cut:
            raise Unreadable(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
        return Value(_ROWS[0], json.loads(line.raw.decode("utf-8", "replace")), line.byte_offset)
    except (ValueError, RecursionError) as fault:
        reason = str(fault) if isinstance(fault, Unreadable) else "the line is no JSON"
        reading.refuse(line.byte_offset, reason, line.raw)
        return None


def _group_titles(value: object) -> dict[str, str]:
    """Read signal_db_export's list of objects with a title and the id of its conversation."""
    pairs = [pair for group in as_list(value) for pair in as_object(group).items()]
    return {as_text(chat): as_text(title) for title, chat in pairs if as_text(chat) and as_text(title)}
