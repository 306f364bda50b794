"""What signal-export writes per chat: ``chat.md`` (``index.md`` in old versions) and ``data.json``, one message per line.

https://github.com/carderne/signal-export: ``Message.to_md`` and ``Message.dict_str`` in ``sigexport/models.py``. Both name
people by what they are called, and give the wall clock of the exporting machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from egregora_assets.chat.archive import Export
from egregora_assets.chat.formats.json_values import as_list, as_object, as_text
from egregora_assets.chat.formats.jsonl import MAX_LINE_BYTES, Line, first_object, read_lines
from egregora_assets.chat.formats.records import Reaction, Reading, Record, chat_of_file
from egregora_assets.chat.formats.signal import Unreadable, complain_of_faults

MAX_MESSAGE_BYTES = 1 << 20
"""A message of more lines than fit into this is refused."""
_HEADER = re.compile(r"\[(\d{4}-\d\d-\d\d),? (\d\d:\d\d(?::\d\d)?)\] ([^:\r\n]{1,200}): ?")
_MINUTE_HEADER = re.compile(r"\[\d{4}-\d\d-\d\d, \d\d:\d\d\] [^:\r\n]{1,200}: ")
"""The oldest form, the only one that is taken from a ``.txt``: WhatsApp's look-alike has seconds."""
_MARKDOWN_NAMES = ("chat.md", "index.md")
_JSON_NAME = "data.json"
_NOBODY = "No-Sender"
"""What signal-export calls the writer of changes of a group, and of messages whose writer it cannot find."""
_DELETED = "(This message was deleted)"
_CALL = re.compile(r"(?:Incoming|Outgoing|Missed) (?:[a-z]{1,20} )?call(?: \([a-z0-9 ,]{1,40}\))?")
_LEFT_OUT = ("(media not exported)", "(attachment not exported)")
_STICKERS = "exported_stickers/"
_MEDIA = "media/"
_LONGEST_LINK = 1024
_LAST_YEAR = 9998


class _Chat(NamedTuple):
    """A chat of the export and the file that it is read from."""

    title: str
    member: str
    is_json: bool


@dataclass
class _Body:
    """What a message says. ``sticker`` is its label (an emoji, or the word)."""

    text: str = ""
    quote: str = ""
    attachments: list[str] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)
    sticker: str | None = None
    has_files: bool = False
    is_deleted: bool = False
    is_call: bool = False

    @property
    def kind(self) -> str:
        if self.is_deleted:
            return "deleted"
        if self.is_call:
            return "call"
        if self.sticker is not None:
            return "sticker"
        if self.has_files:
            return "media"
        # Changes of a group and of its settings come without a word.
        return "text" if self.text or self.quote else "system"

    @property
    def shown(self) -> str:
        text = (self.text or self.sticker or "") if self.kind == "sticker" else self.text
        return "" if self.is_deleted else text.strip("\n")


def _markdown_body(body: str) -> _Body:
    """Take a body apart, from its end: files, then the sticker, then the reactions; what is left is the text."""
    if body.strip() == _DELETED:
        return _Body(is_deleted=True)
    found, end = _Body(), _trimmed(body, len(body))
    while (before := _before_link(body, end, found)) is not None:
        end = _trimmed(body, before)
    label, end = _before_line(body, end, "(( ", " ))")
    found.sticker = label if label is not None else found.sticker
    given, end = _before_line(body, end, "(- ", " -)")
    found.reactions = [(name, emoji) for name, _, emoji in (each.partition(": ") for each in (given or "").split(", "))]
    found.attachments.reverse()
    found.quote, found.text = _quote_and_text(body[:end])
    found.is_call = _CALL.fullmatch(found.text) is not None
    return found


def _trimmed(body: str, end: int) -> int:
    while end and body[end - 1].isspace():
        end -= 1
    return end


def _before_link(body: str, end: int, found: _Body) -> int | None:
    """Take a link to a file or sticker, or the mark of a file that was left out; return where it begins."""
    for mark in _LEFT_OUT:
        if body.endswith(mark, 0, end):
            found.has_files = True
            return end - len(mark)
    if not body.endswith(")", 0, end):
        return None
    middle = body.rfind("](", max(0, end - _LONGEST_LINK), end)
    start = body.rfind("[", max(0, middle - _LONGEST_LINK), middle) if middle >= 0 else -1
    path = body[middle + 2 : end - 1].removeprefix("./")
    if start < 0 or "\n" in path:
        return None
    if path.startswith(_MEDIA):
        found.has_files = True
        found.attachments.append(_file_name(path))
        return start - 1 if start and body[start - 1] == "!" else start
    if _STICKERS in path:
        found.sticker = body[start + 1 : middle]
        return start
    return None


def _file_name(path: str) -> str:
    return PurePosixPath(path.replace("%20", " ")).name


def _before_line(body: str, end: int, opening: str, closing: str) -> tuple[str | None, int]:
    """Take a last line that stands between two marks; return what is between them, and where the body ends then."""
    start = body.rfind("\n", 0, end)
    if start < 0 or not body.startswith(opening, start + 1) or not body.endswith(closing, start + 1, end):
        return None, end
    return body[start + 1 + len(opening) : end - len(closing)], _trimmed(body, start)


def _quote_and_text(body: str) -> tuple[str, str]:
    """Part a quote from the answer: it stands between empty lines before it, each line after a ``>``."""
    if not body.startswith("\n\n> "):
        return "", body.strip("\n")
    quote, _, text = body[2:].partition("\n\n")
    return quote, text.strip("\n")


def _json_body(message: dict[str, Any]) -> _Body:
    """Return the same of a line of ``data.json``."""
    files = [as_object(file) for file in as_list(message.get("attachments"))]
    sticker = message.get("sticker")
    return _Body(
        text=as_text(message.get("body")).strip("\n").rstrip(),
        quote=as_text(message.get("quote")).strip("\n"),
        attachments=[name for name in map(_json_file_name, files) if name],
        reactions=[_json_reaction(reaction) for reaction in as_list(message.get("reactions"))],
        sticker=as_text(sticker.get("emoji")) if isinstance(sticker, dict) else None,
        has_files=bool(files),
        is_deleted=message.get("deleted") is True,
        is_call=message.get("call") is True,
    )


def _json_file_name(file: dict[str, Any]) -> str:
    return _file_name(as_text(file.get("path"))) or as_text(file.get("name"))


def _json_reaction(reaction: object) -> tuple[str, str]:
    """Return name and emoji; they are written as a list of two."""
    given = list(reaction.values()) if isinstance(reaction, dict) else as_list(reaction)
    return (as_text(given[0]), as_text(given[1])) if len(given) == 2 else ("", "")


@dataclass
class _Message:
    """A message of ``chat.md`` in the making: its header, and its lines so far."""

    byte_offset: int
    moment: datetime | None
    sender: str
    lines: list[str]
    size: int

    def add(self, line: Line) -> None:
        self.size += len(line.raw)
        if self.size <= MAX_MESSAGE_BYTES:
            self.lines.append(_decoded(line.raw))


class SignalMarkdown:
    """The format; see ``ChatFormat``. Times are not exact: old exports have minutes, ``data.json`` has milliseconds."""

    platform = "signal"
    exact_times = False

    def recognises(self, export: Export) -> bool:
        """Return whether the export is or holds a file that signal-export writes."""
        return bool(_chats(export))

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield one record per message of each chat; what cannot be read is refused with the reason."""
        is_empty = True
        for chat in _chats(export):
            reading.chats[chat.title] = chat.title
            with export.open(chat.member) as stream:
                read = _json_records if chat.is_json else _markdown_records
                for record in read(chat, stream, reading):
                    is_empty = False
                    yield record
        if is_empty:
            complain_of_faults(export, reading)


FORMAT = SignalMarkdown()


def _markdown_records(chat: _Chat, stream: BinaryIO, reading: Reading) -> Iterator[Record]:
    message: _Message | None = None
    for line in read_lines(stream, blank=True):
        if line.is_cut:
            reading.refuse(line.byte_offset, f"the line is longer than {MAX_LINE_BYTES:,} bytes", line.raw)
            continue
        begun = _begun(line)
        if begun is not None:
            yield from _finished(message, chat, reading)
            message = begun
        elif message is not None:
            message.add(line)
    yield from _finished(message, chat, reading)


def _begun(line: Line) -> _Message | None:
    """Return the message that a line begins; ``None`` for a line that goes on with the last one."""
    if not line.raw.startswith(b"["):
        return None
    text = _decoded(line.raw)
    header = _HEADER.match(text)
    if header is None:
        return None
    date, time, sender = header.groups()
    return _Message(line.byte_offset, _wall_clock(f"{date}T{time}"), sender, [text[header.end() :]], len(line.raw))


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip("\r\n")


def _wall_clock(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo is None and 1 < moment.year <= _LAST_YEAR else None


def _finished(message: _Message | None, chat: _Chat, reading: Reading) -> Iterator[Record]:
    if message is None:
        return
    if message.moment is None or message.size > MAX_MESSAGE_BYTES:
        reason = "its time is impossible" if message.moment is None else f"it has more than {MAX_MESSAGE_BYTES:,} bytes"
        reading.refuse(message.byte_offset, reason, "\n".join(message.lines)[:4096].encode())
        return
    body = _markdown_body("\n".join(message.lines))
    yield _record(chat, message.moment, message.sender, body, message.byte_offset, reading)


def _json_records(chat: _Chat, stream: BinaryIO, reading: Reading) -> Iterator[Record]:
    for line in read_lines(stream):
        try:
            message = _json_message(line)
            moment = _wall_clock(as_text(message.get("date")))
            if moment is None:
                raise Unreadable("its time (date) is missing or impossible")
        except Unreadable as fault:
            reading.refuse(line.byte_offset, str(fault), line.raw)
            continue
        yield _record(chat, moment, as_text(message.get("sender")), _json_body(message), line.byte_offset, reading)


def _json_message(line: Line) -> dict[str, Any]:
    if line.is_cut:
        raise Unreadable(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
    try:
        message = json.loads(line.raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the line is no JSON") from error
    if not isinstance(message, dict):
        raise Unreadable("the line is no JSON object")
    return message


def _record(chat: _Chat, moment: datetime, sender: str, body: _Body, byte_offset: int, reading: Reading) -> Record:
    return Record(
        chat=chat.title,
        native_id=None,
        author=None if sender in ("", _NOBODY) else reading.name(sender, sender),
        kind=body.kind,
        text=body.shown,
        quote=body.quote,
        local_time=moment,
        byte_offset=byte_offset,
        attachments=() if body.is_deleted else tuple(body.attachments),
        reactions=tuple(Reaction(emoji, reading.name(name, name)) for name, emoji in body.reactions if name and emoji),
    )


def _chats(export: Export) -> list[_Chat]:
    """Return the chats of an export: one per folder that holds files of signal-export, or the single file."""
    if export.members and not export.path.is_dir() and export.members == [export.path.name]:
        return _single_chat(export, export.members[0])
    folders: dict[str, dict[bool, str]] = {}
    for member in export.named(*_MARKDOWN_NAMES, _JSON_NAME):
        is_json = PurePosixPath(member).name.lower() == _JSON_NAME
        if _is_ours(export, member, is_json):
            folders.setdefault(str(PurePosixPath(member).parent), {}).setdefault(is_json, member)
    return [_chosen(export, folder, files) for folder, files in folders.items()]


def _single_chat(export: Export, member: str) -> list[_Chat]:
    path = PurePosixPath(member)
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl"):
        is_ours = _is_ours(export, member, True)
    else:
        is_ours = suffix in (".md", ".txt") and _is_ours(export, member, False)
    return [_Chat(chat_of_file(member), member, suffix in (".json", ".jsonl"))] if is_ours else []


def _is_ours(export: Export, member: str, is_json: bool) -> bool:
    if is_json:
        first = first_object(export, member) or {}
        return _wall_clock(as_text(first.get("date"))) is not None and {"sender", "body", "quote"} <= first.keys()
    form = _MINUTE_HEADER if member.lower().endswith(".txt") else _HEADER
    return form.match(_first_line(export, member)) is not None


def _first_line(export: Export, member: str) -> str:
    return export.head(member, 4096).decode("utf-8", "replace").lstrip("\ufeff\r\n").partition("\n")[0]


def _chosen(export: Export, folder: str, files: dict[bool, str]) -> _Chat:
    """Take ``data.json``, which says more, unless ``chat.md`` begins earlier: merging old exports adds to that only."""
    title = PurePosixPath(folder).name or chat_of_file(export.path.name)
    is_json = True in files
    if len(files) == 2:
        header = _HEADER.match(_first_line(export, files[False]))
        first = _wall_clock(as_text((first_object(export, files[True]) or {}).get("date")))
        begin = _wall_clock(f"{header[1]}T{header[2]}") if header else None
        is_json = begin is None or first is None or begin >= first.replace(second=0, microsecond=0)
    return _Chat(title, files[is_json], is_json)
