"""Who listens in a conversation and how much sound each still holds, so that speech is not made far ahead."""

from __future__ import annotations

import asyncio
import time


class Listeners:
    def __init__(self) -> None:
        self._dry_at: dict[str, float] = {}
        """Listener → the moment (monotonic seconds) its sound runs out."""
        self._changed = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._dry_at)

    def join(self, listener: str) -> None:
        self._dry_at[listener] = 0.0

    def leave(self, listener: str) -> None:
        self._dry_at.pop(listener, None)
        self._changed.set()

    def holds(self, listener: str, seconds: float) -> None:
        """`listener` says how much sound it still has."""
        if listener in self._dry_at:
            self._dry_at[listener] = time.monotonic() + seconds
            self._changed.set()

    def sent(self, seconds: float) -> None:
        """Everybody got `seconds` more."""
        now = time.monotonic()
        self._dry_at = {one: max(dry, now) + seconds for one, dry in self._dry_at.items()}

    def hear(self) -> bool:
        """Whether somebody still holds sound that has not been played."""
        return any(dry > time.monotonic() for dry in self._dry_at.values())

    def cut(self) -> None:
        """Everybody threw away what they held."""
        self._dry_at = dict.fromkeys(self._dry_at, 0.0)
        self._changed.set()

    async def wants_sound(self, limit_seconds: float) -> None:
        """Wait until somebody holds less than the limit. Returns at once when nobody listens."""
        while self._dry_at:
            ahead = min(self._dry_at.values()) - time.monotonic()
            if ahead <= limit_seconds:
                return
            self._changed.clear()
            try:
                async with asyncio.timeout(ahead - limit_seconds):
                    await self._changed.wait()
            except TimeoutError:
                return
