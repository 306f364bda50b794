"""Values of decoded JSON whose types nobody has promised: each taken for what it should be, else for nothing."""

from __future__ import annotations

import json
from typing import Any


def as_text(value: object) -> str:
    """Return a text that can be stored (halves of surrogate pairs become U+FFFD); empty for what is no text."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_object(value: object) -> dict[str, Any]:
    """Return an object as it is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return an array as it is; an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_bytes(value: object) -> bytes:
    """Return a value as JSON again, for the quarantine; nothing where it is nested too deeply."""
    try:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    except RecursionError:
        return b""
