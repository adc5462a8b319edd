"""`greenroom serve`: one process that is the room."""

from __future__ import annotations

import argparse
import errno
import json
import os
import socket
import sys
import threading
import time
import urllib.request
import webbrowser
from contextlib import suppress

from api.app import create_app
from api.page import dist
from api.server import RoomServer, config
from core.errors import Unavailable
from core.settings import Settings

BACKLOG = 4096
LOOK_SECONDS = 2


class Announcing(RoomServer):
    """Says where it is once it is up."""

    began = 0.0
    opens_browser = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.should_exit or not sockets:
            return
        address = address_of(sockets[0])
        print(f"The room is open at {address}  (ready in {time.monotonic() - self.began:.1f} s; Ctrl+C closes it)")
        if not (dist() / "index.html").is_file():
            print("The page is not built yet: run `make web`.", file=sys.stderr)
        sys.stdout.flush()
        if self.opens_browser:
            open_page(address)


def run(settings: Settings, args: argparse.Namespace) -> int:
    """Serve until interrupted. Raises Unavailable when the address cannot be had."""
    began = time.monotonic()
    given = {"host": args.host, "port": args.port, "open_browser": args.open}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    listening = listen(settings.host, settings.port)
    server = Announcing(config(create_app(settings), settings))
    server.began, server.opens_browser = began, settings.open_browser
    with listening, suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        return 1
    print("\nThe room is closed.", flush=True)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket bound before anything slow is started. Raises Unavailable with what to do when that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Unavailable(f"There is no address {host} on this machine to listen on ({error.strerror}).") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            here = f"http://{_shown(host)}:{port}"
            who = "A room is already open there" if is_room(here) else "Another program has it"
            raise Unavailable(
                f"Port {port} is taken. {who}: {here}. Choose another one with `greenroom serve --port {port + 1}`."
            ) from error
        raise Unavailable(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    return bound


def is_room(address: str) -> bool:
    """Whether a Greenroom answers at this address."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=LOOK_SECONDS) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and "brain" in told


def address_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{_shown(host)}:{port}"


def open_page(address: str) -> bool:
    """Show the page in a browser; False where there is no screen to show it on."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    threading.Thread(target=_open, args=(address,), name="open-page", daemon=True).start()
    return True


def _open(address: str) -> None:
    try:
        webbrowser.open(address)
    except webbrowser.Error:
        print(f"No browser could be opened. Go to {address}", file=sys.stderr)


def _shown(host: str) -> str:
    """The host part of an address a person can follow."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
