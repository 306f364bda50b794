"""DiscordChatExporter's JSON → records: one file, or many (partitions, channels) in a ZIP or folder.

The form is what its writer writes: https://github.com/Tyrrrz/DiscordChatExporter (``JsonMessageWriter.cs``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_values import as_bytes, as_list, as_object, as_text
from egregora_assets.chat.formats.json_walk import BrokenJson, walk
from egregora_assets.chat.formats.markup import without_discord_marks
from egregora_assets.chat.formats.records import Reaction, Reading, Record, chat_of_file

_MESSAGES = {("messages", "*")}
_THREAD_TYPES = ("GuildNewsThread", "GuildPublicThread", "GuildPrivateThread")
_POLL_RESULT, _BLOCKED = "46", "24"
_REPEATING = (_POLL_RESULT, _BLOCKED)
"""Notices whose embeds repeat the words of others: of a poll, or of the message that was blocked."""
_MOST_COUNTED = 1 << 31
_RAW = re.compile(r"<(?:@!?(?P<person>[0-9]{1,20})|a?:(?P<emoji>\w{1,64}):[0-9]{1,20})>")
"""Mentions and custom emoji as Discord stores them: what an export without "format markdown" keeps."""
_PART = re.compile(r"(?P<base>.*) \[part (?P<number>[0-9]{1,9})\]", re.DOTALL)

_NOTICES = {
    "RecipientAdd": "Added a recipient.",
    "RecipientRemove": "Removed a recipient.",
    "ChannelNameChange": "Changed the channel name.",
    "ChannelIconChange": "Changed the channel icon.",
    "ChannelPinnedMessage": "Pinned a message.",
    "GuildMemberJoin": "Joined the server.",
    "ThreadCreated": "Started a thread.",
    "8": "Boosted the server.",
    "9": "Boosted the server to level 1.",
    "10": "Boosted the server to level 2.",
    "11": "Boosted the server to level 3.",
    "12": "Followed a channel.",
    "14": "Lost the server its place in Server Discovery.",
    "15": "Regained the server its place in Server Discovery.",
    "16": "Was warned about Server Discovery.",
    "17": "Was warned about Server Discovery for the last time.",
    "21": "Started this thread.",
    "22": "Was reminded to invite people.",
    _BLOCKED: "Blocked a message (AutoMod).",
    "25": "Bought a role subscription.",
    "27": "Started a stage.",
    "28": "Ended the stage.",
    "29": "Spoke on the stage.",
    "31": "Changed the stage's topic.",
    "32": "Bought an app subscription.",
    "36": "Enabled security actions.",
    "37": "Disabled security actions.",
    "38": "Reported a raid.",
    "39": "Reported a false alarm.",
    "44": "Bought something.",
    _POLL_RESULT: "Closed the poll.",
}
"""Message types that are notices, with their text where the export has none. The exporter names the types that it knows
and gives the number of others: https://discord.com/developers/docs/resources/message#message-object-message-types."""


class _Unusable(ValueError):
    """A message that cannot become a record; the text says why."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the head of one file says."""

    chat: str
    title: str


class DiscordFormat:
    """Chats are channels. A thread is a channel and so a chat of its own: the message that it hangs on, though of the same
    id, is in another chat, and ``thread`` is left ``None``.

    What is forwarded is a ``quote``: the export does not say who wrote it, so it may be anybody's words, the sender's too.
    """

    platform = "discord"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether a JSON member begins as the exporter's files do: guild and channel with ids, then messages."""
        return next(_documents(export), None) is not None

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages, files in the order of their names and partitions. Raises ``ExportUnreadable``."""
        is_read, fault = False, ""
        for member in sorted(_documents(export), key=_partition):
            try:
                for offset, message, channel in _messages(export, member, reading):
                    is_read = True
                    try:
                        record = _record(message, channel, offset, reading)
                    except _Unusable as problem:
                        reading.refuse(offset, str(problem), as_bytes(message))
                        continue
                    yield record
            except BrokenJson as broken:
                fault = f"{member}: {broken.problem}"
                reading.refuse(broken.byte_offset, fault, broken.raw)
            except ExportUnreadable as unreadable:
                fault = str(unreadable)
                reading.refuse(0, fault, b"")
        if fault and not is_read:
            raise ExportUnreadable(
                f"{export.path.name} is a Discord export of which no message can be read ({fault}): export it again"
            )


FORMAT = DiscordFormat()


def _documents(export: Export) -> Iterator[str]:
    """Yield the members that are documents of the exporter; downloaded assets may be JSON too, but begin otherwise."""
    for member in export.members:
        if (member.lower().endswith(".json") or len(export.members) == 1) and _is_document(export.head(member)):
            yield member


def _is_document(head: bytes) -> bool:
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"{" or b'"channel"' not in head:
        return False
    found: dict[str, Any] = {}
    try:
        for value in walk(io.BytesIO(head), _MESSAGES):
            if value.path[0] == "messages":
                break
            found[value.path[0]] = value.value
    except BrokenJson:
        # The head ends somewhere, often amid the first message: what came before decides.
        pass
    return all(as_text(as_object(found.get(key)).get("id")) for key in ("guild", "channel"))


def _partition(member: str) -> tuple[str, int]:
    """Order "name.json", "name [part 2].json", "name [part 10].json"."""
    stem = member.removesuffix(PurePosixPath(member).suffix)
    part = _PART.fullmatch(stem)
    return (part["base"], int(part["number"])) if part else (stem, 1)


def _messages(export: Export, member: str, reading: Reading) -> Iterator[tuple[int, Any, _Channel]]:
    """Yield each message of a file with its byte offset and channel."""
    channel = _Channel(chat_of_file(member), chat_of_file(member))
    with export.open(member) as stream:
        for value in walk(stream, _MESSAGES):
            if value.path == ("channel",):
                channel = _channel(as_object(value.value), member)
                reading.chats[channel.chat] = channel.title
            elif value.path[0] == "messages":
                reading.chats.setdefault(channel.chat, channel.title)
                yield value.byte_offset, value.value, channel


def _channel(channel: dict[str, Any], member: str) -> _Channel:
    chat = as_text(channel.get("id")) or chat_of_file(member)
    name = as_text(channel.get("name")) or chat
    if channel.get("type") not in _THREAD_TYPES:
        return _Channel(chat, name)
    parent = as_text(channel.get("category"))
    return _Channel(chat, f"{parent} / {name}" if parent else name)


def _record(message: Any, channel: _Channel, byte_offset: int, reading: Reading) -> Record:
    if not isinstance(message, dict):
        raise _Unusable("the message is no JSON object")
    type_ = as_text(message.get("type"))
    author = _person(message.get("author"), reading)
    if author is None:
        raise _Unusable("the message has no author")
    attachments, stickers = _attachments(message), _stickers(message)
    mentions = _people(message.get("mentions"), reading)
    text = _text(message, reading)
    if type_ in _NOTICES:
        text = _notice(type_, text, author, mentions, reading)
        mentions = tuple(dict.fromkeys((author, *mentions)))
    return Record(
        chat=channel.chat,
        native_id=as_text(message.get("id")) or None,
        author=None if type_ in _NOTICES else author,
        kind=_kind(message, attachments, stickers),
        text=text,
        sent_at=_sent_at(message),
        byte_offset=byte_offset,
        reply_to=_reply_to(message, channel),
        edited_at=_instant(message.get("timestampEdited")),
        is_edited=bool(message.get("timestampEdited")),
        quote=_shown(as_object(message.get("forwardedMessage")), reading),
        attachments=attachments + stickers,
        mentions=mentions,
        reactions=tuple(_reactions(message, reading)),
    )


def _sent_at(message: dict[str, Any]) -> datetime:
    time = _instant(message.get("timestamp"))
    if time is None:
        raise _Unusable("the message has no time that can be read")
    return time


def _kind(message: dict[str, Any], attachments: tuple[str, ...], stickers: tuple[str, ...]) -> str:
    type_ = as_text(message.get("type"))
    if type_ in _NOTICES:
        return "system"
    if type_ == "Call":
        return "call"
    if as_object(message.get("poll")):
        return "poll"
    if attachments:
        return "media"
    return "sticker" if stickers else "text"


def _notice(type_: str, text: str, author: str, mentions: tuple[str, ...], reading: Reading) -> str:
    """Return "@Ana added @Bia to the group." for "Added Bia to the group." by Ana."""
    text = (text if type_ not in _REPEATING else "") or _NOTICES[type_]
    if type_ in ("RecipientAdd", "RecipientRemove") and mentions:
        for name in reading.people[mentions[0]]:
            if f" {name} " in text:
                text = text.replace(f" {name} ", f" @{name} ", 1)
                break
    return f"@{_name(author, reading)} {text[0].lower()}{text[1:]}"


def _text(message: dict[str, Any], reading: Reading) -> str:
    """Return what a reader sees of the author's own: words and what else is shown, or the command that was given."""
    interaction = as_object(message.get("interaction"))
    _person(interaction.get("user"), reading)
    command = as_text(interaction.get("name"))
    return _shown(message, reading) or (f"/{command}" if command else "")


def _shown(message: dict[str, Any], reading: Reading) -> str:
    """Return the words of a message (or of one that is forwarded), else its embeds, its poll or its stickers."""
    parts = [as_text(message.get("content"))]
    if not any(parts):
        parts = _embeds(message)
    parts += _poll(message)
    if not any(parts):
        parts = _sticker_names(message)
    text = without_discord_marks("\n".join(part for part in parts if part))
    return _RAW.sub(lambda found: _without_markup(found, reading), text) if "<" in text else text


def _without_markup(found: re.Match[str], reading: Reading) -> str:
    if found["emoji"]:
        return f":{found['emoji']}:"
    return f"@{_name(found['person'], reading)}" if reading.people.get(found["person"]) else found[0]


def _embeds(message: dict[str, Any]) -> list[str]:
    """Return the texts of bots, and of links that are shown as a card."""
    return [
        part
        for embed in as_list(message.get("embeds"))
        for key in ("title", "description", "url")
        if (part := as_text(as_object(embed).get(key)))
    ]


def _poll(message: dict[str, Any]) -> list[str]:
    """Return question and answers as Discord's API names them, for exporters that pass polls on."""
    poll = as_object(message.get("poll"))
    question = as_text(as_object(poll.get("question")).get("text")) or as_text(poll.get("question"))
    answers = [as_object(answer) for answer in as_list(poll.get("answers"))]
    texts = (
        as_text(as_object(answer.get("poll_media")).get("text")) or as_text(answer.get("text")) for answer in answers
    )
    return [question, *(f"- {text}" for text in texts if text)]


def _attachments(message: dict[str, Any]) -> tuple[str, ...]:
    files = as_list(message.get("attachments")) + as_list(as_object(message.get("forwardedMessage")).get("attachments"))
    return tuple(name for name in map(_attachment_name, map(as_object, files)) if name)


def _attachment_name(file: dict[str, Any]) -> str:
    """Return the name of a file in the export, else the one it was sent with, else the last part of its address."""
    address = as_text(file.get("url"))
    return _file_name(address) or as_text(file.get("fileName")) or PurePosixPath(address.partition("?")[0]).name


def _stickers(message: dict[str, Any]) -> tuple[str, ...]:
    stickers = as_list(message.get("stickers")) + as_list(as_object(message.get("forwardedMessage")).get("stickers"))
    named = (
        _file_name(as_object(sticker).get("sourceUrl")) or as_text(as_object(sticker).get("name"))
        for sticker in stickers
    )
    return tuple(name for name in named if name)


def _sticker_names(message: dict[str, Any]) -> list[str]:
    return [as_text(as_object(sticker).get("name")) for sticker in as_list(message.get("stickers"))]


def _file_name(url: Any) -> str:
    """Return the name that a downloaded file has in the export; empty for one that stayed on the server."""
    address = as_text(url)
    return "" if "://" in address else PurePosixPath(address.replace("\\", "/")).name


def _reply_to(message: dict[str, Any], channel: _Channel) -> str | None:
    """Return the message that is answered (or pinned); what comes from another channel is no answer."""
    reference = as_object(message.get("reference"))
    is_elsewhere = (as_text(reference.get("channelId")) or channel.chat) != channel.chat
    if is_elsewhere or reference.get("type") == "Forward":
        return None
    return as_text(reference.get("messageId")) or None


def _reactions(message: dict[str, Any], reading: Reading) -> Iterator[Reaction]:
    for given in map(as_object, as_list(message.get("reactions"))):
        emoji = as_object(given.get("emoji"))
        name = as_text(emoji.get("name")) or as_text(emoji.get("code"))
        if not name:
            continue
        people = _people(given.get("users"), reading)
        yield from (Reaction(name, person) for person in people)
        unnamed = _count(given.get("count")) - len(people)
        if unnamed > 0:
            yield Reaction(name, None, unnamed)


def _count(value: Any) -> int:
    return value if type(value) is int and value <= _MOST_COUNTED else 0


def _people(users: Any, reading: Reading) -> tuple[str, ...]:
    found = (_person(user, reading) for user in as_list(users))
    return tuple(dict.fromkeys(person for person in found if person))


def _person(user: Any, reading: Reading) -> str | None:
    """Note a person under the nickname in the server, the user name, and the old form ``name#1234``."""
    known = as_object(user)
    person = as_text(known.get("id"))
    if not person:
        return None
    name, number = as_text(known.get("name")), as_text(known.get("discriminator"))
    full_name = f"{name}#{number}" if name and number not in ("", "0", "0000") else None
    return reading.name(person, as_text(known.get("nickname")), name, full_name)


def _name(person: str, reading: Reading) -> str:
    return next(iter(reading.people.get(person, ())), person)


def _instant(value: Any) -> datetime | None:
    """Return the instant of an ISO 8601 text with offset; ``None`` for anything else."""
    try:
        time = datetime.fromisoformat(as_text(value))
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None
