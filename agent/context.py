"""What one run of the graph may see. Built from the authenticated request for every run, never persisted."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.models import Memory, Passage, Persona
from tools.context import Context, Outcome


@dataclass(slots=True)
class TurnContext:
    persona: Persona
    cast: tuple[Persona, ...]
    memories: tuple[Memory, ...]
    passages: tuple[Passage, ...]
    last_topic: Passage | None
    has_reply: bool
    spoken: bool
    question: str
    tools: Context
    outcomes: list[Outcome] = field(default_factory=list)
