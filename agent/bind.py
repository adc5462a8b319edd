"""Calls as tools a chat model can make: same model, same docstring, same arguments, one dispatch."""

from __future__ import annotations

import json
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ConfigDict, create_model

from agent.context import TurnContext
from core.calls import CALLS, BaseCall, Call
from tools.registry import dispatch


def tool_name(call: type[BaseCall]) -> str:
    """`persona.switch` → `persona_switch`: vendors allow no dots in tool names."""
    return str(call.model_fields["tool"].default).replace(".", "_")


def tools() -> list[BaseTool]:
    """Every Call a model may make, as a LangChain tool."""
    return [_bind(call) for call in CALLS if call.for_model]


def _bind(call: type[BaseCall]) -> BaseTool:
    fields: dict[str, Any] = {
        name: (field.annotation, field) for name, field in call.model_fields.items() if name != "tool"
    }
    arguments: type[BaseModel] = create_model(
        call.__name__ + "Arguments",
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True),
        __doc__=call.__doc__,
        runtime=(ToolRuntime[TurnContext, Any], ...),
        **fields,
    )

    async def run(runtime: ToolRuntime[TurnContext, Any], **values: Any) -> str:
        outcome = await dispatch(runtime.context.tools, _filled(call, values))
        runtime.context.outcomes.append(outcome)
        return json.dumps({"said": outcome.said, **outcome.data}, ensure_ascii=False)

    return StructuredTool.from_function(
        coroutine=run, name=tool_name(call), description=(call.__doc__ or "").strip(), args_schema=arguments
    )


def _filled(call: type[BaseCall], values: dict[str, Any]) -> Call:
    return call(**values)  # type: ignore[return-value]
