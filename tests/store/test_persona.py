"""Personas people make are theirs, and an id names one persona for everybody."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core.errors import Conflict, NotFound
from core.models import Persona, PersonaPrompt
from store import persona as rows


def made(name: str = "Nora", persona_id: str | None = None) -> Persona:
    return Persona(
        id=persona_id or f"nora-{uuid4().hex[:6]}", name=name, role="coach", prompt=PersonaPrompt(identity="You coach.")
    )


async def test_a_saved_persona_is_read_back_with_its_owner_and_replaced_by_the_next(db, person):
    one = made()
    async with db.as_user(person) as conn:
        saved = await rows.save(conn, person, one)
        assert saved == one.model_copy(update={"owner": person}) == await rows.get(conn, one.id)
        again = await rows.save(conn, person, made("Nora B.", one.id))
        assert await rows.listed(conn) == [again]
        await rows.delete(conn, one.id)
        assert await rows.listed(conn) == []
        with pytest.raises(NotFound):
            await rows.delete(conn, one.id)


async def test_somebody_elses_id_is_taken_and_their_persona_out_of_reach(db, person, new_person):
    one, stranger = made(), await new_person()
    async with db.as_user(person) as conn:
        await rows.save(conn, person, one)
    with pytest.raises(Conflict):
        async with db.as_user(stranger) as conn:
            await rows.save(conn, stranger, one)
    with pytest.raises(Conflict):
        async with db.as_service() as conn:
            await rows.save(conn, stranger, one)
    for act in (rows.get, rows.delete):
        with pytest.raises(NotFound):
            async with db.as_user(stranger) as conn:
                await act(conn, one.id)
