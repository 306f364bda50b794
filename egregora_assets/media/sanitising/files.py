"""One file on disk → its sanitised copy: for people, outside of any home or store."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.sanitising.recipes import sanitised

MAX_FILE_BYTES = 1 << 30
"""A file is read whole; larger ones are refused."""
_HEAD = 512


def sanitise_file(path: Path, out: Path) -> str:
    """Write the sanitised copy of ``path`` to ``out``, whole or not at all, and return its media type.

    Raises:
        NotSanitised: the file cannot be cleaned; nothing is written.
        OSError: one of the two cannot be read or written; ``FileExistsError`` where ``out`` is the file itself,
            ``NotADirectoryError`` where it would stand in no folder.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    if not out.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "no such folder for the copy", str(out.parent))
    with path.open("rb") as file:
        if out.exists() and os.path.samestat(os.fstat(file.fileno()), out.stat()):
            raise FileExistsError(f"{out} is the file itself: give the copy another name")
        data = file.read(MAX_FILE_BYTES + 1)
    if not data:
        raise NotSanitised(f"not_sanitised: {path} is empty. Nothing was written.")
    if len(data) > MAX_FILE_BYTES:
        raise NotSanitised(f"not_sanitised: {path} has more than {MAX_FILE_BYTES >> 20} MiB. Nothing was written.")
    mime = mime_of(data[:_HEAD])
    try:
        clean = sanitised(mime, data).data
    except NotSanitised as refusal:
        raise NotSanitised(f"not_sanitised: {path} ({mime}): {refusal}. Nothing was written.") from None
    _write_whole(out, clean)
    return mime


def _write_whole(out: Path, data: bytes) -> None:
    partial = out.with_name(f".{out.name[:100]}.{os.urandom(6).hex()}")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
