"""A conversation is answered by one run at a time, over all processes, and the lock outlives the database's death."""

from __future__ import annotations

import asyncio
import os
import signal
from uuid import uuid4

import psycopg
import pytest

from core.errors import Busy
from store.db import Database, PatientConnection, connect_database, embedded_logins
from store.embedded import EmbeddedPostgres
from store.lock import ConversationLocks
from store.migrate import migrate


async def is_free(locks: ConversationLocks, conversation_id: str) -> bool:
    try:
        async with locks.hold(conversation_id):
            return True
    except Busy:
        return False


@pytest.fixture
async def two(db: Database):
    """Two processes' worth of locks."""
    pair = ConversationLocks(db), ConversationLocks(db)
    yield pair
    for locks in pair:
        await locks.close()


async def test_one_holds_and_the_others_are_busy_here_and_elsewhere(two):
    here, elsewhere = two
    one, other = str(uuid4()), str(uuid4())
    async with here.hold(one):
        assert here.held() == {one}
        assert not await is_free(here, one)
        assert not await is_free(elsewhere, one)
        assert await is_free(elsewhere, other)
    assert await is_free(elsewhere, one) and await is_free(here, one)
    assert here.held() == frozenset()


async def test_of_twenty_at_once_one_wins(two):
    one, release = str(uuid4()), asyncio.Event()

    async def try_it(locks: ConversationLocks) -> bool:
        try:
            async with locks.hold(one):
                await release.wait()
                return True
        except Busy:
            return False

    tasks = [asyncio.create_task(try_it(two[number % 2])) for number in range(20)]
    _done, pending = set(), set(tasks)
    while len(pending) > 1:
        _done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    release.set()
    assert sum(await asyncio.gather(*tasks)) == 1


async def test_an_error_or_a_cancellation_at_any_moment_lets_go(two):
    here, elsewhere = two
    one = str(uuid4())
    with pytest.raises(ZeroDivisionError):
        async with here.hold(one):
            raise ZeroDivisionError

    async def hold() -> None:
        async with here.hold(one):
            await asyncio.sleep(60)

    for turns in range(12):
        task = asyncio.create_task(hold())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await is_free(elsewhere, one) and await is_free(here, one)


async def test_a_session_ended_by_the_server_is_replaced_and_its_locks_taken_again(two, db, postgres_cluster):
    here, elsewhere = two
    one = str(uuid4())
    async with here.hold(one):
        await elsewhere.close()
        name = psycopg.conninfo.conninfo_to_dict(db.logins.app)["dbname"]
        async with await psycopg.AsyncConnection.connect(
            postgres_cluster.url("supabase_admin", name), autocommit=True
        ) as c:
            held = "pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database"
            held += " where datname = current_database())"
            ((old,),) = await (await c.execute(f"select pid from {held}")).fetchall()
            await c.execute("select pg_terminate_backend(%s)", (old,))
            async with asyncio.timeout(20):
                while [pid for (pid,) in await (await c.execute(f"select pid from {held}")).fetchall()] in ([], [old]):
                    await asyncio.sleep(0.01)
        assert not await is_free(elsewhere, one)
    assert await is_free(elsewhere, one)


async def test_a_killed_postgres_does_not_free_what_is_held(tmp_path):
    cluster = EmbeddedPostgres(tmp_path / "pg", options={"fsync": "off"})
    await asyncio.to_thread(cluster.start)
    await migrate(cluster)
    db = await connect_database(embedded_logins(cluster), 2, cluster)
    here, elsewhere = ConversationLocks(db), ConversationLocks(db)
    one = str(uuid4())
    try:
        async with here.hold(one):
            os.kill(db.cluster.pid(), signal.SIGKILL)
            async with asyncio.timeout(30):
                await db.ping()
                while not here._line or here._line.closed or not await _holds_one(db):
                    await asyncio.sleep(0.01)
            assert not await is_free(elsewhere, one)
        assert await is_free(elsewhere, one)
    finally:
        await here.close()
        await elsewhere.close()
        await db.close()


async def _holds_one(db: Database) -> bool:
    async with await PatientConnection.connect(db.cluster.url("supabase_admin")) as conn:
        query = "select count(*) from pg_locks where locktype = 'advisory' and granted"
        return await (await conn.execute(query)).fetchone() == (1,)
