"""What the graph and its Postgres saver add before the first token, with a model that answers at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from agent import graph
from agent.context import TurnContext
from agent.memory import open_saver, thread
from agent.turn import MODES
from bench.row import Row, p50, p95, row
from core.models import Persona, PersonaPrompt
from core.settings import Settings
from providers.brains import Brains
from store.db import open_database

TURNS = 150


class AtOnce(BaseChatModel):
    """Ten words without any delay."""

    @property
    def _llm_type(self) -> str:
        return "at-once"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("word " * 10))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for _ in range(10):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content="word "))
            if run_manager:
                await run_manager.on_llm_new_token("word ", chunk=chunk)
            yield chunk
            await asyncio.sleep(0)


async def _measure() -> list[Row]:
    model = AtOnce()
    bare, first, whole = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        db = await open_database(Settings(_env_file=None, data_dir=Path(folder)))  # type: ignore[call-arg]
        try:
            async with open_saver(db.agent_url) as saver:
                built = graph.build(Brains(model, model), saver, budget=8, history=60)
                config = thread(str(uuid4()))
                for number in range(TURNS + 10):
                    began = time.perf_counter()
                    async for _ in model.astream([HumanMessage("hi")]):
                        bare.append(time.perf_counter() - began)
                        break
                    began = time.perf_counter()
                    at: float | None = None
                    async for part in built.astream(
                        {"messages": [HumanMessage("hi", id=f"q{number}")]},
                        config,
                        context=_context(),
                        stream_mode=MODES,
                        version="v2",
                        durability="async",
                    ):
                        if at is None and part["type"] == "messages":
                            at = time.perf_counter() - began
                    first.append(at or 0.0)
                    whole.append(time.perf_counter() - began)
                    await saver.aprune([config["configurable"]["thread_id"]], strategy="keep_latest")
        finally:
            await db.close()
    bare, first, whole = (values[10:] for values in (bare, first, whole))
    beside = f"the model alone: {p50(bare) * 1000:.2f} ms"
    return [
        row("graph to first token, Postgres saver, p50", (p50(first) - p50(bare)) * 1000, "ms", "<= 5", beside),
        row("graph to first token, Postgres saver, p95", (p95(first) - p50(bare)) * 1000, "ms", "", beside),
        row("graph, whole turn, p50", p50(whole) * 1000, "ms", "", beside),
    ]


def _context() -> TurnContext:
    persona = Persona(id="bench", name="Bench", role="Bench", prompt=PersonaPrompt(identity="You measure."))
    return TurnContext(
        persona=persona,
        cast=(persona,),
        memories=(),
        passages=(),
        last_topic=None,
        has_reply=False,
        spoken=True,
        question="hi",
        tools=None,  # type: ignore[arg-type]
    )


def rows() -> list[Row]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop the room is served on
        return runner.run(_measure())
