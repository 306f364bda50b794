"""Accounts that change their name or are deleted: no message is doubled, and nobody's opt-out is undone by it."""

from __future__ import annotations

import json
from typing import Any

from egregora_assets.authors import gate
from egregora_assets.chat import verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chat.formats.reading import write_zip
from tests.chats import derived_texts, published_bytes
from tests.properties import orders

START = 1_600_000_000_000
Said = dict[str, Any]


def said(number: int, sender: str, text: str, millisecond: int = 123) -> Said:
    return {"sender_name": sender, "timestamp_ms": START + number * 60_000 + millisecond, "content": text}


def put(settings: Settings, name: str, *messages: Said) -> None:
    people = [{"name": name} for name in sorted({message["sender_name"] for message in messages})]
    thread = {"participants": people, "messages": list(messages)[::-1], "title": "Garden", "magic_words": []}
    path = "your_facebook_activity/messages/inbox/garden_1/message_1.json"
    write_zip(settings.inbox / f"{name}.zip", {path: json.dumps(thread | {"thread_path": "inbox/garden_1"})})


def take_in(settings: Settings, name: str, *messages: Said) -> None:
    put(settings, name, *messages)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        gate.refresh(connection, settings)
        publish(connection, settings)


def count(settings: Settings) -> int:
    with open_warehouse(settings) as connection:
        assert verify.nothing_vanished(connection, settings).passed
        return int(rows(connection, "SELECT count(*) FROM messages")[0][0])


def everything(settings: Settings) -> str:
    with open_warehouse(settings) as connection:
        return derived_texts(connection) + published_bytes(settings).decode("latin-1")


def told_by(ana: str, *more: Said) -> tuple[Said, ...]:
    return (
        said(0, "Rui Costa", "who has the key?"),
        said(1, ana, "the key is under the swordfish pot"),
        said(2, ana, "the swordfish again", millisecond=0),
        said(3, "Rui Costa", "thanks"),
        *more,
    )


BEFORE = told_by("Ana Lima", said(4, "Ana Lima", "/egregora opt-out"))
AFTER = told_by("Facebook user", said(4, "Facebook user", "/egregora opt-out"), said(5, "Rui Costa", "she left"))


@orders(3)
def test_an_account_that_is_deleted_doubles_nothing_and_stays_opted_out(
    settings: Settings, order: tuple[int, ...]
) -> None:
    exports = (told_by("Ana Lima"), BEFORE, AFTER)
    for step in order:
        take_in(settings, f"export-{step}", *exports[step])
    assert count(settings) == 6
    assert "swordfish" not in everything(settings)


def test_what_was_written_before_the_account_was_deleted_is_hidden_too(settings: Settings) -> None:
    take_in(settings, "one", *BEFORE)
    take_in(settings, "two", *told_by("Facebook user", said(6, "Facebook user", "the swordfish was moved")))
    assert "swordfish" not in everything(settings)


def test_people_who_write_the_same_at_the_same_time_are_two(settings: Settings) -> None:
    both = (said(1, "Ana Lima", "yes"), said(1, "Rui Costa", "yes"))
    take_in(settings, "one", said(0, "Ana Lima", "coming?"), *both)
    take_in(settings, "two", said(0, "Ana Lima", "coming?"), *both, said(1, "Priya Raman", "yes"))
    assert count(settings) == 4
    with open_warehouse(settings) as connection:
        assert rows(connection, "FROM private.author_links") == []


def test_times_of_whole_seconds_only_tell_nobody_from_another(settings: Settings) -> None:
    line = {"timestamp": "2024-03-13T12:00:01Z", "chat": "garden", "text": "yes"}
    for author in ("Ana Lima", "Rui Costa"):
        (settings.inbox / f"{author}.jsonl").write_text(json.dumps(line | {"author": author}) + "\n")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    assert count(settings) == 2
