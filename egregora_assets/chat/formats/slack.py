"""Slack workspace exports: a ZIP or folder with lists of people and channels, and a folder of day files for each channel.

Sources: Slack's "How to read Slack data exports" and docs.slack.dev (message events, formatting of text, Block Kit).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_values import as_bytes, as_list, as_object, as_text
from egregora_assets.chat.formats.json_walk import BrokenJson, Value, walk
from egregora_assets.chat.formats.markup import without_slack_marks
from egregora_assets.chat.formats.records import ChatFormat, Reaction, Reading, Record, Version

Object = dict[str, Any]
"""A decoded JSON object; nothing is known of the types of its values."""
_Place = tuple[str, str, datetime, int]
"""Where a message stands: chat, native id, time, byte offset in its day file."""

_USER_LISTS = ("users.json", "org_users.json")
_CHANNEL_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json", "file_conversations.json")
_DAY_FILE = re.compile(r"\d{4}-\d\d-\d\d[^/]*\.json", re.ASCII)
_UPLOADS, _ATTACHMENTS = "__uploads", "attachments"
"""Where slackdump keeps the files of messages: ``__uploads/<file id>/<name>`` or ``attachments/<file id>-<name>``."""
_MESSAGE = (re.compile(rb'"type"\s*:\s*"message"'), re.compile(rb'"ts"\s*:\s*"?\d{9,11}\.\d'))
_LISTED = (re.compile(rb'"id"\s*:\s*"[UWBCGD][A-Z0-9]{5,}"'),)

_CHANGES = {"message_changed", "message_deleted", "message_replied"}
_DELETIONS = {"tombstone", "message_deleted"}
_CALLS = {"huddle_thread", "sh_room_created", "sh_room_shared"}
_NOTICES = set(
    "pinned_item unpinned_item bot_add bot_remove bot_enable bot_disable reminder_add joiner_notification "
    "joiner_notification_for_inviter app_conversation_join app_conversation_leave tabbed_canvas_updated "
    "ekm_access_denied".split()
)
_NOTICES_BEGIN = ("channel_", "group_")
_ABOUT_FILES = {"file_comment", "file_mention"}
"""Subtypes of messages that speak of a file which another message brought."""
_PLACEHOLDER = "This content can't be displayed."
"""What Slack writes for the text of a message that has blocks only."""
_SHARES = ("is_share", "is_msg_unfurl", "is_reply_unfurl", "is_thread_root_unfurl", "message_blocks", "author_id")
"""What only those attachments have that repeat a message of the workspace; previews of web pages have none of it."""
_PERMALINK = re.compile(r"https?://[\w.-]{1,200}\.slack(?:-gov)?\.com/(?:archives|files)/", re.ASCII)
_SLACKBOT = "USLACKBOT"

_MARKUP = re.compile(r"<([^<>]*)>|&(amp|lt|gt);")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:")
_INLINE = {
    "text": "text",
    "raw_text": "text",
    "message_mention": "text",
    "date": "fallback",
    "color": "value",
}
"""Elements of rich text that only hold text, and where."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PEOPLE = 1 << 31


class SlackFormat:
    """A workspace export of Slack, or one that slackdump wrote in the same layout. One chat is one channel or conversation.

    ``native_id`` is the message's ``ts``, seconds since 1970 with six decimals, which is also its time to the microsecond.
    A message that somebody shares is the ``quote`` of the one it is shared with, unless both are by the same person.
    """

    platform = "slack"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether the first day files hold messages of Slack, or else the lists say that it is an export of Slack."""
        layout = _Layout.of(export)
        days = [members[0] for members in list(layout.folders.values())[:3]]
        if any(_is_array_with(_MESSAGE, export.head(day)) for day in days):
            return True
        lists = [layout.lists(export, names)[:1] for names in (_USER_LISTS, _CHANNEL_LISTS)]
        return all(found and _is_array_with(_LISTED, export.head(found[0])) for found in lists)

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the messages, chat by chat in the order of the lists, then by day; an edit or deletion that the export tells
        of in a message of its own as one more version of the message that it changes.

        Raises ``ExportUnreadable`` when there is no day file, or none that can be read.
        """
        layout = _Layout.of(export)
        if not layout.folders:
            raise ExportUnreadable(
                f"{export.path.name} is a Slack export without messages: export again with a longer range of dates"
            )
        workspace = _Workspace(reading)
        workspace.read_lists(export, layout)
        refused, any_read = len(reading.quarantined), False
        for chat, days in workspace.chats(layout).items():
            seen: set[str] = set()
            for member in days:
                for value in _elements(export, member, reading):
                    any_read = True
                    record = workspace.record(chat, value, seen)
                    if record is not None:
                        yield record
        if not any_read and len(reading.quarantined) > refused:
            problem = reading.quarantined[refused].reason
            raise ExportUnreadable(
                f"{export.path.name}: no message of this Slack export can be read ({problem}): export again"
            )


FORMAT: ChatFormat = SlackFormat()


def record_of_event(chat: str, event: Object, reading: Reading) -> Record | None:
    """Return what one ``message`` event of the Events API tells, as an export would; ``None`` where it has no time."""
    return _Workspace(reading).record(chat, Value(("*",), event, 0), set())


def _is_array_with(marks: tuple[re.Pattern[bytes], ...], head: bytes) -> bool:
    is_array = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    return is_array and all(mark.search(head) for mark in marks)


@dataclass(frozen=True)
class _Layout:
    """Where things are in an export: the day files of each folder in the order of their names, and the folders above."""

    folders: dict[str, list[str]]
    above: frozenset[str]

    @classmethod
    def of(cls, export: Export) -> _Layout:
        folders: dict[str, list[str]] = {}
        for member in export.members:
            path = PurePosixPath(member)
            is_day = len(path.parts) > 1 and _DAY_FILE.fullmatch(path.name) is not None
            if is_day and _UPLOADS not in path.parts:
                folders.setdefault(str(path.parent), []).append(member)
        above = frozenset(str(parent) for folder in folders for parent in PurePosixPath(folder).parents)
        return cls({folder: sorted(folders[folder]) for folder in sorted(folders)}, above)

    def lists(self, export: Export, names: tuple[str, ...]) -> list[str]:
        """Return the members of these names in the order of ``names``; none that some message brought as a file."""
        found = [member for name in names for member in export.named(name)]
        return [member for member in found if not self.above or str(PurePosixPath(member).parent) in self.above]


def _elements(export: Export, member: str, reading: Reading) -> Iterator[Value]:
    """Yield the elements of a file that is one array; what is wrong with the file goes to the quarantine."""
    name = as_text(member)
    try:
        with export.open(member) as stream:
            for value in walk(stream, {("*",)}):
                if value.path == ("*",):
                    yield value
                elif value.value is not None:
                    reading.refuse(
                        value.byte_offset, f"{name} is no list of messages, people or channels", as_bytes(value.value)
                    )
                    return
    except BrokenJson as broken:
        reading.refuse(broken.byte_offset, f"{name}: {broken.problem}", broken.raw)
    except ExportUnreadable as error:
        reading.refuse(0, as_text(str(error)), b"")


class _Workspace:
    """The people and channels of an export, and how its messages become records."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._people: dict[str, list[str]] = {_SLACKBOT: ["Slackbot"]}
        self._channels: dict[str, Object] = {}
        self._stored: dict[str, str] = {}

    def read_lists(self, export: Export, layout: _Layout) -> None:
        """Note what an export tells of people, channels and files."""
        self._stored = _stored_files(export)
        for member in layout.lists(export, _USER_LISTS):
            for entry in self._entries(export, member):
                self._people[as_text(entry["id"])] = _names(entry)
        for member in layout.lists(export, _CHANNEL_LISTS):
            for entry in self._entries(export, member):
                self._channels.setdefault(as_text(entry["id"]), entry)

    def _entries(self, export: Export, member: str) -> Iterator[Object]:
        for value in _elements(export, member, self._reading):
            if as_text(as_object(value.value).get("id")):
                yield value.value
            else:
                self._reading.refuse(value.byte_offset, f"{as_text(member)}: an entry has no id", as_bytes(value.value))

    def chats(self, layout: _Layout) -> dict[str, list[str]]:
        """Return the day files of each chat, in order, and note the chats' titles.

        The folder of a channel has its name or its id; a folder that no list knows is a chat by its own name.
        """
        named = {as_text(entry.get("name")): identity for identity, entry in reversed(self._channels.items())}
        place = {identity: number for number, identity in enumerate(self._channels)}
        days: dict[str, list[str]] = {}
        for folder, members in layout.folders.items():
            name = as_text(_with_utf8(PurePosixPath(folder).name))
            chat = name if name in self._channels else named.get(name, name)
            days.setdefault(chat, []).extend(members)
        chats = sorted(days, key=lambda chat: place.get(chat, len(place)))
        self._reading.chats.update({chat: self._title(chat) for chat in chats})
        return {chat: sorted(days[chat], key=lambda day: PurePosixPath(day).name) for chat in chats}

    def _title(self, chat: str) -> str:
        """Return the name of a channel, or the names of those who are in a conversation without one."""
        entry = self._channels.get(chat, {})
        name = as_text(entry.get("name"))
        if name and not name.startswith("mpdm-"):
            return name
        members = [member for member in map(as_text, as_list(entry.get("members"))) if member]
        return ", ".join(dict.fromkeys(self._display(self._noted(member)) for member in members)) or name or chat

    def record(self, chat: str, value: Value, seen: set[str]) -> Record | None:
        """Return the record of an element of a day file; ``None`` when it is refused or is a message ``seen`` before.

        Messages of threads may stand in an export twice. What tells of a change is always one more version.
        """
        event = as_object(value.value)
        subtype = as_text(event.get("subtype"))
        body, changed_at = _told_by(event, subtype)
        moment = _moment(body.get("ts"))
        if moment is None:
            self._reading.refuse(
                value.byte_offset, "a message has no time (ts), or none that can be", as_bytes(value.value)
            )
            return None
        if moment[0] in seen and changed_at is None:
            return None
        seen.add(moment[0])
        place = (chat, moment[0], moment[1], value.byte_offset)
        if subtype in _DELETIONS:
            return self._deleted(place, body, changed_at)
        said = self._said(place, body, changed_at)
        return replace(said, versions=self._before(event, said.author)) if changed_at is not None else said

    def _before(self, event: Object, author: str | None) -> tuple[Version, ...]:
        """Return what the message said before a change, where what tells of the change has it."""
        before = as_object(event.get("previous_message")) or as_object(event.get("previous"))
        text = self._text(before, author, [])
        edited = _moment(as_object(before.get("edited")).get("ts"))
        return (Version(text, edited[1] if edited else None, _kind(before)),) if text else ()

    def _deleted(self, place: _Place, body: Object, deleted_at: datetime | None) -> Record:
        chat, native_id, sent_at, byte_offset = place
        thread = _thread(body, native_id)
        return Record(
            chat,
            native_id,
            self._author(body),
            "deleted",
            "",
            sent_at,
            byte_offset=byte_offset,
            reply_to=thread if thread != native_id else None,
            thread=thread,
            deleted_at=deleted_at,
        )

    def _said(self, place: _Place, body: Object, changed_at: datetime | None) -> Record:
        chat, native_id, sent_at, byte_offset = place
        author = self._author(body)
        mentions: list[str] = []
        text = self._text(body, author, mentions)
        kind = _kind(body)
        thread = _thread(body, native_id)
        edited = as_object(body.get("edited"))
        edited_moment = _moment(edited.get("ts"))
        return Record(
            chat,
            native_id,
            author,
            kind,
            text,
            sent_at,
            byte_offset=byte_offset,
            reply_to=thread if thread != native_id else None,
            thread=thread,
            edited_at=edited_moment[1] if edited_moment else changed_at,
            is_edited=bool(edited) or changed_at is not None,
            quote=self._quote(body, author),
            attachments=tuple(self._file_names(body)) if kind == "media" else (),
            mentions=tuple(dict.fromkeys(mentions)),
            reactions=tuple(self._reactions(body)),
        )

    def _author(self, body: Object) -> str | None:
        """Return who wrote a message and note the names: a person, else a bot by its id or, in old exports, its name."""
        user = as_text(body.get("user"))
        starter = as_text(as_object(body.get("room")).get("created_by"))
        if starter and user in ("", _SLACKBOT):
            user = starter
        user = user or as_text(as_object(body.get("comment")).get("user"))
        profile = as_object(body.get("user_profile"))
        if user and profile and user not in self._people:
            self._people[user] = _names(profile)
        bot_name = as_text(as_object(body.get("bot_profile")).get("name"))
        author = user or as_text(body.get("bot_id")) or as_text(body.get("username"))
        parent = as_text(body.get("parent_user_id"))
        if parent:
            self._noted(parent)
        return self._noted(author, as_text(body.get("username")), bot_name) if author else None

    def _noted(self, person: str, *names: str) -> str:
        """Note a person with the names that the export has for them, else with ``names``; return the person."""
        return self._reading.name(person, *(self._people.get(person) or names))

    def _display(self, person: str) -> str:
        return next(iter(self._people.get(person) or self._reading.people.get(person) or []), person)

    def _file_names(self, body: Object) -> Iterator[str]:
        """Yield the names of a message's files: the stored ones' where the export holds them (files deleted have none)."""
        for file in [as_object(body.get("file")), *map(as_object, as_list(body.get("files")))]:
            name = self._stored.get(as_text(file.get("id"))) or as_text(file.get("name"))
            if name:
                yield name

    def _reactions(self, body: Object) -> Iterator[Reaction]:
        for given in map(as_object, as_list(body.get("reactions"))):
            name, count = as_text(given.get("name")), given.get("count")
            users = dict.fromkeys(user for user in map(as_text, as_list(given.get("users"))) if user)
            if not name:
                continue
            for user in users:
                yield Reaction(f":{name}:", self._noted(user))
            # Of many people the export names the first ones only.
            if type(count) is int and len(users) < count < _MOST_PEOPLE:
                yield Reaction(f":{name}:", None, count - len(users))

    def _quote(self, body: Object, author: str | None) -> str:
        """Return the words of others that a message repeats. Whom they mention, the message itself does not."""
        shared = [part for part in map(as_object, as_list(body.get("attachments"))) if _is_of_another(part, author)]
        return "\n".join(filter(None, (self._attached_text(part, []) for part in shared)))

    def _text(self, body: Object, author: str | None, mentions: list[str]) -> str:
        """Return what a message says: its text, or without one its blocks and the attachments that it shows."""
        text = as_text(body.get("text"))
        if text and text != _PLACEHOLDER:
            return self._unescaped(text, mentions) if body.get("mrkdwn") is False else self._plain(text, mentions)
        shown = [self._block_text(body.get("blocks"), mentions)]
        attachments = map(as_object, as_list(body.get("attachments")))
        shown += [self._attached_text(part, mentions) for part in attachments if not _is_of_another(part, author)]
        return "\n".join(filter(None, shown)) or text

    def _attached_text(self, attachment: Object, mentions: list[str]) -> str:
        """Return what an attachment of a bot, or the preview of a link or shared message, says."""
        fields = map(as_object, as_list(attachment.get("fields")))
        parts = [attachment.get("pretext"), attachment.get("title"), attachment.get("text")]
        parts += [field.get(key) for field in fields for key in ("title", "value")]
        lines = [self._plain(as_text(part), mentions) for part in parts]
        lines.append(self._block_text(attachment.get("blocks"), mentions))
        shown = "\n".join(filter(None, lines)) or self._block_text(_shared_blocks(attachment), mentions)
        return shown or self._plain(as_text(attachment.get("fallback")), mentions)

    def _block_text(self, blocks: object, mentions: list[str]) -> str:
        """Return the text of Block Kit blocks, line by line. No recursion: they may be nested as deep as JSON can be."""
        pieces: list[str] = []
        waiting: list[object] = [as_list(blocks)]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                pieces.append(as_text(part))
            elif isinstance(part, list):
                waiting += reversed(part)
            elif isinstance(part, dict):
                waiting += reversed(self._block_parts(part, mentions))
        lines = [line.rstrip() for line in "".join(pieces).split("\n")]
        return "\n".join(filter(None, lines))

    def _block_parts(self, block: Object, mentions: list[str]) -> list[object]:
        """Return what a block or element shows, in order: text, and blocks and elements that are yet to be read."""
        kind = as_text(block.get("type"))
        if kind in ("mrkdwn", "plain_text"):
            text = as_text(block.get("text"))
            return [self._plain(text, mentions) if kind == "mrkdwn" else self._unescaped(text, mentions), "\n"]
        if kind in _INLINE:
            return [block.get(_INLINE[kind])]
        if kind == "user" and (person := as_text(block.get("user_id"))):
            return [self._mention(person, "", mentions)]
        if kind == "channel":
            return [self._channel(as_text(block.get("channel_id")), "")]
        if kind == "link":
            return [_link(as_text(block.get("url")), as_text(block.get("text")))]
        if kind == "emoji":
            return [f":{as_text(block.get('name'))}:"]
        if kind in ("broadcast", "usergroup"):
            return ["@", block.get("range"), block.get("usergroup_id")]
        if kind == "call":
            return [as_object(as_object(block.get("call")).get("v1")).get("name"), "\n"]
        holders = ("text", "fields", "label", "title", "elements", "rows")
        return [*(block.get(holder) for holder in holders), "\n"]

    def _plain(self, text: str, mentions: list[str]) -> str:
        """Return text without Slack's markup: of emphasis and code, of mentions and links, and its three escapes."""
        return self._unescaped(without_slack_marks(text), mentions)

    def _unescaped(self, text: str, mentions: list[str]) -> str:
        """Return text without Slack's markup of mentions and links and without its three escapes, in one pass."""
        if "<" not in text and "&" not in text:
            return text
        return _MARKUP.sub(lambda found: self._shown(found, mentions), text)

    def _shown(self, found: re.Match[str], mentions: list[str]) -> str:
        if found[2]:
            return _CHARACTERS[found[2]]
        inside = found[1]
        target, _, label = inside.partition("|")
        label = _unescaped(label)
        if inside.startswith("@") and len(target) > 1:
            return self._mention(target[1:], label, mentions)
        if inside.startswith("#") and len(target) > 1:
            return self._channel(target[1:], label)
        if inside.startswith("!") and len(target) > 1:
            return _special(target[1:], label)
        if _ADDRESS.match(target):
            return _link(_unescaped(target), label)
        return _unescaped(found[0])

    def _mention(self, person: str, label: str, mentions: list[str]) -> str:
        mentions.append(self._noted(person, label.removeprefix("@")))
        return f"@{self._display(person)}"

    def _channel(self, channel: str, label: str) -> str:
        name = as_text(self._channels.get(channel, {}).get("name"))
        return f"#{label.removeprefix('#') or name or channel}"


def _is_of_another(attachment: Object, author: str | None) -> bool:
    """Return whether an attachment repeats a message or file of the workspace, unless it is known to be the author's own."""
    is_shared = any(attachment.get(key) for key in _SHARES) or _PERMALINK.match(as_text(attachment.get("from_url")))
    return bool(is_shared) and (author is None or as_text(attachment.get("author_id")) != author)


def _shared_blocks(attachment: Object) -> list[object]:
    """Return the blocks of a shared message, each list of which stands in a ``message`` of its own."""
    parts = map(as_object, as_list(attachment.get("message_blocks")))
    return [as_object(part.get("message")).get("blocks") or part for part in parts]


def _special(target: str, label: str) -> str:
    """Return what ``<!target|label>`` shows: ``here``, ``subteam^S1``, ``date^1392734382^{date}``, …"""
    command, _, rest = target.partition("^")
    value = rest.partition("^")[0]
    if command == "date":
        return label or value
    return f"@{label.removeprefix('@') or value or command}"


def _link(address: str, label: str) -> str:
    """Return the address, after the words that stand for it where these are not the address itself."""
    address = address.removeprefix("mailto:").removeprefix("tel:")
    without_scheme = address.partition("://")[2]
    is_address = label.rstrip("/") in ("", address.rstrip("/"), without_scheme.rstrip("/"))
    return address if is_address else f"{label} ({address})"


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: _CHARACTERS[found[1]], text) if "&" in text else text


def _told_by(event: Object, subtype: str) -> tuple[Object, datetime | None]:
    """Return the message that an element of a day file is about, and when it was changed if the element tells of a change.

    Exports with logs of edits and deletions have the changes as elements of their own, ``ts`` being the change's time. The
    message itself is in ``message``, or its older version in ``previous`` or ``previous_message``; its time is there, in
    ``original_ts`` or in ``deleted_ts``.
    """
    if subtype not in _CHANGES:
        return event, None
    message = as_object(event.get("message"))
    before = as_object(event.get("previous_message")) or as_object(event.get("previous"))
    body = {**event, **before} if subtype == "message_deleted" else message or {**before, **event}
    told = _moment(event.get("ts"))
    sent = (event.get("deleted_ts"), event.get("original_ts"), message.get("ts"), before.get("ts"))
    about = next(filter(None, map(_moment, sent)), told)
    is_change = subtype != "message_replied" and told is not None and told != about
    return {**body, "ts": about[0] if about else None}, told[1] if told and is_change else None


def _thread(body: Object, native_id: str) -> str | None:
    """Return the id of the message that the thread hangs on; also on that message itself when somebody replied."""
    moment, replies = _moment(body.get("thread_ts")), body.get("reply_count")
    if moment is not None and moment[0] != native_id:
        return moment[0]
    has_replies = bool(as_list(body.get("replies"))) or (type(replies) is int and replies > 0)
    return native_id if has_replies or (moment is not None and replies is None) else None


def _kind(body: Object) -> str:
    subtype = as_text(body.get("subtype"))
    blocks = map(as_object, as_list(body.get("blocks")))
    if subtype in _CALLS or any(block.get("type") == "call" for block in blocks):
        return "call"
    if subtype in _NOTICES or subtype.startswith(_NOTICES_BEGIN):
        return "system"
    has_files = bool(as_list(body.get("files")) or as_object(body.get("file")))
    return "media" if has_files and subtype not in _ABOUT_FILES else "text"


def _moment(value: object) -> tuple[str, datetime] | None:
    """Return a ``ts`` as id and instant; ``None`` for what is none. No digit goes through a float unless it came as one."""
    if type(value) is int or isinstance(value, float):
        value = str(value) if isinstance(value, int) else f"{value:.6f}"
    if not isinstance(value, str) or not value.isascii():
        return None
    seconds, _, decimals = value.partition(".")
    if not seconds.isdigit() or len(seconds) > 12 or not (decimals.isdigit() or decimals == ""):
        return None
    try:
        return value, _EPOCH + timedelta(seconds=int(seconds), microseconds=int(decimals[:6].ljust(6, "0")))
    except OverflowError:
        return None


def _names(entry: Object) -> list[str]:
    """Return the names of a person in ``users.json`` or of a ``user_profile``, the one that Slack shows first."""
    profile = as_object(entry.get("profile")) or entry
    found = (profile.get("display_name"), profile.get("real_name"), entry.get("real_name"), entry.get("name"))
    return list(dict.fromkeys(filter(None, map(as_text, found))))


def _stored_files(export: Export) -> dict[str, str]:
    """Return the names of files that the export holds itself, by file id."""
    stored: dict[str, str] = {}
    for member in export.members:
        path = PurePosixPath(member)
        if _UPLOADS in path.parts[:-2]:
            stored[path.parts[-2]] = as_text(path.name)
        elif _ATTACHMENTS in path.parts[-2:-1]:
            stored[path.name.partition("-")[0]] = as_text(path.name)
    return stored


def _with_utf8(name: str) -> str:
    """Return a name as Slack meant it: its ZIPs have UTF-8 names but do not say so, and then they are read as CP437."""
    try:
        return name if name.isascii() else name.encode("cp437").decode()
    except UnicodeError:
        return name
