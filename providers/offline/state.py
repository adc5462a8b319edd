"""What the offline brain is told besides the messages: who speaks, who else is there, what was found and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import NotConfigured
from core.models import Memory, Noun, Passage, Persona

STATE_KEY = "studio_state"
"""The model setting the agent passes it in: `request.override(model_settings={STATE_KEY: state})`."""


class BrainState(Noun):
    persona: Persona
    cast: tuple[Persona, ...] = ()
    """Everybody there is, the speaker included."""
    passages: tuple[Passage, ...] = ()
    """Notes found for the person's last message, best first."""
    memories: tuple[Memory, ...] = ()
    last_topic: Passage | None = None
    """The note the previous answer was made of; what "tell me more" is about."""
    has_reply: bool = False
    """Whether there is an earlier reply that could be kept as a video."""


def read_state(settings: Mapping[str, Any]) -> BrainState:
    """The state in a model call's settings, given as a BrainState or as its JSON object. Raises NotConfigured."""
    given = settings.get(STATE_KEY)
    if given is None:
        raise NotConfigured(f"The offline brain was called without {STATE_KEY}: it does not know which persona speaks.")
    return given if isinstance(given, BrainState) else BrainState.model_validate(given)
