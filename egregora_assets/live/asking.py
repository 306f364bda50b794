"""Asking a live service that runs, over its socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from egregora_assets.live.errors import LiveError, NotRunning

_ANSWER_SECONDS = 60.0
_MOST_ANSWER_BYTES = 64 << 20


def ask(path: Path, request: dict[str, Any], seconds: float = _ANSWER_SECONDS) -> dict[str, Any]:
    """Send one request and return its answer. Raises ``NotRunning``, or ``LiveError`` with what the service says of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(path))
        except OSError:
            raise NotRunning(f"no live service answers at {path}: `egregora live` runs one") from None
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline(_MOST_ANSWER_BYTES)
    if not line.endswith(b"\n"):
        raise NotRunning(f"the live service at {path} ended while it was asked")
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise NotRunning(f"what answers at {path} is no live service")
    if "error" in answer:
        raise LiveError(str(answer["error"]))
    return answer
