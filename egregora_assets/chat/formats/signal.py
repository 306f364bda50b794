"""Signal's own plaintext export (``main.jsonl``, made by its apps): the frames of a backup, one JSON object per line.

The frames are those of Signal's ``backup.proto`` in ProtoJSON: 64-bit numbers are texts, bytes are base64, what has its
default is left out. https://github.com/signalapp/libsignal/blob/main/rust/message-backup/src/proto/backup.proto
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_values import as_list, as_object, as_text
from egregora_assets.chat.formats.jsonl import MAX_LINE_BYTES, Line, first_object, read_lines
from egregora_assets.chat.formats.records import Reaction, Reading, Record, Version

SELF = "Me"
"""The person whose export it is, as signal-export calls them: Signal's files do not say their id."""
_RELEASE_NOTES = "Signal"
"""The chat in which Signal itself writes to everybody."""
_MAIN = "main.jsonl"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_370_764_800_000
"""The beginning of the year 9999: later times leave the calendar when they are moved to another time zone."""
_UNKNOWN = "Unknown"
_GROUP_ID_LENGTH = 32
_WORDS = re.compile(r"[A-Z]")


class Unreadable(ValueError):
    """A message cannot become a record; the text says why."""


# What both of Signal's JSON forms share


def whole_number(value: object) -> int | None:
    """Return a number that is written as one or as text (up to 20 digits), ``None`` for anything else."""
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def milliseconds(value: object) -> int | None:
    """Return a time after 1970 in milliseconds, ``None`` for anything else."""
    number = whole_number(value)
    return number if number is not None and 0 < number < _LAST_MILLISECOND else None


def instant(sent: int) -> datetime:
    """Return milliseconds since 1970 as a time."""
    return _EPOCH + timedelta(milliseconds=sent)


def message_id(sent: int, author: str) -> str:
    """Return what names a message in Signal: when it was (first) sent, and by whom. Quotes refer to it by these two."""
    return f"{sent}:{author}"


def with_mentions(body: str, mentions: Iterable[tuple[int, int, str]]) -> str:
    """Put ``@name`` in the place of each (start, length, name); both are counted in UTF-16 code units."""
    units, pieces, at = body.encode("utf-16-le"), list[bytes](), 0
    for start, length, name in sorted(mentions):
        if start < at or length < 0 or 2 * (start + length) > len(units):
            continue
        pieces += [units[2 * at : 2 * start], f"@{name}".encode("utf-16-le")]
        at = start + length
    return b"".join([*pieces, units[2 * at :]]).decode("utf-16-le", "replace")


def quoted_lines(quote: dict[str, Any], quoted: str) -> str:
    """Return the quoted words in lines that begin with ``>``; a quoted file is named by its sort."""
    quoted = quoted.rstrip("\n") or _quoted_file(as_list(quote.get("attachments")))
    return "\n".join(f"> {line}" for line in quoted.split("\n")) if quoted else ""


def _quoted_file(attachments: list[Any]) -> str:
    sorts = {"image": "Photo", "video": "Video", "audio": "Voice message"}
    for attachment in map(as_object, attachments[:1]):
        name = as_text(attachment.get("fileName"))
        return sorts.get(as_text(attachment.get("contentType")).partition("/")[0], name or "Attachment")
    return ""


def contact_card(contact: dict[str, Any]) -> str:
    """Return a shared contact as lines: the name, then numbers and addresses."""
    name = as_object(contact.get("name"))
    parts = [as_text(name.get(part)) for part in ("prefix", "givenName", "middleName", "familyName", "suffix")]
    lines = [" ".join(filter(None, parts)) or as_text(name.get("nickname")), as_text(contact.get("organization"))]
    lines += [as_text(as_object(way).get("value")) for key in ("number", "email") for way in as_list(contact.get(key))]
    return "\n".join(filter(None, lines))


def poll_text(question: object, options: Iterable[object]) -> str:
    """Return a poll as lines: the question, then one option per line."""
    return "\n".join([as_text(question), *(f"- {as_text(option)}" for option in options)])


def words(name: str) -> str:
    """Return a name of the format as words: ``groupNameUpdate`` and ``GROUP_NAME`` as ``group name``."""
    name = name.lower() if name.isupper() else _WORDS.sub(lambda capital: "_" + capital[0].lower(), name)
    return " ".join(part for part in re.split("[_-]", name) if part and part not in ("update", "change"))


# The frames


@dataclass(frozen=True)
class _Content:
    """What a message says, whichever sort it is of. ``author`` is given where it is not the frame's."""

    kind: str
    text: str = ""
    attachments: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None
    author: str | None = None
    quote: str = ""
    is_notice: bool = False


@dataclass
class _Frames:
    """The recipients and chats of one file so far. Ids of frames count within the file only, so lasting ones stand in.

    A person's lasting id is Signal's account id (a UUID), else the phone number; a group's is made from its key.
    """

    reading: Reading
    files: dict[str, str]
    names: dict[str, list[str]] = field(default_factory=lambda: {SELF: [SELF]})
    recipients: dict[str, str] = field(default_factory=dict)
    chats: dict[str, str] = field(default_factory=dict)

    def read(self, line: Line) -> Record | None:
        """Return the record of a line; ``None`` for frames that are no message. Raises ``Unreadable``."""
        if line.is_cut:
            raise Unreadable(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
        frame = _parsed(line.raw)
        if "chatItem" in frame:
            return self._message(as_object(frame["chatItem"]), line.byte_offset)
        if "account" in frame:
            self.names[SELF] = _account_names(as_object(frame["account"]))
        elif "recipient" in frame:
            self._recipient(as_object(frame["recipient"]))
        elif "chat" in frame:
            self._chat(as_object(frame["chat"]))
        return None

    def _recipient(self, recipient: dict[str, Any]) -> None:
        known_as, names = _lasting_recipient(recipient)
        self.recipients[_frame_id(recipient.get("id"), "recipient")] = known_as
        if known_as != SELF:
            self.names[known_as] = names

    def _chat(self, chat: dict[str, Any]) -> None:
        number = _frame_id(chat.get("id"), "chat")
        recipient = self.recipients.get(_frame_id(chat.get("recipientId"), "chat"), f"chat:{number}")
        self.chats[number] = recipient

    def _message(self, item: dict[str, Any], byte_offset: int) -> Record:
        number = _frame_id(item.get("chatId"), "message")
        chat = self.chats.get(number, f"chat:{number}")
        is_update = "updateMessage" in item
        # Signal names nobody for some changes of a chat.
        writer = "" if is_update and item.get("authorId") is None else self._person(item.get("authorId"))
        latest = milliseconds(item.get("dateSent"))
        revisions = [milliseconds(as_object(revision).get("dateSent")) for revision in as_list(item.get("revisions"))]
        if latest is None:
            raise Unreadable("its time (dateSent) is missing or impossible")
        sent = next((first for first in revisions if first is not None), latest)
        content, details = self._content(item, writer)
        self.reading.chats[chat] = "Note to Self" if chat == SELF else self._name(chat, chat)
        author = None if content.is_notice or writer == _RELEASE_NOTES else content.author or writer
        return Record(
            chat=chat,
            native_id=None if is_update else message_id(sent, writer),
            author=self._used(author) if author else None,
            kind=content.kind,
            text=content.text,
            quote=content.quote,
            sent_at=instant(sent),
            byte_offset=byte_offset,
            reply_to=content.reply_to,
            edited_at=instant(latest) if revisions else None,
            is_edited=bool(revisions),
            attachments=content.attachments,
            mentions=content.mentions,
            reactions=tuple(self._reactions(as_list(details.get("reactions")))),
            versions=() if content.kind == "deleted" else tuple(self._versions(item, writer)),
        )

    def _versions(self, item: dict[str, Any], writer: str) -> Iterator[Version]:
        """Yield what the message said before its edits: its revisions, the oldest first."""
        for number, revision in enumerate(map(as_object, as_list(item.get("revisions")))):
            try:
                content, _ = self._content(revision, writer)
            except Unreadable:
                continue  # the message itself could be read
            sent = milliseconds(revision.get("dateSent"))
            if content.kind != "deleted":
                yield Version(content.text, instant(sent) if sent and number else None, content.kind)

    def _content(self, item: dict[str, Any], writer: str) -> tuple[_Content, dict[str, Any]]:
        if isinstance(item.get("updateMessage"), dict):
            return self._update(item["updateMessage"], writer), {}
        for name, reader in _READERS.items():
            if isinstance(item.get(name), dict):
                return reader(self, item[name]), item[name]
        raise Unreadable("a sort of message that is not known")

    def _standard(self, message: dict[str, Any]) -> _Content:
        text, mentions = self._text(as_object(message.get("text")))
        attachments = as_list(message.get("attachments"))
        if not text and not attachments:
            raise Unreadable("it has neither text nor files")
        quote = as_object(message.get("quote"))
        target = milliseconds(quote.get("targetSentTimestamp"))
        return _Content(
            "media" if attachments else "text",
            text,
            self._file_names(as_object(attachment).get("pointer") for attachment in attachments),
            mentions,
            None if target is None else message_id(target, self._person(quote.get("authorId"))),
            quote=quoted_lines(quote, self._text(as_object(quote.get("text")))[0]),
        )

    def _contact(self, message: dict[str, Any]) -> _Content:
        contact = message.get("contact")
        cards = contact if isinstance(contact, list) else [contact]
        return _Content("contact", "\n".join(contact_card(as_object(card)) for card in cards))

    def _sticker(self, message: dict[str, Any]) -> _Content:
        sticker = as_object(message.get("sticker"))
        return _Content("sticker", as_text(sticker.get("emoji")), self._file_names([sticker.get("data")]))

    def _payment(self, message: dict[str, Any]) -> _Content:
        amount, note = as_text(message.get("amountMob")), as_text(message.get("note"))
        return _Content("system", "Payment" + (f" of {amount} MOB" if amount else "") + (f": {note}" if note else ""))

    def _view_once(self, message: dict[str, Any]) -> _Content:
        pointer = as_object(message.get("attachment")).get("pointer")
        return _Content("view_once", attachments=self._file_names([pointer]))

    def _story_reply(self, message: dict[str, Any]) -> _Content:
        text, mentions = self._text(as_object(as_object(message.get("textReply")).get("text")))
        return _Content("text", text or as_text(message.get("emoji")), mentions=mentions)

    def _poll(self, poll: dict[str, Any]) -> _Content:
        options = (as_object(option).get("option") for option in as_list(poll.get("options")))
        return _Content("poll", poll_text(poll.get("question"), options))

    def _update(self, message: dict[str, Any], writer: str) -> _Content:
        if "individualCall" in message:
            call = as_object(message["individualCall"])
            parts = [call.get("direction"), call.get("type") or "call", call.get("state")]
            return _Content("call", ", ".join(words(as_text(part)) for part in parts if as_text(part)).capitalize())
        if "groupCall" in message:
            call = as_object(message["groupCall"])
            starter = call.get("ringerRecipientId") or call.get("startedCallRecipientId")
            state = words(as_text(call.get("state")))
            author = self._person(starter) if whole_number(starter) is not None else writer
            return _Content("call", f"Group call, {state}" if state else "Group call", author=author)
        notices = [self._notice(name, as_object(details), writer) for name, details in message.items()]
        return _Content("system", "\n".join(filter(None, notices)), is_notice=True)

    def _notice(self, name: str, details: dict[str, Any], writer: str) -> str:
        """Put a change into words: what changed, who is concerned, and the names and durations that it gives."""
        if name == "groupChange":
            updates = (as_object(update).items() for update in as_list(details.get("updates")))
            return "\n".join(self._notice(each, as_object(inner), "") for items in updates for each, inner in items)
        about = [self._used_name(writer)] if writer else []
        for key, value in details.items():
            account = _account_id(value) if key.endswith(("Aci", "ServiceId", "aci")) else None
            if account is not None:
                about.append(self._used_name(account))
            elif key in ("newGroupName", "newDescription", "previousName", "newName", "question"):
                about.append(as_text(value))
            elif key == "type":
                name = as_text(value) or name
        return words(name) + (": " + ", ".join(filter(None, about)) if any(about) else "")

    def _text(self, text: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Return the text with its mentions put in, and who they are."""
        places, mentioned = list[tuple[int, int, str]](), dict[str, None]()
        for span in map(as_object, as_list(text.get("bodyRanges"))):
            account = _account_id(span.get("mentionAci"))
            if account is not None:
                mentioned[self._used(account)] = None
                start, length = whole_number(span.get("start", 0)), whole_number(span.get("length", 0))
                places.append((start or 0, length or 0, self._name(account, _UNKNOWN)))
        body = as_text(text.get("body"))
        return (with_mentions(body, places) if places else body), tuple(mentioned)

    def _reactions(self, reactions: list[Any]) -> Iterator[Reaction]:
        for reaction in map(as_object, reactions):
            emoji, author = as_text(reaction.get("emoji")), reaction.get("authorId")
            if emoji and whole_number(author) is not None:
                yield Reaction(emoji, self._used(self._person(author)))

    def _person(self, number: object) -> str:
        """Return the lasting id of a person by the number in the file. Raises ``Unreadable`` where there is none."""
        number = _frame_id(number, "person")
        return self.recipients.get(number, f"<{number}>")

    def _used(self, person: str) -> str:
        return self.reading.name(person, *self.names.get(person, ()))

    def _used_name(self, person: str) -> str:
        return self._name(self._used(person), _UNKNOWN)

    def _name(self, known_as: str, default: str) -> str:
        return next(iter(self.names.get(known_as, ())), default)

    def _file_names(self, pointers: Iterable[object]) -> tuple[str, ...]:
        """Return the names of files: as they stand in the export, else as the sender called them."""
        found = (
            self.files.get(_exported_name(pointer)) or as_text(pointer.get("fileName"))
            for pointer in map(as_object, pointers)
        )
        return tuple(filter(None, found))


_READERS: dict[str, Callable[[_Frames, dict[str, Any]], _Content]] = {
    "standardMessage": _Frames._standard,
    "contactMessage": _Frames._contact,
    "stickerMessage": _Frames._sticker,
    "remoteDeletedMessage": lambda *_: _Content("deleted"),
    "adminDeletedMessage": lambda *_: _Content("deleted"),
    "paymentNotification": _Frames._payment,
    "giftBadge": lambda *_: _Content("system", "Donation badge"),
    "viewOnceMessage": _Frames._view_once,
    "directStoryReplyMessage": _Frames._story_reply,
    "poll": _Frames._poll,
}
"""How the item of a frame is read, by its name in ``ChatItem``; changes of a chat apart."""


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the line is no JSON ({type(error).__name__})") from error
    if not isinstance(value, dict):
        raise Unreadable("the line is no JSON object")
    return value


def _frame_id(value: object, what: str) -> str:
    number = whole_number(value)
    if number is None or number < 0:
        raise Unreadable(f"a {what} has no id")
    return str(number)


def _account_id(value: object) -> str | None:
    """Return an account id (16 bytes in base64) as a UUID."""
    raw = _bytes(value)
    return str(UUID(bytes=raw)) if len(raw) == 16 else None


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(as_text(value), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _account_names(account: dict[str, Any]) -> list[str]:
    return _names(_full_name(account, "givenName", "familyName") or SELF, as_text(account.get("username")))


def _lasting_recipient(recipient: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the id that lasts beyond this file, and the names it goes by: a display name first, then handles."""
    if "self" in recipient:
        return SELF, []
    if "contact" in recipient:
        return _contact(as_object(recipient["contact"]), as_text(str(recipient.get("id"))))
    if "group" in recipient:
        group = as_object(recipient["group"])
        key = as_text(group.get("masterKey")) or f"recipient {recipient.get('id')}"
        title = as_text(as_object(as_object(group.get("snapshot")).get("title")).get("title"))
        # The key opens the group to whoever has it, so no more than a fingerprint of it is kept.
        return f"group:{hashlib.sha256(key.encode()).hexdigest()[:_GROUP_ID_LENGTH]}", _names(title)
    if "releaseNotes" in recipient:
        return _RELEASE_NOTES, [_RELEASE_NOTES]
    return f"<{recipient.get('id')}>", []


def _contact(contact: dict[str, Any], number: str) -> tuple[str, list[str]]:
    phone = whole_number(contact.get("e164"))
    handle = f"+{phone}" if phone else ""
    known_as = _account_id(contact.get("aci")) or _account_id(contact.get("pni")) or handle or f"<{number}>"
    names = _names(
        _full_name(as_object(contact.get("nickname")), "given", "family"),
        _full_name(contact, "systemGivenName", "systemFamilyName"),
        as_text(contact.get("systemNickname")),
        _full_name(contact, "profileGivenName", "profileFamilyName"),
        as_text(contact.get("username")),
        handle,
    )
    return known_as, names


def _full_name(value: dict[str, Any], given: str, family: str) -> str:
    return " ".join(filter(None, (as_text(value.get(given)), as_text(value.get(family)))))


def _names(*names: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name]


def _exported_name(pointer: dict[str, Any]) -> str:
    """Return what Signal calls a file in the folder ``files``, without its ending: a hash of its content and key."""
    locator = as_object(pointer.get("locatorInfo"))
    content, key = _bytes(locator.get("plaintextHash")), _bytes(locator.get("localKey")) or _bytes(locator.get("key"))
    return hashlib.sha256(content + key).hexdigest() if content and key else ""


class SignalBackup:
    """The format; see ``ChatFormat``."""

    platform = "signal"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether the export is or holds a ``main.jsonl`` that begins as a backup does."""
        return any(_is_backup(first_object(export, member)) for member in _candidates(export))

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield one record per chat item; lines that cannot be read are refused with the reason."""
        is_empty = True
        files = {
            PurePosixPath(member).stem: PurePosixPath(member).name for member in export.members if "files/" in member
        }
        for member in _candidates(export):
            if not _is_backup(first_object(export, member)):
                continue
            frames = _Frames(reading, files)
            with export.open(member) as stream:
                for line in read_lines(stream):
                    try:
                        record = frames.read(line)
                    except Unreadable as fault:
                        reading.refuse(line.byte_offset, str(fault), line.raw)
                        continue
                    if record is not None:
                        is_empty = False
                        yield record
        if is_empty:
            complain_of_faults(export, reading)


FORMAT = SignalBackup()


def complain_of_faults(export: Export, reading: Reading) -> None:
    """Raise ``ExportUnreadable`` with the first fault of an export in which no message could be read, if it has one."""
    if reading.quarantined:
        problem = reading.quarantined[0].reason
        raise ExportUnreadable(f"{export.path.name}: no message can be read ({problem}): export the chats again")


def _candidates(export: Export) -> list[str]:
    return export.members if len(export.members) == 1 else export.named(_MAIN)


def _is_backup(first: dict[str, Any] | None) -> bool:
    return first is not None and all(whole_number(first.get(key)) is not None for key in ("version", "backupTimeMs"))
