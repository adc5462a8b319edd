import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psutil  # type: ignore[import-untyped]
import pytest
import pytest_asyncio
from PIL import Image

from core.errors import Conflict, InvalidInput, NotFound
from core.models import Look, Message, Persona, PersonaPrompt, Render, TextPart, Voice
from core.settings import Settings
from jobs.make import write_recipe
from jobs.reply import FAILED, STOPPED, ReplyRenders
from media.face import atlas as faces
from media.probe import probe
from store import blob, conversation
from store import render as rows
from store.blob import Blobs
from store.db import Database

JAZ = Persona(
    id="jaz",
    name="Jaz",
    role="Business analyst",
    look=faces.shipped_looks()["jaz"],
    prompt=PersonaPrompt(identity="Jaz"),
)


class Room:
    """A conversation with one reply in it, and everything the renders said about it."""

    def __init__(self, settings: Settings, db: Database, owner: str) -> None:
        self.settings, self.db, self.owner = settings, db, owner
        self.blobs = Blobs(settings.data_dir / "blobs")
        self.progress: list[tuple[str, float]] = []
        self.ended: asyncio.Queue[Render] = asyncio.Queue()
        self.when_told: Callable[[Render], object] = lambda render: None
        self.conversation_id = ""
        self.message = Message(
            id=str(uuid4()),
            role="assistant",
            persona_id="jaz",
            parts=(TextPart(text="**Yes.** It works!"),),
            created_at=datetime.now(UTC),
        )

    async def open(self) -> None:
        async with self.db.as_user(self.owner) as conn:
            self.conversation_id = (await conversation.create(conn, self.owner, "jaz")).id

    async def on_progress(self, render: Render, stage: str, share: float, eta: float | None) -> None:
        self.progress.append((stage, share))
        self.when_told(render)

    async def on_done(self, render: Render) -> None:
        self.ended.put_nowait(render)

    def renders(self, settings: Settings | None = None) -> ReplyRenders:
        return ReplyRenders(
            settings or self.settings, self.db, self.blobs, on_progress=self.on_progress, on_done=self.on_done
        )

    async def request(self, renders: ReplyRenders, text: str | None = None) -> Render:
        message = self.message if text is None else self.message.model_copy(update={"parts": (TextPart(text=text),)})
        return await renders.request(
            owner=self.owner, conversation_id=self.conversation_id, message=message, persona=JAZ, aspect="16:9"
        )

    async def end(self) -> Render:
        return await asyncio.wait_for(self.ended.get(), 120)

    async def row(self, render: Render) -> Render:
        async with self.db.as_user(self.owner) as conn:
            return await rows.get(conn, render.id)


@pytest_asyncio.fixture(loop_scope="session")
async def room(settings: Settings, db: Database, person: str) -> Room:
    made = Room(settings, db, person)
    await made.open()
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def renders(room: Room) -> AsyncIterator[ReplyRenders]:
    working = room.renders()
    await working.start()
    try:
        yield working
    finally:
        await working.close()


def kill_at_progress(renders: ReplyRenders) -> Callable[[Render], object]:
    def kill(render: Render) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(renders.pids[render.id], signal.SIGKILL)

    return kill


async def test_a_reply_becomes_a_film_with_poster_and_captions(room: Room, renders: ReplyRenders) -> None:
    asked = await room.request(renders)
    assert asked.state == "queued"
    ready = await room.end()
    assert ready.state == "ready" and ready.attempts == 1 and ready == await room.row(asked)
    assert ready.digest and ready.poster and ready.captions and ready.subtitles
    film = probe(room.blobs.path(ready.digest))
    assert (film.width, film.height, film.fps) == (1920, 1080, 25)
    assert film.lufs == pytest.approx(-16, abs=0.5) and not film.black
    assert ready.seconds == pytest.approx(film.video_seconds)
    with Image.open(room.blobs.path(ready.poster)) as poster:
        assert poster.format == "JPEG"
    spoken = room.blobs.path(ready.captions).read_text(encoding="utf-8")
    assert spoken.startswith("WEBVTT") and "works!" in spoken and "**" not in spoken
    assert "-->" in room.blobs.path(ready.subtitles).read_text(encoding="utf-8")
    shares = [share for _, share in room.progress]
    assert shares == sorted(shares) and shares[-1] > 0.5 and "Rendering" in {stage for stage, _ in room.progress}
    async with room.db.as_user(room.owner) as conn:
        asset = await blob.find(conn, ready.digest)
    assert asset.mime == "video/mp4" and asset.name.endswith(".mp4") and asset.name.startswith("Jaz")
    assert not list((room.settings.data_dir / "renders").iterdir()), "scratch is gone"


async def test_the_same_reply_is_made_once_and_only_its_owner_sees_it(
    room: Room, renders: ReplyRenders, new_person: Callable[[], object]
) -> None:
    first, second = await asyncio.gather(room.request(renders), room.request(renders))
    assert first.id == second.id
    ready = await room.end()
    again = await room.request(renders)
    assert again == ready and room.ended.empty()
    stranger = await new_person()  # type: ignore[misc]
    async with room.db.as_user(stranger) as conn:
        with pytest.raises(NotFound):
            await rows.get(conn, ready.id)
    with pytest.raises(NotFound):
        await renders.cancel(ready.id, stranger)
    with pytest.raises(Conflict):
        await renders.cancel(ready.id, room.owner)
    assert ready.digest
    room.blobs.delete(ready.digest)
    anew = await room.request(renders)
    assert anew.state == "queued", "a film whose file is lost is made again"
    assert (await room.end()).digest == ready.digest or (await room.row(anew)).state == "ready"


async def test_a_worker_that_dies_is_tried_again_and_then_failed_in_plain_words(
    room: Room, renders: ReplyRenders
) -> None:
    room.when_told = kill_at_progress(renders)
    await room.request(renders)
    failed = await room.end()
    assert (failed.state, failed.problem, failed.attempts) == ("failed", FAILED, room.settings.render_attempts)
    room.when_told = lambda render: None
    again = await room.request(renders)
    assert again.state == "queued" and again.id == failed.id
    assert (await room.end()).state == "ready"


async def test_a_reply_that_is_too_long_fails_at_once_and_says_why(room: Room) -> None:
    brief = room.renders(room.settings.model_copy(update={"max_reply_seconds": 1}))
    await brief.start()
    try:
        await room.request(brief, "This is a sentence that takes a good deal longer than one second to say aloud.")
        failed = await room.end()
    finally:
        await brief.close()
    assert failed.state == "failed" and failed.attempts == 1
    assert failed.problem is not None and "too long" in failed.problem


async def test_a_film_is_stopped_while_it_is_made(room: Room, renders: ReplyRenders) -> None:
    begun = asyncio.Event()
    room.when_told = lambda render: begun.set()
    asked = await room.request(renders)
    await asyncio.wait_for(begun.wait(), 60)
    pid = renders.pids[asked.id]
    stopped = await renders.cancel(asked.id, room.owner)
    assert (stopped.state, stopped.problem) == ("failed", STOPPED) and await room.end() == stopped
    assert not psutil.pid_exists(pid) and not renders.pids
    assert not list((room.settings.data_dir / "blobs").glob("??/??/*.mp4"))
    room.when_told = lambda render: None
    await room.request(renders)
    assert (await room.end()).state == "ready", "the next one is made"


async def test_what_a_closed_process_left_is_made_by_the_next_one(room: Room) -> None:
    begun = asyncio.Event()
    room.when_told = lambda render: begun.set()
    first = room.renders()
    await first.start()
    running = await room.request(first)
    queued = await room.request(first, "And this one waits.")
    await asyncio.wait_for(begun.wait(), 60)
    pid = first.pids[running.id]
    await first.close()
    assert not psutil.pid_exists(pid)
    assert [(await room.row(one)).state for one in (running, queued)] == ["running", "queued"]
    second = room.renders()
    await second.start()
    try:
        ended = [await room.end(), await room.end()]
    finally:
        await second.close()
    assert {(one.id, one.state) for one in ended} == {(running.id, "ready"), (queued.id, "ready")}
    assert next(one for one in ended if one.id == running.id).attempts == 2


async def test_a_film_that_kills_its_process_every_time_is_not_resumed_for_ever(room: Room) -> None:
    idle = room.renders()
    asked = await room.request(idle)
    async with room.db.as_service() as conn:
        for _ in range(room.settings.render_attempts):
            await rows.start(conn, asked.id)
    assert await idle.resume() == 1
    assert (await room.end()).state == "failed"


async def test_a_worker_ends_with_its_parent(room: Room) -> None:
    """Its stdin closing is how it learns that nobody waits any more, however the parent died."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobs.reply_worker"), stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[2]
    )
    assert process.stdin and process.stdout
    recipe = write_recipe("A long answer. " * 30, JAZ, "16:9", room.settings)
    folder = room.settings.data_dir / "film"
    folder.mkdir(parents=True)
    told = {"data_dir": str(room.settings.data_dir), "speech_workers": 1}
    job = {"recipe": recipe.model_dump(mode="json"), "folder": str(folder), "settings": told}
    process.stdin.write(json.dumps(job).encode() + b"\n")
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["type"] == "progress"
    family = psutil.Process(process.pid).children(recursive=True)
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 30) == 3
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 30)
    assert not alive


def test_a_recipe_s_key_is_stable_and_changes_with_whatever_changes_the_film(settings: Settings) -> None:
    base = write_recipe("Hello.", JAZ, "16:9", settings)
    assert base.key == write_recipe("Hello.", JAZ, "16:9", settings).key
    changed = [
        write_recipe("Hello!", JAZ, "16:9", settings),
        write_recipe("Hello.", JAZ, "9:16", settings),
        write_recipe("Hello.", JAZ.model_copy(update={"voice": Voice(rate=150)}), "16:9", settings),
        write_recipe("Hello.", JAZ.model_copy(update={"look": Look(hair="#000000")}), "16:9", settings),
        write_recipe("Hello.", JAZ, "16:9", settings.model_copy(update={"voice_engine": "os"})),
    ]
    assert len({base.key, *(one.key for one in changed)}) == 6
    other_prompt = JAZ.model_copy(update={"prompt": PersonaPrompt(identity="somebody else"), "greeting": "Oi"})
    assert write_recipe("Hello.", other_prompt, "16:9", settings).key == base.key
    with pytest.raises(InvalidInput):
        write_recipe("  \n", JAZ, "16:9", settings)
