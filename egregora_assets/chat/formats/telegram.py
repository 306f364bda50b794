"""Telegram Desktop's machine-readable export (``result.json``), one chat or a whole account → records.

What the app writes: ``export_output_json.cpp`` in https://github.com/telegramdesktop/tdesktop, versions 1.3 to 6.
"""

from __future__ import annotations

import io
import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_values import as_bytes
from egregora_assets.chat.formats.json_walk import BrokenJson, Path, Value, walk
from egregora_assets.chat.formats.records import ChatFormat, Reaction, Reading, Record, chat_of_file

_CHATS = (("chats", "list", "*"), ("left_chats", "list", "*"))
_CHAT_PLACES = ((), *_CHATS)
_MESSAGE_LISTS = frozenset((*place, "messages") for place in _CHAT_PLACES)
_MESSAGES = frozenset((*place, "*") for place in _MESSAGE_LISTS)
_NO_MESSAGES = frozenset((*_MESSAGE_LISTS, *_CHATS))
"""Where a value stands whole only if it is no list of messages, or no chat."""
_CHAT_HEADER = frozenset((*place, key) for place in _CHAT_PLACES for key in ("name", "type", "id"))

_PEER_KINDS = {
    "personal_chat": "user",
    "bot_chat": "user",
    "saved_messages": "user",
    "replies": "user",
    "verification_codes": "user",
    "private_group": "chat",
    "private_supergroup": "channel",
    "public_supergroup": "channel",
    "private_channel": "channel",
    "public_channel": "channel",
}
"""What a chat of a type is called in ids such as ``from_id``: a user, a basic group (chat) or a channel."""
_OWN_TITLES = {
    "saved_messages": "Saved Messages",
    "replies": "Replies",
    "verification_codes": "Verification Codes",
}
"""Chats that are written without a name."""
_OLD_PEER_KINDS = {1: "user", 2: "channel"}
"""Before version 2.7.2 (April 2021) ids are numbers of which the bits from 2³² on tell a user from a group or channel."""
_NO_FILE = ("please try again later)", "settings to download.)")
"""How the app ends what it writes in place of a path when it did not save the file."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIKE_AN_EDIT = timedelta(seconds=2)
_REMEMBERED_IN_TOPICS = 100_000


class TelegramFormat:
    """Reads ``result.json`` as it is, in a ZIP or in a folder beside its photos and files (see ``ChatFormat``).

    Chats and people have the ids that the app gives since 2021 (``user1``, ``chat1``, ``channel1``), older numbers are
    turned into those; who has no id is ``name:…``, an unresolved handle ``@handle`` in small letters.

    What is forwarded from a person, or from a name without an id, is a ``quote`` and no ``text``: it may be somebody of the
    chat, who may have opted out. Text stays what comes from a channel that nobody writes as in the export, from a bot of
    which the export has the chat, and what people forward of their own (same id, else same name).
    """

    platform = "telegram"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether one of the export's documents begins as Telegram's do."""
        return any(_is_telegram(export.head(member)) for member in _candidates(export)[:_MOST_CANDIDATES])

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages of all chats; a document that breaks off is refused from there on."""
        people, origins = _People(reading), _Origins.of(export)
        found, problem = False, ""
        for member in _candidates(export):
            if not _is_telegram(export.head(member)):
                continue
            document = _Document(chat_of_file(export.path.name), reading, people, origins)
            try:
                with export.open(member) as stream:
                    for record in document.records(stream):
                        found = True
                        yield record
            except BrokenJson as broken:
                problem = (
                    f"{member} is damaged at byte {broken.byte_offset:,} ({broken.problem}): export the chat again"
                )
                reading.refuse(broken.byte_offset, f"the rest cannot be read: {broken.problem}", broken.raw)
            except ExportUnreadable as unreadable:
                problem = str(unreadable)
                reading.refuse(document.byte_offset, f"the rest cannot be read: {unreadable}", b"")
        people.settle()
        if not found and (problem or not reading.quarantined):
            problem = problem or "it holds no messages: choose chats when you export from Telegram Desktop"
            raise ExportUnreadable(f"{export.path.name}: {problem}")


FORMAT: ChatFormat = TelegramFormat()


# --- Which documents -----------------------------------------------------------------------------------------------------

_MOST_CANDIDATES = 16
_ABOUT = frozenset(
    (section, "about")
    for section in ("chats", "left_chats", "contacts", "frequent_contacts", "sessions", "web_sessions")
)
_ACCOUNT_FIELDS: dict[Path, frozenset[str]] = {
    ("personal_information",): frozenset(("user_id", "first_name")),
    ("profile_pictures", "*"): frozenset(("photo",)),
    ("stories", "*"): frozenset(("media",)),
}
_OPENED_IN_HEAD = (
    _MESSAGES | {(*path[:-1], "list", "*") for path in _ABOUT} | {("profile_pictures", "*"), ("stories", "*")}
)


def _candidates(export: Export) -> list[str]:
    """Return the members named ``result.json``, else all JSON documents; a single file may have any name."""
    if export.members == [export.path.name]:
        return export.members
    return export.named("result.json") or [member for member in export.members if member.lower().endswith(".json")]


def _is_telegram(head: bytes) -> bool:
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    is_account = False
    try:
        for found in walk(io.BytesIO(_mended(head)), _OPENED_IN_HEAD):
            is_account = is_account or (found.path == ("about",) and isinstance(found.value, str))
            if _is_of_chat(found) or (is_account and _is_of_account(found)):
                return True
    except BrokenJson:
        return False
    return False


def _is_of_chat(found: Value) -> bool:
    """Return whether no other platform's export has such a value in this place."""
    path, value = found.path, found.value
    if path in _MESSAGES:
        return isinstance(value, dict) and _is_message(value)
    is_type = path in _CHAT_HEADER and path[-1] == "type"
    return is_type and isinstance(value, str) and value in _PEER_KINDS and value != "replies"


def _is_of_account(found: Value) -> bool:
    """Return whether a whole account's export, which begins with ``about``, has such a value in this place."""
    fields = _ACCOUNT_FIELDS.get(found.path)
    if fields is not None:
        return isinstance(found.value, dict) and fields <= found.value.keys()
    return found.path in _ABOUT and isinstance(found.value, str)


def _is_message(value: Mapping[str, Any]) -> bool:
    if value.get("type") not in ("message", "service") or "text" not in value:
        return False
    has_person = not {"from", "from_id", "actor", "actor_id", "action"}.isdisjoint(value)
    return "date_unixtime" in value or (has_person and isinstance(value.get("date"), str))


# --- Mending what the app writes wrongly ---------------------------------------------------------------------------------

_CHUNK = 1 << 18
_CONTROL = "\U0010fffe"
"""Stands for a control character until the text is cleaned: never used in texts, and four bytes long as ``\\x0B`` is."""
_ESCAPE = re.compile(rb"\\(?:x[01][0-9A-F]|.)", re.DOTALL)
_UNQUOTED = re.compile(rb'("document_id":) (?!["\d{\[\-]|null|true|false)([^"\n]+)\n')


class _MendedStream(io.RawIOBase):
    """A document with two faults of the app made good, each byte in its place.

    All versions write control characters as ``\\x0B``, which is no JSON (issue 27571 of tdesktop); 4.0.4 to 4.1.1 wrote paths of
    custom emoji without quotes (issue 24961).
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._rest, self._ready = stream, b"", b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._ready:
            self._ready = self._next_lines()
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _next_lines(self) -> bytes:
        """Return whole lines, for no fault crosses their end; of a line longer than a chunk, what ends in no escape."""
        chunk = self._stream.read(_CHUNK)
        data = self._rest + chunk
        cut = data.rfind(b"\n") + 1 or len(data.rstrip(b"\\")) or len(data)
        if not chunk:
            cut = len(data)
        self._rest = data[cut:]
        return _mended(data[:cut])


def _mended(data: bytes) -> bytes:
    if b"\\x" in data:
        data = _ESCAPE.sub(lambda found: _CONTROL.encode() if len(found[0]) == 4 else found[0], data)
    if b'"document_id": ' in data:
        data = _UNQUOTED.sub(rb'\1"\2"', data)
    return data


# --- People --------------------------------------------------------------------------------------------------------------


class _People:
    """Notes who is named, so that display names come before what others call a person."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._called: dict[str, dict[str, None]] = {}
        self._named: dict[str, None] = {}
        self._owners: dict[str, tuple[str, str]] = {}

    def own(self, information: object) -> None:
        """Note whose account it is: the only person of whom an export has both the id and the handle."""
        if not isinstance(information, dict):
            return
        number, handle = _integer(information.get("user_id")), _string(information.get("username")).removeprefix("@")
        if number is not None and handle:
            name = f"{_string(information.get('first_name'))} {_string(information.get('last_name'))}".strip()
            self._owners[handle.lower()] = (f"user{number}", name)

    def author(self, values: Mapping[str, Any], label: str, is_old: bool) -> str | None:
        """Return the id of the person (or channel) in the fields ``label`` and ``label_id``; without a name if deleted."""
        person, name = _peer(values.get(f"{label}_id"), is_old), _string(values.get(label))
        if person is None:
            return self._reading.name(f"name:{name}", name) if name else None
        return self._reading.name(person, name)

    def handle(self, handle: str) -> str:
        """Return the id of the person with a handle (without its @)."""
        person, name = self._owners.get(handle.lower(), (f"@{handle.lower()}", ""))
        self._called.setdefault(person, {}).update({called: None for called in (name, handle) if called})
        return person

    def called(self, person: str, name: str) -> str:
        """Note what others call a person."""
        self._called.setdefault(person, {})[name] = None
        return person

    def named(self, name: str) -> None:
        """Note the name of somebody of whom a notice tells nothing else."""
        self._named[name] = None

    def settle(self) -> None:
        """Add to the reading what could not be told before its end."""
        for person, names in self._called.items():
            self._reading.name(person, *names)
        known = {name for names in self._reading.people.values() for name in names}
        for name in self._named.keys() - known:
            self._reading.name(f"name:{name}", name)


def _peer(value: object, is_old: bool) -> str | None:
    """Return an id such as ``user1``, also for the numbers of old exports (``is_old``); ``None`` where there is none."""
    if isinstance(value, str):
        return (f"user{value}" if value.isdecimal() else _clean(value)) or None
    number = _integer(value)
    if number is None:
        return None
    kind = _OLD_PEER_KINDS.get(number >> 32) if is_old else None
    return f"{kind}{number & 0xFFFFFFFF}" if kind else f"user{number}"


# --- Chats ---------------------------------------------------------------------------------------------------------------


@dataclass
class _Chat:
    """The chat that is being read: what stands before its messages, and which messages hang on which forum topic."""

    header: dict[str, object] = field(default_factory=dict)
    native_id: str | None = None
    topics: set[str] = field(default_factory=set)
    topic_of: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def ends_before(self, key: str) -> bool:
        """Return whether a header field belongs to the next chat: each stands once, and some chats have no name."""
        return key in self.header or (key == "name" and _string(self.header.get("type")) in _OWN_TITLES)

    def title(self, fallback: str) -> str:
        kind = _string(self.header.get("type"))
        return _string(self.header.get("name")) or _OWN_TITLES.get(kind) or fallback

    def id_from_header(self, is_old: bool, fallback: str) -> str:
        """Return the id in the form of ``from_id``; a chat without one (before December 2018) goes by its title."""
        number = _integer(self.header.get("id"))
        if number is None:
            return _string(self.header.get("id")) or f"name:{self.title(fallback)}"
        if is_old and number >> 32 in _OLD_PEER_KINDS:
            number &= 0xFFFFFFFF
        return f"{_PEER_KINDS.get(_string(self.header.get('type')), '')}{number}"

    def thread_of(self, native_id: str | None, reply_to: str | None, opens_topic: bool) -> str | None:
        """Return the topic a message stands in: it answers the notice that opened it, or a message in it.

        The export does not name the topic of a message. Answers to messages that are too far back stay without one.
        """
        if native_id is None:
            return None
        if opens_topic:
            self.topics.add(native_id)
            return native_id
        if reply_to is None or not self.topics:
            return None
        topic = reply_to if reply_to in self.topics else self.topic_of.get(reply_to)
        if topic is not None:
            self.topic_of[native_id] = topic
            if len(self.topic_of) > _REMEMBERED_IN_TOPICS:
                self.topic_of.popitem(last=False)
        return topic


class _Document:
    """One ``result.json`` on its way to records."""

    def __init__(self, fallback_title: str, reading: Reading, people: _People, origins: _Origins) -> None:
        self._fallback, self._reading, self._people, self._origins = fallback_title, reading, people, origins
        self._chat = _Chat()
        self.byte_offset = 0

    def records(self, stream: BinaryIO) -> Iterator[Record]:
        """Yield the document's messages. Raises ``BrokenJson`` where it breaks off, ``ExportUnreadable`` from the archive."""
        for value in walk(io.BufferedReader(_MendedStream(stream), _CHUNK), _MESSAGES):
            self.byte_offset = value.byte_offset
            if value.path in _MESSAGES:
                record = self._record(value)
                if record is not None:
                    yield record
            elif value.path in _CHAT_HEADER:
                self._header(value.path[-1], value.value)
            elif value.path in _NO_MESSAGES or value.path[:-1] in _MESSAGE_LISTS:
                self._refuse(value, "chats and their messages are lists of objects, this is none")
            elif value.path == ("personal_information",):
                self._people.own(value.value)

    def _header(self, key: str, value: object) -> None:
        if self._chat.ends_before(key):
            self._chat = _Chat()
        self._chat.header[key] = value
        if self._chat.native_id is not None:
            self._reading.chats[self._chat.native_id] = self._chat.title(self._fallback)

    def _refuse(self, value: Value, reason: str) -> None:
        self._reading.refuse(value.byte_offset, reason, as_bytes(value.value))

    def _record(self, value: Value) -> Record | None:
        message = value.value
        if not isinstance(message, dict):
            self._refuse(value, "a message is no object")
            return None
        sent_at, local_time = _time_of(message)
        if sent_at is None and local_time is None:
            is_unsupported = message.get("type") == "unsupported"
            reason = "the app could not export this message" if is_unsupported else "the message has no readable date"
            self._refuse(value, reason)
            return None
        is_old = _is_old(message)
        chat = self._chat_id(is_old)
        content = self._content(message, is_old)
        reply_to = _reply_target(message, chat, is_old)
        native_id = _native_id(message.get("id"))
        thread = self._chat.thread_of(native_id, reply_to, content.opens_topic)
        is_edited, edited_at = _edit(message, sent_at) if "edited" in message else (False, None)
        return Record(
            chat=chat,
            native_id=native_id,
            author=content.author,
            kind=content.kind,
            text=content.text,
            sent_at=sent_at,
            local_time=local_time,
            byte_offset=value.byte_offset,
            reply_to=None if reply_to in self._chat.topics else reply_to,
            thread=thread,
            edited_at=edited_at,
            is_edited=is_edited,
            quote=content.quote,
            attachments=content.attachments,
            mentions=content.mentions,
            reactions=self._reactions(message, is_old) if "reactions" in message else (),
        )

    def _chat_id(self, is_old: bool) -> str:
        """Return the chat's id, settled with its first message: that shows how the export writes ids."""
        if self._chat.native_id is None:
            self._chat.native_id = self._chat.id_from_header(is_old, self._fallback)
            self._reading.chats[self._chat.native_id] = self._chat.title(self._fallback)
        return self._chat.native_id

    def _content(self, message: dict[str, Any], is_old: bool) -> _Content:
        mentions: dict[str, None] = {}
        text = self._text(_own_text(message), mentions)
        if message.get("type") == "service":
            return _notice(message, text, tuple(mentions), self._people, is_old)
        author = self._people.author(message, "from", is_old)
        if signature := _string(message.get("author")):
            self._people.named(signature)
        content = self._said(message, author, text, mentions)
        if _is_of_another(message, author, is_old) and not self._origins.may_be_shown(message, content.text):
            return replace(content, text="", quote=content.text, mentions=())
        return content

    def _said(self, message: dict[str, Any], author: str | None, text: str, mentions: dict[str, None]) -> _Content:
        if _TELLING_FIELDS.isdisjoint(message):
            return _Content(author, "text", text, mentions=tuple(mentions))
        kind, description = self._description(message, mentions)
        attachments = _attachments(message) if kind in ("media", "sticker", "view_once") else ()
        if kind == "sticker" and not text:
            text = _string(message.get("sticker_emoji"))
        if "dice" in message and not text:
            text = _dice(message["dice"])
        return _Content(author, kind, _lines(*description, text), attachments, tuple(mentions))

    def _description(self, message: dict[str, Any], mentions: dict[str, None]) -> tuple[str, list[str]]:
        """Return the kind of a message that is more than text, and what a reader sees besides its text."""
        for field_name, kind in (("poll", "poll"), ("todo_list", "text")):
            if isinstance(listing := message.get(field_name), dict):
                return kind, self._listing(listing, mentions)
        if "location_information" in message or "place_name" in message:
            return "location", _place(message)
        if isinstance(contact := message.get("contact_information"), dict):
            return "contact", _contact(contact)
        if _integer(message.get("self_destruct_period_seconds")):
            return "view_once", []
        if message.get("media_type") == "sticker":
            return "sticker", []
        if not _MEDIA_FIELDS.isdisjoint(message):
            return "media", []
        return "text", _offer(message)

    def _listing(self, listing: dict[str, Any], mentions: dict[str, None]) -> list[str]:
        """Return the lines of a poll, each answer with its votes, or of a to-do list.

        While the app must not tell the votes it gives 0 for each, though somebody has voted.
        """
        heading = self._text(listing.get("question", listing.get("title")), mentions)
        answers = _objects(listing.get("answers"))
        are_told = not _integer(listing.get("total_voters")) or any(_integer(one.get("voters")) for one in answers)
        options = ((self._text(one.get("text"), mentions), _votes(one) if are_told else "") for one in answers)
        return [heading, *(f"- {text}{votes}" for text, votes in options)]

    def _text(self, value: object, mentions: dict[str, None]) -> str:
        """Return a text (a string, or a list of strings and entities) as a reader sees it; note whom it mentions."""
        if isinstance(value, str):
            return _clean(value)
        if not isinstance(value, list):
            return ""
        return "".join(
            _clean(part) if isinstance(part, str) else self._entity(part, mentions) if isinstance(part, dict) else ""
            for part in value
        )

    def _entity(self, entity: dict[str, Any], mentions: dict[str, None]) -> str:
        kind, text = _string(entity.get("type")), _string(entity.get("text"))
        if kind == "text_link":
            return _link(text, _string(entity.get("href")))
        if kind not in _SIGNS or not text:
            return text
        bare = text.removeprefix(_SIGNS[kind])
        if kind == "mention" and bare:
            mentions[self._people.handle(bare)] = None
        if kind == "mention_name":
            person = _peer(entity.get("user_id"), is_old=False)
            if person is None or not bare:
                return text
            mentions[self._people.called(person, bare)] = None
        return _SIGNS[kind] + bare

    def _reactions(self, message: dict[str, Any], is_old: bool) -> tuple[Reaction, ...]:
        given: list[Reaction] = []
        for reaction in _objects(message.get("reactions")):
            kind = _string(reaction.get("type"))
            emoji = _string(reaction.get("emoji")) or _REACTIONS_WITHOUT_EMOJI.get(kind)
            if not emoji:
                continue
            people = [self._people.author(recent, "from", is_old) for recent in _objects(reaction.get("recent"))]
            named = [person for person in people if person is not None]
            given += [Reaction(emoji, person) for person in dict.fromkeys(named)]
            others = (_integer(reaction.get("count")) or 0) - len(named)
            if others > 0:
                given.append(Reaction(emoji, None, others))
        return tuple(given)


# --- One message ---------------------------------------------------------------------------------------------------------

_SIGNS = {"mention": "@", "mention_name": "@", "hashtag": "#", "cashtag": "$", "bot_command": "/"}
"""What an entity of a kind begins with."""
_REACTIONS_WITHOUT_EMOJI = {"custom_emoji": ":custom_emoji:", "paid": "⭐"}
_MEDIA_FIELDS = frozenset(("photo", "file", "media_type", "paid_stars_amount"))
_TELLING_FIELDS = _MEDIA_FIELDS | frozenset(
    """poll todo_list dice location_information place_name contact_information self_destruct_period_seconds
    game_title invoice_information giveaway_information giveaway_results""".split()
)


@dataclass(frozen=True, slots=True)
class _Content:
    author: str | None
    kind: str
    text: str
    attachments: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    opens_topic: bool = False
    quote: str = ""


_FORWARD_FIELDS = frozenset(("forwarded_from", "forwarded_from_id", "saved_from"))
_WRITER = re.compile(rb'"(?:from|actor)_id"\s*:\s*"(channel[0-9]{1,20})"')
_BOT_CHAT = re.compile(rb'"type"\s*:\s*"bot_chat"\s*,\s*"id"\s*:\s*([0-9]{1,20})\b')
_LONGEST_MATCH = 200
_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Origins:
    """Of whom an export shows what they are: channels in whose name somebody writes in it, and bots.

    Groups are channels too, in whose name their admins write; such a channel can opt out as a person can.
    """

    writers: frozenset[str]
    bots: frozenset[str]

    @classmethod
    def of(cls, export: Export) -> _Origins:
        """Look for them in all documents before any is read: who opts out may write last."""
        writers: set[bytes] = set()
        bots: set[bytes] = set()
        for member in _candidates(export):
            before = b""
            try:
                with export.open(member) as stream:
                    while chunk := stream.read(_CHUNK):
                        piece = before + chunk
                        writers.update(_WRITER.findall(piece))
                        bots.update(_BOT_CHAT.findall(piece))
                        before = chunk[-_LONGEST_MATCH:]
            except ExportUnreadable:
                continue  # reading tells of the fault
        return cls(frozenset(map(bytes.decode, writers)), frozenset(f"user{bot.decode()}" for bot in bots))

    def may_be_shown(self, message: Mapping[str, Any], text: str) -> bool:
        """Return whether forwarded words are those of nobody who could opt out, and no command in the mouth of another."""
        origin = _string(message.get("forwarded_from_id"))
        is_channel = origin.startswith("channel") and origin not in self.writers
        return (is_channel or origin in self.bots) and "egregoraopt" not in _NO_LETTERS.sub("", text).casefold()


def _is_of_another(message: Mapping[str, Any], author: str | None, is_old: bool) -> bool:
    """Return whether a message was forwarded, unless it is known to be the author's own."""
    if _FORWARD_FIELDS.isdisjoint(message):
        return False
    writer = _peer(message.get("forwarded_from_id"), is_old)
    if writer is not None:
        return writer != author
    name = _string(message.get("forwarded_from"))
    return not name or name != _string(message.get("from"))


def _is_old(message: Mapping[str, Any]) -> bool:
    """Return whether a message was written before April 2021, when ids were numbers and had another meaning."""
    return "date_unixtime" not in message and not isinstance(message.get("from_id", message.get("actor_id")), str)


def _time_of(message: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Return (instant, wall clock) of a message: one of them, or none. Before version 3.7.6 there is no instant."""
    instant = _instant(message.get("date_unixtime"))
    if instant is not None:
        return instant, None
    clock = _clock(message.get("date"))
    if clock is None or clock.tzinfo is None:
        return None, clock
    return _instant(int(clock.timestamp())), None


def _edit(message: Mapping[str, Any], sent_at: datetime | None) -> tuple[bool, datetime | None]:
    """Return whether and when the author changed a message.

    The first reaction sets ``edited`` as well (issue 30647 of tdesktop), and nothing in the export tells one from the
    other. An edit is believed when no reaction is as old as it. Of many reactions only the latest have a time: the others are
    older than those, so an edit that is later than one with a time is none of them; else it is not believed. Versions
    before 2.1.9 give 1970 for messages that were never edited.
    """
    edited_at, clock = _instant(message.get("edited_unixtime")), _clock(message.get("edited"))
    if edited_at is None and (clock is None or clock.year <= 1970):
        return False, None
    if edited_at is not None and sent_at is not None and edited_at < sent_at:
        return False, None
    reactions = [(given, _objects(given.get("recent"))) for given in _objects(message.get("reactions"))]
    times = [_clock(recent.get("date")) for _, recents in reactions for recent in recents]
    if any(_is_near(clock, time) for time in times):
        return False, None
    is_told = all(len(recents) >= (_integer(given.get("count")) or 1) for given, recents in reactions)
    is_later = clock is not None and any(time is not None and time < clock for time in times)
    return (True, edited_at) if is_told or is_later else (False, None)


def _is_near(edited: datetime | None, reacted: datetime | None) -> bool:
    """Return whether both may be one event; times of which one is unknown may."""
    if edited is None or reacted is None or (edited.tzinfo is None) != (reacted.tzinfo is None):
        return True
    return abs(edited - reacted) <= _LIKE_AN_EDIT


def _reply_target(message: Mapping[str, Any], chat: str, is_old: bool) -> str | None:
    """Return the id of the message that this one answers or (a notice) is about; of another chat's there is no record."""
    target = next(
        (found for name in _REPLY_FIELDS if name in message and (found := _native_id(message[name])) is not None), None
    )
    if target is None or _peer(message.get("reply_to_peer_id"), is_old) not in (None, chat):
        return None
    return target


_REPLY_FIELDS = ("reply_to_message_id", "message_id", "game_message_id", "invoice_message_id")


def _own_text(message: Mapping[str, Any]) -> object:
    text = message.get("text")
    return text if isinstance(text, str | list) else message.get("text_entities")


def _link(text: str, address: str) -> str:
    """Return a link's text, and its address where that says something else."""
    if not address or _bare_address(text) == _bare_address(address):
        return text
    return f"{text} ({address})" if text else address


def _bare_address(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("http://").removesuffix("/")


def _attachments(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the base names of a message's files; of one that the app did not save, the name it was sent under."""
    photo, file = (_string(message.get(name)) for name in ("photo", "file"))
    if file.endswith(_NO_FILE):
        file = _string(message.get("file_name"))
    names = (path.rpartition("/")[2] for path in (photo, file) if not path.endswith(_NO_FILE))
    return tuple(name for name in names if name not in ("", ".", ".."))


def _votes(answer: Mapping[str, Any]) -> str:
    """Return the number of votes as WhatsApp writes it."""
    votes = _integer(answer.get("voters"))
    return "" if votes is None or votes < 0 else f" ({votes} vote{'' if votes == 1 else 's'})"


def _dice(value: object) -> str:
    """Return the emoji and the value of a throw, as far as they are told."""
    told = value if isinstance(value, dict) else {"value": value}
    emoji = _string(told.get("emoji")) or _string(told.get("emoticon")) or "🎲"
    number = _integer(told.get("value"))
    return emoji if number is None else f"{emoji} {number}"


def _place(message: Mapping[str, Any]) -> list[str]:
    point = message.get("location_information")
    live = "Live location" if "live_location_period_seconds" in message else ""
    degrees = [point.get(name) for name in ("latitude", "longitude")] if isinstance(point, dict) else []
    is_known = bool(degrees) and all(isinstance(degree, int | float) and abs(degree) <= 180 for degree in degrees)
    coordinates = f"{degrees[0]}, {degrees[1]}" if is_known else ""
    return [live, _string(message.get("place_name")), _string(message.get("address")), coordinates]


def _contact(contact: Mapping[str, Any]) -> list[str]:
    name = f"{_string(contact.get('first_name'))} {_string(contact.get('last_name'))}"
    return [name.strip(), _string(contact.get("phone_number"))]


def _offer(message: Mapping[str, Any]) -> list[str]:
    """Return the lines of a game, an invoice or a giveaway."""
    if "game_title" in message:
        return [_string(message.get(name)) for name in ("game_title", "game_description", "game_link")]
    if "invoice_information" in message:
        return _invoice(message["invoice_information"])
    prize = message.get("giveaway_information", message.get("giveaway_results"))
    if not isinstance(prize, dict):
        return []
    heading = "Giveaway" if "giveaway_information" in message else "Results of a giveaway"
    return [heading, _string(prize.get("additional_prize"))]


def _invoice(value: object) -> list[str]:
    """Return title and description of an invoice, which the app writes as a JSON document inside a string."""
    invoice = value
    if isinstance(value, str):
        try:
            invoice = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return [_clean(value)]
    return [_string(invoice.get(name)) for name in ("title", "description")] if isinstance(invoice, dict) else []


# --- Notices -------------------------------------------------------------------------------------------------------------

_NOTICES = {
    "create_group": "{actor} created the group{title}{with_members}",
    "create_channel": "{actor} created the channel{title}",
    "edit_group_title": "{actor} changed the title to{title}",
    "edit_group_photo": "{actor} changed the photo",
    "delete_group_photo": "{actor} removed the photo",
    "invite_members": "{actor} invited {members}",
    "remove_members": "{actor} removed {members}",
    "join_group_by_link": "{actor} joined by a link{inviter}",
    "join_group_by_request": "{actor} joined by request",
    "migrate_to_supergroup": "{actor} turned the group into a supergroup",
    "migrate_from_group": "{actor} made this supergroup of the group{title}",
    "pin_message": "{actor} pinned a message",
    "clear_history": "{actor} cleared the history",
    "score_in_game": "{actor} scored {score} in a game",
    "send_payment": "A payment was sent",
    "refunded_payment": "A payment was refunded",
    "take_screenshot": "{actor} took a screenshot",
    "attach_menu_bot_allowed": "The bot may send messages",
    "web_app_bot_allowed": "The bot may send messages",
    "allow_sending_messages": "The bot may send messages",
    "send_passport_values": "Documents were sent",
    "joined_telegram": "{actor} joined Telegram",
    "proximity_reached": "{from} is now within {distance} m of {to}",
    "requested_phone_number": "{actor} asked for the phone number",
    "invite_to_group_call": "{actor} invited {members} to the group call",
    "group_call_scheduled": "{actor} scheduled a group call{scheduled}",
    "set_messages_ttl": "{actor} set messages to delete themselves{period}",
    "edit_chat_theme": "{actor} changed the theme{emoticon}",
    "set_chat_wallpaper": "{actor} set a new background",
    "set_same_chat_wallpaper": "{actor} set the same background",
    "send_premium_gift": "{actor} gave Telegram Premium",
    "send_stars_gift": "{actor} gave Telegram Stars",
    "send_ton_gift": "{actor} gave TON",
    "send_star_gift": "{actor} sent a gift",
    "topic_created": "{actor} created the topic{title}",
    "topic_edit": "{actor} changed the topic{title}",
    "suggest_profile_photo": "{actor} suggested a profile photo",
    "boost_apply": "{actor} boosted the group",
    "giveaway_launch": "A giveaway was started",
    "giveaway_results": "The winners of a giveaway were selected",
    "gift_code_prize": "Telegram Premium was given",
    "stars_prize": "Telegram Stars were won",
    "todo_completions": "{actor} changed what is done in a to-do list",
    "todo_append_tasks": "{actor} added tasks to a to-do list",
}
"""English for the actions of notices; others are told in the words of the export."""
_CALLS = ("phone_call", "conference_call", "group_call")
_MEMBER_NOTICES = {"invite_members": "{actor} joined", "remove_members": "{actor} left"}
"""What it means when somebody does so with themselves."""


def _notice(message: dict[str, Any], text: str, mentions: tuple[str, ...], people: _People, is_old: bool) -> _Content:
    action = _string(message.get("action"))
    actor = people.author(message, "actor", is_old)
    if action in _CALLS:
        return _Content(actor, "call", _lines(_call(action, message), text), mentions=mentions)
    words = _words(message, people)
    sentence = _NOTICES.get(action) or _untold(action, _string(message.get("information_text")))
    if action in _MEMBER_NOTICES and message.get("members") == [message.get("actor")]:
        sentence = _MEMBER_NOTICES[action]
    told = sentence.format_map(words)
    return _Content(None, "system", _lines(told, text), mentions=mentions, opens_topic=action == "topic_created")


def _words(message: dict[str, Any], people: _People) -> dict[str, str]:
    """Return what the sentences of ``_NOTICES`` are filled with; names are noted."""
    listed = message.get("members")
    members = ", ".join(_named(name, people) for name in listed) if isinstance(listed, list) else ""
    title = _string(message.get("title")) or _string(message.get("new_title"))
    moment, period = _instant(message.get("schedule_date")), _integer(message.get("period"))
    return {
        "actor": _string(message.get("actor")) or "Deleted Account",
        "members": members or "somebody",
        "with_members": f" with {members}" if members else "",
        "inviter": f" from {_named(message['inviter'], people)}" if "inviter" in message else "",
        "title": f" “{title}”" if title else "",
        "from": _named(message.get("from"), people),
        "to": _named(message.get("to"), people),
        "distance": str(_integer(message.get("distance")) or 0),
        "score": str(_integer(message.get("score")) or 0),
        "scheduled": f" for {moment:%Y-%m-%d %H:%M} UTC" if moment else "",
        "emoticon": f" to {_string(message['emoticon'])}" if "emoticon" in message else "",
        "period": f" after {period} seconds" if period else " no more",
        "action": _string(message.get("action")).replace("_", " "),
        "information": _string(message.get("information_text")),
    }


def _named(value: object, people: _People) -> str:
    name = _string(value)
    if not name:
        return "Deleted Account"
    people.named(name)
    return name


def _untold(action: str, information: str) -> str:
    if information:
        return "{information}"
    return "{actor}: {action}{title}" if action else "A notice without words"


def _call(action: str, message: Mapping[str, Any]) -> str:
    what = "call" if action == "phone_call" else "group call"
    if message.get("discard_reason") == "missed" or message.get("is_missed") is True:
        return f"Missed {what}"
    if message.get("discard_reason") == "busy":
        return f"Declined {what}"
    seconds = _integer(message.get("duration_seconds")) or _integer(message.get("duration"))
    return what.capitalize() + (f" ({seconds} seconds)" if seconds else "")


# --- Values of unknown kind ----------------------------------------------------------------------------------------------

_SURROGATE = re.compile("[\ud800-\udfff]")


def _clean(text: str) -> str:
    """Return a text that can be stored: half characters marked as lost, control characters as the space the app shows."""
    if text.isascii():
        return text
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace(_CONTROL, " ")


def _string(value: object) -> str:
    return _clean(value) if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63 else None


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _native_id(value: object) -> str | None:
    number = _integer(value)
    return (_string(value) or None) if number is None else str(number)


def _instant(value: object) -> datetime | None:
    """Return the instant of seconds since 1970, which the app writes as a string; ``None`` for what is no such time."""
    if isinstance(value, str):
        value = int(value) if len(value) < 20 and value.removeprefix("-").isdecimal() else None
    number = _integer(value)
    try:
        return None if number is None else _EPOCH + timedelta(seconds=number)
    except OverflowError:
        return None


def _clock(value: object) -> datetime | None:
    """Return a date with a time of day in ISO form; ``None`` for all else."""
    if not isinstance(value, str) or len(value) <= len("2020-01-01"):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
