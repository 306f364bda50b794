"""A service with OpenAI's interface (``POST …/embeddings``) as an embedder. **Texts of chats leave this machine for it.**

Used only where the settings name one. Texts go in batches; what fails for a while is asked again after a wait that grows, and
what comes back is believed in nothing: number, order, length and values of the vectors are checked.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import math
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from egregora_assets.config import HttpEmbedderSettings
from egregora_assets.search.embedders import READING, EmbedderFailed, Vectors, as_read, unit_length

log = logging.getLogger(__name__)

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 30.0
_RETRIES_OF_A_QUERY = 1
"""Somebody waits for the answer to a query, and words alone find something too."""
_PASSES_BY = {408, 409, 425, 429, 500, 502, 503, 504}
"""Statuses of a service that may answer when it is asked again."""
_QUERY_SECONDS = 10.0
_MOST_ANSWER_BYTES = 256 << 20
_PIECE_BYTES = 1 << 20
_MOST_DIMENSIONS = 16_384
_SHOWN_OF_ERROR = 200
_ON_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class HttpEmbedder:
    """An ``Embedder`` behind an address. Nothing is sent before the first text is."""

    def __init__(self, settings: HttpEmbedderSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        assert settings.url is not None
        self._settings, self._sleep, self._said = settings, sleep, False
        self._address = settings.url.rstrip("/") + "/embeddings"
        parts = urlsplit(settings.url)
        self._host, self._is_open = parts.hostname or "", parts.scheme == "http"
        self._dimensions = 0
        self._opener = urllib.request.build_opener(_NoRedirect)

    @property
    def name(self) -> str:
        return f"{self._settings.model} at {self._host}"

    @cached_property
    def model_fingerprint(self) -> str:
        """A hash of the address and the model's name: what the service does behind them cannot be known."""
        told = json.dumps(["http", self._address, self._settings.model, READING])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; the service is asked where it has not given any yet."""
        return self._dimensions or int(self._asked(["dimensions"], self._settings.retries).shape[1])

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        """A query is asked twice at most, and briefly: somebody waits for it, and search by words has an answer without."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        if as_query:
            retries = min(self._settings.retries, _RETRIES_OF_A_QUERY)
            return self._asked(texts, retries, min(self._settings.timeout_seconds, _QUERY_SECONDS))
        size, again = self._settings.batch, self._settings.retries
        return np.concatenate([self._asked(texts[begin : begin + size], again) for begin in range(0, len(texts), size)])

    def _asked(self, texts: Sequence[str], retries: int, seconds: float | None = None) -> Vectors:
        self._say_where_texts_go()
        read = [as_read(text) for text in texts]
        body = json.dumps({"model": self._settings.model, "input": read, "encoding_format": "float"}).encode()
        return self._vectors(self._answer(body, retries, seconds or self._settings.timeout_seconds), len(texts))

    def _say_where_texts_go(self) -> None:
        """Warn once that texts leave the machine, and once more where anybody on the way can read them."""
        if self._said or self._host in _ON_THIS_MACHINE:
            return
        self._said = True
        log.warning("texts of your chats are SENT TO ANOTHER MACHINE: %s makes their vectors", self._host)
        if self._is_open:
            log.warning("they go there over http, which anybody on the way can read: use an https address")

    def _answer(self, body: bytes, retries: int, seconds: float) -> Any:
        """Return what the service says, asked again while what is wrong may pass. Raises ``EmbedderFailed``."""
        wait = _FIRST_WAIT_SECONDS
        for left in range(retries, -1, -1):
            try:
                return json.loads(self._post(body, seconds))
            except urllib.error.HTTPError as error:
                problem, asked = self._told_by(error), _seconds(error.headers.get("Retry-After"))
                if error.code not in _PASSES_BY:
                    raise EmbedderFailed(problem) from None
            except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
                problem, asked = f"{self.name}: {error or type(error).__name__}", 0.0
            if left:
                log.info("%s: asking again", problem)
                self._sleep(min(_LONGEST_WAIT_SECONDS, max(asked, wait * random.uniform(0.75, 1.25))))
                wait *= 2
        raise EmbedderFailed(f"{problem} (asked {retries + 1} times)")

    def _post(self, body: bytes, seconds: float) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = os.environ.get(self._settings.key_variable)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._address, body, headers)  # noqa: S310 the settings allow http and https alone
        until, answer = time.monotonic() + seconds, bytearray()
        with self._opener.open(request, timeout=seconds) as response:
            while piece := response.read1(_PIECE_BYTES):
                answer += piece
                if len(answer) > _MOST_ANSWER_BYTES:
                    raise EmbedderFailed(f"{self.name} answers with more than {_MOST_ANSWER_BYTES >> 20} MiB")
                if time.monotonic() > until:  # the time limit of a socket is for each piece
                    raise TimeoutError(f"no whole answer in {seconds:g} s")
        return bytes(answer)

    def _told_by(self, error: urllib.error.HTTPError) -> str:
        """Return what the service says is wrong; never what it was sent, which an answer may repeat."""
        with error:
            return f"{self.name} answers with status {error.code} {str(error.reason)[:_SHOWN_OF_ERROR]}"

    def _vectors(self, answer: Any, texts: int) -> Vectors:
        try:
            found = {entry["index"]: entry["embedding"] for entry in answer["data"]}
            if sorted(found) != list(range(texts)):
                raise EmbedderFailed(f"{self.name} gives {len(found)} vectors for {texts} texts")
            vectors = np.array([found[number] for number in range(texts)], np.float32)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise EmbedderFailed(f"{self.name} answers with what are no vectors: {type(error).__name__}") from None
        if vectors.ndim != 2 or not 0 < vectors.shape[1] <= _MOST_DIMENSIONS:
            raise EmbedderFailed(f"{self.name} gives vectors of no usable length")
        if self._dimensions not in (0, vectors.shape[1]):
            raise EmbedderFailed(f"{self.name} gives vectors of {self._dimensions} numbers and of {vectors.shape[1]}")
        self._dimensions = vectors.shape[1]
        return unit_length(vectors)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Texts and keys go to the address in the settings and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _seconds(told: str | None) -> float:
    """Return how long a service asks to be left alone; nothing where it says it in another way."""
    try:
        wait = float(told or 0)
    except ValueError:
        return 0.0
    return wait if math.isfinite(wait) and wait > 0 else 0.0
