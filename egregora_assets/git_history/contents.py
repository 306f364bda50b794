"""What a file said at a version: its bytes, read from the repository when somebody asks. No contents are stored."""

from __future__ import annotations

from pathlib import Path

from egregora_assets.git_history import plumbing
from egregora_assets.git_history.repositories import Source, Unanswerable, opened

MOST_BYTES = 4 << 20
"""The largest file that is shown."""
_SEARCHED_BYTES = 8_000


def content_of(source: Source, shadows: Path, blob: str) -> bytes:
    """Return the bytes of a version of a file, by the id of its content. Raises ``Unanswerable`` or ``GitError``.

    As git does, takes what has a zero byte near its beginning for no text.
    """
    repository = opened(source, shadows)
    told = plumbing.output_of(repository, "cat-file", "--batch-check=%(objecttype) %(objectsize)", lines=[blob])
    kind, _, size = told.decode("ascii", "replace").strip().partition(" ")
    if kind != "blob":
        raise Unanswerable(f"{source.folder} does not hold the content {blob}: the clone is not whole")
    if int(size) > MOST_BYTES:
        raise Unanswerable(f"the file has {int(size):,} bytes; not more than {MOST_BYTES:,} are shown")
    content = plumbing.output_of(repository, "cat-file", "blob", blob)
    if b"\0" in content[:_SEARCHED_BYTES]:
        raise Unanswerable(f"the file is no text: {int(size):,} bytes")
    return content
