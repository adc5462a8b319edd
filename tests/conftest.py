"""Fixtures of every test folder: one Postgres per session, a database of its own for every test module.

`db` (the module's open Database) and `person` (a new signed-in person's id) are what most tests take: people cannot see
each other, so tests need not clean up. `database_url` is for code that opens the database itself, `settings` for code
that takes settings. `with new_database() as name` makes one more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from core.settings import Settings
from store.auth import Claims, ensure_user
from store.db import Database, connect_database, embedded_logins
from store.embedded import SUPERUSER, EmbeddedPostgres
from store.migrate import migrate

FOLDER = "greenroom-tests-"
TEMPLATE = "greenroom_template"
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "100", "shared_buffers": "32MB"}
"""Durable against kill -9, not against a power cut: enough for tests."""

T = TypeVar("T")


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own, whatever loop is running here."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[EmbeddedPostgres]:
    """A running server without data worth keeping; it ends with the session, also one that a dead session left."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(ValueError):
            owner = int(left.name.removeprefix(FOLDER))
            if not _is_alive(owner):
                EmbeddedPostgres(left / "pg").stop()
                shutil.rmtree(left, ignore_errors=True)
    home = Path(tempfile.gettempdir()) / f"{FOLDER}{os.getpid()}"
    home.mkdir(mode=0o700)
    cluster = EmbeddedPostgres(home / "pg", options=FAST)
    try:
        yield cluster.start()
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgres_cluster: EmbeddedPostgres) -> Callable[[], AbstractContextManager[str]]:
    """Makes a migrated, empty database at each call and gives its name; it goes at the end of the `with`."""
    run_apart(migrate(postgres_cluster, database=TEMPLATE))

    @contextlib.contextmanager
    def make() -> Iterator[str]:
        name = f"t{uuid4().hex[:12]}"
        with psycopg.connect(postgres_cluster.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            conn.execute(f"create database {name} template {TEMPLATE} owner postgres".encode())
            yield name
            conn.execute(f"drop database {name} with (force)".encode())

    return make


@pytest.fixture(scope="module")
def database(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The name of the module's database."""
    with new_database() as name:
        yield name


@pytest.fixture(scope="module")
def database_url(postgres_cluster: EmbeddedPostgres, database: str) -> str:
    """The module's database, logged in as `postgres`, the way DATABASE_URL names a hosted one."""
    return postgres_cluster.url("postgres", database)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings with nothing from the environment: the module's database, a data_dir of the test's own, no key."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path / "var",
        database_url=SecretStr(database_url),
        openai_api_key=None,
        openai_base_url=None,
        pool_size=4,
        port=0,
    )


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def db(postgres_cluster: EmbeddedPostgres, database: str) -> AsyncIterator[Database]:
    """The module's database, open."""
    opened = await connect_database(embedded_logins(postgres_cluster, database), pool_size=8)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def new_person(db: Database) -> Callable[[], Awaitable[str]]:
    """Signs a new person in at each call; returns the id."""

    async def make() -> str:
        claims = Claims(sub=str(uuid4()), role="authenticated", exp=0, iat=0)
        await ensure_user(db, claims)
        return claims.sub

    return make


@pytest_asyncio.fixture(loop_scope="session")
async def person(new_person: Callable[[], Awaitable[str]]) -> str:
    return await new_person()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
