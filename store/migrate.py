"""Migrations: plain SQL files in order, each in its own transaction, recorded with its checksum.

On the embedded Postgres the shim (store/shim.sql) first makes what hosted Supabase already has; then the files run as
the ordinary role `postgres`, exactly as on a Supabase project. Starters that come at once wait for each other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import psycopg
from psycopg import AsyncConnection, sql

from core.errors import NotConfigured, Unavailable
from store.embedded import DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from store.row import Connection

MIGRATING = 0x67726E6D
"""The advisory lock's key, one per database: "grnm"."""
SHIM_MARK = "greenroom shim "
OLDEST_SERVER = 150000

RECORD = """
create schema if not exists greenroom;
create table if not exists greenroom.migrations (
  name text primary key, checksum text not null, applied_at timestamptz not null default now());
"""


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations(folder: Path | None = None) -> tuple[Migration, ...]:
    """The files in order of their names: from `folder`, else the wheel's store/migrations, else the checkout's."""
    place: Traversable = folder or files("store") / "migrations"
    if folder is None and not place.is_dir():
        place = Path(__file__).parent.parent / "supabase" / "migrations"
    if not place.is_dir():
        raise NotConfigured("The database migrations are missing from this installation. Install it again.")
    found = [
        Migration(file.name, file.read_text(encoding="utf-8")) for file in place.iterdir() if file.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda migration: migration.name))


async def migrate(
    target: EmbeddedPostgres | str, *, database: str = DATABASE, folder: Path | None = None
) -> tuple[str, ...]:
    """Bring `target` up to date; returns the names of the files that ran now.

    A cluster of ours gets its database and the shim too. A URL must name a Supabase project or a Postgres that
    `apply_shim` has prepared, and log in as a role that may create tables (on Supabase: postgres).
    Raises NotConfigured when the database is not such a one, or a file that already ran reads differently now.
    """
    if isinstance(target, EmbeddedPostgres):
        await _make_database(target, database)
        await apply_shim(target.url(SUPERUSER, database))
        url = target.url(OWNER, database)
    else:
        url = target
    async with await _connect(url) as conn:
        if conn.info.server_version < OLDEST_SERVER:
            raise NotConfigured("The database is too old: Postgres 15 or newer is needed.")
        await conn.execute("select pg_advisory_lock(%s)", (MIGRATING,))
        if not await _has_auth(conn):
            raise NotConfigured(
                "The database has no Supabase auth schema. Point DATABASE_URL at a Supabase project, run "
                "`greenroom migrate --shim` once as superuser, or unset it to use the embedded database."
            )
        return await _apply(conn, migrations(folder))


async def apply_shim(url: str) -> bool:
    """Make Supabase's roles and auth schema on a plain Postgres; `url` logs in as superuser. True when anything ran.

    Raises NotConfigured on a real Supabase project, which has them already.
    """
    text = (files("store") / "shim.sql").read_text(encoding="utf-8")
    mark = SHIM_MARK + hashlib.sha256(text.encode()).hexdigest()[:16]
    async with await _connect(url) as conn:
        await conn.execute("select pg_advisory_lock(%s)", (MIGRATING,))
        if await _is_supabase(conn):
            raise NotConfigured("This is a Supabase project: it has its own auth schema, which is not touched.")
        if await _comment(conn) == mark:
            return False
        async with conn.transaction():
            await conn.execute(text.encode())
            await conn.execute(sql.SQL("comment on schema auth is {}").format(sql.Literal(mark)))
        return True


async def is_ours(conn: Connection) -> bool:
    """Whether the shim made this database's auth schema, so that signing people in is our own business."""
    return (await _comment(conn) or "").startswith(SHIM_MARK)


async def _connect(url: str) -> Connection:
    try:
        return await AsyncConnection.connect(url, autocommit=True, connect_timeout=15)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database cannot be reached: {str(error).strip()}") from error


async def _make_database(cluster: EmbeddedPostgres, database: str) -> None:
    async with await _connect(cluster.url(SUPERUSER, "postgres")) as conn:
        await conn.execute("select pg_advisory_lock(%s)", (MIGRATING,))
        if not await _any(conn, "select 1 from pg_roles where rolname = %s", OWNER):
            await conn.execute("create role postgres login createdb createrole replication bypassrls")
        if not await _any(conn, "select 1 from pg_database where datname = %s", database):
            make = sql.SQL("create database {} owner postgres").format(sql.Identifier(database))
            await conn.execute(make)


async def _apply(conn: Connection, wanted: tuple[Migration, ...]) -> tuple[str, ...]:
    async with conn.transaction():
        await conn.execute(RECORD)
    rows = await (await conn.execute("select name, checksum from greenroom.migrations")).fetchall()
    done = {str(name): str(checksum) for name, checksum in rows}
    for migration in wanted:
        if done.get(migration.name, migration.checksum) != migration.checksum:
            raise NotConfigured(
                f"The migration {migration.name} reads differently from when it ran on this database. "
                "Restore the file, and put the change in a new one."
            )
    if missing := sorted(done.keys() - {migration.name for migration in wanted}):
        raise NotConfigured(
            f"A newer version has been at this database: {missing[-1]} is not here. Update this installation."
        )
    ran: list[str] = []
    for migration in wanted:
        if migration.name in done:
            continue
        try:
            async with conn.transaction():
                await conn.execute(migration.text.encode())
                await conn.execute(
                    "insert into greenroom.migrations (name, checksum) values (%s, %s)",
                    (migration.name, migration.checksum),
                )
        except psycopg.Error as error:
            raise NotConfigured(
                f"The migration {migration.name} failed and was undone: {str(error).strip()}"
            ) from error
        ran.append(migration.name)
    return tuple(ran)


async def _has_auth(conn: Connection) -> bool:
    return await _any(
        conn, "select 1 where to_regclass('auth.users') is not null and to_regproc('auth.uid') is not null"
    )


async def _is_supabase(conn: Connection) -> bool:
    if await _any(conn, "select 1 from pg_namespace where nspname = %s", "supabase_migrations"):
        return True
    return await _any(conn, "select 1 from pg_namespace where nspname = 'auth'") and not await is_ours(conn)


async def _comment(conn: Connection) -> str | None:
    query = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'auth'"
    row = await (await conn.execute(query)).fetchone()
    return row[0] if row else None


async def _any(conn: Connection, query: str, *values: str) -> bool:
    return await (await conn.execute(query.encode(), values)).fetchone() is not None
