"""The server process: uvicorn as the room needs it, and a goodbye to every open page before it goes."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from core.settings import Settings

GOODBYE = "The room is restarting."
GRACE_SECONDS = 3


class RoomServer(uvicorn.Server):
    """Tells pages that it is leaving before their sockets close, so that they come back by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            await app.state.door.close(GOODBYE)
        await super().shutdown(sockets)


def config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """One process, no deflate (it quadruples a socket's memory), pings left to our own heartbeat."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_max_size=settings.max_frame_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        backlog=4096,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
