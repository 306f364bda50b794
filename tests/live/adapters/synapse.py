"""A real homeserver on loopback: Synapse from PyPI in an environment of its own, which is kept for the next time."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.live.adapters.servers import Server, free_port

_VERSION = "1.163.2"
_SECRET = "a secret of the test alone"
_CONFIG = """
server_name: localhost
pid_file: {folder}/pid
listeners:
  - port: {port}
    bind_addresses: [127.0.0.1]
    type: http
    resources: [{{names: [client], compress: false}}]
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
report_stats: false
trusted_key_servers: []
federation_domain_whitelist: []
registration_shared_secret: "{secret}"
presence: {{enabled: false}}
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
  failed_attempts: {{per_second: 1000, burst_count: 1000}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}}}
"""
_LOG = """
version: 1
handlers: {console: {class: logging.StreamHandler}}
root: {level: WARNING, handlers: [console]}
"""


def _python() -> Path:
    """Return the interpreter of an environment with Synapse, which is made where there is none; skip without a registry."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    environment = cache / "egregora-tests" / f"synapse-{_VERSION}-py{sys.version_info.major}{sys.version_info.minor}"
    python, whole = environment / "bin" / "python", environment / "whole"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        made = subprocess.run(
            [str(python), "-m", "pip", "install", "-q", f"matrix-synapse=={_VERSION}"], capture_output=True, text=True
        )
        if made.returncode:
            pytest.skip(f"matrix-synapse {_VERSION} cannot be installed: {made.stderr.strip().splitlines()[-1]}")
        whole.touch()
    return python


def synapse(folder: Path) -> Server:
    python, port = _python(), free_port()
    settings = folder / "homeserver.yaml"
    settings.write_text(_CONFIG.format(folder=folder, port=port, secret=_SECRET))
    (folder / "log.yaml").write_text(_LOG)
    program = [str(python), "-m", "synapse.app.homeserver", "-c", str(settings)]
    subprocess.run([*program, "--generate-keys"], check=True, capture_output=True)
    return Server(program, port, folder / "synapse.log")


class Person:
    """Somebody with an account, by the client-server API itself."""

    _transactions = count()

    def __init__(self, server: Server, http: aiohttp.ClientSession) -> None:
        self._server, self._http = server, http
        self.user_id = self.token = ""

    async def ask(self, method: str, path: str, body: object = None, api: str = "/_matrix/client/v3") -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._server.port}{api}{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._http.request(method, url, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return dict(answer)

    async def register(self, name: str, display_name: str) -> None:
        path, admin = "/v1/register", "/_synapse/admin"
        nonce = (await self.ask("GET", path, api=admin))["nonce"]
        proof = hmac.new(_SECRET.encode(), b"\0".join((nonce.encode(), name.encode(), b"p", b"notadmin")), hashlib.sha1)
        body = {"nonce": nonce, "username": name, "password": "p", "admin": False, "mac": proof.hexdigest()}
        answer = await self.ask("POST", path, body, api=admin)
        self.user_id, self.token = answer["user_id"], answer["access_token"]
        await self.ask("PUT", f"/profile/{quote(self.user_id)}/displayname", {"displayname": display_name})

    async def create_room(self, name: str, *invited: Person) -> str:
        body = {"name": name, "preset": "private_chat", "invite": [person.user_id for person in invited]}
        return str((await self.ask("POST", "/createRoom", body))["room_id"])

    async def join(self, room: str) -> None:
        await self.ask("POST", f"/join/{quote(room)}", {})

    async def send(self, room: str, content: dict[str, Any], type_: str = "m.room.message") -> str:
        path = f"/rooms/{quote(room)}/send/{type_}/t{next(self._transactions)}"
        return str((await self.ask("PUT", path, content))["event_id"])

    async def say(self, room: str, text: str, **more: object) -> str:
        return await self.send(room, {"msgtype": "m.text", "body": text} | more)

    async def edit(self, room: str, target: str, text: str) -> str:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": target}
        return await self.send(room, {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation})

    async def react(self, room: str, target: str, emoji: str) -> str:
        relation = {"rel_type": "m.annotation", "event_id": target, "key": emoji}
        return await self.send(room, {"m.relates_to": relation}, "m.reaction")

    async def redact(self, room: str, target: str) -> str:
        path = f"/rooms/{quote(room)}/redact/{quote(target)}/t{next(self._transactions)}"
        return str((await self.ask("PUT", path, {}))["event_id"])


@asynccontextmanager
async def people(server: Server, **names: str) -> AsyncIterator[list[Person]]:
    """Give an account to each, by name and display name."""
    async with aiohttp.ClientSession() as http:
        registered = [Person(server, http) for _ in names]
        for person, (name, display_name) in zip(registered, names.items(), strict=True):
            await person.register(name, display_name)
        yield registered
