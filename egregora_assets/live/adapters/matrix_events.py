"""What events of Matrix rooms tell, with the texts, kinds and ids that Matrix exports have."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from egregora_assets.chat.formats.json_values import as_object, as_text
from egregora_assets.chat.formats.matrix import edited_event, record_of_event
from egregora_assets.chat.formats.records import Reading, Record
from egregora_assets.live.incoming import IncomingMessage, Refused, make_event

_MOST_REACTIONS = 10_000
"""The latest reactions of a room are remembered, so that they can be taken back."""


class Room:
    """What is known of a room: its title, and the names that people go by there. ``passed_over`` counts other events, by type."""

    def __init__(self, room_id: str) -> None:
        self._id = room_id
        self._name = self._alias = ""
        self.names: dict[str, str] = {}
        self.passed_over: Counter[str] = Counter()
        self._reactions: OrderedDict[str, IncomingMessage] = OrderedDict()

    @property
    def title(self) -> str | None:
        """The room's name, else its address."""
        return self._name or self._alias or None

    def note(self, event: Mapping[str, Any]) -> None:
        """Learn from an event of the state."""
        content, type_ = as_object(event.get("content")), event.get("type")
        if type_ == "m.room.name":
            self._name = as_text(content.get("name"))
        elif type_ == "m.room.canonical_alias":
            self._alias = as_text(content.get("alias"))
        elif type_ == "m.room.member":
            self.names[as_text(event.get("state_key"))] = as_text(content.get("displayname"))

    def event(self, event: dict[str, Any]) -> IncomingMessage | None:
        """Return what an event tells; ``None`` where that is nothing, or nothing that can be read."""
        try:
            told = self._told(event)
        except Refused:
            told = None
        if "state_key" in event:
            self.note(event)
        if told is None:
            self.passed_over[as_text(event.get("type"))[:100]] += 1
        return told

    def _told(self, event: dict[str, Any]) -> IncomingMessage | None:
        content, type_ = as_object(event.get("content")), event.get("type")
        relation = as_object(content.get("m.relates_to"))
        if type_ == "m.room.redaction":
            return self._redaction(event, as_text(event.get("redacts")) or as_text(content.get("redacts")))
        if type_ == "m.reaction":
            if not relation:  # it was taken back since
                return None
            emoji = as_text(relation.get("key"))
            given = make_event(**self._common(event), event="reaction", target=relation.get("event_id"), emoji=emoji)
            self._reactions[given.native_id] = given
            if len(self._reactions) > _MOST_REACTIONS:
                self._reactions.popitem(last=False)
            return given
        edited = edited_event(event)
        reading = Reading()
        record = record_of_event(edited or event, self._id, self._known_names(), reading)
        if record is None:
            return None
        said = self._said(record, reading)
        if edited is not None:
            return make_event(**self._common(event), **said, event="edit", target=record.native_id)
        return make_event(**self._common(event), **said, reply_to=record.reply_to, thread=record.thread)

    def _redaction(self, event: dict[str, Any], target: str) -> IncomingMessage:
        """Tell that a message is gone, or that a reaction was taken back: the event itself does not say which of them it is."""
        common = self._common(event)
        given = self._reactions.get(target)
        if given is None:
            return make_event(**common, event="delete", target=target)
        taken_back = {"native_id": common["native_id"], "sent_at": common["sent_at"], "removed": True}
        return make_event(**{**given.model_dump(), **taken_back})

    def _known_names(self) -> dict[str, str]:
        return {person: name for person, name in self.names.items() if name}

    def _common(self, event: dict[str, Any]) -> dict[str, object]:
        sender = as_text(event.get("sender"))
        return {
            "native_id": event.get("event_id"),
            "source": self._id,
            "source_title": self.title,
            "author": sender,
            "author_name": self.names.get(sender) or None,
            "sent_at": _instant(event.get("origin_server_ts")),
        }

    def _said(self, record: Record, reading: Reading) -> dict[str, object]:
        return {
            "kind": record.kind,
            "text": record.text,
            "attachments": record.attachments,
            "mentions": tuple(
                {"id": person, "name": self._mentioned_as(person, reading)} for person in record.mentions
            ),
        }

    def _mentioned_as(self, person: str, reading: Reading) -> str | None:
        return next((name for name in reading.people.get(person, ()) if name and name != person), None)


def _instant(milliseconds: object) -> datetime | None:
    if type(milliseconds) is not int:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
