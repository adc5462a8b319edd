"""A room whose database does not answer, and a room that is told to close while it speaks."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psutil  # type: ignore[import-untyped]

from tests.client import Page, text_of
from tests.crash.process import ServerProcess
from tests.serving import Served, serving


@contextlib.contextmanager
def frozen(postmaster: int) -> Iterator[None]:
    """A Postgres that takes connections and never answers."""
    processes = [psutil.Process(postmaster), *psutil.Process(postmaster).children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def postmaster_of(room: Served) -> int:
    (pid_file,) = room.settings.data_dir.rglob("postmaster.pid")
    return int(pid_file.read_text().split()[0])


async def test_health_says_at_once_that_the_database_hangs(tmp_path: Path) -> None:
    """It waited as long as a question does, ten seconds, and whoever watches the room gave up first."""
    async with serving(tmp_path) as room, httpx.AsyncClient(base_url=room.base, timeout=8) as client:
        with frozen(postmaster_of(room)):
            answer = await client.get("/health")
        assert answer.status_code == 503 and answer.json()["database"]["status"] == "down"
        assert "1 s" in answer.json()["database"]["detail"]
        assert (await client.get("/health")).status_code == 200


async def test_a_room_that_is_told_to_close_says_goodbye_and_keeps_what_it_said(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, GREENROOM_MAX_SPEECH_AHEAD_MS="1")
    with server:
        async with Page(server.base, server.token(), persona_id="jenniel") as page:
            thread = (await page.until("welcome"))["thread_id"]
            await page.ask("Should we chase market share?", client_id=uuid4().hex)
            await page.until("speech.chunk")
            os.kill(server.pid, signal.SIGTERM)
            await page.until("bye")
            assert await page.closed() == 1012
        assert server.stop() in (0, -signal.SIGTERM)
        assert "Traceback" not in server.log()
        server.start()
        async with Page(server.base, server.token(), thread_id=thread) as page:
            messages = (await page.until("snapshot"))["messages"]
    assert messages[-1]["state"] in ("stopped", "done") and text_of(messages[-1]).strip()
