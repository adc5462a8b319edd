"""Keeping replies as films: rows say what is to be made, a separate process makes each, files end up in the blobs.

A film's key is the SHA-256 of its frozen recipe, and the recipe lies in the blobs under that key: after a crash the
row alone is enough to make the film again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from core.errors import Conflict, GreenroomError, NotFound, Unavailable
from core.models import Aspect, Message, Persona, Render
from core.settings import Settings
from jobs.make import FILM, POSTER, SRT, VTT, MadeReply, Recipe, write_recipe
from store import render as rows
from store.blob import Blobs
from store.db import Database

OnProgress = Callable[[Render, str, float, float | None], Awaitable[None]]
"""(render, stage in words, share 0..1, seconds left or None)."""
OnDone = Callable[[Render], Awaitable[None]]
"""Told once when a film is ready, and once when it has failed."""

FAILED = "The film could not be made. Please try again."
STOPPED = "You stopped this film."
PASSED_ON = ("voice_engine", "piper_voice", "piper_command", "os_voice_command", "max_reply_seconds")
"""Settings the worker process is told."""
SECRET = ("_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "DATABASE_URL")
"""Endings of environment names the worker process does not inherit."""
GRACE_SECONDS = 2.0

log = structlog.get_logger()


class _Failed(Exception):
    def __init__(self, problem: str, *, retryable: bool) -> None:
        super().__init__(problem)
        self.problem, self.retryable = problem, retryable


class ReplyRenders:
    """Makes `settings.render_workers` films at a time; each is tried `settings.render_attempts` times."""

    def __init__(
        self, settings: Settings, db: Database, blobs: Blobs, *, on_progress: OnProgress, on_done: OnDone
    ) -> None:
        self._settings, self._db, self._blobs = settings, db, blobs
        self._on_progress, self._on_done = on_progress, on_done
        self._waiting: asyncio.Queue[Render] = asyncio.Queue()
        self._loops: list[asyncio.Task[None]] = []
        self._making: dict[str, asyncio.Task[Render]] = {}
        self._cancelled: set[str] = set()
        self._pids: dict[str, int] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Render id → process id of every film being made now."""
        return dict(self._pids)

    async def start(self) -> None:
        """Begin to work, with the films an earlier process left unfinished."""
        await self.resume()
        self._loops = [
            asyncio.create_task(self._work(), name=f"reply-render-{number}")
            for number in range(self._settings.render_workers)
        ]

    async def close(self) -> None:
        """Stop at once. Films under way stay in their rows and are made by the next `start`."""
        loops, self._loops = self._loops, []
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    async def resume(self) -> int:
        """Queue what was queued or running when a process died; how many. One tried too often fails instead."""
        async with self._db.as_service() as conn:
            left = await rows.unfinished(conn)
        for render in left:
            if render.attempts >= self._settings.render_attempts:
                await self._fail(render, FAILED)
            else:
                self._waiting.put_nowait(render)
        return len(left)

    async def request(
        self, *, owner: str, conversation_id: str, message: Message, persona: Persona, aspect: Aspect
    ) -> Render:
        """The film of this reply: the one there is, or a new one that has just been queued.

        Raises InvalidInput when the reply says nothing.
        """
        recipe = write_recipe(message.text, persona, aspect, self._settings)
        await asyncio.to_thread(self._blobs.put, recipe.freeze())
        wanted = Render(
            id=str(uuid4()),
            owner=owner,
            conversation_id=conversation_id,
            message_id=message.id,
            card_id=str(uuid4()),
            key=recipe.key,
            aspect=aspect,
            state="queued",
        )
        async with self._db.as_user(owner) as conn:
            render, is_new = await rows.request(conn, wanted)
        if not is_new and render.state == "ready" and not self._has_files(render):
            async with self._db.as_service() as conn:
                await rows.fail(conn, render.id, FAILED)
                render, is_new = await rows.request(conn, wanted)
        if is_new:
            self._waiting.put_nowait(render)
        return render

    async def cancel(self, render_id: str, owner: str) -> Render:
        """Stop a film that is queued or being made. Raises NotFound, or Conflict when it is ready or failed already."""
        async with self._db.as_user(owner) as conn:
            render = await rows.get(conn, render_id)
        if render.state not in ("queued", "running"):
            raise Conflict("That film is not being made any more.")
        self._cancelled.add(render.id)
        if (task := self._making.get(render.id)) is not None:
            task.cancel()
            await asyncio.wait([task])
        return await self._fail(render, STOPPED)

    def _has_files(self, render: Render) -> bool:
        try:
            for digest in filter(None, (render.digest, render.poster, render.captions, render.subtitles)):
                self._blobs.path(digest)
        except NotFound:
            return False
        return True

    # --- making ------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            render = await self._waiting.get()
            if render.id in self._cancelled:
                self._cancelled.discard(render.id)
                continue
            task = self._making[render.id] = asyncio.create_task(self._make(render), name=f"render-{render.id}")
            try:
                await asyncio.wait([task])
                if not task.cancelled() and (error := task.exception()) is not None:
                    self._give_up(render, error)
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.wait([task])
                raise
            finally:
                del self._making[render.id]
                self._cancelled.discard(render.id)

    def _give_up(self, render: Render, error: BaseException) -> None:
        """What stopped a film without the film being at fault."""
        if isinstance(error, NotFound):
            log.info("render.gone", render=render.id)  # its conversation was deleted meanwhile
        elif isinstance(error, Unavailable):
            log.warning("render.waits", render=render.id, problem=error.message)
            self._waiting.put_nowait(render)  # the database waits before it says so: this is not a busy loop
        else:
            log.error("render.lost", render=render.id, exc_info=error)

    async def _make(self, render: Render) -> Render:
        """Try until it is made, or has failed for good."""
        while True:
            async with self._db.as_service() as conn:
                render = await rows.start(conn, render.id)
            try:
                return await self._attempt(render)
            except _Failed as error:
                log.warning("render.failed", render=render.id, attempt=render.attempts, problem=error.problem)
                if not error.retryable or render.attempts >= self._settings.render_attempts:
                    return await self._fail(render, error.problem)

    async def _attempt(self, render: Render) -> Render:
        scratch = self._settings.data_dir / "renders"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{render.id}-", dir=scratch, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            try:
                recipe = Recipe.model_validate_json(self._blobs.path(render.key).read_bytes())
            except (NotFound, ValueError) as error:
                raise _Failed(FAILED, retryable=False) from error
            made = await self._run(render, recipe, folder)
            return await self._keep(render, recipe, folder, made)

    async def _run(self, render: Render, recipe: Recipe, folder: Path) -> MadeReply:
        """The worker process from its first line to its last; it never outlives this."""
        settings = {name: _plain(getattr(self._settings, name)) for name in PASSED_ON}
        settings |= {"data_dir": str(self._settings.data_dir.absolute()), "speech_workers": 1}
        job = {"recipe": recipe.model_dump(mode="json"), "folder": str(folder.absolute()), "settings": settings}
        root = str(Path(__file__).resolve().parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobs.reply_worker"),
            stdin=pipe,
            stdout=pipe,
            env=_without_secrets(os.environ) | one_thread | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        self._pids[render.id] = process.pid
        try:
            assert process.stdin is not None and process.stdout is not None
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(job).encode() + b"\n")
                await process.stdin.drain()
            async for line in process.stdout:
                message = json.loads(line)
                if message["type"] == "progress":
                    await self._on_progress(render, message["stage"], message["pct"], message["eta_s"])
                elif message["type"] == "done":
                    return MadeReply.model_validate(message["made"])
                else:
                    raise _Failed(message["problem"] or FAILED, retryable=message["retryable"])
            raise _Failed(FAILED, retryable=True)
        finally:
            del self._pids[render.id]
            await _end(process)

    async def _keep(self, render: Render, recipe: Recipe, folder: Path, made: MadeReply) -> Render:
        """Files first, then the row: a row that says ready has its files."""
        digests = {name: await asyncio.to_thread(self._blobs.put, folder / name) for name in (FILM, POSTER, VTT, SRT)}
        stem = re.sub(r"[^\w-]+", "-", f"{recipe.name}-{' '.join(recipe.text.split()[:6])}").strip("-")[:60]
        kinds = {FILM: "video/mp4", POSTER: "image/jpeg", VTT: "text/vtt", SRT: "application/x-subrip"}
        async with self._db.as_service() as conn:
            for name, digest in digests.items():
                await self._blobs.own(conn, render.owner, digest, kinds[name], stem + Path(name).suffix)
            render = await rows.finish(
                conn,
                render.id,
                digests[FILM],
                poster=digests[POSTER],
                captions=digests[VTT],
                subtitles=digests[SRT],
                seconds=made.seconds,
            )
        await self._tell_done(render)
        return render

    async def _fail(self, render: Render, problem: str) -> Render:
        async with self._db.as_service() as conn:
            render = await rows.fail(conn, render.id, problem)
        await self._tell_done(render)
        return render

    async def _tell_done(self, render: Render) -> None:
        try:
            await self._on_done(render)
        except GreenroomError as error:
            log.error("render.untold", render=render.id, problem=error.message)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the worker's stdin, which ends it; kill it when it does not listen."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(asyncio.shield(process.wait()), GRACE_SECONDS)
    except (TimeoutError, asyncio.CancelledError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(error, asyncio.CancelledError):
            raise


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.endswith(SECRET)}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
