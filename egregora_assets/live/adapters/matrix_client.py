"""matrix-nio's client as the live service needs it: answers are bounded, read beside the event loop, and change no state.

To check and to read a hundred events takes the library 17 ms, in which the loop would answer nobody. What it keeps of rooms is for
clients that show them.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from egregora_assets.live.adapters.options import missing_package
from egregora_assets.live.adapters.protocol import ConnectionLost

try:
    import nio
except ModuleNotFoundError as missing:
    raise missing_package("matrix", missing) from missing

MAX_ANSWER_BYTES = 64 << 20
_MOST_429 = 5


class Client(nio.AsyncClient):  # type: ignore[misc]  # the library has no types
    """A session of ``user`` with its access token; requests are made once, what fails is raised."""

    def __init__(self, homeserver: str, user: str, token: str) -> None:
        config = nio.AsyncClientConfig(max_timeouts=0, max_limit_exceeded=_MOST_429, store_sync_tokens=False)
        super().__init__(homeserver, user, config=config)
        self.access_token, self.user_id = token, user

    async def create_matrix_response(
        self,
        response_class: type,
        transport_response: Any,
        data: tuple[Any, ...] | None = None,
        save_to: object = None,  # noqa: ARG002  # no files are asked for
    ) -> Any:
        """Read an answer of one of the three kinds that are asked for."""
        body = await _bounded(transport_response)
        answer = await asyncio.to_thread(_read, response_class, transport_response.status, body, data or ())
        answer.transport_response = transport_response
        return answer

    async def receive_response(self, response: Any) -> None:
        """Keep nothing of it."""


async def _bounded(transport_response: Any) -> bytes:
    parts, size = [], 0
    async for part in transport_response.content.iter_any():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise ConnectionLost(f"the server's answer is larger than {MAX_ANSWER_BYTES >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def _read(response_class: Any, status: int, body: bytes, data: tuple[Any, ...]) -> Any:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = {}
    if not isinstance(told, dict):
        told = {}
    if status != 200 and issubclass(response_class, nio.RoomGetStateEventResponse):
        return response_class.create_error(told, data[-1])
    return response_class.from_dict(told, *data)
