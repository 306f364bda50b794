"""A failure's text → one sentence that says what to do."""

from __future__ import annotations

_ADVICE = (
    (
        "WarehouseBusy",
        "another process has the warehouse open: let it finish, or end the process that the message names",
    ),
    ("SchemaMismatch", "the warehouse was made by another version: install that one, or restore the migration"),
    ("KeyFileError", "secret.key is missing, readable by others or not the right one: see the message"),
    ("SettingsError", "egregora.toml or an EGREGORA_… variable has a value that cannot be used: see the message"),
    ("No space left", "the disk is full: make room and start the run again, nothing was lost"),
    ("asset check", "a blocking check failed: open the check in the UI, nothing was built on what it refused"),
)


def advice(*texts: str) -> str:
    """Return what the person who reads a run's failure should do next."""
    text = " ".join(texts)
    for sign, what_to_do in _ADVICE:
        if sign.lower() in text.lower():
            return what_to_do
    return "see the step's log in the UI; starting the run again is safe, every step can be repeated"
