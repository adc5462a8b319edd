"""The real server as a separate process that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

UP_SECONDS = 60


class ServerProcess:
    """`greenroom serve` over `folder`, on the same port each time it is started."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        environment = {
            **os.environ,
            "GREENROOM_DATA_DIR": str(self.folder / "data"),
            "GREENROOM_PORT": str(self.port),
            "GREENROOM_OPEN_BROWSER": "0",
            "GREENROOM_MESSAGES_PER_MINUTE": "100000",
            **self._environment,
        }
        with open(self.folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                env=environment,
                cwd=Path(__file__).parent.parent.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + UP_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"The server ended:\n{self.log()[-3000:]}")
            try:
                if httpx.get(f"{self.base}/health", timeout=5).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError(f"The server was not up in {UP_SECONDS} s:\n{self.log()[-3000:]}")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def postmaster(self) -> int:
        """Process id of the embedded Postgres."""
        (pid_file,) = (self.folder / "data").rglob("postmaster.pid")
        return int(pid_file.read_text().split()[0])

    def token(self) -> str:
        return str(httpx.post(f"{self.base}/api/session", timeout=20).json()["access_token"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
