"""Ports filled by `media/` on this machine: no key, no network."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import Voice
from core.speech import Spoken
from media.speech import SpeechPool
from providers.ports import Offer


class OfflineSpeech:
    """The espeak-ng voice. Workers start with the first sentence, or earlier by `warm`."""

    name = "Offline voice (espeak-ng)"

    def __init__(self, pool: SpeechPool) -> None:
        self.pool = pool

    async def warm(self, voices: Sequence[Voice]) -> None:
        await self.pool.start()
        await self.pool.warm(voices)

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
        return await self.pool.speak(text, voice, first=first)

    async def close(self) -> None:
        await self.pool.close()


OFFERS = (Offer("speech", "espeak", lambda settings, _: OfflineSpeech(SpeechPool(settings.speech_workers))),)
