"""Rows of the personas people make; the shipped ones are files under prompts/."""

from __future__ import annotations

import psycopg

from core.errors import Conflict, NotFound
from core.models import Persona
from store.row import Connection, new_uuid, storable


async def save(conn: Connection, owner: str, persona: Persona) -> Persona:
    """Add it or replace the owner's one of the same id. Returns it as kept, with its owner.

    Raises Conflict when somebody else's has the id.
    """
    who = str(new_uuid(owner, "person"))
    kept = storable(persona).model_copy(update={"owner": who})
    try:
        cursor = await conn.execute(
            """insert into personas (owner, id, body) values (%s, %s, %s::jsonb)
               on conflict (id) do update set body = excluded.body, updated_at = now()
                 where personas.owner = excluded.owner""",
            (who, kept.id, kept.model_dump_json()),
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise Conflict("That id is taken. Choose another one.") from error
    if cursor.rowcount == 0:
        raise Conflict("That id is taken. Choose another one.")
    return kept


async def listed(conn: Connection) -> list[Persona]:
    """The person's own, oldest first."""
    cursor = await conn.execute("select body::text from personas order by created_at, id")
    return [Persona.model_validate_json(row[0]) for row in await cursor.fetchall()]


async def get(conn: Connection, persona_id: str) -> Persona:
    row = await (await conn.execute("select body::text from personas where id = %s", (persona_id,))).fetchone()
    if row is None:
        raise NotFound("There is no such persona.")
    return Persona.model_validate_json(row[0])


async def delete(conn: Connection, persona_id: str) -> None:
    if (await conn.execute("delete from personas where id = %s", (persona_id,))).rowcount == 0:
        raise NotFound("There is no such persona.")
