"""The real server on a loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.server import RoomServer, config
from core.settings import Settings


@dataclass(frozen=True)
class Served:
    base: str
    app: FastAPI
    settings: Settings

    def token(self, user_id: str | None = None, seconds: int | None = None) -> str:
        """A token of the local person, or of another user, as its own sign-in would give."""
        token: str = self.app.state.backstage.tokens.mint(user_id, seconds)
        return token

    def client(self, user_id: str | None = None) -> httpx.AsyncClient:
        bearer = {"authorization": f"Bearer {self.token(user_id)}"}
        return httpx.AsyncClient(base_url=self.base, headers=bearer, timeout=60)


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Served]:
    """`settings` over the defaults; nothing is read from the environment's `.env`."""
    made = Settings(_env_file=None, data_dir=folder, port=0, **settings)  # type: ignore[call-arg]
    app = create_app(made)
    server = RoomServer(config(app, made))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        if running.done():
            running.result()
            raise RuntimeError("The server ended before it was up.")
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"http://127.0.0.1:{port}", app, made)
    finally:
        server.should_exit = True
        await running
