"""Requests of WhatsApp's Cloud API: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks.

A chat is the number of the business with one person (``<phone number id>/<wa_id>``), or a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from egregora_assets.chat.formats.json_values import as_list, as_object, as_text
from egregora_assets.live.adapters.webhook_payload import Payload, instant, load_object

_FIELDS = {"messages": "messages", "smb_message_echoes": "message_echoes"}
"""Of each subscription that tells of messages, where they stand: those of others, and those of the business's own app."""
_MEDIA = ("image", "video", "audio", "document")


def read_whatsapp(body: bytes) -> Payload:
    """Read a notification of any kind. Raises ``Refused`` when it is no JSON object."""
    payload = Payload()
    for entry in map(as_object, as_list(load_object(body).get("entry"))):
        for change in map(as_object, as_list(entry.get("changes"))):
            subscription, value = as_text(change.get("field")), as_object(change.get("value"))
            if subscription not in _FIELDS:
                payload.passed_over[subscription[:100]] += 1
                continue
            payload.passed_over["status"] += len(as_list(value.get("statuses")))
            for message in map(as_object, as_list(value.get(_FIELDS[subscription]))):
                _add(payload, message, value)
    payload.passed_over = +payload.passed_over
    return payload


def _add(payload: Payload, message: dict[str, Any], value: dict[str, Any]) -> None:
    kind = as_text(message.get("type"))
    common = _common(message, value)
    if kind == "reaction":
        reaction = as_object(message.get("reaction"))
        emoji = as_text(reaction.get("emoji")) or None
        payload.add(**common, event="reaction", target=reaction.get("message_id"), emoji=emoji, removed=emoji is None)
    elif kind == "edit":
        edit = as_object(message.get("edit"))
        said = _said(as_object(edit.get("message")))
        if said is None:
            payload.passed_over["edit"] += 1
        else:
            payload.add(**common, **said, event="edit", target=edit.get("original_message_id"))
    elif kind == "revoke":
        target = as_object(message.get("revoke")).get("original_message_id")
        payload.add(**common, event="delete", target=target)
    elif (said := _said(message)) is not None:
        payload.add(**common, **said, reply_to=as_text(as_object(message.get("context")).get("id")) or None)
    else:
        payload.passed_over[kind[:100] or "without type"] += 1


def _common(message: dict[str, Any], value: dict[str, Any]) -> dict[str, object]:
    author, to = as_text(message.get("from")), as_text(message.get("to"))
    names = dict(_names(value))
    number = as_text(as_object(value.get("metadata")).get("phone_number_id"))
    group, other = as_text(message.get("group_id")), to or author
    return {
        "native_id": message.get("id"),
        "source": group or f"{number}/{other}",
        "source_title": None if group else names.get(other),
        "author": author,
        "author_name": names.get(author),
        "sent_at": instant(message.get("timestamp")),
    }


def _names(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for contact in map(as_object, as_list(value.get("contacts"))):
        person, name = as_text(contact.get("wa_id")), as_text(as_object(contact.get("profile")).get("name"))
        if person and name:
            yield person, name


def _said(message: dict[str, Any]) -> dict[str, object] | None:
    """Return kind, text and attachments of what somebody wrote; ``None`` for kinds that have nothing to read."""
    said = _content(message)
    context = as_object(message.get("context"))
    if said is not None and (context.get("forwarded") is True or context.get("frequently_forwarded") is True):
        # Nobody says whose words they are: they may be those of somebody who does not want them kept.
        return {**said, "text": ""}
    return said


def _content(message: dict[str, Any]) -> dict[str, object] | None:
    kind = as_text(message.get("type"))
    content = as_object(message.get(kind))
    if kind == "text":
        return {"kind": "text", "text": as_text(content.get("body"))}
    if kind in _MEDIA:
        name = as_text(content.get("filename")) or f"{kind}-{as_text(content.get('id'))}"
        return {"kind": "media", "text": as_text(content.get("caption")), "attachments": [name]}
    if kind == "sticker":
        return {"kind": "sticker", "attachments": [f"sticker-{as_text(content.get('id'))}"]}
    if kind == "location":
        place = (content.get("name"), content.get("address"), _coordinates(content))
        return {"kind": "location", "text": "\n".join(filter(None, map(as_text, place)))}
    if kind == "contacts":
        contacts = (as_object(as_object(one).get("name")) for one in as_list(message.get("contacts")))
        return {"kind": "contact", "text": "\n".join(as_text(name.get("formatted_name")) for name in contacts)}
    if kind == "button":
        return {"kind": "text", "text": as_text(content.get("text"))}
    if kind == "interactive":
        return {"kind": "text", "text": as_text(as_object(content.get(as_text(content.get("type")))).get("title"))}
    return None


def _coordinates(content: dict[str, Any]) -> str:
    degrees = [content.get(name) for name in ("latitude", "longitude")]
    return f"{degrees[0]}, {degrees[1]}" if all(isinstance(degree, int | float) for degree in degrees) else ""
