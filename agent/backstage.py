"""Everything the conversation needs, opened once per process and closed in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from agent import graph
from agent.memory import open_saver
from agent.pace import Pace
from agent.publisher import Publisher
from core.errors import Busy, NotFound, Unavailable
from core.events import Frame, JobProgress
from core.models import Persona, Render
from core.settings import Settings
from jobs.face import FaceDrawings
from jobs.reply import ReplyRenders
from prompts import Limits, Personas
from providers import brains, catalog
from providers.ports import Speech
from store import conversation, knowledge
from store import persona as persona_rows
from store import render as renders
from store.auth import LocalTokens
from store.blob import Blobs
from store.bus import Bus
from store.db import Database, open_database
from store.links import Links
from store.lock import ConversationLocks
from tools import reply

log = structlog.get_logger()


class Backstage:
    """Handles shared by every conversation. Make one with `open_backstage`."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        locks: ConversationLocks,
        saver: AsyncPostgresSaver,
        speech: Speech,
        tokens: LocalTokens,
    ) -> None:
        self.settings, self.db, self.locks, self.saver, self.speech, self.tokens = (
            settings,
            db,
            locks,
            saver,
            speech,
            tokens,
        )
        self.personas = Personas(
            extra_prompt=settings.avatar_system_prompt,
            extra_folder=settings.personas,
            limits=Limits(persona_bytes=settings.max_persona_bytes, notes_bytes=settings.max_notes_bytes),
        )
        self.brains = brains.brains(settings)
        self.brain = brains.label(self.brains.primary)
        self.graph = graph.build(
            self.brains, saver, budget=settings.brain_call_budget, history=settings.history_messages
        )
        self.bus: Bus[Frame] = Bus()
        self.publisher = Publisher(self.bus)
        self.links = Links(tokens.link_secret)
        self.blobs = Blobs(settings.data_dir / "blobs")
        self.renders = ReplyRenders(settings, db, self.blobs, on_progress=self._on_progress, on_done=self._on_done)
        self.faces = FaceDrawings(settings.data_dir / "faces")
        self._indexed: dict[str, str] = {}
        self._awaited: dict[str, set[asyncio.Future[Render]]] = {}
        self._ping: asyncio.Task[float] | None = None
        self._questions = Pace(settings.messages_per_minute)

    async def cast(self, user_id: str) -> tuple[Persona, ...]:
        """The personas this person can talk to: shipped ones, the one from settings, then their own."""
        async with self.db.as_user(user_id) as conn:
            own = await persona_rows.listed(conn)
        first = self.default_persona
        shipped = sorted(self.personas.all(), key=lambda persona: persona.id != first)
        taken = {persona.id for persona in shipped}
        return (*shipped, *(persona for persona in own if persona.id not in taken))

    @property
    def default_persona(self) -> str:
        """Who is there when nobody was chosen: the one from AVATAR_SYSTEM_PROMPT, else the one in settings."""
        return self.personas.default(self.settings.default_persona).id

    async def find_persona(self, persona_id: str) -> Persona | None:
        """Any persona by id, whoever made it: faces are public, words are not."""
        shipped = next((one for one in self.personas.all() if one.id == persona_id), None)
        if shipped is not None:
            return shipped
        try:
            async with self.db.as_service() as conn:
                return await persona_rows.get(conn, persona_id)
        except NotFound:
            return None

    async def index_notes(self, persona: Persona) -> None:
        """Bring the search up to date with the persona's notes file."""
        if persona.owner is not None:
            return
        digest = self.personas.notes_digest(persona.id)
        if self._indexed.get(persona.id) == digest:
            return
        async with self.db.as_service() as conn:
            await knowledge.index(conn, persona.id, digest, self.personas.notes(persona.id))
        self._indexed[persona.id] = digest

    def limit_questions(self, user_id: str) -> None:
        """Raises Busy when somebody asks more than the settings allow in a minute."""
        if not self._questions.take(user_id):
            raise Busy("That was a lot of questions in one minute. Give me a moment, then ask again.")

    def text_saver(self, user_id: str) -> Callable[[str, str], Awaitable[None]]:
        async def save(message_id: str, text: str) -> None:
            async with self.db.as_user(user_id) as conn:
                await conversation.save_text(conn, message_id, text)

        return save

    async def ping(self, seconds: float) -> float:
        """Milliseconds the database took to answer. Raises Unavailable, after `seconds` at the latest.

        A question that hangs is left to itself, since taking it back hangs too, and whoever asks meanwhile joins it.
        """
        if self._ping is None or self._ping.done():
            self._ping = asyncio.create_task(self.db.ping())
            self._ping.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait([self._ping], timeout=seconds)
        if not done:
            raise Unavailable(f"The database did not answer in {seconds:g} s.")
        return self._ping.result()

    async def prune(self, conversation_id: str) -> None:
        """Keep only the newest checkpoint: the others grow with the square of the conversation."""
        try:
            await self.saver.aprune([conversation_id], strategy="keep_latest")
        except Exception:
            log.exception("checkpoints.not_pruned")

    async def rendered(self, render: Render) -> Render:
        """The render when it is ready or has failed."""
        done: asyncio.Future[Render] = asyncio.get_running_loop().create_future()
        waiting = self._awaited.setdefault(render.id, set())
        waiting.add(done)
        try:
            async with self.db.as_service() as conn:
                now = await renders.get(conn, render.id)
            return now if now.state in ("ready", "failed") else await done
        finally:
            waiting.discard(done)
            if not waiting and self._awaited.get(render.id) is waiting:
                del self._awaited[render.id]

    @property
    def renders_awaited(self) -> int:
        """How many renders somebody waits for."""
        return len(self._awaited)

    async def _on_progress(self, render: Render, stage: str, pct: float, eta_seconds: float | None) -> None:
        event = JobProgress(card_id=render.card_id, stage=stage, pct=pct, eta_s=eta_seconds)
        self.publisher.publish(render.conversation_id, event)

    async def _on_done(self, render: Render) -> None:
        for waiting in self._awaited.pop(render.id, set()):
            if not waiting.done():
                waiting.set_result(render)
        await reply.show(self.db, render, self.links.video, lambda e: self.publisher.publish(render.conversation_id, e))


@asynccontextmanager
async def open_backstage(settings: Settings) -> AsyncIterator[Backstage]:
    """Database, voice, brains, renders: everything up, notes indexed, voices warm."""
    async with AsyncExitStack() as stack:
        db = await open_database(settings)
        stack.push_async_callback(db.close)
        tokens = LocalTokens(settings)
        locks = ConversationLocks(db)
        stack.push_async_callback(locks.close)
        saver = await stack.enter_async_context(open_saver(db.agent_url))
        speech = catalog.speech(settings)
        stack.push_async_callback(speech.close)
        backstage = Backstage(settings, db, locks, saver, speech, tokens)
        await backstage.renders.start()
        stack.push_async_callback(backstage.renders.close)
        stack.push_async_callback(backstage.faces.close)
        warming = asyncio.gather(
            *(backstage.index_notes(persona) for persona in backstage.personas.all()),
            speech.warm([persona.voice for persona in backstage.personas.all()]),
        )
        await warming
        log.info("backstage.open", brain=backstage.brain, voice=speech.name)
        yield backstage
