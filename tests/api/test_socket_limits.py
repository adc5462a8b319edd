"""Patience and limits of the websocket, each in a room whose limits are small."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
import websockets

from tests.client import Page
from tests.serving import Served, serving


def ws_url(room: Served) -> str:
    return room.base.replace("http", "ws") + "/api/ws"


async def test_a_silent_socket_is_let_go(tmp_path: Path) -> None:
    async with serving(tmp_path, hello_seconds=0.2) as room, websockets.connect(ws_url(room)) as socket:
        with pytest.raises(websockets.ConnectionClosed) as end:
            await asyncio.wait_for(socket.recv(), 10)
    assert end.value.rcvd is not None and end.value.rcvd.code == 4408


async def test_a_page_without_a_heartbeat_is_let_go_and_one_with_it_stays(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, heartbeat_ms=100) as room,
        Page(room.base, room.token()) as dead,
        Page(room.base, room.token()) as living,
    ):
        closing = asyncio.create_task(dead.closed())
        beats = 0
        while not closing.done():
            await living.send({"type": "ping", "t": beats})
            await living.until("pong")
            beats += 1
            await asyncio.wait([closing], timeout=0.05)
        assert closing.result() == 4000 and beats > 2


async def test_the_sign_in_ends_unless_it_is_refreshed(tmp_path: Path) -> None:
    async with serving(tmp_path, heartbeat_ms=100) as room:
        me = str(uuid4())
        async with Page(room.base, room.token(me, 1)) as page, Page(room.base, room.token(me, 1)) as renewed:
            await renewed.send({"type": "auth.refresh", "token": room.token(me)})
            closing = asyncio.create_task(page.closed())
            while not closing.done():
                for one in (page, renewed):
                    if not (one is page and closing.done()):
                        try:
                            await one.send({"type": "ping", "t": 0})
                        except websockets.ConnectionClosed:
                            assert one is page
                await asyncio.wait([closing], timeout=0.05)
            assert closing.result() == 4401
            await renewed.send({"type": "ping", "t": 99})
            await renewed.until("pong", lambda e: e["t"] == 99)


async def test_a_flood_is_cut_and_others_do_not_notice(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, commands_per_second=10) as room,
        Page(room.base, room.token(str(uuid4()))) as flood,
        Page(room.base, room.token(str(uuid4()))) as calm,
    ):
        for number in range(100):
            await flood.send({"type": "ping", "t": number})
        assert await flood.closed() == 4029
        assert (await calm.answer("Hello"))["state"] == "done"


async def test_too_many_questions_in_a_minute_are_refused_with_a_reason(tmp_path: Path) -> None:
    async with serving(tmp_path, messages_per_minute=2) as room, Page(room.base, room.token()) as page:
        for _ in range(2):
            await page.answer("Hello")
        client_id = await page.ask("Hello")
        refused = await page.until("error")
    assert refused["code"] == "rate" and refused["retryable"] and refused["ref"] == client_id


async def test_too_many_windows_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, max_sockets_per_user=2) as room:
        token = room.token()
        async with Page(room.base, token) as one, Page(room.base, token) as two:
            await one.until("snapshot")
            await two.until("snapshot")
            async with Page(room.base, token) as three:
                assert await three.closed() == 4029
        async with Page(room.base, token) as again:
            assert (await again.next())["type"] == "welcome"


async def test_a_reader_that_does_not_read_is_cut_and_resumes(tmp_path: Path) -> None:
    async with serving(tmp_path, max_outbox_bytes=60_000) as room:
        token = room.token()
        async with Page(room.base, token) as lazy:
            thread = (await lazy.until("welcome"))["thread_id"]
            lazy.socket.transport.pause_reading()  # type: ignore[attr-defined]
            async with Page(room.base, token, thread_id=thread, speak=False) as reader:
                await reader.until("snapshot")
                for _ in range(40):
                    await reader.answer("Should I look at AOV or at conversion first?", speak=True)
                    if room.app.state.door.sockets == 1:
                        break
                assert (await reader.answer("Hello"))["state"] == "done"
            lazy.socket.transport.resume_reading()  # type: ignore[attr-defined]
            assert await lazy.closed() in (4008, 1006)
        async with Page(room.base, token, thread_id=thread) as back:
            assert (await back.until("snapshot"))["messages"]


async def test_the_room_says_goodbye_when_it_restarts(tmp_path: Path) -> None:
    async with serving(tmp_path) as room:
        page = await Page(room.base, room.token()).__aenter__()
        await page.until("snapshot")
        closing = asyncio.create_task(page.closed())
    assert await asyncio.wait_for(closing, 10) in (1012, 1001)
    assert page.events[-1]["type"] == "bye"
