"""A server on this machine with OpenAI's chat interface, which answers as it is told, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from egregora_assets.config import LanguageModelSettings, Settings

Lines = list[dict[str, Any]]
Found = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Answer:
    """``status`` 0 cuts the line; ``seconds`` is how long it takes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


Behaviour = Callable[[Lines], Answer]


@dataclass
class Service:
    """What is asked, and what is answered: ``answers`` first come, and then as ``usual``."""

    url: str
    usual: Behaviour
    answers: list[Behaviour] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list, repr=False)
    headers: list[dict[str, str]] = field(default_factory=list, repr=False)
    answered: list[str] = field(default_factory=list, repr=False)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def prompts(self) -> list[str]:
        return [prompt_of(body) for body in self.bodies]

    def settings(self, settings: Settings, **changes: object) -> Settings:
        """Return the same home with this service as its model."""
        told = {"model": "small", "url": self.url, "timeout_seconds": 5, **changes}
        return settings.model_copy(update={"language_model": LanguageModelSettings.model_validate(told)})


def prompt_of(body: dict[str, Any]) -> str:
    return str(next(one["content"] for one in body["messages"] if one["role"] == "user"))


def completion(found: object, tokens: tuple[int, int] = (100, 50)) -> Answer:
    """Answer with a call of the tool; ``found`` is its arguments, or text that should be JSON."""
    arguments = found if isinstance(found, str) else json.dumps(found)
    call = {"id": "1", "type": "function", "function": {"name": "report", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    told = {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [choice], "usage": usage}
    return Answer(json.dumps(told).encode())


def nothing(**found: list[dict[str, Any]]) -> Found:
    return {"summary": [], "decisions": [], "action_items": [], "questions": [], **found}


def sensible(lines: Lines) -> Found:
    """Return what a model may find: something of each kind, cited rightly."""
    first, last = lines[0], lines[-1]
    answer = {"text": last["text"][:80], "message": last["n"]} if len(lines) > 1 else None
    return nothing(
        summary=[{"text": "They talk it over", "messages": [first["n"]]}],
        decisions=[{"text": "It is settled", "status": "agreed", "messages": [last["n"]]}],
        action_items=[{"text": "Bring it along", "assignee": last["by"], "due": None, "messages": [last["n"]]}],
        questions=[{"text": "What about it?", "answer": answer, "messages": [first["n"]]}],
    )


def well(lines: Lines) -> Answer:
    return completion(sensible(lines))


def failing(status: int, **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(b'{"error": {"message": "no"}}', status, named)


def saying(found: object) -> Behaviour:
    return lambda _: completion(found)


@contextmanager
def served(usual: Behaviour = well) -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with service.lock:
                service.bodies.append(body)
                service.headers.append(
                    {"path": self.path, **{name.lower(): told for name, told in self.headers.items()}}
                )
                behaviour = service.answers.pop(0) if service.answers else service.usual
                service.at_once += 1
                service.most_at_once = max(service.most_at_once, service.at_once)
            answer = behaviour([json.loads(line) for line in prompt_of(body).split("\n")])
            time.sleep(answer.seconds)
            with service.lock:
                service.at_once -= 1
            with suppress(OSError):  # who asked may have gone
                self._send(answer)
                with service.lock:
                    service.answered.append(prompt_of(body))

        def _send(self, answer: Answer) -> None:
            if answer.status == 0:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer.status)
            told = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), **answer.headers}
            for name, value in told.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Who asked has gone: nothing to tell."""

    with Server(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_port}/v1", usual)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
