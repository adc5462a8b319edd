"""The agent graph: `create_agent` with one wrap of ours. Hooks before or after a model call would each be a graph
node, a superstep and a checkpoint; wraps cost none (docs/decisions/0004)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, NotRequired

import structlog
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ExtendedModelResponse,
    ModelRequest,
    ToolErrorMiddleware,
)
from langchain.agents.middleware.types import ModelResponse, ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langgraph.config import get_stream_writer
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Checkpointer, Command
from pydantic import ValidationError

from agent.bind import tools
from agent.context import TurnContext
from core.errors import GreenroomError
from prompts import render_system
from providers.brains import Brains, explain, is_vendor_fault, label
from providers.offline.state import BrainState

log = structlog.get_logger()

GAVE_UP = "I went in circles on that and stopped. Could you ask me in another way?"

Graph = CompiledStateGraph[Any, TurnContext, Any, Any]


class RoomState(AgentState[Any]):
    """`usage`: tokens and model calls of the whole conversation."""

    usage: NotRequired[dict[str, int]]


class Room(AgentMiddleware[Any, TurnContext, Any]):
    """One wrap around every model call: persona prompt, repaired history, call budget, usage, fallback said aloud."""

    state_schema = RoomState

    def __init__(self, fallback: BaseChatModel, *, budget: int, history: int) -> None:
        super().__init__()
        self.fallback = fallback
        self.budget = budget
        self.history = history

    async def awrap_model_call(
        self,
        request: ModelRequest[TurnContext],
        handler: Callable[[ModelRequest[TurnContext]], Awaitable[ModelResponse[Any]]],
    ) -> ExtendedModelResponse[Any]:
        ctx = request.runtime.context
        repaired = repair(request.messages)
        messages = repaired if repaired is not None else request.messages
        prepared = request.override(messages=recent(messages, self.history))
        spent = calls_this_turn(messages) >= self.budget
        if spent:
            prepared = prepared.override(tools=[])
        try:
            response = await self._call(prepared, ctx, handler)
        except Exception as error:
            if prepared.model is self.fallback or not is_vendor_fault(error):
                raise
            log.warning("brain.fell_back", error=type(error).__name__)
            get_stream_writer()({"kind": "brain", "brain": label(self.fallback), "notice": explain(error)})
            response = await self._call(prepared.override(model=self.fallback), ctx, handler)
        if spent:
            response = replace(response, result=[without_calls(m) for m in response.result])
        update: dict[str, Any] = {"usage": add_usage(dict(request.state).get("usage"), response.result[-1])}
        # what no model is shown any more would be read and written again with every step
        if repaired is not None or len(messages) > 2 * self.history:
            update["messages"] = [RemoveMessage(id=REMOVE_ALL_MESSAGES), *prepared.messages]
        return ExtendedModelResponse(response, Command(update=update))

    async def _call(
        self,
        request: ModelRequest[TurnContext],
        ctx: TurnContext,
        handler: Callable[[ModelRequest[TurnContext]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        if getattr(request.model, "wants_state", False):
            state = BrainState(
                persona=ctx.persona,
                cast=ctx.cast,
                passages=ctx.passages,
                memories=ctx.memories,
                last_topic=ctx.last_topic,
                has_reply=ctx.has_reply,
            )
            return await handler(request.override(model_settings={"studio_state": state}))
        system = render_system(ctx.persona, ctx.memories, ctx.passages, ctx.cast, spoken=ctx.spoken)
        return await handler(request.override(system_message=SystemMessage(system)))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        if request.tool is None:
            return ToolMessage(
                f"There is no tool named {request.tool_call['name']!r}.",
                tool_call_id=request.tool_call["id"] or "",
                name=request.tool_call["name"],
                status="error",
            )
        return await handler(request)


def build(brains: Brains, checkpointer: Checkpointer, *, budget: int, history: int) -> Graph:
    """The compiled graph. Its thread id is the conversation id, set by the server."""
    room = Room(brains.fallback, budget=budget, history=history)
    return create_agent(
        brains.primary,
        tools(),
        middleware=[room, ToolErrorMiddleware(_for_model)],
        context_schema=TurnContext,
        checkpointer=checkpointer,
        name="room",
    )


def _for_model(error: Exception, request: ToolCallRequest) -> str | None:
    if isinstance(error, GreenroomError):
        return error.message
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
    return None


def repair(messages: Sequence[AnyMessage]) -> list[AnyMessage] | None:
    """History in which every tool call is answered, or None when it already is. A stop, a crash or a new message in
    between leaves calls open, and a vendor refuses such a history."""
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    if all(c["id"] in answered for m in messages if isinstance(m, AIMessage) for c in m.tool_calls):
        return None
    whole: list[AnyMessage] = []
    for message in messages:
        whole.append(message)
        if isinstance(message, AIMessage):
            whole += [
                ToolMessage(
                    "Cancelled: the person moved on and nothing was done.",
                    name=c["name"],
                    tool_call_id=c["id"] or "",
                    status="error",
                )
                for c in message.tool_calls
                if c["id"] not in answered
            ]
    return whole


def recent(messages: Sequence[AnyMessage], limit: int) -> list[AnyMessage]:
    """The last `limit` messages, starting at a question so that no tool result stands without its call."""
    if len(messages) <= limit:
        return list(messages)
    starts = [i for i, m in enumerate(messages) if isinstance(m, HumanMessage)]
    cut = next((i for i in starts if i >= len(messages) - limit), starts[-1] if starts else 0)
    return list(messages[cut:])


def without_calls(message: BaseMessage) -> BaseMessage:
    """A plain answer, for a model that calls tools although none are offered to it any more."""
    if not isinstance(message, AIMessage) or not message.tool_calls:
        return message
    return AIMessage(message.text.strip() or GAVE_UP, id=message.id, usage_metadata=message.usage_metadata)


def calls_this_turn(messages: Sequence[AnyMessage]) -> int:
    """How often a model was called since the last question."""
    count = 0
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            break
        count += isinstance(message, AIMessage)
    return count


def add_usage(total: Any, message: BaseMessage) -> dict[str, int]:
    used: Any = getattr(message, "usage_metadata", None) or {}
    sums: dict[str, int] = dict(total or {})
    for key in ("input_tokens", "output_tokens"):
        sums[key] = sums.get(key, 0) + int(used.get(key, 0))
    sums["calls"] = sums.get("calls", 0) + 1
    return sums
