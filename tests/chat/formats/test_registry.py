"""Each export is recognised by one format at most, by its content; WhatsApp's texts, which have no mark, by none."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from egregora_assets.chat.archive import open_export
from egregora_assets.chat.formats.registry import format_of, formats
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
