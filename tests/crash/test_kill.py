"""kill -9 at any moment: after the restart nothing said is lost, the history is whole and the next question works."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import websockets

from tests.client import Event, Page, text_of
from tests.crash.process import ServerProcess

QUESTION = "Should I look at conversion or at average order value first?"


async def ask_until_killed(page: Page, sent: list[str]) -> None:
    """Ask again and again; `sent` are the client ids the server acknowledged."""
    try:
        while True:
            client_id = await page.ask(QUESTION)
            await page.until(
                "message.created",
                lambda e, mine=client_id: e["message"]["client_id"] == mine,  # type: ignore[misc]
            )
            sent.append(client_id)
            await page.finished()
    except websockets.ConnectionClosed:
        return


def check(snapshot: Event, sent: list[str]) -> None:
    messages = snapshot["messages"]
    known = [m["client_id"] for m in messages if m["role"] == "user"]
    assert set(sent) <= set(known), "an acknowledged message was lost"
    assert len(known) == len(set(known)), "a message was stored twice"
    assert all(m["state"] != "streaming" for m in messages)
    assert [m["role"] for m in messages] == ["user", "assistant"] * (len(messages) // 2)
    for message in messages:
        assert text_of(message).strip()


@pytest.mark.parametrize("seed", range(4))
async def test_the_server_is_killed_in_mid_answer(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    server = ServerProcess(tmp_path)
    sent: list[str] = []
    try:
        server.start()
        async with Page(server.base, server.token()) as page:
            thread = (await page.until("welcome"))["thread_id"]
            asking = asyncio.create_task(ask_until_killed(page, sent))
            await asyncio.wait([asking], timeout=chance.uniform(0.0, 0.6))
            server.kill()
            await asking
        server.start()
        async with Page(server.base, server.token(), thread_id=thread, last_seq=0) as page:
            await page.until("welcome")
            await page.send({"type": "resync"})
            check(await page.until("snapshot"), sent)
            done = await page.answer(QUESTION)
            assert done["state"] == "done" and text_of(done)
    finally:
        server.stop()


async def test_a_resent_message_after_the_restart_is_answered_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    try:
        server.start()
        client_id = uuid4().hex
        async with Page(server.base, server.token()) as page:
            thread = (await page.until("welcome"))["thread_id"]
            await page.ask(QUESTION, client_id=client_id)
            await page.until("message.created")
            server.kill()
            await page.closed()
        server.start()
        async with Page(server.base, server.token(), thread_id=thread) as page:
            await page.until("snapshot")
            await page.ask(QUESTION, client_id=client_id)
            done = await page.answer("Hello")
            await page.send({"type": "resync"})
            snapshot = await page.until("snapshot")
        assert done["state"] == "done"
        assert [m["client_id"] for m in snapshot["messages"] if m["role"] == "user"].count(client_id) == 1
    finally:
        server.stop()


@pytest.mark.parametrize("seed", range(3))
async def test_postgres_is_killed_under_the_running_server(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with ServerProcess(tmp_path) as server:
        sent: list[str] = []
        async with Page(server.base, server.token()) as page:
            thread = (await page.until("welcome"))["thread_id"]
            await page.answer(QUESTION)
            asking = asyncio.create_task(ask_until_killed(page, sent))
            await asyncio.wait([asking], timeout=chance.uniform(0.0, 0.5))
            os.kill(server.postmaster(), signal.SIGKILL)
            answered = len([e for e in page.events if e["type"] == "message.completed"])
            while len([e for e in page.events if e["type"] == "message.completed"]) < answered + 2:
                await asyncio.wait([asking], timeout=0.1)
                assert not asking.done(), server.log()[-3000:]
            asking.cancel()
        async with Page(server.base, server.token(), thread_id=thread) as page:
            snapshot = await page.until("snapshot")
            known = {m["client_id"] for m in snapshot["messages"] if m["role"] == "user"}
            assert set(sent) <= known
            assert (await page.answer("Hello"))["state"] == "done"


async def test_nothing_is_left_running_when_the_server_is_killed(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    try:
        server.start()
        children = psutil.Process(server._process.pid).children(recursive=True)  # type: ignore[union-attr]
        voices = [one for one in children if "media.espeak" in " ".join(one.cmdline())]
        assert voices
        server.kill()
        gone, alive = psutil.wait_procs(voices, timeout=10)
        assert not alive and gone
    finally:
        server.start()
        assert server.stop() in (0, -signal.SIGTERM)


async def test_a_film_that_was_being_made_is_made_after_the_restart(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path)
    try:
        server.start()
        async with Page(server.base, server.token()) as page:
            thread = (await page.until("welcome"))["thread_id"]
            done = await page.answer("Hello")
            await page.send(
                {"type": "action", "client_id": uuid4().hex, "card_id": done["id"], "action_id": "keep.wide"}
            )
            card = (await page.until("card.upsert"))["card"]
            assert card["state"] == "rendering"
            server.kill()
            await page.closed()
        server.start()
        async with Page(server.base, server.token(), thread_id=thread) as page:
            snapshot = await page.until("snapshot")
            ready = [c for c in snapshot["cards"] if c["state"] == "ready"]
            if not ready:
                ready = [(await page.until("card.upsert", lambda e: e["card"]["state"] != "rendering"))["card"]]
            assert ready[0]["state"] == "ready" and ready[0]["src"]
    finally:
        server.stop()
