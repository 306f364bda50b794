"""The reasons of the quarantine are shown beside the asset, and no name of a file or a person with them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.chat.quarantine import SUMMARY
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.reporting import markdown_table
from tests.chat.formats.reading import write_zip

GOOD = {"sender_name": "Ana Lima", "timestamp_ms": 1_600_000_000_123, "content": "hello"}
THREAD = {"participants": [{"name": "Ana Lima"}], "title": "Ana Lima", "magic_words": []}


def whatsapp(settings: Settings) -> None:
    text = "13/02/2024, 10:00 - Ana Lima: hello\n31/02/2024, 10:01 - Ana Lima: never\n"
    write_zip(settings.inbox / "WhatsApp Chat with Ana Lima.zip", {"WhatsApp Chat with Ana Lima.txt": text})


def messenger(settings: Settings) -> None:
    thread = THREAD | {"messages": [GOOD, {"sender_name": "Ana Lima"}], "thread_path": "inbox/ana lima_1"}
    members = {f"messages/inbox/ana lima_{number}/message_1.json": json.dumps(thread) for number in range(2)}
    write_zip(settings.inbox / "facebook-ana lima.zip", members)


def slack(settings: Settings) -> None:
    users = [{"id": "U1", "profile": {"real_name": "Ana Lima"}}]
    said = [{"type": "message", "user": "U1", "ts": "1600000000.000100", "text": "hello"}]
    members = {
        "users.json": json.dumps(users),
        "channels.json": json.dumps([{"id": "C1", "name": "ana lima"}]),
        "ana lima/2020-09-13.json": json.dumps(said),
        "ana lima/2020-09-14.json": json.dumps([{"type": "message", "user": "U1", "text": "no time"}]),
        "ana lima/2020-09-15.json": "[{",
    }
    write_zip(settings.inbox / "Ana Lima Slack export.zip", members)


def jsonl(settings: Settings) -> None:
    lines = [{"timestamp": "2024-03-13T12:00:00Z", "author": "Ana Lima", "text": "x"}, {"Ana Lima": 1}]
    (settings.inbox / "Ana Lima.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        (whatsapp, "the date or time does not exist"),
        (messenger, "time"),
        (slack, "a message has no time"),
        (jsonl, "…"),
    ],
)
def test_reasons_are_shown_without_names(settings: Settings, put: Callable[[Settings], None], reason: str) -> None:
    put(settings)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        shown = markdown_table(connection, SUMMARY)
        kept = rows(connection, "SELECT sum(pieces) FROM quarantine")
        counted = rows(connection, f"SELECT sum(pieces) FROM ({SUMMARY})")
    assert kept == counted != [(None,)]
    assert reason in shown
    assert not any(name in shown.casefold() for name in ("ana", "lima"))
