"""Messenger and Instagram messages as Meta gives them out: "Download your information" in JSON, and encrypted chats.

Neither layout is documented by Meta. ``message_1.json`` … ``message_N.json`` lie in one folder per thread, the newest
messages in the first; texts are UTF-8 whose bytes were each written as one character (``\\u00c3\\u00a9`` for é). The
download of end-to-end encrypted chats has one file per thread and names of its own for the same fields.
"""

from __future__ import annotations

import io
import json
import re
from array import array
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_walk import BrokenJson, Value, walk
from egregora_assets.chat.formats.records import Reaction, Reading, Record, chat_of_file

_MESSAGES = ("messages", "*")
_LOOK_MEMBERS = 5
_PART = re.compile(r"(?:^|/)message(?:_(\d{1,9}))?\.json$")
_PAGE = re.compile(r"(?:^|/)messages/[^/]+/[^/]+/message_\d{1,9}\.html$")
_FOLDER_CLUES = {
    "your_instagram_activity": "instagram",
    "your_facebook_activity": "messenger",
    "your_activity_across_facebook": "messenger",
    "stickers_used": "messenger",
    "followers_and_following": "instagram",
}
_TOP_FOLDER_CLUES = {"instagram-": "instagram", "facebook-": "messenger"}
_ADDRESS_CLUES = {
    re.compile(rb'"uri"\s*:\s*"your_instagram_activity/'): "instagram",
    re.compile(rb'"uri"\s*:\s*"your_(?:facebook_activity|activity_across_facebook)/'): "messenger",
    re.compile(rb'"uri"\s*:\s*"[^"]{0,200}/stickers_used/'): "messenger",
}
_NAME_CLUES = {"instagram": "instagram", "facebook": "messenger", "messenger": "messenger"}
_SHARE_CLUES = {re.compile(rb'"(?:original_content_owner|profile_share_username)"\s*:'): "instagram"}
"""What Messenger has too, where somebody shares from Instagram: it tells only where nothing else does."""
_CLUE_BYTES, _CHUNK = 256 << 20, 1 << 20


class MetaMessages:
    """The exports of one of Meta's two messengers. Names are the only ids of people; a thread's folder is its id.

    Which of the two wrote an export is told by the names of folders, else by the addresses of media, else by the file's own
    name, else by fields of what is shared; Messenger where nothing tells. Never by what people wrote, nor by the newest
    messages alone: a thread that is downloaded again must not become another platform's.
    """

    exact_times = True

    def __init__(self, platform: str) -> None:
        self.platform = platform

    def recognises(self, export: Export) -> bool:
        """Return whether the export holds threads of this platform, in JSON or as web pages (which ``records`` refuses)."""
        heads = (export.head(member) for member in islice(_parts(export), _LOOK_MEMBERS))
        is_known = any(_is_thread(head) for head in heads) or _has_pages(export)
        return is_known and _platform_of(export) == self.platform

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages thread by thread, each from its oldest message on.

        Each file is put by as a whole, because its newest message stands first: in memory up to 32 MiB (Meta ends a file
        after 10,000 messages), above that on the disk. Raises ``ExportUnreadable`` where not one message can be read.
        """
        found = False
        for member in sorted(_parts(export), key=_place):
            for record in _messages_of(export, member, reading):
                found = True
                yield record
        if found:
            return
        if _has_pages(export):
            raise ExportUnreadable(
                f"{export.path.name} holds web pages: ask for your information again in the format JSON"
            )
        reasons = "; ".join(dict.fromkeys(piece.reason for piece in reading.quarantined[:3]))
        raise ExportUnreadable(
            f"{export.path.name} holds no message that can be read ({reasons or 'its threads are empty'})"
        )


FORMAT = MetaMessages("messenger")
INSTAGRAM = MetaMessages("instagram")


# --------------------------------------------------------------------------------------------------------------- files


def _parts(export: Export) -> Iterator[str]:
    """Yield the files that may hold messages: ``message_1.json`` and so on, else any JSON (the encrypted chats)."""
    if len(export.members) == 1:
        return iter(export.members)
    named = [member for member in export.members if _PART.search(member)]
    return iter(named) if named else (member for member in export.members if member.lower().endswith(".json"))


def _place(member: str) -> tuple[str, int, str]:
    """Return a file's place in the order of threads and time: the highest number of a folder is the oldest part."""
    found = _PART.search(member)
    return str(PurePosixPath(member).parent), -int(found[1] or 0) if found else 0, member


def _has_pages(export: Export) -> bool:
    return any(_PAGE.search(member) for member in export.members)


def _is_thread(head: bytes) -> bool:
    """Return whether a file begins as a thread does: by its first message, or by the fields of one without messages."""
    keys: set[str] = set()
    try:
        for value in walk(io.BytesIO(head), {_MESSAGES}):
            if value.path == _MESSAGES:
                return _is_message(value.value)
            keys.update(value.path)
    except BrokenJson:
        return False
    return "participants" in keys and ("thread_path" in keys or "threadName" in keys)


def _is_message(message: Any) -> bool:
    return isinstance(message, dict) and (
        ("sender_name" in message and "timestamp_ms" in message)
        or ("sender_name" in message and "timestamp" in message)
        or ("senderName" in message and "timestamp" in message)
    )


def _platform_of(export: Export) -> str:
    folders = [_folders_above_threads(member) for member in export.members]
    names = {name for above in folders for name in above}
    top = {above[0].lower() for above in folders if above}
    by_folder = (platform for name, platform in _FOLDER_CLUES.items() if name in names)
    by_top = (platform for start, platform in _TOP_FOLDER_CLUES.items() if any(name.startswith(start) for name in top))
    told = next(by_folder, None) or next(by_top, None)
    if told:
        return told
    by_address, by_share = _told_by_content(export)
    by_name = (platform for word, platform in _NAME_CLUES.items() if word in export.path.name.lower())
    return by_address or next(by_name, None) or by_share or "messenger"


def _folders_above_threads(member: str) -> tuple[str, ...]:
    """Return the folders of a file, but none below ``messages/inbox`` and the like: those have names that people choose."""
    folders = PurePosixPath(member).parts[:-1]
    return folders[: folders.index("messages") + 2] if "messages" in folders else folders


def _told_by_content(export: Export) -> tuple[str | None, str | None]:
    """Return the platform by addresses of media, and by what is shared, from the first 256 MiB of all threads."""
    left, by_share = _CLUE_BYTES, None
    for member in _parts(export):
        before = b""
        try:
            with export.open(member) as stream:
                while left > 0 and (chunk := stream.read(_CHUNK)):
                    piece, left = before + chunk, left - len(chunk)
                    by_address = _clue(_ADDRESS_CLUES, piece)
                    if by_address:
                        return by_address, None
                    by_share = by_share or _clue(_SHARE_CLUES, piece)
                    before = chunk[-300:]
        except ExportUnreadable:
            continue  # reading tells of the fault
    return None, by_share


def _clue(clues: dict[re.Pattern[bytes], str], piece: bytes) -> str | None:
    return next((platform for pattern, platform in clues.items() if pattern.search(piece)), None)


def _messages_of(export: Export, member: str, reading: Reading) -> Iterator[Record]:
    where = f"{member}: " if len(export.members) > 1 else ""
    with _Thread(member, where, reading) as thread:
        try:
            with export.open(member) as stream:
                for value in walk(stream, {_MESSAGES}):
                    thread.take(value)
        except BrokenJson as error:
            reason = f"{where}from here on the file is no JSON of messages ({error.problem})"
            reading.refuse(error.byte_offset, reason, error.raw)
        except ExportUnreadable as error:
            reading.refuse(0, str(error), b"")
        yield from thread.records()


class _Thread:
    """One file of a thread: what it says of the thread, and its messages, put by until the oldest has been read."""

    def __init__(self, member: str, where: str, reading: Reading) -> None:
        self._member, self._where, self._reading = member, where, reading
        self._fields: dict[str, Any] = {}
        self._spool = SpooledTemporaryFile(32 << 20)  # noqa: SIM115 - closed by __exit__
        self._times, self._places, self._offsets = array("q"), array("q"), array("q")

    def __enter__(self) -> _Thread:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def take(self, value: Value) -> None:
        """Put a message by, or note what is said of the thread."""
        if value.path == _MESSAGES:
            self._put_by(value)
        elif value.path in ((), ("messages",)):
            self._refuse(value, "this is no list of messages")
        elif value.path[0] in ("title", "thread_path", "threadName", "participants"):
            self._fields[value.path[0]] = value.value

    def _put_by(self, value: Value) -> None:
        milliseconds = _milliseconds(value.value) if isinstance(value.value, dict) else None
        if milliseconds is None:
            self._refuse(value, "a message without a possible time")
            return
        try:
            line = json.dumps(value.value).encode()
        except RecursionError:
            self._refuse(value, "a message that is nested too deeply")
            return
        self._times.append(milliseconds)
        self._places.append(self._spool.tell())
        self._offsets.append(value.byte_offset)
        self._spool.write(line + b"\n")

    def records(self) -> Iterator[Record]:
        """Yield the messages, the oldest first; of two at the same moment the one that the export has as the older."""
        chat, names = self._chat(), frozenset(_participants(self._fields.get("participants")))
        self._reading.chats.setdefault(chat, self._title(names) or chat)
        count = len(self._times)
        is_newest_first = count > 0 and self._times[0] >= self._times[-1]
        for number in sorted(range(count)[:: -1 if is_newest_first else 1], key=self._times.__getitem__):
            self._spool.seek(self._places[number])
            message = json.loads(self._spool.readline())
            yield _record(message, chat, self._times[number], self._offsets[number], names, self._reading)

    def _chat(self) -> str:
        path, name = _text(self._fields.get("thread_path")), _text(self._fields.get("threadName"))
        folder = PurePosixPath(self._member).parent.name if _PART.search(self._member) else ""
        return PurePosixPath(path).name or name or folder or chat_of_file(self._member)

    def _title(self, names: Collection[str]) -> str:
        """Return the thread's title; the encrypted download puts a number behind it (``Ana Silva_12``)."""
        title = _text(self._fields.get("title")) or _NUMBER.sub("", _text(self._fields.get("threadName")))
        return title or ", ".join(sorted(names))

    def _refuse(self, value: Value, reason: str) -> None:
        try:
            raw = repr(value.value)[:4096].encode(errors="replace")
        except RecursionError:
            raw = b""
        self._reading.refuse(value.byte_offset, self._where + reason, raw)


_NUMBER = re.compile(r"_\d{1,9}$")


# ------------------------------------------------------------------------------------------------------------ messages

_FILES = ("photos", "videos", "audio_files", "files", "gifs", "media")
_HOLDING_FILES = frozenset((*_FILES, "sticker"))
_ENVELOPE = frozenset(
    "sender_name senderName sender_id_INTERNAL timestamp timestamp_ms type ip reactions content text media is_unsent isUnsent "
    "is_taken_down is_geoblocked_for_viewer is_unsent_image_by_messenger_kid_parent bumped_message_metadata".split()
)
"""The fields that every message has or that say nothing of what it holds."""


def _record(
    message: dict[str, Any], chat: str, milliseconds: int, offset: int, names: Collection[str], reading: Reading
) -> Record:
    sender = _text(message.get("sender_name", message.get("senderName"))).strip()
    written = _text(message.get("content", message.get("text"))).strip()
    attachments, links = ((), []) if message.keys().isdisjoint(_HOLDING_FILES) else _attachments(message)
    kind = _kind(message, sender, written, has_files=bool(attachments))
    if kind == "deleted":
        text, quote, attachments = "", "", ()
    else:
        text, quote = _rendered(message, sender, written, links, kind), _repeated(message, written, kind)
    mentions = _mentioned(text, names, reading) if kind != "system" else ()
    for name in (sender, *mentions, *_participants(message.get("users"))):
        if name:
            reading.name(name, name)
    return Record(
        chat=chat,
        native_id=None,
        author=sender or None,
        kind=kind,
        text=text,
        sent_at=_EPOCH + timedelta(milliseconds=milliseconds),
        byte_offset=offset,
        quote=quote,
        attachments=attachments,
        mentions=mentions,
        reactions=tuple(_reactions(message.get("reactions"), reading)),
    )


def _kind(message: dict[str, Any], sender: str, written: str, has_files: bool) -> str:
    """Return the kind of a message: by its fields, else by the words that Meta writes in English accounts."""
    if message.get("is_unsent", message.get("isUnsent")) is True:
        return "deleted"
    if message.get("type") in ("Subscribe", "Unsubscribe"):
        return "system"
    if message.get("type") == "Call" or "call_duration" in message or message.get("missed") is True:
        return "call"
    if isinstance(message.get("sticker"), dict):
        return "sticker"
    if has_files or (message.keys() & _HOLDING_FILES and any(message.get(key) for key in _FILES)):
        return "media"
    if isinstance(message.get("poll"), dict):
        return "poll"
    return _kind_of_words(message, sender, written)


def _kind_of_words(message: dict[str, Any], sender: str, written: str) -> str:
    if not written and not message.get("share"):
        if _bumped(message):
            return "text"
        return "deleted" if message.keys() <= _ENVELOPE else "media"
    if message.get("type") == "placeholder":
        return "system"
    if len(written) > _LONGEST_NOTICE:
        return "text"
    about = _after_name(written, sender)
    for kind, of_sender, by_itself in _SENTENCES:
        if (about and of_sender.fullmatch(about)) or by_itself.fullmatch(written):
            return kind
    if _MAP.match(_share(message, "link")):
        return "location"
    return "media" if about and _PLACEHOLDER_OF.fullmatch(about) and not message.get("share") else "text"


def _after_name(written: str, sender: str) -> str:
    """Return what a sentence says after its sender's name (or "You"), as a notice begins; empty if it begins otherwise."""
    for name in (sender, sender.partition(" ")[0], "You"):
        if name and written.startswith(f"{name} "):
            return written[len(name) + 1 :]
    return ""


def _rendered(message: dict[str, Any], sender: str, written: str, links: list[str], kind: str) -> str:
    """Return what the message shows: its words, addresses, a poll's options; not the words that Meta puts for a file.

    The text of what is shared is that of a post's author, except for a location, where Meta writes it for the sender.
    """
    about = _after_name(written, sender) if len(written) <= _LONGEST_NOTICE else ""
    lines = [] if about and _PLACEHOLDER_OF.fullmatch(about) else [written]
    if written and not links and message.keys() <= _ENVELOPE:
        return "".join(lines)
    if not written:
        lines.append(_membership(message, sender))
    shared = [_share(message, "link"), _share(message, "profile_share_username")]
    if kind == "location" and not any(shared) and not _share(message, "original_content_owner"):
        shared.append(_share(message, "share_text"))
    lines += [piece for piece in (*shared, *links) if piece not in written]
    return "\n".join(line for line in (*lines, *_poll(message.get("poll"))) if line)


def _repeated(message: dict[str, Any], written: str, kind: str) -> str:
    """Return the words of others that Meta repeats: of an older message that is brought up again, of a shared post."""
    pieces = (_bumped(message), _share(message, "share_text") if kind != "location" else "")
    return "\n".join(piece for piece in pieces if piece and piece not in written)


def _share(message: dict[str, Any], key: str) -> str:
    share = message.get("share")
    return _text(share.get(key)).strip() if isinstance(share, dict) else ""


def _bumped(message: dict[str, Any]) -> str:
    """Return the text of an older message that this one only brings up again."""
    bumped = message.get("bumped_message_metadata")
    return _text(bumped.get("bumped_message")) if isinstance(bumped, dict) else ""


def _membership(message: dict[str, Any], sender: str) -> str:
    """Return the sentence for people who come or go, where the export leaves it out."""
    people = _participants(message.get("users"))
    if not people or message.get("type") not in ("Subscribe", "Unsubscribe"):
        return ""
    if message["type"] == "Subscribe":
        return f"{sender} added {', '.join(people)} to the group."
    return (
        f"{sender} left the group." if people == [sender] else f"{sender} removed {', '.join(people)} from the group."
    )


def _poll(poll: Any) -> Iterator[str]:
    """Yield the question of a poll, then each option with the number of its voters."""
    if not isinstance(poll, dict):
        return
    yield _text(poll.get("question"))
    for option in _dicts(poll.get("options")):
        voters = option.get("voters", option.get("votes"))
        count = f" ({len(voters)})" if isinstance(voters, list) else ""
        yield f"{_text(option.get('text', option.get('option')))}{count}".strip()


def _attachments(message: dict[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """Return the names of the files in the export, and the addresses of what is not in it.

    The encrypted download says ``Failed to download media`` in place of a name.
    """
    items = [item for key in _FILES for item in _dicts(message.get(key))] + _dicts([message.get("sticker")])
    addresses = list(dict.fromkeys(_text(item.get("uri")) for item in items))
    files = (PurePosixPath(uri).name for uri in addresses if "/" in uri and not uri.startswith(_WEB))
    return tuple(name for name in files if name), [uri for uri in addresses if uri.startswith(_WEB)]


def _reactions(reactions: Any, reading: Reading) -> Iterator[Reaction]:
    for reaction in _dicts(reactions):
        emoji, actor = _text(reaction.get("reaction")), _text(reaction.get("actor")).strip()
        if emoji:
            yield Reaction(emoji, reading.name(actor, actor) if actor else None)


def _mentioned(text: str, names: Collection[str], reading: Reading) -> tuple[str, ...]:
    """Return the people whose whole names stand after an @; no field says who is mentioned."""
    found: list[str] = []
    place = -1
    for _ in range(_MOST_MENTIONS):
        place = text.find("@", place + 1)
        if place < 0:
            break
        words = text[place + 1 : place + 1 + _LONGEST_NAME]
        ends = (end for end in range(len(words), 0, -1) if end == len(words) or not words[end].isalnum())
        name = next((words[:end] for end in ends if words[:end] in names or words[:end] in reading.people), None)
        found += [name] if name else []
    return tuple(dict.fromkeys(found))


_MOST_MENTIONS, _LONGEST_NAME = 200, 80
"""Bounds on the search in one text: a message to a whole group has fewer, a text of nothing but @ has more."""
_WEB = ("http://", "https://")

_LONGEST_NOTICE = 400
_REACTION = r"eacted .{1,40} to (?:your|a|.{1,60}[’']s) message|eagiu com .{1,40} à (?:sua|tua) mensagem"
_SENTENCES = (
    ("deleted", re.compile(r"unsent a message\.?"), re.compile(r"(?!)")),
    (
        "system",
        re.compile(
            r"(?:named (?:the|this) group(?: .{1,200})?|(?:created|left|joined) (?:the|this) group|removed the group name"
            r"|changed the (?:group photo|group name|chat theme|theme)(?: to .{1,100})?"
            r"|set (?:the|your|his|her|their|its)(?: own)? (?:emoji|quick reaction|nickname|theme|group photo)\b.{0,250}"
            r"|cleared .{0,100}nickname.{0,100}|(?:added|removed) .{1,200} (?:(?:to|from) the group|as an? (?:group )?admin)"
            r"|made .{1,100} an? (?:group )?admin|(?:un)?pinned a message|turned (?:on|off) disappearing messages.{0,100}"
            r"|waved at .{1,100}|(?:voted for|changed (?:your|his|her|their) vote|removed (?:your|his|her|their) vote)"
            rf" .{{1,250}} in the poll.{{0,250}})\.|r(?:{_REACTION})|liked a message"
        ),
        re.compile(
            rf"[Rr](?:{_REACTION})|Liked a message|Curtiu uma mensagem"
            r"|You are now connected on Messenger\.?|You can now (?:message and )?call each other.{0,200}"
            r"|You[’']re now friends with .{1,100}|Say hi to your new Facebook friend, .{1,100}|A contact left the group\."
            r"|Messages and calls are (?:secured|protected) with end-to-end encryption.{0,200}"
            r"|This poll is no longer available\."
        ),
    ),
    (
        "call",
        re.compile(
            r"(?:started|joined|left|ended) (?:an?|the) (?:audio |video |voice |group )?(?:call|chat)\.?"
            r"|missed (?:a|your) (?:audio |video |voice )?(?:call|chat)(?: from .{1,100})?\.?|started sharing video\."
        ),
        re.compile(r"(?:The )?(?:(?:[Aa]udio|[Vv]ideo|[Vv]oice) )?(?:[Cc]all|[Cc]hat) ended\.?"),
    ),
    ("poll", re.compile(r"created a poll: .{1,300}", re.DOTALL), re.compile(r"(?!)")),
    (
        "location",
        re.compile(r"(?:sent|shared|is sharing|started sharing) (?:an? |your |his |her |their )?(?:live )?location\.?"),
        re.compile(r"(?!)"),
    ),
)
"""What Meta writes by itself: the kind, the words after the sender's name (or "You"), and the sentences without a name."""
_PLACEHOLDER_OF = re.compile(
    r"(?:sent|shared) (?:an? (?:attachment|photo|video|GIF|sticker|link|voice message|file|reel|post|story)|\d{1,4} photos)\."
)
_MAP = re.compile(
    r"https?://(?:maps\.google\.|(?:www\.)?google\.[a-z.]{2,6}/maps|(?:www\.)?bing\.com/maps|maps\.apple\.com)"
)


# -------------------------------------------------------------------------------------------------------------- values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = int((datetime.max.replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1000) - 1
_EARLIEST = int((datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds() * 1000)
_LATEST_IN_SECONDS = 100_000_000_000
"""``timestamp`` was in seconds until 2018 and is in milliseconds in encrypted chats: as seconds this is the year 5138."""


def _milliseconds(message: dict[str, Any]) -> int | None:
    """Return when a message was sent, in milliseconds since 1970; ``None`` where that is no time that a calendar has."""
    time = message.get("timestamp_ms", message.get("timestamp"))
    if isinstance(time, bool) or not isinstance(time, int | float) or not _EARLIEST <= time <= _LATEST:
        return None
    is_in_seconds = "timestamp_ms" not in message and time < _LATEST_IN_SECONDS
    milliseconds = int(time * 1000) if is_in_seconds else int(time)
    return milliseconds if milliseconds >= _EARLIEST else None


def _text(value: Any) -> str:
    """Return a text as it was written; anything but a text is empty.

    A text that is UTF-8 read as Latin-1 from its first to its last character is put right, any other stays as it is.
    Half a surrogate pair, which no file can hold, becomes U+FFFD; NULs are removed.
    """
    if not isinstance(value, str):
        return ""
    text = value.replace("\0", "")
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _participants(value: Any) -> list[str]:
    """Return the names in a list of people: objects with a name, or (in encrypted chats) the names themselves."""
    people = value if isinstance(value, list) else []
    names = (_text(person.get("name") if isinstance(person, dict) else person).strip() for person in people)
    return [name for name in names if name]
