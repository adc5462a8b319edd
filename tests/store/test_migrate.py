"""Migrations run on Postgres 16 and 18 as an ordinary role, once, and are never rewritten."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

import store
from core.errors import NotConfigured
from store.embedded import SUPERUSER, EmbeddedPostgres
from store.migrate import apply_shim, migrate, migrations

SQL = Path(store.__file__).parent.parent / "supabase" / "migrations"


@pytest.fixture(scope="module")
def cluster_18(tmp_path_factory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("pg18") / "pg", 18, options={"fsync": "off"}) as cluster:
        yield cluster


@pytest.fixture(params=[16, 18])
def cluster(request: pytest.FixtureRequest) -> EmbeddedPostgres:
    return request.getfixturevalue("postgres_cluster" if request.param == 16 else "cluster_18")


@pytest.fixture
def fresh() -> str:
    return f"m{uuid4().hex[:10]}"


def refused(conn: psycopg.Connection, query: str) -> bool:
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(query.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


async def test_they_run_in_order_once_and_as_an_ordinary_role(cluster, fresh):
    ran = await migrate(cluster, database=fresh)
    assert list(ran) == sorted(file.name for file in SQL.glob("*.sql")) == [m.name for m in migrations()]
    assert await migrate(cluster, database=fresh) == ()
    with psycopg.connect(cluster.url("postgres", fresh)) as conn:
        assert conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
        assert refused(conn, "alter table auth.users add column x int")
        assert refused(conn, "create extension vector")
        owners = conn.execute("select distinct tableowner from pg_tables where schemaname = 'public'").fetchall()
        assert owners == [("postgres",)]


async def test_six_starters_at_once_run_each_file_once(cluster, fresh):
    ran = await asyncio.gather(*(migrate(cluster, database=fresh) for _ in range(6)))
    assert sorted(map(len, ran)) == [0] * 5 + [len(migrations())]


async def test_a_file_that_changed_after_it_ran_is_named(postgres_cluster, fresh, tmp_path):
    copy = shutil.copytree(SQL, tmp_path / "sql")
    await migrate(postgres_cluster, database=fresh, folder=copy)
    changed = next(iter(sorted(copy.glob("*.sql"))))
    changed.write_text(changed.read_text() + "\n-- one more thought")
    with pytest.raises(NotConfigured, match=changed.name):
        await migrate(postgres_cluster, database=fresh, folder=copy)


async def test_a_file_that_fails_leaves_nothing_and_the_next_run_goes_on(postgres_cluster, fresh, tmp_path):
    copy = shutil.copytree(SQL, tmp_path / "sql")
    bad = copy / "29991231000000_bad.sql"
    bad.write_text("create table public.half (id int); select 1 / 0;")
    with pytest.raises(NotConfigured, match=r"bad\.sql failed.*division by zero"):
        await migrate(postgres_cluster, database=fresh, folder=copy)
    bad.write_text("create table public.half (id int);")
    assert await migrate(postgres_cluster, database=fresh, folder=copy) == (bad.name,)


async def test_a_database_from_the_future_is_left_alone(postgres_cluster, fresh, tmp_path):
    copy = shutil.copytree(SQL, tmp_path / "sql")
    (copy / "29991231000000_later.sql").write_text("select 1;")
    await migrate(postgres_cluster, database=fresh, folder=copy)
    with pytest.raises(NotConfigured, match="newer version"):
        await migrate(postgres_cluster, database=fresh)


async def test_the_shim_refuses_a_supabase_project(postgres_cluster, fresh):
    admin = postgres_cluster.url(SUPERUSER, "postgres")
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"create database {fresh}".encode())
    url = postgres_cluster.url(SUPERUSER, fresh)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create schema auth")
    with pytest.raises(NotConfigured, match="Supabase project"):
        await apply_shim(url)
    with psycopg.connect(url, autocommit=True) as conn:
        assert conn.execute("select to_regclass('auth.users')").fetchone() == (None,)
        conn.execute("drop schema auth")
        conn.execute("create schema supabase_migrations")
    with pytest.raises(NotConfigured, match="Supabase project"):
        await apply_shim(url)


async def test_a_plain_postgres_is_told_what_is_missing_and_works_with_the_shim(postgres_cluster, fresh):
    with psycopg.connect(postgres_cluster.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        conn.execute(f"create database {fresh} owner postgres".encode())
    with pytest.raises(NotConfigured, match="--shim"):
        await migrate(postgres_cluster.url("postgres", fresh))
    assert await apply_shim(postgres_cluster.url(SUPERUSER, fresh)) is True
    assert await apply_shim(postgres_cluster.url(SUPERUSER, fresh)) is False
    assert len(await migrate(postgres_cluster.url("postgres", fresh))) == len(migrations())


async def test_signing_up_makes_the_profile_and_leaving_takes_everything(cluster, fresh):
    await migrate(cluster, database=fresh)
    person = str(uuid4())
    with psycopg.connect(cluster.url("postgres", fresh)) as conn:
        conn.execute("insert into auth.users (id) values (%s)", (person,))
        assert conn.execute("select id::text from profiles").fetchall() == [(person,)]
        conn.execute("insert into memories (owner, text, key) values (%s, 'x', 'x')", (person,))
        conn.execute("delete from auth.users where id = %s", (person,))
        assert conn.execute("select count(*) from memories").fetchone() == (0,)


def _texts() -> dict[str, str]:
    return {file.name: re.sub(r"--[^\n]*", "", file.read_text()).lower() for file in SQL.glob("*.sql")}


@pytest.mark.parametrize("name", sorted(_texts()))
async def test_migrations_are_plain_sql_any_supabase_takes(name):
    """Hosted and embedded Postgres differ in their extensions, so none is used; names order as Supabase's do."""
    text = _texts()[name]
    assert re.fullmatch(r"\d{14}_[a-z_]+\.sql", name)
    assert not re.search(r"\b(create|alter) extension\b|\bset role\b|\bsuperuser\b|\\\w", text)
    assert not re.search(r"\b(uuid_generate_v4|gen_salt|crypt|similarity|unaccent)\s*\(", text)
    assert len((SQL / name).read_text().splitlines()) <= 400
    for policy in re.findall(r"create policy.*?;", text, re.S):
        bare = re.sub(r"\(select auth\.uid\(\)\)", "", policy)
        assert "auth.uid()" not in bare, "(select auth.uid()) is asked once per query, auth.uid() once per row"


async def test_versions_are_unique_and_supabase_is_no_package():
    versions = [name.split("_")[0] for name in _texts()]
    assert len(versions) == len(set(versions))
    assert not list(SQL.parent.rglob("__init__.py"))
