"""Who calls, from where, and the handles a use case may reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from core.events import Event
from core.models import Action, Persona
from core.settings import Settings
from jobs.reply import ReplyRenders
from store.db import Database

Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Context:
    """Built by the server for every call from the authenticated socket or request; never stored, never sent."""

    user_id: str
    conversation_id: str
    message_id: str | None
    """The reply under way, whose own text can't be kept yet."""
    settings: Settings
    db: Database
    cast: Callable[[], Awaitable[tuple[Persona, ...]]]
    """Every persona this person can talk to: shipped, from settings, and their own."""
    renders: ReplyRenders
    emit: Emit
    link: Callable[[str, str], str]
    """Render id and kind (mp4, jpg, vtt, srt) → an address that works by itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. `said` is one or two sentences for the person; `data` what a model may need besides."""

    said: str
    data: dict[str, Any] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    card_id: str | None = None
    """A card to join to the reply."""
    next_persona: str | None = None
    """The persona that takes over after this turn."""
