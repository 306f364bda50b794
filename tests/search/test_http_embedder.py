"""A service is asked in batches, again where it may help, and believed in nothing; texts go where the settings say alone."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import HttpEmbedderSettings, SearchSettings, Settings, SettingsError, load_settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import embeddings, vector_index, verify, verify_vectors, words
from egregora_assets.search.embedders import EmbedderFailed, open_embedder
from egregora_assets.search.http_embedder import HttpEmbedder
from egregora_assets.search.opening import open_search
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar
from tests.chats import chat, put_export

Answer = tuple[int, dict[str, str], bytes]


def vector_of(text: str) -> list[float]:
    return [float(len(text)), 1.0, float(sum(map(ord, text)) % 97)]


def well(request: dict[str, Any]) -> Answer:
    """Answer as a service does, in another order than it was asked."""
    entries = [
        {"object": "embedding", "index": number, "embedding": vector_of(text)}
        for number, text in enumerate(request["input"])
    ]
    return 200, {}, json.dumps({"object": "list", "data": entries[::-1], "model": request["model"]}).encode()


def failing(status: int, **headers: str) -> Callable[[dict[str, Any]], Answer]:
    return lambda _: (status, {name.replace("_", "-"): value for name, value in headers.items()}, b'{"error": "no"}')


@dataclass
class Service:
    """A server on this machine that answers as it is told, first come first, and then well."""

    url: str
    answers: list[Callable[[dict[str, Any]], Answer]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def embedder(self, **changes: object) -> HttpEmbedder:
        settings = {"url": self.url, "model": "small", "timeout_seconds": 5, **changes}
        return HttpEmbedder(HttpEmbedderSettings.model_validate(settings), self.waits.append)


@contextmanager
def served() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            service.requests.append({"path": self.path, **request})
            service.keys.append(self.headers["Authorization"])
            status, headers, body = (service.answers.pop(0) if service.answers else well)(request)
            if status == 0:  # the line is cut
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # who asked may have gone
                for number in range(len(body) if "Drip" in headers else 0):
                    self.wfile.write(body[number : number + 1])
                    time.sleep(0.02)
                self.wfile.write(body if "Drip" not in headers else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_port}/v1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.delenv("EGREGORA_EMBEDDING_KEY", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served() as service:
        yield service


def expected(texts: list[str]) -> np.ndarray[Any, Any]:
    vectors = np.array([vector_of(text) for text in texts])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_texts_go_in_batches_and_vectors_come_back_in_their_order(service: Service) -> None:
    texts = [f"text {'x' * number}" for number in range(7)]
    embedder = service.embedder(batch=3)

    assert np.allclose(embedder.embed(texts), expected(texts), atol=1e-6)
    assert [request["input"] for request in service.requests] == [texts[:3], texts[3:6], texts[6:]]
    assert {(request["path"], request["model"]) for request in service.requests} == {("/v1/embeddings", "small")}
    assert embedder.embed([]).shape == (0, 3)
    assert embedder.dimensions == 3


@pytest.mark.parametrize(
    "problem", [failing(503), failing(429), failing(500), failing(0), lambda _: (200, {}, b"<html>")]
)
def test_what_may_pass_is_asked_again_with_growing_waits(service: Service, problem: Callable[..., Answer]) -> None:
    service.answers = [problem, problem]

    assert np.allclose(service.embedder().embed(["hello"]), expected(["hello"]), atol=1e-6)
    assert len(service.requests) == 3
    assert 0.3 < service.waits[0] < service.waits[1] < 2


def test_a_service_that_asks_to_be_left_alone_is(service: Service) -> None:
    service.answers = [
        failing(429, Retry_After="7"),
        failing(429, Retry_After="Tue, 3 Jun"),
        failing(429, Retry_After="1e9"),
    ]

    service.embedder().embed(["hello"])
    assert service.waits[0] == 7
    assert service.waits[1] < 2
    assert service.waits[2] == 30


def test_what_does_not_pass_is_an_error_after_the_retries_or_at_once(service: Service) -> None:
    service.answers = [failing(503)] * 3
    with pytest.raises(EmbedderFailed, match=r"503.*asked 3 times"):
        service.embedder(retries=2).embed(["hello"])
    service.answers = [failing(401)]
    with pytest.raises(EmbedderFailed, match="401") as told:
        service.embedder().embed(["a very private word"])
    assert "private" not in str(told.value)
    assert len(service.requests) == 4


def test_who_waits_for_an_answer_to_a_query_does_not_wait_long(service: Service) -> None:
    service.answers = [failing(503)] * 2
    with pytest.raises(EmbedderFailed, match="asked 2 times"):
        service.embedder(retries=5).embed(["hello"], as_query=True)


def answering(data: object) -> Callable[[dict[str, Any]], Answer]:
    return lambda _: (200, {}, json.dumps({"data": data}).encode())


@pytest.mark.parametrize(
    "data",
    [
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [float("nan")]}, {"index": 1, "embedding": [1.0]}],
        [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": "x"}, {"index": 1, "embedding": "y"}],
        [{"index": 0, "embedding": [10**400]}, {"index": 1, "embedding": [1]}],
        {"index": 0},
        None,
    ],
)
def test_what_are_no_vectors_is_refused(service: Service, data: object) -> None:
    service.answers = [answering(data)]
    with pytest.raises(EmbedderFailed):
        service.embedder().embed(["hello", "kites"])


def test_a_query_is_asked_twice_at_most_for_somebody_waits(service: Service) -> None:
    """A search took minutes where the service was away, before it was by words alone."""
    service.answers = [failing(503)] * 2
    with pytest.raises(EmbedderFailed, match="503"):
        service.embedder().embed(["hello"], as_query=True)
    assert len(service.waits) == 1
    assert np.allclose(service.embedder().embed(["hello"], as_query=True), expected(["hello"]), atol=1e-6)


def test_an_answer_that_is_nested_without_end_is_refused(service: Service) -> None:
    service.answers = [lambda _: (200, {}, b"[" * 100_000)] * 2
    with pytest.raises(EmbedderFailed, match="asked 2 times"):
        service.embedder(retries=1).embed(["hello"])


def test_an_answer_that_comes_drop_by_drop_has_an_end(service: Service) -> None:
    """Each drop came in time, and the whole never."""
    service.answers = [lambda _: (200, {"Drip": "yes", "Content-Length": "5000"}, b" " * 5000)]
    began = time.monotonic()
    with pytest.raises(EmbedderFailed, match=r"no whole answer in 0\.2 s"):
        service.embedder(retries=0, timeout_seconds=0.2).embed(["hello"])
    assert time.monotonic() - began < 50, "all of it takes two minutes"


@pytest.mark.parametrize("most", [None, 100])
def test_a_service_that_gives_longer_vectors_by_the_same_name_is_another_model(
    service: Service, settings: Settings, most: int | None
) -> None:
    """Vectors of two lengths stood side by side, and no index could be made of them ever again."""
    http = HttpEmbedderSettings(url=service.url, model="small", max_texts=most)
    served = settings.model_copy(update={"search": SearchSettings(embedder="http", http=http)})

    def longer(request: dict[str, Any]) -> Answer:
        entries = [{"index": n, "embedding": [*vector_of(text), 1.0]} for n, text in enumerate(request["input"])]
        return 200, {}, json.dumps({"data": entries}).encode()

    put_export(settings, "Garden Club", chat((0, "Rui", "hello"), (1, "Ana", "kites")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        embeddings.refresh(connection, served)
        vector_index.refresh(connection, served)
        publish(connection, served)
        service.answers = [longer] * 9
        with open_search(served) as search:
            assert [found.text for found in search.search("kites")] == ["kites"]
            assert "words alone" in search.notes[0]
        put_export(settings, "Garden Club", chat((0, "Rui", "hello"), (1, "Ana", "kites"), (2, "Rui", "paint")), " (1)")
        ingest(connection, settings)
        assert embeddings.refresh(connection, served).left == (0 if most is None else 2)
        assert embeddings.refresh(connection, served).left == 0
        assert verify.vectors_have_their_form(connection, served).passed
        assert verify.texts_are_embedded(connection, served).passed
        assert vector_index.refresh(connection, served).rows == 4
        assert verify_vectors.vectors_follow_units(connection, served).passed
        words.refresh(connection, served)
        publish(connection, served)
        with open_search(served) as search:
            assert search.search("kites")[0].text == "kites"
            assert search.notes == []


def test_the_key_comes_from_the_environment_and_follows_no_redirect(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "s3cret")
    with served() as elsewhere:
        service.answers = [failing(307, Location=f"{elsewhere.url}/embeddings")]
        with pytest.raises(EmbedderFailed, match="307"):
            service.embedder(key_variable="OTHER_KEY").embed(["hello"])
        assert elsewhere.requests == []
    assert service.keys == ["Bearer s3cret"]
    service.embedder().embed(["hello"])
    assert service.keys[-1] is None


def test_it_is_said_aloud_that_texts_leave_the_machine(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        service.embedder().embed(["hello"])
        assert not caplog.records, "what stays on this machine is nobody's concern"
        away = HttpEmbedder(HttpEmbedderSettings(url="http://embedder.invalid/v1", model="small", retries=0))
        for _ in range(2):
            with pytest.raises(EmbedderFailed, match=r"embedder\.invalid"):
                away.embed(["hello"])
    assert [("SENT TO ANOTHER MACHINE" in text, "https" in text) for text in caplog.messages] == [
        (True, False),
        (False, True),
    ]


def test_a_run_sends_no_more_than_its_budget_and_the_next_goes_on(service: Service, settings: Settings) -> None:
    http = HttpEmbedderSettings(url=service.url, model="small", max_texts=2)
    budgeted = settings.model_copy(update={"search": SearchSettings(embedder="http", http=http)})
    put_export(settings, "Garden Club", chat((0, "Rui", "hello"), (1, "Ana", "kites"), (2, "Rui", "paint")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        for embedded, left in ((2, 2), (2, 0), (0, 0)):
            changes = embeddings.refresh(connection, budgeted)
            assert (changes.embedded, changes.left) == (embedded, left)
            assert verify.texts_are_embedded(connection, budgeted).passed == (left == 0)
        assert scalar(connection, "SELECT count(*) FROM embeddings") == 4
    assert sum(len(request["input"]) for request in service.requests) == 4


def test_another_address_or_model_is_another_fingerprint(service: Service) -> None:
    prints = {
        service.embedder(**changes).model_fingerprint
        for changes in ({}, {"model": "large"}, {"url": "http://127.0.0.1:9/v1"})
    }

    assert len(prints) == 3
    assert service.embedder(batch=7, retries=1).model_fingerprint in prints
    assert service.requests == []


def test_a_service_is_used_only_where_the_settings_name_it(service: Service, settings: Settings) -> None:
    with pytest.raises(ValueError, match="url"):
        SearchSettings(embedder="http")
    told = settings.home / "egregora.toml"
    told.write_text(f'[search]\nembedder = "http"\n[search.http]\nurl = "{service.url}"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EGREGORA_SEARCH__EMBEDDER")
        with pytest.raises(SettingsError, match="model"):
            load_settings(settings.home)
        told.write_text(told.read_text() + 'model = "small"\n')
        assert open_embedder(load_settings(settings.home)).name == "small at 127.0.0.1"
