"""What one socket still has to send, bounded in bytes. Deltas and progress coalesce; a slow reader holds up nobody."""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict
from itertools import count

from core.events import (
    Event,
    Frame,
    JobProgress,
    MessageDelta,
    SpeechCancel,
    SpeechChunk,
)

Key = tuple[str, str] | int


class Outbox:
    """First in, first out. `overflowed` once a reader is too slow: its socket is cut and resumes by replay."""

    def __init__(self, max_bytes: int) -> None:
        self.overflowed = False
        self._max_bytes = max_bytes
        self._bytes = 0
        self._queue: OrderedDict[Key, tuple[Frame, int]] = OrderedDict()
        self._ids = count()
        self._wake = asyncio.Event()
        self._last_key: Key | None = None

    def push(self, frame: Frame) -> None:
        if self.overflowed:
            return
        event = frame.event
        if isinstance(event, SpeechCancel):
            self._drop_speech(event.utterance_id)
        key = self._key(event)
        if key in self._queue:
            old, old_size = self._queue[key]
            self._bytes -= old_size
            if isinstance(event, MessageDelta):
                frame = Frame(_joined(old.event, event))
        size = _size(frame)
        self._queue[key] = (frame, size)
        self._bytes += size
        if self._bytes > self._max_bytes:
            self.overflowed = True
        self._wake.set()

    def close(self) -> None:
        self._wake.set()

    async def take(self) -> Frame | None:
        """The next frame, or None when the reader turned out too slow."""
        while not self._queue or self.overflowed:
            if self.overflowed:
                return None
            self._wake.clear()
            await self._wake.wait()
        _, (frame, size) = self._queue.popitem(last=False)
        self._bytes -= size
        return frame

    def _key(self, event: Event) -> Key:
        if isinstance(event, MessageDelta):
            # a delta may only join the one before it when no other event of that message lies between
            key: Key = ("delta", event.message_id)
            if key not in self._queue or self._last_key == key:
                self._last_key = key
                return key
            return self._next()
        if isinstance(event, JobProgress):
            return ("progress", event.card_id)
        return self._next()

    def _next(self) -> Key:
        self._last_key = next(self._ids)
        return self._last_key

    def _drop_speech(self, utterance_id: str | None) -> None:
        for key, (frame, size) in list(self._queue.items()):
            event = frame.event
            if isinstance(event, SpeechChunk) and utterance_id in (None, event.utterance_id):
                del self._queue[key]
                self._bytes -= size


def encode(frame: Frame) -> str | bytes:
    """JSON text, or for speech a binary frame: u32le header length, JSON header, PCM."""
    text = frame.event.model_dump_json()
    if frame.audio is None:
        return text
    header = text.encode()
    return struct.pack("<I", len(header)) + header + frame.audio


def _joined(old: Event, new: MessageDelta) -> MessageDelta:
    if not isinstance(old, MessageDelta) or new.offset == 0:
        return new
    return old.model_copy(update={"text": old.text + new.text})


def _size(frame: Frame) -> int:
    event = frame.event
    text = len(event.text) if isinstance(event, MessageDelta) else 0
    return 300 + text + (len(frame.audio) * 5 // 4 if frame.audio else 0)
