"""Who is in: open sockets by user, and those that have not said hello yet by address."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Protocol

from core.settings import Settings
from store.auth import Claims


class Guest(Protocol):
    claims: Claims

    async def farewell(self, reason: str, retry_after_ms: int) -> None: ...


class Door:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pending: Counter[str] = Counter()
        self._guests: dict[str, set[Guest]] = {}

    def knock(self, address: str) -> bool:
        """A socket from `address` wants to say hello; False when too many of them are silent."""
        if self._pending[address] >= self._settings.max_pending_sockets:
            return False
        self._pending[address] += 1
        return True

    def answered(self, address: str) -> None:
        self._pending[address] -= 1
        if not self._pending[address]:
            del self._pending[address]

    def enter(self, guest: Guest) -> bool:
        """False when this user has too many sockets already."""
        mine = self._guests.setdefault(guest.claims.sub, set())
        if len(mine) >= self._settings.max_sockets_per_user:
            return False
        mine.add(guest)
        return True

    def leave(self, guest: Guest) -> None:
        mine = self._guests.get(guest.claims.sub, set())
        mine.discard(guest)
        if not mine:
            self._guests.pop(guest.claims.sub, None)

    @property
    def sockets(self) -> int:
        return sum(len(mine) for mine in self._guests.values())

    async def close(self, reason: str) -> None:
        """Say goodbye to everybody; their pages come back by themselves."""
        guests = [guest for mine in self._guests.values() for guest in mine]
        await asyncio.gather(*(guest.farewell(reason, 400) for guest in guests))
