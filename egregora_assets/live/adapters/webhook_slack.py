"""Requests of Slack's Events API (https://docs.slack.dev/apis/events-api), with the texts and ids that Slack's exports have."""

from __future__ import annotations

from typing import Any

from egregora_assets.chat.formats.json_values import as_object, as_text
from egregora_assets.chat.formats.records import Reading, Record
from egregora_assets.chat.formats.slack import record_of_event
from egregora_assets.live.adapters.webhook_payload import UNREADABLE, Payload, instant, load_object

_REACTIONS = ("reaction_added", "reaction_removed")


def read_slack(body: bytes) -> Payload:
    """Read one event, or the question whether this address is ours. Raises ``Refused`` when it is no JSON object."""
    payload, request = Payload(), load_object(body)
    kind = as_text(request.get("type"))
    if kind == "url_verification":
        payload.challenge = as_text(request.get("challenge"))
        return payload
    event = as_object(request.get("event"))
    told = as_text(event.get("type")) or kind
    if kind == "event_callback" and told == "message":
        _add_message(payload, event)
    elif kind == "event_callback" and told in _REACTIONS and as_object(event.get("item")).get("type") == "message":
        _add_reaction(payload, event)
    else:
        payload.passed_over[told[:100] or "without type"] += 1
    return payload


def _add_message(payload: Payload, event: dict[str, Any]) -> None:
    subtype, reading = as_text(event.get("subtype")), Reading()
    message, before = as_object(event.get("message")), as_object(event.get("previous_message"))
    if subtype == "message_replied" or (subtype == "message_changed" and _is_same(message, before)):
        payload.passed_over[subtype] += 1
        return
    if subtype == "message_changed" and message.get("subtype") == "tombstone":
        event = {**event, "subtype": "message_deleted", "deleted_ts": message.get("ts")}
        subtype = "message_deleted"
    channel = as_text(event.get("channel"))
    record = record_of_event(channel, event, reading)
    if record is None:
        payload.passed_over[UNREADABLE] += 1
    elif subtype in ("message_changed", "message_deleted"):
        _add_change(payload, record, reading, as_text(event.get("ts")), is_deleted=subtype == "message_deleted")
    else:
        payload.add(
            **_common(record, reading),
            **_said(record, reading),
            native_id=record.native_id,
            sent_at=record.sent_at,
            reply_to=record.reply_to,
            thread=record.thread,
        )


def _is_same(message: dict[str, Any], before: dict[str, Any]) -> bool:
    """Return whether Slack itself changed a message: it added a preview of a link, or counted answers in a thread."""
    return message.get("subtype") != "tombstone" and message.get("edited") == before.get("edited")


def _add_change(payload: Payload, record: Record, reading: Reading, at: str, is_deleted: bool) -> None:
    payload.add(
        **_common(record, reading),
        **({} if is_deleted else _said(record, reading)),
        event="delete" if is_deleted else "edit",
        native_id=f"{record.native_id}/{'delete' if is_deleted else 'edit'}/{at}",
        target=record.native_id,
        sent_at=record.deleted_at if is_deleted else record.edited_at,
    )


def _add_reaction(payload: Payload, event: dict[str, Any]) -> None:
    item, name, at = as_object(event.get("item")), as_text(event.get("reaction")), as_text(event.get("event_ts"))
    author, target = as_text(event.get("user")), as_text(item.get("ts"))
    payload.add(
        event="reaction",
        native_id=f"{target}/reaction/{author}/{name}/{at}",
        target=target,
        source=item.get("channel"),
        author=author,
        sent_at=instant(at.partition(".")[0]),
        emoji=f":{name}:",
        removed=event.get("type") == "reaction_removed",
    )


def _common(record: Record, reading: Reading) -> dict[str, object]:
    author = record.author or "slack"
    names = (name for name in reading.people.get(author, ()) if name != author)
    return {"source": record.chat, "author": author, "author_name": next(names, None)}


def _said(record: Record, reading: Reading) -> dict[str, object]:
    return {
        "kind": record.kind,
        "text": record.text,
        "attachments": record.attachments,
        "mentions": tuple(
            {"id": person, "name": next((name for name in reading.people.get(person, ()) if name != person), None)}
            for person in record.mentions
        ),
    }
