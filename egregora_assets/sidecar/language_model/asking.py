"""Asking a model about many documents at once: within a budget and a time, again where it may help, each answer kept at once."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from egregora_assets.config import LanguageModelSettings
from egregora_assets.progress import tell
from egregora_assets.sidecar.language_model.budget import Budget, Cost
from egregora_assets.sidecar.language_model.errors import RequestFailed
from egregora_assets.sidecar.language_model.findings import Findings, Shown, Verified, verified
from egregora_assets.sidecar.language_model.journal import Answer, Journal
from egregora_assets.sidecar.language_model.prompt import INSTRUCTIONS

GARBLED, NOTHING_HOLDS, NO_ANSWER = "garbled", "nothing_holds", "no_answer"
MOST_GARBLED = 2
"""So many answers to one text that cannot be used are the last: it is not paid for a third time."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 60.0
_LEAST_IN_A_ROW = 8
"""So many texts after one another without an answer, or as many as are under way at once: it is of no use, and may cost."""
_OVERHEAD_BYTES = len(INSTRUCTIONS) + 4000
"""What stands around each prompt: the instructions, the form of the answer, the protocol."""

log = logging.getLogger(__name__)


class Request(NamedTuple):
    """A prompt, its name, and how many answers to it could not be used before."""

    name: str
    prompt: str
    garbled: int = 0


class Reply(NamedTuple):
    """The JSON of an answer, unread, and what the service says it has counted (0 where it says nothing)."""

    text: str
    input_tokens: int
    output_tokens: int


class Model(Protocol):
    """What can be asked. Raises ``RequestFailed``."""

    async def ask(self, prompt: str, name: str) -> Reply: ...


@dataclass
class Asked:
    """What became of the requests. ``stopped`` says why not all were made, where that is so."""

    requests: int = 0
    answered: int = 0
    tokens: int = 0
    money: float = 0.0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


class Asking:
    """One pass over some requests."""

    def __init__(
        self,
        model: Model,
        settings: LanguageModelSettings,
        journal: Journal,
        budget: Budget,
        until: float,
        asked: Asked,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``until`` is when, on the monotonic clock, no request is begun any more; ``asked`` is counted on."""
        self._model, self._settings, self._journal, self._budget = model, settings, journal, budget
        self._until, self._sleep = until, sleep
        self._asked = asked
        self._not_before = 0.0
        self._done = self._in_a_row = self._under_way = 0
        self._settled = asyncio.Event()

    async def all(self, requests: Sequence[Request]) -> None:
        """Ask about all of them, as many at once as the settings say. Raises ``StoreFull``."""
        waiting = iter(requests)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._settings.concurrency, len(requests))):
                    group.create_task(self._one_after_the_other(waiting, len(requests)))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _one_after_the_other(self, waiting: Iterator[Request], count: int) -> None:
        while not self._asked.stopped and (request := next(waiting, None)) is not None:
            await self._answer(request)
            self._done += 1
            tell(log, "conversations read", self._done, count)

    async def _answer(self, request: Request) -> None:
        """Ask until there is an answer, or no use in asking again."""
        wait, garbled = _FIRST_WAIT_SECONDS, request.garbled
        most = self._budget.guess(_size(request))
        for left in range(self._settings.retries, -1, -1):
            if not await self._may_begin(most):
                return
            try:
                problem = await self._once(request, garbled, most)
            except RequestFailed as error:
                if not left or not await self._waited(error, wait * random.uniform(0.75, 1.25)):
                    self._give_up(error.kind, error.stops)
                    return
                wait *= 2
                continue
            if problem is None:
                self._in_a_row = 0
                return
            garbled += 1
            if garbled >= MOST_GARBLED or not left:
                self._give_up(problem)
                return

    async def _may_begin(self, most: Cost) -> bool:
        """Reserve what a request may cost, when the service no longer wants to be left alone; false where it is not to be made."""
        wait = self._not_before - time.monotonic()
        if wait > 0:
            await self._sleep(wait)
        if time.monotonic() >= self._until:
            self._stop("max_seconds has passed")
        return await self._has_reserved(most)

    async def _has_reserved(self, most: Cost) -> bool:
        """Reserve what a request may cost, or wait for what others leave that cost less than they might; false if none is left."""
        while not self._asked.stopped and not self._budget.reserve(most):
            if not self._under_way:
                self._stop("the budget is used up")
            else:
                self._settled.clear()
                await self._settled.wait()
        return not self._asked.stopped

    async def _once(self, request: Request, garbled: int, reserved: Cost) -> str | None:
        """Make one request and keep its answer; returns what is wrong with that. Raises ``RequestFailed``."""
        spent = Cost()
        self._asked.requests += 1
        self._under_way += 1
        try:
            reply = await self._model.ask(request.prompt, f"{request.name}-{garbled}")
            spent = self._cost(request, reply)
            return self._keep(request, spent, reply.text)
        except RequestFailed as error:
            if error.may_cost:
                spent = self._cost(request, Reply("", 0, 0))
                self._journal.add(self._line(request, spent, NO_ANSWER))
            raise
        finally:
            self._under_way -= 1
            self._settled.set()
            self._budget.settle(reserved, spent)
            self._asked.tokens += spent.tokens
            self._asked.money += spent.money

    async def _waited(self, error: RequestFailed, wait: float) -> bool:
        """Wait before the same is asked again; false where that is of no use. What a service asks for is heeded by all requests."""
        wait = error.wait or min(wait, _LONGEST_WAIT_SECONDS)
        if not error.passes or self._asked.stopped:
            return False
        if time.monotonic() + wait >= self._until:
            self._stop(f"the service is not to be asked for {wait:.0f} s ({error.kind}), and the run ends before")
            return False
        if error.wait:
            self._not_before = max(self._not_before, time.monotonic() + wait)
        else:
            await self._sleep(wait)
        return True

    def _give_up(self, kind: str, stops: bool = False) -> None:
        self._asked.failed[kind] += 1
        self._in_a_row += 1
        if stops:
            self._stop(f"the service refuses ({kind})")
        elif self._in_a_row >= max(_LEAST_IN_A_ROW, self._settings.concurrency):
            self._stop(f"the service gives no answer that can be used ({kind})")

    def _cost(self, request: Request, reply: Reply) -> Cost:
        """Return what an answer has cost; where the service does not say, what it may have."""
        if reply.input_tokens or reply.output_tokens:
            return self._budget.cost(max(0, reply.input_tokens), max(0, reply.output_tokens))
        guessed = self._budget.guess(_size(request))
        return self._budget.cost(guessed.input_tokens, len(reply.text.encode()) // 3)

    def _keep(self, request: Request, spent: Cost, text: str) -> str | None:
        """Have an answer on the disk before anything else happens; returns what is wrong with it."""
        found = _read(text, request.prompt)
        problem = GARBLED if found is None else None if found.is_usable else NOTHING_HOLDS
        findings = found.findings if found and not problem else None
        self._journal.add(self._line(request, spent, problem, findings))
        self._asked.dropped.update(found.dropped if found else {})
        self._asked.answered += problem is None
        return problem

    def _line(self, request: Request, spent: Cost, problem: str | None, findings: Findings | None = None) -> Answer:
        return Answer(
            request=request.name,
            model=self._settings.model or "",
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            money=spent.money,
            problem=problem,
            findings=findings,
        )

    def _stop(self, reason: str) -> None:
        if not self._asked.stopped:
            self._asked.stopped = reason
            log.warning("no more conversations are read by the language model: %s", reason)


def _size(request: Request) -> int:
    return len(request.prompt.encode()) + _OVERHEAD_BYTES


def _read(text: str, prompt: str) -> Verified | None:
    try:
        return verified(Findings.model_validate_json(text), Shown.of(prompt))
    except (ValidationError, ValueError, RecursionError):
        return None
