"""What one socket still has to send, bounded in bytes. Deltas and progress coalesce; a slow reader holds up nobody."""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict
from collections.abc import Callable
from itertools import count

from core.events import (
    Event,
    Frame,
    JobProgress,
    Kept,
    MessageCompleted,
    MessageCreated,
    MessageDelta,
    Snapshot,
    SpeechCancel,
    SpeechChunk,
    utf16_length,
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
            self._drop(lambda old: isinstance(old, SpeechChunk) and event.utterance_id in (None, old.utterance_id))
        if isinstance(event, Snapshot):
            self._drop(lambda old: isinstance(old, Kept | MessageDelta | Snapshot))
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
            # a delta may only join the one it goes on from, and only when nothing else lies between
            key: Key = ("delta", event.message_id)
            if key not in self._queue or (self._last_key == key and _continues(self._queue[key][0].event, event)):
                self._last_key = key
                return key
            return self._next()
        if isinstance(event, JobProgress):
            return ("progress", event.card_id)
        return self._next()

    def _next(self) -> Key:
        self._last_key = next(self._ids)
        return self._last_key

    def _drop(self, stale: Callable[[Event], bool]) -> None:
        """Forget what a later event makes needless: cancelled speech, and what a snapshot holds."""
        for key, (frame, size) in list(self._queue.items()):
            if stale(frame.event):
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


def _continues(old: Event, new: MessageDelta) -> bool:
    """Whether `new` starts where `old` ends, or all over. After a reconnect the text so far overlaps what follows."""
    return isinstance(old, MessageDelta) and new.offset in (0, old.offset + utf16_length(old.text))


def _size(frame: Frame) -> int:
    event = frame.event
    text = len(event.text) if isinstance(event, MessageDelta) else 0
    if isinstance(event, MessageCreated | MessageCompleted):
        text = len(event.message.text)
    return 300 + text + (len(frame.audio) * 5 // 4 if frame.audio else 0)
