"""`egregora ingest`: good files go in, bad ones are named with the reason, and a bad one never stops a good one."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from egregora_assets.config import load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows

Cli = Callable[..., Result]
CHAT = "13/02/2024, 10:00 - Ana: hello\n13/02/2024, 10:01 - Bo: hi\n13/02/2024, 10:02 - Cy: hey\n"
AMBIGUOUS = "01/02/2024, 10:00 - Ana: one\n03/04/2024, 10:01 - Bo: two\n"
LONG_LINE = 10_000_000


def export(path: Path, text: str | bytes = CHAT) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path.stem}.txt", text)
    return path


def corrupt(folder: Path) -> Path:
    path = export(folder / "corrupt.zip", CHAT * 100)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    return path


def empty(folder: Path) -> Path:
    (folder / "empty.txt").write_bytes(b"")
    return folder / "empty.txt"


def without_chat(folder: Path) -> Path:
    path = folder / "holiday.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("beach.jpg", b"picture")
    return path


def bomb(folder: Path) -> Path:
    """An archive whose directory says that the chat has a gigabyte."""
    path = export(folder / "bomb.zip", b"\0" * (1 << 20))
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, entry + 24, 1 << 30)
    path.write_bytes(content)
    return path


def ambiguous(folder: Path) -> Path:
    (folder / "ambiguous.txt").write_text(AMBIGUOUS)
    return folder / "ambiguous.txt"


def answer(home: Path, sql: str) -> list[tuple[object, ...]]:
    with open_snapshot(load_settings(home)) as connection:
        return rows(connection, sql)


def test_a_good_export_can_be_asked_about_afterwards(cli: Cli, home: Path, tmp_path: Path) -> None:
    result = cli("ingest", export(tmp_path / "WhatsApp Chat with Garden Club.zip"))

    assert result.exit_code == 0
    assert str(home / "published" / "snapshot.duckdb") in result.stdout
    assert answer(home, "SELECT text FROM messages ORDER BY sent_at") == [("hello",), ("hi",), ("hey",)]


def test_the_same_export_again_does_nothing(cli: Cli, home: Path, tmp_path: Path) -> None:
    path = export(tmp_path / "WhatsApp Chat with Garden Club.zip")
    cli("ingest", path)

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert "Nothing has changed" in result.stdout
    assert [file.name for file in (home / "inbox").iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (corrupt, "export the chat again"),
        (empty, "no message of a known format"),
        (without_chat, "no chat text"),
        (bomb, "bomb"),
        (ambiguous, "--day-first"),
    ],
)
def test_when_nothing_could_be_read_the_reason_is_told_and_the_exit_code_says_so(
    cli: Cli, tmp_path: Path, bad: Callable[[Path], Path], reason: str
) -> None:
    path = bad(tmp_path)

    result = cli("ingest", path)

    assert result.exit_code == 1
    assert path.name in result.output
    assert reason in result.stdout.split("What the graph made")[1], "the summary names the file and the reason"
    assert "Traceback" not in result.output


def test_bad_files_beside_a_good_one_are_named_and_do_no_harm(cli: Cli, home: Path, tmp_path: Path) -> None:
    bad = [make(tmp_path) for make in (corrupt, empty, without_chat, bomb, ambiguous)]

    result = cli("ingest", *bad, export(tmp_path / "WhatsApp Chat with Garden Club.zip"))

    assert result.exit_code == 0
    assert all(path.name in result.stdout for path in bad)
    assert answer(home, "SELECT count(*) FROM messages") == [(3,)]


def test_bytes_that_are_no_text_cost_no_message(cli: Cli, home: Path, tmp_path: Path) -> None:
    path = export(tmp_path / "chat.zip", CHAT.encode() + b"13/02/2024, 10:03 - Ana: caf\xe9\n")

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert "1 pieces in quarantine" in result.stdout
    assert answer(home, "SELECT text FROM messages ORDER BY sent_at DESC LIMIT 1") == [("caf\ufffd",)]


def test_a_line_of_ten_million_characters_is_one_message(cli: Cli, home: Path, tmp_path: Path) -> None:
    path = export(tmp_path / "chat.zip", CHAT + "13/02/2024, 10:03 - Ana: " + "long " * (LONG_LINE // 5) + "\n")

    result = cli("ingest", path)

    assert result.exit_code == 0
    assert answer(home, "SELECT count(*) FROM messages") == [(4,)]


@pytest.mark.parametrize(("option", "first"), [("--day-first", "2024-02-01"), ("--month-first", "2024-01-02")])
def test_an_ambiguous_export_waits_for_the_answer(
    cli: Cli, home: Path, tmp_path: Path, option: str, first: str
) -> None:
    cli("ingest", ambiguous(tmp_path))

    result = cli("ingest", option)

    assert result.exit_code == 0
    assert answer(home, "SELECT min(local_time)::DATE::VARCHAR FROM messages") == [(first,)]


def test_a_path_that_is_no_file_is_told_before_anything_is_done(cli: Cli, home: Path, tmp_path: Path) -> None:
    result = cli("ingest", tmp_path / "missing.zip")

    assert result.exit_code == 1
    assert "missing.zip does not exist" in result.stderr
    assert not (home / "warehouse.duckdb").exists()


def test_a_file_that_the_inbox_would_not_look_at_is_refused(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "chat.pdf").write_bytes(b"%PDF")

    result = cli("ingest", tmp_path / "chat.pdf")

    assert result.exit_code == 1
    assert "chat.pdf" in result.stderr
    assert not list((home / "inbox").glob("*.pdf"))


def test_without_paths_the_inbox_is_taken_in(cli: Cli, home: Path) -> None:
    cli("init")
    export(home / "inbox" / "WhatsApp Chat with Garden Club.zip")

    assert cli("ingest").exit_code == 0

    assert answer(home, "SELECT count(*) FROM messages") == [(3,)]
