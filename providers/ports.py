"""One Protocol per capability. A vendor file implements a port; everything above knows ports only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from core.models import Voice
from core.speech import Spoken


@runtime_checkable
class Speech(Protocol):
    """Says a sentence. `name` is shown to people."""

    name: str

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
        """Sound and times of `text`: plain display text, one sentence or so. `first` goes before what else waits.

        A text without a word in it gives a short silence without words. Cancelling the task frees the voice at once.

        Raises:
            ProviderDown: the engine failed on this text.
            NotConfigured: a program or file is missing; the message names what to install or set.
        """
        ...

    async def warm(self, voices: Sequence[Voice]) -> None:
        """Start what takes time and make these voices ready.

        Raises:
            ProviderDown, NotConfigured: it will not be able to speak.
        """
        ...

    async def close(self) -> None:
        """End what was started. The port is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to fill a port: what it is called, how it is made from the settings, and what must be set first."""

    port: str
    """ "speech", "chat", "image" …"""
    name: str
    make: Callable[[Any, Any], Any]
    """(settings, the offline port of the same kind or None) → the port."""
    needs: tuple[str, ...] = ()
    """Names of settings that must not be empty."""
    version: int = 1
    """Raised when the same request gives a different result than before; part of every cache key."""
