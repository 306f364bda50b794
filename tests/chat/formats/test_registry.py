"""Each export is recognised by one format at most, by its content; WhatsApp's texts, which have no mark, by none."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from egregora_assets.chat.archive import Export, ExportUnreadable, open_export
from egregora_assets.chat.formats import irc, registry
from egregora_assets.chat.formats.records import Reading, Record
from egregora_assets.chat.formats.registry import format_of, formats
from egregora_assets.chat.parse import ParsedText, parse
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, write_zip

PLATFORMS = {"discord", "instagram", "irc", "jsonl", "matrix", "messenger", "signal", "slack", "telegram"}
STRUCTURED = {
    "chat-analytics/data/discord_DM_2A_2M.json": "discord",
    "chat-analytics/data/discord_GC_3A_5M.json": "discord",
    "chat-analytics/data/discord_SV_5A_5M.json": "discord",
    "chat-analytics/data/messenger_2A_7M.json": "messenger",
    "chat-analytics/data/telegram_DM_2A_7M.json": "telegram",
    "chat-miner/data/instagram_export.json": "instagram",
    "chat-miner/data/signal_export.txt": "signal",
    "chat-miner/data/telegram_batch.json": "telegram",
    "chat-miner/data/telegram_single.json": "telegram",
    "slack-export-viewer/data/testarchive.zip": "slack",
    "slackdump/data/source_export_dir": "slack",
}


def claimed_by(path: Path) -> list[str]:
    """Return the platforms of all formats that recognise the export."""
    with open_export(path, LimitSettings()) as export:
        return [known.platform for known in formats() if known.recognises(export)]


def whatsapp_cases() -> list[bytes]:
    cases = [
        (path.parent, case)
        for path in sorted(SHARED.glob("*/cases.json"))
        for case in json.loads(path.read_text())
        if case.get("platform", "whatsapp") == "whatsapp" and ("input" in case or "file" in case)
    ]
    texts = [
        case["input"].encode() if "input" in case else (folder / case["file"]).read_bytes()
        for folder, case in cases
        if folder.name != "irclog2html"
    ]
    return [text for text in texts if not text.startswith(b"PK")]


def test_all_formats_are_there() -> None:
    assert {known.platform for known in formats()} == PLATFORMS


@pytest.mark.parametrize("name", ["hackerspace_android", "hackerspace_ios", "bookclub_android"])
def test_a_whatsapp_export_is_claimed_by_no_other_format(tmp_path: Path, name: str) -> None:
    members = [file for file in (resources.files("egregora_assets.samples") / name).iterdir() if file.is_file()]
    path = write_zip(tmp_path / "export.zip", {file.name: file.read_bytes() for file in members})
    assert claimed_by(path) == []
    (text,) = (file for file in members if file.name.endswith(".txt"))
    (tmp_path / text.name).write_bytes(text.read_bytes())
    assert claimed_by(tmp_path / text.name) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"{}", b"[]", b"null", b'{"messages": []}', b"[1, 2]", b"hello\nworld\n", b'{"a": {"b": [{}]}}\n'],
)
@pytest.mark.parametrize("name", ["chat.txt", "chat.json", "chat.jsonl", "chat.log"])
def test_what_is_no_chat_is_claimed_by_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert claimed_by(tmp_path / name) == []
    assert claimed_by(write_zip(tmp_path / "export.zip", {name: content})) == []


@needs_shared
def test_no_whatsapp_case_of_other_projects_is_claimed(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    claimed = []
    for text in whatsapp_cases():
        path.write_bytes(text)
        claimed += [(platform, text[:200]) for platform in claimed_by(path)]
    assert claimed == []


@needs_shared
@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_exports_of_other_projects_are_claimed_by_their_own_format(name: str) -> None:
    path = SHARED / name
    assert claimed_by(path) == [STRUCTURED[name]]
    with open_export(path, LimitSettings()) as export:
        chosen = format_of(export)
    assert chosen is not None


class Broken:
    """A plugin that breaks over whatever it is shown."""

    platform, exact_times = "broken", True
    records = None

    def recognises(self, export: Export) -> bool:
        raise RuntimeError("no such table: chats")


FORMAT, NO_FORMAT = Broken(), object()


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three plugins that are broken in three ways, and one that is not, stand in the place of what is installed."""
    monkeypatch.setitem(sys.modules, "broken_forum", sys.modules[__name__])
    named = {"a": "broken_forum:FORMAT", "b": "nowhere.to.be.found:FORMAT", "c": "broken_forum:NO_FORMAT"}
    points = [EntryPoint(name, value, registry.GROUP) for name, value in named.items()]
    points.append(EntryPoint("irc", "egregora_assets.chat.formats.irc:FORMAT", registry.GROUP))
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    caches = (registry.formats, registry._named_formats, registry._tell_once)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_a_broken_plugin_keeps_nobody_from_reading_and_is_told_of_once(
    tmp_path: Path, plugins: None, caplog: pytest.LogCaptureFixture
) -> None:
    whatsapp, log = tmp_path / "chat.txt", tmp_path / "chat.log"
    whatsapp.write_text("25/12/2023, 10:30 - Ana: hello\n")
    log.write_text("--- Log opened Wed Mar 13 10:00:00 2024\n10:01 < ana> hello\n")
    for _ in range(2):
        with parse(whatsapp, LimitSettings()) as parsed:
            assert isinstance(parsed, ParsedText)
            assert sum(batch.num_rows for batch in parsed.batches) == 1
        with open_export(log, LimitSettings()) as export:
            assert format_of(export) is irc.FORMAT
    assert sorted(caplog.messages) == [
        "the chat format a broke while it looked at an export (RuntimeError: no such table: chats): it is left out",
        "the chat format b (nowhere.to.be.found:FORMAT) cannot be loaded (ModuleNotFoundError: No module named 'nowhere'): "
        "it is left out",
        "the chat format c (broken_forum:NO_FORMAT) is no format: it has no platform, exact_times, recognises, records: "
        "it is left out",
    ]


def test_a_format_that_breaks_over_an_export_fails_that_export_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Breaking(Broken):
        def recognises(self, export: Export) -> bool:
            return True

        def records(self, export: Export, reading: Reading) -> Iterator[Record]:
            yield Record("c", None, None, "text", "hello", local_time=datetime(2024, 3, 13))
            raise KeyError("ts")

    monkeypatch.setattr("egregora_assets.chat.parse.format_of", lambda _: Breaking())
    (tmp_path / "chat.json").write_text("{}")
    told = r"chat\.json cannot be read: the chat format .*Breaking broke over it \(KeyError: 'ts'\)"
    with pytest.raises(ExportUnreadable, match=told), parse(tmp_path / "chat.json", LimitSettings()) as parsed:
        list(parsed.batches)
    assert [record.exc_info is not None for record in caplog.records] == [True]
