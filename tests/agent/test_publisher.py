"""Kept events reach the bus in the order of their seq, whoever was first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from agent.publisher import Publisher
from core.events import ConversationChanged, Frame, Pong
from core.models import Conversation
from store.bus import Bus


def changed(seq: int) -> ConversationChanged:
    here = Conversation(id="c", persona_id="jaz", title=str(seq), seq=seq, updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    return ConversationChanged(seq=seq, conversation=here)


async def test_events_published_out_of_order_arrive_in_order() -> None:
    bus: Bus[Frame] = Bus()
    publisher = Publisher(bus)
    async with bus.subscribe("c") as frames:
        for seq in (1, 3, 4, 2, 5):
            publisher.publish("c", changed(seq))
        got = [(await frames.get()).event for _ in range(5)]
    assert [event.seq for event in got if isinstance(event, ConversationChanged)] == [1, 2, 3, 4, 5]


async def test_a_lost_event_holds_up_the_others_only_briefly() -> None:
    bus: Bus[Frame] = Bus()
    publisher = Publisher(bus)
    async with bus.subscribe("c") as frames:
        publisher.publish("c", changed(1))
        publisher.publish("c", changed(3))
        first = await frames.get()
        async with asyncio.timeout(5):
            second = await frames.get()
    assert isinstance(first.event, ConversationChanged) and isinstance(second.event, ConversationChanged)
    assert (first.event.seq, second.event.seq) == (1, 3)


async def test_the_same_event_twice_is_one_and_passing_events_go_at_once() -> None:
    bus: Bus[Frame] = Bus()
    publisher = Publisher(bus)
    async with bus.subscribe("c") as frames:
        publisher.publish("c", changed(1))
        publisher.publish("c", changed(1))
        publisher.publish("c", changed(3))
        publisher.publish("c", Pong(t=1))
        kinds = [(await frames.get()).event.type for _ in range(2)]
        publisher.close("c")
        kinds.append((await frames.get()).event.type)
    assert kinds == ["conversation.changed", "pong", "conversation.changed"] and frames.waiting() == 0


async def test_a_conversation_nobody_listens_to_leaves_nothing_behind() -> None:
    """An event that was published to nobody once set the line's place, and a later listener missed what came next."""
    bus: Bus[Frame] = Bus()
    publisher = Publisher(bus)
    publisher.publish("c", changed(9))
    async with bus.subscribe("c") as frames:
        publisher.publish("c", changed(3))
        event = (await frames.get()).event
    assert isinstance(event, ConversationChanged) and event.seq == 3
