"""The sample chats are stable, whole, and overlap as two exports of one group do."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.samples import write_samples
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows

Message = tuple[str, str, str]

ANDROID = re.compile(r"(?m)^(\d\d/\d\d/\d{4}, \d\d:\d\d) - ([^:\n]+): ")
IOS = re.compile(r"(?m)^\u200e?\[(\d\d/\d\d/\d{4}, \d\d:\d\d):\d\d\] ([^:\n]+): ")
ATTACHED = re.compile(r"(?m)<attached: ([^>]+)>|^[^\n]*: \u200e(.+) \(file attached\)$")
NOT_TEXT = re.compile(r"\u200e|^<Media omitted>$|^(You|This message was) deleted|^POLL:|^location: ")
EDITED = re.compile(r" \u200e?<This message was edited>$")
NOTICE = re.compile(r"(?m)^\d\d/\d\d/\d{4}, \d\d:\d\d - [^:\n]+\n")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_samples(tmp_path_factory.mktemp("samples"))


def test_same_bytes_each_time(archives: list[Path], tmp_path: Path) -> None:
    again = write_samples(tmp_path / "inbox")
    assert [path.name for path in again] == [path.name for path in archives]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in archives]
    assert sorted(path.name for path in (tmp_path / "inbox").iterdir()) == sorted(path.name for path in again)


def test_existing_archives_are_left_alone_and_damaged_ones_mended(tmp_path: Path) -> None:
    whole, damaged, _ = write_samples(tmp_path)
    before, content = whole.stat(), damaged.read_bytes()
    damaged.write_bytes(b"half")
    write_samples(tmp_path)
    assert (whole.stat().st_ino, whole.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert damaged.read_bytes() == content


def test_each_archive_holds_its_chat_and_what_it_names(archives: list[Path]) -> None:
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            chat, *media = archive.namelist()
        assert chat in ("_chat.txt", f"{path.stem}.txt")
        named = [ios or android for ios, android in ATTACHED.findall(_text(path))]
        assert media
        assert sorted(named) == sorted(media)


def test_two_exports_of_one_group_overlap(archives: list[Path]) -> None:
    android = _messages(NOTICE.sub("", _text(archives[0])), ANDROID)
    ios = _messages(_text(archives[1]), IOS)
    first, last = ios[0][0], android[-1][0]
    days = _moment(last) - _moment(first)
    shared = [message for message in android if _moment(message[0]) >= _moment(first)]
    assert 9 <= days.days <= 12
    assert len(shared) > 80
    assert len(android) > len(shared) < len(ios)
    assert _texts(shared) == _texts([message for message in ios if _moment(message[0]) <= _moment(last)])


def _text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0]).decode()


def _messages(text: str, header: re.Pattern[str]) -> list[Message]:
    _, *pieces = header.split(text)
    return [
        (minute, re.sub(r"\D", "", author) or author, EDITED.sub("", body.rstrip("\n")))
        for minute, author, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
    ]


def _texts(messages: list[Message]) -> Counter[Message]:
    return Counter(message for message in messages if not NOT_TEXT.search(message[2]))


def _moment(minute: str) -> datetime:
    return datetime.strptime(minute, "%d/%m/%Y, %H:%M")


def test_both_exports_of_one_group_merge_without_doubles_or_losses(settings: Settings) -> None:
    """132 messages stand in both hackerspace exports: whatever comes first, each is there once."""
    write_samples(settings.inbox)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        merged = rows(connection, "SELECT source_id, count(*) FROM messages GROUP BY 1 ORDER BY 1")
    assert merged == [("riverside-hackerspace", 409 + 271 - 132), ("sunday-book-club", 159)]
