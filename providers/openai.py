"""OpenAI and every endpoint that speaks its chat protocol, with what is streamed checked before it is believed.

langchain-core mends half-arrived tool arguments ("{"scene": 12" becomes scene 12), so a cut connection would run a tool
with arguments nobody sent. Here such an answer is an error, which the agent turns into a retry or a fallback.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.exceptions import ModelAPIError, ModelError
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from core.errors import NotConfigured
from core.settings import Settings

VENDOR_HOST = "api.openai.com"
NO_KEY = "no-key"
"""Sent to endpoints of one's own that want none."""
RETRIES_MAX = 2
"""Tries after the first; the SDK waits as long as a Retry-After header says."""


class UnusableReply(ModelAPIError):
    """What arrived cannot be used: cut off, not valid, or empty."""


class MalformedToolCall(UnusableReply):
    """Tool arguments that are not one whole JSON object."""


class CutOffReply(UnusableReply):
    """The stream ended before the model said it was done."""


class EmptyReply(UnusableReply):
    """Neither words nor a tool call."""


class StrictChatOpenAI(ChatOpenAI):
    """ChatOpenAI that raises UnusableReply instead of passing on a broken answer."""

    @property
    def label(self) -> str:
        """Which brain this is, for people: "gpt-x via OpenAI", or "model via host" for another endpoint."""
        return f"{self.model_name} via {vendor_name(self.openai_api_base)}"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _checked(super()._generate(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _checked(await super()._agenerate(messages, stop, run_manager, **kwargs))

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        arrived = _Arrived()
        for chunk in super()._stream(*args, **kwargs):
            arrived.add(chunk)
            yield chunk
        arrived.check()

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        arrived = _Arrived()
        try:
            async for chunk in super()._astream(*args, **kwargs):
                arrived.add(chunk)
                yield chunk
        except (httpx.TransportError, json.JSONDecodeError) as error:
            raise CutOffReply(f"The stream broke off ({type(error).__name__}).") from None
        arrived.check()


class _Arrived:
    """What has come through a stream so far, unmended."""

    def __init__(self) -> None:
        self.arguments: dict[Any, str] = {}
        self.text = False
        self.finish: str | None = None

    def add(self, chunk: ChatGenerationChunk) -> None:
        message = chunk.message
        self.text = self.text or bool(message.text)
        if isinstance(message, AIMessageChunk):
            for piece in message.tool_call_chunks:
                at = piece.get("index")
                self.arguments[at] = self.arguments.get(at, "") + (piece.get("args") or "")
        info = chunk.generation_info or {}
        self.finish = message.response_metadata.get("finish_reason") or info.get("finish_reason") or self.finish

    def check(self) -> None:
        if self.finish is None:
            raise CutOffReply("The stream ended before the answer was complete.")
        for written in self.arguments.values():
            _check_arguments(written, self.finish)
        if not self.text and not self.arguments:
            raise EmptyReply("The model answered with nothing at all.")


def _checked(result: ChatResult) -> ChatResult:
    for generation in result.generations:
        message = generation.message
        if not isinstance(message, AIMessage):
            continue
        finish = str((generation.generation_info or {}).get("finish_reason") or "stop")
        if message.invalid_tool_calls or (message.tool_calls and finish == "length"):
            raise MalformedToolCall("The model asked for a tool with arguments that are not valid.")
        if not message.text and not message.tool_calls:
            raise EmptyReply("The model answered with nothing at all.")
    return result


def _check_arguments(written: str, finish: str) -> None:
    if finish == "length":
        raise MalformedToolCall("The model's tool call was cut off at its length limit.")
    try:
        arguments = json.loads(written or "{}")
    except ValueError:
        raise MalformedToolCall("The model asked for a tool with arguments that are not valid JSON.") from None
    if not isinstance(arguments, dict):
        raise MalformedToolCall("The model asked for a tool with arguments that are not a JSON object.")


def connect(settings: Settings) -> StrictChatOpenAI:
    """The chat model the settings describe. Raises NotConfigured when they name neither key nor endpoint."""
    key, url = settings.openai_api_key, settings.openai_base_url
    if (key is None or not key.get_secret_value().strip()) and not url:
        raise NotConfigured("The brain is set to openai, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set.")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise NotConfigured("OPENAI_BASE_URL is not a web address such as http://127.0.0.1:11434/v1.")
    return StrictChatOpenAI(
        model=settings.openai_model,
        api_key=key if key is not None and key.get_secret_value().strip() else SecretStr(NO_KEY),
        base_url=url,
        max_retries=RETRIES_MAX,
        timeout=settings.brain_timeout_seconds,
        stream_chunk_timeout=settings.brain_timeout_seconds,
        stream_usage=True,
        use_responses_api=False,
    )


def vendor_name(url: str | None) -> str:
    """ "OpenAI", or host and port of another endpoint; never the credentials a URL may hold."""
    parts = urlsplit(url or "")
    if not parts.hostname or parts.hostname == VENDOR_HOST:
        return "OpenAI"
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def is_vendor_fault(error: BaseException) -> bool:
    """Whether the vendor or the way to it failed, so that another brain may answer. Faults of ours are not."""
    return isinstance(error, ModelError | openai.OpenAIError | httpx.HTTPError)


def explain(error: BaseException) -> str:
    """One sentence for people. Nothing the vendor wrote is repeated: it may hold part of a key."""
    who = _who(error)
    if isinstance(error, UnusableReply):
        return f"{who} sent an answer that cannot be used: {str(error)[:1].lower()}{str(error)[1:]}"
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException | TimeoutError):
        return f"{who} took too long to answer."
    if isinstance(error, openai.APIConnectionError | httpx.TransportError):
        return f"{who} cannot be reached."
    if isinstance(error, openai.APIStatusError):
        return _STATUS.get(error.status_code, "{who} answered with an error (HTTP {status}).").format(
            who=who, status=error.status_code
        )
    if isinstance(error, openai.APIError):
        return f"{who} broke off with an error in the middle of the answer."
    return f"{who} failed."


_STATUS = {
    400: "{who} refused the request as invalid.",
    401: "{who} does not accept the key that is set.",
    403: "{who} does not allow this with the key that is set.",
    404: "{who} does not have the model that is set.",
    408: "{who} took too long to answer.",
    413: "{who} found the conversation too long.",
    429: "{who} answered “too many requests”.",
    500: "{who} has a fault of its own right now.",
    502: "{who} has a fault of its own right now.",
    503: "{who} is not available right now.",
    504: "{who} took too long to answer.",
    529: "{who} is overloaded right now.",
}


def _who(error: BaseException) -> str:
    try:
        request = getattr(error, "request", None)
    except RuntimeError:  # httpx raises when an error was made without a request
        request = None
    return vendor_name(str(request.url)) if request is not None else "The model"
