"""Transactions belong to one person, and the server's death costs nothing that was committed."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr

from core.errors import Forbidden, NotConfigured, Unavailable
from core.models import Message, TextPart
from core.settings import Settings
from store import conversation
from store.auth import Claims, LocalTokens, ensure_user
from store.db import connect_database, embedded_logins, open_database, remote_logins
from store.embedded import EmbeddedPostgres
from store.migrate import migrate


def said(text: str) -> Message:
    return Message(id=str(uuid4()), role="user", parts=(TextPart(text=text),), created_at=datetime.now(UTC))


async def test_a_transaction_commits_at_its_end_and_rolls_back_on_error(db, person):
    async with db.as_user(person) as conn:
        kept = await conversation.create(conn, person, "jaz")
    with pytest.raises(ZeroDivisionError):
        async with db.as_user(person) as conn:
            await conversation.create(conn, person, "jaz")
            raise ZeroDivisionError
    async with db.as_user(person) as conn:
        assert [one.id for one in await conversation.listed(conn)] == [kept.id]


async def test_hundreds_of_interleaved_people_never_see_each_other(db, new_person):
    people = [await new_person() for _ in range(10)]
    for who in people:
        async with db.as_user(who) as conn:
            await conversation.create(conn, who, "jaz")

    async def look(number: int) -> None:
        who = people[number % 10]
        try:
            async with db.as_user(who) as conn:
                owners = await (await conn.execute("select owner::text from conversations")).fetchall()
                assert owners == [(who,)]
                if number % 3 == 0:
                    await conn.execute("select 1 / 0")
        except psycopg.errors.DivisionByZero:
            pass

    await asyncio.gather(*(look(number) for number in range(300)))


async def test_a_cancelled_transaction_leaves_the_pool_whole(db, person, postgres_cluster):
    async def dawdle() -> None:
        async with db.as_user(person) as conn:
            await conversation.create(conn, person, "jaz")
            await conn.execute("select pg_sleep(60)")

    tasks = [asyncio.create_task(dawdle()) for _ in range(8)]
    admin = postgres_cluster.url("supabase_admin", "postgres")
    async with await psycopg.AsyncConnection.connect(admin, autocommit=True) as conn, asyncio.timeout(20):
        query = "select count(*) from pg_stat_activity where query = 'select pg_sleep(60)'"
        while await (await conn.execute(query)).fetchone() != (8,):
            await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with db.as_user(person) as conn:
        assert await conversation.listed(conn) == []


async def test_writing_in_somebody_elses_name_is_forbidden(db, person, new_person):
    other = await new_person()
    with pytest.raises(Forbidden):
        async with db.as_user(person) as conn:
            await conversation.create(conn, other, "jaz")


async def test_the_agent_has_a_schema_of_its_own_that_nobody_else_can_enter(db, person):
    async with await psycopg.AsyncConnection.connect(db.agent_url, autocommit=True) as conn:
        await conn.execute("create table mine (n int)")
        row = await (
            await conn.execute("select schemaname, tableowner from pg_tables where tablename = 'mine'")
        ).fetchone()
        assert row == ("langgraph", "app_agent")
        assert await (await conn.execute("show synchronous_commit")).fetchone() == ("off",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("select * from public.messages")
    with pytest.raises(Forbidden):
        async with db.as_user(person) as conn:
            await conn.execute("select * from langgraph.mine")


async def test_a_database_url_is_migrated_and_works_like_the_embedded_one(settings):
    db = await open_database(settings)
    try:
        claims = LocalTokens(settings).verify(LocalTokens(settings).mint())
        await ensure_user(db, claims)
        async with db.as_user(claims.sub) as conn:
            await conversation.create(conn, claims.sub, "jaz")
            assert await (await conn.execute("select current_user::text")).fetchone() == ("app_user",)
        async with await psycopg.AsyncConnection.connect(db.agent_url) as conn:
            row = await (await conn.execute("select current_user::text, current_setting('search_path')")).fetchone()
            assert row == ("app_agent", "langgraph")
    finally:
        await db.close()


async def test_without_a_database_url_there_is_one_in_the_data_dir(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=None, pool_size=2)
    for _ in range(2):
        db = await open_database(settings)
        try:
            claims = LocalTokens(settings).verify(LocalTokens(settings).mint())
            await ensure_user(db, claims)
            async with db.as_user(claims.sub) as conn:
                kept = await conversation.open_new(conn, claims.sub, "jaz")
                await conversation.add_message(conn, kept.id, said("x"))
        finally:
            await db.close()
        assert not db.cluster.answers()
    db = await open_database(settings)
    try:
        async with db.as_user(claims.sub) as conn:
            assert len(await conversation.listed(conn)) == 2, "the same person, after restarts"
    finally:
        await db.close()


async def test_a_database_that_is_not_there_is_said_at_once(settings, monkeypatch):
    nowhere = SecretStr("postgresql://postgres@127.0.0.1:1/postgres")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await open_database(settings.model_copy(update={"database_url": nowhere}))


async def test_the_transaction_pooler_is_refused():
    with pytest.raises(NotConfigured, match="5432"):
        remote_logins("postgresql://postgres.abc:secret@pooler.example.com:6543/postgres")
    with pytest.raises(NotConfigured, match="DATABASE_URL"):
        remote_logins("not a url = = at all")


async def test_postgres_killed_under_load_heals_and_loses_nothing_that_was_committed(tmp_path):
    """Eight writers, three kills: every write that was acknowledged is there, numbered without a gap."""
    cluster = EmbeddedPostgres(tmp_path / "pg", options={"fsync": "off"})
    await asyncio.to_thread(cluster.start)
    await migrate(cluster)
    db = await connect_database(embedded_logins(cluster), 8, cluster)
    try:
        claims = Claims(sub=str(uuid4()), role="authenticated", exp=0, iat=0)
        await ensure_user(db, claims)
        async with db.as_user(claims.sub) as conn:
            here = await conversation.create(conn, claims.sub, "jaz")
        committed: list[str] = []
        failed = 0
        kills_left = 3

        async def write() -> None:
            nonlocal failed
            while kills_left or len(committed) < 200:
                message = said("x")
                try:
                    async with db.as_user(claims.sub) as conn:
                        await conversation.add_message(conn, here.id, message)
                    committed.append(message.id)
                except Unavailable:
                    failed += 1

        async def kill() -> None:
            nonlocal kills_left
            while kills_left:
                seen = len(committed)
                while len(committed) < seen + 30:
                    await asyncio.sleep(0.005)
                os.kill(db.cluster.pid(), signal.SIGKILL)
                kills_left -= 1

        async with asyncio.timeout(60):
            await asyncio.gather(kill(), *(write() for _ in range(8)))
            async with db.as_user(claims.sub) as conn:
                _, messages, _ = await conversation.snapshot(conn, here.id)
                events = await conversation.events_after(conn, here.id, 0, 100_000)
        assert set(committed) <= {message.id for message in messages}
        assert [event.seq for event in events] == list(range(1, len(messages) + 1))
        assert len(messages) - len(committed) <= failed, "only a write that was answered by an error may be unsure"
        assert failed, "the kills hit nobody: the test proves nothing"
    finally:
        await db.close()
    assert not db.cluster.answers()
