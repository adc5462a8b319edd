"""Everybody who listens hears everything in order, and who cannot keep up holds up nobody."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import Unavailable
from store.bus import Bus


async def test_listeners_of_a_topic_hear_it_in_order_and_others_do_not():
    bus: Bus[int] = Bus()
    async with bus.subscribe("a") as one, bus.subscribe("a") as two, bus.subscribe("b") as other:
        assert [bus.publish("a", n) for n in range(3)] == [2, 2, 2]
        for listener in (one, two):
            assert [await listener.get() for _ in range(3)] == [0, 1, 2]
        assert other.waiting() == 0
    assert bus.listeners("a") == 0 and bus.publish("a", 9) == 0


async def test_a_listener_that_lags_gets_what_it_had_and_then_hears_why_and_the_rest_go_on():
    bus: Bus[int] = Bus(queue_size=3)
    async with bus.subscribe("a") as slow, bus.subscribe("a") as quick:
        for number in range(6):
            bus.publish("a", number)
            assert await quick.get() == number
        assert slow.lagging and not quick.lagging
        assert [await slow.get() for _ in range(3)] == [0, 1, 2]
        for _ in range(2):
            with pytest.raises(Unavailable):
                await slow.get()
        assert bus.publish("a", 7) == 1


async def test_get_waits_for_what_is_published_later():
    bus: Bus[str] = Bus()
    async with bus.subscribe("a") as listener:
        waiting = asyncio.create_task(listener.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish("a", "now")
        assert await waiting == "now"
