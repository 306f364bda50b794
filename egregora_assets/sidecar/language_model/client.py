"""The model behind pydantic-ai. **Words of chats are sent from here**, to where the settings say and nowhere else.

The only module that imports pydantic-ai; it is imported when something is asked. A request is made once: asking again is up to the
caller, who counts what it costs. What a service says is wrong is told by its kind alone: its words may repeat what it was sent.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openai import AsyncOpenAI, Omit
from pydantic_ai import exceptions
from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from egregora_assets.config import LanguageModelSettings
from egregora_assets.sidecar.language_model.asking import Reply
from egregora_assets.sidecar.language_model.errors import NoLanguageModel, RequestFailed
from egregora_assets.sidecar.language_model.findings import Findings
from egregora_assets.sidecar.language_model.prompt import INSTRUCTIONS

log = logging.getLogger(__name__)

_MOST_ANSWER_BYTES = 4 << 20
_TOOL = "report"
_MOST_TOKENS = 1_000_000_000
"""Of one answer: a service that counts more is wrong, and its number might not even be kept."""
_OF_OPENAI_ALONE: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
"""What the environment may say for OpenAI is not for other services."""
_PROFILE = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
"""Services that speak OpenAI's language know the older name of the limit."""
_PASSES = (
    exceptions.ModelRateLimitError,
    exceptions.ModelUnavailableError,
    exceptions.ModelServerError,
    exceptions.ModelConnectionError,
    exceptions.ModelRequestTimeout,
)
"""What may be otherwise when it is asked again."""
_STOPS = (exceptions.ModelAuthenticationError, exceptions.ModelNotFoundError, exceptions.ModelQuotaExceededError)
"""What any other request would meet as well."""


class LanguageModel:
    """A model that is open for requests."""

    def __init__(self, model: Model, settings: LanguageModelSettings) -> None:
        self._model, self._settings = model, settings
        tool = ToolDefinition(
            name=_TOOL,
            parameters_json_schema=Findings.model_json_schema(),
            description="Report what came of the conversation.",
            kind="output",
        )
        self._parameters = ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)

    async def ask(self, prompt: str, name: str) -> Reply:
        """Ask once, under a name by which a service may know that it was asked the same before.

        Raises ``RequestFailed``.
        """
        seconds = self._settings.timeout_seconds
        chosen: ModelSettings = {
            "max_tokens": self._settings.max_answer_tokens,
            "timeout": 2 * seconds,
            "max_retries": 0,
            "extra_headers": {"Idempotency-Key": name, "Accept-Encoding": "identity"},
        }
        request = ModelRequest.user_text_prompt(prompt, instructions=INSTRUCTIONS)
        try:
            async with asyncio.timeout(seconds):
                response = await model_request(
                    self._model, [request], model_settings=chosen, model_request_parameters=self._parameters
                )
        except TimeoutError:
            raise RequestFailed("time_out", passes=True, may_cost=True) from None
        except exceptions.ModelAPIError as error:
            raise _failure(error) from None
        except exceptions.UserError:
            raise RequestFailed("refused_by_the_client", passes=False, stops=True) from None
        except (
            Exception
        ) as error:  # what an answer brings about in there cannot be foreseen: one without choices, IndexError
            log.debug("an answer cannot be read: %s", type(error).__name__)
            raise RequestFailed("unreadable", passes=True, may_cost=True) from None
        counted = response.usage
        return Reply(
            _words_of(response), min(counted.input_tokens, _MOST_TOKENS), min(counted.output_tokens, _MOST_TOKENS)
        )


@asynccontextmanager
async def opened(settings: LanguageModelSettings) -> AsyncIterator[LanguageModel]:
    """Open the model of the settings; nothing is sent before it is asked. Raises ``NoLanguageModel``."""
    if settings.is_remote and not settings.allow_remote:
        raise NoLanguageModel("[language_model] is on another machine, and allow_remote = true is not set")
    if settings.url is None:
        yield LanguageModel(_of_a_provider(settings), settings)
        return
    hooks: dict[str, Any] = {"response": [_bounded]}
    # Proxies of the environment would take what is meant for this machine to another.
    async with httpx2.AsyncClient(
        timeout=2 * settings.timeout_seconds, event_hooks=hooks, follow_redirects=False, trust_env=settings.is_remote
    ) as client:
        key = os.environ.get(settings.key_variable) or "none"
        service = AsyncOpenAI(
            base_url=settings.url, api_key=key, max_retries=0, http_client=client, default_headers=_OF_OPENAI_ALONE
        )
        provider = OpenAICompatibleProvider("endpoint", openai_client=service, profile=_PROFILE)
        yield LanguageModel(OpenAIChatModel(settings.model or "", provider=provider), settings)


def _of_a_provider(settings: LanguageModelSettings) -> Model:
    try:
        return infer_model(settings.model or "")
    except (exceptions.UserError, ImportError) as error:
        raise NoLanguageModel(f"[language_model] model = '{settings.model}' cannot be used: {error}") from None


def _failure(error: exceptions.ModelAPIError) -> RequestFailed:
    if _has_cause(error, _Redirected):
        return RequestFailed("redirected", passes=False, stops=True)
    kind = type(error).__name__.removeprefix("_HTTP").removeprefix("Model").removesuffix("Error")
    status = f"_{error.status_code}" if isinstance(error, exceptions.ModelHTTPError) else ""
    if isinstance(error, _PASSES):
        is_sent = isinstance(error, exceptions.ModelConnectionError) and error.phase not in ("pool", "connect")
        return RequestFailed(f"{kind}{status}", passes=True, wait=error.retry_after or 0.0, may_cost=is_sent)
    if status or isinstance(error, _STOPS):
        return RequestFailed(f"{kind}{status}", passes=False, stops=isinstance(error, _STOPS))
    return RequestFailed("unreadable", passes=True, may_cost=True)


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words_of(response: ModelResponse) -> str:
    """Return the JSON of an answer: what the tool was called with, or what stands in the text of a model that calls no tools."""
    if response.tool_calls:
        return response.tool_calls[0].args_as_json_str()
    text = response.text or ""
    return text[text.find("{") : text.rfind("}") + 1]


class _TooLarge(httpx2.ReadError):
    """An answer goes on without end."""


class _Redirected(httpx2.ReadError):
    """A service sends whoever asks to another address, which nobody has allowed."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            if size > _MOST_ANSWER_BYTES:
                raise _TooLarge("the answer is too large")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bounded(response: httpx2.Response) -> None:
    """Read no more of an answer than an answer can be; one that is packed could be of any size."""
    if response.is_redirect:
        raise _Redirected("the answer is at another address")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _TooLarge("the answer is packed")
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream)
