"""Matrix events → records: Element's "Export chat" as JSON, pages of ``/messages``, lists of events, one event a line.

Events: https://spec.matrix.org/latest/client-server-api/. Element's file: ``JSONExport.ts`` of
https://github.com/element-hq/element-web.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.json_values import as_bytes, as_list, as_object, as_text
from egregora_assets.chat.formats.json_walk import BrokenJson, Value, walk
from egregora_assets.chat.formats.records import Reaction, Reading, Record, Version, chat_of_file

_EVENTS: tuple[tuple[str, ...], ...] = (("messages", "*"), ("chunk", "*"), ("*",))
"""Where the events of a document stand: Element's export, a page of ``/messages``, a plain list."""
_STATE = ("state", "*")
"""A page of ``/messages`` gives the members that it speaks of here: names, but no messages."""
_ARRAYS = (*_EVENTS, _STATE)
_SUFFIXES = (".json", ".jsonl", ".ndjson")
_MAX_EVENT_BYTES = 1 << 20
"""The specification allows 65,536 bytes; decrypted and aggregated events are somewhat larger."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STRICT = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[\s\ufeff]*")
_PILL = re.compile(r"""<a href=["']https://matrix\.to/#/([^"'<>]{1,400})["'][^<>]{0,100}>([^<>]{1,300})</a>""")
"""A mention in ``formatted_body``: the person's id and the name as it stands in ``body``."""
_MOST_MARKED = 50
"""People of one message whose names are looked for in its text: the work stays linear."""

_POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start")
_POLL_ENDS = ("m.poll.end", "org.matrix.msc3381.poll.end")
_MESSAGE_TYPES = ("m.room.message", "m.sticker", "m.room.encrypted", *_POLLS)
_THREADS = ("m.thread", "io.element.thread")
_MEDIA = ("m.image", "m.file", "m.video", "m.audio")
_NOTICES = ("m.server_notice", "m.key.verification.request")
_CALLS = {
    "m.call.invite": "Started a call.",
    "m.call.hangup": "Ended the call.",
    "m.call.reject": "Declined the call.",
    "m.call.notify": "Started a call.",
    "m.rtc.notification": "Started a call.",
    "org.matrix.msc4075.call.notify": "Started a call.",
    "org.matrix.msc4075.rtc.notification": "Started a call.",
}
_NO_MESSAGES = (
    "m.reaction",
    "m.room.redaction",
    "m.poll.response",
    "org.matrix.msc3381.poll.response",
    "m.call.candidates",
    "m.call.answer",
    "m.call.select_answer",
    "m.call.negotiate",
    "m.call.asserted_identity",
    "m.call.sdp_stream_metadata_changed",
    "m.beacon",
    "org.matrix.msc3672.beacon",
)
"""What changes or carries other events, and is shown by no client as a message."""
_STATES = {
    "m.room.create": ("created the room", ""),
    "m.room.name": ("changed the room name", "name"),
    "m.room.topic": ("changed the topic", "topic"),
    "m.room.avatar": ("changed the room picture", ""),
    "m.room.encryption": ("turned on encryption", ""),
    "m.room.pinned_events": ("changed the pinned messages", ""),
    "m.room.tombstone": ("upgraded the room", "body"),
    "m.room.join_rules": ("changed who can join the room", "join_rule"),
    "m.room.guest_access": ("changed whether guests can join", "guest_access"),
    "m.room.history_visibility": ("changed who can read the history", "history_visibility"),
    "m.room.power_levels": ("changed the permissions", ""),
    "m.room.server_acl": ("changed which servers may take part", ""),
    "m.room.canonical_alias": ("changed the room address", "alias"),
    "m.room.third_party_invite": ("sent an invitation", "display_name"),
}
"""Of each kind of state: what its change is called, and the part of its content that says what to."""
_FORWARDS = ("m.forwarded", "org.matrix.msc4553.forwarded", "com.famedly.app.forwarded")
"""What says of a message that it was forwarded, and from whom: MSC2723 and MSC4553."""
_BRIDGED_FORWARD = "<tg-forward>"
"""What mautrix-telegram puts around what was forwarded; it says from whom in words only."""
_QUOTATION_ENDS = "</mx-reply>"
"""How the quotation before an answer ends in ``formatted_body``: only clients write it, nobody types it."""
_CANNOT_DECRYPT = "A message that could not be decrypted."


class _Unusable(ValueError):
    """An event that cannot become a record; the text says why."""


class MatrixFormat:
    """Chats are rooms. Each file is read twice: edits, reactions, deletions and names come after what they change."""

    platform = "matrix"
    exact_times = True

    def recognises(self, export: Export) -> bool:
        """Return whether a member begins as Element's export does, or with an event of a Matrix user."""
        return next(_documents(export), None) is not None

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield what a client shows of the events, files in the archive's order; memory holds the corrections only.

        An edit whose original is not in the export comes last, under the original's id. Raises ``ExportUnreadable``.
        """
        documents = list(_documents(export))
        corrections = _Corrections()
        for document in documents:
            for event, chat in _events(export, document, Reading()):
                corrections.note(event.value, chat, event.byte_offset)
        builder = _Builder(corrections, reading)
        for document in documents:
            for event, chat in _events(export, document, reading):
                if event.path != _STATE:
                    yield from _reported(builder, event, chat, reading)
        yield from builder.orphans()
        if reading.quarantined and not builder.has_event:
            raise ExportUnreadable(
                f"{export.path.name} is a Matrix export of which no event can be read "
                f"({reading.quarantined[0].reason}): export the room again"
            )


FORMAT = MatrixFormat()


def record_of_event(event: dict[str, Any], chat: str, names: Mapping[str, str], reading: Reading) -> Record | None:
    """Return what one event of a room says by itself, without what later events say of it.

    ``names`` are the names that people go by in the room. ``None`` for what changes or carries other events, and for what
    cannot be read, which goes to ``reading.quarantined``.
    """
    corrections = _Corrections(names={person: {name: 0} for person, name in names.items()})
    unsigned = {key: value for key, value in as_object(event.get("unsigned")).items() if key != "m.relations"}
    alone = {**event, "unsigned": unsigned}
    return next(_reported(_Builder(corrections, reading), Value(("*",), alone, 0), chat, reading), None)


def edited_event(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return what an edit makes of the message that it is about; ``None`` where the event is no edit that can be read."""
    edit = _edit(event, "", 0) if _is_edit(event) else None
    target = as_text(_relation(event).get("event_id"))
    return None if edit is None or not target else _as_original(target, edit)


def _reported(builder: _Builder, event: Value, chat: str, reading: Reading) -> Iterator[Record]:
    try:
        record = builder.record(event.value, chat, event.byte_offset)
    except _Unusable as problem:
        reading.refuse(event.byte_offset, str(problem), as_bytes(event.value))
        return
    if record:
        yield record


# Files


@dataclass(frozen=True, slots=True)
class _Document:
    """A member with events: one JSON document, or (``is_lines``) events one after another."""

    member: str
    is_lines: bool
    title: str


def _documents(export: Export) -> Iterator[_Document]:
    for member in export.members:
        name = PurePosixPath(member)
        # Synapse's export-data has its events in rooms/<room>/events.
        if len(export.members) == 1 or name.suffix.lower() in _SUFFIXES or name.name == "events":
            document = _document(member, export.head(member, 1 << 17))
            if document:
                yield document


def _document(member: str, head: bytes) -> _Document | None:
    """Look at the head of a member; it may end anywhere, so that what came before decides."""
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        return None
    found: dict[str, Any] = {}
    has_event = False
    try:
        for value in walk(io.BytesIO(head), _EVENTS):
            if value.path in _EVENTS:
                has_event = _is_event(value.value)
                if has_event:
                    break
            elif value.path:
                found[value.path[0]] = value.value
    except BrokenJson:
        pass
    if has_event or {"room_name", "exported_by", "export_date"} <= found.keys():
        return _Document(member, False, as_text(found.get("room_name")))
    return _Document(member, True, "") if _is_event(found) else None


def _is_event(value: Any) -> bool:
    event = as_object(value)
    sender = as_text(event.get("sender"))
    is_known = sender.startswith("@") and ":" in sender and as_text(event.get("type"))
    return bool(is_known and "origin_server_ts" in event and isinstance(event.get("content"), dict))


def _events(export: Export, document: _Document, reading: Reading) -> Iterator[tuple[Value, str]]:
    """Yield each event with the id of its room; where events name none, Element's title or the file names the room."""
    fallback = document.title or chat_of_file(document.member)
    try:
        with export.open(document.member) as stream:
            values = _consecutive(stream, reading) if document.is_lines else walk(stream, _ARRAYS)
            for value in values:
                if value.path not in _ARRAYS:
                    continue
                chat = as_text(as_object(value.value).get("room_id")) or fallback
                if document.title:
                    reading.chats[chat] = document.title
                yield value, chat
    except BrokenJson as broken:
        reading.refuse(broken.byte_offset, f"{document.member}: {broken.problem}", broken.raw)
    except ExportUnreadable as unreadable:
        reading.refuse(0, str(unreadable), b"")


def _consecutive(stream: BinaryIO, reading: Reading) -> Iterator[Value]:
    """Yield events that stand one to a line, or with nothing between them, as Synapse's ``export-data`` writes them."""
    rest, offset = b"", 0
    while piece := stream.readline(_MAX_EVENT_BYTES):
        rest += piece
        is_line = piece.endswith(b"\n")
        used = 0
        for value, start, end in _decoded(rest):
            yield Value(("*",), value, offset + start)
            used = end
        offset, rest = offset + used, rest[used:]
        if not rest.strip() or is_line or len(rest) > _MAX_EVENT_BYTES:
            if rest.strip():
                reading.refuse(offset, "what stands here is no event in JSON", rest)
            offset, rest = offset + len(rest), b""
    if rest:
        reading.refuse(offset, "the last event breaks off", rest)


def _decoded(data: bytes) -> Iterator[tuple[Any, int, int]]:
    """Yield the whole values at the beginning of ``data``, with the places of their first and behind their last byte."""
    text = data.decode("utf-8", "surrogateescape")
    at = byte = 0
    while True:
        space = _SPACE.match(text, at)
        assert space is not None, "any number of spaces matches, also none"
        try:
            value, end = _STRICT.raw_decode(text, space.end())
        except (ValueError, RecursionError):
            return
        start = byte + len(space[0].encode())
        byte = start + len(text[space.end() : end].encode("utf-8", "surrogateescape"))
        yield value, start, byte
        at = end


# What later events say of earlier ones


@dataclass(frozen=True, slots=True)
class _Edit:
    """What a message shall be from ``time`` on (milliseconds); ``content`` takes the place of the original's."""

    time: int
    event_id: str
    sender: str
    type: str
    content: dict[str, Any]
    chat: str
    byte_offset: int


@dataclass
class _Corrections:
    """What the first reading keeps, by the id of the event that is spoken of: edits, deletions, reactions, threads.

    ``names`` has when each person took each name, ``titles`` when each room did (milliseconds).
    """

    edits: dict[str, list[_Edit]] = field(default_factory=dict)
    deleted: dict[str, datetime | None] = field(default_factory=dict)
    reactions: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    roots: set[str] = field(default_factory=set)
    names: dict[str, dict[str, int]] = field(default_factory=dict)
    titles: dict[str, tuple[int, str]] = field(default_factory=dict)

    def note(self, value: Any, chat: str, byte_offset: int) -> None:
        """Keep what an event says of others; events that say nothing, or nothing that can be read, leave no trace."""
        event = as_object(value)
        content, relation = as_object(event.get("content")), _relation(event)
        type_, target = as_text(event.get("type")), as_text(relation.get("event_id"))
        if type_ == "m.room.member":
            self._note_names(event, content)
        elif type_ == "m.room.name":
            self._note_title(event, chat, as_text(content.get("name")))
        elif type_ == "m.room.redaction":
            redacted = as_text(event.get("redacts")) or as_text(content.get("redacts"))
            if redacted:
                self.deleted.setdefault(redacted, _instant(event.get("origin_server_ts")))
        elif target and type_ == "m.reaction" and as_text(relation.get("key")):
            given = (as_text(event.get("event_id")), as_text(relation.get("key")), as_text(event.get("sender")))
            self.reactions.setdefault(target, []).append(given)
        elif target and relation.get("rel_type") in _THREADS:
            self.roots.add(target)
        elif target and _is_edit(event):
            edit = _edit(event, chat, byte_offset)
            if edit:
                self.edits.setdefault(target, []).append(edit)

    def _note_names(self, event: dict[str, Any], content: dict[str, Any]) -> None:
        person, time = as_text(event.get("state_key")) or as_text(event.get("sender")), _milliseconds(event)
        for name, since in (
            (as_text(content.get("displayname")), time),
            (as_text(_before(event).get("displayname")), 0),
        ):
            if name and person:
                known = self.names.setdefault(person, {})
                known[name] = max(since, known.get(name, 0))

    def _note_title(self, event: dict[str, Any], chat: str, title: str) -> None:
        time = _milliseconds(event)
        if title and time >= self.titles.get(chat, (0, ""))[0]:
            self.titles[chat] = time, title

    def edits_of(self, event_id: str, sender: str, bundled: _Edit | None = None) -> list[_Edit]:
        """Return the edits by the message's own sender that were not taken back, the newest last."""
        edits = [*self.edits.get(event_id, ()), *((bundled,) if bundled else ())]
        valid = (edit for edit in edits if edit.sender == sender and edit.event_id not in self.deleted)
        return [edit for _, edit in sorted({(edit.time, edit.event_id): edit for edit in valid}.items())]


def _relation(event: dict[str, Any]) -> dict[str, Any]:
    return as_object(as_object(event.get("content")).get("m.relates_to"))


def _is_edit(event: dict[str, Any]) -> bool:
    return _relation(event).get("rel_type") == "m.replace" and "state_key" not in event


def _edit(event: dict[str, Any], chat: str, byte_offset: int) -> _Edit | None:
    content = as_object(event.get("content")).get("m.new_content")
    if not isinstance(content, dict):
        return None
    return _Edit(
        _milliseconds(event),
        as_text(event.get("event_id")),
        as_text(event.get("sender")),
        as_text(event.get("type")),
        content,
        chat,
        byte_offset,
    )


def _as_original(event_id: str, edit: _Edit) -> dict[str, Any]:
    """Return a message of which only an edit is known; its time is that of the edit."""
    return {
        "type": edit.type,
        "event_id": event_id,
        "sender": edit.sender,
        "origin_server_ts": edit.time or None,
        # Whether the original answered another is unknown: what begins as a quotation is then taken for one.
        "content": {"m.relates_to": {"m.in_reply_to": {}}} | edit.content,
    }


def _before(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a state event replaces."""
    return as_object(as_object(event.get("unsigned")).get("prev_content")) or as_object(event.get("prev_content"))


def _bundled(event: dict[str, Any], relation: str) -> dict[str, Any]:
    """Return what the server says of the relations of an event, along with it."""
    return as_object(as_object(as_object(event.get("unsigned")).get("m.relations")).get(relation))


# Events to records


class _Builder:
    """Makes records of events, with the corrections applied."""

    def __init__(self, corrections: _Corrections, reading: Reading) -> None:
        self._corrections, self._reading = corrections, reading
        self._corrected: set[str] = set()
        self._without_original: set[str] = set()
        self.has_event = False

    def record(self, event: Any, chat: str, byte_offset: int) -> Record | None:
        """Return the event's record, ``None`` for events that only change or carry others. Raises ``_Unusable``."""
        self.has_event = True
        if not isinstance(event, dict) or not isinstance(event.get("content"), dict):
            raise _Unusable("this is no event with content")
        type_ = as_text(event.get("type"))
        if type_ in _NO_MESSAGES or type_.startswith("m.key.verification."):
            return None
        if _is_edit(event):
            self._check_edit(event)
            return None
        record = self._plain(event, chat, byte_offset)
        self._reading.chats.setdefault(chat, self._corrections.titles.get(chat, (0, chat))[1])
        if type_ in _MESSAGE_TYPES and self._is_deleted(event):
            return replace(record, kind="deleted", deleted_at=self._deleted_at(event))
        if "state_key" in event:
            text, people = self._state(event, type_)
            return self._system(record, text, people)
        return self._with_content(self._related(record, event), event, type_)

    def orphans(self) -> Iterator[Record]:
        """Yield the messages of which the export has edits only; their time is that of the newest edit."""
        for event_id, edits in self._corrections.edits.items():
            known = self._corrections.edits_of(event_id, edits[0].sender)
            if not known or event_id in self._corrected or event_id in self._corrections.deleted:
                continue
            edit = known[-1]
            self._without_original.add(event_id)
            original = _as_original(event_id, edit)
            yield from _reported(self, Value(("*",), original, edit.byte_offset), edit.chat, self._reading)

    def _check_edit(self, event: dict[str, Any]) -> None:
        is_whole = as_text(_relation(event).get("event_id")) and isinstance(event["content"].get("m.new_content"), dict)
        if not is_whole and as_text(event.get("event_id")) not in self._corrections.deleted:
            raise _Unusable("this is an edit whose new text is missing, or could not be decrypted")

    def _plain(self, event: dict[str, Any], chat: str, byte_offset: int) -> Record:
        sent_at, sender = _instant(event.get("origin_server_ts")), as_text(event.get("sender"))
        event_id = as_text(event.get("event_id")) or None
        if event_id in self._corrections.edits:
            self._corrected.add(event_id)
        if sent_at is None or not sender:
            raise _Unusable("the event has no sender or no time that can be read")
        return Record(chat, event_id, self._person(sender), "text", "", sent_at=sent_at, byte_offset=byte_offset)

    def _related(self, record: Record, event: dict[str, Any]) -> Record:
        """Fill in what a message answers, its thread and its reactions."""
        relation, own_id = _relation(event), record.native_id or ""
        is_threaded = relation.get("rel_type") in _THREADS
        is_root = own_id in self._corrections.roots or any(_bundled(event, name) for name in _THREADS)
        thread = as_text(relation.get("event_id")) if is_threaded else own_id if is_root else ""
        answered = as_text(as_object(relation.get("m.in_reply_to")).get("event_id"))
        # Clients without threads are given the message before as the one that is answered.
        is_fallback = is_threaded and relation.get("is_falling_back") is True
        return replace(
            record,
            reply_to=None if is_fallback else answered or None,
            thread=thread or None,
            reactions=tuple(self._reactions(event, own_id)),
        )

    def _reactions(self, event: dict[str, Any], event_id: str) -> Iterator[Reaction]:
        given = self._corrections.reactions.get(event_id, ())
        kept = dict.fromkeys((key, sender) for id_, key, sender in given if id_ not in self._corrections.deleted)
        for key, sender in kept:
            yield Reaction(key, self._person(sender) if sender else None)
        if given:
            return
        for counted in map(as_object, as_list(_bundled(event, "m.annotation").get("chunk"))):
            count = counted.get("count")
            if as_text(counted.get("key")) and type(count) is int and 0 < count < 1 << 31:
                yield Reaction(as_text(counted.get("key")), None, count)

    def _with_content(self, record: Record, event: dict[str, Any], type_: str) -> Record:
        assert record.author is not None, "every event has a sender"
        bundled = _bundled(event, "m.replace")
        latest = _edit(bundled, record.chat, record.byte_offset)
        edits = self._corrections.edits_of(record.native_id or "", record.author, latest)
        content: dict[str, Any] = edits[-1].content if edits else event["content"]
        if edits:
            record = replace(record, is_edited=True, edited_at=_instant(edits[-1].time or None))
        elif bundled and "content" not in bundled:
            # Older servers gave the newest text as the original's, and of the edit no more than its time.
            record = replace(record, is_edited=True, edited_at=_instant(bundled.get("origin_server_ts")))
        if type_ in _POLL_ENDS:
            return self._poll_end(record, event, content)
        said = self._said(record, event, content, type_)
        return replace(said, versions=tuple(self._versions(said, event, edits, type_))) if edits else said

    def _said(self, record: Record, event: dict[str, Any], content: dict[str, Any], type_: str) -> Record:
        """Return the record with what the event says, or said or will say: ``content`` is its own or that of an edit."""
        kind, text, attachments = _shown(type_, content)
        if kind == "system":
            return replace(record, kind=kind, text=text)
        if _is_of_another(event["content"], record.author) or _is_of_another(content, record.author):
            return replace(record, kind=kind, quote=text, attachments=attachments)
        answered = _relation(event).get("m.in_reply_to")
        may_quote = isinstance(answered, dict) or _QUOTATION_ENDS in as_text(content.get("formatted_body"))
        quote, text = _parted(text, content) if may_quote else ("", text)
        if may_quote:
            attachments = tuple(_parted(name, content)[1] for name in attachments)
        text, mentions = self._mentions(text, content, bool(answered))
        return replace(record, kind=kind, text=text, quote=quote, attachments=attachments, mentions=mentions)

    def _versions(self, now: Record, event: dict[str, Any], edits: list[_Edit], type_: str) -> Iterator[Version]:
        """Yield what the message said before its last edit; nothing of what cannot be read or is another person's."""
        is_told = now.native_id not in self._without_original
        forms = [*([(0, event["content"])] if is_told else []), *((edit.time, edit.content) for edit in edits[:-1])]
        for time, content in forms:
            try:
                said = self._said(now, event, content, type_)
            except _Unusable:
                continue  # the last form could be read, which is the message
            if said.text and said.kind != "system" and (said.kind, said.text) != (now.kind, now.text):
                yield Version(said.text, _instant(time or None), said.kind)

    def _poll_end(self, record: Record, event: dict[str, Any], content: dict[str, Any]) -> Record:
        sender = as_text(event.get("sender"))
        # The rest of the text repeats the answer that won: words of the poll's author.
        record = replace(record, reply_to=as_text(_relation(event).get("event_id")) or None, quote=_extensible(content))
        return self._system(record, f"@{self._name(sender)} ended the poll.", (sender,))

    def _mentions(self, text: str, content: dict[str, Any], is_reply: bool) -> tuple[str, tuple[str, ...]]:
        """Return the text with ``@`` before the names of mentioned people, and their ids."""
        labels: dict[str, list[str]] = {}
        for link, label in _PILL.findall(as_text(content.get("formatted_body")).rpartition(_QUOTATION_ENDS)[2]):
            person = unquote(link).partition("?")[0]
            if person.startswith("@"):
                labels.setdefault(person, []).append(unescape(label).removeprefix("@"))
        meant = (as_text(person) for person in as_list(as_object(content.get("m.mentions")).get("user_ids")))
        people = tuple(dict.fromkeys((*(person for person in meant if person.startswith("@")), *labels)))
        spellings: dict[str, str] = {}
        for person in people:
            self._person(person)
            # Who answers somebody mentions them without a word: their name in the text may be a common noun.
            names = labels.get(person) or ([] if is_reply else self._names(person))
            spellings |= {name: self._reading.name(person, name) and name for name in names if name.strip()}
            spellings[person.removeprefix("@")] = self._name(person)
        return _marked(text, dict(list(spellings.items())[:_MOST_MARKED])), people

    def _state(self, event: dict[str, Any], type_: str) -> tuple[str, tuple[str, ...]]:
        """Return the notice of a state event, and the people it names."""
        sender, content = as_text(event.get("sender")), event["content"]
        target = as_text(event.get("state_key")) or sender
        if type_ == "m.room.member":
            self._person(target)
            text = _membership(content, _before(event), self._name(sender), self._name(target), sender == target)
            return text, tuple(dict.fromkeys((sender, target)))
        text, key = _STATES.get(type_, (f"changed the room ({type_})", ""))
        value = as_text(content.get(key))
        return f"@{self._name(sender)} {text}{f': {value}' if value else ''}", (sender,)

    def _system(self, record: Record, text: str, people: tuple[str, ...]) -> Record:
        return replace(record, author=None, kind="system", text=text, mentions=people)

    def _is_deleted(self, event: dict[str, Any]) -> bool:
        unsigned = as_object(event.get("unsigned"))
        is_marked = bool(unsigned.get("redacted_because") or unsigned.get("redacted_by"))
        return is_marked or not event["content"] or as_text(event.get("event_id")) in self._corrections.deleted

    def _deleted_at(self, event: dict[str, Any]) -> datetime | None:
        because = as_object(as_object(event.get("unsigned")).get("redacted_because"))
        known = self._corrections.deleted.get(as_text(event.get("event_id")))
        return _instant(because.get("origin_server_ts")) or known

    def _person(self, person: str) -> str:
        """Note a person under all their names, the newest first, and their id."""
        if person not in self._reading.people:
            self._reading.name(person, *self._names(person), person)
        return person

    def _names(self, person: str) -> list[str]:
        known = self._corrections.names.get(person, {})
        return sorted(known, key=lambda name: known[name], reverse=True)

    def _name(self, person: str) -> str:
        """Return a name without the ``@`` that an id begins with."""
        return next(iter(self._reading.people.get(person, ())), person).removeprefix("@")


def _shown(type_: str, content: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """Return kind, text and file names of a message; an emote's text is what its author does. Raises ``_Unusable``."""
    body, msgtype = as_text(content.get("body")), as_text(content.get("msgtype"))
    if type_ == "m.room.encrypted" or msgtype == "m.bad.encrypted":
        return "system", _CANNOT_DECRYPT, ()
    if type_ in _CALLS:
        return "call", _CALLS[type_], ()
    if type_ in _POLLS:
        return "poll", _poll(content), ()
    if type_ == "m.sticker":
        return "sticker", body, ()
    if msgtype in _MEDIA:
        name = as_text(content.get("filename")) or body
        return "media", body if body != name else "", (name,) if name else ()
    text = body or _extensible(content)
    if not text and not isinstance(content.get("body"), str):
        raise _Unusable(f"an event of type {type_[:100]} without text")
    if msgtype == "m.location":
        place = as_text(content.get("geo_uri"))
        return "location", text if place in text else f"{text}\n{place}", ()
    return "system" if msgtype in _NOTICES else "text", text, ()


def _poll(content: dict[str, Any]) -> str:
    named = (content.get(key) for key in ("m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"))
    poll = next((as_object(value) for value in named if value), {})
    answers = (_extensible(as_object(answer)) for answer in as_list(poll.get("answers")))
    question = _extensible(as_object(poll.get("question"))) or _extensible(content)
    if not question:
        raise _Unusable("a poll without a question")
    return "\n".join((question, *(f"- {answer}" for answer in answers if answer)))


def _extensible(block: dict[str, Any]) -> str:
    """Return the text of a content block (MSC1767): a text, or a list of the same text in several forms."""
    for key in ("m.text", "org.matrix.msc1767.text"):
        texts = [as_text(as_object(form).get("body")) for form in as_list(block.get(key))]
        found = as_text(block.get(key)) or next(filter(None, texts), "")
        if found:
            return found
    return as_text(block.get("body"))


def _membership(content: dict[str, Any], before: dict[str, Any], sender: str, target: str, is_own: bool) -> str:
    """Return a notice as Element words it (``TextForEvent.tsx``)."""
    membership, previous = content.get("membership"), before.get("membership")
    if membership == "join" and previous == "join":
        return _profile(content, before, target)
    if membership in ("leave", "ban", "invite") and not is_own:
        undone = {"ban": "unbanned @{}", "invite": "withdrew the invitation of @{}"}
        done = {"invite": "invited @{}", "ban": "banned @{}"}
        text = done.get(str(membership)) or undone.get(as_text(previous), "removed @{}")
        text = f"@{sender} {text.replace('{}', target)}"
    else:
        left = "rejected the invitation" if previous == "invite" else "left the room"
        known = {"join": "joined the room", "knock": "asked to join the room", "leave": left}
        text = f"@{target} {known.get(as_text(membership), 'changed their membership')}"
    reason = as_text(content.get("reason"))
    return f"{text}: {reason}" if reason else text


def _profile(content: dict[str, Any], before: dict[str, Any], name: str) -> str:
    old, new = as_text(before.get("displayname")), as_text(content.get("displayname"))
    if old != new:
        return f"@{old or name} changed their name to @{new}" if new else f"@{old} removed their name"
    is_other = before.get("avatar_url") != content.get("avatar_url")
    return f"@{name} changed their {'picture' if is_other else 'profile'}"


def _is_of_another(content: dict[str, Any], author: str | None) -> bool:
    """Return whether a message says that it was forwarded, unless from its own author. Most clients say nothing."""
    for key in _FORWARDS:
        if key in content:
            return as_text(as_object(content[key]).get("sender")) != author
    return _BRIDGED_FORWARD in as_text(content.get("formatted_body"))


def _parted(text: str, content: dict[str, Any]) -> tuple[str, str]:
    """Part the quotation that clients put before an answer, until v1.13 of the specification, from the answer."""
    is_marked = _QUOTATION_ENDS in as_text(content.get("formatted_body"))
    if not text.startswith(">" if is_marked else ("> <@", "> * <@")):
        return "", text
    lines = text.split("\n")
    quoted = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
    return "\n".join(lines[:quoted]), "\n".join(lines[quoted + (lines[quoted : quoted + 1] == [""]) :])


def _marked(text: str, spellings: dict[str, str]) -> str:
    if not spellings:
        return text
    longest_first = sorted(spellings, key=len, reverse=True)
    names = "|".join(re.escape(spelling) for spelling in longest_first)
    return re.sub(rf"(?<![\w@])@?({names})(?!\w)", lambda found: f"@{spellings[found[1]]}", text)


# Values


def _milliseconds(event: dict[str, Any]) -> int:
    """Return when the event was sent, 0 where it does not say."""
    time = event.get("origin_server_ts")
    return time if type(time) is int else 0


def _instant(milliseconds: Any) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds) if type(milliseconds) in (int, float) else None
    except (ValueError, OverflowError):
        return None
