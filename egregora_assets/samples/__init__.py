"""Sample chats that come with the package: invented groups, in the form in which phones export them.

Here belong the files of those exports, one folder each, and the code that packs them; nobody in them is real.
"""

from __future__ import annotations

import io
import secrets
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_ARCHIVES = {
    "hackerspace_android": "WhatsApp Chat with Riverside Hackerspace.zip",
    "hackerspace_ios": "WhatsApp Chat - Riverside Hackerspace.zip",
    "bookclub_android": "WhatsApp Chat with Sunday Book Club.zip",
}
"""Folder next to this file → name of its export; the two hackerspace exports are one group and overlap."""
_PACKED_AT = (2024, 4, 24, 13, 0, 0)
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3


def write_samples(folder: Path) -> list[Path]:
    """Write the sample exports into ``folder``, which is made if need be, and return their paths.

    The bytes are the same each time and everywhere; an archive that already has them is not touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source, name in _ARCHIVES.items():
        written.append(folder / name)
        _put(written[-1], _packed(files(__name__) / source))
    return written


def _packed(source: Traversable) -> bytes:
    """Return a ZIP of the folder's files. Nothing is compressed: what zlib makes of a file differs between versions."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for file in _members(source):
            info = zipfile.ZipInfo(file.name, _PACKED_AT)
            info.create_system = _UNIX
            info.external_attr = _REGULAR_FILE
            archive.writestr(info, file.read_bytes())
    return buffer.getvalue()


def _members(source: Traversable) -> list[Traversable]:
    """Return the chat text, which phones put first, then the media by name."""
    found = [file for file in source.iterdir() if file.is_file() and not file.name.startswith(".")]
    return sorted(found, key=lambda file: (not file.name.endswith(".txt"), file.name))


def _put(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
