"""`greenroom ask`: one question, answered in this process with no room open; the answer as text and as a film.

It works in a folder of its own that is thrown away, so it never disturbs a room that is open on the same data.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog

from agent.backstage import Backstage, open_backstage
from agent.rooms import Rooms
from core.errors import InvalidInput, Unavailable
from core.events import Frame, JobProgress, UserMessage
from core.models import Aspect, Message
from core.settings import Settings
from store import conversation
from store.auth import ensure_user
from store.bus import Subscription
from tools.persona import find


@asynccontextmanager
async def own_room(settings: Settings, **changes: Any) -> AsyncIterator[tuple[Backstage, Rooms]]:
    """A whole room in a folder of its own, with a database of its own; both are gone afterwards."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    with tempfile.TemporaryDirectory(prefix="greenroom-", ignore_cleanup_errors=True) as folder:
        # run by root, the database's stand-in user has to get in
        Path(folder).chmod(0o711)
        alone = {"data_dir": Path(folder) / "var", "database_url": None, "jwt_secret": None, **changes}
        async with open_backstage(settings.model_copy(update=alone)) as back:
            rooms = Rooms(back, back.graph, back.publisher)
            try:
                yield back, rooms
            finally:
                await rooms.close()


async def new_person(back: Backstage) -> str:
    """The id of somebody nobody has met."""
    claims = back.tokens.verify(back.tokens.mint(str(uuid4())))
    await ensure_user(back.db, claims)
    return claims.sub


async def answer(rooms: Rooms, person: str, conversation_id: str, text: str) -> Message:
    """Ask in silence; the finished reply."""
    task = await rooms.say(person, conversation_id, UserMessage(client_id=uuid4().hex, text=text, speak=False))
    if task is None:
        raise Unavailable("The question was not taken. Please ask again.")
    return await task


async def run(settings: Settings, args: argparse.Namespace) -> int:
    output: Path | None = args.output
    if output is not None and (output.is_dir() or not os.access(output.absolute().parent, os.W_OK)):
        raise InvalidInput(f"{output} cannot be written: name a file in a folder that is there and yours.")
    async with own_room(settings) as (back, rooms):
        person = await new_person(back)
        persona = find(await back.cast(person), args.persona) if args.persona else back.personas.default()
        async with back.db.as_user(person) as conn:
            here = (await conversation.create(conn, person, persona.id)).id
        reply = await answer(rooms, person, here, args.question)
        print(reply.text, flush=True)
        if reply.notice:
            print(reply.notice, file=sys.stderr)
        if reply.state != "done":
            return 1
        if output is not None:
            await write_film(back, person, here, reply, args.aspect, output)
    return 0


async def write_film(back: Backstage, person: str, here: str, reply: Message, aspect: Aspect, output: Path) -> None:
    """Make the reply's film and put it at `output`. Raises Unavailable with the reason when it cannot be made."""
    persona = find(await back.cast(person), reply.persona_id or "")
    async with back.bus.subscribe(here) as frames:
        telling = asyncio.create_task(tell_progress(frames))
        try:
            render = await back.renders.request(
                owner=person, conversation_id=here, message=reply, persona=persona, aspect=aspect
            )
            done = await back.rendered(render)
        finally:
            telling.cancel()
            await asyncio.wait([telling])
    if done.state != "ready" or done.digest is None:
        raise Unavailable(f"The film could not be made: {done.problem or 'the reason is not known'}")
    with tempfile.NamedTemporaryFile(dir=output.absolute().parent, prefix=".greenroom-", delete=False) as half:
        try:
            shutil.copyfile(back.blobs.path(done.digest), half.name)
            os.chmod(half.name, 0o644)
            os.replace(half.name, output)
        except BaseException:
            os.unlink(half.name)
            raise
    print(f"{output}: {done.seconds or 0:.1f} s, {aspect}, {output.stat().st_size / 1e6:.1f} MB", file=sys.stderr)


async def tell_progress(frames: Subscription[Frame]) -> None:
    """Each stage once, or on a terminal one line that is written over."""
    told = ""
    while True:
        event = (await frames.get()).event
        if not isinstance(event, JobProgress):
            continue
        if sys.stderr.isatty():
            print(f"\r\x1b[K{event.stage} {event.pct:.0%}", end="\r", file=sys.stderr, flush=True)
        elif event.stage != told:
            told = event.stage
            print(event.stage, file=sys.stderr, flush=True)
