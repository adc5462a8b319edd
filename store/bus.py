"""Publish and subscribe inside this process: one topic per conversation. Truth stays in Postgres."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from core.errors import Unavailable

T = TypeVar("T")
QUEUE_SIZE = 512


class Subscription(Generic[T]):
    """One listener's bounded queue. `lagging` once an item found it full; it gets nothing from then on."""

    def __init__(self, size: int) -> None:
        self.lagging = False
        self._queue: asyncio.Queue[T | None] = asyncio.Queue(size + 1)
        self._size = size

    async def get(self) -> T:
        """The next item. Raises Unavailable when everything that came before the gap has been read."""
        item = await self._queue.get()
        if item is None:
            self._queue.put_nowait(None)
            raise Unavailable("This connection read too slowly and missed something. It has to start over.")
        return item

    def waiting(self) -> int:
        return self._queue.qsize() - self.lagging

    def offer(self, item: T) -> bool:
        """Queue it; False, and lagging, when there is no room."""
        if self.lagging:
            return False
        if self._queue.qsize() >= self._size:
            self.lagging = True
            self._queue.put_nowait(None)
            return False
        self._queue.put_nowait(item)
        return True


class Bus(Generic[T]):
    """Of one event loop; call it from there only. Items of a topic arrive in the order they were published."""

    def __init__(self, queue_size: int = QUEUE_SIZE) -> None:
        self._queue_size = queue_size
        self._topics: dict[str, set[Subscription[T]]] = {}

    def publish(self, topic: str, item: T) -> int:
        """Hand `item` to everybody who listens, waiting for nobody. Returns how many got it."""
        return sum(subscription.offer(item) for subscription in tuple(self._topics.get(topic, ())))

    @contextlib.asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscription[T]]:
        """Listen from now on. Subscribe first and read the database after, and nothing falls between."""
        subscription: Subscription[T] = Subscription(self._queue_size)
        listeners = self._topics.setdefault(topic, set())
        listeners.add(subscription)
        try:
            yield subscription
        finally:
            listeners.discard(subscription)
            if not listeners and self._topics.get(topic) is listeners:
                del self._topics[topic]

    def listeners(self, topic: str) -> int:
        return len(self._topics.get(topic, ()))
