"""One run per conversation, over all processes: Postgres advisory locks on a connection of their own.

The connection is a session: when this process dies, Postgres lets its locks go. When Postgres dies, they are taken
again as soon as it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Coroutine

import psycopg
import structlog

from core.errors import Busy, Unavailable
from store.db import Database, PatientConnection

LOOK_SECONDS = 0.1
"""How often the connection's end is looked for while something is held; costs one system call."""

log = structlog.get_logger("lock")


class ConversationLocks:
    """The locks this process holds. Close it before the database."""

    def __init__(self, db: Database) -> None:
        self._url = db.logins.app
        self._line: PatientConnection | None = None
        self._turn = asyncio.Lock()
        self._held: set[str] = set()
        self._locked: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tending = False

    @contextlib.asynccontextmanager
    async def hold(self, conversation_id: str) -> AsyncIterator[None]:
        """Hold the conversation. Raises Busy at once when somebody else does, here or in another process."""
        if conversation_id in self._held:
            raise Busy("This conversation is still answering. Stop it first, or wait a moment.")
        self._held.add(conversation_id)
        taking = self._spawn(self._take(conversation_id))
        try:
            await asyncio.shield(taking)
            if not self._tending:
                self._tending = True
                self._spawn(self._tend())
            yield
        finally:
            await asyncio.shield(self._spawn(self._release(conversation_id, taking)))

    def held(self) -> frozenset[str]:
        """The conversations somebody holds, or is about to, in this process."""
        return frozenset(self._held)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._drop()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _take(self, conversation_id: str) -> None:
        async with self._turn:
            for again in (True, False):
                try:
                    line = await self._connected()
                    query = "select pg_try_advisory_lock(%s)"
                    row = await (await line.execute(query, (_key(conversation_id),))).fetchone()
                    break
                except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                    await self._drop()
                    if not again:
                        raise Unavailable("The database did not answer. Please try again in a moment.") from error
            if not (row and row[0]):
                raise Busy("This conversation is being answered elsewhere. Wait a moment.")
            self._locked.add(conversation_id)

    async def _release(self, conversation_id: str, taking: asyncio.Task[None]) -> None:
        """Also when the holder was cancelled while taking: what was taken is let go."""
        await asyncio.gather(taking, return_exceptions=True)
        async with self._turn:
            try:
                if conversation_id in self._locked and self._line is not None and not _has_ended(self._line):
                    await self._line.execute("select pg_advisory_unlock(%s)", (_key(conversation_id),))
            except (psycopg.OperationalError, psycopg.InterfaceError):
                await self._drop()
            finally:
                self._locked.discard(conversation_id)
                self._held.discard(conversation_id)

    async def _tend(self) -> None:
        try:
            while self._held:
                await asyncio.sleep(LOOK_SECONDS)
                async with self._turn:
                    try:
                        await self._connected()
                    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                        log.warning("locks_unreachable", error=str(error).strip())
        finally:
            self._tending = False

    async def _connected(self) -> PatientConnection:
        """The live session; on a new one every lock that is still held is taken again first."""
        if self._line is not None and not _has_ended(self._line):
            return self._line
        await self._drop()
        line = await PatientConnection.connect(
            self._url, autocommit=True, connect_timeout=10, keepalives_idle=5, keepalives_interval=2, keepalives_count=3
        )
        try:
            # The dead session may take a moment to let go.
            await line.execute("set lock_timeout = '2s'")
            for conversation_id in sorted(self._locked):
                try:
                    await line.execute("select pg_advisory_lock(%s)", (_key(conversation_id),))
                except psycopg.errors.LockNotAvailable:
                    log.error("lock_lost", conversation_id=conversation_id)
                    self._locked.discard(conversation_id)
        except BaseException:
            await line.close()
            raise
        self._line = line
        return line

    async def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.close()


def _key(conversation_id: str) -> int:
    digest = hashlib.sha256(f"conversation {conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _has_ended(line: PatientConnection) -> bool:
    """Whether the session is over: an idle one has nothing to read until the server says goodbye."""
    if line.closed:
        return True
    with socket.socket(fileno=os.dup(line.fileno())) as borrowed:
        try:
            borrowed.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True
