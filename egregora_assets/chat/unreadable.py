"""What cannot be read as an export, told to the person who put it there."""

from __future__ import annotations

_MOST_PRINTED = 600


class ExportUnreadable(ValueError):
    """A file in the inbox cannot be read as a chat export; the message says why, for the person who put it there.

    Names of files and members stand in it, which anybody may have chosen: it is made printable, and cut where they are long.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(printable(problem))


def printable(text: str) -> str:
    """Return ``text`` without what a terminal would obey and without half characters, cut in the middle where it is long."""
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if len(visible) <= _MOST_PRINTED:
        return visible
    return f"{visible[: _MOST_PRINTED // 2]} … {visible[-_MOST_PRINTED // 2 :]}"
