"""The database: one pool, and each transaction under the role of whoever it is for, so that row policies decide."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from core.errors import Forbidden, NotConfigured, Unavailable
from core.settings import Settings
from store.embedded import DATABASE, EmbeddedPostgres
from store.migrate import is_ours, migrate
from store.row import Connection

PATIENCE_SECONDS = 10.0
"""How long one request waits for a database that restarts."""
RETRY_SECONDS = 0.05
BECOME = "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)"
AGENT_OPTIONS = "-c search_path=langgraph -c synchronous_commit=off"


class PatientConnection(AsyncConnection[Any]):
    """Connects again and again while the server restarts, instead of the pool's own seconds of backing off."""

    asked_at = 0.0
    """time.monotonic() when it was last known to live; kept by whoever pools it."""

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await super().connect(conninfo, **kwargs)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(RETRY_SECONDS)


@dataclass(frozen=True, slots=True)
class Logins:
    """Connection strings: `app` for people's and the server's transactions, `agent` for LangGraph's saver."""

    app: str
    agent: str


class Database:
    """An open pool. `local` tells that our shim made the auth schema, so people are signed in by this server itself."""

    def __init__(
        self, logins: Logins, pool: AsyncConnectionPool[Connection], cluster: EmbeddedPostgres | None, local: bool
    ) -> None:
        self.logins = logins
        self.cluster = cluster
        self.local = local
        self.known_users: set[str] = set()
        self._pool = pool
        self._watch = asyncio.create_task(cluster.watch()) if cluster else None

    @property
    def agent_url(self) -> str:
        """For LangGraph's saver: role app_agent, its schema first, commits that do not wait for the disk."""
        return self.logins.agent

    def as_user(self, user_id: str) -> contextlib.AbstractAsyncContextManager[Connection]:
        """A transaction in which policies let through what `user_id` owns. Commits at its end, rolls back on error."""
        return self._transaction("app_user", json.dumps({"sub": user_id, "role": "authenticated"}))

    def as_service(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        """A transaction past every policy: for work that belongs to nobody's request."""
        return self._transaction("service_role", '{"role": "service_role"}')

    async def ping(self) -> float:
        """Milliseconds of one empty transaction. Raises Unavailable."""
        began = time.perf_counter()
        async with self.as_service() as conn:
            await conn.execute("select 1")
        return (time.perf_counter() - began) * 1000

    async def close(self) -> None:
        """Close the pool; the embedded server ends unless another process uses it."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._pool.close()
        if self.cluster is not None:
            await asyncio.to_thread(self.cluster.stop)

    @contextlib.asynccontextmanager
    async def _transaction(self, role: str, claims: str) -> AsyncIterator[Connection]:
        try:
            conn = await self._begin(role, claims)
            try:
                async with conn:
                    yield conn
            finally:
                await asyncio.shield(self._pool.putconn(conn))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Forbidden("That belongs to somebody else.") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable("The database did not answer. Please try again in a moment.") from error

    async def _begin(self, role: str, claims: str) -> Connection:
        """A connection whose first statement worked: one that died with the server is replaced by the next."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            conn = await self._pool.getconn(max(0.1, deadline - time.monotonic()))
            try:
                async with conn.pipeline():
                    await conn.execute(BECOME, (role, claims))
                return conn
            except (psycopg.OperationalError, psycopg.InterfaceError):
                await self._pool.putconn(conn)
                if time.monotonic() > deadline:
                    raise
            except BaseException:
                await self._pool.putconn(conn)
                raise


async def open_database(settings: Settings) -> Database:
    """The database of these settings, migrated and ready: the embedded one in `data_dir`/postgres, or DATABASE_URL.

    Raises NotConfigured or Unavailable with what to do about it.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        logins = remote_logins(url)
        await migrate(url)
        return await connect_database(logins, settings.pool_size)
    cluster = EmbeddedPostgres(settings.data_dir / "postgres", settings.postgres_version)
    await asyncio.to_thread(cluster.start)
    try:
        await migrate(cluster)
        return await connect_database(embedded_logins(cluster), settings.pool_size, cluster)
    except BaseException:
        await asyncio.to_thread(cluster.stop)
        raise


def embedded_logins(cluster: EmbeddedPostgres, database: str = DATABASE) -> Logins:
    agent = make_conninfo(cluster.url("app_agent", database), options=AGENT_OPTIONS)
    return Logins(app=cluster.url("authenticator", database), agent=agent)


def remote_logins(url: str) -> Logins:
    """Both logins of a DATABASE_URL: its own role, which becomes app_user, service_role or app_agent.

    Raises NotConfigured for a transaction pooler, which cannot hold locks or prepared statements.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise NotConfigured(
            "DATABASE_URL cannot be read. It looks like postgresql://user:password@host:5432/postgres."
        ) from error
    if str(parts.get("port")) == "6543":
        raise NotConfigured(
            "DATABASE_URL names Supabase's transaction pooler (6543). Use the session pooler, port 5432."
        )
    return Logins(app=url, agent=make_conninfo(url, options=f"{AGENT_OPTIONS} -c role=app_agent"))


async def connect_database(logins: Logins, pool_size: int, cluster: EmbeddedPostgres | None = None) -> Database:
    """A pool on a database that is migrated already. With `cluster`, its server is watched and restarted."""
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        logins.app,
        connection_class=PatientConnection,
        min_size=min(4, pool_size),
        max_size=pool_size,
        timeout=PATIENCE_SECONDS,
        max_idle=300,
        kwargs={"connect_timeout": 10},
        open=False,
        name="greenroom",
    )
    try:
        await pool.open(wait=True, timeout=15)
        async with pool.connection() as conn:
            local = await is_ours(conn)
    except psycopg.OperationalError as error:
        await pool.close()
        raise Unavailable(f"The database cannot be reached: {str(error).strip()}") from error
    return Database(logins, pool, cluster, local)
