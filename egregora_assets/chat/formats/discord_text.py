"""DiscordChatExporter's plain text → records, as far as it goes: no ids, minutes of the exporting machine's clock.

The form is what its writer writes: https://github.com/Tyrrrz/DiscordChatExporter (``PlainTextMessageWriter.cs``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.records import Reaction, Reading, Record
from egregora_assets.chat.formats.text_chunks import Quarantined, read_blocks

_RULE = "=" * 62
_HEAD = re.compile(r"\ufeff?={62}\r?\nGuild: (?P<guild>[^\r\n]*)\r?\nChannel: (?P<channel>[^\r\n]*)\r?\n")
_HEADER = re.compile(
    r"\[(?P<first>[0-9]{1,4})(?P<mark>[./-])(?P<second>[0-9]{1,2}|[A-Z][a-z]{2})(?P=mark)(?P<third>[0-9]{2,4})\.?"
    r",?\s(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:\s?(?P<half>[AaPp])[Mm])?\] (?P<author>.{1,200})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SECTIONS = ("{Attachments}", "{Embed}", "{Stickers}", "{Reactions}", "{Forwarded Message}")
_REACTION = re.compile(r"(?P<emoji>[^ ]+)(?: \((?P<count>[0-9]{1,6})\))?")
_CALL = re.compile(r"Started a call that lasted [0-9,]+ minutes\.")
_NOTICE = re.compile(
    r"(?:Added|Removed) .+ (?:to|from) the group\.|(?:Added|Removed) a recipient\.|Left the group\."
    r"|Changed the channel name(?:: .+|\.)|Changed the channel icon\.|Pinned a message\.|Started a thread\."
    r"|Joined the server\."
)
"""The exporter's own texts for notices: nothing else tells them from what a person wrote."""
_MOST_CHARACTERS = 1 << 20
"""What is kept of one message; Discord allows 4,000."""


class DiscordTextFormat:
    """Chats are "guild / channel", people their user names: the text form has no ids.

    Texts keep their marks of emphasis: the text is what tells one message of a minute from another, in every version.
    """

    platform = "discord"
    exact_times = False

    def recognises(self, export: Export) -> bool:
        """Return whether a text member begins with the exporter's block of guild and channel."""
        return next(_texts(export), None) is not None

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages, files in the archive's order; each is read twice, first for its order of day and month.

        Raises ``ExportUnreadable`` where no message is found, or where nothing tells day from month.
        """
        members = list(_texts(export))
        day_first = _day_first(export, members)
        for member in members:
            chat = _chat(export.head(member))
            reading.chats[chat] = chat
            for message in _messages(export, member, reading.quarantined):
                time = _time(message.header, day_first)
                if time is None:
                    reading.refuse(message.byte_offset, "the message has an impossible time", message.raw)
                else:
                    yield _record(message, chat, time, reading)


FORMAT = DiscordTextFormat()


@dataclass(slots=True)
class _Message:
    """One message as it stands: the parts of its header, then its lines."""

    header: re.Match[str]
    byte_offset: int
    lines: list[str] = field(default_factory=list)
    characters: int = 0

    @property
    def raw(self) -> bytes:
        return "\n".join((self.header[0], *self.lines)).encode()

    def add(self, line: str) -> None:
        self.characters += len(line) + 1
        if self.characters <= _MOST_CHARACTERS:
            self.lines.append(line)


def _texts(export: Export) -> Iterator[str]:
    for member in export.members:
        is_named_so = member.lower().endswith(".txt") or len(export.members) == 1
        if is_named_so and _HEAD.match(export.head(member).decode("utf-8", "replace")):
            yield member


def _chat(head: bytes) -> str:
    found = _HEAD.match(head.decode("utf-8", "replace"))
    assert found is not None, "only members with such a head are read"
    return f"{found['guild'].strip()} / {found['channel'].strip()}"


def _messages(export: Export, member: str, quarantined: list[Quarantined]) -> Iterator[_Message]:
    """Yield the messages of a file. A header stands after an empty line; what looks like one elsewhere is text."""
    message, is_after_blank, offset = None, False, 0
    with export.open(member) as stream:
        for block in read_blocks(stream, quarantined):
            for raw in block.split(b"\n")[: -1 if block.endswith(b"\n") else None]:
                line = raw.decode().rstrip("\r")
                header = _HEADER.fullmatch(line) if is_after_blank else None
                if header:
                    if message:
                        yield message
                    message = _Message(header, offset)
                elif message:
                    message.add(line)
                is_after_blank = not line
                offset += len(raw) + 1
    if message:
        _drop_footer(message.lines)
        yield message


def _drop_footer(lines: list[str]) -> None:
    if len(lines) >= 3 and lines[-1] == lines[-3] == _RULE and lines[-2].startswith("Exported "):
        del lines[-3:]


def _day_first(export: Export, members: list[str]) -> bool:
    """Tell the order of day and month from numbers above 12: the exporter writes dates as its machine's language does."""
    orders: set[bool] = set()
    has_message = is_needed = False
    for member in members:
        for message in _messages(export, member, []):
            has_message = True
            first, second = message.header["first"], message.header["second"]
            if len(first) > 2 or not second.isdigit():
                continue
            is_needed = is_needed or first != second
            if message.header["mark"] == ".":
                orders.add(True)
            elif int(first) > 12 or int(second) > 12:
                orders.add(int(first) > 12)
    if not has_message:
        raise ExportUnreadable(
            f"{export.path.name} is a Discord text of which no message can be read: export the channel as JSON"
        )
    if is_needed and len(orders) != 1:
        raise ExportUnreadable(
            f"{export.path.name} does not tell whether its dates begin with the day or the month: "
            "export the channel as JSON"
        )
    return True in orders


def _time(header: re.Match[str], day_first: bool) -> datetime | None:
    first, second, third = header["first"], header["second"], header["third"]
    if len(first) == 4:
        year, month, day = int(first), _month(second), int(third)
    else:
        day, month = (int(first), _month(second)) if day_first or not second.isdigit() else (int(second), int(first))
        year = int(third) + (2000 if len(third) == 2 else 0)
    try:
        return datetime(year, month, day, _hour(header), int(header["minute"]))
    except ValueError:
        return None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text) + 1 if text in _MONTHS else 0


def _hour(header: re.Match[str]) -> int:
    hour = int(header["hour"])
    if not header["half"]:
        return hour
    return hour % 12 + (12 if header["half"] in "Pp" else 0)


def _record(message: _Message, chat: str, time: datetime, reading: Reading) -> Record:
    name = message.header["author"].removesuffix(" (pinned)")
    person = reading.name(name, name)
    sections = _sections(message.lines)
    text = sections["content"] or sections["{Embed}"]
    is_notice = bool(_NOTICE.fullmatch(text))
    attachments, stickers = _file_names(sections["{Attachments}"]), _file_names(sections["{Stickers}"])
    return Record(
        chat=chat,
        native_id=None,
        author=None if is_notice else person,
        kind=_kind(text, is_notice, attachments, stickers),
        text=f"@{name} {text[0].lower()}{text[1:]}" if is_notice else text,
        quote=sections["{Forwarded Message}"],
        local_time=time,
        byte_offset=message.byte_offset,
        attachments=attachments + stickers,
        mentions=(person,) if is_notice else (),
        reactions=tuple(
            Reaction(found["emoji"], None, int(found["count"] or 1))
            for found in _REACTION.finditer(sections["{Reactions}"])
        ),
    )


def _kind(text: str, is_notice: bool, attachments: tuple[str, ...], stickers: tuple[str, ...]) -> str:
    if is_notice:
        return "system"
    if _CALL.fullmatch(text):
        return "call"
    if attachments:
        return "media"
    return "sticker" if stickers else "text"


def _sections(lines: list[str]) -> dict[str, str]:
    """Return the text, and what the exporter puts under a title in braces, which follows an empty line."""
    found: dict[str, list[str]] = {name: [] for name in ("content", *_SECTIONS)}
    current, is_after_blank = "content", True
    for line in lines:
        if line in _SECTIONS and is_after_blank:
            current = line
        else:
            found[current].append(line)
        is_after_blank = not line
    return {name: "\n".join(part).strip("\n") for name, part in found.items()}


def _file_names(section: str) -> tuple[str, ...]:
    addresses = (line.partition("?")[0].replace("\\", "/") for line in section.split("\n"))
    return tuple(PurePosixPath(address).name for address in addresses if address)
