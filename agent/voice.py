"""Text deltas → clauses → sound with a face: one utterance, spoken while its text is still being written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.events import SpeechChunk, Track, utf16_length
from core.models import Voice
from core.speech import Spoken
from media.face import pose
from media.text import Segment, StreamSegmenter
from media.viseme import visemes
from providers.ports import Speech

FPS = 25


@dataclass(frozen=True, slots=True)
class Uttered:
    """A chunk that was sent: where it stands in the message (characters) and what was said when."""

    char_from: int
    char_to: int
    ends: tuple[int, ...]
    """Where each word of `spoken` ends in the message."""
    spoken: Spoken


class Utterance:
    """Speaks one message in order. `push` and `finish` never wait; `run` does the speaking until told to stop.

    prefix: what the message already says and is not spoken again.
    send: gives the chunk and its PCM to whoever listens.
    ready: waits while the listeners have enough in store.
    stage: is told the name of each stage as it is reached.
    """

    def __init__(
        self,
        utterance_id: str,
        message_id: str,
        *,
        voice: Voice,
        speech: Speech,
        send: Callable[[SpeechChunk, bytes], None],
        ready: Callable[[], Awaitable[None]],
        stage: Callable[[str], None],
        prefix: str = "",
    ) -> None:
        self.id = utterance_id
        self.message_id = message_id
        self.uttered: list[Uttered] = []
        self._voice, self._speech, self._send, self._ready, self._stage = voice, speech, send, ready, stage
        self._segmenter = StreamSegmenter()
        self._queue: asyncio.Queue[Segment | None] = asyncio.Queue()
        self._start = len(prefix)
        self._text = prefix
        self._finished = False
        self._frames = 0

    def push(self, delta: str) -> None:
        self._text += delta
        for segment in self._segmenter.push(delta):
            self._stage("first_clause")
            self._queue.put_nowait(segment)

    def finish(self) -> None:
        if not self._finished:
            self._finished = True
            for segment in self._segmenter.flush():
                self._stage("first_clause")
                self._queue.put_nowait(segment)
            self._queue.put_nowait(None)

    async def run(self) -> None:
        """Speak until `finish` and the last word. Cancel it to fall silent."""
        closed = False
        while not closed and (segment := await self._queue.get()) is not None:
            await self._ready()
            spoken = await self._speech.speak(segment.text, self._voice, first=not self.uttered)
            final = self._finished and self._queue.qsize() == 1
            await self._say(segment, spoken, final)
            closed = final
        if not closed and self.uttered:
            end = len(self._text)
            self._send(self._chunk(end, end, "", None, final=True), b"")

    async def _say(self, segment: Segment, spoken: Spoken, final: bool) -> None:
        start, end = self._start + segment.char_from, self._start + segment.char_to
        chunk = self._chunk(start, end, segment.text, spoken, final=final)
        ends = tuple(self._start + segment.span(word.char_from, word.char_to)[1] for word in spoken.words)
        self.uttered.append(Uttered(start, end, ends, spoken))
        self._send(chunk, spoken.pcm)
        self._stage("first_speech")

    def _chunk(self, start: int, end: int, text: str, spoken: Spoken | None, *, final: bool) -> SpeechChunk:
        seconds = spoken.seconds if spoken else 0.0
        track = pose.track(
            visemes(spoken.phonemes, seconds) if spoken else (),
            seconds,
            fps=FPS,
            seed=_seed(self.message_id),
            start_frame=self._frames,
        )
        self._frames += len(track)
        return SpeechChunk(
            utterance_id=self.id,
            message_id=self.message_id,
            index=len(self.uttered),
            rate=spoken.rate if spoken else 22050,
            ms=round(seconds * 1000, 1),
            text=text,
            char_start=utf16_length(self._text[:start]),
            char_end=utf16_length(self._text[:end]),
            words=tuple(
                (
                    round(word.start * 1000),
                    utf16_length(text[: word.char_from]),
                    utf16_length(text[: word.char_to]),
                )
                for word in (spoken.words if spoken else ())
            ),
            track=Track(fps=track.fps, mouth=track.mouth, eyes=track.eyes, head=track.head),
            final=final,
        )

    def heard(self, index: int, ms: int) -> int:
        """Characters of the message that had been heard when chunk `index` had played for `ms`: whole words only."""
        if index < 0 or not self.uttered:
            return 0
        if index >= len(self.uttered):
            return self.uttered[-1].char_to
        chunk = self.uttered[index]
        if ms >= chunk.spoken.seconds * 1000:
            return chunk.char_to
        words = zip(chunk.spoken.words, chunk.ends, strict=True)
        return max((end for word, end in words if word.start * 1000 < ms), default=chunk.char_from)


def _seed(message_id: str) -> int:
    return int.from_bytes(message_id.encode()[:8].ljust(8, b"0"), "big") % 2**31
