"""Which brain answers: the one the settings name first, the offline one whenever that fails."""

from __future__ import annotations

from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from core.errors import NotConfigured
from core.settings import Settings
from providers.offline.model import OfflineBrain
from providers.openai import connect, explain, is_vendor_fault

__all__ = ["BrainCheck", "Brains", "brains", "check", "explain", "is_vendor_fault", "label"]


@dataclass(frozen=True, slots=True)
class Brains:
    """`primary` answers; `fallback`, which needs nothing, answers when it cannot."""

    primary: BaseChatModel
    fallback: BaseChatModel


@dataclass(frozen=True, slots=True)
class BrainCheck:
    """What is set, in words for people. Never holds a key."""

    brain: str
    fallback: str
    ok: bool
    meaning: str


def brains(settings: Settings) -> Brains:
    """The brains the settings ask for. Raises NotConfigured when they ask for one they do not describe."""
    offline = OfflineBrain()
    return Brains(connect(settings) if settings.uses_openai else offline, offline)


def label(model: BaseChatModel) -> str:
    """Which brain this is, in words for people: "offline rules", "gpt-x via OpenAI"."""
    return str(getattr(model, "label", None) or getattr(model, "model_label", None) or type(model).__name__)


def check(settings: Settings) -> BrainCheck:
    """What would answer with these settings. Looks at the settings only; nothing is asked over the network."""
    fallback = OfflineBrain.model_label
    try:
        primary = label(brains(settings).primary)
    except NotConfigured as error:
        return BrainCheck("none", fallback, False, error.message)
    if not settings.uses_openai:
        meaning = "Answers come from notes by rules. Set OPENAI_API_KEY or OPENAI_BASE_URL for a language model."
        return BrainCheck(primary, fallback, True, meaning)
    return BrainCheck(
        primary, fallback, True, f"Answers come from {primary}; when it fails, {fallback} answer instead."
    )
