"""A websocket client for tests: speaks the wire like the page does, without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin

Event = dict[str, Any]
HEARTBEAT = -1.0
"""`t` of the pings a page sends by itself."""
SECONDS = 20
"""Longest wait for one event: a bound on a hang, never a pace."""


class Page:
    """One open page. `events` are all events so far; speech chunks carry their PCM under `audio`."""

    def __init__(
        self,
        base: str,
        token: str,
        *,
        path: str = "/api/ws",
        origin: str | None = None,
        heartbeat_seconds: float = 10,
        **hello: Any,
    ) -> None:
        self.url = base.replace("http", "ws", 1) + path
        self.origin = origin
        self.hello = {"type": "hello", "v": 1, "token": token, **hello}
        self.events: list[Event] = []
        self._heartbeat_seconds = heartbeat_seconds

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await websockets.connect(
            self.url,
            origin=Origin(self.origin) if self.origin else None,
            max_size=None,
            compression=None,
        )
        await self.send(self.hello)
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beating.cancel()
        await self.socket.close()

    async def _beat(self) -> None:
        """A page shows that it lives while it waits; the answers are not events of any test."""
        with contextlib.suppress(websockets.ConnectionClosed):
            while self._heartbeat_seconds:
                await asyncio.sleep(self._heartbeat_seconds)
                await self.send({"type": "ping", "t": HEARTBEAT})

    async def send(self, message: Event | str | bytes) -> None:
        await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def next(self) -> Event:
        """The next event. Raises websockets.ConnectionClosed when the server closed."""
        async with asyncio.timeout(SECONDS):
            raw = await self.socket.recv()
        if isinstance(raw, bytes):
            (length,) = struct.unpack_from("<I", raw)
            event: Event = json.loads(raw[4 : 4 + length]) | {"audio": raw[4 + length :]}
        else:
            event = json.loads(raw)
        if event["type"] == "pong" and event["t"] == HEARTBEAT:
            return await self.next()
        self.events.append(event)
        return event

    async def until(self, kind: str, wanted: Callable[[Event], bool] = lambda event: True) -> Event:
        """Read on until an event of this type that fits."""
        while True:
            event = await self.next()
            if event["type"] == kind and wanted(event):
                return event

    async def ask(self, text: str, *, speak: bool = True, client_id: str | None = None, **more: Any) -> str:
        client_id = client_id or uuid4().hex
        await self.send({"type": "user.message", "client_id": client_id, "text": text, "speak": speak, **more})
        return client_id

    async def answer(self, text: str, *, speak: bool = False, **more: Any) -> Event:
        """Ask and read to the end: the finished message."""
        client_id = await self.ask(text, speak=speak, **more)
        await self.until("message.created", lambda e: e["message"]["client_id"] == client_id)
        mine = (await self.until("message.created", lambda e: e["message"]["role"] == "assistant"))["message"]["id"]
        return await self.finished(mine)

    async def finished(self, message_id: str | None = None) -> Event:
        """The next assistant message (or this one) that is complete."""

        def complete(event: Event) -> bool:
            message = event["message"]
            mine = message_id in (None, message["id"])
            return bool(mine and message["role"] == "assistant" and message["state"] != "streaming")

        done: Event = (await self.until("message.completed", complete))["message"]
        return done

    async def closed(self) -> int:
        """Read until the server closes; the close code."""
        try:
            while True:
                await self.next()
        except websockets.ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


def text_of(message: Event) -> str:
    return "\n\n".join(part["text"] for part in message["parts"] if part["kind"] == "text")


def cards_of(message: Event) -> list[str]:
    return [part["card_id"] for part in message["parts"] if part["kind"] == "card"]
