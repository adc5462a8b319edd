"""Conversations of one process: who is in, what is remembered, what two doors do at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from agent import rooms as rooms_module
from agent.backstage import open_backstage
from agent.memory import thread
from agent.room import Room
from agent.rooms import Rooms
from core.errors import Busy, NotFound
from core.events import ActionTaken, Frame, MessageCompleted, Stop, UserMessage
from core.models import Action, CardPart, ChoicesCard, Message, Render, TextPart
from core.settings import Settings
from store import conversation
from store import render as render_rows
from store.auth import Claims, ensure_user
from store.bus import Subscription

LONG = "Should we chase market share?"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[Rooms]:
    """A voice that is never more than a moment ahead, so that it still sounds when the text is complete."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path_factory.mktemp("rooms"),
        database_url=SecretStr(database_url),
        openai_api_key=None,
        openai_base_url=None,
        pool_size=4,
        max_speech_ahead_ms=1,
        messages_per_minute=20,
    )
    async with open_backstage(settings) as back:
        made = Rooms(back, back.graph, back.publisher)
        try:
            yield made
        finally:
            await made.close()


async def arrive(rooms: Rooms) -> tuple[str, str]:
    """A new person and their conversation with Jenniel."""
    claims = Claims(sub=str(uuid4()), role="authenticated", exp=0, iat=0)
    await ensure_user(rooms.back.db, claims)
    async with rooms.back.db.as_user(claims.sub) as conn:
        return claims.sub, (await conversation.create(conn, claims.sub, "jenniel")).id


def asked(text: str, *, speak: bool = False, persona: str | None = None) -> UserMessage:
    return UserMessage(client_id=uuid4().hex, text=text, speak=speak, persona_id=persona)


async def until(frames: Subscription[Frame], wanted: Callable[[Message], bool]) -> Message:
    async with asyncio.timeout(30):
        while True:
            event = (await frames.get()).event
            if isinstance(event, MessageCompleted) and wanted(event.message):
                return event.message


async def test_conversations_nobody_is_in_are_forgotten(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "IDLE_ROOMS", 2)
    for _ in range(5):
        user, here = await arrive(rooms)
        task = await rooms.say(user, here, asked("Hello"))
        assert task is not None and (await task).state == "done"
        await rooms.room(user, here).pruned()
    last_user, last = await arrive(rooms)
    rooms.enter(last_user, last, "socket", speak=False)
    rooms.leave(last, "socket")
    assert rooms.remembered <= 2


async def test_an_unknown_persona_stops_nothing(rooms: Rooms) -> None:
    user, here = await arrive(rooms)
    rooms.enter(user, here, "socket", speak=True)
    task = await rooms.say(user, here, asked(LONG, speak=True))
    with pytest.raises(NotFound):
        await rooms.say(user, here, asked("Hello", persona="nobody at all"))
    assert task is not None and not task.done()
    await rooms.stop(user, here, Stop())
    rooms.leave(here, "socket")


async def test_a_stop_for_a_voice_of_the_past_changes_nothing(rooms: Rooms) -> None:
    user, here = await arrive(rooms)
    rooms.enter(user, here, "socket", speak=True)
    async with rooms.back.bus.subscribe(here) as frames:
        task = await rooms.say(user, here, asked(LONG, speak=True))
        done = await until(frames, lambda m: m.role == "assistant" and m.state == "done")
        await rooms.stop(user, here, Stop(utterance_id="u-of-the-past", heard=(0, 0)))
        assert task is not None and not task.done()
        rooms.leave(here, "socket")
        assert (await task).state == "done"
    state = await rooms.graph.aget_state(thread(here))
    assert state.values["messages"][-1].text.strip() == done.text.strip()


async def test_a_card_that_joins_while_the_voice_sounds_stays(rooms: Rooms) -> None:
    """The voice's end saved the message as it had been before the card joined it, and the film was gone."""
    user, here = await arrive(rooms)
    rooms.enter(user, here, "socket", speak=True)
    async with rooms.back.bus.subscribe(here) as frames:
        task = await rooms.say(user, here, asked(LONG, speak=True))
        done = await until(frames, lambda m: m.role == "assistant" and m.state == "done")
        await rooms.act(user, here, ActionTaken(client_id=uuid4().hex, card_id=done.id, action_id="keep.wide"))
        assert task is not None and not task.done()
        await rooms.stop(user, here, Stop())
    rooms.leave(here, "socket")
    async with rooms.back.db.as_user(user) as conn:
        _, kept = await conversation.message(conn, done.id)
    assert kept.state == "stopped" and [part.kind for part in kept.parts] == ["text", "card"]


async def test_deleting_a_conversation_that_is_answering_leaves_no_trace(rooms: Rooms) -> None:
    """What the model remembered was written again by the answer under way."""
    user, here = await arrive(rooms)
    rooms.enter(user, here, "socket", speak=True)
    task = await rooms.say(user, here, asked(LONG, speak=True))
    await rooms.delete(user, here)
    rooms.leave(here, "socket")
    assert task is not None
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None
    assert await rooms.back.saver.aget_tuple(thread(here)) is None
    with pytest.raises(NotFound):
        await rooms.say(user, here, asked("Hello"))


async def test_nobody_deletes_somebody_elses_conversation(rooms: Rooms) -> None:
    user, here = await arrive(rooms)
    thief, _ = await arrive(rooms)
    task = await rooms.say(user, here, asked("Hello"))
    with pytest.raises(NotFound):
        await rooms.delete(thief, here)
    assert task is not None and (await task).state == "done"


async def test_a_suggestion_is_not_used_up_by_a_person_who_asks_too_much(rooms: Rooms) -> None:
    user, here = await arrive(rooms)
    card = (await rooms.transcript.offer(here, [{"label": "AOV", "text": "What is AOV?"}]))[0]
    assert isinstance(card, CardPart)
    for _ in range(rooms.back.settings.messages_per_minute):
        rooms.back.limit_questions(user)
    with pytest.raises(Busy):
        await rooms.act(user, here, ActionTaken(client_id=uuid4().hex, card_id=card.card_id, action_id="choice.0"))
    async with rooms.back.db.as_user(user) as conn:
        _, kept, calls = await conversation.card(conn, card.card_id)
    assert isinstance(kept, ChoicesCard) and kept.resolved is None and calls
    assert [type(action) for action in kept.actions] == [Action]


async def test_waiting_for_a_render_that_is_ready_leaves_nothing_behind(rooms: Rooms) -> None:
    user, here = await arrive(rooms)
    message = Message(id=str(uuid4()), role="assistant", parts=(TextPart(text="Hello."),), created_at=datetime.now(UTC))
    wanted = Render(
        id=str(uuid4()),
        owner=user,
        conversation_id=here,
        message_id=message.id,
        card_id=str(uuid4()),
        key="k" * 64,
        aspect="16:9",
        state="queued",
    )
    async with rooms.back.db.as_user(user) as conn:
        await conversation.add_message(conn, here, message)
        await render_rows.request(conn, wanted)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await rooms.back.rendered(wanted)
    async with rooms.back.db.as_service() as conn:
        await render_rows.finish(conn, wanted.id, "0" * 64)
    assert (await rooms.back.rendered(wanted)).state == "ready"
    assert rooms.back.renders_awaited == 0


async def test_who_stops_waiting_for_a_pruning_does_not_stop_it() -> None:
    """A stop in that moment once ended the next answer too: it waited for a task that had been cancelled."""
    gate = asyncio.Event()

    async def prune() -> None:
        await gate.wait()

    room = Room("c", "u", pruning=asyncio.create_task(prune()))
    waiting = asyncio.create_task(room.pruned())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    gate.set()
    await room.pruned()
    assert room.pruning is not None and not room.pruning.cancelled() and room.idle
