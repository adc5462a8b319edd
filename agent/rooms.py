"""Every conversation that is open in this process: questions in, events out, one run at a time in each.

A turn belongs to its conversation, not to a socket: it goes on when the browser goes away and is found again by
whoever comes back. Doors (websocket, REST, terminal) call `say`, `act`, `stop`; listeners subscribe to the bus.
"""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import structlog

from agent.backstage import Backstage
from agent.context import TurnContext
from agent.graph import Graph
from agent.publisher import Publisher
from agent.room import Question, Room
from agent.transcript import Transcript, blank_answer, unbroken
from agent.turn import Turn
from agent.voice import Utterance
from core.calls import Ask, KeepReply
from core.errors import GreenroomError, NotFound
from core.events import (
    ActionTaken,
    MessageBrain,
    SpeechChunk,
    Stop,
    UserMessage,
)
from core.models import (
    Action,
    Aspect,
    CardPart,
    ChoicesCard,
    Message,
    Persona,
)
from store import conversation, knowledge, memory
from tools.context import Context, Outcome
from tools.persona import find
from tools.registry import dispatch

log = structlog.get_logger()

KEEP_ACTIONS = (
    Action(id="keep.wide", label="Keep as video", style="ghost"),
    Action(id="keep.tall", label="Keep for phones", style="ghost"),
)
KEEP_CALLS: dict[str, Aspect] = {"keep.wide": "16:9", "keep.tall": "9:16"}
IDLE_ROOMS = 256
"""How many conversations that nobody is in are remembered: what was last spoken of, for "tell me more"."""


class Rooms:
    def __init__(self, back: Backstage, graph: Graph, publisher: Publisher) -> None:
        self.back, self.graph, self.publisher = back, graph, publisher
        self.transcript = Transcript(back.db, publisher)
        self._rooms: dict[str, Room] = {}

    # ------------------------------------------------------------------ doors

    async def say(self, user_id: str, conversation_id: str, said: UserMessage) -> asyncio.Task[Message] | None:
        """Take a question and start answering it; a running answer is stopped first. None when `client_id` was
        taken before, so a resent question is answered once. The task's result is the finished reply."""
        self.back.limit_questions(user_id)
        return await unbroken(self._say(user_id, conversation_id, said))

    async def _say(self, user_id: str, conversation_id: str, said: UserMessage) -> asyncio.Task[Message] | None:
        started = time.perf_counter()
        room = self.room(user_id, conversation_id)
        async with room.gate:
            cast = await self.back.cast(user_id)
            wanted = find(cast, said.persona_id).id if said.persona_id else None
            stopping = room.task is not None and not room.task.done()
            if stopping and await self.transcript.seen(user_id, conversation_id, said.client_id):
                return None
            if stopping:
                await self._stop(room, None)
            room.listeners.cut()
            recorded = await self.transcript.ask(user_id, conversation_id, said, wanted)
            if recorded is None:
                return None
            held, answer = recorded
            persona = next((one for one in cast if one.id == answer.persona_id), cast[0])
            asked = Question(said.text, persona, cast, said.speak, started, has_reply=bool(held.title))
            turn = room.turn = self._turn(room, persona, answer, speak=said.speak, started=started)
            turn.stage("received")
            room.task = asyncio.create_task(self._answer(room, turn, asked))
            room.task.add_done_callback(lambda done: self._tidy())
            return room.task

    async def act(self, user_id: str, conversation_id: str, action: ActionTaken) -> None:
        """Carry out a pressed button. The Call is the one it was offered with; the browser only names it."""
        room = self.room(user_id, conversation_id)
        if action.action_id in KEEP_CALLS:
            async with self.back.db.as_user(user_id) as conn:
                where, message = await conversation.message(conn, action.card_id)
            if where != conversation_id:
                raise NotFound("There is no such reply in this conversation.")
            outcome = await dispatch(
                self._tools(room, None), KeepReply(aspect=KEEP_CALLS[action.action_id], message_id=message.id)
            )
            if outcome.card_id is not None:
                if room.turn is not None and room.turn.message.id == message.id:
                    room.turn.join(outcome.card_id)
                await self.transcript.join_card(user_id, room.id, message.id, outcome.card_id)
            return
        async with self.back.db.as_user(user_id) as conn:
            where, card, calls = await conversation.card(conn, action.card_id)
        if where != conversation_id or action.action_id not in calls:
            raise NotFound("That button is no longer there.")
        call = calls[action.action_id]
        if not isinstance(call, Ask):
            await dispatch(self._tools(room, None), call)
            return
        self.back.limit_questions(user_id)
        if isinstance(card, ChoicesCard):
            await self.transcript.resolve(room.id, card, action.action_id)
        said = UserMessage(client_id=action.client_id, text=call.text, speak=True)
        await unbroken(self._say(user_id, conversation_id, said))

    async def stop(self, user_id: str, conversation_id: str, stop: Stop) -> None:
        """Stop text and voice. What had been heard is what the model remembers; the screen keeps the text."""
        room = self.room(user_id, conversation_id)
        async with room.gate:
            await self._stop(room, stop)

    async def delete(self, user_id: str, conversation_id: str) -> None:
        """Delete the conversation with everything in it, what the model remembers of it included. A running answer is
        stopped first."""
        async with self.back.db.as_user(user_id) as conn:
            await conversation.get(conn, conversation_id)
        room = self.room(user_id, conversation_id)
        async with room.gate:
            await self._stop(room, None)
            await room.pruned()
            await self.back.saver.adelete_thread(conversation_id)
            async with self.back.db.as_user(user_id) as conn:
                await conversation.delete(conn, conversation_id)
            room.turn, room.last_topic = None, None

    def room(self, user_id: str, conversation_id: str) -> Room:
        """The open room; callers have checked that the conversation is the user's."""
        room = self._rooms.get(conversation_id)
        if room is None:
            room = self._rooms[conversation_id] = Room(conversation_id, user_id)
        if room.owner != user_id:
            raise NotFound("There is no such conversation.")
        return room

    def streaming(self, conversation_id: str) -> Message | None:
        """The message being written now, with the text so far."""
        room = self._rooms.get(conversation_id)
        if room is None or room.turn is None or room.task is None or room.task.done():
            return None
        return room.turn.finished("streaming")

    def enter(self, user_id: str, conversation_id: str, socket: str, *, speak: bool) -> None:
        """A socket is there; with `speak` it wants to hear."""
        room = self.room(user_id, conversation_id)
        room.present.add(socket)
        if speak:
            room.listeners.join(socket)

    def leave(self, conversation_id: str, socket: str) -> None:
        """A socket has gone; an answer that is under way goes on."""
        room = self._rooms.get(conversation_id)
        if room is None:
            return
        room.present.discard(socket)
        room.listeners.leave(socket)
        if not room.present:
            self.publisher.close(conversation_id)
            self._rooms[conversation_id] = self._rooms.pop(conversation_id)
            self._tidy()

    def _tidy(self) -> None:
        """Forget the rooms that nobody has been in for longest."""
        idle = [room.id for room in self._rooms.values() if room.idle]
        for conversation_id in idle[: max(0, len(idle) - IDLE_ROOMS)]:
            del self._rooms[conversation_id]

    @property
    def remembered(self) -> int:
        """How many conversations this process knows."""
        return len(self._rooms)

    async def close(self) -> None:
        """Stop every turn, keeping what was said."""
        for room in list(self._rooms.values()):
            async with room.gate:
                await self._stop(room, None)
        await asyncio.gather(*(room.pruned() for room in self._rooms.values()))
        await self.transcript.close()

    async def recover(self) -> None:
        """After a restart, before anything is answered: tell what became of answers a dead process left unfinished.
        This is for one process on a database; another's running answers would be called failed too."""
        if left := await self.transcript.recover():
            log.info("rooms.recovered", unfinished=left)

    # ------------------------------------------------------------------ one turn

    def _turn(
        self, room: Room, persona: Persona, answer: Message, *, speak: bool, started: float, follows: str | None = None
    ) -> Turn:
        ahead = self.back.settings.max_speech_ahead_ms / 1000

        def send(chunk: SpeechChunk, pcm: bytes) -> None:
            self.publisher.publish(room.id, chunk, pcm)
            room.listeners.sent(chunk.ms / 1000)

        def utter(prefix: str) -> Utterance:
            return Utterance(
                f"u-{uuid4().hex[:12]}",
                answer.id,
                voice=persona.voice,
                speech=self.back.speech,
                send=send,
                ready=lambda: room.listeners.wants_sound(ahead),
                stage=turn.stage,
                prefix=prefix,
            )

        turn = Turn(
            self.graph,
            room.id,
            answer,
            emit=lambda event: self.publisher.publish(room.id, event),
            save_text=self.back.text_saver(room.owner),
            utter=utter if speak else None,
            started=started,
            follows=follows,
        )
        return turn

    async def _answer(self, room: Room, turn: Turn, asked: Question) -> Message:
        persona = asked.persona
        try:
            async with self.back.locks.hold(room.id):
                await self.back.index_notes(persona)
                async with self.back.db.as_user(room.owner) as conn:
                    about = room.last_topic.heading if room.last_topic else None
                    passages = await knowledge.search(conn, persona.id, asked.text, topic=about)
                    memories = await memory.recall(conn)
                await room.pruned()
                turn.stage("thinking")
                turn.brain = self.back.brain
                self.publisher.publish(room.id, MessageBrain(message_id=turn.message.id, brain=self.back.brain))
                ctx = TurnContext(
                    persona=persona,
                    cast=asked.cast,
                    memories=tuple(memories),
                    passages=tuple(passages),
                    last_topic=room.last_topic,
                    has_reply=asked.has_reply,
                    spoken=asked.speak,
                    question=asked.text,
                    tools=self._tools(room, turn.message.id),
                )
                await turn.run(ctx)
                if turn.topic is not None:
                    room.last_topic = next((p for p in passages if p.heading == turn.topic), room.last_topic)
                message = await self._finish(room, turn, ctx.outcomes)
            await turn.speak_out()
            message = await self._finish_timings(room, turn, message)
            room.pruning = asyncio.create_task(self.back.prune(room.id))
            room.pruning.add_done_callback(lambda done: self._tidy())
        except asyncio.CancelledError:
            return await asyncio.shield(self._stopped(room, turn))
        except GreenroomError as error:
            return await self._failed(room, turn, error.message)
        except Exception:
            log.exception("turn.failed")
            return await self._failed(room, turn, "Something went wrong on my side. Please ask again.")
        await self._hand_over(room, asked, ctx.outcomes)
        return message

    async def _finish(self, room: Room, turn: Turn, outcomes: list[Outcome]) -> Message:
        """Text complete: keep the message, its cards and its buttons; the voice goes on."""
        cards = tuple(CardPart(card_id=o.card_id) for o in outcomes if o.card_id)
        choices = await self.transcript.offer(room.id, turn.choices)
        actions = KEEP_ACTIONS if turn.text.strip() and not cards and not choices else ()
        turn.message = turn.message.model_copy(
            update={"parts": (*turn.message.parts, *cards, *choices), "actions": actions}
        )
        return await self.transcript.save(room.owner, room.id, turn.finished("done"))

    async def _finish_timings(self, room: Room, turn: Turn, message: Message) -> Message:
        turn.notice = turn.notice or getattr(self.back.speech, "notice", None)
        final = turn.finished("done")
        return message if final == message else await self.transcript.save(room.owner, room.id, final)

    async def _stopped(self, room: Room, turn: Turn) -> Message:
        if turn.complete and turn.heard is None:
            return await self.transcript.settle(room.owner, room.id, turn.finished("done"))
        await turn.hush()
        try:
            await turn.forget_unheard()
        except Exception:
            log.exception("memory.not_cut")
        heard = turn.heard_text()
        return await self.transcript.settle(
            room.owner, room.id, turn.finished("stopped", heard=len(heard) if heard is not None else None)
        )

    async def _failed(self, room: Room, turn: Turn, problem: str) -> Message:
        log.warning("turn.failed_for_person", problem=problem)
        await turn.hush()
        turn.notice = problem
        return await self.transcript.settle(room.owner, room.id, turn.finished("failed"))

    async def _hand_over(self, room: Room, asked: Question, outcomes: list[Outcome]) -> None:
        """A persona that was called in greets."""
        arriving = next((o.next_persona for o in reversed(outcomes) if o.next_persona), None)
        persona = next((one for one in asked.cast if one.id == arriving), None)
        if persona is None:
            return
        room.last_topic = None
        answer = blank_answer(persona.id)
        before = room.turn.utterance.id if room.turn is not None and room.turn.utterance is not None else None
        turn = room.turn = self._turn(
            room, persona, answer, speak=asked.speak, started=time.perf_counter(), follows=before
        )
        try:
            await self.transcript.add(room.owner, room.id, answer)
            await turn.say(persona.greeting)
            await self.transcript.save(room.owner, room.id, turn.finished("done"))
            await turn.speak_out()
        except asyncio.CancelledError:
            await asyncio.shield(self._stopped(room, turn))
        except GreenroomError as error:
            await self._failed(room, turn, error.message)

    async def _stop(self, room: Room, stop: Stop | None) -> None:
        """Caller holds the gate. No word of what was heard while the voice still sounds means that nothing was. A stop
        that names an utterance of the past comes too late and changes nothing."""
        turn, task = room.turn, room.task
        if turn is None:
            return
        named = stop.utterance_id if stop else None
        own = turn.utterance.id if turn.utterance is not None else None
        if named is not None and named not in (own, turn.follows):
            return
        sounding = room.listeners.hear()
        room.listeners.cut()
        if stop is not None and stop.heard is not None and named in (None, own):
            turn.heard = stop.heard
        elif sounding and own is not None:
            turn.heard = (0, 0)
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])
            if task.cancelled():
                await self._stopped(room, turn)
            return
        if stop is not None and turn.heard is not None:
            heard = turn.heard_text()
            # all sound is sent, and other windows of the conversation still play it
            await turn.hush()
            if heard is not None and len(heard.rstrip()) < len(turn.text.rstrip()):
                await turn.forget_unheard()
                await self.transcript.save(room.owner, room.id, turn.finished("stopped", heard=len(heard)))
            room.turn = None

    # ------------------------------------------------------------------ rows

    def _tools(self, room: Room, message_id: str | None) -> Context:
        back = self.back
        return Context(
            user_id=room.owner,
            conversation_id=room.id,
            message_id=message_id,
            settings=back.settings,
            db=back.db,
            cast=lambda: back.cast(room.owner),
            renders=back.renders,
            emit=lambda event: self.publisher.publish(room.id, event),
            link=back.links.video,
        )
