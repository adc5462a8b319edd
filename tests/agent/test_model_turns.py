"""Turns of a language model, against an OpenAI-compatible emulator that misbehaves on request."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.agent.conftest import KEY
from tests.client import Page, text_of
from tests.serving import Served

LONG = " ".join(f"This is sentence number {n} of a rather long answer." for n in range(1, 40))


def page(modelled: Served, user: str | None = None, **hello: Any) -> Page:
    return Page(modelled.base, modelled.token(user or str(uuid4())), **{"persona_id": "jenniel", **hello})


def chunks(one: Page) -> list[Any]:
    return [e for e in one.events if e["type"] == "speech.chunk"]


async def history(modelled: Served, thread: str) -> list[Any]:
    state = await modelled.app.state.backstage.graph.aget_state({"configurable": {"thread_id": thread}})
    assert state.next == ()
    return list(state.values["messages"])


async def test_a_model_answers_in_the_personas_name_with_its_notes(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply("Choose **profit** before share.")
    async with page(modelled) as one:
        welcome = await one.until("welcome")
        assert welcome["brain"].startswith("room-1")
        done = await one.answer("Should we chase market share?", speak=True)
    assert text_of(done) == "Choose **profit** before share." and done["brain"] == welcome["brain"]
    sent = llmock.last_request.body
    system = next(m["content"] for m in sent["messages"] if m["role"] in ("system", "developer"))
    assert "Professor Jenniel" in str(system) and '<untrusted source="notes">' in str(system)
    assert {t["function"]["name"] for t in sent["tools"]} >= {"persona_switch", "memory_remember", "reply_keep"}
    assert "ask" not in {t["function"]["name"] for t in sent["tools"]}


async def test_history_is_sent_and_the_persona_changes_with_the_conversation(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply("First answer.").reply("Second answer.")
    async with page(modelled) as one:
        await one.until("snapshot")
        await one.answer("First question?")
        await one.answer("Second question?", persona_id="marcus")
    sent = llmock.last_request.body["messages"]
    assert [m["content"] for m in sent[1:]] == ["First question?", "First answer.", "Second question?"]
    assert 'You are "Marcus' in sent[0]["content"] and "Professor Jenniel" not in sent[0]["content"].split("# ")[0]


async def test_a_tool_call_runs_once_and_its_result_is_told(modelled: Served, llmock: Any) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May"}).reply("Noted: May.")
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Remember our launch is in May.")
        changed = [e for e in one.events if e["type"] == "memories.changed"]
        assert [m["text"] for m in changed[-1]["memories"]] == ["Their launch is in May"]
        assert any(e["type"] == "tool.running" and e["name"] == "memory_remember" for e in one.events)
    assert text_of(done) == "Noted: May."
    results = [m for m in llmock.last_request.body["messages"] if m["role"] == "tool"]
    assert len(results) == 1 and "May" in results[0]["content"]


@pytest.mark.parametrize("arguments", [{"fact": 7}, {}, {"fact": "x", "sudo": True}, {"fact": "y" * 999}])
async def test_wrong_arguments_are_refused_without_running_the_tool(
    modelled: Served, llmock: Any, arguments: dict[str, Any]
) -> None:
    llmock.call_tool("memory_remember", arguments).reply("That didn't work.")
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Remember something.")
        assert not [e for e in one.events if e["type"] == "memories.changed"]
    assert text_of(done) == "That didn't work."


async def test_an_unknown_tool_and_a_refusal_are_answered_in_words(modelled: Served, llmock: Any) -> None:
    llmock.call_tool("persona_switch", {"persona": "Nobody"}).reply("There is no such person here.")
    async with page(modelled) as one:
        thread = (await one.until("welcome"))["thread_id"]
        done = await one.answer("Bring in Nobody.")
    assert done["persona_id"] == "jenniel" and text_of(done) == "There is no such person here."
    tool = next(m for m in await history(modelled, thread) if m.type == "tool")
    assert tool.status == "error" and "no “Nobody”" in tool.text


async def test_an_outage_is_said_aloud_and_the_offline_brain_answers(modelled: Served, llmock: Any) -> None:
    llmock.outage()
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Should we chase market share?", speak=True)
        assert done["state"] == "done" and done["brain"] == "offline rules" and done["notice"]
        first = chunks(one)[0] if chunks(one) else await one.until("speech.chunk")
    assert text_of(done).startswith(done["notice"]) and "profit" in text_of(done)
    assert first["text"] and text_of(done).startswith(first["text"][:20])
    assert KEY not in json.dumps([{k: v for k, v in e.items() if k != "audio"} for e in one.events])


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt"])
async def test_half_an_answer_is_taken_back_before_another_is_given(modelled: Served, llmock: Any, fault: str) -> None:
    getattr(llmock.tool_mode("off").reply(LONG, times=9), fault)(after_chunks=20, times=9)
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Should we chase market share?", speak=True)
    text = ""
    for event in one.events:
        if event["type"] == "message.retracted":
            text = ""
        elif event["type"] == "message.delta":
            assert event["offset"] == len(text), event
            text += event["text"]
    assert text == text_of(done) and done["state"] == "done"
    if "sentence number" in text:
        assert text == LONG
    else:
        assert done["brain"] == "offline rules" and "profit" in text


async def test_a_broken_tool_call_never_runs(modelled: Served, llmock: Any) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May"}).break_tool_call(times=9)
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Remember our launch is in May.")
        facts = [m["text"] for e in one.events if e["type"] == "memories.changed" for m in e["memories"]]
    assert done["state"] == "done" and all("launch is in May" in fact for fact in facts)


async def test_a_model_that_only_calls_tools_is_made_to_answer(modelled: Served, llmock: Any) -> None:
    for _ in range(30):
        llmock.call_tool("persona_list", {})
    async with page(modelled) as one:
        await one.until("snapshot")
        done = await one.answer("Who is here?")
    assert done["state"] == "done" and text_of(done).strip()
    assert len(llmock.requests) <= modelled.settings.brain_call_budget + 1


async def test_a_stop_in_mid_stream_keeps_what_was_said(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply(LONG).pace(20)
    async with page(modelled) as one:
        thread = (await one.until("welcome"))["thread_id"]
        await one.ask("Tell me a long story.", speak=False)
        await one.until("message.delta", lambda e: e["offset"] > 60)
        await one.send({"type": "stop", "reason": "user"})
        done = await one.finished()
        llmock.pace(0).reply("And on.")
        after = await one.answer("Go on.")
    assert done["state"] == "stopped" and 60 < len(text_of(done)) < len(LONG)
    messages = await history(modelled, thread)
    assert LONG.startswith(messages[1].text.removesuffix(" —")[:60])
    assert text_of(after) == "And on." and [m.type for m in messages] == ["human", "ai", "human", "ai"]


async def test_whoever_comes_in_mid_answer_sees_all_of_it(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply(LONG).pace(10)
    me = str(uuid4())
    async with page(modelled, me) as one:
        thread = (await one.until("welcome"))["thread_id"]
        await one.ask("Tell me a long story.", speak=False)
        await one.until("message.delta", lambda e: e["offset"] > 200)
        async with (
            page(modelled, me, thread_id=thread) as two,
            page(modelled, me, thread_id=thread, last_seq=0) as three,
        ):
            for late in (two, three):
                await late.finished()
        first = await one.finished()
    llmock.pace(0)
    shown = ""
    for event in two.events:
        if event["type"] == "snapshot":
            shown = text_of(event["messages"][-1])
        elif event["type"] == "message.delta":
            assert event["offset"] <= len(shown)
            shown = shown[: event["offset"]] + event["text"]
    assert shown == text_of(first) == LONG
    replayed = ""
    for event in three.events:
        if event["type"] == "message.delta":
            assert event["offset"] <= len(replayed)
            replayed = replayed[: event["offset"]] + event["text"]
    assert replayed == LONG


async def test_an_answer_goes_on_when_the_browser_goes_away(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply(LONG).pace(5)
    me = str(uuid4())
    async with page(modelled, me) as one:
        thread = (await one.until("welcome"))["thread_id"]
        await one.ask("Tell me a long story.", speak=False)
        await one.until("message.delta")
    async with page(modelled, me, thread_id=thread) as back:
        snapshot = await back.until("snapshot")
        done = snapshot["messages"][-1]
        if done["state"] == "streaming":
            done = await back.finished()
    llmock.pace(0)
    assert text_of(done) == LONG


async def test_ten_people_talk_to_a_model_at_once(modelled: Served, llmock: Any) -> None:
    llmock.tool_mode("off").reply("Short and clear.", times=10)

    async def one_person() -> str:
        async with page(modelled) as one:
            await one.until("snapshot")
            return text_of(await one.answer("Hello there, how is business?"))

    assert await asyncio.gather(*(one_person() for _ in range(10))) == ["Short and clear."] * 10
