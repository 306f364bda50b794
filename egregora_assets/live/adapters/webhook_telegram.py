"""Updates of Telegram's Bot API (https://core.telegram.org/bots/api#update), with the ids that Telegram's exports have."""

from __future__ import annotations

from typing import Any

from egregora_assets.chat.formats.json_values import as_list, as_object, as_text
from egregora_assets.chat.formats.records import Kind
from egregora_assets.live.adapters.webhook_payload import Payload, instant, load_object

_MESSAGES = ("message", "channel_post", "business_message")
_EDITS = ("edited_message", "edited_channel_post", "edited_business_message")
_MEDIA = (
    "animation",
    "audio",
    "document",
    "photo",
    "video",
    "video_note",
    "voice",
    "paid_media",
    "live_photo",
    "story",
)
_CHANNELS_BEFORE = 1_000_000_000_000
"""The Bot API writes the channel 5 as -1000000000005, the group 5 as -5."""
_NOTICES = {
    "new_chat_members": "joined the chat",
    "left_chat_member": "left the chat",
    "new_chat_title": "changed the title",
    "new_chat_photo": "changed the photo",
    "delete_chat_photo": "removed the photo",
    "group_chat_created": "created the group",
    "supergroup_chat_created": "created the group",
    "channel_chat_created": "created the channel",
    "pinned_message": "pinned a message",
    "message_auto_delete_timer_changed": "changed when messages are deleted",
    "migrate_to_chat_id": "turned the group into a supergroup",
    "forum_topic_created": "created a topic",
    "video_chat_started": "started a group call",
    "video_chat_ended": "ended the group call",
}


def read_telegram(body: bytes) -> Payload:
    """Read one update. Raises ``Refused`` when it is no JSON object."""
    payload, update = Payload(), load_object(body)
    kind = next((name for name in update if name != "update_id"), "")
    told, number = as_object(update.get(kind)), as_text(str(update.get("update_id")))
    if kind in _MESSAGES:
        _add_message(payload, told)
    elif kind in _EDITS:
        _add_edit(payload, told, number)
    elif kind == "message_reaction":
        _add_reactions(payload, told, number)
    elif kind == "deleted_business_messages":
        _add_deletions(payload, told)
    else:
        payload.passed_over[kind[:100] or "without kind"] += 1
    return payload


def _add_message(payload: Payload, message: dict[str, Any]) -> None:
    # Groups without topics number the answers to a message as a thread as well, which nobody sees as one.
    thread = message.get("message_thread_id") if message.get("is_topic_message") is True else None
    answered = as_object(message.get("reply_to_message")).get("message_id")
    payload.add(
        **_common(message),
        **_said(message),
        native_id=message.get("message_id"),
        sent_at=instant(message.get("date")),
        # What is written in a topic answers the notice that opened it, without anybody having said so.
        reply_to=answered if thread is None or answered != thread else None,
        thread=thread,
    )


def _add_edit(payload: Payload, message: dict[str, Any], number: str) -> None:
    payload.add(
        **_common(message),
        **_said(message),
        event="edit",
        native_id=f"{message.get('message_id')}/edit/{number}",
        target=message.get("message_id"),
        sent_at=instant(message.get("edit_date")),
    )


def _add_reactions(payload: Payload, told: dict[str, Any], number: str) -> None:
    before, after = (_emoji(told.get(name)) for name in ("old_reaction", "new_reaction"))
    changes = [(emoji, True) for emoji in before if emoji not in after]
    changes += [(emoji, False) for emoji in after if emoji not in before]
    for place, (emoji, removed) in enumerate(changes):
        payload.add(
            **_common(told),
            event="reaction",
            native_id=f"{told.get('message_id')}/reaction/{number}/{place}",
            target=told.get("message_id"),
            sent_at=instant(told.get("date")),
            emoji=emoji,
            removed=removed,
        )


def _add_deletions(payload: Payload, told: dict[str, Any]) -> None:
    # Telegram does not say who deleted them, nor when: it must have been somebody in the chat, just now.
    common = _common(told)
    for message_id in as_list(told.get("message_ids")):
        payload.add(
            **{**common, "author": common["source"], "author_name": None},
            event="delete",
            native_id=f"{message_id}/delete",
            target=message_id,
            sent_at=payload.received_at,
        )


def _emoji(reactions: object) -> list[str]:
    given = map(as_object, as_list(reactions))
    return [
        as_text(one.get("emoji")) or as_text(one.get("custom_emoji_id")) or as_text(one.get("type")) for one in given
    ]


def _common(message: dict[str, Any]) -> dict[str, object]:
    chat = as_object(message.get("chat"))
    channel = as_object(message.get("sender_chat")) or as_object(message.get("actor_chat"))
    person = as_object(message.get("from")) or as_object(message.get("user"))
    author, name = (_chat_id(channel), _title(channel)) if channel else (_user_id(person), _title(person))
    if not channel and not person:
        author, name = _chat_id(chat), _title(chat)
    return {
        "source": _chat_id(chat),
        "source_title": _title(chat) or None,
        "author": author,
        "author_name": name or None,
    }


def _user_id(person: dict[str, Any]) -> str:
    number = person.get("id")
    return f"user{number}" if type(number) is int else ""


def _chat_id(chat: dict[str, Any]) -> str:
    number = chat.get("id")
    if type(number) is not int:
        return ""
    if number >= 0:
        return f"user{number}"
    return f"channel{-number - _CHANNELS_BEFORE}" if -number > _CHANNELS_BEFORE else f"chat{-number}"


def _title(chat: dict[str, Any]) -> str:
    names = f"{as_text(chat.get('first_name'))} {as_text(chat.get('last_name'))}".strip()
    return as_text(chat.get("title")) or names or as_text(chat.get("username"))


def _said(message: dict[str, Any]) -> dict[str, object]:
    """Return kind, text, attachments and mentions; nothing of what another person had written first."""
    kind, described = _described(message)
    text, mentions = _text(message)
    if _is_of_another(message):
        described, text, mentions = "", "", []
    return {
        "kind": kind,
        "text": "\n".join(filter(None, (described, text))),
        "attachments": [] if kind not in ("media", "sticker") else _file_names(message),
        "mentions": mentions,
    }


def _described(message: dict[str, Any]) -> tuple[Kind, str]:
    """Return the kind of a message, and what a reader sees besides its text."""
    for notice, words in _NOTICES.items():
        if notice in message:
            return "system", f"{_title(as_object(message.get('from')))} {words}".strip()
    if poll := as_object(message.get("poll")):
        options = (as_text(as_object(option).get("text")) for option in as_list(poll.get("options")))
        return "poll", "\n".join((as_text(poll.get("question")), *(f"- {option}" for option in options)))
    if "venue" in message or "location" in message:
        return "location", _place(message)
    if contact := as_object(message.get("contact")):
        return "contact", "\n".join(filter(None, (_title(contact), as_text(contact.get("phone_number")))))
    if sticker := as_object(message.get("sticker")):
        return "sticker", as_text(sticker.get("emoji"))
    if dice := as_object(message.get("dice")):
        return "text", f"{as_text(dice.get('emoji'))} {dice.get('value')}"
    return ("media", "") if any(name in message for name in _MEDIA) else ("text", "")


def _place(message: dict[str, Any]) -> str:
    venue = as_object(message.get("venue"))
    point = as_object(venue.get("location")) or as_object(message.get("location"))
    coordinates = f"{point.get('latitude')}, {point.get('longitude')}" if point else ""
    return "\n".join(filter(None, (as_text(venue.get("title")), as_text(venue.get("address")), coordinates)))


def _file_names(message: dict[str, Any]) -> list[str]:
    for name in (*_MEDIA, "sticker"):
        told = message.get(name)
        file = as_object(as_list(told)[-1]) if as_list(told) else as_object(told)
        if file:
            return [as_text(file.get("file_name")) or f"{name}-{as_text(file.get('file_unique_id'))}"]
    return []


def _is_of_another(message: dict[str, Any]) -> bool:
    """Return whether a message was forwarded, unless it is known to be the author's own."""
    origin = as_object(message.get("forward_origin"))
    if not origin and "forward_date" not in message:
        return False
    writer = as_object(origin.get("sender_user")) or as_object(message.get("forward_from"))
    return writer.get("id") is None or writer.get("id") != as_object(message.get("from")).get("id")


def _text(message: dict[str, Any]) -> tuple[str, list[object]]:
    """Return a text as a reader sees it, links with their addresses, and whom it mentions.

    Entities count in UTF-16 code units: https://core.telegram.org/api/entities.
    """
    text = as_text(message.get("text")) or as_text(message.get("caption"))
    entities = [*map(as_object, as_list(message.get("entities") or message.get("caption_entities")))]
    data, parts, mentions, done = text.encode("utf-16-le"), list[str](), list[object](), 0
    for entity in sorted(entities, key=lambda one: _number(one.get("offset"))):
        start = 2 * _number(entity.get("offset"))
        end = start + 2 * _number(entity.get("length"))
        shown = data[start:end].decode("utf-16-le", "replace")
        if start < done or end > len(data):
            continue
        if entity.get("type") == "text_link" and as_text(entity.get("url")).rstrip("/") != shown.rstrip("/"):
            shown = f"{shown} ({as_text(entity.get('url'))})"
        elif entity.get("type") == "mention":
            mentions.append({"id": shown.lower(), "name": shown.removeprefix("@")})
        elif entity.get("type") == "text_mention":
            person = as_object(entity.get("user"))
            mentions.append({"id": _user_id(person) or shown, "name": _title(person) or shown})
            shown = f"@{shown}"
        else:
            continue
        parts += (data[done:start].decode("utf-16-le", "replace"), shown)
        done = end
    return "".join((*parts, data[done:].decode("utf-16-le", "replace"))), mentions


def _number(value: object) -> int:
    return value if type(value) is int and 0 <= value < 1 << 20 else 0
