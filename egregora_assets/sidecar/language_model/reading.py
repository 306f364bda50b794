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

import duckdb

from egregora_assets.config import LanguageModelSettings, Settings
from egregora_assets.sidecar.language_model import answers, journal
from egregora_assets.sidecar.language_model.asking import Asked, Asking, Model, Request
from egregora_assets.sidecar.language_model.budget import Budget
from egregora_assets.sidecar.language_model.errors import NoLanguageModel
from egregora_assets.warehouse.durable import locked

LOCK_FILE = "language-model.lock"
OFF = "off: [language_model] names no model"

Opened = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
Sleep = Callable[[float], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What one pass did.

    ``answered`` counts texts; ``documents`` and ``left`` all documents with and without an answer that can be used. ``dropped`` are
    items by why they cannot be true, ``failed`` texts by why there is no answer; ``reason`` says why less was asked than is left.
    """

    model: str = ""
    requests: int = 0
    answered: int = 0
    documents: int = 0
    left: int = 0
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
            return _read(opened, settings, sleep)
    except _AnotherPass:
        return Reading(reason="another process is asking the language model")


class _AnotherPass(RuntimeError):
    """Two passes at once would pay twice."""


def _read(opened: Opened, settings: Settings, sleep: Sleep) -> Reading:
    chosen = settings.language_model
    asked, dropped, tried = Asked(), Counter[str](), set[str]()
    until = time.monotonic() + chosen.max_seconds
    with opened() as connection:
        dropped += answers.take_in(connection, settings)
        if chosen.model is None:
            return Reading(reason=OFF)
        waiting = answers.plan(connection, settings, tried)
        answered, left = answers.counts(connection)
    budget = Budget(chosen, waiting.tokens_today, waiting.money_today)
    if waiting.requests and chosen.is_remote:
        log.warning("texts of your chats are SENT TO ANOTHER MACHINE: %s reads them", chosen.url or chosen.model)
    while waiting.requests and not asked.stopped:
        with journal.opened(settings.language_model_journal) as kept:
            try:
                asyncio.run(
                    _ask(
                        waiting.requests, chosen, lambda model: Asking(model, chosen, kept, budget, until, asked, sleep)
                    )
                )
            except NoLanguageModel as error:
                asked.stopped = str(error)
                log.warning("no conversation is read by a language model: %s", error)
        tried |= {request.name for request in waiting.requests}
        with opened() as connection:
            dropped += answers.take_in(connection, settings)
            waiting = answers.plan(connection, settings, tried)
            answered, left = answers.counts(connection)
    return Reading(
        model=chosen.model,
        requests=asked.requests,
        answered=asked.answered,
        documents=answered,
        left=left,
        tokens=asked.tokens,
        money=asked.money,
        dropped=dict(dropped + asked.dropped),
        failed=dict(asked.failed),
        budget_left=budget.left,
        reason=asked.stopped,
    )


async def _ask(requests: Sequence[Request], settings: LanguageModelSettings, asking: Callable[[Model], Asking]) -> None:
    try:
        from egregora_assets.sidecar.language_model import client
    except ModuleNotFoundError as error:
        raise NoLanguageModel(
            f"[language_model] needs a package that is not here ({error.name}): pip install 'egregora-assets[llm]'"
        ) from None
    async with client.opened(settings) as model:
        await asking(model).all(requests)
