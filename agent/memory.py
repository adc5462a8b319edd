"""LangGraph's memory: checkpoints in schema `langgraph` of the same Postgres. They hold what a model needs to go on;
what people see is in our own tables."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.types import StateUpdate
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from agent.graph import Graph, repair
from store.db import PatientConnection

POOL_SIZE = 8
REST_SECONDS = 1.0


async def _check(conn: PatientConnection) -> None:
    """Ask a connection that has rested whether it still lives; one that was just in use need not be asked."""
    if time.monotonic() - conn.asked_at > REST_SECONDS:
        await AsyncConnectionPool.check_connection(conn)
    conn.asked_at = time.monotonic()


@asynccontextmanager
async def open_saver(url: str) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver over its own pool; `url` is `Database.agent_url`. Broken connections are replaced at checkout."""
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        url,
        min_size=2,
        max_size=POOL_SIZE,
        open=False,
        check=_check,
        connection_class=PatientConnection,
        kwargs={"autocommit": True, "row_factory": dict_row, "prepare_threshold": 0},
    )
    await pool.open(wait=True)
    try:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        yield saver
    finally:
        await pool.close()


def thread(conversation_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": conversation_id}}


async def save_partial(graph: Graph, conversation_id: str, partial: Mapping[str, str]) -> None:
    """After a cancelled run: keep finished tool results, answer the open calls, keep what was said so far
    (`partial`: message id → text) and end the run, so that the next question finds a whole history."""
    config = thread(conversation_id)
    await graph.aupdate_state(config, None, as_node="__end__")
    messages: list[AnyMessage] = (await graph.aget_state(config)).values.get("messages", [])
    update: list[AnyMessage] = [m for m in repair(messages) or [] if isinstance(m, ToolMessage) and m not in messages]
    update += [cut_off(i, text) for i, text in partial.items() if text.strip()]
    if update:
        node = "tools" if isinstance(update[-1], ToolMessage) else "model"
        await graph.abulk_update_state(
            config, [[StateUpdate({"messages": update}, node)], [StateUpdate(None, "__end__")]]
        )


async def save_heard(graph: Graph, conversation_id: str, heard: str) -> None:
    """After a barge-in on a finished answer: the model's memory of it ends where the voice was cut."""
    config = thread(conversation_id)
    messages: list[AnyMessage] = (await graph.aget_state(config)).values.get("messages", [])
    last = next((m for m in reversed(messages) if isinstance(m, AIMessage) and not m.tool_calls), None)
    if last is None or last.id is None:
        return
    await graph.abulk_update_state(
        config, [[StateUpdate({"messages": [cut_off(last.id, heard)]}, "model")], [StateUpdate(None, "__end__")]]
    )


def cut_off(message_id: str, text: str) -> AIMessage:
    return AIMessage(text.rstrip() + " —", id=message_id, response_metadata={"interrupted": True})
