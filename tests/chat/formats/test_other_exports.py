"""Exports in forms that are not read are named, with what to do instead; what only looks like one is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.parse import ParsedText, parse
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import write_zip

TELEGRAM = '<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class="page_wrap">'
DISCORD = "<!DOCTYPE html><html><style>.chatlog__message { }</style>"
FORMS = {
    "ChatExport_2024-05-01/messages.html": (TELEGRAM, "Telegram export as web pages .*: export again as JSON"),
    "Guild - general [77].html": (DISCORD, "Discord export as a web page .* as JSON"),
    "Guild - general [77].csv": (
        "\ufeffAuthorID,Author,Date,Content,Attachments,Reactions\n1,Ana,2024,hi,,\n",
        "Discord export as CSV: .* as JSON",
    ),
    "messages/index.json": ('{"123456789012345678": "general in Garden"}', "DiscordChatExporter"),
    "room/messages.html": ('<body class="mx_MatrixChat">', "Matrix export as web pages .* as JSON"),
    "Databases/msgstore.db.crypt15": ("", "`Export chat`"),
}


def problem_of(path: Path) -> str:
    with pytest.raises(ExportUnreadable) as problem, parse(path, LimitSettings()) as parsed:
        list(parsed.batches)
    return str(problem.value)


@pytest.mark.parametrize("name", FORMS)
def test_an_export_in_another_form_says_what_to_do(tmp_path: Path, name: str) -> None:
    content, told = FORMS[name]
    packed = write_zip(tmp_path / "export.zip", {name: content, "files/deep/down/notes.txt": "x", "photo.jpg": "x"})
    folder = tmp_path / "folder" / name
    folder.parent.mkdir(parents=True)
    folder.write_text(content, encoding="utf-8")
    for path in (packed, tmp_path / "folder", *([folder] if "/" not in name else [])):
        with pytest.raises(ExportUnreadable, match=f"{path.name.split(' ')[0]}.* {told}"), parse(path, LimitSettings()):
            pass


def test_a_chat_that_brings_such_a_file_is_read(tmp_path: Path) -> None:
    chat = "25/12/2023, 10:30 - Ana: messages.html (file attached)\n"
    path = write_zip(tmp_path / "export.zip", {"WhatsApp Chat with Ana.txt": chat, "messages.html": TELEGRAM})
    with parse(path, LimitSettings()) as parsed:
        assert isinstance(parsed, ParsedText)
        assert sum(batch.num_rows for batch in parsed.batches) == 1


def test_other_pages_and_tables_are_told_of_as_before(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "export.zip", {"index.html": "<html>", "table.csv": "a,b\n", "messages/index.json": "{}"}
    )
    assert "holds no chat text" in problem_of(path)


def test_a_slack_export_without_messages_says_so(tmp_path: Path) -> None:
    lists = {
        "users.json": '[{"id": "U012AB3CD", "name": "ana"}]',
        "channels.json": '[{"id": "C012AB3CD", "name": "garden"}]',
    }
    path = write_zip(tmp_path / "export.zip", lists)
    assert "is a Slack export without messages: export again with a longer range of dates" in problem_of(path)
