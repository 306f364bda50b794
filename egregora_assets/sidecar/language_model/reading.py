"""One pass: the warehouse says what is to be asked, it is closed while the model is asked, and it takes in what was answered.

Opening the warehouse anew costs little beside one answer, and nobody has to wait for a service that somebody else pays for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

import duckdb

from egregora_assets.config import Settings
from egregora_assets.sidecar.language_model import answers, journal
from egregora_assets.sidecar.language_model.asking import Asked, Asking, Request
from egregora_assets.sidecar.language_model.budget import Budget
from egregora_assets.sidecar.language_model.errors import NoLanguageModel
from egregora_assets.warehouse.durable import locked

LOCK_FILE = "language-model.lock"
UNUSABLE = "the model was asked and has given no answer that can be used"
OFF = "off: [language_model] names no model"

Opened = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
Sleep = Callable[[float], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What one pass did.

    ``answered`` counts texts; ``documents`` and ``left`` all documents with and without an answer that can be used, which last
    changed in ``revision``. ``dropped`` are items by why they cannot be true, ``failed`` texts by why there is no answer;
    ``reason`` says why less was asked than is left.
    """

    model: str = ""
    requests: int = 0
    answered: int = 0
    documents: int = 0
    left: int = 0
    revision: int = 0
    tokens: int = 0
    money: float = 0.0
    dropped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    budget_left: dict[str, float] = field(default_factory=dict)
    reason: str = ""


def refresh(opened: Opened, settings: Settings, sleep: Sleep = asyncio.sleep) -> Reading:
    """Have a model read what no model has read yet, within its time and budget; where none is set, nothing is opened or sent.

    ``opened`` opens the warehouse for a block. A service that fails is no error: what it has not answered is ``left``, and said
    so. Raises what ``answers.plan`` does, and ``StoreFull``.
    """
    if settings.language_model.model is None and not settings.language_model_journal.exists():
        return Reading(reason=OFF)
    try:
        with locked(settings.home / LOCK_FILE, exclusive=True, wait_seconds=0, busy=_AnotherPass):
            return _Pass(opened, settings, sleep).made()
    except _AnotherPass:
        return Reading(reason="another process is asking the language model")


class _AnotherPass(RuntimeError):
    """Two passes at once would pay twice."""


class _Pass:
    """Rounds of looking what is to be asked, with the warehouse open, and of asking, with the warehouse closed."""

    def __init__(self, opened: Opened, settings: Settings, sleep: Sleep) -> None:
        self._opened, self._settings, self._chosen, self._sleep = opened, settings, settings.language_model, sleep
        self._asked, self._dropped, self._tried = Asked(), Counter[str](), set[str]()
        self._counts = answers.Counts()

    def made(self) -> Reading:
        """Make the pass, and return what it did."""
        waiting = self._look()
        budget = Budget(self._chosen, waiting.tokens_today, waiting.money_today)
        try:
            if waiting.requests:
                self._ask_all(waiting, budget)
        except NoLanguageModel as error:
            self._asked.stopped = str(error)
            log.warning("no conversation is read by a language model: %s", error)
        return self._told(budget)

    def _look(self) -> answers.Waiting:
        """Take in what was answered, and return what is to be asked."""
        with self._opened() as connection:
            self._dropped += answers.take_in(connection, self._settings)
            if self._chosen.model is None:
                self._asked.stopped = OFF
                return answers.Waiting((), 0, 0.0)
            waiting = answers.plan(connection, self._settings, self._tried)
            self._counts = answers.counts(connection)
        self._tried |= {request.name for request in waiting.requests}
        return waiting

    def _ask_all(self, waiting: answers.Waiting, budget: Budget) -> None:
        client = _client()
        if self._chosen.is_remote:
            to = self._chosen.url or self._chosen.model
            log.warning("texts of your chats are SENT TO ANOTHER MACHINE: %s reads them", to)
        until = time.monotonic() + self._chosen.max_seconds
        while waiting.requests and not self._asked.stopped:
            asyncio.run(self._ask(client, waiting.requests, budget, until))
            waiting = self._look()

    async def _ask(self, client: ModuleType, requests: Sequence[Request], budget: Budget, until: float) -> None:
        async with client.opened(self._chosen) as model:
            with journal.opened(self._settings.language_model_journal) as kept:
                asking = Asking(model, self._chosen, kept, budget, until, self._asked, self._sleep)
                await asking.all(requests)

    def _told(self, budget: Budget) -> Reading:
        asked = self._asked
        return Reading(
            model=self._chosen.model or "",
            requests=asked.requests,
            answered=asked.answered,
            documents=self._counts.answered,
            left=self._counts.left,
            revision=self._counts.revision,
            tokens=asked.tokens,
            money=asked.money,
            dropped=dict(self._dropped + asked.dropped),
            failed=dict(asked.failed),
            budget_left=budget.left,
            reason=asked.stopped or (UNUSABLE if self._counts.left else ""),
        )


def _client() -> ModuleType:
    """Return the module that asks, which needs what not everybody has installed. Raises ``NoLanguageModel``."""
    try:
        return import_module("egregora_assets.sidecar.language_model.client")
    except ModuleNotFoundError as error:
        raise NoLanguageModel(
            f"[language_model] needs a package that is not here ({error.name}): pip install 'egregora-assets[llm]'"
        ) from None
