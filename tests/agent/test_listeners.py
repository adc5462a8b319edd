"""Speech is not made further ahead than somebody wants it."""

from __future__ import annotations

import asyncio

from agent.listeners import Listeners


async def test_nobody_listening_never_waits() -> None:
    await asyncio.wait_for(Listeners().wants_sound(0), 5)


async def test_a_full_listener_holds_speech_back_until_it_says_it_has_room() -> None:
    listeners = Listeners()
    listeners.join("a")
    listeners.sent(1000)
    waiting = asyncio.create_task(listeners.wants_sound(20))
    done, _ = await asyncio.wait([waiting], timeout=0)
    assert not done
    listeners.holds("a", 5)
    await asyncio.wait_for(waiting, 5)


async def test_the_hungriest_listener_decides_and_one_that_leaves_does_not() -> None:
    listeners = Listeners()
    listeners.join("full")
    listeners.sent(1000)
    listeners.join("new")
    await asyncio.wait_for(listeners.wants_sound(20), 5)
    listeners.leave("new")
    waiting = asyncio.create_task(listeners.wants_sound(20))
    done, _ = await asyncio.wait([waiting], timeout=0)
    assert not done
    listeners.leave("full")
    await asyncio.wait_for(waiting, 5)


async def test_after_a_cut_sound_is_wanted_at_once() -> None:
    listeners = Listeners()
    listeners.join("a")
    listeners.sent(1000)
    assert listeners.hear()
    waiting = asyncio.create_task(listeners.wants_sound(20))
    listeners.cut()
    await asyncio.wait_for(waiting, 5)
    assert not listeners.hear()
