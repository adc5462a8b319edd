"""Nobody reads or alters what belongs to somebody else, in any table, by any verb.

Tables come from the migrations and are compared with the catalogue: a new table without a policy, or without a row
here to try, fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from store.db import embedded_logins
from store.migrate import migrations

TABLES = sorted(
    name for migration in migrations() for name in re.findall(r"create table public\.(\w+)", migration.text)
)
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
SERVER_WRITES = {"knowledge", "knowledge_source"}
"""Tables people only read through the server, too."""

Row = dict[str, Any]


def rows_of(owner: str) -> dict[str, Row]:
    """One row per table that belongs to `owner`, in the order they can be inserted."""
    talk, message, persona = str(uuid4()), str(uuid4()), f"p{uuid4().hex[:8]}"
    inside = {"owner": owner, "conversation_id": talk}
    return {
        "personas": {"id": persona, "owner": owner, "body": json.dumps({"id": persona})},
        "conversations": {"id": talk, "owner": owner, "persona_id": "jaz", "title": "Secret"},
        "messages": {"id": message, **inside, "seq": 1, "body": json.dumps({"state": "done", "client_id": "c"})},
        "cards": {"id": str(uuid4()), **inside, "seq": 2, "body": json.dumps({"rev": 1}), "calls": "{}"},
        "events": {**inside, "seq": 1, "body": "{}"},
        "memories": {"id": str(uuid4()), "owner": owner, "text": "Secret", "key": "secret"},
        "assets": {"owner": owner, "digest": uuid4().hex * 2, "mime": "video/mp4", "name": "f", "bytes": 1},
        "renders": {"id": str(uuid4()), **inside, "message_id": message, "card_id": str(uuid4()), "key": uuid4().hex}
        | {"aspect": "16:9", "state": "queued"},
        "knowledge_source": {"persona_id": persona, "owner": owner, "digest": "d", "vocabulary": "{}"},
        "knowledge": {"persona_id": persona, "place": 0, "heading": "Secret", "answer": "Secret"},
    }


@pytest.fixture(scope="module")
def room(postgres_cluster, database) -> Iterator[tuple[psycopg.Connection, list[dict[str, Row]], Any]]:
    """A superuser's connection, two people's rows, and `become(role, person)` on a login like the server's."""
    people = []
    with psycopg.connect(postgres_cluster.url("supabase_admin", database), autocommit=True) as admin:
        for _ in range(2):
            owner = str(uuid4())
            admin.execute("insert into auth.users (id) values (%s)", (owner,))
            rows = rows_of(owner)
            for table, row in rows.items():
                insert(admin, table, row)
            people.append({"profiles": {"id": owner}, **rows})
        with psycopg.connect(embedded_logins(postgres_cluster, database).app) as login:

            @contextmanager
            def become(role: str, person: int) -> Iterator[psycopg.Connection]:
                claims = json.dumps({"sub": people[person]["profiles"]["id"], "role": "authenticated"})
                with login.transaction(force_rollback=True):
                    login.execute(
                        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                        (role, claims),
                    )
                    yield login

            yield admin, people, become


def insert(conn: psycopg.Connection, table: str, row: Row) -> None:
    query = sql.SQL("insert into public.{} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    conn.execute(query, list(row.values()))


def where(conn: psycopg.Connection, table: str, row: Row) -> sql.Composed:
    keys = conn.execute(
        """select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
           where i.indisprimary and i.indrelid = %s::regclass""",
        (f"public.{table}",),
    ).fetchall()
    same = [sql.SQL("{} = {}").format(sql.Identifier(key), sql.Literal(row[key])) for (key,) in keys]
    assert same, f"{table} has no primary key"
    return sql.SQL(" and ").join(same)


def refused(act: Callable[[], Any]) -> bool:
    try:
        act()
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_the_tables_tried_here_are_the_tables_there_are(room):
    admin, people, _ = room
    query = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = any('{r,p,f,m,v}')"
    found = {name for (name,) in admin.execute(query)}
    assert found == set(TABLES) == set(people[0]), "a new table needs a policy, and a row in rows_of"


@pytest.mark.parametrize("table", TABLES)
def test_each_role_may_do_what_it_needs_and_no_more(room, table):
    admin, _, _ = room
    enabled = admin.execute("select relrowsecurity from pg_class where oid = %s::regclass", (f"public.{table}",))
    assert enabled.fetchone() == (True,), "row level security is off"

    def may(role: str) -> set[str]:
        found = set()
        for verb in VERBS:
            asks = ["has_table_privilege"] + ["has_any_column_privilege"] * (verb in ("SELECT", "INSERT", "UPDATE"))
            if any(
                admin.execute(f"select {ask}(%s, %s, %s)", (role, f"public.{table}", verb)).fetchone()[0]
                for ask in asks
            ):
                found.add(verb)
        return found

    assert may("anon") == set()
    assert may("authenticated") == {"SELECT"}, "a browser that reaches PostgREST only reads"
    assert may("app_user") == ({"SELECT"} if table in SERVER_WRITES else {"SELECT", "INSERT", "UPDATE", "DELETE"})
    assert may("authenticator") == may("app_agent") == set()


@pytest.mark.parametrize("role", ["app_user", "authenticated"])
@pytest.mark.parametrize("me", [0, 1])
@pytest.mark.parametrize("table", TABLES)
def test_select(room, table, role, me):
    admin, people, become = room
    mine, theirs = (where(admin, table, people[who][table]) for who in (me, 1 - me))
    with become(role, me) as conn:
        count = sql.SQL("select count(*) from public.{} where {}")
        assert conn.execute(count.format(sql.Identifier(table), mine)).fetchone() == (1,)
        assert conn.execute(count.format(sql.Identifier(table), theirs)).fetchone() == (0,)


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("role", ["app_user", "authenticated"])
@pytest.mark.parametrize("me", [0, 1])
@pytest.mark.parametrize("table", TABLES)
def test_update_and_delete(room, table, role, me, verb):
    admin, people, become = room
    column = sql.Identifier(next(iter(people[me][table])))
    begin = {"update": sql.SQL("update public.{t} set {c} = {c}"), "delete": sql.SQL("delete from public.{t}")}[verb]

    def touch(owner: int) -> int:
        with become(role, me) as conn:
            aim = where(admin, table, people[owner][table])
            return conn.execute(
                sql.SQL("{} where {}").format(begin.format(t=sql.Identifier(table), c=column), aim)
            ).rowcount

    if role == "app_user" and table not in SERVER_WRITES:
        assert touch(me) == 1
        assert touch(1 - me) == 0
        with become(role, me) as conn:
            assert conn.execute(begin.format(t=sql.Identifier(table), c=column)).rowcount == 1, (
                "without a where, mine alone"
            )
    else:
        assert refused(lambda: touch(me)) and refused(lambda: touch(1 - me))


@pytest.mark.parametrize("role", ["app_user", "authenticated"])
@pytest.mark.parametrize("me", [0, 1])
@pytest.mark.parametrize("table", TABLES)
def test_insert(room, table, role, me):
    admin, people, become = room

    def put(owner: int) -> None:
        row = people[owner][table]
        with become(role, me) as conn:
            conn.execute("reset role")
            conn.execute("set local role service_role")
            conn.execute(
                sql.SQL("delete from public.{} where {}").format(sql.Identifier(table), where(admin, table, row))
            )
            conn.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
            insert(conn, table, row)

    assert refused(lambda: put(1 - me)), "a row in somebody else's name"
    if role == "app_user" and table not in SERVER_WRITES:
        put(me)
    else:
        assert refused(lambda: put(me))


@pytest.mark.parametrize("table", [t for t in TABLES if t not in SERVER_WRITES | {"profiles"}])
def test_nothing_can_be_handed_to_somebody_else(room, table):
    admin, people, become = room
    with become("app_user", 0) as conn:
        query = sql.SQL("update public.{} set owner = {} where {}").format(
            sql.Identifier(table), sql.Literal(people[1]["profiles"]["id"]), where(admin, table, people[0][table])
        )
        assert refused(lambda: conn.execute(query))


@pytest.mark.parametrize("table", ["messages", "cards", "events", "renders"])
def test_nothing_can_be_hung_on_somebody_elses_conversation(room, table):
    _, people, become = room
    row = people[0][table] | {"conversation_id": people[1]["conversations"]["id"]}
    row |= {"id": str(uuid4())} if "id" in row else {}
    row |= {"key": "another"} if table == "renders" else {}
    row |= {"body": '{"state": "done"}'} if table == "messages" else {}
    with become("app_user", 0) as conn, pytest.raises(psycopg.errors.ForeignKeyViolation):
        insert(conn, table, row | {"seq": 9} if "seq" in row else row)


def test_the_calls_behind_buttons_are_out_of_a_browsers_sight(room):
    _, _, become = room
    with become("authenticated", 0) as conn:
        assert refused(lambda: conn.execute("select calls from cards"))
    with become("authenticated", 0) as conn:
        assert refused(lambda: conn.execute("select greenroom.keep_event(gen_random_uuid(), '{}', 1)"))


def test_without_a_role_or_as_anon_there_is_nothing(room):
    _, _, become = room
    for role in ("authenticator", "anon"):
        for table in TABLES:
            with become(role, 0) as conn:
                query = sql.SQL("select 1 from public.{}").format(sql.Identifier(table))
                assert refused(partial(conn.execute, query))
    with become("app_user", 0) as conn:
        assert refused(lambda: conn.execute("select * from langgraph.checkpoints"))
    with become("app_user", 0) as conn:
        assert refused(lambda: conn.execute("select * from auth.users"))
