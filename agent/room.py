"""One open conversation, and one question in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from agent.listeners import Listeners
from agent.turn import Turn
from core.models import Message, Passage, Persona


@dataclass(slots=True)
class Room:
    """What this process knows of one open conversation."""

    id: str
    owner: str
    turn: Turn | None = None
    task: asyncio.Task[Message] | None = None
    last_topic: Passage | None = None
    pruning: asyncio.Task[None] | None = None
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    present: set[str] = field(default_factory=set)
    listeners: Listeners = field(default_factory=Listeners)

    @property
    def idle(self) -> bool:
        """Nobody is there and nothing runs."""
        busy = any(task is not None and not task.done() for task in (self.task, self.pruning))
        return not self.present and not busy and not self.gate.locked()

    async def pruned(self) -> None:
        """When nothing is pruned any more. Who stops waiting does not stop the pruning."""
        if self.pruning is not None:
            await asyncio.wait([self.pruning])


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and how it is to be answered."""

    text: str
    persona: Persona
    cast: tuple[Persona, ...]
    speak: bool
    started: float
    """time.perf_counter() when it arrived."""
    has_reply: bool
    """Whether there is an earlier reply in the conversation."""
