"""Reading an export with one format, and finding the cases of other projects."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from egregora_assets.chat.archive import open_export
from egregora_assets.chat.formats.records import ChatFormat, Reading, Record, batches
from egregora_assets.config import LimitSettings

SHARED = Path(__file__).parents[4] / "shared" / "fixtures" / "chat"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the cases of other projects are not in ../shared")


def read(chat_format: ChatFormat, path: Path) -> tuple[list[Record], Reading]:
    """Return the records of an export that the format recognises, and what it learnt; the records fit their schema."""
    reading = Reading()
    with open_export(path, LimitSettings()) as export:
        assert chat_format.recognises(export)
        records = list(chat_format.records(export, reading))
    assert sum(batch.num_rows for batch in batches(records)) == len(records)
    for record in records:
        assert (record.sent_at is None) != (record.local_time is None)
        assert record.chat in reading.chats
        assert {record.author, *record.mentions} - {None} <= set(reading.people)
    return records, reading


def recognises(chat_format: ChatFormat, path: Path) -> bool:
    with open_export(path, LimitSettings()) as export:
        return chat_format.recognises(export)


def write_zip(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return path
