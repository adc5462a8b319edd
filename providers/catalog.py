"""Settings → the offer that fills a port. Falling back is a wrapper of the same port, and it says so."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Literal, cast

from core.errors import NotConfigured, Unavailable
from core.models import Voice
from core.settings import Settings
from core.speech import Spoken
from providers.ports import Offer, Speech

_SPEECH: dict[Literal["espeak", "piper", "os"], str] = {
    "espeak": "providers.local",
    "piper": "providers.piper",
    "os": "providers.os_voice",
}


class FallbackSpeech:
    """The better voice while it works; the other one when it does not. `notice` says so in words for people."""

    def __init__(self, better: Speech, plain: Speech) -> None:
        self._better, self._plain = better, plain
        self.name = better.name
        self.notice: str | None = None
        """Why the better voice did not speak the latest sentence, or None when it did."""

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
        try:
            said = await self._better.speak(text, voice, first=first)
        except Unavailable as error:
            self._fell_back(error)
            return await self._plain.speak(text, voice, first=first)
        self.notice, self.name = None, self._better.name
        return said

    async def warm(self, voices: Sequence[Voice]) -> None:
        await self._plain.warm(voices)
        try:
            await self._better.warm(voices)
        except Unavailable as error:
            self._fell_back(error)

    def _fell_back(self, error: Unavailable) -> None:
        self.notice = f"{self._better.name} could not speak, so the offline voice does. {error.message}"
        self.name = self._plain.name

    async def close(self) -> None:
        try:
            await self._better.close()
        finally:
            await self._plain.close()


def offer(port: str, name: str, module: str) -> Offer:
    """The offer `name` for `port` of a vendor module, imported only now."""
    for found in cast(tuple[Offer, ...], import_module(module).OFFERS):
        if (found.port, found.name) == (port, name):
            return found
    raise NotConfigured(f"There is no {port} called {name}.")


def speech(settings: Settings) -> Speech:
    """The voice the settings ask for; a better one than the offline voice falls back to it."""
    plain = cast(Speech, offer("speech", "espeak", _SPEECH["espeak"]).make(settings, None))
    if settings.voice_engine == "espeak":
        return plain
    chosen = offer("speech", settings.voice_engine, _SPEECH[settings.voice_engine])
    return FallbackSpeech(cast(Speech, chosen.make(settings, plain)), plain)
