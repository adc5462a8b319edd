"""One question and its answer: the graph's stream becomes message events and speech. Owns cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, get_args

import structlog
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from agent.context import TurnContext
from agent.graph import Graph
from agent.memory import save_heard, save_partial, thread
from agent.voice import Utterance
from core.errors import GreenroomError
from core.events import (
    Event,
    MessageBrain,
    MessageDelta,
    MessageRetracted,
    SpeechCancel,
    ToolRunning,
    TurnTiming,
    utf16_length,
)
from core.models import CardPart, Message, MessageState, TextPart, Timing

log = structlog.get_logger()

MODES: Any = ["messages", "updates", "custom", "tools"]
STAGES = frozenset(get_args(Timing.model_fields["stage"].annotation))
SAVE_SECONDS = 0.5
"""How often a streaming text is written to its row, so that a crash keeps it."""
DOING = {
    "persona_list": "Looking at the cast",
    "persona_switch": "Calling them in",
    "memory_remember": "Making a note",
    "memory_forget": "Forgetting",
    "memory_recall": "Looking at my notes about you",
    "reply_keep": "Setting up the camera",
}


class Turn:
    """Streams one answer into `message`. `run` returns the finished message; cancelling it stops text and voice."""

    def __init__(
        self,
        graph: Graph,
        conversation_id: str,
        message: Message,
        *,
        emit: Callable[[Event], None],
        save_text: Callable[[str, str], Awaitable[None]],
        utter: Callable[[str], Utterance] | None,
        started: float,
        follows: str | None = None,
    ) -> None:
        self.message = message
        self.follows = follows
        """Id of the utterance this one is heard right after: who stops that one means this one too."""
        self.brain = message.brain
        self.notice: str | None = None
        self.choices: list[dict[str, str]] = []
        self.topic: str | None = None
        """Heading of the note the offline brain answered from."""
        self.utterance: Utterance | None = None
        self.heard: tuple[int, int] | None = None
        self._graph, self._conversation_id = graph, conversation_id
        self._emit, self._save_text, self._utter = emit, save_text, utter
        self._started = started
        self._committed = ""
        self._open: dict[str, str] = {}
        self._timings: dict[str, float] = {}
        self._speaking: asyncio.Task[None] | None = None
        self._saved_at = 0.0
        self._written = False

    # ------------------------------------------------------------------ what has been said

    @property
    def text(self) -> str:
        return self._committed + "".join(self._open.values())

    def stage(self, name: str) -> None:
        """Note the first time a stage is reached, in ms since the question arrived."""
        if name in self._timings or name not in STAGES:
            return
        ms = round((time.perf_counter() - self._started) * 1000, 2)
        self._timings[name] = ms
        self._emit(TurnTiming(message_id=self.message.id, stage=name, ms=ms))

    def finished(self, state: MessageState, *, heard: int | None = None) -> Message:
        """The message as it is now, whole."""
        cards = [part for part in self.message.parts if isinstance(part, CardPart)]
        return self.message.model_copy(
            update={
                "parts": (TextPart(text=self.text), *cards),
                "state": state,
                "brain": self.brain,
                "notice": self.notice,
                "heard": heard,
                "timings": tuple(Timing(stage=s, ms=ms) for s, ms in self._timings.items()),  # type: ignore[arg-type]
            }
        )

    # ------------------------------------------------------------------ the run

    async def run(self, ctx: TurnContext) -> None:
        """Ask the graph and stream its answer. Returns when the text is complete; `speak_out` waits for the voice."""
        question = HumanMessage(ctx.question, id=f"q-{self.message.id}")
        try:
            stream: AsyncIterator[Any] = self._graph.astream(
                {"messages": [question]},
                thread(self._conversation_id),
                context=ctx,
                stream_mode=MODES,
                version="v2",
                durability="async",
            )
            async with aclosing(stream) as parts:  # type: ignore[type-var]
                async for part in parts:
                    await self._take(part["type"], part["data"])
        except asyncio.CancelledError:
            await asyncio.shield(self._keep_partial())
            raise
        self.stage("text_done")
        self._written = True
        if self.utterance is not None:
            self.utterance.finish()

    async def say(self, text: str) -> None:
        """Say `text` in the message without asking a model: a greeting, a notice, an apology."""
        await self._delta(text, None)
        self._committed += text
        self._written = True
        if self.utterance is not None:
            self.utterance.finish()

    async def speak_out(self) -> None:
        """Wait until all sound has been sent. A failing voice leaves the text and says so."""
        if self._speaking is None:
            return
        try:
            await self._speaking
        except GreenroomError as error:
            self.notice = f"The voice failed: {error.message}"
        except Exception:
            log.exception("voice.failed")
            self.notice = "The voice failed in the middle of this answer. Its text is complete."
        self.stage("speech_done")

    def join(self, card_id: str) -> None:
        """Put a card under the message, for every save to come."""
        part = CardPart(card_id=card_id)
        if part not in self.message.parts:
            self.message = self.message.model_copy(update={"parts": (*self.message.parts, part)})

    async def hush(self) -> None:
        """Stop the voice now."""
        if self._speaking is not None and not self._speaking.done():
            self._speaking.cancel()
            await asyncio.wait([self._speaking])
        if self.utterance is not None:
            self._emit(SpeechCancel(utterance_id=self.utterance.id))

    @property
    def complete(self) -> bool:
        """All text is there, and all of its sound that was wanted has been sent."""
        return self._written and (self._speaking is None or self._speaking.done())

    def heard_text(self) -> str | None:
        """What the person heard before stopping, or None when that isn't known."""
        if self.heard is None or self.utterance is None:
            return None
        return self.text[: self.utterance.heard(*self.heard)]

    async def _keep_partial(self) -> None:
        heard = self.heard_text()
        partial = dict(self._open)
        if heard is not None:
            partial = {i: heard[len(self._committed) :] for i in partial}
        await save_partial(self._graph, self._conversation_id, partial)

    async def forget_unheard(self) -> None:
        """The text was complete but the voice was cut: the model's memory ends there."""
        heard = self.heard_text()
        if heard is not None and len(heard.rstrip()) < len(self.text.rstrip()):
            await save_heard(self._graph, self._conversation_id, heard)

    # ------------------------------------------------------------------ the graph's stream

    async def _take(self, kind: str, data: Any) -> None:
        if kind == "messages":
            chunk, meta = data
            if isinstance(chunk, AIMessageChunk) and meta.get("langgraph_node") == "model":
                if choices := chunk.additional_kwargs.get("choices"):
                    self.choices = list(choices)
                self.topic = chunk.additional_kwargs.get("topic") or self.topic
                if chunk.text:
                    await self._token(str(chunk.id), chunk.text)
        elif kind == "updates":
            for node, update in data.items():
                messages = update.get("messages", []) if isinstance(update, dict) else []
                for message in messages:
                    if node == "model" and isinstance(message, AIMessage):
                        await self._commit(message)
                    elif isinstance(message, ToolMessage) and message.status == "error":
                        log.info("tool.refused", tool=message.name)
        elif kind == "custom":
            if data.get("kind") == "brain":
                await self._fall_back(data["brain"], data["notice"])
        elif kind == "tools" and data.get("event") == "tool-started":
            name = data["tool_name"]
            self._emit(ToolRunning(message_id=self.message.id, name=name, label=DOING.get(name, "Working")))

    async def _token(self, message_id: str, text: str) -> None:
        if any(open_id != message_id for open_id in self._open):
            await self._retract("The answer started over.")
        if message_id not in self._open and self._committed and not self._committed[-1].isspace():
            text = "\n\n" + text
        await self._delta(text, message_id)
        self._open[message_id] = self._open.get(message_id, "") + text

    async def _commit(self, message: AIMessage) -> None:
        """A model call is over: what it streamed stands. One that did not stream is shown now."""
        message_id = str(message.id)
        if message_id not in self._open and message.text.strip():
            await self._token(message_id, message.text)
        self._committed += self._open.pop(message_id, "")

    async def _delta(self, text: str, message_id: str | None) -> None:
        self.stage("first_text")
        offset = utf16_length(self.text)
        if self._utter is not None and self.utterance is None:
            self.utterance = self._utter(self.text)
            self._speaking = asyncio.create_task(self.utterance.run())
        if self.utterance is not None:
            self.utterance.push(text)
        self._emit(MessageDelta(message_id=self.message.id, part=0, offset=offset, text=text))
        now = time.perf_counter()
        if message_id is not None and now - self._saved_at > SAVE_SECONDS:
            self._saved_at = now
            await self._save_text(self.message.id, self.text + text)

    async def _retract(self, reason: str) -> None:
        """Drop what an abandoned model call streamed, and its voice."""
        if not self._open:
            return
        self._open.clear()
        await self.hush()
        self.utterance, self._speaking = None, None
        self._emit(MessageRetracted(message_id=self.message.id, reason=reason))
        if self._committed:
            self._emit(MessageDelta(message_id=self.message.id, part=0, offset=0, text=self._committed))

    async def _fall_back(self, brain: str, notice: str) -> None:
        """Another brain takes over: say so, on screen and aloud."""
        await self._retract(notice)
        self.brain, self.notice = brain, notice
        self._emit(MessageBrain(message_id=self.message.id, brain=brain, notice=notice))
        spoken = f"{notice} I'll answer from my own notes. "
        await self._delta(spoken, None)
        self._committed += spoken
