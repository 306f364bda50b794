"""DiscordChatExporter's plain text becomes records as far as it goes, and says where it does not."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats.discord_text import FORMAT
from egregora_assets.chat.formats.records import Reaction, Reading, Record
from tests.chat.formats.reading import read, recognises

RULE = "=" * 62
HEAD = f"{RULE}\nGuild: Book Club\nChannel: Talk / novels\nTopic: what we read\n{RULE}\n\n"
FOOT = f"{RULE}\nExported 2 message(s)\n{RULE}\n"


def export_of(folder: Path, *messages: str) -> tuple[list[Record], Reading]:
    path = folder / "novels.txt"
    path.write_text(HEAD + "".join(f"{text}\n\n\n" for text in messages) + FOOT, encoding="utf-8")
    return read(FORMAT, path)


def test_messages_have_the_wall_clock_the_author_and_all_lines(tmp_path: Path) -> None:
    [first, second], reading = export_of(
        tmp_path, "[3/25/2024 7:05 PM] ana\nhello\n\nall", "[3/26/2024 12:00 AM] bia#4321 (pinned)\nhi"
    )
    assert (first.text, first.local_time) == ("hello\n\nall", datetime(2024, 3, 25, 19, 5))
    assert (second.text, second.local_time) == ("hi", datetime(2024, 3, 26, 0, 0))
    assert (first.author, second.author, first.native_id) == ("ana", "bia#4321", None)
    assert reading.chats == {"Book Club / Talk / novels": "Book Club / Talk / novels"}
    assert not reading.quarantined


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("25/03/2024 19:05", datetime(2024, 3, 25, 19, 5)),
        ("03/25/2024 19:05", datetime(2024, 3, 25, 19, 5)),
        ("04.03.2024 19:05", datetime(2024, 3, 4, 19, 5)),
        ("2024-03-04 19:05", datetime(2024, 3, 4, 19, 5)),
        ("04-Mar-24 07:05 PM", datetime(2024, 3, 4, 19, 5)),
        ("3/25/2024 7:05\u202fPM", datetime(2024, 3, 25, 19, 5)),
    ],
)
def test_dates_of_many_languages_are_read(tmp_path: Path, stamp: str, expected: datetime) -> None:
    [record], _ = export_of(tmp_path, f"[{stamp}] ana\nhi")
    assert record.local_time == expected


def test_dates_that_may_be_either_are_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(ExportUnreadable, match="day or the month: export the channel as JSON"):
        export_of(tmp_path, "[03/04/2024 19:05] ana\nhi")


def test_attachments_stickers_and_reactions_are_told_from_the_text(tmp_path: Path) -> None:
    [record], _ = export_of(
        tmp_path,
        "[25/03/2024 19:05] ana\nlook\n\n{Attachments}\nhttps://cdn.example.org/1/photo.png?ex=1\nnovels.txt_Files\\a-1.pdf\n"
        "\n{Stickers}\nhttps://cdn.example.org/stickers/5.png\n\n{Reactions}\n👍 (3) parrot",
    )
    assert (record.kind, record.text) == ("media", "look")
    assert record.attachments == ("photo.png", "a-1.pdf", "5.png")
    assert record.reactions == (Reaction("👍", None, 3), Reaction("parrot", None, 1))


def test_an_empty_text_shows_its_embed(tmp_path: Path) -> None:
    [record], _ = export_of(tmp_path, "[25/03/2024 19:05] bot\n\n{Embed}\nRain\nall day")
    assert record.text == "Rain\nall day"


def test_notices_and_calls_are_known_by_their_texts(tmp_path: Path) -> None:
    [joined, call], _ = export_of(
        tmp_path,
        "[25/03/2024 19:05] ana\nJoined the server.",
        "[25/03/2024 19:06] ana\nStarted a call that lasted 1,251 minutes.",
    )
    assert (joined.author, joined.kind, joined.text, joined.mentions) == (
        None,
        "system",
        "@ana joined the server.",
        ("ana",),
    )
    assert (call.author, call.kind) == ("ana", "call")


def test_an_impossible_time_is_refused_and_the_next_message_is_read(tmp_path: Path) -> None:
    records, reading = export_of(tmp_path, "[31/02/2024 19:05] ana\nx", "[25/03/2024 19:05] ana\ny")
    assert [record.text for record in records] == ["y"]
    assert [fault.raw for fault in reading.quarantined] == [b"[31/02/2024 19:05] ana\nx\n\n"]


def test_a_header_inside_a_text_is_text(tmp_path: Path) -> None:
    [record], _ = export_of(tmp_path, "[25/03/2024 19:05] ana\nshe wrote:\n[25/03/2024 19:00] bia\nhi")
    assert record.text == "she wrote:\n[25/03/2024 19:00] bia\nhi"


@pytest.mark.parametrize("content", ["", RULE, "25/03/2024, 19:05 - Ana: hi\n", "[25/03/2024, 19:05:00] Ana: hi\n"])
def test_other_texts_are_not_claimed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(content, encoding="utf-8")
    assert not recognises(FORMAT, path)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=4))
def test_no_text_of_a_message_stops_the_reading(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        records, _ = export_of(
            Path(folder), *(f"[25/03/2024 19:05] ana\n.{text}." for text in texts), "[25/03/2024 19:06] b\n."
        )
    assert [record.author for record in records] == ["ana"] * len(texts) + ["b"]
