"""Exports of every state of health: one that is read, and five that are not, each for a reason of its own."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

CHAT = "13/02/2024, 10:00 - Ana: hello\n13/02/2024, 10:01 - Bo: hi\n13/02/2024, 10:02 - Cy: hey\n"
AMBIGUOUS = "01/02/2024, 10:00 - Ana: one\n03/04/2024, 10:01 - Bo: two\n"


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


BAD = {
    corrupt: "export the chat again",
    empty: "no message of a known format",
    without_chat: "no chat text",
    bomb: "bomb",
    ambiguous: "--day-first",
}
"""What makes each file that cannot be read, and words of the reason that is told."""
