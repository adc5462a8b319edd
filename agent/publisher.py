"""Events to the bus, the kept ones in the order of their `seq` whichever task finished its transaction first."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from itertools import count

from core.events import Event, Frame, Kept
from store.bus import Bus

PATIENCE_SECONDS = 0.25
"""How long an event waits for the one before it. A gap that stays makes browsers ask for a snapshot."""


@dataclass(slots=True)
class _Line:
    last: int | None = None
    waiting: list[tuple[int, int, Event]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


class Publisher:
    def __init__(self, bus: Bus[Frame]) -> None:
        self.bus = bus
        self._lines: dict[str, _Line] = {}
        self._tie = count()

    def publish(self, topic: str, event: Event, audio: bytes | None = None) -> None:
        """Give `event` to everybody subscribed to the conversation `topic`. Never waits. Where nobody listens there is
        no order to keep and nothing is remembered."""
        if not isinstance(event, Kept):
            self.bus.publish(topic, Frame(event, audio))
            return
        if not self.bus.listeners(topic):
            self.close(topic)
            return
        line = self._lines.setdefault(topic, _Line())
        heapq.heappush(line.waiting, (event.seq, next(self._tie), event))
        self._drain(topic, line, hurry=False)

    def close(self, topic: str) -> None:
        """Nobody listens to the conversation any more."""
        line = self._lines.pop(topic, None)
        if line is not None:
            self._drain(topic, line, hurry=True)

    def _drain(self, topic: str, line: _Line, *, hurry: bool) -> None:
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        while line.waiting:
            seq, _, event = line.waiting[0]
            if line.last is not None and seq > line.last + 1 and not hurry:
                loop = asyncio.get_running_loop()
                line.timer = loop.call_later(PATIENCE_SECONDS, lambda: self._drain(topic, line, hurry=True))
                return
            heapq.heappop(line.waiting)
            if line.last is None or seq > line.last:
                line.last = seq
                self.bus.publish(topic, Frame(event))
